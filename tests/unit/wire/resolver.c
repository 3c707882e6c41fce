/* The DNS side of a carrier against a server of our own that answers well, badly or not at all. */
#include "unit.h"

#include "wire/resolver.h"

#include "wire/dns_server.h"

/* Long enough for a server on loopback, short for those who wait for silence. */
#define TRY_MS ((unsigned)(40 * test_timeouts()))

#define CALLS_MAX 100

struct asked {
    struct resolver *resolver;
    struct call calls[CALLS_MAX];
    bool of_all; /* of questions from now on */
    unsigned done;
};

static void on_done(void *context, struct call *c)
{
    struct asked *a = context;
    assert_between(c - a->calls, 0, CALLS_MAX - 1);
    a->done++;
}

static struct asked *asked_open(const struct resolver_config *config)
{
    struct why why = {""};
    struct asked *a = calloc(1, sizeof *a);
    assert_non_null(a);
    for (unsigned i = 0; i < CALLS_MAX; i++)
        arena_init(&a->calls[i].arena, 1u << 20);
    assert_int_equal(resolver_open(&a->resolver, config, on_done, a, &why), OK);
    return a;
}

static void asked_close(struct asked *a)
{
    resolver_close(a->resolver);
    for (unsigned i = 0; i < CALLS_MAX; i++)
        arena_clear(&a->calls[i].arena);
    free(a);
}

static struct dns_server loopback(uint16_t port)
{
    return (struct dns_server){.family = 4, .port = port, .address = {127, 0, 0, 1}};
}

static void question_send(struct asked *a, unsigned call, const char *name,
                          struct dns_server server, bool recurse)
{
    struct call *c = &a->calls[call];
    call_answer_reset(c);
    c->question = (struct dns_question){.name = text_of(name),
                                        .type = DNS_TYPE_MX,
                                        .recurse = recurse,
                                        .of_all = a->of_all,
                                        .server = server};
    assert_true(resolver_has_room(a->resolver));
    resolver_ask(a->resolver, c);
    resolver_send(a->resolver);
}

/* Turns the loop until nothing is out. */
static void turn(struct asked *a)
{
    for (unsigned turns = 0; resolver_is_busy(a->resolver); turns++) {
        struct pollfd fds[RESOLVER_FDS_MAX];
        uint32_t len = resolver_fds(a->resolver, fds);
        assert_true(turns < 10000);
        poll(fds, len, 10);
        resolver_work(a->resolver, fds, len);
        resolver_tick(a->resolver);
    }
}

static const struct dns_reply *ask(struct asked *a, const char *name, struct dns_server server,
                                   bool recurse)
{
    unsigned before = a->done;
    question_send(a, 0, name, server, recurse);
    turn(a);
    assert_int_equal(a->done, before + 1);
    return &a->calls[0].dns;
}

static void every_answer_keeps_its_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum dns_outcome outcome;
        unsigned rcode;
        const char *trouble; /* our own words; a library's are shown and not compared */
        unsigned questions;  /* that the server saw */
    } cases[] = {
        {"good.example.com", DNS_ANSWERED, DNS_RCODE_NOERROR, "", 1},
        {"servfail.example.com", DNS_ANSWERED, DNS_RCODE_SERVFAIL, "", 1},
        {"refused.example.com", DNS_ANSWERED, DNS_RCODE_REFUSED, "", 1},
        {"nxdomain.example.com", DNS_ANSWERED, DNS_RCODE_NXDOMAIN, "", 1},
        {"once.example.com", DNS_ANSWERED, DNS_RCODE_NOERROR, "", 2},
        {"silent.example.com", DNS_TIMED_OUT, 0, "no answer", 2},
        {"empty.example.com", DNS_TIMED_OUT, 0, "no answer", 2},
        {"garbage.example.com", DNS_GARBLED, 0, "", 1},
        {"cut.example.com", DNS_UNREACHABLE, 0, "takes no TCP", 1},
    };
    struct dns_server_thread *server = dns_server_open(false);
    char name[SERVER_LEN];
    struct dns_server address = loopback(dns_server_port(server));
    struct asked *a = asked_open(&(struct resolver_config){.try_ms = TRY_MS});
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned before = dns_server_questions(server);
        const struct dns_reply *reply = ask(a, cases[i].name, address, false);
        if (reply->outcome != cases[i].outcome || !strstr(reply->trouble, cases[i].trouble))
            fail_msg("%s: outcome %d, \"%s\"", cases[i].name, (int)reply->outcome, reply->trouble);
        assert_int_equal(reply->message.rcode, cases[i].rcode);
        assert_int_equal(dns_server_questions(server) - before, cases[i].questions);
        if (reply->outcome != DNS_ANSWERED)
            assert_non_null(strstr(reply->trouble, server_format(&address, name)));
    }
    asked_close(a);
    dns_server_close(server);
}

