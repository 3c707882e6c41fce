/*
 * What other runs of the journal have had accepted in the last minutes: for so long it counts for
 * more than what a read of SES shows (struct recent_write).
 */
#ifndef MF_RUN_RECENT_H
#define MF_RUN_RECENT_H

#include "run.h"

/* Fills r->fleet.recent. Nothing is read for a plan, which changes nothing. */
enum err run_recent(struct run *r, instant_us now, struct why *why);

#endif
