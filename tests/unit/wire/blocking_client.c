/* What brings the credential providers their answers, against a server that gives them well, badly
 * or not at all. */
#include "unit.h"

#include "wire/blocking_client.h"

#include "wire/dns_server.h"
#include "wire/web_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A blocking client, and what it brought last. */
struct round_trip {
    struct blocking_client *blocking_client;
    struct http_exchange exchange;
    struct http_answer answer;
    struct why why;
    int ending_fd;
};

static struct round_trip *round_trip_by(const char *proxy, const char *ca_bundle)
{
    struct round_trip *t = calloc(1, sizeof *t);
    struct why why = {""};
    assert_non_null(t);
    struct https_config config = {.proxy = proxy, .no_proxy = "", .timeout_us = SPAN_S(10)};
    t->ending_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_int_equal(blocking_client_open(&t->blocking_client, &config, t->ending_fd, &why), OK);
    t->exchange = blocking_client_exchange(t->blocking_client, ca_bundle);
    buf_init(&t->answer.body, HTTP_BODY_MAX);
    return t;
}

static struct round_trip *round_trip_open(const char *ca_bundle)
{
    return round_trip_by("", ca_bundle);
}

static void round_trip_close(struct round_trip *t)
{
    blocking_client_close(t->blocking_client);
    buf_clear(&t->answer.body);
    close(t->ending_fd);
    free(t);
}

static enum err fetch(struct round_trip *t, const char *url, struct http_terms terms)
{
    struct aws_request r;
    aws_request_init(&r);
    r.method = "PUT";
    buf_add_str(&r.url, url);
    buf_add_str(&r.headers[0], "X-aws-ec2-metadata-token-ttl-seconds: 21600");
    r.headers_len = 1;
    buf_add_str(&r.body, "a=b");
    t->why = (struct why){""};
    buf_reset(&t->answer.body);
    enum err err = t->exchange.ask(t->exchange.context, &r, &terms, &t->answer, &t->why);
    assert_text(buf_text(&r.url), text_of(url)); /* whoever asks may want to ask again */
    assert_text(buf_text(&r.body), TEXT("a=b"));
    aws_request_clear(&r);
    return err;
}

static const char *url_of(const struct web_server *s, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", web_server_port(s), path);
    return url;
}

static const struct http_terms usual = {.timeout_us = SPAN_S(10), .body_max = 1000};

static void an_answer_is_brought_whatever_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *body;
    } rows[] = {
        {"/ok", 200, "fine"},
        {"/unavailable", 503, "<html>busy</html>"},
        {"/redirect", 307, "elsewhere"},
        {"/ok", 200, "fine"},
    };
    struct web_server *server = web_server_open(WEB_PLAIN);
    struct round_trip *t = round_trip_open(NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(fetch(t, url_of(server, rows[i].path), usual), OK);
        assert_int_equal(t->answer.status, rows[i].status);
        assert_text(buf_text(&t->answer.body), text_of(rows[i].body));
        assert_int_equal(t->answer.server_date,
                         SPAN_S(INT64_C(1779265800))); /* 2026-05-20T08:30Z */
        assert_non_null(
            strstr(web_server_last(server), "X-aws-ec2-metadata-token-ttl-seconds: 21600"));
    }
    assert_int_equal(web_server_requests(server), COUNT(rows));
    round_trip_close(t);
    web_server_close(server);
}

static void a_missing_answer_is_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *path, *trouble; /* our own words; libcurl's are shown and not compared */
        struct http_terms terms;
    } rows[] = {
        {"/close", "", {SPAN_S(10), 1000, false}},
        {"/cut", "", {SPAN_S(10), 1000, false}},
        {"/stall", "", {SPAN_MS(200), 1000, false}},
        {"/drip", "", {SPAN_MS(200), 1000, true}},
        {"/ok", "larger than", {SPAN_S(10), 3, true}},
        {"/huge-body", "larger than", {SPAN_S(10), 1000, false}},
        {"/huge-length", "larger than", {SPAN_S(10), 1000, false}},
    };
    struct web_server *server = web_server_open(WEB_PLAIN);
    struct round_trip *t = round_trip_open(NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum err err = fetch(t, url_of(server, rows[i].path), rows[i].terms);
        if (err != ERR_IO || t->why.text[0] == '\0' || !strstr(t->why.text, rows[i].trouble))
            fail_msg("%s: %d, \"%s\"", rows[i].path, (int)err, t->why.text);
    }
    assert_int_equal(fetch(t, url_of(server, "/ok"), usual), OK); /* none of it lasts */
    round_trip_close(t);
    web_server_close(server);
}

