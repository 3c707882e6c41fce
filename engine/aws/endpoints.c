/*
 * From a Region or an override to a host name. Invariant: only a Region in AWS's exact spelling, or
 * a bare origin by RFC 3986, becomes part of a URL. A Region such as "x@attacker.com:443/#" led
 * signed requests of other programs astray (GHSA-9cvc-h2w8-phrp and similar).
 */
#include "endpoints.h"

#include "base/count.h"
#include "base/escape.h"
#include "model/region.h"
#include "url.h"

#include <stdio.h>
#include <string.h>

/* gov_has_plain_fips: the ordinary hosts of aws-us-gov are FIPS ones and have no name besides. */
static const struct service {
    const char *name, *host_prefix, *fips_prefix;
    bool gov_has_plain_fips;
    bool is_signed; /* otherwise each request holds a token that is a secret */
    bool is_global; /* one endpoint for all Regions of a partition, with a name of its own */
    bool is_in_one; /* one endpoint for all, in the Region of the partition that signs */
} services[] = {
    {"ses", "email", "email-fips", false, true, false, false},
    {"sts", "sts", "sts-fips", true, true, false, false},
    {"sso", "portal.sso", "portal.sso-fips", true, false, false, false},
    {"sso-oidc", "oidc", "oidc-fips", true, false, false, false},
    {"route53", NULL, NULL, false, true, true, false},
    {"organizations", "organizations", "organizations-fips", true, true, false, true},
};

/* Route 53 has one endpoint for all Regions of a partition, and one Region that signs, which is the
 * same for AWS Organizations. NULL: the partition has no such endpoint. */
static const struct route53 {
    const char *partition, *region, *host, *fips, *dual_stack, *both;
} route53s[] = {
    {"aws", "us-east-1", "route53.amazonaws.com", "route53-fips.amazonaws.com",
     "route53.global.api.aws", "route53-fips.global.api.aws"},
    {"aws-us-gov", "us-gov-west-1", "route53.us-gov.amazonaws.com", "route53.us-gov.amazonaws.com",
     "route53.us-gov.api.aws", "route53.us-gov.api.aws"},
    {"aws-cn", "cn-northwest-1", "route53.amazonaws.com.cn", NULL,
     "route53.global.api.amazonwebservices.com.cn", NULL},
    {"aws-eusc", "eusc-de-east-1", "route53.amazonaws.eu", NULL,
     "route53.global.api.amazonwebservices.eu", NULL},
    {"aws-iso", "us-iso-east-1", "route53.c2s.ic.gov", NULL, NULL, NULL},
    {"aws-iso-b", "us-isob-east-1", "route53.sc2s.sgov.gov", NULL, NULL, NULL},
    {"aws-iso-e", "eu-isoe-west-1", "route53.cloud.adc-e.uk", NULL, NULL, NULL},
    {"aws-iso-f", "us-isof-south-1", "route53.csp.hci.ic.gov", NULL, NULL, NULL},
};

