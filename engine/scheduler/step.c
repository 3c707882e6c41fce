/*
 * Decisions at the first read, at answers of DNS and to writes, and the length of waits.
 */
#include "step_internal.h"

#include "base/dname.h"
#include "base/hash.h"

#include <assert.h>
#include <stdio.h>

#define FOLLOW_SOON      SPAN_MS(250) /* after a write, without company for the read */
#define FOLLOW_LATE      SPAN_S(60)   /* and when many would */
#define RECENT_READ_WAIT SPAN_S(20)   /* between two possible old copies */
#define DNS_PATIENCE     30 /* a name waited for so many minutes is looked at once a minute */
#define DNS_WAIT_MAX     SPAN_M(15)

/* An answer denying an action with earlier success in this run must come so often, so far apart,
 * before it ends a row: over ten minutes. One page of a proxy is no answer of SES. */
#define ODD_ANSWERS_MAX 3
#define ODD_ANSWER_WAIT SPAN_M(5)

struct decision step_decide(const struct situation *s, enum job_state to)
{
    assert(to < JOB_STATES);
    return (struct decision){
        .to = to, .action = (enum action)s->job->action, .write = (enum write_kind)s->job->write};
}

struct decision step_finish(const struct situation *s, enum outcome outcome, const char *reason)
{
    assert(outcome != OUTCOME_OPEN);
    assert(reason);
    struct decision d = step_decide(s, JOB_DONE);
    d.outcome = outcome;
    snprintf(d.reason, sizeof d.reason, "%s", reason);
    return d;
}

struct decision step_ready(const struct situation *s, enum write_kind write)
{
    assert(write != WRITE_NOTHING);
    assert(!s->rules->plan_only);
    struct decision d = step_decide(s, JOB_READY);
    d.write = write;
    return d;
}

struct decision step_done(const struct situation *s)
{
    bool written = s->job->accepted > 0;
    struct decision d = step_finish(s, written ? OUTCOME_DONE : OUTCOME_UNCHANGED,
                                    written ? "" : "already as wanted");
    if (written)
        step_say_overwritten(s, d.reason);
    return d;
}

/* A row ends at its deadline, whatever the step. Without any success in the lane the row ends
 * sooner: the trouble is not a passing one. */
bool step_is_out_of_time(const struct situation *s)
{
    if (s->rules->plan_only || !s->lane_worked)
        return s->job->attempts + 1 >= ATTEMPTS_MAX;
    return s->now >= s->job->deadline;
}

span_us step_error_wait(const struct situation *s, unsigned attempt)
{
    assert(s->job->state != JOB_DONE);
    return backoff_span(BACKOFF_ERROR, s->rules->seed, s->number, attempt);
}

struct need step_need(const struct situation *s, const struct ses_facts *ses)
{
    bool is_wanted = dname_eq(ses->mail_from, s->wanted);
    if (s->wanted.len == 0)
        return ses->mail_from.len ? (struct need){ACTION_CLEAR, WRITE_CLEAR}
                                  : (struct need){ACTION_NONE, WRITE_NOTHING};
    /* Mail is rejected, or will be when the MX goes, against the manifest. */
    if (s->policy->behavior == BEHAVIOR_USE_DEFAULT_VALUE && ses->mail_from.len > 0 &&
        ses->behavior == BEHAVIOR_REJECT_MESSAGE &&
        (dname_eq(ses->mail_from, s->wanted) || ses->status != MAIL_FROM_SUCCESS))
        return (struct need){ACTION_CHANGE, WRITE_LOOSEN};
    if (ses->mail_from.len == 0)
        return (struct need){ACTION_SET, WRITE_NAME};
    if (!is_wanted)
        return (struct need){ACTION_CHANGE, WRITE_NAME};
    if (ses->status == MAIL_FROM_FAILED && s->policy->until == UNTIL_SUCCESS)
        return (struct need){ACTION_RESTART, WRITE_NAME};
    if (ses->behavior == s->policy->behavior)
        return (struct need){ACTION_NONE, WRITE_NOTHING};
    return (struct need){ACTION_TIGHTEN,
                         ses->status == MAIL_FROM_SUCCESS ? WRITE_TIGHTEN : WRITE_NOTHING};
}

