#include "watcher.h"

#include "base/count.h"
#include "base/dname.h"
#include "base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING         64 /* at least the greatest rate of a scene */
#define RESTARTS_MAX 3  /* set again; cleared and set; and once more if the clearing was late */
#define GRACE        SPAN_H(2) /* the last look may come that much after the deadline */
#define SPINS        5000      /* turns at one instant; a fleet of forty needs a handful */

bool watcher_init(struct watcher *w, const struct scene *scene, struct world *world)
{
    uint32_t buckets = scene->fleet.lanes_len * CALL_KINDS;
    *w = (struct watcher){.scene = scene, .world = world, .inner = world_io(world)};
    arena_init(&w->arena, SIZE_MAX);
    w->rows = calloc(scene->fleet.choices_len, sizeof *w->rows);
    w->sends = calloc((size_t)buckets * RING, sizeof *w->sends);
    w->sends_len = calloc(buckets, sizeof *w->sends_len);
    w->sent_at = calloc(buckets, sizeof *w->sent_at);
    if (scene->options.orders)
        orders_draw(&w->orders, scene->options.seed, ORDERS_MAX, SCENE_START, SPAN_H(10));
    w->tightened = calloc(scene->fleet.lanes_len, sizeof *w->tightened);
    w->lanes = calloc(scene->fleet.lanes_len, sizeof *w->lanes);
    return w->rows && w->sends && w->sends_len && w->sent_at && w->tightened && w->lanes;
}

void watcher_clear(struct watcher *w)
{
    arena_clear(&w->arena);
    free(w->rows);
    free(w->sends);
    free(w->sends_len);
    free(w->sent_at);
    free(w->tightened);
    free(w->lanes);
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
    w->turns_told[w->records % TURNS_KEPT] = (struct told){.at = r->at,
                                                           .job = r->job,
                                                           .from = r->from,
                                                           .to = r->row.state,
                                                           .outcome = r->row.outcome,
                                                           .is_intent = r->kind == RECORD_INTENT};
}

static void digest_add(struct watcher *w, const struct record *r)
{
    const uint64_t numbers[] = {r->job,        r->kind,           (uint64_t)r->at, r->from,
                                r->row.state,  r->row.outcome,    r->row.action,   r->row.findings,
                                r->row.writes, r->row.status_seen};
    for (size_t i = 0; i < COUNT(numbers); i++)
        w->digest = hash_mix(w->digest, numbers[i]);
    w->digest = hash_mix(w->digest, hash_bytes(r->row.reason.at, r->row.reason.len));
}

static void check_done(struct watcher *w, const struct record *r)
{
    const struct fleet *f = &w->scene->fleet;
    struct text wanted = fleet_mail_from(f, r->job);
    const struct kept_row *row = &w->rows[r->job];
    if ((r->row.outcome != OUTCOME_DONE && r->row.outcome != OUTCOME_UNCHANGED) || wanted.len == 0)
        return;
    if (!row->said_success || !dname_eq(r->row.mail_from_seen, wanted) ||
        r->row.status_seen != MAIL_FROM_SUCCESS)
        watcher_complain(w, "job %u is done, but SES has not said Success", r->job);
    if (r->row.behavior_seen != fleet_policy_of(f, r->job)->behavior)
        watcher_complain(w, "job %u is done with the wrong behaviour", r->job);
}

static uint32_t quota_count(struct quota q, uint32_t jobs)
{
    double count = q.is_percent ? q.value * jobs / 100 : q.value;
    return count > jobs ? jobs : (uint32_t)count;
}

static uint32_t wave_size(const struct fleet *f, uint32_t index)
{
    if (f->waves_len == 0)
        return f->choices_len;
    uint32_t size =
        quota_count(f->waves[index < f->waves_len ? index : f->waves_len - 1], f->choices_len);
    return size ? size : 1;
}

