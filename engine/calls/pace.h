/*
 * Pace: the rate of calls of one action in one lane.
 *
 * SES allows each action about one call a second per account and Region, and counts for itself, so
 * every (account, Region, action) has a bucket of its own. Calls are spaced evenly, 1/rate apart:
 * the service's bucket holds one token too. Above PACE_EVEN_MAX calls a second a late wake-up may
 * be caught up within PACE_CATCH_UP, or the scheduler's delays and slow commits would cost a few
 * per cent of the rate. There writes leave in groups of PACE_GROUP, so that a group shares a turn
 * and a commit of the journal, and not one less is sent.
 *
 * The first throttled call above PACE_EVEN_MAX makes the bucket a narrow one: it may hold a single
 * token. Groups are still decided and kept together, by PACE_GROUP to twice as much ahead of time,
 * but each call has a departure of its own, which carriers know how to keep (departure.h), and
 * nothing is caught up. What is throttled even so has met a call that was slower on its way. Then
 * the spacing grows by PACE_WIDER, up to PACE_WIDEST, and shrinks by a hundredth of that with each
 * served call. Such refusals are our own doing and tell load.h nothing, as long as they are fewer
 * than PACE_STRAINED of the last PACE_CALLS.
 *
 * Example: 200/s, one token. The second call of the first group is refused, so the next ones leave
 * 5 ms apart. One in fifty of these comes 0.1 ms after its token's time has begun: the spacing goes
 * to 5.05, 5.1 ms and so on until it is one in a hundred.
 *
 * A request is counted when it arrives, not when it leaves. If a call took longer than the fastest
 * one of its bucket, it may have arrived that much later, so the next one is held back by the
 * difference; otherwise a slow connection set-up followed by a quick call would meet the service's
 * bucket too early. Of the first PACE_TRIPS calls the whole trip counts: the first one connects,
 * and the next ones of many lanes meet each other at the service, so how fast one can be is not
 * known. A PACE_MARGIN-th of the spacing is added for what trips cannot tell: which leg of a trip
 * was slow. (Only while calls are spaced evenly, where an answer is there before the next.) And
 * where one left late itself, on a busy machine, the carrier has the next one keep its distance
 * (departure.h).
 *
 * When SES says Throttling even so, the call is made again in its turn. load.h finds out whether
 * the rate is too high.
 *
 * Pace is about load; a job failing for other reasons waits by backoff.h.
 */
#ifndef MF_PACE_H
#define MF_PACE_H

#include "departure.h"
#include "load.h"

#define PACE_EVEN_MAX 50.0        /* calls a second with strict spacing */
#define PACE_CATCH_UP SPAN_MS(40) /* largest delay caught up above PACE_EVEN_MAX */
#define PACE_GROUP    SPAN_MS(10) /* above PACE_EVEN_MAX; leaves most of PACE_CATCH_UP for delays */
#define PACE_MARGIN   500
#define PACE_TRIPS    4
#define PACE_WIDER    0.005 /* of the spacing */
#define PACE_WIDEST   0.05
#define PACE_STRAINED 0.125
#define PACE_CALLS    64 /* averages are of so many */

struct pace {
    struct load load;  /* the rate */
    instant_us next;   /* earliest instant of the next call */
    instant_us leaves; /* ... of the one taken last */
    uint64_t idle;     /* the number of the last call that did not wait for its turn */
    instant_us hinted; /* until then the service has asked us to wait; 0: it has not */
    span_us fastest;   /* shortest round trip seen; 0: none yet */
    uint32_t trips;    /* up to PACE_TRIPS */
    span_us trip;      /* of late, on the average; 0: none yet */
    span_us hint_cut;  /* the longest hint of the service cut to RETRY_AFTER_MAX; 0: none */
    bool has_burst;    /* the service's bucket holds many tokens */
    bool is_narrow;    /* it has refused calls that came close together */
    double refused;    /* the share of the last calls that was throttled */
    double wider;      /* the share by which calls of a narrow bucket are further apart */
    uint64_t widened;  /* calls up to this number left before that */
    uint64_t calls, throttled;
    uint64_t early;  /* of the throttled ones: those that came too soon after another of ours */
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
/* From when on a call may be taken: of a narrow bucket, some time before it may leave. */
instant_us pace_next(const struct pace *p);
instant_us pace_next_group(const struct pace *p); /* as many calls as are due then leave together */
bool pace_take(struct pace *p, instant_us now);   /* false: too early */
struct departure pace_departure(const struct pace *p); /* of the call taken last */
/* Takes a served call; not for DNS or for calls not sent. turn: as in its departure. */
void pace_answered(struct pace *p, uint64_t turn, instant_us sent_at, instant_us answered_at);
/* Is the bucket slower than configured, because SES's rate is lower or others share the bucket? */
bool pace_is_slowed(const struct pace *p);
/* Takes a Throttling answer to a call sent at sent_at. retry_after_us: SES's hint, or 0; at most
 * RETRY_AFTER_MAX is obeyed. True: the hint was cut, for the first time in this bucket. */
bool pace_throttled(struct pace *p, uint64_t turn, instant_us sent_at, instant_us now,
                    span_us retry_after_us);

#endif
