/*
 * The engine: the turn. Wait, decide, keep, send; again until nothing is left to do. It cannot
 * tell a live world from a simulated one.
 */
#ifndef MF_ENGINE_H
#define MF_ENGINE_H

#include "io.h"
#include "scheduler/scheduler.h"

enum engine_end {
    ENGINE_ENDED,   /* every job is final */
    ENGINE_DRAINED, /* asked to stop: no call is out, the rest can be resumed */
    ENGINE_ABORTED, /* asked twice: calls may be out, the journal knows which */
};

struct engine_watch {
    void *ctx;
    void (*turn)(void *ctx, const struct scheduler *scheduler,
                 instant_us now); /* after each turn; or NULL */
    /* There is a turn then, though nothing may happen; asked after each turn; or NULL. */
    instant_us (*wake)(void *ctx, instant_us now);
};

/* ERR_IO: the journal could not keep a turn's records; nothing was sent after that. ERR_NOMEM: the
 * scheduler could not remember; nothing of that turn was kept or sent. */
enum err engine_run(struct scheduler *scheduler, const struct io *io,
                    const struct engine_watch *watch, enum engine_end *end, struct why *why);

#endif
