/* The live world as the engine sees it: calls go out, events come back, the clock goes on. */
#include "unit.h"

#include "aws/credentials/secrets.h"
#include "providers/providers.h"
#include "wire/wire.h"

#include "wire/dns_server.h"
#include "wire/fixed_credentials.h"
#include "wire/web_server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLS_MAX 400

struct live {
    struct wire *wire;
    struct wire_lane lanes[4];
    struct credential_source source;
    struct call *calls;
    char resolver[64];
};

/* Lanes reach the server through plain HTTP on loopback; port 0: there is none. */
static struct live *live_open_at(unsigned port, const struct dns_server_thread *dns,
                                 unsigned carriers, bool verbose)
{
    struct live *l = calloc(1, sizeof *l);
    struct why why = {""};
    char url[64];
    assert_non_null(l);
    l->calls = calloc(CALLS_MAX, sizeof *l->calls);
    for (unsigned i = 0; i < CALLS_MAX; i++)
        arena_init(&l->calls[i].arena, 1u << 20);
    for (unsigned i = 0; port && i < 4; i++) {
        snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
        struct endpoint_settings there = {.url = text_of(url)};
        assert_int_equal(
            endpoint_make(&l->lanes[i].at.ses, TEXT("ses"), TEXT("us-east-1"), &there, &why), OK);
        l->lanes[i].at.sesv2 = l->lanes[i].at.sts = l->lanes[i].at.ses;
        l->lanes[i].credentials = &l->source;
        l->lanes[i].account = TEXT("main");
    }
    snprintf(l->resolver, sizeof l->resolver, "127.0.0.1:%u", dns ? dns_server_port(dns) : 1u);
    struct wire_config config = {.carriers = carriers,
                                 .lanes = l->lanes,
                                 .lanes_len = 4,
                                 .resolvers = text_of(l->resolver),
                                 .call_timeout_us = (span_us)(1.5e6 * test_timeouts()),
                                 .verbose = verbose};
    enum err err = wire_open(&l->wire, &config, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(err, OK);
    return l;
}

static struct live *live_open(const struct web_server *web, const struct dns_server_thread *dns,
                              unsigned carriers, bool verbose)
{
    return live_open_at(web ? web_server_port(web) : 0, dns, carriers, verbose);
}

static void live_close(struct live *l)
{
    wire_close(l->wire);
    for (unsigned i = 0; i < CALLS_MAX; i++)
        arena_clear(&l->calls[i].arena);
    free(l->calls);
    free(l);
}

static void calls_send(struct live *l, uint32_t first, uint32_t len)
{
    struct call *list[CALLS_MAX];
    for (uint32_t i = 0; i < len; i++) {
        list[i] = &l->calls[first + i];
        list[i]->ticket = first + i;
    }
    wire_send(l->wire, list, len);
}

static void calls_collect(struct live *l, uint32_t wanted)
{
    struct event events[64];
    uint32_t got = 0;
    instant_us deadline = wire_now(l->wire) + (span_us)((double)SPAN_S(20) * test_timeouts());
    while (got < wanted) {
        uint32_t len = wire_wait(l->wire, deadline, events, 64);
        assert_true(len > 0);
        for (uint32_t i = 0; i < len; i++) {
            assert_int_equal(events[i].kind, EVENT_ANSWER);
            assert_true(events[i].call->answered_at >= events[i].call->sent_at);
        }
        got += len;
    }
    assert_int_equal(got, wanted);
    assert_int_equal(wire_wait(l->wire, 0, events, 64), 0);
}

static void questions_and_requests_come_back_answered(void **state)
{
    (void)state;
    struct web_server *web = web_server_open(WEB_PLAIN);
    struct dns_server_thread *dns = dns_server_open(false);
    struct live *l = live_open(web, dns, 2, false);
    for (unsigned i = 0; i < CALLS_MAX; i++) {
        bool ask = i % 4 != 0;
        l->calls[i].kind = ask ? CALL_ASK : CALL_ACCOUNT;
        l->calls[i].lane = (uint16_t)(i / 4 % 4);
        l->calls[i].question = (struct dns_question){
            .name = TEXT("good.example.com"), .type = DNS_TYPE_MX, .recurse = true};
    }
    for (unsigned round = 0; round < 3; round++) {
        calls_send(l, 0, CALLS_MAX / 2);
        calls_send(l, CALLS_MAX / 2, CALLS_MAX / 2);
        calls_collect(l, CALLS_MAX);
        for (unsigned i = 0; i < CALLS_MAX; i++) {
            const struct call *c = &l->calls[i];
            if (c->kind == CALL_ASK) {
                assert_int_equal(c->dns.outcome, DNS_ANSWERED);
                assert_int_equal(c->dns.message.records_len, 2);
            } else {
                assert_string_equal(c->reply.message, "");
                assert_int_equal(c->reply.how, REPLY_HTTP);
                assert_true(c->account.sending_enabled);
            }
        }
    }
    assert_int_equal(web_server_requests(web), 3 * CALLS_MAX / 4);
    live_close(l);
    dns_server_close(dns);
    web_server_close(web);
}

/* Standard error goes to a file for the while. */
static void verbose_says_one_line_per_call_and_no_secret(void **state)
{
    (void)state;
    char said[4096] = "";
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    assert_true(file && before >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    struct web_server *web = web_server_open(WEB_PLAIN);
    struct dns_server_thread *dns = dns_server_open(false);
    struct live *l = live_open(web, dns, 1, true);
    l->calls[0].kind = CALL_ACCOUNT;
    l->calls[1].kind = CALL_ASK;
    l->calls[1].question = (struct dns_question){
        .name = TEXT("refused.example.com"), .type = DNS_TYPE_MX, .recurse = true};
    calls_send(l, 0, 2);
    calls_collect(l, 2);
    live_close(l);
    dns_server_close(dns);
    web_server_close(web);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    assert_true(fread(said, 1, sizeof said - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(said, "GetAccountSendingEnabled main us-east-1, attempt "));
    assert_non_null(strstr(said, "HTTP 200"));
    assert_non_null(strstr(said, "dns MX refused.example.com, "));
    assert_non_null(strstr(said, ": REFUSED"));
    assert_non_null(
        strstr(said, "\nconnections: 1 opened, at most 1 at once to one host (bound 128)\n"));
    assert_null(strstr(said, "AKIDEXAMPLE"));
    assert_null(strstr(said, "Signature"));
}

/* One after another, so one connection does for all, whatever lane and however many carriers. */
static void lanes_of_a_host_share_its_connections(void **state)
{
    (void)state;
    struct web_server *web = web_server_open(WEB_PLAIN);
    struct live *l = live_open(web, NULL, 3, false);
    for (uint16_t i = 0; i < 4; i++) {
        l->calls[i].kind = CALL_ACCOUNT;
        l->calls[i].lane = i;
        calls_send(l, i, 1);
        calls_collect(l, 1);
        assert_int_equal(l->calls[i].reply.how, REPLY_HTTP);
    }
    assert_int_equal(web_server_connections(web), 1);
    live_close(l);
    web_server_close(web);
}

static void without_credentials_nothing_is_sent(void **state)
{
    (void)state;
    struct web_server *web = web_server_open(WEB_PLAIN);
    struct live *l = live_open(web, NULL, 1, false);
    l->source.broken = true;
    l->calls[0].kind = CALL_ACCOUNT;
    calls_send(l, 0, 1);
    calls_collect(l, 1);
    assert_int_equal(l->calls[0].reply.how, REPLY_NO_KEYS);
    assert_non_null(strstr(l->calls[0].reply.message, "no credentials anywhere"));
    assert_int_equal(web_server_connections(web), 0);
    live_close(l);
    web_server_close(web);
}

/* A worker's right to write ends at an instant; reads and questions have none. */
static void what_is_too_late_is_not_sent(void **state)
{
    (void)state;
    struct web_server *web = web_server_open(WEB_PLAIN);
    struct live *l = live_open(web, NULL, 1, false);
    for (unsigned i = 0; i < 6; i++) {
        l->calls[i].kind = CALL_ACCOUNT;
        l->calls[i].not_after = i % 3 == 0   ? 0
                                : i % 3 == 1 ? wire_now(l->wire) + SPAN_H(1)
                                             : wire_now(l->wire) - 1;
    }
    calls_send(l, 0, 6);
    calls_collect(l, 6);
    for (unsigned i = 0; i < 6; i++) {
        const struct reply *r = &l->calls[i].reply;
        assert_int_equal(r->how, i % 3 == 2 ? REPLY_NOT_SENT : REPLY_HTTP);
        assert_string_equal(r->message, i % 3 == 2 ? CALL_TOO_LATE : "");
        assert_int_equal(r->is_late, i % 3 == 2);
    }
    assert_int_equal(web_server_requests(web), 4);
    live_close(l);
    web_server_close(web);
}

/* Takes no connection while the one that waits is not taken from it. */
static int full_listener(int *waiting, unsigned *port)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &len), 0);
    *waiting = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(*waiting, (struct sockaddr *)&here, sizeof here), 0);
    *port = ntohs(here.sin_port);
    return fd;
}

