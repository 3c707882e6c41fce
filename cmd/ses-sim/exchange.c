/*
 * Duty: the answer's shape. Errors and results of the Query protocol are XML in an envelope, those
 * of v2 are JSON with the code in a header. Invariant: an error replaces whatever was written.
 */
#include "exchange.h"

#include "base/escape.h"
#include "base/json_out.h"

#include <stdarg.h>
#include <stdio.h>

#define ANSWER_MAX     (8u << 20) /* 1,000 listed identities of 320 characters, escaped, fit */
#define EXCHANGE_BYTES (8u << 20) /* a decoded request of REQUEST_BODY_MAX in small fields fits */

static const struct {
    const char *name, *service, *namespace;
} protocols[] = {
    [PROTOCOL_V1] = {"v1", "ses", "http://ses.amazonaws.com/doc/2010-12-01/"},
    [PROTOCOL_V2] = {"v2", "ses", ""},
    [PROTOCOL_STS] = {"sts", "sts", "https://sts.amazonaws.com/doc/2011-06-15/"},
    [PROTOCOL_ROUTE53] = {"route53", "route53", "https://route53.amazonaws.com/doc/2013-04-01/"},
    [PROTOCOL_CLOUDFLARE] = {"cloudflare", "", ""},
    [PROTOCOL_ORGANIZATIONS] = {"organizations", "organizations", ""},
    [PROTOCOL_SCRIPT] = {"script", "", ""},
};

const char *protocol_name(enum protocol p)
{
    return protocols[p].name;
}

const char *protocol_service(enum protocol p)
{
    return protocols[p].service;
}

void exchange_init(struct exchange *x)
{
    *x = (struct exchange){.status = 200, .action = "", .content_type = "text/xml"};
    arena_init(&x->arena, EXCHANGE_BYTES);
    buf_init(&x->out, ANSWER_MAX);
    snprintf(x->outcome, sizeof x->outcome, "ok");
}

void exchange_clear(struct exchange *x)
{
    arena_clear(&x->arena);
    buf_clear(&x->out);
}

struct text exchange_header(const struct exchange *x, const char *name)
{
    for (uint32_t i = 0; i < x->headers_len; i++)
        if (text_eq_nocase(x->headers[i].name, text_of(name)))
            return x->headers[i].value;
    return TEXT_NONE;
}

void exchange_names(struct exchange *x, struct text *identities, uint32_t len)
{
    x->identities = identities;
    x->identities_len = len;
}

/* XML */

void xml_element(struct buf *out, const char *name, struct text content)
{
    buf_add_fmt(out, "<%s>", name);
    escape_xml(out, content);
    buf_add_fmt(out, "</%s>", name);
}

/* Route 53 answers without the envelope of the Query protocol. */
void xml_rest_begin(struct exchange *x)
{
    buf_add_fmt(&x->out, "<?xml version=\"1.0\"?>\n<%sResponse xmlns=\"%s\">", x->action,
                protocols[x->protocol].namespace);
}

void xml_rest_end(struct exchange *x)
{
    buf_add_fmt(&x->out, "</%sResponse>", x->action);
}

void xml_begin(struct exchange *x)
{
    buf_add_fmt(&x->out, "<%sResponse xmlns=\"%s\">\n  <%sResult>", x->action,
                protocols[x->protocol].namespace, x->action);
}

void xml_end(struct exchange *x)
{
    buf_add_fmt(&x->out,
                "</%sResult>\n  <ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>\n"
                "</%sResponse>\n",
                x->action, x->request_id, x->action);
}

/* Errors */

static void fail_xml(struct exchange *x, struct text message)
{
    struct buf *out = &x->out;
    x->content_type = "text/xml";
    if (x->protocol == PROTOCOL_ROUTE53)
        buf_add_str(out, "<?xml version=\"1.0\"?>\n");
    buf_add_fmt(out, "<ErrorResponse xmlns=\"%s\">\n  <Error><Type>%s</Type>",
                protocols[x->protocol].namespace, x->status < 500 ? "Sender" : "Receiver");
    xml_element(out, "Code", text_of(x->outcome));
    xml_element(out, "Message", message);
    buf_add_fmt(out, "</Error>\n  <RequestId>%s</RequestId>\n</ErrorResponse>\n", x->request_id);
}

static void fail_cloudflare(struct exchange *x, struct text message)
{
    uint64_t code = 0;
    struct json_out j;
    text_to_u64(text_of(x->outcome), &code);
    x->content_type = "application/json";
    json_init(&j, &x->out);
    json_add_object(&j, NULL);
    json_add_bool(&j, "success", false);
    json_add_array(&j, "errors");
    json_add_object(&j, NULL);
    json_add_u64(&j, "code", code);
    json_add_text(&j, "message", message);
    json_end(&j);
    json_end(&j);
    json_add_array(&j, "messages");
    json_end(&j);
    json_add_null(&j, "result");
    json_end(&j);
}

