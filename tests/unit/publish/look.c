/*
 * What a look says of a target: each row is a zone as its owner wrote it. What a provider says of
 * the zones of one name, and of the sets at a name.
 */
#include "unit.h"

#include "publish/look.h"
#include "rules/feedback.h"
#include "scripted_dns.h"

#define NAME   "bounce.example.com"
#define ZONE   "server 192.0.2.1\namazonses.com 300 TXT \"v=spf1 ip4:199.255.192.0/22 -all\"\n"
#define SECOND "server 192.0.2.2\namazonses.com 300 TXT \"v=spf1 ip4:199.255.192.0/22 -all\"\n"
#define MX(h)  NAME " 300 MX 10 " h "\n"
#define TXT(t) NAME " 300 TXT \"" t "\"\n"
#define HOST   "feedback-smtp.us-east-1.amazonses.com"
#define SES_MX MX(HOST)
#define SES    "v=spf1 include:amazonses.com ~all"
#define SPF    TXT(SES)
#define OTHER  "v=spf1 ip4:203.0.113.7 -all"

static const struct publish_target target = {.name = {NAME, sizeof NAME - 1},
                                             .ttl_s = 300,
                                             .mx_preference = 10,
                                             .mx_exchange = {HOST, sizeof HOST - 1},
                                             .txt = {SES, sizeof SES - 1},
                                             .with_mx = true,
                                             .with_txt = true};

struct wanted {
    enum look_verdict verdict;
    bool mx, txt, swaps;
    const char *before, *after; /* of an exchange */
    const char *says;           /* part of the reason */
};

static const struct row {
    const char *zone;
    bool merges;
    struct wanted wanted;
} rows[] = {
    /* nothing is there, or half */
    {ZONE, false, {LOOK_CHANGE, true, true}},
    {ZONE SECOND, false, {LOOK_CHANGE, true, true}},
    {ZONE SES_MX, false, {LOOK_CHANGE, false, true}},
    {ZONE SPF, false, {LOOK_CHANGE, true, false}},
    {ZONE SES_MX SPF, false, {LOOK_AS_WANTED}},
    {ZONE SES_MX SPF, true, {LOOK_AS_WANTED}},
    /* SPF by another record than ours is as good, and so is a Region of SES that is not the one */
    {ZONE SES_MX TXT("v=spf1 mx include:amazonses.com -all"), false, {LOOK_AS_WANTED}},
    {ZONE MX("feedback-smtp.eu-west-1.amazonses.com") SPF, false, {LOOK_AS_WANTED}},
    /* other words beside the SPF record do no harm */
    {ZONE SES_MX SPF TXT("other words"), false, {LOOK_AS_WANTED}},
    /* a set that is there is not replaced */
    {ZONE MX("mail.example.net"), false, {LOOK_PERSON, .says = "mail.example.net"}},
    {ZONE MX("mail.example.net"), true, {LOOK_PERSON, .says = "mail.example.net"}},
    {ZONE SES_MX MX("mail.example.net") SPF, true, {LOOK_PERSON, .says = "not an SES feedback"}},
    {ZONE MX("."), true, {LOOK_PERSON, .says = "MX that is not the one of Amazon SES"}},
    {ZONE MX("feedback-smtp.us-east-1.amazonaws.com"),
     true,
     {LOOK_PERSON, .says = "MX that is not the one of Amazon SES"}},
    /* SPF without SES, and other TXT: a person, or --merge-spf */
    {ZONE SES_MX TXT(OTHER), false, {LOOK_PERSON, .says = "SPF record without Amazon SES"}},
    {ZONE SES_MX TXT(OTHER),
     true,
     {LOOK_CHANGE, false, true, true, OTHER, "v=spf1 include:amazonses.com ip4:203.0.113.7 -all"}},
    {ZONE TXT("words") TXT(OTHER),
     true,
     {LOOK_CHANGE, true, true, true, OTHER, "v=spf1 include:amazonses.com ip4:203.0.113.7 -all"}},
    {ZONE TXT("words"), false, {LOOK_PERSON, .says = "other TXT records"}},
    {ZONE TXT("words"), true, {LOOK_CHANGE, true, true, true, "", SES}},
    {ZONE SES_MX SPF TXT(OTHER), true, {LOOK_PERSON, .says = "2 SPF records"}},
    {ZONE SES_MX TXT("v=spf1 ipv4:192.0.2.1 -all"), true, {LOOK_PERSON, .says = "in error"}},
    {ZONE SES_MX TXT("v=spf1 ?include:amazonses.com -all"), true, {LOOK_PERSON, .says = "remove"}},
    /* no place for records */
    {ZONE NAME " 300 CNAME www.example.net\n",
     true,
     {LOOK_PERSON, .says = "alias (CNAME) of www.example.net"}},
    {ZONE NAME " 300 CNAME " NAME ".example.net\n" SECOND SES_MX SPF,
     true,
     {LOOK_PERSON, .says = "alias (CNAME)"}},
    {ZONE "*.example.com 300 MX 10 mail.example.net\n", true, {LOOK_PERSON, .says = "wildcard"}},
    {ZONE "*.example.com 300 TXT \"words\"\n", true, {LOOK_PERSON, .says = "wildcard"}},
    {ZONE "*.example.com 300 CNAME www.example.net\n", true, {LOOK_PERSON, .says = "wildcard"}},
    {ZONE "*.example.com 300 MX 10 " HOST "\n*.example.com 300 TXT \"" SES "\"\n",
     false,
     {LOOK_PERSON, .says = "wildcard"}},
    {ZONE "says * NXDOMAIN\n", false, {LOOK_CHANGE, true, true}},
    {ZONE "*.example.com 300 A 192.0.2.7\n", false, {LOOK_CHANGE, true, true}},
    /* no verdict */
    {ZONE "says * timeout\n", false, {LOOK_SILENT, .says = "DNS gives no verdict"}},
    {ZONE "says * SERVFAIL\n", true, {LOOK_SILENT, .says = "DNS gives no verdict"}},
    {ZONE SES_MX SPF "says TXT SERVFAIL\n", false, {LOOK_SILENT, .says = "DNS gives no verdict"}},
    {ZONE SES_MX SPF SECOND, false, {LOOK_SILENT, .says = "disagree"}},
    {ZONE SES_MX SPF SECOND SES_MX, false, {LOOK_SILENT, .says = "disagree"}},
};

