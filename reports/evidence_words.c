/* What was found, in words that the terminal, the page and the data share. */
#include "evidence_internal.h"

#include "base/count.h"
#include "base/plural.h"
#include "deliver.h"

#include <stdio.h>
#include <stdlib.h>

char *day_format(int32_t day, char out[DAY_LEN])
{
    char when[WHEN_LEN] = "1970-01-01";
    if (day)
        when_format(day_begin(day), when);
    snprintf(out, DAY_LEN, "%.10s", when);
    return out;
}

void number_add(struct buf *out, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            buf_add_char(out, ',');
        buf_add_char(out, digits[i]);
    }
}

void share_add(struct buf *out, uint64_t part, uint64_t whole)
{
    unsigned share = mail_share(part, whole);
    if (whole == 0)
        buf_add_char(out, '-');
    else if (share % 1000 == 0)
        buf_add_fmt(out, "%u %%", share / 10);
    else
        buf_add_fmt(out, "%u.%u %%", share / 10, share % 10);
}

static void counted_add(struct buf *out, uint64_t n, const char *one, const char *many)
{
    number_add(out, n);
    buf_add_fmt(out, " %s", plural(n, one, many));
}

void evidence_run_add(struct buf *out, const struct evidence *e)
{
    buf_add_fmt(out, e->is_rollback ? "rollback %llu" : "run %llu", (unsigned long long)e->run);
}

/* "3.1 %", or that there is nothing to say. */
static void share_told(struct buf *out, uint64_t part, const struct mail_counts *c)
{
    if (c->messages)
        share_add(out, part, c->messages);
    else
        buf_add_str(out, "no report");
}

static void gain_tell(struct buf *out, const struct evidence *e)
{
    const struct mail_counts *before = &e->gain.before, *after = &e->gain.after;
    buf_add_str(out, "Mail through SES aligned by SPF: ");
    share_told(out, before->spf, before);
    buf_add_str(out, " before, ");
    share_told(out, after->spf, after);
    buf_add_str(out, " after ");
    evidence_run_add(out, e);
    buf_add_str(out, " (");
    number_add(out, before->messages);
    buf_add_str(out, " and ");
    counted_add(out, after->messages, "message", "messages");
    buf_add_str(out, " of ");
    counted_add(out, e->gain.domains, "domain", "domains");
    buf_add_str(out, "). DMARC passes: ");
    share_told(out, mail_counts_pass(before), before);
    buf_add_str(out, " before, ");
    share_told(out, mail_counts_pass(after), after);
    buf_add_str(out, " after.");
}

static void whole_tell(struct buf *out, const struct evidence *e)
{
    const struct tally *t = e->tally;
    const struct mail_counts *all = &t->domains[0].all;
    char first[DAY_LEN], last[DAY_LEN];
    uint32_t domains = 0;
    for (uint32_t i = 1; i < t->domains_len; i++)
        domains += t->domains[i].all.messages > 0;
    buf_add_str(out, "Mail through SES: ");
    share_add(out, all->spf, all->messages);
    buf_add_str(out, " aligned by SPF, ");
    share_add(out, all->dkim, all->messages);
    buf_add_str(out, " by DKIM, ");
    share_add(out, mail_counts_pass(all), all->messages);
    buf_add_str(out, " passes DMARC (");
    counted_add(out, all->messages, "message", "messages");
    buf_add_str(out, " of ");
    counted_add(out, domains, "domain", "domains");
    buf_add_fmt(out, ", %s to %s).", day_format(t->first_day, first),
                day_format(t->last_day, last));
}

/* "2 domains without Success yet, which have sent 900 messages since the first write, 800 of them
 * not aligned by SPF". What the shares before and after leave out. */
