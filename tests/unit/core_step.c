#include "step.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* One row: what SES says of an identity that wants bounce.example.com, and where the job goes. */
struct look_row {
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
                              .wanted = TEXT("bounce.example.com"),
                              .policy = policy,
                              .now = SPAN_H(1)};
}

#define USE    BEHAVIOR_USE_DEFAULT_VALUE
#define REJECT BEHAVIOR_REJECT_MESSAGE

static void a_look_decides_what_is_to_be_done(void **state)
{
    (void)state;
    static const struct look_row rows[] = {
        {"", MAIL_FROM_NONE, USE, USE, JOB_JUDGING, ACTION_SET, WRITE_NAME},
        {"", MAIL_FROM_NONE, USE, REJECT, JOB_JUDGING, ACTION_SET, WRITE_NAME},
        {"old.example.com", MAIL_FROM_SUCCESS, REJECT, USE, JOB_JUDGING, ACTION_CHANGE, WRITE_NAME},
        {"bounce.example.com", MAIL_FROM_SUCCESS, USE, USE, JOB_JUDGING, ACTION_NONE,
         WRITE_NOTHING},
        {"BOUNCE.example.com", MAIL_FROM_SUCCESS, USE, USE, JOB_JUDGING, ACTION_NONE,
         WRITE_NOTHING},
        {"bounce.example.com", MAIL_FROM_SUCCESS, USE, REJECT, JOB_JUDGING, ACTION_TIGHTEN,
         WRITE_TIGHTEN},
        {"bounce.example.com", MAIL_FROM_SUCCESS, REJECT, USE, JOB_JUDGING, ACTION_CHANGE,
         WRITE_NAME},
        {"bounce.example.com", MAIL_FROM_PENDING, USE, REJECT, JOB_JUDGING, ACTION_TIGHTEN,
         WRITE_NOTHING},
        {"bounce.example.com", MAIL_FROM_PENDING, USE, USE, JOB_JUDGING, ACTION_NONE,
         WRITE_NOTHING},
        {"bounce.example.com", MAIL_FROM_FAILED, USE, USE, JOB_JUDGING, ACTION_RESTART, WRITE_NAME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job = {.state = JOB_LOOKING};
        struct policy policy = {.behavior = rows[i].wanted_behavior};
        struct situation s = situation_of(&job, &policy);
        struct ses_facts ses = {.verification = VERIFICATION_SUCCESS,
                                .mail_from = text_of(rows[i].seen),
                                .status = rows[i].status,
                                .behavior = rows[i].seen_behavior};
        struct decision d = step_looked(&s, &ses, 0, "");
        assert_int_equal(d.to, rows[i].to);
        assert_int_equal(d.action, rows[i].action);
        assert_int_equal(d.write, rows[i].write);
    }
}

static void the_default_is_reached_by_clearing_once(void **state)
{
    (void)state;
    struct job job = {.state = JOB_LOOKING};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = TEXT("old.example.com"), .status = MAIL_FROM_SUCCESS};
    s.wanted = TEXT_NONE;
    struct decision d = step_looked(&s, &ses, 0, "");
    assert_int_equal(d.to, JOB_READY);
    assert_int_equal(d.write, WRITE_CLEAR);
    ses.mail_from = TEXT_NONE;
    d = step_looked(&s, &ses, 0, "");
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

static struct decision guarded_look(const struct guard_row *row, enum until until)
{
    struct job job = {.state = JOB_LOOKING};
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
    return step_looked(&s, &ses, 0, "");
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
        /* already as wanted by somebody else's hand: not what was reviewed */
        {GUARD_REVIEWED, WANTED, USE, SUCCESS, OLD, "", SUCCESS, JOB_DONE, OUTCOME_DRIFTED},
        /* SES got on with what is wanted: nobody has changed anything */
        {GUARD_REVIEWED, WANTED, USE, SUCCESS, WANTED, "", PENDING, JOB_JUDGING, OUTCOME_OPEN},
        {GUARD_REVIEWED, WANTED, USE, FAILED, WANTED, "", PENDING, JOB_DONE, OUTCOME_DRIFTED},
        {GUARD_NONE, OTHER, USE, SUCCESS, OLD, "", SUCCESS, JOB_JUDGING, OUTCOME_OPEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct decision d = guarded_look(&rows[i], UNTIL_SUCCESS);
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
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct decision d = guarded_look(&rows[i], UNTIL_SUCCESS);
        assert_int_equal(d.to, rows[i].to);
        assert_int_equal(d.outcome, rows[i].outcome);
    }
}

static void what_never_succeeded_is_put_back_without_waiting_for_success(void **state)
{
    (void)state;
    struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .writes = 1};
    struct policy policy = {.until = UNTIL_SET};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts ses = {.mail_from = TEXT(WANTED), .status = PENDING};
    assert_int_equal(step_looked(&s, &ses, 0, "").outcome, OUTCOME_DONE);
    ses.status = FAILED;
    assert_int_equal(step_looked(&s, &ses, 0, "").outcome, OUTCOME_DONE);
    policy.behavior = REJECT; /* it rejected before the run, Success or not */
    struct decision d = step_looked(&s, &ses, 0, "");
    assert_true(d.to == JOB_READY && d.write == WRITE_TIGHTEN);
    job = (struct job){.state = JOB_JUDGING, .status_seen = FAILED};
    assert_int_equal(step_dns(&s, 0, true, "").outcome, OUTCOME_UNCHANGED);
}

