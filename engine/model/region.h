/*
 * AWS Regions: known ones, possible ones, and the partition of each. Source: botocore's
 * partitions.json and endpoints.json (August 2026); of feedback hosts, the SES Developer Guide,
 * "Using a custom MAIL FROM domain", which lists 21 Regions; the newer ones follow the same
 * pattern.
 */
#ifndef MF_REGION_H
#define MF_REGION_H

#include "base/text.h"

struct partition {
    const char *name; /* in ARNs: "aws-us-gov" */
    const char *dns_suffix, *dual_stack_suffix;
};

/* Is region a Region with a known SES feedback host? */
bool region_has_ses(struct text region);
bool region_is_known(struct text region);
/* The known Region with SES at index i, or NULL past the last. */
const char *region_at(size_t i);
/* Must an account of the partition "aws" enable the Region before its keys work there? So it is
 * with every Region since 2019, also with new ones. */
bool region_is_opt_in(struct text region);
/* Is it a Region of AWS where SES is not, as of that date? */
bool region_lacks_ses(struct text region);
/* Could a Region be called so: a partition's pattern with a point of the compass or "central" in
 * it, as every Region has so far ("us-east-1", "eusc-de-east-1", but not "us-esat-1")? */
bool region_is_plausible(struct text region);
/* The partition with a matching pattern; NULL: none. */
const struct partition *region_partition_of(struct text region);
/* "aws", "aws-us-gov", "aws-cn", ...: as ARNs of the Region begin; NULL for an implausible one. */
const char *region_partition(struct text region);
/* The known Region nearest to a mistyped one, or NULL. */
const char *region_near(struct text region);

#endif
