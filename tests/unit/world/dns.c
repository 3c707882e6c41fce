/* Other people's DNS as the simulated world has it: stories, servers, and a resolver's memory. */
#include "unit.h"

#include "world/dns_model.h"

#include <stdio.h>

#define START SPAN_H(500000)
#define HOST  "feedback-smtp.us-east-1.amazonses.com"

static const struct dns_model_options slow_owners = {.seed = 7,
                                                     .start = START,
                                                     .published = 0.3,
                                                     .wrong_first = 0.5,
                                                     .breaks = 0.5,
                                                     .delay_min = SPAN_M(10),
                                                     .delay_max = SPAN_H(5),
                                                     .outage = SPAN_M(30),
                                                     .lag_max = SPAN_M(2),
                                                     .negative_ttl = SPAN_M(15),
                                                     .right_host = {HOST, sizeof HOST - 1},
                                                     .foretells = true};

static struct dns_question question(const char *name, uint16_t type, unsigned server)
{
    struct dns_question q = {.name = text_of(name), .type = type, .recurse = server == 0};
    if (server)
        q.server = (struct dns_server){4, 53, {192, 0, 2, (uint8_t)server}};
    return q;
}

/* What an answer holds, in a few letters: the response code and the records. */
static void answer_write(const struct dns_reply *r, char out[512])
{
    size_t len = (size_t)snprintf(out, 512, "%u", r->message.rcode);
    for (uint32_t i = 0; i < r->message.records_len; i++) {
        const struct dns_record *record = &r->message.records[i];
        struct text what = record->type == DNS_TYPE_TXT ? record->txt : record->name;
        len +=
            (size_t)snprintf(out + len, 512 - len, " %u " TEXT_FMT, record->type, TEXT_ARG(what));
        if (record->type == DNS_TYPE_A)
            len += (size_t)snprintf(out + len, 512 - len, "192.0.2.%u", record->address[3]);
    }
}

static instant_us ask(struct dns_model *m, struct dns_question q, instant_us now, char out[512])
{
    struct arena arena;
    struct dns_reply reply;
    arena_init(&arena, 1u << 16);
    dns_model_answer(m, &q, now, &arena, &reply);
    assert_int_equal(reply.outcome, DNS_ANSWERED);
    assert_int_equal(reply.message.authoritative, q.server.family != 0);
    assert_text(reply.message.question, q.name);
    answer_write(&reply, out);
    instant_us until = reply.same_until;
    arena_clear(&arena);
    return until;
}

static void every_zone_has_two_servers_and_every_owner_a_policy_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t type;
        const char *answer;
    } rows[] = {
        {"a.example", DNS_TYPE_NS, "0 2 ns1.a.example 2 ns2.a.example"},
        {"b.a.example", DNS_TYPE_NS, "0"},
        {"ns1.a.example", DNS_TYPE_A, "0 1 192.0.2.1"},
        {"ns2.a.example", DNS_TYPE_A, "0 1 192.0.2.2"},
        {"amazonses.com", DNS_TYPE_TXT, "0 16 v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all"},
        {"_dmarc.b.a.example", DNS_TYPE_TXT, "3"},
        {"b.a.example", DNS_TYPE_CNAME, "0"},
        {"a.example", DNS_TYPE_DS, "0"},
    };
    struct dns_model m;
    char said[512];
    assert_true(dns_model_init(&m, &slow_owners));
    for (size_t i = 0; i < COUNT(rows); i++) {
        ask(&m, question(rows[i].name, rows[i].type, 0), START, said);
        assert_string_equal(said, rows[i].answer);
    }
    unsigned kinds[3] = {0};
    for (unsigned i = 0; i < 200; i++) {
        char name[64];
        snprintf(name, sizeof name, "_dmarc.d%u.example", i);
        ask(&m, question(name, DNS_TYPE_TXT, 0), START, said);
        kinds[strstr(said, "p=reject; aspf=s") ? 0 : strstr(said, "p=none") ? 1 : 2]++;
        assert_true(strchr(said, '=') || strcmp(said, "3") == 0);
    }
    assert_true(kinds[0] > 5 && kinds[1] > 50 && kinds[2] > 50);
    dns_model_clear(&m);
}

/* A property of 600 names at instants that are drawn: what an answer foretells comes true to the
 * microsecond, at the authorities and at a resolver that remembers silence. */
static void an_answer_holds_until_the_instant_that_it_foretells(void **state)
{
    (void)state;
    uint64_t seed = 20261126;
    struct dns_model m;
    char name[64], now_said[512], then_said[512];
    unsigned ended = 0, right = 0;
    assert_true(dns_model_init(&m, &slow_owners));
    for (unsigned i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "bounce.d%u.example", i);
        uint16_t type = dice(&seed) % 2 ? DNS_TYPE_MX : DNS_TYPE_TXT;
        struct dns_question q = question(name, type, (unsigned)(dice(&seed) % 3));
        instant_us now = START + (instant_us)(dice(&seed) % (uint64_t)SPAN_H(9));
        for (unsigned turn = 0; turn < 4 && now != WHEN_NEVER; turn++) {
            instant_us until = ask(&m, q, now, now_said);
            assert_true(until > now);
            instant_us before = until == WHEN_NEVER ? now + SPAN_H(100) : until - 1;
            ask(&m, q, before, then_said);
            if (strcmp(now_said, then_said) != 0)
                fail_msg("%s: \"%s\", then \"%s\" before it was foretold", name, now_said,
                         then_said);
            ended += until != WHEN_NEVER;
            now = until;
        }
        right += strstr(now_said, type == DNS_TYPE_MX ? HOST : "include:amazonses.com") != NULL;
    }
    assert_true(ended > 300 && right > 500); /* both kinds of answers were held against it */
    dns_model_clear(&m);
}

