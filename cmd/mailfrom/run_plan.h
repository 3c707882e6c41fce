/*
 * Runs and plan files: a plan that was made is kept, one that was kept is carried out.
 */
#ifndef MF_RUN_PLAN_H
#define MF_RUN_PLAN_H

#include "run.h"

/* Keeps the plan that r has just made in the file of --out. ERR_INPUT: it was stopped on its way.
 */
enum err run_plan_keep(struct run *r, struct why *why);
/* Reads the file of --plan into r->fleet, fills in what *o leaves open from the plan's options, and
 * refuses a plan that is damaged, too old, or not of the manifests that are named beside it. */
enum err run_plan_load(struct run *r, struct options *o, struct why *why);
/* Asks whether the plan that was loaded is to be done. */
enum err run_plan_confirm(const struct run *r, struct why *why);

#endif
