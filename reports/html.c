/*
 * One self-contained page: verdict, pictures, tables, rows. Text from outside is only ever the text
 * of an element or the value of a quoted attribute, and the page's policy lets only scripts with
 * the named hashes run, so a hostile name is merely shown.
 *
 * Up to HTML_ROWS_MAX identities there is a row for each. More rows would slow a browser down, so a
 * larger fleet is counted by account, Region, outcome and reason, and only rows in need of
 * attention are listed.
 */
#include "html_internal.h"

#include "base/bounds.h"
#include "html_files.h"
#include "html_page.h"
#include "markup.h"

#define PART_BEGIN "<div class=\"part\">\n"

struct sheet {
    struct report report;
    struct html_facts facts;
    bool only_bad; /* too many rows for a list of all */
    uint32_t listed, listed_max;
};

static bool row_list(void *ctx, const struct report_row *row)
{
    struct sheet *sheet = ctx;
    struct buf *out = &sheet->report.out->buf;
    if (sheet->only_bad && !row_needs_care(row))
        return true;
    if (sheet->listed++ % HTML_PART_ROWS == 0)
        buf_add_str(out, sheet->listed > 1 ? "</div>\n" PART_BEGIN : PART_BEGIN);
    row_add_html(out, row, sheet->facts.sum.tense);
    return sink_turn(sheet->report.out) && sheet->listed < sheet->listed_max;
}

static uint32_t rows_listed(const struct report_sum *sum)
{
    uint32_t meant = sum->rows > HTML_ROWS_MAX ? sum->bad : sum->rows;
    return meant < HTML_ROWS_MAX ? meant : HTML_ROWS_MAX;
}

static enum err sheet_write(struct sheet *sheet, struct why *why)
{
    const struct report *report = &sheet->report;
    struct buf *out = &report->out->buf;
    const struct html_facts *facts = &sheet->facts;
    struct text script = html_files[HTML_SCRIPT].text;
    struct buf title;
    buf_init(&title, LINE_LEN_MAX);
    buf_add_str(&title, "mailfrom ");
    report_title_add(report->head, &title);
    html_page_begin(out, buf_text(&title), TEXT_NONE, script);
    buf_spend(&title, out);
    head_add(out, report->head, &facts->sum);
    buf_add_str(out, "<main>\n");
    groups_tables_add(out, report->fleet, facts);
    if (facts->sum.tense == TENSE_RUN) {
        time_add(out, &facts->history);
        standings_add(out, &facts->history);
    }
    orders_add(out, report->head);
    if (!report->head->is_over)
        waiting_add(out, report->fleet, &facts->waiting, 0);
    dmarc_add(out, &facts->sum);
    rules_add(out, &facts->sum);
    lanes_add(out, report->fleet, &facts->sum, NULL, UINT32_MAX);
    sheet->only_bad = facts->sum.rows > HTML_ROWS_MAX;
    sheet->listed_max = rows_listed(&facts->sum);
    buf_add_str(out, "<section class=\"fleet\">\n<h2>Identities</h2>\n");
    if (sheet->only_bad)
        buf_add_fmt(out,
                    "<p>%u identities are too many for one page: below are those that need "
                    "attention; the CSV and JSON reports have all.</p>\n",
                    facts->sum.rows);
    rows_begin(out);
    enum err err = sheet->listed_max ? report_rows(report, row_list, sheet, why) : OK;
    buf_add_str(out, sheet->listed ? "</div></div>\n" : "</div>\n");
    if (sheet->only_bad && facts->sum.bad > sheet->listed)
        buf_add_fmt(out, "<p class=\"note\">Only the first %u are listed.</p>\n", sheet->listed);
    buf_add_str(out, "</section>\n");
    buf_add_str(out, "</main>\n");
    html_page_end(out,
                  TEXT("Instants are UTC. Every column of every identity is in the CSV and JSON "
                       "reports of the same run."),
                  script);
    return err;
}

static enum err sheet_begin(void *state, const struct report *report, struct why *why)
{
    struct sheet *sheet = state;
    sheet->report = *report;
    return html_facts_begin(&sheet->facts, report, why);
}

static bool row_count(void *state, const struct report_row *row)
{
    html_facts_row(&((struct sheet *)state)->facts, row);
    return true;
}

static enum err sheet_end(void *state, struct why *why)
{
    struct sheet *sheet = state;
    enum err err = html_facts_end(&sheet->facts, why);
    return err == OK ? sheet_write(sheet, why) : err;
}

static void sheet_clear(void *state)
{
    html_facts_clear(&((struct sheet *)state)->facts);
}

const struct report_format html_format = {"html",    sizeof(struct sheet), sheet_begin, row_count,
                                          sheet_end, sheet_clear};
