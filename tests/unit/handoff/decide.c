/*
 * What DNS has of a MAIL FROM, and what shall become of its two record sets: nothing, a record to
 * add, one to replace, or a question for a person. Each row is a zone as its owner wrote it.
 */
#include "unit.h"

#include "handoff/decide.h"
#include "scripted_dns.h"

#include <stdio.h>

#define NAME "bounce.example.com"
/* with the record that SES's own include names */
#define ZONE   "server 192.0.2.1\namazonses.com 300 TXT \"v=spf1 ip4:199.255.192.0/22 -all\"\n"
#define MX(h)  NAME " 300 MX 10 " h "\n"
#define TXT(t) NAME " 300 TXT \"" t "\"\n"
#define SES_MX MX("feedback-smtp.us-east-1.amazonses.com")
#define SPF    TXT("v=spf1 include:amazonses.com ~all")

/* What becomes of one set: says is part of the reason of one that is blocked. */
struct wanted {
    enum records_action action;
    uint32_t there; /* values that are handed on */
    const char *merged, *says;
};

static const struct row {
    const char *zone;
    struct wanted mx, txt;
} rows[] = {
    /* nothing is there */
    {ZONE, {RECORDS_ADD}, {RECORDS_ADD}},
    {ZONE TXT("unrelated"), {RECORDS_ADD}, {RECORDS_ADD, .there = 1}},
    {ZONE SES_MX, {RECORDS_KEEP, .there = 1}, {RECORDS_ADD}},
    /* all is there */
    {ZONE SES_MX SPF, {RECORDS_KEEP, .there = 1}, {RECORDS_KEEP, .there = 1}},
    {ZONE SES_MX TXT("other words") SPF, {RECORDS_KEEP, .there = 1}, {RECORDS_KEEP, .there = 2}},
    /* slips of an MX lead mail nowhere */
    {ZONE MX("feedback-smtp.us-east-1.amazonaws.com") SPF,
     {RECORDS_REPLACE, .there = 1},
     {RECORDS_KEEP, .there = 1}},
    {ZONE MX("feedback-smtp.us-east-1.amazonses.com.example.com") SPF,
     {RECORDS_REPLACE, .there = 1},
     {RECORDS_KEEP, .there = 1}},
    {ZONE MX("feedback-smtp.useast1.amazonses.com") SPF,
     {RECORDS_REPLACE, .there = 1},
     {RECORDS_KEEP, .there = 1}},
    {ZONE MX("feedback-smtp.us-eats-1.amazonses.com") SPF,
     {RECORDS_REPLACE, .there = 1},
     {RECORDS_KEEP, .there = 1}},
    {ZONE MX(".") SPF, {RECORDS_REPLACE, .there = 1}, {RECORDS_KEEP, .there = 1}},
    /* a Region that this program does not know may be a new one, and SES forwards from any other */
    {ZONE MX("feedback-smtp.us-east-9.amazonses.com") SPF,
     {RECORDS_KEEP, .there = 1},
     {RECORDS_KEEP, .there = 1}},
    {ZONE MX("feedback-smtp.eu-west-1.amazonses.com") SPF,
     {RECORDS_KEEP, .there = 1},
     {RECORDS_KEEP, .there = 1}},
    /* mail goes somewhere: a person decides */
    {ZONE MX("mail.example.net") SPF,
     {RECORDS_BLOCKED, .says = "mail.example.net"},
     {RECORDS_KEEP, .there = 1}},
    {ZONE SES_MX MX("mail.example.net") SPF,
     {RECORDS_BLOCKED, .says = "mail.example.net, which is not an SES feedback host"},
     {RECORDS_KEEP, .there = 1}},
    {ZONE SES_MX MX("feedback-smtp.eu-west-1.amazonses.com") SPF,
     {RECORDS_BLOCKED, .says = "has 2 MX records"},
     {RECORDS_KEEP, .there = 1}},
    {ZONE MX("bad_host.amazonaws.com") SPF,
     {RECORDS_BLOCKED, .there = 1, .says = "not a host"},
     {RECORDS_KEEP, .there = 1}},
    {ZONE NAME " 300 CNAME other.example.com\n",
     {RECORDS_BLOCKED, .says = "CNAME"},
     {RECORDS_BLOCKED, .says = "CNAME"}},
    /* an SPF record of others gets SES as its first term */
    {ZONE SES_MX TXT("v=spf1 ip4:192.0.2.9 -all"),
     {RECORDS_KEEP, .there = 1},
     {RECORDS_REPLACE, .there = 1, .merged = "v=spf1 include:amazonses.com ip4:192.0.2.9 -all"}},
    {ZONE SES_MX TXT("not spf") TXT("v=spf1 -all"),
     {RECORDS_KEEP, .there = 1},
     {RECORDS_REPLACE, .there = 2, .merged = "v=spf1 include:amazonses.com -all"}},
    /* SPF that nothing can be merged into */
    {ZONE SES_MX TXT("v=spf1 ?include:amazonses.com -all"),
     {RECORDS_KEEP, .there = 1},
     {RECORDS_BLOCKED, .there = 1, .says = "remove that term first"}},
    {ZONE SES_MX TXT("v=spf1 ipv4:192.0.2.1 -all"),
     {RECORDS_KEEP, .there = 1},
     {RECORDS_BLOCKED, .there = 1, .says = "its SPF record is in error: "}},
    {ZONE SES_MX SPF TXT("v=spf1 -all"),
     {RECORDS_KEEP, .there = 1},
     {RECORDS_BLOCKED, .there = 2, .says = "2 SPF records"}},
    {ZONE SES_MX TXT(
         "v=spf1 include:i1.example.com include:i2.example.com -all") "i1.example.com 300 TXT "
                                                                      "\"v=spf1 "
                                                                      "include:a.example.com "
                                                                      "include:b.example.com "
                                                                      "include:c.example.com "
                                                                      "include:d.example.com "
                                                                      "-all\"\n"
                                                                      "i2.example.com 300 TXT "
                                                                      "\"v=spf1 "
                                                                      "include:a.example.com "
                                                                      "include:b.example.com "
                                                                      "include:c.example.com "
                                                                      "include:d.example.com "
                                                                      "-all\"\n"
                                                                      "a.example.com 300 TXT "
                                                                      "\"v=spf1 "
                                                                      "-all\"\nb.example.com 300 "
                                                                      "TXT \"v=spf1 -all\"\n"
                                                                      "c.example.com 300 TXT "
                                                                      "\"v=spf1 "
                                                                      "-all\"\nd.example.com 300 "
                                                                      "TXT \"v=spf1 -all\"\n",
     {RECORDS_KEEP, .there = 1},
     {RECORDS_BLOCKED, .there = 1, .says = "ten DNS lookups already"}},
    /* servers that do not answer, or not the same */
    {ZONE "says * timeout\n",
     {RECORDS_BLOCKED, .says = "DNS gives no verdict: "},
     {RECORDS_BLOCKED, .says = "DNS gives no verdict: "}},
    {ZONE SES_MX SPF "says TXT SERVFAIL\n",
     {RECORDS_KEEP, .there = 1},
     {RECORDS_BLOCKED, .says = "DNS gives no verdict: "}},
    {ZONE SES_MX SPF "server 192.0.2.2\n" MX("mail.example.net") SPF,
     {RECORDS_BLOCKED, .says = "DNS gives no verdict: "},
     {RECORDS_KEEP, .there = 1}},
    /* what a wildcard gives is gone once anything is published at the name */
    {ZONE "*.example.com 300 MX 10 feedback-smtp.us-east-1.amazonses.com\n"
          "*.example.com 300 TXT \"v=spf1 include:amazonses.com ~all\"\n",
     {RECORDS_KEEP, .there = 1},
     {RECORDS_KEEP, .there = 1}},
    {ZONE "*.example.com 300 MX 10 feedback-smtp.us-east-1.amazonses.com\n",
     {RECORDS_ADD},
     {RECORDS_ADD}},
    {ZONE "*.example.com 300 MX 10 mail.example.net\n"
          "*.example.com 300 TXT \"v=spf1 include:amazonses.com -all\"\n",
     {RECORDS_ADD},
     {RECORDS_ADD, .merged = "v=spf1 include:amazonses.com -all"}},
    {ZONE "*.example.com 300 CNAME other.example.com\n", {RECORDS_ADD}, {RECORDS_ADD}},
};

