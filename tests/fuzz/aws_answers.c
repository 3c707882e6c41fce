/*
 * libFuzzer target: what comes from outside into the AWS room. The first byte chooses the reader,
 * the second the HTTP status. Besides crashes it looks for facts in answers that were not believed.
 */
#include "aws_request.h"
#include "ini.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void answer_read(enum call_kind kind, enum api api, int status, struct text body)
{
    static struct call call;
    call.kind = kind;
    call.api = api;
    call.count = 2;
    call.identities[0] = TEXT("example.com");
    call.identities[1] = TEXT("a@example.com");
    call.arena.limit_bytes = 1u << 20;
    call_answer_reset(&call);
    struct aws_reply reply = {
        .http_status = status, .date = body, .retry_after = body, .body = body};
    aws_reply_decode(&call, &reply);
    bool believed = call.reply.how == REPLY_HTTP && status == 200;
    assert(believed || (call.facts[0].known == 0 && call.listed_len == 0));
    arena_clear(&call.arena);
}

static void ini_take(struct text body)
{
    struct ini ini;
    ini_init(&ini);
    buf_add_text(&ini.bytes, body);
    if (ini_parse(&ini, NULL) == OK)
        ini_get(&ini, "profile", TEXT("a"), "region");
    ini_clear(&ini);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct endpoint e;
    struct endpoint_settings there = {.use_fips = false};
    if (len < 2)
        return 0;
    struct text body = {(const char *)bytes + 2, len - 2};
    int status = bytes[1] % 2 ? 200 : 400;
    there.url = body;
    unsigned kind = bytes[0] % (CALL_ASK + 2);
    if (kind < CALL_ASK)
        answer_read((enum call_kind)kind, bytes[0] & 128 ? API_V2 : API_V1, status, body);
    else if (kind == CALL_ASK)
        ini_take(body);
    else if (endpoint_make(&e, TEXT("ses"), TEXT("us-east-1"), &there, NULL) == OK)
        assert(body.len == 0 || e.host[0]);
    return 0;
}
