/*
 * Starts of first writes. A process that carries the whole run takes them from its own waves
 * (waves.h). Where several processes carry it, the waves are a row that all of them change: a lane
 * then holds starts that were granted to it, takes a first write's start from these, and never
 * counts in the waves itself. What it does know of its own failures it does not forget over an
 * older look at that row.
 *
 * A start is in one of three places: unused in lane_state.starts, reserved by a job that is brought
 * near its write, or used: the job's wave is set with its first intent, or at its end.
 */
#include "scheduler_internal.h"

#include <assert.h>

#define GRANTED_S 2 /* from a wish to its grant: a look at the database or two */

bool starts_may(const struct scheduler *d, const struct lane_state *lane)
{
    if (!d->options.shares_waves)
        return waves_may_start(&d->waves);
    return !d->waves.paused && lane->starts > 0;
}

void starts_reserve(struct scheduler *d, uint32_t number)
{
    struct lane_state *lane = scheduler_lane_of(d, number);
    struct job *job = &d->jobs[number];
    assert(!job_is_started(job));
    assert(starts_may(d, lane));
    if (d->options.shares_waves)
        lane->starts--;
    else
        waves_start(&d->waves);
    job->reserved = true;
    lane->reserved++;
}

void starts_call_off(struct scheduler *d, uint32_t number)
{
    struct lane_state *lane = scheduler_lane_of(d, number);
    struct job *job = &d->jobs[number];
    assert(job->reserved && lane->reserved > 0);
    job->reserved = false;
    lane->reserved--;
    if (d->options.shares_waves)
        lane->starts++;
    else
        waves_call_off(&d->waves);
}

void starts_use(struct scheduler *d, uint32_t number)
{
    struct lane_state *lane = scheduler_lane_of(d, number);
    struct job *job = &d->jobs[number];
    assert(!job->reserved || job->wave == 0);
    if (!job->reserved)
        return;
    assert(lane->reserved > 0);
    job->wave = waves_number(&d->waves);
    job->reserved = false;
    lane->reserved--;
}

void starts_finish(struct scheduler *d, uint32_t number, enum outcome outcome)
{
    const struct job *job = &d->jobs[number];
    starts_use(d, number);
    if (!d->options.shares_waves)
        waves_finish(&d->waves, d->fleet, outcome, job_is_started(job),
                     fleet_policy_of(d->fleet, number)->wave);
    else if (outcome == OUTCOME_FAILED)
        waves_failed_at_least(&d->waves, d->waves.failed + 1);
}

bool starts_are_over(const struct scheduler *d)
{
    return d->options.shares_waves ? d->waves_over : waves_are_over(&d->waves);
}

void starts_begin(struct scheduler *d)
{
    if (!d->options.shares_waves) {
        waves_resume(&d->waves, d->fleet);
        return;
    }
    for (uint32_t i = 0; i < d->fleet->choices_len; i++) {
        struct lane_state *lane = scheduler_lane_of(d, i);
        if (d->jobs[i].wave == waves_number(&d->waves) && lane->starts > 0)
            lane->starts--;
    }
}

/* Does the lane start nothing for now, whatever is granted? */
static bool is_idle(const struct scheduler *d, uint16_t lane, instant_us now)
{
    const struct lane_state *l = &d->lanes[lane];
    return d->waves.paused || d->draining || l->closed || l->writes_closed ||
           lane_is_held(l, now) || !ready_may_write(d, lane, now);
}

uint32_t scheduler_starts_wanted(const struct scheduler *d, uint16_t lane, instant_us now)
{
    assert(lane < d->fleet->lanes_len);
    const struct lane_state *l = &d->lanes[lane];
    if (!d->options.shares_waves || is_idle(d, lane, now) || !waves_may_start(&d->waves) ||
        l->start.len <= l->starts)
        return 0;
    uint32_t room = ready_room(d, lane, GRANTED_S, now);
    uint32_t more = l->start.len - l->starts;
    return more < room ? more : room;
}

/* Jobs with a place that are not written give the place back: a drained lane writes nothing. */
static void reserved_call_off(struct scheduler *d, uint16_t lane)
{
    for (uint32_t i = 0; d->lanes[lane].reserved && i < d->fleet->choices_len; i++)
        if (d->fleet->choices[i].lane == lane && d->jobs[i].reserved)
            starts_call_off(d, i);
    assert(d->lanes[lane].reserved == 0);
}

uint32_t scheduler_starts_return(struct scheduler *d, uint16_t lane, instant_us now)
{
    assert(lane < d->fleet->lanes_len);
    struct lane_state *l = &d->lanes[lane];
    if (!d->options.shares_waves)
        return 0;
    if (d->draining)
        reserved_call_off(d, lane);
    uint32_t kept = is_idle(d, lane, now) ? 0 : l->start.len < l->starts ? l->start.len : l->starts;
    uint32_t back = l->starts - kept;
    l->starts = kept;
    return back;
}

void scheduler_grant(struct scheduler *d, uint16_t lane, uint32_t starts, instant_us now)
{
    assert(d->options.shares_waves);
    assert(scheduler_carries(d, lane));
    assert(now >= d->latest);
    assert(starts <= UINT32_MAX - d->lanes[lane].starts);
    d->lanes[lane].starts += starts;
    d->lane_wake[lane] = 0;
}

void scheduler_waves_set(struct scheduler *d, const struct waves *waves, instant_us now)
{
    uint32_t failed = d->waves.failed;
    assert(d->options.shares_waves);
    assert(now >= d->latest);
    waves_invariant(waves);
    d->waves = *waves;
    d->waves_over = waves_are_over(waves);
    waves_failed_at_least(&d->waves, failed);
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++)
        d->lane_wake[i] = scheduler_carries(d, i) ? 0 : WHEN_NEVER;
}
