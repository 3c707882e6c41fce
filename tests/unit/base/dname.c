#include "unit.h"

#include "base/dname.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static void the_first_fault_of_a_name_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum dname_fault want;
    } rows[] = {
        {"bounce.example.com", DNAME_OK},
        {"bounce.example.com.", DNAME_OK},
        {"xn--bcher-kva.example", DNAME_OK},
        {"1.2.3.example", DNAME_OK},
        {"a.b", DNAME_OK},
        {L63 ".example", DNAME_OK},
        {L63 "." L63 "." L63 "."
             "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi",
         DNAME_OK},
        {"", DNAME_EMPTY},
        {".", DNAME_EMPTY},
        {L63 "." L63 "." L63 "."
             "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij",
         DNAME_TOO_LONG},
        {"a..b", DNAME_LABEL_EMPTY},
        {".a.b", DNAME_LABEL_EMPTY},
        {"a.b..", DNAME_LABEL_EMPTY},
        {L63 "l.example", DNAME_LABEL_TOO_LONG},
        {"-a.example", DNAME_LABEL_HYPHEN},
        {"a-.example", DNAME_LABEL_HYPHEN},
        {"_dmarc.example", DNAME_CHARACTER},
        {"a b.example", DNAME_CHARACTER},
        {"*.example", DNAME_CHARACTER},
        {"b\xc3\xbc"
         "cher.example",
         DNAME_CHARACTER},
        {"a@b.example", DNAME_CHARACTER},
        {"localhost", DNAME_SINGLE_LABEL},
        {"10.0.0.1", DNAME_NUMERIC_TOP},
        {"a.99999999999999999999999", DNAME_NUMERIC_TOP},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum dname_fault got = dname_check(text_of(rows[i].name));
        if (got != rows[i].want)
            fail_msg("'%s': %s", rows[i].name, dname_fault_text(got));
        assert_non_null(dname_fault_text(got));
    }
    assert_int_equal(dname_check(TEXT("a\0.example")), DNAME_CHARACTER);
}

static void below_means_a_whole_label_below(void **state)
{
    (void)state;
    static const struct {
        const char *name, *parent;
        bool want;
    } rows[] = {
        {"a.example.com", "example.com", true},       {"b.a.example.com", "example.com", true},
        {"A.EXAMPLE.com.", "example.COM", true},      {"example.com", "example.com", false},
        {"badexample.com", "example.com", false},     {"example.com", "a.example.com", false},
        {".example.com", "example.com", false},       {"a.example.com", "", false},
        {"a.example.com.evil", "example.com", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (dname_below(text_of(rows[i].name), text_of(rows[i].parent)) != rows[i].want)
            fail_msg("'%s' below '%s'?", rows[i].name, rows[i].parent);
}

static void names_are_brought_into_one_form(void **state)
{
    (void)state;
    char out[DNAME_LEN_MAX + 1], longer[DNAME_LEN_MAX + 3];
    struct text t;
    assert_true(dname_normalize(TEXT("MaiL.Example.COM."), out, &t));
    assert_text(t, TEXT("mail.example.com"));
    assert_string_equal(out, "mail.example.com");
    assert_true(
        dname_normalize(TEXT("a.example.."), out, &t)); /* still faulty, and no other name */
    assert_text(t, TEXT("a.example.."));
    assert_int_equal(dname_check(t), DNAME_LABEL_EMPTY);
    assert_false(dname_eq(TEXT("a.example.."), TEXT("a.example.")));
    memset(longer, 'a', sizeof longer);
    longer[DNAME_LEN_MAX] = '.';
    assert_true(dname_normalize((struct text){longer, DNAME_LEN_MAX + 1}, out, &t));
    assert_int_equal(t.len, DNAME_LEN_MAX);
    assert_false(dname_normalize((struct text){longer, DNAME_LEN_MAX + 2}, out, &t));
    assert_true(dname_eq(TEXT("Example.com."), TEXT("example.COM")));
    assert_false(dname_eq(TEXT("example.com"), TEXT("example.org")));
}

static void a_name_is_taken_apart_by_labels(void **state)
{
    (void)state;
    assert_text(dname_parent(TEXT("a.b.c")), TEXT("b.c"));
    assert_text(dname_parent(TEXT("c")), TEXT(""));
    assert_text(dname_parent(TEXT("")), TEXT(""));
    assert_int_equal(dname_labels(TEXT("a.b.c.")), 3);
    assert_int_equal(dname_labels(TEXT("")), 0);
    assert_int_equal(dname_labels(TEXT(".")), 0);
    assert_text(dname_tail(TEXT("a.b.c"), 2), TEXT("b.c"));
    assert_text(dname_tail(TEXT("a.b.c"), 9), TEXT("a.b.c"));
    assert_text(dname_tail(TEXT("a.b.c."), 1), TEXT("c"));
    assert_text(dname_tail(TEXT("a.b.c"), 0), TEXT(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_fault_of_a_name_is_named),
        cmocka_unit_test(below_means_a_whole_label_below),
        cmocka_unit_test(names_are_brought_into_one_form),
        cmocka_unit_test(a_name_is_taken_apart_by_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
