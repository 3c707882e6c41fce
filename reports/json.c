/*
 * JSON, format_version 1 (docs/report.schema.json): the run, the identities with one line each, and
 * the summary last, so one pass over the journal is enough. Unknown texts are "", instants not yet
 * come are null.
 */
#include "need_json.h"
#include "published_internal.h"
#include "row.h"

#include "base/bounds.h"
#include "base/json_out.h"

struct json {
    struct json_out json;
    const struct report_head *head;
    const struct fleet *fleet;
    struct sink *out;
    struct report_sum sum;
    struct buf words; /* of one value */
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

/* Resetting it forgets a failure. */
static void add_words(struct json *j, const char *key)
{
    json_add_text(&j->json, key, buf_text(&j->words));
    j->out->buf.failed = j->out->buf.failed || j->words.failed;
    buf_reset(&j->words);
}

static void add_ready(struct json *j, const char *key, struct dmarc_ready ready)
{
    dmarc_ready_add(&j->words, ready);
    add_words(j, key);
}

static bool add_row(void *ctx, const struct report_row *row)
{
    struct json *j = ctx;
    json_line(&j->json, "\n");
    json_add_object(&j->json, NULL);
    for (int i = 0; i < REPORT_COLUMNS; i++) {
        const struct report_column *column = &report_columns[i];
        const void *cell = report_cell(row, column);
        switch (column->type) {
        case REPORT_TEXT: json_add_text(&j->json, column->name, *(const struct text *)cell); break;
        case REPORT_COUNT: json_add_u64(&j->json, column->name, *(const uint32_t *)cell); break;
        case REPORT_INSTANT: add_instant(&j->json, column->name, *(const instant_us *)cell); break;
        case REPORT_FINDINGS: add_findings(&j->json, column->name, row); break;
        case REPORT_READY: add_ready(j, column->name, *(const struct dmarc_ready *)cell); break;
        }
    }
    if (identity_unicode_add(&j->words, row->identity))
        add_words(j, "identity_unicode");
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

void need_held_json(struct json_out *j, const struct report_need *need)
{
    if (!need->action)
        return;
    json_add_object(j, "held_by");
    json_add_word(j, "action", need->action);
    json_add_u64(j, "calls", need->calls);
    json_add_text(j, "account", need->account);
    json_add_text(j, "region", need->region);
    json_add_fixed(j, "per_second", need->rate_per_s, 3);
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
    if (need->not_known)
        json_add_u64(j, "not_known", need->not_known);
    need_held_json(j, need);
    json_end(j);
}

static void add_verdict(struct json *j)
{
    struct buf verdict;
    buf_init(&verdict, 4096);
    report_verdict(&j->sum, &verdict);
    json_add_text(&j->json, "verdict", buf_text(&verdict));
    buf_spend(&verdict, j->json.buf);
    json_add_u64(&j->json, "identities", j->sum.rows);
    json_add_u64(&j->json, "attention", j->sum.bad);
    json_add_u64(&j->json, "writes", j->sum.writes);
    json_add_u64(&j->json, "calls", j->sum.calls);
}

static void add_lane(struct json *j, uint32_t i)
{
    const struct fleet *fleet = j->fleet;
    const struct lane *lane = &fleet->lanes[i];
    json_line(&j->json, "\n");
    json_add_object(&j->json, NULL);
    json_add_text(&j->json, "account",
                  names_text(&fleet->names, fleet->accounts[lane->account].name));
    json_add_text(&j->json, "region", names_text(&fleet->names, lane->region));
    add_outcomes(&j->json, j->sum.by_lane[i].by_outcome);
    json_end(&j->json);
}

static void add_summary(struct json *j)
{
    struct json_out *out = &j->json;
    json_add_object(out, "summary");
    add_verdict(j);
    if (j->head->need && j->head->need->is_known)
        add_need(out, j->head->need);
    json_line(out, "\n");
    wave_tally_json(&j->sum.wave, out);
    json_line(out, "\n");
    json_add_u64(out, "rejecting_mail", j->sum.by_alarm[ALARM_REJECTING]);
    json_add_u64(out, "as_wanted_but", j->sum.by_alarm[ALARM_AILING]);
    json_line(out, "\n");
    report_dmarc_json(&j->sum, out);
    json_line(out, "\n");
    add_outcomes(out, j->sum.by_outcome);
    json_line(out, "\n");
    json_add_object(out, "actions");
    for (int a = ACTION_NONE; a <= ACTION_RESTART; a++)
        json_add_u64(out, action_name((enum action)a), j->sum.by_action[a]);
    json_end(out);
    json_line(out, "\n");
    json_add_array(out, "lanes");
    for (uint32_t i = 0; i < j->fleet->lanes_len; i++)
        add_lane(j, i);
    json_end(out);
    json_end(out);
}

static enum err document_begin(void *state, const struct report *report, struct why *why)
{
    struct json *j = state;
    j->out = report->out;
    j->head = report->head;
    j->fleet = report->fleet;
    buf_init(&j->words, LINE_LEN_MAX);
    enum err err = report_sum_init(&j->sum, report->fleet, report->head->tense, why);
    if (err != OK)
        return err;
    json_init(&j->json, &j->out->buf);
    json_add_object(&j->json, NULL);
    json_add_u64(&j->json, "format_version", 1);
    json_line(&j->json, "\n");
    add_head(&j->json, report->head);
    json_line(&j->json, "\n");
    json_add_array(&j->json, "identities");
    return OK;
}

static enum err document_end(void *state, struct why *why)
{
    struct json *j = state;
    (void)why;
    json_end_line(&j->json, "\n");
    json_line(&j->json, "\n");
    if (j->head->record_sets) {
        published_json_add(&j->json, j->out, j->head->record_sets);
        json_line(&j->json, "\n");
    }
    add_summary(j);
    json_end(&j->json);
    buf_add_char(&j->out->buf, '\n');
    return OK;
}

static void document_clear(void *state)
{
    struct json *j = state;
    report_sum_clear(&j->sum);
    buf_clear(&j->words);
}

const struct report_format json_format = {"json",  sizeof(struct json), document_begin,
                                          add_row, document_end,        document_clear};
