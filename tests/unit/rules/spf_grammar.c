/*
 * Addresses, macros and records of SPF as text: tables, among them RFC 7208's own examples.
 */
#include "unit.h"

#include "rules/spf_record.h"

static void addresses_are_read_strictly(void **state)
{
    static const struct {
        const char *text, *format; /* NULL: refused */
    } rows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"256.0.0.1", NULL},
        {"1.2.3", NULL},
        {"1.2.3.4.5", NULL},
        {"01.2.3.4", NULL},
        {"1.2.3.", NULL},
        {"", NULL},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:DB8::CB01", "2001:db8::cb01"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"::1.2.3.4", "::102:304"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:201", "192.0.2.1"},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"1:2:3:4:5:6:7", NULL},
        {"1::2::3", NULL},
        {":::", NULL},
        {":1::2", NULL},
        {"1:2:3:4:5:6:7:8::", NULL},
        {"12345::", NULL},
        {"1.2.3.4::", NULL},
        {"::1.2.3.4:5", NULL},
        {"::g", NULL},
        {"1:2:3:4:5:6:7:1.2.3.4", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spf_address a;
        char out[SPF_ADDRESS_LEN];
        bool good = spf_address_parse(text_of(rows[i].text), &a);
        if (good != (rows[i].format != NULL))
            fail_msg("'%s' is %s", rows[i].text, good ? "taken" : "refused");
        if (good)
            assert_text(spf_address_format(&a, out), text_of(rows[i].format));
    }
}

static void prefixes_are_compared_bit_by_bit(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned bits;
        bool match;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", 32, true},       {"192.0.2.1", "192.0.2.0", 31, true},
        {"192.0.2.2", "192.0.2.1", 31, false},      {"10.0.0.0", "192.0.2.1", 0, true},
        {"128.0.0.0", "0.0.0.0", 1, false},         {"2001:db8::1", "2001:db8::2", 126, true},
        {"2001:db8::1", "2001:db8::2", 127, false}, {"::1", "0.0.0.1", 0, false},
        {"2001:db8::1", "2001:db8::1", 128, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spf_address a, b;
        assert_true(spf_address_parse(text_of(rows[i].a), &a));
        assert_true(spf_address_parse(text_of(rows[i].b), &b));
        if (spf_address_matches(&a, &b, rows[i].bits) != rows[i].match)
            fail_msg("%s and %s in %u bits", rows[i].a, rows[i].b, rows[i].bits);
    }
}

