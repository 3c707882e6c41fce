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
    {"example.com", "b\xc3\xbc.example.com", INVALID_NAME, "hyphens and dots: U+00FC"},
    {"example.com", "\x1b[2J.example.com", INVALID_NAME, "\\x1b[2J"},
    {"co.uk", "bounce.co.uk", PUBLIC_SUFFIX,
     "co.uk, the domain of the identity, is a public suffix"},
    {"github.io", "bounce.github.io", PUBLIC_SUFFIX, "github.io"},
    {"amazonaws.com", "s3.amazonaws.com", PUBLIC_SUFFIX,
     "MAIL FROM s3.amazonaws.com is a public suffix"},
    {"corp.internal", "bounce.corp.internal", -1, ""},
    {"example.com", "none", INVALID_NAME, "only one label; did you mean default?"},
    {"example.com", "mail", INVALID_NAME, "only one label; did you mean mail.{domain}?"},
    {"example.com", "*.example.com", INVALID_NAME, "a domain covers all that is below it"},
    {"example.com", "b@example.com", INVALID_NAME, "a MAIL FROM is a domain and no address"},
    {"example.com", "_x.example.com", INVALID_NAME, "dots: \"_\""},
    {"example.com", "b\xe2\x80\x93x.example.com", INVALID_NAME,
     "U+2013 (dash); type a plain hyphen"},
    {"example.com", "amazonses.com", NOT_A_SUBDOMAIN, "did you mean default, which is SES's own?"},
    {"example.com", "eu-west-1.amazonses.com", NOT_A_SUBDOMAIN, "did you mean default"},
    {"https://example.com/", "b.example.com", INVALID_NAME, "a URL; did you mean example.com?"},
    {"https://u@example.com:8/x?y", "b.example.com", INVALID_NAME, "did you mean example.com?"},
    {"arn:aws:ses:us-east-1:111122223333:identity/a@example.com", "b.example.com", INVALID_NAME,
     "an ARN; did you mean a@example.com?"},
    {"*.example.com", "b.example.com", INVALID_NAME, "SES has no wildcards"},
    {"*@example.com", "b.example.com", INVALID_NAME, "did you mean example.com?"},
    {"${DOMAIN}", "b.example.com", INVALID_NAME, "a template that nothing has filled in"},
    {"{{ domain }}", "b.example.com", INVALID_NAME, "a template that nothing has filled in"},
    {"%DOMAIN%", "b.example.com", INVALID_NAME, "a template that nothing has filled in"},
    {"${USER}@example.com", "b.example.com", INVALID_NAME, "a template that nothing has filled in"},
    {"\xe2\x80\x9c"
     "example.com\xe2\x80\x9d",
     "b.example.com", INVALID_NAME, "U+201C (quotation mark)"},
    {"'example.com'", "b.example.com", INVALID_NAME, "did you mean example.com?"},
    {"<a@example.com>", "b.example.com", INVALID_NAME, "did you mean a@example.com?"},
    {"mailto:a@example.com", "b.example.com", INVALID_NAME, "did you mean a@example.com?"},
    {"example.com/", "b.example.com", INVALID_NAME, "did you mean example.com?"},
    {"example.com,example.org", "b.example.com", INVALID_NAME, "dots: \",\""},
    {".example.com", "b.example.com", INVALID_NAME, "did you mean example.com?"},
    {"localhost", "b.localhost", INVALID_NAME, "identity \"localhost\""},
    {"192.0.2.1", "b.192.0.2.1", INVALID_NAME, "its last label is a number"},
    {"\"a b\"@example.com", "b.example.com", -1, ""},
    {"a..b.@example.com", "b.example.com", -1, ""},
    {"o'brien+x@example.com", "b.example.com", -1, ""},
    {"_old.example.com", "", -1, ""},
    {"_old.example.com", "b._old.example.com", INVALID_NAME, "MAIL FROM \"b._old.example.com\""},
};

