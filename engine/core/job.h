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

#include <assert.h>

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
bool job_may_move(enum job_state from, enum job_state to);

/* What is (or would be) done to the identity. */
enum action {
    ACTION_NONE,
    ACTION_SET,
    ACTION_CHANGE,
    ACTION_CLEAR,
    ACTION_TIGHTEN,
    ACTION_RESTART
};

const char *action_name(enum action a); /* "none", "set", ... */

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

/* The write that a READY job waits for. One call to SES each. */
enum write_kind {
    WRITE_NOTHING,
    WRITE_NAME,        /* the wanted MAIL FROM with USE_DEFAULT_VALUE: mail is never rejected */
    WRITE_TIGHTEN,     /* the wanted MAIL FROM, which SES has at Success or which is just to be put
                          back as it was, with the wanted behaviour */
    WRITE_CLEAR,       /* back to the default MAIL FROM: wanted */
    WRITE_CLEAR_FIRST, /* the same, as the first half of starting a Failed set-up again */
};

/* The hot record of a job: what the desk touches on every event. Names are numbers of the desk's
 * own table of names seen; what never changes is in the fleet's choice with the same number. */
struct job {
    finding_set findings;
    instant_us deadline;                   /* WHEN_NEVER before the first wait */
    instant_us first_seen, finished;       /* 0: not yet */
    name_id mail_from_seen;                /* what SES said last */
    name_id mail_from_before;              /* what it said before the first write */
    uint32_t next;                         /* queue link: job + 1, 0 ends */
    uint16_t writes, calls;                /* saturating */
    uint8_t state, action, outcome, write; /* enums above */
    uint8_t status_seen;                   /* enum mail_from_status */
    uint8_t verification;                  /* enum verification */
    uint8_t behavior_seen, behavior_before;
    uint8_t seen_known, before_known;
    uint8_t mx, spf, dmarc; /* words of the desk's table; 0: none */
    uint8_t attempts;       /* failures in a row of what it is doing now */
    uint8_t restarts;       /* of a Failed set-up */
    uint8_t looks;          /* in a row without news, for the pace of following */
};

static_assert(sizeof(struct job) <= 64, "a job is one cache line");

/* The only way to change a state; asserts the table. */
void job_move(struct job *job, enum job_state to);

#endif
