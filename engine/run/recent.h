/*
 * The last writes of other runs of the journal, unless refused by SES. Such a write counts for more
 * than one read with the value before (struct recent_write).
 */
#ifndef MF_RECENT_H
#define MF_RECENT_H

#include "run.h"

#define RECENT_FOR_PLAN SPAN_M(15)

/* Fills r->fleet.recent. A plan makes no change, so for a write older than RECENT_FOR_PLAN one read
 * is enough. run_own_names() has already reported an unreadable journal. */
enum err run_recent(struct run *r, struct why *why);

#endif
