/*
 * What a resumed run makes of writes whose answers died with another process.
 */
#include "scheduler/step.h"
#include "unit.h"

#include <string.h>

#define WANTED "bounce.example.com"
#define OLD    "old.example.com"

static const struct step_rules rules = {.seed = 1};
static struct policy policy = {.behavior = BEHAVIOR_USE_DEFAULT_VALUE};

/* A row that wants bounce.example.com and was found with that value before its write. */
static struct situation situation_of(struct job *job, const char *before)
{
    job->deadline = SPAN_H(100);
    job->seen_known = job->before_known = true;
    return (struct situation){.rules = &rules,
                              .job = job,
                              .lane_worked = true,
                              .write_worked = true,
                              .wanted = TEXT(WANTED),
                              .mail_from_seen = text_of(before),
                              .mail_from_before = text_of(before),
                              .policy = &policy,
                              .now = SPAN_H(1)};
}

/* A name that stood there before does not show that a write which was never answered has come. */
static void what_stood_before_shows_no_lost_write(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        enum mail_from_status status_before, status;
        bool is_taken;
    } rows[] = {
        {"", MAIL_FROM_NONE, MAIL_FROM_PENDING, true},
        {"old.example.com", MAIL_FROM_SUCCESS, MAIL_FROM_PENDING, true},
        {"bounce.example.com", MAIL_FROM_FAILED, MAIL_FROM_FAILED, false},
        {"bounce.example.com", MAIL_FROM_FAILED, MAIL_FROM_PENDING, true},
        {"bounce.example.com", MAIL_FROM_SUCCESS, MAIL_FROM_SUCCESS, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct job job = {.state = JOB_READING,
                          .action = ACTION_CHANGE,
                          .writes = 1,
                          .lost = true,
                          .verification = VERIFICATION_SUCCESS,
                          .status_seen = (uint8_t)rows[i].status_before};
        struct situation s = situation_of(&job, rows[i].before);
        struct ses_facts ses = {.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM,
                                .verification = VERIFICATION_SUCCESS,
                                .mail_from = TEXT("bounce.example.com"),
                                .status = rows[i].status};
        struct decision d = step_read(&s, &ses, 0, "");
        assert_int_equal(d.confirmed, rows[i].is_taken);
        assert_true(!rows[i].is_taken || d.action == ACTION_CHANGE); /* as it was decided */
    }
}

/* Its process was killed: a look that shows what stood before may be an old copy, and is none when
 * it was sent long enough after the write. */
static void a_write_whose_process_was_killed_is_waited_for(void **state)
{
    (void)state;
    struct job job = {.state = JOB_UNSURE, .write = WRITE_NAME, .writes = 1, .lost = true};
    struct situation s = situation_of(&job, OLD);
    struct ses_facts ses = {.mail_from = TEXT(OLD), .status = MAIL_FROM_SUCCESS};
    job.stale_since_s = (uint32_t)(s.now / SPAN_S(1)) - 60;
    struct decision d = step_read(&s, &ses, 0, "");
    assert_true(d.to == JOB_UNSURE && d.stale && d.wait_us > 0);
    assert_non_null(strstr(d.reason, "is not known, and SES does not show it yet"));
    ses.mail_from = TEXT(WANTED);
    d = step_read(&s, &ses, 0, "");
    assert_true(d.to == JOB_FOLLOWING || d.to == JOB_DONE);
    assert_true(d.confirmed);
    ses.mail_from = TEXT(OLD);
    job.stale_since_s -= 240;
    d = step_read(&s, &ses, 0, "");
    assert_true(d.to == JOB_READY && !d.stale);
}

/* The default is reached when nothing is set: a resumed run finds that its own write did it,
 * whether it knows what stood there before or not. */
static void a_lost_clear_that_a_resumed_run_finds_is_its_own(void **state)
{
    (void)state;
    struct job job = {.state = JOB_READING, .action = ACTION_CLEAR, .writes = 1, .lost = true};
    struct situation s = situation_of(&job, OLD);
    struct ses_facts ses = {.known = KNOWN_MAIL_FROM};
    s.wanted = TEXT_NONE;
    struct decision d = step_read(&s, &ses, 0, "");
    assert_true(d.confirmed && d.outcome == OUTCOME_DONE && d.action == ACTION_CLEAR);
    assert_string_equal(d.reason, "");
    job.seen_known = job.before_known = false;
    s.mail_from_seen = s.mail_from_before = TEXT_NONE;
    d = step_read(&s, &ses, 0, "");
    assert_true(d.confirmed && d.outcome == OUTCOME_DONE && d.action == ACTION_CLEAR);
    job.lost = false;
    assert_int_equal(step_read(&s, &ses, 0, "").outcome, OUTCOME_UNCHANGED);
}

/* A resumed run looks first, as a new one does, and knows what it has seen. */
static void deleted_while_nobody_looked(void **state)
{
    (void)state;
    struct job job = {.state = JOB_READING, .verification = VERIFICATION_SUCCESS};
    struct situation s = situation_of(&job, "");
    struct ses_facts gone = {.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM};
    struct decision d = step_read(&s, &gone, FINDING_BIT(IDENTITY_MISSING), "does not exist");
    assert_int_equal(d.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(d.reason, "deleted during the run"));
    job.verification = VERIFICATION_NONE; /* it was never there */
    d = step_read(&s, &gone, FINDING_BIT(IDENTITY_MISSING), "does not exist");
    assert_int_equal(d.outcome, OUTCOME_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stood_before_shows_no_lost_write),
        cmocka_unit_test(a_write_whose_process_was_killed_is_waited_for),
        cmocka_unit_test(a_lost_clear_that_a_resumed_run_finds_is_its_own),
        cmocka_unit_test(deleted_while_nobody_looked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
