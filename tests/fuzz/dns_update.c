/*
 * What a server of DNS answers to an update and to the question for a zone. The first octet chooses
 * between the two, the rest is the message.
 */
#include "fuzz.h"

#include "base/count.h"
#include "base/hex.h"
#include "providers/providers.h"
#include "update_vectors.h"

#define MAC_LEN   32
#define SIGNED_AT 48 /* octets before the end of the update, and ... */
#define MAC_AT    38 /* ... of its code */

static uint64_t number(const uint8_t *at, size_t len)
{
    uint64_t n = 0;
    while (len--)
        n = n << 8 | *at++;
    return n;
}

static size_t vector(const char *name, uint8_t out[4096])
{
    const struct update_vector *v = update_vectors;
    while (strcmp(v->name, name) != 0)
        v++;
    assert(hex_read(text_of(v->hex), out, strlen(v->hex) / 2));
    return strlen(v->hex) / 2;
}

/* Nobody can sign but the server: its own words alone are taken for done. Names are equal in
 * capitals, too. */
static void success_is_the_servers(const uint8_t *bytes, size_t len)
{
    static const char *const genuine[] = {"signed_noerror", "in_time", "no_question"};
    bool is_one = false;
    for (size_t i = 0; i < COUNT(genuine); i++) {
        uint8_t own[4096];
        bool same = vector(genuine[i], own) == len;
        for (size_t j = 0; same && j < len; j++)
            same = char_lower((char)own[j]) == char_lower((char)bytes[j]);
        is_one |= same;
    }
    assert(is_one);
}

static void answer_is_sound(const struct call *c, const uint8_t *bytes, size_t len)
{
    const struct reply *r = &c->reply;
    bool is_http = r->how == REPLY_HTTP, done = is_http && r->http_status == 200;
    assert(is_http || (r->how == REPLY_GARBLED && r->http_status == 0 && !r->code[0]));
    assert(!is_http || done || r->http_status == 400 || r->http_status == 503);
    assert(fuzz_is_printable(text_of(r->message)) &&
           text_is_visible(text_of(r->code)) == !strchr(r->code, ' '));
    assert((r->message[0] != 0) == !(done && (c->kind == CALL_CHANGE || c->zones_len)));
    assert(c->zones_len <= 1 &&
           (c->zones_len == 0 || (done && text_eq(c->zones[0].name, c->zone))));
    assert(c->faults_len <= 1 && (c->faults_len == 0 || r->http_status == 400));
    if (done && c->kind == CALL_CHANGE)
        success_is_the_servers(bytes, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct provider_at at = {
        .kind = PROVIDER_RFC2136,
        .key = {.name = "mailfrom.example.net", .algorithm = "hmac-sha256", .secret_len = MAC_LEN}};
    uint8_t request[4096];
    size_t request_len = vector("create", request);
    struct update_sent sent = {.id = (uint16_t)number(request, 2), .mac_len = MAC_LEN};
    struct call *c = calloc(1, sizeof *c);
    assert(c);
    for (uint8_t i = 0; i < MAC_LEN; i++)
        at.key.secret[i] = i;
    memcpy(sent.mac, request + request_len - MAC_AT, MAC_LEN);
    arena_init(&c->arena, 1u << 20);
    c->kind = len && bytes[0] & 1 ? CALL_ZONES : CALL_CHANGE;
    c->api = API_RFC2136;
    c->zone = TEXT("example.com");
    c->changes_len = 1;
    if (len)
        update_decode(c, &sent, &at, bytes + 1, len - 1,
                      SPAN_S((int64_t)number(request + request_len - SIGNED_AT, 6)));
    if (len)
        answer_is_sound(c, bytes + 1, len - 1);
    arena_clear(&c->arena);
    free(c);
    return 0;
}