/* If reads wait long for company, a job gains nothing by being due much sooner; and each read
 * finding SES still busy costs its share of a call. */
static span_us follow_wait(const struct situation *s, span_us wait_us)
{
    span_us shared = s->company_us / 4 < FOLLOW_LATE ? s->company_us / 4 : FOLLOW_LATE;
    assert(wait_us > 0);
    return shared > wait_us ? shared : wait_us;
}

/* Before a job ends by SES's answer, DNS is asked once more: the owner shall learn the cause. */
static struct decision ask_why(const struct situation *s)
{
    assert(s->job->state == JOB_FOLLOWING);
    struct decision d = step_decide(s, JOB_JUDGING);
    d.write = WRITE_NOTHING;
    return d;
}

struct decision step_follow(const struct situation *s, enum mail_from_status status,
                            const char *why)
{
    if (s->now >= s->job->deadline)
        return s->job->state == JOB_FOLLOWING ? ask_why(s) : step_expired(s, status, why);
    struct decision d = step_decide(s, JOB_FOLLOWING);
    d.wait_us =
        follow_wait(s, backoff_span(BACKOFF_FOLLOW, s->rules->seed, s->number, s->job->reads + 1u));
    assert(d.wait_us > 0);
    assert(why);
    if (status == MAIL_FROM_TEMPORARY_FAILURE)
        snprintf(d.reason, sizeof d.reason,
                 "SES says TEMPORARY_FAILURE: it cannot see the MX at the moment%s%s",
                 *why ? "; in DNS: " : "", why);
    else
        snprintf(d.reason, sizeof d.reason, "waits for SES: %s%s%s", mail_from_status_name(status),
                 *why ? "; in DNS: " : "", why);
    return d;
}

static struct decision saw_first(const struct situation *s, const struct ses_facts *ses,
                                 finding_set errors, const char *first_error)
{
    assert(s->job->state == JOB_READING);
    struct need need = step_need(s, ses);
    struct decision d = step_decide(s, JOB_JUDGING);
    bool loosens =
        need.write == WRITE_LOOSEN; /* mail is rejected: no finding refuses a loosening */
    if (s->job->accepted == 0)
        d.action = need.action;
    d.write = need.write;
    d.restart =
        need.action == ACTION_RESTART && s->job->restarts == 0; /* a resumed one counts on */
    if (errors && !loosens) {
        d = step_finish(s, OUTCOME_REFUSED, first_error);
        d.action = need.action;
        return d;
    }
    if (errors && s->rules->plan_only) {
        /* A plan's row with only the behaviour to write. */
        assert(need.write == WRITE_LOOSEN);
        struct decision loosened = step_finish(s, OUTCOME_PLANNED, "");
        loosened.action = need.action;
        snprintf(loosened.reason, sizeof loosened.reason,
                 "the MAIL FROM stays and only its behavior becomes USE_DEFAULT_VALUE; the change "
                 "of name is refused: %s",
                 first_error);
        return loosened;
    }
    if (s->wanted.len == 0 && need.action == ACTION_NONE) {
        d = step_done(s);
        d.action = s->job->accepted > 0 ? (enum action)s->job->action : ACTION_NONE;
        return d;
    }
    if (s->rules->plan_only && s->wanted.len == 0) {
        d.to = JOB_DONE;
        d.outcome = OUTCOME_PLANNED;
    } else if (!s->rules->plan_only && (s->wanted.len == 0 || need.write == WRITE_LOOSEN)) {
        d.to = JOB_READY; /* waits for no answer of DNS */
    }
    return d;
}