static void force_says_what_it_overwrote(void **state)
{
    (void)state;
    struct job job = {.state = JOB_WRITING, .write = WRITE_CLEAR, .writes = 1};
    struct policy policy = {0};
    struct expectation expected = {.behavior = USE};
    struct situation s = situation_of(&job, &policy);
    struct reply fine = {.how = REPLY_HTTP, .http_status = 200};
    s.wanted = TEXT_NONE;
    s.guard = GUARD_FORCED;
    s.expected = &expected;
    s.expected_mail_from = s.or_mail_from = TEXT(OLD);
    s.before_known = true;
    s.mail_from_before = TEXT(OTHER);
    assert_non_null(strstr(step_written(&s, VERDICT_OK, &fine).reason, OTHER));
    s.mail_from_before = TEXT(OLD);
    assert_string_equal(step_written(&s, VERDICT_OK, &fine).reason, "");
}

static void a_lost_answer_is_looked_at_and_not_repeated_blindly(void **state)
{
    (void)state;
    struct job job = {.state = JOB_WRITING, .write = WRITE_NAME, .writes = 1};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct reply lost = {.how = REPLY_LOST};
    assert_int_equal(step_written(&s, verdict_of(&lost, CALL_SET), &lost).to, JOB_UNSURE);
    job.state = JOB_UNSURE;
    struct ses_facts there = {.mail_from = TEXT("bounce.example.com"), .status = MAIL_FROM_PENDING};
    assert_int_equal(step_looked(&s, &there, 0, "").to, JOB_FOLLOWING);
    struct ses_facts not_there = {.mail_from = TEXT_NONE};
    job.attempts = 1;
    struct decision d = step_looked(&s, &not_there, 0, "");
    assert_int_equal(d.to, JOB_READY);
    assert_true(d.wait_us > 0);
}

static void the_value_before_is_believed_after_three_looks_and_a_minute(void **state)
{
    (void)state;
    static const struct {
        uint8_t looks;
        span_us after;
        enum job_state to;
    } rows[] = {{0, SPAN_S(1), JOB_FOLLOWING},  {3, SPAN_S(20), JOB_FOLLOWING},
                {9, SPAN_S(59), JOB_FOLLOWING}, {0, SPAN_M(5), JOB_FOLLOWING},
                {2, SPAN_M(15), JOB_FOLLOWING}, {3, SPAN_S(61), JOB_DONE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .looks = rows[i].looks};
        struct policy policy = {.timeout_us = SPAN_H(72)};
        struct situation s = situation_of(&job, &policy);
        struct ses_facts before = {.mail_from = TEXT(OLD), .status = SUCCESS};
        s.before_known = true;
        s.mail_from_before = TEXT(OLD);
        s.now = job.deadline - policy.timeout_us + rows[i].after;
        struct decision d = step_looked(&s, &before, 0, "");
        assert_int_equal(d.to, rows[i].to);
        assert_int_equal(d.outcome, d.to == JOB_DONE ? OUTCOME_DRIFTED : OUTCOME_OPEN);
    }
}

static void a_write_that_never_arrives_is_given_up(void **state)
{
    (void)state;
    struct job job = {.state = JOB_UNSURE, .write = WRITE_NAME, .attempts = ATTEMPTS_MAX - 1};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts not_there = {.mail_from = TEXT_NONE};
    assert_int_equal(step_looked(&s, &not_there, 0, "").to, JOB_READY);
    job.attempts = ATTEMPTS_MAX;
    struct decision d = step_looked(&s, &not_there, 0, "");
    assert_true(d.to == JOB_DONE && d.outcome == OUTCOME_FAILED);
    assert_non_null(strstr(d.reason, "lost 8 times"));
    job.write = WRITE_CLEAR;
    s.wanted = TEXT_NONE;
    struct ses_facts still_there = {.mail_from = TEXT("bounce.example.com")};
    assert_int_equal(step_looked(&s, &still_there, 0, "").outcome, OUTCOME_FAILED);
}

