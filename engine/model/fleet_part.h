/*
 * A part of a fleet: some of its rows, in their order, with the lanes that they use. Rows and lanes
 * are numbered anew.
 *
 * What is known of the whole fleet is not forgotten: a MAIL FROM that several rows of it share is
 * still known as shared (fleet_is_shared()).
 */
#ifndef MF_FLEET_PART_H
#define MF_FLEET_PART_H

#include "fleet.h"

#define FLEET_LEFT_OUT UINT32_MAX

/* From the numbers of the whole to those of the part; FLEET_LEFT_OUT: not in it. In the arena. */
struct fleet_part {
    uint32_t rows, lanes; /* of the whole */
    uint32_t *row, *lane;
};

/* *f becomes the part with the rows that keep[row] names. False: out of memory; *f is whole. */
bool fleet_part_take(struct fleet *f, const bool *keep, struct arena *arena,
                     struct fleet_part *part);

#endif
