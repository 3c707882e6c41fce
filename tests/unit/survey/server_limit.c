/* Limits of one name server: how many questions may be out, and how fast they go. */
#include "unit.h"

#include "survey/server_limit.h"

static struct dns_server server_of(unsigned number)
{
    struct dns_server s = {.family = 4, .port = 53, .address = {192, 0}};
    s.address[2] = (uint8_t)(number >> 8);
    s.address[3] = (uint8_t)number;
    return s;
}

/* Questions that one server gets in so many seconds, when each is answered at once. */
static unsigned asked_in(struct server_limit *m, struct dns_server server, span_us span)
{
    unsigned asked = 0;
    instant_us now = SPAN_S(1000), end = now + span;
    while (now < end) {
        instant_us again = 0;
        if (server_limit_take(m, &server, now, &again)) {
            server_limit_give(m, &server);
            asked++;
            continue;
        }
        assert_true(again > now && again < WHEN_NEVER);
        now = again;
    }
    return asked;
}

static void an_authority_gets_a_burst_and_then_its_rate(void **state)
{
    struct server_limit m;
    (void)state;
    server_limit_init(&m, siphash_key_of_seed(1));
    unsigned asked = asked_in(&m, server_of(1), SPAN_S(10));
    assert_between(asked, 10 * DNS_SERVER_RATE_MAX, 10 * DNS_SERVER_RATE_MAX + DNS_SERVER_OUT_MAX);
}

static void the_burst_comes_back_with_rest(void **state)
{
    struct server_limit m;
    struct dns_server server = server_of(1);
    instant_us again;
    (void)state;
    server_limit_init(&m, siphash_key_of_seed(1));
    for (int round = 0; round < 3; round++) {
        instant_us now = SPAN_S(10 * (round + 1));
        unsigned burst = 0;
        while (server_limit_take(&m, &server, now, &again)) {
            burst++;
            server_limit_give(&m, &server);
        }
        assert_int_equal(burst, DNS_SERVER_OUT_MAX);
    }
}

static void no_more_than_so_many_are_out_at_one_server(void **state)
{
    static const uint8_t addresses[] = {127, 192};
    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct server_limit m;
        struct dns_server server = server_of(1), other = server_of(2);
        instant_us again = 0;
        unsigned out = 0;
        server.address[0] = addresses[i];
        server_limit_init(&m, siphash_key_of_seed(1));
        while (out < 1000 && server_limit_take(&m, &server, SPAN_S(out), &again))
            out++;
        assert_int_equal(out, DNS_SERVER_OUT_MAX);
        assert_true(again == WHEN_NEVER);
        assert_true(server_limit_take(&m, &other, SPAN_S(out), &again));
        server_limit_give(&m, &server);
        assert_true(server_limit_take(&m, &server, SPAN_S(out), &again));
    }
}

static void the_resolver_and_servers_of_ones_own_have_no_rate(void **state)
{
    struct server_limit m;
    struct dns_server resolver = {0}, own4 = {.family = 4, .port = 5300, .address = {127, 0, 0, 1}},
                      own6 = {.family = 6, .port = 53, .address = {[15] = 1}};
    instant_us again;
    (void)state;
    server_limit_init(&m, siphash_key_of_seed(1));
    for (unsigned i = 0; i < 10000; i++) {
        assert_true(server_limit_take(&m, &resolver, 1, &again)); /* never given back */
        assert_true(server_limit_take(&m, &own4, 1, &again));
        assert_true(server_limit_take(&m, &own6, 1, &again));
        server_limit_give(&m, &own4);
        server_limit_give(&m, &own6);
    }
}

static void ports_and_families_are_servers_of_their_own(void **state)
{
    struct server_limit m;
    struct dns_server one = server_of(1), port = one, family = one;
    instant_us again;
    (void)state;
    port.port = 5300;
    family.family = 6;
    server_limit_init(&m, siphash_key_of_seed(1));
    for (unsigned i = 0; i < DNS_SERVER_OUT_MAX; i++)
        assert_true(server_limit_take(&m, &one, 1, &again));
    assert_false(server_limit_take(&m, &one, 1, &again));
    assert_true(server_limit_take(&m, &port, 1, &again));
    assert_true(server_limit_take(&m, &family, 1, &again));
}

static void a_crowd_of_servers_is_served_in_turn(void **state)
{
    struct server_limit m;
    instant_us again, now = 1;
    unsigned refused = 0;
    (void)state;
    server_limit_init(&m, siphash_key_of_seed(1));
    for (unsigned i = 0; i < 60000; i++) { /* a hundred at a time, a new one every 10 us */
        struct dns_server server = server_of(i), oldest = server_of(i - 100);
        while (!server_limit_take(&m, &server, now, &again)) {
            assert_true(again < WHEN_NEVER);
            refused++;
            now = again;
        }
        if (i >= 100)
            server_limit_give(&m, &oldest);
        now += 10;
    }
    assert_between(refused, 0, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_authority_gets_a_burst_and_then_its_rate),
        cmocka_unit_test(the_burst_comes_back_with_rest),
        cmocka_unit_test(no_more_than_so_many_are_out_at_one_server),
        cmocka_unit_test(the_resolver_and_servers_of_ones_own_have_no_rate),
        cmocka_unit_test(ports_and_families_are_servers_of_their_own),
        cmocka_unit_test(a_crowd_of_servers_is_served_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
