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

/* Is each call given an instant of its own, ahead of it? */
static bool is_apart(const struct pace *p)
{
    return p->is_narrow && !is_even(p);
}

static span_us spacing(const struct pace *p)
{
    return interval(p) + (is_apart(p) ? (span_us)((double)interval(p) * p->wider) : 0);
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
    return is_apart(p) ? when_later(p->next - 2 * PACE_GROUP, p->hinted) : p->next;
}

instant_us pace_next_group(const struct pace *p)
{
    if (is_apart(p))
        return when_later(p->next - PACE_GROUP, p->hinted);
    return p->next + (!is_even(p) && interval(p) < PACE_GROUP ? PACE_GROUP : 0);
}

bool pace_take(struct pace *p, instant_us now)
{
    if (now < pace_next(p))
        return false;
    p->calls++;
    if (now > p->next + interval(p))
        p->idle = p->calls;
    bool catches_up = !is_even(p) && !is_apart(p) && (p->has_burst || p->calls > 1);
    p->leaves = when_later(p->next, now - (catches_up ? PACE_CATCH_UP : 0));
    p->next = p->leaves + spacing(p);
    return true;
}

/* Twice as many as are out when all is well: more have met a service or a network that stands
 * still, and would all arrive at once. */
static uint32_t out_max(const struct pace *p)
{
    return 2 + (uint32_t)(2 * p->trip / interval(p));
}

struct departure pace_departure(const struct pace *p)
{
    bool is_spaced = is_even(p) || is_apart(p);
    return (struct departure){.not_before = is_spaced ? p->leaves : 0,
                              .spacing = is_spaced ? spacing(p) : 0,
                              .out_max = is_apart(p) ? out_max(p) : 0,
                              .turn = p->calls};
}

/* The call left at sent_at, and those taken since then leave after it. */
static void hold_apart(struct pace *p, uint64_t turn, instant_us sent_at)
{
    if (turn && is_apart(p))
        p->next = when_later(p->next, sent_at + (span_us)(p->calls - turn + 1) * spacing(p));
}

void pace_answered(struct pace *p, uint64_t turn, instant_us sent_at, instant_us answered_at)
{
    span_us trip = answered_at > sent_at ? answered_at - sent_at : 0;
    span_us late = p->trips < PACE_TRIPS ? trip : trip - p->fastest;
    p->trips += p->trips < PACE_TRIPS;
    load_learn(&p->load, sent_at, answered_at, true, turn && turn == p->idle);
    p->trip += p->trip ? (trip - p->trip) / PACE_CALLS : trip;
    if (p->fastest == 0 || trip < p->fastest)
        p->fastest = trip;
    instant_us held = sent_at + (late > 0 ? late : 0) + interval(p) + interval(p) / PACE_MARGIN;
    if (is_even(p) && held > p->next)
        p->next = held;
    hold_apart(p, turn, sent_at);
    p->refused -= p->refused / PACE_CALLS;
    if (turn > p->widened)
        p->wider -= p->wider < PACE_WIDER / 100 ? p->wider : PACE_WIDER / 100;
}

bool pace_is_slowed(const struct pace *p)
{
    return p->load.rate_per_s < p->load.wanted_per_s;
}

/* Has a refused call come too soon after another of ours, and not at too high a rate? */
static bool was_early(struct pace *p, uint64_t turn)
{
    if (p->has_burst || is_even(p) || pace_is_slowed(p) || p->load.noise > PACE_STRAINED)
        return false;
    if (!p->is_narrow || (turn > p->widened && p->wider < PACE_WIDEST)) {
        p->wider += p->is_narrow ? PACE_WIDER : 0;
        p->is_narrow = true;
        p->widened = p->calls; /* these have left before, or soon will */
        return true;
    }
    return turn <= p->widened || p->refused < PACE_STRAINED;
}

bool pace_throttled(struct pace *p, uint64_t turn, instant_us sent_at, instant_us now,
                    span_us retry_after_us)
{
    bool first = retry_after_us > RETRY_AFTER_MAX && p->hint_cut == 0;
    p->refused += (1 - p->refused) / PACE_CALLS;
    bool early = was_early(p, turn);
    p->throttled++;
    p->early += early;
    if (!early)
        load_learn(&p->load, sent_at, now, false, turn && turn == p->idle);
    if (retry_after_us > p->hint_cut && retry_after_us > RETRY_AFTER_MAX)
        p->hint_cut = retry_after_us;
    span_us hint = retry_after_us < RETRY_AFTER_MAX ? retry_after_us : RETRY_AFTER_MAX;
    p->next = when_later(p->next, sent_at + interval(p));
    hold_apart(p, turn, sent_at);
    if (hint > 0)
        p->next = p->hinted = when_later(p->next, now + hint);
    return first;
}
