/* What a survey asks, whom, and in which order; and what it hands on instead of asking. */
#include "unit.h"

#include "base/dname.h"
#include "scripted_dns.h"
#include "survey/survey.h"

#include <stdio.h>

#define NAME   "bounce.example.com"
#define SES_MX NAME " 300 MX 10 feedback-smtp.us-east-1.amazonses.com\n"

/* One survey of NAME with From example.com, and what it has asked. */
struct asked {
    struct script script;
    struct suffix_list *suffixes;
    struct survey_options options;
    struct survey survey;
    const struct denial *denial; /* looked for first */
    char log[4096]; /* "NS example.com" of the resolver, "MX name @192.0.2.1" of a server; one a
                       line */
};

static void asked_init(struct asked *a, enum inquiry_mode mode, const char *lines)
{
    struct why why = {""};
    struct text rest = text_of(lines);
    memset(a, 0, sizeof *a);
    script_init(&a->script);
    while (rest.len)
        assert_true(script_line(&a->script, text_cut(&rest, '\n')));
    assert_int_equal(suffix_list_open(&a->suffixes, NULL, &why), OK);
    a->options = (struct survey_options){.mode = mode, .suffixes = a->suffixes};
    survey_init(&a->survey, &a->options);
}

static void asked_clear(struct asked *a)
{
    survey_clear(&a->survey);
    suffix_list_close(a->suffixes);
    script_clear(&a->script);
}

static void log_add(struct asked *a, const struct dns_question *q)
{
    size_t used = strlen(a->log);
    char server[32] = "";
    if (q->server.family == 4)
        snprintf(server, sizeof server, " @%u.%u.%u.%u", q->server.address[0], q->server.address[1],
                 q->server.address[2], q->server.address[3]);
    assert_int_equal(q->recurse, q->server.family == 0);
    snprintf(a->log + used, sizeof a->log - used, "%s " TEXT_FMT "%s\n", dns_type_name(q->type),
             TEXT_ARG(q->name), server);
    assert_true(strlen(a->log) < sizeof a->log - 1);
}

static void ask(struct asked *a, struct text from, bool goes_on)
{
    struct dns_question questions[SURVEY_HELD_MAX];
    uint32_t parts[SURVEY_HELD_MAX];
    a->log[0] = '\0';
    survey_start(&a->survey, TEXT(NAME), from, a->denial);
    while (a->survey.stage != SURVEY_DONE) {
        uint32_t len = 0;
        while (survey_next(&a->survey, &questions[len], &parts[len])) {
            log_add(a, &questions[len]);
            assert_true(++len < SURVEY_HELD_MAX);
        }
        for (uint32_t i = 0; i < len; i++) {
            struct dns_reply reply = script_reply(&a->script, &questions[i]);
            survey_reply(&a->survey, parts[i], &reply);
        }
        if (survey_name_is_known(&a->survey))
            (goes_on ? survey_go_on : survey_stop)(&a->survey);
    }
}

/* A question to the resolver is a line without '@'. */
static bool resolver_heard(const struct asked *a, const char *what)
{
    struct text rest = text_of(a->log), line;
    for (line = text_cut(&rest, '\n'); line.len; line = text_cut(&rest, '\n'))
        if (text_find(line, '@') == line.len && text_find_text(line, text_of(what)) < line.len)
            return true;
    return false;
}

static void receivers_follow_the_name_spf_first_and_then_dmarc(void **state)
{
    struct asked a;
    (void)state;
    asked_init(&a, INQUIRY_AUTHORITY,
               "server 192.0.2.1\n" SES_MX NAME " 300 TXT \"v=spf1 include:amazonses.com ~all\"\n"
               "_dmarc.example.com 300 TXT \"v=DMARC1; p=none\"\n");
    ask(&a, TEXT("example.com"), true);
    assert_string_equal(a.log, "NS example.com\n"
                               "A ns1.example.com\n"
                               "MX " NAME " @192.0.2.1\n"
                               "TXT " NAME " @192.0.2.1\n"
                               "MX *.example.com @192.0.2.1\n"
                               "TXT amazonses.com\n"
                               "TXT _dmarc.example.com\n"
                               "TXT _dmarc." NAME "\n"
                               "TXT _dmarc.com\n");
    assert_true(a.survey.has_receivers && a.survey.dmarc.certain && a.survey.dmarc.rfc9989.aligned);
    asked_clear(&a);
}

