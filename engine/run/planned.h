/*
 * Runs and plan files: keeps a plan, and carries out a kept plan.
 */
#ifndef MF_PLANNED_H
#define MF_PLANNED_H

#include "rules/selection.h"
#include "run.h"

#define PLAN_AGE_MAX SPAN_H(24) /* of a plan that is applied, unless --max-age says otherwise */

/* Keeps r's plan in the file. ERR_INPUT: planning was stopped. */
enum err run_plan_keep(struct run *r, const char *path, struct why *why);
/* Reads the file into r->fleet, fills in the open members of *access from the plan, and refuses a
 * damaged plan or one older than max_age (0: the default). */
enum err run_plan_load(struct run *r, struct access *access, const char *path, span_us max_age,
                       struct why *why);
/* Reads the file for a look at it, whatever its age: r becomes the plan that the file was made of,
 * in a journal in memory, as far as s chooses. Nothing is asked of anybody. */
enum err run_plan_open(struct run *r, struct access *access, const char *path,
                       const struct selection *s, struct why *why);
/* The time since the plan was made. */
span_us run_plan_age(const struct run *r);
/* Whole days that are more than an age. */
unsigned run_plan_days(span_us age);
/* The number of identities changed by the loaded plan. */
uint32_t run_plan_changes(const struct run *r);

#endif
