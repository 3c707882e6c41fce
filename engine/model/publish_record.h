/*
 * What a run keeps of a target: one move, or the intent of a change at a provider of DNS, or the
 * provider's answer to it. Only ever appended, as the records of jobs are (scheduler/record.h),
 * among which these reach the journal. Texts are borrowed for one keep() or one callback.
 */
#ifndef MF_PUBLISH_RECORD_H
#define MF_PUBLISH_RECORD_H

#include "base/when.h"
#include "record_set.h"

enum publish_state {
    PUBLISH_TO_LOOK,   /* what is at the name is not known yet */
    PUBLISH_READY,     /* nothing stands in the way of the change */
    PUBLISH_SENT,      /* the change is on its way */
    PUBLISH_UNSURE,    /* its answer was lost: the name is looked at again */
    PUBLISH_VERIFYING, /* accepted by the provider; the authorities do not all show it yet */
    PUBLISH_DONE,      /* the authorities show the records */
    PUBLISH_UNCHANGED, /* they were there before */
    PUBLISH_PERSON,    /* a person has to decide */
    PUBLISH_REFUSED,   /* refused by the provider, or by a rule */
    PUBLISH_FAILED,    /* not known to be published when the run gave up */
    PUBLISH_STATES,
};

enum publish_record_kind {
    PUBLISH_MOVE,   /* a decision without effect outside */
    PUBLISH_INTENT, /* a change is about to be sent */
    PUBLISH_ANSWER, /* its outcome */
};

struct publish_record {
    uint32_t target; /* its number among the targets of the run */
    enum publish_record_kind kind;
    instant_us at;
    enum publish_state from, state;
    struct text zone, zone_id; /* of the provider: name and id; empty: not known yet */
    struct text reason;        /* one sentence; may be empty */
    enum change_kind change;
    /* Which record sets. An intent: those that are sent; an answer: those that were accepted. */
    bool mx_changed, txt_changed;
    struct text txt_before;          /* CHANGE_SWAP: the data of the TXT record replaced, raw */
    struct text txt_verbatim_before; /* the same as the provider writes it */
    struct text txt_after;           /* the data sent, raw */
    uint32_t calls;                  /* of this target so far */
};

#endif
