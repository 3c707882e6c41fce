/*
 * What a person must know of a plan file before it is carried out, beside its rows.
 */
#ifndef MF_PLAN_FACTS_H
#define MF_PLAN_FACTS_H

#include "run/planned.h"

/* Its age, its manifests, accounts and Regions, options and selection: lines for people. */
void plan_facts_add(struct buf *out, const struct run *r, const struct access *access,
                    const char *path);
/* The question of apply --plan: age, changes by account and Region, replaced names. */
void plan_question_add(struct buf *out, const struct run *r, const char *beside);

#endif