static void survey_run(struct survey *s, struct script *script)
{
    struct dns_question questions[SURVEY_HELD_MAX];
    uint32_t parts[SURVEY_HELD_MAX];
    survey_start(s, TEXT(NAME), TEXT_NONE, NULL);
    while (s->stage != SURVEY_DONE) {
        uint32_t len = 0;
        while (len < SURVEY_HELD_MAX && survey_next(s, &questions[len], &parts[len]))
            len++;
        for (uint32_t i = 0; i < len; i++) {
            struct dns_reply reply = script_reply(script, &questions[i]);
            survey_reply(s, parts[i], &reply);
        }
        if (survey_name_is_known(s))
            survey_go_on(s);
    }
}

static void set_check(size_t row, const char *type, const struct records_verdict *is,
                      const struct wanted *wanted)
{
    struct text says = text_of(wanted->says);
    if (is->action != wanted->action || is->there_len != wanted->there)
        fail_msg("row %zu, %s: action %d with %u values, wanted %d with %u (" TEXT_FMT ")", row,
                 type, is->action, is->there_len, wanted->action, wanted->there,
                 TEXT_ARG(is->reason));
    if (text_find_text(is->reason, says) == is->reason.len && says.len)
        fail_msg("row %zu, %s: '" TEXT_FMT "' does not say '%s'", row, type, TEXT_ARG(is->reason),
                 wanted->says);
    assert_int_equal(is->action == RECORDS_BLOCKED, is->reason.len > 0);
    if (is->action != RECORDS_BLOCKED)
        assert_text(is->merged, text_of(wanted->merged));
    for (size_t i = 0; i < is->reason.len; i++)
        assert_between(is->reason.at[i], ' ', '~');
}

