/*
 * SES feedback hosts: where bounces and complaints come back to, one per Region. Source: SES
 * Developer Guide, "Using a custom MAIL FROM domain". region.h lists Regions with such a host.
 */
#ifndef MF_FEEDBACK_H
#define MF_FEEDBACK_H

#include "base/text.h"

#define FEEDBACK_HOST_LEN 256 /* with NUL; the longest known host has 43 characters */

/* A pattern is a host name with one "{region}" inside. An empty pattern means SES's own: */
#define FEEDBACK_PATTERN "feedback-smtp.{region}.amazonses.com"
bool feedback_pattern_is(struct text t);

/* Stands for the Region in sentences where none is known. No host is compared with it. */
#define FEEDBACK_REGION_UNKNOWN "REGION"

/* Matches host against the pattern, any case: gives the Region, one label, borrowed from host. */
bool feedback_host_parse(struct text pattern, struct text host, struct text *region);
/* The host of a Region; a Region too long to be one is cut. Returns out. */
const char *feedback_host_make(struct text pattern, struct text region,
                               char out[FEEDBACK_HOST_LEN]);

#endif
