/*
 * Decisions: (job, what happened, now) -> where the job goes next and why. Pure functions without
 * memory; the scheduler carries their decisions out.
 *
 * The order of events is always look -> judge -> wait for DNS -> look again -> set -> follow ->
 * tighten -> done.
 *
 *   step.c         the first look, DNS, answers to writes
 *   step_guard.c   is what SES shows what it should be: unchanged, drifted, or an old copy?
 *   step_follow.c  looks after a write, and the one right before it
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
    enum job_state to;    /* may be the state it is in: then only `wait_us` holds */
    enum outcome outcome; /* with to == JOB_DONE */
    enum action action;
    enum write_kind write; /* with to == JOB_READY */
    span_us wait_us;       /* before the job's next attempt; 0: at once */
    bool restart;          /* counts as a restart of a Failed set-up */
    bool stale;            /* the read shows what stood there before a write: it is not believed */
    bool confirmed;        /* the read shows a write whose answer was lost: SES has taken it */
    bool fell_back;        /* REJECT_MESSAGE took the identity out of Success */
    bool read_whole;       /* the name is gone: is the identity, too? Its verification says */
    char reason[REASON_LEN_MAX];
};

/* What does not change while a run lasts. */
struct step_rules {
    uint64_t seed;
    bool plan_only; /* judge, but never become READY */
    bool force;     /* what others have set meanwhile is overwritten, and told */
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
    struct text mail_from_seen, mail_from_before; /* as job.seen_known, job.before_known say */
    const struct recent_write *recent;            /* by another run of this journal; NULL: none */
    struct text recent_mail_from, recent_before;
    bool lane_worked;      /* SES has answered this lane well in this run: trouble is waited out */
    bool write_worked;     /* and has taken a write of it */
    bool left_loose;       /* this lane is not tightened (any more): struct tighten */
    instant_us settles_at; /* until then a tightened identity must stay in Success; 0: no more */
    span_us company_us;    /* for so long a look of this lane waits for others to share its call */
    instant_us dns_same_until; /* before this, DNS will say what it just said; 0: nobody knows */
    instant_us now;
};

/* SES has answered a look. errors/first_error: what judge_name and judge_ses found; JOB_READING. */
struct decision step_read(const struct situation *s, const struct ses_facts *ses,
                          finding_set errors, const char *first_error);

/* What DNS shows of a MAIL FROM. */
struct dns_judged {
    finding_set errors;
    bool ready;               /* the policy's requirement is visible */
    bool mx_is_right;         /* exactly one MX, a feedback host of SES */
    const char *first_reason; /* "": nothing that the policy does not accept */
    enum mx_status mx;        /* NONE: nothing is to be told of it */
};

/* DNS has answered. */
struct decision step_dns(const struct situation *s, const struct dns_judged *dns);

/* A write was answered. */
struct decision step_written(const struct situation *s, enum verdict verdict,
                             const struct reply *reply);

/* A look was refused, or tried as often as it may be. */
struct decision step_read_failed(const struct situation *s, const struct reply *reply);

/* Its deadline is over while SES cannot be asked. trouble: what SES or the network says;
 * NULL: SES has throttled. */
struct decision step_out_of_time(const struct situation *s, const char *trouble);

/* It is as wanted but for REJECT_MESSAGE, which is not to be set in its lane. */
struct decision step_left_loose(const struct situation *s);

/* SES's own words, behind an optional "what: ". A long message is cut, as reasons are. */
void step_words(const struct reply *reply, const char *what, char out[REASON_LEN_MAX]);

/* What would be sent for a write. */
void step_write(const struct situation *s, struct text *mail_from, enum behavior *behavior);

#endif
