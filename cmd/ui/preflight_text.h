/*
 * What a person reads of the preflight: on standard output what the lanes allow, on standard error
 * what IAM refuses.
 */
#ifndef MF_PREFLIGHT_TEXT_H
#define MF_PREFLIGHT_TEXT_H

#include "preflight/preflight.h"

/* A line for each lane of a small fleet, one for all of a large one, and what stands out. */
void preflight_print(const struct preflight *p);
/* The actions that IAM refuses, lane by lane, and the policy that allows all that is needed. */
void preflight_print_missing(const struct preflight *p);

#endif
