/*
 * From a request, an instant and a key to a signature. Invariant: a derived key outlives its
 * function in a signer alone, beside the secret and the scope that it was derived from and is good
 * for; all derived keys are wiped.
 */
#include "sign.h"

#include "base/bounds.h"
#include "base/escape.h"
#include "base/hex.h"
#include "crypto/sha256.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_LEN  8 /* YYYYMMDD */

/* A derived key with what it depends on. All zero: none yet. */
struct kept_key {
    char scope[SIGN_SCOPE_LEN];
    char secret[CREDENTIAL_SECRET_LEN];
    sha256_t key;
};

struct signer {
    struct sha256 *hash;
    struct kept_key *keys; /* one for each lane */
    uint32_t lanes;
};

struct signer *signer_new(uint32_t lanes)
{
    struct signer *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->hash = sha256_new();
    s->keys = calloc(lanes + 1u, sizeof *s->keys);
    s->lanes = lanes;
    if (s->hash && s->keys)
        return s;
    signer_free(s);
    return NULL;
}

void signer_free(struct signer *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; s->keys && i < s->lanes; i++)
        if (s->keys[i].scope[0])
            explicit_bzero(&s->keys[i], sizeof s->keys[i]);
    free(s->keys);
    sha256_free(s->hash);
    free(s);
}

void signature_init(struct signature *s)
{
    *s = (struct signature){0};
    buf_init(&s->canonical_request, SIGN_TEXT_MAX);
    buf_init(&s->string_to_sign, SIGN_TEXT_MAX);
    buf_init(&s->authorization, SIGN_TEXT_MAX);
}

void signature_clear(struct signature *s)
{
    buf_wipe(&s->canonical_request);
    buf_wipe(&s->string_to_sign);
    buf_wipe(&s->authorization);
    explicit_bzero(s, sizeof *s);
    signature_init(s);
}

/* Canonical path: dot segments and doubled slashes go (RFC 3986, section 5.2.4, and further), then
 * every segment is encoded once more, as in all services but S3. */

static void path_normalize(struct buf *out, struct text path)
{
    bool ends_in_slash = false;
    struct text rest = text_from(path, path.at[0] == '/');
    while (rest.at) {
        struct text segment = text_cut(&rest, '/');
        bool up = text_eq(segment, TEXT(".."));
        ends_in_slash = up || segment.len == 0 || text_eq(segment, TEXT("."));
        if (up) {
            while (out->len && out->at[out->len - 1] != '/')
                out->len--;
            if (out->len)
                out->len--;
        } else if (!ends_in_slash) {
            buf_add_char(out, '/');
            buf_add_text(out, segment);
        }
    }
    if (ends_in_slash || out->len == 0)
        buf_add_char(out, '/');
}

static void canonical_path(struct buf *out, struct text path, bool keep)
{
    struct buf normal;
    if (path.len == 0)
        path = TEXT("/");
    buf_init(&normal, out->max);
    if (keep)
        buf_add_text(&normal, path);
    else
        path_normalize(&normal, path);
    out->failed |= normal.failed;
    if (!normal.failed) {
        struct text rest = text_from(buf_text(&normal), buf_text(&normal).at[0] == '/');
        while (rest.at) {
            buf_add_char(out, '/');
            escape_percent(out, text_cut(&rest, '/'));
        }
    }
    buf_clear(&normal);
}

/* Canonical query: every name and value encoded exactly once, sorted by encoded name and value. */

static int hex_value(char c)
{
    c = char_lower(c);
    return char_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes encoded bytes, then encodes all, so no byte is encoded twice. */
static void add_encoded_once(struct buf *out, struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        int high = i + 2 < t.len ? hex_value(t.at[i + 1]) : -1;
        int low = i + 2 < t.len ? hex_value(t.at[i + 2]) : -1;
        if (c == '%' && high >= 0 && low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        }
        escape_percent(out, (struct text){&c, 1});
    }
}

struct query_pair {
    size_t name_start, name_len, value_len; /* in the buf of encoded pairs; '=' between */
    const struct buf *encoded;
};

static int query_pair_cmp(const void *left, const void *right)
{
    const struct query_pair *a = left, *b = right;
    const char *bytes_a = a->encoded->at + a->name_start, *bytes_b = b->encoded->at + b->name_start;
    int order = text_cmp((struct text){bytes_a, a->name_len}, (struct text){bytes_b, b->name_len});
    if (order)
        return order;
    return text_cmp((struct text){bytes_a + a->name_len + 1, a->value_len},
                    (struct text){bytes_b + b->name_len + 1, b->value_len});
}

