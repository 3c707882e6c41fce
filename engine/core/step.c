#include "step.h"

#include "dname.h"
#include "hash.h"

#include <stdio.h>

#define FOLLOW_SOON     SPAN_MS(250) /* after a write, when nobody else would share the look */
#define FOLLOW_LATE     SPAN_S(60)   /* and when many would */
#define DNS_PATIENCE    30 /* a name waited for so many minutes is looked at once a minute */
#define DNS_WAIT_MAX    SPAN_M(15)
#define STALE_LOOKS_MAX 3 /* and at least: SES promises no read that shows every write */
#define STALE_SPAN      SPAN_S(60)
#define RESTARTS_MAX    2 /* set again; then cleared and set; then SES has had its chances */

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
};

/* What is left where SES has the wanted name already. */
static struct need need_of_behavior(const struct situation *s, const struct ses_facts *ses)
{
    bool settled = ses->status == MAIL_FROM_SUCCESS || s->policy->until == UNTIL_SET;
    if (ses->behavior == s->policy->behavior)
        return (struct need){ACTION_NONE, WRITE_NOTHING};
    if (s->policy->behavior == BEHAVIOR_USE_DEFAULT_VALUE)
        return (struct need){ACTION_CHANGE, WRITE_NAME}; /* loosening is always safe */
    return (struct need){ACTION_TIGHTEN, settled ? WRITE_TIGHTEN : WRITE_NOTHING};
}

static struct need need_of(const struct situation *s, const struct ses_facts *ses)
{
    if (s->wanted.len == 0)
        return ses->mail_from.len ? (struct need){ACTION_CLEAR, WRITE_CLEAR}
                                  : (struct need){ACTION_NONE, WRITE_NOTHING};
    if (ses->mail_from.len == 0)
        return (struct need){ACTION_SET, WRITE_NAME};
    if (!dname_eq(ses->mail_from, s->wanted))
        return (struct need){ACTION_CHANGE, WRITE_NAME};
    if (ses->status == MAIL_FROM_FAILED && s->policy->until == UNTIL_SUCCESS)
        return (struct need){ACTION_RESTART, WRITE_NAME};
    return need_of_behavior(s, ses);
}

static bool holds(const struct ses_facts *ses, struct text mail_from, uint8_t behavior)
{
    return dname_eq(ses->mail_from, mail_from) && ses->behavior == (enum behavior)behavior;
}

static bool is_as_wanted(const struct situation *s, const struct ses_facts *ses)
{
    return dname_eq(ses->mail_from, s->wanted) &&
           (s->wanted.len == 0 || ses->behavior == s->policy->behavior);
}

/* Has the status moved since the review? That SES got on with the very name that is wanted is what
 * everybody waited for. */
static bool status_moved(const struct situation *s, const struct ses_facts *ses)
{
    enum mail_from_status was = (enum mail_from_status)s->expected->status;
    bool got_on = ses->status == MAIL_FROM_SUCCESS && was != MAIL_FROM_FAILED &&
                  dname_eq(ses->mail_from, s->wanted);
    return was != MAIL_FROM_UNKNOWN && ses->status != was && !got_on;
}

static bool is_unexpected(const struct situation *s, struct ses_facts ses)
{
    const struct expectation *e = s->expected;
    if (s->guard == GUARD_REVIEWED)
        return !holds(&ses, s->expected_mail_from, e->behavior) || status_moved(s, &ses);
    return !holds(&ses, s->expected_mail_from, e->behavior) &&
           !holds(&ses, s->or_mail_from, e->or_behavior) && !is_as_wanted(s, &ses);
}

static bool has_drifted(const struct situation *s, const struct ses_facts *ses)
{
    bool guards = s->guard == GUARD_REVIEWED || s->guard == GUARD_WRITTEN;
    return guards && s->job->writes == 0 && is_unexpected(s, *ses);
}

static struct decision drifted(const struct situation *s, const struct ses_facts *ses)
{
    struct decision d = finish(s, OUTCOME_DRIFTED, "");
    const struct expectation *e = s->expected;
    bool was = s->expected_mail_from.len > 0, is = ses->mail_from.len > 0;
    bool reviewed = s->guard == GUARD_REVIEWED && e->status != MAIL_FROM_UNKNOWN;
    snprintf(d.reason, sizeof d.reason,
             "SES now has MAIL FROM " TEXT_FMT " with %s %s, expected was " TEXT_FMT
             " with %s %s: it has changed since, so it is left alone",
             TEXT_ARG(is ? ses->mail_from : TEXT("default")), behavior_name(ses->behavior),
             mail_from_status_name(ses->status),
             TEXT_ARG(was ? s->expected_mail_from : TEXT("default")),
             behavior_name((enum behavior)e->behavior),
             reviewed ? mail_from_status_name((enum mail_from_status)e->status) : "");
    return d;
}

/* The end of a job that is as wanted. What a forced one overwrote is told, since nobody else will
 * remember it. */
