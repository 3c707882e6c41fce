/*
 * inquiry_driver PORT NAME...: inquires about each name in both modes, of a server on
 * 127.0.0.1:PORT that is resolver and authority at once, and prints what was found, one line of
 * columns each.
 */
#include "dns/inquiry.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUERY_LEN_MAX 300

static size_t query_write(const struct dns_question *q, unsigned char out[QUERY_LEN_MAX])
{
    static const unsigned char head[12] = {0x12, 0x34, 0, 0, 0, 1};
    struct text rest = q->name;
    size_t len = sizeof head;
    memcpy(out, head, sizeof head);
    out[2] = q->recurse;
    while (rest.at) {
        struct text label = text_cut(&rest, '.');
        assert(label.len < 64 && len + label.len + 6 < QUERY_LEN_MAX);
        out[len++] = (unsigned char)label.len;
        memcpy(out + len, label.at, label.len);
        len += label.len;
    }
    const unsigned char tail[] = {0, 0, (unsigned char)q->type, 0, 1};
    memcpy(out + len, tail, sizeof tail);
    return len + sizeof tail;
}

static struct dns_reply ask(const struct dns_question *q, uint16_t port, struct arena *arena)
{
    unsigned char query[QUERY_LEN_MAX], answer[4096];
    struct dns_reply reply = {.outcome = DNS_TIMED_OUT};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval patience = {.tv_sec = 5};
    size_t len = query_write(q, query);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (q->server.family)
        memcpy(&at.sin_addr, q->server.address, 4);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0 && send(fd, query, len, 0) > 0) {
        ssize_t got = recv(fd, answer, sizeof answer, 0);
        if (got >= 0)
            reply.outcome =
                dns_message_parse(&reply.message, answer, (size_t)got, arena, NULL) == OK
                    ? DNS_ANSWERED
                    : DNS_GARBLED;
    }
    close(fd);
    return reply;
}

static void facts_print(const char *mode, const struct inquiry *q)
{
    static const char *const states[] = {"unasked", "found", "nodata", "nxdomain", "trouble"};
    const struct dns_facts *f = inquiry_facts(q);
    printf("%s\t" TEXT_FMT "\t%s\t%s\t", mode, TEXT_ARG(q->name), states[f->mx_state],
           states[f->txt_state]);
    for (uint32_t i = 0; i < f->mx_len; i++)
        printf("%s%u " TEXT_FMT, i ? ", " : "", f->mx[i].preference, TEXT_ARG(f->mx[i].exchange));
    printf("\t" TEXT_FMT "\t" TEXT_FMT "\t%s\t" TEXT_FMT "\n", TEXT_ARG(f->cname),
           TEXT_ARG(f->zone), f->wildcard ? "wildcard" : "", TEXT_ARG(f->trouble));
}

static void inquire(enum inquiry_mode mode, const char *name, uint16_t port)
{
    struct inquiry q;
    struct dns_question question;
    uint32_t number;
    inquiry_init(&q);
    q.authority_port = port;
    inquiry_start(&q, mode, text_of(name));
    while (inquiry_next(&q, &question, &number)) {
        struct arena arena;
        arena_init(&arena, 1 << 20);
        struct dns_reply reply = ask(&question, port, &arena);
        inquiry_reply(&q, number, &reply);
        arena_clear(&arena);
    }
    facts_print(mode == INQUIRY_AUTHORITY ? "authority" : "recursive", &q);
    inquiry_clear(&q);
}

int main(int argc, char **argv)
{
    uint16_t port = argc > 1 ? (uint16_t)atoi(argv[1]) : 0;
    for (int i = 2; i < argc; i++) {
        inquire(INQUIRY_RECURSIVE, argv[i], port);
        inquire(INQUIRY_AUTHORITY, argv[i], port);
    }
    return argc > 2 ? 0 : 1;
}
