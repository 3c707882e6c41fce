/*
 * JUnit XML as CI systems read it: one suite, one case per identity. What needs attention fails;
 * what has not come to its end is skipped, so that a pane shows it without turning red.
 */
#include "row.h"

#include "markup.h"

static void add_attribute(struct buf *out, const char *name, struct text value)
{
    buf_add_fmt(out, " %s=\"", name);
    markup_add(out, value);
    buf_add_char(out, '"');
}

static bool is_open(enum outcome o)
{
    return o == OUTCOME_PLANNED || o == OUTCOME_WAITING_DNS || o == OUTCOME_PENDING ||
           o == OUTCOME_SKIPPED;
}

static void add_findings(struct buf *out, const struct report_row *row)
{
    struct finding_walk walk;
    struct row_finding f;
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &f)) {
        markup_add(out, f.severity);
        buf_add_char(out, ' ');
        markup_add(out, f.rule);
        buf_add_str(out, ": ");
        markup_add(out, f.text);
        buf_add_char(out, '\n');
    }
    finding_walk_clear(&walk);
}

static void add_result(struct buf *out, const struct report_row *row)
{
    bool bad = outcome_is_bad(row->outcome_kind);
    if (!bad && !is_open(row->outcome_kind))
        return;
    buf_add_str(out, bad ? "<failure" : "<skipped");
    add_attribute(out, "message", row->reason.len ? row->reason : row->outcome);
    if (bad) {
        add_attribute(out, "type", row->outcome);
        buf_add_str(out, ">");
        add_findings(out, row);
        buf_add_str(out, "</failure>");
    } else {
        buf_add_str(out, "/>");
    }
}

static bool case_add(void *ctx, const struct report_row *row)
{
    struct sink *sink = ctx;
    struct buf *out = &sink->buf;
    span_us took = row->finished && row->first_seen && row->finished > row->first_seen
                       ? row->finished - row->first_seen
                       : 0;
    buf_add_str(out, "<testcase classname=\"");
    markup_add(out, row->account);
    buf_add_char(out, '.');
    markup_add(out, row->region);
    buf_add_char(out, '"');
    add_attribute(out, "name", row->identity);
    if (row->source.len)
        add_attribute(out, "file", row->source);
    buf_add_fmt(out, " time=\"%lld.%03lld\">", (long long)(took / SPAN_S(1)),
                (long long)(took / SPAN_MS(1) % 1000));
    add_result(out, row);
    buf_add_str(out, "</testcase>\n");
    return sink_turn(sink);
}

static void suite_begin(struct buf *out, const struct report_head *head,
                        const struct report_sum *sum)
{
    char when[WHEN_LEN];
    uint32_t open = 0;
    for (int o = 0; o < OUTCOMES; o++)
        open += is_open((enum outcome)o) ? sum->by_outcome[o] : 0;
    buf_add_str(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"mailfrom ");
    markup_add(out, head->verb);
    buf_add_fmt(out, " run %llu\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\"",
                (unsigned long long)head->run, sum->rows, sum->bad, open);
    if (*when_format(head->started, when))
        add_attribute(out, "timestamp", text_of(when));
    buf_add_str(out, ">\n");
}

enum err junit_write(const struct report *report, struct why *why)
{
    struct report_sum sum;
    enum err err = report_sum_make(&sum, report, why);
    if (err == OK) {
        suite_begin(&report->out->buf, report->head, &sum);
        err = report_rows(report, case_add, report->out, why);
        buf_add_str(&report->out->buf, "</testsuite>\n</testsuites>\n");
    }
    report_sum_clear(&sum);
    return err;
}
