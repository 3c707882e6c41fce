/*
 * JSON, format_version 1 (docs/report.schema.json): the run, the identities with one line each, and
 * the summary last, so that one pass over the journal is enough. Texts that are not known are "",
 * instants that have not come are null.
 */
#include "row.h"

#include "base/escape.h"

struct json {
    struct sink *out;
    struct report_sum sum;
};

/* escape_json() for the common case, where there is nothing to escape. */
static void add_string(struct buf *out, struct text t)
{
    size_t plain = 0;
    while (plain < t.len && t.at[plain] >= ' ' && t.at[plain] <= '~' && t.at[plain] != '"' &&
           t.at[plain] != '\\')
        plain++;
    if (plain < t.len) {
        escape_json(out, t);
        return;
    }
    buf_add_char(out, '"');
    buf_add_text(out, t);
    buf_add_char(out, '"');
}

static void add_key(struct buf *out, const char *name)
{
    buf_add_char(out, '"');
    buf_add_str(out, name);
    buf_add_str(out, "\":");
}

static void add_pair(struct buf *out, const char *name, struct text value)
{
    add_key(out, name);
    add_string(out, value);
}

static void add_instant(struct buf *out, instant_us at)
{
    char when[WHEN_LEN];
    if (*when_format(at, when))
        buf_add_fmt(out, "\"%s\"", when);
    else
        buf_add_str(out, "null");
}

static void add_findings(struct buf *out, const struct report_row *row)
{
    struct finding_walk walk;
    struct row_finding f;
    const char *between = "";
    buf_add_char(out, '[');
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &f)) {
        buf_add_fmt(out, "%s{", between);
        add_pair(out, "rule", f.rule);
        buf_add_char(out, ',');
        add_pair(out, "severity", f.severity);
        buf_add_char(out, ',');
        add_pair(out, "text", f.text);
        buf_add_str(out, f.accepted ? ",\"accepted\":true}" : "}");
        between = ",";
    }
    finding_walk_clear(&walk, out);
    buf_add_char(out, ']');
}

static void add_cell(struct buf *out, const struct report_row *row,
                     const struct report_column *column)
{
    const void *cell = report_cell(row, column);
    add_key(out, column->name);
    switch (column->type) {
    case REPORT_TEXT: add_string(out, *(const struct text *)cell); break;
    case REPORT_COUNT: buf_add_u64(out, *(const uint32_t *)cell); break;
    case REPORT_INSTANT: add_instant(out, *(const instant_us *)cell); break;
    case REPORT_FINDINGS: add_findings(out, row); break;
    }
}

static bool add_row(void *ctx, const struct report_row *row)
{
    struct json *j = ctx;
    struct buf *out = &j->out->buf;
    buf_add_str(out, j->sum.rows ? ",\n{" : "\n{");
    for (int i = 0; i < REPORT_COLUMNS; i++) {
        buf_add_str(out, i ? "," : "");
        add_cell(out, row, &report_columns[i]);
    }
    buf_add_char(out, '}');
    report_sum_add(&j->sum, row);
    return sink_turn(j->out);
}

static void add_run(struct buf *out, const struct report_head *head)
{
    buf_add_fmt(out, "{\"format_version\":1,\n\"run\":{\"id\":%llu,",
                (unsigned long long)head->run);
    add_pair(out, "verb", head->verb);
    buf_add_char(out, ',');
    add_pair(out, "state", head->state);
    buf_add_str(out, ",\"started\":");
    add_instant(out, head->started);
    buf_add_str(out, ",\"stopped\":");
    add_instant(out, head->stopped);
    buf_add_char(out, ',');
    add_pair(out, "version", head->version);
    if (head->lost.len) {
        buf_add_char(out, ',');
        add_pair(out, "lost_records", head->lost);
    }
    buf_add_str(out, "},\n\"identities\":[");
}

static void add_outcomes(struct buf *out, const uint32_t counts[OUTCOMES])
{
    buf_add_str(out, "\"outcomes\":{");
    for (int o = OUTCOME_UNCHANGED; o < OUTCOMES; o++)
        buf_add_fmt(out, "%s\"%s\":%u", o > OUTCOME_UNCHANGED ? "," : "",
                    outcome_name((enum outcome)o), counts[o]);
    buf_add_char(out, '}');
}

static void add_lanes(struct buf *out, const struct fleet *fleet, const struct report_sum *sum)
{
    buf_add_str(out, ",\n\"lanes\":[");
    for (uint32_t i = 0; i < fleet->lanes_len; i++) {
        const struct lane *lane = &fleet->lanes[i];
        buf_add_str(out, i ? ",\n{" : "\n{");
        add_pair(out, "account", names_text(&fleet->names, fleet->accounts[lane->account].name));
        buf_add_char(out, ',');
        add_pair(out, "region", names_text(&fleet->names, lane->region));
        buf_add_char(out, ',');
        add_outcomes(out, sum->by_lane[i]);
        buf_add_char(out, '}');
    }
    buf_add_str(out, "]");
}

static void add_summary(struct buf *out, const struct fleet *fleet, const struct report_sum *sum)
{
    struct buf verdict;
    buf_init(&verdict, 4096);
    report_verdict(sum, &verdict);
    buf_add_str(out, "\n],\n\"summary\":{");
    add_pair(out, "verdict", buf_text(&verdict));
    buf_spend(&verdict, out);
    buf_add_fmt(out, ",\"identities\":%u,\"attention\":%u,\"writes\":%llu,\"calls\":%llu,\n",
                sum->rows, sum->bad, (unsigned long long)sum->writes,
                (unsigned long long)sum->calls);
    buf_add_fmt(out, "\"rejecting_mail\":%u,\"as_wanted_but\":%u,\n",
                sum->by_alarm[ALARM_REJECTING], sum->by_alarm[ALARM_AILING]);
    add_outcomes(out, sum->by_outcome);
    buf_add_str(out, ",\n\"actions\":{");
    for (int a = ACTION_NONE; a <= ACTION_RESTART; a++)
        buf_add_fmt(out, "%s\"%s\":%u", a ? "," : "", action_name((enum action)a),
                    sum->by_action[a]);
    buf_add_char(out, '}');
    add_lanes(out, fleet, sum);
    buf_add_str(out, "}}\n");
}

enum err json_write(const struct report *report, struct why *why)
{
    struct json j = {.out = report->out};
    enum err err = report_sum_init(&j.sum, report->fleet, why);
    if (err != OK)
        return err;
    add_run(&j.out->buf, report->head);
    err = report_rows(report, add_row, &j, why);
    if (err == OK)
        add_summary(&j.out->buf, report->fleet, &j.sum);
    report_sum_clear(&j.sum);
    return err;
}
