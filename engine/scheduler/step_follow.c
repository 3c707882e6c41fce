/*
 * Decisions at reads after a write, and at the read right before. Invariant: a decision to write
 * follows a fresh read of the run's own value, or of the value expected by the guard; any other
 * value ends as drifted.
 */
#include "step_internal.h"

#include "base/dname.h"

#include <assert.h>
#include <stdio.h>

#define STALE_READ_MAX SPAN_M(1) /* between two reads of a possible old copy */

static struct decision drifted_since(const struct situation *s, const struct ses_facts *ses)
{
    assert(s->job->accepted > 0);
    struct decision d = step_finish(s, OUTCOME_DRIFTED, "");
    bool is_wanted = s->wanted.len > 0 && dname_eq(ses->mail_from, s->wanted);
    snprintf(d.reason, sizeof d.reason,
             "SES now has MAIL FROM " TEXT_FMT "%s%s: another operator has changed it since this "
             "run wrote it, so it is left alone",
             TEXT_ARG(ses->mail_from.len ? ses->mail_from : TEXT("default")),
             is_wanted ? " with " : "", is_wanted ? behavior_name(ses->behavior) : "");
    return d;
}

static struct decision set_up_anew(const struct situation *s)
{
    struct decision d = step_decide(s, JOB_JUDGING); /* once too often: to be told why */
    d.write = WRITE_NAME;
    d.restart = s->job->restarts <= RESTARTS_MAX;
    snprintf(d.reason, sizeof d.reason, "SES says FAILED: set again once DNS is right");
    return d;
}

/* Did this run clear the name? After a crash or a lost answer, the first half of a restart may take
 * effect after a read without it. A cleared name counts as the run's own only once, so an operator
 * clearing on purpose is not fought. */
static bool is_own_late_clear(const struct situation *s, const struct ses_facts *ses)
{
    return ses->mail_from.len == 0 && s->job->restarts == RESTARTS_MAX;
}

/* Probably an old copy: read again, soon at first. */
static struct decision wait_for_newer(const struct situation *s)
{
    assert(s->job->state == JOB_UNSURE || s->job->state == JOB_FOLLOWING ||
           s->job->state == JOB_READING || s->job->state == JOB_CONFIRMING);
    struct decision d = s->now < s->job->deadline ? step_follow(s, MAIL_FROM_PENDING, "")
                                                  : step_expired(s, MAIL_FROM_PENDING, NULL);
    d.stale = true;
    if (d.to != JOB_FOLLOWING)
        return d;
    d.to = (enum job_state)s->job->state;
    if (d.wait_us > STALE_READ_MAX)
        d.wait_us = STALE_READ_MAX;
    snprintf(d.reason, sizeof d.reason,
             s->job->state == JOB_UNSURE
                 ? "SES's answer to the change is not known, and SES does not show it yet"
                 : "SES has accepted the change and does not show it yet");
    return d;
}

/* A tightening needs Success and the right MX: DNS is asked for the MX. */
static struct decision judge_tighten(const struct situation *s)
{
    assert(!s->left_loose);
    assert(s->policy->behavior == BEHAVIOR_REJECT_MESSAGE);
    struct decision d = step_decide(s, JOB_JUDGING);
    d.write = WRITE_TIGHTEN;
    snprintf(d.reason, sizeof d.reason,
             "SES says SUCCESS; the MX is checked before REJECT_MESSAGE is set");
    return d;
}

struct decision step_left_loose(const struct situation *s)
{
    if (s->policy->until == UNTIL_SET && !s->left_loose)
        return step_finish(
            s, OUTCOME_DONE,
            "SES does not say SUCCESS, so the behavior stays USE_DEFAULT_VALUE: with "
            "REJECT_MESSAGE SES would reject mail");
    return step_finish(
        s, OUTCOME_FAILED,
        "the behavior stays USE_DEFAULT_VALUE: in this account and Region an identity lost the "
        "status SUCCESS when REJECT_MESSAGE was set (mailfrom explain tighten-falls-back)");
}

