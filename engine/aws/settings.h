/*
 * The user's environment and profile on reaching AWS, beside credentials: endpoints, FIPS and
 * dual-stack, Region, trust anchors, clock. docs/ENDPOINTS.md has the table. Source: AWS SDKs and
 * Tools Reference Guide, "Service-specific endpoints", "Dual-stack and FIPS endpoints", "AWS
 * Region"; botocore's order where the guide has none.
 */
#ifndef MF_SETTINGS_H
#define MF_SETTINGS_H

#include "aws/credentials/credentials.h"
#include "base/bounds.h"
#include "endpoints.h"

/* Services as settings name them. Version 1 of SES is "ses", version 2 is "sesv2". */
enum aws_client {
    CLIENT_SES,
    CLIENT_SESV2,
    CLIENT_STS,
    CLIENT_SSO,
    CLIENT_SSO_OIDC,
    CLIENT_ROUTE53,
    CLIENT_ORGANIZATIONS,
    CLIENTS,
};

#define SETTING_URL_MAX  512
#define SETTING_FROM_MAX 320

struct aws_settings {
    char region[64];                    /* AWS_REGION, AWS_DEFAULT_REGION, the profile's; or "" */
    char ca_bundle[PATH_LEN_MAX];       /* AWS_CA_BUNDLE, the profile's; or "" */
    char region_from[SETTING_FROM_MAX]; /* "AWS_REGION", for sentences about it */
    bool use_fips, use_dual_stack; /* AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT, profile */
    struct why unread;             /* why a file counted as empty (profile.h); "": none did */
    bool keeps_own_clock; /* AWS_DISABLE_CLOCK_SKEW_CORRECTION, disable_clock_skew_correction */
    struct {
        char url[SETTING_URL_MAX];   /* "": by Region */
        char from[SETTING_FROM_MAX]; /* "AWS_ENDPOINT_URL_STS", for sentences about it */
    } endpoints[CLIENTS];
};

/* Reads environment and files, without network. A switch other than true or false and a text beyond
 * the bound are ERR_INPUT; an unreadable file keeps its own error. */
enum err aws_settings_read(struct aws_settings *s, const struct credential_request *request,
                           struct why *why);

/* The Region of the environment or the profile, or "" in s->region. ERR_INPUT: the value cannot be
 * a Region, and stands in s->region. ERR_AUTH: there is none, and the profile is missing or its
 * section is misspelt. Others: as aws_settings_read(). */
enum err aws_settings_region(struct aws_settings *s, const struct credential_request *request,
                             struct why *why);

/* The client's endpoint in the Region. url: an option with precedence over all settings; or empty.
 * Errors as of endpoint_make, with the setting named. */
enum err aws_settings_endpoint(const struct aws_settings *s, enum aws_client client,
                               struct text region, struct text url, struct endpoint *e,
                               struct why *why);

#endif
