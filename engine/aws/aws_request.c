/*
 * Chooses the protocol, builds the request, checks the destination again, signs. Invariant: a
 * request leaving here is signed for exactly its bytes; a failed one is empty.
 */
#include "aws_request.h"

#include "http_date.h"
#include "organizations.h"
#include "query.h"
#include "reply.h"
#include "ses_v1.h"
#include "ses_v2.h"
#include "sign.h"
#include "sts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void aws_request_init(struct aws_request *r)
{
    *r = (struct aws_request){.method = "GET"};
    buf_init(&r->url, REQUEST_BODY_MAX);
    buf_init(&r->body, REQUEST_BODY_MAX);
    for (uint32_t i = 0; i < AWS_HEADERS_MAX; i++)
        buf_init(&r->headers[i], SIGN_TEXT_MAX);
}

void aws_request_clear(struct aws_request *r)
{
    buf_wipe(&r->url);
    buf_wipe(&r->body);
    for (uint32_t i = 0; i < AWS_HEADERS_MAX; i++)
        buf_wipe(&r->headers[i]);
    r->headers_len = 0;
}

/* READ_* and QUOTA exist in v1 only, GET, ENDPOINTS and ADVICE in v2 only, whatever the call says.
 */
static enum api api_of(const struct call *c)
{
    switch (c->kind) {
    case CALL_GET:
    case CALL_ENDPOINTS:
    case CALL_ADVICE: return API_V2;
    case CALL_LIST:
    case CALL_SET:
    case CALL_ACCOUNT: return c->api;
    default: return API_V1;
    }
}

static const struct endpoint *endpoint_of(const struct aws_endpoints *at, const struct call *c)
{
    if (c->kind == CALL_CALLER)
        return &at->sts;
    if (call_is_of_organization(c->kind))
        return at->organizations;
    return api_of(c) == API_V2 ? &at->sesv2 : &at->ses;
}

/* target: room for the action's name, for as long as the parts are used. */
static enum err parts_encode(struct aws_parts *p, struct aws_request *r, const struct call *c,
                             struct buf *target, struct why *why)
{
    if (call_is_of_organization(c->kind)) {
        r->method = "POST";
        buf_add_char(&p->path, '/');
        enum err err = organizations_encode(c, target, &r->body, why);
        p->content_type = ORGANIZATIONS_CONTENT_TYPE;
        p->target = buf_text(target);
        return err;
    }
    if (c->kind != CALL_CALLER && api_of(c) == API_V2) {
        enum err err = ses_v2_encode(c, &r->method, &p->path, &p->query, &r->body, why);
        p->content_type = r->body.len ? SES_V2_CONTENT_TYPE : NULL;
        return err;
    }
    r->method = "POST";
    p->content_type = QUERY_CONTENT_TYPE;
    buf_add_char(&p->path, '/');
    return c->kind == CALL_CALLER ? sts_encode(c, &r->body, why) : ses_v1_encode(c, &r->body, why);
}

static enum err url_make(struct aws_request *r, const struct aws_parts *p, const struct endpoint *e,
                         struct why *why)
{
    buf_add_str(&r->url, e->url);
    buf_add_text(&r->url, buf_text(&p->path));
    if (p->query.len) {
        buf_add_char(&r->url, '?');
        buf_add_text(&r->url, buf_text(&p->query));
    }
    if (r->url.failed)
        return why_set(why, ERR_LIMIT, "the request is too long");
    if (!endpoint_owns_url(e, buf_text(&r->url)))
        return why_set(why, ERR_INPUT, "the URL does not lead to %s so the request is not signed",
                       e->host);
    return OK;
}

void aws_request_header(struct aws_request *r, struct text name, struct text value)
{
    assert(r->headers_len < AWS_HEADERS_MAX);
    struct buf *line = &r->headers[r->headers_len++];
    buf_add_text(line, name);
    buf_add_str(line, ": ");
    buf_add_text(line, value);
}

/* cred NULL: the headers alone. */
static enum err headers_make(struct aws_request *r, const struct aws_parts *p,
                             const struct endpoint *e, const struct credentials *cred,
                             instant_us now, struct why *why)
{
    struct sign_header headers[3] = {{TEXT("Host"), text_of(e->host)},
                                     {TEXT("Content-Type"), text_of(p->content_type)},
                                     {TEXT("X-Amz-Target"), p->target}};
    struct sign_request request = {.method = text_of(r->method),
                                   .path = buf_text(&p->path),
                                   .query = buf_text(&p->query),
                                   .headers = headers,
                                   .headers_len = p->target.len     ? 3
                                                  : p->content_type ? 2
                                                                    : 1,
                                   .body = buf_text(&r->body)};
    struct sign_options options = {.region = text_of(e->region),
                                   .service = text_of(e->service),
                                   .at = now,
                                   .signer = r->signer,
                                   .lane = r->lane};
    struct signature s;
    signature_init(&s);
    enum err err = endpoint_admits(e, cred ? cred->access_key_id : NULL, why);
    if (!err && cred)
        err = sign_request(&s, &request, &options, cred, why);
    for (uint32_t i = 0; !err && i < request.headers_len; i++)
        aws_request_header(r, headers[i].name, headers[i].value);
    for (uint32_t i = 0; !err && i < s.added_len; i++)
        aws_request_header(r, s.added[i].name, s.added[i].value);
    if (!err && cred)
        aws_request_header(r, TEXT("Authorization"), buf_text(&s.authorization));
    signature_clear(&s);
    for (uint32_t i = 0; !err && i < r->headers_len; i++)
        if (r->headers[i].failed)
            err = why_set(why, ERR_LIMIT, "a header of the request is too long");
    return err;
}

