#include "feedback.h"

#include "dname.h"

#include <stdio.h>

static const char *const regions[] = {
    "af-south-1",   "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-south-2",   "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-5",
    "ca-central-1", "ca-west-1",      "eu-central-1",   "eu-central-2",   "eu-north-1",
    "eu-south-1",   "eu-west-1",      "eu-west-2",      "eu-west-3",      "il-central-1",
    "me-central-1", "me-south-1",     "sa-east-1",      "us-east-1",      "us-east-2",
    "us-west-1",    "us-west-2",      "us-gov-east-1",  "us-gov-west-1",
};

#define REGIONS_LEN    (sizeof regions / sizeof regions[0])
#define REGION_LEN_MAX 63 /* it is one label of a host name */

/* What stands before and behind the Region. */
static bool pattern_cut(struct text pattern, struct text *prefix, struct text *suffix)
{
    const struct text region = TEXT("{region}");
    if (pattern.len == 0)
        pattern = TEXT(FEEDBACK_PATTERN);
    size_t at = text_find_text(pattern, region);
    *prefix = text_slice(pattern, 0, at);
    *suffix = at < pattern.len ? text_from(pattern, at + region.len) : TEXT_NONE;
    return at < pattern.len;
}

bool feedback_pattern_is(struct text t)
{
    struct text prefix, suffix;
    char host[FEEDBACK_HOST_LEN];
    if (t.len == 0 || text_ends(t, TEXT(".")) || t.len + REGION_LEN_MAX >= FEEDBACK_HOST_LEN ||
        !pattern_cut(t, &prefix, &suffix))
        return false;
    return dname_check(text_of(feedback_host_make(t, TEXT("r"), host))) == DNAME_OK;
}

bool feedback_host_parse(struct text pattern, struct text host, struct text *region)
{
    struct text prefix, suffix;
    if (!pattern_cut(pattern, &prefix, &suffix) || host.len <= prefix.len + suffix.len ||
        !text_ends_nocase(host, suffix) || !text_eq_nocase(text_slice(host, 0, prefix.len), prefix))
        return false;
    *region = text_slice(host, prefix.len, host.len - suffix.len);
    return text_find(*region, '.') == region->len;
}

bool feedback_region_known(struct text region)
{
    for (size_t i = 0; i < REGIONS_LEN; i++)
        if (text_eq_nocase(region, text_of(regions[i])))
            return true;
    return false;
}

const char *feedback_host_make(struct text pattern, struct text region, char out[FEEDBACK_HOST_LEN])
{
    struct text prefix, suffix;
    pattern_cut(pattern, &prefix, &suffix);
    region = text_slice(region, 0, REGION_LEN_MAX);
    snprintf(out, FEEDBACK_HOST_LEN, TEXT_FMT TEXT_FMT TEXT_FMT, TEXT_ARG(prefix), TEXT_ARG(region),
             TEXT_ARG(suffix));
    return out;
}