struct scene {
    struct script script;
    struct survey survey;
    struct arena arena;
};

static const struct survey_options options = {.mode = INQUIRY_AUTHORITY, .above = true};

static void scene_open_at(struct scene *s, struct text name, const char *zone)
{
    struct text lines = text_of(zone);
    struct dns_question questions[SURVEY_HELD_MAX];
    uint32_t parts[SURVEY_HELD_MAX];
    script_init(&s->script);
    arena_init(&s->arena, 1 << 20);
    while (lines.len)
        assert_true(script_line(&s->script, text_cut(&lines, '\n')));
    survey_init(&s->survey, &options);
    survey_start(&s->survey, name, TEXT_NONE, NULL);
    while (s->survey.stage != SURVEY_DONE) {
        uint32_t len = 0;
        while (len < SURVEY_HELD_MAX && survey_next(&s->survey, &questions[len], &parts[len]))
            len++;
        for (uint32_t i = 0; i < len; i++) {
            struct dns_reply reply = script_reply(&s->script, &questions[i]);
            survey_reply(&s->survey, parts[i], &reply);
        }
        if (survey_name_is_known(&s->survey))
            survey_go_on(&s->survey);
    }
}

static void scene_open(struct scene *s, const char *zone)
{
    scene_open_at(s, target.name, zone);
}

static void scene_close(struct scene *s)
{
    arena_clear(&s->arena);
    survey_clear(&s->survey);
    script_clear(&s->script);
}

static void look_check(size_t row, const struct look *look, const struct wanted *wanted)
{
    struct text says = text_of(wanted->says);
    if (look->verdict != wanted->verdict || look->swaps_txt != wanted->swaps)
        fail_msg("row %zu: verdict %d, wanted %d (" TEXT_FMT ")", row, (int)look->verdict,
                 (int)wanted->verdict, TEXT_ARG(look->reason));
    if (look->verdict == LOOK_CHANGE && (look->mx != wanted->mx || look->txt != wanted->txt))
        fail_msg("row %zu: MX %d, TXT %d", row, look->mx, look->txt);
    if (says.len && text_find_text(look->reason, says) == look->reason.len)
        fail_msg("row %zu: '" TEXT_FMT "' does not say '%s'", row, TEXT_ARG(look->reason),
                 wanted->says);
    if (look->verdict == LOOK_PERSON || look->verdict == LOOK_SILENT)
        assert_true(look->reason.len > 0);
    if (look->swaps_txt) {
        assert_text(look->txt_before, text_of(wanted->before));
        assert_text(look->txt_after, text_of(wanted->after));
        assert_true(look->txts_len > 0);
    }
}

