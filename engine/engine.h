/*
 * The engine: the turn, and the only event loop. Wait, decide, keep, send; again until the machine
 * (calls/machine.h) is finished. The engine cannot tell a live world from a simulated one.
 */
#ifndef MF_ENGINE_H
#define MF_ENGINE_H

#include "calls/machine.h"
#include "io.h"

enum engine_end {
    ENGINE_ENDED,   /* the machine is finished: of a run, every job is final */
    ENGINE_DRAINED, /* asked to stop: of a run, no call is out, the rest can be resumed */
    ENGINE_ABORTED, /* asked twice: calls may be out; the journal has their intents */
};

struct engine_watch {
    void *ctx;
    void (*turn)(void *ctx, instant_us now); /* after each turn; or NULL */
    /* There is a turn then, though nothing may happen; asked after each turn; or NULL. */
    instant_us (*wake)(void *ctx, instant_us now);
};

/* ERR_IO: the journal could not keep a turn's records; no call was sent afterwards. ERR_NOMEM: the
 * machine is out of memory; no record of this turn was kept and no call sent. */
enum err engine_run(const struct machine *machine, const struct io *io,
                    const struct engine_watch *watch, enum engine_end *end, struct why *why);

#endif
