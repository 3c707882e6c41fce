#include "unit.h"

#include "base/text.h"

static void comparisons_see_every_byte(void **state)
{
    (void)state;
    assert_true(text_eq(TEXT("a\0b"), ((struct text){"a\0b", 3})));
    assert_false(text_eq(TEXT("a\0b"), ((struct text){"a\0c", 3})));
    assert_true(text_eq(TEXT_NONE, TEXT("")));
    assert_true(text_eq_nocase(TEXT("Example.COM"), TEXT("eXAMPLE.com")));
    assert_false(text_eq_nocase(TEXT("@"), TEXT("`"))); /* they differ in the case bit only */
    assert_true(text_cmp(TEXT("a"), TEXT("ab")) < 0);
    assert_true(text_cmp(TEXT("b"), TEXT("ab")) > 0);
    assert_int_equal(text_cmp(TEXT_NONE, TEXT("")), 0);
    assert_true(text_cmp(TEXT("\xff"), TEXT("a")) > 0); /* bytes, not signed characters */
}

static void beginnings_and_ends_are_found(void **state)
{
    (void)state;
    assert_true(text_starts(TEXT("v=spf1 -all"), TEXT("v=spf1")));
    assert_false(text_starts(TEXT("v=spf"), TEXT("v=spf1")));
    assert_true(text_starts(TEXT("x"), TEXT_NONE));
    assert_true(text_ends(TEXT("a.example"), TEXT(".example")));
    assert_false(text_ends(TEXT("a.EXAMPLE"), TEXT(".example")));
    assert_true(text_ends_nocase(TEXT("a.EXAMPLE"), TEXT(".example")));
    assert_int_equal(text_find(TEXT("a@b@c"), '@'), 1);
    assert_int_equal(text_rfind(TEXT("a@b@c"), '@'), 3);
    assert_int_equal(text_rfind(TEXT("abc"), '@'), 3);
    assert_int_equal(text_find(TEXT_NONE, '@'), 0);
    assert_int_equal(text_find_text(TEXT("xabcabc"), TEXT("abc")), 1);
    assert_int_equal(text_find_text(TEXT("ab"), TEXT("abc")), 2);
}

static void slices_are_clamped(void **state)
{
    (void)state;
    static const struct {
        size_t start, end;
        struct text want;
    } rows[] = {
        {0, 5, TEXT("hello")}, {1, 3, TEXT("el")}, {3, 99, TEXT("lo")},
        {5, 5, TEXT("")},      {9, 12, TEXT("")},  {4, 2, TEXT("")},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_text(text_slice(TEXT("hello"), rows[i].start, rows[i].end), rows[i].want);
    assert_text(text_from(TEXT("hello"), 4), TEXT("o"));
    assert_text(text_trim(TEXT(" \t a b\t ")), TEXT("a b"));
    assert_text(text_trim(TEXT(" \t ")), TEXT(""));
}

static void a_cut_text_is_all_there_in_order(void **state)
{
    (void)state;
    struct text rest = TEXT(",a,,b");
    static const struct text want[] = {TEXT(""), TEXT("a"), TEXT(""), TEXT("b")};
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_non_null(rest.at);
        assert_text(text_cut(&rest, ','), want[i]);
    }
    assert_null(rest.at);

    rest = TEXT("a,");
    assert_text(text_cut(&rest, ','), TEXT("a"));
    assert_non_null(rest.at); /* an empty last part is still a part */
    assert_text(text_cut(&rest, ','), TEXT(""));
    assert_null(rest.at);
}

static void lines_hold_as_many_words_as_fit_and_lose_none(void **state)
{
    (void)state;
    static const char *const lines[] = {("as b\xc3\xbc"
                                         "cher"),
                                        "a", "verylongword", "or two"};
    struct text rest = TEXT("as b\xc3\xbc"
                            "cher a verylongword or two");
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_text(text_cut_line(&rest, i == 1 ? 7 : 9), text_of(lines[i]));
    assert_int_equal(rest.len, 0);
    assert_int_equal(text_columns(TEXT("b\xc3\xbc"
                                       "cher")),
                     6);
}

static void numbers_are_digits_and_fit(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_true(text_to_u64(TEXT("0"), &n));
    assert_int_equal(n, 0);
    assert_true(text_to_u64(TEXT("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    assert_true(text_to_u64(TEXT("000000000000000000000000012"), &n));
    assert_int_equal(n, 12);
    static const struct text bad[] = {TEXT(""),   TEXT("-1"), TEXT("+1"),
                                      TEXT(" 1"), TEXT("1 "), TEXT("0x10"),
                                      TEXT("1a"), TEXT_NONE,  TEXT("18446744073709551616")};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(text_to_u64(bad[i], &n));
}

static void a_near_miss_is_one_edit_away(void **state)
{
    (void)state;
    static const struct {
        struct text a, b;
        unsigned want;
    } rows[] = {
        {TEXT("mail_from"), TEXT("mail_from"), 0},
        {TEXT("mail_form"), TEXT("mail_from"), 1},
        {TEXT("mailfrom"), TEXT("mail_from"), 1},
        {TEXT("mail__from"), TEXT("mail_from"), 1},
        {TEXT("mail-from"), TEXT("mail_from"), 1},
        {TEXT(""), TEXT("abc"), 3},
        {TEXT("abc"), TEXT(""), 3},
        {TEXT("kitten"), TEXT("sitting"), 3},
        {TEXT("abcdefgh"), TEXT("hgfedcba"), 5},
        {TEXT_NONE, TEXT_NONE, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(text_distance(rows[i].a, rows[i].b, 4), rows[i].want);
        assert_int_equal(text_distance(rows[i].b, rows[i].a, 4), rows[i].want);
    }
    char longer[65];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(text_distance((struct text){longer, 65}, (struct text){longer, 65}, 2), 3);
    assert_int_equal(text_distance((struct text){longer, 64}, (struct text){longer, 64}, 2), 0);
}

static void letters_are_ascii_letters(void **state)
{
    (void)state;
    unsigned alpha = 0, digits = 0;
    for (int c = 0; c < 256; c++) {
        alpha += char_is_alpha((char)c);
        digits += char_is_digit((char)c);
        assert_true(char_is_alnum((char)c) == (char_is_alpha((char)c) || char_is_digit((char)c)));
    }
    assert_int_equal(alpha, 52);
    assert_int_equal(digits, 10);
    assert_int_equal(char_lower('Z'), 'z');
    assert_int_equal(char_lower('['), '[');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons_see_every_byte),
        cmocka_unit_test(beginnings_and_ends_are_found),
        cmocka_unit_test(slices_are_clamped),
        cmocka_unit_test(a_cut_text_is_all_there_in_order),
        cmocka_unit_test(lines_hold_as_many_words_as_fit_and_lose_none),
        cmocka_unit_test(numbers_are_digits_and_fit),
        cmocka_unit_test(a_near_miss_is_one_edit_away),
        cmocka_unit_test(letters_are_ascii_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