/* SES may have an identity that a rule of names would not take. */
static void an_odd_identity_is_warned_of(void **state)
{
    static const char *const rows[][3] = {
        {"\xc3\xbc@example.com", "b.example.com", "SES takes only ASCII before the @"},
        {"a b@example.com", "b.example.com", "needs quotation marks"},
        {"key:@example.com", "b.example.com", "needs quotation marks"},
        {"no", "", "only one label"},
        {"https://example.com/", "", "did you mean example.com?"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture x;
        fixture_make(&x, rows[i][0], rows[i][1], 0);
        judge_choice(&x.judgement, &x.fleet, 0, false);
        assert_int_equal(x.judgement.found, FINDING_BIT(INVALID_NAME));
        assert_int_equal(x.judgement.errors, 0);
        struct text told = told_text(&x.told, &x.judgement);
        if (text_find_text(told, text_of(rows[i][2])) == told.len)
            fail_msg("'%s' is not in " TEXT_FMT, rows[i][2], TEXT_ARG(told));
        fixture_clear(&x);
    }
}

static const struct region_row {
    const char *region, *mx_region, *feedback_host; /* NULL: none */
    int severity;                                   /* -1: no finding */
    const char *says;
} region_rows[] = {
    {"us-east-1", NULL, NULL, -1, ""},
    {"us-gov-west-1", NULL, NULL, -1, ""},
    {"us-esat-1", NULL, NULL, SEVERITY_ERROR, "region: no AWS Region can be called us-esat-1. Did"},
    {"eu-wets-1", NULL, NULL, SEVERITY_ERROR, "Did you mean eu-west-1?"},
    {"xx-east-1", NULL, NULL, SEVERITY_ERROR, "no AWS Region can be called xx-east-1"},
    {"us-gov-est-1", NULL, NULL, SEVERITY_ERROR, "Did you mean us-gov-east-1?"},
    {"us-east-1", "us-esat-1", NULL, SEVERITY_ERROR, "dns.mx_region: no AWS Region can be called"},
    {"us-east-9", NULL, NULL, SEVERITY_WARNING, "it may be a new one. Did you mean us-east-"},
    {"mx-central-1", NULL, NULL, SEVERITY_WARNING, "AWS has no SES in the Region mx-central-1"},
    {"us-east-1", "cn-north-1", NULL, SEVERITY_WARNING, "dns.mx_region: AWS has no SES in the"},
    {"eusc-de-east-1", NULL, NULL, SEVERITY_WARNING,
     "the SES feedback host of eusc-de-east-1 is not documented"},
    {"eusc-de-east-1", NULL, "f.{region}.amazonses.eu", -1, ""},
    {"eusc-de-east-1", "us-east-1", NULL, -1, ""},
};

static void region_check(const struct region_row *row, finding_set accept)
{
    struct fixture x;
    struct lane *lane;
    fixture_make(&x, "example.com", "bounce.example.com", accept);
    lane = &x.fleet.lanes[x.fleet.choices[0].lane];
    assert_true(names_add(&x.fleet.names, text_of(row->region), &lane->region));
    if (row->mx_region)
        assert_true(names_add(&x.fleet.names, text_of(row->mx_region),
                              &x.fleet.policies[x.fleet.choices[0].policy].mx_region));
    x.judgement.feedback_host = text_of(row->feedback_host);
    judge_choice(&x.judgement, &x.fleet, 0, false);
    bool refuses = row->severity == SEVERITY_ERROR && !accept;
    if (x.judgement.found != (row->severity < 0 ? 0 : FINDING_BIT(UNKNOWN_REGION)) ||
        x.judgement.errors != (refuses ? FINDING_BIT(UNKNOWN_REGION) : 0))
        fail_msg("%s: " TEXT_FMT, row->region, TEXT_ARG(told_text(&x.told, &x.judgement)));
    struct text told = told_text(&x.told, &x.judgement);
    if (*row->says && text_find_text(told, text_of(row->says)) == told.len)
        fail_msg("'%s' is not in " TEXT_FMT, row->says, TEXT_ARG(told));
    fixture_clear(&x);
}

static void a_region_is_judged_before_anything_is_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(region_rows); i++) {
        region_check(&region_rows[i], 0);
        region_check(&region_rows[i], FINDING_BIT(UNKNOWN_REGION));
    }
}

