/*
 * From a request, an instant and a key to a signature. Invariant: no derived key outlives its
 * function; all derived keys are wiped.
 */
#include "sign.h"

#include "base/bounds.h"
#include "base/escape.h"
#include "base/hex.h"
#include "crypto/sha256.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_LEN  8 /* YYYYMMDD */

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
    for (size_t i = 0; i < t.len; i++)
        buf_add_char(out, char_lower(t.at[i]));
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
        bool space = false, begun = false;
        for (size_t k = 0; k < list->at[i].value.len; k++) {
            char c = list->at[i].value.at[k];
            if (c == ' ' || (c >= '\t' && c <= '\r')) {
                space = true;
                continue;
            }
            if (space && begun)
                buf_add_char(out, ' ');
            buf_add_char(out, c);
            space = false;
            begun = true;
        }
    }
    buf_add_char(out, '\n');
    buf_add_char(out, '\n');
    signed_headers(out, list);
    buf_add_char(out, '\n');
    buf_add_str(out, s->body_hash);
}

static void add_scope(struct buf *out, const struct signature *s, const struct sign_options *o)
{
    buf_add(out, s->date, DATE_LEN);
    buf_add_fmt(out, "/" TEXT_FMT "/" TEXT_FMT "/aws4_request", TEXT_ARG(o->region),
                TEXT_ARG(o->service));
}

static bool add_string_to_sign(struct signature *s, const struct sign_options *options)
{
    char hash[SHA256_HEX_LEN];
    if (!sha256_hex(buf_text(&s->canonical_request), hash))
        return false;
    buf_add_fmt(&s->string_to_sign, ALGORITHM "\n%s\n", s->date);
    add_scope(&s->string_to_sign, s, options);
    buf_add_fmt(&s->string_to_sign, "\n%s", hash);
    return true;
}

/* HMAC over HMAC: "AWS4" + secret, date, Region, service, "aws4_request", then the string. */
static bool sign_string(struct signature *s, const struct sign_options *options,
                        const struct credentials *cred)
{
    char first[4 + CREDENTIAL_SECRET_LEN] = "AWS4";
    sha256_t key;
    size_t secret_len = strnlen(cred->secret_access_key, CREDENTIAL_SECRET_LEN - 1);
    memcpy(first + 4, cred->secret_access_key, secret_len);
    bool ok = sha256_hmac(first, 4 + secret_len, (struct text){s->date, DATE_LEN}, key) &&
              sha256_hmac(key, SHA256_BYTES, options->region, key) &&
              sha256_hmac(key, SHA256_BYTES, options->service, key) &&
              sha256_hmac(key, SHA256_BYTES, TEXT("aws4_request"), key) &&
              sha256_hmac(key, SHA256_BYTES, buf_text(&s->string_to_sign), key);
    if (ok)
        hex_write(key, sizeof key, s->hex);
    explicit_bzero(first, sizeof first);
    explicit_bzero(key, sizeof key);
    return ok;
}

enum err sign_request(struct signature *s, const struct sign_request *request,
                      const struct sign_options *options, const struct credentials *cred,
                      struct why *why)
{
    struct header_list list = {.len = 0};
    if (request->headers_len > SIGN_HEADERS_MAX - 3)
        return why_set(why, ERR_INPUT, "a request has more than %d headers", SIGN_HEADERS_MAX - 3);
    if (!when_format_basic(options->at, s->date)[0])
        return why_set(why, ERR_INPUT, "a request cannot be signed without a time");
    if (!sha256_hex(request->body, s->body_hash))
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
    if (!add_string_to_sign(s, options) || !sign_string(s, options, cred))
        return why_set(why, ERR_NOMEM, "the crypto library cannot sign");
    buf_add_fmt(&s->authorization, ALGORITHM " Credential=%s/", cred->access_key_id);
    add_scope(&s->authorization, s, options);
    buf_add_str(&s->authorization, ", SignedHeaders=");
    signed_headers(&s->authorization, &list);
    buf_add_fmt(&s->authorization, ", Signature=%s", s->hex);
    if (s->string_to_sign.failed || s->authorization.failed)
        return why_set(why, ERR_LIMIT, "a signature is too long");
    return OK;
}