/* The connection comes when the time of the request is over. */
static void what_becomes_too_late_on_the_way_is_not_sent(void **state)
{
    (void)state;
    int waiting;
    unsigned port;
    char byte;
    int listener = full_listener(&waiting, &port);
    struct live *l = live_open_at(port, NULL, 1, false);
    l->calls[0].kind = CALL_ACCOUNT;
    l->calls[0].not_after = wire_now(l->wire) + SPAN_MS(300);
    calls_send(l, 0, 1);
    struct event none;
    assert_int_equal(wire_wait(l->wire, l->calls[0].not_after + 1, &none, 1), 0);
    close(waiting);
    close(accept(listener, NULL, NULL));
    calls_collect(l, 1);
    assert_int_equal(l->calls[0].reply.how, REPLY_NOT_SENT);
    assert_true(l->calls[0].reply.is_late);
    int peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(peer < 0 || recv(peer, &byte, 1, 0) <= 0);
    if (peer >= 0)
        close(peer);
    live_close(l);
    close(listener);
}

/* Whenever a time is over, what was not sent has not come. */
static void not_sent_means_that_nothing_came(void **state)
{
    (void)state;
    struct web_server *web = web_server_open(WEB_PLAIN);
    struct live *l = live_open(web, NULL, 1, false);
    unsigned late = 0;
    for (unsigned i = 0; i < CALLS_MAX; i++) {
        l->calls[i].kind = CALL_ACCOUNT;
        l->calls[i].not_after = wire_now(l->wire) + SPAN_MS(5) * i / CALLS_MAX;
    }
    calls_send(l, 0, CALLS_MAX);
    calls_collect(l, CALLS_MAX);
    for (unsigned i = 0; i < CALLS_MAX; i++) {
        late += l->calls[i].reply.how == REPLY_NOT_SENT;
        assert_true(l->calls[i].reply.how != REPLY_LOST);
    }
    assert_int_equal(web_server_requests(web), CALLS_MAX - late); /* not sent means: none came */
    live_close(l);
    web_server_close(web);
}

