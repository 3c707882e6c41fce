/*
 * One HTTP request, as it came off the wire, and the answer that it gets. Made by http.c, filled in
 * by serve.c and the three protocols, written out by http.c again. One thread at a time.
 */
#ifndef MF_EXCHANGE_H
#define MF_EXCHANGE_H

#include "base/arena.h"
#include "base/bounds.h"
#include "base/buf.h"
#include "base/percent.h"
#include "base/when.h"

enum protocol {
    PROTOCOL_V1,
    PROTOCOL_V2,
    PROTOCOL_STS,
    PROTOCOL_ROUTE53,
    PROTOCOL_CLOUDFLARE,
    PROTOCOL_ORGANIZATIONS,
    PROTOCOL_SCRIPT, /* no request: a row of --script, for the log */
    PROTOCOLS
};

const char *protocol_name(enum protocol p);    /* "v1", "v2", "sts", "route53", "cloudflare",
                                                  "organizations",    "script" */
const char *protocol_service(enum protocol p); /* in the scope of a signature: "ses" */

struct header {
    struct text name, value;
};

/* A decoded form (application/x-www-form-urlencoded). */
struct form {
    struct header *fields; /* in the arena */
    uint32_t len;
};

/* How the answer leaves. */
enum leaving {
    LEAVES_WHOLE,
    LEAVES_CUT,   /* half of the body, then the connection is closed */
    LEAVES_RESET, /* nothing: the connection is reset */
};

#define REQUEST_ID_LEN 37

/* AWS Organizations speaks JSON 1.1, which names the action in the header X-Amz-Target. */
#define ORGANIZATION_TARGET       "AWSOrganizationsV20161128."
#define ORGANIZATION_CONTENT_TYPE "application/x-amz-json-1.1"

struct exchange {
    struct arena arena; /* the request's texts, decoded ones too */

    /* The request. Nothing of it is decoded. */
    struct text method, path, query, body;
    struct header headers[SIM_HEADERS_MAX];
    uint32_t headers_len;
    struct form form;    /* of the Query protocol, once routed */
    uint64_t number;     /* of all requests, from 0 */
    uint64_t connection; /* that it came by, from 1; 0: none */
    instant_us real;     /* when it came, by the sim's own (perhaps skewed) clock */
    instant_us scaled;   /* the same in the time of the model */

    /* Who asks, set by auth.c; empty while nobody is known. */
    enum protocol protocol;
    struct text account, region, caller_arn, key_id;
    struct text deny, only, state; /* of the key (sim.h) */
    uint16_t lane;

    /* Of the path of Route 53 and Cloudflare; empty where it has none. */
    struct text zone_id, item_id; /* item: a change, or a record */

    /* The answer. */
    unsigned status;
    struct buf out;
    const char *content_type;
    char request_id[REQUEST_ID_LEN];
    char outcome[REPLY_CODE_LEN]; /* "ok", the error's code, or the fault that prevented the effect
                                   */
    bool is_error;
    const char *fault;                               /* that befell the answer; NULL: none */
    bool is_stale;                                   /* a read goes to a copy that lags behind */
    bool is_busy, is_silent, is_partial, is_meddled; /* faults of a change of a zone (sim.h) */
    unsigned retry_after_s;                          /* in a header; 0: none */
    enum leaving leaving;
    unsigned delay_ms;

    /* For the log. */
    const char *action;      /* "" while unknown */
    struct text *identities; /* in the arena; names of records, where zones are asked for */
    uint32_t identities_len;
    bool is_write;
    struct text mail_from; /* of a write */
    const char *behavior;  /* of a write that was understood; else NULL */
};

void exchange_init(struct exchange *x);
void exchange_clear(struct exchange *x);

/* The first header of that name (any case); at == NULL: there is none. */
struct text exchange_header(const struct exchange *x, const char *name);

/* Remembers what a request was about, for the log. The texts live in x's arena. */
void exchange_names(struct exchange *x, struct text *identities, uint32_t len);

/* Replaces the answer by an error in the shape of the request's protocol. */
void exchange_fail(struct exchange *x, unsigned status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with a message of any length. */
void exchange_fail_text(struct exchange *x, unsigned status, const char *code, struct text message);

/* Troubles that every protocol knows, under the names and the status that each gives them. */
enum trouble {
    TROUBLE_THROTTLED,
    TROUBLE_NO_AUTHENTICATION,
    TROUBLE_INCOMPLETE_SIGNATURE,
    TROUBLE_KEY_UNKNOWN,
    TROUBLE_SIGNATURE_WRONG,
    TROUBLE_REQUEST_EXPIRED,
    TROUBLE_TOKEN_EXPIRED,
    TROUBLE_ACCESS_DENIED,
    TROUBLE_INTERNAL,
};

/* message NULL: the usual one. */
void exchange_trouble(struct exchange *x, enum trouble trouble, const char *message);

/* XML of the Query protocol: what stands around a result, and text within it. */
void xml_begin(struct exchange *x);
void xml_end(struct exchange *x);
void xml_rest_begin(struct exchange *x); /* the same of Route 53 */
void xml_rest_end(struct exchange *x);
void xml_element(struct buf *out, const char *name, struct text content);

/* False: more than SIM_FIELDS_MAX fields, or out of memory. */
bool form_parse(struct form *f, struct text body, struct arena *arena);
struct text form_get(const struct form *f, const char *name); /* at == NULL: absent */
/* A parameter of the query string, decoded; at == NULL: absent. */
struct text query_get(struct exchange *x, const char *name);

#endif
