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
                                   .writes = 1,
                                   .wave = 1,
                                   .calls = 3,
                                   .first_seen = 1999999999000000,
                                   .deadline = 2000000000000000 + SPAN_H(72)}};
}

static struct record_words words(void)
{
    return (struct record_words){TEXT("ok"), TEXT("valid"), TEXT("missing"), .notes = TEXT("[]"),
                                 .rules = 0};
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
    struct record_words said = words(), nothing = {.rules = 0};
    said.rules = rules;
    assert_true(record_digest(begin, &r, &said) == UINT64_C(0x652eaedf2d27a151));
    assert_true(record_digest(begin, &none, &nothing) == UINT64_C(0xd110f12e51c40ba1));
}

#define CHANGE(member, value)                                                                      \
    do {                                                                                           \
        struct record r = example();                                                               \
        struct record_words said = words();                                                        \
        member = value;                                                                            \
        uint64_t digest = record_digest(1, &r, &said);                                             \
        for (size_t i = 0; i < len; i++)                                                           \
            assert_true(digests[i] != digest);                                                     \
        digests[len++] = digest;                                                                   \
    } while (0)

static void every_field_counts(void **state)
{
    uint64_t digests[64];
    size_t len = 0;
    (void)state;
    CHANGE(r.job, 7);
    CHANGE(r.job, 8);
    CHANGE(r.kind, RECORD_ANSWER);
    CHANGE(r.at, 2000000000000001);
    CHANGE(r.from, JOB_NEW);
    CHANGE(r.write_mail_from, TEXT("bounce.example.con"));
    CHANGE(r.write_mail_from, TEXT_NONE);
    CHANGE(r.write_behavior, BEHAVIOR_USE_DEFAULT_VALUE);
    CHANGE(r.row.state, JOB_UNSURE);
    CHANGE(r.row.action, ACTION_CHANGE);
    CHANGE(r.row.outcome, OUTCOME_DONE);
    CHANGE(r.row.reason, TEXT("becausf"));
    CHANGE(r.row.before_known, false);
    CHANGE(r.row.mail_from_before, TEXT("older.example.com"));
    CHANGE(r.row.behavior_before, BEHAVIOR_REJECT_MESSAGE);
    CHANGE(r.row.seen_known, false);
    CHANGE(r.row.mail_from_seen, TEXT("older.example.com"));
    CHANGE(r.row.behavior_seen, BEHAVIOR_REJECT_MESSAGE);
    CHANGE(r.row.status_seen, MAIL_FROM_PENDING);
    CHANGE(r.row.verification, VERIFICATION_NOT_STARTED);
    CHANGE(said.mx, TEXT("ok\0"));
    CHANGE(said.spf, TEXT("ok"));
    CHANGE(said.dmarc, TEXT("ok"));
    CHANGE(said.notes, TEXT_NONE);
    CHANGE(r.row.writes, 2);
    CHANGE(r.row.accepted, 1);
    CHANGE(r.row.wave, 2);
    CHANGE(r.row.calls, 4);
    CHANGE(r.row.restarts, 1);
    CHANGE(r.row.attempts, 1);
    CHANGE(r.row.first_seen, 1999999999000001);
    CHANGE(r.row.finished, 1);
    CHANGE(r.row.deadline, 0);
    CHANGE(said.dkim, TEXT("SUCCESS"));
    CHANGE(said.dkim, TEXT("DISABLED"));
    CHANGE(said.publish, 1);
    CHANGE(said.publish, 2);
}

static void the_record_before_counts(void **state)
{
    struct record r = example();
    struct record_words said = words(), ruled = words();
    (void)state;
    ruled.rules = 1;
    uint64_t one = record_digest(record_digest_begin(1, 5, 6), &r, &said);
    assert_true(one != record_digest(record_digest_begin(2, 5, 6), &r, &said));
    assert_true(one != record_digest(record_digest_begin(1, 6, 6), &r, &said));
    assert_true(one != record_digest(record_digest_begin(1, 5, 7), &r, &said));
    assert_true(one != record_digest(record_digest_begin(1, 5, 6), &r, &ruled));
    assert_true(record_digest(one, &r, &said) != one);
}

/* What a record leaves out is not told from what is empty. */
static void empty_is_left_out(void **state)
{
    struct record r = example();
    struct record_words empty = words(), none = words();
    (void)state;
    empty.notes = TEXT("");
    none.notes = TEXT_NONE;
    assert_true(record_digest(1, &r, &empty) == record_digest(1, &r, &none));
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
