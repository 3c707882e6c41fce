#include "pace.h"

#include "limits.h"

#define CUT      0.7
#define STEP     0.04
#define STEP_MAX 0.32
#define HOLD_MAX 1200u

void pace_init(struct pace *p, double rate_per_s)
{
    *p = (struct pace){
        .wanted_per_s = rate_per_s, .rate_per_s = rate_per_s, .step = STEP, .hold = PACE_HOLD};
}

static span_us interval(const struct pace *p)
{
    return (span_us)(1e6 / p->rate_per_s + 0.5);
}

static bool is_even(const struct pace *p)
{
    return p->rate_per_s <= PACE_EVEN_MAX;
}

instant_us pace_next(const struct pace *p)
{
    return p->next;
}

bool pace_take(struct pace *p, instant_us now)
{
    if (now < p->next)
        return false;
    instant_us earliest = now - (is_even(p) ? 0 : PACE_CATCH_UP);
    p->next = (p->next > earliest ? p->next : earliest) + interval(p);
    p->calls++;
    return true;
}

/* A call was served. After enough of them a higher rate is tried. */
static void try_higher(struct pace *p)
{
    if (p->fine++ < p->hold || p->rate_per_s >= p->wanted_per_s)
        return;
    p->floor_per_s = p->rate_per_s;
    p->rate_per_s *= 1 + p->step;
    if (p->rate_per_s > p->wanted_per_s)
        p->rate_per_s = p->wanted_per_s;
    p->step = p->step * 2 > STEP_MAX ? STEP_MAX : p->step * 2;
    p->fine = 0;
}

static void take_back(struct pace *p)
{
    p->rate_per_s = p->floor_per_s;
    p->floor_per_s = 0;
    p->step = STEP;
    p->hold = p->hold * 2 > HOLD_MAX ? HOLD_MAX : p->hold * 2;
}

static void cut(struct pace *p)
{
    p->rate_per_s = p->rate_per_s * CUT < RATE_MIN ? RATE_MIN : p->rate_per_s * CUT;
    p->floor_per_s = 0;
    p->step = STEP;
    p->hold = PACE_HOLD;
}

void pace_answered(struct pace *p, instant_us sent_at, instant_us answered_at)
{
    span_us trip = answered_at > sent_at ? answered_at - sent_at : 0;
    span_us late = p->fastest ? trip - p->fastest : trip; /* the first one connects, too */
    try_higher(p);
    if (p->fastest == 0 || trip < p->fastest)
        p->fastest = trip;
    instant_us held = sent_at + (late > 0 ? late : 0) + interval(p) + interval(p) / PACE_MARGIN;
    if (is_even(p) && held > p->next)
        p->next = held;
}

bool pace_is_slowed(const struct pace *p)
{
    return p->rate_per_s < p->wanted_per_s;
}

void pace_throttled(struct pace *p, instant_us sent_at, instant_us now, span_us retry_after_us)
{
    p->throttled++;
    if (sent_at >= p->slowed) {
        if (p->floor_per_s > 0 && p->fine < p->hold)
            take_back(p);
        else if (p->fine < PACE_CHANCE)
            cut(p);
        p->fine = 0;
        p->slowed = now;
    }
    span_us pause = retry_after_us > interval(p) ? retry_after_us : interval(p);
    if (p->next < now + pause)
        p->next = now + pause;
}
