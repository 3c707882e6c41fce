/*
 * The life of one identity in one run. The arrows below are the table of job.c: tests/guards holds
 * them against each other, and the simulation takes each arrow.
 *
 *   NEW         -> READING      the run begins
 *   NEW         -> JUDGING      the plan just made has read SES already
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
 *   WRITING     -> FOLLOWING    SES has accepted the write
 *   UNSURE      -> READY        SES does not show the write: send again
 *   UNSURE      -> FOLLOWING    SES shows the write
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
    JOB_UNSURE,      /* the write's answer was lost: SES is read first */
    JOB_FOLLOWING,   /* SES has accepted; waits for Success */
    JOB_DONE,        /* final: see the outcome */
    JOB_CONFIRMING,  /* waits for the read of SES before its write */
    JOB_STATES,
};

const char *job_state_name(enum job_state s); /* "waiting-dns" */
bool job_may_move(enum job_state from, enum job_state to);

/* The (possible) change of the identity. */
enum action {
    ACTION_NONE,
    ACTION_SET,
    ACTION_CHANGE,
    ACTION_CLEAR,
    ACTION_TIGHTEN,
    ACTION_RESTART
};

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

/* The next write of a READY job. One call to SES each. */
enum write_kind {
    WRITE_NOTHING,
    WRITE_NAME,    /* the wanted MAIL FROM with USE_DEFAULT_VALUE: mail is never rejected */
    WRITE_TIGHTEN, /* the wanted MAIL FROM with the wanted behaviour: SES has the name at Success,
                      or a rollback only puts the setting back */
    WRITE_CLEAR,   /* back to the default MAIL FROM: wanted */
    WRITE_CLEAR_FIRST, /* like WRITE_CLEAR, as the first half of restarting a Failed set-up */
    WRITE_LOOSEN, /* SES's present name, with USE_DEFAULT_VALUE: mail is (or could be) rejected, so
                     this write waits for nothing */
};

/* The hot record of a job, touched on every event. Names are numbers of the scheduler's own table
 * of names seen; constant members are in the fleet's choice of equal number.
 *
 * A job remembers two values of SES. `seen` is the last known value: of the last read, or of the
 * last accepted write. `before` is the value the first accepted write replaces: the value of the
 * last read before. */
struct job {
    finding_set findings;
    instant_us deadline;   /* WHEN_NEVER before the first wait or write */
    instant_us first_seen; /* 0: not yet */
    name_id mail_from_seen, mail_from_before;
    uint32_t next;          /* queue link: job + 1, 0 ends */
    uint32_t read_at_s;     /* when the last believed read was sent; 0: none */
    uint32_t stale_since_s; /* since when reads contradict an accepted write; 0: no contradiction */
    uint16_t writes, calls; /* sent; saturating */
    uint16_t wave;          /* of its first write, from 1, saturating; 0: not sent yet */
    uint8_t accepted;       /* writes known to be accepted by SES; saturating */
    uint8_t state, action, outcome, write; /* enums above */
    uint8_t status_seen;                   /* enum mail_from_status */
    uint8_t mx, spf, dmarc;                /* enum mx_status, spf_status, dmarc_status */
    uint8_t attempts;                      /* failures in a row of the present step; saturating */
    uint8_t reads;                         /* in a row without news, for the pace of following */
    uint8_t mx_seen; /* DNS showed the right MX so many seconds after read_at_s, and one; 0: not */
    bool seen_known : 1, before_known : 1;
    bool reserved : 1;   /* has a place in the running wave, without a write sent yet */
    bool stale_told : 1; /* the last record has the reason "waits for newer reads" */
    bool unlooked : 1;   /* to be looked at soon: an earlier process wrote it, it settles, or its
                            record   sets were published just now */
    bool publishing : 1; /* somebody publishes its record sets: scheduler_publishing() */
    bool whole : 1;      /* its next read asks for verification too: is the identity still there? */
    bool lost : 1;       /* a write's answer was lost: SES may show the write now or later */
    enum behavior behavior_seen : 1, behavior_before : 1;
    enum verification verification : 3;
    unsigned restarts : 2; /* of a Failed set-up: RESTARTS_MAX in step.c */
};

static_assert(sizeof(struct job) <= 64, "a job is one cache line");

/* Has the first write been started, in the count of waves? */
static inline bool job_is_started(const struct job *job)
{
    return job->wave > 0 || job->reserved;
}

/* The only way to change a state; asserts the table. */
void job_move(struct job *job, enum job_state to);
/* Asserts what holds between two moves: members that belong together. */
void job_invariant(const struct job *job);

#endif
