/* Datagrams that leave and arrive in batches, over loopback. */
#include "unit.h"

#include "wire/datagrams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MANY 50 /* more than one system call takes */

/* Two sockets that talk to each other. */
struct pair {
    int fd, other;
    struct sockaddr_in address; /* of the other */
    struct datagrams *d;
};

static int socket_bound(struct sockaddr_in *address)
{
    socklen_t len = sizeof *address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
    return fd;
}

static void pair_open(struct pair *p)
{
    struct sockaddr_in own;
    p->fd = socket_bound(&own);
    p->other = socket_bound(&p->address);
    assert_int_equal(connect(p->fd, (struct sockaddr *)&p->address, sizeof p->address), 0);
    assert_int_equal(connect(p->other, (struct sockaddr *)&own, sizeof own), 0);
    p->d = datagrams_new();
    assert_non_null(p->d);
}

static void pair_close(struct pair *p)
{
    datagrams_free(p->d);
    close(p->fd);
    close(p->other);
}

/* A header, which is the least that is a question. */
struct message {
    unsigned char header[8];
    uint32_t number;
};

static ptrdiff_t message_send(struct pair *p, uint32_t number, int *unsent)
{
    struct message m = {{0x12, 0x34, 0x01, 0x20, 0, 1}, number};
    const struct iovec parts[] = {{m.header, sizeof m.header}, {&m.number, sizeof m.number}};
    return datagrams_send(p->d, p->fd, parts, 2, unsent);
}

static ptrdiff_t number_send(struct pair *p, uint32_t number)
{
    return message_send(p, number, NULL);
}

static bool has_arrived(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) > 0;
}

static void what_is_held_leaves_with_the_flush_and_in_order(void **state)
{
    struct pair p;
    struct message got;
    (void)state;
    pair_open(&p);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(datagrams_are_full(p.d), i && i % DATAGRAMS_HELD_MAX == 0);
        assert_int_equal(number_send(&p, i), sizeof got);
        assert_int_equal(has_arrived(p.other), i >= DATAGRAMS_HELD_MAX);
    }
    datagrams_flush(p.d);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(recv(p.other, &got, sizeof got, 0), sizeof got);
        assert_int_equal(got.number, i);
    }
    datagrams_flush(p.d);
    assert_false(has_arrived(p.other));
    pair_close(&p);
}

/* What is held of one socket leaves before another's is held. */
static void two_sockets_are_held_one_after_the_other(void **state)
{
    struct pair p, q;
    (void)state;
    pair_open(&p);
    pair_open(&q);
    datagrams_free(q.d);
    q.d = p.d;
    assert_true(number_send(&p, 1) > 0);
    assert_true(number_send(&q, 2) > 0);
    assert_true(has_arrived(p.other));
    assert_false(has_arrived(q.other));
    datagrams_flush(p.d);
    assert_true(has_arrived(q.other));
    q.d = NULL;
    pair_close(&q);
    pair_close(&p);
}

static void all_that_has_arrived_is_read_with_its_sender(void **state)
{
    struct pair p;
    uint32_t number;
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    (void)state;
    pair_open(&p);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < MANY; i++)
            assert_int_equal(send(p.other, &i, sizeof i, 0), sizeof i);
        for (uint32_t i = 0; i < MANY; i++) {
            assert_int_equal(datagrams_receive(p.d, p.fd, &number, sizeof number,
                                               (struct sockaddr *)&from, &len),
                             sizeof number);
            assert_int_equal(number, i);
            assert_int_equal(from.sin_port, p.address.sin_port);
        }
        assert_int_equal(datagrams_receive(p.d, p.fd, &number, sizeof number, NULL, NULL), -1);
        assert_int_equal(errno, EAGAIN);
    }
    pair_close(&p);
}

static void a_longer_one_than_edns_allows_is_seen_to_be_longer(void **state)
{
    struct pair p;
    unsigned char sent[3000] = {1}, got[4000];
    (void)state;
    pair_open(&p);
    assert_int_equal(send(p.other, sent, sizeof sent, 0), sizeof sent);
    assert_int_equal(datagrams_receive(p.d, p.fd, got, sizeof got, NULL, NULL), 1233);
    pair_close(&p);
}

static void a_socket_that_is_forgotten_gives_nothing_more(void **state)
{
    struct pair p;
    uint32_t number = 7;
    (void)state;
    pair_open(&p);
    for (int i = 0; i < 2; i++)
        assert_int_equal(send(p.other, &number, sizeof number, 0), sizeof number);
    assert_true(datagrams_receive(p.d, p.fd, &number, sizeof number, NULL, NULL) > 0);
    assert_int_equal(datagrams_unread(p.d), p.fd);
    assert_true(number_send(&p, 8) > 0);
    datagrams_forget(p.d, p.fd);
    assert_int_equal(datagrams_unread(p.d), -1);
    datagrams_flush(p.d);
    assert_false(has_arrived(p.other));
    assert_int_equal(datagrams_receive(p.d, p.fd, &number, sizeof number, NULL, NULL), -1);
    pair_close(&p);
}

