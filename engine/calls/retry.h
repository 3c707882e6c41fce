/*
 * Retry: what a question to SES that failed does next. One decision for all who ask: the read
 * batches of the scheduler, lane surveys, the inventory, preflight. (A write that failed is never
 * just sent again: step.h.) Pure.
 *
 *   verdict             where                                     next
 *   SLOW_DOWN           it has a token bucket                     RETRY_BY_PACE
 *                       it has none                               as AGAIN
 *   AGAIN, RENEW, SKEW  fewer than attempts_max have failed       RETRY_BACKOFF
 *                       else                                      RETRY_EXHAUSTED
 *   DENIED              IAM refuses version 1, version 2 is left  RETRY_FALL_BACK
 *                       else                                      RETRY_DENIED
 *   REFUSED, GONE       it is about several identities            RETRY_SPLIT
 *                       it is about one, or none                  RETRY_REFUSED
 */
#ifndef MF_RETRY_H
#define MF_RETRY_H

#include "pace.h"
#include "verdict.h"

enum retry {
    RETRY_BY_PACE,   /* again as soon as its bucket gives a token; not counted as a failure */
    RETRY_BACKOFF,   /* again after a while (backoff.h) */
    RETRY_EXHAUSTED, /* has failed too often: the trouble lasts */
    RETRY_FALL_BACK, /* the lane asks by version 2 from now on */
    RETRY_DENIED,    /* nobody of the lane may ask this */
    RETRY_SPLIT,     /* in halves: one name that SES will not have must not take others with it */
    RETRY_REFUSED,   /* SES will not answer it, however often it is asked */
};

/* Of the one who asks. */
struct retry_rules {
    unsigned attempts_max; /* failures in a row; the last of them ends it */
    bool is_paced;         /* each action has a bucket, which learns from throttling */
    bool may_fall_back;    /* from version 1 to version 2 */
};

/* A question that failed. */
struct retry_case {
    enum verdict verdict; /* as verdict_after() has it */
    const struct reply *reply;
    enum api api;      /* by which it was asked */
    unsigned attempts; /* failures before this one */
    uint32_t count;    /* identities */
};

/* The verdict is not VERDICT_OK. */
enum retry retry_next(const struct retry_rules *rules, const struct retry_case *c);

/* What the bucket learns of an answer: that it throttles, or how long the trip took. True: a hint
 * of SES was cut, as pace_throttled() says. */
bool retry_pace_learn(struct pace *pace, const struct call *call, enum verdict verdict,
                      instant_us now);

/* By version 2, that SES does not know an identity is the answer to a question about it: it was
 * deleted since it was listed. Then fills in the facts and returns VERDICT_OK; else the verdict. */
enum verdict retry_gone_is_told(struct call *call, enum verdict verdict);

#endif
