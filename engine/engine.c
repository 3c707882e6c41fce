/*
 * The turn and the loop. One turn reads the clock once, so the whole turn happens at one instant.
 * Records are durable before the turn's calls leave: a write at SES always has its intent in the
 * journal.
 */
#include "engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_WITHIN SPAN_MS(20)

struct engine {
    const struct machine *machine;
    const struct io *io;
    struct engine_watch watch;
    struct event events[EVENTS_PER_TURN_MAX];
    uint32_t len, taken;
    struct call *calls[CALLS_IN_FLIGHT_MAX];
    instant_us unkept_since; /* of the oldest record not yet durable; WHEN_NEVER: none */
    bool is_over;
};

static bool has_room(const struct machine *m)
{
    return !m->has_room || m->has_room(m->ctx);
}

static bool changes_world(const struct engine *e, uint32_t calls_len)
{
    for (uint32_t i = 0; i < calls_len; i++)
        if (call_changes_world(e->calls[i]->kind))
            return true;
    return false;
}

static enum err keep_and_send(struct engine *e, bool last, instant_us now, struct why *why)
{
    const struct machine *m = e->machine;
    uint32_t records_len = 0;
    uint32_t calls_len = m->decide(m->ctx, now, e->calls, CALLS_IN_FLIGHT_MAX);
    const struct record *records = m->records ? m->records(m->ctx, &records_len) : NULL;
    if (m->is_out_of_memory(m->ctx))
        return why_set(why, ERR_NOMEM, "out of memory");
    if (records_len && e->unkept_since == WHEN_NEVER)
        e->unkept_since = now;
    /* Only a write about to leave needs its record at once. The record of an answer can wait a
     * moment: an answer lost with the process is read again, and one commit for several turns costs
     * as much as one for a single turn. */
    if (records_len && (last || changes_world(e, calls_len) || !has_room(m) ||
                        m->is_finished(m->ctx) || now >= e->unkept_since + KEEP_WITHIN)) {
        enum err err = e->io->keep ? e->io->keep(e->io->keeper, records, records_len, why) : OK;
        if (err != OK)
            return err;
        m->turn_end(m->ctx);
        e->unkept_since = WHEN_NEVER;
    }
    if (calls_len)
        e->io->send(e->io->world, e->calls, calls_len);
    return OK;
}

static instant_us next_turn(const struct engine *e, instant_us now)
{
    instant_us wake = e->machine->wake(e->machine->ctx, now);
    if (e->unkept_since != WHEN_NEVER)
        wake = when_earlier(wake, e->unkept_since + KEEP_WITHIN);
    if (e->watch.wake)
        wake = when_earlier(wake, e->watch.wake(e->watch.ctx, now));
    return wake;
}

/* Takes as many of the events as the journal has room for; the rest wait for the next turn. True:
 * one of them says to leave at once. */
static bool events_take(struct engine *e, instant_us now)
{
    const struct machine *m = e->machine;
    bool aborted = false;
    while (e->taken < e->len && has_room(m)) {
        const struct event *event = &e->events[e->taken++];
        aborted = aborted || event->kind == EVENT_ABORT ||
                  (event->kind == EVENT_CONTROL && event->order->kind == ORDER_LEAVE);
        m->event(m->ctx, event, now);
    }
    return aborted;
}

/* One turn, with the events that are there. *until counts unless it is over. */
static enum err turn_take(struct engine *e, instant_us *until, enum engine_end *end,
                          struct why *why)
{
    const struct machine *m = e->machine;
    instant_us now = e->io->now(e->io->world);
    bool aborted = events_take(e, now);
    enum err err = keep_and_send(e, aborted, now, why);
    if (err != OK)
        return err;
    if (e->watch.turn)
        e->watch.turn(e->watch.ctx, now);
    e->is_over = aborted || m->is_finished(m->ctx);
    if (e->is_over) {
        bool drained = m->is_draining(m->ctx);
        *end = aborted ? ENGINE_ABORTED : drained ? ENGINE_DRAINED : ENGINE_ENDED;
        return OK;
    }
    *until = next_turn(e, now);
    return OK;
}

struct engine *engine_new(const struct machine *machine, const struct io *io,
                          const struct engine_watch *watch)
{
    struct engine *e = calloc(1, sizeof *e); /* too large for a small stack */
    if (!e)
        return NULL;
    e->machine = machine;
    e->io = io;
    if (watch)
        e->watch = *watch;
    e->unkept_since = WHEN_NEVER;
    return e;
}

void engine_free(struct engine *e)
{
    free(e);
}

bool engine_wants_events(const struct engine *e)
{
    return e->taken == e->len;
}

enum err engine_turn(struct engine *e, const struct event *events, uint32_t len, instant_us *until,
                     bool *is_over, enum engine_end *end, struct why *why)
{
    assert(!e->is_over);
    assert(len == 0 || engine_wants_events(e));
    assert(len <= EVENTS_PER_TURN_MAX);
    if (len) {
        memcpy(e->events, events, len * sizeof *events);
        e->len = len;
        e->taken = 0;
    }
    enum err err = turn_take(e, until, end, why);
    *is_over = e->is_over;
    if (err == OK && !e->is_over && !engine_wants_events(e))
        *until = 0;
    return err;
}

enum err engine_run(const struct machine *machine, const struct io *io,
                    const struct engine_watch *watch, enum engine_end *end, struct why *why)
{
    struct engine *e = engine_new(machine, io, watch);
    if (!e)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = OK;
    for (instant_us until = io->now(io->world); err == OK && !e->is_over;) {
        if (engine_wants_events(e)) {
            e->len = io->wait(io->world, until, e->events, EVENTS_PER_TURN_MAX);
            e->taken = 0;
        }
        err = turn_take(e, &until, end, why);
    }
    engine_free(e);
    return err;
}
