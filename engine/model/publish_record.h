/*
 * A record of a target: one move, with the whole state of the target after it. The last record of a
 * target has its state, all records have its history (as scheduler/record.h for jobs).
 *
 *   TO_LOOK --look--> READY --intent kept, batch sent--> SENT --accepted--> VERIFYING --seen-->
 * DONE |                 \--look too old--> TO_LOOK       |--no known answer--> UNSURE --look-->
 * ... |                                                  \--refused--> TO_LOOK, REFUSED
 *      +--> UNCHANGED, PERSON, FAILED
 */
#ifndef MF_PUBLISH_RECORD_H
#define MF_PUBLISH_RECORD_H

#include "base/when.h"
#include "record_set.h"

enum publish_state {
    PUBLISH_TO_LOOK,   /* DNS is to be asked, or the zone is to be found */
    PUBLISH_READY,     /* a change is wanted and possible */
    PUBLISH_SENT,      /* the change is on its way */
    PUBLISH_UNSURE,    /* the change has no known answer: look first */
    PUBLISH_VERIFYING, /* accepted by the provider, not seen at every authority yet */
    PUBLISH_DONE,      /* changed, and seen at every authority */
    PUBLISH_UNCHANGED, /* DNS is as wanted without this run */
    PUBLISH_PERSON,    /* a person has to decide; see reason */
    PUBLISH_REFUSED,   /* the provider refuses the change at every try */
    PUBLISH_FAILED,    /* no verdict of DNS or of the provider within the time */
    PUBLISH_STATES,
};

enum publish_record_kind {
    PUBLISH_MOVE,   /* a decision without effect outside */
    PUBLISH_INTENT, /* a change is about to be sent */
    PUBLISH_ANSWER, /* the outcome of the change */
};

/* Texts are borrowed for one keep() or one callback. */
struct publish_record {
    uint32_t target;
    enum publish_record_kind kind;
    instant_us at;
    enum publish_state from, state;
    struct text zone, zone_id; /* empty: not known yet */
    struct text reason;        /* one sentence; may be empty */
    enum change_kind change;
    bool mx_changed, txt_changed; /* sent (INTENT); accepted or found to be in force (else) */
    struct text
        txt_before;        /* SWAP: the SPF record that is replaced, raw; empty: the set gets one */
    struct text txt_after; /* SWAP: the SPF record in its place, raw */
    uint32_t calls;
};

const char *publish_state_name(enum publish_state state); /* "verifying" */
bool publish_state_is_final(enum publish_state state);    /* DONE and the states after it */
bool publish_state_is_bad(enum publish_state state);      /* PERSON and the states after it */

#endif
