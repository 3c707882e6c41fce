#include "scheduler/step.h"
#include "base/count.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* One row: what SES says of an identity that wants bounce.example.com, and where the job goes. */
struct read_row {
    const char *seen;
    enum mail_from_status status;
    enum behavior seen_behavior, wanted_behavior;
    enum job_state to;
    enum action action;
    enum write_kind write;
};

static const struct step_rules live = {.seed = 1};

static struct situation situation_of(struct job *job, struct policy *policy)
{
    job->deadline = SPAN_H(100);
    return (struct situation){.rules = &live,
                              .job = job,
                              .lane_worked = true,
                              .write_worked = true,
                              .wanted = TEXT("bounce.example.com"),
                              .policy = policy,
                              .now = SPAN_H(1)};
}

#define USE    BEHAVIOR_USE_DEFAULT_VALUE
#define REJECT BEHAVIOR_REJECT_MESSAGE

static struct decision dns_says(const struct situation *s, finding_set errors, bool ready,
                                const char *reason)
{
    struct dns_judged dns = {
        .errors = errors, .ready = ready, .mx_is_right = ready, .first_reason = reason};
    return step_dns(s, &dns);
}

static void a_look_decides_what_is_to_be_done(void **state)
{
    (void)state;
    static const struct read_row rows[] = {
        {"", MAIL_FROM_NONE, USE, USE, JOB_JUDGING, ACTION_SET, WRITE_NAME},
        {"", MAIL_FROM_NONE, USE, REJECT, JOB_JUDGING, ACTION_SET, WRITE_NAME},
        {"old.example.com", MAIL_FROM_SUCCESS, REJECT, USE, JOB_JUDGING, ACTION_CHANGE, WRITE_NAME},
        {"bounce.example.com", MAIL_FROM_SUCCESS, USE, USE, JOB_JUDGING, ACTION_NONE,
         WRITE_NOTHING},
        {"BOUNCE.example.com", MAIL_FROM_SUCCESS, USE, USE, JOB_JUDGING, ACTION_NONE,
         WRITE_NOTHING},
        {"bounce.example.com", MAIL_FROM_SUCCESS, USE, REJECT, JOB_JUDGING, ACTION_TIGHTEN,
         WRITE_TIGHTEN},
        {"bounce.example.com", MAIL_FROM_SUCCESS, REJECT, USE, JOB_READY, ACTION_CHANGE,
         WRITE_LOOSEN},
        {"bounce.example.com", MAIL_FROM_FAILED, REJECT, USE, JOB_READY, ACTION_CHANGE,
         WRITE_LOOSEN},
        {"old.example.com", MAIL_FROM_PENDING, REJECT, USE, JOB_READY, ACTION_CHANGE, WRITE_LOOSEN},
        {"bounce.example.com", MAIL_FROM_PENDING, USE, REJECT, JOB_JUDGING, ACTION_TIGHTEN,
         WRITE_NOTHING},
        {"bounce.example.com", MAIL_FROM_PENDING, USE, USE, JOB_JUDGING, ACTION_NONE,
         WRITE_NOTHING},
        {"bounce.example.com", MAIL_FROM_FAILED, USE, USE, JOB_JUDGING, ACTION_RESTART, WRITE_NAME},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct job job = {.state = JOB_READING};
        struct policy policy = {.behavior = rows[i].wanted_behavior};
        struct situation s = situation_of(&job, &policy);
        struct ses_facts ses = {.verification = VERIFICATION_SUCCESS,
                                .mail_from = text_of(rows[i].seen),
                                .status = rows[i].status,
                                .behavior = rows[i].seen_behavior};
        struct decision d = step_read(&s, &ses, 0, "");
        assert_int_equal(d.to, rows[i].to);
        assert_int_equal(d.action, rows[i].action);
        assert_int_equal(d.write, rows[i].write);
    }
}

static void the_default_is_reached_by_clearing_once(void **state)
{
    (void)state;
    struct job job = {.state = JOB_READING};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = TEXT("old.example.com"), .status = MAIL_FROM_SUCCESS};
    s.wanted = TEXT_NONE;
    struct decision d = step_read(&s, &ses, 0, "");
    assert_int_equal(d.to, JOB_READY);
    assert_int_equal(d.write, WRITE_CLEAR);
    ses.mail_from = TEXT_NONE;
    d = step_read(&s, &ses, 0, "");
    assert_int_equal(d.to, JOB_DONE);
    assert_int_equal(d.outcome, OUTCOME_UNCHANGED);
}