static void fail_json(struct exchange *x, struct text message)
{
    bool is_rest = x->protocol == PROTOCOL_V2; /* which names the code in a header */
    x->content_type = is_rest ? "application/json" : ORGANIZATION_CONTENT_TYPE;
    struct json_out j;
    json_init(&j, &x->out);
    json_add_object(&j, NULL);
    if (!is_rest)
        json_add_word(&j, "__type", x->outcome);
    json_add_text(&j, is_rest ? "message" : "Message", message);
    json_end(&j);
}

void exchange_fail_text(struct exchange *x, unsigned status, const char *code, struct text message)
{
    buf_reset(&x->out);
    x->status = status;
    x->is_error = true;
    snprintf(x->outcome, sizeof x->outcome, "%s", code);
    if (x->protocol == PROTOCOL_V2 || x->protocol == PROTOCOL_ORGANIZATIONS)
        fail_json(x, message);
    else if (x->protocol == PROTOCOL_CLOUDFLARE)
        fail_cloudflare(x, message);
    else
        fail_xml(x, message);
}

void exchange_fail(struct exchange *x, unsigned status, const char *code, const char *fmt, ...)
{
    char message[2 * REPLY_MESSAGE_LEN];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    exchange_fail_text(x, status, code, text_of(message));
}

/* Route 53 has the words of v1, but one: of a signature that is too old. */
static const struct {
    const char *v1, *v2, *cloudflare;
    unsigned short status_v1, status_v2, status_cloudflare;
    const char *message, *message_cloudflare;
} troubles[] = {
    [TROUBLE_THROTTLED] = {"Throttling", "TooManyRequestsException", "971", 400, 429, 429,
                           "Rate exceeded",
                           "Please wait and consider throttling your request speed"},
    [TROUBLE_NO_AUTHENTICATION] = {"MissingAuthenticationToken",
                                   "MissingAuthenticationTokenException", "9106", 403, 403, 400,
                                   "Request is missing Authentication Token",
                                   "Missing X-Auth-Key, X-Auth-Email or Authorization headers"},
    [TROUBLE_INCOMPLETE_SIGNATURE] = {"IncompleteSignature", "IncompleteSignatureException", "6003",
                                      400, 400, 400,
                                      "The request signature does not conform to AWS standards.",
                                      "Invalid request headers"},
    [TROUBLE_KEY_UNKNOWN] = {"InvalidClientTokenId", "UnrecognizedClientException", "9109", 403,
                             403, 403, "The security token included in the request is invalid.",
                             "Invalid access token"},
    [TROUBLE_SIGNATURE_WRONG] =
        {"SignatureDoesNotMatch", "InvalidSignatureException", "9109", 403, 403, 403,
         "The request signature we calculated does not match the signature you provided. Check "
         "your AWS Secret Access Key and signing method. Consult the service documentation for "
         "details.",
         "Invalid access token"},
    [TROUBLE_REQUEST_EXPIRED] = {"RequestExpired", "InvalidSignatureException", "9109", 400, 403,
                                 403, "Signature expired", "Invalid access token"},
    [TROUBLE_TOKEN_EXPIRED] = {"ExpiredToken", "ExpiredTokenException", "9109", 403, 403, 403,
                               "The security token included in the request is expired",
                               "Invalid access token"},
    [TROUBLE_ACCESS_DENIED] = {"AccessDenied", "AccessDeniedException", "10000", 403, 403, 403,
                               "The caller is not authorized to perform this action.",
                               "Authentication error"},
    [TROUBLE_INTERNAL] = {"InternalFailure", "InternalServiceErrorException", "10001", 500, 500,
                          500, "The request could not be served.", "Internal error"},
};

void exchange_trouble(struct exchange *x, enum trouble trouble, const char *message)
{
    const char *usual = troubles[trouble].message;
    const char *code = troubles[trouble].v1;
    unsigned status = troubles[trouble].status_v1;
    if (x->protocol == PROTOCOL_V2 || x->protocol == PROTOCOL_ORGANIZATIONS) {
        code = troubles[trouble].v2;
        status = troubles[trouble].status_v2;
        if (x->protocol == PROTOCOL_ORGANIZATIONS && status < 500)
            status = 400; /* JSON 1.1 has no other */
    } else if (x->protocol == PROTOCOL_CLOUDFLARE) {
        code = troubles[trouble].cloudflare;
        status = troubles[trouble].status_cloudflare;
        usual = troubles[trouble].message_cloudflare;
    } else if (x->protocol == PROTOCOL_ROUTE53 && trouble == TROUBLE_REQUEST_EXPIRED) {
        code = troubles[TROUBLE_SIGNATURE_WRONG].v1;
        status = troubles[TROUBLE_SIGNATURE_WRONG].status_v1;
    }
    exchange_fail(x, status, code, "%s", message ? message : usual);
}
