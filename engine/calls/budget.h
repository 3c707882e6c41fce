/*
 * Budget: the number of calls for some work and the earliest finish, from counts alone. Each lane
 * has one bucket per action and lanes do not wait for each other, so the earliest finish is the
 * fullest bucket of the slowest lane divided by its rate. A bound, not a promise: DNS owners, SES's
 * own detection, retries and the trip of each call come on top. The action of that bucket holds the
 * finish: nothing but fewer of its calls, or a higher rate, would bring it nearer.
 *
 * Example: 250 identities to read, all to be set, ten of them tightened, at 1 call a second: 3
 * verification reads, 3 + 3 + 1 MAIL FROM reads, 260 writes; earliest finish 260 s, held by the
 * writes. With DKIM, 3 calls more by the batch, or 250 calls in the place of the 6 first ones, one
 * by one. Where a list tells verification, a page of it takes the place of the 3, and a call for
 * each hundred that it does not show as verified, or one for each where IAM refuses the batch.
 */
#ifndef MF_BUDGET_H
#define MF_BUDGET_H

#include "call.h"

/* How the rows of a lane are read. */
struct lane_reading {
    enum api api;        /* of reads by the batch, or of all */
    enum dkim_wish dkim; /* of the first reads */
    bool lists;          /* a list tells verification (scheduler/lane_survey.h), by version 1 */
    uint32_t untold;     /* rows that this list does not show as verified */
    unsigned refused;    /* bits of 1 << enum call_kind: batched reads that IAM refuses */
};

/* The work of one lane. */
struct lane_need {
    double rate_per_s; /* of every action; above 0 */
    uint32_t reads;    /* identities to read first */
    uint32_t sets;     /* a MAIL FROM is written and followed until Success */
    uint32_t tightens; /* REJECT_MESSAGE is written after Success and looked at once more */
    uint32_t clears;   /* back to the default: written, not followed */
    struct lane_reading how;
};

/* Zero-initialize, then add lane by lane. */
struct budget {
    uint64_t calls[CALL_KINDS]; /* at the least: following costs a look more each time SES says
                                   Pending */
    uint64_t reads, writes;     /* sums of the above */
    span_us earliest;           /* of all lanes together */
    uint32_t lanes;             /* added so far */
    uint32_t slowest;           /* the slowest lane, in the order of adding */
    enum call_kind held_by;     /* the action of its fullest bucket */
    uint64_t held_calls;        /* in that bucket; 0: nothing is to be done */
    enum api held_api;          /* of a read; writes go by the caller's */
};

void budget_add(struct budget *b, const struct lane_need *need);

#endif
