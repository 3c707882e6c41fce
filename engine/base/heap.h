/*
 * Deadlines: a 4-ary min-heap of (instant, id) with at most one entry per id. The key lies in the
 * node, so a comparison touches one cache line and no job. Ties go to the smaller id, which makes
 * the order total and runs repeatable. All memory is taken at init; nothing here can fail later.
 */
#ifndef MF_HEAP_H
#define MF_HEAP_H

#include "when.h"

struct heap_node {
    instant_us at;
    uint32_t id;
};

struct heap {
    struct heap_node *nodes;
    uint32_t *place; /* id -> index + 1 in nodes, 0 when absent */
    uint32_t len, cap;
};

bool heap_init(struct heap *h, uint32_t ids); /* ids 0 .. ids - 1; false when out of memory */
void heap_clear(struct heap *h);
void heap_set(struct heap *h, uint32_t id, instant_us at); /* inserts or moves; WHEN_NEVER drops */
void heap_drop(struct heap *h, uint32_t id);               /* absent is fine */
bool heap_has(const struct heap *h, uint32_t id);
instant_us heap_first(const struct heap *h);                     /* WHEN_NEVER when empty */
bool heap_pop_due(struct heap *h, instant_us now, uint32_t *id); /* first entry with at <= now */

#endif