struct decision step_read(const struct situation *s, const struct ses_facts *ses,
                          finding_set errors, const char *first_error)
{
    bool is_gone = ses->known & KNOWN_VERIFICATION && ses->verification == VERIFICATION_NONE;
    bool was_there = s->job->verification != VERIFICATION_NONE; /* seen before a resume */
    if (is_gone && (s->job->state != JOB_READING || was_there))
        return step_gone(s);
    assert(s->job->state != JOB_NEW);
    assert(s->job->state != JOB_WRITING);
    assert(s->job->state != JOB_DONE);
    if (is_gone && (s->guard == GUARD_WRITTEN || s->guard == GUARD_FORCED))
        return step_gone(s);
    if (s->guard == GUARD_UNKNOWN)
        return step_before_unknown(s, ses);
    if (s->recent && s->recent->is_later) {
        /* A resumed run finds a later run's write, perhaps of its own rollback. */
        struct decision d = step_finish(s, OUTCOME_DRIFTED, "");
        snprintf(d.reason, sizeof d.reason,
                 "run %u of this journal has changed the identity since, so it is left alone",
                 s->recent->run);
        return d;
    }
    if (step_contradicts_recent(s, ses)) {
        assert(s->recent);
        assert(!s->recent->is_later);
        struct decision again = step_decide(s, (enum job_state)s->job->state);
        again.stale = true;
        again.wait_us = RECENT_READ_WAIT;
        snprintf(again.reason, sizeof again.reason,
                 "SES does not show yet what run %u of this journal has sent", s->recent->run);
        return again;
    }
    if (s->job->state == JOB_CONFIRMING)
        return step_confirmed(s, ses);
    if (s->job->state != JOB_READING)
        return step_read_after(s, ses);
    if (s->job->accepted > 0 && !step_is_last_known(s, ses))
        return step_read_anew(s, ses);
    bool is_own = step_shows_lost(s, ses);
    if (!is_own && step_has_drifted(s, ses))
        return step_drifted(s, ses);
    struct decision d = saw_first(s, ses, errors, first_error);
    if (!is_own)
        return d;
    d.action = (enum action)s->job->action; /* the action done, not the one still missing at SES */
    return step_confirmed_by_read(d);
}

/* The longer the wait for a name, the less a minute matters: looks are a thirtieth of the wait
 * apart, so a record is seen within about 3 % of its owner's time. If the time of DNS's next change
 * is known, the looks before are left out. */
static span_us dns_wait(const struct situation *s)
{
    const struct job *job = s->job;
    struct backoff b = BACKOFF_DNS;
    span_us timeout = s->policy->timeout_us;
    instant_us end = job->deadline == WHEN_NEVER ? s->now + timeout : job->deadline;
    bool known = s->dns_same_until > s->now;
    instant_us from = !known ? s->now : s->dns_same_until < end ? s->dns_same_until : end;
    assert(timeout >= 0);
    assert(from >= s->now);
    span_us share = (from - (end - timeout)) / DNS_PATIENCE;
    if (share > b.ceiling)
        b.ceiling = share < DNS_WAIT_MAX ? share : DNS_WAIT_MAX;
    if (!known)
        return backoff_span(b, s->rules->seed, s->number, job->reads + 1u);
    double unit = hash_unit(s->rules->seed, s->number, job->reads + 1u);
    return from - s->now + (span_us)((double)b.ceiling * unit) + 1;
}

struct decision step_dns_denies(const struct situation *s)
{
    struct decision d = step_decide(s, JOB_WAITING_DNS);
    d.wait_us = dns_wait(s);
    d.foretold = s->dns_same_until > s->now;
    assert(d.wait_us > 0);
    return d;
}

static struct decision wait_for_dns(const struct situation *s, const char *reason)
{
    if (s->rules->plan_only)
        return step_finish(s, OUTCOME_WAITING_DNS, reason);
    if (s->now >= s->job->deadline)
        return step_finish(s, OUTCOME_EXPIRED, reason);
    struct decision d = step_dns_denies(s);
    snprintf(d.reason, sizeof d.reason, "%s%s",
             s->job->publishing ? "its record sets are being published; DNS shows now: " : "",
             reason);
    return d;
}

/* A policy accepting a wrong MX, such as a rollback's, does not make the MX right. */
static const char *dns_reason(const struct situation *s, const struct dns_judged *dns, char out[64])
{
    bool matters = s->job->status_seen != MAIL_FROM_SUCCESS || s->job->write == WRITE_TIGHTEN;
    if (dns->first_reason[0] || dns->mx_is_right || !matters || dns->mx == MX_STATUS_NONE)
        return dns->first_reason;
    snprintf(out, 64, "the verdict on its MX is \"%s\"", mx_status_name(dns->mx));
    return out;
}

