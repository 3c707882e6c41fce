/* A token bucket with the rate of load.h, and pauses asked for by SES. */
#include "pace.h"

#include "base/bounds.h"

void pace_init(struct pace *p, double rate_per_s)
{
    *p = (struct pace){0};
    load_init(&p->load, rate_per_s);
}

void pace_init_burst(struct pace *p, double rate_per_s)
{
    pace_init(p, rate_per_s);
    p->has_burst = true;
}

static span_us interval(const struct pace *p)
{
    return (span_us)(1e6 / p->load.rate_per_s + 0.5);
}

static bool is_even(const struct pace *p)
{
    return !p->has_burst && p->load.rate_per_s <= PACE_EVEN_MAX;
}

void pace_want(struct pace *p, double rate_per_s, instant_us now)
{
    span_us before = interval(p);
    load_want(&p->load, rate_per_s, now);
    if (p->next == 0)
        return; /* nothing was sent yet */
    p->next = when_later(p->next - before + interval(p), p->hinted);
}

void pace_hold(struct pace *p, instant_us until)
{
    p->next = when_later(p->next, until);
}

void pace_teach(struct pace *p, double rate_per_s, instant_us now)
{
    load_teach(&p->load, rate_per_s, now);
}

instant_us pace_next(const struct pace *p)
{
    return p->next;
}

instant_us pace_next_group(const struct pace *p)
{
    bool in_groups = !is_even(p) && interval(p) < PACE_GROUP && !p->throttled;
    return p->next + (in_groups ? PACE_GROUP : 0);
}

bool pace_take(struct pace *p, instant_us now)
{
    if (now < p->next)
        return false;
    if (now > p->next + interval(p))
        p->idle = now;
    instant_us earliest = now - (is_even(p) ? 0 : PACE_CATCH_UP);
    p->next = (p->next > earliest ? p->next : earliest) + interval(p);
    p->calls++;
    return true;
}

void pace_answered(struct pace *p, instant_us sent_at, instant_us answered_at)
{
    span_us trip = answered_at > sent_at ? answered_at - sent_at : 0;
    span_us late = p->fastest ? trip - p->fastest : trip; /* the first one connects, too */
    load_learn(&p->load, sent_at, answered_at, true, sent_at == p->idle);
    if (p->fastest == 0 || trip < p->fastest)
        p->fastest = trip;
    instant_us held = sent_at + (late > 0 ? late : 0) + interval(p) + interval(p) / PACE_MARGIN;
    if (is_even(p) && held > p->next)
        p->next = held;
}

bool pace_is_slowed(const struct pace *p)
{
    return p->load.rate_per_s < p->load.wanted_per_s;
}

bool pace_throttled(struct pace *p, instant_us sent_at, instant_us now, span_us retry_after_us)
{
    bool first = retry_after_us > RETRY_AFTER_MAX && p->hint_cut == 0;
    p->throttled++;
    load_learn(&p->load, sent_at, now, false, sent_at == p->idle);
    if (retry_after_us > p->hint_cut && retry_after_us > RETRY_AFTER_MAX)
        p->hint_cut = retry_after_us;
    span_us hint = retry_after_us < RETRY_AFTER_MAX ? retry_after_us : RETRY_AFTER_MAX;
    p->next = when_later(p->next, sent_at + interval(p));
    if (hint > 0)
        p->next = p->hinted = when_later(p->next, now + hint);
    return first;
}