/* SES shows the wanted name, set by this run. */
static struct decision saw_wanted(const struct situation *s, const struct ses_facts *ses)
{
    bool success = ses->status == MAIL_FROM_SUCCESS;
    bool is_enough = success || s->policy->until == UNTIL_SET;
    if (ses->behavior == BEHAVIOR_REJECT_MESSAGE && !success && s->job->accepted > 0) {
        /* REJECT_MESSAGE without Success: mail is being rejected, by this run's setting. */
        struct decision d = step_ready(s, WRITE_LOOSEN);
        d.fell_back = true;
        snprintf(d.reason, sizeof d.reason,
                 "SES says %s since REJECT_MESSAGE was set: back to USE_DEFAULT_VALUE",
                 mail_from_status_name(ses->status));
        return d;
    }
    if (ses->behavior == BEHAVIOR_REJECT_MESSAGE && s->now < s->settles_at) {
        struct decision d = step_decide(s, JOB_FOLLOWING);
        d.wait_us = s->settles_at - s->now;
        assert(d.wait_us > 0);
        snprintf(d.reason, sizeof d.reason,
                 "REJECT_MESSAGE is set; the status is read once more, since it must stay SUCCESS");
        return d;
    }
    if (is_enough && ses->behavior == s->policy->behavior)
        return step_done(s);
    if (is_enough && s->policy->behavior == BEHAVIOR_REJECT_MESSAGE)
        return success && !s->left_loose ? judge_tighten(s) : step_left_loose(s);
    if (is_enough)
        return step_ready(s, WRITE_LOOSEN);
    return ses->status == MAIL_FROM_FAILED ? set_up_anew(s) : step_follow(s, ses->status, "");
}

/* SES has accepted a write of this run, or shows an unanswered one. */
static struct decision saw_own(const struct situation *s, const struct ses_facts *ses)
{
    if (s->wanted.len == 0)
        return ses->mail_from.len ? drifted_since(s, ses) : step_done(s);
    if (dname_eq(ses->mail_from, s->wanted))
        return saw_wanted(s, ses);
    if (is_own_late_clear(s, ses)) {
        /* Setting anew begins with clearing; this is the second half. */
        struct decision d = step_ready(s, WRITE_NAME);
        d.restart = true;
        return d;
    }
    /* The name loosened by this run on the way to the wanted one. A loosening whose answer was lost
     * is followed first, like an answered one. */
    if (s->job->state != JOB_FOLLOWING)
        return step_decide(s, JOB_FOLLOWING);
    struct decision d = step_decide(s, JOB_READING);
    d.write = WRITE_NOTHING;
    return d;
}

/* The read shows an unanswered write: the write counts as accepted from now on. */
struct decision step_confirmed_by_read(struct decision d)
{
    d.confirmed = true;
    if (d.to == JOB_DONE && d.outcome == OUTCOME_UNCHANGED) {
        d.outcome = OUTCOME_DONE;
        d.reason[0] = '\0';
    }
    assert(d.to != JOB_DONE || d.outcome != OUTCOME_OPEN);
    return d;
}

struct decision step_gone(const struct situation *s)
{
    if (s->wanted.len == 0 || s->guard == GUARD_WRITTEN || s->guard == GUARD_FORCED)
        return step_finish(
            s, OUTCOME_SKIPPED,
            "the identity does not exist any more, so there is nothing to roll back");
    return step_finish(s, OUTCOME_FAILED,
                       "the identity does not exist any more: it was deleted during the run");
}

static struct decision read_whole(const struct situation *s)
{
    struct decision d = step_decide(s, (enum job_state)s->job->state);
    d.read_whole = true;
    return d;
}

static struct decision drifted(const struct situation *s, const struct ses_facts *ses)
{
    if (ses->mail_from.len == 0 && !(ses->known & KNOWN_VERIFICATION))
        return read_whole(s);
    return s->job->accepted > 0 ? drifted_since(s, ses) : step_drifted(s, ses);
}

/* SES shows the write. Setting a FAILED name anew changes nothing but the status. */
static bool has_come(const struct situation *s, const struct ses_facts *ses)
{
    bool still_failed = step_is_last_known(s, ses) && ses->status == MAIL_FROM_FAILED;
    return step_shows_write(s, ses) && !still_failed;
}

/* SES has moved to a value free to be overwritten: decides the next step. */
static struct decision decided_anew(const struct situation *s, const struct ses_facts *ses)
{
    struct need need = step_need(s, ses);
    if (s->wanted.len == 0 && need.write == WRITE_NOTHING)
        return step_done(s);
    if (s->wanted.len == 0 || need.write == WRITE_LOOSEN)
        return step_ready(s, need.write);
    struct decision d = step_decide(s, JOB_JUDGING);
    d.action = need.action;
    d.write = need.write;
    return d;
}

