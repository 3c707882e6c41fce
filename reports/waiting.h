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

/* The fold under way, for callers that make passes over all moves and then over all rows anyway. */
struct waiting_fold {
    struct waiting *w;
    waiting_zone_of *zone_of;
    void *ctx;
    instant_us *since; /* of each row: when it first waited for DNS; 0: it never did. Owned */
    uint32_t rows, cap;
    bool failed; /* out of memory */
};

/* ERR_NOMEM. *w is to be cleared in every case, and *fold to be ended, which sorts, or dropped. */
enum err waiting_begin(struct waiting_fold *fold, struct waiting *w, const struct fleet *fleet,
                       waiting_zone_of *zone_of, void *ctx, struct why *why);
void waiting_move(struct waiting_fold *fold, const struct record *move);
/* A row that wants this MAIL FROM; after all moves. */
void waiting_row(struct waiting_fold *fold, uint32_t row, enum job_state state,
                 struct text mail_from, instant_us deadline);
enum err waiting_end(struct waiting_fold *fold, struct why *why);
void waiting_drop(struct waiting_fold *fold);

/* Two passes over the report's source. *w is to be cleared in every case. ERR_NOMEM. */
enum err waiting_make(struct waiting *w, const struct report *report, waiting_zone_of *zone_of,
                      void *ctx, struct why *why);
void waiting_clear(struct waiting *w);
struct text waiting_name(const struct waiting *w, const struct waiting_zone *zone);

#endif
