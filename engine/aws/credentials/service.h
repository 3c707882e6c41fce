/*
 * Asking a service for credentials: where it is, and a few tries. For the family of this folder.
 * Source: botocore's retry classes; AWS SDKs and Tools Reference Guide, "Retry behavior".
 */
#ifndef MF_SERVICE_H
#define MF_SERVICE_H

#include "aws/settings.h"
#include "provider.h"

struct service_tries {
    struct http_terms terms;
    unsigned attempts; /* in all */
    span_us pause_us;  /* between them */
    bool is_jittered;  /* the pause is anything up to that, and up to twice as much each time */
    /* Is this answer worth another try? 5xx and 429 always are. NULL: nothing else. */
    bool (*is_transient)(const struct http_answer *answer);
};

/* Ten seconds, three attempts: STS, SSO and its OIDC. */
extern const struct service_tries service_tries_aws;

/* Where a service is, by the settings of whoever asks for credentials. */
enum err service_endpoint(const struct provider_input *in, enum aws_client client,
                          struct text region, struct endpoint *e, struct why *why);

void http_answer_init(struct http_answer *answer);
void http_answer_clear(struct http_answer *answer); /* wipes */

/* Asks until there is an answer that another try would not change. OK: answer->status holds, and is
 * any but a transient one. ERR_IO: no answer, or only transient ones; why says what came last. */
enum err service_ask(const struct provider_input *in, const struct aws_request *request,
                     const struct service_tries *tries, struct http_answer *answer,
                     struct why *why);

/* A GET to a URL that is whole, with its Host header. The URL is not checked. */
void service_get(struct aws_request *r, struct text url, struct text host);

#endif
