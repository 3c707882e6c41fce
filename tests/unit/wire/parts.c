/* The small parts of the wire: lists of servers, lists of calls, call queues, the clock. */
#include "wire/call_queue.h"
#include "wire/os_clock.h"
#include "wire/servers.h"
#include "wire/skew.h"
#include "wire/sockets.h"

#include "base/count.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void lists_of_servers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *list, *first, *last;
        unsigned len;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1:53", "127.0.0.1:53", 1},
        {"127.0.0.1:5353,[::1]:53", "127.0.0.1:5353", "[::1]:53", 2},
        {"192.0.2.1, 192.0.2.2:1", "192.0.2.1:53", "192.0.2.2:1", 2},
        {"2001:db8::1,[2001:DB8::2]", "[2001:db8::1]:53", "[2001:db8::2]:53", 2},
        {"1.1.1.1:65535", "1.1.1.1:65535", "1.1.1.1:65535", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct servers s;
        char name[SERVER_LEN];
        assert_int_equal(servers_parse(&s, text_of(cases[i].list), NULL), OK);
        assert_int_equal(s.len, cases[i].len);
        assert_string_equal(server_format(&s.at[0], name), cases[i].first);
        assert_string_equal(server_format(&s.at[s.len - 1], name), cases[i].last);
    }
}

static void a_clock_is_corrected_when_the_other_one_is_far_off(void **state)
{
    (void)state;
    static const struct {
        span_us trip, ahead; /* of the service's clock, when it wrote the Date halfway */
        bool dated, says;
        span_us skew;
    } cases[] = {
        {SPAN_MS(80), 0, true, true, 0},
        {SPAN_MS(80), SPAN_M(4), true, true, 0},
        {SPAN_MS(80), -SPAN_M(4), true, true, 0},
        {SPAN_MS(80), SPAN_M(4) + SPAN_S(1), true, true, SPAN_M(4) + SPAN_S(1)},
        {SPAN_MS(80), -SPAN_H(2), true, true, -SPAN_H(2)},
        {SPAN_M(10), SPAN_M(3), true, true, 0}, /* the trip itself is no skew */
        {SPAN_M(10), SPAN_M(20), true, true, SPAN_M(20)},
        {SPAN_M(15) + 2, SPAN_H(1), true, false, 0},
        {SPAN_MS(80), SPAN_H(1), false, false, 0}, /* no Date, or one that a cache kept */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        instant_us sent = SPAN_S(1700000000), received = sent + cases[i].trip;
        instant_us date = cases[i].dated ? sent + cases[i].trip / 2 + cases[i].ahead : 0;
        span_us skew = 0;
        assert_int_equal(skew_measure(sent, received, date, &skew), cases[i].says);
        assert_int_equal(skew, cases[i].skew);
    }
}

static void lists_with_anything_else_are_refused(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "",
        ",",
        "127.0.0.1,",
        "dns.example.com",
        "127.0.0.1:0",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:53x",
        "[127.0.0.1]:53",
        "[::1",
        "[::1]53",
        "::1::",
        "1.2.3",
        "1.2.3.4.5",
        "[]:53",
        "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1",
    };
    for (size_t i = 0; i < COUNT(lists); i++) {
        struct servers s;
        struct why why = {""};
        if (servers_parse(&s, text_of(lists[i]), &why) != ERR_INPUT)
            fail_msg("\"%s\" was accepted", lists[i]);
        assert_true(strlen(why.text) > 0);
    }
}

static void servers_are_the_same_by_address_and_port(void **state)
{
    (void)state;
    struct servers s;
    static const char list[] = "192.0.2.1,192.0.2.1:54,192.0.2.2,::1,192.0.2.1:53";
    assert_int_equal(servers_parse(&s, text_of(list), NULL), OK);
    for (unsigned i = 1; i < 4; i++)
        assert_false(server_eq(&s.at[0], &s.at[i]));
    assert_true(server_eq(&s.at[0], &s.at[4]));
    assert_true(server_eq(&(struct dns_server){.port = 1}, &(struct dns_server){.port = 2}));
}