static struct decision done(const struct situation *s)
{
    const struct job *job = s->job;
    struct decision d = finish(s, job->writes ? OUTCOME_DONE : OUTCOME_UNCHANGED,
                               job->writes ? "" : "already as wanted");
    struct ses_facts before = {.mail_from = s->mail_from_before,
                               .behavior = (enum behavior)job->behavior_before};
    if (s->guard == GUARD_FORCED && s->before_known && is_unexpected(s, before))
        snprintf(d.reason, sizeof d.reason,
                 "forced: overwrote MAIL FROM " TEXT_FMT
                 " with %s, which was not what the run had left there",
                 TEXT_ARG(before.mail_from.len ? before.mail_from : TEXT("default")),
                 behavior_name(before.behavior));
    return d;
}

/* Where looks wait long for company, a job gains nothing by being due sooner than a fraction of
 * that; and of the looks that find SES still busy, each costs its share of a call. */
static span_us follow_wait(const struct situation *s, span_us wait_us)
{
    span_us shared = s->company_us / 4 < FOLLOW_LATE ? s->company_us / 4 : FOLLOW_LATE;
    return shared > wait_us ? shared : wait_us;
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
    d.wait_us =
        follow_wait(s, backoff_span(BACKOFF_FOLLOW, s->rules->seed, s->number, s->job->looks + 1u));
    if (status == MAIL_FROM_TEMPORARY_FAILURE)
        snprintf(d.reason, sizeof d.reason,
                 "SES says TEMPORARY_FAILURE: it cannot see the MX at the moment");
    else
        snprintf(d.reason, sizeof d.reason, "waits for SES: %s", mail_from_status_name(status));
    return d;
}

/* The answer was lost, and what was written is not there: as far as SES shows, it never came. */
static struct decision write_again(const struct situation *s)
{
    if (s->job->attempts >= ATTEMPTS_MAX) {
        struct decision d = finish(s, OUTCOME_FAILED, "");
        snprintf(d.reason, sizeof d.reason,
                 "SES's answer to the change was lost %u times, and SES does not show it",
                 (unsigned)s->job->attempts);
        return d;
    }
    struct decision d = ready(s, (enum write_kind)s->job->write);
    d.wait_us = backoff_span(BACKOFF_ERROR, s->rules->seed, s->number, s->job->attempts);
    return d;
}

/* After a write that cleared: wanted, or the first half of setting anew. */
static struct decision looked_cleared(const struct situation *s, const struct ses_facts *ses)
{
    if (ses->mail_from.len == 0)
        return s->wanted.len ? ready(s, WRITE_NAME) : done(s);
    if (s->job->state == JOB_UNSURE)
        return write_again(s);
    return finish(s, OUTCOME_DRIFTED, "SES has a custom MAIL FROM again that this run cleared");
}

static struct decision looked_failed(const struct situation *s)
{
    if (s->job->restarts >= RESTARTS_MAX)
        return finish(s, OUTCOME_FAILED,
                      "SES says FAILED again, after it was set anew and after "
                      "it was cleared and set");
    struct decision d = decide(s, JOB_JUDGING);
    d.restart = true;
    snprintf(d.reason, sizeof d.reason, "SES says FAILED: set again once DNS is right");
    return d;
}

/* Was it this run that cleared? The first half of starting again may take effect after a look that
 * did not show it yet, when its process died or its answer was lost. Taken for that once only, so
 * that nobody who clears on purpose is fought. */
static bool is_own_late_clear(const struct situation *s, const struct ses_facts *ses)
{
    return ses->mail_from.len == 0 && s->job->restarts == RESTARTS_MAX;
}

/* What stood there before this run, or between the clearing and the set of a second restart. */
static bool is_past(const struct situation *s, const struct ses_facts *ses)
{
    bool was_there = s->before_known && dname_eq(ses->mail_from, s->mail_from_before) &&
                     ses->behavior == (enum behavior)s->job->behavior_before;
    return was_there || (ses->mail_from.len == 0 && s->job->restarts >= RESTARTS_MAX);
}

/* SES has accepted the write and shows what stood before it: rather an answer from a copy that lags
 * behind than somebody who put back the very same. Believed only when it stays so. */
static bool is_stale(const struct situation *s, const struct ses_facts *ses)
{
    instant_us accepted = s->job->deadline - s->policy->timeout_us;
    return is_past(s, ses) && (s->job->looks < STALE_LOOKS_MAX || s->now < accepted + STALE_SPAN);
}

static struct decision follow_unseen(const struct situation *s)
{
    struct decision d = follow(s, MAIL_FROM_PENDING);
    if (d.to == JOB_FOLLOWING)
        snprintf(d.reason, sizeof d.reason, "SES has accepted the change and does not show it yet");
    return d;
}

static struct decision set_once_more(const struct situation *s)
{
    struct decision d = ready(s, WRITE_NAME);
    d.restart = true;
    return d;
}

