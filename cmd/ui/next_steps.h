/*
 * The last lines of a run: what a person can do next.
 */
#ifndef MF_NEXT_STEPS_H
#define MF_NEXT_STEPS_H

#include "options/options.h"
#include "run/run.h"

/* After a run that ended, was stopped or went its way; wrote: it has written something. */
void next_steps_print(const struct options *o, const struct run *r, bool wrote);
/* After a run that could not go on, such as when the journal took nothing more. */
void next_steps_after(const struct options *o, const struct run *r, enum err err);
/* Names the verb that lists what those lack who wait for DNS; nothing when nobody does. */
void next_steps_records(const struct options *o, const struct run *r, uint32_t waiting);

#endif
