/*
 * Two machines in one engine loop: the scheduler of a run, and the publisher of its record sets.
 * Neither knows of the other. An answer goes to the owner of its call, a signal to both, and the
 * records of both are kept as one: a turn is one transaction. Once one of the two drains, the other
 * is asked to.
 */
#ifndef MF_JOINED_H
#define MF_JOINED_H

#include "calls/machine.h"

struct joined {
    struct machine first, second;                                  /* both with records */
    bool (*second_owns)(const void *ctx, const struct call *call); /* ctx: the second's */
    bool told_first, told_second;                                  /* to drain */
    struct record *records;                                        /* of this turn, of both */
    uint32_t records_len, records_cap;
    bool no_memory;
};

/* *j must outlive the machine. The second decides first: it must leave calls for the first. */
struct machine joined_machine(struct joined *j);
void joined_clear(struct joined *j); /* zeros are fine */

#endif
