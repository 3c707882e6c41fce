/* Turns of the engine, with a machine and a world that note what is asked of them. */
#include "unit.h"

#include "base/bounds.h"
#include "engine.h"
#include "scheduler/record.h"

#include <string.h>

struct noted {
    char order[256]; /* a letter for each thing that happened */
    instant_us now, wake, watch_wake;
    uint32_t events, room; /* room: for so many events more in this turn */
    uint32_t records_len;
    bool sends_write, sends_read, is_finished, is_draining, is_out_of_memory;
    enum err keep_err;
    struct call call;
    struct record record;
    uint32_t waits, waits_max;
};

static void note(struct noted *n, char what)
{
    size_t len = strlen(n->order);
    assert_true(len + 1 < sizeof n->order);
    n->order[len] = what;
}

static void on_event(void *ctx, const struct event *event, instant_us now)
{
    struct noted *n = ctx;
    assert_int_equal(now, n->now);
    assert_true(n->room > 0);
    n->room--;
    n->events++;
    n->is_draining = n->is_draining || event->kind == EVENT_DRAIN;
    note(n, 'e');
}

static uint32_t on_decide(void *ctx, instant_us now, struct call **calls, uint32_t max)
{
    struct noted *n = ctx;
    assert_int_equal(now, n->now);
    assert_int_equal(max, CALLS_IN_FLIGHT_MAX);
    note(n, 'd');
    n->call.kind = n->sends_write ? CALL_SET : CALL_GET;
    calls[0] = &n->call;
    return n->sends_write || n->sends_read;
}

static instant_us on_wake(const void *ctx, instant_us now)
{
    (void)now;
    return ((const struct noted *)ctx)->wake;
}

static bool on_finished(const void *ctx)
{
    return ((const struct noted *)ctx)->is_finished;
}

static bool on_draining(const void *ctx)
{
    return ((const struct noted *)ctx)->is_draining;
}

static bool on_out_of_memory(const void *ctx)
{
    return ((const struct noted *)ctx)->is_out_of_memory;
}

static const struct record *on_records(const void *ctx, uint32_t *len)
{
    const struct noted *n = ctx;
    *len = n->records_len;
    return &n->record;
}

static void on_turn_end(void *ctx)
{
    struct noted *n = ctx;
    n->records_len = 0;
    n->room = EVENTS_PER_TURN_MAX;
    note(n, 't');
}

static bool on_room(const void *ctx)
{
    return ((const struct noted *)ctx)->room > 0;
}

static instant_us io_now(void *world)
{
    return ((struct noted *)world)->now;
}

static uint32_t io_wait(void *world, instant_us until, struct event *events, uint32_t max)
{
    struct noted *n = world;
    assert_int_equal(max, EVENTS_PER_TURN_MAX);
    n->now = n->waits > 0 && until > n->now ? until : n->now;
    n->is_finished = ++n->waits == n->waits_max;
    events[0] = (struct event){.kind = EVENT_ANSWER, .call = &n->call};
    note(n, 'w');
    return 1;
}

static void io_send(void *world, struct call **calls, uint32_t len)
{
    assert_int_equal(len, 1);
    assert_ptr_equal(calls[0], &((struct noted *)world)->call);
    note(world, 's');
}

static enum err io_keep(void *keeper, const struct record *records, uint32_t len, struct why *why)
{
    struct noted *n = keeper;
    (void)records;
    assert_true(len > 0);
    note(n, 'k');
    return n->keep_err == OK ? OK : why_set(why, n->keep_err, "not kept");
}

static void on_turn(void *ctx, instant_us now)
{
    assert_int_equal(now, ((struct noted *)ctx)->now);
    note(ctx, '.');
}

static instant_us on_watch_wake(void *ctx, instant_us now)
{
    (void)now;
    return ((struct noted *)ctx)->watch_wake;
}

struct bench {
    struct noted n;
    struct machine machine;
    struct io io;
    struct engine_watch watch;
    struct engine *engine;
    instant_us until;
    bool is_over;
    enum engine_end end;
    struct why why;
};

static void bench_open(struct bench *b)
{
    *b = (struct bench){.n = {.now = SPAN_H(1),
                              .wake = SPAN_H(2),
                              .watch_wake = WHEN_NEVER,
                              .room = EVENTS_PER_TURN_MAX}};
    b->machine = (struct machine){.ctx = &b->n,
                                  .event = on_event,
                                  .decide = on_decide,
                                  .wake = on_wake,
                                  .is_finished = on_finished,
                                  .is_draining = on_draining,
                                  .is_out_of_memory = on_out_of_memory,
                                  .records = on_records,
                                  .turn_end = on_turn_end,
                                  .has_room = on_room};
    b->io = (struct io){.world = &b->n,
                        .now = io_now,
                        .wait = io_wait,
                        .send = io_send,
                        .keep = io_keep,
                        .keeper = &b->n};
    b->watch = (struct engine_watch){.ctx = &b->n, .turn = on_turn, .wake = on_watch_wake};
    b->engine = engine_new(&b->machine, &b->io, &b->watch);
    assert_non_null(b->engine);
}