static void reject_is_never_written_before_success(void **state)
{
    (void)state;
    static const enum write_kind kinds[] = {WRITE_NAME, WRITE_CLEAR, WRITE_CLEAR_FIRST};
    struct job job = {.state = JOB_READY};
    struct policy policy = {.behavior = REJECT};
    struct situation s = situation_of(&job, &policy);
    for (size_t i = 0; i < 3; i++) {
        struct text mail_from;
        enum behavior behavior;
        job.write = (uint8_t)kinds[i];
        step_write(&s, &mail_from, &behavior);
        assert_int_equal(behavior, USE);
    }
}

/* One row: what SES says, what was expected of it, and how the look at bounce.example.com ends. */
struct guard_row {
    enum guard guard;
    const char *seen;
    enum behavior seen_behavior;
    enum mail_from_status seen_status;
    const char *expected, *or_expected;
    enum mail_from_status expected_status;
    enum job_state to;
    enum outcome outcome;
};

static struct decision guarded_read(const struct guard_row *row, enum until until)
{
    struct job job = {.state = JOB_READING};
    struct policy policy = {.until = until};
    struct expectation expected = {.behavior = USE, .status = (uint8_t)row->expected_status};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = text_of(row->seen),
                            .behavior = row->seen_behavior,
                            .status = row->seen_status};
    s.guard = row->guard;
    s.expected = &expected;
    s.expected_mail_from = text_of(row->expected);
    s.or_mail_from = text_of(row->or_expected);
    return step_read(&s, &ses, 0, "");
}

#define WANTED  "bounce.example.com"
#define OLD     "old.example.com"
#define OTHER   "other.example.com"
#define SUCCESS MAIL_FROM_SUCCESS
#define PENDING MAIL_FROM_PENDING
#define FAILED  MAIL_FROM_FAILED
#define ANY     MAIL_FROM_UNKNOWN

