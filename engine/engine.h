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

/* A machine that is driven turn by turn, by who waits for several at once. engine_run() is one of
 * these with a wait between two turns. */
struct engine;

/* machine and io are borrowed until engine_free(). NULL: out of memory. watch: or NULL. */
struct engine *engine_new(const struct machine *machine, const struct io *io,
                          const struct engine_watch *watch);
void engine_free(struct engine *e);
/* The events that have come, at most EVENTS_PER_TURN_MAX, none of which is left over from the turn
 * before (engine_wants_events()). The first turn has none. *until: when the next turn is due,
 * events or not. *is_over: the last one was taken, and *end says how. Errors as of engine_run();
 * there is no turn after one. */
enum err engine_turn(struct engine *e, const struct event *events, uint32_t len, instant_us *until,
                     bool *is_over, enum engine_end *end, struct why *why);
/* False: events of the turn before are still to be taken, and the next turn is due at once. */
bool engine_wants_events(const struct engine *e);

/* ERR_IO: the journal could not keep a turn's records; no call was sent afterwards. ERR_NOMEM: the
 * machine is out of memory; no record of this turn was kept and no call sent. */
enum err engine_run(const struct machine *machine, const struct io *io,
                    const struct engine_watch *watch, enum engine_end *end, struct why *why);

#endif
