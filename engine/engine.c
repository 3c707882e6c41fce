/*
 * The turn and the loop. One turn reads the clock once, so the whole turn happens at one instant.
 * Records are durable before the turn's calls leave: a write at SES always has its intent in the
 * journal.
 */
#include "engine.h"

#include <stdlib.h>

#define KEEP_WITHIN SPAN_MS(20)

struct turn {
    struct event events[EVENTS_PER_TURN_MAX];
    uint32_t len, taken;
    struct call *calls[CALLS_IN_FLIGHT_MAX];
    instant_us unkept_since; /* of the oldest record not yet durable; WHEN_NEVER: none */
};

static bool has_room(const struct machine *m)
{
    return !m->has_room || m->has_room(m->ctx);
}

static bool changes_world(const struct turn *t, uint32_t calls_len)
{
    for (uint32_t i = 0; i < calls_len; i++)
        if (call_changes_world(t->calls[i]->kind))
            return true;
    return false;
}

static enum err keep_and_send(const struct machine *m, const struct io *io, struct turn *t,
                              bool last, instant_us now, struct why *why)
{
    uint32_t records_len = 0;
    uint32_t calls_len = m->decide(m->ctx, now, t->calls, CALLS_IN_FLIGHT_MAX);
    const struct record *records = m->records ? m->records(m->ctx, &records_len) : NULL;
    if (m->is_out_of_memory(m->ctx))
        return why_set(why, ERR_NOMEM, "out of memory");
    if (records_len && t->unkept_since == WHEN_NEVER)
        t->unkept_since = now;
    /* Only a write about to leave needs its record at once. The record of an answer can wait a
     * moment: an answer lost with the process is read again, and one commit for several turns costs
     * as much as one for a single turn. */
    if (records_len && (last || changes_world(t, calls_len) || !has_room(m) ||
                        m->is_finished(m->ctx) || now >= t->unkept_since + KEEP_WITHIN)) {
        enum err err = io->keep ? io->keep(io->keeper, records, records_len, why) : OK;
        if (err != OK)
            return err;
        m->turn_end(m->ctx);
        t->unkept_since = WHEN_NEVER;
    }
    if (calls_len)
        io->send(io->world, t->calls, calls_len);
    return OK;
}

static instant_us next_turn(const struct machine *m, const struct turn *t, instant_us now)
{
    instant_us wake = m->wake(m->ctx, now);
    if (t->unkept_since == WHEN_NEVER || wake < t->unkept_since + KEEP_WITHIN)
        return wake;
    return t->unkept_since + KEEP_WITHIN;
}

static enum err turns_take(const struct machine *m, const struct io *io,
                           const struct engine_watch *watch, struct turn *turn,
                           enum engine_end *end, struct why *why)
{
    instant_us until = io->now(io->world);
    for (;;) {
        if (turn->taken == turn->len) {
            turn->len = io->wait(io->world, until, turn->events, EVENTS_PER_TURN_MAX);
            turn->taken = 0;
        }
        instant_us now = io->now(io->world);
        /* Takes as many events as the journal has room for in this turn; the rest wait for the
         * next. */
        bool aborted = false;
        while (turn->taken < turn->len && has_room(m)) {
            const struct event *event = &turn->events[turn->taken++];
            aborted = aborted || event->kind == EVENT_ABORT ||
                      (event->kind == EVENT_CONTROL && event->order->kind == ORDER_LEAVE);
            m->event(m->ctx, event, now);
        }
        enum err err = keep_and_send(m, io, turn, aborted, now, why);
        if (err != OK)
            return err;
        if (watch->turn)
            watch->turn(watch->ctx, now);
        if (aborted || m->is_finished(m->ctx)) {
            bool drained = m->is_draining(m->ctx);
            *end = aborted ? ENGINE_ABORTED : drained ? ENGINE_DRAINED : ENGINE_ENDED;
            return OK;
        }
        until = next_turn(m, turn, now);
        if (watch->wake && watch->wake(watch->ctx, now) < until)
            until = watch->wake(watch->ctx, now);
    }
}

enum err engine_run(const struct machine *machine, const struct io *io,
                    const struct engine_watch *watch, enum engine_end *end, struct why *why)
{
    static const struct engine_watch nobody = {0};
    struct turn *turn = calloc(1, sizeof *turn); /* too large for a small stack */
    if (!turn)
        return why_set(why, ERR_NOMEM, "out of memory");
    turn->unkept_since = WHEN_NEVER;
    enum err err = turns_take(machine, io, watch ? watch : &nobody, turn, end, why);
    free(turn);
    return err;
}
