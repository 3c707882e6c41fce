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
 * When SES says Throttling all the same, the call is made again in its turn. Whether the rate
 * itself is too high is found out by load.h.
 *
 * Pace is about load; a job that fails for other reasons waits by backoff.h.
 */
#ifndef MF_PACE_H
#define MF_PACE_H

#include "load.h"

#define PACE_EVEN_MAX 50.0        /* calls a second up to which spacing is strict */
#define PACE_CATCH_UP SPAN_MS(40) /* and how much may be caught up above that */
#define PACE_MARGIN   500

struct pace {
    struct load load; /* the rate */
    instant_us next;  /* earliest instant of the next call */
    instant_us idle;  /* when a call left last that had not been waited for */
    span_us fastest;  /* shortest round trip seen; 0: none yet */
    span_us hint_cut; /* the longest hint of the service that was not believed; 0: none */
    uint64_t calls, throttled;
};

void pace_init(struct pace *p, double rate_per_s);
instant_us pace_next(const struct pace *p);
bool pace_take(struct pace *p, instant_us now); /* false: too early */
/* A call answered; not called for DNS or for calls that were not sent. */
void pace_answered(struct pace *p, instant_us sent_at, instant_us answered_at);
/* Is the bucket slower than configured: is SES's rate lower, or does somebody else use it? */
bool pace_is_slowed(const struct pace *p);
/* SES said Throttling to a call that left at sent_at. retry_after_us: its own hint, or 0; at most
 * RETRY_AFTER_MAX of it is believed. True: this one was cut, for the first time in this bucket. */
bool pace_throttled(struct pace *p, instant_us sent_at, instant_us now, span_us retry_after_us);

#endif
