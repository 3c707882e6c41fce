/*
 * Exchanges with a server of this very thread: each step of the connection is one of the test. The
 * messages are questions for a zone, which are answered without a key.
 */
#include "unit.h"

#include "wire/dns_update.h"

#include "wire/os_clock.h"

#include "providers/providers.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUESTION_LEN (2 + 12 + 13 + 4) /* length, header, 7example3com0, type and class */

struct exchange_test {
    struct os_clock clock;
    struct dns_updates *updates;
    struct provider_at at;
    struct call calls[UPDATES_OUT_MAX];
    int listener, peer;
    uint32_t done;
};

static void on_done(void *context, struct call *call)
{
    struct exchange_test *t = context;
    assert_true(call >= t->calls && call < t->calls + UPDATES_OUT_MAX);
    t->done++;
}

static struct exchange_test *test_open(span_us timeout_us)
{
    struct exchange_test *t = calloc(1, sizeof *t);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof here;
    struct why why = {""};
    assert_non_null(t);
    t->peer = -1;
    t->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(t->listener, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(listen(t->listener, 8), 0);
    assert_int_equal(getsockname(t->listener, (struct sockaddr *)&here, &len), 0);
    t->at = (struct provider_at){
        .kind = PROVIDER_RFC2136,
        .server = {.family = 4, .port = ntohs(here.sin_port), .address = {127, 0, 0, 1}}};
    os_clock_open(&t->clock, 0);
    assert_int_equal(dns_updates_open(&t->updates, &t->clock, timeout_us, on_done, t, &why), OK);
    for (uint32_t i = 0; i < UPDATES_OUT_MAX; i++) {
        arena_init(&t->calls[i].arena, 1u << 16);
        t->calls[i].kind = CALL_ZONES;
        t->calls[i].api = API_RFC2136;
        t->calls[i].zone = TEXT("example.com");
    }
    return t;
}

static void test_close(struct exchange_test *t)
{
    dns_updates_close(t->updates);
    for (uint32_t i = 0; i < UPDATES_OUT_MAX; i++)
        arena_clear(&t->calls[i].arena);
    if (t->peer >= 0)
        close(t->peer);
    close(t->listener);
    free(t);
}

/* Turns of the carrier's loop until no socket has anything more to say. */
static void turns(struct exchange_test *t)
{
    struct pollfd fds[UPDATES_OUT_MAX];
    uint32_t len;
    do {
        len = dns_updates_fds(t->updates, fds);
    } while (poll(fds, len, 20) > 0 && (dns_updates_work(t->updates, fds, len), true));
}

/* Starts the first call and reads what it sends, up to its length, into question. */
static void asked(struct exchange_test *t, uint8_t question[QUESTION_LEN])
{
    dns_update_start(t->updates, &t->calls[0], &t->at);
    turns(t);
    t->peer = accept(t->listener, NULL, NULL);
    assert_true(t->peer >= 0);
    assert_int_equal(recv(t->peer, question, QUESTION_LEN, MSG_WAITALL), QUESTION_LEN);
    assert_memory_equal(question, "\0\x1d", 2);
    assert_memory_equal(question + 14, "\7example\3com\0\0\6\0\1", 17);
    assert_int_equal(recv(t->peer, question, 1, MSG_DONTWAIT), -1); /* nothing follows */
}

static void an_answer_may_come_octet_by_octet(void **state)
{
    (void)state;
    struct exchange_test *t = test_open(SPAN_S(60));
    uint8_t message[QUESTION_LEN];
    asked(t, message);
    message[0] = 0;
    message[4] |= 0x80; /* QR */
    message[5] |= 5;    /* REFUSED */
    for (size_t i = 0; i < sizeof message; i++) {
        assert_int_equal(t->done, 0);
        assert_true(dns_updates_are_out(t->updates));
        assert_int_equal(send(t->peer, message + i, 1, MSG_NOSIGNAL), 1);
        if (i % 8 == 0 || i + 1 == sizeof message)
            turns(t);
    }
    assert_int_equal(t->done, 1);
    assert_false(dns_updates_are_out(t->updates));
    assert_int_equal(t->calls[0].reply.how, REPLY_HTTP);
    assert_int_equal(t->calls[0].zones_len, 0);
    assert_non_null(strstr(t->calls[0].reply.message, "REFUSED"));
    assert_int_equal(recv(t->peer, message, 1, 0), 0); /* one connection for each message */
    test_close(t);
}

static void what_breaks_off_later_is_lost(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        size_t len;
        const char *says;
    } cases[] = {{"", 0, "closed without an answer"},
                 {"\0", 1, "in the middle"},
                 {"\0\3ab", 4, "in the middle"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exchange_test *t = test_open(SPAN_S(60));
        uint8_t message[QUESTION_LEN];
        asked(t, message);
        assert_int_equal(send(t->peer, cases[i].answer, cases[i].len, MSG_NOSIGNAL), cases[i].len);
        turns(t);
        assert_int_equal(t->done, 0);
        close(t->peer);
        t->peer = -1;
        turns(t);
        assert_int_equal(t->done, 1);
        assert_int_equal(t->calls[0].reply.how, REPLY_LOST);
        assert_non_null(strstr(t->calls[0].reply.message, cases[i].says));
        test_close(t);
    }
}

static void who_is_not_there_was_sent_nothing(void **state)
{
    (void)state;
    struct exchange_test *t = test_open(SPAN_S(60));
    close(t->listener);
    dns_update_start(t->updates, &t->calls[0], &t->at);
    turns(t);
    assert_int_equal(t->done, 1);
    assert_int_equal(t->calls[0].reply.how, REPLY_NOT_SENT);
    assert_non_null(strstr(t->calls[0].reply.message, "cannot connect: Connection refused"));
    t->listener = -1;
    t->calls[0].zone = TEXT("a..b"); /* nor is what cannot be written */
    dns_update_start(t->updates, &t->calls[0], &t->at);
    assert_int_equal(t->done, 2);
    assert_int_equal(t->calls[0].reply.how, REPLY_NOT_SENT);
    assert_non_null(strstr(t->calls[0].reply.message, "no name of a zone"));
    test_close(t);
}

static void what_is_too_late_is_not_sent(void **state)
{
    (void)state;
    struct exchange_test *t = test_open(SPAN_S(60));
    char octet;
    t->calls[0].not_after = os_clock_now(&t->clock) - 1;
    dns_update_start(t->updates, &t->calls[0], &t->at);
    assert_int_equal(t->done, 1); /* without a connection */
    assert_int_equal(t->calls[0].reply.how, REPLY_NOT_SENT);
    assert_non_null(strstr(t->calls[0].reply.message, CALL_TOO_LATE));
    t->calls[0].not_after = os_clock_now(&t->clock) + SPAN_H(1);
    dns_update_start(t->updates, &t->calls[0], &t->at);
    t->calls[0].not_after = 1; /* the connection has taken an hour */
    turns(t);
    assert_int_equal(t->done, 2);
    assert_int_equal(t->calls[0].reply.how, REPLY_NOT_SENT);
    assert_true(t->calls[0].reply.is_late);
    t->peer = accept(t->listener, NULL, NULL);
    assert_true(t->peer >= 0);
    assert_true(recv(t->peer, &octet, 1, 0) <= 0);
    test_close(t);
}

static void the_answer_to_what_was_sent_in_time_counts(void **state)
{
    (void)state;
    struct exchange_test *t = test_open(SPAN_S(60));
    uint8_t question[QUESTION_LEN];
    t->calls[0].not_after = os_clock_now(&t->clock) + SPAN_H(1);
    asked(t, question);
    t->calls[0].not_after = 1;
    turns(t);
    assert_int_equal(t->done, 0);
    question[0] = 0;
    question[4] |= 0x80;
    question[5] |= 5;
    assert_int_equal(send(t->peer, question, sizeof question, MSG_NOSIGNAL), sizeof question);
    turns(t);
    assert_int_equal(t->done, 1);
    assert_int_equal(t->calls[0].reply.how, REPLY_HTTP);
    test_close(t);
}

static void each_has_its_time_and_there_is_room_for_some(void **state)
{
    (void)state;
    struct exchange_test *t = test_open(1); /* over when it begins */
    for (uint32_t i = 0; i < UPDATES_OUT_MAX; i++) {
        assert_true(dns_updates_have_room(t->updates));
        dns_update_start(t->updates, &t->calls[i], &t->at);
    }
    assert_false(dns_updates_have_room(t->updates));
    turns(t);
    assert_int_equal(t->done, UPDATES_OUT_MAX);
    assert_true(dns_updates_have_room(t->updates));
    for (uint32_t i = 0; i < UPDATES_OUT_MAX; i++) {
        assert_int_equal(t->calls[i].reply.how, REPLY_LOST); /* loopback has connected at once */
        assert_non_null(strstr(t->calls[i].reply.message, "no answer in time"));
    }
    dns_update_start(t->updates, &t->calls[0], &t->at); /* what is out at the end is dropped */
    test_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_may_come_octet_by_octet),
        cmocka_unit_test(what_breaks_off_later_is_lost),
        cmocka_unit_test(who_is_not_there_was_sent_nothing),
        cmocka_unit_test(what_is_too_late_is_not_sent),
        cmocka_unit_test(the_answer_to_what_was_sent_in_time_counts),
        cmocka_unit_test(each_has_its_time_and_there_is_room_for_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
