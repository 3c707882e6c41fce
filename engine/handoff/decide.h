/*
 * The change of the two record sets of a MAIL FROM by live DNS: existing already, to be added,
 * merged, or left to a person. Pure.
 */
#ifndef MF_DECIDE_H
#define MF_DECIDE_H

#include "gather.h"
#include "survey/survey.h"

/* *s is done; the MX shall name the feedback host of region, feedback_host as in judge.h. All of
 * *found lives in the arena. False: out of memory. */
bool records_judge(struct records_found *found, struct arena *arena, const struct survey *s,
                   struct text region, struct text feedback_host);

#endif
