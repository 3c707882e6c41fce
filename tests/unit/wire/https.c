/* The HTTPS side of a carrier against a server of our own that answers well, badly or not at all.
 */
#include "unit.h"

#include "wire/https.h"

#include "wire/dns_server.h"
#include "wire/web_server.h"

#include <curl/curl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_MAX 32

/* For those who never answer: short, and long enough for those who do. */
static span_us short_us(void)
{
    return (span_us)((double)SPAN_MS(200) * test_timeouts());
}

/* What came of one request. */
struct outcome {
    struct call call; /* only its address counts here */
    unsigned done;
    enum reply_how how;
    int status, code;
    char body[64], request_id[64], date[64], trouble[256];
};

struct client {
    struct https *https;
    const char *refusal; /* NULL: requests may leave */
    unsigned refusals;   /* asked for */
    struct outcome outcomes[CALLS_MAX];
    unsigned sent, done;
};

static void text_copy(char out[64], struct text t)
{
    snprintf(out, 64, TEXT_FMT, TEXT_ARG(t));
}

static void on_done(void *context, struct call *call, const struct https_answer *answer)
{
    struct client *client = context;
    struct outcome *o = (struct outcome *)call;
    client->done++;
    o->done++;
    o->how = answer->how;
    if (answer->how != REPLY_HTTP) {
        snprintf(o->trouble, sizeof o->trouble, "%s", answer->trouble);
        o->code = answer->code;
        return;
    }
    o->status = answer->reply.http_status;
    text_copy(o->body, answer->reply.body);
    text_copy(o->request_id, answer->reply.request_id);
    text_copy(o->date, answer->reply.date);
}

static const char *on_leave(void *context, struct call *call)
{
    struct client *client = context;
    assert_non_null(call);
    client->refusals++;
    return client->refusal;
}

static struct client *client_open(struct https_config config)
{
    struct why why = {""};
    struct client *client = calloc(1, sizeof *client);
    assert_non_null(client);
    config.proxy = config.proxy ? config.proxy : "";
    config.no_proxy = config.no_proxy ? config.no_proxy : "";
    config.timeout_us = config.timeout_us ? config.timeout_us : SPAN_S(10);
    assert_int_equal(https_open(&client->https, &config, on_done, client, &why), OK);
    return client;
}

static void client_close(struct client *client)
{
    https_close(client->https);
    free(client);
}

static void request_send_by(struct client *client, const char *method, const char *url,
                            const char *ca_bundle)
{
    struct aws_request r;
    assert_true(client->sent < CALLS_MAX);
    aws_request_init(&r);
    r.method = method;
    buf_add_str(&r.url, url);
    buf_add_str(&r.headers[0], "X-Amz-Date: 20260520T083000Z");
    buf_add_str(&r.headers[1], "Content-Type: application/json");
    r.headers_len = 2;
    if (strcmp(method, "GET") != 0)
        buf_add_str(&r.body, "{\"MailFromDomain\":\"bounce.example.com\"}");
    https_start(client->https, &client->outcomes[client->sent++].call, &r, ca_bundle, NULL);
    aws_request_clear(&r);
}

static void request_send(struct client *client, const char *method, const char *url)
{
    request_send_by(client, method, url, NULL);
}

static void turn(struct client *client)
{
    for (unsigned turns = 0; client->done < client->sent; turns++) {
        assert_true(turns < 100000);
        https_work(client->https);
        if (client->done < client->sent)
            https_poll(client->https, NULL, 0, 1000);
    }
}

static const struct outcome *fetch(struct client *client, const char *method, const char *url)
{
    struct outcome *o = &client->outcomes[client->sent];
    request_send(client, method, url);
    turn(client);
    assert_int_equal(o->done, 1);
    return o;
}

static const char *url_of(const struct web_server *s, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", web_server_port(s), path);
    return url;
}

static const char *https_url_of(const struct web_server *s, const char *host)
{
    static char url[256];
    snprintf(url, sizeof url, "https://%s:%u/ok", host, web_server_port(s));
    return url;
}

