#include "watcher.h"

#include "dname.h"
#include "hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING 64 /* at least the greatest rate of a scene */

bool watcher_init(struct watcher *w, const struct scene *scene, struct world *world)
{
    uint32_t buckets = scene->fleet.lanes_len * CALL_KINDS;
    *w = (struct watcher){.scene = scene, .world = world, .inner = world_io(world)};
    arena_init(&w->arena, SIZE_MAX);
    w->rows = calloc(scene->fleet.choices_len, sizeof *w->rows);
    w->sends = calloc((size_t)buckets * RING, sizeof *w->sends);
    w->sends_len = calloc(buckets, sizeof *w->sends_len);
    return w->rows && w->sends && w->sends_len;
}

void watcher_clear(struct watcher *w)
{
    arena_clear(&w->arena);
    free(w->rows);
    free(w->sends);
    free(w->sends_len);
}

void watcher_complain(struct watcher *w, const char *fmt, ...)
{
    va_list ap;
    if (w->complaint[0])
        return;
    va_start(ap, fmt);
    vsnprintf(w->complaint, sizeof w->complaint, fmt, ap);
    va_end(ap);
}

static void tell(struct watcher *w, const struct record *r)
{
    char at[WHEN_LEN];
    snprintf(w->turns_told[w->records % TURNS_KEPT], sizeof w->turns_told[0],
             "%s job %u %s -> %s %s %s", when_format_ms(r->at, at), r->job, job_state_name(r->from),
             job_state_name(r->row.state), outcome_name(r->row.outcome),
             r->kind == RECORD_INTENT ? "(intent)" : "");
}

static void digest_add(struct watcher *w, const struct record *r)
{
    const uint64_t numbers[] = {r->job,        r->kind,           (uint64_t)r->at, r->from,
                                r->row.state,  r->row.outcome,    r->row.action,   r->row.findings,
                                r->row.writes, r->row.status_seen};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        w->digest = hash_mix(w->digest, numbers[i]);
    w->digest = hash_mix(w->digest, hash_bytes(r->row.reason.at, r->row.reason.len));
}

static void check_done(struct watcher *w, const struct record *r)
{
    const struct fleet *f = &w->scene->fleet;
    struct text wanted = fleet_mail_from(f, r->job);
    const struct kept_row *row = &w->rows[r->job];
    if (r->row.outcome != OUTCOME_DONE || wanted.len == 0)
        return;
    if (!row->said_success || !dname_eq(r->row.mail_from_seen, wanted) ||
        r->row.status_seen != MAIL_FROM_SUCCESS)
        watcher_complain(w, "job %u is done, but SES has not said Success", r->job);
    if (r->row.behavior_seen != fleet_policy_of(f, r->job)->behavior)
        watcher_complain(w, "job %u is done with the wrong behaviour", r->job);
}

static void check_intent(struct watcher *w, const struct record *r)
{
    struct kept_row *row = &w->rows[r->job];
    if (r->kind != RECORD_INTENT)
        return;
    if (row->intent_open || row->in_flight)
        watcher_complain(w, "job %u: a second intent while a write is out", r->job);
    if (r->write_behavior == BEHAVIOR_REJECT_MESSAGE && !row->said_success)
        watcher_complain(w, "job %u: REJECT_MESSAGE before Success", r->job);
    if (!r->row.before_known)
        watcher_complain(w, "job %u: an intent without the value it replaces", r->job);
    row->intent_open = true;
}

static void row_keep(struct watcher *w, const struct record *r)
{
    struct kept_row *row = &w->rows[r->job];
    row->last = *r;
    row->last.row.mail_from_before = arena_text(&w->arena, r->row.mail_from_before);
    row->last.row.mail_from_seen = arena_text(&w->arena, r->row.mail_from_seen);
    row->last.row.reason = arena_text(&w->arena, r->row.reason);
    row->last.row.mx = row->last.row.spf = row->last.row.dmarc = TEXT_NONE;
    row->last.row.findings_json = TEXT_NONE;
    row->last.write_mail_from = arena_text(&w->arena, r->write_mail_from);
    row->known = true;
}

