/*
 * Both machines see each turn: events of their own, a share of the calls, the end of the turn. The
 * second decides first, so what it has just finished is news for the first in the same turn.
 */
#include "joined.h"

#include "scheduler/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void on_event(void *ctx, const struct event *event, instant_us now)
{
    struct joined *j = ctx;
    bool is_answer = event->kind == EVENT_ANSWER;
    bool is_seconds = is_answer && j->second_owns(j->second.ctx, event->call);
    if (!is_seconds)
        j->first.event(j->first.ctx, event, now);
    if (event->kind == EVENT_CONTROL) {
        /* The first has answered the order, and keeps it. */
        struct order copy = *event->order;
        const struct event same = {.kind = EVENT_CONTROL, .order = &copy};
        j->second.event(j->second.ctx, &same, now);
    } else if (is_seconds || !is_answer) {
        j->second.event(j->second.ctx, event, now);
    }
}

static void drain_both(struct joined *j, instant_us now)
{
    const struct event drain = {.kind = EVENT_DRAIN};
    if (j->first.is_draining(j->first.ctx) && !j->told_second) {
        j->told_second = true;
        j->second.event(j->second.ctx, &drain, now);
    }
    if (j->second.is_draining(j->second.ctx) && !j->told_first) {
        j->told_first = true;
        j->first.event(j->first.ctx, &drain, now);
    }
}

/* The records of both become one array. */
static void records_join(struct joined *j)
{
    uint32_t first_len, second_len;
    const struct record *first = j->first.records(j->first.ctx, &first_len);
    const struct record *second = j->second.records(j->second.ctx, &second_len);
    uint32_t len = first_len + second_len;
    if (len > j->records_cap) {
        uint32_t cap = len > 2 * j->records_cap ? len : 2 * j->records_cap;
        struct record *records = realloc(j->records, cap * sizeof *records);
        j->no_memory |= !records;
        if (!records)
            return;
        j->records = records;
        j->records_cap = cap;
    }
    if (first_len)
        memcpy(j->records, first, first_len * sizeof *first);
    j->records_len = first_len;
    for (uint32_t i = 0; i < second_len; i++)
        if (second[i].kind != RECORD_ORDER) /* the first has it, too */
            j->records[j->records_len++] = second[i];
}

static uint32_t decide(void *ctx, instant_us now, struct call **calls, uint32_t max)
{
    struct joined *j = ctx;
    drain_both(j, now);
    uint32_t len = j->second.decide(j->second.ctx, now, calls, max);
    assert(len < max);
    len += j->first.decide(j->first.ctx, now, calls + len, max - len);
    drain_both(j, now);
    records_join(j);
    return len;
}

static instant_us wake(const void *ctx, instant_us now)
{
    const struct joined *j = ctx;
    return when_earlier(j->first.wake(j->first.ctx, now), j->second.wake(j->second.ctx, now));
}

static bool is_finished(const void *ctx)
{
    const struct joined *j = ctx;
    return j->first.is_finished(j->first.ctx) && j->second.is_finished(j->second.ctx);
}

static bool is_draining(const void *ctx)
{
    const struct joined *j = ctx;
    return j->first.is_draining(j->first.ctx) || j->second.is_draining(j->second.ctx);
}

static bool is_out_of_memory(const void *ctx)
{
    const struct joined *j = ctx;
    return j->no_memory || j->first.is_out_of_memory(j->first.ctx) ||
           j->second.is_out_of_memory(j->second.ctx);
}

static const struct record *records(const void *ctx, uint32_t *len)
{
    const struct joined *j = ctx;
    *len = j->records_len;
    return j->records;
}

static void turn_end(void *ctx)
{
    struct joined *j = ctx;
    j->first.turn_end(j->first.ctx);
    j->second.turn_end(j->second.ctx);
    j->records_len = 0;
}

static bool has_room(const void *ctx)
{
    const struct joined *j = ctx;
    return j->first.has_room(j->first.ctx) && j->second.has_room(j->second.ctx);
}

struct machine joined_machine(struct joined *j)
{
    assert(j->first.records && j->second.records);
    return (struct machine){.ctx = j,
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

void joined_clear(struct joined *j)
{
    free(j->records);
    *j = (struct joined){.records = NULL};
}
