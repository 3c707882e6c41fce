/*
 * One self-contained page: verdict, pictures, tables, rows. Text from outside is only ever the text
 * of an element or the value of a quoted attribute, and the page's policy lets only the script with
 * the named hash run, so a hostile name is merely shown.
 *
 * Up to HTML_ROWS_MAX identities there is a row for each. More rows would slow a browser down, so a
 * larger fleet is counted by account, Region, outcome and reason, and only rows in need of
 * attention are listed.
 */
#include "html_internal.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/plural.h"
#include "crypto/sha256.h"
#include "html_files.h"
#include "markup.h"

#define PART_BEGIN "<div class=\"part\">\n"

struct sheet {
    struct sink *out;
    struct report_sum sum;
    struct groups groups;
    struct history history;
    struct waiting waiting;
    bool only_bad; /* too many rows for a list of all */
    uint32_t listed;
};

static bool row_list(void *ctx, const struct report_row *row)
{
    struct sheet *sheet = ctx;
    if (sheet->only_bad && !row_needs_care(row))
        return true;
    if (sheet->listed >= HTML_ROWS_MAX)
        return false;
    if (sheet->listed++ % HTML_PART_ROWS == 0)
        buf_add_str(&sheet->out->buf, sheet->listed > 1 ? "</div>\n" PART_BEGIN : PART_BEGIN);
    row_add_html(&sheet->out->buf, row, sheet->sum.tense);
    return sink_turn(sheet->out);
}

static bool row_count(void *ctx, const struct report_row *row)
{
    struct sheet *sheet = ctx;
    report_sum_add(&sheet->sum, row);
    groups_add(&sheet->groups, row);
    return true;
}

static void head_add(struct buf *out, const struct report_head *head, const struct report_sum *sum)
{
    bool open = report_unfinished(sum) > 0;
    bool bad = sum->bad || head->lost.len;
    buf_add_fmt(out, "<header class=\"%s\">\n<h1>", bad ? "bad" : open ? "open" : "good");
    report_verdict(sum, out);
    buf_add_str(out, "</h1>\n");
    char started[WHEN_LEN], stopped[WHEN_LEN], took[WHEN_LEN];
    buf_add_str(out, "<p class=\"facts\">mailfrom ");
    report_title_add(head, out);
    when_format(head->started, started);
    when_format(head->stopped, stopped);
    if (sum->tense != TENSE_RUN && text_eq(head->state, TEXT("ended"))) {
        buf_add_fmt(out, ", made %s", stopped);
    } else {
        buf_add_str(out, ", ");
        markup_add(out, head->state);
        buf_add_fmt(out, ". Began %s", started);
        if (*stopped)
            buf_add_fmt(out, ", stopped %s, after %s", stopped,
                        span_format(head->stopped - head->started, took));
    }
    buf_add_str(out, ". Program version ");
    markup_add(out, head->version);
    buf_add_str(out, ".</p>\n");
    if (wave_tally_goes_on(&sum->wave) && !head->is_over) {
        buf_add_str(out, "<p class=\"facts\">Now ");
        wave_tally_told(&sum->wave, 0, out);
        buf_add_str(out, ".</p>\n");
    }
    if (head->lost.len != 0) {
        buf_add_fmt(out, "<p class=\"lost\"><strong>The journal %s lost records of this run: ",
                    head->lost_is_suspected ? "may have" : "has");
        markup_add(out, head->lost);
        buf_add_str(out, ". Rows may lack what was written last.</strong></p>\n");
    }
    if (head->selection.len) {
        buf_add_str(out, "<p class=\"facts\">Selected by ");
        markup_add(out, head->selection);
        buf_add_str(out, ".</p>\n");
    }
    buf_add_str(out, "<ul class=\"counts\">\n");
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        if (sum->by_standing[s])
            buf_add_fmt(out, "<li class=\"%s\"><b>%u</b> <span>%s</span></li>\n",
                        standing_class((enum standing)s), sum->by_standing[s],
                        standing_words((enum standing)s, sum->tense));
    if (sum->tense == TENSE_RUN)
        buf_add_fmt(out, "<li><b>%llu</b> %s to SES</li>\n", (unsigned long long)sum->writes,
                    plural(sum->writes, "write", "writes"));
    buf_add_str(out, "</ul>\n");
    share_draw(out, sum);
    buf_add_str(out, "</header>\n");
}

