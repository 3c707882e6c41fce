/*
 * Pace: how fast one action of one lane may be called.
 *
 * SES allows each action about one call a second per account and Region, and counts for itself, so
 * every (account, Region, action) has a bucket of its own. Calls are spaced evenly, 1/rate apart:
 * a bucket that holds one token is what the service has too. Above PACE_EVEN_MAX calls a second a
 * late wake-up may be caught up within PACE_CATCH_UP, or the scheduler's own delay would cost a few
 * per cent of the rate.
 *
 * A request is counted when it arrives, not when it leaves. If a call took longer than the fastest
 * one of its bucket, it may have arrived that much later, so the next one is held back by the
 * difference; otherwise a slow connection set-up followed by a quick call would meet the service's
 * bucket too early. (Only while calls are spaced evenly, where an answer is there before the next.)
 *
 * When SES says Throttling all the same, somebody else uses the bucket or the rate is lower than we
 * were told. The rate is cut to 0.7 of what it was, at most once per round trip, and then grows by
 * a fiftieth of the wanted rate with every call that succeeds, but near the rate that was refused
 * only by a five-hundredth.
 * Example: wanted 1/s, the service allows 0.6/s. 1.0 -> refused -> 0.7 -> refused -> 0.49; ten
 * calls later the rate is 0.65, just above what is allowed, where it is refused again about once in
 * a hundred calls.
 *
 * Pace is about load; a job that fails for other reasons waits by backoff.h.
 */
#ifndef MF_PACE_H
#define MF_PACE_H

#include "when.h"

#define PACE_EVEN_MAX 50.0        /* calls a second up to which spacing is strict */
#define PACE_CATCH_UP SPAN_MS(10) /* and how much may be caught up above that */

struct pace {
    double wanted_per_s;  /* as configured */
    double rate_per_s;    /* now, <= wanted */
    double refused_per_s; /* the rate at which SES last said Throttling; 0: never */
    instant_us next;      /* earliest instant of the next call */
    instant_us slowed;    /* when the rate was cut last: older calls do not cut it again */
    span_us fastest;      /* shortest round trip seen; 0: none yet */
    uint64_t calls, throttled;
};

void pace_init(struct pace *p, double rate_per_s);
instant_us pace_next(const struct pace *p);
bool pace_take(struct pace *p, instant_us now); /* false: too early */
/* A call answered; not called for DNS or for calls that were not sent. */
void pace_answered(struct pace *p, instant_us sent_at, instant_us answered_at);
/* SES said Throttling to a call that left at sent_at. retry_after_us: its own hint, or 0. */
void pace_throttled(struct pace *p, instant_us sent_at, instant_us now, span_us retry_after_us);

#endif
