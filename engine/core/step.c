#include "step.h"

#include "dname.h"

#include <stdio.h>

#define RESTARTS_MAX 2 /* set again; then cleared and set; then SES has had its chances */

static struct decision decide(const struct situation *s, enum job_state to)
{
    return (struct decision){
        .to = to, .action = (enum action)s->job->action, .write = (enum write_kind)s->job->write};
}

static struct decision finish(const struct situation *s, enum outcome outcome, const char *reason)
{
    struct decision d = decide(s, JOB_DONE);
    d.outcome = outcome;
    snprintf(d.reason, sizeof d.reason, "%s", reason);
    return d;
}

static struct decision ready(const struct situation *s, enum write_kind write)
{
    struct decision d = decide(s, JOB_READY);
    d.write = write;
    return d;
}

/* What would have to be written, were DNS as it should be. */
struct need {
    enum action action;
    enum write_kind write;
    bool follow; /* nothing to write now, but SES has not said Success yet */
};

static struct need need_of(const struct situation *s, const struct ses_facts *ses)
{
    if (s->wanted.len == 0)
        return ses->mail_from.len ? (struct need){ACTION_CLEAR, WRITE_CLEAR, false}
                                  : (struct need){ACTION_NONE, WRITE_NOTHING, false};
    if (ses->mail_from.len == 0)
        return (struct need){ACTION_SET, WRITE_NAME, false};
    if (!dname_eq(ses->mail_from, s->wanted))
        return (struct need){ACTION_CHANGE, WRITE_NAME, false};
    if (ses->status == MAIL_FROM_FAILED)
        return (struct need){ACTION_RESTART, WRITE_NAME, false};
    bool success = ses->status == MAIL_FROM_SUCCESS;
    if (ses->behavior == s->policy->behavior)
        return (struct need){ACTION_NONE, WRITE_NOTHING, !success};
    if (s->policy->behavior == BEHAVIOR_USE_DEFAULT_VALUE)
        return (struct need){ACTION_CHANGE, WRITE_NAME, false}; /* loosening is always safe */
    return success ? (struct need){ACTION_TIGHTEN, WRITE_TIGHTEN, false}
                   : (struct need){ACTION_TIGHTEN, WRITE_NOTHING, true};
}

static bool has_drifted(const struct situation *s, const struct ses_facts *ses)
{
    if (!s->expected || s->job->writes > 0)
        return false;
    return !dname_eq(ses->mail_from, s->expected_mail_from) ||
           ses->behavior != (enum behavior)s->expected->behavior ||
           (s->expected->status != MAIL_FROM_UNKNOWN &&
            ses->status != (enum mail_from_status)s->expected->status);
}

static struct decision drifted(const struct situation *s, const struct ses_facts *ses)
{
    struct decision d = finish(s, OUTCOME_DRIFTED, "");
    bool was = s->expected_mail_from.len > 0, is = ses->mail_from.len > 0;
    snprintf(d.reason, sizeof d.reason,
             "SES now has MAIL FROM " TEXT_FMT " with %s %s, expected was " TEXT_FMT
             " with %s %s: somebody else has changed it, so it is left alone",
             TEXT_ARG(is ? ses->mail_from : TEXT("default")), behavior_name(ses->behavior),
             mail_from_status_name(ses->status),
             TEXT_ARG(was ? s->expected_mail_from : TEXT("default")),
             behavior_name((enum behavior)s->expected->behavior),
             s->expected->status == MAIL_FROM_UNKNOWN
                 ? ""
                 : mail_from_status_name((enum mail_from_status)s->expected->status));
    return d;
}

static const char *done_reason(const struct situation *s)
{
    return s->job->writes ? "" : "already as wanted";
}

static struct decision follow(const struct situation *s, enum mail_from_status status)
{
    if (s->now >= s->job->deadline) {
        struct decision d = finish(s, OUTCOME_EXPIRED, "");
        snprintf(d.reason, sizeof d.reason, "SES still says %s at the deadline",
                 mail_from_status_name(status));
        return d;
    }
    struct decision d = decide(s, JOB_FOLLOWING);
    d.wait_us = backoff_span(BACKOFF_FOLLOW, s->rules->seed, s->number, s->job->looks + 1u);
    if (status == MAIL_FROM_TEMPORARY_FAILURE)
        snprintf(d.reason, sizeof d.reason,
                 "SES says TEMPORARY_FAILURE: it cannot see the MX at the moment");
    else
        snprintf(d.reason, sizeof d.reason, "waits for SES: %s", mail_from_status_name(status));
    return d;
}

