/*
 * A record: one move of one job, or a new reason to stay where it is, with the whole state of the
 * job after it. Records are only ever appended, so the last one of a job says where it stands, all
 * of them together say how it got there, and a run is resumed by reading them once. No record, no
 * move: what is not kept did not happen, except that a change whose intent was kept may have
 * reached SES.
 */
#ifndef MF_RECORD_H
#define MF_RECORD_H

#include "base/when.h"
#include "job.h"
#include "model/dns_status.h"
#include "model/finding.h"
#include "model/ses.h"

/* What a report's row says beyond the choice itself. Texts are borrowed for the length of one
 * keep() or of one callback. */
struct job_row {
    enum job_state state;
    enum action action;
    enum outcome outcome;
    struct text reason; /* one sentence; may be empty */

    bool before_known; /* the two below were seen before the first write of this run */
    struct text mail_from_before;
    enum behavior behavior_before;

    bool seen_known; /* what SES said last */
    struct text mail_from_seen;
    enum behavior behavior_seen;
    enum mail_from_status status_seen;
    enum verification verification;

    enum mx_status mx;
    enum spf_status spf;
    enum dmarc_status dmarc;
    finding_set findings;
    /* Not known in a record: as in the job's record before, since only a judgement makes notes.
     * Rows that a journal gives back are whole. */
    struct finding_notes notes;

    uint32_t writes;   /* sent, whatever became of them */
    uint32_t accepted; /* of those, SES has taken: it said so, or a read showed it; saturating */
    uint32_t wave;     /* in which its first write was started, from 1; 0: not started */
    uint32_t calls, restarts, attempts;
    instant_us first_seen, finished; /* 0: not yet */
    instant_us deadline;             /* WHEN_NEVER before the first write or wait */
};

enum record_kind {
    RECORD_MOVE,   /* a decision that changes nothing outside */
    RECORD_INTENT, /* a write is about to be sent; row.*_seen is the value it will replace */
    RECORD_ANSWER, /* the outcome of that write */
    RECORD_LANE,   /* of a lane, not of a job: trouble began, or is over (row.reason is empty) */
};

struct record {
    uint32_t job; /* row of the fleet; RECORD_LANE: the lane */
    enum record_kind kind;
    instant_us at;
    enum job_state from;         /* to is row.state */
    struct text write_mail_from; /* with row.state WRITING, UNSURE: what is sent; empty clears */
    enum behavior write_behavior;
    struct job_row row;
};

#endif
