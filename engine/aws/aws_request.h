/*
 * The one door of this room: a call becomes a signed HTTP request, an HTTP answer becomes the
 * call's answer. No function here sends, waits or reads a clock, so tests can check every byte.
 *
 * The carrier's way with a call:
 *
 *     struct aws_request r;
 *     aws_request_init(&r);
 *     if (aws_request_make(&r, call, &lane->at, &credentials, now, &why) == OK)
 *         ... send r.method, r.url, r.headers and r.body; collect the answer in an aws_reply ...
 *         aws_reply_decode(call, &reply);
 *     aws_request_clear(&r);
 *
 * Every attempt is made and signed anew. A redirect must never be followed: the signature is meant
 * for one host only.
 */
#ifndef MF_AWS_REQUEST_H
#define MF_AWS_REQUEST_H

#include "aws/credentials/credentials.h"
#include "base/buf.h"
#include "calls/call.h"
#include "endpoints.h"

#define AWS_HEADERS_MAX 8

struct signer; /* sign.h */

/* Where the services of one Region are. */
struct aws_endpoints {
    struct endpoint ses, sesv2, sts;      /* by version 1, by version 2, STS */
    const struct endpoint *organizations; /* of the lane that an organization is asked by; else
                                             NULL */
};

/* Owned by its maker. Holds the session token: clear the request right after sending. */
struct aws_request {
    const char *method; /* "GET", "POST", "PUT" */
    struct buf url;     /* NUL-terminated; path and query are encoded as signed, so both must go out
                           unchanged (no dot-segment squashing) */
    struct buf
        headers[AWS_HEADERS_MAX]; /* "Name: value", NUL-terminated, no line end: Host, X-Amz-Date,
                                     Authorization; Content-Type and X-Amz-Security-Token if any.
                                     Other headers may be added, but none of these again */
    uint32_t headers_len;
    struct buf body;       /* empty for GET; Content-Length is the carrier's to send */
    struct signer *signer; /* borrowed: remembers between requests, see sign.h; NULL: nothing is */
    uint32_t lane;         /* of the signer's */
};

void aws_request_init(struct aws_request *r);
void aws_request_clear(struct aws_request *r); /* wipes; fine after init and after itself */

/* Fills r (init'ed) for any kind but CALL_ASK. CALL_CALLER goes to STS, the kinds of an
 * organization to AWS Organizations, all others to SES. now is the signing instant, clock
 * correction included. Borrows nothing afterwards. ERR_INPUT: the call cannot be expressed, or the
 * host of the URL is not the endpoint's; ERR_LIMIT, ERR_NOMEM; then r is empty, the carrier sends
 * no request, and the reply is REPLY_NOT_SENT with *why as the message. */
enum err aws_request_make(struct aws_request *r, const struct call *c,
                          const struct aws_endpoints *at, const struct credentials *cred,
                          instant_us now, struct why *why);

/* A request in parts: source of both the signature and the sent bytes. The body is the request's.
 */
struct aws_parts {
    struct buf path, query;   /* encoded for the wire; query without the "?" */
    const char *content_type; /* NULL: no body */
    struct text target;       /* X-Amz-Target, by which JSON 1.1 names the action; empty: none */
};

/* For rooms with protocols of their own: finishes a request with method and body to *e. cred NULL:
 * unsigned, and the endpoint is not open. Errors as above. */
enum err aws_request_put(struct aws_request *r, const struct aws_parts *parts,
                         const struct endpoint *e, const struct credentials *cred, instant_us now,
                         struct why *why);
/* For the family: the same with a form as the body (Query protocol), to the root of *e. */
enum err aws_request_form(struct aws_request *r, const struct endpoint *e,
                          const struct credentials *cred, instant_us now, struct why *why);
/* One more header line. The failure of a longer line sticks in its buf. */
void aws_request_header(struct aws_request *r, struct text name, struct text value);

/* A whole HTTP answer. Header values without the spaces around them; empty when absent. Borrowed
 * for the length of aws_reply_decode. */
struct aws_reply {
    int http_status;
    struct text content_type;
    struct text error_type;    /* x-amzn-ErrorType */
    struct text request_id;    /* x-amzn-RequestId */
    struct text retry_after;   /* x-amz-retry-after, in milliseconds */
    struct text retry_after_s; /* Retry-After: seconds, or a date */
    struct text trace_id;      /* Cf-Ray: Cloudflare's request ID */
    struct text date, age;     /* Date, Age */
    struct text body;
};

/* Fills the call's answer: reply (how is REPLY_HTTP or REPLY_GARBLED) and the members of the call's
 * kind, copied into c->arena. Call call_answer_reset(c) before. For incomplete answers the carrier
 * fills reply by itself (REPLY_NOT_SENT, REPLY_LOST). */
void aws_reply_decode(struct call *c, const struct aws_reply *r);

/* For rooms with protocols of their own, once the body is decoded. The headers possible in every
 * answer of AWS: request ID, retry hint, date. */
void aws_reply_headers(struct call *c, const struct aws_reply *r);

#endif