static void what_dns_shows_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct look_rules rules = {.region = TEXT("us-east-1"),
                                         .feedback_host = TEXT(FEEDBACK_PATTERN),
                                         .merges_spf = rows[i].merges};
        struct scene s;
        struct look look;
        scene_open(&s, rows[i].zone);
        assert_true(look_at_names(&look, &s.arena, &target, &s.survey, &rules));
        look_check(i, &look, &rows[i].wanted);
        scene_close(&s);
    }
}

/* A record below a name that only a wildcard gives its records would take them from it. */
static void a_name_above_keeps_its_wildcard(void **state)
{
    static const struct {
        const char *zone;
        enum look_verdict verdict;
    } shops[] = {
        {ZONE "*.example.com 300 A 192.0.2.7\n", LOOK_PERSON},
        {ZONE "*.example.com 300 MX 10 mail.example.net\n", LOOK_PERSON},
        {ZONE "*.example.com 300 A 192.0.2.7\n*.shop.example.com 300 A 192.0.2.7\n", LOOK_PERSON},
        {ZONE "*.example.com 300 A 192.0.2.7\nshop.example.com 300 A 192.0.2.8\n", LOOK_CHANGE},
        {ZONE "*.shop.example.com 300 A 192.0.2.7\n", LOOK_CHANGE},
        {ZONE "bounce.shop.example.com 300 A 192.0.2.7\n", LOOK_CHANGE},
        {ZONE, LOOK_CHANGE},
    };
    const struct look_rules rules = {.region = TEXT("us-east-1")};
    struct publish_target shop = target;
    (void)state;
    shop.name = TEXT("bounce.shop.example.com");
    for (size_t i = 0; i < COUNT(shops); i++) {
        struct scene s;
        struct look look;
        scene_open_at(&s, shop.name, shops[i].zone);
        assert_true(look_at_names(&look, &s.arena, &shop, &s.survey, &rules));
        look_check(i, &look, &(struct wanted){shops[i].verdict, true, true});
        scene_close(&s);
    }
}

/* Who is the apex of a zone by itself gets nothing, though nothing is there. */
static void an_apex_is_left_alone(void **state)
{
    struct scene s;
    struct look look;
    const struct look_rules rules = {.region = TEXT("us-east-1"), .merges_spf = true};
    (void)state;
    scene_open(&s,
               "server 192.0.2.1\nzone example.com\n" NAME " 300 NS ns." NAME "\nns." NAME
               " 300 A 192.0.2.9\nserver 192.0.2.9\nzone " NAME "\n" NAME " 300 NS ns." NAME "\n");
    assert_true(look_at_names(&look, &s.arena, &target, &s.survey, &rules));
    assert_int_equal(look.verdict, LOOK_PERSON);
    assert_text(look.reason,
                TEXT("the name is the apex of a zone of its own, and records are never "
                     "created at an apex"));
    scene_close(&s);
}

static void a_server_without_an_answer_is_counted(void **state)
{
    struct scene s;
    struct look look;
    const struct look_rules rules = {.region = TEXT("us-east-1")};
    (void)state;
    scene_open(&s, ZONE SES_MX SPF SECOND SES_MX SPF "says TXT timeout\n");
    assert_true(look_at_names(&look, &s.arena, &target, &s.survey, &rules));
    assert_int_equal(look.verdict, LOOK_AS_WANTED);
    assert_int_equal(look.unheard, 1);
    scene_close(&s);
    scene_open(&s, ZONE SES_MX SPF SECOND SES_MX SPF);
    assert_true(look_at_names(&look, &s.arena, &target, &s.survey, &rules));
    assert_int_equal(look.unheard, 0);
    assert_int_equal(look.mx_ttl_s, 300);
    assert_int_equal(look.txt_ttl_s, 300);
    scene_close(&s);
}

/* ---- withdrawals ---- */