static void calls_leave_in_the_order_they_came(void **state)
{
    (void)state;
    struct call *calls = calloc(5, sizeof *calls);
    struct call_list a = {0}, b = {0};
    struct call_queue m;
    call_queue_init(&m);
    assert_false(call_queue_put(&m, &a)); /* nothing: nobody to wake */
    for (unsigned i = 0; i < 5; i++)
        call_list_add(i < 3 ? &a : &b, &calls[i]);
    assert_true(call_queue_put(&m, &a));
    assert_null(a.first);
    assert_false(call_queue_put(&m, &b));
    call_queue_take(&m, &a);
    for (unsigned i = 0; i < 5; i++)
        assert_ptr_equal(call_list_pop(&a), &calls[i]);
    assert_null(call_list_pop(&a));
    call_queue_take(&m, &a);
    assert_null(a.first);
    call_queue_clear(&m);
    free(calls);
}

static void the_clock_never_goes_back(void **state)
{
    (void)state;
    struct os_clock clock;
    os_clock_open(&clock, 0);
    instant_us last = os_clock_now(&clock);
    assert_true(last > INT64_C(1700000000) * 1000000);
    for (unsigned i = 0; i < 1000; i++) {
        instant_us now = os_clock_now(&clock);
        assert_true(now >= last);
        last = now;
    }
    os_clock_open(&clock, last + SPAN_H(24 * 365));
    assert_true(os_clock_now(&clock) >= last + SPAN_H(24 * 365));
    assert_true(os_clock_utc(&clock) < last + SPAN_H(1));
}

/* A resumed run starts where it was, whatever the system's clock shows, and goes on from what a
 * service says. */
static void the_clock_is_set_forward_only(void **state)
{
    static const struct {
        span_us last, told, shown; /* from the system's time: the run's last instant, ... */
    } rows[] = {
        {SPAN_H(-1), 0, 0},                               /* resumed an hour later */
        {SPAN_H(-87600), 0, 0},                           /* it had begun ten years behind */
        {SPAN_H(24), 0, SPAN_H(24)},                      /* or a day ahead */
        {SPAN_H(-87601), SPAN_H(-87600), SPAN_H(-87600)}, /* the system is ten years ahead now */
        {SPAN_H(87599), SPAN_H(87600), SPAN_H(87600)},    /* or behind */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct os_clock clock;
        os_clock_open(&clock, 0);
        instant_us system = os_clock_utc(&clock);
        os_clock_open(&clock, system + rows[i].last);
        assert_true(os_clock_now(&clock) - (system + rows[i].last) < SPAN_M(1));
        os_clock_advance(&clock, os_clock_utc(&clock) + rows[i].told);
        span_us off = os_clock_now(&clock) - (system + rows[i].shown);
        if (off < SPAN_S(-1) || off > SPAN_M(1))
            fail_msg("row %zu: off by %lld us", i, (long long)off);
    }
}

/* More than the reader takes is waiting in the kernel when the socket is closed: that never comes.
 */
static void what_was_not_acknowledged_is_dropped_with_its_socket(void **state)
{
    (void)state;
    struct sockets list = {.timeout_ms = 4000};
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof here;
    static char bytes[1 << 16];
    size_t sent = 0, got = 0;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &len), 0);
    int fd = sockets_open(&list, 1, AF_INET, SOCK_STREAM, 0);
    unsigned limit = 0;
    assert_int_equal(
        getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, &(socklen_t){sizeof limit}), 0);
    assert_int_equal(limit, 4000); /* also when this process is killed */
    assert_int_equal(connect(fd, (struct sockaddr *)&here, sizeof here), 0);
    int peer = accept(listener, NULL, NULL);
    for (ssize_t n; (n = send(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
        sent += (size_t)n;
    assert_int_equal(sockets_close(&list, fd), 0);
    ssize_t n;
    while ((n = recv(peer, bytes, sizeof bytes, 0)) > 0)
        got += (size_t)n;
    assert_int_equal(n, -1);
    assert_int_equal(errno, ECONNRESET);
    assert_true(got < sent);
    close(peer);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_servers_are_read),
        cmocka_unit_test(a_clock_is_corrected_when_the_other_one_is_far_off),
        cmocka_unit_test(lists_with_anything_else_are_refused),
        cmocka_unit_test(servers_are_the_same_by_address_and_port),
        cmocka_unit_test(calls_leave_in_the_order_they_came),
        cmocka_unit_test(what_was_not_acknowledged_is_dropped_with_its_socket),
        cmocka_unit_test(the_clock_never_goes_back),
        cmocka_unit_test(the_clock_is_set_forward_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
