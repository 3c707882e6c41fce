/*
 * Decisions: (job, event, now) -> the next state and its reason. Pure functions without memory; the
 * scheduler carries the decisions out.
 *
 * The order of events is always look -> judge -> wait for DNS -> look again -> set -> follow ->
 * tighten -> done.
 *
 *   step.c         the first read, DNS, answers to writes
 *   step_guard.c   compares the value at SES with the expected one: unchanged, drifted, an old copy
 *   step_follow.c  reads after a write, and the one right before it
 */
#ifndef MF_STEP_H
#define MF_STEP_H

#include "calls/backoff.h"
#include "calls/verdict.h"
#include "job.h"
#include "model/dns_status.h"
#include "model/facts.h"
#include "model/fleet.h"

#define REASON_LEN_MAX 512

struct decision {
    enum job_state to;    /* may be the present state: then only `wait_us` counts */
    enum outcome outcome; /* with to == JOB_DONE */
    enum action action;
    enum write_kind write; /* with to == JOB_READY */
    span_us wait_us;       /* before the job's next attempt; 0: at once */
    bool foretold;         /* DNS says the same until then: the looks left out count as made */
    bool restart;          /* counts as a restart of a Failed set-up */
    bool stale;            /* the read shows the value before a write: not believed */
    bool confirmed;        /* the read shows an unanswered write: SES has accepted the write */
    bool fell_back;        /* REJECT_MESSAGE took the identity out of Success */
    bool read_whole; /* the name is gone: read verification too, to see whether the identity is gone
                      */
    char reason[REASON_LEN_MAX];
};

/* Constants of a run. */
struct step_rules {
    uint64_t seed;
    bool plan_only; /* judge, but never become READY */
    bool force;     /* values set meanwhile by others are overwritten, and reported */
};

/* The job, its choice and context. */
struct situation {
    const struct step_rules *rules;
    const struct job *job;
    uint32_t number;    /* of the job, for jitter */
    struct text wanted; /* MAIL FROM; empty: the default */
    const struct policy *policy;
    enum guard guard;                   /* never GUARD_SKIP */
    const struct expectation *expected; /* NULL: GUARD_NONE */
    struct text expected_mail_from, or_mail_from;
    struct text mail_from_seen, mail_from_before; /* as job.seen_known, job.before_known say */
    const struct recent_write *recent;            /* by another run of this journal; NULL: none */
    struct text recent_mail_from, recent_before;
    bool lane_worked;      /* the lane has had success in this run: trouble is waited out */
    bool write_worked;     /* and SES has accepted a write of the lane */
    bool left_loose;       /* this lane is not tightened any more: struct tighten */
    instant_us settles_at; /* until then a tightened identity must stay in Success; 0: no more */
    span_us company_us;    /* how long a read of this lane waits for company */
    instant_us dns_same_until; /* DNS's answers will not change before; 0: unknown */
    instant_us now;
};

/* SES has answered a read. errors/first_error: from judge_choice and judge_ses; JOB_READING. */
struct decision step_read(const struct situation *s, const struct ses_facts *ses,
                          finding_set errors, const char *first_error);

/* The judged DNS of a MAIL FROM. */
struct dns_judged {
    finding_set errors;
    bool ready;               /* the policy's requirement is visible */
    bool mx_is_right;         /* exactly one MX, a feedback host of SES */
    const char *first_reason; /* "": only findings accepted by the policy */
    enum mx_status mx;        /* NONE: no status to report */
};

/* DNS has answered. */
struct decision step_dns(const struct situation *s, const struct dns_judged *dns);

/* DNS denies what it has denied: a row that waits for it waits on. */
struct decision step_dns_denies(const struct situation *s);

/* A write was answered. */
struct decision step_written(const struct situation *s, enum verdict verdict,
                             const struct reply *reply);

/* A read was refused, or has used up its tries. */
struct decision step_read_failed(const struct situation *s, const struct reply *reply);

/* The deadline is over while SES is out of reach. trouble: the words of SES or the network; NULL:
 * SES has throttled. */
struct decision step_out_of_time(const struct situation *s, const char *trouble);

/* The job is as wanted except REJECT_MESSAGE, not to be set in this lane any more. */
struct decision step_left_loose(const struct situation *s);

/* SES's own words, behind an optional "what: ". A long message is cut, like all reasons. */
void step_words(const struct reply *reply, const char *what, char out[REASON_LEN_MAX]);

/* The value sent by a write. */
void step_write(const struct situation *s, struct text *mail_from, enum behavior *behavior);

#endif