/* A look at a job whose write is out of our hands: it was accepted, or its answer was lost. */
static struct decision looked_after_write(const struct situation *s, const struct ses_facts *ses)
{
    enum job_state state = (enum job_state)s->job->state;
    bool cleared = s->wanted.len == 0 || s->job->write == WRITE_CLEAR_FIRST;
    if (cleared) {
        if (ses->mail_from.len)
            return state == JOB_UNSURE ? ready(s, (enum write_kind)s->job->write)
                                       : finish(s, OUTCOME_DRIFTED,
                                                "SES has a custom MAIL FROM "
                                                "again that this run cleared");
        return s->wanted.len ? ready(s, WRITE_NAME) : finish(s, OUTCOME_DONE, "");
    }
    if (!dname_eq(ses->mail_from, s->wanted)) {
        if (state == JOB_UNSURE)
            return ready(s, (enum write_kind)s->job->write);
        struct decision d = finish(s, OUTCOME_DRIFTED, "");
        snprintf(d.reason, sizeof d.reason,
                 "SES now has MAIL FROM " TEXT_FMT ": somebody else has changed it meanwhile",
                 TEXT_ARG(ses->mail_from.len ? ses->mail_from : TEXT("default")));
        return d;
    }
    if (ses->status == MAIL_FROM_SUCCESS) {
        if (ses->behavior == s->policy->behavior)
            return finish(s, OUTCOME_DONE, done_reason(s));
        return ready(s,
                     s->policy->behavior == BEHAVIOR_REJECT_MESSAGE ? WRITE_TIGHTEN : WRITE_NAME);
    }
    if (ses->status != MAIL_FROM_FAILED)
        return follow(s, ses->status);
    if (s->job->restarts >= RESTARTS_MAX)
        return finish(s, OUTCOME_FAILED,
                      "SES says FAILED again, after it was set anew and after "
                      "it was cleared and set");
    struct decision d = decide(s, JOB_JUDGING);
    d.restart = true;
    snprintf(d.reason, sizeof d.reason, "SES says FAILED: set again once DNS is right");
    return d;
}

static struct decision looked_first(const struct situation *s, const struct ses_facts *ses,
                                    finding_set errors, const char *first_error)
{
    struct need need = need_of(s, ses);
    struct decision d = decide(s, JOB_JUDGING);
    if (s->job->writes == 0)
        d.action = need.action;
    d.write = need.write;
    d.restart = need.action == ACTION_RESTART;
    if (errors) {
        d = finish(s, OUTCOME_REFUSED, first_error);
        d.action = need.action;
        return d;
    }
    if (s->wanted.len > 0)
        return d;
    if (need.action == ACTION_NONE) {
        d = finish(s, s->job->writes ? OUTCOME_DONE : OUTCOME_UNCHANGED, done_reason(s));
        d.action = s->job->writes ? (enum action)s->job->action : ACTION_NONE;
        return d;
    }
    d.to = s->rules->plan_only ? JOB_DONE : JOB_READY;
    d.outcome = OUTCOME_PLANNED;
    return d;
}

struct decision step_looked(const struct situation *s, const struct ses_facts *ses,
                            finding_set errors, const char *first_error)
{
    if (s->job->state != JOB_LOOKING)
        return looked_after_write(s, ses);
    if (has_drifted(s, ses))
        return drifted(s, ses);
    return looked_first(s, ses, errors, first_error);
}

/* What a judged job does when it has nothing to write: it is done, or SES is to be followed. */
static struct decision nothing_to_write(const struct situation *s)
{
    const struct job *job = s->job;
    bool success = job->status_seen == MAIL_FROM_SUCCESS;
    if (success)
        return finish(s, job->writes ? OUTCOME_DONE : OUTCOME_UNCHANGED, done_reason(s));
    if (s->rules->plan_only)
        return finish(s, OUTCOME_PENDING, "set already; SES has not said Success yet");
    return follow(s, (enum mail_from_status)job->status_seen);
}

static struct decision wait_for_dns(const struct situation *s, const char *reason)
{
    if (s->rules->plan_only)
        return finish(s, OUTCOME_WAITING_DNS, reason);
    if (s->now >= s->job->deadline)
        return finish(s, OUTCOME_EXPIRED, reason);
    struct decision d = decide(s, JOB_WAITING_DNS);
    d.wait_us = backoff_span(BACKOFF_DNS, s->rules->seed, s->number, s->job->looks + 1u);
    snprintf(d.reason, sizeof d.reason, "%s", reason);
    return d;
}