static void awaited_tell(struct buf *out, const struct evidence *e)
{
    const struct mail_gain *g = &e->gain;
    uint64_t spf = g->open.spf < g->open.messages ? g->open.spf : g->open.messages;
    if (!g->open_domains && !g->awaited_domains)
        return;
    buf_add_str(out, " Not compared: ");
    if (g->open_domains) {
        counted_add(out, g->open_domains, "domain", "domains");
        buf_add_str(out, " without Success yet (");
        counted_add(out, g->open.messages, "message", "messages");
        buf_add_str(out, " since the first write, ");
        number_add(out, g->open.messages - spf);
        buf_add_str(out, " of them not aligned by SPF)");
    }
    if (g->awaited_domains) {
        buf_add_str(out, g->open_domains ? ", and " : "");
        counted_add(out, g->awaited_domains, "domain", "domains");
        buf_add_str(out, " with Success and no report since then");
    }
    buf_add_str(out, ".");
}

/* A later run has changed what this one is judged by. */
static void later_tell(struct buf *out, const struct evidence *e)
{
    if (!e->gain.later_domains)
        return;
    buf_add_str(out, " A later run has written to ");
    counted_add(out, e->gain.later_domains, "domain", "domains");
    buf_add_str(out, " again: what was sent since then (");
    counted_add(out, e->gain.later_messages, "message", "messages");
    buf_add_str(out, ") tells nothing of ");
    evidence_run_add(out, e);
    buf_add_str(out, ".");
}

void evidence_verdict_add(struct buf *out, const struct evidence *e)
{
    const struct tally *t = e->tally;
    if (e->run && e->gain.domains) {
        gain_tell(out, e);
        awaited_tell(out, e);
        later_tell(out, e);
        return;
    }
    if (e->run) {
        buf_add_str(out, "No report before or after ");
        evidence_run_add(out, e);
        buf_add_str(out, " is about mail through SES of a domain that it has written to. ");
    }
    if (t->domains[0].all.messages)
        whole_tell(out, e);
    else
        buf_add_str(out, "The reports show no mail through SES.");
    awaited_tell(out, e);
    later_tell(out, e);
}

void evidence_outcomes_add(struct buf *out, const struct evidence *e)
{
    const char *between = "";
    for (int c = 0; e->run && c < COMPARISONS; c++) {
        uint32_t count = e->gain.counts[c];
        if (!count)
            continue;
        buf_add_str(out, between);
        number_add(out, count);
        buf_add_fmt(out, " %s", comparison_words((enum comparison)c));
        between = ", ";
    }
}

void evidence_read_add(struct buf *out, const struct evidence *e)
{
    const struct aggregate_counts *c = &e->counts;
    counted_add(out, c->files, "file", "files");
    buf_add_str(out, " with ");
    counted_add(out, c->reports, "report", "reports");
    if (c->duplicates) {
        buf_add_str(out, " (and ");
        number_add(out, c->duplicates);
        buf_add_str(out, " given again)");
    }
    buf_add_str(out, " and ");
    counted_add(out, c->rows, "row", "rows");
    if (e->tally->rows_apart) {
        buf_add_str(out, ", of which ");
        number_add(out, e->tally->rows_apart);
        buf_add_str(out, " are of other days");
    }
    if (c->bad_files || c->bad_reports) {
        buf_add_str(out, "; could not be read: ");
        counted_add(out, c->bad_files, "file", "files");
        buf_add_str(out, ", ");
        counted_add(out, c->bad_reports, "report", "reports");
    }
}

static void beyond_tell(struct buf *out, uint64_t messages, const char *what)
{
    if (!messages)
        return;
    buf_add_str(out, " ");
    counted_add(out, messages, "message is", "messages are");
    buf_add_fmt(out, " %s.", what);
}

void evidence_left_out_add(struct buf *out, const struct evidence *e)
{
    const struct tally *t = e->tally;
    uint64_t senders = 0;
    for (uint32_t i = 1; i < t->domains_len; i++)
        senders += t->domains[i].senders_beyond;
    beyond_tell(out, t->messages_unjudged,
                "in rows without a verdict of the receiver (policy_evaluated), and not counted");
    beyond_tell(out, t->domains_beyond, "of further From domains, and in the sum alone");
    beyond_tell(out, t->days_beyond, "of further days, and in their domain's sum alone");
    beyond_tell(out, senders, "of further MAIL FROMs, which are not listed");
}

/* ---- senders ---- */

