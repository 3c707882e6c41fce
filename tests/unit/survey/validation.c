/* Broken DNSSEC: what is asked, of whom, how often, and what makes a verdict. */
#include "unit.h"

#include "base/dname.h"
#include "survey/validation.h"

#include <stdio.h>

#define NAME "bounce.example.com"
#define ZONE "example.com"

static struct mx_fact mx = {10, TEXT("feedback-smtp.us-east-1.amazonses.com")};
static struct text txt = TEXT("v=spf1 include:amazonses.com ~all");
static struct server_note resolver_ok = {TEXT("resolver"), TEXT("NOERROR")};
static struct server_note resolver_servfail = {TEXT("resolver"), TEXT("SERVFAIL")};
static struct server_note resolver_silent = {TEXT("resolver"), TEXT_NONE};

struct row {
    const char *title;
    struct dns_facts facts;
    bool recursive;
    const char *answers; /* "DS yes", "MX/cd NOERROR"; in the order of asking; * for further ones */
    const char *asked;   /* "DS MX TXT MX/cd MX/again" */
    const char *bogus;   /* "zone mx txt" */
};

#define FOUND                                                                                      \
    .mx_state = DNS_FOUND, .mx = &mx, .mx_len = 1, .txt_state = DNS_FOUND, .txt = &txt, .txt_len = 1
#define IN_ZONE .zone = TEXT(ZONE)

static const struct row rows[] = {
    {"insecure: one question", {FOUND, IN_ZONE}, false, "DS no", "DS", ""},
    {"signed and sound: three",
     {FOUND, IN_ZONE},
     false,
     "DS yes, MX yes, TXT yes",
     "DS MX TXT",
     ""},
    {"no zone known: two", {FOUND}, false, "MX yes, TXT yes", "MX TXT", ""},
    {"only what is there",
     {.mx_state = DNS_FOUND, .mx = &mx, .mx_len = 1, .txt_state = DNS_NODATA, IN_ZONE},
     false,
     "DS yes, MX yes",
     "DS MX",
     ""},
    {"nothing is there",
     {.mx_state = DNS_NXDOMAIN, .txt_state = DNS_NXDOMAIN, IN_ZONE},
     false,
     "",
     "",
     ""},
    {"an alias", {FOUND, IN_ZONE, .cname = TEXT("other.example")}, false, "", "", ""},
    {"broken MX",
     {FOUND, IN_ZONE},
     false,
     "DS yes, MX SERVFAIL, TXT yes, MX/cd yes, MX/again SERVFAIL",
     "DS MX TXT MX/cd MX/again",
     "mx"},
    {"broken TXT",
     {FOUND, IN_ZONE},
     false,
     "DS yes, MX yes, TXT SERVFAIL, TXT/cd yes, TXT/again SERVFAIL",
     "DS MX TXT TXT/cd TXT/again",
     "txt"},
    {"broken DNSKEY",
     {FOUND, IN_ZONE},
     false,
     "DS yes, MX SERVFAIL, TXT SERVFAIL, MX/cd yes, TXT/cd yes, MX/again SERVFAIL, TXT/again "
     "SERVFAIL",
     "DS MX TXT MX/cd TXT/cd MX/again TXT/again",
     "mx txt"},
    {"broken above the zone",
     {FOUND, IN_ZONE},
     false,
     "DS SERVFAIL, DS/cd no, DS/again SERVFAIL",
     "DS DS/cd DS/again",
     "zone"},
    {"broken where the walk went",
     {FOUND, IN_ZONE, .servfail_at = TEXT(ZONE)},
     false,
     "NS SERVFAIL, NS/cd yes, NS/again SERVFAIL",
     "NS NS/cd NS/again",
     "zone"},
    {"the walk met a moment's trouble",
     {FOUND, IN_ZONE, .servfail_at = TEXT(ZONE)},
     false,
     "NS yes, MX yes, TXT yes",
     "NS MX TXT",
     ""},
    /* trouble of the resolver is none of the zone */
    {"fails with CD too",
     {FOUND, IN_ZONE},
     false,
     "DS yes, MX SERVFAIL, TXT SERVFAIL, MX/cd SERVFAIL, TXT/cd SERVFAIL",
     "DS MX TXT MX/cd TXT/cd",
     ""},
    {"does not know CD",
     {FOUND, IN_ZONE},
     false,
     "DS yes, MX SERVFAIL, TXT yes, MX/cd FORMERR",
     "DS MX TXT MX/cd",
     ""},
    {"keeps silent with CD",
     {FOUND, IN_ZONE},
     false,
     "DS yes, MX SERVFAIL, TXT yes, MX/cd silent",
     "DS MX TXT MX/cd",
     ""},
    {"has recovered",
     {FOUND, IN_ZONE},
     false,
     "DS yes, MX SERVFAIL, TXT yes, MX/cd yes, MX/again yes",
     "DS MX TXT MX/cd MX/again",
     ""},
    {"is silent then",
     {FOUND, IN_ZONE},
     false,
     "DS yes, MX SERVFAIL, TXT yes, MX/cd yes, MX/again silent",
     "DS MX TXT MX/cd MX/again",
     ""},
    {"is silent from the start", {FOUND, IN_ZONE}, false, "DS silent", "DS", ""},
    {"fails from the start",
     {FOUND, IN_ZONE},
     false,
     "DS SERVFAIL, DS/cd SERVFAIL",
     "DS DS/cd",
     ""},
    {"recovers at once",
     {FOUND, IN_ZONE},
     false,
     "DS SERVFAIL, DS/cd yes, DS/again yes, MX yes, TXT yes",
     "DS DS/cd DS/again MX TXT",
     ""},
    {"refuses DS", {FOUND, IN_ZONE}, false, "DS REFUSED, MX yes, TXT yes", "DS MX TXT", ""},
    {"refuses DS with CD",
     {FOUND, IN_ZONE},
     false,
     "DS SERVFAIL, DS/cd REFUSED, MX yes, TXT yes",
     "DS DS/cd MX TXT",
     ""},
    {"broken denial",
     {FOUND, IN_ZONE},
     false,
     "DS yes, MX SERVFAIL, TXT yes, MX/cd NXDOMAIN, MX/again SERVFAIL",
     "DS MX TXT MX/cd MX/again",
     "mx"},
    /* recursive mode: the resolver has spoken already */
    {"recursive, sound", {FOUND, .servers = &resolver_ok, .servers_len = 1}, true, "", "", ""},
    {"recursive, one of several",
     {FOUND, .servers = &resolver_ok, .servers_len = 1, .has_others = true},
     true,
     "MX yes, TXT SERVFAIL, TXT/cd yes, TXT/again SERVFAIL",
     "MX TXT TXT/cd TXT/again",
     "txt"},
    {"recursive, broken TXT",
     {.mx_state = DNS_FOUND,
      .mx = &mx,
      .mx_len = 1,
      .txt_state = DNS_TROUBLE_STATE,
      .servers = &resolver_servfail,
      .servers_len = 1},
     true,
     "TXT SERVFAIL, TXT/cd yes, TXT/again SERVFAIL",
     "TXT TXT/cd TXT/again",
     "txt"},
    {"recursive, silent",
     {.mx_state = DNS_TROUBLE_STATE,
      .txt_state = DNS_TROUBLE_STATE,
      .servers = &resolver_silent,
      .servers_len = 1},
     true,
     "",
     "",
     ""},
};

