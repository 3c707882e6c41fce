/*
 * Evidence as one self-contained page in the look of the report's: the verdict, the picture of all
 * mail, who still fails, and a line for each From domain that opens to its chart and numbers. The
 * names are those of strangers' reports, and are only ever the text of an element or the value of a
 * quoted attribute; the page's policy lets only the script with the named hash run.
 */
#include "base/bounds.h"
#include "base/count.h"
#include "base/plural.h"
#include "evidence_internal.h"
#include "html_files.h"
#include "html_internal.h"
#include "html_page.h"
#include "markup.h"

#include <stdio.h>
#include <stdlib.h>

#define SENDERS_LISTED 50 /* of all domains, above the list of domains */
#define OPEN_ALL       3  /* so few domains are shown opened */

static void cell_number(struct buf *out, uint64_t n)
{
    buf_add_fmt(out, "<td class=\"number%s\">", n ? "" : " zero");
    number_add(out, n);
    buf_add_str(out, "</td>");
}

static void cell_share(struct buf *out, uint64_t part, uint64_t whole)
{
    buf_add_str(out, "<td class=\"number\">");
    share_add(out, part, whole);
    buf_add_str(out, "</td>");
}

/* The first column and those from words on hold words, the others numbers. */
static void heads_add(struct buf *out, const char *const *heads, size_t len, size_t words)
{
    buf_add_str(out, "<table>\n<thead><tr>");
    for (size_t i = 0; i < len; i++)
        buf_add_fmt(out, "<th scope=\"col\"%s>%s</th>", i && i < words ? " class=\"number\"" : "",
                    heads[i]);
    buf_add_str(out, "</tr></thead>\n<tbody>\n");
}

static void tail_add(struct buf *out)
{
    buf_add_str(out, "</tbody>\n</table>\n");
}

/* ---- tables of counts ---- */

static void counts_row(struct buf *out, const char *what, const struct mail_counts *c)
{
    uint64_t pass = mail_counts_pass(c);
    buf_add_fmt(out, "<tr><th scope=\"row\">%s</th>", what);
    cell_number(out, c->messages);
    cell_share(out, c->spf, c->messages);
    cell_share(out, c->dkim, c->messages);
    cell_share(out, c->both, c->messages);
    cell_share(out, c->messages - pass, c->messages);
    cell_share(out, pass, c->messages);
    cell_number(out, c->quarantined);
    cell_number(out, c->rejected);
    buf_add_str(out, "</tr>\n");
}

static void counts_table(struct buf *out, const struct evidence *e, const struct mail_domain *d)
{
    static const char *const heads[] = {"mail",    "messages",     "SPF",         "DKIM",    "both",
                                        "neither", "DMARC passes", "quarantined", "rejected"};
    scroll_begin(out, "scroll", "shares of mail");
    heads_add(out, heads, COUNT(heads), COUNT(heads));
    if (e->run && d->change.written)
        for (int p = PHASE_BEFORE; p < MAIL_PHASES; p++)
            counts_row(out, mail_phase_name((enum mail_phase)p), &d->ses[p]);
    counts_row(out, "through SES", &d->all);
    counts_row(out, "not through SES", &d->others);
    tail_add(out);
    scroll_end(out);
}

static void days_table(struct sink *sink, const struct mail_day *days, uint32_t len)
{
    static const char *const heads[] = {"day",        "messages", "SPF and DKIM",   "SPF alone",
                                        "DKIM alone", "neither",  "not through SES"};
    struct buf *out = &sink->buf;
    char date[DAY_LEN];
    scroll_begin(out, "scroll numbers", "numbers of each day");
    heads_add(out, heads, COUNT(heads), COUNT(heads));
    for (uint32_t i = 0; i < len && sink_turn(sink); i++) {
        buf_add_fmt(out, "<tr><th scope=\"row\" class=\"short\">%s%s</th>",
                    day_format(days[i].day, date), days[i].is_coarse ? " *" : "");
        cell_number(out, days[i].ses.messages);
        for (int p = 0; p < MAIL_PARTS; p++)
            cell_number(out, mail_part_count(&days[i].ses, (enum mail_part)p));
        cell_number(out, days[i].others.messages);
        buf_add_str(out, "</tr>\n");
    }
    tail_add(out);
    scroll_end(out);
    for (uint32_t i = 0; i < len; i++) {
        if (!days[i].is_coarse)
            continue;
        buf_add_str(out, "<p class=\"note\">* Some reports of this day are of several days, and "
                         "are counted to the one in their middle.</p>\n");
        break;
    }
}