static enum err sheet_write(const struct report *report, struct sheet *sheet, struct why *why)
{
    struct buf *out = &sheet->out->buf;
    /* The first lines. The policy names the one script by its hash: no other script can run. */
    char hash[SHA256_BASE64_LEN];
    if (!sha256_base64(html_files[HTML_SCRIPT].text, hash))
        return why_set(why, ERR_NOMEM, "out of memory");
    buf_add_fmt(out,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'; script-src 'sha256-%s'\">\n",
                hash);
    enum err err = OK;
    buf_add_str(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<title>mailfrom ");
    report_title_add(report->head, out);
    buf_add_str(out, "</title>\n<style>\n");
    buf_add_text(out, html_files[HTML_STYLE].text);
    buf_add_str(out, "</style>\n</head>\n<body>\n");
    head_add(out, report->head, &sheet->sum);
    buf_add_str(out, "<main>\n");
    static const enum row_alarm tables[] = {ALARM_REJECTING, ALARM_NONE, ALARM_AILING};
    for (size_t i = 0; i < COUNT(tables); i++)
        groups_table_add(out, report->fleet, &sheet->groups, tables[i], sheet->sum.tense);
    if (sheet->sum.tense == TENSE_RUN) {
        buf_add_str(out, "<section>\n<h2>Over time</h2>\n");
        timeline_draw(out, &sheet->history);
        window_draw(out, &sheet->history);
        buf_add_str(out, "</section>\n<section>\n<h2>Where every identity stands</h2>\n");
        states_draw(out, &sheet->history);
        buf_add_str(out, "</section>\n");
    }
    if (!report->head->is_over)
        waiting_add(out, report->fleet, &sheet->waiting);
    rules_add(out, &sheet->sum);
    lanes_add(out, report->fleet, &sheet->sum);
    sheet->only_bad = sheet->sum.rows > HTML_ROWS_MAX;
    buf_add_str(out, "<section class=\"fleet\">\n<h2>Identities</h2>\n");
    if (sheet->only_bad)
        buf_add_fmt(out,
                    "<p>%u identities are too many for one page: below are those that need "
                    "attention; the CSV and JSON reports have all.</p>\n",
                    sheet->sum.rows);
    rows_begin(out);
    err = report_rows(report, row_list, sheet, why);
    buf_add_str(out, sheet->listed ? "</div></div>\n" : "</div>\n");
    if (sheet->only_bad && sheet->sum.bad > sheet->listed)
        buf_add_fmt(out, "<p class=\"note\">Only the first %u are listed.</p>\n", sheet->listed);
    buf_add_str(out, "</section>\n");
    buf_add_str(
        out,
        "</main>\n<footer>Every column of every identity is in the CSV and JSON reports of the "
        "same run.</footer>\n<script>");
    buf_add_text(out, html_files[HTML_SCRIPT].text);
    buf_add_str(out, "</script>\n</body>\n</html>\n");
    return err;
}

static enum err sheet_make(const struct report *report, struct sheet *sheet, struct why *why)
{
    enum err err = report_sum_init(&sheet->sum, report->fleet, report->head->tense, why);
    if (err == OK)
        err = groups_init(&sheet->groups, why);
    if (err == OK)
        err = report_rows(report, row_count, sheet, why);
    if (err == OK && sheet->groups.failed)
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = history_make(&sheet->history, report, why);
    if (err == OK)
        err = waiting_make(&sheet->waiting, report, waiting_parent, NULL, why);
    if (err != OK)
        return err;
    groups_sort(&sheet->groups);
    return sheet_write(report, sheet, why);
}

enum err html_write(const struct report *report, struct why *why)
{
    struct sheet sheet = {.out = report->out};
    enum err err = sheet_make(report, &sheet, why);
    groups_clear(&sheet.groups);
    waiting_clear(&sheet.waiting);
    report_sum_clear(&sheet.sum);
    return err;
}
