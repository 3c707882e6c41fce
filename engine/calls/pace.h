/*
 * Pace: the rate of calls of one action in one lane.
 *
 * SES allows each action about one call a second per account and Region, and counts for itself, so
 * every (account, Region, action) has a bucket of its own. Calls are spaced evenly, 1/rate apart:
 * the service's bucket holds one token too. Above PACE_EVEN_MAX calls a second a late wake-up may
 * be caught up within PACE_CATCH_UP, or the scheduler's delays and slow commits would cost a few
 * per cent of the rate. There writes leave in groups of PACE_GROUP, so that a group shares a turn
 * and a commit of the journal, and not one less is sent; one by one again, once the service has
 * throttled any: its bucket may hold a single token.
 *
 * A request is counted when it arrives, not when it leaves. If a call took longer than the fastest
 * one of its bucket, it may have arrived that much later, so the next one is held back by the
 * difference; otherwise a slow connection set-up followed by a quick call would meet the service's
 * bucket too early. Of the first call the whole trip counts, since nothing faster is known, and a
 * PACE_MARGIN-th of the spacing is added for what trips cannot tell: which leg of a trip was slow.
 * (Only while calls are spaced evenly, where an answer is there before the next.)
 *
 * When SES says Throttling even so, the call is made again in its turn. load.h finds out whether
 * the rate is too high.
 *
 * Pace is about load; a job failing for other reasons waits by backoff.h.
 */
#ifndef MF_PACE_H
#define MF_PACE_H

#include "load.h"

#define PACE_EVEN_MAX 50.0        /* calls a second with strict spacing */
#define PACE_CATCH_UP SPAN_MS(40) /* largest delay caught up above PACE_EVEN_MAX */
#define PACE_GROUP    SPAN_MS(10) /* above PACE_EVEN_MAX; leaves most of PACE_CATCH_UP for delays */
#define PACE_MARGIN   500

struct pace {
    struct load load;  /* the rate */
    instant_us next;   /* earliest instant of the next call */
    instant_us idle;   /* when the last call without waiting left */
    instant_us hinted; /* until then the service has asked us to wait; 0: it has not */
    span_us fastest;   /* shortest round trip seen; 0: none yet */
    span_us hint_cut;  /* the longest hint of the service cut to RETRY_AFTER_MAX; 0: none */
    bool has_burst;    /* the service's bucket holds many tokens */
    uint64_t calls, throttled;
    uint64_t failed; /* calls that came back without what was asked for, but for throttled ones */
};

void pace_init(struct pace *p, double rate_per_s);
/* Of a service whose bucket holds many tokens (Route 53: five seconds of them): a late wake-up is
 * caught up at any rate, and one slow trip holds back no other call. */
void pace_init_burst(struct pace *p, double rate_per_s);
/* A person wants another rate. The next call comes as if the last had left at that rate, and not
 * before the end of a wait that the service has asked for. */
void pace_want(struct pace *p, double rate_per_s, instant_us now);
/* Another process has made calls of this bucket: the next one comes not before this instant. */
void pace_hold(struct pace *p, instant_us until);
/* It has learned this rate, too: calls go at it until trials show that the bucket gives more. */
void pace_teach(struct pace *p, double rate_per_s, instant_us now);
instant_us pace_next(const struct pace *p);
instant_us pace_next_group(const struct pace *p); /* as many calls as are due then leave together */
bool pace_take(struct pace *p, instant_us now);   /* false: too early */
/* Takes a served call; not for DNS or for calls not sent. */
void pace_answered(struct pace *p, instant_us sent_at, instant_us answered_at);
/* Is the bucket slower than configured, because SES's rate is lower or others share the bucket? */
bool pace_is_slowed(const struct pace *p);
/* Takes a Throttling answer to a call sent at sent_at. retry_after_us: SES's hint, or 0; at most
 * RETRY_AFTER_MAX is obeyed. True: the hint was cut, for the first time in this bucket. */
bool pace_throttled(struct pace *p, instant_us sent_at, instant_us now, span_us retry_after_us);

#endif