/* ---- the parts above the list ---- */

static const char *comparison_class(enum comparison c)
{
    static const char *const classes[COMPARISONS] = {
        [COMPARISON_WORSE] = "failed",    [COMPARISON_FAILING] = "attention",
        [COMPARISON_OPEN] = "pending",    [COMPARISON_LITTLE] = "wait",
        [COMPARISON_SAME] = "unchanged",  [COMPARISON_BETTER] = "done",
        [COMPARISON_DEFAULT] = "done",    [COMPARISON_UNWRITTEN] = "unchanged",
        [COMPARISON_APART] = "untouched",
    };
    return classes[c];
}

static const char *page_class(const struct evidence *e)
{
    bool is_bad = e->gain.counts[COMPARISON_WORSE] || e->gain.counts[COMPARISON_FAILING];
    if (e->run && is_bad && !e->is_rollback)
        return "bad";
    bool is_open = e->counts.bad_files || e->counts.bad_reports ||
                   (e->run && (!e->gain.domains || e->gain.open_domains));
    return is_open ? "open" : "good";
}

static void head_html(struct buf *out, const struct evidence *e)
{
    char first[DAY_LEN], last[DAY_LEN];
    buf_add_fmt(out, "<header class=\"%s\">\n<h1>", page_class(e));
    evidence_verdict_add(out, e);
    buf_add_str(out, "</h1>\n<p class=\"facts\">mailfrom evidence");
    if (e->run) {
        buf_add_fmt(out, " of run %llu (", (unsigned long long)e->run);
        markup_add(out, e->verb);
        buf_add_str(out, ", begun ");
        markup_add_instant(out, e->started);
        buf_add_char(out, ')');
    }
    if (e->tally->rows)
        buf_add_fmt(out, ", %s to %s", day_format(e->tally->first_day, first),
                    day_format(e->tally->last_day, last));
    buf_add_str(out, ". Read: ");
    evidence_read_add(out, e);
    buf_add_str(out, ". Program version ");
    markup_add(out, e->version);
    buf_add_char(out, '.');
    evidence_left_out_add(out, e);
    buf_add_str(out, "</p>\n<ul class=\"counts\">\n");
    for (int c = 0; e->run && c < COMPARISONS; c++) {
        if (!e->gain.counts[c])
            continue;
        buf_add_fmt(out, "<li class=\"%s\"><b>", comparison_class((enum comparison)c));
        number_add(out, e->gain.counts[c]);
        buf_add_fmt(out, "</b> <span>%s</span></li>\n", comparison_words((enum comparison)c));
    }
    buf_add_str(out, "<li><b>");
    number_add(out, e->tally->domains[0].all.messages);
    buf_add_str(out, "</b> messages through SES</li>\n<li><b>");
    number_add(out, e->tally->domains[0].others.messages);
    buf_add_str(out, "</b> others</li>\n</ul>\n</header>\n");
}

/* Bars of what was aligned: before and after, and where nothing is after yet. */
static void bars_add(struct buf *out, const struct evidence *e)
{
    const struct mail_gain *g = &e->gain;
    const struct {
        const char *what;
        const struct mail_counts *counts;
        bool is_there;
    } bars[] = {{"before", &g->before, true},
                {"after", &g->after, true},
                {"no Success yet", &g->open, g->open.messages > 0}};
    buf_add_str(out, "<div class=\"bars\">\n");
    for (size_t i = 0; i < COUNT(bars); i++) {
        if (!bars[i].is_there)
            continue;
        buf_add_fmt(out, "<p>%s</p>\n", bars[i].what);
        evidence_bar_draw(out, bars[i].counts, bars[i].what);
    }
    buf_add_str(out, "</div>\n");
}

