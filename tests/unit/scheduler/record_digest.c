/*
 * The running digest: each field counts, the order counts, and a digest that was kept stays what it
 * was.
 */
#include "scheduler/record_digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct record example(void)
{
    return (struct record){.job = 7,
                           .kind = RECORD_INTENT,
                           .at = 2000000000000000,
                           .from = JOB_READY,
                           .write_mail_from = TEXT("bounce.example.com"),
                           .write_behavior = BEHAVIOR_REJECT_MESSAGE,
                           .row = {.state = JOB_WRITING,
                                   .action = ACTION_SET,
                                   .outcome = OUTCOME_OPEN,
                                   .reason = TEXT("because"),
                                   .before_known = true,
                                   .mail_from_before = TEXT("old.example.com"),
                                   .seen_known = true,
                                   .mail_from_seen = TEXT("old.example.com"),
                                   .status_seen = MAIL_FROM_SUCCESS,
                                   .mx = TEXT("ok"),
                                   .spf = TEXT("valid"),
                                   .dmarc = TEXT("missing"),
                                   .findings_json = TEXT("[]"),
                                   .writes = 1,
                                   .wave = 1,
                                   .calls = 3,
                                   .first_seen = 1999999999000000,
                                   .deadline = 2000000000000000 + SPAN_H(72)}};
}

/* Of journals that people have. */
static void digests_that_were_kept(void **state)
{
    struct record r = example(), none = {0};
    (void)state;
    uint64_t begin = record_digest_begin(3, 2000000000000000, 42);
    uint64_t rules = record_digest_rule(TEXT("spf-missing"));
    assert_true(begin == UINT64_C(0x5ffcbc06f2ea5915));
    assert_true(rules == UINT64_C(0xa3786f7a9f5df0f6));
    assert_true(record_digest(begin, &r, rules) == UINT64_C(0x652eaedf2d27a151));
    assert_true(record_digest(begin, &none, 0) == UINT64_C(0xd110f12e51c40ba1));
}

#define CHANGE(member, value)                                                                      \
    do {                                                                                           \
        struct record r = example();                                                               \
        r.member = value;                                                                          \
        uint64_t digest = record_digest(1, &r, 0);                                                 \
        for (size_t i = 0; i < len; i++)                                                           \
            assert_true(digests[i] != digest);                                                     \
        digests[len++] = digest;                                                                   \
    } while (0)

static void every_field_counts(void **state)
{
    uint64_t digests[64];
    size_t len = 0;
    (void)state;
    CHANGE(job, 7);
    CHANGE(job, 8);
    CHANGE(kind, RECORD_ANSWER);
    CHANGE(at, 2000000000000001);
    CHANGE(from, JOB_NEW);
    CHANGE(write_mail_from, TEXT("bounce.example.con"));
    CHANGE(write_mail_from, TEXT_NONE);
    CHANGE(write_behavior, BEHAVIOR_USE_DEFAULT_VALUE);
    CHANGE(row.state, JOB_UNSURE);
    CHANGE(row.action, ACTION_CHANGE);
    CHANGE(row.outcome, OUTCOME_DONE);
    CHANGE(row.reason, TEXT("becausf"));
    CHANGE(row.before_known, false);
    CHANGE(row.mail_from_before, TEXT("older.example.com"));
    CHANGE(row.behavior_before, BEHAVIOR_REJECT_MESSAGE);
    CHANGE(row.seen_known, false);
    CHANGE(row.mail_from_seen, TEXT("older.example.com"));
    CHANGE(row.behavior_seen, BEHAVIOR_REJECT_MESSAGE);
    CHANGE(row.status_seen, MAIL_FROM_PENDING);
    CHANGE(row.verification, VERIFICATION_NOT_STARTED);
    CHANGE(row.mx, TEXT("ok\0"));
    CHANGE(row.spf, TEXT("ok"));
    CHANGE(row.dmarc, TEXT("ok"));
    CHANGE(row.findings_json, TEXT_NONE);
    CHANGE(row.writes, 2);
    CHANGE(row.accepted, 1);
    CHANGE(row.wave, 2);
    CHANGE(row.calls, 4);
    CHANGE(row.restarts, 1);
    CHANGE(row.attempts, 1);
    CHANGE(row.first_seen, 1999999999000001);
    CHANGE(row.finished, 1);
    CHANGE(row.deadline, 0);
}

static void the_record_before_counts(void **state)
{
    struct record r = example();
    (void)state;
    uint64_t one = record_digest(record_digest_begin(1, 5, 6), &r, 0);
    assert_true(one != record_digest(record_digest_begin(2, 5, 6), &r, 0));
    assert_true(one != record_digest(record_digest_begin(1, 6, 6), &r, 0));
    assert_true(one != record_digest(record_digest_begin(1, 5, 7), &r, 0));
    assert_true(one != record_digest(record_digest_begin(1, 5, 6), &r, 1));
    assert_true(record_digest(one, &r, 0) != one);
}

/* What a record leaves out is not told from what is empty. */
static void empty_is_left_out(void **state)
{
    struct record r = example(), none = example();
    (void)state;
    r.row.findings_json = TEXT("");
    none.row.findings_json = TEXT_NONE;
    assert_true(record_digest(1, &r, 0) == record_digest(1, &none, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_that_were_kept),
        cmocka_unit_test(every_field_counts),
        cmocka_unit_test(the_record_before_counts),
        cmocka_unit_test(empty_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
