/*
 * Authenticates requests. The request is put into canonical form from the bytes on the wire, signed
 * with the secret of the named key, and compared. No code is shared with the product's signing: a
 * mistake there must not be forgiven here. Source: AWS, "Create a signed AWS API request"
 * (Signature Version 4, header form).
 */
#include "base/escape.h"
#include "sim.h"

#include "base/hex.h"
#include "crypto/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM     "AWS4-HMAC-SHA256"
#define CANONICAL_MAX (512u << 10) /* headers of 64 KB, a query of as much, both encoded again */
#define WINDOW        SPAN_M(15)

#define GLOBAL_REGION "us-east-1" /* signs for what has one endpoint in the partition */

/* The Authorization header, taken apart. */
struct claim {
    struct text key_id, date, region, service, terminator;
    struct text scope; /* date/region/service/aws4_request */
    struct text signed_headers, signature;
};

/* "Name=value" of the comma-separated parts; at == NULL: absent. */
static struct text part_of(struct text parts, const char *name)
{
    while (parts.len) {
        struct text value = text_trim(text_cut(&parts, ','));
        struct text part = text_cut(&value, '=');
        if (text_eq(part, text_of(name)))
            return value;
    }
    return TEXT_NONE;
}

static bool claim_parse(struct claim *c, struct text header)
{
    if (!text_starts(header, TEXT(ALGORITHM " ")))
        return false;
    struct text parts = text_from(header, sizeof ALGORITHM);
    struct text rest = part_of(parts, "Credential");
    c->signed_headers = part_of(parts, "SignedHeaders");
    c->signature = part_of(parts, "Signature");
    c->key_id = text_cut(&rest, '/');
    c->scope = rest;
    c->date = text_cut(&rest, '/');
    c->region = text_cut(&rest, '/');
    c->service = text_cut(&rest, '/');
    c->terminator = rest;
    return c->key_id.len && c->signed_headers.len && c->signature.len && c->region.len &&
           c->region.len <= 32 && text_eq(c->terminator, TEXT("aws4_request"));
}

/* Canonical request */

/* Empty and "." segments go, ".." takes one back; what stays is encoded once more. */
static bool canonical_path(struct buf *out, struct text path)
{
    struct text segments[64], rest = text_from(path, 1);
    uint32_t len = 0;
    bool slash = true;
    while (rest.at) {
        struct text segment = text_cut(&rest, '/');
        bool up = text_eq(segment, TEXT(".."));
        slash = up || segment.len == 0 || text_eq(segment, TEXT("."));
        if (up && len)
            len--;
        else if (!slash && len == 64)
            return false;
        else if (!slash)
            segments[len++] = segment;
    }
    for (uint32_t i = 0; i < len; i++) {
        buf_add_char(out, '/');
        escape_percent(out, segments[i]);
    }
    if (slash || len == 0)
        buf_add_char(out, '/');
    return true;
}

static int pair_cmp(const void *left, const void *right)
{
    const struct header *a = left, *b = right;
    int order = text_cmp(a->name, b->name);
    return order ? order : text_cmp(a->value, b->value);
}

static struct text encoded(struct text t, struct arena *arena)
{
    struct buf b;
    buf_init(&b, CANONICAL_MAX);
    escape_percent(&b, percent_decode(t, false, arena));
    struct text copy = b.failed ? TEXT_NONE : arena_text(arena, buf_text(&b));
    buf_clear(&b);
    return copy;
}

static bool canonical_query(struct buf *out, struct text query, struct arena *arena)
{
    struct header pairs[SIM_QUERY_MAX] = {{.name = TEXT_NONE}};
    uint32_t len = 0;
    while (query.len) {
        struct text value = text_cut(&query, '&'), name = text_cut(&value, '=');
        if (len == SIM_QUERY_MAX)
            return false;
        pairs[len++] = (struct header){encoded(name, arena), encoded(value, arena)};
    }
    qsort(pairs, len, sizeof pairs[0], pair_cmp);
    for (uint32_t i = 0; i < len; i++)
        buf_add_fmt(out, "%s" TEXT_FMT "=" TEXT_FMT, i ? "&" : "", TEXT_ARG(pairs[i].name),
                    TEXT_ARG(pairs[i].value));
    return true;
}

/* All values of that name in the order of arrival. */
static bool canonical_header(struct buf *out, const struct exchange *x, struct text name)
{
    bool found = false;
    for (uint32_t i = 0; i < x->headers_len; i++) {
        if (!text_eq_nocase(x->headers[i].name, name))
            continue;
        if (found)
            buf_add_char(out, ',');
        else
            buf_add_fmt(out, TEXT_FMT ":", TEXT_ARG(name));
        /* Runs of blanks become one. */
        struct text value = x->headers[i].value;
        value = text_trim(value);
        for (size_t k = 0; k < value.len; k++)
            if (value.at[k] != ' ' || value.at[k - 1] != ' ')
                buf_add_char(out, value.at[k]);
        found = true;
    }
    buf_add_char(out, '\n');
    return found;
}

