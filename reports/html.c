/*
 * One page that needs nothing but a browser: verdict, pictures, rows. Texts from outside are only
 * ever the text of an element or the value of a quoted attribute, and the page's policy lets no
 * script run but the one that is named by its hash, so a hostile name is shown and nothing else.
 *
 * Up to HTML_ROWS_MAX identities there is a row for each; beyond that a browser would crawl, so
 * lanes are counted and only what needs attention is listed.
 */
#include "row.h"

#include "digest.h"
#include "html_parts.h"
#include "limits.h"
#include "markup.h"

struct page {
    struct sink *out;
    struct report_sum sum;
    struct timeline timeline;
    bool only_bad; /* too many rows for a table of all */
    uint32_t listed;
};

static void cell_add(struct buf *out, struct text t)
{
    buf_add_str(out, "<td>");
    markup_add(out, t);
    buf_add_str(out, "</td>");
}

static void change_add(struct buf *out, const struct report_row *row)
{
    buf_add_str(out, "<td>");
    markup_add(out, row->mail_from_before.len ? row->mail_from_before : TEXT("default"));
    buf_add_str(out, " &rarr; ");
    markup_add(out, row->mail_from_after.len ? row->mail_from_after : TEXT("default"));
    buf_add_str(out, "</td>");
}

static void findings_add(struct buf *out, const struct report_row *row)
{
    struct finding_walk walk;
    struct row_finding f;
    buf_add_str(out, "<td>");
    markup_add(out, row->reason);
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &f)) {
        buf_add_str(out, "<div><b>");
        markup_add(out, f.rule);
        buf_add_str(out, f.accepted ? "</b> (accepted) " : "</b> ");
        markup_add(out, f.text);
        buf_add_str(out, "</div>");
    }
    finding_walk_clear(&walk);
    buf_add_str(out, "</td>");
}

static bool row_add(void *ctx, const struct report_row *row)
{
    struct page *page = ctx;
    struct buf *out = &page->out->buf;
    if (page->only_bad && !outcome_is_bad(row->outcome_kind))
        return true;
    if (page->listed++ >= HTML_ROWS_MAX)
        return false;
    buf_add_fmt(out, "<tr class=\"%s\">", outcome_name(row->outcome_kind));
    cell_add(out, row->identity);
    cell_add(out, row->account);
    cell_add(out, row->region);
    cell_add(out, row->outcome);
    cell_add(out, row->action);
    change_add(out, row);
    cell_add(out, row->ses_status);
    findings_add(out, row);
    cell_add(out, row->source);
    buf_add_str(out, "</tr>\n");
    return sink_turn(page->out);
}

static bool row_count(void *ctx, const struct report_row *row)
{
    struct page *page = ctx;
    report_sum_add(&page->sum, row);
    if (row->finished)
        timeline_add(&page->timeline, row->finished, outcome_is_bad(row->outcome_kind));
    return true;
}

static void counts_add(struct buf *out, const struct report_sum *sum)
{
    buf_add_str(out, "<ul class=\"counts\">\n");
    for (int o = OUTCOME_UNCHANGED; o < OUTCOMES; o++)
        if (sum->by_outcome[o])
            buf_add_fmt(out, "<li class=\"%s\"><b>%u</b> %s</li>\n", outcome_name((enum outcome)o),
                        sum->by_outcome[o], outcome_name((enum outcome)o));
    buf_add_fmt(out, "<li><b>%llu</b> writes</li>\n<li><b>%llu</b> calls</li>\n</ul>\n",
                (unsigned long long)sum->writes, (unsigned long long)sum->calls);
}

static void head_add(struct buf *out, const struct report_head *head, struct page *page)
{
    char started[WHEN_LEN], stopped[WHEN_LEN];
    buf_add_fmt(out, "<header class=\"%s\">\n<h1>", page->sum.bad ? "bad" : "good");
    report_verdict(&page->sum, out);
    buf_add_str(out, "</h1>\n<p>mailfrom ");
    markup_add(out, head->verb);
    buf_add_fmt(out, ", run %llu, ", (unsigned long long)head->run);
    markup_add(out, head->state);
    buf_add_fmt(out, ". Began %s", when_format(head->started, started));
    if (*when_format(head->stopped, stopped))
        buf_add_fmt(out, ", stopped %s", stopped);
    buf_add_str(out, ". Program version ");
    markup_add(out, head->version);
    buf_add_str(out, ".</p>\n</header>\n");
    counts_add(out, &page->sum);
    outcomes_draw(out, &page->sum);
    timeline_draw(out, &page->timeline);
}

static void lanes_add(struct buf *out, const struct fleet *fleet, const struct report_sum *sum)
{
    buf_add_str(out, "<h2>Accounts and Regions</h2>\n<table>\n<thead><tr><th>account</th>"
                     "<th>Region</th><th>outcome</th><th>identities</th></tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < fleet->lanes_len; i++) {
        for (int o = OUTCOME_UNCHANGED; o < OUTCOMES; o++) {
            if (!sum->by_lane[i][o])
                continue;
            const struct lane *lane = &fleet->lanes[i];
            buf_add_fmt(out, "<tr class=\"%s\">", outcome_name((enum outcome)o));
            cell_add(out, names_text(&fleet->names, fleet->accounts[lane->account].name));
            cell_add(out, names_text(&fleet->names, lane->region));
            buf_add_fmt(out, "<td>%s</td><td>%u</td></tr>\n", outcome_name((enum outcome)o),
                        sum->by_lane[i][o]);
        }
    }
    buf_add_str(out, "</tbody>\n</table>\n");
}

static enum err rows_add(const struct report *report, struct page *page, struct why *why)
{
    struct buf *out = &page->out->buf;
    page->only_bad = page->sum.rows > HTML_ROWS_MAX;
    if (page->only_bad) {
        lanes_add(out, report->fleet, &page->sum);
        buf_add_fmt(out,
                    "<p>%u identities are too many for one page: below are those that need "
                    "attention; the CSV and JSON reports have all.</p>\n",
                    page->sum.rows);
    }
    buf_add_str(out, html_table_head);
    enum err err = report_rows(report, row_add, page, why);
    buf_add_str(out, "</tbody>\n</table>\n");
    if (page->listed > HTML_ROWS_MAX)
        buf_add_fmt(out, "<p>Only the first %d are listed.</p>\n", HTML_ROWS_MAX);
    return err;
}

static enum err page_write(const struct report *report, struct page *page, struct why *why)
{
    struct buf *out = &page->out->buf;
    char hash[DIGEST_BASE64_LEN];
    timeline_init(&page->timeline, report->head->started);
    enum err err = report_rows(report, row_count, page, why);
    if (err != OK)
        return err;
    if (!digest_base64(text_of(html_script), hash))
        return why_set(why, ERR_NOMEM, "out of memory");
    buf_add_fmt(out,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'; script-src 'sha256-%s'\">\n",
                hash);
    buf_add_fmt(out,
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<title>mailfrom, run %llu</title>\n<style>%s</style>\n</head>\n<body>\n",
                (unsigned long long)report->head->run, html_style);
    head_add(out, report->head, page);
    err = rows_add(report, page, why);
    buf_add_fmt(out, "<script>%s</script>\n</body>\n</html>\n", html_script);
    return err;
}

enum err html_write(const struct report *report, struct why *why)
{
    struct page page = {.out = report->out};
    enum err err = report_sum_init(&page.sum, report->fleet, why);
    if (err == OK)
        err = page_write(report, &page, why);
    report_sum_clear(&page.sum);
    return err;
}
