/*
 * The MAIL FROM names written by earlier runs to the identities of a fleet. Replacing one of these
 * names is no `overwrites-custom`. Made from the journal before a run begins; read-only until the
 * end of the run.
 */
#ifndef MF_OWN_NAMES_H
#define MF_OWN_NAMES_H

#include "fleet_index.h"

struct own_name {
    name_id name;
    uint32_t next; /* of the row: index + 1, 0 ends */
};

struct own_names {
    struct arena arena;
    struct fleet_index index;
    struct names names;
    uint32_t *first;       /* per row: index + 1 into list; 0: none */
    struct own_name *list; /* in arena, as first is */
    uint32_t len, cap;
};

/* The fleet must outlive *own. False: out of memory; own_names_clear() is due in any case. */
bool own_names_init(struct own_names *o, const struct fleet *fleet);
void own_names_clear(struct own_names *o);
/* Identities outside the fleet and doubles are left out. False: out of memory. */
bool own_names_add(struct own_names *o, const struct lane_name *lane, struct text identity,
                   struct text mail_from);
/* o may be NULL: nothing is known to be ours. */
bool own_names_has(const struct own_names *o, uint32_t row, struct text mail_from);

#endif
