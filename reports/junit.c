/*
 * JUnit XML for CI systems (the schema of Jenkins' xUnit plug-in, "junit-10"): one suite, one case
 * per identity. A row in need of attention fails; an unfinished row is skipped, so a pane shows the
 * row without turning red. The facts of a row are the case's output.
 */
#include "row.h"

#include "base/bounds.h"
#include "markup.h"

static void add_attribute(struct buf *out, const char *name, struct text value)
{
    buf_add_fmt(out, " %s=\"", name);
    markup_add(out, value);
    buf_add_char(out, '"');
}

static void add_findings(struct buf *out, const struct report_row *row)
{
    struct finding_walk walk;
    struct finding_note f;
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &f)) {
        buf_add_fmt(out, "%s %s", severity_name(f.severity), finding_rule(f.rule)->name);
        buf_add_str(out, f.accepted ? " (accepted): " : ": ");
        markup_add(out, f.text);
        buf_add_char(out, '\n');
    }
}

/* The type is for programs; the message begins with the words for it. */
static void add_result(struct buf *out, const struct report_row *row, enum tense tense)
{
    static const struct text alarms[ALARMS] = {
        [ALARM_REJECTING] = TEXT("rejects-mail"), [ALARM_AILING] = TEXT("as-wanted-but")};
    bool bad = row_needs_care(row);
    struct buf told;
    if (!bad && !outcome_is_unfinished(row->outcome_kind))
        return;
    buf_init(&told, RECORD_BYTES_MAX);
    buf_add_str(&told, standing_words(row->standing, tense));
    size_t words = told.len;
    buf_add_str(&told, ": ");
    row_told(row, &told);
    told.len = told.len > words + 2 ? told.len : words;
    buf_add_str(out, bad ? "<failure" : "<skipped");
    add_attribute(out, "type", row->alarm ? alarms[row->alarm] : row->outcome);
    add_attribute(out, "message", buf_text(&told));
    out->failed = out->failed || told.failed;
    buf_clear(&told);
    buf_add_char(out, '>');
    add_findings(out, row); /* some panes show the text and not the message */
    buf_add_str(out, bad ? "</failure>" : "</skipped>");
}

static void add_time(struct buf *out, span_us took)
{
    took = took > 0 ? took : 0;
    buf_add_fmt(out, " time=\"%lld.%03lld\"", (long long)(took / SPAN_S(1)),
                (long long)(took / SPAN_MS(1) % 1000));
}

struct suite {
    struct report report;
    struct report_sum sum;
};

static bool case_add(void *ctx, const struct report_row *row)
{
    const struct suite *suite = ctx;
    struct buf *out = &suite->report.out->buf;
    buf_add_str(out, "<testcase classname=\"");
    markup_add(out, row->account);
    buf_add_char(out, '.');
    markup_add(out, row->region);
    buf_add_char(out, '"');
    add_attribute(out, "name", row->identity);
    add_time(out, row->finished && row->first_seen ? row->finished - row->first_seen : 0);
    buf_add_char(out, '>');
    add_result(out, row, suite->sum.tense);
    buf_add_str(out, "<system-out>");
    for (int i = 0; i < REPORT_COLUMNS; i++)
        if (report_columns[i].type != REPORT_FINDINGS) {
            const struct report_column *column = &report_columns[i];
            const void *cell = report_cell(row, column);
            char when[WHEN_LEN];
            buf_add_fmt(out, "%s: ", column->name);
            switch (column->type) {
            case REPORT_TEXT: markup_add(out, *(const struct text *)cell); break;
            case REPORT_COUNT: buf_add_u64(out, *(const uint32_t *)cell); break;
            case REPORT_INSTANT:
                buf_add_str(out, when_format(*(const instant_us *)cell, when));
                break;
            case REPORT_READY: dmarc_ready_add(out, *(const struct dmarc_ready *)cell); break;
            case REPORT_FINDINGS: break;
            }
            buf_add_char(out, '\n');
        }
    struct buf unicode;
    buf_init(&unicode, LINE_LEN_MAX);
    if (identity_unicode_add(&unicode, row->identity)) {
        buf_add_str(out, "identity_unicode: ");
        markup_add(out, buf_text(&unicode));
        buf_add_char(out, '\n');
    }
    buf_spend(&unicode, out);
    add_findings(out, row);
    buf_add_str(out, "</system-out>");
    buf_add_str(out, "</testcase>\n");
    return sink_turn(suite->report.out);
}

static void add_property(struct buf *out, const char *name, struct text value)
{
    buf_add_fmt(out, "<property name=\"%s\"", name);
    add_attribute(out, "value", value);
    buf_add_str(out, "/>");
}

static void add_head(struct buf *out, const struct report_head *head, const struct report_sum *sum)
{
    char when[WHEN_LEN];
    buf_add_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite "
                     "name=\"mailfrom ");
    markup_add(out, head->verb);
    if (head->run)
        buf_add_fmt(out, " run %llu", (unsigned long long)head->run);
    buf_add_fmt(out, "\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\"", sum->rows,
                sum->bad, sum->unfinished);
    add_time(out, head->stopped ? head->stopped - head->started : 0);
    if (*when_format(head->started, when))
        add_attribute(out, "timestamp", text_of(when));
    buf_add_str(out, ">\n<properties>");
    add_property(out, "state", head->state);
    add_property(out, "version", head->version);
    if (head->lost.len)
        add_property(out, "lost-records", head->lost);
    if (head->selection.len)
        add_property(out, "selection", head->selection);
    buf_add_str(out, "</properties>\n");
}

static enum err suite_begin(void *state, const struct report *report, struct why *why)
{
    struct suite *suite = state;
    suite->report = *report;
    return report_sum_init(&suite->sum, report->fleet, report->head->tense, why);
}

/* The counts of all cases stand before the first. */
static bool case_count(void *state, const struct report_row *row)
{
    report_sum_add(&((struct suite *)state)->sum, row);
    return true;
}

static enum err suite_end(void *state, struct why *why)
{
    struct suite *suite = state;
    struct buf *out = &suite->report.out->buf;
    add_head(out, suite->report.head, &suite->sum);
    enum err err = report_rows(&suite->report, case_add, suite, why);
    buf_add_str(out, "<system-out>");
    report_verdict(&suite->sum, out);
    buf_add_char(out, '\n');
    report_dmarc(&suite->sum, out);
    buf_add_str(out, "</system-out>\n</testsuite>\n</testsuites>\n");
    return err;
}

static void suite_clear(void *state)
{
    report_sum_clear(&((struct suite *)state)->sum);
}

const struct report_format junit_format = {"junit",   sizeof(struct suite), suite_begin, case_count,
                                           suite_end, suite_clear};