/* Each resolver of several has an address; who says SERVFAIL is 192.0.2.7. */
static const struct dns_server failing = {.family = 4, .port = 53, .address = {192, 0, 2, 7}};

static struct dns_reply reply_of(struct text word, const struct dns_question *q,
                                 struct dns_record *record)
{
    static const struct {
        struct text word;
        uint8_t rcode;
    } rcodes[] = {{TEXT("SERVFAIL"), DNS_RCODE_SERVFAIL},
                  {TEXT("NXDOMAIN"), DNS_RCODE_NXDOMAIN},
                  {TEXT("REFUSED"), DNS_RCODE_REFUSED},
                  {TEXT("FORMERR"), DNS_RCODE_FORMERR}};
    struct dns_reply reply = {.outcome = DNS_ANSWERED};
    if (text_eq(word, TEXT("silent")))
        return (struct dns_reply){.outcome = DNS_TIMED_OUT};
    for (size_t i = 0; i < COUNT(rcodes); i++)
        if (text_eq(word, rcodes[i].word))
            reply.message.rcode = rcodes[i].rcode;
    if (reply.message.rcode == DNS_RCODE_SERVFAIL)
        reply.by = failing;
    if (text_eq(word, TEXT("yes"))) {
        *record = (struct dns_record){.owner = q->name, .type = q->type};
        reply.message.records = record;
        reply.message.records_len = 1;
    }
    return reply;
}

/* "MX", "MX/cd", "MX/again"; vets whom the question is for. */
static void question_name(const struct dns_question *q, uint32_t number, char out[32])
{
    bool alone = !q->of_all;
    assert_true(q->recurse);
    assert_true(dname_eq(q->name, number == VALIDATED_ZONE ? TEXT(ZONE) : TEXT(NAME)));
    assert_true(!q->unchecked || alone);
    if (alone)
        assert_memory_equal(&q->server, &failing, sizeof failing);
    else
        assert_int_equal(q->server.family, 0);
    snprintf(out, 32, "%s%s", dns_type_name(q->type), q->unchecked ? "/cd" : alone ? "/again" : "");
}

static void row_holds(const struct row *r)
{
    static const char *const names[VALIDATEDS] = {"zone", "mx", "txt"};
    struct validation v;
    struct dns_question q[VALIDATEDS];
    uint32_t numbers[VALIDATEDS];
    struct text answers = text_of(r->answers);
    char asked[256] = "", bogus[32] = "";
    validation_start(&v, TEXT(NAME), &r->facts, r->recursive);
    while (!validation_is_done(&v)) {
        uint32_t len = 0;
        while (len < VALIDATEDS && validation_next(&v, &q[len], &numbers[len]))
            len++;
        assert_true(len > 0);
        for (uint32_t i = 0; i < len; i++) {
            char name[32];
            struct dns_record record;
            struct text answer = text_trim(text_cut(&answers, ','));
            question_name(&q[i], numbers[i], name);
            snprintf(asked + strlen(asked), sizeof asked - strlen(asked), "%s%s",
                     asked[0] ? " " : "", name);
            if (!text_eq(text_cut(&answer, ' '), text_of(name)))
                fail_msg("%s: no answer for %s after %s", r->title, name, asked);
            struct dns_reply reply = reply_of(answer, &q[i], &record);
            validation_reply(&v, numbers[i], &reply);
        }
    }
    for (unsigned i = 0; i < VALIDATEDS; i++)
        if (v.is_bogus[i])
            snprintf(bogus + strlen(bogus), sizeof bogus - strlen(bogus), "%s%s",
                     bogus[0] ? " " : "", names[i]);
    if (strcmp(asked, r->asked) != 0 || strcmp(bogus, r->bogus) != 0)
        fail_msg("%s: asked %s, bogus %s", r->title, asked, bogus);
}

static void only_servfail_an_answer_with_cd_and_servfail_again_is_broken_dnssec(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        row_holds(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_servfail_an_answer_with_cd_and_servfail_again_is_broken_dnssec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