/* A job is started: its first write may be sent. May it? */
static void check_start(struct watcher *w, const struct record *r)
{
    const struct fleet *f = &w->scene->fleet;
    struct waves_seen *seen = &w->waves;
    if (r->kind == RECORD_INTENT && watcher_is_over_budget(w) &&
        world_now(w->world) >= w->over_at + w->heard_within)
        watcher_complain(w, "job %u is started although %u have failed", r->job, seen->failed);
    if (seen->started == wave_size(f, seen->index)) {
        if (seen->open > 0)
            watcher_complain(w, "job %u is started while %u of wave %u are not final", r->job,
                             seen->open, seen->index + 1);
        if (seen->expired > 0)
            watcher_complain(w, "job %u is started although wave %u is inconclusive", r->job,
                             seen->index + 1);
        seen->index++;
        seen->started = seen->expired = 0;
    }
    seen->started++;
    seen->open++;
    if (r->row.wave != seen->index + 1)
        watcher_complain(w, "job %u is kept as of wave %u, and %u runs", r->job, r->row.wave,
                         seen->index + 1);
}

static void check_waves(struct watcher *w, const struct record *r)
{
    struct waves_seen *seen = &w->waves;
    struct kept_row *row = &w->rows[r->job];
    if (!row->started && r->row.wave && (r->kind == RECORD_INTENT || r->row.state == JOB_DONE)) {
        check_start(w, r);
        row->started = true;
    }
    if (r->row.state != JOB_DONE)
        return;
    bool was_over = watcher_is_over_budget(w);
    seen->failed += r->row.outcome == OUTCOME_FAILED;
    if (!was_over && watcher_is_over_budget(w))
        w->over_at = world_now(w->world);
    if (row->started) {
        seen->open--;
        seen->expired += w->scene->fleet.waves_len > 0 && r->row.outcome == OUTCOME_EXPIRED;
    }
}

bool watcher_is_over_budget(const struct watcher *w)
{
    const struct fleet *f = &w->scene->fleet;
    return f->max_failures.value >= 0 &&
           w->waves.failed > quota_count(f->max_failures, f->choices_len);
}

bool watcher_reopens(const struct watcher *w, uint32_t row, bool reopens)
{
    return reopens && outcome_is_bad(w->rows[row].last.row.outcome);
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
    if (row->must_read)
        watcher_complain(w, "job %u: another write before a look at what became of the last",
                         r->job);
    bool clears = r->write_mail_from.len == 0 && fleet_mail_from(&w->scene->fleet, r->job).len > 0;
    bool again = clears && row->cleared_at && row->cleared_at != r->row.restarts;
    if (clears)
        row->cleared_at = (uint8_t)r->row.restarts;
    if (again || r->row.restarts > RESTARTS_MAX)
        watcher_complain(w, "job %u is set up again for ever", r->job);
    if (!r->row.before_known)
        watcher_complain(w, "job %u: an intent without the value it replaces", r->job);
    row->intent_open = true;
}

/* What a record may not take back from the one before. */
static void check_memory(struct watcher *w, const struct record *r)
{
    const struct kept_row *row = &w->rows[r->job];
    const struct job_row *was = &row->last.row;
    if (!row->known)
        return;
    if (was->state == JOB_DONE && !row->reopened)
        watcher_complain(w, "job %u moves although it is final", r->job);
    if (r->row.writes < was->writes)
        watcher_complain(w, "job %u forgets that it was written", r->job);
    if (was->accepted > 0 && r->row.accepted < was->accepted)
        watcher_complain(w, "job %u forgets that SES has taken a write", r->job);
    if (was->accepted > 0 && (!text_eq(was->mail_from_before, r->row.mail_from_before) ||
                              was->behavior_before != r->row.behavior_before))
        watcher_complain(w, "job %u: another value before the first write", r->job);
}

/* What SES has of it never changes, so what is kept is what SES has; and in a quiet world of a row
 * that was read it is known. The domain of an address is no identity here. */
