/*
 * What other runs of the journal have sent last, unless SES has refused it: it counts for more than
 * one read of SES that shows what stood there before (struct recent_write).
 */
#ifndef MF_RECENT_H
#define MF_RECENT_H

#include "run.h"

/* Fills r->fleet.recent. Nothing is read for a plan, which changes nothing. */
enum err run_recent(struct run *r, struct why *why);

#endif