static void facts_that_moved_since_the_review_are_drift(void **state)
{
    (void)state;
    static const struct guard_row rows[] = {
        {GUARD_REVIEWED, OLD, USE, SUCCESS, OLD, "", SUCCESS, JOB_JUDGING, OUTCOME_OPEN},
        {GUARD_REVIEWED, OTHER, USE, SUCCESS, OLD, "", SUCCESS, JOB_DONE, OUTCOME_DRIFTED},
        {GUARD_REVIEWED, OLD, REJECT, SUCCESS, OLD, "", SUCCESS, JOB_DONE, OUTCOME_DRIFTED},
        {GUARD_REVIEWED, OLD, USE, FAILED, OLD, "", SUCCESS, JOB_DONE, OUTCOME_DRIFTED},
        {GUARD_REVIEWED, OLD, USE, FAILED, OLD, "", ANY, JOB_JUDGING, OUTCOME_OPEN},
        {GUARD_REVIEWED, OLD, USE, SUCCESS, OLD, "", PENDING, JOB_DONE, OUTCOME_DRIFTED},
        /* mail is rejected, or will be: that the status has moved is no reason to wait */
        {GUARD_REVIEWED, OLD, REJECT, FAILED, OLD, "", SUCCESS, JOB_DONE, OUTCOME_DRIFTED},
        /* already as wanted by somebody else's hand: not what was reviewed */
        {GUARD_REVIEWED, WANTED, USE, SUCCESS, OLD, "", SUCCESS, JOB_DONE, OUTCOME_DRIFTED},
        /* SES got on with what is wanted: nobody has changed anything */
        {GUARD_REVIEWED, WANTED, USE, SUCCESS, WANTED, "", PENDING, JOB_JUDGING, OUTCOME_OPEN},
        {GUARD_REVIEWED, WANTED, USE, FAILED, WANTED, "", PENDING, JOB_DONE, OUTCOME_DRIFTED},
        {GUARD_NONE, OTHER, USE, SUCCESS, OLD, "", SUCCESS, JOB_JUDGING, OUTCOME_OPEN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct decision d = guarded_read(&rows[i], UNTIL_SUCCESS);
        assert_int_equal(d.to, rows[i].to);
        assert_int_equal(d.outcome, rows[i].outcome);
    }
}

static void only_what_a_run_left_is_taken_back(void **state)
{
    (void)state;
    static const struct guard_row rows[] = {
        {GUARD_WRITTEN, OLD, USE, SUCCESS, OLD, OLD, ANY, JOB_JUDGING, OUTCOME_OPEN},
        {GUARD_WRITTEN, OLD, USE, FAILED, OLD, OLD, ANY, JOB_JUDGING, OUTCOME_OPEN},
        {GUARD_WRITTEN, OTHER, USE, SUCCESS, OLD, OLD, ANY, JOB_DONE, OUTCOME_DRIFTED},
        {GUARD_WRITTEN, OLD, REJECT, SUCCESS, OLD, OLD, ANY, JOB_DONE, OUTCOME_DRIFTED},
        {GUARD_WRITTEN, "", USE, MAIL_FROM_NONE, OLD, OLD, ANY, JOB_DONE, OUTCOME_DRIFTED},
        /* the last write has no answer: it may not have taken effect */
        {GUARD_WRITTEN, "", USE, MAIL_FROM_NONE, OLD, "", ANY, JOB_JUDGING, OUTCOME_OPEN},
        /* back as it was: nothing to do, and nobody to blame */
        {GUARD_WRITTEN, WANTED, USE, SUCCESS, OLD, OLD, ANY, JOB_JUDGING, OUTCOME_OPEN},
        {GUARD_FORCED, OTHER, REJECT, SUCCESS, OLD, OLD, ANY, JOB_JUDGING, OUTCOME_OPEN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct decision d = guarded_read(&rows[i], UNTIL_SUCCESS);
        assert_int_equal(d.to, rows[i].to);
        assert_int_equal(d.outcome, rows[i].outcome);
    }
}

/* What was there before the run is lost: nothing is written, and what the run may have put there,
 * or have cleared, is not taken for what was there. */
static void what_was_before_is_not_guessed(void **state)
{
    (void)state;
    static const struct guard_row rows[] = {
        {GUARD_UNKNOWN, OLD, USE, SUCCESS, OLD, OLD, ANY, JOB_DONE, OUTCOME_REFUSED},
        {GUARD_UNKNOWN, OLD, REJECT, PENDING, OLD, OLD, ANY, JOB_DONE, OUTCOME_REFUSED},
        {GUARD_UNKNOWN, "", USE, MAIL_FROM_NONE, OLD, OLD, ANY, JOB_DONE, OUTCOME_REFUSED},
        {GUARD_UNKNOWN, "", USE, MAIL_FROM_NONE, "", "", ANY, JOB_DONE, OUTCOME_REFUSED},
        {GUARD_UNKNOWN, OTHER, USE, SUCCESS, OLD, OLD, ANY, JOB_DONE, OUTCOME_UNCHANGED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct decision d = guarded_read(&rows[i], UNTIL_SUCCESS);
        assert_int_equal(d.to, rows[i].to);
        assert_int_equal(d.outcome, rows[i].outcome);
        bool says = strstr(d.reason, "--to default") != NULL;
        assert_int_equal(says, d.outcome == OUTCOME_REFUSED);
    }
}

/* A job whose last known value at SES is this. */
static void knows(struct situation *s, struct job *job, const char *seen, enum behavior behavior)
{
    job->seen_known = true;
    job->behavior_seen = behavior;
    s->mail_from_seen = text_of(seen);
}

static void began_with(struct situation *s, struct job *job, const char *before)
{
    job->before_known = true;
    s->mail_from_before = text_of(before);
}

static void what_never_succeeded_is_put_back_without_waiting_for_success(void **state)
{
    (void)state;
    struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .accepted = 1};
    struct policy policy = {.until = UNTIL_SET};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = TEXT(WANTED), .status = PENDING};
    knows(&s, &job, WANTED, USE);
    assert_int_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_DONE);
    ses.status = FAILED;
    assert_int_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_DONE);
    job = (struct job){.state = JOB_JUDGING, .status_seen = FAILED};
    assert_int_equal(dns_says(&s, 0, true, "").outcome, OUTCOME_UNCHANGED);
}

static void a_rollback_rejects_no_mail_where_ses_does_not_say_success(void **state)
{
    (void)state;
    struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .accepted = 1};
    struct policy policy = {.until = UNTIL_SET, .behavior = REJECT};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = TEXT(WANTED), .status = PENDING};
    knows(&s, &job, WANTED, USE);
    struct decision d = step_read(&s, &ses, 0, "");
    assert_int_equal(d.outcome, OUTCOME_DONE);
    assert_non_null(strstr(d.reason, "behavior stays USE_DEFAULT_VALUE"));
    ses.status = SUCCESS;
    d = step_read(&s, &ses, 0, "");
    assert_true(d.to == JOB_JUDGING && d.write == WRITE_TIGHTEN); /* and then the MX is asked for */
}