static void whole_html(struct sink *sink, const struct evidence *e)
{
    struct buf *out = &sink->buf;
    const struct tally *t = e->tally;
    const struct mail_domain *whole = &t->domains[0];
    bool is_compared = e->run && e->gain.domains;
    struct mail_domain told = *whole;
    buf_add_str(out, "<section>\n<h2>How mail was aligned</h2>\n");
    if (is_compared) { /* of the same domains before and after */
        bars_add(out, e);
        told.ses[PHASE_BEFORE] = e->gain.before;
        told.ses[PHASE_AFTER] = e->gain.after;
        told.change.written = 1;
    } else {
        evidence_bar_draw(out, &whole->all, "through SES");
    }
    evidence_legend_add(out);
    counts_table(out, e, &told);
    buf_add_str(out, "</section>\n<section>\n<h2>Day by day, all domains</h2>\n");
    const struct evidence_chart chart = {.id = "all",
                                         .days = t->days + whole->days_at,
                                         .days_len = whole->days_len,
                                         .from = t->first_day,
                                         .until = t->last_day,
                                         .first_write = e->gain.first_write,
                                         .success = e->gain.success,
                                         .written = "first write",
                                         .succeeded = "last Success"};
    evidence_chart_draw(out, &chart, TEXT_NONE);
    evidence_legend_add(out);
    days_table(sink, t->days + whole->days_at, whole->days_len);
    buf_add_str(out, "</section>\n");
}

static enum err senders_html(struct buf *out, const struct evidence *e, struct why *why)
{
    uint32_t *list, len, more;
    if (!senders_pick(e, SENDERS_LISTED, &list, &len, &more))
        return why_set(why, ERR_NOMEM, "out of memory");
    if (len)
        buf_add_fmt(out, "<section>\n<h2>%s</h2>\n<ul class=\"plain\">\n",
                    e->run ? "Who still fails SPF, and with which MAIL FROM"
                           : "Not aligned by SPF, and with which MAIL FROM");
    for (uint32_t i = 0; i < len; i++) {
        buf_add_str(out, "<li>");
        sender_tell(out, e, &e->tally->senders[list[i]], markup_add);
        buf_add_str(out, "</li>\n");
    }
    if (len)
        buf_add_str(out, "</ul>\n");
    if (more)
        buf_add_fmt(out, "<p class=\"note\">%u more are below, with their domains.</p>\n", more);
    if (len)
        buf_add_str(out, "</section>\n");
    free(list);
    return OK;
}

/* ---- domains ---- */

static void choice_add(struct buf *out, const char *id, const char *label, const char *every)
{
    buf_add_fmt(out,
                "<select id=\"%s\" aria-label=\"%s\"><option value=\"\">%s</option></select>\n", id,
                label, every);
}

static void tools_add(struct buf *out, const struct evidence *e)
{
    static const char *const compared[] = {"before", "after", "SPF before", "SPF after",
                                           "DMARC after"};
    static const char *const whole[] = {"messages", "others", "SPF", "DKIM", "DMARC"};
    const char *const *columns = e->run ? compared : whole;
    buf_add_str(out, "<fieldset class=\"tools\" id=\"tools\" disabled>\n<input id=\"words\" "
                     "type=\"search\" placeholder=\"Search domains, MAIL FROMs, addresses\" "
                     "aria-label=\"search\">\n");
    choice_add(out, "outcome", "verdict", "every verdict");
    choice_add(out, "finding", "reason", "every reason");
    buf_add_str(out, "<button id=\"clear\" type=\"button\">Clear</button>\n"
                     "<output id=\"shown\"></output>\n</fieldset>\n<div class=\"head\">"
                     "<button type=\"button\" disabled data-column=\"domain\">From domain</button>"
                     "<button type=\"button\" disabled data-column=\"outcome\">verdict</button>");
    for (int i = 0; i < 5; i++)
        buf_add_fmt(out,
                    "<button type=\"button\" disabled data-column=\"figure%d\" data-number>%s"
                    "</button>",
                    i, columns[i]);
    buf_add_str(out, "</div>\n<div id=\"rows\">\n");
}

/* is_known: a domain that the run has not written to has no before and after. */
static void span_number(struct buf *out, uint64_t n, bool is_known)
{
    buf_add_str(out, "<span>");
    if (is_known)
        number_add(out, n);
    else
        buf_add_char(out, '-');
    buf_add_str(out, "</span>");
}

static void span_share(struct buf *out, uint64_t part, uint64_t whole)
{
    buf_add_str(out, "<span>");
    share_add(out, part, whole);
    buf_add_str(out, "</span>");
}

