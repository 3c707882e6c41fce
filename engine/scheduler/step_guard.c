/*
 * Compares the value at SES with the expected one. Four kinds of values are told apart:
 *
 *   last known   the value of the last read, or of the last write that SES took
 *   past         what stood there before a write of this run that SES took. SES promises no read
 *                that shows every write, so such a read may be an old copy. It is believed when two
 *                reads that lie STALE_SPAN apart agree
 *   expected     what the guard of the row allows to be overwritten
 *   anything else is another operator's, and the row has drifted
 */
#include "step_internal.h"

#include "base/dname.h"

#include <assert.h>
#include <stdio.h>

/* Copies of one Region lag by seconds; lags of two minutes have been seen when SES was in trouble.
 * Believing an old copy costs somebody's setting, waiting costs minutes of a three-day wait. */
#define STALE_SPAN SPAN_M(5)
/* No copy lags for an hour. Clocks may be wrong, so two reads must agree all the same. */
#define OLD_WRITE       SPAN_H(1)
#define OLD_WRITE_STALE SPAN_S(40)

bool step_holds(const struct ses_facts *ses, struct text mail_from, enum behavior behavior)
{
    return dname_eq(ses->mail_from, mail_from) && (mail_from.len == 0 || ses->behavior == behavior);
}

bool step_is_last_known(const struct situation *s, const struct ses_facts *ses)
{
    return s->job->seen_known && step_holds(ses, s->mail_from_seen, s->job->behavior_seen);
}

static bool is_as_wanted(const struct situation *s, const struct ses_facts *ses)
{
    return step_holds(ses, s->wanted, s->policy->behavior);
}

bool step_shows_write(const struct situation *s, const struct ses_facts *ses)
{
    struct text mail_from;
    enum behavior behavior;
    step_write(s, &mail_from, &behavior);
    return step_holds(ses, mail_from, behavior);
}

bool step_shows_own(const struct situation *s, const struct ses_facts *ses)
{
    return is_as_wanted(s, ses) ||
           (s->wanted.len > 0 && step_holds(ses, s->wanted, BEHAVIOR_USE_DEFAULT_VALUE));
}

bool step_shows_lost(const struct situation *s, const struct ses_facts *ses)
{
    const struct job *job = s->job;
    bool was_there =
        job->before_known && step_holds(ses, s->mail_from_before, job->behavior_before);
    bool is_set_anew = job->status_seen == MAIL_FROM_FAILED && ses->status != MAIL_FROM_FAILED;
    return job->lost && step_shows_own(s, ses) && (!was_there || is_set_anew);
}

/* Has the status moved since the review? Progress of SES with the wanted name is no drift. */
static bool status_moved(const struct situation *s, const struct ses_facts *ses)
{
    assert(s->guard == GUARD_REVIEWED);
    assert(s->expected);
    enum mail_from_status was = (enum mail_from_status)s->expected->status;
    bool got_on = ses->status == MAIL_FROM_SUCCESS && was != MAIL_FROM_FAILED &&
                  dname_eq(ses->mail_from, s->wanted);
    bool loosens = s->policy->behavior == BEHAVIOR_USE_DEFAULT_VALUE &&
                   ses->behavior == BEHAVIOR_REJECT_MESSAGE; /* the worse, the sooner */
    return was != MAIL_FROM_UNKNOWN && ses->status != was && !got_on && !loosens;
}

static bool is_unexpected(const struct situation *s, const struct ses_facts *ses)
{
    const struct expectation *e = s->expected;
    assert(s->guard != GUARD_SKIP);
    assert(s->guard == GUARD_NONE || e);
    if (s->guard == GUARD_NONE) {
        /* Without a review: a custom name, or a behaviour, that was not there at the first read.
         * The wanted name set by another operator is no drift. */
        return s->job->before_known && ses->mail_from.len > 0 && !step_shows_own(s, ses) &&
               !step_holds(ses, s->mail_from_before, s->job->behavior_before);
    }
    if (s->guard == GUARD_REVIEWED)
        return !step_holds(ses, s->expected_mail_from, (enum behavior)e->behavior) ||
               status_moved(s, ses);
    return !step_holds(ses, s->expected_mail_from, (enum behavior)e->behavior) &&
           !step_holds(ses, s->or_mail_from, (enum behavior)e->or_behavior) &&
           !is_as_wanted(s, ses);
}

bool step_has_drifted(const struct situation *s, const struct ses_facts *ses)
{
    bool is_guarded = s->guard != GUARD_FORCED && !s->rules->force;
    return is_guarded && s->job->accepted == 0 && is_unexpected(s, ses);
}

struct decision step_drifted(const struct situation *s, const struct ses_facts *ses)
{
    struct decision d = step_finish(s, OUTCOME_DRIFTED, "");
    const struct expectation *e = s->expected;
    bool expects = s->guard != GUARD_NONE && s->job->accepted == 0;
    assert(!expects || e);
    struct text was = expects ? s->expected_mail_from : s->mail_from_seen;
    enum behavior behavior = expects ? (enum behavior)e->behavior : s->job->behavior_seen;
    if (expects && step_holds(ses, was, behavior))
        snprintf(d.reason, sizeof d.reason,
                 "SES now says %s of MAIL FROM " TEXT_FMT
                 ", and said %s when the plan was reviewed: review a new plan",
                 mail_from_status_name(ses->status), TEXT_ARG(was.len ? was : TEXT("default")),
                 mail_from_status_name((enum mail_from_status)e->status));
    else
        snprintf(d.reason, sizeof d.reason,
                 "SES now has MAIL FROM " TEXT_FMT " with %s, and not " TEXT_FMT
                 " with %s: another operator, or a run of another journal, has set it, so it is "
                 "left alone",
                 TEXT_ARG(ses->mail_from.len ? ses->mail_from : TEXT("default")),
                 behavior_name(ses->behavior), TEXT_ARG(was.len ? was : TEXT("default")),
                 behavior_name(behavior));
    return d;
}