static void force_says_what_it_overwrote(void **state)
{
    (void)state;
    struct job job = {.state = JOB_WRITING, .write = WRITE_CLEAR, .writes = 1, .accepted = 1};
    struct policy policy = {0};
    struct expectation expected = {.behavior = USE};
    struct situation s = situation_of(&job, &policy);
    struct reply fine = {.how = REPLY_HTTP, .http_status = 200};
    s.wanted = TEXT_NONE;
    s.guard = GUARD_FORCED;
    s.expected = &expected;
    s.expected_mail_from = s.or_mail_from = TEXT(OLD);
    began_with(&s, &job, OTHER);
    assert_non_null(strstr(step_written(&s, VERDICT_OK, &fine).reason, OTHER));
    began_with(&s, &job, OLD);
    assert_string_equal(step_written(&s, VERDICT_OK, &fine).reason, "");
    static const struct step_rules forced = {.seed = 1, .force = true};
    s.guard = GUARD_NONE;
    s.rules = &forced;
    assert_non_null(strstr(step_written(&s, VERDICT_OK, &fine).reason, OLD));
}

static void a_lost_answer_is_looked_at_and_not_repeated_blindly(void **state)
{
    (void)state;
    struct job job = {.state = JOB_WRITING, .write = WRITE_NAME, .writes = 1};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct reply lost = {.how = REPLY_LOST};
    knows(&s, &job, "", USE);
    assert_int_equal(step_written(&s, verdict_of(&lost, CALL_SET), &lost).to, JOB_UNSURE);
    job.state = JOB_UNSURE;
    job.lost = true;
    struct ses_facts there = {.mail_from = TEXT(WANTED), .status = MAIL_FROM_PENDING};
    struct decision d = step_read(&s, &there, 0, "");
    assert_true(d.to == JOB_FOLLOWING && d.confirmed);
    struct ses_facts not_there = {.mail_from = TEXT_NONE};
    job.attempts = 1;
    d = step_read(&s, &not_there, 0, "");
    assert_int_equal(d.to, JOB_READY);
    assert_true(d.wait_us > 0 && !d.confirmed);
    began_with(&s, &job, "");
    struct ses_facts other = {.mail_from = TEXT(OTHER), .status = SUCCESS};
    assert_int_equal(step_read(&s, &other, 0, "").outcome, OUTCOME_DRIFTED);
}

/* The look right before a write: what the row was judged on, and what SES shows now. */
static void a_write_replaces_only_what_the_row_was_judged_on(void **state)
{
    (void)state;
    static const struct {
        const char *judged_on, *seen;
        enum behavior behavior;
        enum mail_from_status status;
        enum job_state to;
        enum outcome outcome;
    } rows[] = {
        {"", "", USE, MAIL_FROM_NONE, JOB_READY, OUTCOME_OPEN},
        {"", OTHER, USE, SUCCESS, JOB_DONE, OUTCOME_DRIFTED},
        {OLD, OLD, USE, SUCCESS, JOB_READY, OUTCOME_OPEN},
        {OLD, OLD, USE, FAILED, JOB_READY, OUTCOME_OPEN},
        {OLD, OTHER, USE, SUCCESS, JOB_DONE, OUTCOME_DRIFTED},
        {OLD, OLD, REJECT, SUCCESS, JOB_DONE, OUTCOME_DRIFTED},
        {OLD, "", USE, MAIL_FROM_NONE, JOB_READY, OUTCOME_OPEN}, /* nothing to be overwritten */
        {OLD, WANTED, USE, SUCCESS, JOB_JUDGING, OUTCOME_OPEN},  /* another hand was faster */
        {OLD, WANTED, USE, PENDING, JOB_JUDGING, OUTCOME_OPEN},
        {OLD, WANTED, REJECT, SUCCESS, JOB_DONE, OUTCOME_DRIFTED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct job job = {.state = JOB_CONFIRMING, .write = WRITE_NAME, .writes = 3};
        struct policy policy = {0};
        struct situation s = situation_of(&job, &policy);
        struct ses_facts ses = {.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM,
                                .verification = VERIFICATION_SUCCESS,
                                .mail_from = text_of(rows[i].seen),
                                .behavior = rows[i].behavior,
                                .status = rows[i].status};
        knows(&s, &job, rows[i].judged_on, USE);
        began_with(&s, &job, rows[i].judged_on);
        struct decision d = step_read(&s, &ses, 0, "");
        assert_int_equal(d.to, rows[i].to);
        assert_int_equal(d.outcome, rows[i].outcome);
        static const struct step_rules forced = {.seed = 1, .force = true};
        s.rules = &forced;
        assert_int_not_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_DRIFTED);
    }
}