static void what_is_there_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct survey_options options = {.mode = INQUIRY_AUTHORITY};
        struct script script;
        struct survey survey;
        struct arena arena;
        struct records_found found;
        struct text lines = text_of(rows[i].zone);
        script_init(&script);
        while (lines.len)
            assert_true(script_line(&script, text_cut(&lines, '\n')));
        survey_init(&survey, &options);
        arena_init(&arena, 1 << 20);
        survey_run(&survey, &script);
        assert_true(records_judge(&found, &arena, &survey, TEXT("us-east-1"), TEXT_NONE));
        set_check(i, "MX", &found.of[RECORDS_MX], &rows[i].mx);
        set_check(i, "TXT", &found.of[RECORDS_TXT], &rows[i].txt);
        arena_clear(&arena);
        survey_clear(&survey);
        script_clear(&script);
    }
}

/* The value that is kept or replaced is the SPF record, wherever it stands in its set. */
static void the_spf_record_is_the_one_that_is_replaced(void **state)
{
    const struct survey_options options = {.mode = INQUIRY_AUTHORITY};
    struct text lines = TEXT(ZONE TXT("first") TXT("v=spf1 mx -all") TXT("third"));
    struct script script;
    struct survey survey;
    struct arena arena;
    struct records_found found;
    (void)state;
    script_init(&script);
    while (lines.len)
        assert_true(script_line(&script, text_cut(&lines, '\n')));
    survey_init(&survey, &options);
    arena_init(&arena, 1 << 20);
    survey_run(&survey, &script);
    assert_true(records_judge(&found, &arena, &survey, TEXT("us-east-1"), TEXT_NONE));
    const struct records_verdict *txt = &found.of[RECORDS_TXT];
    assert_int_equal(txt->action, RECORDS_REPLACE);
    assert_int_equal(txt->there_len, 3);
    assert_text(txt->there[txt->replaced].data, TEXT("v=spf1 mx -all"));
    arena_clear(&arena);
    survey_clear(&survey);
    script_clear(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_decides),
        cmocka_unit_test(the_spf_record_is_the_one_that_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
