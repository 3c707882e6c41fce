#include "feedback.h"

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

bool feedback_host_parse(struct text host, struct text *region)
{
    const struct text prefix = TEXT("feedback-smtp."), suffix = TEXT(".amazonses.com");
    if (host.len <= prefix.len + suffix.len || !text_ends_nocase(host, suffix) ||
        !text_eq_nocase(text_slice(host, 0, prefix.len), prefix))
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

const char *feedback_host_make(struct text region, char out[FEEDBACK_HOST_LEN])
{
    region = text_slice(region, 0, REGION_LEN_MAX);
    snprintf(out, FEEDBACK_HOST_LEN, "feedback-smtp." TEXT_FMT ".amazonses.com", TEXT_ARG(region));
    return out;
}