static void tightening_wants_success_and_the_mx_at_that_moment(void **state)
{
    (void)state;
    struct job job = {.state = JOB_CONFIRMING, .write = WRITE_TIGHTEN, .accepted = 1};
    struct policy policy = {.behavior = REJECT, .require = REQUIRE_NONE, .timeout_us = SPAN_H(72)};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = TEXT(WANTED), .status = SUCCESS};
    knows(&s, &job, WANTED, USE);
    struct decision d = step_read(&s, &ses, 0, "");
    assert_true(d.to == JOB_READY && d.write == WRITE_TIGHTEN); /* DNS is asked as its turn comes */
    ses.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM;
    ses.verification = VERIFICATION_PENDING;
    assert_int_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_FAILED);
    ses.verification = VERIFICATION_SUCCESS;
    ses.status = MAIL_FROM_TEMPORARY_FAILURE;
    assert_int_equal(step_read(&s, &ses, 0, "").to, JOB_FOLLOWING);
    job.state = JOB_JUDGING;
    assert_int_equal(dns_says(&s, 0, true, "").to, JOB_READY);
    d = dns_says(&s, FINDING_BIT(RECEIVES_MAIL), false, "the MX is gone");
    assert_int_equal(d.to, JOB_WAITING_DNS);
    assert_string_equal(d.reason, "REJECT_MESSAGE waits for the right MX: the MX is gone");
}

static void a_lost_tighten_is_judged_anew(void **state)
{
    (void)state;
    struct job job = {.state = JOB_UNSURE, .write = WRITE_TIGHTEN, .accepted = 1, .lost = true};
    struct policy policy = {.behavior = REJECT, .timeout_us = SPAN_H(72)};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = TEXT(WANTED), .status = SUCCESS};
    knows(&s, &job, WANTED, USE);
    struct decision d = step_read(&s, &ses, 0, "");
    assert_true(d.to == JOB_JUDGING && d.write == WRITE_TIGHTEN);
    ses.status = PENDING;
    assert_int_equal(step_read(&s, &ses, 0, "").to, JOB_FOLLOWING);
}

static void what_leaves_success_when_it_is_tightened_is_loosened_at_once(void **state)
{
    (void)state;
    struct job job = {.state = JOB_FOLLOWING, .write = WRITE_TIGHTEN, .accepted = 2};
    struct policy policy = {.behavior = REJECT};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = TEXT(WANTED), .behavior = REJECT, .status = PENDING};
    knows(&s, &job, WANTED, REJECT);
    struct decision d = step_read(&s, &ses, 0, "");
    assert_true(d.to == JOB_READY && d.write == WRITE_LOOSEN && d.fell_back);
    ses.status = SUCCESS;
    s.settles_at = s.now + SPAN_S(5);
    d = step_read(&s, &ses, 0, "");
    assert_true(d.to == JOB_FOLLOWING && d.wait_us == SPAN_S(5));
    s.now = s.settles_at;
    assert_int_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_DONE);
    knows(&s, &job, WANTED, USE); /* loosened, and back at Success: it is not tried again */
    ses.behavior = USE;
    s.left_loose = true;
    assert_int_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_FAILED);
}

static void the_value_before_is_believed_when_reads_five_minutes_apart_agree(void **state)
{
    (void)state;
    static const struct {
        span_us after; /* the first such read; 0: this is it */
        enum job_state to;
    } rows[] = {{0, JOB_FOLLOWING},
                {SPAN_S(1), JOB_FOLLOWING},
                {SPAN_S(299), JOB_FOLLOWING},
                {SPAN_S(300), JOB_DONE}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .accepted = 1};
        struct policy policy = {.timeout_us = SPAN_H(72)};
        struct situation s = situation_of(&job, &policy);
        struct ses_facts before = {.mail_from = TEXT(OLD), .status = SUCCESS};
        knows(&s, &job, WANTED, USE);
        began_with(&s, &job, OLD);
        if (rows[i].after)
            job.stale_since_s = (uint32_t)((s.now - rows[i].after) / SPAN_S(1));
        struct decision d = step_read(&s, &before, 0, "");
        assert_int_equal(d.to, rows[i].to);
        assert_int_equal(d.stale, d.to == JOB_FOLLOWING);
        assert_int_equal(d.outcome, d.to == JOB_DONE ? OUTCOME_DRIFTED : OUTCOME_OPEN);
    }
}