static const struct {
    const char *zone;
    bool with_mx, with_txt;
    enum look_verdict verdict;
    bool mx, txt; /* CHANGE */
    bool shows;   /* something of ours is, or may be, there */
} withdrawals[] = {
    {ZONE SES_MX SPF, true, true, LOOK_CHANGE, true, true, true},
    {ZONE SES_MX SPF, true, false, LOOK_CHANGE, true, false, true},
    {ZONE SES_MX SPF, false, true, LOOK_CHANGE, false, true, true},
    {ZONE SES_MX, true, true, LOOK_CHANGE, true, false, true},
    {ZONE, true, true, LOOK_AS_WANTED, false, false, false},
    {ZONE SPF, true, false, LOOK_AS_WANTED, false, false, false},
    {ZONE MX("mail.example.net") SPF, true, true, LOOK_PERSON, false, false, true},
    {ZONE MX("mail.example.net"), true, false, LOOK_PERSON, false, false, false},
    {ZONE MX("mail.example.net") SPF, false, true, LOOK_CHANGE, false, true, true},
    {ZONE SES_MX MX("mail.example.net") SPF, true, true, LOOK_PERSON, false, false, true},
    {ZONE SES_MX SPF TXT("words"), true, true, LOOK_PERSON, false, false, true},
    {ZONE NAME " 300 MX 20 " HOST "\n", true, false, LOOK_PERSON, false, false, false},
    {ZONE NAME " 3600 MX 10 " HOST "\n", true, false, LOOK_PERSON, false, false, true},
    {ZONE NAME " 60 TXT \"" SES "\"\n", false, true, LOOK_PERSON, false, false, true},
    {ZONE "says * timeout\n", true, true, LOOK_SILENT, false, false, true},
    {ZONE SECOND SES_MX SPF, true, true, LOOK_SILENT, false, false, true},
    {ZONE NAME " 300 CNAME www.example.net\n" SECOND SES_MX SPF, true, true, LOOK_PERSON, false,
     false, true},
};

static void what_was_created_goes_only_if_it_is_still_that(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(withdrawals); i++) {
        struct publish_target created = target;
        struct scene s;
        struct look look;
        created.with_mx = withdrawals[i].with_mx;
        created.with_txt = withdrawals[i].with_txt;
        scene_open(&s, withdrawals[i].zone);
        assert_true(look_before_withdrawal(&look, &s.arena, &created, &s.survey));
        if (look.verdict != withdrawals[i].verdict)
            fail_msg("row %zu: verdict %d (" TEXT_FMT ")", i, (int)look.verdict,
                     TEXT_ARG(look.reason));
        if (look.verdict == LOOK_CHANGE &&
            (look.mx != withdrawals[i].mx || look.txt != withdrawals[i].txt))
            fail_msg("row %zu: MX %d, TXT %d", i, look.mx, look.txt);
        if (look_shows(&created, created.with_mx, created.with_txt, &s.survey) !=
            withdrawals[i].shows)
            fail_msg("row %zu: shows", i);
        scene_close(&s);
    }
}

/* ---- zones ---- */

#define HOSTS(a, b) (const struct text[]){{a, sizeof a - 1}, {b, sizeof b - 1}}, 2
#define IN_FORCE    "ns1.dns.test, ns2.dns.test"
#define ID(id)                                                                                     \
    {                                                                                              \
        id, sizeof id - 1                                                                          \
    }
#define APEX                                                                                       \
    {                                                                                              \
        "example.com", 11                                                                          \
    }

static const struct hosted_zone open_zone = {
    ID("Z1"), APEX, ZONE_OPEN, {NULL, 0}, HOSTS("ns2.dns.test", "ns1.dns.test")};
static const struct hosted_zone orphan = {
    ID("Z2"), APEX, ZONE_OPEN, {NULL, 0}, HOSTS("ns7.dns.test", "ns8.dns.test")};
static const struct hosted_zone partly = {
    ID("Z3"), APEX, ZONE_OPEN, {NULL, 0}, HOSTS("ns1.dns.test", "ns8.dns.test")};
static const struct hosted_zone private_twin = {
    ID("Z4"), APEX, ZONE_PRIVATE, {NULL, 0}, HOSTS("ns1.dns.test", "ns2.dns.test")};
static const struct hosted_zone linked = {ID("Z5"), APEX, ZONE_SERVICE,
                                          ID("servicediscovery.amazonaws.com"),
                                          HOSTS("ns1.dns.test", "ns2.dns.test")};
static const struct hosted_zone locked = {
    ID("Z6"), APEX, ZONE_LOCKED, {NULL, 0}, HOSTS("ns1.dns.test", "ns2.dns.test")};
static const struct hosted_zone pending = {ID("Z7"), APEX, ZONE_INACTIVE, ID("pending"),
                                           HOSTS("ns1.dns.test", "ns2.dns.test")};
