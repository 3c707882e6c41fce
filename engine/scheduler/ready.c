/*
 * Brings jobs near their write. A write leaves only after a read of SES within
 * READ_BEFORE_WRITE_MAX, since the judged facts may be days old. A read carries a hundred
 * identities and a write one, so SES is read ahead, for as many jobs as can be written while the
 * read is fresh. These jobs wait in the queue `confirmed`; a job with a stale read is read again.
 *
 * Example, at one call a second: when three are left, forty-five are read by one call, and the last
 * of them is written 48 s later. A row judged just now needs no second read, unless the row has
 * waited for DNS meanwhile or a write has failed. A row to be tightened asks DNS for its MX when
 * its turn has come.
 */
#include "scheduler_internal.h"

#include <assert.h>

#define AHEAD_S                                                                                    \
    45              /* a read ahead is for so many seconds of writes; under the bound of a minute  \
                     */
#define LEFT_S    3 /* and is made when so many are left: a call takes less */
#define AHEAD_MAX 400

static bool is_fresh(const struct job *job, instant_us at)
{
    return job->read_at_s && at < SPAN_S(job->read_at_s) + READ_BEFORE_WRITE_MAX;
}

/* Waves hold back changes, except a loosening: rejected mail must not wait for a wave. */
static bool waits_for_wave(const struct job *job)
{
    return !job_is_started(job) && job->write != WRITE_LOOSEN;
}

/* Another job of the lane is tightened first, or tightening has ended in the lane. */
static bool waits_for_canary(const struct lane_state *lane, const struct job *job, uint32_t number)
{
    return job->write == WRITE_TIGHTEN && !tighten_may(lane, number);
}

/* DNS was asked for the MX a moment ago. */
static bool mx_is_fresh(const struct job *job, instant_us now)
{
    instant_us seen = SPAN_S(job->read_at_s) + SPAN_S(job->mx_seen);
    return job->mx_seen > 0 && now < seen + MX_BEFORE_TIGHTEN_MAX;
}

bool ready_is_next(const struct scheduler *d, uint32_t number, instant_us now)
{
    const struct job *job = &d->jobs[number];
    return job->write == WRITE_TIGHTEN && is_fresh(job, now) && mx_is_fresh(job, now);
}

void ready_mx_seen(struct scheduler *d, uint32_t number, instant_us now)
{
    struct job *job = &d->jobs[number];
    span_us after = now - SPAN_S(job->read_at_s);
    bool fits = job->read_at_s && after >= 0 && after < SPAN_S(UINT8_MAX - 1);
    job->mx_seen = (uint8_t)(fits ? after / SPAN_S(1) + 1 : 0);
    assert(!job->mx_seen || mx_is_fresh(job, now));
}

struct queue *ready_queue(struct scheduler *d, uint32_t number, instant_us now)
{
    struct lane_state *lane = scheduler_lane_of(d, number);
    const struct job *job = &d->jobs[number];
    assert(job->state == JOB_READY);
    if (waits_for_wave(job))
        return waves_admit(&d->waves, fleet_policy_of(d->fleet, number)->wave) ? &lane->start
                                                                               : &lane->held;
    if (waits_for_canary(lane, job, number))
        return &lane->tighten;
    return is_fresh(job, now) ? &lane->confirmed : &lane->write;
}

/* Started jobs first: a wave ends sooner. */
static struct queue *next_source(const struct scheduler *d, struct lane_state *lane)
{
    if (lane->write.len)
        return &lane->write;
    if (lane->tighten.len && tighten_has_turn(lane))
        return &lane->tighten;
    return lane->start.len && starts_may(d, lane) ? &lane->start : NULL;
}

static uint32_t under_way(const struct lane_state *lane)
{
    return lane->confirmed.len + lane->by_state[JOB_CONFIRMING];
}

