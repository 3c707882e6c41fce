/* What a job is told at its end: SES's word, and in DNS the reason for it. */
#include "scheduler/step.h"
#include "unit.h"

#include <string.h>

#define WANTED "bounce.example.com"

static const struct step_rules live = {.seed = 1}, plan = {.seed = 1, .plan_only = true};

static struct situation situation_of(struct job *job, struct policy *policy)
{
    job->deadline = SPAN_H(100);
    return (struct situation){.rules = &live,
                              .job = job,
                              .lane_worked = true,
                              .wanted = TEXT(WANTED),
                              .policy = policy,
                              .now = SPAN_H(1)};
}

static struct decision dns_says(const struct situation *s, const char *why)
{
    struct dns_judged dns = {.ready = !*why, .mx_is_right = !*why, .first_reason = why};
    return step_dns(s, &dns);
}

static void what_is_as_wanted_is_judged_like_others(void **state)
{
    static const struct {
        enum mail_from_status status;
        const char *why;
        enum outcome planned;
        const char *says;
    } rows[] = {
        {MAIL_FROM_SUCCESS, "", OUTCOME_UNCHANGED, "already as wanted"},
        {MAIL_FROM_SUCCESS, "x has no MX", OUTCOME_UNCHANGED, "as wanted, but x has no MX"},
        {MAIL_FROM_PENDING, "", OUTCOME_PENDING,
         "set already; SES says PENDING, and DNS shows its records as they should be"},
        {MAIL_FROM_PENDING, "x is a CNAME", OUTCOME_PENDING,
         "set already; SES says PENDING; in DNS: x is a CNAME"},
        {MAIL_FROM_TEMPORARY_FAILURE, "x has no MX", OUTCOME_PENDING,
         "set already; SES says TEMPORARY_FAILURE: SES must see the MX again within 72 hours, or "
         "the set-up fails; in DNS: x has no MX"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct job job = {.state = JOB_JUDGING, .status_seen = (uint8_t)rows[i].status & 7};
        struct policy policy = {0};
        struct situation s = situation_of(&job, &policy);
        s.rules = &plan;
        struct decision d = dns_says(&s, rows[i].why);
        assert_int_equal(d.outcome, rows[i].planned);
        assert_string_equal(d.reason, rows[i].says);
        s.rules = &live;
        d = dns_says(&s, rows[i].why);
        assert_int_equal(d.to, rows[i].status == MAIL_FROM_SUCCESS ? JOB_DONE : JOB_FOLLOWING);
        assert_true(!*rows[i].why || strstr(d.reason, rows[i].why));
    }
}

/* What SES says at the deadline is not the whole story: DNS is asked once more. */
static void who_expires_is_told_why(void **state)
{
    struct job job = {.state = JOB_FOLLOWING,
                      .write = WRITE_NAME,
                      .accepted = 1,
                      .seen_known = 1,
                      .status_seen = MAIL_FROM_PENDING};
    struct policy policy = {.timeout_us = SPAN_H(72)};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts pending = {.mail_from = TEXT(WANTED), .status = MAIL_FROM_PENDING};
    (void)state;
    s.mail_from_seen = TEXT(WANTED);
    s.now = job.deadline;
    struct decision d = step_read(&s, &pending, 0, "");
    assert_true(d.to == JOB_JUDGING && d.write == WRITE_NOTHING && !d.restart);
    job.state = JOB_JUDGING;
    job.write = d.write & 7;
    d = dns_says(&s, WANTED " has no MX yet");
    assert_true(d.to == JOB_DONE && d.outcome == OUTCOME_EXPIRED);
    assert_string_equal(d.reason,
                        "SES still says PENDING at the deadline; in DNS: " WANTED " has no MX yet");
    d = dns_says(&s, "");
    assert_string_equal(d.reason, "SES still says PENDING at the deadline, although DNS shows its "
                                  "records as they should be");
}

/* A rollback accepts all that DNS may say: the reason is none of the policy's findings, but is told
 * all the same, and so is that the behaviour was not put back. */
static void who_accepts_a_wrong_mx_is_told_of_it(void **state)
{
    struct job job = {.state = JOB_JUDGING, .accepted = 1, .status_seen = MAIL_FROM_PENDING};
    struct policy policy = {.behavior = BEHAVIOR_REJECT_MESSAGE, .require = REQUIRE_NONE};
    struct situation s = situation_of(&job, &policy);
    struct dns_judged dns = {.ready = true, .first_reason = "", .mx = MX_STATUS_MISSING};
    (void)state;
    s.now = job.deadline;
    struct decision d = step_dns(&s, &dns);
    assert_int_equal(d.outcome, OUTCOME_EXPIRED);
    assert_string_equal(d.reason,
                        "SES still says PENDING at the deadline, so the behavior "
                        "stays USE_DEFAULT_VALUE; in DNS: the verdict on its MX is \"missing\"");
    job.status_seen = MAIL_FROM_SUCCESS;
    job.write = WRITE_TIGHTEN;
    d = step_dns(&s, &dns);
    assert_int_equal(d.outcome, OUTCOME_EXPIRED);
    assert_string_equal(d.reason, "REJECT_MESSAGE waits for the right MX: the verdict on its MX is "
                                  "\"missing\"");
    s.now = SPAN_H(1);
    assert_int_equal(step_dns(&s, &dns).to, JOB_WAITING_DNS);
    dns.mx_is_right = true;
    assert_true(step_dns(&s, &dns).to == JOB_READY && step_dns(&s, &dns).write == WRITE_TIGHTEN);
}

static void what_is_deleted_needs_no_putting_back(void **state)
{
    static const enum guard guards[] = {GUARD_WRITTEN, GUARD_FORCED, GUARD_REVIEWED, GUARD_NONE};
    struct expectation written = {.status = MAIL_FROM_UNKNOWN};
    struct ses_facts gone = {.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM};
    (void)state;
    for (size_t i = 0; i < COUNT(guards); i++) {
        struct job job = {.state = JOB_READING};
        struct policy policy = {0};
        struct situation s = situation_of(&job, &policy);
        bool puts_back = i < 2;
        s.guard = guards[i];
        s.expected = &written;
        s.expected_mail_from = s.or_mail_from = TEXT(WANTED);
        struct decision d = step_read(&s, &gone, FINDING_BIT(IDENTITY_MISSING), "is missing");
        assert_int_equal(d.to == JOB_DONE && d.outcome == OUTCOME_SKIPPED, puts_back);
        if (puts_back)
            assert_non_null(
                strstr(d.reason, "does not exist any more, so there is nothing to roll back"));
    }
}

/* Another name that rejected mail, on the way to the wanted one: the read shows the loosening. */
static void a_lost_loosening_is_followed_by_what_is_left(void **state)
{
    struct job job = {.state = JOB_UNSURE,
                      .write = WRITE_LOOSEN,
                      .writes = 1,
                      .lost = true,
                      .seen_known = true,
                      .before_known = true,
                      .behavior_seen = BEHAVIOR_REJECT_MESSAGE};
    struct policy policy = {.timeout_us = SPAN_H(72)};
    struct situation s = situation_of(&job, &policy);
    struct ses_facts loosened = {.mail_from = TEXT("other.example.com"),
                                 .status = MAIL_FROM_PENDING};
    (void)state;
    s.mail_from_seen = s.mail_from_before = loosened.mail_from;
    struct decision d = step_read(&s, &loosened, 0, "");
    assert_true(d.to == JOB_FOLLOWING && d.confirmed);
    job.state = JOB_FOLLOWING;
    job.accepted = 1;
    job.lost = false;
    job.behavior_seen = BEHAVIOR_USE_DEFAULT_VALUE;
    assert_int_equal(step_read(&s, &loosened, 0, "").to, JOB_READING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_as_wanted_is_judged_like_others),
        cmocka_unit_test(who_expires_is_told_why),
        cmocka_unit_test(who_accepts_a_wrong_mx_is_told_of_it),
        cmocka_unit_test(what_is_deleted_needs_no_putting_back),
        cmocka_unit_test(a_lost_loosening_is_followed_by_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