enum err aws_request_put(struct aws_request *r, const struct aws_parts *parts,
                         const struct endpoint *e, const struct credentials *cred, instant_us now,
                         struct why *why)
{
    bool fits = !r->body.failed && !parts->path.failed && !parts->query.failed;
    enum err err =
        fits ? url_make(r, parts, e, why) : why_set(why, ERR_LIMIT, "the request is too long");
    if (!err)
        err = headers_make(r, parts, e, cred, now, why);
    if (err)
        aws_request_clear(r);
    return err;
}

enum err aws_request_form(struct aws_request *r, const struct endpoint *e,
                          const struct credentials *cred, instant_us now, struct why *why)
{
    struct aws_parts parts = {.content_type = QUERY_CONTENT_TYPE};
    r->method = "POST";
    buf_init(&parts.path, 1);
    buf_init(&parts.query, 0);
    buf_add_char(&parts.path, '/');
    enum err err = aws_request_put(r, &parts, e, cred, now, why);
    buf_clear(&parts.path);
    return err;
}

enum err aws_request_make(struct aws_request *r, const struct call *c,
                          const struct aws_endpoints *at, const struct credentials *cred,
                          instant_us now, struct why *why)
{
    const struct endpoint *e = endpoint_of(at, c);
    struct aws_parts parts = {.content_type = NULL};
    struct buf target;
    assert(c->kind != CALL_ASK && e);
    aws_request_clear(r);
    buf_init(&target, SIGN_TEXT_MAX);
    buf_init(&parts.path, REQUEST_BODY_MAX);
    buf_init(&parts.query, REQUEST_BODY_MAX);
    enum err err = parts_encode(&parts, r, c, &target, why);
    if (err)
        aws_request_clear(r);
    else
        err = aws_request_put(r, &parts, e, cred, now, why);
    buf_clear(&parts.path);
    buf_clear(&parts.query);
    buf_clear(&target);
    return err;
}

/* Emulators often have the whole of version 1 and little of version 2. SES itself says 404 of an
 * identity only, with a code. */
static void emulator_hint(struct call *c)
{
    struct reply *r = &c->reply;
    bool is_lacking = r->http_status == 404 || r->http_status == 405 || r->http_status == 501;
    bool is_of_ses = text_eq(text_of(r->code), TEXT("NotFoundException"));
    bool is_write =
        c->kind == CALL_SET || c->kind == CALL_ACCOUNT; /* of the account by --write-api */
    size_t used = strlen(r->message);
    if (api_of(c) == API_V2 && r->how == REPLY_HTTP && is_lacking && !is_of_ses)
        snprintf(r->message + used, sizeof r->message - used,
                 "; an emulator may lack version 2 of the SES API: try %s",
                 is_write ? "--write-api v1" : "--read-api v1");
}

void aws_reply_headers(struct call *c, const struct aws_reply *r)
{
    uint64_t ms;
    instant_us date;
    if (r->request_id.len)
        REPLY_PUT(c->reply.request_id, r->request_id);
    if (text_to_u64(r->retry_after, &ms))
        c->reply.retry_after_ms = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
    if (r->age.len == 0 && http_date_parse(r->date, &date))
        c->reply.server_date = date;
}

/* Only its documented answer accepts a write. A proxy in between can answer 200 with a page of its
 * own, or with an empty body; AWS numbers every answer. */
static void write_vet(struct call *c, const struct aws_reply *r)
{
    struct text given = text_trim(text_slice(r->content_type, 0, text_find(r->content_type, ';')));
    bool fits = api_of(c) == API_V2 ? text_eq_nocase(given, TEXT("application/json"))
                                    : text_eq_nocase(given, TEXT("text/xml")) ||
                                          text_eq_nocase(given, TEXT("application/xml"));
    if (c->reply.how != REPLY_HTTP || !HTTP_IS_OK(c->reply.http_status))
        return;
    if (given.len && !fits)
        reply_garble(&c->reply, "an answer of type " TEXT_FMT " is not SES's",
                     TEXT_ARG(text_slice(given, 0, 100)));
    else if ((!given.len || !r->body.len) && !c->reply.request_id[0])
        reply_garble(&c->reply, "an answer without a request ID is not SES's");
}

void aws_reply_decode(struct call *c, const struct aws_reply *r)
{
    assert(c->kind != CALL_ASK);
    if (c->kind == CALL_CALLER)
        sts_decode(c, r->http_status, r->body);
    else if (call_is_of_organization(c->kind))
        organizations_decode(c, r->http_status, r->error_type, r->body);
    else if (api_of(c) == API_V2)
        ses_v2_decode(c, r->http_status, r->error_type, r->body);
    else
        ses_v1_decode(c, r->http_status, r->body);
    aws_reply_headers(c, r);
    emulator_hint(c);
    if (call_changes_world(c->kind))
        write_vet(c, r);
}