static void an_expired_key_is_reported_to_its_source(void **state)
{
    (void)state;
    struct web_server *web = web_server_open(WEB_PLAIN);
    struct live *l = live_open(web, NULL, 1, false);
    l->calls[0].kind = CALL_ACCOUNT;
    l->calls[0].api = API_V2;
    for (unsigned i = 0; i < 2; i++) {
        char key[64];
        snprintf(key, sizeof key, "Credential=AKIDEXAMPLE%u/", i);
        calls_send(l, 0, 1);
        calls_collect(l, 1);
        assert_int_equal(l->calls[0].reply.http_status, 403);
        assert_string_equal(l->calls[0].reply.message, "it is old");
        assert_int_equal(atomic_load(&l->source.expired), i + 1);
        assert_non_null(strstr(web_server_last(web), key));
    }
    live_close(l);
    web_server_close(web);
}

/* The server's Date is far from ours, so that from the second request on its clock is used. */
static void requests_are_signed_by_the_clock_of_the_server(void **state)
{
    (void)state;
    struct web_server *web = web_server_open(WEB_PLAIN);
    struct live *l = live_open(web, NULL, 1, false);
    l->calls[0].kind = CALL_ACCOUNT;
    for (unsigned i = 0; i < 2; i++) {
        calls_send(l, 0, 1);
        calls_collect(l, 1);
        bool theirs = strcasestr(web_server_last(web), "X-Amz-Date: 20260520T083") != NULL;
        assert_int_equal(theirs, i == 1);
    }
    live_close(l);
    web_server_close(web);
}

