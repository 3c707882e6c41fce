/*
 * Runs and plan files: a plan that was made is kept, one that was kept is carried out.
 */
#ifndef MF_PLANNED_H
#define MF_PLANNED_H

#include "run.h"

/* Keeps the plan that r has just made in the file. ERR_INPUT: it was stopped on its way. */
enum err run_plan_keep(struct run *r, const char *path, struct why *why);
/* Reads the file into r->fleet, fills in what *access leaves open from what the plan has kept, and
 * refuses a plan that is damaged or older than max_age (0: what is usual). */
enum err run_plan_load(struct run *r, struct access *access, const char *path, span_us max_age,
                       struct why *why);
/* Of the plan that was loaded: how many identities it changes. */
uint32_t run_plan_changes(const struct run *r);

#endif