static enum err watch_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct watcher *w = ctx;
    bool crash = w->crash_at && w->turns >= w->crash_at && !w->crashed;
    for (uint32_t i = 0; i < len && (!crash || w->crash_keeps); i++) {
        const struct record *r = &records[i];
        if (!job_may_move(r->from, r->row.state))
            watcher_complain(w, "job %u: no move from %s to %s", r->job, job_state_name(r->from),
                             job_state_name(r->row.state));
        if (w->rows[r->job].known && w->rows[r->job].last.row.state == JOB_DONE)
            watcher_complain(w, "job %u moves although it is final", r->job);
        check_intent(w, r);
        check_done(w, r);
        tell(w, r);
        digest_add(w, r);
        row_keep(w, r);
        w->records++;
    }
    w->crashed = w->crashed || crash;
    return crash ? why_set(why, ERR_IO, "crash") : OK;
}

static void check_rate(struct watcher *w, const struct call *call, instant_us now)
{
    uint32_t bucket = call->lane * (uint32_t)CALL_KINDS + call->kind;
    uint32_t rate = (uint32_t)w->scene->rate_per_s;
    instant_us *ring = &w->sends[(size_t)bucket * RING];
    uint32_t n = w->sends_len[bucket]++;
    if (n >= rate && now - ring[(n - rate) % RING] < SPAN_S(1))
        watcher_complain(w, "%s: more than %u calls within a second",
                         call_action(call->kind, call->api), rate);
    ring[n % RING] = now;
}

static void check_write(struct watcher *w, const struct call *call)
{
    uint32_t job = call->owner;
    const struct fleet *f = &w->scene->fleet;
    struct kept_row *row = &w->rows[job];
    w->writes++;
    if (job >= f->choices_len || !text_eq(call->identities[0], fleet_identity(f, job)) ||
        call->lane != f->choices[job].lane) {
        watcher_complain(w, "a write to what is not in the manifest");
        return;
    }
    if (call->mail_from.len && !text_eq(call->mail_from, fleet_mail_from(f, job)))
        watcher_complain(w, "job %u: a MAIL FROM that nobody wants is written", job);
    if (!row->intent_open)
        watcher_complain(w, "job %u: a write that was not kept", job);
    else if (!text_eq(row->last.write_mail_from, call->mail_from) ||
             row->last.write_behavior != call->behavior)
        watcher_complain(w, "job %u: another write than the one that was kept", job);
    if (row->in_flight++)
        watcher_complain(w, "job %u: two writes in flight", job);
    row->intent_open = false;
}

static void watch_send(void *ctx, struct call **calls, uint32_t len)
{
    struct watcher *w = ctx;
    for (uint32_t i = 0; i < len; i++) {
        if (calls[i]->kind != CALL_ASK)
            check_rate(w, calls[i], world_now(w->world));
        if (calls[i]->kind == CALL_SET)
            check_write(w, calls[i]);
    }
    w->inner.send(w->inner.world, calls, len);
}

static void listen(struct watcher *w, const struct call *call)
{
    const struct fleet *f = &w->scene->fleet;
    if (call->kind == CALL_SET)
        w->rows[call->owner].in_flight = 0;
    if ((call->kind != CALL_READ_MAIL_FROM && call->kind != CALL_GET) ||
        call->reply.how != REPLY_HTTP || call->reply.http_status != 200)
        return;
    for (uint32_t i = 0; i < call->count; i++)
        for (uint32_t job = 0; job < f->choices_len; job++)
            if (f->choices[job].lane == call->lane &&
                text_eq(call->identities[i], fleet_identity(f, job)) &&
                dname_eq(call->facts[i].mail_from, fleet_mail_from(f, job)))
                w->rows[job].said_success = call->facts[i].status == MAIL_FROM_SUCCESS;
}