#define TOKEN "Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY"

/* Lane 0 is one of Route 53, lane 1 one of Cloudflare. */
struct providers {
    struct provider_at at[2];
    struct secrets *secrets;
};

static struct live *providers_open(struct providers *p, const struct web_server *web)
{
    struct live *l = live_open(web, NULL, 1, false);
    struct why why = {""};
    char url[64];
    wire_close(l->wire);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", web_server_port(web));
    struct endpoint_settings there = {.url = text_of(url)};
    *p = (struct providers){{{.kind = PROVIDER_ROUTE53}, {.kind = PROVIDER_CLOUDFLARE}}, NULL};
    assert_int_equal(
        endpoint_make(&p->at[0].endpoint, TEXT("route53"), TEXT("eu-west-1"), &there, &why), OK);
    assert_int_equal(cloudflare_endpoint(&p->at[1].endpoint, text_of(url), &why), OK);
    p->at[1].token = TEXT(TOKEN);
    assert_int_equal(secrets_open(&p->secrets, &why), OK);
    assert_int_equal(secrets_put(p->secrets, p, p->at[1].token, &why), OK);
    l->lanes[0].provider = &p->at[0];
    l->lanes[1].provider = &p->at[1];
    l->lanes[1].credentials = NULL;
    struct wire_config config = {.carriers = 1,
                                 .lanes = l->lanes,
                                 .lanes_len = 4,
                                 .resolvers = text_of(l->resolver),
                                 .secrets = p->secrets,
                                 .call_timeout_us = (span_us)(1.5e6 * test_timeouts())};
    assert_int_equal(wire_open(&l->wire, &config, &why), OK);
    return l;
}

static void route53_is_asked_with_the_keys_of_its_account(void **state)
{
    (void)state;
    struct providers p;
    struct web_server *web = web_server_open(WEB_PLAIN);
    struct live *l = providers_open(&p, web);
    struct call *c = &l->calls[0];
    c->kind = CALL_ZONE;
    c->api = API_ROUTE53;
    c->zone_id = TEXT("Z1");
    calls_send(l, 0, 1);
    calls_collect(l, 1);
    assert_string_equal(c->reply.message, "");
    assert_int_equal(c->zones_len, 1);
    assert_text(c->zones[0].name, TEXT("example.com"));
    assert_string_equal(c->reply.request_id, "request-1");
    assert_non_null(strstr(web_server_last(web), "/us-east-1/route53/aws4_request"));
    c->kind = CALL_ACCOUNT; /* other calls go on as before, such as STS's to tell the owner */
    c->api = API_V1;
    calls_send(l, 0, 1);
    calls_collect(l, 1);
    assert_true(c->account.sending_enabled);
    live_close(l);
    secrets_close(p.secrets);
    web_server_close(web);
}

static void the_token_of_cloudflare_is_sent_and_never_shown(void **state)
{
    (void)state;
    struct providers p;
    struct web_server *web = web_server_open(WEB_PLAIN);
    struct live *l = providers_open(&p, web);
    struct call *c = &l->calls[0];
    c->kind = CALL_ZONES;
    c->api = API_CLOUDFLARE;
    c->lane = 1;
    calls_send(l, 0, 1);
    calls_collect(l, 1);
    assert_non_null(strstr(web_server_last(web), "Authorization: Bearer " TOKEN "\r\n"));
    assert_string_equal(c->reply.message, "");
    assert_int_equal(c->zones_len, 1);
    assert_text(c->zones[0].name, TEXT("[secret].example"));
    c->token = TEXT("2");
    calls_send(l, 0, 1);
    calls_collect(l, 1);
    assert_int_equal(c->reply.http_status, 307);
    assert_int_equal(web_server_requests(web), 2); /* the redirect is not followed */
    c->token = TEXT("3");
    calls_send(l, 0, 1);
    calls_collect(l, 1);
    assert_int_equal(c->reply.retry_after_ms, 300000);
    assert_string_equal(c->reply.request_id, "ray-1");
    live_close(l);
    secrets_close(p.secrets);
    web_server_close(web);
}

