/* What is remembered of the addresses of name servers, and for how long. */
#include "unit.h"

#include "survey/host_book.h"

#include <stdio.h>

#define NOW SPAN_H(1)

static struct dns_question question_of(const char *name, uint16_t type)
{
    return (struct dns_question){.name = text_of(name), .type = type, .recurse = true};
}

/* So many addresses 192.0.2.N of the name. */
static struct dns_reply reply_of(const char *name, struct dns_record *records, uint32_t len,
                                 uint32_t ttl_s)
{
    struct dns_reply reply = {.outcome = DNS_ANSWERED};
    for (uint32_t i = 0; i < len; i++)
        records[i] = (struct dns_record){.owner = text_of(name),
                                         .type = DNS_TYPE_A,
                                         .section = DNS_ANSWER,
                                         .ttl_s = ttl_s,
                                         .address = {192, 0, 2, (uint8_t)(i + 1)}};
    reply.message.records = records;
    reply.message.records_len = len;
    return reply;
}

static void learn(struct host_book *b, const char *name, uint32_t len, uint32_t ttl_s)
{
    struct dns_record records[8];
    const struct dns_question q = question_of(name, DNS_TYPE_A);
    const struct dns_reply reply = reply_of(name, records, len, ttl_s);
    host_book_reply(b, &q, &reply, NOW);
}

static bool is_known(struct host_book *b, const char *name, instant_us now)
{
    const struct dns_question q = question_of(name, DNS_TYPE_A);
    return host_book_find(b, &q, now) != NULL;
}

static void an_address_is_known_for_its_ttl_and_a_minute_at_most(void **state)
{
    struct host_book b;
    (void)state;
    host_book_init(&b, siphash_key_of_seed(1));
    assert_false(is_known(&b, "ns1.example.com", NOW));
    learn(&b, "ns1.example.com", 2, 20);
    learn(&b, "ns2.example.com", 1, 86400);
    learn(&b, "ns3.example.com", 1, 0);
    assert_true(is_known(&b, "ns1.example.com", NOW + SPAN_S(19)));
    assert_false(is_known(&b, "ns1.example.com", NOW + SPAN_S(20)));
    assert_true(is_known(&b, "ns2.example.com", NOW + SPAN_S(59)));
    assert_false(is_known(&b, "ns2.example.com", NOW + SPAN_S(60)));
    assert_false(is_known(&b, "ns3.example.com", NOW));
    host_book_clear(&b);
}

static void the_answer_is_the_resolvers(void **state)
{
    struct host_book b;
    const struct dns_question q = question_of("ns1.example.com", DNS_TYPE_A);
    (void)state;
    host_book_init(&b, siphash_key_of_seed(1));
    learn(&b, "ns1.example.com", 6, 300);
    const struct dns_reply *known = host_book_find(&b, &q, NOW + SPAN_S(10));
    assert_non_null(known);
    assert_int_equal(known->message.records[0].ttl_s, 290); /* what is left */
    assert_int_equal(known->outcome, DNS_ANSWERED);
    assert_true(text_eq(known->message.question, q.name));
    assert_int_equal(known->message.records_len, HOST_ADDRESSES_MAX); /* more are never asked */
    for (uint8_t i = 0; i < HOST_ADDRESSES_MAX; i++)
        assert_int_equal(known->message.records[i].address[3], i + 1);
    host_book_clear(&b);
}

static void only_addresses_from_the_resolver_are_kept(void **state)
{
    struct host_book b;
    struct dns_record records[1];
    struct dns_reply reply = reply_of("ns1.example.com", records, 1, 300);
    struct dns_question questions[] = {
        question_of("ns1.example.com", DNS_TYPE_NS), question_of("ns1.example.com", DNS_TYPE_AAAA),
        question_of("ns1.example.com", DNS_TYPE_A), question_of("ns1.example.com", DNS_TYPE_A)};
    (void)state;
    questions[2].server.family = 4;
    questions[3].unchecked = true;
    host_book_init(&b, siphash_key_of_seed(1));
    for (size_t i = 0; i < COUNT(questions); i++) {
        host_book_reply(&b, &questions[i], &reply, NOW);
        assert_null(host_book_find(&b, &questions[i], NOW));
    }
    learn(&b, "ns1.example.com", 0, 300);
    assert_false(is_known(&b, "ns1.example.com", NOW));
    const struct dns_question q = question_of("ns1.example.com", DNS_TYPE_A);
    reply.message.rcode = DNS_RCODE_SERVFAIL;
    host_book_reply(&b, &q, &reply, NOW);
    assert_false(is_known(&b, "ns1.example.com", NOW));
    host_book_clear(&b);
}

static void more_hosts_than_fit_push_out_others_and_mix_up_none(void **state)
{
    struct host_book b;
    char name[32];
    unsigned known = 0;
    (void)state;
    host_book_init(&b, siphash_key_of_seed(1));
    for (unsigned i = 0; i < 3 * HOST_BOOK_SETS * HOST_BOOK_WAYS; i++) {
        snprintf(name, sizeof name, "ns%u.example.com", i);
        learn(&b, name, 1 + i % HOST_ADDRESSES_MAX, 300);
    }
    for (unsigned i = 0; i < 3 * HOST_BOOK_SETS * HOST_BOOK_WAYS; i++) {
        snprintf(name, sizeof name, "ns%u.example.com", i);
        const struct dns_question q = question_of(name, DNS_TYPE_A);
        const struct dns_reply *reply = host_book_find(&b, &q, NOW);
        known += reply != NULL;
        if (reply)
            assert_int_equal(reply->message.records_len, 1 + i % HOST_ADDRESSES_MAX);
    }
    assert_between(known, HOST_BOOK_SETS, HOST_BOOK_SETS * HOST_BOOK_WAYS);
    host_book_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_known_for_its_ttl_and_a_minute_at_most),
        cmocka_unit_test(the_answer_is_the_resolvers),
        cmocka_unit_test(only_addresses_from_the_resolver_are_kept),
        cmocka_unit_test(more_hosts_than_fit_push_out_others_and_mix_up_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
