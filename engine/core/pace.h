/*
 * Pace: how fast one action of one lane may be called.
 *
 * SES allows each action about one call a second per account and Region, and counts for itself, so
 * every (account, Region, action) has a bucket of its own. Calls are spaced evenly, 1/rate apart:
 * a bucket that holds one token is what the service has too. Above PACE_EVEN_MAX calls a second a
 * late wake-up may be caught up within PACE_CATCH_UP, or the scheduler's delays and slow commits
 * would cost a few per cent of the rate.
 *
 * A request is counted when it arrives, not when it leaves. If a call took longer than the fastest
 * one of its bucket, it may have arrived that much later, so the next one is held back by the
 * difference; otherwise a slow connection set-up followed by a quick call would meet the service's
 * bucket too early. Of the first call the whole trip counts, since nothing faster is known, and a
 * PACE_MARGIN-th of the spacing is added for what trips cannot tell: which leg of a trip was slow.
 * (Only while calls are spaced evenly, where an answer is there before the next.)
 *
 * When SES says Throttling all the same, the next call waits. One refusal in a hundred calls is
 * chance: requests that bunched on their way. More than that means that the rate is lower than we
 * were told, or that somebody else uses the bucket, and the rate is cut to 0.7 of what it was, at
 * most once per round trip. Then it is held for PACE_HOLD calls without a refusal before a higher
 * one is tried, 4 % up, then 8 %, 16 %. A trial that is refused is taken back, and the next one
 * waits twice as long. So a rate below what is allowed is found in a few calls, and after that
 * fewer than one call in a hundred is refused, for ever.
 * Example: wanted 1/s, the service allows 0.6/s. 1.0 -> refused -> 0.7 -> refused -> 0.49; 150
 * calls later 0.51, 150 later 0.55, then 0.64 -> refused -> 0.55 again, and the next trial after
 * 300 calls.
 *
 * Pace is about load; a job that fails for other reasons waits by backoff.h.
 */
#ifndef MF_PACE_H
#define MF_PACE_H

#include "when.h"

#define PACE_EVEN_MAX 50.0        /* calls a second up to which spacing is strict */
#define PACE_CATCH_UP SPAN_MS(40) /* and how much may be caught up above that */
#define PACE_MARGIN   500
#define PACE_CHANCE   100 /* one refusal in so many calls is nobody's fault */
#define PACE_HOLD     150

struct pace {
    double wanted_per_s; /* as configured */
    double rate_per_s;   /* now, <= wanted */
    double floor_per_s;  /* while a higher rate is tried: the one to go back to; else 0 */
    double step;         /* of the next trial: 0.04 is 4 % */
    uint32_t hold;       /* calls without a refusal before the next trial */
    uint32_t fine;       /* calls since the last refusal or change */
    instant_us next;     /* earliest instant of the next call */
    instant_us slowed;   /* when the rate was cut last: older calls do not cut it again */
    span_us fastest;     /* shortest round trip seen; 0: none yet */
    uint64_t calls, throttled;
};

void pace_init(struct pace *p, double rate_per_s);
instant_us pace_next(const struct pace *p);
bool pace_take(struct pace *p, instant_us now); /* false: too early */
/* A call answered; not called for DNS or for calls that were not sent. */
void pace_answered(struct pace *p, instant_us sent_at, instant_us answered_at);
/* Is the bucket slower than configured: is SES's rate lower, or does somebody else use it? */
bool pace_is_slowed(const struct pace *p);
/* SES said Throttling to a call that left at sent_at. retry_after_us: its own hint, or 0. */
void pace_throttled(struct pace *p, instant_us sent_at, instant_us now, span_us retry_after_us);

#endif
