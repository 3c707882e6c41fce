#include "pace.h"

#define CUT         0.7
#define GROWTH      0.02
#define GROWTH_NEAR 0.002
#define NEAR        0.95
#define RATE_MIN    0.01 /* one call in 100 s: slow enough for anybody, and still moving */

void pace_init(struct pace *p, double rate_per_s)
{
    *p = (struct pace){.wanted_per_s = rate_per_s, .rate_per_s = rate_per_s};
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

static void grow(struct pace *p)
{
    if (p->rate_per_s >= p->wanted_per_s)
        return;
    bool near = p->refused_per_s > 0 && p->rate_per_s >= p->refused_per_s * NEAR;
    p->rate_per_s += p->wanted_per_s * (near ? GROWTH_NEAR : GROWTH);
    if (p->rate_per_s > p->wanted_per_s)
        p->rate_per_s = p->wanted_per_s;
}

void pace_answered(struct pace *p, instant_us sent_at, instant_us answered_at)
{
    span_us trip = answered_at > sent_at ? answered_at - sent_at : 0;
    grow(p);
    if (p->fastest == 0 || trip < p->fastest)
        p->fastest = trip;
    instant_us held = sent_at + (trip - p->fastest) + interval(p);
    if (is_even(p) && held > p->next)
        p->next = held;
}

void pace_throttled(struct pace *p, instant_us sent_at, instant_us now, span_us retry_after_us)
{
    p->throttled++;
    if (sent_at >= p->slowed) {
        p->refused_per_s = p->rate_per_s;
        p->rate_per_s *= CUT;
        if (p->rate_per_s < RATE_MIN)
            p->rate_per_s = RATE_MIN;
        p->slowed = now;
    }
    span_us pause = retry_after_us > interval(p) ? retry_after_us : interval(p);
    if (p->next < now + pause)
        p->next = now + pause;
}
