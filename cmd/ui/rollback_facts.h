/*
 * What a person must know before runs are taken back.
 */
#ifndef MF_ROLLBACK_FACTS_H
#define MF_ROLLBACK_FACTS_H

#include "run/run.h"

/* One note for each run from `first` to `last`, the newest first: its verb, when, of which
 * manifests, and how many identities it has changed. */
enum err rollback_runs_note(const struct run *r, uint64_t first, uint64_t last, struct why *why);
/* The question of rollback, with the identities by account and Region. */
void rollback_question_add(struct buf *out, const struct run *r, uint32_t len, const char *back_to);

#endif
