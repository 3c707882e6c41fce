/*
 * The names set by runs of this journal, looked up before a run begins: every kept run counts, not
 * the present one alone.
 */
#ifndef MF_OWN_H
#define MF_OWN_H

#include "run.h"

/* Fills r->own; r->fleet must be loaded. A plan's own journal is in memory, so a plan reads the
 * journal file of the config. A missing file is fine; an unreadable file gives a notice, and a plan
 * then has needless warnings at worst. */
enum err run_own_names(struct run *r, struct why *why);

/* Reads the journal file of the config for a run with a journal in memory. trouble: the failure to
 * read; ERR_GONE: no journal yet, no trouble. */
enum err run_read_aside(struct run *r, enum err (*read)(struct run *r, struct why *why),
                        struct why *trouble);

#endif
