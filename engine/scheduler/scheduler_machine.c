/*
 * The scheduler as a machine of the engine: its functions, with the types of struct machine.
 */
#include "scheduler.h"

static void on_event(void *ctx, const struct event *event, instant_us now)
{
    scheduler_event(ctx, event, now);
}

static uint32_t decide(void *ctx, instant_us now, struct call **calls, uint32_t max)
{
    return scheduler_decide(ctx, now, calls, max);
}

static instant_us wake(const void *ctx, instant_us now)
{
    return scheduler_wake(ctx, now);
}

static bool is_finished(const void *ctx)
{
    return scheduler_is_finished(ctx);
}

static bool is_draining(const void *ctx)
{
    return scheduler_is_draining(ctx);
}

static bool is_out_of_memory(const void *ctx)
{
    return scheduler_is_out_of_memory(ctx);
}

static const struct record *records(const void *ctx, uint32_t *len)
{
    return scheduler_records(ctx, len);
}

static void turn_end(void *ctx)
{
    scheduler_turn_end(ctx);
}

static bool has_room(const void *ctx)
{
    return scheduler_has_room(ctx);
}

struct machine scheduler_machine(struct scheduler *d)
{
    return (struct machine){.ctx = d,
                            .event = on_event,
                            .decide = decide,
                            .wake = wake,
                            .is_finished = is_finished,
                            .is_draining = is_draining,
                            .is_out_of_memory = is_out_of_memory,
                            .records = records,
                            .turn_end = turn_end,
                            .has_room = has_room};
}
