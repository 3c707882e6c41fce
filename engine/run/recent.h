/*
 * What other runs of the journal have sent last, unless SES has refused it: it counts for more than
 * one read of SES that shows what stood there before (struct recent_write).
 */
#ifndef MF_RECENT_H
#define MF_RECENT_H

#include "run.h"

#define RECENT_FOR_PLAN SPAN_M(15)

/* Fills r->fleet.recent. A plan does not wait for two reads that agree where the write is older
 * than RECENT_FOR_PLAN: it changes nothing. A journal that it cannot read was told by
 * run_own_names(). */
enum err run_recent(struct run *r, struct why *why);

#endif