static void what_another_run_has_just_written_counts_for_more_than_a_read(void **state)
{
    (void)state;
    struct job job = {.state = JOB_READING};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = TEXT(OLD), .status = SUCCESS};
    s.now = SPAN_H(9);
    struct recent_write recent = {.at_s = (uint32_t)(s.now / SPAN_S(1)) - 60, .run = 7};
    s.recent = &recent;
    s.recent_mail_from = TEXT(WANTED);
    s.recent_before = TEXT(OLD);
    struct decision d = step_read(&s, &ses, 0, "");
    assert_true(d.to == JOB_READING && d.stale && d.wait_us > 0);
    assert_non_null(strstr(d.reason, "run 7"));
    job.stale_since_s = (uint32_t)(s.now / SPAN_S(1)) - 300;
    assert_int_equal(step_read(&s, &ses, 0, "").to, JOB_JUDGING); /* it stays so */
    job.stale_since_s = 0;
    ses.mail_from = TEXT(OTHER); /* another operator */
    assert_int_equal(step_read(&s, &ses, 0, "").to, JOB_JUDGING);
    ses.mail_from = TEXT(OLD);
    recent.at_s -= 900; /* whatever a clock says: two reads must agree */
    assert_true(step_read(&s, &ses, 0, "").stale);
    recent.at_s -= 3600; /* and if the write is old, soon */
    assert_true(step_read(&s, &ses, 0, "").stale);
    job.stale_since_s = (uint32_t)(s.now / SPAN_S(1)) - 40;
    assert_int_equal(step_read(&s, &ses, 0, "").to, JOB_JUDGING);
    recent.at_s += 3600;
    assert_true(step_read(&s, &ses, 0, "").stale);
    job.stale_since_s = 0;
    const struct step_rules *as_before = s.rules;
    struct step_rules planning = *s.rules;
    planning.plan_only = true;
    s.rules = &planning;
    assert_true(step_read(&s, &ses, 0, "").stale); /* a plan likewise */
    s.rules = as_before;
    recent.behavior = REJECT; /* which was set in two steps */
    ses.mail_from = TEXT(WANTED);
    assert_true(step_read(&s, &ses, 0, "").stale);
    ses.behavior = REJECT;
    assert_false(step_read(&s, &ses, 0, "").stale);
    recent.is_later = true;
    assert_int_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_DRIFTED);
}

static void a_name_that_is_gone_is_told_from_an_identity_that_is_gone(void **state)
{
    (void)state;
    struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .accepted = 1};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.known = KNOWN_MAIL_FROM};
    knows(&s, &job, WANTED, USE);
    began_with(&s, &job, OLD);
    struct decision d = step_read(&s, &ses, 0, "");
    assert_true(d.to == JOB_FOLLOWING && d.read_whole);
    ses.known |= KNOWN_VERIFICATION;
    d = step_read(&s, &ses, 0, "");
    assert_int_equal(d.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(d.reason, "was deleted"));
    ses.verification = VERIFICATION_SUCCESS;
    assert_int_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_DRIFTED);
    s.guard = GUARD_WRITTEN;
    ses.verification = VERIFICATION_NONE;
    assert_int_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_SKIPPED);
}

static void a_reject_that_another_operator_sets_is_drift(void **state)
{
    (void)state;
    struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .accepted = 1};
    struct policy policy = {.behavior = USE};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = TEXT(WANTED), .behavior = REJECT, .status = PENDING};
    knows(&s, &job, WANTED, USE);
    began_with(&s, &job, "");
    assert_int_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_DRIFTED);
}

static void a_write_that_never_arrives_is_tried_until_its_time_is_over(void **state)
{
    (void)state;
    struct job job = {.state = JOB_UNSURE, .write = WRITE_NAME, .attempts = 8, .lost = true};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts not_there = {.mail_from = TEXT_NONE};
    knows(&s, &job, "", USE);
    assert_int_equal(step_read(&s, &not_there, 0, "").to, JOB_READY);
    s.now = job.deadline;
    struct decision d = step_read(&s, &not_there, 0, "");
    assert_true(d.to == JOB_DONE && d.outcome == OUTCOME_FAILED);
    assert_non_null(strstr(d.reason, "lost 8 times"));
    job.write = WRITE_CLEAR;
    s.wanted = TEXT_NONE;
    struct ses_facts still_there = {.mail_from = TEXT(WANTED)};
    knows(&s, &job, WANTED, USE);
    assert_int_equal(step_read(&s, &still_there, 0, "").outcome, OUTCOME_FAILED);
}