/* The port is closed: the error comes back to whoever reads. */
static void a_refusal_is_told_to_the_reader(void **state)
{
    struct pair p;
    uint32_t number;
    (void)state;
    pair_open(&p);
    close(p.other);
    for (uint32_t i = 0; i < MANY; i++)
        assert_true(number_send(&p, i) > 0);
    datagrams_flush(p.d);
    assert_int_equal(datagrams_receive(p.d, p.fd, &number, sizeof number, NULL, NULL), -1);
    assert_int_equal(errno, ECONNREFUSED);
    p.other = -1;
    pair_close(&p);
}

/* A socket that cannot send: the error is the question's, and an answer ends that one. */
static void what_cannot_leave_is_told_to_its_question(void **state)
{
    struct pair p;
    struct message got;
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    int unsent[2] = {0};
    (void)state;
    pair_open(&p);
    assert_int_equal(send(p.other, "", 1, 0), 1);
    assert_int_equal(shutdown(p.fd, SHUT_WR), 0);
    for (uint32_t i = 0; i < 2; i++)
        assert_true(message_send(&p, i, &unsent[i]) > 0);
    assert_true(number_send(&p, 2) > 0); /* asked again, nobody wants to know */
    assert_int_equal(datagrams_unread(p.d), -1);
    datagrams_flush(p.d);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(unsent[i], EPIPE);
        assert_int_equal(datagrams_unread(p.d), p.fd);
        assert_int_equal(
            datagrams_receive(p.d, p.fd, &got, sizeof got, (struct sockaddr *)&from, &from_len),
            sizeof got);
        assert_memory_equal(&from, &p.address, sizeof from);
        assert_memory_equal(got.header, "\x12\x34\x81\x02\0\1", 6);
        assert_int_equal(got.number, i);
    }
    assert_int_equal(datagrams_unread(p.d), -1);
    assert_int_equal(datagrams_receive(p.d, p.fd, &got, sizeof got, NULL, NULL), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(datagrams_receive(p.d, p.fd, &got, sizeof got, NULL, NULL), 1); /* came */
    pair_close(&p);
}

/* Where others were taken and are not received yet, it is lost, and these are not. */
static void what_was_taken_stays_before_what_cannot_leave(void **state)
{
    struct pair p;
    struct message got;
    int unsent = 0;
    (void)state;
    pair_open(&p);
    for (int i = 0; i < 2; i++)
        assert_int_equal(send(p.other, "", 1, 0), 1);
    assert_int_equal(datagrams_receive(p.d, p.fd, &got, sizeof got, NULL, NULL), 1);
    assert_int_equal(shutdown(p.fd, SHUT_WR), 0);
    assert_true(message_send(&p, 1, &unsent) > 0);
    datagrams_flush(p.d);
    assert_int_equal(unsent, 0);
    assert_int_equal(datagrams_receive(p.d, p.fd, &got, sizeof got, NULL, NULL), 1);
    assert_int_equal(datagrams_receive(p.d, p.fd, &got, sizeof got, NULL, NULL), -1);
    pair_close(&p);
}

static void what_is_no_question_is_not_sent(void **state)
{
    struct pair p;
    unsigned char bytes[400] = {0};
    static const size_t lens[] = {0, 11, 337, sizeof bytes};
    (void)state;
    pair_open(&p);
    for (size_t i = 0; i < COUNT(lens); i++) {
        const struct iovec part = {bytes, lens[i]};
        assert_int_equal(datagrams_send(p.d, p.fd, &part, 1, NULL), -1);
        assert_int_equal(errno, EMSGSIZE);
    }
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_held_leaves_with_the_flush_and_in_order),
        cmocka_unit_test(two_sockets_are_held_one_after_the_other),
        cmocka_unit_test(all_that_has_arrived_is_read_with_its_sender),
        cmocka_unit_test(a_longer_one_than_edns_allows_is_seen_to_be_longer),
        cmocka_unit_test(a_socket_that_is_forgotten_gives_nothing_more),
        cmocka_unit_test(a_refusal_is_told_to_the_reader),
        cmocka_unit_test(what_cannot_leave_is_told_to_its_question),
        cmocka_unit_test(what_was_taken_stays_before_what_cannot_leave),
        cmocka_unit_test(what_is_no_question_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
