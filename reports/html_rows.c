/*
 * The list of identities: each is a disclosure element with the row, opening to the facts, usable
 * without scripts. html_script.js relies on the order of the cells.
 */
#include "html_internal.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/plural.h"
#include "markup.h"

static void span_add(struct buf *out, const char *class, struct text t)
{
    buf_add_fmt(out, "<span%s>", class);
    markup_add(out, t);
    buf_add_str(out, "</span>");
}

void identity_add_html(struct buf *out, struct text identity)
{
    struct buf unicode;
    buf_init(&unicode, LINE_LEN_MAX);
    markup_add(out, identity);
    if (identity_unicode_add(&unicode, identity)) {
        buf_add_str(out, " (");
        markup_add(out, buf_text(&unicode));
        buf_add_char(out, ')');
    }
    buf_spend(&unicode, out);
}

static struct text or_default(struct text mail_from)
{
    return mail_from.len ? mail_from : TEXT("default");
}

/* " · MX ok": a browser lays ten thousand lines out faster than ten thousand lists. */
static void fact_add(struct buf *out, const char *name, struct text value)
{
    if (value.len == 0)
        return;
    buf_add_fmt(out, " &middot; %s ", name);
    markup_add(out, value);
}

static void instant_add(struct buf *out, const char *name, instant_us at)
{
    if (at == 0)
        return;
    buf_add_fmt(out, " &middot; %s ", name);
    markup_add_instant(out, at);
}

/* " · DMARC by spf, missing dkim" */
static void ready_add(struct buf *out, struct dmarc_ready ready)
{
    struct buf words;
    buf_init(&words, LINE_LEN_MAX);
    dmarc_ready_add(&words, ready);
    fact_add(out, "DMARC by", buf_text(&words));
    buf_spend(&words, out);
}

static void facts_add(struct buf *out, const struct report_row *row)
{
    buf_add_str(out, "<p class=\"facts\">");
    markup_add(out, row->identity_type);
    buf_add_str(out, " &middot; BehaviorOnMxFailure ");
    if (row->behavior_before.len && !text_eq(row->behavior_before, row->behavior_after)) {
        markup_add(out, row->behavior_before);
        buf_add_str(out, " &rarr; ");
    }
    markup_add(out, row->behavior_after);
    fact_add(out, "SES says", row->ses_status);
    fact_add(out, "MX", row->mx);
    fact_add(out, "SPF", row->spf);
    fact_add(out, "DMARC", row->dmarc);
    fact_add(out, "DKIM", row->dkim);
    ready_add(out, row->dmarc_ready.now);
    buf_add_fmt(out, " &middot; %u %s, %u %s", row->writes, plural(row->writes, "write", "writes"),
                row->calls, plural(row->calls, "call", "calls"));
    instant_add(out, "first seen", row->first_seen);
    instant_add(out, "finished", row->finished);
    fact_add(out, "from", row->source);
    buf_add_str(out, "</p>");
}

/* Most reasons are the sentence of a finding, shown with the findings already. */
static bool is_a_finding(struct text reason, const struct report_row *row)
{
    struct finding_walk walk;
    struct finding_note f;
    bool found = false;
    finding_walk_init(&walk, row);
    while (!found && finding_walk_next(&walk, &f))
        found = text_eq(f.text, reason);
    return found;
}

void row_add_html(struct buf *out, const struct report_row *row, enum tense tense)
{
    size_t slash = text_rfind(row->source, '/'), base = slash < row->source.len ? slash + 1 : 0;
    buf_add_fmt(out, "<details class=\"%s\"", standing_class(row->standing));
    enum dmarc_by by = (enum dmarc_by)row->dmarc_ready.now.by;
    const char *between = "";
    buf_add_str(out, " data-f=\"");
    for (int f = 0; f < FINDINGS_LEN; f++) {
        if (row->finding_bits & FINDING_BIT(f)) {
            buf_add_fmt(out, "%s%s", between, finding_rule((enum finding)f)->name);
            between = " ";
        }
    }
    buf_add_str(out, "\"");
    buf_add_str(out, "><summary>");
    buf_add_str(out, "<span class=\"who\">");
    identity_add_html(out, row->identity);
    buf_add_str(out, "</span>");
    span_add(out, " class=\"state\"", text_of(standing_words(row->standing, tense)));
    span_add(out, "", row->action);
    /* Before -> after, or the one value without a change. */
    buf_add_str(out, "<span>");
    if (row->action_kind != ACTION_NONE) {
        markup_add(out, or_default(row->mail_from_before));
        buf_add_str(out, " &rarr; ");
    }
    markup_add(out, or_default(row->mail_from_after));
    buf_add_str(out, "</span>");
    span_add(out, "", row->account);
    span_add(out, "", row->region);
    span_add(out, " class=\"source\"", text_from(row->source, base));
    buf_add_fmt(out, "<span class=\"dmarc by-%s\">%s</span>", dmarc_by_name(by),
                dmarc_by_words(by));
    buf_add_str(out, "</summary><div class=\"more\">");
    if (row->reason.len && !is_a_finding(row->reason, row)) {
        buf_add_str(out, "<p>");
        markup_add_told(out, row->reason);
        buf_add_str(out, "</p>");
    }
    if (row->finding_bits) {
        struct finding_walk walk;
        struct finding_note f;
        buf_add_str(out, "<ul>");
        finding_walk_init(&walk, row);
        while (finding_walk_next(&walk, &f)) {
            const struct finding_rule *rule = finding_rule(f.rule);
            buf_add_fmt(out, "<li class=\"%s\"><b>%s", severity_name(rule->severity), rule->name);
            buf_add_str(out, f.accepted ? "</b> (accepted) " : "</b> ");
            markup_add_told(out, f.text);
            buf_add_str(out, "</li>");
        }
        buf_add_str(out, "</ul>");
    }
    facts_add(out, row);
    buf_add_str(out, "</div></details>\n");
}

static void choice_add(struct buf *out, const char *id, const char *every)
{
    buf_add_fmt(out,
                "<select id=\"%s\" aria-label=\"%s\"><option value=\"\">%s</option></select>\n", id,
                id, every);
}

void rows_begin(struct buf *out)
{
    static const char *const columns[][2] = {
        {"identity", "identity"}, {"outcome", "outcome"},      {"action", "action"},
        {"change", "MAIL FROM"},  {"account", "account"},      {"region", "Region"},
        {"source", "source"},     {"dmarc", "passes DMARC by"}};
    buf_add_str(out, "<fieldset class=\"tools\" id=\"tools\" disabled>\n<input id=\"words\" "
                     "type=\"search\" placeholder=\"Search names, reasons, findings\" "
                     "aria-label=\"search\">\n");
    choice_add(out, "outcome", "every outcome");
    choice_add(out, "account", "every account");
    choice_add(out, "region", "every Region");
    choice_add(out, "finding", "every finding");
    choice_add(out, "dmarc", "DMARC by any");
    buf_add_str(out, "<button id=\"clear\" type=\"button\">Clear</button>\n"
                     "<output id=\"shown\"></output>\n</fieldset>\n<div class=\"head\">");
    for (size_t i = 0; i < COUNT(columns); i++)
        buf_add_fmt(out, "<button type=\"button\" disabled data-column=\"%s\">%s</button>",
                    columns[i][0], columns[i][1]);
    buf_add_str(out, "</div>\n<div id=\"rows\">\n");
}
