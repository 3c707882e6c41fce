/* Fills a Region into the pattern of a feedback host, and reads one out of a host's name. */
#include "feedback.h"

#include "base/dname.h"

#include <stdio.h>

#define REGION_LEN_MAX 63 /* a Region is one label of a host name */

/* The parts of a host before and behind the Region. */
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

const char *feedback_host_make(struct text pattern, struct text region, char out[FEEDBACK_HOST_LEN])
{
    struct text prefix, suffix;
    pattern_cut(pattern, &prefix, &suffix);
    region = text_slice(region, 0, REGION_LEN_MAX);
    snprintf(out, FEEDBACK_HOST_LEN, TEXT_FMT TEXT_FMT TEXT_FMT, TEXT_ARG(prefix), TEXT_ARG(region),
             TEXT_ARG(suffix));
    return out;
}
