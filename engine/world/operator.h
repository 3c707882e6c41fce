/*
 * Another operator: sets, clears, deletes and unverifies identities of the fleet while a run goes
 * on, from the console or by another tool. Actions and times are drawn from the seed and the
 * identity alone.
 */
#ifndef MF_OPERATOR_H
#define MF_OPERATOR_H

#include "base/heap.h"
#include "model/fleet.h"
#include "ses_model.h"

enum operator_act {
    OPERATOR_SETS_OTHER,  /* a name of his own */
    OPERATOR_SETS_WANTED, /* the name wanted by the run */
    OPERATOR_REJECTS,     /* the present name, with REJECT_MESSAGE */
    OPERATOR_CLEARS,
    OPERATOR_DELETES,
    OPERATOR_UNVERIFIES,
    OPERATOR_ACTS,
};

struct operator_options {
    uint64_t seed;
    instant_us start;
    double share; /* of the identities; 0: there is no other operator */
    span_us
        within; /* of the start: when the operator acts; on half of the chosen identities twice */
};

/* The operator's last action on an identity of the fleet. */
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
/* To be told of a failed write of the run: on some of these identities the operator acts right now.
 */
void operator_provoke(struct operator* o, uint32_t row, instant_us now);
/* Does the next action due at `now`; false: none is due. */
bool operator_act(struct operator* o, struct ses_model *m, instant_us now);

#endif
