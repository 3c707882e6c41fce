/*
 * Which row of a fleet has an identity in a lane? A table over the fleet's choices, made once.
 */
#ifndef MF_FLEET_INDEX_H
#define MF_FLEET_INDEX_H

#include "fleet.h"

struct fleet_index {
    const struct fleet *fleet;
    uint32_t *slots; /* (lane, identity) -> row + 1, open addressing; in the arena */
    uint32_t slot_mask;
};

/* The fleet must outlive it. False: out of memory. */
bool fleet_index_init(struct fleet_index *x, struct arena *memory, const struct fleet *fleet);
/* The row + 1; 0: none. */
uint32_t fleet_index_find(const struct fleet_index *x, uint16_t lane, struct text identity);
/* The same in whichever lane has that account and Region. */
uint32_t fleet_index_row(const struct fleet_index *x, struct text account, struct text region,
                         struct text identity);

#endif