static uint32_t watch_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct watcher *w = ctx;
    w->turns++;
    if (world_now(w->world) >= w->scene->heal_at)
        world_heal(w->world);
    if (world_now(w->world) > w->scene->end_by)
        watcher_complain(w, "not final by its deadline");
    if (w->complaint[0]) {
        events[0] = (struct event){EVENT_ABORT, NULL};
        return 1;
    }
    uint32_t len = w->inner.wait(w->inner.world, until, events, max);
    for (uint32_t i = 0; i < len; i++)
        if (events[i].kind == EVENT_ANSWER)
            listen(w, events[i].call);
    if (world_is_stuck(w->world))
        watcher_complain(w, "the engine waits for ever with nothing on its way");
    return len;
}

static instant_us watch_now(void *ctx)
{
    return world_now(((struct watcher *)ctx)->world);
}

struct io watcher_io(struct watcher *w)
{
    return (struct io){w, watch_now, watch_wait, watch_keep, watch_send};
}

void watcher_turn(void *ctx, const struct desk *desk, instant_us now)
{
    struct watcher *w = ctx;
    struct desk_totals totals;
    uint32_t sum = 0;
    (void)now;
    desk_totals(desk, &totals);
    for (int state = 0; state < JOB_STATES; state++)
        sum += totals.by_state[state];
    if (sum != w->scene->fleet.choices_len)
        watcher_complain(w, "the counts sum to %u, not to %u", sum, w->scene->fleet.choices_len);
}

void watcher_resume(struct watcher *w)
{
    for (uint32_t i = 0; i < w->scene->fleet.choices_len; i++) {
        w->rows[i].in_flight = 0;
        w->rows[i].intent_open = false;
    }
    memset(w->sends_len, 0, sizeof *w->sends_len * w->scene->fleet.lanes_len * CALL_KINDS);
}

static bool ends_well(enum part part, enum outcome outcome)
{
    switch (part) {
    case PART_AS_WANTED:
    case PART_DEFAULT: return outcome == OUTCOME_UNCHANGED || outcome == OUTCOME_DONE;
    case PART_MISSING:
    case PART_UNVERIFIED:
    case PART_NOT_BELOW: return outcome == OUTCOME_REFUSED;
    case PART_GUARDED: return outcome == OUTCOME_DRIFTED;
    default: return outcome == OUTCOME_DONE;
    }
}

/* What faults may do to a job, however well it is treated: tries run out, deadlines pass. */
static bool may_end_badly(const struct watcher *w, enum part part, enum outcome outcome)
{
    if (!w->scene->options.faults)
        return false;
    bool writes = part != PART_MISSING && part != PART_UNVERIFIED && part != PART_NOT_BELOW;
    return outcome == OUTCOME_FAILED || (writes && outcome == OUTCOME_EXPIRED) ||
           (w->scene->world.faults.share[FAULT_LATE] > 0 && outcome == OUTCOME_DRIFTED) ||
           (w->scene->world.faults.share[FAULT_STALE] > 0 && outcome == OUTCOME_DRIFTED);
}

void watcher_end(struct watcher *w)
{
    for (uint32_t i = 0; i < w->scene->fleet.choices_len; i++) {
        const struct kept_row *row = &w->rows[i];
        enum part part = (enum part)w->scene->parts[i];
        enum outcome outcome = row->last.row.outcome;
        if (!row->known || row->last.row.state != JOB_DONE)
            watcher_complain(w, "job %u has no final record", i);
        else if (!ends_well(part, outcome) && !may_end_badly(w, part, outcome))
            watcher_complain(w, "job %u (part %d) ends as %s: " TEXT_FMT, i, (int)part,
                             outcome_name(outcome), TEXT_ARG(row->last.row.reason));
    }
    if (!scene_strangers_untouched(w->scene, w->world))
        watcher_complain(w, "an identity outside the manifest was touched");
}
