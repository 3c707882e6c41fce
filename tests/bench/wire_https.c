/*
 * Signed calls through the wire to a TLS server of our own in the same process. Usage:
 * wire_https CALLS WINDOW CARRIERS.
 */
#include "wire/wire.h"

#include "wire/fixed_credentials.h"
#include "wire/web_server.h"

#include <stdio.h>
#include <stdlib.h>

#define LANES      8
#define WINDOW_MAX 128

struct bench {
    struct wire *wire;
    struct wire_lane lanes[LANES];
    struct credential_source source;
    struct call calls[WINDOW_MAX];
    struct call *batch[WINDOW_MAX];
    unsigned long wanted, asked, answered, failed;
};

static enum err lanes_make(struct bench *b, uint16_t port, struct why *why)
{
    char url[64];
    struct endpoint_settings there = {.url = {url, 0}};
    there.url.len = (size_t)snprintf(url, sizeof url, "https://localhost:%u", port);
    for (unsigned i = 0; i < LANES; i++) {
        enum err err =
            endpoint_make(&b->lanes[i].at.ses, TEXT("ses"), TEXT("us-east-1"), &there, why);
        if (err != OK)
            return err;
        b->lanes[i].at.sesv2 = b->lanes[i].at.sts = b->lanes[i].at.ses;
        b->lanes[i].credentials = &b->source;
    }
    return OK;
}

static void turn(struct bench *b)
{
    struct event events[WINDOW_MAX];
    uint32_t len = wire_wait(b->wire, WHEN_NEVER, events, WINDOW_MAX), batch_len = 0;
    for (uint32_t i = 0; i < len; i++) {
        b->answered++;
        b->failed += !events[i].call->account.sending_enabled;
        if (b->asked < b->wanted) {
            b->asked++;
            b->batch[batch_len++] = events[i].call;
        }
    }
    wire_send(b->wire, b->batch, batch_len);
}

static void calls_prepare(struct bench *b, unsigned window)
{
    for (unsigned i = 0; i < window; i++) {
        arena_init(&b->calls[i].arena, 1u << 20);
        b->calls[i].kind = CALL_ACCOUNT;
        b->calls[i].lane = (uint16_t)(i % LANES);
        b->batch[i] = &b->calls[i];
    }
    b->asked = window;
}

static int bench_run(struct bench *b, const struct web_server *server, unsigned window,
                     unsigned carriers)
{
    struct why why;
    struct wire_config config = {.carriers = carriers,
                                 .lanes = b->lanes,
                                 .lanes_len = LANES,
                                 .ca_bundle = text_of(web_server_ca_path(server)),
                                 .call_timeout_us = SPAN_S(30)};
    if (lanes_make(b, web_server_port(server), &why) != OK ||
        wire_open(&b->wire, &config, &why) != OK) {
        fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    instant_us start = wire_now(b->wire);
    calls_prepare(b, window);
    wire_send(b->wire, b->batch, window);
    while (b->answered < b->wanted)
        turn(b);
    double took = (double)(wire_now(b->wire) - start) / 1e6;
    printf("wire: %lu signed calls in %.2f s: %.0f calls/s, %u connections, %lu failed\n",
           b->wanted, took, (double)b->wanted / took, web_server_connections(server), b->failed);
    wire_close(b->wire);
    for (unsigned i = 0; i < window; i++)
        arena_clear(&b->calls[i].arena);
    return b->failed != 0 || web_server_requests(server) != b->wanted;
}

int main(int argc, char **argv)
{
    static struct bench b;
    if (argc != 4)
        return 2;
    unsigned window = (unsigned)strtoul(argv[2], NULL, 10);
    b.wanted = strtoul(argv[1], NULL, 10);
    if (window == 0 || window > WINDOW_MAX || b.wanted < window)
        return 2;
    struct web_server *server = web_server_open(WEB_TRUSTED);
    int status = bench_run(&b, server, window, (unsigned)strtoul(argv[3], NULL, 10));
    web_server_close(server);
    return status;
}
