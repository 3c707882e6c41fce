#include "unit.h"

#include "base/buf.h"
#include "base/error.h"

static void what_is_added_comes_out_in_order(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    buf_add_str(&b, "a=");
    buf_add_u64(&b, UINT64_MAX);
    buf_add_char(&b, ';');
    buf_add_text(&b, TEXT_NONE);
    buf_add_fmt(&b, "%s/%03d", "x", 7);
    assert_string_equal(b.at, "a=18446744073709551615;x/007");
    assert_int_equal(b.len, strlen(b.at));
    buf_reset(&b);
    assert_int_equal(buf_text(&b).len, 0);
    buf_add_str(&b, "again");
    assert_string_equal(b.at, "again");
    buf_clear(&b);
}

static void it_grows_up_to_its_bound_and_no_further(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5000);
    for (int i = 0; i < 5000; i++)
        buf_add_char(&b, (char)('a' + i % 26));
    assert_false(b.failed);
    assert_int_equal(b.len, 5000);
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(b.at[i], 'a' + (int)(i % 26));
    buf_add_char(&b, '!');
    assert_true(b.failed);
    assert_int_equal(b.len, 5000);
    buf_clear(&b);
}

static void failure_sticks_until_reset(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4);
    buf_add_str(&b, "abc");
    buf_add_fmt(&b, "%d", 100); /* does not fit */
    buf_add_char(&b, 'd');      /* would fit, but a hole must not be papered over */
    assert_true(b.failed);
    assert_text(buf_text(&b), TEXT("abc"));
    buf_reset(&b);
    buf_add_str(&b, "abcd");
    assert_false(b.failed);
    assert_text(buf_text(&b), TEXT("abcd"));
    buf_add(&b, "", SIZE_MAX); /* the sum would wrap round */
    assert_true(b.failed);
    buf_clear(&b);
    buf_wipe(&b); /* nothing there: fine */
}

static void a_sentence_is_wrapped_outermost_noun_first(void **state)
{
    (void)state;
    struct why why;
    assert_int_equal(why_set(&why, ERR_IO, "disk I/O error %d", 5), ERR_IO);
    assert_int_equal(why_wrap(&why, ERR_BUSY, "journal %s", "j.db"), ERR_BUSY);
    assert_string_equal(why.text, "journal j.db: disk I/O error 5");
    assert_int_equal(why_set(NULL, ERR_IO, "nobody listens"), ERR_IO);
    assert_int_equal(why_wrap(NULL, ERR_IO, "nobody listens"), ERR_IO);
}

static void a_sentence_too_long_is_cut_not_overrun(void **state)
{
    (void)state;
    struct why why;
    why_set(&why, ERR_IO, "%2000s", "x");
    assert_int_equal(strlen(why.text), WHY_LEN_MAX - 1);
    for (int width = WHY_LEN_MAX - 8; width < WHY_LEN_MAX + 8; width++) {
        why_set(&why, ERR_IO, "inner");
        why_wrap(&why, ERR_IO, "%*s", width, "outer");
        assert_between(strlen(why.text), WHY_LEN_MAX - 8, WHY_LEN_MAX - 1);
    }
}

static void what_a_part_lacks_the_whole_lacks_too(void **state)
{
    (void)state;
    struct buf whole, part;
    buf_init(&whole, 100);
    for (int fits = 1; fits >= 0; fits--) {
        buf_init(&part, 4);
        buf_add_str(&part, fits ? "1234" : "12345");
        buf_add_text(&whole, buf_text(&part));
        buf_spend(&part, &whole);
        assert_null(part.at);
        assert_int_equal(whole.failed, !fits);
    }
    buf_init(&part, 4);
    buf_spend(&part, &whole);
    assert_true(whole.failed); /* what has failed stays so */
    buf_clear(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_comes_out_in_order),
        cmocka_unit_test(it_grows_up_to_its_bound_and_no_further),
        cmocka_unit_test(failure_sticks_until_reset),
        cmocka_unit_test(what_a_part_lacks_the_whole_lacks_too),
        cmocka_unit_test(a_sentence_is_wrapped_outermost_noun_first),
        cmocka_unit_test(a_sentence_too_long_is_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