static void a_whole_answer_is_told_whatever_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *body;
    } cases[] = {
        {"/ok", 200, "fine"},
        {"/redirect", 307, "elsewhere"},
        {"/unavailable", 503, "<html>busy</html>"},
        {"/too-much", 200, "fine"},
        {"/a/../ok", 403, "no"}, /* sent as it was signed, dots and all */
    };
    static const char *const methods[] = {"GET", "POST", "PUT"};
    struct web_server *server = web_server_open(WEB_PLAIN);
    struct client *client = client_open((struct https_config){0});
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (unsigned m = 0; m < 3; m++) {
            unsigned before = web_server_requests(server);
            const struct outcome *o = fetch(client, methods[m], url_of(server, cases[i].path));
            assert_string_equal(o->trouble, "");
            assert_int_equal(o->how, REPLY_HTTP);
            assert_int_equal(o->status, cases[i].status);
            assert_string_equal(o->body, cases[i].body);
            assert_int_equal(web_server_requests(server) - before, 1);
            assert_true(strncmp(web_server_last(server), methods[m], strlen(methods[m])) == 0);
        }
    }
    client_close(client);
    web_server_close(server);
}

static void headers_go_out_and_come_back(void **state)
{
    (void)state;
    struct web_server *server = web_server_open(WEB_PLAIN);
    struct client *client = client_open((struct https_config){0});
    const struct outcome *o = fetch(client, "PUT", url_of(server, "/ok"));
    assert_string_equal(o->request_id, "request-1");
    assert_string_equal(o->date, "Wed, 20 May 2026 08:30:00 GMT");
    const char *sent = web_server_last(server);
    assert_non_null(strstr(sent, "X-Amz-Date: 20260520T083000Z\r\n"));
    assert_non_null(strstr(sent, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(sent, "Content-Length: 39\r\n"));
    assert_null(strstr(sent, "Expect"));
    assert_null(strstr(sent, "Accept-Encoding"));
    client_close(client);
    web_server_close(server);
}

/* libcurl by itself would send the second one twice. */
static void a_request_on_a_dying_connection_is_lost_and_not_repeated(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "POST", "PUT"};
    for (unsigned m = 0; m < 3; m++) {
        struct web_server *server = web_server_open(WEB_PLAIN);
        struct client *client = client_open((struct https_config){0});
        assert_int_equal(fetch(client, methods[m], url_of(server, "/second-lost"))->how,
                         REPLY_HTTP);
        const struct outcome *o = fetch(client, methods[m], url_of(server, "/second-lost"));
        assert_int_equal(o->how, REPLY_LOST);
        assert_non_null(strstr(o->trouble, "closed before an answer"));
        assert_int_equal(web_server_requests(server), 2);
        assert_int_equal(fetch(client, methods[m], url_of(server, "/ok"))->how, REPLY_HTTP);
        client_close(client);
        web_server_close(server);
    }
}

static void half_an_answer_is_lost(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        CURLcode code;       /* OK: one or the other, by libcurl's version */
        const char *trouble; /* our own words */
    } cases[] = {
        {"/close", CURLE_GOT_NOTHING, ""},
        {"/cut", CURLE_PARTIAL_FILE, ""},
        {"/nonsense", CURLE_UNSUPPORTED_PROTOCOL, ""},
        {"/huge-body", CURLE_OK, "larger than any"},
        {"/huge-length", CURLE_FILESIZE_EXCEEDED, "larger than any"},
        {"/huge-header", CURLE_WRITE_ERROR, "header of the answer is too large"},
        {"/stall", CURLE_OPERATION_TIMEDOUT, ""},
        {"/drip", CURLE_OPERATION_TIMEDOUT, ""},
    };
    struct web_server *server = web_server_open(WEB_PLAIN);
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool silent = cases[i].code == CURLE_OPERATION_TIMEDOUT;
        struct client *client =
            client_open((struct https_config){.timeout_us = silent ? short_us() : 0});
        const struct outcome *o = fetch(client, "POST", url_of(server, cases[i].path));
        bool coded = cases[i].code == CURLE_OK || o->code == (int)cases[i].code;
        if (o->how != REPLY_LOST || !coded || o->trouble[0] == '\0' ||
            !strstr(o->trouble, cases[i].trouble))
            fail_msg("%s: how %d, %d, \"%s\"", cases[i].path, (int)o->how, o->code, o->trouble);
        assert_int_equal(web_server_requests(server), i + 1);
        client_close(client);
    }
    web_server_close(server);
}

