/*
 * The canary of a lane. AWS does not document whether SES stays at Success when REJECT_MESSAGE is
 * set; if not, mail is rejected until SES has seen the MX again. So one identity of a lane is
 * tightened first and read back. The others wait meanwhile. When the canary has stayed at Success
 * for a while, the others follow. When the canary has left Success, it is loosened at once, and no
 * identity of the lane is tightened in this run any more.
 */
#include "scheduler_internal.h"

#include <assert.h>

#define SETTLE_SPAN SPAN_S(10) /* SES shows a new status in the read after the write */

void tighten_invariant(const struct tighten *t)
{
    assert(t->canary <= CANARY_BAD);
    assert(t->canary == CANARY_OUT || t->settles_at == 0);
}

bool tighten_may(const struct lane_state *lane, uint32_t job)
{
    const struct tighten *t = &lane->tightening;
    return t->canary == CANARY_GOOD || (t->canary == CANARY_OUT && t->job == job);
}

bool tighten_has_turn(const struct lane_state *lane)
{
    return lane->tightening.canary == CANARY_GOOD || lane->tightening.canary == CANARY_NEEDED;
}

void tighten_take(struct lane_state *lane, uint32_t job)
{
    if (lane->tightening.canary == CANARY_NEEDED)
        lane->tightening = (struct tighten){CANARY_OUT, job, 0};
    assert(tighten_may(lane, job));
}

void tighten_written(struct lane_state *lane, uint32_t job, instant_us now)
{
    struct tighten *t = &lane->tightening;
    if (t->canary == CANARY_OUT && t->job == job)
        t->settles_at = now + SETTLE_SPAN;
}

bool tighten_settles(const struct lane_state *lane, uint32_t job, instant_us now)
{
    const struct tighten *t = &lane->tightening;
    return t->canary == CANARY_OUT && t->job == job && now < t->settles_at;
}

void tighten_fell_back(struct scheduler *d, uint32_t job)
{
    struct lane_state *lane = scheduler_lane_of(d, job);
    d->lane_changes += lane->tightening.canary != CANARY_BAD;
    lane->tightening = (struct tighten){.canary = CANARY_BAD};
    d->jobs[job].findings |= FINDING_BIT(TIGHTEN_FALLS_BACK);
    assert(!tighten_has_turn(lane));
}

static bool is_tightened(const struct scheduler *d, uint32_t number)
{
    const struct job *job = &d->jobs[number];
    return job->accepted > 0 && job->behavior_seen == BEHAVIOR_REJECT_MESSAGE &&
           job->status_seen == MAIL_FROM_SUCCESS;
}

void tighten_resume(struct lane_state *lane, uint32_t job, instant_us now)
{
    if (lane->tightening.canary == CANARY_NEEDED)
        lane->tightening = (struct tighten){CANARY_OUT, job, now + SETTLE_SPAN};
    tighten_invariant(&lane->tightening);
}

void tighten_ended(struct scheduler *d, uint32_t number)
{
    struct tighten *t = &scheduler_lane_of(d, number)->tightening;
    if (t->canary == CANARY_OUT && t->job == number)
        *t = (struct tighten){.canary = is_tightened(d, number) ? CANARY_GOOD : CANARY_NEEDED};
}

void tighten_restore(struct scheduler *d, uint32_t number)
{
    const struct job *job = &d->jobs[number];
    struct tighten *t = &scheduler_lane_of(d, number)->tightening;
    if (job->findings & FINDING_BIT(TIGHTEN_FALLS_BACK))
        *t = (struct tighten){.canary = CANARY_BAD};
    else if (t->canary == CANARY_NEEDED && job->state == JOB_DONE && is_tightened(d, number))
        t->canary = CANARY_GOOD;
}
