#include "live.h"

static instant_us live_now(void *world)
{
    return wire_now(((struct live *)world)->wire);
}

static uint32_t live_wait(void *world, instant_us until, struct event *events, uint32_t max)
{
    return wire_wait(((struct live *)world)->wire, until, events, max);
}

static enum err live_keep(void *world, const struct record *records, uint32_t len, struct why *why)
{
    struct live *live = world;
    return journal_keep(live->journal, live->run, records, len, why);
}

static void live_send(void *world, struct call **calls, uint32_t len)
{
    wire_send(((struct live *)world)->wire, calls, len);
}

struct io live_io(struct live *live)
{
    return (struct io){live, live_now, live_wait, live_keep, live_send};
}