static void canonical_query(struct buf *out, struct text query)
{
    struct query_pair pairs[SIGN_QUERY_MAX];
    size_t len = 0;
    struct buf encoded;
    buf_init(&encoded, out->max);
    while (query.at) {
        struct text raw = text_cut(&query, '&');
        if (raw.len == 0)
            continue;
        if (len == SIGN_QUERY_MAX || encoded.failed) {
            encoded.failed = true;
            break;
        }
        struct query_pair pair = {.name_start = encoded.len, .encoded = &encoded};
        struct text value = raw, name = text_cut(&value, '=');
        add_encoded_once(&encoded, name);
        pair.name_len = encoded.len - pair.name_start;
        buf_add_char(&encoded, '=');
        add_encoded_once(&encoded, value);
        pair.value_len = encoded.len - pair.name_start - pair.name_len - 1;
        pairs[len++] = pair;
    }
    out->failed |= encoded.failed;
    if (!encoded.failed)
        qsort(pairs, len, sizeof pairs[0], query_pair_cmp);
    for (size_t i = 0; i < len && !out->failed; i++) {
        if (i)
            buf_add_char(out, '&');
        buf_add(out, encoded.at + pairs[i].name_start, pairs[i].name_len + 1 + pairs[i].value_len);
    }
    buf_clear(&encoded);
}

/* Canonical headers: names in lower case and sorted, values of one name joined by commas in the
 * order they came, every run of white space one space. */

struct header_list {
    struct sign_header at[SIGN_HEADERS_MAX];
    uint32_t len;
};