static void dmarc_is_judged_before_the_records_are_there(void **state)
{
    struct asked a;
    (void)state;
    asked_init(&a, INQUIRY_AUTHORITY,
               "server 192.0.2.1\n_dmarc.example.com 300 TXT \"v=DMARC1; p=reject; aspf=s\"\n");
    ask(&a, TEXT("example.com"), true);
    assert_string_equal(a.log, "NS example.com\n"
                               "A ns1.example.com\n"
                               "MX " NAME " @192.0.2.1\n"
                               "TXT " NAME " @192.0.2.1\n"
                               "TXT _dmarc.example.com\n"
                               "TXT _dmarc.com\n");
    assert_int_equal(survey_facts(&a.survey)->mx_state, DNS_NXDOMAIN);
    assert_int_equal(spf_survey_class(&a.survey.spf), SPF_CLASS_NONE);
    assert_true(a.survey.dmarc.certain && a.survey.dmarc.rfc9989.aspf_strict);
    assert_false(a.survey.dmarc.rfc9989.aligned);
    assert_false(survey_has_trouble(&a.survey));
    asked_clear(&a);
}

static bool heard_once(const struct asked *a, const char *line)
{
    struct text rest = text_of(a->log);
    unsigned times = 0;
    while (rest.at)
        times += text_eq(text_cut(&rest, '\n'), text_of(line));
    return times == 1;
}