static void the_records_of_an_answer_arrive(void **state)
{
    (void)state;
    struct dns_server_thread *server = dns_server_open(false);
    struct asked *a = asked_open(&(struct resolver_config){.try_ms = TRY_MS});
    const struct dns_reply *reply =
        ask(a, "good.example.com", loopback(dns_server_port(server)), false);
    assert_true(reply->message.authoritative);
    assert_int_equal(reply->message.records_len, 2);
    assert_true(text_eq(reply->message.records[0].name, TEXT("inbox.good.example.com")));
    assert_int_equal(reply->message.records[0].ttl_s, 60);
    assert_true(text_eq(reply->message.records[1].txt, TEXT("v=spf1~all")));
    asked_close(a);
    dns_server_close(server);
}

static void a_cut_answer_is_fetched_over_tcp(void **state)
{
    (void)state;
    struct dns_server_thread *server = dns_server_open(true);
    struct asked *a = asked_open(&(struct resolver_config){.try_ms = 1000});
    const struct dns_reply *reply =
        ask(a, "cut.example.com", loopback(dns_server_port(server)), false);
    assert_string_equal(reply->trouble, "");
    assert_int_equal(reply->message.records_len, 2);
    assert_int_equal(dns_server_questions(server), 2);
    asked_close(a);
    dns_server_close(server);
}

static void a_closed_port_is_unreachable(void **state)
{
    (void)state;
    struct asked *a = asked_open(&(struct resolver_config){.try_ms = 1000});
    const struct dns_reply *reply =
        ask(a, "good.example.com", loopback(dns_port_without_server()), false);
    assert_int_equal(reply->outcome, DNS_UNREACHABLE);
    assert_non_null(strstr(reply->trouble, "refused"));
    asked_close(a);
}

static void recursion_is_desired_of_resolvers_only(void **state)
{
    (void)state;
    struct dns_server_thread *server = dns_server_open(false);
    struct dns_server address = loopback(dns_server_port(server));
    struct resolver_config config = {.servers = {.at = {address}, .len = 1}, .try_ms = TRY_MS};
    struct asked *a = asked_open(&config);
    ask(a, "good.example.com", (struct dns_server){0}, true);
    assert_true(dns_server_saw_recursion_desired(server));
    ask(a, "good.example.com", address, false);
    assert_false(dns_server_saw_recursion_desired(server));
    asked_close(a);
    dns_server_close(server);
}

static void the_second_resolver_helps_when_the_first_is_down(void **state)
{
    (void)state;
    struct dns_server_thread *server = dns_server_open(false);
    struct resolver_config config = {.servers = {.len = 2}, .try_ms = TRY_MS};
    config.servers.at[0] = loopback(dns_port_without_server());
    config.servers.at[1] = loopback(dns_server_port(server));
    struct asked *a = asked_open(&config);
    assert_int_equal(ask(a, "good.example.com", (struct dns_server){0}, true)->outcome,
                     DNS_ANSWERED);
    asked_close(a);
    dns_server_close(server);
}

