#include "unit.h"

#include "evidence/report_values.h"

#include "base/bounds.h"

static void a_domain_is_taken_out_of_whatever_holds_it(void **state)
{
    (void)state;
    static const struct {
        const char *given, *want;
    } rows[] = {
        {"shop.example", "shop.example"},
        {"SHOP.Example.", "shop.example"},
        {"a@b@Shop.example", "shop.example"},
        {"<bounce+1=x@m.shop.example>", "m.shop.example"},
        {"\"N\" <n@shop.example.>", "shop.example"},
        {"_dmarc.shop.example", "_dmarc.shop.example"},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"B\xc3\x9c"
         "CHER.example.",
         "xn--bcher-kva.example"},
        {"localhost", "localhost"},
        {"", ""},
        {".", ""},
        {"<>", ""},
        {"a..b", ""},
        {".a.b", ""},
        {"a b", ""},
        {"a\nb", ""},
        {"[192.0.2.1]", ""},
        {"caf\xc3\x28.example", ""},
        {"=?utf-8?q?x?=", ""},
    };
    char out[DNAME_LEN_MAX + 1];
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_text(report_domain(text_of(rows[i].given), out), text_of(rows[i].want));
    char longest[400];
    memset(longest, 'a', sizeof longest);
    assert_int_equal(report_domain((struct text){longest, DNAME_LEN_MAX}, out).len, DNAME_LEN_MAX);
    assert_int_equal(report_domain((struct text){longest, DNAME_LEN_MAX + 1}, out).len, 0);
}

static void an_instant_is_seconds_or_milliseconds(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        int64_t seconds; /* 0: refused */
    } rows[] = {
        {"1779235200", 1779235200},
        {"1779235200.9", 1779235200},
        {"1779235200.", 1779235200},
        {"1779235200123", 1779235200},
        {"302832000", 302832000},
        {"86400", 86400},
        {"7258118399", 7258118399},
        {"0", 0},
        {"86399", 0},
        {"7258118400", 0},
        {"-1", 0},
        {"", 0},
        {".5", 0},
        {"1779235200.x", 0},
        {"1e9", 0},
        {"2026-05-20", 0},
        {" 1779235200", 0},
        {"99999999999999999999", 0},
        {"18446744073709551615", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        instant_us at = 0;
        bool taken = report_instant(text_of(rows[i].given), &at);
        if (taken != (rows[i].seconds != 0) || (taken && at != rows[i].seconds * 1000000))
            fail_msg("'%s' is %lld", rows[i].given, (long long)at);
    }
}

static void a_count_has_digits_and_a_bound(void **state)
{
    (void)state;
    uint64_t n;
    assert_true(report_count(TEXT("0"), &n) && n == 0);
    assert_true(report_count(TEXT("10000000000"), &n) && n == EVIDENCE_COUNT_MAX);
    static const char *const bad[] = {
        "10000000001", "-1", "+1", "", "1.0", "1,000", "0x1", " 1", "18446744073709551616"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(report_count(text_of(bad[i]), &n));
}

static void an_address_is_one_of_either_kind(void **state)
{
    (void)state;
    static const char *const good[] = {"192.0.2.1", "2001:db8::1", "2001:DB8:0:0:0:0:0:1",
                                       "::", "::ffff:192.0.2.1"};
    static const char *const bad[] = {"",           "192.0.2.256",  "192.0.2",
                                      "192.0.2.01", "fe80::1%eth0", "[::1]",
                                      "localhost",  "192.0.2.1 ",   "1:2:3:4:5:6:7:8:9"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(report_address(text_of(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(report_address(text_of(bad[i])));
    assert_false(report_address((struct text){"192.0.2.1\0", 10}));
}

static void words_have_any_capitals(void **state)
{
    (void)state;
    char word[16];
    for (unsigned i = 0; i < AUTH_OTHER; i++)
        assert_int_equal(auth_result_of(text_of(auth_result_name((enum auth_result)i))), i);
    assert_int_equal(auth_result_of(TEXT("HardFail")), AUTH_FAIL);
    assert_int_equal(auth_result_of(TEXT("PermError")), AUTH_PERMERROR);
    assert_int_equal(auth_result_of(TEXT("unknown")), AUTH_OTHER);
    assert_int_equal(auth_result_of(TEXT("other")), AUTH_OTHER);
    assert_int_equal(auth_result_of(TEXT("passed")), AUTH_OTHER);
    assert_int_equal(auth_result_of(TEXT_NONE), AUTH_NONE);
    assert_true(auth_word_is_pass(TEXT("PASS")) && !auth_word_is_pass(TEXT("")));
    disposition_copy(TEXT("Quarantine"), word);
    assert_string_equal(word, "quarantine");
    disposition_copy(TEXT("quarantined"), word);
    assert_string_equal(word, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_is_taken_out_of_whatever_holds_it),
        cmocka_unit_test(an_instant_is_seconds_or_milliseconds),
        cmocka_unit_test(a_count_has_digits_and_a_bound),
        cmocka_unit_test(an_address_is_one_of_either_kind),
        cmocka_unit_test(words_have_any_capitals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
