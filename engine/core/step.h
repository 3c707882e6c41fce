/*
 * Decisions: (job, what happened, now) -> where the job goes next and why. Pure functions without
 * memory; the desk carries their decisions out.
 *
 * The order of events is always look -> judge -> wait for DNS -> set -> follow -> tighten -> done.
 */
#ifndef MF_STEP_H
#define MF_STEP_H

#include "backoff.h"
#include "facts.h"
#include "fleet.h"
#include "job.h"
#include "verdict.h"

#define REASON_LEN_MAX 512

struct decision {
    enum job_state to;    /* may be the state it is in: then only `wait_us` holds */
    enum outcome outcome; /* with to == JOB_DONE */
    enum action action;
    enum write_kind write; /* with to == JOB_READY */
    span_us wait_us;       /* before the job's next attempt; 0: at once */
    bool restart;          /* counts as a restart of a Failed set-up */
    char reason[REASON_LEN_MAX];
};

/* What does not change while a run lasts. */
struct step_rules {
    uint64_t seed;
    bool plan_only; /* judge, but never become READY */
};

/* The job with what it wants. */
struct situation {
    const struct step_rules *rules;
    const struct job *job;
    uint32_t number;    /* of the job, for jitter */
    struct text wanted; /* MAIL FROM; empty: the default */
    const struct policy *policy;
    enum guard guard;                   /* never GUARD_SKIP */
    const struct expectation *expected; /* NULL: GUARD_NONE */
    struct text expected_mail_from, or_mail_from;
    bool before_known; /* written already: what the first write replaced */
    struct text mail_from_before;
    span_us company_us; /* for so long a look of this lane waits for others to share its call */
    instant_us dns_same_until; /* before this, DNS will say what it just said; 0: nobody knows */
    instant_us now;
};

/* SES has answered a look. errors/first_error: what judge_name and judge_ses found. */
struct decision step_looked(const struct situation *s, const struct ses_facts *ses,
                            finding_set errors, const char *first_error);

/* DNS has answered. ready: the policy's requirement is visible. */
struct decision step_dns(const struct situation *s, finding_set errors, bool ready,
                         const char *first_reason);

/* A write was answered. */
struct decision step_written(const struct situation *s, enum verdict verdict,
                             const struct reply *reply);

/* A look was refused, or tried as often as it may be. */
struct decision step_look_failed(const struct situation *s, const struct reply *reply);

/* What would be sent for a write. */
void step_write(const struct situation *s, struct text *mail_from, enum behavior *behavior);

#endif
