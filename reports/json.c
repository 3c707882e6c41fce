/*
 * JSON, format_version 1 (docs/report.schema.json): the run, the identities with one line each, and
 * the summary last, so one pass over the journal is enough. Unknown texts are "", instants not yet
 * come are null.
 */
#include "published_internal.h"
#include "row.h"

#include "base/bounds.h"
#include "base/json_out.h"

struct json {
    struct json_out json;
    struct sink *out;
    struct report_sum sum;
};

static void add_instant(struct json_out *j, const char *key, instant_us at)
{
    char when[WHEN_LEN];
    json_add_text_or_null(j, key, text_of(when_format(at, when)));
}

static void add_findings(struct json_out *j, const char *key, const struct report_row *row)
{
    struct finding_walk walk;
    struct finding_note f;
    json_add_array(j, key);
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &f)) {
        json_add_object(j, NULL);
        json_add_word(j, "rule", finding_rule(f.rule)->name);
        json_add_word(j, "severity", severity_name(f.severity));
        json_add_text(j, "text", f.text);
        if (f.accepted)
            json_add_bool(j, "accepted", true);
        json_end(j);
    }
    json_end(j);
}

static void add_ready(struct json_out *j, const char *key, struct dmarc_ready ready)
{
    struct buf words;
    buf_init(&words, LINE_LEN_MAX);
    dmarc_ready_add(&words, ready);
    json_add_text(j, key, buf_text(&words));
    buf_spend(&words, j->buf);
}

static bool add_row(void *ctx, const struct report_row *row)
{
    struct json *j = ctx;
    json_line(&j->json, "\n");
    json_add_object(&j->json, NULL);
    struct buf unicode;
    buf_init(&unicode, LINE_LEN_MAX);
    for (int i = 0; i < REPORT_COLUMNS; i++) {
        const struct report_column *column = &report_columns[i];
        const void *cell = report_cell(row, column);
        switch (column->type) {
        case REPORT_TEXT: json_add_text(&j->json, column->name, *(const struct text *)cell); break;
        case REPORT_COUNT: json_add_u64(&j->json, column->name, *(const uint32_t *)cell); break;
        case REPORT_INSTANT: add_instant(&j->json, column->name, *(const instant_us *)cell); break;
        case REPORT_FINDINGS: add_findings(&j->json, column->name, row); break;
        case REPORT_READY:
            add_ready(&j->json, column->name, *(const struct dmarc_ready *)cell);
            break;
        }
    }
    if (identity_unicode_add(&unicode, row->identity))
        json_add_text(&j->json, "identity_unicode", buf_text(&unicode));
    buf_spend(&unicode, j->json.buf);
    json_end(&j->json);
    report_sum_add(&j->sum, row);
    return sink_turn(j->out);
}

static void add_outcomes(struct json_out *j, const uint32_t counts[OUTCOMES])
{
    json_add_object(j, "outcomes");
    for (int o = OUTCOME_UNCHANGED; o < OUTCOMES; o++)
        json_add_u64(j, outcome_name((enum outcome)o), counts[o]);
    json_end(j);
}

/* Only where people gave some. */
static void add_orders(struct json_out *j, const struct report_head *head)
{
    if (!head->orders_len)
        return;
    json_add_array(j, "orders");
    for (uint32_t i = 0; i < head->orders_len; i++) {
        const struct order *o = &head->orders[i];
        json_add_object(j, NULL);
        json_add_word(j, "order", order_kind_name(o->kind));
        add_instant(j, "at", o->at);
        if (o->kind == ORDER_PACE)
            json_add_fixed(j, "rate", o->rate_per_s, 3);
        json_add_text(j, "user", text_of(o->user));
        json_add_u64(j, "pid", o->pid);
        json_add_text(j, "host", text_of(o->host));
        json_end(j);
    }
    json_end(j);
}

static void add_head(struct json_out *j, const struct report_head *head)
{
    json_add_object(j, "run");
    json_add_u64(j, "id", head->run);
    json_add_text(j, "verb", head->verb);
    json_add_text(j, "state", head->state);
    add_instant(j, "started", head->started);
    add_instant(j, "stopped", head->stopped);
    json_add_text(j, "version", head->version);
    if (head->lost.len)
        json_add_text(j, "lost_records", head->lost);
    if (head->selection.len)
        json_add_text(j, "selection", head->selection);
    add_orders(j, head);
    json_end(j);
}