struct decision step_dns(const struct situation *s, const struct dns_judged *dns)
{
    const struct job *job = s->job;
    char mx_reason[64];
    const char *why = dns_reason(s, dns, mx_reason);
    bool restarting = job->restarts > 0 && job->status_seen == MAIL_FROM_FAILED;
    assert(job->state != JOB_DONE);
    assert(dns->first_reason);
    if (restarting && job->restarts > RESTARTS_MAX)
        return step_end_told(s, OUTCOME_FAILED,
                             "SES says FAILED again, after it was set anew and after it was "
                             "cleared and set",
                             why);
    if (job->write == WRITE_NOTHING && !restarting) {
        /* A judged job without a write: done, or SES is to be followed. */
        assert(why);
        enum mail_from_status status = (enum mail_from_status)s->job->status_seen;
        struct decision d = step_done(s);
        if (status == MAIL_FROM_SUCCESS && d.outcome == OUTCOME_UNCHANGED && *why)
            snprintf(d.reason, sizeof d.reason, "as wanted, but %s", why);
        if (status == MAIL_FROM_SUCCESS || s->policy->until == UNTIL_SET)
            return d;
        return s->rules->plan_only ? step_pending(s, status, why) : step_follow(s, status, why);
    }
    if (job->write == WRITE_LOOSEN && s->rules->plan_only) /* a run does not ask DNS first */
        return step_finish(s, OUTCOME_PLANNED, "");
    if (job->write == WRITE_TIGHTEN) {
        /* Setting REJECT_MESSAGE without the MX would make SES reject mail one day. So a fault in
         * DNS never refuses the write, and always holds the write up. */
        char reason[REASON_LEN_MAX];
        snprintf(reason, sizeof reason, "REJECT_MESSAGE waits for the right MX: %s", why);
        if (s->left_loose)
            return step_left_loose(s);
        if (!dns->mx_is_right)
            return wait_for_dns(s, reason);
        return s->rules->plan_only ? step_finish(s, OUTCOME_PLANNED, "")
                                   : step_ready(s, WRITE_TIGHTEN);
    }
    if (dns->errors)
        return step_finish(s, OUTCOME_REFUSED, dns->first_reason);
    if (!dns->ready)
        return wait_for_dns(s, dns->first_reason);
    if (s->rules->plan_only)
        return step_finish(s, OUTCOME_PLANNED, "");
    if (restarting)
        return step_ready(s, job->restarts >= RESTARTS_MAX ? WRITE_CLEAR_FIRST : WRITE_NAME);
    return step_ready(s, (enum write_kind)job->write);
}

/* SES's own words, behind an optional "what: ". A long message is cut, like all reasons. */
void step_words(const struct reply *reply, const char *what, char out[REASON_LEN_MAX])
{
    bool is_ses = reply->how != REPLY_NO_KEYS; /* otherwise SES neither refused nor missed a call */
    int n = is_ses && *what ? snprintf(out, REASON_LEN_MAX, "%s: ", what) : 0;
    size_t used = n > 0 ? (size_t)n : 0, room = REASON_LEN_MAX - used;
    assert(used < REASON_LEN_MAX);
    if (reply->code[0])
        n = snprintf(out + used, room, "%s: %s", reply->code, reply->message);
    else if (reply->how == REPLY_HTTP && !text_starts(text_of(reply->message), TEXT("HTTP ")))
        n = snprintf(out + used, room, "HTTP %u %s", reply->http_status, reply->message);
    else
        n = snprintf(out + used, room, "%s", reply->message);
    assert(n >= 0);
}

static struct decision give_up(const struct situation *s, const char *what,
                               const struct reply *reply)
{
    struct decision d = step_finish(s, OUTCOME_FAILED, "");
    step_words(reply, what, d.reason);
    return d;
}

struct decision step_out_of_time(const struct situation *s, const char *trouble)
{
    struct decision d = step_finish(s, OUTCOME_EXPIRED, "");
    if (trouble)
        snprintf(d.reason, sizeof d.reason,
                 "the deadline has passed, and SES could not be asked: %s", trouble);
    else
        snprintf(d.reason, sizeof d.reason,
                 "the deadline has passed: SES has throttled the calls that the identity needs");
    return d;
}