static uint32_t seconds_of(const struct lane_state *lane, unsigned seconds)
{
    assert(lane->pace[CALL_SET].load.rate_per_s > 0);
    double writes = lane->pace[CALL_SET].load.rate_per_s * seconds;
    return writes < 1 ? 1 : writes > AHEAD_MAX ? AHEAD_MAX : (uint32_t)writes;
}

/* The job's wave was called off before the first write left. */
static bool is_called_off(const struct scheduler *d, const struct job *job)
{
    return d->waves.paused && job->reserved;
}

static void call_off(struct scheduler *d, uint32_t number, instant_us now)
{
    assert(d->waves.paused);
    starts_call_off(d, number);
    tighten_ended(
        d, number); /* other jobs of the lane, begun before the pause, may wait for the canary */
    queue_push(d, &scheduler_lane_of(d, number)->start, number, now);
}

static void start(struct scheduler *d, uint32_t number)
{
    starts_reserve(d, number);
    d->jobs[number].deadline = WHEN_NEVER; /* the wait for its turn was not its own */
}

/* The time of writing for a job brought near now. */
static instant_us turn_of(const struct lane_state *lane, instant_us now)
{
    assert(lane->pace[CALL_SET].load.rate_per_s > 0);
    return now + (instant_us)(1e6 * (under_way(lane) + 1) / lane->pace[CALL_SET].load.rate_per_s);
}

/* Moves one waiting job to a read, or after a fresh read to the write.
 */
static void bring_near(struct scheduler *d, struct queue *q, instant_us now)
{
    uint32_t number = queue_pop(d, q);
    struct lane_state *lane = scheduler_lane_of(d, number);
    struct job *job = &d->jobs[number];
    assert(job->state == JOB_READY);
    instant_us turn = turn_of(lane, now);
    if (is_called_off(d, job)) {
        call_off(d, number, now);
        return;
    }
    if (waits_for_wave(job))
        start(d, number);
    if (waits_for_canary(lane, job, number)) {
        if (!tighten_has_turn(lane)) {
            queue_push(d, &lane->tighten, number, now);
            return;
        }
        tighten_take(lane, number);
    }
    if (is_fresh(job, turn)) {
        queue_push(d, &lane->confirmed, number, now);
        return;
    }
    struct decision look = {.to = JOB_CONFIRMING,
                            .action = (enum action)job->action,
                            .write = (enum write_kind)job->write};
    scheduler_apply(d, number, &look, now, NULL);
}

static uint32_t ahead_max(const struct lane_state *lane)
{
    return seconds_of(lane, LEFT_S) + seconds_of(lane, AHEAD_S);
}

/* The time to read ahead: at once if writes would have to wait, otherwise with company, as for
 * every read. */
static instant_us read_due(const struct scheduler *d, const struct lane_state *lane, instant_us now)
{
    /* The number of jobs writable after a read, and since when the first one waits. */
    uint32_t waiting = lane->write.len;
    instant_us since = waiting ? lane->write.since : WHEN_NEVER;
    if (lane->tighten.len && tighten_has_turn(lane)) {
        waiting += lane->tighten.len;
        since = when_earlier(since, lane->tighten.since);
    }
    if (lane->start.len && starts_may(d, lane)) {
        waiting += lane->start.len;
        since = when_earlier(since, lane->start.since);
    }
    if (waiting == 0 || under_way(lane) > seconds_of(lane, LEFT_S))
        return WHEN_NEVER;
    return waiting >= ahead_max(lane) ? now : since + reads_linger(d, lane, waiting);
}

/* The next job in turn has a fresh read and needs no other. */
static bool next_is_fresh(const struct scheduler *d, struct lane_state *lane, instant_us now)
{
    struct queue *q = next_source(d, lane);
    assert(!q || q->first);
    return q && is_fresh(&d->jobs[q->first - 1], turn_of(lane, now));
}

