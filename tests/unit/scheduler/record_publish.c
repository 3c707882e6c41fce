/* The digest of what is kept of a target: each field counts, and one that was kept stays. */
#include "scheduler/record_publish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct publish_record published(void)
{
    return (struct publish_record){.target = 7,
                                   .kind = PUBLISH_INTENT,
                                   .at = 2000000000000000,
                                   .from = PUBLISH_READY,
                                   .state = PUBLISH_SENT,
                                   .zone = TEXT("example.com"),
                                   .zone_id = TEXT("Z0123"),
                                   .reason = TEXT("because"),
                                   .change = CHANGE_SWAP,
                                   .mx_changed = true,
                                   .txt_changed = true,
                                   .txt_before = TEXT("v=spf1 -all"),
                                   .txt_after = TEXT("v=spf1 include:amazonses.com -all"),
                                   .calls = 3};
}

#define CHANGE(member, value)                                                                      \
    do {                                                                                           \
        struct publish_record p = published();                                                     \
        p.member = value;                                                                          \
        uint64_t digest = publish_digest(&p);                                                      \
        for (size_t i = 0; i < len; i++)                                                           \
            assert_true(digests[i] != digest);                                                     \
        digests[len++] = digest;                                                                   \
    } while (0)

static void every_field_counts(void **state)
{
    uint64_t digests[64];
    size_t len = 0;
    (void)state;
    CHANGE(target, 7);
    CHANGE(target, 8);
    CHANGE(kind, PUBLISH_ANSWER);
    CHANGE(at, 2000000000000001);
    CHANGE(from, PUBLISH_TO_LOOK);
    CHANGE(state, PUBLISH_UNSURE);
    CHANGE(zone, TEXT("example.org"));
    CHANGE(zone_id, TEXT("Z0124"));
    CHANGE(reason, TEXT_NONE);
    CHANGE(change, CHANGE_CREATE);
    CHANGE(mx_changed, false);
    CHANGE(txt_changed, false);
    CHANGE(txt_before, TEXT("v=spf1 ~all"));
    CHANGE(txt_after, TEXT("v=spf1 include:amazonses.com ~all"));
    CHANGE(calls, 4);
}

/* What a withdrawal may take back: never what stood there before, nor what was not sent. */
static void what_a_run_has_created_is_known(void **state)
{
    static const struct {
        enum publish_state state;
        enum change_kind change;
        bool mx, txt;
    } rows[] = {
        {PUBLISH_DONE, CHANGE_CREATE, true, true},     {PUBLISH_UNSURE, CHANGE_CREATE, true, true},
        {PUBLISH_DONE, CHANGE_SWAP, true, false},      {PUBLISH_FAILED, CHANGE_SWAP, true, false},
        {PUBLISH_READY, CHANGE_CREATE, false, false},  {PUBLISH_TO_LOOK, CHANGE_SWAP, false, false},
        {PUBLISH_PERSON, CHANGE_DELETE, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct publish_record p = published();
        bool mx, txt;
        p.state = rows[i].state;
        p.change = rows[i].change;
        publish_created(&p, &mx, &txt);
        assert_int_equal(mx, rows[i].mx);
        assert_int_equal(txt, rows[i].txt);
        p.mx_changed = p.txt_changed = false;
        publish_created(&p, &mx, &txt);
        assert_false(mx || txt);
    }
}

/* Of journals that people have. */
static void a_digest_that_was_kept(void **state)
{
    struct publish_record p = published();
    (void)state;
    assert_true(publish_digest(&p) == UINT64_C(0xc0c11679cbe9d85a));
}

static void a_record_of_a_target_is_none_of_a_job(void **state)
{
    struct publish_record p = published();
    struct record r = publish_as_record(&p);
    (void)state;
    assert_false(record_is_of_job(&r));
    assert_true(r.job == 7 && r.at == p.at && r.publish == &p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digest_that_was_kept),
        cmocka_unit_test(every_field_counts),
        cmocka_unit_test(what_a_run_has_created_is_known),
        cmocka_unit_test(a_record_of_a_target_is_none_of_a_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