static void a_wait_ends_when_its_time_has_come(void **state)
{
    (void)state;
    struct event events[4];
    struct live *l = live_open(NULL, NULL, 1, false);
    instant_us before = wire_now(l->wire);
    assert_int_equal(wire_wait(l->wire, before + SPAN_MS(20), events, 4), 0);
    span_us waited = wire_now(l->wire) - before;
    assert_true(waited >= SPAN_MS(20) && waited < SPAN_S(5));
    assert_int_equal(wire_wait(l->wire, before, events, 4), 0); /* past: only looks */
    live_close(l);
}

static struct wire *interrupted;

static void on_signal(int number)
{
    (void)number;
    wire_interrupt(interrupted);
}

static void interruptions_are_told_in_order_and_wake_the_waiting(void **state)
{
    (void)state;
    struct event events[4];
    struct live *l = live_open(NULL, NULL, 1, false);
    interrupted = l->wire;
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    assert_int_equal(wire_wait(l->wire, WHEN_NEVER, events, 4), 1);
    assert_int_equal(events[0].kind, EVENT_DRAIN);
    raise(SIGUSR1);
    raise(SIGUSR1);
    assert_int_equal(wire_wait(l->wire, WHEN_NEVER, events, 4), 1);
    assert_int_equal(events[0].kind, EVENT_ABORT);
    assert_int_equal(wire_wait(l->wire, 0, events, 4), 0);
    signal(SIGUSR1, SIG_DFL);
    live_close(l);
}

static void closing_forgets_what_is_out(void **state)
{
    (void)state;
    struct web_server *web = web_server_open(WEB_MUTE);
    struct dns_server_thread *dns = dns_server_open(false);
    struct live *l = live_open(web, dns, 3, false);
    for (unsigned i = 0; i < CALLS_MAX; i++) {
        l->calls[i].kind = i % 8 ? CALL_ASK : CALL_ACCOUNT;
        l->calls[i].question = (struct dns_question){
            .name = TEXT("silent.example.com"), .type = DNS_TYPE_MX, .recurse = true};
    }
    calls_send(l, 0, CALLS_MAX);
    live_close(l);
    dns_server_close(dns);
    web_server_close(web);
}

static void what_is_wrong_with_the_configuration_is_said(void **state)
{
    (void)state;
    static const struct {
        struct wire_config config;
        const char *why;
    } cases[] = {
        {{.carriers = 1, .resolvers = {"dns.example", 11}}, "dns.example"},
        {{.carriers = 1, .ca_bundle = {"/no/such/file", 13}}, "/no/such/file"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire *w;
        struct why why = {""};
        assert_int_equal(wire_open(&w, &cases[i].config, &why), ERR_INPUT);
        assert_non_null(strstr(why.text, cases[i].why));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_and_requests_come_back_answered),
        cmocka_unit_test(verbose_says_one_line_per_call_and_no_secret),
        cmocka_unit_test(lanes_of_a_host_share_its_connections),
        cmocka_unit_test(without_credentials_nothing_is_sent),
        cmocka_unit_test(what_is_too_late_is_not_sent),
        cmocka_unit_test(what_becomes_too_late_on_the_way_is_not_sent),
        cmocka_unit_test(not_sent_means_that_nothing_came),
        cmocka_unit_test(an_expired_key_is_reported_to_its_source),
        cmocka_unit_test(requests_are_signed_by_the_clock_of_the_server),
        cmocka_unit_test(route53_is_asked_with_the_keys_of_its_account),
        cmocka_unit_test(the_token_of_cloudflare_is_sent_and_never_shown),
        cmocka_unit_test(a_wait_ends_when_its_time_has_come),
        cmocka_unit_test(interruptions_are_told_in_order_and_wake_the_waiting),
        cmocka_unit_test(closing_forgets_what_is_out),
        cmocka_unit_test(what_is_wrong_with_the_configuration_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