static void check_dkim(struct watcher *w, const struct record *r)
{
    const struct scene *s = w->scene;
    uint16_t lane = s->fleet.choices[r->job].lane;
    bool is_asked = s->dkim == DKIM_BY_BATCH && s->read_api == API_V1 && !s->options.faults &&
                    !s->options.others && !s->world.dkim_refused;
    uint32_t id;
    if (!ses_model_find(world_ses(w->world), world_lane(w->world, lane),
                        fleet_identity(&s->fleet, r->job), &id))
        return;
    enum dkim_status told = r->row.dkim,
                     has = dkim_status_held(fleet_identity(&s->fleet, r->job),
                                            ses_model_facts(world_ses(w->world), id).dkim,
                                            DKIM_UNKNOWN);
    if (told != DKIM_UNKNOWN && told != has)
        watcher_complain(w, "job %u: DKIM is %s, and SES has %s", r->job, dkim_status_name(told),
                         dkim_status_name(has));
    if (told != has && is_asked && r->row.state == JOB_DONE && r->row.seen_known)
        watcher_complain(w, "job %u: DKIM was asked for, and is not known", r->job);
}

static void row_keep(struct watcher *w, const struct record *r)
{
    struct kept_row *row = &w->rows[r->job];
    row->kept_at = world_now(w->world);
    row->deadline_before = row->known ? row->last.row.deadline : 0;
    row->last = *r;
    row->last.row.mail_from_before = arena_text(&w->arena, r->row.mail_from_before);
    row->last.row.mail_from_seen = arena_text(&w->arena, r->row.mail_from_seen);
    row->last.row.reason = arena_text(&w->arena, r->row.reason);
    row->last.row.notes = (struct finding_notes){0};
    row->last.write_mail_from = arena_text(&w->arena, r->write_mail_from);
    row->known = true;
    row->reopened = row->planned = false;
}

void watcher_keeps(struct watcher *w, const struct record *r)
{
    const char *wrong = r->kind == RECORD_ORDER ? orders_keep(&w->orders, r) : NULL;
    if (wrong)
        watcher_complain(w, "%s", wrong);
    if (!record_is_of_job(r))
        return;
    if (r->from != r->row.state && !job_may_move(r->from, r->row.state))
        watcher_complain(w, "job %u: no move from %s to %s", r->job, job_state_name(r->from),
                         job_state_name(r->row.state));
    check_memory(w, r);
    check_dkim(w, r);
    check_intent(w, r);
    check_waves(w, r);
    check_done(w, r);
    tell(w, r);
    digest_add(w, r);
    row_keep(w, r);
    w->records++;
}

static enum err watch_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct watcher *w = ctx;
    bool crash = w->crash_at && w->turns >= w->crash_at && !w->crashed;
    for (uint32_t i = 0; i < len && (!crash || w->crash_keeps); i++)
        watcher_keeps(w, &records[i]);
    w->crashed = w->crashed || crash;
    return crash ? why_set(why, ERR_IO, "crash") : OK;
}

static void check_rate(struct watcher *w, const struct call *call, instant_us now)
{
    uint32_t bucket = call->lane * (uint32_t)CALL_KINDS + call->kind;
    double paced = orders_rate(&w->orders);
    uint32_t rate = (uint32_t)w->scene->rate_per_s;
    if (paced > 0 && w->sent_at[bucket] &&
        now - w->sent_at[bucket] < (span_us)(1e6 / paced) - SPAN_MS(1))
        watcher_complain(w, "%s: faster than the ordered %g a second",
                         call_action(call->kind, call->api), paced);
    w->sent_at[bucket] = now;
    if (w->orders.len)
        return; /* the rate has changed within a second, perhaps */
    instant_us *ring = &w->sends[(size_t)bucket * RING];
    uint32_t n = w->sends_len[bucket]++;
    if (n >= rate && now - ring[(n - rate) % RING] < SPAN_S(1))
        watcher_complain(w, "%s: more than %u calls within a second",
                         call_action(call->kind, call->api), rate);
    ring[n % RING] = now;
}