static struct decision saw_unsure(const struct situation *s, const struct ses_facts *ses)
{
    assert(s->job->lost);
    bool forced = s->rules->force || s->guard == GUARD_FORCED;
    if (has_come(s, ses))
        return step_confirmed_by_read(s->job->write == WRITE_CLEAR_FIRST ? step_ready(s, WRITE_NAME)
                                                                         : saw_own(s, ses));
    if (step_is_last_known(s, ses) && step_may_show_yet(s))
        return wait_for_newer(s);
    if (step_is_last_known(s, ses) && s->job->write == WRITE_TIGHTEN) {
        /* The permission to tighten is asked anew each time. */
        struct decision d = saw_own(s, ses);
        if (d.to == JOB_JUDGING)
            d.wait_us = step_error_wait(s, s->job->attempts);
        return d;
    }
    if (step_is_last_known(s, ses)) {
        /* The answer was lost, and SES does not show the write: as far as known, the write never
           arrived. */
        assert(s->job->state == JOB_UNSURE);
        if (step_is_out_of_time(s)) {
            struct decision d = step_finish(s, OUTCOME_FAILED, "");
            snprintf(d.reason, sizeof d.reason,
                     "SES's answer to the change was lost %u times, and SES does not show it",
                     s->job->attempts > 0 ? s->job->attempts
                                          : 1u); /* at least one, by a killed process */
            return d;
        }
        struct decision d = step_ready(s, (enum write_kind)s->job->write);
        d.wait_us = step_error_wait(s, s->job->attempts);
        return d;
    }
    if (step_is_stale(s, ses))
        return wait_for_newer(s);
    if (forced || (s->job->accepted == 0 && !step_has_drifted(s, ses)))
        return decided_anew(s, ses);
    return drifted(s, ses);
}

struct decision step_read_anew(const struct situation *s, const struct ses_facts *ses)
{
    assert(s->job->state == JOB_READING);
    assert(s->job->accepted > 0);
    return step_is_stale(s, ses) ? wait_for_newer(s) : drifted(s, ses);
}

struct decision step_read_after(const struct situation *s, const struct ses_facts *ses)
{
    assert(s->job->state != JOB_READING);
    assert(s->job->state != JOB_NEW);
    if (s->job->state == JOB_UNSURE)
        return saw_unsure(s, ses);
    if (step_is_stale(s, ses))
        return wait_for_newer(s);
    if (step_is_last_known(s, ses) || is_own_late_clear(s, ses) ||
        (s->job->lost && step_shows_write(s, ses)))
        return saw_own(s, ses);
    return drifted(s, ses);
}

/* Is the write about to be sent still right? */
static bool is_still_needed(const struct situation *s, const struct ses_facts *ses)
{
    bool is_wanted = dname_eq(ses->mail_from, s->wanted);
    switch ((enum write_kind)s->job->write) {
    case WRITE_TIGHTEN:
        return is_wanted && ses->status == MAIL_FROM_SUCCESS &&
               ses->behavior != BEHAVIOR_REJECT_MESSAGE;
    case WRITE_LOOSEN: return ses->mail_from.len && ses->behavior == BEHAVIOR_REJECT_MESSAGE;
    case WRITE_NAME:
        return !is_wanted || ses->status == MAIL_FROM_FAILED ||
               ses->behavior == BEHAVIOR_REJECT_MESSAGE;
    case WRITE_CLEAR:
    case WRITE_CLEAR_FIRST: return ses->mail_from.len > 0;
    case WRITE_NOTHING: break;
    }
    return false;
}

struct decision step_confirmed(const struct situation *s, const struct ses_facts *ses)
{
    assert(s->job->state == JOB_CONFIRMING);
    assert(s->job->write != WRITE_NOTHING);
    bool is_known = ses->known & KNOWN_VERIFICATION;
    if (ses->mail_from.len == 0 && s->mail_from_seen.len > 0 && !is_known)
        return read_whole(s);
    /* SES would accept the write, without any effect. */
    enum write_kind write = (enum write_kind)s->job->write;
    if (ses->known & KNOWN_VERIFICATION && ses->verification != VERIFICATION_SUCCESS &&
        (write == WRITE_NAME || write == WRITE_TIGHTEN) &&
        !(s->policy->accept & FINDING_BIT(IDENTITY_UNVERIFIED))) {
        assert(ses->verification != VERIFICATION_SUCCESS);
        struct decision d = step_finish(s, OUTCOME_FAILED, "");
        snprintf(d.reason, sizeof d.reason,
                 "the identity is not verified any more: SES says %s, so nothing is written",
                 verification_name(ses->verification));
        return d;
    }
    if (s->job->accepted > 0 && !step_is_last_known(s, ses))
        return step_read_after(s, ses);
    if (s->job->lost && has_come(s, ses))
        return step_confirmed_by_read(saw_own(s, ses));
    if (step_has_drifted(s, ses))
        return step_drifted(s, ses);
    if (is_still_needed(s, ses))
        return step_ready(s, (enum write_kind)s->job->write);
    return s->job->accepted > 0 ? step_read_after(s, ses) : decided_anew(s, ses);
}