struct decision step_dns(const struct situation *s, finding_set errors, bool is_ready,
                         const char *first_reason)
{
    const struct job *job = s->job;
    bool restarting = job->restarts > 0 && job->status_seen == MAIL_FROM_FAILED;
    if (job->write == WRITE_NOTHING && !restarting)
        return nothing_to_write(s);
    if (errors)
        return finish(s, OUTCOME_REFUSED, first_reason);
    if (job->write == WRITE_TIGHTEN) /* SES is at Success: its own view of the MX is the one */
        is_ready = true;
    if (!is_ready)
        return wait_for_dns(s, first_reason);
    if (s->rules->plan_only)
        return finish(s, OUTCOME_PLANNED, "");
    if (restarting)
        return ready(s, job->restarts >= RESTARTS_MAX ? WRITE_CLEAR_FIRST : WRITE_NAME);
    return ready(s, (enum write_kind)job->write);
}

/* SES's own words, behind an optional "what: ". A long message is cut, as reasons are. */
static void words_of(const struct reply *reply, const char *what, char out[REASON_LEN_MAX])
{
    int n = *what ? snprintf(out, REASON_LEN_MAX, "%s: ", what) : 0;
    size_t used = n > 0 ? (size_t)n : 0, room = REASON_LEN_MAX - used;
    if (reply->code[0])
        n = snprintf(out + used, room, "%s: %s", reply->code, reply->message);
    else if (reply->how == REPLY_HTTP)
        n = snprintf(out + used, room, "HTTP %u %s", reply->http_status, reply->message);
    else
        n = snprintf(out + used, room, "%s", reply->message);
    (void)n;
}

static struct decision give_up(const struct situation *s, const char *what,
                               const struct reply *reply)
{
    struct decision d = finish(s, OUTCOME_FAILED, "");
    words_of(reply, what, d.reason);
    return d;
}

static struct decision again(const struct situation *s, enum job_state to, const char *what,
                             const struct reply *reply)
{
    if (s->job->attempts + 1 >= ATTEMPTS_MAX)
        return give_up(s, what, reply);
    struct decision d = decide(s, to);
    d.wait_us = backoff_span(BACKOFF_ERROR, s->rules->seed, s->number, s->job->attempts + 1u);
    words_of(reply, "", d.reason);
    return d;
}

static struct decision accepted(const struct situation *s)
{
    if (s->job->write == WRITE_CLEAR)
        return finish(s, OUTCOME_DONE, "");
    if (s->job->write == WRITE_CLEAR_FIRST)
        return ready(s, WRITE_NAME);
    struct decision d = decide(s, JOB_FOLLOWING);
    d.wait_us = backoff_span(BACKOFF_FOLLOW, s->rules->seed, s->number, 1);
    snprintf(d.reason, sizeof d.reason, "SES has accepted the change; waits for Success");
    return d;
}

struct decision step_written(const struct situation *s, enum verdict verdict,
                             const struct reply *reply)
{
    struct decision d;
    switch (verdict) {
    case VERDICT_OK: return accepted(s);
    case VERDICT_SLOW_DOWN: return ready(s, (enum write_kind)s->job->write);
    case VERDICT_RENEW:
    case VERDICT_SKEW:
    case VERDICT_AGAIN: return again(s, JOB_READY, "SES could not be reached", reply);
    case VERDICT_UNSURE:
        d = again(s, JOB_UNSURE, "SES's answer to the change was lost", reply);
        d.wait_us = 0; /* looking is harmless, and the sooner the better */
        return d;
    case VERDICT_GONE:
    case VERDICT_REFUSED:
    case VERDICT_DENIED: break;
    }
    return give_up(s, "SES refused the change", reply);
}

struct decision step_look_failed(const struct situation *s, const struct reply *reply)
{
    return give_up(s, "SES could not be asked about the identity", reply);
}

void step_write(const struct situation *s, struct text *mail_from, enum behavior *behavior)
{
    enum write_kind write = (enum write_kind)s->job->write;
    bool clears = write == WRITE_CLEAR || write == WRITE_CLEAR_FIRST;
    *mail_from = clears ? TEXT_NONE : s->wanted;
    *behavior = write == WRITE_TIGHTEN ? s->policy->behavior : BEHAVIOR_USE_DEFAULT_VALUE;
}
