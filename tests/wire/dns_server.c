#include "dns_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_LEN  12
#define MESSAGE_MAX 4096
#define SLOW_MS     1000

struct dns_server_thread {
    pthread_t thread;
    int udp, tcp, ending[2]; /* tcp: -1 when there is none */
    uint16_t port;
    bool silenced_once;
    atomic_uint questions;
    atomic_bool recursion_desired, published;
    _Atomic(const char *) pretended; /* NULL: names count as they are */
};

static int bound_socket(int type, uint16_t *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t len = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(a.sin_port);
    return fd;
}

uint16_t dns_port_without_server(void)
{
    uint16_t port = 0;
    close(bound_socket(SOCK_DGRAM, &port));
    return port;
}

struct answer {
    unsigned char bytes[MESSAGE_MAX];
    size_t len;
};

static void add(struct answer *a, const void *bytes, size_t len)
{
    assert(a->len + len <= sizeof a->bytes);
    memcpy(a->bytes + a->len, bytes, len);
    a->len += len;
}

#define ADD(a, literal) add((a), (literal), sizeof(literal) - 1)

/* Behind the question; 0 when there is none. */
static size_t question_end(const unsigned char *q, size_t len)
{
    size_t at = HEADER_LEN;
    while (at < len && q[at] != 0)
        at += q[at] + 1u;
    return at + 5 <= len ? at + 5 : 0;
}

static bool asks_for(const struct dns_server_thread *s, const unsigned char *q, const char *label)
{
    const char *pretended = atomic_load(&s->pretended);
    size_t len = strlen(label);
    if (pretended)
        return strcmp(pretended, label) == 0;
    return q[HEADER_LEN] == len && memcmp(q + HEADER_LEN + 1, label, len) == 0;
}

static void answer_begin(struct answer *a, const unsigned char *q, size_t end, unsigned rcode)
{
    a->len = 0;
    add(a, q, end);
    a->bytes[2] = (unsigned char)(0x84 | (q[2] & 1)); /* response, authoritative, RD as asked */
    a->bytes[3] = (unsigned char)rcode;
    memset(a->bytes + 6, 0, 6);
}

/* RFC 2308: the SOA of the question's name says how long the denial may be remembered. */
static void answer_denied(struct answer *a)
{
    a->bytes[3] = 3;
    a->bytes[9] = 1;
    ADD(a, "\xc0\x0c\0\6\0\1\0\0\x0e\x10\0\x18\xc0\x0c\xc0\x0c");
    ADD(a, "\0\0\0\1\0\0\x0e\x10\0\0\x0e\x10\0\0\x0e\x10\0\0\x0e\x10");
}

static void answer_good(struct answer *a)
{
    a->bytes[7] = 2;
    ADD(a, "\xc0\x0c\0\17\0\1\0\0\0\x3c\0\12\0\12\5inbox\xc0\x0c");
    ADD(a, "\xc0\x0c\0\20\0\1\0\0\0\x3c\0\14\6v=spf1\4~all");
}

/* False: say nothing. */
static bool answer_make(struct dns_server_thread *s, struct answer *a, const unsigned char *q,
                        size_t len, bool over_tcp)
{
    size_t end = question_end(q, len);
    if (end == 0 || asks_for(s, q, "silent"))
        return false;
    bool has_opt = q[11] != 0;
    answer_begin(a, q, end, 0);
    if (asks_for(s, q, "once") && !s->silenced_once) {
        s->silenced_once = true;
        return false;
    }
    if (asks_for(s, q, "servfail"))
        a->bytes[3] = 2;
    else if (asks_for(s, q, "nxdomain"))
        a->bytes[3] = 3;
    else if (asks_for(s, q, "denied") && !atomic_load(&s->published))
        answer_denied(a);
    else if (asks_for(s, q, "notimp"))
        a->bytes[3] = 4;
    else if (asks_for(s, q, "refused"))
        a->bytes[3] = 5;
    else if (asks_for(s, q, "noedns") && has_opt)
        a->bytes[3] = 1;
    else if (asks_for(s, q, "empty"))
        a->len = 0;
    else if (asks_for(s, q, "cut") && !over_tcp)
        a->bytes[2] |= 2;
    else if (asks_for(s, q, "garbage"))
        a->bytes[7] = 200, ADD(a, "\xc0\xff and then nonsense");
    else
        answer_good(a);
    if (asks_for(s, q, "slow"))
        poll(NULL, 0, SLOW_MS);
    return true;
}

