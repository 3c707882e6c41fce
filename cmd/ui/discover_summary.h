/*
 * What discover tells a person, on standard error, since standard output may be the manifest.
 */
#ifndef MF_DISCOVER_SUMMARY_H
#define MF_DISCOVER_SUMMARY_H

#include "inventory/discover.h"
#include "ticker.h"

/* A line per lane, what was left out, and the calls. */
void discover_summary(const struct discover *d);
/* Lanes that were refused, and what was not told: always, even with --quiet. */
void discover_troubles(const struct discover *d);
/* For struct discover; ctx is a struct ticker. */
void discover_progress(void *ctx, const struct discover *d, instant_us now);

#endif