/* What a write replaces was seen within the minute, and that is what is kept. */
static void check_read_before(struct watcher *w, uint32_t job)
{
    const struct kept_row *row = &w->rows[job];
    const struct job_row *kept = &row->last.row;
    bool loosens = row->read_behavior == BEHAVIOR_REJECT_MESSAGE && row->read_mail_from.len > 0;
    if (kept->wave == 0 && !loosens)
        watcher_complain(w, "job %u is written and was not started", job);
    if (world_now(w->world) - row->read_at > READ_BEFORE_WRITE_MAX + SPAN_S(1) + w->leaves_within)
        watcher_complain(w, "job %u: a write without a look within the minute before", job);
    if (kept->accepted == 0 &&
        (!text_eq(kept->mail_from_before, row->read_mail_from) ||
         (row->read_mail_from.len > 0 && kept->behavior_before != row->read_behavior)))
        watcher_complain(w, "job %u: the value before is not the one of the last look", job);
}

/* Does SES still hold what the other operator did last? */
static bool holds_theirs(enum operator_act act, const struct ses_facts *facts, bool reviewed)
{
    switch (act) {
    case OPERATOR_SETS_OTHER: return text_starts(facts->mail_from, TEXT("theirs"));
    case OPERATOR_REJECTS:
        return facts->mail_from.len > 0 && facts->behavior == BEHAVIOR_REJECT_MESSAGE;
    case OPERATOR_CLEARS: return reviewed && facts->mail_from.len == 0;
    default: return false;
    }
}

/* What appeared after the row was judged, and before the look that its write must follow, is
 * another operator's. */
static void check_others(struct watcher *w, uint32_t job)
{
    const struct fleet *f = &w->scene->fleet;
    const struct faults *faults = &w->scene->world.faults;
    const struct kept_row *row = &w->rows[job];
    struct operator_trace trace = world_operator(w->world, job);
    span_us lag = faults->share[FAULT_STALE] > 0 ? faults->stale_max : 0;
    span_us unseen = READ_BEFORE_WRITE_MAX + SPAN_S(2) + lag + w->leaves_within;
    bool was_seen = row->read_at > trace.at + lag || trace.at + unseen < world_now(w->world);
    bool reviewed = w->scene->parts[job] == PART_REVIEWED && row->last.row.accepted == 0;
    uint32_t id;
    if (!trace.at || !was_seen || (trace.at <= row->first_read_at && !reviewed) ||
        faults->share[FAULT_LATE] > 0)
        return;
    if (!ses_model_find(world_ses(w->world), world_lane(w->world, f->choices[job].lane),
                        fleet_identity(f, job), &id))
        return;
    struct ses_facts facts = ses_model_facts(world_ses(w->world), id);
    bool is_own =
        row->last.row.accepted > 0 && row->last.row.behavior_seen == BEHAVIOR_REJECT_MESSAGE;
    /* What the row wants, set by another hand before Success: mail is rejected, so the row is made
     * loose, followed, and tightened again. */
    bool is_wanted = !reviewed && dname_eq(facts.mail_from, fleet_mail_from(f, job)) &&
                     fleet_policy_of(f, job)->behavior == BEHAVIOR_REJECT_MESSAGE;
    bool was_so = trace.act == OPERATOR_REJECTS &&
                  (w->scene->parts[job] == PART_LOOSE || is_own || is_wanted);
    if (!was_so && holds_theirs(trace.act, &facts, reviewed))
        watcher_complain(w, "job %u overwrites what another operator set: " TEXT_FMT " with %s",
                         job, TEXT_ARG(facts.mail_from), behavior_name(facts.behavior));
}

