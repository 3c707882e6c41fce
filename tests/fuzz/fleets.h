/*
 * What every fleet is like, wherever it was read from: a manifest, a plan file or a journal.
 */
#ifndef MF_FLEETS_H
#define MF_FLEETS_H

#include "model/fleet.h"

/* Asserts that every number is within its bounds and points somewhere. */
void fleet_is_sound(const struct fleet *f);
/* Asserts that both say the same, row by row. */
void fleets_are_same(const struct fleet *a, const struct fleet *b);

#endif