static int name_cmp(struct text a, struct text b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shorter; i++) {
        int order = (unsigned char)char_lower(a.at[i]) - (unsigned char)char_lower(b.at[i]);
        if (order)
            return order;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

/* Sorted by insertion: a handful of headers, and equal names must keep their order. */
static void header_insert(struct header_list *list, struct sign_header header)
{
    assert(list->len < SIGN_HEADERS_MAX);
    uint32_t i = list->len++;
    for (; i > 0 && name_cmp(list->at[i - 1].name, header.name) > 0; i--)
        list->at[i] = list->at[i - 1];
    list->at[i] = header;
}

static void add_lower(struct buf *out, struct text t)
{
    char part[32];
    for (size_t len; t.len; t = text_from(t, len)) {
        len = t.len < sizeof part ? t.len : sizeof part;
        for (size_t i = 0; i < len; i++)
            part[i] = char_lower(t.at[i]);
        buf_add(out, part, len);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Run by run: what is not blank goes out, with one space between two. */
static void add_value(struct buf *out, struct text value)
{
    bool begun = false;
    for (size_t i = 0, end = 0; i < value.len; i = end) {
        while (end < value.len && is_blank(value.at[end]) == is_blank(value.at[i]))
            end++;
        if (is_blank(value.at[i]))
            continue;
        if (begun)
            buf_add_char(out, ' ');
        buf_add(out, value.at + i, end - i);
        begun = true;
    }
}

static bool same_name_as_last(const struct header_list *list, uint32_t i)
{
    /* cppcheck-suppress arrayIndexOutOfBoundsCond ; takes a loop's end for its last round */
    return i > 0 && name_cmp(list->at[i - 1].name, list->at[i].name) == 0;
}

static void signed_headers(struct buf *out, const struct header_list *list)
{
    for (uint32_t i = 0; i < list->len; i++) {
        if (same_name_as_last(list, i))
            continue;
        if (i)
            buf_add_char(out, ';');
        add_lower(out, list->at[i].name);
    }
}

/* The steps */

static void add_header(struct signature *s, struct text name, struct text value)
{
    s->added[s->added_len++] = (struct sign_header){name, value};
}

static void add_canonical(struct signature *s, const struct header_list *list,
                          const struct sign_request *request, const struct sign_options *options)
{
    struct buf *out = &s->canonical_request;
    buf_add_text(out, request->method);
    buf_add_char(out, '\n');
    canonical_path(out, request->path, options->keep_path);
    buf_add_char(out, '\n');
    canonical_query(out, request->query);
    buf_add_char(out, '\n');
    for (uint32_t i = 0; i < list->len; i++) {
        if (same_name_as_last(list, i))
            buf_add_char(out, ',');
        else {
            if (i)
                buf_add_char(out, '\n');
            add_lower(out, list->at[i].name);
            buf_add_char(out, ':');
        }
        add_value(out, list->at[i].value);
    }
    buf_add_char(out, '\n');
    buf_add_char(out, '\n');
    signed_headers(out, list);
    buf_add_char(out, '\n');
    buf_add_str(out, s->body_hash);
}

static bool scope_make(struct signature *s, const struct sign_options *o)
{
    int len = snprintf(s->scope, sizeof s->scope, "%.*s/" TEXT_FMT "/" TEXT_FMT "/aws4_request",
                       DATE_LEN, s->date, TEXT_ARG(o->region), TEXT_ARG(o->service));
    return len > 0 && (size_t)len < sizeof s->scope;
}

static bool add_string_to_sign(struct signature *s, struct sha256 *hash)
{
    char hex[SHA256_HEX_LEN];
    if (!sha256_take_hex(hash, buf_text(&s->canonical_request), hex))
        return false;
    buf_add_fmt(&s->string_to_sign, ALGORITHM "\n%s\n%s\n%s", s->date, s->scope, hex);
    return true;
}

/* HMAC over HMAC: "AWS4" + secret, date, Region, service, "aws4_request". */
static bool key_derive(sha256_t key, const struct signature *s, const struct sign_options *options,
                       const char *secret, struct sha256 *hash)
{
    char first[4 + CREDENTIAL_SECRET_LEN] = "AWS4";
    size_t secret_len = strnlen(secret, CREDENTIAL_SECRET_LEN - 1);
    memcpy(first + 4, secret, secret_len);
    bool ok =
        sha256_take_hmac(hash, first, 4 + secret_len, (struct text){s->date, DATE_LEN}, key) &&
        sha256_take_hmac(hash, key, SHA256_BYTES, options->region, key) &&
        sha256_take_hmac(hash, key, SHA256_BYTES, options->service, key) &&
        sha256_take_hmac(hash, key, SHA256_BYTES, TEXT("aws4_request"), key);
    explicit_bzero(first, sizeof first);
    return ok;
}

/* The key of the day: remembered, or derived and remembered. */
static bool key_take(sha256_t key, const struct signature *s, const struct sign_options *options,
                     const char *secret, struct sha256 *hash)
{
    struct signer *signer = options->signer;
    struct kept_key *kept = signer ? &signer->keys[options->lane] : NULL;
    assert(!signer || options->lane < signer->lanes);
    if (kept && strcmp(kept->scope, s->scope) == 0 && strcmp(kept->secret, secret) == 0) {
        memcpy(key, kept->key, SHA256_BYTES);
        return true;
    }
    if (kept)
        explicit_bzero(kept, sizeof *kept);
    bool ok = key_derive(key, s, options, secret, hash);
    if (ok && kept) {
        memcpy(kept->scope, s->scope, sizeof s->scope);
        memcpy(kept->secret, secret, strnlen(secret, CREDENTIAL_SECRET_LEN - 1));
        memcpy(kept->key, key, SHA256_BYTES);
    }
    return ok;
}

static bool sign_string(struct signature *s, const struct sign_options *options,
                        const struct credentials *cred, struct sha256 *hash)
{
    sha256_t key;
    bool ok = key_take(key, s, options, cred->secret_access_key, hash) &&
              sha256_take_hmac(hash, key, SHA256_BYTES, buf_text(&s->string_to_sign), key);
    if (ok)
        hex_write(key, sizeof key, s->hex);
    explicit_bzero(key, sizeof key);
    return ok;
}

static enum err sign_by(struct signature *s, const struct sign_request *request,
                        const struct sign_options *options, const struct credentials *cred,
                        struct sha256 *hash, struct why *why)
{
    struct header_list list = {.len = 0};
    if (request->headers_len > SIGN_HEADERS_MAX - 3)
        return why_set(why, ERR_INPUT, "a request has more than %d headers", SIGN_HEADERS_MAX - 3);
    if (!when_format_basic(options->at, s->date)[0])
        return why_set(why, ERR_INPUT, "a request cannot be signed without a time");
    if (!scope_make(s, options))
        return why_set(why, ERR_LIMIT, "a signature is too long");
    if (!sha256_take_hex(hash, request->body, s->body_hash))
        return why_set(why, ERR_NOMEM, "the crypto library cannot hash");
    for (uint32_t i = 0; i < request->headers_len; i++)
        header_insert(&list, request->headers[i]);
    if (cred->session_token[0]) {
        add_header(s, TEXT("X-Amz-Security-Token"), text_of(cred->session_token));
        if (!options->omit_session_token)
            header_insert(&list, s->added[0]);
    }
    add_header(s, TEXT("X-Amz-Date"), text_of(s->date));
    header_insert(&list, s->added[s->added_len - 1]);
    if (options->sign_body) {
        add_header(s, TEXT("x-amz-content-sha256"), text_of(s->body_hash));
        header_insert(&list, s->added[s->added_len - 1]);
    }
    add_canonical(s, &list, request, options);
    if (s->canonical_request.failed)
        return why_set(why, ERR_LIMIT, "a request is too long to be signed");
    if (!add_string_to_sign(s, hash) || !sign_string(s, options, cred, hash))
        return why_set(why, ERR_NOMEM, "the crypto library cannot sign");
    buf_add_fmt(&s->authorization,
                ALGORITHM " Credential=%s/%s, SignedHeaders=", cred->access_key_id, s->scope);
    signed_headers(&s->authorization, &list);
    buf_add_fmt(&s->authorization, ", Signature=%s", s->hex);
    if (s->string_to_sign.failed || s->authorization.failed)
        return why_set(why, ERR_LIMIT, "a signature is too long");
    return OK;
}

enum err sign_request(struct signature *s, const struct sign_request *request,
                      const struct sign_options *options, const struct credentials *cred,
                      struct why *why)
{
    struct sha256 *own = options->signer ? NULL : sha256_new();
    struct sha256 *hash = options->signer ? options->signer->hash : own;
    enum err err = hash ? sign_by(s, request, options, cred, hash, why)
                        : why_set(why, ERR_NOMEM, "the crypto library cannot hash");
    sha256_free(own);
    return err;
}