/* Two resolvers, of which the first answers like `label`. */
static struct asked *two_open(struct dns_server_thread *servers[2], const char *label)
{
    struct resolver_config config = {.servers = {.len = 2}, .try_ms = TRY_MS};
    for (unsigned i = 0; i < 2; i++) {
        servers[i] = dns_server_open(false);
        config.servers.at[i] = loopback(dns_server_port(servers[i]));
    }
    dns_server_pretend(servers[0], label);
    return asked_open(&config);
}

static void two_close(struct asked *a, struct dns_server_thread *servers[2])
{
    asked_close(a);
    dns_server_close(servers[0]);
    dns_server_close(servers[1]);
}

static void the_next_resolver_is_asked_where_one_does_not_answer(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        enum dns_outcome outcome;
        unsigned rcode;
        unsigned questions[2]; /* that each saw, of one that was put twice */
    } cases[] = {
        {"servfail", "good", DNS_ANSWERED, DNS_RCODE_NOERROR, {2, 2}},
        {"refused", "good", DNS_ANSWERED, DNS_RCODE_NOERROR, {2, 2}},
        {"notimp", "good", DNS_ANSWERED, DNS_RCODE_NOERROR, {2, 2}},
        {"garbage", "good", DNS_ANSWERED, DNS_RCODE_NOERROR, {2, 2}},
        {"good", "servfail", DNS_ANSWERED, DNS_RCODE_NOERROR, {2, 0}},
        {"nxdomain", "good", DNS_ANSWERED, DNS_RCODE_NXDOMAIN, {2, 0}}, /* is an answer */
        {"servfail", "nxdomain", DNS_ANSWERED, DNS_RCODE_NXDOMAIN, {2, 2}},
        {"silent", "good", DNS_ANSWERED, DNS_RCODE_NOERROR, {1, 2}},      /* then it comes last */
        {"refused", "servfail", DNS_ANSWERED, DNS_RCODE_REFUSED, {2, 2}}, /* what the first said */
        {"servfail", "silent", DNS_ANSWERED, DNS_RCODE_SERVFAIL, {2, 4}},
        {"silent", "silent", DNS_TIMED_OUT, 0, {4, 4}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dns_server_thread *servers[2];
        struct asked *a = two_open(servers, cases[i].first);
        dns_server_pretend(servers[1], cases[i].second);
        for (unsigned asked = 0; asked < 2; asked++) {
            const struct dns_reply *reply =
                ask(a, "name.example.com", (struct dns_server){0}, true);
            if (reply->outcome != cases[i].outcome || reply->message.rcode != cases[i].rcode)
                fail_msg("%s, %s: outcome %d, rcode %u, \"%s\"", cases[i].first, cases[i].second,
                         (int)reply->outcome, reply->message.rcode, reply->trouble);
        }
        for (unsigned server = 0; server < 2; server++)
            if (dns_server_questions(servers[server]) != cases[i].questions[server])
                fail_msg("%s, %s: server %u saw %u questions", cases[i].first, cases[i].second,
                         server, dns_server_questions(servers[server]));
        two_close(a, servers);
    }
}

