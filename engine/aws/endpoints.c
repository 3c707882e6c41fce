/*
 * Duty: from a Region or an override to a host name. Invariant: what is not spelled exactly as AWS
 * spells Regions, or as RFC 3986 spells a bare origin, never becomes part of a URL. A Region such
 * as "x@attacker.com:443/#" sent signed requests of other programs away (GHSA-9cvc-h2w8-phrp and
 * kin).
 */
#include "endpoints.h"

#include "escape.h"
#include "url.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct partition {
    const char *prefix; /* what a Region begins with, up to its direction word */
    const char *name;   /* in ARNs */
    const char *dns_suffix, *dual_stack_suffix;
};

#define COMMERCIAL(prefix)                                                                         \
    {                                                                                              \
        prefix, "aws", "amazonaws.com", "api.aws"                                                  \
    }

/* The longer prefix stands before the shorter one that it begins with. */
static const struct partition partitions[] = {
    {"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws"},
    {"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"},
    {"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"},
    {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"eusc-de-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    COMMERCIAL("us-"),
    COMMERCIAL("eu-"),
    COMMERCIAL("ap-"),
    COMMERCIAL("sa-"),
    COMMERCIAL("ca-"),
    COMMERCIAL("me-"),
    COMMERCIAL("af-"),
    COMMERCIAL("il-"),
    COMMERCIAL("mx-"),
};

static const struct {
    const char *name;
    bool has_feedback_host; /* feedback-smtp.REGION.amazonses.com */
} regions[] = {
    {"af-south-1", true},
    {"ap-northeast-1", true},
    {"ap-northeast-2", true},
    {"ap-northeast-3", true},
    {"ap-south-1", true},
    {"ap-south-2", true},
    {"ap-southeast-1", true},
    {"ap-southeast-2", true},
    {"ap-southeast-3", true},
    {"ap-southeast-5", true},
    {"ca-central-1", true},
    {"ca-west-1", true},
    {"eu-central-1", true},
    {"eu-central-2", true},
    {"eu-north-1", true},
    {"eu-south-1", true},
    {"eu-west-1", true},
    {"eu-west-2", true},
    {"eu-west-3", true},
    {"il-central-1", true},
    {"me-central-1", true},
    {"me-south-1", true},
    {"sa-east-1", true},
    {"us-east-1", true},
    {"us-east-2", true},
    {"us-west-1", true},
    {"us-west-2", true},
    {"us-gov-east-1", true},
    {"us-gov-west-1", true},
    {"eusc-de-east-1", false}, /* SES is there; whether under amazonses.com is not documented */
};

/* gov_has_plain_fips: the ordinary hosts of aws-us-gov are FIPS ones and have no name besides. */
static const struct service {
    const char *name, *host_prefix, *fips_prefix;
    bool gov_has_plain_fips;
} services[] = {
    {"ses", "email", "email-fips", false},
    {"sts", "sts", "sts-fips", true},
    {"sso", "portal.sso", "portal.sso-fips", true},
    {"sso-oidc", "oidc", "oidc-fips", true},
};

/* Index in regions, or their count. */
static size_t region_index(struct text region)
{
    size_t i = 0;
    while (i < COUNT(regions) && !text_eq(region, text_of(regions[i].name)))
        i++;
    return i;
}

/* What follows the prefix: one word and one number, "east-1". */
static bool is_word_and_number(struct text t)
{
    struct text word = text_cut(&t, '-');
    if (word.len == 0 || word.len > 20 || t.len == 0 || t.len > 3)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (word.at[i] < 'a' || word.at[i] > 'z')
            return false;
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_digit(t.at[i]))
            return false;
    return true;
}

static const struct partition *partition_of(struct text region)
{
    for (size_t i = 0; i < COUNT(partitions); i++) {
        struct text prefix = text_of(partitions[i].prefix);
        if (text_starts(region, prefix) && is_word_and_number(text_from(region, prefix.len)))
            return &partitions[i];
    }
    return NULL;
}

bool region_has_ses(struct text region)
{
    size_t i = region_index(region);
    return i < COUNT(regions) && regions[i].has_feedback_host;
}

bool region_is_plausible(struct text region)
{
    return partition_of(region) != NULL;
}

const char *region_partition(struct text region)
{
    const struct partition *partition = partition_of(region);
    return partition ? partition->name : NULL;
}

const char *region_near(struct text region)
{
    const char *nearest = NULL;
    unsigned best = 3; /* two edits: "us-esat1" */
    char lower[64];
    if (region.len > sizeof lower)
        return NULL;
    for (size_t i = 0; i < region.len; i++)
        lower[i] = char_lower(region.at[i]);
    for (size_t i = 0; i < COUNT(regions); i++) {
        unsigned distance =
            text_distance((struct text){lower, region.len}, text_of(regions[i].name), 2);
        if (distance < best) {
            best = distance;
            nearest = regions[i].name;
        }
    }
    return nearest;
}

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

static enum err endpoint_custom(struct endpoint *e, const struct endpoint_settings *settings,
                                struct why *why)
{
    struct url url;
    if (settings->use_fips || settings->use_dual_stack)
        return why_set(why, ERR_INPUT,
                       "a custom endpoint URL and %s endpoints exclude each other: unset one",
                       settings->use_fips ? "FIPS" : "dual-stack");
    enum err err = url_parse_origin(settings->url, &url, why);
    if (err)
        return why_wrap(why, err, "endpoint URL");
    if (!url.is_https && !url.is_loopback)
        return why_set(why, ERR_INPUT, "endpoint URL: plain http is for loopback only, not for %s",
                       url.host);
    e->is_custom = true;
    url_origin(&url, e->url, sizeof e->url);
    url_authority(&url, e->host, sizeof e->host);
    return OK;
}

static void endpoint_by_region(struct endpoint *e, const struct service *service,
                               const struct partition *partition,
                               const struct endpoint_settings *settings)
{
    bool is_gov = strcmp(partition->name, "aws-us-gov") == 0;
    bool is_plain =
        !settings->use_fips || (is_gov && service->gov_has_plain_fips && !settings->use_dual_stack);
    snprintf(e->host, sizeof e->host, "%s.%s.%s",
             is_plain ? service->host_prefix : service->fips_prefix, e->region,
             settings->use_dual_stack ? partition->dual_stack_suffix : partition->dns_suffix);
    snprintf(e->url, sizeof e->url, "https://%.300s", e->host);
}

enum err endpoint_make(struct endpoint *e, struct text service, struct text region,
                       const struct endpoint_settings *settings, struct why *why)
{
    static const struct endpoint_settings none = {.use_fips = false};
    const struct service *known = service_of(service);
    const struct partition *partition = partition_of(region);
    *e = (struct endpoint){.known_region = region_index(region) < COUNT(regions)};
    settings = settings ? settings : &none;
    if (!known)
        return why_set(why, ERR_INPUT, "no endpoint is known for this AWS service");
    if (!partition)
        return refuse_region(region, why);
    snprintf(e->region, sizeof e->region, TEXT_FMT, TEXT_ARG(region));
    snprintf(e->service, sizeof e->service, "%s", known->name);
    if (settings->url.len)
        return endpoint_custom(e, settings, why);
    endpoint_by_region(e, known, partition, settings);
    return OK;
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
    return (parsed.is_https || parsed.is_loopback) &&
           strcmp(url_origin(&parsed, origin, sizeof origin), e->url) == 0 &&
           strcmp(url_authority(&parsed, authority, sizeof authority), e->host) == 0;
}
