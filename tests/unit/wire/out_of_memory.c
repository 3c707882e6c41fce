/* The live world with memory, threads and descriptors that run out; see out_of_memory.h. */
#include "out_of_memory.h"

#include "wire/blocking_client.h"
#include "wire/resolver.h"
#include "wire/thread.h"
#include "wire/wire.h"

#include "wire/dns_server.h"
#include "wire/fixed_credentials.h"
#include "wire/web_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);
int __real_thread_start(pthread_t *id, void *(*run)(void *data), void *data);
int __wrap_thread_start(pthread_t *id, void *(*run)(void *data), void *data);

int __wrap_eventfd(unsigned count, int flags)
{
    if (!is_scarce())
        return __real_eventfd(count, flags);
    errno = EMFILE;
    return -1;
}

int __wrap_thread_start(pthread_t *id, void *(*run)(void *data), void *data)
{
    return is_scarce() ? EAGAIN : __real_thread_start(id, run, data);
}

static struct web_server *web;
static struct dns_server_thread *dns;

static const char *url(void)
{
    static char text[64];
    snprintf(text, sizeof text, "http://127.0.0.1:%u/ok", web_server_port(web));
    return text;
}

struct heard {
    bool is_whole;
    char trouble[128];
};

static void on_answer(void *context, struct call *call, const struct https_answer *answer)
{
    struct heard *h = context;
    (void)call;
    h->is_whole = answer->how == REPLY_HTTP;
    snprintf(h->trouble, sizeof h->trouble, "%s", answer->trouble ? answer->trouble : "");
}

static bool work_https(void)
{
    struct https *https;
    struct https_config config = {.proxy = "", .no_proxy = "", .timeout_us = SPAN_S(10)};
    struct why why = {""};
    struct heard heard = {false, ""};
    struct call call;
    struct aws_request r;
    if (https_open(&https, &config, on_answer, &heard, &why) != OK) {
        assert_string_equal(why.text, "out of memory");
        return false;
    }
    aws_request_init(&r);
    r.method = "GET";
    buf_add_str(&r.url, url());
    bool could_write = !r.url.failed;
    if (could_write)
        https_start(https, &call, &r, NULL, NULL);
    aws_request_clear(&r);
    for (https_work(https); could_write && !heard.is_whole && !heard.trouble[0]; https_work(https))
        https_poll(https, NULL, 0, 1000);
    assert_string_equal(heard.trouble, could_write && !heard.is_whole ? "out of memory" : "");
    https_close(https);
    return heard.is_whole;
}

static bool work_blocking_client(void)
{
    struct blocking_client *blocking_client;
    struct https_config config = {.proxy = "", .no_proxy = "", .timeout_us = SPAN_S(10)};
    struct http_terms terms = {.timeout_us = SPAN_S(10), .body_max = 1000};
    struct http_answer answer = {0};
    struct aws_request r;
    struct why why = {""};
    if (blocking_client_open(&blocking_client, &config, -1, &why) != OK)
        return false;
    struct http_exchange exchange = blocking_client_exchange(blocking_client, NULL);
    buf_init(&answer.body, 1000);
    aws_request_init(&r);
    r.method = "GET";
    buf_add_str(&r.url, url());
    bool ok = exchange.ask(exchange.context, &r, &terms, &answer, &why) == OK;
    assert_true(ok || why.text[0]);
    assert_text(buf_text(&answer.body), ok ? TEXT("fine") : TEXT_NONE);
    aws_request_clear(&r);
    buf_clear(&answer.body);
    blocking_client_close(blocking_client);
    return ok;
}

static void on_reply(void *context, struct call *call)
{
    (void)context, (void)call;
}

static bool work_resolver(void)
{
    struct resolver *resolver;
    struct resolver_config config = {.try_ms = 2000};
    struct call call = {.kind = CALL_ASK};
    struct why why = {""};
    if (resolver_open(&resolver, &config, on_reply, NULL, &why) != OK) {
        assert_string_equal(why.text, "out of memory");
        return false;
    }
    arena_init(&call.arena, 1u << 20);
    call.question = (struct dns_question){
        .name = TEXT("good.example.com"),
        .type = DNS_TYPE_MX,
        .server = {.family = 4, .port = dns_server_port(dns), .address = {127, 0, 0, 1}}};
    resolver_ask(resolver, &call);
    resolver_send(resolver);
    while (resolver_is_busy(resolver)) {
        struct pollfd fds[RESOLVER_FDS_MAX];
        uint32_t len = resolver_fds(resolver, fds);
        poll(fds, len, 10);
        resolver_work(resolver, fds, len);
        resolver_tick(resolver);
    }
    bool ok = call.dns.outcome == DNS_ANSWERED;
    assert_true(ok ? call.dns.message.records_len == 2 : call.dns.trouble[0] != '\0');
    arena_clear(&call.arena);
    resolver_close(resolver);
    return ok;
}

static bool work_wire(void)
{
    struct credential_source sources[2] = {{.broken = false}};
    struct wire_lane lanes[2] = {{.credentials = &sources[0]}, {.credentials = &sources[1]}};
    struct wire_config config = {.carriers = 2,
                                 .lanes = lanes,
                                 .lanes_len = 2,
                                 .ca_bundle = TEXT("/dev/null"),
                                 .resolvers = TEXT("127.0.0.1:53"),
                                 .call_timeout_us = SPAN_S(1)};
    struct wire *wire = NULL;
    struct why why = {""};
    enum err err = wire_open(&wire, &config, &why);
    assert_true(err == OK ? wire != NULL : err == ERR_NOMEM || err == ERR_IO);
    assert_true(err == OK || why.text[0]);
    bool whole = err == OK && wire_threads(wire) == 4; /* with fewer it goes on all the same */
    wire_close(wire);
    return whole;
}

static void every_part_of_the_wire_survives_it(void **state)
{
    (void)state;
    work *const all[] = {work_https, work_blocking_client, work_resolver, work_wire};
    web = web_server_open(WEB_PLAIN);
    dns = dns_server_open(false);
    for (size_t i = 0; i < COUNT(all); i++)
        fail_every_allocation(all[i]);
    dns_server_close(dns);
    web_server_close(web);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_the_wire_survives_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
