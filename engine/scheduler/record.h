/*
 * A record: one move of one job, or a new reason to stay where it is, with the whole state of the
 * job after it. Records are only ever appended: the last record of a job has its state, all records
 * have its history, and resume reads all records once. No record, no move, with one exception: a
 * write with a kept intent may have reached SES.
 */
#ifndef MF_RECORD_H
#define MF_RECORD_H

#include "base/when.h"
#include "job.h"
#include "model/dns_status.h"
#include "model/finding.h"
#include "model/ses.h"

/* The part of a report's row beyond the choice. Texts are borrowed for one keep() or one
 * callback. */
struct job_row {
    enum job_state state;
    enum action action;
    enum outcome outcome;
    struct text reason; /* one sentence; may be empty */

    bool before_known; /* the two members below were read before the first write of this run */
    struct text mail_from_before;
    enum behavior behavior_before;

    bool seen_known; /* the members below are SES's last answer */
    struct text mail_from_seen;
    enum behavior behavior_seen;
    enum mail_from_status status_seen;
    enum verification verification;
    enum dkim_status dkim; /* of the first read; UNKNOWN: not asked, or refused */

    enum mx_status mx;
    enum spf_status spf;
    enum dmarc_status dmarc;
    finding_set findings;
    /* Not known in a record: unchanged since the job's record before, since only a judgement makes
     * notes. Rows read from a journal are whole. */
    struct finding_notes notes;

    uint32_t writes;   /* sent, with any outcome */
    uint32_t accepted; /* of these, accepted by SES: by its answer or shown in a read; saturating */
    uint32_t wave;     /* the wave of the first write, from 1; 0: not started */
    uint32_t calls, restarts, attempts;
    instant_us first_seen, finished; /* 0: not yet */
    instant_us deadline;             /* WHEN_NEVER before the first write or wait */
};

enum record_kind {
    RECORD_MOVE,    /* a decision without effect outside */
    RECORD_INTENT,  /* a write is about to be sent; row.*_seen is the value to be replaced */
    RECORD_ANSWER,  /* the outcome of the write */
    RECORD_LANE,    /* of a lane, not of a job: trouble began, or is over (row.reason is empty) */
    RECORD_PUBLISH, /* of a target, not of a job: publish says what; row is empty */
    RECORD_ORDER,   /* of the run: a person's order was taken; row is empty */
};

struct publish_record; /* model/publish_record.h */
struct order;          /* model/order.h */

struct record {
    uint32_t job; /* row of the fleet; RECORD_LANE: the lane; RECORD_PUBLISH: the target */
    enum record_kind kind;
    instant_us at;
    enum job_state from;         /* to is row.state */
    struct text write_mail_from; /* with row.state WRITING, UNSURE: the name sent; empty clears */
    enum behavior write_behavior;
    struct job_row row;
    const struct publish_record *publish; /* RECORD_PUBLISH; otherwise NULL */
    const struct order *order;            /* RECORD_ORDER; otherwise NULL */
};

/* Is it one of a job, with a row? */
static inline bool record_is_of_job(const struct record *r)
{
    return r->kind <= RECORD_ANSWER;
}

#endif
