/*
 * Which lanes a worker is meant for: "ACCOUNT/REGION" with * for any characters and ? for one. The
 * account is known by its name in the manifest or by its number.
 */
#ifndef MF_WORK_PATTERNS_H
#define MF_WORK_PATTERNS_H

#include "model/fleet.h"

bool pattern_fits(const char *pattern, struct text words);
/* No patterns: every lane fits. A run that publishes has no lane: the empty name fits where a
 * pattern takes every account and Region. */
bool patterns_fit(const char *const *patterns, uint32_t len, const struct lane_name *lane);

#endif