static void bad_servers_get_no_request(void **state)
{
    (void)state;
    static const struct {
        enum web_security security;
        const char *host;
        CURLcode code;
    } cases[] = {
        {WEB_EXPIRED, "127.0.0.1", CURLE_PEER_FAILED_VERIFICATION},
        {WEB_OTHER_HOST, "127.0.0.1", CURLE_PEER_FAILED_VERIFICATION},
        {WEB_OTHER_HOST, "localhost", CURLE_PEER_FAILED_VERIFICATION},
        {WEB_SELF_SIGNED, "127.0.0.1", CURLE_PEER_FAILED_VERIFICATION},
        {WEB_UNKNOWN_CA, "127.0.0.1", CURLE_PEER_FAILED_VERIFICATION},
        {WEB_OLD_TLS, "127.0.0.1", CURLE_SSL_CONNECT_ERROR},
        {WEB_PLAIN, "127.0.0.1", CURLE_OPERATION_TIMEDOUT},
        {WEB_MUTE, "127.0.0.1", CURLE_OPERATION_TIMEDOUT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct web_server *server = web_server_open(cases[i].security);
        struct https_config config = {.ca_bundle = web_server_ca_path(server)};
        if (cases[i].security == WEB_MUTE || cases[i].security == WEB_PLAIN)
            config.ca_bundle = NULL;
        if (!config.ca_bundle)
            config.timeout_us = short_us();
        struct client *client = client_open(config);
        const struct outcome *o = fetch(client, "POST", https_url_of(server, cases[i].host));
        if (o->how != REPLY_NOT_SENT || o->code != (int)cases[i].code || o->trouble[0] == '\0')
            fail_msg("case %zu: how %d, %d, \"%s\"", i, (int)o->how, o->code, o->trouble);
        assert_int_equal(web_server_requests(server), 0);
        client_close(client);
        web_server_close(server);
    }
}

static void a_trusted_server_is_served_on_one_connection(void **state)
{
    (void)state;
    struct web_server *server = web_server_open(WEB_TRUSTED);
    struct client *client =
        client_open((struct https_config){.ca_bundle = web_server_ca_path(server)});
    for (unsigned i = 0; i < 5; i++) {
        const struct outcome *o = fetch(client, "POST", https_url_of(server, "localhost"));
        assert_string_equal(o->trouble, "");
        assert_int_equal(o->status, 200);
    }
    assert_int_equal(web_server_connections(server), 1);
    client_close(client);
    web_server_close(server);
}

/* A handle keeps its options between requests, and another account has another bundle. */
static void a_request_trusts_its_own_bundle_alone(void **state)
{
    (void)state;
    struct web_server *server = web_server_open(WEB_TRUSTED);
    struct client *client = client_open((struct https_config){.ca_bundle = "/dev/null"});
    for (unsigned i = 0; i < 4; i++) {
        bool is_trusted = i % 2 == 0;
        struct outcome *o = &client->outcomes[client->sent];
        request_send_by(client, "POST", https_url_of(server, "localhost"),
                        is_trusted ? web_server_ca_path(server) : NULL);
        turn(client);
        assert_int_equal(o->how, is_trusted ? REPLY_HTTP : REPLY_NOT_SENT);
    }
    assert_int_equal(web_server_requests(server), 2);
    client_close(client);
    web_server_close(server);
}

/* A server may close a connection after any answer. libcurl 8.22 would send on it all the same. */
static void a_connection_that_was_closed_is_not_used_again(void **state)
{
    (void)state;
    for (unsigned security = WEB_PLAIN; security <= WEB_TRUSTED; security++) {
        struct web_server *server = web_server_open(security);
        struct client *client =
            client_open((struct https_config){.ca_bundle = web_server_ca_path(server)});
        for (unsigned i = 0; i < 5; i++) {
            char url[64];
            snprintf(url, sizeof url, "%s://127.0.0.1:%u/last",
                     security == WEB_PLAIN ? "http" : "https", web_server_port(server));
            const struct outcome *o = fetch(client, "POST", url);
            assert_string_equal(o->trouble, "");
            assert_int_equal(o->status, 200);
            while (web_server_closed(server) <= i)
                sched_yield();
        }
        assert_int_equal(web_server_requests(server), 5);
        assert_int_equal(web_server_connections(server), 5);
        client_close(client);
        web_server_close(server);
    }
}

static void a_closed_port_gets_no_request(void **state)
{
    (void)state;
    char url[64];
    struct client *client = client_open((struct https_config){0});
    snprintf(url, sizeof url, "https://127.0.0.1:%u/ok", dns_port_without_server());
    const struct outcome *o = fetch(client, "POST", url);
    assert_int_equal(o->how, REPLY_NOT_SENT);
    assert_int_equal(o->code, CURLE_COULDNT_CONNECT);
    assert_true(o->trouble[0]);
    client_close(client);
}

/* Looked at when the connection is there: it may have taken long. The server gets no byte of the
 * request, and the next one may use a connection all the same. */
static void a_request_whose_time_is_over_does_not_leave(void **state)
{
    (void)state;
    for (unsigned security = WEB_PLAIN; security <= WEB_TRUSTED; security++) {
        struct web_server *server = web_server_open(security);
        struct client *client = client_open(
            (struct https_config){.ca_bundle = web_server_ca_path(server), .refuse = on_leave});
        char url[64];
        snprintf(url, sizeof url, "%s://127.0.0.1:%u/ok", security == WEB_PLAIN ? "http" : "https",
                 web_server_port(server));
        for (unsigned i = 0; i < 4; i++) {
            client->refusal = i % 2 == 0 ? "too late" : NULL;
            const struct outcome *o = fetch(client, "POST", url);
            assert_string_equal(o->trouble, i % 2 == 0 ? "too late" : "");
            assert_int_equal(o->how, i % 2 == 0 ? REPLY_NOT_SENT : REPLY_HTTP);
            assert_int_equal(client->refusals, i + 1);
            assert_int_equal(web_server_requests(server), (i + 1) / 2);
        }
        client_close(client);
        web_server_close(server);
    }
}

static void other_schemes_are_not_spoken(void **state)
{
    (void)state;
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/",
                                       "gopher://127.0.0.1/"};
    struct client *client = client_open((struct https_config){0});
    for (size_t i = 0; i < COUNT(urls); i++)
        assert_int_equal(fetch(client, "GET", urls[i])->how, REPLY_NOT_SENT);
    client_close(client);
}