static bool mx_was_there(struct watcher *w, uint32_t job)
{
    instant_us now = world_now(w->world);
    struct text name = fleet_mail_from(&w->scene->fleet, job);
    span_us most = MX_BEFORE_TIGHTEN_MAX + SPAN_S(15) + w->leaves_within;
    for (span_us ago = 0; ago <= most; ago += SPAN_S(1))
        if (dns_model_view(world_dns(w->world), name, now - ago) != VIEW_MISSING)
            return true;
    return false;
}

static void check_tighten(struct watcher *w, uint32_t job)
{
    uint16_t lane = w->scene->fleet.choices[job].lane;
    struct tightened_seen *t = &w->tightened[lane];
    if (!mx_was_there(w, job))
        watcher_complain(w, "job %u is tightened while its MX is not there", job);
    bool is_over = t->written > 0 && t->first != UINT32_MAX && w->rows[t->first].known &&
                   w->rows[t->first].last.row.state == JOB_DONE;
    bool is_first = t->written == 0 || t->first == job || t->first == UINT32_MAX ||
                    (is_over && !t->first_settled);
    if (!is_first && !t->first_settled)
        watcher_complain(w, "job %u is tightened before the first of its lane has settled", job);
    if (is_first)
        *t = (struct tightened_seen){.written = t->written,
                                     .first = job,
                                     .first_at = world_now(w->world),
                                     .fell_back_at = t->fell_back_at,
                                     .fell_back = t->fell_back};
    t->written++;
    if (t->fell_back && t->fell_back_at <= w->rows[job].kept_at) /* it may leave later */
        watcher_complain(w, "lane %u is tightened, though SES was seen to leave Success",
                         (unsigned)lane);
}

void watcher_writes(struct watcher *w, const struct call *call)
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
    bool loosens = text_eq(call->mail_from, row->read_mail_from) &&
                   row->read_behavior == BEHAVIOR_REJECT_MESSAGE &&
                   call->behavior == BEHAVIOR_USE_DEFAULT_VALUE;
    if (call->mail_from.len && !text_eq(call->mail_from, fleet_mail_from(f, job)) && !loosens)
        watcher_complain(w, "job %u: a MAIL FROM that nobody wants is written", job);
    if (!row->intent_open)
        watcher_complain(w, "job %u: a write that was not kept", job);
    else if (!text_eq(row->last.write_mail_from, call->mail_from) ||
             row->last.write_behavior != call->behavior)
        watcher_complain(w, "job %u: another write than the one that was kept", job);
    if (row->in_flight++)
        watcher_complain(w, "job %u: two writes in flight", job);
    if (orders_paused(&w->orders))
        watcher_complain(w, "job %u is written while the run is paused", job);
    if (!call->not_after || call->not_after > world_now(w->world) + WRITE_LEAVES_MAX)
        watcher_complain(w, "job %u: a write may leave when its read is old", job);
    check_read_before(w, job);
    check_others(w, job);
    if (call->behavior == BEHAVIOR_REJECT_MESSAGE)
        check_tighten(w, job);
    row->intent_open = false;
}

static void watch_send(void *ctx, struct call **calls, uint32_t len)
{
    struct watcher *w = ctx;
    if (w->crashed)
        watcher_complain(w, "calls leave although the journal has failed");
    for (uint32_t i = 0; i < len; i++) {
        if (calls[i]->kind != CALL_ASK)
            check_rate(w, calls[i], world_now(w->world));
        if (calls[i]->kind == CALL_SET)
            watcher_writes(w, calls[i]);
    }
    w->inner.send(w->inner.world, calls, len);
}

/* Did SES itself say what became of this write? */
static bool is_known_end(const struct reply *reply)
{
    return reply->how == REPLY_NOT_SENT || (reply->how == REPLY_HTTP && reply->http_status < 500);
}

