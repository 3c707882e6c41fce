/*
 * Who carries a run of a shared journal, for people: what status prints of its workers and lanes,
 * worst first.
 */
#ifndef MF_WORKERS_TEXT_H
#define MF_WORKERS_TEXT_H

#include "base/buf.h"
#include "options/options.h"
#include "run/holders.h"
#include "run/run.h"

#include <stdio.h>

/* "running, carried by 3 workers", "submitted: no worker carries it yet". */
void workers_state_add(struct buf *out, const struct holders *h);
/* The lanes: those that nobody carries with the reason, then the workers and what they hold. */
void workers_print(const struct options *o, const struct holders *h);
/* What has passed from one worker to another since the look before, a line for each. carriers: by
 * lane of h, who carried it then; 0: nobody. Brought up to date. */
void workers_moves_print(FILE *out, const struct holders *h, uint64_t *carriers);
/* Every worker of the journal that was seen within a day and has not ended, a line each. */
enum err workers_list(struct journal *journal, struct why *why);

#endif