/* Tries the step again after a while, until the row's deadline. */
static struct decision again(const struct situation *s, enum job_state to, const char *what,
                             const struct reply *reply)
{
    struct decision d = step_decide(s, to);
    assert(to != JOB_DONE);
    if (step_is_out_of_time(s)) {
        d = give_up(s, what, reply);
        if (s->lane_worked && !s->rules->plan_only)
            d.outcome = OUTCOME_EXPIRED;
        return d;
    }
    d.wait_us = step_error_wait(s, s->job->attempts + 1u);
    assert(d.wait_us > 0);
    step_words(reply, "", d.reason);
    return d;
}

/* SES refuses an action with earlier success in this run: is the refusal certain? */
static bool is_odd(const struct situation *s, bool worked)
{
    return worked && !s->rules->plan_only && s->job->attempts + 1 < ODD_ANSWERS_MAX &&
           s->now < s->job->deadline;
}

static struct decision odd(const struct situation *s, enum job_state to, const struct reply *reply)
{
    assert(!s->rules->plan_only);
    assert(to != JOB_DONE);
    struct decision d = step_decide(s, to);
    d.wait_us = ODD_ANSWER_WAIT;
    step_words(reply, "", d.reason);
    return d;
}

static struct decision accepted(const struct situation *s)
{
    assert(s->job->accepted > 0);
    if (s->job->write == WRITE_CLEAR)
        return step_done(s);
    if (s->job->write == WRITE_CLEAR_FIRST)
        return step_ready(s, WRITE_NAME);
    struct decision d = step_decide(s, JOB_FOLLOWING);
    d.wait_us = s->job->write == WRITE_NAME ? follow_wait(s, FOLLOW_SOON) : FOLLOW_SOON;
    snprintf(d.reason, sizeof d.reason, "SES has accepted the change; waits for Success");
    return d;
}

struct decision step_written(const struct situation *s, enum verdict verdict,
                             const struct reply *reply)
{
    assert(s->job->state == JOB_WRITING);
    assert(!s->rules->plan_only);
    struct decision d;
    switch (verdict) {
    case VERDICT_OK: return accepted(s);
    case VERDICT_SLOW_DOWN:
        if (s->now >= s->job->deadline)
            return again(s, JOB_READY, "SES throttled the change until its time was over", reply);
        return step_ready(s, (enum write_kind)s->job->write);
    case VERDICT_RENEW:
    case VERDICT_SKEW:
    case VERDICT_AGAIN: return again(s, JOB_READY, "SES could not be reached", reply);
    case VERDICT_UNSURE: /* looking is harmless, and the sooner the better */
        d = step_decide(s, JOB_UNSURE);
        step_words(reply, "", d.reason);
        return d;
    case VERDICT_REFUSED:
    case VERDICT_GONE:
        if (is_odd(s, s->write_worked && !reply_is_about_request(reply)))
            return odd(s, JOB_READY, reply);
        break;
    case VERDICT_DENIED: /* of the whole lane: after earlier success, the lane waits (lane.c) */
        if (s->lane_worked && !s->rules->plan_only && s->now < s->job->deadline)
            return step_ready(s, (enum write_kind)s->job->write);
        break;
    }
    return give_up(s, "SES refused the change", reply);
}

struct decision step_read_failed(const struct situation *s, const struct reply *reply)
{
    if (is_odd(s, s->lane_worked && s->job->seen_known))
        return odd(s, (enum job_state)s->job->state, reply);
    return give_up(s, "SES could not be asked about the identity", reply);
}

void step_write(const struct situation *s, struct text *mail_from, enum behavior *behavior)
{
    enum write_kind write = (enum write_kind)s->job->write;
    bool clears = write == WRITE_CLEAR || write == WRITE_CLEAR_FIRST;
    assert(write != WRITE_NOTHING);
    assert(write != WRITE_TIGHTEN || s->wanted.len > 0);
    *mail_from = clears ? TEXT_NONE : write == WRITE_LOOSEN ? s->mail_from_seen : s->wanted;
    *behavior = write == WRITE_TIGHTEN ? s->policy->behavior : BEHAVIOR_USE_DEFAULT_VALUE;
}
