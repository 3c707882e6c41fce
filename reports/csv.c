/*
 * CSV: a header line, and a line for each identity. Where an identity of the fleet is an
 * internationalized name, a last column has it as people write it; the documented columns keep
 * their places.
 */
#include "csv_line.h"
#include "row.h"

#include "base/bounds.h"

struct csv_table {
    struct sink *out;
    struct csv_line line;
    bool is_international;
    struct buf scratch; /* of one cell */
};

/* Resetting it forgets a failure. */
static void scratch_write(struct csv_table *table)
{
    csv_text(&table->line, buf_text(&table->scratch));
    table->out->buf.failed = table->out->buf.failed || table->scratch.failed;
    buf_reset(&table->scratch);
}

/* The names of the rules, with blanks between. */
static void cell_findings(struct csv_table *table, finding_set findings)
{
    const char *between = "";
    for (; findings; findings &= findings - 1) {
        enum finding f = (enum finding)__builtin_ctzll(findings);
        buf_add_str(&table->scratch, between);
        buf_add_str(&table->scratch, finding_rule(f)->name);
        between = " ";
    }
    scratch_write(table);
}

static void cell_ready(struct csv_table *table, struct dmarc_ready ready)
{
    dmarc_ready_add(&table->scratch, ready);
    scratch_write(table);
}

static bool line_add(void *ctx, const struct report_row *row)
{
    struct csv_table *table = ctx;
    for (int i = 0; i < REPORT_COLUMNS; i++) {
        const struct report_column *column = &report_columns[i];
        const void *cell = report_cell(row, column);
        switch (column->type) {
        case REPORT_TEXT: csv_text(&table->line, *(const struct text *)cell); break;
        case REPORT_COUNT: csv_u64(&table->line, *(const uint32_t *)cell); break;
        case REPORT_INSTANT: csv_instant(&table->line, *(const instant_us *)cell); break;
        case REPORT_FINDINGS: cell_findings(table, *(const finding_set *)cell); break;
        case REPORT_READY: cell_ready(table, *(const struct dmarc_ready *)cell); break;
        }
    }
    if (table->is_international) {
        identity_unicode_add(&table->scratch, row->identity);
        scratch_write(table);
    }
    csv_end(&table->line);
    return sink_turn(table->out);
}

static enum err table_begin(void *state, const struct report *report, struct why *why)
{
    struct csv_table *table = state;
    (void)why;
    table->out = report->out;
    table->is_international = fleet_is_international(report->fleet);
    buf_init(&table->scratch, LINE_LEN_MAX);
    csv_begin(&table->line, &report->out->buf, report->head->csv, report_columns[0].name);
    for (int i = 1; i < REPORT_COLUMNS; i++)
        csv_text(&table->line, text_of(report_columns[i].name));
    if (table->is_international)
        csv_text(&table->line, TEXT("identity_unicode"));
    csv_end(&table->line);
    return OK;
}

static enum err table_end(void *state, struct why *why)
{
    (void)state;
    (void)why;
    return OK;
}

static void table_clear(void *state)
{
    buf_clear(&((struct csv_table *)state)->scratch);
}

const struct report_format csv_format = {
    "csv", sizeof(struct csv_table), table_begin, line_add, table_end, table_clear};