static void listen_tightened(struct watcher *w, const struct call *call, uint32_t i, uint32_t job)
{
    struct tightened_seen *t = &w->tightened[call->lane];
    bool stays = call->facts[i].behavior == BEHAVIOR_REJECT_MESSAGE &&
                 call->facts[i].status == MAIL_FROM_SUCCESS;
    bool is_ours = w->scene->parts[job] == PART_TIGHT && world_operator(w->world, job).acts == 0 &&
                   w->rows[job].known && w->rows[job].last.row.accepted > 0;
    if (is_ours && call->facts[i].behavior == BEHAVIOR_REJECT_MESSAGE && !stays && !t->fell_back) {
        t->fell_back = true;
        t->fell_back_at = world_now(w->world);
    }
    if (t->written > 0 && t->first == job && stays && call->answered_at >= t->first_at + SPAN_S(10))
        t->first_settled = true;
}

static void listen_look(struct watcher *w, const struct call *call, uint32_t i, uint32_t job)
{
    const struct fleet *f = &w->scene->fleet;
    struct kept_row *row = &w->rows[job];
    if (f->choices[job].lane != call->lane || !text_eq(call->identities[i], fleet_identity(f, job)))
        return;
    row->must_read = false;
    row->read_at = call->sent_at;
    if (!row->first_read_at || !row->known) /* half a look decides on nothing */
        row->first_read_at = call->sent_at;
    row->read_mail_from = arena_text(&w->arena, call->facts[i].mail_from);
    row->read_behavior = call->facts[i].behavior;
    listen_tightened(w, call, i, job);
    if (dname_eq(call->facts[i].mail_from, fleet_mail_from(f, job)))
        row->said_success = call->facts[i].status == MAIL_FROM_SUCCESS;
}

void watcher_listens(struct watcher *w, const struct call *call)
{
    if (call->kind == CALL_SET) {
        w->rows[call->owner].in_flight = 0;
        w->rows[call->owner].intent_open = false; /* it may have been too late to leave */
        w->rows[call->owner].must_read = !is_known_end(&call->reply);
    }
    if (call->kind != CALL_ASK && call->reply.how == REPLY_HTTP && call->reply.http_status == 200)
        w->lanes[call->lane].works = true;
    bool is_gone = call->kind == CALL_GET && call->reply.http_status == 404;
    if ((call->kind != CALL_READ_MAIL_FROM && call->kind != CALL_GET) ||
        call->reply.how != REPLY_HTTP || (call->reply.http_status != 200 && !is_gone))
        return;
    for (uint32_t i = 0; i < call->count; i++)
        for (uint32_t job = 0; job < w->scene->fleet.choices_len; job++)
            listen_look(w, call, i, job);
}

static uint32_t watch_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct watcher *w = ctx;
    w->turns++;
    w->turns_at = world_now(w->world) == w->turn_at ? w->turns_at + 1 : 0;
    w->turn_at = world_now(w->world);
    if (w->turns_at > SPINS)
        watcher_complain(w, "turn after turn at the same instant");
    if (world_now(w->world) >= w->scene->heal_at)
        world_heal(w->world);
    if (world_now(w->world) > w->scene->end_by)
        watcher_complain(w, "not final by its deadline");
    if (w->complaint[0]) {
        events[0] = (struct event){.kind = EVENT_ABORT};
        return 1;
    }
    uint32_t len =
        w->inner.wait(w->inner.world, when_earlier(until, orders_due(&w->orders)), events, max);
    for (uint32_t i = 0; i < len; i++)
        if (events[i].kind == EVENT_ANSWER)
            watcher_listens(w, events[i].call);
    while (len < max && orders_give(&w->orders, world_now(w->world), &events[len]))
        len++;
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
    return (struct io){w, watch_now, watch_wait, watch_send, watch_keep, w};
}

