/* Character-strings in quotes: what is written reads back, and nothing else passes for a string. */
#include "base/quoted.h"
#include "unit.h"

#define LONG_LEN 600

static const struct {
    const char *data, *octal, *decimal;
} written[] = {
    {"v=spf1 include:amazonses.com ~all", "\"v=spf1 include:amazonses.com ~all\"",
     "\"v=spf1 include:amazonses.com ~all\""},
    {"", "\"\"", "\"\""},
    {"a\"b\\c", "\"a\\\"b\\\\c\"", "\"a\\\"b\\\\c\""},
    {"\t\x7f\xc3\xa9", "\"\\011\\177\\303\\251\"", "\"\\009\\127\\195\\169\""},
};

static void what_is_not_printable_is_three_digits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(written); i++) {
        struct buf out;
        buf_init(&out, 4096);
        quoted_add(&out, text_of(written[i].data), QUOTED_OCTAL, " ");
        assert_text(buf_text(&out), text_of(written[i].octal));
        buf_reset(&out);
        quoted_add(&out, text_of(written[i].data), QUOTED_DECIMAL, " ");
        assert_text(buf_text(&out), text_of(written[i].decimal));
        buf_clear(&out);
    }
}

static void any_bytes_of_any_length_read_back(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (unsigned round = 0; round < 300; round++) {
        char data[LONG_LEN];
        size_t len = dice(&seed) % LONG_LEN;
        for (size_t i = 0; i < len; i++)
            data[i] = (char)dice(&seed);
        enum quoted_digits digits = round % 2 ? QUOTED_OCTAL : QUOTED_DECIMAL;
        struct buf out, back;
        buf_init(&out, 16384);
        buf_init(&back, 16384);
        quoted_add(&out, (struct text){data, len}, digits, round % 3 ? " " : "");
        assert_true(quoted_read(&back, buf_text(&out), digits));
        assert_text(buf_text(&back), ((struct text){data, len}));
        buf_clear(&out);
        buf_clear(&back);
    }
}

static void a_string_has_at_most_255_octets(void **state)
{
    (void)state;
    char data[511];
    struct buf out;
    memset(data, 'a', sizeof data);
    buf_init(&out, 4096);
    quoted_add(&out, (struct text){data, sizeof data}, QUOTED_OCTAL, " ");
    assert_int_equal(out.len, 511 + 3 * 2 + 2);
    assert_text(text_slice(buf_text(&out), 256, 259), TEXT("\" \""));
    assert_text(text_slice(buf_text(&out), 514, 519), TEXT("\" \"a\""));
    buf_clear(&out);
}

static const struct {
    const char *text, *octal; /* NULL: not strings in quotes */
} read[] = {
    {"\"a\" \"b\"", "ab"},
    {"\"a\"\"b\"", "ab"},
    {" \t\"a\"  ", "a"},
    {"\"\"", ""},
    {"\"\\052\\56\\.\"", "*56."}, /* too few digits: the character itself */
    {"\"\\081\\400\"", "081400"}, /* no octal digit; no octet */
    {"", NULL},
    {"a", NULL},
    {"\"a", NULL},
    {"\"a\\", NULL},
    {"\"a\\\"", NULL},
    {"\"a\" b", NULL},
    {"\"a\";\"b\"", NULL},
};

static void only_strings_in_quotes_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(read); i++) {
        struct buf out;
        buf_init(&out, 4096);
        assert_int_equal(quoted_read(&out, text_of(read[i].text), QUOTED_OCTAL),
                         read[i].octal != NULL);
        if (read[i].octal)
            assert_text(buf_text(&out), text_of(read[i].octal));
        buf_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_printable_is_three_digits),
        cmocka_unit_test(any_bytes_of_any_length_read_back),
        cmocka_unit_test(a_string_has_at_most_255_octets),
        cmocka_unit_test(only_strings_in_quotes_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