static void trouble_is_waited_out_where_something_has_worked(void **state)
{
    (void)state;
    struct job job = {.state = JOB_WRITING, .write = WRITE_NAME, .attempts = 200};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct reply lost = {.how = REPLY_NOT_SENT, .message = "connection refused"};
    struct decision d = step_written(&s, VERDICT_AGAIN, &lost);
    assert_true(d.to == JOB_READY && d.wait_us > SPAN_M(2));
    s.now = job.deadline;
    assert_int_equal(step_written(&s, VERDICT_AGAIN, &lost).outcome, OUTCOME_EXPIRED);
    assert_int_equal(step_written(&s, VERDICT_SLOW_DOWN, &lost).outcome, OUTCOME_EXPIRED);
    s.now = SPAN_H(1);
    s.lane_worked = false;
    assert_int_equal(step_written(&s, VERDICT_AGAIN, &lost).outcome, OUTCOME_FAILED);
}

static void an_answer_that_contradicts_what_worked_must_come_three_times(void **state)
{
    (void)state;
    struct job job = {.state = JOB_WRITING, .write = WRITE_NAME};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct reply page = {.how = REPLY_HTTP, .http_status = 404};
    struct decision d = step_written(&s, VERDICT_REFUSED, &page);
    assert_true(d.to == JOB_READY && d.wait_us == SPAN_M(5));
    assert_int_equal(step_written(&s, VERDICT_GONE, &page).to, JOB_READY);
    snprintf(page.code, sizeof page.code, "AccountSuspendedException");
    assert_int_equal(step_written(&s, VERDICT_REFUSED, &page).to, JOB_READY);
    page.code[0] = '\0';
    job.attempts = 2;
    assert_int_equal(step_written(&s, VERDICT_REFUSED, &page).outcome, OUTCOME_FAILED);
    job.attempts = 0;
    snprintf(page.code, sizeof page.code, "InvalidParameterValue"); /* SES itself, with a reason */
    assert_int_equal(step_written(&s, VERDICT_REFUSED, &page).outcome, OUTCOME_FAILED);
    page.code[0] = '\0';
    s.write_worked = false; /* it contradicts nothing */
    assert_int_equal(step_written(&s, VERDICT_REFUSED, &page).outcome, OUTCOME_FAILED);
}

static void a_failed_set_up_is_set_again_then_cleared_and_set_then_given_up(void **state)
{
    (void)state;
    struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .accepted = 1};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts failed = {.mail_from = TEXT(WANTED), .status = MAIL_FROM_FAILED};
    knows(&s, &job, WANTED, USE);
    struct decision d = step_read(&s, &failed, 0, "");
    assert_true(d.to == JOB_FOLLOWING && d.stale); /* an old copy may say so, too */
    job.stale_since_s = (uint32_t)(s.now / SPAN_S(1)) - 300;
    d = step_read(&s, &failed, 0, "");
    assert_true(d.to == JOB_JUDGING && d.restart);
    job.state = JOB_JUDGING;
    job.restarts = 1;
    job.status_seen = MAIL_FROM_FAILED;
    d = dns_says(&s, 0, true, "");
    assert_true(d.to == JOB_READY && d.write == WRITE_NAME);
    job.state = JOB_CONFIRMING;
    assert_int_equal(step_read(&s, &failed, 0, "").to, JOB_READY);
    job.state = JOB_JUDGING;
    job.restarts = 2;
    d = dns_says(&s, 0, true, "");
    assert_true(d.to == JOB_READY && d.write == WRITE_CLEAR_FIRST);
    job.state = JOB_FOLLOWING;
    assert_true(step_read(&s, &failed, 0, "").restart); /* once too often: to be told why */
    job.state = JOB_JUDGING;
    job.restarts = 3;
    d = dns_says(&s, 0, true, "");
    assert_true(d.to == JOB_DONE && d.outcome == OUTCOME_FAILED);
    assert_non_null(strstr(d.reason, "cleared and set, although DNS shows"));
    d = dns_says(&s, FINDING_BIT(SEVERAL_MX), true, WANTED " has 2 MX records");
    assert_true(d.to == JOB_DONE && d.outcome == OUTCOME_FAILED);
    assert_non_null(strstr(d.reason, "cleared and set; in DNS: " WANTED " has 2 MX"));
}

