/*
 * Another operator: sets, clears, deletes and unverifies identities of the fleet while a run goes
 * on, from the console or by another tool. What is done to which identity, and when, is drawn from
 * the seed and the identity alone.
 */
#ifndef MF_OPERATOR_H
#define MF_OPERATOR_H

#include "base/heap.h"
#include "model/fleet.h"
#include "ses_model.h"

enum operator_act {
    OPERATOR_SETS_OTHER,  /* a name of his own */
    OPERATOR_SETS_WANTED, /* the very name that the run wants */
    OPERATOR_REJECTS,     /* the name that is there, with REJECT_MESSAGE */
    OPERATOR_CLEARS,
    OPERATOR_DELETES,
    OPERATOR_UNVERIFIES,
    OPERATOR_ACTS,
};

struct operator_options {
    uint64_t seed;
    instant_us start;
    double share;   /* of the identities; 0: there is no other operator */
    span_us within; /* of the start: when he acts; on half of them twice */
};

/* What he did last to an identity of the fleet. */
struct operator_trace {
    instant_us at;   /* 0: nothing yet */
    instant_us next; /* when he acts again; WHEN_NEVER */
    enum operator_act act;
    uint8_t acts;
};

struct operator
{
    struct operator_options options;
    const struct fleet *fleet;
    const uint16_t *lanes;         /* of the fleet -> of the model */
    struct operator_trace *traces; /* one per row */
    struct heap due;               /* row -> instant */
};

/* False: out of memory. fleet and lanes are borrowed. */
bool operator_init(struct operator* o, const struct operator_options *options,
                   const struct fleet *fleet, const uint16_t *lanes);
void operator_clear(struct operator* o);
instant_us operator_next(const struct operator* o);
/* A write of the run has failed, and he is at it at the same time: on some of them he acts right
 * now.
 */
void operator_provoke(struct operator* o, uint32_t row, instant_us now);
/* Does the next thing that is due at `now`; false: nothing is. */
bool operator_act(struct operator* o, struct ses_model *m, instant_us now);

#endif
