/* Judgement of the MAIL FROM name itself, of the public suffixes and of feedback hosts. */
#include "unit.h"

#include "told_notes.h"

#include "model/region.h"
#include "rules/feedback.h"
#include "rules/judge.h"

#include <stdio.h>

struct fixture {
    struct fleet fleet;
    struct judgement judgement;
    struct told_notes told;
};

static void fixture_make(struct fixture *x, const char *identity, const char *mail_from,
                         finding_set accept)
{
    struct account account = {0};
    struct choice choice = {0};
    struct policy policy = {.accept = accept};
    name_id region;
    uint16_t index;
    uint32_t row;
    *x = (struct fixture){0};
    fleet_init(&x->fleet);
    told_init(&x->told, &x->judgement);
    assert_true(names_init(&x->fleet.names, 1 << 20));
    assert_true(names_add(&x->fleet.names, TEXT("us-east-1"), &region));
    assert_true(names_add(&x->fleet.names, text_of(identity), &choice.identity));
    assert_true(names_add(&x->fleet.names, text_of(mail_from), &choice.mail_from));
    assert_true(fleet_account(&x->fleet, account, &index));
    assert_true(fleet_lane(&x->fleet, index, region, &choice.lane));
    assert_true(fleet_policy(&x->fleet, policy, &choice.policy));
    assert_true(fleet_choice(&x->fleet, choice, &row));
}

static void fixture_clear(struct fixture *x)
{
    fleet_clear(&x->fleet);
    told_clear(&x->told);
}

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct name_row {
    const char *identity, *mail_from;
    int finding; /* -1: none */
    const char *says;
} name_rows[] = {
    {"example.com", "bounce.example.com", -1, ""},
    {"example.com", "a.b.c.example.com", -1, ""},
    {"user@example.com", "bounce.example.com", -1, ""},
    {"User@Example.COM", "bounce.example.com", -1, ""},
    {"example.com", "", -1, ""},
    {"co.uk", "", -1, ""},
    {"ses.example.com", "mail.ses.example.com", -1, ""},
    {"ses.example.com", "mail.example.com", NOT_A_SUBDOMAIN,
     "mail.example.com is not below ses.example.com"},
    {"example.com", "example.com", NOT_A_SUBDOMAIN, "is the identity's own domain"},
    {"example.com", "bounce.example.org", NOT_A_SUBDOMAIN, "such as bounce.example.com"},
    {"example.com", "bounceexample.com", NOT_A_SUBDOMAIN, "is not below example.com"},
    {"user@sub.example.com", "bounce.example.com", NOT_A_SUBDOMAIN, "is not below sub.example.com"},
    {"example.com", "bounce_1.example.com", INVALID_NAME, "a character other than"},
    {"example.com", "-bounce.example.com", INVALID_NAME, "hyphen"},
    {"example.com", "bounce..example.com", INVALID_NAME, "empty label"},
    {"example.com", L63 "a.example.com", INVALID_NAME, "longer than 63"},
    {"example.com", L63 "." L63 "." L63 "." L63 ".example.com", INVALID_NAME, "longer than 253"},
    {"example.com", "localhost", INVALID_NAME, "only one label"},
    {"example.com", "b\xc3\xbc.example.com", INVALID_NAME, "a character other than"},
    {"example.com", "\x1b[2J.example.com", INVALID_NAME, "\\x1b[2J"},
    {"co.uk", "bounce.co.uk", PUBLIC_SUFFIX,
     "co.uk, the domain of the identity, is a public suffix"},
    {"github.io", "bounce.github.io", PUBLIC_SUFFIX, "github.io"},
    {"amazonaws.com", "s3.amazonaws.com", PUBLIC_SUFFIX,
     "MAIL FROM s3.amazonaws.com is a public suffix"},
    {"corp.internal", "bounce.corp.internal", -1, ""},
};

static void a_name_is_judged_before_anything_is_asked(void **state)
{
    struct suffix_list *suffixes;
    (void)state;
    assert_int_equal(suffix_list_open(&suffixes, NULL, NULL), OK);
    for (size_t i = 0; i < COUNT(name_rows); i++) {
        const struct name_row *row = &name_rows[i];
        struct fixture x;
        fixture_make(&x, row->identity, row->mail_from, 0);
        x.judgement.suffixes = suffixes;
        judge_name(&x.judgement, &x.fleet, 0);
        finding_set want = row->finding < 0 ? 0 : FINDING_BIT(row->finding);
        if (x.judgement.found != want || x.judgement.errors != want)
            fail_msg("%s under %s: found %llx, want %llx", row->mail_from, row->identity,
                     (unsigned long long)x.judgement.found, (unsigned long long)want);
        struct text told = told_text(&x.told, &x.judgement);
        if (text_find_text(told, text_of(row->says)) == told.len && *row->says)
            fail_msg("'%s' is not in " TEXT_FMT, row->says, TEXT_ARG(told));
        fixture_clear(&x);
    }
    suffix_list_close(suffixes);
}

