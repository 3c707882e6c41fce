/* The port's functions, each a call of the wire or of the journal. */
#include "live.h"

static enum err live_keep(void *keeper, const struct record *records, uint32_t len, struct why *why)
{
    const struct run *r = ((struct live *)keeper)->run;
    enum err err = journal_keep(r->journal, r->head.id, records, len, why);
    if (err == OK)
        run_companions_kept(r, records, len);
    return err;
}

static bool is_intent(const struct record *r)
{
    return r->kind == RECORD_INTENT ||
           (r->kind == RECORD_PUBLISH && r->publish->kind == PUBLISH_INTENT);
}

static enum err part_keep(void *keeper, const struct record *records, uint32_t len, struct why *why)
{
    struct live *live = keeper;
    const struct run_part *part = live->run->config.part;
    bool intends = false;
    instant_us until = 0;
    for (uint32_t i = 0; i < len && !intends; i++)
        intends = is_intent(&records[i]);
    enum err err = part->may(part->ctx, intends, wire_now(live->wire), &until, why);
    if (err != OK)
        return err;
    live->send_until = until;
    return live_keep(live, records, len, why);
}

static instant_us part_now(void *world)
{
    return wire_now(((struct live *)world)->wire);
}

static uint32_t part_wait(void *world, instant_us until, struct event *events, uint32_t max)
{
    return wire_wait(((struct live *)world)->wire, until, events, max);
}

/* A question that may not leave any more comes back as not sent, as a write does. */
static void part_send(void *world, struct call **calls, uint32_t len)
{
    struct live *live = world;
    const struct run_part *part = live->run->config.part;
    instant_us now = wire_now(live->wire), until = now;
    struct why unheard = {""};
    if (part->may(part->ctx, false, now, &until, &unheard) != OK)
        until = 1;
    for (uint32_t i = 0; i < len; i++) {
        bool is_write = call_changes_world(calls[i]->kind);
        if (calls[i]->kind != CALL_ASK)
            calls[i]->not_after =
                when_later(is_write ? when_earlier(until, live->send_until) : until, 1);
    }
    wire_send(live->wire, calls, len);
}

struct io live_io(struct live *live)
{
    struct io io = wire_io(live->wire);
    io.keep = live_keep;
    io.keeper = live;
    if (live->run->config.part) {
        io.world = live;
        io.now = part_now;
        io.wait = part_wait;
        io.send = part_send;
        io.keep = part_keep;
    }
    return io;
}
