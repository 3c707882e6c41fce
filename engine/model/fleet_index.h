/*
 * A table from (lane, identity) to the row of a fleet, made once.
 */
#ifndef MF_FLEET_INDEX_H
#define MF_FLEET_INDEX_H

#include "fleet.h"

struct fleet_index {
    const struct fleet *fleet;
    uint32_t *slots; /* (lane, identity) -> row + 1, open addressing; in the arena */
    uint32_t slot_mask;
};

/* The fleet must outlive the index. False: out of memory. */
bool fleet_index_init(struct fleet_index *x, struct arena *memory, const struct fleet *fleet);
/* The row + 1; 0: none. */
uint32_t fleet_index_find(const struct fleet_index *x, uint16_t lane, struct text identity);
/* Like fleet_index_find(), with a lane of another run. An account is the same when its number is;
 * where one of the two is not known, when its name is. */
uint32_t fleet_index_row(const struct fleet_index *x, const struct lane_name *lane,
                         struct text identity);

#endif
