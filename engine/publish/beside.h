/*
 * A publisher beside the scheduler of a run, in one engine loop: identities wait for their record
 * sets as they wait for people, and are looked at as soon as a target has come to its end.
 *
 *     publish_beside_init(); publisher_restore() for a resumed run; publish_beside_start();
 *     scheduler_start(); engine_run(); publish_beside_clear() once no call is out any more
 */
#ifndef MF_PUBLISH_BESIDE_H
#define MF_PUBLISH_BESIDE_H

#include "joined.h"
#include "publisher.h"
#include "scheduler/scheduler.h"

struct publish_beside {
    struct publisher *publisher;
    struct scheduler *scheduler;
    struct joined joined;
    uint32_t targets_len;
    uint32_t *rows; /* by target: a row of the fleet that wants it, plus one, and ... */
    uint32_t *next; /* ... by row: the next one, plus one; 0 ends */
};

/* *b and the scheduler must outlive the engine's run. False: out of memory. */
bool publish_beside_init(struct publish_beside *b, struct scheduler *scheduler,
                         const struct publisher_options *options, struct arena *memory);
/* *machine, the scheduler's, becomes both. */
void publish_beside_start(struct publish_beside *b, struct machine *machine, instant_us now);
void publish_beside_clear(struct publish_beside *b); /* zeros are fine */

#endif
