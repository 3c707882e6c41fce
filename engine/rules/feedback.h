/*
 * SES feedback hosts: where bounces and complaints come back to, one per Region. Source: SES
 * Developer Guide, "Using a custom MAIL FROM domain" and the endpoint lists of the AWS SDKs of
 * August 2026. The guide lists 21 Regions; the newer ones follow the same pattern.
 */
#ifndef MF_FEEDBACK_H
#define MF_FEEDBACK_H

#include "text.h"

#define FEEDBACK_HOST_LEN 128 /* with its NUL; the longest known one has 43 characters */

/* "feedback-smtp.REGION.amazonses.com", any case: gives the Region, borrowed from host. */
bool feedback_host_parse(struct text host, struct text *region);
/* Is it a Region that is known to have a feedback host? */
bool feedback_region_known(struct text region);
/* The host of a Region; a Region too long to be one is cut. Returns out. */
const char *feedback_host_make(struct text region, char out[FEEDBACK_HOST_LEN]);

#endif
