/*
 * Asks a service for credentials: finds the endpoint, and tries a few times. For the family of this
 * folder. Source: botocore's retry classes; AWS SDKs and Tools Reference Guide, "Retry behavior".
 */
#ifndef MF_SERVICE_H
#define MF_SERVICE_H

#include "aws/settings.h"
#include "key_provider.h"

struct service_tries {
    struct http_terms terms;
    unsigned attempts;           /* in all */
    unsigned attempts_throttled; /* in all, where the last answer was a throttled one: many accounts
                                    ask for their roles at once */
    span_us pause_us;            /* between tries */
    bool is_jittered;            /* the pause is random up to the bound, doubled each time */
    /* Is this answer worth another try? 5xx and 429 always are. NULL: no other answer. */
    bool (*is_transient)(const struct http_answer *answer);
};

/* Ten seconds, three attempts: STS, SSO and its OIDC. */
extern const struct service_tries service_tries_aws;

/* The endpoint of a service, by the settings of the credential request. */
enum err service_endpoint(const struct provider_input *in, enum aws_client client,
                          struct text region, struct endpoint *e, struct why *why);

void http_answer_init(struct http_answer *answer);
void http_answer_clear(struct http_answer *answer); /* wipes */

/* Asks until a final answer. OK: answer->status is set, and not transient. ERR_IO: no answer, or
 * only transient ones; why has the last one. */
enum err service_ask(const struct provider_input *in, const struct aws_request *request,
                     const struct service_tries *tries, struct http_answer *answer,
                     struct why *why);

/* A GET to a complete URL, with the Host header. The URL is not checked. */
void service_get(struct aws_request *r, struct text url, struct text host);

#endif