/* A look at a job whose write is out of our hands: it was accepted, or its answer was lost. */
static struct decision looked_after_write(const struct situation *s, const struct ses_facts *ses)
{
    enum job_state state = (enum job_state)s->job->state;
    bool is_enough = ses->status == MAIL_FROM_SUCCESS || s->policy->until == UNTIL_SET;
    if (s->wanted.len == 0 || s->job->write == WRITE_CLEAR_FIRST)
        return looked_cleared(s, ses);
    if (!dname_eq(ses->mail_from, s->wanted)) {
        if (state == JOB_UNSURE)
            return write_again(s);
        if (is_stale(s, ses))
            return follow_unseen(s);
        if (is_own_late_clear(s, ses))
            return set_once_more(s);
        struct decision d = finish(s, OUTCOME_DRIFTED, "");
        snprintf(d.reason, sizeof d.reason,
                 "SES now has MAIL FROM " TEXT_FMT ": somebody else has changed it meanwhile",
                 TEXT_ARG(ses->mail_from.len ? ses->mail_from : TEXT("default")));
        return d;
    }
    if (is_enough && ses->behavior == s->policy->behavior)
        return done(s);
    if (is_enough)
        return ready(s,
                     s->policy->behavior == BEHAVIOR_REJECT_MESSAGE ? WRITE_TIGHTEN : WRITE_NAME);
    return ses->status == MAIL_FROM_FAILED ? looked_failed(s) : follow(s, ses->status);
}

static struct decision looked_first(const struct situation *s, const struct ses_facts *ses,
                                    finding_set errors, const char *first_error)
{
    struct need need = need_of(s, ses);
    struct decision d = decide(s, JOB_JUDGING);
    if (s->job->writes == 0)
        d.action = need.action;
    d.write = need.write;
    d.restart =
        need.action == ACTION_RESTART && s->job->restarts == 0; /* a resumed one counts on */
    if (errors) {
        d = finish(s, OUTCOME_REFUSED, first_error);
        d.action = need.action;
        return d;
    }
    if (s->wanted.len > 0)
        return d;
    if (need.action == ACTION_NONE) {
        d = done(s);
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
    if (job->status_seen == MAIL_FROM_SUCCESS || s->policy->until == UNTIL_SET)
        return done(s);
    if (s->rules->plan_only)
        return finish(s, OUTCOME_PENDING, "set already; SES has not said Success yet");
    return follow(s, (enum mail_from_status)job->status_seen);
}

/* The longer a name has been waited for, the less a minute matters: looks are a thirtieth of the
 * wait apart, so a record is seen within some 3 % of the time that its owner took. Where it is
 * known how long DNS will say the same, the looks in between are left out. */
static span_us dns_wait(const struct situation *s)
{
    const struct job *job = s->job;
    struct backoff b = BACKOFF_DNS;
    span_us timeout = s->policy->timeout_us;
    instant_us end = job->deadline == WHEN_NEVER ? s->now + timeout : job->deadline;
    bool known = s->dns_same_until > s->now;
    instant_us from = !known ? s->now : s->dns_same_until < end ? s->dns_same_until : end;
    span_us share = (from - (end - timeout)) / DNS_PATIENCE;
    if (share > b.ceiling)
        b.ceiling = share < DNS_WAIT_MAX ? share : DNS_WAIT_MAX;
    if (!known)
        return backoff_span(b, s->rules->seed, s->number, job->looks + 1u);
    double unit = hash_unit(s->rules->seed, s->number, job->looks + 1u);
    return from - s->now + (span_us)((double)b.ceiling * unit) + 1;
}

static struct decision wait_for_dns(const struct situation *s, const char *reason)
{
    if (s->rules->plan_only)
        return finish(s, OUTCOME_WAITING_DNS, reason);
    if (s->now >= s->job->deadline)
        return finish(s, OUTCOME_EXPIRED, reason);
    struct decision d = decide(s, JOB_WAITING_DNS);
    d.wait_us = dns_wait(s);
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
    bool is_ses = reply->how != REPLY_NO_KEYS; /* else SES did not refuse or miss anything */
    int n = is_ses && *what ? snprintf(out, REASON_LEN_MAX, "%s: ", what) : 0;
    size_t used = n > 0 ? (size_t)n : 0, room = REASON_LEN_MAX - used;
    if (reply->code[0])
        n = snprintf(out + used, room, "%s: %s", reply->code, reply->message);
    else if (reply->how == REPLY_HTTP && !text_starts(text_of(reply->message), TEXT("HTTP ")))
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
        return done(s);
    if (s->job->write == WRITE_CLEAR_FIRST)
        return ready(s, WRITE_NAME);
    struct decision d = decide(s, JOB_FOLLOWING);
    d.wait_us = follow_wait(s, FOLLOW_SOON);
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
    case VERDICT_UNSURE: /* looking is harmless, and the sooner the better */
        d = decide(s, JOB_UNSURE);
        words_of(reply, "", d.reason);
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
