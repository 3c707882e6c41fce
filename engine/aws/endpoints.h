/*
 * Where an AWS service of a Region is, and under which name requests are signed.
 * Source: botocore's partitions.json, endpoints.json and endpoint rule sets (August 2026).
 */
#ifndef MF_ENDPOINTS_H
#define MF_ENDPOINTS_H

#include "base/error.h"
#include "base/text.h"

#define ENDPOINT_LEN_MAX 512

/* What the user set about endpoints. All zero: by Region alone. */
struct endpoint_settings {
    struct text url; /* a custom endpoint; empty: none. Not together with the two below */
    bool use_fips;
    bool use_dual_stack;
};

struct endpoint {
    char url[ENDPOINT_LEN_MAX];  /* "https://email.us-east-1.amazonaws.com", no slash at the end */
    char host[ENDPOINT_LEN_MAX]; /* Host header: with the port when it is not the scheme's own */
    char region[64];             /* signing Region */
    char service[16];  /* signing name: "ses", "sts"; of the two others nothing is signed */
    bool is_custom;    /* by a URL of the user's, not by Region */
    bool known_region; /* false: it only matches a partition's pattern, worth a warning */
};

/* service: "ses", "sts", "sso" (the portal that hands out credentials) or "sso-oidc". settings:
 * NULL is all zero. Plain http is accepted for loopback only. Nothing in region or settings can
 * move the request to another host: anything that is not a strict Region or URL is ERR_INPUT, and
 * so is a URL beside FIPS or dual-stack, of which nobody can know whether it is one. */
enum err endpoint_make(struct endpoint *e, struct text service, struct text region,
                       const struct endpoint_settings *settings, struct why *why);

/* Does url lead to the endpoint's scheme, host and port, and to nothing else? The last look before
 * a signature: it reads the finished URL anew instead of trusting how it was put together. */
bool endpoint_owns_url(const struct endpoint *e, struct text url);

#endif