static bool canonical_request(struct buf *out, const struct exchange *x, const struct claim *c,
                              struct arena *arena)
{
    char body_hash[SHA256_HEX_LEN];
    struct text names = c->signed_headers, before = TEXT_NONE;
    buf_add_text(out, x->method);
    buf_add_char(out, '\n');
    if (!canonical_path(out, x->path))
        return false;
    buf_add_char(out, '\n');
    if (!canonical_query(out, x->query, arena))
        return false;
    buf_add_char(out, '\n');
    while (names.len) {
        struct text name = text_cut(&names, ';');
        if (text_cmp(name, before) <= 0 || !canonical_header(out, x, name))
            return false;
        before = name;
    }
    buf_add_char(out, '\n');
    buf_add_text(out, c->signed_headers);
    bool hashed = sha256_hex(x->body, body_hash);
    buf_add_fmt(out, "\n%s", body_hash);
    return hashed && !out->failed;
}

/* Checks */

static bool is_signed(const struct claim *c, struct text name)
{
    struct text names = c->signed_headers;
    while (names.len)
        if (text_eq(text_cut(&names, ';'), name))
            return true;
    return false;
}

/* What would let a request be changed on its way must be under the signature. */
static bool covers_enough(const struct exchange *x, const struct claim *c)
{
    if (!is_signed(c, TEXT("host")))
        return false;
    for (uint32_t i = 0; i < x->headers_len; i++) {
        char lower[64];
        struct text name = x->headers[i].name;
        if (name.len > sizeof lower)
            continue;
        for (size_t n = 0; n < name.len; n++)
            lower[n] = char_lower(name.at[n]);
        name.at = lower;
        bool matters = text_starts(name, TEXT("x-amz-")) || text_eq(name, TEXT("content-type"));
        if (matters && !is_signed(c, name))
            return false;
    }
    return true;
}

/* "20150830T123600Z" */
static bool date_parse(struct text t, instant_us *out)
{
    char iso[24];
    if (t.len != 16 || t.at[8] != 'T')
        return false;
    snprintf(iso, sizeof iso, "%.4s-%.2s-%.5s:%.2s:%.3s", t.at, t.at + 4, t.at + 6, t.at + 11,
             t.at + 13);
    return when_parse(text_of(iso), out);
}

static bool date_check(struct exchange *x, struct text date)
{
    char now[WHEN_LEN], edge[WHEN_LEN], message[160];
    instant_us at;
    if (!date_parse(date, &at)) {
        exchange_trouble(x, TROUBLE_INCOMPLETE_SIGNATURE,
                         "Date must be in ISO-8601 'basic format'.");
        return false;
    }
    if (at >= x->real - WINDOW && at <= x->real + WINDOW)
        return true;
    bool past = at < x->real;
    snprintf(message, sizeof message, "Signature %s: " TEXT_FMT " is %s than %s (%s %c 15 min.)",
             past ? "expired" : "not yet current", TEXT_ARG(date),
             past ? "now earlier" : "still later",
             when_format_basic(past ? x->real - WINDOW : x->real + WINDOW, edge),
             when_format_basic(x->real, now), past ? '-' : '+');
    exchange_trouble(x, TROUBLE_REQUEST_EXPIRED, message);
    return false;
}

static bool scope_check(struct exchange *x, const struct claim *c, struct text date)
{
    const char *service = protocol_service(x->protocol);
    char message[96];
    snprintf(message, sizeof message, "Credential should be scoped to correct service: '%s'.",
             service);
    if (!text_eq(c->service, text_of(service)))
        exchange_trouble(x, TROUBLE_SIGNATURE_WRONG, message);
    else if ((x->protocol == PROTOCOL_ROUTE53 || x->protocol == PROTOCOL_ORGANIZATIONS) &&
             !text_eq(c->region, TEXT(GLOBAL_REGION)))
        exchange_trouble(x, TROUBLE_SIGNATURE_WRONG,
                         "Credential should be scoped to a valid region.");
    else if (!text_eq(c->date, text_slice(date, 0, 8)))
        exchange_trouble(x, TROUBLE_SIGNATURE_WRONG,
                         "Date in Credential scope does not match YYYYMMDD from ISO-8601 version "
                         "of date from HTTP.");
    else
        return true;
    return false;
}

/* Signature Version 4: the signature of string_to_sign with the key of that day and scope. */
static bool sigv4_hex(struct text secret, const struct claim *c, struct text string_to_sign,
                      char out[SHA256_HEX_LEN])
{
    sha256_t key;
    unsigned char first[256] = "AWS4";
    if (secret.len > sizeof first - 4)
        return false;
    memcpy(first + 4, secret.at, secret.len);
    bool ok = sha256_hmac(first, secret.len + 4, c->date, key) &&
              sha256_hmac(key, sizeof key, c->region, key) &&
              sha256_hmac(key, sizeof key, c->service, key) &&
              sha256_hmac(key, sizeof key, TEXT("aws4_request"), key) &&
              sha256_hmac(key, sizeof key, string_to_sign, key);
    if (ok)
        hex_write(key, sizeof key, out);
    return ok;
}