/* The line of a domain; its order of cells is that of tools_add(). */
static void line_add(struct buf *out, const struct evidence *e, const struct mail_domain *d)
{
    const struct mail_counts *before = &d->ses[PHASE_BEFORE], *after = &d->ses[PHASE_AFTER];
    struct text name = tally_name(e->tally, d);
    buf_add_str(out, "<summary><span class=\"who\">");
    identity_add_html(out, name.len ? name : TEXT("(no name)"));
    buf_add_fmt(out, "</span><span class=\"state\">%s</span>",
                e->run ? comparison_words(mail_compare(d)) : "");
    if (e->run) {
        span_number(out, before->messages, d->change.written > 0);
        span_number(out, after->messages, d->change.written > 0);
        span_share(out, before->spf, before->messages);
        span_share(out, after->spf, after->messages);
        span_share(out, mail_counts_pass(after), after->messages);
    } else {
        span_number(out, d->all.messages, true);
        span_number(out, d->others.messages, true);
        span_share(out, d->all.spf, d->all.messages);
        span_share(out, d->all.dkim, d->all.messages);
        span_share(out, mail_counts_pass(&d->all), d->all.messages);
    }
    buf_add_str(out, "</summary>");
}

/* A word for each reason why a sender is not aligned, for the script. */
static void faults_add(struct buf *out, const struct tally *t, const struct mail_domain *d)
{
    const char *between = " data-f=\"";
    uint32_t told = 0;
    for (uint32_t k = 0; k < d->senders_len; k++) {
        enum sender_fault fault = sender_fault(t, &t->senders[d->senders_at + k]);
        if (told & 1u << fault)
            continue;
        told |= 1u << fault;
        buf_add_fmt(out, "%s%s", between, sender_fault_name(fault));
        between = " ";
    }
    buf_add_str(out, told ? "\"" : "");
}

static void sender_row(struct buf *out, const struct evidence *e, const struct mail_sender *s)
{
    struct text mail_from = tally_mail_from(e->tally, s);
    buf_add_str(out, "<tr><th scope=\"row\" class=\"name\">");
    markup_add(out, mail_from.len ? mail_from : TEXT("(none)"));
    buf_add_str(out, "</th>");
    cell_number(out, s->all);
    cell_number(out, s->messages[PHASE_AFTER]);
    cell_number(out, s->dkim);
    buf_add_str(out, "<td class=\"number\">");
    number_add(out, s->addresses);
    buf_add_fmt(out, "%s</td><td class=\"name\">", s->has_more_addresses ? " or more" : "");
    for (int i = 0; i < SENDER_ADDRESSES && *s->address[i]; i++) {
        buf_add_str(out, i ? ", " : "");
        markup_add(out, text_of(s->address[i]));
    }
    buf_add_fmt(out, "</td><td class=\"long\">%s</td></tr>\n",
                sender_fault_words(sender_fault(e->tally, s)));
}

static void senders_table(struct sink *sink, const struct evidence *e, const struct mail_domain *d)
{
    static const char *const heads[] = {"MAIL FROM",    "messages",  "after the run",
                                        "DKIM aligned", "addresses", "first addresses",
                                        "why"};
    struct buf *out = &sink->buf;
    if (!d->senders_len)
        return;
    buf_add_str(out, "<h3>Not aligned by SPF</h3>\n");
    scroll_begin(out, "scroll numbers", "MAIL FROMs that are not aligned");
    heads_add(out, heads, COUNT(heads), 5);
    for (uint32_t k = 0; k < d->senders_len && sink_turn(sink); k++)
        sender_row(out, e, &e->tally->senders[d->senders_at + k]);
    tail_add(out);
    scroll_end(out);
}

static void chart_add(struct buf *out, const struct evidence *e, const struct mail_domain *d,
                      uint32_t number)
{
    char id[24];
    snprintf(id, sizeof id, "d%u", number);
    const struct evidence_chart chart = {.id = id,
                                         .days = e->tally->days + d->days_at,
                                         .days_len = d->days_len,
                                         .from = e->tally->first_day,
                                         .until = e->tally->last_day,
                                         .first_write = d->change.first_write,
                                         .success = d->change.success,
                                         .written = "written",
                                         .succeeded = "Success"};
    evidence_chart_draw(out, &chart, tally_name(e->tally, d));
    evidence_legend_add(out);
}

