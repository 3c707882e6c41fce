/* The DNS cache: what is kept, for how long, and what goes when it is full. */
#include "unit.h"

#include "survey/dns_cache.h"

#include <stdio.h>

static struct dns_question txt_of(const char *name)
{
    return (struct dns_question){.name = text_of(name), .type = DNS_TYPE_TXT, .recurse = true};
}

static struct dns_reply reply_of(struct dns_record *record, const char *txt)
{
    *record = (struct dns_record){.type = DNS_TYPE_TXT, .txt = text_of(txt)};
    return (struct dns_reply){.outcome = DNS_ANSWERED,
                              .message = {.records = record, .records_len = 1}};
}

static void only_what_others_ask_the_resolver_too_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t family;
        bool kept;
    } rows[] = {
        {"_dmarc.com", 0, true},          {"_dmarc.example.com", 0, true},
        {"amazonses.com", 0, true},       {"feedback-smtp.us-east-1.amazonses.com", 0, true},
        {"notamazonses.com", 0, false},   {"bounce.example.com", 0, false},
        {"example.com", 0, false},        {"x_dmarc.example.com", 0, false},
        {"_dmarc.example.com", 4, false}, {"amazonses.com", 6, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dns_question q = txt_of(rows[i].name);
        q.server.family = rows[i].family;
        if (dns_cache_is_shared(&q) != rows[i].kept)
            fail_msg("%s, family %u", rows[i].name, rows[i].family);
    }
}

static void an_answer_is_kept_for_a_minute_and_asked_for_once(void **state)
{
    struct dns_cache *c = test_calloc(1, sizeof *c);
    struct dns_question q = txt_of("_dmarc.example.com");
    const struct dns_reply *known = NULL;
    struct dns_record record;
    char txt[] = "v=DMARC1; p=none";
    struct dns_reply reply = reply_of(&record, txt);
    instant_us now = SPAN_H(1);
    (void)state;
    dns_cache_init(c, siphash_key_of_seed(1));
    assert_int_equal(dns_cache_ask(c, &q, now, &known), DNS_CACHE_SEND);
    assert_int_equal(dns_cache_ask(c, &q, now, &known), DNS_CACHE_OUT);
    assert_int_equal(dns_cache_ask(c, &q, now + SPAN_M(5), &known), DNS_CACHE_OUT);
    dns_cache_reply(c, &q, &reply, now);
    memset(txt, 'x', sizeof txt - 1); /* the carrier's memory goes its own way */
    assert_int_equal(dns_cache_ask(c, &q, now + DNS_CACHE_KEEP - 1, &known), DNS_CACHE_KNOWN);
    assert_text(known->message.records[0].txt, TEXT("v=DMARC1; p=none"));
    q.type = DNS_TYPE_A;
    assert_int_equal(dns_cache_ask(c, &q, now, &known), DNS_CACHE_SEND);
    q.type = DNS_TYPE_TXT;
    assert_int_equal(dns_cache_ask(c, &q, now + DNS_CACHE_KEEP, &known), DNS_CACHE_SEND);
    assert_int_equal(dns_cache_ask(c, &q, now + DNS_CACHE_KEEP, &known), DNS_CACHE_OUT);
    dns_cache_clear(c);
    test_free(c);
}

static void silence_is_kept_as_well(void **state)
{
    struct dns_cache *c = test_calloc(1, sizeof *c);
    struct dns_question q = txt_of("_dmarc.com");
    struct dns_reply silence = {.outcome = DNS_TIMED_OUT, .trouble = "timed out"};
    const struct dns_reply *known = NULL;
    (void)state;
    dns_cache_init(c, siphash_key_of_seed(1));
    dns_cache_reply(c, &q, &silence, 1); /* of a question that was never sent: not kept */
    assert_int_equal(dns_cache_ask(c, &q, 1, &known), DNS_CACHE_SEND);
    dns_cache_reply(c, &q, &silence, 1);
    assert_int_equal(dns_cache_ask(c, &q, 2, &known), DNS_CACHE_KNOWN);
    assert_int_equal(known->outcome, DNS_TIMED_OUT);
    assert_string_equal(known->trouble, "timed out");
    dns_cache_clear(c);
    test_free(c);
}

/* A hundred thousand domains pass by; what all of them ask for stays. */
static void what_is_used_all_the_time_stays_while_a_large_fleet_passes(void **state)
{
    struct dns_cache *c = test_calloc(1, sizeof *c);
    struct dns_question top = txt_of("_dmarc.com");
    const struct dns_reply *known = NULL;
    struct dns_record record;
    struct dns_reply reply = reply_of(&record, "v=DMARC1; p=none");
    unsigned sent = 0;
    (void)state;
    dns_cache_init(c, siphash_key_of_seed(1));
    for (unsigned i = 0; i < 100000; i++) {
        char name[64];
        snprintf(name, sizeof name, "_dmarc.d%u.com", i);
        struct dns_question own = txt_of(name);
        assert_int_equal(dns_cache_ask(c, &own, 1, &known), DNS_CACHE_SEND);
        dns_cache_reply(c, &own, &reply, 1);
        assert_int_equal(dns_cache_ask(c, &own, 1, &known), DNS_CACHE_KNOWN);
        if (dns_cache_ask(c, &top, 1, &known) == DNS_CACHE_SEND) {
            dns_cache_reply(c, &top, &reply, 1);
            sent++;
        }
    }
    assert_int_equal(sent, 1);
    dns_cache_clear(c);
    test_free(c);
}

/* More questions are out than there are entries: each is sent, and the first ones are kept. */
static void a_question_that_is_out_keeps_its_entry(void **state)
{
    enum { QUESTIONS = 2 * DNS_CACHE_SETS * DNS_CACHE_WAYS };
    struct dns_cache *c = test_calloc(1, sizeof *c);
    struct dns_record record;
    struct dns_reply reply = reply_of(&record, "v=DMARC1; p=none");
    const struct dns_reply *known = NULL;
    unsigned kept = 0;
    (void)state;
    dns_cache_init(c, siphash_key_of_seed(1));
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < QUESTIONS; i++) {
            char name[64];
            snprintf(name, sizeof name, "_dmarc.d%u.com", i);
            struct dns_question q = txt_of(name);
            if (round == 0)
                assert_int_equal(dns_cache_ask(c, &q, 1, &known), DNS_CACHE_SEND);
            else
                dns_cache_reply(c, &q, &reply, 1);
        }
    }
    for (unsigned i = 0; i < QUESTIONS; i++) {
        char name[64];
        snprintf(name, sizeof name, "_dmarc.d%u.com", i);
        struct dns_question q = txt_of(name);
        kept += dns_cache_ask(c, &q, 2, &known) == DNS_CACHE_KNOWN;
    }
    assert_between(kept, 1, DNS_CACHE_SETS * DNS_CACHE_WAYS);
    dns_cache_clear(c);
    test_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_others_ask_the_resolver_too_is_kept),
        cmocka_unit_test(an_answer_is_kept_for_a_minute_and_asked_for_once),
        cmocka_unit_test(silence_is_kept_as_well),
        cmocka_unit_test(what_is_used_all_the_time_stays_while_a_large_fleet_passes),
        cmocka_unit_test(a_question_that_is_out_keeps_its_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
