/*
 * The last lines of a run: what a person can do next.
 */
#ifndef MF_WAY_ON_H
#define MF_WAY_ON_H

#include "run.h"

/* After a run that ended, was stopped or went its way; wrote: it has written something. */
void way_on_print(const struct run *r, bool wrote);
/* After a run that could not go on, such as when the journal took nothing more. */
void way_on_after(const struct run *r, enum err err);
/* Names the verb that lists what those lack who wait for DNS; nothing when nobody does. */
void way_on_records(const struct run *r, uint32_t waiting);

#endif
