/*
 * What a person must know of a plan file before it is carried out, beside its rows.
 */
#ifndef MF_PLAN_FACTS_H
#define MF_PLAN_FACTS_H

#include "run/planned.h"

/* Its age, its manifests, accounts and Regions, options and selection: lines for people. */
void plan_facts_add(struct buf *out, const struct run *r, const struct access *access,
                    const char *path);
/* The names of the manifests, the first few of many. */
void plan_files_add(struct buf *out, const struct fleet *f);
/* A line for each account and Region with rows that count. */
void plan_lanes_add(struct buf *out, const struct fleet *f,
                    bool (*counts)(const struct fleet *f, uint32_t row));
/* The question of apply --plan: age, changes by account and Region, replaced names. */
void plan_question_add(struct buf *out, const struct run *r, const char *beside);

#endif