static enum err turn(struct bench *b, uint32_t events)
{
    struct event list[EVENTS_PER_TURN_MAX];
    for (uint32_t i = 0; i < events; i++)
        list[i] = (struct event){.kind = EVENT_ANSWER, .call = &b->n.call};
    memset(b->n.order, 0, sizeof b->n.order);
    return engine_turn(b->engine, list, events, &b->until, &b->is_over, &b->end, &b->why);
}

static void a_record_is_kept_before_its_write_leaves(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    b.n.records_len = 1;
    b.n.sends_write = true;
    assert_int_equal(turn(&b, 2), OK);
    assert_string_equal(b.n.order, "eedkts.");
    assert_false(b.is_over);
    assert_int_equal(b.until, SPAN_H(2));
    b.n.records_len = 1;
    b.n.keep_err = ERR_FENCED;
    assert_int_equal(turn(&b, 0), ERR_FENCED); /* nothing leaves */
    assert_string_equal(b.n.order, "dk");
    assert_string_equal(b.why.text, "not kept");
    engine_free(b.engine);
}

static void a_record_without_a_write_may_wait_a_moment(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    b.n.records_len = 1;
    b.n.sends_read = true;
    assert_int_equal(turn(&b, 0), OK);
    assert_string_equal(b.n.order, "ds.");
    assert_int_equal(b.until, b.n.now + SPAN_MS(20));
    b.n.now = b.until;
    assert_int_equal(turn(&b, 0), OK);
    assert_string_equal(b.n.order, "dkts.");
    assert_int_equal(b.until, SPAN_H(2));
    b.n.watch_wake = SPAN_M(90);
    assert_int_equal(turn(&b, 0), OK);
    assert_int_equal(b.until, SPAN_M(90));
    engine_free(b.engine);
}

/* The journal has room for so many in a turn; the next turn is due at once. */
static void events_beyond_the_room_come_in_the_next_turn(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    b.n.room = 2;
    assert_true(engine_wants_events(b.engine));
    b.n.records_len = 1;
    assert_int_equal(turn(&b, 5), OK);
    assert_string_equal(b.n.order, "eedkt.");
    assert_false(engine_wants_events(b.engine));
    assert_true(b.until <= b.n.now);
    assert_int_equal(turn(&b, 0), OK);
    assert_string_equal(b.n.order, "eeed.");
    assert_true(engine_wants_events(b.engine));
    assert_int_equal(b.n.events, 5);
    engine_free(b.engine);
}

static void the_end_is_told_and_how(void **state)
{
    (void)state;
    static const struct {
        bool is_draining;
        enum event_kind last;
        enum engine_end end;
    } rows[] = {{false, EVENT_ANSWER, ENGINE_ENDED},
                {true, EVENT_ANSWER, ENGINE_DRAINED},
                {false, EVENT_DRAIN, ENGINE_DRAINED},
                {false, EVENT_ABORT, ENGINE_ABORTED}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bench b;
        struct event last = {.kind = rows[i].last};
        bench_open(&b);
        assert_int_equal(turn(&b, 1), OK);
        assert_false(b.is_over);
        b.n.is_draining = rows[i].is_draining;
        b.n.is_finished = rows[i].last != EVENT_ABORT;
        b.n.records_len = 1;
        assert_int_equal(engine_turn(b.engine, &last, 1, &b.until, &b.is_over, &b.end, &b.why), OK);
        assert_true(b.is_over);
        assert_int_equal(b.end, rows[i].end);
        assert_int_equal(b.n.records_len, 0); /* what was to be kept is kept */
        engine_free(b.engine);
    }
}

static void out_of_memory_keeps_and_sends_nothing(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    b.n.is_out_of_memory = b.n.sends_write = true;
    b.n.records_len = 1;
    assert_int_equal(turn(&b, 1), ERR_NOMEM);
    assert_string_equal(b.n.order, "ed");
    engine_free(b.engine);
}

static void a_run_is_turns_with_a_wait_between(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    b.n.waits_max = 3;
    b.n.wake = SPAN_H(3);
    assert_int_equal(engine_run(&b.machine, &b.io, &b.watch, &b.end, &b.why), OK);
    assert_string_equal(b.n.order, "wed.wed.wed.");
    assert_int_equal(b.n.now, SPAN_H(3));
    assert_int_equal(b.end, ENGINE_ENDED);
    engine_free(b.engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_kept_before_its_write_leaves),
        cmocka_unit_test(a_record_without_a_write_may_wait_a_moment),
        cmocka_unit_test(events_beyond_the_room_come_in_the_next_turn),
        cmocka_unit_test(the_end_is_told_and_how),
        cmocka_unit_test(out_of_memory_keeps_and_sends_nothing),
        cmocka_unit_test(a_run_is_turns_with_a_wait_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