static void a_mailbox_at_a_provider_is_not_your_domain(void **state)
{
    struct fixture x;
    (void)state;
    fixture_make(&x, "somebody@GMail.com", "bounce.gmail.com", 0);
    judge_choice(&x.judgement, &x.fleet, 0, false);
    assert_int_equal(x.judgement.found, FINDING_BIT(NOT_YOUR_DOMAIN));
    assert_int_equal(x.judgement.errors, 0);
    fixture_clear(&x);
    fixture_make(&x, "somebody@gmail.com", "", 0);
    judge_choice(&x.judgement, &x.fleet, 0, false);
    assert_int_equal(x.judgement.found, 0);
    fixture_clear(&x);
}

static void a_shared_mail_from_is_told(void **state)
{
    struct fixture x;
    (void)state;
    fixture_make(&x, "example.com", "bounce.example.com", 0);
    judge_choice(&x.judgement, &x.fleet, 0, true);
    assert_int_equal(x.judgement.found, FINDING_BIT(SHARED_MAIL_FROM));
    fixture_clear(&x);
    fixture_make(&x, "example.com", "", 0); /* the default is shared by all */
    judge_choice(&x.judgement, &x.fleet, 0, true);
    assert_int_equal(x.judgement.found, 0);
    fixture_clear(&x);
}

struct tally {
    uint32_t rows, notes;
};

static void row_tally(void *ctx, const struct fleet *f, uint32_t row,
                      const struct finding_notes *notes)
{
    struct tally *tally = ctx;
    assert_true(row < f->choices_len);
    tally->rows++;
    tally->notes += notes->len;
}

static void a_fleet_is_judged_row_by_row(void **state)
{
    struct fixture x;
    struct tally tally = {0};
    struct fleet_verdict verdict;
    struct why why = {""};
    uint32_t row;
    (void)state;
    fixture_make(&x, "example.com", "bounce.example.com", 0);
    struct choice bad = x.fleet.choices[0], far = bad;
    assert_true(names_add(&x.fleet.names, TEXT("none"), &bad.mail_from));
    assert_true(names_add(&x.fleet.names, TEXT("a@gmail.com"), &far.identity));
    assert_true(names_add(&x.fleet.names, TEXT("b.gmail.com"), &far.mail_from));
    assert_true(fleet_choice(&x.fleet, bad, &row) && fleet_choice(&x.fleet, far, &row));
    struct fleet_judge how = {.tell = row_tally, .ctx = &tally};
    assert_int_equal(judge_fleet(&x.fleet, &how, &verdict, &why), OK);
    assert_int_equal(verdict.refused, 1);
    assert_int_equal(verdict.warnings, 1);
    assert_int_equal(tally.rows, 2);
    assert_int_equal(tally.notes, 2);
    fixture_clear(&x);
}

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
        judge_choice(&x.judgement, &x.fleet, 0, false);
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
    judge_choice(&x.judgement, &x.fleet, 0, false);
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
        judge_finding(&j, NULL, (enum finding)f, SEVERITY_INFO, "number %d of %d", f + 1,
                      FINDINGS_LEN);
    char last[32];
    snprintf(last, sizeof last, "number %d of %d", FINDINGS_LEN, FINDINGS_LEN);
    assert_int_equal(judge_notes(&j).len, FINDINGS_LEN);
    for (uint32_t f = 0; f < FINDINGS_LEN; f++)
        assert_int_equal(judge_notes(&j).at[f].rule, f);
    assert_text(judge_notes(&j).at[FINDINGS_LEN - 1].text, text_of(last));
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
        cmocka_unit_test(an_odd_identity_is_warned_of),
        cmocka_unit_test(a_region_is_judged_before_anything_is_asked),
        cmocka_unit_test(a_mailbox_at_a_provider_is_not_your_domain),
        cmocka_unit_test(a_shared_mail_from_is_told),
        cmocka_unit_test(a_fleet_is_judged_row_by_row),
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
