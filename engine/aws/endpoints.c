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
} services[] = {
    {"ses", "email", "email-fips", false, true},
    {"sts", "sts", "sts-fips", true, true},
    {"sso", "portal.sso", "portal.sso-fips", true, false},
    {"sso-oidc", "oidc", "oidc-fips", true, false},
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
    snprintf(e->region, sizeof e->region, TEXT_FMT, TEXT_ARG(region));
    snprintf(e->service, sizeof e->service, "%s", known->name);
    if (settings->url.len) {
        struct url url;
        if (settings->use_fips || settings->use_dual_stack)
            return why_set(why, ERR_INPUT,
                           "a custom endpoint URL and %s endpoints exclude each other: unset one",
                           settings->use_fips ? "FIPS" : "dual-stack");
        enum err err = url_parse_origin(settings->url, &url, why);
        if (err)
            return why_wrap(why, err, "endpoint URL");
        e->is_open = !url.is_https && !url.is_loopback;
        if (e->is_open && !known->is_signed)
            return why_set(
                why, ERR_INPUT,
                "endpoint URL: plain http to %s would show the tokens of the SSO session; use "
                "https, or http://localhost",
                url.host);
        e->is_custom = true;
        url_origin(&url, e->url, sizeof e->url);
        url_authority(&url, e->host, sizeof e->host);
        return OK;
    }
    bool is_gov = strcmp(partition->name, "aws-us-gov") == 0;
    bool is_plain =
        !settings->use_fips || (is_gov && known->gov_has_plain_fips && !settings->use_dual_stack);
    snprintf(e->host, sizeof e->host, "%s.%s.%s",
             is_plain ? known->host_prefix : known->fips_prefix, e->region,
             settings->use_dual_stack ? partition->dual_stack_suffix : partition->dns_suffix);
    snprintf(e->url, sizeof e->url, "https://%.300s", e->host);
    return OK;
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