static bool signature_check(struct exchange *x, const struct claim *c, struct text date,
                            const struct sim_key *key)
{
    char hash[SHA256_HEX_LEN], want[SHA256_HEX_LEN];
    struct buf b;
    buf_init(&b, CANONICAL_MAX);
    bool ok = covers_enough(x, c) && canonical_request(&b, x, c, &x->arena) &&
              sha256_hex(buf_text(&b), hash);
    if (ok) {
        buf_reset(&b);
        buf_add_fmt(&b, ALGORITHM "\n" TEXT_FMT "\n" TEXT_FMT "\n%s", TEXT_ARG(date),
                    TEXT_ARG(c->scope), hash);
        ok = sigv4_hex(key->secret, c, buf_text(&b), want) && text_eq(c->signature, text_of(want));
    }
    buf_clear(&b);
    if (!ok)
        exchange_trouble(x, TROUBLE_SIGNATURE_WRONG, NULL);
    return ok;
}

static void key_take(struct exchange *x, const struct sim_key *key)
{
    x->account = key->account;
    x->caller_arn = key->arn;
    x->key_id = key->id;
    x->deny = key->deny;
    x->only = key->only;
    x->state = key->state;
}

static const struct sim_key *key_check(struct sim *s, struct exchange *x, const struct claim *c)
{
    pthread_mutex_lock(&s->lock);
    const struct sim_key *key = keyring_find(&s->keys, c->key_id);
    pthread_mutex_unlock(&s->lock);
    if (!key || !text_eq(key->token, exchange_header(x, "x-amz-security-token"))) {
        exchange_trouble(x, TROUBLE_KEY_UNKNOWN, NULL);
        return NULL;
    }
    key_take(x, key);
    x->region = arena_text(&x->arena, c->region);
    if (!organization_has_region(s, x->account, x->region)) {
        exchange_trouble(x, TROUBLE_KEY_UNKNOWN, NULL);
        return NULL;
    }
    if (x->real >= key->expires) {
        exchange_trouble(x, TROUBLE_TOKEN_EXPIRED, NULL);
        return NULL;
    }
    return key;
}

static bool lane_enter(struct sim *s, struct exchange *x)
{
    if (x->protocol == PROTOCOL_ROUTE53 || x->protocol == PROTOCOL_ORGANIZATIONS)
        return true; /* one service for all Regions */
    pthread_mutex_lock(&s->lock);
    bool ok = ses_model_lane(&s->model, x->account, x->region, &x->lane);
    pthread_mutex_unlock(&s->lock);
    if (!ok)
        exchange_trouble(x, TROUBLE_INTERNAL, "There is no room for another Region.");
    return ok;
}

bool auth_check(struct sim *s, struct exchange *x)
{
    struct claim c;
    struct text header = exchange_header(x, "authorization");
    struct text date = exchange_header(x, "x-amz-date");
    if (!header.at) {
        exchange_trouble(x, TROUBLE_NO_AUTHENTICATION, NULL);
        return false;
    }
    if (!claim_parse(&c, header) || !date.at) {
        exchange_trouble(x, TROUBLE_INCOMPLETE_SIGNATURE, NULL);
        return false;
    }
    const struct sim_key *key = key_check(s, x, &c);
    return key && date_check(x, date) && scope_check(x, &c, date) &&
           signature_check(x, &c, date, key) && lane_enter(s, x);
}

/* Cloudflare's tokens are no signatures: whoever has one may use it (RFC 6750). */
bool bearer_check(struct sim *s, struct exchange *x)
{
    struct text header = exchange_header(x, "authorization");
    struct text token = text_from(header, sizeof "Bearer " - 1);
    if (!header.at) {
        exchange_trouble(x, TROUBLE_NO_AUTHENTICATION, NULL);
        return false;
    }
    if (!text_starts(header, TEXT("Bearer ")) || token.len == 0 || !text_is_visible(token)) {
        exchange_trouble(x, TROUBLE_INCOMPLETE_SIGNATURE, NULL);
        return false;
    }
    bool verifies = text_eq(text_of(x->action), TEXT(CLOUDFLARE_VERIFY));
    pthread_mutex_lock(&s->lock);
    const struct sim_key *key = keyring_bearer(&s->keys, token);
    pthread_mutex_unlock(&s->lock);
    if (key)
        key_take(x, key);
    bool is_known = key && (verifies || !text_eq(x->state, TEXT("disabled")));
    if (!key && verifies)
        exchange_fail(x, 401, "1000", "Invalid API Token");
    else if (!is_known)
        exchange_trouble(x, TROUBLE_KEY_UNKNOWN, NULL);
    return is_known;
}