/* A question to all, as those about DNSSEC are: an answer does not end it, SERVFAIL does. */
static void each_resolver_is_heard_until_one_says_servfail(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        enum dns_outcome outcome;
        unsigned rcode, by;
        unsigned questions[2];
    } cases[] = {
        {"good", "servfail", DNS_ANSWERED, DNS_RCODE_SERVFAIL, 1, {1, 1}},
        {"servfail", "good", DNS_ANSWERED, DNS_RCODE_SERVFAIL, 0, {1, 0}},
        {"good", "nxdomain", DNS_ANSWERED, DNS_RCODE_NOERROR, 0, {1, 1}},
        {"refused", "good", DNS_ANSWERED, DNS_RCODE_NOERROR, 1, {1, 1}},
        {"refused", "notimp", DNS_ANSWERED, DNS_RCODE_REFUSED, 0, {1, 1}},
        {"good", "silent", DNS_ANSWERED, DNS_RCODE_NOERROR, 0, {1, 1}}, /* nobody waits again */
        {"silent", "good", DNS_ANSWERED, DNS_RCODE_NOERROR, 1, {1, 1}},
        {"silent", "servfail", DNS_ANSWERED, DNS_RCODE_SERVFAIL, 1, {1, 1}},
        {"silent", "silent", DNS_TIMED_OUT, 0, 0, {2, 2}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dns_server_thread *servers[2];
        struct asked *a = two_open(servers, cases[i].first);
        dns_server_pretend(servers[1], cases[i].second);
        a->of_all = true;
        const struct dns_reply *reply = ask(a, "name.example.com", (struct dns_server){0}, true);
        struct dns_server by = loopback(dns_server_port(servers[cases[i].by]));
        if (reply->outcome != cases[i].outcome || reply->message.rcode != cases[i].rcode)
            fail_msg("%s, %s: outcome %d, rcode %u, \"%s\"", cases[i].first, cases[i].second,
                     (int)reply->outcome, reply->message.rcode, reply->trouble);
        if (reply->outcome == DNS_ANSWERED) {
            assert_memory_equal(&reply->by, &by, sizeof by);
            assert_true(reply->has_others);
        }
        for (unsigned server = 0; server < 2; server++)
            if (dns_server_questions(servers[server]) != cases[i].questions[server])
                fail_msg("%s, %s: server %u saw %u questions", cases[i].first, cases[i].second,
                         server, dns_server_questions(servers[server]));
        two_close(a, servers);
    }
}

static void an_authority_has_no_substitute(void **state)
{
    (void)state;
    struct dns_server_thread *servers[2];
    struct asked *a = two_open(servers, "servfail");
    const struct dns_reply *reply =
        ask(a, "name.example.com", loopback(dns_server_port(servers[0])), false);
    assert_int_equal(reply->message.rcode, DNS_RCODE_SERVFAIL);
    assert_int_equal(dns_server_questions(servers[1]), 0);
    two_close(a, servers);
}

/* Whatever the zone says of how long, nothing between the server and the question remembers. */
static void no_answer_is_remembered(void **state)
{
    (void)state;
    struct dns_server_thread *server = dns_server_open(false);
    struct dns_server address = loopback(dns_server_port(server));
    struct resolver_config config = {.servers = {.at = {address}, .len = 1}, .try_ms = 1000};
    struct asked *a = asked_open(&config);
    for (unsigned i = 0; i < 2; i++) {
        bool recurse = i == 1;
        struct dns_server to = recurse ? (struct dns_server){0} : address;
        const struct dns_reply *reply = ask(a, "denied.example.com", to, recurse);
        assert_int_equal(reply->message.rcode, DNS_RCODE_NXDOMAIN);
        assert_int_equal(reply->message.records[0].soa_minimum_s, 3600);
    }
    dns_server_publish(server);
    for (unsigned i = 0; i < 4; i++) {
        bool recurse = i % 2;
        struct dns_server to = recurse ? (struct dns_server){0} : address;
        const struct dns_reply *reply = ask(a, "denied.example.com", to, recurse);
        assert_int_equal(reply->message.rcode, DNS_RCODE_NOERROR);
        assert_int_equal(reply->message.records_len, 2);
    }
    assert_int_equal(dns_server_questions(server), 6); /* an answer is not remembered either */
    asked_close(a);
    dns_server_close(server);
}

/* Newer c-ares waits for a server that was always quick a fraction of a second: the second try
 * has to wait in full. */
static void a_quick_server_may_be_slow_once(void **state)
{
    (void)state;
    struct dns_server_thread *server = dns_server_open(false);
    struct asked *a = asked_open(&(struct resolver_config){.try_ms = 1500});
    struct dns_server address = loopback(dns_server_port(server));
    for (unsigned i = 0; i < 8; i++)
        ask(a, "good.example.com", address, false);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(ask(a, "slow.example.com", address, false)->outcome, DNS_ANSWERED);
    asked_close(a);
    dns_server_close(server);
}