/* What the run has to do with a domain. */
static void change_add(struct buf *out, const struct evidence *e, const struct change *c)
{
    if (!e->run || !c->identities)
        return;
    buf_add_fmt(out, "<p class=\"facts\">The run has %u %s for it and has written to ",
                c->identities, plural(c->identities, "identity", "identities"));
    if (c->written) {
        buf_add_fmt(out, "%u, first ", c->written);
        markup_add_instant(out, c->first_write);
    } else {
        buf_add_str(out, "none");
    }
    if (c->success) {
        buf_add_str(out, "; Success ");
        markup_add_instant(out, c->success);
    }
    if (c->open)
        buf_add_fmt(out, "; %u without Success", c->open);
    buf_add_str(out, ".</p>\n");
}

static void domain_html(struct sink *sink, const struct evidence *e, uint32_t number)
{
    struct buf *out = &sink->buf;
    const struct tally *t = e->tally;
    const struct mail_domain *d = &t->domains[number];
    buf_add_fmt(out, "<details class=\"%s\"",
                e->run ? comparison_class(mail_compare(d)) : "unchanged");
    faults_add(out, t, d);
    buf_add_str(out, t->domains_len - 1 <= OPEN_ALL ? " open>" : ">");
    line_add(out, e, d);
    buf_add_str(out, "<div class=\"more\">\n");
    change_add(out, e, &d->change);
    counts_table(out, e, d);
    if (number <= EVIDENCE_CHARTS_MAX) {
        chart_add(out, e, d, number);
        days_table(sink, t->days + d->days_at, d->days_len);
    }
    senders_table(sink, e, d);
    buf_add_str(out, "</div></details>\n");
}

static void domains_html(struct sink *sink, const struct evidence *e)
{
    struct buf *out = &sink->buf;
    uint32_t all = e->tally->domains_len - 1, listed = all < HTML_ROWS_MAX ? all : HTML_ROWS_MAX;
    buf_add_fmt(out, "<section class=\"fleet evidence%s\">\n<h2>From domains</h2>\n",
                e->run ? "" : " alone");
    if (listed < all)
        buf_add_fmt(out,
                    "<p>%u domains are too many for one page: below are the first %u; the CSV and "
                    "JSON reports have all.</p>\n",
                    all, listed);
    if (listed > EVIDENCE_CHARTS_MAX)
        buf_add_fmt(out,
                    "<p class=\"note\">The first %d have a chart, %u have none; the CSV and JSON "
                    "reports have the days of all.</p>\n",
                    EVIDENCE_CHARTS_MAX, listed - EVIDENCE_CHARTS_MAX);
    tools_add(out, e);
    for (uint32_t i = 1; i <= listed && sink_turn(sink); i++) {
        if ((i - 1) % HTML_PART_ROWS == 0)
            buf_add_str(out, i > 1 ? "</div>\n<div class=\"part\">\n" : "<div class=\"part\">\n");
        domain_html(sink, e, i);
    }
    buf_add_str(out, listed ? "</div></div>\n</section>\n" : "</div>\n</section>\n");
}

/* ---- the page ---- */

static void page_begin(struct buf *out, const struct evidence *e)
{
    struct buf title;
    buf_init(&title, LINE_LEN_MAX);
    buf_add_str(&title, "mailfrom evidence");
    if (e->run)
        buf_add_fmt(&title, ", run %llu", (unsigned long long)e->run);
    html_page_begin(out, buf_text(&title), html_files[HTML_EVIDENCE_STYLE].text,
                    html_files[HTML_SCRIPT].text);
    out->failed |= title.failed;
    buf_clear(&title);
    evidence_patterns_add(out);
}

static void page_end(struct buf *out)
{
    char footer[768];
    snprintf(
        footer, sizeof footer,
        "Percentages are of messages, as receivers count them in their reports. A domain is "
        "better or worse from %d percentage points of mail aligned by SPF, with at least %d "
        "messages before and after; it is still failing where less than half is aligned after "
        "the run. What lies between the first write and Success proves nothing. Days are those "
        "of UTC in which the middle of a report lies. What is forwarded fails SPF, whatever "
        "its sender does.",
        COMPARISON_POINTS_MIN, COMPARISON_MESSAGES_MIN);
    buf_add_str(out, "</main>\n");
    html_page_end(out, text_of(footer), html_files[HTML_SCRIPT].text);
}

enum err evidence_html(struct sink *sink, const struct evidence *e, struct why *why)
{
    struct buf *out = &sink->buf;
    page_begin(out, e);
    head_html(out, e);
    buf_add_str(out, "<main>\n");
    if (e->tally->rows)
        whole_html(sink, e);
    enum err err = senders_html(out, e, why);
    domains_html(sink, e);
    page_end(out);
    return err;
}