/* Only of a plan. */
static void add_need(struct json_out *j, const struct report_need *need)
{
    json_line(j, "\n");
    json_add_object(j, "apply_needs");
    json_add_u64(j, "writes", need->writes);
    json_add_u64(j, "reads", need->reads);
    json_add_fixed(j, "earliest_finish_s", (double)need->earliest * 1e-6, 3);
    if (need->action) {
        json_add_object(j, "held_by");
        json_add_word(j, "action", need->action);
        json_add_u64(j, "calls", need->calls);
        json_add_text(j, "account", need->account);
        json_add_text(j, "region", need->region);
        json_add_fixed(j, "per_second", need->rate_per_s, 3);
        json_end(j);
    }
    json_end(j);
}

enum err json_write(const struct report *report, struct why *why)
{
    struct json j = {.out = report->out};
    enum err err = report_sum_init(&j.sum, report->fleet, report->head->tense, why);
    if (err != OK)
        return err;
    json_init(&j.json, &j.out->buf);
    json_add_object(&j.json, NULL);
    json_add_u64(&j.json, "format_version", 1);
    json_line(&j.json, "\n");
    add_head(&j.json, report->head);
    json_line(&j.json, "\n");
    json_add_array(&j.json, "identities");
    err = report_rows(report, add_row, &j, why);
    if (err == OK) {
        json_end_line(&j.json, "\n");
        json_line(&j.json, "\n");
        if (report->head->record_sets) {
            published_json_add(&j.json, j.out, report->head->record_sets);
            json_line(&j.json, "\n");
        }
        struct buf verdict;
        buf_init(&verdict, 4096);
        report_verdict(&j.sum, &verdict);
        json_add_object(&j.json, "summary");
        json_add_text(&j.json, "verdict", buf_text(&verdict));
        buf_spend(&verdict, j.json.buf);
        json_add_u64(&j.json, "identities", j.sum.rows);
        json_add_u64(&j.json, "attention", j.sum.bad);
        json_add_u64(&j.json, "writes", j.sum.writes);
        json_add_u64(&j.json, "calls", j.sum.calls);
        if (report->head->need)
            add_need(&j.json, report->head->need);
        json_line(&j.json, "\n");
        wave_tally_json(&j.sum.wave, &j.json);
        json_line(&j.json, "\n");
        json_add_u64(&j.json, "rejecting_mail", j.sum.by_alarm[ALARM_REJECTING]);
        json_add_u64(&j.json, "as_wanted_but", j.sum.by_alarm[ALARM_AILING]);
        json_line(&j.json, "\n");
        report_dmarc_json(&j.sum, &j.json);
        json_line(&j.json, "\n");
        add_outcomes(&j.json, j.sum.by_outcome);
        json_line(&j.json, "\n");
        json_add_object(&j.json, "actions");
        for (int a = ACTION_NONE; a <= ACTION_RESTART; a++)
            json_add_u64(&j.json, action_name((enum action)a), j.sum.by_action[a]);
        json_end(&j.json);
        json_line(&j.json, "\n");
        json_add_array(&j.json, "lanes");
        for (uint32_t i = 0; i < report->fleet->lanes_len; i++) {
            const struct lane *lane = &report->fleet->lanes[i];
            json_line(&j.json, "\n");
            json_add_object(&j.json, NULL);
            json_add_text(
                &j.json, "account",
                names_text(&report->fleet->names, report->fleet->accounts[lane->account].name));
            json_add_text(&j.json, "region", names_text(&report->fleet->names, lane->region));
            add_outcomes(&j.json, j.sum.by_lane[i].by_outcome);
            json_end(&j.json);
        }
        json_end(&j.json);
        json_end(&j.json);
        json_end(&j.json);
        buf_add_char(&j.out->buf, '\n');
    }
    report_sum_clear(&j.sum);
    return err;
}
