/* An inquiry ends, whatever the world says: hostile delegations, random replies, no memory. */
#include "unit.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "dns/inquiry.h"
#include "scripted_dns.h"

#include <stdio.h>

#define RANDOM_RUNS 3000

/* ---- a world that answers at random ---- */

static const char *const owners[] = {
    "bounce.example.com", "example.com",     "com", "a.b.example.com",
    "ns1.example.com",    "ns2.example.net", "",    "*.example.com"};

static void record_roll(struct dns_record *r, uint64_t *seed)
{
    static const uint16_t types[] = {DNS_TYPE_A,  DNS_TYPE_AAAA, DNS_TYPE_NS,   DNS_TYPE_SOA,
                                     DNS_TYPE_MX, DNS_TYPE_TXT,  DNS_TYPE_CNAME};
    *r = (struct dns_record){.owner = text_of(owners[dice(seed) % COUNT(owners)]),
                             .type = types[dice(seed) % COUNT(types)],
                             .section = (uint8_t)(dice(seed) % 3),
                             .ttl_s = (uint32_t)(dice(seed) % 1000),
                             .preference = (uint16_t)(dice(seed) % 3)};
    r->name = text_of(owners[dice(seed) % COUNT(owners)]);
    r->txt = TEXT("v=spf1 include:amazonses.com ~all");
    r->address[0] = (uint8_t)(dice(seed) % 9);
}

static struct dns_reply reply_roll(const struct dns_question *q, struct dns_record *records,
                                   uint64_t *seed)
{
    struct dns_reply reply = {.outcome = dice(seed) % 8 ? DNS_ANSWERED
                                                        : (enum dns_outcome)(1 + dice(seed) % 3)};
    reply.message = (struct dns_message){.rcode = (uint8_t)(dice(seed) % 4 ? 0 : dice(seed) % 16),
                                         .authoritative = dice(seed) % 2,
                                         .truncated = dice(seed) % 16 == 0,
                                         .recursion_available = dice(seed) % 2,
                                         .is_response = true,
                                         .question = q->name,
                                         .question_type = q->type,
                                         .records = records};
    reply.message.records_len = (uint32_t)(dice(seed) % 24);
    for (uint32_t i = 0; i < reply.message.records_len; i++) {
        record_roll(&records[i], seed);
        if (dice(seed) % 2)
            records[i].owner = q->name;
        if (dice(seed) % 2)
            records[i].type = q->type;
    }
    return reply;
}

static void facts_vet(const struct inquiry *q)
{
    const struct dns_facts *f = inquiry_facts(q);
    bool trouble = f->mx_state == DNS_TROUBLE_STATE || f->txt_state == DNS_TROUBLE_STATE;
    assert_int_equal(trouble, f->trouble.len > 0);
    assert_int_not_equal(f->mx_state, DNS_UNASKED);
    assert_int_equal(f->mx_state == DNS_FOUND, f->mx_len > 0);
    assert_int_equal(f->txt_state == DNS_FOUND, f->txt_len > 0);
    assert_true(f->servers_len <= INQUIRY_SERVERS_MAX);
}

static bool question_is_new(const struct inquiry *q, uint32_t number)
{
    const struct dns_question *a = &q->questions[number];
    for (uint32_t i = 0; i < number; i++) {
        const struct dns_question *b = &q->questions[i];
        if (a->type == b->type && dname_eq(a->name, b->name) &&
            a->server.family == b->server.family &&
            memcmp(a->server.address, b->server.address, sizeof a->server.address) == 0)
            return false;
    }
    return true;
}

static void an_inquiry_ends_whatever_it_is_told(void **state)
{
    struct inquiry q;
    struct dns_record records[24];
    (void)state;
    inquiry_init(&q);
    for (uint64_t run = 1; run <= RANDOM_RUNS; run++) {
        uint64_t seed = run;
        struct dns_question question;
        uint32_t number, steps = 0;
        inquiry_start(&q, run % 4 ? INQUIRY_AUTHORITY : INQUIRY_RECURSIVE,
                      TEXT("bounce.example.com"));
        while (inquiry_next(&q, &question, &number)) {
            struct dns_reply reply = reply_roll(&question, records, &seed);
            assert_true(++steps <= INQUIRY_QUESTIONS_MAX);
            if (question.server.family)
                assert_true(question_is_new(&q, number));
            inquiry_reply(&q, number, &reply);
        }
        if (!q.done)
            fail_msg("run %llu does not end", (unsigned long long)run);
        facts_vet(&q);
    }
    inquiry_clear(&q);
}

/* ---- memory ---- */

