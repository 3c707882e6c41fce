/*
 * One turn reads the clock once, so everything in it happens at one instant. Records are durable
 * before the turn's calls leave: a write that reached SES always has its intent in the journal.
 */
#include "engine.h"

struct turn {
    struct event events[EVENTS_PER_TURN_MAX];
    uint32_t len, taken;
    struct call *calls[CALLS_IN_FLIGHT_MAX];
};

/* Takes what the journal has room for this turn; the rest is taken in the next one. */
static bool take_events(struct desk *desk, struct turn *t, instant_us now)
{
    bool aborted = false;
    while (t->taken < t->len && desk_has_room(desk)) {
        const struct event *event = &t->events[t->taken++];
        aborted = aborted || event->kind == EVENT_ABORT;
        desk_event(desk, event, now);
    }
    return aborted;
}

static enum err keep_and_send(struct desk *desk, const struct io *io, struct turn *t,
                              instant_us now, struct why *why)
{
    uint32_t records_len, calls_len = desk_decide(desk, now, t->calls, CALLS_IN_FLIGHT_MAX);
    const struct record *records = desk_records(desk, &records_len);
    if (records_len) {
        enum err err = io->keep(io->world, records, records_len, why);
        if (err != OK)
            return err;
    }
    if (calls_len)
        io->send(io->world, t->calls, calls_len);
    desk_turn_end(desk);
    return OK;
}

enum err engine_run(struct desk *desk, const struct io *io, const struct engine_watch *watch,
                    enum engine_end *end, struct why *why)
{
    static const struct engine_watch nobody = {0};
    struct turn turn = {.len = 0};
    instant_us until = io->now(io->world);
    watch = watch ? watch : &nobody;
    for (;;) {
        if (turn.taken == turn.len) {
            turn.len = io->wait(io->world, until, turn.events, EVENTS_PER_TURN_MAX);
            turn.taken = 0;
        }
        instant_us now = io->now(io->world);
        bool aborted = take_events(desk, &turn, now);
        enum err err = keep_and_send(desk, io, &turn, now, why);
        if (err != OK)
            return err;
        if (watch->turn)
            watch->turn(watch->ctx, desk, now);
        if (aborted || desk_is_finished(desk)) {
            bool drained = desk_is_draining(desk);
            *end = aborted ? ENGINE_ABORTED : drained ? ENGINE_DRAINED : ENGINE_ENDED;
            return OK;
        }
        until = desk_wake(desk, now);
    }
}