uint32_t ready_room(const struct scheduler *d, uint16_t number, unsigned wait_s, instant_us now)
{
    const struct lane_state *lane = &d->lanes[number];
    uint32_t before = under_way(lane) + lane->write.len + lane->starts;
    before += tighten_has_turn(lane) ? lane->tighten.len : 0;
    uint32_t ahead = ahead_max(lane);
    bool is_soon = before <= seconds_of(lane, LEFT_S + wait_s);
    bool is_next = lane->start.len && before <= ahead / 2 &&
                   is_fresh(&d->jobs[lane->start.first - 1], turn_of(lane, now));
    return before < ahead && (is_soon || is_next) ? ahead - before : 0;
}

void ready_along(struct scheduler *d, uint16_t number, instant_us now)
{
    struct lane_state *lane = &d->lanes[number];
    uint32_t ahead = ahead_max(lane);
    struct queue *q;
    for (uint32_t i = 0; !d->steering.is_paused && i < 2 * AHEAD_MAX && under_way(lane) < ahead;
         i++) {
        if (!(q = next_source(d, lane)))
            return;
        bring_near(d, q, now);
    }
}

void ready_confirm(struct scheduler *d, uint16_t number, instant_us now)
{
    struct lane_state *lane = &d->lanes[number];
    if (!ready_may_write(d, number, now))
        return;
    while (under_way(lane) < ahead_max(lane) && next_is_fresh(d, lane, now))
        bring_near(d, next_source(d, lane), now);
    if (read_due(d, lane, now) <= now)
        ready_along(d, number, now);
}

bool ready_may_write(const struct scheduler *d, uint16_t number, instant_us now)
{
    const struct lane_state *lane = &d->lanes[number];
    bool is_doubted = lane->doubts[CALL_SET].count > 0;
    return !d->steering.is_paused && now >= lane_doubted_until(lane, CALL_SET) &&
           !(is_doubted && lane->by_state[JOB_WRITING] > 0);
}

bool ready_next(struct scheduler *d, uint16_t number, instant_us now, uint32_t *found)
{
    struct lane_state *lane = &d->lanes[number];
    while (lane->confirmed.len) {
        uint32_t job = queue_pop(d, &lane->confirmed);
        assert(d->jobs[job].state == JOB_READY);
        if (is_called_off(d, &d->jobs[job])) {
            call_off(d, job, now);
        } else if (waits_for_canary(lane, &d->jobs[job], job)) {
            scheduler_enqueue(d, job,
                              now); /* SES has left SUCCESS since the job was brought near */
        } else if (is_fresh(&d->jobs[job], now) && d->jobs[job].write == WRITE_TIGHTEN &&
                   !mx_is_fresh(&d->jobs[job], now)) {
            /* The last question before REJECT_MESSAGE, when all others are answered and the turn
             * has come. */
            struct decision ask = {.to = JOB_JUDGING,
                                   .action = (enum action)d->jobs[job].action,
                                   .write = WRITE_TIGHTEN};
            scheduler_apply(d, job, &ask, now, NULL);
        } else if (is_fresh(&d->jobs[job], now)) {
            assert(d->jobs[job].before_known); /* the read of the last minute */
            *found = job;
            return true;
        } else {
            scheduler_enqueue(d, job, now);
        }
    }
    return false;
}

instant_us ready_wake(const struct scheduler *d, uint16_t number, instant_us now)
{
    struct lane_state *lane = &d->lanes[number];
    if (d->steering.is_paused)
        return WHEN_NEVER; /* an order helps, and that is an event */
    if (lane->doubts[CALL_SET].count > 0 && lane->by_state[JOB_WRITING] > 0)
        return WHEN_NEVER;
    instant_us wake = read_due(d, lane, now);
    if (lane->confirmed.len && ways_for(d, number, CALL_SET) > 0)
        wake = when_earlier(wake, pace_next_group(&lane->pace[CALL_SET]));
    if (under_way(lane) < ahead_max(lane) && next_is_fresh(d, lane, now))
        wake = now;
    return wake == WHEN_NEVER ? wake : when_later(wake, lane_doubted_until(lane, CALL_SET));
}
