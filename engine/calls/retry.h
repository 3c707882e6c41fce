/*
 * Retry: the next step of a failed question to SES. One decision for all who ask: the read batches
 * of the scheduler, lane surveys, the inventory, preflight. (A failed write is never just sent
 * again: step.h.) Pure.
 *
 *   verdict             condition                                 next step
 *   SLOW_DOWN           the action has a token bucket, and fewer
 *                       than throttles_max in a row               RETRY_BY_PACE
 *                       as many                                   RETRY_EXHAUSTED
 *                       no bucket                                 as AGAIN
 *   AGAIN, RENEW, SKEW  fewer than attempts_max failures          RETRY_BACKOFF
 *                       otherwise                                 RETRY_EXHAUSTED
 *   DENIED              IAM, or a proxy, refuses version 1 and
 *                       version 2 is left                         RETRY_FALL_BACK
 *                       otherwise                                 RETRY_DENIED
 *   REFUSED, GONE       about several identities                  RETRY_SPLIT
 *                       about one identity, or none               RETRY_REFUSED
 */
#ifndef MF_RETRY_H
#define MF_RETRY_H

#include "pace.h"
#include "verdict.h"

enum retry {
    RETRY_BY_PACE,   /* again at the bucket's next token; not counted as a failure */
    RETRY_BACKOFF,   /* again after a while (backoff.h) */
    RETRY_EXHAUSTED, /* has failed too often: the trouble lasts */
    RETRY_FALL_BACK, /* the lane asks by version 2 from now on */
    RETRY_DENIED,    /* the lane may not ask this */
    RETRY_SPLIT,     /* in halves: one name refused by SES must not fail the others */
    RETRY_REFUSED,   /* SES refuses the question, at every try */
};

/* The rules of the asking party. */
struct retry_rules {
    unsigned attempts_max;  /* failures in a row; the last one ends the question */
    bool is_paced;          /* each action has a bucket, adapted by throttling */
    bool may_fall_back;     /* from version 1 to version 2 */
    unsigned throttles_max; /* throttles in a row; the last one ends the question. 0: none does */
};

/* throttles_max of an action that helps, and that others do without: seconds at the usual pace. */
#define OPTIONAL_THROTTLES_MAX 10

/* A failed question. */
struct retry_case {
    enum verdict verdict; /* from verdict_after() */
    const struct reply *reply;
    enum api api;       /* the API of the question */
    unsigned attempts;  /* failures before this one */
    uint32_t count;     /* identities */
    unsigned throttles; /* since an answer, before this one */
};

/* The verdict is not VERDICT_OK. */
enum retry retry_next(const struct retry_rules *rules, const struct retry_case *c);

/* Tells the bucket about an answer: throttling, or the length of the trip. True: a hint of SES was
 * cut, as in pace_throttled(). */
bool retry_pace_learn(struct pace *pace, const struct call *call, enum verdict verdict,
                      instant_us now);

/* By version 2, "not found" is an answer: the identity was deleted after the listing. Then fills in
 * the facts and returns VERDICT_OK; otherwise returns the verdict. */
enum verdict retry_gone_is_told(struct call *call, enum verdict verdict);

#endif
