/*
 * SES feedback hosts: where bounces and complaints come back to, one per Region. Source: SES
 * Developer Guide, "Using a custom MAIL FROM domain". Which Regions have one is in region.h.
 */
#ifndef MF_FEEDBACK_H
#define MF_FEEDBACK_H

#include "base/text.h"

#define FEEDBACK_HOST_LEN 256 /* with its NUL; the longest known one has 43 characters */

/* A pattern is a host name with one "{region}" in it. Where one is asked for, an empty text is
 * SES's own: */
#define FEEDBACK_PATTERN "feedback-smtp.{region}.amazonses.com"
bool feedback_pattern_is(struct text t);

/* A host as the pattern makes them, any case: gives the Region, one label, borrowed from host. */
bool feedback_host_parse(struct text pattern, struct text host, struct text *region);
/* The host of a Region; a Region too long to be one is cut. Returns out. */
const char *feedback_host_make(struct text pattern, struct text region,
                               char out[FEEDBACK_HOST_LEN]);

#endif