static void a_failed_set_up_is_set_again_then_cleared_and_set_then_given_up(void **state)
{
    (void)state;
    struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .writes = 1};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts failed = {.mail_from = TEXT("bounce.example.com"), .status = MAIL_FROM_FAILED};
    struct decision d = step_looked(&s, &failed, 0, "");
    assert_true(d.to == JOB_JUDGING && d.restart);
    job = (struct job){.state = JOB_JUDGING,
                       .restarts = 1,
                       .writes = 1,
                       .write = WRITE_NAME,
                       .status_seen = MAIL_FROM_FAILED,
                       .deadline = SPAN_H(100)};
    d = step_dns(&s, 0, true, "");
    assert_true(d.to == JOB_READY && d.write == WRITE_NAME);
    job.restarts = 2;
    d = step_dns(&s, 0, true, "");
    assert_true(d.to == JOB_READY && d.write == WRITE_CLEAR_FIRST);
    job.state = JOB_FOLLOWING;
    assert_int_equal(step_looked(&s, &failed, 0, "").outcome, OUTCOME_FAILED);
}

static void a_clearing_of_ours_that_comes_late_is_mended_once(void **state)
{
    (void)state;
    struct job job = {.state = JOB_FOLLOWING, .write = WRITE_NAME, .writes = 2, .restarts = 2};
    struct policy policy = {.behavior = USE, .timeout_us = SPAN_H(99) + SPAN_M(30)};
    struct situation s = situation_of(&job, &policy); /* half an hour after SES accepted */
    struct ses_facts gone = {.verification = VERIFICATION_SUCCESS, .status = MAIL_FROM_NONE};
    struct decision d = step_looked(&s, &gone, 0, "");
    assert_int_equal(d.to, JOB_FOLLOWING); /* or the look is older than the set */
    job.looks = 3;
    d = step_looked(&s, &gone, 0, "");
    assert_true(d.to == JOB_READY && d.write == WRITE_NAME && d.restart);
    for (uint8_t restarts = 0; restarts < 4; restarts++) {
        job.restarts = restarts;
        d = step_looked(&s, &gone, 0, "");
        assert_int_equal(d.outcome, restarts == 2 ? OUTCOME_OPEN : OUTCOME_DRIFTED);
    }
    gone.mail_from = TEXT("else.example.com");
    job.restarts = 2;
    assert_int_equal(step_looked(&s, &gone, 0, "").outcome, OUTCOME_DRIFTED);
}

static void slow_dns_waits_until_the_deadline_and_then_expires(void **state)
{
    (void)state;
    struct job job = {.state = JOB_JUDGING, .write = WRITE_NAME};
    struct policy policy = {0};
    struct situation s = situation_of(&job, &policy);
    struct decision d = step_dns(&s, 0, false, "no MX yet");
    assert_true(d.to == JOB_WAITING_DNS && d.wait_us > 0);
    job.state = JOB_WAITING_DNS;
    s.now = job.deadline;
    d = step_dns(&s, 0, false, "no MX yet");
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
    assert_int_equal(step_dns(&s, 0, true, "").outcome, OUTCOME_PLANNED);
    assert_int_equal(step_dns(&s, 0, false, "").outcome, OUTCOME_WAITING_DNS);
    assert_int_equal(step_dns(&s, FINDING_BIT(RECEIVES_MAIL), false, "x").outcome, OUTCOME_REFUSED);
}

static void a_wrong_secret_is_not_tried_for_minutes(void **state)
{
    (void)state;
    static const char *const codes[] = {"SignatureDoesNotMatch", "InvalidSignatureException",
                                        "AuthFailure",           "RequestExpired",
                                        "RequestInTheFuture",    "RequestTimeTooSkewed"};
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct reply reply = {.how = REPLY_HTTP, .http_status = 403};
        snprintf(reply.code, sizeof reply.code, "%s", codes[i]);
        assert_int_equal(verdict_of(&reply, CALL_SET), VERDICT_DENIED);
        reply.clock_corrected = true; /* then the clock may have been the fault, not the secret */
        assert_int_equal(verdict_of(&reply, CALL_SET), VERDICT_SKEW);
    }
    assert_int_equal(verdict_after(VERDICT_RENEW, 2), VERDICT_RENEW);
    assert_int_equal(verdict_after(VERDICT_RENEW, 3), VERDICT_DENIED);
    assert_int_equal(verdict_after(VERDICT_AGAIN, 7), VERDICT_AGAIN);
}