static void a_proxy_sees_connect_only_and_never_this_machine(void **state)
{
    (void)state;
    char proxy_url[64];
    struct web_server *proxy = web_server_open(WEB_PLAIN);
    struct web_server *server = web_server_open(WEB_TRUSTED);
    snprintf(proxy_url, sizeof proxy_url, "http://127.0.0.1:%u", web_server_port(proxy));
    struct https_config config = {.ca_bundle = web_server_ca_path(server), .proxy = proxy_url};
    struct client *client = client_open(config);
    assert_int_equal(fetch(client, "POST", https_url_of(server, "localhost"))->status, 200);
    assert_int_equal(fetch(client, "POST", https_url_of(server, "127.0.0.1"))->status, 200);
    assert_int_equal(web_server_connections(proxy), 0);
    const struct outcome *o = fetch(client, "POST", "https://email.us-east-1.amazonaws.com/ok");
    assert_int_equal(o->how, REPLY_NOT_SENT); /* the proxy says 403 to everything */
    assert_true(strncmp(web_server_last(proxy), "CONNECT email.us-east-1.amazonaws.com:443 ", 42) ==
                0);
    assert_null(strstr(web_server_last(proxy), "X-Amz-Date"));
    client_close(client);
    web_server_close(server);
    web_server_close(proxy);
}

static void many_requests_fly_at_once_and_can_be_dropped(void **state)
{
    (void)state;
    struct web_server *server = web_server_open(WEB_PLAIN);
    struct client *client = client_open((struct https_config){0});
    for (unsigned i = 0; i < 16; i++)
        request_send(client, "POST", url_of(server, "/ok"));
    turn(client);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(client->outcomes[i].status, 200);
    for (unsigned i = 0; i < 8; i++)
        request_send(client, "POST", url_of(server, "/stall"));
    https_work(client->https);
    client_close(client);
    web_server_close(server);
}

static int libraries_open(void **state)
{
    (void)state;
    return https_library_open(NULL) == OK ? 0 : -1;
}

static int libraries_close(void **state)
{
    (void)state;
    https_library_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_answer_is_told_whatever_it_says),
        cmocka_unit_test(headers_go_out_and_come_back),
        cmocka_unit_test(a_request_on_a_dying_connection_is_lost_and_not_repeated),
        cmocka_unit_test(half_an_answer_is_lost),
        cmocka_unit_test(bad_servers_get_no_request),
        cmocka_unit_test(a_trusted_server_is_served_on_one_connection),
        cmocka_unit_test(a_request_trusts_its_own_bundle_alone),
        cmocka_unit_test(a_connection_that_was_closed_is_not_used_again),
        cmocka_unit_test(a_closed_port_gets_no_request),
        cmocka_unit_test(a_request_whose_time_is_over_does_not_leave),
        cmocka_unit_test(other_schemes_are_not_spoken),
        cmocka_unit_test(a_proxy_sees_connect_only_and_never_this_machine),
        cmocka_unit_test(many_requests_fly_at_once_and_can_be_dropped),
    };
    return cmocka_run_group_tests(tests, libraries_open, libraries_close);
}