/* A record of networks is held against SES's own; a record that includes SES needs no such look. */
static void the_networks_of_ses_are_asked_for_where_a_record_names_networks(void **state)
{
    (void)state;
    static const struct {
        const char *record;
        bool asks, is_ses;
    } rows[] = {
        {"v=spf1 ip4:199.255.192.0/22 -all", true, true},
        {"v=spf1 ip4:192.0.2.0/24 -all", true, false},
        {"v=spf1 -all", false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct asked a;
        char zone[512];
        snprintf(zone, sizeof zone,
                 "server 192.0.2.1\n" SES_MX NAME " 300 TXT \"%s\"\n"
                 "amazonses.com 300 TXT \"v=spf1 ip4:199.255.192.0/22 -all\"\n",
                 rows[i].record);
        asked_init(&a, INQUIRY_AUTHORITY, zone);
        ask(&a, TEXT_NONE, true);
        assert_int_equal(heard_once(&a, "TXT amazonses.com"), rows[i].asks);
        assert_int_equal(a.survey.has_ses, rows[i].asks);
        assert_int_equal(a.survey.spf.is_flattened, rows[i].is_ses);
        asked_clear(&a);
    }
}

/* The domain itself is asked for a DMARC record once, by whoever needs it first, and not where one
 * stands in its place. */
static void a_dmarc_record_is_looked_for_at_the_domain_itself(void **state)
{
    (void)state;
    static const struct {
        const char *records; /* of the zone, beside the MX */
        bool closer;
        unsigned by_inquiry, by_survey;
        bool found;
    } rows[] = {
        {"example.com 300 TXT \"v=DMARC1; p=reject\"", true, 1, 0, true},
        {NAME " 300 TXT \"v=spf1 include:amazonses.com ~all\"\n"
              "example.com 300 TXT \"v=DMARC1; p=reject\"",
         true, 0, 1, true},
        {NAME " 300 TXT \"v=spf1 include:amazonses.com ~all\"\n"
              "example.com 300 TXT \"v=DMARC1; p=reject\"",
         false, 0, 0, false},
        {NAME " 300 TXT \"v=spf1 include:amazonses.com ~all\"\n"
              "_dmarc.example.com 300 TXT \"v=DMARC1; p=none\"",
         true, 0, 0, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct asked a;
        char zone[512];
        snprintf(zone, sizeof zone, "server 192.0.2.1\n" SES_MX "%s\n", rows[i].records);
        asked_init(&a, INQUIRY_AUTHORITY, zone);
        a.options.closer = rows[i].closer;
        ask(&a, TEXT("example.com"), true);
        assert_int_equal(heard_once(&a, "TXT example.com @192.0.2.1"), rows[i].by_inquiry);
        assert_int_equal(heard_once(&a, "TXT example.com"), rows[i].by_survey);
        assert_int_equal(a.survey.dmarc.near.elsewhere == DMARC_AT_APEX, rows[i].found);
        asked_clear(&a);
    }
}

/* Each zone, and whether any name below may be said to the resolver: only if the name exists. */
static void the_resolver_never_hears_the_name_in_authority_mode(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        bool exists;
    } rows[] = {
        {"server 192.0.2.1", false},
        {"server 192.0.2.1\n" NAME " 300 TXT \"v=spf1 mx include:amazonses.com ~all\"", true},
        {"server 192.0.2.1\n" NAME " 300 TXT \"v=spf1 include:x." NAME " ~all\"", true},
        {"server 192.0.2.1\n" SES_MX, true},
        {"server 192.0.2.1\n" NAME " 300 CNAME other.example.com", true},
        {"server 192.0.2.1\nsays * timeout", false},
        {"server 192.0.2.1\n" SES_MX NAME
         " 300 TXT \"v=spf1 mx ~all\"\nserver 192.0.2.2\nexample.com 300 SOA 60",
         false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct asked a;
        asked_init(&a, INQUIRY_AUTHORITY, rows[i].zone);
        ask(&a, TEXT("example.com"), true);
        if (resolver_heard(&a, " " NAME) || resolver_heard(&a, "." NAME) != rows[i].exists)
            fail_msg("zone %zu: asked\n%s", i, a.log);
        asked_clear(&a);
    }
}

/* It does not know the parents, so its "no" to _dmarc says nothing. */
static void a_resolver_that_denies_everything_is_no_verdict_on_dmarc(void **state)
{
    struct asked a;
    (void)state;
    asked_init(&a, INQUIRY_AUTHORITY, "");
    ask(&a, TEXT("example.com"), true);
    assert_int_equal(survey_facts(&a.survey)->mx_state, DNS_TROUBLE_STATE);
    assert_false(a.survey.dmarc.certain);
    assert_false(resolver_heard(&a, "_dmarc"));
    ask(&a, TEXT("example.net"), true); /* of others it may be right */
    assert_true(resolver_heard(&a, "_dmarc.example.net"));
    asked_clear(&a);
}

static void a_resolver_that_is_believed_is_asked_once_for_each_thing(void **state)
{
    struct asked a;
    (void)state;
    asked_init(&a, INQUIRY_RECURSIVE,
               "server 192.0.2.1\n" SES_MX NAME
               " 300 TXT \"v=spf1 mx include:amazonses.com ~all\"\n"
               "_dmarc.example.com 300 TXT \"v=DMARC1; p=none\"\n");
    ask(&a, TEXT("example.com"), true);
    assert_string_equal(a.log, "MX " NAME "\n"
                               "TXT " NAME "\n"
                               "A feedback-smtp.us-east-1.amazonses.com\n"
                               "TXT _dmarc.example.com\n"
                               "TXT _dmarc." NAME "\n"
                               "TXT amazonses.com\n"
                               "TXT _dmarc.com\n");
    asked_clear(&a);
}

static void a_survey_that_is_stopped_asks_no_more(void **state)
{
    struct asked a;
    (void)state;
    asked_init(&a, INQUIRY_RECURSIVE,
               "server 192.0.2.1\n" SES_MX NAME " 300 TXT \"v=spf1 include:amazonses.com ~all\"\n");
    ask(&a, TEXT("example.com"), false);
    assert_string_equal(a.log, "MX " NAME "\nTXT " NAME "\n");
    assert_false(a.survey.has_receivers);
    assert_int_equal(survey_facts(&a.survey)->mx_state, DNS_FOUND);
    ask(&a, TEXT("example.com"), true); /* the same memory once more */
    assert_true(a.survey.has_receivers && a.survey.spf.walk.record.len > 0);
    asked_clear(&a);
}

/* A survey that looks closer, and the DMARC record that it finds at a wrong name. */
static void dmarc_found_elsewhere(const char *lines, enum dmarc_elsewhere elsewhere,
                                  const char *place, const char *asked)
{
    struct asked a;
    asked_init(&a, INQUIRY_AUTHORITY, lines);
    a.options.closer = true;
    ask(&a, TEXT("example.com"), true);
    assert_int_equal(a.survey.dmarc.near.elsewhere, elsewhere);
    assert_true(text_eq(a.survey.dmarc.near.place, text_of(place)));
    if (resolver_heard(&a, "TXT _dmarc.example.com.example.com") !=
        (strstr(asked, "doubled") != NULL))
        fail_msg("%s", a.log);
    asked_clear(&a);
}

static void a_dmarc_record_is_looked_for_at_wrong_names(void **state)
{
    (void)state;
    const char *ses =
        "server 192.0.2.1\n" SES_MX NAME " 300 TXT \"v=spf1 include:amazonses.com ~all\"\n"
        "example.com 300 SOA 60\n";
    char lines[1024];
    snprintf(lines, sizeof lines, "%s%s 300 TXT \"v=DMARC1; p=reject\"\n", ses, NAME);
    dmarc_found_elsewhere(lines, DMARC_AT_MAIL_FROM, NAME, "");
    snprintf(lines, sizeof lines, "%sexample.com 300 TXT \"v=DMARC1; p=reject\"\n", ses);
    dmarc_found_elsewhere(lines, DMARC_AT_APEX, "example.com", "doubled");
    snprintf(lines, sizeof lines,
             "%s_dmarc.example.com.example.com 300 TXT \"v=DMARC1; p=reject\"\n", ses);
    dmarc_found_elsewhere(lines, DMARC_AT_DOUBLED, "_dmarc.example.com.example.com", "doubled");
    dmarc_found_elsewhere(ses, DMARC_ELSEWHERE_NOT, "", "doubled");
    snprintf(lines, sizeof lines, "%s_dmarc.example.com 300 TXT \"v=DMARC1; p=reject\"\n", ses);
    dmarc_found_elsewhere(lines, DMARC_ELSEWHERE_NOT, "", "");
}

static void without_a_from_domain_dmarc_is_not_asked_for(void **state)
{
    struct asked a;
    (void)state;
    asked_init(&a, INQUIRY_RECURSIVE, "server 192.0.2.1\n" SES_MX);
    ask(&a, TEXT_NONE, true);
    assert_false(resolver_heard(&a, "_dmarc"));
    assert_false(survey_has_trouble(&a.survey));
    asked_clear(&a);
}

static void trouble_of_the_name_takes_no_verdict_away_that_holds_anyhow(void **state)
{
    struct asked a;
    (void)state;
    asked_init(&a, INQUIRY_AUTHORITY,
               "resolver\nexample.com 300 NS ns1.example.com\nns1.example.com 300 A 192.0.2.1\n"
               "_dmarc.example.com 300 TXT \"v=DMARC1; p=reject; aspf=s\"\n"
               "server 192.0.2.1\nsays MX SERVFAIL\nsays TXT SERVFAIL\n");
    ask(&a, TEXT("example.com"), true);
    assert_int_equal(survey_facts(&a.survey)->mx_state, DNS_TROUBLE_STATE);
    assert_int_equal(spf_survey_class(&a.survey.spf), SPF_CLASS_TEMPERROR);
    assert_true(a.survey.dmarc.certain && a.survey.dmarc.rfc9989.aspf_strict);
    assert_true(survey_has_trouble(&a.survey));
    asked_clear(&a);
}

#define DELEGATED                                                                                  \
    "resolver\nexample.com 600 NS ns1.example.com\nns1.example.com 120 A 192.0.2.1\n"              \
    "server 192.0.2.1\nzone example.com\n"
#define WHOLE "NS example.com\nA ns1.example.com\nMX " NAME " @192.0.2.1\n"

/* A name that is waited for is looked at with one question while the denial stands. */
static void a_denial_that_stands_is_the_whole_look(void **state)
{
    struct asked a;
    struct denial denial;
    uint32_t ttl_s = 0;
    (void)state;
    asked_init(&a, INQUIRY_AUTHORITY, DELEGATED);
    ask(&a, TEXT("example.com"), false);
    assert_int_equal(strncmp(a.log, WHOLE, strlen(WHOLE)), 0);
    assert_true(inquiry_denial(&a.survey.inquiry, DNS_TYPE_MX, &denial, &ttl_s));
    assert_int_equal(ttl_s, 120); /* the shorter one */
    assert_int_equal(denial.state, DNS_NXDOMAIN);
    a.denial = &denial;
    ask(&a, TEXT("example.com"), false);
    assert_string_equal(a.log, "MX " NAME " @192.0.2.1\n");
    assert_true(a.survey.inquiry.unchanged);
    assert_false(inquiry_denial(&a.survey.inquiry, DNS_TYPE_MX, &denial, &ttl_s));
    asked_clear(&a);
}

static void whatever_else_a_server_says_makes_the_look_whole(void **state)
{
    (void)state;
    static const char *const zones[] = {
        SES_MX,
        NAME " 300 TXT \"v=spf1 include:amazonses.com ~all\"\n", /* no data now */
        NAME " 300 CNAME other.example.com\n",
        "*.example.com 300 MX 10 mx.example.com\n",
        "says * timeout\n",
        "says * SERVFAIL\n",
        "says * lame\n",
        "says * garbled\n",
    };
    for (size_t i = 0; i < COUNT(zones); i++) {
        struct asked a;
        char lines[512];
        const struct denial denial = {.by = {4, 53, {192, 0, 2, 1}}, DNS_TYPE_MX, DNS_NXDOMAIN};
        snprintf(lines, sizeof lines, "%s%s", DELEGATED, zones[i]);
        asked_init(&a, INQUIRY_AUTHORITY, lines);
        a.denial = &denial;
        ask(&a, TEXT("example.com"), false);
        if (strncmp(a.log, "MX " NAME " @192.0.2.1\n" WHOLE,
                    strlen("MX " NAME " @192.0.2.1\n" WHOLE)) != 0)
            fail_msg("%s: asked\n%s", zones[i], a.log);
        assert_false(a.survey.inquiry.unchanged);
        asked_clear(&a);
    }
}

/* Servers that have the record, or an alias, or say nothing deny nothing. */
static void a_denial_is_one_server_s_that_speaks(void **state)
{
    struct asked a;
    struct denial denial;
    uint32_t ttl_s;
    (void)state;
    asked_init(&a, INQUIRY_AUTHORITY,
               "resolver\nexample.com 600 NS ns1.example.com\nexample.com 600 NS ns2.example.com\n"
               "example.com 600 NS ns3.example.com\nns1.example.com 700 A 192.0.2.1\n"
               "ns2.example.com 700 A 192.0.2.2\nns3.example.com 700 A 192.0.2.3\n"
               "server 192.0.2.1\nzone example.com\n" SES_MX
               "server 192.0.2.2\nzone example.com\nsays * SERVFAIL\n"
               "server 192.0.2.3\nzone example.com\n" NAME " 300 TXT \"v=spf1 ~all\"\n");
    ask(&a, TEXT("example.com"), false);
    assert_true(inquiry_denial(&a.survey.inquiry, DNS_TYPE_MX, &denial, &ttl_s));
    assert_int_equal(denial.by.address[3], 3);
    assert_int_equal(denial.state, DNS_NODATA);
    assert_int_equal(ttl_s, 600);
    assert_true(inquiry_denial(&a.survey.inquiry, DNS_TYPE_TXT, &denial, &ttl_s));
    assert_int_equal(denial.by.address[3], 1);
    asked_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_denial_that_stands_is_the_whole_look),
        cmocka_unit_test(whatever_else_a_server_says_makes_the_look_whole),
        cmocka_unit_test(a_denial_is_one_server_s_that_speaks),
        cmocka_unit_test(receivers_follow_the_name_spf_first_and_then_dmarc),
        cmocka_unit_test(dmarc_is_judged_before_the_records_are_there),
        cmocka_unit_test(the_networks_of_ses_are_asked_for_where_a_record_names_networks),
        cmocka_unit_test(a_dmarc_record_is_looked_for_at_the_domain_itself),
        cmocka_unit_test(the_resolver_never_hears_the_name_in_authority_mode),
        cmocka_unit_test(a_resolver_that_denies_everything_is_no_verdict_on_dmarc),
        cmocka_unit_test(a_resolver_that_is_believed_is_asked_once_for_each_thing),
        cmocka_unit_test(a_survey_that_is_stopped_asks_no_more),
        cmocka_unit_test(a_dmarc_record_is_looked_for_at_wrong_names),
        cmocka_unit_test(without_a_from_domain_dmarc_is_not_asked_for),
        cmocka_unit_test(trouble_of_the_name_takes_no_verdict_away_that_holds_anyhow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
