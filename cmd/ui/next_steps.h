/*
 * The last lines of a run: the next steps for a person.
 */
#ifndef MF_NEXT_STEPS_H
#define MF_NEXT_STEPS_H

#include "options/options.h"
#include "run/run.h"

/* After a run that ended, was stopped or was detached; wrote: the run has made a write. */
void next_steps_print(const struct options *o, const struct run *r, bool wrote);
/* After a run that ended with so many identities refused, failed, expired or drifted; drifted: so
 * many of them. */
void next_steps_retry(const struct options *o, const struct run *r, uint32_t bad, uint32_t drifted);
/* After a failed run, for example when the journal takes no more records. */
void next_steps_after(const struct options *o, const struct run *r, enum err err);
/* Names the verb for listing missing DNS records; prints nothing when no row waits for DNS. */
void next_steps_records(const struct options *o, const struct run *r, uint32_t waiting);

#endif
