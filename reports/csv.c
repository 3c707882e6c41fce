/*
 * CSV by RFC 4180: a header line, CRLF, quotes where needed. Where an identity of the fleet is an
 * internationalized name, a last column has it as people write it; the documented columns keep
 * their places.
 */
#include "csv_cell.h"
#include "row.h"

#include "base/bounds.h"

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

/* Words of our own, with commas. */
static void cell_ready(struct buf *out, struct dmarc_ready ready)
{
    buf_add_str(out, ready.lack ? "\"" : "");
    dmarc_ready_add(out, ready);
    buf_add_str(out, ready.lack ? "\"" : "");
}

struct csv_table {
    struct sink *out;
    bool is_international;
    struct buf unicode;
};

static bool line_add(void *ctx, const struct report_row *row)
{
    struct csv_table *table = ctx;
    struct sink *out = table->out;
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
        case REPORT_READY: cell_ready(&out->buf, *(const struct dmarc_ready *)cell); break;
        }
    }
    if (table->is_international) {
        buf_reset(&table->unicode);
        identity_unicode_add(&table->unicode, row->identity);
        buf_add_char(&out->buf, ',');
        csv_cell_add(&out->buf, buf_text(&table->unicode));
    }
    buf_add_str(&out->buf, "\r\n");
    return sink_turn(out);
}

enum err csv_write(const struct report *report, struct why *why)
{
    struct buf *out = &report->out->buf;
    for (int i = 0; i < REPORT_COLUMNS; i++)
        buf_add_fmt(out, "%s%s", i ? "," : "", report_columns[i].name);
    struct csv_table table = {.out = report->out,
                              .is_international = fleet_is_international(report->fleet)};
    buf_init(&table.unicode, LINE_LEN_MAX);
    buf_add_str(out, table.is_international ? ",identity_unicode\r\n" : "\r\n");
    enum err err = report_rows(report, line_add, &table, why);
    buf_clear(&table.unicode);
    return err;
}