static void the_date_of_a_cached_answer_is_nobodys_clock(void **state)
{
    (void)state;
    struct web_server *server = web_server_open(WEB_PLAIN);
    struct round_trip *t = round_trip_open(NULL);
    assert_int_equal(fetch(t, url_of(server, "/aged"), usual), OK);
    assert_int_equal(t->answer.server_date, 0);
    round_trip_close(t);
    web_server_close(server);
}

static void a_closed_port_is_a_reason(void **state)
{
    (void)state;
    char url[64];
    struct round_trip *t = round_trip_open(NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", dns_port_without_server());
    assert_int_equal(fetch(t, url, usual), ERR_IO);
    assert_true(t->why.text[0]);
    round_trip_close(t);
}

static void an_account_is_trusted_by_its_own_authorities(void **state)
{
    (void)state;
    char url[64];
    struct web_server *server = web_server_open(WEB_TRUSTED),
                      *other = web_server_open(WEB_SELF_SIGNED);
    snprintf(url, sizeof url, "https://localhost:%u/ok", web_server_port(server));
    struct round_trip *t = round_trip_open(web_server_ca_path(server));
    assert_int_equal(fetch(t, url, usual), OK);
    t->exchange = blocking_client_exchange(t->blocking_client, web_server_ca_path(other));
    assert_int_equal(fetch(t, url, usual), ERR_IO);
    assert_true(t->why.text[0]);
    round_trip_close(t);
    web_server_close(other);
    web_server_close(server);
}

/* The proxy is there and lets nobody through: who meets it is told so, who does not meets the name.
 */
static void a_direct_request_meets_no_proxy(void **state)
{
    (void)state;
    char proxy[64];
    struct web_server *server = web_server_open(WEB_PLAIN);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", web_server_port(server));
    struct round_trip *t = round_trip_by(proxy, NULL);
    struct http_terms terms = usual;
    assert_int_equal(fetch(t, "https://0.0.0.0:1/", terms), ERR_IO);
    assert_int_equal(web_server_requests(server), 1);
    assert_non_null(strstr(web_server_last(server), "CONNECT 0.0.0.0:1"));
    terms.is_direct = true;
    assert_int_equal(fetch(t, "https://0.0.0.0:1/", terms), ERR_IO);
    assert_true(t->why.text[0]);
    assert_int_equal(web_server_requests(server), 1);
    round_trip_close(t);
    web_server_close(server);
}

static void a_request_that_did_not_fit_is_not_sent(void **state)
{
    (void)state;
    struct web_server *server = web_server_open(WEB_PLAIN);
    struct round_trip *t = round_trip_open(NULL);
    for (int part = 0; part < 3; part++) {
        struct aws_request r;
        aws_request_init(&r);
        r.method = "GET";
        r.headers_len = 1;
        buf_add_str(&r.url, url_of(server, "/ok"));
        struct buf *full = part == 0 ? &r.url : part == 1 ? &r.body : &r.headers[0];
        while (!full->failed)
            buf_add_str(full, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
        enum err err = t->exchange.ask(t->exchange.context, &r, &usual, &t->answer, &t->why);
        assert_int_equal(err, ERR_LIMIT);
        assert_non_null(strstr(t->why.text, "too long"));
        aws_request_clear(&r);
    }
    assert_int_equal(web_server_requests(server), 0);
    round_trip_close(t);
    web_server_close(server);
}

static void the_end_of_the_program_cuts_everything_short(void **state)
{
    (void)state;
    struct web_server *server = web_server_open(WEB_MUTE);
    struct round_trip *t = round_trip_open(NULL);
    assert_true(t->exchange.rest(t->exchange.context, SPAN_MS(1)));
    assert_int_equal(t->exchange.ending_fd, t->ending_fd);
    assert_int_equal(eventfd_write(t->ending_fd, 1), 0);
    assert_int_equal(fetch(t, url_of(server, "/ok"), usual), ERR_BUSY);
    assert_non_null(strstr(t->why.text, "ending"));
    assert_false(t->exchange.rest(t->exchange.context, SPAN_H(1)));
    round_trip_close(t);
    blocking_client_close(NULL);
    web_server_close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_brought_whatever_it_says),
        cmocka_unit_test(a_missing_answer_is_a_reason),
        cmocka_unit_test(the_date_of_a_cached_answer_is_nobodys_clock),
        cmocka_unit_test(a_closed_port_is_a_reason),
        cmocka_unit_test(an_account_is_trusted_by_its_own_authorities),
        cmocka_unit_test(a_direct_request_meets_no_proxy),
        cmocka_unit_test(a_request_that_did_not_fit_is_not_sent),
        cmocka_unit_test(the_end_of_the_program_cuts_everything_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