static void check_closed(struct watcher *w, const struct scheduler *scheduler, uint16_t lane)
{
    struct lane_seen *seen = &w->lanes[lane];
    bool closed = scheduler_lane_is_closed(scheduler, lane);
    if (closed && !seen->closed && seen->worked)
        watcher_complain(w, "lane %u is closed, though it has worked in this run: %s",
                         (unsigned)lane, scheduler_lane_trouble(scheduler, lane));
    seen->closed = closed;
    seen->worked = seen->works;
}

void watcher_turn(void *ctx, instant_us now)
{
    struct watcher *w = ctx;
    const struct scheduler *scheduler = w->scheduler;
    struct scheduler_totals totals;
    uint32_t by_state[JOB_STATES] = {0}, by_outcome[OUTCOMES] = {0};
    scheduler_totals(scheduler, &totals);
    scheduler_audit(scheduler);
    for (uint16_t lane = 0; lane < w->scene->fleet.lanes_len; lane++)
        check_closed(w, scheduler, lane);
    for (uint32_t i = 0; i < w->scene->fleet.choices_len; i++) {
        const struct job *job = scheduler_job(scheduler, i);
        by_state[job->state]++;
        by_outcome[job->outcome] += job->state == JOB_DONE;
        if ((job->state == JOB_WAITING_DNS || job->state == JOB_FOLLOWING) &&
            job->deadline < now - GRACE)
            watcher_complain(w, "job %u waits although its deadline is over", i);
        if (job->state == JOB_WAITING_DNS && w->scene->parts[i] == PART_LOOSE &&
            job->behavior_seen == BEHAVIOR_REJECT_MESSAGE && job->status_seen != MAIL_FROM_SUCCESS)
            watcher_complain(w, "job %u rejects mail and waits for DNS", i);
    }
    if (memcmp(by_state, totals.by_state, sizeof by_state) != 0 ||
        memcmp(by_outcome, totals.by_outcome, sizeof by_outcome) != 0)
        watcher_complain(w, "the counts are not what the jobs say");
}

static uint32_t rows_done(const struct watcher *w)
{
    uint32_t done = 0;
    for (uint32_t i = 0; i < w->scene->fleet.choices_len; i++)
        done += w->rows[i].known && w->rows[i].last.row.state == JOB_DONE && !w->rows[i].reopened;
    return done;
}

void watcher_planned(struct watcher *w)
{
    for (uint32_t i = 0; i < w->scene->fleet.choices_len; i++) {
        struct kept_row *row = &w->rows[i];
        enum outcome outcome = row->last.row.outcome;
        row->planned = row->known && (outcome == OUTCOME_PLANNED ||
                                      outcome == OUTCOME_WAITING_DNS || outcome == OUTCOME_PENDING);
        if (row->planned) {
            row->last.row.state = JOB_JUDGING;
            row->last.row.outcome = OUTCOME_OPEN;
        }
    }
    w->waves.failed = 0;
    watcher_resume(w, false);
}

/* What only the process before knew of a row. */
static void row_passes(struct watcher *w, uint32_t i)
{
    struct kept_row *row = &w->rows[i];
    row->in_flight = 0;
    row->intent_open = false;
    row->cleared_at = 0;
    row->read_at = 0;
    row->must_read = row->known && row->last.kind == RECORD_INTENT;
    if (!row->known || !row->last.row.before_known)
        row->first_read_at = 0;
    if (row->known && row->last.row.seen_known)
        w->lanes[w->scene->fleet.choices[i].lane] = (struct lane_seen){true, true, false};
}

static void row_resume(struct watcher *w, uint32_t i, bool reopens)
{
    struct kept_row *row = &w->rows[i];
    row_passes(w, i);
    bool begins_again = (w->keeps_reopened && row->reopened) || watcher_reopens(w, i, reopens);
    row->reopened = row->known && begins_again;
    bool is_final = row->known && row->last.row.state == JOB_DONE && !row->reopened;
    w->waves.failed += is_final && row->last.row.outcome == OUTCOME_FAILED;
    w->waves.open += row->started && !is_final;
    w->waves.expired += w->scene->fleet.waves_len > 0 && is_final && row->started &&
                        row->last.row.wave == w->waves.index + 1 &&
                        row->last.row.outcome == OUTCOME_EXPIRED;
}

