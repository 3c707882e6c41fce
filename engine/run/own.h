/*
 * What the journal knows to be ours, looked up before a run begins: every run that was kept counts,
 * not the present one alone.
 */
#ifndef MF_OWN_H
#define MF_OWN_H

#include "run.h"

/* Fills r->own; r->fleet must be loaded. A plan's own journal is in memory, so for it the file that
 * the config names is read; that there is none yet is fine, and one that cannot be read is told and
 * costs a plan no more than warnings that need not be. */
enum err run_own_names(struct run *r, struct why *why);

/* Has the journal that the config names read for a run whose own is in memory. trouble: what kept
 * it from being read; ERR_GONE is none, there is no journal yet. */
enum err run_read_aside(struct run *r, enum err (*read)(struct run *r, struct why *why),
                        struct why *trouble);

#endif
