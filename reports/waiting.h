/*
 * The zones whose records are waited for, the oldest and largest first: what a person looks at when
 * a thousand rows wait for DNS.
 */
#ifndef MF_WAITING_H
#define MF_WAITING_H

#include "row.h"

#define WAITING_SHOWN 10 /* zones, to a person */

struct waiting_zone {
    name_id zone; /* in waiting.zones */
    uint32_t rows;
    uint32_t oldest;     /* row of the fleet that has waited longest */
    instant_us since;    /* of that row */
    instant_us deadline; /* the earliest; WHEN_NEVER: none */
};

struct waiting {
    struct names zones;
    struct waiting_zone *list; /* by id - 1 of their names until sorted */
    uint32_t len, rows;
};

/* The zone of a MAIL FROM, a tail of its text. */
typedef struct text waiting_zone_of(void *ctx, struct text mail_from);
/* The domain above a MAIL FROM: no zone is known from a journal alone. */
waiting_zone_of waiting_parent;

/* Two passes over the report's source. *w is to be cleared in every case. ERR_NOMEM. */
enum err waiting_make(struct waiting *w, const struct report *report, waiting_zone_of *zone_of,
                      void *ctx, struct why *why);
void waiting_clear(struct waiting *w);
struct text waiting_name(const struct waiting *w, const struct waiting_zone *zone);

#endif