static void every_answer_of_ses_has_its_consequence(void **state)
{
    (void)state;
    static const struct {
        enum reply_how how;
        uint16_t status;
        const char *code, *message;
        enum call_kind kind;
        enum verdict verdict;
    } rows[] = {
        {REPLY_NOT_SENT, 0, "", "", CALL_SET, VERDICT_AGAIN},
        {REPLY_NO_KEYS, 0, "", "", CALL_SET, VERDICT_DENIED},
        {REPLY_NO_KEYS, 0, "", "", CALL_READ_MAIL_FROM, VERDICT_DENIED},
        {REPLY_LOST, 0, "", "", CALL_SET, VERDICT_UNSURE},
        {REPLY_LOST, 0, "", "", CALL_READ_MAIL_FROM, VERDICT_AGAIN},
        {REPLY_GARBLED, 200, "", "", CALL_SET, VERDICT_UNSURE},
        {REPLY_HTTP, 200, "", "", CALL_SET, VERDICT_OK},
        {REPLY_HTTP, 400, "Throttling", "Rate exceeded", CALL_READ_MAIL_FROM, VERDICT_SLOW_DOWN},
        {REPLY_HTTP, 429, "TooManyRequestsException", "", CALL_SET, VERDICT_SLOW_DOWN},
        {REPLY_HTTP, 429, "", "", CALL_SET, VERDICT_SLOW_DOWN},
        {REPLY_HTTP, 503, "ServiceUnavailable", "", CALL_SET, VERDICT_UNSURE},
        {REPLY_HTTP, 503, "", "<html>", CALL_READ_MAIL_FROM, VERDICT_AGAIN},
        {REPLY_HTTP, 307, "", "", CALL_READ_MAIL_FROM, VERDICT_AGAIN},
        {REPLY_HTTP, 302, "", "", CALL_SET, VERDICT_UNSURE},
        {REPLY_HTTP, 500, "ConcurrentModificationException", "", CALL_SET, VERDICT_UNSURE},
        {REPLY_HTTP, 403, "ExpiredToken", "", CALL_SET, VERDICT_RENEW},
        {REPLY_HTTP, 403, "SignatureDoesNotMatch", "", CALL_SET, VERDICT_DENIED},
        {REPLY_HTTP, 404, "NotFoundException", "", CALL_GET, VERDICT_GONE},
        {REPLY_HTTP, 400, "BadRequestException", "Identity <x> does not exist.", CALL_SET,
         VERDICT_GONE},
        {REPLY_HTTP, 400, "InvalidParameterValue", "", CALL_SET, VERDICT_REFUSED},
        {REPLY_HTTP, 403, "AccessDenied", "", CALL_READ_MAIL_FROM, VERDICT_DENIED},
        {REPLY_HTTP, 403, "AccessDeniedException", "", CALL_SET, VERDICT_REFUSED},
        {REPLY_HTTP, 403, "InvalidClientTokenId", "", CALL_SET, VERDICT_DENIED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply reply = {.how = rows[i].how, .http_status = rows[i].status};
        snprintf(reply.code, sizeof reply.code, "%s", rows[i].code);
        snprintf(reply.message, sizeof reply.message, "%s", rows[i].message);
        assert_int_equal(verdict_of(&reply, rows[i].kind), rows[i].verdict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_decides_what_is_to_be_done),
        cmocka_unit_test(the_default_is_reached_by_clearing_once),
        cmocka_unit_test(reject_is_never_written_before_success),
        cmocka_unit_test(facts_that_moved_since_the_review_are_drift),
        cmocka_unit_test(only_what_a_run_left_is_taken_back),
        cmocka_unit_test(what_never_succeeded_is_put_back_without_waiting_for_success),
        cmocka_unit_test(force_says_what_it_overwrote),
        cmocka_unit_test(a_lost_answer_is_looked_at_and_not_repeated_blindly),
        cmocka_unit_test(the_value_before_is_believed_after_three_looks_and_a_minute),
        cmocka_unit_test(a_write_that_never_arrives_is_given_up),
        cmocka_unit_test(a_failed_set_up_is_set_again_then_cleared_and_set_then_given_up),
        cmocka_unit_test(a_clearing_of_ours_that_comes_late_is_mended_once),
        cmocka_unit_test(slow_dns_waits_until_the_deadline_and_then_expires),
        cmocka_unit_test(a_plan_never_becomes_ready_to_write),
        cmocka_unit_test(a_wrong_secret_is_not_tried_for_minutes),
        cmocka_unit_test(every_answer_of_ses_has_its_consequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