/* RFC 7208, section 7.4, and what lies around it. */
static void macros_expand_as_in_the_standard(void **state)
{
    static const struct {
        const char *macro, *value;
    } rows[] = {
        {"%{s}", "strong-bad@email.example.com"},
        {"%{o}", "email.example.com"},
        {"%{d}", "email.example.com"},
        {"%{d4}", "email.example.com"},
        {"%{d3}", "email.example.com"},
        {"%{d2}", "example.com"},
        {"%{d1}", "com"},
        {"%{dr}", "com.example.email"},
        {"%{d2r}", "example.email"},
        {"%{l}", "strong-bad"},
        {"%{l-}", "strong.bad"},
        {"%{lr}", "strong-bad"},
        {"%{lr-}", "bad.strong"},
        {"%{l1r-}", "strong"},
        {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
        {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
        {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
        {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
        {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
        {"%{S}", "strong-bad%40email.example.com"},
        {"%{c} %{r} %{t} %{h} %{p}", "192.0.2.3 mx.test 1700000000 helo.test valid.test"},
        {"%%%_%-", "% %20"},
        {"%{d999999999999999999999}", "email.example.com"},
        {"%{L-}", "strong.bad"},
        {"", ""},
    };
    const struct spf_macro_values values = {
        .sender = TEXT("strong-bad@email.example.com"),
        .local_part = TEXT("strong-bad"),
        .sender_domain = TEXT("email.example.com"),
        .domain = TEXT("email.example.com"),
        .helo = TEXT("helo.test"),
        .receiver = TEXT("mx.test"),
        .validated = TEXT("valid.test"),
        .client = {.family = 4, .bytes = {192, 0, 2, 3}},
        .time_s = 1700000000,
    };
    struct arena arena;
    spf_letters letters;
    (void)state;
    arena_init(&arena, 1u << 16);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct text macro = text_of(rows[i].macro);
        assert_true(spf_macro_check(macro, SPF_IN_EXPLANATION, &letters));
        assert_text(spf_macro_expand(&arena, macro, &values), text_of(rows[i].value));
    }
    arena_clear(&arena);
}

static void an_ip6_client_is_written_in_nibbles(void **state)
{
    struct spf_macro_values values = {0};
    struct arena arena;
    (void)state;
    arena_init(&arena, 1u << 16);
    assert_true(spf_address_parse(TEXT("2001:db8::cb01"), &values.client));
    assert_text(spf_macro_expand(&arena, TEXT("%{ir}.%{v}._spf"), &values),
                TEXT("1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf"));
    arena_clear(&arena);
}

static void broken_macros_are_refused(void **state)
{
    static const char *const rows[] = {"%",      "%a",    "%{",     "%{}",     "%{x}",   "%{d0}",
                                       "%{d",    "%{dx}", "%{d-r}", "%{d2r3}", "a%",     "%(d)",
                                       "%{c}",   "%{r}",  "%{t}",   "a b",     "\x80",   "\x7f",
                                       "%{d2;}", "%{ d}", "%{d.%}", "%{5}",    "%{dr2}", "\t"};
    spf_letters letters;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (spf_macro_check(text_of(rows[i]), SPF_IN_DOMAIN, &letters))
            fail_msg("'%s' is taken", rows[i]);
}

static void records_are_taken_or_refused_with_the_term_at_fault(void **state)
{
    static const struct {
        const char *record, *fault; /* NULL: sound */
    } rows[] = {
        {"v=spf1", NULL},
        {"v=spf1 ", NULL},
        {"v=spf1  a   mx  -all  ", NULL},
        {"v=spf1 include:amazonses.com ~all", NULL},
        {"v=spf1 A:%{d}/24//64 MX//0 -EXISTS:%{i}.x.test ?ptr:x.test", NULL},
        {"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip6:::1", NULL},
        {"v=spf1 redirect=x.test exp=%{d}", NULL},
        {"v=spf1 any.name-you_like=%{d}/what:ever empty=", NULL},
        {"v=spf1 a:x.test. a:x.xn--test a:.test", NULL},
        {"v=spf1 all:x", "all:x"},
        {"v=spf1 all/8", "all/8"},
        {"v=spf1 --all", "--all"},
        {"v=spf1 +", "+"},
        {"v=spf1 a/33", "a/33"},
        {"v=spf1 a/024", "a/024"},
        {"v=spf1 a//129", "a//129"},
        {"v=spf1 a/24/64", "a/24/64"},
        {"v=spf1 a///64", "a///64"},
        {"v=spf1 a:", "a:"},
        {"v=spf1 a:com", "a:com"},
        {"v=spf1 a:x.123", "a:x.123"},
        {"v=spf1 a:x.-com", "a:x.-com"},
        {"v=spf1 a:x.com-", "a:x.com-"},
        {"v=spf1 a:%{d}com", "a:%{d}com"},
        {"v=spf1 a:%{p}/", "a:%{p}/"},
        {"v=spf1 include", "include"},
        {"v=spf1 include:x.test/24", "include:x.test/24"},
        {"v=spf1 ptr/24", "ptr/24"},
        {"v=spf1 ip4:1.2.3.4/33", "ip4:1.2.3.4/33"},
        {"v=spf1 ip4:1.2.3.4//32", "ip4:1.2.3.4//32"},
        {"v=spf1 ip4=1.2.3.4 ip4", "ip4"},
        {"v=spf1 ip6:1.2.3.4", "ip6:1.2.3.4"},
        {"v=spf1 redirect=x.test redirect=y.test", "redirect=y.test"},
        {"v=spf1 exp=x.test EXP=y.test", "EXP=y.test"},
        {"v=spf1 redirect=", "redirect="},
        {"v=spf1 redirect:x.test", "redirect:x.test"},
        {"v=spf1 foo=%", "foo=%"},
        {"v=spf1 include:amazonses.com\t~all", "0x09"},
        {"v=spf1 a\xc2\xa0mx", "0xc2"},
    };
    struct arena arena;
    (void)state;
    arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spf_record record;
        struct why why;
        enum err err = spf_record_parse(&record, text_of(rows[i].record), &arena, &why);
        assert_int_equal(err, rows[i].fault ? ERR_INPUT : OK);
        if (rows[i].fault && !strstr(why.text, rows[i].fault))
            fail_msg("'%s' is refused as: %s", rows[i].record, why.text);
    }
    arena_clear(&arena);
}

static void the_one_record_is_selected(void **state)
{
    const struct text txt[] = {TEXT("v=spf10 x"), TEXT("V=Spf1"), TEXT(" v=spf1"), TEXT(""),
                               TEXT("v=spf1 -all")};
    struct text record;
    (void)state;
    assert_int_equal(spf_record_select(txt, 1, &record), SPF_RECORD_NONE);
    assert_int_equal(spf_record_select(txt, 4, &record), SPF_RECORD_ONE);
    assert_text(record, TEXT("V=Spf1"));
    assert_int_equal(spf_record_select(txt, 5, &record), SPF_RECORD_SEVERAL);
    assert_int_equal(spf_record_select(NULL, 0, &record), SPF_RECORD_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_strictly),
        cmocka_unit_test(prefixes_are_compared_bit_by_bit),
        cmocka_unit_test(macros_expand_as_in_the_standard),
        cmocka_unit_test(an_ip6_client_is_written_in_nibbles),
        cmocka_unit_test(broken_macros_are_refused),
        cmocka_unit_test(records_are_taken_or_refused_with_the_term_at_fault),
        cmocka_unit_test(the_one_record_is_selected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