void sender_tell(struct buf *out, const struct evidence *e, const struct mail_sender *s,
                 void (*name_add)(struct buf *out, struct text t))
{
    const struct mail_domain *d = &e->tally->domains[s->domain];
    struct text mail_from = tally_mail_from(e->tally, s);
    struct text region = default_mail_from_region(mail_from);
    bool still = d->change.written && s->is_ses;
    uint64_t messages = sender_messages(d, s);
    counted_add(out, messages, "message", "messages");
    buf_add_str(out, " of ");
    name_add(out, tally_name(e->tally, d));
    buf_add_fmt(out, "%s left with ", still ? " still" : "");
    if (mail_from.len) {
        buf_add_str(out, "MAIL FROM ");
        name_add(out, mail_from);
    } else {
        buf_add_str(out, "a MAIL FROM that the reports do not name");
    }
    buf_add_str(out, " (");
    if (s->is_ses && region.len)
        buf_add_fmt(out, "Region " TEXT_FMT ", ", TEXT_ARG(region));
    counted_add(out, sender_addresses(d, s), "address", "addresses");
    buf_add_fmt(out, "%s): %s.", s->has_more_addresses ? " or more" : "",
                sender_fault_words(sender_fault(e->tally, s)));
}

static int picked_compare(const void *a, const void *b, void *tally)
{
    const struct tally *t = tally;
    const struct mail_sender *one = &t->senders[*(const uint32_t *)a];
    const struct mail_sender *other = &t->senders[*(const uint32_t *)b];
    uint64_t ones = sender_messages(&t->domains[one->domain], one);
    uint64_t others = sender_messages(&t->domains[other->domain], other);
    if (ones != others)
        return ones < others ? 1 : -1;
    int by = (one->domain > other->domain) - (one->domain < other->domain);
    return by ? by : text_cmp(tally_mail_from(t, one), tally_mail_from(t, other));
}

/* With a run, what it was to mend; without one, everything. */
static bool is_picked(const struct evidence *e, const struct mail_sender *s)
{
    const struct mail_domain *d = &e->tally->domains[s->domain];
    return s->is_ses && sender_messages(d, s) && (!e->run || d->change.written);
}

bool senders_pick(const struct evidence *e, uint32_t most, uint32_t **list, uint32_t *len,
                  uint32_t *more)
{
    const struct tally *t = e->tally;
    uint32_t found = 0;
    *list = malloc((t->senders_len + 1u) * sizeof **list);
    if (!*list)
        return false;
    for (uint32_t i = 0; i < t->senders_len; i++)
        if (is_picked(e, &t->senders[i]))
            (*list)[found++] = i;
    qsort_r(*list, found, sizeof **list, picked_compare, (void *)t);
    *len = found < most ? found : most;
    *more = found - *len;
    return true;
}

/* ---- formats ---- */

static const struct {
    const char *name;
    evidence_writer *write;
} formats[] = {{"text", evidence_text},
               {"csv", evidence_csv},
               {"json", evidence_json},
               {"html", evidence_html}};

bool evidence_format_known(struct text format)
{
    for (size_t i = 0; i < COUNT(formats); i++)
        if (text_eq(format, text_of(formats[i].name)))
            return true;
    return false;
}

const char *evidence_format_name(size_t i)
{
    return i < COUNT(formats) ? formats[i].name : NULL;
}

struct evidence_writing {
    evidence_writer *write;
    const struct evidence *evidence;
};

static enum err whole_write(void *ctx, struct sink *out, struct why *why)
{
    const struct evidence_writing *w = ctx;
    return w->write(out, w->evidence, why);
}

enum err evidence_write(struct text format, const char *path, const struct evidence *e,
                        struct why *why)
{
    struct evidence_writing w = {.evidence = e};
    for (size_t i = 0; i < COUNT(formats); i++)
        if (text_eq(format, text_of(formats[i].name)))
            w.write = formats[i].write;
    if (!w.write)
        return why_set(why, ERR_INPUT, "format " TEXT_FMT " has no report of evidence",
                       TEXT_ARG(format));
    return deliver(path, whole_write, &w, why);
}
