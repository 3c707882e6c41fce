#include "provider_answers.h"
#include "fuzz.h"

#include "dns/message.h"
#include "providers/providers.h"

static const struct record_value value = {.data = TEXT("x"), .id = TEXT("1")};
static const struct record_change changes[] = {
    {.kind = CHANGE_CREATE, .set = {TEXT("b.example.com"), DNS_TYPE_MX, 300, &value, 1, false}},
    {.kind = CHANGE_DELETE, .set = {TEXT("b.example.com"), DNS_TYPE_TXT, 300, &value, 1, false}},
};

static void sets_are_sound(const struct call *c)
{
    for (uint32_t i = 0; i < c->sets_len; i++) {
        const struct record_set *set = &c->sets[i];
        assert(dname_eq(set->name, c->name));
        assert(set->len > 0 || set->is_special);
        for (uint32_t k = 0; k < set->len; k++)
            assert(set->values[k].data.at && set->values[k].verbatim.at);
    }
    for (uint32_t i = 0; i < c->zones_len; i++) {
        const struct hosted_zone *zone = &c->zones[i];
        assert(zone->id.len > 0);
        assert(c->kind != CALL_ZONES || dname_eq(zone->name, c->zone));
        assert(zone->bar == ZONE_OPEN || zone->bar_words.at);
        for (uint32_t k = 0; k < zone->hosts_len; k++)
            assert(zone->hosts[k].at);
    }
}

/* An answer that was not believed must leave nothing. */
static void call_is_sound(const struct call *c, int status)
{
    bool believed = c->reply.how == REPLY_HTTP && status == 200;
    assert(c->reply.how == REPLY_HTTP || c->reply.how == REPLY_GARBLED);
    assert(memchr(c->reply.code, '\0', sizeof c->reply.code));
    assert(memchr(c->reply.message, '\0', sizeof c->reply.message));
    assert(believed || (c->sets_len == 0 && c->zones_len == 0 && c->next_token.len == 0));
    assert(!believed || (c->faults_len == 0 && !c->reply.code[0]));
    assert(c->kind == CALL_CHANGE || c->faults_len == 0);
    for (uint32_t i = 0; i < c->faults_len; i++) {
        assert(c->faults[i].words.at);
        assert(c->faults[i].change < c->changes_len || c->faults[i].change == UINT32_MAX);
    }
    sets_are_sound(c);
}

void provider_answer_is_judged(enum api api, const uint8_t *bytes, size_t len)
{
    static const enum call_kind kinds[] = {CALL_ZONES, CALL_ZONE, CALL_RECORDS, CALL_CHANGE};
    struct call *c = calloc(1, sizeof *c);
    assert(c);
    struct text body = {(const char *)bytes + 2, len - 2}, rest = body;
    struct text line = fuzz_line(&rest);
    int status = bytes[1] % 2 ? 200 : 400;
    c->kind = kinds[bytes[0] % 4];
    if (api == API_CLOUDFLARE && c->kind == CALL_ZONE)
        c->kind = CALL_ZONES;
    c->api = api;
    c->zone = TEXT("example.com");
    c->name = TEXT("b.example.com");
    c->changes = changes;
    c->changes_len = sizeof changes / sizeof *changes;
    c->arena.limit_bytes = 4u << 20;
    call_answer_reset(c);
    struct aws_reply reply = {.http_status = status,
                              .date = line,
                              .retry_after = line,
                              .retry_after_s = line,
                              .trace_id = line,
                              .body = body};
    provider_reply_decode(c, &reply);
    call_is_sound(c, status);
    arena_clear(&c->arena);
    free(c);
}

bool provider_body_make(enum api api, struct text data, struct buf *body)
{
    static const struct credentials cred = {
        .access_key_id = "AKID", .secret_access_key = "secret", .expires = WHEN_NEVER};
    const struct record_value txt = {.data = data};
    const struct record_change change = {
        .kind = CHANGE_CREATE, .set = {TEXT("b.example.com"), DNS_TYPE_TXT, 300, &txt, 1, false}};
    struct provider_at at = {.kind = PROVIDER_ROUTE53, .token = TEXT("token")};
    struct aws_request r;
    struct why why;
    struct call *c = calloc(1, sizeof *c);
    assert(c);
    c->kind = CALL_CHANGE;
    c->api = api;
    c->zone_id = TEXT("Z1");
    c->changes = &change;
    c->changes_len = 1;
    if (api == API_CLOUDFLARE) {
        at.kind = PROVIDER_CLOUDFLARE;
        assert(cloudflare_endpoint(&at.endpoint, TEXT_NONE, &why) == OK);
    } else
        assert(endpoint_make(&at.endpoint, TEXT("route53"), TEXT("us-east-1"), NULL, &why) == OK);
    aws_request_init(&r);
    enum err err = provider_request_make(&r, c, &at, &cred, 1700000000000000, &why);
    assert(err == OK || err == ERR_LIMIT);
    buf_add_text(body, buf_text(&r.body));
    aws_request_clear(&r);
    free(c);
    return err == OK;
}
