#include "unit.h"

#include "model/finding.h"

static void every_finding_has_a_kebab_name_and_a_summary(void **state)
{
    (void)state;
    for (int f = 0; f < FINDINGS_LEN; f++) {
        const struct finding_rule *rule = finding_rule((enum finding)f);
        assert_non_null(rule->name);
        assert_between(strlen(rule->summary), 10, 100);
        for (const char *c = rule->name; *c; c++)
            assert_true((*c >= 'a' && *c <= 'z') || (*c == '-' && c > rule->name));
    }
    assert_true(FINDINGS_LEN <= 64); /* a finding_set is 64 bits */
}

static void a_name_finds_its_rule_and_no_other(void **state)
{
    (void)state;
    for (int f = 0; f < FINDINGS_LEN; f++) {
        enum finding got;
        assert_true(finding_parse(text_of(finding_rule((enum finding)f)->name), &got));
        assert_int_equal(got, f);
    }
    enum finding got;
    assert_false(finding_parse(TEXT("MX-missing"), &got));
    assert_false(finding_parse(TEXT(""), &got));
}

/* The names and what they refuse are a contract with manifests and scripts. */
static void severities_are_as_documented(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum severity want;
    } rows[] = {
        {"not-a-subdomain", SEVERITY_ERROR},
        {"invalid-name", SEVERITY_ERROR},
        {"public-suffix", SEVERITY_ERROR},
        {"identity-missing", SEVERITY_ERROR},
        {"identity-unverified", SEVERITY_ERROR},
        {"sends-mail", SEVERITY_ERROR},
        {"receives-mail", SEVERITY_ERROR},
        {"several-mx", SEVERITY_ERROR},
        {"mx-missing", SEVERITY_WAIT},
        {"mx-wrong-suffix", SEVERITY_ERROR},
        {"mx-unknown-region", SEVERITY_WARNING},
        {"mx-other-region", SEVERITY_INFO},
        {"cname-at-name", SEVERITY_ERROR},
        {"wildcard-answer", SEVERITY_WARNING},
        {"dmarc-strict-spf", SEVERITY_WARNING},
        {"dmarc-not-aligned", SEVERITY_WARNING},
        {"dmarc-verdicts-differ", SEVERITY_WARNING},
        {"dmarc-missing", SEVERITY_INFO},
        {"masked-by-identity", SEVERITY_WARNING},
        {"shared-mail-from", SEVERITY_INFO},
        {"overwrites-custom", SEVERITY_WARNING},
        {"account-cannot-send", SEVERITY_WARNING},
        {"sandbox", SEVERITY_WARNING},
        {"dns-trouble", SEVERITY_WAIT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum finding f;
        assert_true(finding_parse(text_of(rows[i].name), &f));
        assert_int_equal(finding_rule(f)->severity, rows[i].want);
    }
    assert_string_equal(severity_name(SEVERITY_INFO), "info");
    assert_string_equal(severity_name(SEVERITY_WARNING), "warning");
    assert_string_equal(severity_name(SEVERITY_WAIT), "wait");
    assert_string_equal(severity_name(SEVERITY_ERROR), "error");
}

static void a_typing_mistake_finds_what_was_meant(void **state)
{
    (void)state;
    assert_string_equal(finding_near(TEXT("mx-mising")), "mx-missing");
    assert_string_equal(finding_near(TEXT("spf_missing")), "spf-missing");
    assert_string_equal(finding_near(TEXT("sandobx")), "sandbox");
    assert_null(finding_near(TEXT("something-else-entirely")));
    assert_null(finding_near(TEXT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_finding_has_a_kebab_name_and_a_summary),
        cmocka_unit_test(a_name_finds_its_rule_and_no_other),
        cmocka_unit_test(severities_are_as_documented),
        cmocka_unit_test(a_typing_mistake_finds_what_was_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
