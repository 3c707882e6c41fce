/*
 * The endpoint of an AWS service in a Region, and the signing name. Source: botocore's
 * partitions.json, endpoints.json and endpoint rule sets (August 2026).
 */
#ifndef MF_ENDPOINTS_H
#define MF_ENDPOINTS_H

#include "base/error.h"
#include "base/text.h"

#define ENDPOINT_LEN_MAX 512

/* The user's settings for endpoints. All zero: by Region alone. */
struct endpoint_settings {
    struct text url; /* a custom endpoint; empty: none. Not together with the two below */
    bool use_fips;
    bool use_dual_stack;
};

struct endpoint {
    char url[ENDPOINT_LEN_MAX];  /* "https://email.us-east-1.amazonaws.com", no slash at the end */
    char host[ENDPOINT_LEN_MAX]; /* Host header: with the port unless the scheme's default */
    char region[64];             /* signing Region */
    char service[16];            /* signing name: "ses", "sts", ...; others sign nothing */
    bool is_open;      /* plain http to a host that is not loopback: see endpoint_admits() */
    bool is_custom;    /* by a URL of the user's, not by Region */
    bool known_region; /* false: only matches a partition's pattern, worth a warning */
};

/* service: "ses", "sts", "route53", "organizations", "sso" (the portal for credentials) or
 * "sso-oidc". Route 53 and AWS Organizations have one endpoint and one signing Region for all
 * Regions of a partition. settings: NULL is all zero.
 * Plain http is accepted for loopback, and elsewhere for what is signed (is_open). No text in
 * region or settings can move the request to another host: anything but a strict Region or URL is
 * ERR_INPUT. So is a URL together with FIPS or dual-stack, since a custom endpoint may be neither.
 */
enum err endpoint_make(struct endpoint *e, struct text service, struct text region,
                       const struct endpoint_settings *settings, struct why *why);
/* An endpoint outside of AWS that takes a token with each request, at url: a bare origin, by https
 * or to loopback. ERR_INPUT. */
enum err endpoint_of_token(struct endpoint *e, struct text url, struct why *why);

/* Has the access key the form of one that AWS gives out (AKIA or ASIA, then capitals and digits, 20
 * characters or more)? Emulators hand out and take others ("test", "LSIA..."). */
bool access_key_is_real(const char *access_key_id);
/* May a request with these keys go to the endpoint? Real keys never leave over plain http, and
 * without keys (NULL) a request holds another secret, such as a web identity token. ERR_AUTH. */
enum err endpoint_admits(const struct endpoint *e, const char *access_key_id, struct why *why);

/* Does url lead exactly to the endpoint's scheme, host and port? The last check before a signature:
 * reads the finished URL anew instead of trusting its construction. */
bool endpoint_owns_url(const struct endpoint *e, struct text url);

#endif