static void a_clearing_of_ours_that_comes_late_is_mended_once(void **state)
{
    (void)state;
    struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .accepted = 2, .restarts = 2};
    struct policy policy = {.behavior = USE, .timeout_us = SPAN_H(99)};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts gone = {.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM,
                             .verification = VERIFICATION_SUCCESS,
                             .status = MAIL_FROM_NONE};
    knows(&s, &job, WANTED, USE);
    struct decision d = step_read(&s, &gone, 0, "");
    assert_true(d.to == JOB_FOLLOWING && d.stale); /* or the look is older than the set */
    job.stale_since_s = (uint32_t)(s.now / SPAN_S(1)) - 300;
    d = step_read(&s, &gone, 0, "");
    assert_true(d.to == JOB_READY && d.write == WRITE_NAME && d.restart);
    for (unsigned restarts = 0; restarts < 4; restarts++) {
        job.restarts = restarts & 3u;
        d = step_read(&s, &gone, 0, "");
        assert_int_equal(d.outcome, restarts == 2 ? OUTCOME_OPEN : OUTCOME_DRIFTED);
    }
    gone.mail_from = TEXT("else.example.com");
    job.restarts = 2;
    assert_int_equal(step_read(&s, &gone, 0, "").outcome, OUTCOME_DRIFTED);
}

static void slow_dns_waits_until_the_deadline_and_then_expires(void **state)
{
    (void)state;
    struct job job = {.state = JOB_JUDGING, .write = WRITE_NAME};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct decision d = dns_says(&s, 0, false, "no MX yet");
    assert_true(d.to == JOB_WAITING_DNS && d.wait_us > 0);
    job.state = JOB_WAITING_DNS;
    s.now = job.deadline;
    d = dns_says(&s, 0, false, "no MX yet");
    assert_true(d.to == JOB_DONE && d.outcome == OUTCOME_EXPIRED);
    assert_string_equal(d.reason, "no MX yet");
}

static void a_plan_never_becomes_ready_to_write(void **state)
{
    (void)state;
    static const struct step_rules plan = {.plan_only = true};
    struct job job = {.state = JOB_JUDGING, .write = WRITE_NAME};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    s.rules = &plan;
    assert_int_equal(dns_says(&s, 0, true, "").outcome, OUTCOME_PLANNED);
    assert_int_equal(dns_says(&s, 0, false, "").outcome, OUTCOME_WAITING_DNS);
    assert_int_equal(dns_says(&s, FINDING_BIT(RECEIVES_MAIL), false, "x").outcome, OUTCOME_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_decides_what_is_to_be_done),
        cmocka_unit_test(the_default_is_reached_by_clearing_once),
        cmocka_unit_test(reject_is_never_written_before_success),
        cmocka_unit_test(facts_that_moved_since_the_review_are_drift),
        cmocka_unit_test(only_what_a_run_left_is_taken_back),
        cmocka_unit_test(what_was_before_is_not_guessed),
        cmocka_unit_test(what_never_succeeded_is_put_back_without_waiting_for_success),
        cmocka_unit_test(force_says_what_it_overwrote),
        cmocka_unit_test(a_lost_answer_is_looked_at_and_not_repeated_blindly),
        cmocka_unit_test(a_rollback_rejects_no_mail_where_ses_does_not_say_success),
        cmocka_unit_test(a_write_replaces_only_what_the_row_was_judged_on),
        cmocka_unit_test(tightening_wants_success_and_the_mx_at_that_moment),
        cmocka_unit_test(a_lost_tighten_is_judged_anew),
        cmocka_unit_test(what_leaves_success_when_it_is_tightened_is_loosened_at_once),
        cmocka_unit_test(the_value_before_is_believed_when_reads_five_minutes_apart_agree),
        cmocka_unit_test(what_another_run_has_just_written_counts_for_more_than_a_read),
        cmocka_unit_test(a_name_that_is_gone_is_told_from_an_identity_that_is_gone),
        cmocka_unit_test(a_reject_that_another_operator_sets_is_drift),
        cmocka_unit_test(a_write_that_never_arrives_is_tried_until_its_time_is_over),
        cmocka_unit_test(trouble_is_waited_out_where_something_has_worked),
        cmocka_unit_test(an_answer_that_contradicts_what_worked_must_come_three_times),
        cmocka_unit_test(a_failed_set_up_is_set_again_then_cleared_and_set_then_given_up),
        cmocka_unit_test(a_clearing_of_ours_that_comes_late_is_mended_once),
        cmocka_unit_test(slow_dns_waits_until_the_deadline_and_then_expires),
        cmocka_unit_test(a_plan_never_becomes_ready_to_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