static void an_accepted_error_is_a_note_and_refuses_nothing(void **state)
{
    struct fixture x;
    (void)state;
    fixture_make(&x, "example.com", "example.org", FINDING_BIT(NOT_A_SUBDOMAIN));
    judge_name(&x.judgement, &x.fleet, 0);
    assert_int_equal(x.judgement.found, FINDING_BIT(NOT_A_SUBDOMAIN));
    assert_int_equal(x.judgement.errors, 0);
    assert_string_equal(x.judgement.first_error, "");
    assert_true(
        text_starts(told_text(&x.told, &x.judgement), TEXT("not-a-subdomain error (accepted): ")));
    fixture_clear(&x);
}

static void the_reason_is_the_first_error_even_after_a_wait(void **state)
{
    struct judgement j = {0};
    (void)state;
    judge_finding(&j, NULL, DMARC_MISSING, SEVERITY_INFO, "an info");
    assert_string_equal(j.first_error, "");
    judge_finding(&j, NULL, MX_MISSING, SEVERITY_WAIT, "a wait");
    judge_finding(&j, NULL, SPF_MISSING, SEVERITY_WAIT, "another wait");
    assert_string_equal(j.first_error, "a wait");
    judge_finding(&j, NULL, SEVERAL_MX, SEVERITY_ERROR, "an error");
    judge_finding(&j, NULL, CNAME_AT_NAME, SEVERITY_ERROR, "another error");
    assert_string_equal(j.first_error, "an error");
    assert_int_equal(j.waits, FINDING_BIT(MX_MISSING) | FINDING_BIT(SPF_MISSING));
    assert_int_equal(j.errors, FINDING_BIT(SEVERAL_MX) | FINDING_BIT(CNAME_AT_NAME));
}

static void notes_stand_in_the_order_in_which_they_were_made(void **state)
{
    struct told_notes told;
    struct judgement j = {0};
    (void)state;
    told_init(&told, &j);
    judge_finding(&j, NULL, MX_MISSING, SEVERITY_WAIT, "a \"quoted\" %s", "name");
    judge_finding(&j, NULL, SANDBOX, SEVERITY_WARNING, "b");
    assert_text(told_text(&told, &j), TEXT("mx-missing wait: a \"quoted\" name\n"
                                           "sandbox warning: b\n"));
    told_clear(&told);
}

static void there_may_be_as_many_notes_as_rules(void **state)
{
    struct told_notes told;
    struct judgement j = {0};
    (void)state;
    told_init(&told, &j);
    for (int f = 0; f < FINDINGS_LEN; f++)
        judge_finding(&j, NULL, (enum finding)f, SEVERITY_INFO, "number %d", f);
    assert_int_equal(judge_notes(&j).len, FINDINGS_LEN);
    for (uint32_t f = 0; f < FINDINGS_LEN; f++)
        assert_int_equal(judge_notes(&j).at[f].rule, f);
    assert_text(judge_notes(&j).at[FINDINGS_LEN - 1].text, TEXT("number 31"));
    told_clear(&told);
}

static void notes_that_find_no_memory_are_told_of(void **state)
{
    struct arena small;
    struct judgement j = {.memory = &small};
    (void)state;
    arena_init(&small, 0);
    judge_finding(&j, NULL, MX_MISSING, SEVERITY_WAIT, "a wait");
    assert_true(j.out_of_memory);
    assert_int_equal(j.waits, FINDING_BIT(MX_MISSING));
    assert_string_equal(j.first_error, "a wait");
    arena_clear(&small);
}

static void a_sentence_of_two_longest_names_is_cut_and_not_overrun(void **state)
{
    char name[700];
    struct judgement j = {0};
    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    judge_finding(&j, NULL, SEVERAL_MX, SEVERITY_ERROR, "%s%s", name, name);
    assert_int_equal(strlen(j.first_error), sizeof j.first_error - 1);
}