struct decision step_before_unknown(const struct situation *s, const struct ses_facts *ses)
{
    assert(s->guard == GUARD_UNKNOWN);
    assert(s->expected);
    bool may_be_left = ses->mail_from.len == 0 || dname_eq(ses->mail_from, s->expected_mail_from);
    struct decision d = step_finish(s, may_be_left ? OUTCOME_REFUSED : OUTCOME_UNCHANGED, "");
    if (may_be_left)
        snprintf(d.reason, sizeof d.reason,
                 "SES has MAIL FROM " TEXT_FMT " with %s; what it had before the run is not known, "
                 "since the journal has lost that record: set it by hand, or roll back with --to "
                 "default",
                 TEXT_ARG(ses->mail_from.len ? ses->mail_from : TEXT("default")),
                 behavior_name(ses->behavior));
    else
        snprintf(d.reason, sizeof d.reason,
                 "SES has MAIL FROM " TEXT_FMT
                 ", which is not the run's, so there is nothing to roll back",
                 TEXT_ARG(ses->mail_from));
    return d;
}

/* A value written by this run, and replaced since. */
static bool was_put_there(const struct situation *s, const struct ses_facts *ses)
{
    bool cleared = ses->mail_from.len == 0 && s->job->restarts >= RESTARTS_MAX;
    bool set = s->wanted.len > 0 && step_holds(ses, s->wanted, BEHAVIOR_USE_DEFAULT_VALUE);
    bool tightened = s->job->findings & FINDING_BIT(TIGHTEN_FALLS_BACK) &&
                     step_holds(ses, s->wanted, BEHAVIOR_REJECT_MESSAGE);
    return cleared || set || tightened;
}

/* A restarted set-up had failed before, and an old copy still shows FAILED. */
bool step_is_stale(const struct situation *s, const struct ses_facts *ses)
{
    const struct job *job = s->job;
    bool was_before =
        job->before_known && step_holds(ses, s->mail_from_before, job->behavior_before);
    bool is_past = !step_is_last_known(s, ses) && (was_before || was_put_there(s, ses));
    bool had_failed = ses->status == MAIL_FROM_FAILED && job->status_seen != MAIL_FROM_FAILED &&
                      s->policy->until == UNTIL_SUCCESS;
    instant_us since = SPAN_S(job->stale_since_s);
    assert(since <= s->now + SPAN_S(1)); /* rounded up to a second */
    return job->accepted > 0 && (is_past || had_failed) && (!since || s->now < since + STALE_SPAN);
}

/* A value before the recent write, or on the way to it: a name is set with USE_DEFAULT_VALUE first,
 * a rejecting one is loosened, a FAILED one cleared. */
static bool is_before_recent(const struct situation *s, const struct ses_facts *ses)
{
    assert(s->recent);
    assert(s->job->accepted == 0);
    bool was_there = dname_eq(ses->mail_from, s->recent_before);
    bool is_loose = ses->behavior == BEHAVIOR_USE_DEFAULT_VALUE &&
                    (was_there || dname_eq(ses->mail_from, s->recent_mail_from));
    bool is_cleared = ses->mail_from.len == 0 && dname_eq(s->recent_before, s->recent_mail_from);
    return is_loose || is_cleared ||
           step_holds(ses, s->recent_before, (enum behavior)s->recent->behavior_before);
}

bool step_may_show_yet(const struct situation *s)
{
    instant_us since = SPAN_S(s->job->stale_since_s);
    return since > 0 && s->now < since + STALE_SPAN;
}

bool step_contradicts_recent(const struct situation *s, const struct ses_facts *ses)
{
    const struct recent_write *r = s->recent;
    instant_us since = SPAN_S(s->job->stale_since_s);
    if (!r || s->job->accepted > 0)
        return false;
    span_us stale = s->now > SPAN_S(r->at_s) + OLD_WRITE ? OLD_WRITE_STALE : STALE_SPAN;
    return !step_holds(ses, s->recent_mail_from, (enum behavior)r->behavior) &&
           is_before_recent(s, ses) && (!since || s->now < since + stale);
}

void step_say_overwritten(const struct situation *s, char out[REASON_LEN_MAX])
{
    const struct job *job = s->job;
    struct ses_facts before = {.mail_from = s->mail_from_before, .behavior = job->behavior_before};
    bool is_custom = before.mail_from.len > 0 && !dname_eq(before.mail_from, s->wanted);
    bool told = s->guard == GUARD_FORCED ? is_unexpected(s, &before) : s->rules->force && is_custom;
    out[0] = '\0';
    if (job->accepted > 0 && job->before_known && told)
        snprintf(out, REASON_LEN_MAX, "forced: overwrote MAIL FROM " TEXT_FMT " with %s%s",
                 TEXT_ARG(before.mail_from.len ? before.mail_from : TEXT("default")),
                 behavior_name(before.behavior),
                 s->guard == GUARD_FORCED ? ", which was not what the run had left there" : "");
}