/* With two FORMERRs in flight c-ares 1.18 mends the first and hands out the second. Whether the
 * next question is asked without EDNS at once is up to its version. */
static void servers_without_edns_are_asked_without_it(void **state)
{
    (void)state;
    struct dns_server_thread *server = dns_server_open(false);
    struct dns_server address = loopback(dns_server_port(server));
    struct asked *a = asked_open(&(struct resolver_config){.try_ms = 1000});
    for (unsigned i = 0; i < 3; i++)
        question_send(a, i, "noedns.example.com", address, false);
    turn(a);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(a->calls[i].dns.message.rcode, DNS_RCODE_NOERROR);
    assert_int_equal(dns_server_questions(server), 6);
    assert_int_equal(ask(a, "noedns.example.com", address, false)->message.rcode,
                     DNS_RCODE_NOERROR);
    assert_between(dns_server_questions(server), 7, 8);
    asked_close(a);
    dns_server_close(server);
}

static void names_that_would_become_others_are_not_asked(void **state)
{
    (void)state;
    static const char *const names[] = {"a\\032b.example.com", "\\", "x..example.com",
                                        "hidden.onion"};
    struct dns_server_thread *server = dns_server_open(false);
    struct asked *a = asked_open(&(struct resolver_config){.try_ms = TRY_MS});
    for (size_t i = 0; i < COUNT(names); i++)
        assert_int_equal(ask(a, names[i], loopback(dns_server_port(server)), false)->outcome,
                         DNS_UNREACHABLE);
    assert_int_equal(dns_server_questions(server), 0);
    asked_close(a);
    dns_server_close(server);
}

/* More servers than channels, so that the oldest ones have to go; 127.0.0.0/8 has plenty. */
static void any_number_of_servers_can_be_asked(void **state)
{
    (void)state;
    struct asked *a = asked_open(&(struct resolver_config){.try_ms = TRY_MS});
    uint16_t port = dns_port_without_server();
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < CALLS_MAX; i++) {
            struct dns_server server = loopback(port);
            server.address[2] = (uint8_t)round;
            server.address[3] = (uint8_t)(i + 1);
            question_send(a, i, "good.example.com", server, false);
        }
        turn(a);
    }
    assert_int_equal(a->done, 3 * CALLS_MAX);
    asked_close(a);
}

static void a_full_window_has_no_room_and_can_be_closed(void **state)
{
    (void)state;
    struct dns_server_thread *server = dns_server_open(false);
    struct asked *a = asked_open(&(struct resolver_config){.questions = CALLS_MAX, .try_ms = 1000});
    for (unsigned i = 0; i < CALLS_MAX; i++)
        question_send(a, i, "silent.example.com", loopback(dns_server_port(server)), false);
    assert_false(resolver_has_room(a->resolver));
    asked_close(a);
    dns_server_close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_keeps_its_meaning),
        cmocka_unit_test(the_records_of_an_answer_arrive),
        cmocka_unit_test(a_cut_answer_is_fetched_over_tcp),
        cmocka_unit_test(a_closed_port_is_unreachable),
        cmocka_unit_test(recursion_is_desired_of_resolvers_only),
        cmocka_unit_test(the_second_resolver_helps_when_the_first_is_down),
        cmocka_unit_test(the_next_resolver_is_asked_where_one_does_not_answer),
        cmocka_unit_test(each_resolver_is_heard_until_one_says_servfail),
        cmocka_unit_test(an_authority_has_no_substitute),
        cmocka_unit_test(no_answer_is_remembered),
        cmocka_unit_test(a_quick_server_may_be_slow_once),
        cmocka_unit_test(servers_without_edns_are_asked_without_it),
        cmocka_unit_test(names_that_would_become_others_are_not_asked),
        cmocka_unit_test(any_number_of_servers_can_be_asked),
        cmocka_unit_test(a_full_window_has_no_room_and_can_be_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
