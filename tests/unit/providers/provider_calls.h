/*
 * Calls to providers, and their requests and answers, for the tests of this room.
 */
#ifndef MF_PROVIDER_CALLS_H
#define MF_PROVIDER_CALLS_H

#include "dns/message.h"
#include "providers/providers.h"
#include "unit.h"

static inline struct call *call_to(enum api api, enum call_kind kind)
{
    struct call *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->kind = kind;
    c->api = api;
    c->zone = TEXT("example.com");
    c->zone_id = TEXT("Z1");
    c->name = TEXT("bounce.example.com");
    arena_init(&c->arena, HTTP_BODY_MAX * 4);
    return c;
}

static inline void call_free(struct call *c)
{
    arena_clear(&c->arena);
    free(c);
}

static inline void answer_give(struct call *c, int status, const char *body)
{
    struct aws_reply reply = {.http_status = status, .body = text_of(body)};
    call_answer_reset(c);
    provider_reply_decode(c, &reply);
}

static inline const char *header_of(const struct aws_request *r, const char *name)
{
    for (uint32_t i = 0; i < r->headers_len; i++)
        if (strncmp(r->headers[i].at, name, strlen(name)) == 0)
            return r->headers[i].at + strlen(name) + 2;
    return "";
}

#endif