static enum err refuse_region(struct text region, struct why *why)
{
    struct buf safe;
    const char *near = region_near(region);
    buf_init(&safe, WHY_LEN_MAX);
    escape_terminal(&safe, text_slice(region, 0, 100));
    if (region.len == 0)
        why_set(why, ERR_INPUT,
                "no Region is given: set region in the manifest, --region or AWS_REGION");
    else
        why_set(why, ERR_INPUT, "\"%s\" is not an AWS Region%s%s%s", safe.at ? safe.at : "",
                near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    buf_clear(&safe);
    return ERR_INPUT;
}

static const struct service *service_of(struct text name)
{
    for (size_t i = 0; i < COUNT(services); i++)
        if (text_eq(name, text_of(services[i].name)))
            return &services[i];
    return NULL;
}

/* An endpoint by a URL of the user's. holds: what a request shows to whoever reads along; NULL:
 * nothing, it is signed. */
static enum err origin_take(struct endpoint *e, struct text origin, const char *holds,
                            struct why *why)
{
    struct url url;
    enum err err = url_parse_origin(origin, &url, why);
    if (err)
        return why_wrap(why, err, "endpoint URL");
    e->is_open = !url.is_https && !url.is_loopback;
    if (e->is_open && holds)
        return why_set(why, ERR_INPUT,
                       "endpoint URL: plain http to %s would show %s; use https, or "
                       "http://localhost",
                       url.host, holds);
    e->is_custom = true;
    url_origin(&url, e->url, sizeof e->url);
    url_authority(&url, e->host, sizeof e->host);
    return OK;
}

enum err endpoint_of_token(struct endpoint *e, struct text url, struct why *why)
{
    *e = (struct endpoint){.is_open = false};
    return origin_take(e, url, "the API token", why);
}

/* NULL: the partition has no such endpoint. */
static const char *route53_host(const struct route53 *r, const struct endpoint_settings *settings)
{
    if (settings->use_dual_stack)
        return settings->use_fips ? r->both : r->dual_stack;
    return settings->use_fips ? r->fips : r->host;
}

static const struct route53 *route53_of(const struct partition *partition)
{
    for (size_t i = 0; i < COUNT(route53s); i++)
        if (strcmp(route53s[i].partition, partition->name) == 0)
            return &route53s[i];
    return NULL;
}

static enum err host_of_region(struct endpoint *e, const struct service *service,
                               const struct partition *partition,
                               const struct endpoint_settings *settings, struct why *why)
{
    const struct route53 *r = service->is_global ? route53_of(partition) : NULL;
    bool is_gov = strcmp(partition->name, "aws-us-gov") == 0;
    bool is_plain =
        !settings->use_fips || (is_gov && service->gov_has_plain_fips && !settings->use_dual_stack);
    const char *global = r ? route53_host(r, settings) : NULL;
    if (service->is_global && !global)
        return why_set(why, ERR_INPUT, "Route 53 has no %s%s%s endpoint in the partition %s",
                       settings->use_fips ? "FIPS" : "",
                       settings->use_fips && settings->use_dual_stack ? " and " : "",
                       settings->use_dual_stack ? "dual-stack" : "", partition->name);
    if (global)
        snprintf(e->host, sizeof e->host, "%s", global);
    else
        snprintf(e->host, sizeof e->host, "%s.%s.%s",
                 is_plain ? service->host_prefix : service->fips_prefix, e->region,
                 settings->use_dual_stack ? partition->dual_stack_suffix : partition->dns_suffix);
    snprintf(e->url, sizeof e->url, "https://%.300s", e->host);
    return OK;
}

enum err endpoint_make(struct endpoint *e, struct text service, struct text region,
                       const struct endpoint_settings *settings, struct why *why)
{
    static const struct endpoint_settings none = {.use_fips = false};
    const struct service *known = service_of(service);
    const struct partition *partition = region_partition_of(region);
    *e = (struct endpoint){.known_region = region_is_known(region)};
    settings = settings ? settings : &none;
    if (!known)
        return why_set(why, ERR_INPUT, "no endpoint is known for this AWS service");
    /* Of whoever gives an endpoint the Region is a word in a signature, so the pattern is enough.
     */
    if (!partition || (settings->url.len == 0 && !region_is_plausible(region)))
        return refuse_region(region, why);
    const struct route53 *global =
        known->is_global || known->is_in_one ? route53_of(partition) : NULL;
    if (global)
        region = text_of(global->region);
    snprintf(e->region, sizeof e->region, TEXT_FMT, TEXT_ARG(region));
    snprintf(e->service, sizeof e->service, "%s", known->name);
    if (settings->url.len == 0)
        return host_of_region(e, known, partition, settings, why);
    if (settings->use_fips || settings->use_dual_stack)
        return why_set(why, ERR_INPUT,
                       "a custom endpoint URL and %s endpoints exclude each other: unset one",
                       settings->use_fips ? "FIPS" : "dual-stack");
    return origin_take(e, settings->url, known->is_signed ? NULL : "the tokens of the SSO session",
                       why);
}

bool access_key_is_real(const char *access_key_id)
{
    struct text id = text_of(access_key_id);
    bool is_real = id.len >= 20 && (text_starts(id, TEXT("AKIA")) || text_starts(id, TEXT("ASIA")));
    for (size_t i = 0; i < id.len && is_real; i++)
        is_real = (id.at[i] >= 'A' && id.at[i] <= 'Z') || char_is_digit(id.at[i]);
    return is_real;
}

enum err endpoint_admits(const struct endpoint *e, const char *access_key_id, struct why *why)
{
    if (!e->is_open || (access_key_id && !access_key_is_real(access_key_id)))
        return OK;
    if (!access_key_id)
        return why_set(why, ERR_AUTH,
                       "%s is plain http, which would show the token of the web identity to the "
                       "network: use https, or http://localhost",
                       e->url);
    return why_set(
        why, ERR_AUTH,
        "%s is plain http, and the access key %.4s... has the form of a real one, so "
        "nothing is sent: use https or http://localhost, or the emulator's own keys, such "
        "as AWS_ACCESS_KEY_ID=test",
        e->url, access_key_id);
}

bool endpoint_owns_url(const struct endpoint *e, struct text url)
{
    struct url parsed;
    char origin[URL_LEN_MAX], authority[URL_LEN_MAX];
    struct text base = text_of(e->url);
    for (size_t i = 0; i < url.len; i++)
        if (url.at[i] <= ' ' || url.at[i] >= 0x7f)
            return false;
    if (!text_starts(url, base) || url.len <= base.len || url.at[base.len] != '/')
        return false;
    if (url_parse_origin(text_slice(url, 0, base.len + 1), &parsed, NULL) != OK)
        return false;
    return (parsed.is_https || parsed.is_loopback || e->is_open) &&
           strcmp(url_origin(&parsed, origin, sizeof origin), e->url) == 0 &&
           strcmp(url_authority(&parsed, authority, sizeof authority), e->host) == 0;
}
