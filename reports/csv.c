/*
 * CSV by RFC 4180: a header line, CRLF, quotes where needed.
 */
#include "csv_cell.h"
#include "row.h"

/* The names of the rules, with blanks between. */
static void cell_findings(struct buf *out, finding_set findings)
{
    const char *between = "";
    for (int f = 0; f < FINDINGS_LEN; f++) {
        if (findings & FINDING_BIT(f)) {
            buf_add_fmt(out, "%s%s", between, finding_rule((enum finding)f)->name);
            between = " ";
        }
    }
}

static bool line_add(void *ctx, const struct report_row *row)
{
    struct sink *out = ctx;
    for (int i = 0; i < REPORT_COLUMNS; i++) {
        buf_add_str(&out->buf, i ? "," : "");
        const struct report_column *column = &report_columns[i];
        const void *cell = report_cell(row, column);
        char when[WHEN_LEN];
        switch (column->type) {
        case REPORT_TEXT: csv_cell_add(&out->buf, *(const struct text *)cell); break;
        case REPORT_COUNT: buf_add_u64(&out->buf, *(const uint32_t *)cell); break;
        case REPORT_INSTANT:
            buf_add_str(&out->buf, when_format(*(const instant_us *)cell, when));
            break;
        case REPORT_FINDINGS: cell_findings(&out->buf, *(const finding_set *)cell); break;
        }
    }
    buf_add_str(&out->buf, "\r\n");
    return sink_turn(out);
}

enum err csv_write(const struct report *report, struct why *why)
{
    struct buf *out = &report->out->buf;
    for (int i = 0; i < REPORT_COLUMNS; i++)
        buf_add_fmt(out, "%s%s", i ? "," : "", report_columns[i].name);
    buf_add_str(out, "\r\n");
    return report_rows(report, line_add, report->out, why);
}