/* A write of REJECT_MESSAGE that left before the crash may have been taken: the run that goes on
 * still waits for this identity to settle, before it tightens others. */
static bool goes_on_tightened(const struct watcher *w, uint32_t job)
{
    if (job == UINT32_MAX || !w->rows[job].known)
        return false;
    const struct record *last = &w->rows[job].last;
    bool sent = (last->row.state == JOB_WRITING || last->row.state == JOB_UNSURE) &&
                last->write_behavior == BEHAVIOR_REJECT_MESSAGE;
    bool taken = last->row.state != JOB_DONE && last->row.accepted > 0 &&
                 last->row.behavior_seen == BEHAVIOR_REJECT_MESSAGE;
    return sent || taken;
}

static void tightened_passes(struct watcher *w, uint16_t lane)
{
    struct tightened_seen *t = &w->tightened[lane];
    if (!t->first_settled && !goes_on_tightened(w, t->first))
        t->first = UINT32_MAX;
    t->fell_back = false;
    t->fell_back_at = 0;
    for (uint32_t i = 0; i < w->scene->fleet.choices_len; i++)
        if (w->scene->fleet.choices[i].lane == lane && w->rows[i].known &&
            w->rows[i].last.row.findings & FINDING_BIT(TIGHTEN_FALLS_BACK))
            t->fell_back = true;
}

void watcher_lane_passes(struct watcher *w, uint16_t lane)
{
    w->lanes[lane] = (struct lane_seen){0};
    for (uint32_t i = 0; i < w->scene->fleet.choices_len; i++)
        if (w->scene->fleet.choices[i].lane == lane)
            row_passes(w, i);
    tightened_passes(w, lane);
}

void watcher_resume(struct watcher *w, bool reopens)
{
    struct waves_seen *seen = &w->waves;
    orders_resume(&w->orders);
    seen->failed = seen->open = seen->expired = 0;
    memset(w->lanes, 0, sizeof *w->lanes * w->scene->fleet.lanes_len);
    for (uint32_t i = 0; i < w->scene->fleet.choices_len; i++)
        row_resume(w, i, reopens);
    if (seen->open == 0 && seen->started == wave_size(&w->scene->fleet, seen->index))
        seen->expired = 0; /* whoever resumes has looked at it */
    for (uint32_t lane = 0; lane < w->scene->fleet.lanes_len; lane++)
        tightened_passes(w, (uint16_t)lane);
    w->done_before = reopens ? UINT32_MAX : rows_done(w);
    memset(w->sends_len, 0, sizeof *w->sends_len * w->scene->fleet.lanes_len * CALL_KINDS);
    memset(w->sent_at, 0, sizeof *w->sent_at * w->scene->fleet.lanes_len * CALL_KINDS);
}

bool watcher_paused(struct watcher *w, const struct scheduler *scheduler, const char *pause)
{
    uint32_t done = rows_done(w);
    struct scheduler_totals totals;
    const char *wrong = orders_end(&w->orders);
    if (wrong)
        watcher_complain(w, "%s", wrong);
    scheduler_totals(scheduler, &totals);
    if (totals.by_state[JOB_DONE] != done)
        watcher_complain(w, "%u jobs are final, and %u were kept as final",
                         totals.by_state[JOB_DONE], done);
    if (done == w->scene->fleet.choices_len)
        return false;
    if (!pause)
        watcher_complain(w, "the run has stopped without a reason");
    if (done == w->done_before && !watcher_is_over_budget(w))
        watcher_complain(w, "the run paused before anything was final: %s", pause);
    if (w->waves.open > 0)
        watcher_complain(w, "the run paused while %u were written and not final", w->waves.open);
    return true;
}