static void feedback_hosts_are_parsed_and_made(void **state)
{
    static const struct {
        const char *host, *region;
        bool known;
    } rows[] = {
        {"feedback-smtp.us-east-1.amazonses.com", "us-east-1", true},
        {"FEEDBACK-SMTP.EU-WEST-1.AMAZONSES.COM", "EU-WEST-1", false}, /* facts are lower case */
        {"feedback-smtp.us-gov-east-1.amazonses.com", "us-gov-east-1", true},
        {"feedback-smtp.xx-west-9.amazonses.com", "xx-west-9", false},
        {"feedback-smtp.us-east-1.amazonaws.com", NULL, false},
        {"feedback-smtp.amazonses.com", NULL, false},
        {"feedback-smtp..amazonses.com", NULL, false},
        {"feedback-smtp.a.b.amazonses.com", NULL, false},
        {"xfeedback-smtp.us-east-1.amazonses.com", NULL, false},
        {"", NULL, false},
    };
    char host[FEEDBACK_HOST_LEN];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct text region = TEXT_NONE;
        assert_int_equal(feedback_host_parse(TEXT_NONE, text_of(rows[i].host), &region),
                         rows[i].region != NULL);
        if (!rows[i].region)
            continue;
        assert_text(region, text_of(rows[i].region));
        assert_int_equal(region_has_ses(region), rows[i].known);
        assert_true(text_eq_nocase(text_of(feedback_host_make(TEXT_NONE, region, host)),
                                   text_of(rows[i].host)));
    }
}

static void feedback_hosts_can_be_called_otherwise(void **state)
{
    static const struct {
        const char *pattern;
        bool good;
        const char *host, *region; /* NULL: the host does not fit */
    } rows[] = {
        {FEEDBACK_PATTERN, true, "feedback-smtp.us-east-1.amazonses.com", "us-east-1"},
        {"feedback-smtp.{region}.amazonses.eu", true, "feedback-smtp.eusc-de-east-1.amazonses.eu",
         "eusc-de-east-1"},
        {"feedback-smtp.{region}.amazonses.eu", true, "feedback-smtp.us-east-1.amazonses.com",
         NULL},
        {"{region}.bounces.example", true, "eu-west-1.bounces.example", "eu-west-1"},
        {"bounces-{region}.example.com", true, "bounces-eu-west-1.example.com", "eu-west-1"},
        {"bounces.example.com", false, "bounces.example.com", NULL},
        {"", false, "feedback-smtp.us-east-1.amazonses.com", "us-east-1"},
        {"{region}", false, "us-east-1", "us-east-1"},
        {"a b.{region}.example", false, "x", NULL},
        {"{region}.-x.example", false, "x", NULL},
        {"{region}.example.com.", false, "x", NULL},
        {"{region}..example", false, "x", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct text pattern = text_of(rows[i].pattern), region = TEXT_NONE;
        char host[FEEDBACK_HOST_LEN];
        assert_int_equal(feedback_pattern_is(pattern), rows[i].good);
        bool fits = feedback_host_parse(pattern, text_of(rows[i].host), &region);
        assert_int_equal(fits, rows[i].region != NULL);
        if (!fits)
            continue;
        assert_text(region, text_of(rows[i].region));
        assert_string_equal(feedback_host_make(pattern, region, host), rows[i].host);
    }
}

static void organizational_domains_are_one_label_below_the_suffix(void **state)
{
    static const char *const rows[][2] = {
        {"a.b.example.com", "example.com"},
        {"example.com", "example.com"},
        {"com", ""},
        {"x.y.co.uk", "y.co.uk"},
        {"co.uk", ""},
        {"me.github.io", "me.github.io"},
        {"a.b.unheard-of", "b.unheard-of"},
        {"Mail.Example.Org", "Example.Org"},
    };
    struct suffix_list *list;
    (void)state;
    assert_int_equal(suffix_list_open(&list, NULL, NULL), OK);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_text(suffix_registrable(list, text_of(rows[i][0])), text_of(rows[i][1]));
    assert_false(suffix_is_public(list, TEXT("unheard-of")));
    assert_true(suffix_is_public(list, TEXT("COM")));
    suffix_list_close(list);
}

static void a_file_that_is_no_suffix_list_is_refused(void **state)
{
    struct suffix_list *list;
    struct why why;
    (void)state;
    assert_int_equal(suffix_list_open(&list, "/nonexistent/list.dat", &why), ERR_INPUT);
    assert_null(list);
    assert_non_null(strstr(why.text, "/nonexistent/list.dat"));
    assert_int_equal(suffix_list_open(&list, "/dev/null", &why), ERR_INPUT);
    suffix_list_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_judged_before_anything_is_asked),
        cmocka_unit_test(an_accepted_error_is_a_note_and_refuses_nothing),
        cmocka_unit_test(the_reason_is_the_first_error_even_after_a_wait),
        cmocka_unit_test(notes_stand_in_the_order_in_which_they_were_made),
        cmocka_unit_test(there_may_be_as_many_notes_as_rules),
        cmocka_unit_test(notes_that_find_no_memory_are_told_of),
        cmocka_unit_test(a_sentence_of_two_longest_names_is_cut_and_not_overrun),
        cmocka_unit_test(feedback_hosts_are_parsed_and_made),
        cmocka_unit_test(feedback_hosts_can_be_called_otherwise),
        cmocka_unit_test(organizational_domains_are_one_label_below_the_suffix),
        cmocka_unit_test(a_file_that_is_no_suffix_list_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
