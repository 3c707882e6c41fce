/* The tables of Regions and partitions, and the nearest name for "did you mean". */
#include "region.h"

#include "base/count.h"

#define COMMERCIAL(prefix)                                                                         \
    {                                                                                              \
        prefix,                                                                                    \
        {                                                                                          \
            "aws", "amazonaws.com", "api.aws"                                                      \
        }                                                                                          \
    }

/* A longer prefix stands before its own beginning. */
static const struct {
    const char *prefix; /* the beginning of a Region, up to the direction word */
    struct partition is;
} partitions[] = {
    {"us-gov-", {"aws-us-gov", "amazonaws.com", "api.aws"}},
    {"us-isob-", {"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"}},
    {"us-isof-", {"aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"}},
    {"us-iso-", {"aws-iso", "c2s.ic.gov", "api.aws.ic.gov"}},
    {"eu-isoe-", {"aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"}},
    {"eusc-de-", {"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"}},
    {"cn-", {"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"}},
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
    struct text name;
    bool has_feedback_host; /* feedback-smtp.REGION.amazonses.com */
} regions[] = {
    {TEXT("af-south-1"), true},
    {TEXT("ap-northeast-1"), true},
    {TEXT("ap-northeast-2"), true},
    {TEXT("ap-northeast-3"), true},
    {TEXT("ap-south-1"), true},
    {TEXT("ap-south-2"), true},
    {TEXT("ap-southeast-1"), true},
    {TEXT("ap-southeast-2"), true},
    {TEXT("ap-southeast-3"), true},
    {TEXT("ap-southeast-5"), true},
    {TEXT("ca-central-1"), true},
    {TEXT("ca-west-1"), true},
    {TEXT("eu-central-1"), true},
    {TEXT("eu-central-2"), true},
    {TEXT("eu-north-1"), true},
    {TEXT("eu-south-1"), true},
    {TEXT("eu-west-1"), true},
    {TEXT("eu-west-2"), true},
    {TEXT("eu-west-3"), true},
    {TEXT("il-central-1"), true},
    {TEXT("me-central-1"), true},
    {TEXT("me-south-1"), true},
    {TEXT("sa-east-1"), true},
    {TEXT("us-east-1"), true},
    {TEXT("us-east-2"), true},
    {TEXT("us-west-1"), true},
    {TEXT("us-west-2"), true},
    {TEXT("us-gov-east-1"), true},
    {TEXT("us-gov-west-1"), true},
    {TEXT("eusc-de-east-1"),
     false}, /* SES is there; whether under amazonses.com is not documented */
};

/* Regions of AWS that have no SES; a new one may get it any day. */
static const struct text without_ses[] = {
    TEXT("ap-east-1"),      TEXT("ap-east-2"),    TEXT("ap-southeast-4"), TEXT("ap-southeast-6"),
    TEXT("ap-southeast-7"), TEXT("mx-central-1"), TEXT("cn-north-1"),     TEXT("cn-northwest-1"),
};

/* Index in regions, or the number of regions. */
static size_t region_index(struct text region)
{
    size_t i = 0;
    while (i < COUNT(regions) && !text_eq(region, regions[i].name))
        i++;
    return i;
}

/* The part after the prefix: one word and one number, "east-1". */
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

const struct partition *region_partition_of(struct text region)
{
    for (size_t i = 0; i < COUNT(partitions); i++) {
        struct text prefix = text_of(partitions[i].prefix);
        if (text_starts(region, prefix) && is_word_and_number(text_from(region, prefix.len)))
            return &partitions[i].is;
    }
    return NULL;
}

const char *region_at(size_t i)
{
    return i < COUNT(regions) ? regions[i].name.at : NULL;
}

bool region_is_known(struct text region)
{
    return region_index(region) < COUNT(regions);
}

bool region_has_ses(struct text region)
{
    size_t i = region_index(region);
    return i < COUNT(regions) && regions[i].has_feedback_host;
}

bool region_lacks_ses(struct text region)
{
    for (size_t i = 0; i < COUNT(without_ses); i++)
        if (text_eq(region, without_ses[i]))
            return true;
    return false;
}

bool region_is_opt_in(struct text region)
{
    static const char *const by_default[] = {
        "us-east-1",      "us-east-2",      "us-west-1",      "us-west-2",      "ap-south-1",
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2",
        "ca-central-1",   "eu-central-1",   "eu-west-1",      "eu-west-2",      "eu-west-3",
        "eu-north-1",     "sa-east-1",
    };
    const char *partition = region_partition(region);
    if (!partition || !text_eq(text_of(partition), TEXT("aws")))
        return false;
    for (size_t i = 0; i < COUNT(by_default); i++)
        if (text_eq(region, text_of(by_default[i])))
            return false;
    return true;
}

bool region_is_plausible(struct text region)
{
    static const struct text directions[] = {
        TEXT("north"),     TEXT("northeast"), TEXT("northwest"), TEXT("east"),    TEXT("west"),
        TEXT("southeast"), TEXT("southwest"), TEXT("south"),     TEXT("central"),
    };
    struct text before = text_slice(region, 0, text_rfind(region, '-'));
    struct text word = text_from(before, text_rfind(before, '-') + 1);
    for (size_t i = 0; i < COUNT(directions); i++)
        if (text_eq(word, directions[i]))
            return region_partition_of(region) != NULL;
    return false;
}

const char *region_partition(struct text region)
{
    const struct partition *partition = region_partition_of(region);
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
        unsigned distance = text_distance((struct text){lower, region.len}, regions[i].name, 2);
        if (distance < best) {
            best = distance;
            nearest = regions[i].name.at;
        }
    }
    return nearest;
}