/* A panel has appended the zone: the records stand at the doubled name as long as the right one
 * lacks them, at each server in its time, and so it is foretold. */
static void a_doubled_name_has_the_records_while_the_right_one_has_none(void **state)
{
    (void)state;
    struct dns_model m;
    char name[64], doubled[128], right[512], wrong[512], then[512];
    unsigned seen = 0, apexes = 0;
    assert_true(dns_model_init(&m, &slow_owners));
    for (unsigned i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "bounce.d%u.example", i);
        snprintf(doubled, sizeof doubled, "%s.d%u.example", name, i);
        instant_us now = START;
        while (now != WHEN_NEVER) {
            unsigned server = 1 + i % 2;
            struct dns_question q = question(doubled, i % 3 ? DNS_TYPE_MX : DNS_TYPE_TXT, server);
            instant_us until = ask(&m, q, now, wrong);
            ask(&m, question(name, DNS_TYPE_MX, server), now, right);
            bool has = strcmp(wrong, "3") != 0;
            if (has && strcmp(right, "3") != 0)
                fail_msg("%s: \"%s\", and \"%s\" at the right name", doubled, wrong, right);
            assert_true(!has || strstr(wrong, i % 3 ? HOST : "include:amazonses.com"));
            ask(&m, q, until == WHEN_NEVER ? now + SPAN_H(100) : until - 1, then);
            assert_string_equal(wrong, then);
            seen += has;
            now = until;
        }
        snprintf(name, sizeof name, "d%u.example", i);
        ask(&m, question(name, DNS_TYPE_TXT, 1), START, right);
        apexes += strcmp(right, "0 16 v=spf1 include:amazonses.com ~all") == 0;
        assert_true(right[0] == '0');
    }
    assert_true(seen > 15 && apexes > 30 && apexes < 200);
    dns_model_clear(&m);
}

static void a_resolver_remembers_silence_and_authorities_do_not(void **state)
{
    (void)state;
    struct dns_model m;
    struct dns_model_options options = slow_owners;
    char said[512];
    options.published = options.wrong_first = options.breaks = 0;
    options.lag_max = 0;
    options.delay_min = options.delay_max = SPAN_M(10);
    assert_true(dns_model_init(&m, &options));
    static const char name[] = "bounce.d1.example";
    instant_us published = START + SPAN_M(10), asked = published - 1;
    assert_int_equal(dns_model_right_from(&m, text_of(name)), published);
    ask(&m, question(name, DNS_TYPE_MX, 0), asked, said);
    assert_string_equal(said, "3");
    ask(&m, question(name, DNS_TYPE_MX, 1), published, said);
    assert_string_equal(said, "0 15 " HOST);
    ask(&m, question(name, DNS_TYPE_MX, 0), asked + SPAN_M(15) - 1, said);
    assert_string_equal(said, "3");
    ask(&m, question(name, DNS_TYPE_MX, 0), asked + SPAN_M(15), said);
    assert_string_equal(said, "0 15 " HOST);
    dns_model_clear(&m);
}

static void an_outage_ends_and_is_the_last(void **state)
{
    (void)state;
    struct dns_model m;
    struct mx_fact mx;
    struct dns_model_options options = slow_owners;
    unsigned broken = 0;
    options.published = 1;
    options.breaks = 1;
    assert_true(dns_model_init(&m, &options));
    for (unsigned i = 0; i < 50; i++) {
        char name[64];
        snprintf(name, sizeof name, "bounce.d%u.example", i);
        instant_us right = dns_model_right_from(&m, text_of(name));
        assert_true(dns_model_mx(&m, text_of(name), START, &mx));
        assert_text(mx.exchange, TEXT(HOST));
        broken += !dns_model_mx(&m, text_of(name), right - 1, &mx);
        assert_true(dns_model_mx(&m, text_of(name), right, &mx));
        assert_int_equal(dns_model_view(&m, text_of(name), right + SPAN_H(9999)), VIEW_RIGHT);
    }
    assert_int_equal(broken, 50);
    dns_model_clear(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_zone_has_two_servers_and_every_owner_a_policy_or_none),
        cmocka_unit_test(an_answer_holds_until_the_instant_that_it_foretells),
        cmocka_unit_test(a_doubled_name_has_the_records_while_the_right_one_has_none),
        cmocka_unit_test(a_resolver_remembers_silence_and_authorities_do_not),
        cmocka_unit_test(an_outage_ends_and_is_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
