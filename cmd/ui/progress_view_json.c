/*
 * The progress view as one line of JSON, for programs that watch a run. docs/progress.schema.json
 * is the contract; a test holds both together.
 */
#include "base/json_out.h"
#include "progress_view.h"
#include "reports/dmarc_sum.h"

/* null for WHEN_NEVER. */
static void instant_add(struct json_out *j, const char *name, instant_us at)
{
    char when[WHEN_LEN];
    if (at == WHEN_NEVER)
        json_add_null(j, name);
    else
        json_add_word(j, name, when_format_ms(at, when));
}

static void counts_add(struct json_out *j, const struct progress_view *b, const struct view_lane *l)
{
    json_add_u64(j, "identities", l->jobs);
    json_add_u64(j, "final", view_final(l));
    json_add_u64(j, "bad", l->bad);
    json_add_object(j, "states");
    for (int s = 0; s < JOB_STATES; s++)
        json_add_u64(j, job_state_name((enum job_state)s), l->by_state[s]);
    json_end(j);
    json_add_u64(j, "writes", l->writes);
    if (b->calls_known) {
        json_add_u64(j, "calls", l->calls);
        json_add_u64(j, "throttled", l->throttled);
        json_add_fixed(j, "calls_per_second", l->per_s, 3);
    } else {
        json_add_fixed(j, "writes_per_second", l->per_s, 3);
    }
    instant_add(j, "next_deadline", l->deadline);
    json_add_fixed(j, "calls_left_seconds", (double)l->left / 1e6, 1);
}

/* A lane of a shared journal. */
static void lease_add(struct json_out *j, const struct progress_view *b, const struct lease_view *v)
{
    static const char *const names[HOLDER_STATES] = {
        [HOLDER_NONE] = "no-worker-can", [HOLDER_LAPSED] = "worker-lost",
        [HOLDER_FREE] = "free",          [HOLDER_STOPPED] = "stopped",
        [HOLDER_WAITS] = "waits",        [HOLDER_CARRIED] = "carried",
        [HOLDER_ENDED] = "ended"};
    json_add_object(j, "lease");
    json_add_word(j, "state", names[holder_state_of(v)]);
    if (v->worker) {
        json_add_object(j, "worker");
        json_add_text(j, "name", v->worker_name);
        json_add_text(j, "host", v->worker_host);
        json_add_u64(j, "pid", v->worker_pid);
        instant_add(j, "since", b->now - v->held_for);
        instant_add(j, "ends", b->now + v->left);
        json_end(j);
    } else {
        json_add_null(j, "worker");
    }
    if (v->waits_for)
        json_add_u64(j, "waits_for_run", v->waits_for);
    else
        json_add_null(j, "waits_for_run");
    if (v->tried_by.len) {
        json_add_object(j, "tried");
        json_add_text(j, "by", v->tried_by);
        json_add_text(j, "why", v->tried_why);
        instant_add(j, "at", b->now - v->tried_ago);
        json_end(j);
    } else {
        json_add_null(j, "tried");
    }
    json_end(j);
}

void view_json(struct buf *out, const struct progress_view *b, const char *type)
{
    struct json_out j;
    uint32_t shown = 0;
    json_init(&j, out);
    json_add_object(&j, NULL);
    json_add_word(&j, "type", type);
    json_add_u64(&j, "run", b->run);
    json_add_word(&j, "verb", b->verb);
    json_add_word(&j, "state", b->state);
    json_add_word(&j, "reason", b->reason);
    instant_add(&j, "at", b->now);
    instant_add(&j, "started", b->started);
    instant_add(&j, "waiting_since", b->wave.fleet ? b->wave.any_since : WHEN_NEVER);
    wave_tally_json(&b->wave, &j);
    json_add_object(&j, "total");
    counts_add(&j, b, &b->total);
    json_end(&j);
    json_add_array(&j, "lanes");
    for (uint32_t i = 0; i < b->lanes_len && shown < VIEW_JSON_LANES; i++) {
        const struct view_lane *l = &b->lanes[i];
        if (b->lanes_len > VIEW_JSON_LANES && view_final(l) == l->jobs)
            continue;
        json_add_object(&j, NULL);
        json_add_text(&j, "account", l->account);
        json_add_text(&j, "region", l->region);
        counts_add(&j, b, l);
        if (l->lease)
            lease_add(&j, b, l->lease);
        json_end(&j);
        shown++;
    }
    json_end(&j);
    json_add_u64(&j, "lanes_more", b->lanes_len - shown);
    if (b->workers)
        json_add_u64(&j, "workers", b->workers->workers);
    if (b->dmarc)
        dmarc_sum_json(&j, b->dmarc, TENSE_RUN, b->dmarc_is_open);
    json_end(&j);
    buf_add_char(out, '\n');
}
