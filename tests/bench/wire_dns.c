/*
 * MX and TXT of many names through the wire, window 100, as the scheduler would ask them. Usage:
 * wire_dns ADDRESS:PORT NAMES ZONES CARRIERS; compare with ares_loop.
 */
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

#define EVENTS_MAX DNS_WINDOW

struct bench {
    struct wire *wire;
    struct call calls[DNS_WINDOW];
    char names[DNS_WINDOW][64];
    struct call *batch[DNS_WINDOW];
    unsigned long questions, zones, asked, answered, failed;
};

static void call_prepare(struct bench *b, unsigned i)
{
    struct call *c = &b->calls[i];
    int len = snprintf(b->names[i], sizeof b->names[i], "d%lu.test", b->asked / 2 % b->zones);
    c->kind = CALL_ASK;
    c->ticket = b->asked;
    c->question = (struct dns_question){.name = {b->names[i], (size_t)len},
                                        .type = b->asked % 2 ? DNS_TYPE_TXT : DNS_TYPE_MX,
                                        .recurse = true};
    b->asked++;
}

static void turn(struct bench *b)
{
    struct event events[EVENTS_MAX];
    uint32_t len = wire_wait(b->wire, WHEN_NEVER, events, EVENTS_MAX), batch_len = 0;
    for (uint32_t i = 0; i < len; i++) {
        struct call *c = events[i].call;
        b->answered++;
        b->failed += c->dns.outcome != DNS_ANSWERED || c->dns.message.rcode != DNS_RCODE_NOERROR;
        if (b->asked < b->questions) {
            call_prepare(b, (unsigned)(c - b->calls));
            b->batch[batch_len++] = c;
        }
    }
    wire_send(b->wire, b->batch, batch_len);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct why why;
    if (argc != 5)
        return 2;
    b.questions = 2 * strtoul(argv[2], NULL, 10);
    b.zones = strtoul(argv[3], NULL, 10);
    struct wire_config config = {.carriers = (unsigned)strtoul(argv[4], NULL, 10),
                                 .resolvers = text_of(argv[1]),
                                 .call_timeout_us = SPAN_S(30)};
    if (wire_open(&b.wire, &config, &why) != OK) {
        fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    instant_us start = wire_now(b.wire);
    for (unsigned i = 0; i < DNS_WINDOW; i++) {
        arena_init(&b.calls[i].arena, 1u << 20);
        call_prepare(&b, i);
        b.batch[i] = &b.calls[i];
    }
    wire_send(b.wire, b.batch, DNS_WINDOW);
    while (b.answered < b.questions)
        turn(&b);
    double took = (double)(wire_now(b.wire) - start) / 1e6;
    printf("wire: %lu questions in %.2f s: %.0f questions/s, %lu failed\n", b.questions, took,
           (double)b.questions / took, b.failed);
    wire_close(b.wire);
    for (unsigned i = 0; i < DNS_WINDOW; i++)
        arena_clear(&b.calls[i].arena);
    return b.failed != 0;
}
