/* AWS Organizations: answers in JSON 1.1; and the same bytes as parts of a request. */
#include "fuzz.h"

#include "aws/json.h"
#include "aws/organizations.h"
#include "base/escape.h"
#include "model/arn.h"

#include <stdlib.h>

/* A page that was not believed must leave nothing. */
static void page_is_sound(const struct call *c, int status)
{
    bool believed = c->reply.how == REPLY_HTTP && status == 200;
    bool is_account = c->kind == CALL_MEMBERS || c->kind == CALL_MEMBERS_OF;
    assert(c->reply.how == REPLY_HTTP || c->reply.how == REPLY_GARBLED);
    assert(memchr(c->reply.code, '\0', sizeof c->reply.code));
    assert(believed || (c->items_len == 0 && c->tags_len == 0 && c->next_token.len == 0));
    for (uint32_t i = 0; i < c->items_len; i++)
        assert(c->items[i].id.len && (!is_account || account_id_is(c->items[i].id)));
    for (uint32_t i = 0; i < c->tags_len; i++)
        assert(c->tags[i].key.len);
}

static void answer_is_judged(enum call_kind kind, int status, struct text body)
{
    struct call *c = calloc(1, sizeof *c);
    assert(c);
    struct text rest = body;
    struct text type = fuzz_line(&rest);
    c->kind = kind;
    c->arena.limit_bytes = 1u << 20;
    call_answer_reset(c);
    organizations_decode(c, status, type, body);
    page_is_sound(c, status);
    arena_clear(&c->arena);
    free(c);
}

/* What was written is what a reader finds. */
static void request_make(enum call_kind kind, struct text name)
{
    struct call *c = calloc(1, sizeof *c);
    struct buf target, body;
    struct json *json;
    struct text found;
    assert(c);
    buf_init(&target, 1024);
    buf_init(&body, REQUEST_BODY_MAX);
    c->kind = kind;
    c->above = c->token = text_slice(name, 0, NAME_LEN_MAX);
    if (organizations_encode(c, &target, &body, NULL) == OK && utf8_is(c->token) &&
        !memchr(c->token.len ? c->token.at : "x", '\0', c->token.len)) {
        assert(json_parse(&json, buf_text(&body), NULL) == OK);
        if (json_text(json_member(json, "NextToken"), &found))
            assert(text_eq(found, c->token));
        json_free(json);
    }
    buf_clear(&target);
    buf_clear(&body);
    free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    struct text body = {(const char *)bytes + 2, len - 2};
    enum call_kind kind = (enum call_kind)(CALL_MEMBERS + bytes[0] % (CALL_KINDS - CALL_MEMBERS));
    answer_is_judged(kind, bytes[1] % 2 ? 200 : 400, body);
    request_make(kind, body);
    return 0;
}
