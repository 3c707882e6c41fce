/*
 * The life of one identity in one run. The arrows below are the table of job.c: tests/guards holds
 * them against each other, and the simulation takes each of them.
 *
 *   NEW         -> READING      the run begins
 *   NEW         -> JUDGING      a plan that was just made has looked already
 *   NEW         -> READY        likewise; or a resumed run was about to write
 *   NEW         -> UNSURE       a resumed run: a write was on its way
 *   NEW         -> FOLLOWING    a resumed run: SES had taken the write
 *   READING     -> JUDGING      SES has answered: what does DNS say?
 *   READING     -> READY        nothing to ask of DNS: clearing, loosening
 *   JUDGING     -> WAITING_DNS  the records are not there
 *   JUDGING     -> READY        they are
 *   JUDGING     -> FOLLOWING    SES has the wanted name already
 *   WAITING_DNS -> READY        the records have appeared
 *   READY       -> CONFIRMING   its turn is near: is SES as it was?
 *   READY       -> JUDGING      its turn to be tightened has come: is the MX there at this moment?
 *   READY       -> WRITING      SES was read just now: the intent is kept, the write leaves
 *   CONFIRMING  -> READY        SES is as it was
 *   CONFIRMING  -> JUDGING      it is not, and nothing is in the way
 *   CONFIRMING  -> FOLLOWING    there is nothing to write any more
 *   WRITING     -> READY        throttled or not sent; or half of two writes is done
 *   WRITING     -> UNSURE       the answer was lost
 *   WRITING     -> FOLLOWING    SES has taken it
 *   UNSURE      -> READY        SES does not show it: once more
 *   UNSURE      -> FOLLOWING    SES shows it
 *   UNSURE      -> JUDGING      SES shows it and says FAILED, or Success and it is to be tightened
 *   FOLLOWING   -> READING      another name was loosened on the way: judge what is left
 *   FOLLOWING   -> READY        to be loosened, or cleared and set
 *   FOLLOWING   -> JUDGING      SES says FAILED, or Success and it is to be tightened
 *   any of them -> DONE         final; the outcome says how
 *
 * job_move() is the only function that changes a state, and it asserts the table.
 */
#ifndef MF_JOB_H
#define MF_JOB_H

#include "base/names.h"
#include "base/when.h"
#include "model/finding.h"
#include "model/ses.h"

#include <assert.h>

enum job_state {
    JOB_NEW,         /* nothing asked yet */
    JOB_READING,     /* waits for SES's answer about the identity */
    JOB_JUDGING,     /* waits for DNS's first answer about the MAIL FROM */
    JOB_WAITING_DNS, /* the records are not there yet: asked again and again until the deadline */
    JOB_READY,       /* may be written; waits for its turn in the lane */
    JOB_WRITING,     /* the intent is kept and the write is on its way */
    JOB_UNSURE,      /* the write's answer was lost: SES is looked at before anything else */
    JOB_FOLLOWING,   /* SES has accepted; waits for Success */
    JOB_DONE,        /* final: see the outcome */
    JOB_CONFIRMING,  /* waits for the read of SES that a write must follow within the minute */
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
    WRITE_LOOSEN,      /* the name that SES has, with USE_DEFAULT_VALUE: mail is (or could be)
                          rejected, and that waits for nothing */
};

/* The hot record of a job: what the scheduler touches on every event. Names are numbers of the
 * scheduler's own table of names seen; what never changes is in the fleet's choice with the same
 * number.
 *
 * Two values of SES are remembered. `seen` is the last that is known: of the last read, or of the
 * last write that SES took. `before` is what the first write replaces: until SES has taken one, the
 * value of the last read before it. */
struct job {
    finding_set findings;
    instant_us deadline;   /* WHEN_NEVER before the first wait or write */
    instant_us first_seen; /* 0: not yet */
    name_id mail_from_seen, mail_from_before;
    uint32_t next;          /* queue link: job + 1, 0 ends */
    uint32_t read_at_s;     /* the last read that was believed was sent then; 0: none */
    uint32_t stale_since_s; /* reads contradict an accepted write since then; 0: they do not */
    uint16_t writes, calls; /* sent; saturating */
    uint16_t wave;          /* of its first write, from 1, saturating; 0: not sent yet */
    uint8_t accepted;       /* writes that SES has taken, as far as is known; saturating */
    uint8_t state, action, outcome, write; /* enums above */
    uint8_t status_seen;                   /* enum mail_from_status */
    uint8_t mx, spf, dmarc;                /* enum mx_status, spf_status, dmarc_status */
    uint8_t attempts; /* failures in a row of what it is doing now; saturating */
    uint8_t reads;    /* in a row without news, for the pace of following */
    uint8_t mx_seen;  /* DNS showed the right MX so many seconds after read_at_s, and one; 0: not */
    bool seen_known : 1, before_known : 1;
    bool reserved : 1;   /* has a place in the wave that runs, and no write of it was sent yet */
    bool stale_told : 1; /* its last record says that it waits for newer reads */
    bool lost : 1;       /* the answer to a write was: SES may hold it, or come to hold it yet */
    enum behavior behavior_seen : 1, behavior_before : 1;
    enum verification verification : 3;
    unsigned restarts : 2; /* of a Failed set-up: RESTARTS_MAX in step.c */
};

static_assert(sizeof(struct job) <= 64, "a job is one cache line");

/* Has its first write been started, as waves count? */
static inline bool job_is_started(const struct job *job)
{
    return job->wave > 0 || job->reserved;
}

/* The only way to change a state; asserts the table. */
void job_move(struct job *job, enum job_state to);

#endif