static const struct hosted_zone other_name = {
    ID("Z8"), {"example.net", 11}, ZONE_OPEN, {NULL, 0}, HOSTS("ns1.dns.test", "ns2.dns.test")};

static void the_zone_in_force_is_chosen(void **state)
{
    const struct {
        enum provider_kind kind;
        const struct hosted_zone *zones[4];
        const char *id, *says; /* id: chosen; or part of the reason */
    } choices[] = {
        {PROVIDER_ROUTE53, {&open_zone}, "Z1", ""},
        {PROVIDER_ROUTE53, {&private_twin, &open_zone}, "Z1", ""},
        {PROVIDER_ROUTE53, {&orphan, &open_zone, &private_twin, &other_name}, "Z1", ""},
        {PROVIDER_ROUTE53, {&other_name, &locked, &open_zone}, "Z1", ""},
        {PROVIDER_CLOUDFLARE, {&orphan, &open_zone}, "Z1", ""},
        {PROVIDER_ROUTE53,
         {NULL},
         NULL,
         "no zone of the name example.com, which is served by " IN_FORCE},
        {PROVIDER_ROUTE53, {&other_name}, NULL, "no zone of the name example.com"},
        {PROVIDER_ROUTE53, {&orphan}, NULL, "served by " IN_FORCE ", and not by zone Z2"},
        {PROVIDER_ROUTE53, {&orphan, &private_twin}, NULL, "not by zone Z2"},
        {PROVIDER_ROUTE53, {&partly}, NULL, "zone Z3 of this one would change only a part"},
        {PROVIDER_ROUTE53, {&orphan, &partly}, NULL, "change only a part"},
        {PROVIDER_ROUTE53, {&private_twin}, NULL, "(Z4) is private"},
        {PROVIDER_ROUTE53, {&linked}, NULL, "change it: servicediscovery.amazonaws.com"},
        {PROVIDER_ROUTE53, {&locked}, NULL, "(Z6) is locked"},
        {PROVIDER_CLOUDFLARE, {&pending}, NULL, "is not active: pending"},
        {PROVIDER_RFC2136, {&orphan}, "Z2", ""},
        {PROVIDER_RFC2136, {NULL}, NULL, "no zone of the name"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(choices); i++) {
        struct hosted_zone zones[4];
        uint32_t len = 0;
        struct arena arena;
        struct zone_choice choice;
        arena_init(&arena, 1 << 16);
        for (; len < 4 && choices[i].zones[len]; len++)
            zones[len] = *choices[i].zones[len];
        assert_true(zone_choose(&choice, &arena, choices[i].kind, TEXT("example.com"),
                                TEXT(IN_FORCE), zones, len));
        assert_text(choice.id, text_of(choices[i].id));
        assert_int_equal(choice.reason.len > 0, choices[i].id == NULL);
        if (text_find_text(choice.reason, text_of(choices[i].says)) == choice.reason.len &&
            *choices[i].says)
            fail_msg("row %zu: '" TEXT_FMT "'", i, TEXT_ARG(choice.reason));
        arena_clear(&arena);
    }
}

/* Names are held against each other as DNS does, and no server in force makes no zone be in force.
 */
static void no_servers_in_force_are_no_match(void **state)
{
    struct arena arena;
    struct zone_choice choice;
    (void)state;
    arena_init(&arena, 1 << 16);
    assert_true(zone_choose(&choice, &arena, PROVIDER_ROUTE53, TEXT("example.com"), TEXT_NONE,
                            &open_zone, 1));
    assert_int_equal(choice.id.len, 0);
    assert_true(zone_choose(&choice, &arena, PROVIDER_ROUTE53, TEXT("EXAMPLE.com"),
                            TEXT("NS1.dns.test, ns2.DNS.test"), &open_zone, 1));
    assert_text(choice.id, TEXT("Z1"));
    arena_clear(&arena);
}

static void the_first_provider_that_fits_writes_a_zone(void **state)
{
    struct text first[] = {TEXT("example.com"), TEXT("*.example.com")}, second[] = {TEXT("*.com")};
    struct provider providers[] = {{.zones = first, .zones_len = 2},
                                   {.zones = second, .zones_len = 1}};
    const struct fleet f = {.providers = providers, .providers_len = 2};
    (void)state;
    assert_int_equal(provider_of_zone(&f, TEXT("example.com")), 0);
    assert_int_equal(provider_of_zone(&f, TEXT("a.example.com")), 0);
    assert_int_equal(provider_of_zone(&f, TEXT("example2.com")), 1);
    assert_int_equal(provider_of_zone(&f, TEXT("example.org")), 2);
}

/* ---- sets ---- */

#define VALUE(p, d)                                                                                \
    {                                                                                              \
        .preference = p, .data = { d, sizeof d - 1 }                                               \
    }
#define SET(t, v)                                                                                  \
    {                                                                                              \
        .type = t, .values = v, .len = COUNT(v)                                                    \
    }

static const struct record_value ours_mx[] = {VALUE(10, HOST)};
static const struct record_value foreign_mx[] = {VALUE(10, "mail.example.net")};
static const struct record_value both_mx[] = {VALUE(10, HOST), VALUE(10, "mail.example.net")};
static const struct record_value ours_txt[] = {VALUE(0, SES)};
static const struct record_value foreign_txt[] = {VALUE(0, "words")};
static const struct record_value both_txt[] = {VALUE(0, "words"), VALUE(0, SES)};
static const struct record_value cname[] = {VALUE(0, "www.example.net")};

static void what_the_provider_has_decides(void **state)
{
    const struct record_set mx = SET(DNS_TYPE_MX, ours_mx), mx2 = SET(DNS_TYPE_MX, foreign_mx);
    const struct record_set mx3 = SET(DNS_TYPE_MX, both_mx), txt = SET(DNS_TYPE_TXT, ours_txt);
    const struct record_set txt2 = SET(DNS_TYPE_TXT, foreign_txt),
                            txt3 = SET(DNS_TYPE_TXT, both_txt);
    const struct record_set alias = SET(DNS_TYPE_CNAME, cname), cut = SET(DNS_TYPE_NS, cname);
    const struct record_set address = SET(DNS_TYPE_A, cname);
    struct record_set routed = mx;
    routed.is_special = true;
    const struct {
        bool mx, txt;
        const struct record_set *sets[3];
        enum sets_verdict verdict;
    } cases[] = {
        {true, true, {NULL}, SETS_FREE},          {true, true, {&address}, SETS_FREE},
        {true, false, {&txt}, SETS_FREE},         {true, false, {&txt2}, SETS_FREE},
        {false, true, {&mx2}, SETS_FREE},         {false, false, {&mx2, &txt2}, SETS_FREE},
        {true, true, {&mx, &txt}, SETS_WANTED},   {true, true, {&mx, &txt, &address}, SETS_WANTED},
        {true, false, {&mx, &txt2}, SETS_WANTED}, {false, true, {&mx2, &txt}, SETS_WANTED},
        {true, true, {&mx}, SETS_PERSON},         {true, true, {&txt}, SETS_PERSON},
        {true, true, {&mx2}, SETS_PERSON},        {true, true, {&txt2}, SETS_PERSON},
        {true, true, {&alias}, SETS_PERSON},      {true, true, {&cut}, SETS_PERSON},
        {false, false, {&alias}, SETS_PERSON},    {true, false, {&routed}, SETS_PERSON},
        {true, true, {&mx3, &txt}, SETS_DOUBLED}, {true, true, {&mx, &txt3}, SETS_DOUBLED},
        {true, true, {&mx2, &txt}, SETS_DOUBLED}, {false, true, {&mx3, &txt}, SETS_WANTED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct record_set sets[3];
        uint32_t len = 0;
        struct text reason;
        for (; len < 3 && cases[i].sets[len]; len++)
            sets[len] = *cases[i].sets[len];
        enum sets_verdict verdict =
            sets_judge(&target, cases[i].mx, cases[i].txt, sets, len, &reason);
        if (verdict != cases[i].verdict)
            fail_msg("row %zu: verdict %d (" TEXT_FMT ")", i, (int)verdict, TEXT_ARG(reason));
        assert_int_equal(reason.len > 0, verdict == SETS_PERSON || verdict == SETS_DOUBLED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_dns_shows_decides),
        cmocka_unit_test(a_name_above_keeps_its_wildcard),
        cmocka_unit_test(an_apex_is_left_alone),
        cmocka_unit_test(a_server_without_an_answer_is_counted),
        cmocka_unit_test(what_was_created_goes_only_if_it_is_still_that),
        cmocka_unit_test(the_zone_in_force_is_chosen),
        cmocka_unit_test(no_servers_in_force_are_no_match),
        cmocka_unit_test(the_first_provider_that_fits_writes_a_zone),
        cmocka_unit_test(what_the_provider_has_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