static void run_with(struct inquiry *q, struct script *s, size_t limit_bytes)
{
    struct dns_question question;
    uint32_t number;
    q->arena.limit_bytes = limit_bytes;
    inquiry_start(q, INQUIRY_AUTHORITY, TEXT("bounce.example.com"));
    while (inquiry_next(q, &question, &number)) {
        struct dns_reply reply = script_reply(s, &question);
        inquiry_reply(q, number, &reply);
    }
}

static void an_inquiry_without_memory_ends_in_trouble_and_never_in_a_verdict(void **state)
{
    bool verdict = false;
    (void)state;
    for (size_t limit = 0; limit < (64u << 10); limit += 512) {
        struct script s;
        struct inquiry q;
        script_init(&s);
        assert_true(script_line(&s, TEXT("server 192.0.2.1")));
        assert_true(script_line(&s, TEXT("bounce.example.com 300 MX 10 mail.example.net")));
        assert_true(script_line(&s, TEXT("bounce.example.com 300 TXT \"v=spf1 -all\"")));
        inquiry_init(&q);
        run_with(&q, &s, limit);
        assert_true(q.done);
        const struct dns_facts *f = inquiry_facts(&q);
        bool found = f->mx_state == DNS_FOUND && f->txt_state == DNS_FOUND;
        assert_int_equal(found, f->trouble.len == 0);
        assert_true(found || f->mx_state == DNS_TROUBLE_STATE || f->txt_state == DNS_TROUBLE_STATE);
        verdict = verdict || found;
        inquiry_clear(&q);
        script_clear(&s);
    }
    assert_true(verdict);
}

/* ---- bounds ---- */

static void a_zone_of_many_servers_is_asked_within_the_budget(void **state)
{
    struct script s;
    struct inquiry q;
    char line[128];
    (void)state;
    script_init(&s);
    assert_true(script_line(&s, TEXT("resolver")));
    for (unsigned i = 0; i < 20; i++) {
        snprintf(line, sizeof line, "example.com 300 NS ns%u.example.net", i);
        assert_true(script_line(&s, text_of(line)));
        for (unsigned n = 0; n < 3; n++) {
            snprintf(line, sizeof line, "ns%u.example.net 300 A 192.0.2.%u", i, 3 * i + n);
            assert_true(script_line(&s, text_of(line)));
        }
    }
    inquiry_init(&q);
    run_with(&q, &s, INQUIRY_BYTES_MAX);
    assert_true(q.done);
    assert_true(q.asked <= INQUIRY_QUESTIONS_MAX);
    assert_true(q.facts.servers_len >= INQUIRY_HOSTS_MAX);
    inquiry_clear(&q);
    script_clear(&s);
}

static void the_port_of_authorities_is_the_one_that_was_set(void **state)
{
    struct script s;
    struct inquiry q;
    (void)state;
    script_init(&s);
    assert_true(script_line(&s, TEXT("server 127.0.0.1")));
    assert_true(script_line(&s, TEXT("bounce.example.com 300 MX 10 mail.example.net")));
    inquiry_init(&q);
    q.authority_port = 5353;
    run_with(&q, &s, INQUIRY_BYTES_MAX);
    assert_text(q.facts.servers[0].server, TEXT("ns1.example.com (127.0.0.1:5353)"));
    assert_int_equal(q.questions[q.asked - 1].server.port, 5353);
    run_with(&q, &s, INQUIRY_BYTES_MAX);
    assert_int_equal(q.authority_port, 5353);
    inquiry_clear(&q);
    script_clear(&s);
}

static void an_inquiry_is_reused_for_another_name(void **state)
{
    struct script s;
    struct inquiry q;
    (void)state;
    script_init(&s);
    assert_true(script_line(&s, TEXT("server 192.0.2.1")));
    assert_true(script_line(&s, TEXT("bounce.example.com 300 MX 10 mail.example.net")));
    inquiry_init(&q);
    for (int i = 0; i < 20; i++) {
        run_with(&q, &s, INQUIRY_BYTES_MAX);
        assert_int_equal(q.facts.mx_state, DNS_FOUND);
        assert_int_equal(q.asked, 5);
    }
    inquiry_start(&q, INQUIRY_AUTHORITY, TEXT("com"));
    assert_true(q.done);
    assert_int_equal(q.facts.mx_state, DNS_TROUBLE_STATE);
    inquiry_clear(&q);
    inquiry_clear(&q);
    script_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inquiry_ends_whatever_it_is_told),
        cmocka_unit_test(an_inquiry_without_memory_ends_in_trouble_and_never_in_a_verdict),
        cmocka_unit_test(a_zone_of_many_servers_is_asked_within_the_budget),
        cmocka_unit_test(the_port_of_authorities_is_the_one_that_was_set),
        cmocka_unit_test(an_inquiry_is_reused_for_another_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
