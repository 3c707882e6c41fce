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
    const char *dns_suffix;
};

/* The longer prefix stands before the shorter one that it begins with. */
static const struct partition partitions[] = {
    {"us-gov-", "amazonaws.com"}, {"us-isob-", "sc2s.sgov.gov"},  {"us-isof-", "csp.hci.ic.gov"},
    {"us-iso-", "c2s.ic.gov"},    {"eu-isoe-", "cloud.adc-e.uk"}, {"eusc-de-", "amazonaws.eu"},
    {"cn-", "amazonaws.com.cn"},  {"us-", "amazonaws.com"},       {"eu-", "amazonaws.com"},
    {"ap-", "amazonaws.com"},     {"sa-", "amazonaws.com"},       {"ca-", "amazonaws.com"},
    {"me-", "amazonaws.com"},     {"af-", "amazonaws.com"},       {"il-", "amazonaws.com"},
    {"mx-", "amazonaws.com"},
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

static const struct {
    const char *service, *host_prefix;
} services[] = {{"ses", "email"}, {"sts", "sts"}};

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
        why_set(why, ERR_INPUT, "no Region is given");
    else
        why_set(why, ERR_INPUT, "\"%s\" is not an AWS Region%s%s%s", safe.at ? safe.at : "",
                near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    buf_clear(&safe);
    return ERR_INPUT;
}

static const char *host_prefix_of(struct text service)
{
    for (size_t i = 0; i < COUNT(services); i++)
        if (text_eq(service, text_of(services[i].service)))
            return services[i].host_prefix;
    return NULL;
}

static enum err endpoint_override(struct endpoint *e, struct text override, struct why *why)
{
    struct url url;
    enum err err = url_parse_origin(override, &url, why);
    if (err)
        return why_wrap(why, err, "endpoint URL");
    if (!url.is_https && !url.is_loopback)
        return why_set(why, ERR_INPUT, "endpoint URL: plain http is for loopback only, not for %s",
                       url.host);
    url_origin(&url, e->url, sizeof e->url);
    url_authority(&url, e->host, sizeof e->host);
    return OK;
}

enum err endpoint_make(struct endpoint *e, struct text service, struct text region,
                       struct text override, struct why *why)
{
    const struct partition *partition = partition_of(region);
    const char *prefix = host_prefix_of(service);
    *e = (struct endpoint){.known_region = region_index(region) < COUNT(regions)};
    if (!prefix)
        return why_set(why, ERR_INPUT, "no endpoint is known for this AWS service");
    if (!partition)
        return refuse_region(region, why);
    snprintf(e->region, sizeof e->region, TEXT_FMT, TEXT_ARG(region));
    snprintf(e->service, sizeof e->service, TEXT_FMT, TEXT_ARG(service));
    if (override.len)
        return endpoint_override(e, override, why);
    snprintf(e->url, sizeof e->url, "https://%s.%s.%s", prefix, e->region, partition->dns_suffix);
    snprintf(e->host, sizeof e->host, "%s.%s.%s", prefix, e->region, partition->dns_suffix);
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
