/*
 * U-labels and A-labels, both ways, and what IDNA refuses.
 */
#include "unit.h"

#include "rules/idna.h"

static void names_become_lower_case_a_labels(void **state)
{
    (void)state;
    static const struct {
        const char *name, *ascii;
    } rows[] = {
        {"Example.COM", "example.com"},
        {"example.com.", "example.com"},
        {"", ""},
        {"not_a host", "not_a host"}, /* ASCII is only folded; dname_check judges */
        {"B\xc3\x9c"
         "CHER.example",
         "xn--bcher-kva.example"},
        {"bu\xcc\x88"
         "cher.example",
         "xn--bcher-kva.example"}, /* decomposed */
        {"stra\xc3\x9f"
         "e.example",
         "xn--strae-oqa.example"}, /* non-transitional: sharp s stays */
        {"\xe4\xbe\x8b\xe3\x80\x82\xe4\xbe\x8b", "xn--fsq.xn--fsq"}, /* ideographic full stop */
        {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
        {"\xef\xbd\x85xample.com", "example.com"}, /* full-width e */
        {"xn.example", "xn.example"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[DNAME_LEN_MAX + 1];
        struct text ascii;
        const char *fault;
        assert_true(idna_to_ascii(text_of(rows[i].name), out, &ascii, &fault));
        assert_text(ascii, text_of(rows[i].ascii));
    }
}

static void what_idna_forbids_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *fault;
    } rows[] = {
        {"xn--a.example", "an xn-- label is not a valid A-label"},
        {"xn--.example", "an xn-- label is not a valid A-label"},
        {"\xff.example", "it is not UTF-8"},
        {"\xe2\x98\x83\xe2\x80\x8b\xe2\x80\xae.example", "it has a character that IDNA forbids"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[DNAME_LEN_MAX + 1];
        struct text ascii;
        const char *fault = "";
        if (idna_to_ascii(text_of(rows[i].name), out, &ascii, &fault))
            fail_msg("accepted %s as " TEXT_FMT, rows[i].name, TEXT_ARG(ascii));
        assert_string_equal(fault, rows[i].fault);
        assert_int_equal(ascii.len, 0);
    }
}

static void names_beyond_the_bound_do_not_fit(void **state)
{
    (void)state;
    char name[2000], out[DNAME_LEN_MAX + 1];
    struct text ascii;
    const char *fault;
    memset(name, 'a', sizeof name);
    assert_false(idna_to_ascii((struct text){name, 254}, out, &ascii, &fault));
    assert_string_equal(fault, "it is longer than 253 characters");
    assert_true(idna_to_ascii((struct text){name, 253}, out, &ascii, &fault));
    name[0] = '\xc3';
    name[1] = '\xbc';
    assert_false(idna_to_ascii((struct text){name, 64}, out, &ascii, &fault));
    assert_string_equal(fault, "a label is longer than 63 characters");
    assert_false(idna_to_ascii((struct text){name, sizeof name}, out, &ascii, &fault));
    assert_string_equal(fault, "it is longer than 253 characters");
    assert_false(idna_to_ascii((struct text){"\xc3\xbc\0x", 4}, out, &ascii, &fault));
}

static void a_labels_are_shown_as_u_labels(void **state)
{
    (void)state;
    static const struct {
        const char *name, *unicode;
    } rows[] = {
        {"xn--bcher-kva.example", "b\xc3\xbc"
                                  "cher.example"},
        {"example.com", "example.com"},
        {"xn--a.example", "xn--a.example"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[IDNA_UNICODE_LEN_MAX + 1];
        struct text unicode;
        assert_true(idna_to_unicode(text_of(rows[i].name), out, &unicode));
        assert_text(unicode, text_of(rows[i].unicode));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_lower_case_a_labels),
        cmocka_unit_test(what_idna_forbids_is_named),
        cmocka_unit_test(names_beyond_the_bound_do_not_fit),
        cmocka_unit_test(a_labels_are_shown_as_u_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
