/*
 * The life of one identity in one run.
 *
 *                          +------------------------------------------------+
 *                          v                                                |
 *   NEW ---> LOOKING --> JUDGING ----> WAITING_DNS --(visible)--+           |
 *              ^ |          |               |                   |           |
 *              | |          | nothing to    | deadline          v           |
 *              | |          | wait for      |                 READY         |
 *              | |          +---------------|-------------------+           |
 *              | |                          |                   | intent kept
 *              | |                          |                   v           |
 *              | |                          |                WRITING        |
 *              | |                          |                |     |        |
 *              | | unsure: look             |          SES ok|     |answer  |
 *              | +--------------------------|----------------|--> UNSURE ---+ (look, then judge)
 *              |                            |                v
 *              +--(Failed: start again)-----|------------ FOLLOWING --> (Success; tighten: READY)
 *                                           v                |
 *                                          DONE <------------+
 *
 * DONE is final; the outcome says how. The allowed moves are a table in job.c; job_move() is the
 * only function that changes a state, and it asserts the table.
 */
#ifndef MF_JOB_H
#define MF_JOB_H

#include "finding.h"
#include "names.h"
#include "ses.h"
#include "when.h"

enum job_state {
    JOB_NEW,         /* nothing asked yet */
    JOB_LOOKING,     /* waits for SES's answer about the identity */
    JOB_JUDGING,     /* waits for DNS's first answer about the MAIL FROM */
    JOB_WAITING_DNS, /* the records are not there yet: asked again and again until the deadline */
    JOB_READY,       /* may be written; waits for its turn in the lane */
    JOB_WRITING,     /* the intent is kept and the write is on its way */
    JOB_UNSURE,      /* the write's answer was lost: SES is looked at before anything else */
    JOB_FOLLOWING,   /* SES has accepted; waits for Success */
    JOB_DONE,        /* final: see the outcome */
    JOB_STATES,
};

const char *job_state_name(enum job_state s); /* "waiting-dns" */
bool job_state_parse(struct text t, enum job_state *out);
bool job_may_move(enum job_state from, enum job_state to);

/* What is (or would be) done to the identity. */
enum action { ACTION_NONE, ACTION_SET, ACTION_CHANGE, ACTION_CLEAR, ACTION_TIGHTEN, ACTION_RESTART };

const char *action_name(enum action a); /* "none", "set", ... */
bool action_parse(struct text t, enum action *out);

enum outcome {
    OUTCOME_OPEN, /* not yet; reported as waiting-dns or pending by state */
    OUTCOME_UNCHANGED,
    OUTCOME_PLANNED,
    OUTCOME_DONE,
    OUTCOME_WAITING_DNS,
    OUTCOME_PENDING,
    OUTCOME_REFUSED,
    OUTCOME_FAILED,
    OUTCOME_EXPIRED,
    OUTCOME_DRIFTED,
    OUTCOME_SKIPPED,
    OUTCOMES,
};

const char *outcome_name(enum outcome o); /* "unchanged", ...; OUTCOME_OPEN is "" */
bool outcome_parse(struct text t, enum outcome *out);
bool outcome_is_bad(enum outcome o); /* refused, failed, expired, drifted: exit code 3 */

#endif
