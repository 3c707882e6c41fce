/*
 * Where an AWS service of a Region is, and under which name requests are signed.
 * Source: botocore's partitions.json, endpoints.json and endpoint rule sets (August 2026).
 */
#ifndef MF_ENDPOINTS_H
#define MF_ENDPOINTS_H

#include "err.h"
#include "text.h"

#define ENDPOINT_LEN_MAX 512

struct endpoint {
    char url[ENDPOINT_LEN_MAX];  /* "https://email.us-east-1.amazonaws.com", no slash at the end */
    char host[ENDPOINT_LEN_MAX]; /* Host header: with the port when it is not the scheme's own */
    char region[64];             /* signing Region */
    char service[16];            /* signing name: "ses", "sts" */
    bool known_region;           /* false: it only matches a partition's pattern, worth a warning */
};

/* override: --endpoint-url or an environment variable; empty: by Region. Plain http is accepted for
 * loopback only. Nothing in region or override can move the request to another host: anything
 * that is not a strict Region or URL is ERR_INPUT. service: "ses" or "sts". */
enum err endpoint_make(struct endpoint *e, struct text service, struct text region,
                       struct text override, struct why *why);

/* Does url lead to the endpoint's scheme, host and port, and to nothing else? The last look before
 * a signature: it reads the finished URL anew instead of trusting how it was put together. */
bool endpoint_owns_url(const struct endpoint *e, struct text url);

/* Is this one of the Regions with an SES feedback host that this program knows? */
bool region_has_ses(struct text region);
/* Does it match a partition's pattern ("us-east-1", "eusc-de-east-1")? */
bool region_is_plausible(struct text region);
/* The known Region nearest to a mistyped one, or NULL. */
const char *region_near(struct text region);

#endif