static void question_count(struct dns_server_thread *s, const unsigned char *q)
{
    atomic_fetch_add(&s->questions, 1);
    atomic_store(&s->recursion_desired, q[2] & 1);
}

static void udp_serve(struct dns_server_thread *s)
{
    unsigned char q[MESSAGE_MAX];
    struct answer a;
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    ssize_t len = recvfrom(s->udp, q, sizeof q, 0, (struct sockaddr *)&from, &from_len);
    if (len < HEADER_LEN)
        return;
    question_count(s, q);
    if (answer_make(s, &a, q, (size_t)len, false))
        sendto(s->udp, a.bytes, a.len, 0, (struct sockaddr *)&from, from_len);
}

/* One question per connection. */
static void tcp_serve(struct dns_server_thread *s)
{
    unsigned char q[MESSAGE_MAX], frame[2];
    struct answer a;
    int fd = accept4(s->tcp, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (recv(fd, frame, 2, MSG_WAITALL) == 2) {
        size_t len = (size_t)frame[0] << 8 | frame[1];
        if (len >= HEADER_LEN && len <= sizeof q && recv(fd, q, len, MSG_WAITALL) == (ssize_t)len) {
            question_count(s, q);
            if (answer_make(s, &a, q, len, true)) {
                frame[0] = (unsigned char)(a.len >> 8);
                frame[1] = (unsigned char)a.len;
                send(fd, frame, 2, MSG_NOSIGNAL | MSG_MORE);
                send(fd, a.bytes, a.len, MSG_NOSIGNAL);
            }
        }
    }
    close(fd);
}

static void *serve(void *data)
{
    struct dns_server_thread *s = data;
    struct pollfd fds[] = {{s->ending[0], POLLIN, 0}, {s->udp, POLLIN, 0}, {s->tcp, POLLIN, 0}};
    while (poll(fds, 3, -1) >= 0 && !fds[0].revents) {
        if (fds[1].revents)
            udp_serve(s);
        if (fds[2].revents)
            tcp_serve(s);
    }
    return NULL;
}

struct dns_server_thread *dns_server_open(bool with_tcp)
{
    struct dns_server_thread *s = calloc(1, sizeof *s);
    assert(s && pipe(s->ending) == 0);
    do { /* until the UDP port that we were given is free for TCP too */
        s->port = 0;
        s->udp = bound_socket(SOCK_DGRAM, &s->port);
        s->tcp = with_tcp ? bound_socket(SOCK_STREAM, &s->port) : -1;
        if (with_tcp && s->tcp < 0)
            close(s->udp);
    } while (with_tcp && s->tcp < 0);
    assert(s->udp >= 0);
    if (with_tcp)
        listen(s->tcp, 8);
    int failed = pthread_create(&s->thread, NULL, serve, s);
    assert(!failed);
    return s;
}

void dns_server_close(struct dns_server_thread *s)
{
    close(s->ending[1]);
    pthread_join(s->thread, NULL);
    close(s->ending[0]);
    close(s->udp);
    if (s->tcp >= 0)
        close(s->tcp);
    free(s);
}

void dns_server_pretend(struct dns_server_thread *s, const char *label)
{
    atomic_store(&s->pretended, label);
}

void dns_server_publish(struct dns_server_thread *s)
{
    atomic_store(&s->published, true);
}

uint16_t dns_server_port(const struct dns_server_thread *s)
{
    return s->port;
}

unsigned dns_server_questions(const struct dns_server_thread *s)
{
    return atomic_load(&s->questions);
}

bool dns_server_saw_recursion_desired(const struct dns_server_thread *s)
{
    return atomic_load(&s->recursion_desired);
}
