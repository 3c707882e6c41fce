/* Two machines in one loop: each sees what is its own, and a turn is one of both. */
#include "unit.h"

#include "publish/joined.h"
#include "scheduler/record.h"

/* A machine that writes down what it is told. */
struct fake {
    struct call *mine, *sends;
    struct record records[3];
    uint32_t records_len, answers, signals, turns, max;
    instant_us wake;
    bool is_finished, is_draining, no_memory, is_full;
};

static void hear(void *ctx, const struct event *event, instant_us now)
{
    struct fake *f = ctx;
    (void)now;
    f->answers += event->kind == EVENT_ANSWER;
    f->signals += event->kind != EVENT_ANSWER;
    f->is_draining |= event->kind != EVENT_ANSWER;
}

static uint32_t decide(void *ctx, instant_us now, struct call **calls, uint32_t max)
{
    struct fake *f = ctx;
    (void)now;
    f->max = max;
    if (f->sends)
        calls[0] = f->sends;
    return f->sends != NULL;
}

static instant_us wakes(const void *ctx, instant_us now)
{
    (void)now;
    return ((const struct fake *)ctx)->wake;
}

static bool finished(const void *ctx)
{
    return ((const struct fake *)ctx)->is_finished;
}

static bool draining(const void *ctx)
{
    return ((const struct fake *)ctx)->is_draining;
}

static bool out_of_memory(const void *ctx)
{
    return ((const struct fake *)ctx)->no_memory;
}

static const struct record *records(const void *ctx, uint32_t *len)
{
    const struct fake *f = ctx;
    *len = f->records_len;
    return f->records;
}

static void turn_end(void *ctx)
{
    struct fake *f = ctx;
    f->turns++;
    f->records_len = 0;
}

static bool has_room(const void *ctx)
{
    return !((const struct fake *)ctx)->is_full;
}

static bool owns(const void *ctx, const struct call *call)
{
    return ((const struct fake *)ctx)->mine == call;
}

static struct machine fake_machine(struct fake *f)
{
    return (struct machine){f,        hear,          decide,  wakes,    finished,
                            draining, out_of_memory, records, turn_end, has_room};
}

struct pair {
    struct call calls[2];
    struct fake first, second;
    struct joined joined;
    struct machine both;
};

static int open_pair(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    p->second.mine = &p->calls[1];
    p->first.wake = p->second.wake = WHEN_NEVER;
    p->joined = (struct joined){
        .first = fake_machine(&p->first), .second = fake_machine(&p->second), .second_owns = owns};
    p->both = joined_machine(&p->joined);
    *state = p;
    return 0;
}

static int close_pair(void **state)
{
    struct pair *p = *state;
    joined_clear(&p->joined);
    free(p);
    return 0;
}

static uint32_t turn(struct pair *p, uint32_t *records_len)
{
    struct call *calls[8];
    uint32_t len = p->both.decide(p->both.ctx, 1, calls, 8);
    p->both.records(p->both.ctx, records_len);
    return len;
}

static void an_answer_goes_to_the_owner_of_its_call(void **state)
{
    struct pair *p = *state;
    for (int i = 0; i < 2; i++) {
        struct event answer = {.kind = EVENT_ANSWER, .call = &p->calls[i]};
        p->both.event(p->both.ctx, &answer, 1);
        assert_int_equal(p->first.answers, 1);
        assert_int_equal(p->second.answers, i);
    }
}

static void a_signal_goes_to_both(void **state)
{
    struct pair *p = *state;
    struct event drain = {.kind = EVENT_DRAIN};
    p->both.event(p->both.ctx, &drain, 1);
    assert_int_equal(p->first.signals, 1);
    assert_int_equal(p->second.signals, 1);
}

static void an_order_goes_to_both_and_is_kept_once(void **state)
{
    struct pair *p = *state;
    struct order pause = {.kind = ORDER_PAUSE};
    const struct event order = {.kind = EVENT_CONTROL, .order = &pause};
    uint32_t len;
    p->both.event(p->both.ctx, &order, 1);
    assert_int_equal(p->first.signals, 1);
    assert_int_equal(p->second.signals, 1);
    p->first.records_len = p->second.records_len = 2;
    p->first.records[1] = p->second.records[0] =
        (struct record){.kind = RECORD_ORDER, .order = &pause};
    p->second.records[1].job = 20;
    turn(p, &len);
    const struct record *r = p->both.records(p->both.ctx, &len);
    assert_int_equal(len, 3);
    assert_int_equal(r[1].kind, RECORD_ORDER);
    assert_int_equal(r[2].job, 20);
}

static void the_calls_of_a_turn_are_shared(void **state)
{
    struct pair *p = *state;
    uint32_t none;
    p->first.sends = &p->calls[0];
    p->second.sends = &p->calls[1];
    assert_int_equal(turn(p, &none), 2);
    assert_int_equal(p->second.max, 8);
    assert_int_equal(p->first.max, 7);
}

static void the_records_of_both_are_one_array_until_the_turn_ends(void **state)
{
    struct pair *p = *state;
    uint32_t len;
    p->first.records_len = 2;
    p->first.records[0].job = 10;
    p->first.records[1].job = 11;
    p->second.records_len = 1;
    p->second.records[0].job = 20;
    turn(p, &len);
    const struct record *r = p->both.records(p->both.ctx, &len);
    assert_int_equal(len, 3);
    assert_int_equal(r[0].job, 10);
    assert_int_equal(r[1].job, 11);
    assert_int_equal(r[2].job, 20);
    p->both.turn_end(p->both.ctx);
    assert_int_equal(p->first.turns + p->second.turns, 2);
    p->both.records(p->both.ctx, &len);
    assert_int_equal(len, 0);
}

static void one_that_drains_by_itself_takes_the_other_along_once(void **state)
{
    for (int seconds = 0; seconds < 2; seconds++) {
        struct pair *p = *state;
        struct fake *one = seconds ? &p->second : &p->first;
        struct fake *other = seconds ? &p->first : &p->second;
        uint32_t none;
        one->is_draining = true;
        turn(p, &none);
        turn(p, &none);
        assert_int_equal(other->signals, 1);
        assert_true(one->signals <= 1);
        close_pair(state);
        open_pair(state);
    }
}

static void what_holds_for_one_or_for_both(void **state)
{
    struct pair *p = *state;
    const struct machine *m = &p->both;
    p->second.wake = 7;
    assert_int_equal(m->wake(m->ctx, 1), 7);
    p->first.wake = 3;
    assert_int_equal(m->wake(m->ctx, 1), 3);
    p->first.is_finished = true;
    assert_false(m->is_finished(m->ctx));
    p->second.is_finished = true;
    assert_true(m->is_finished(m->ctx));
    assert_false(m->is_draining(m->ctx) || m->is_out_of_memory(m->ctx));
    p->second.is_draining = p->second.no_memory = true;
    assert_true(m->is_draining(m->ctx) && m->is_out_of_memory(m->ctx));
    assert_true(m->has_room(m->ctx));
    p->first.is_full = true;
    assert_false(m->has_room(m->ctx));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)
    const struct CMUnitTest tests[] = {
        TEST(an_answer_goes_to_the_owner_of_its_call),
        TEST(a_signal_goes_to_both),
        TEST(an_order_goes_to_both_and_is_kept_once),
        TEST(the_calls_of_a_turn_are_shared),
        TEST(the_records_of_both_are_one_array_until_the_turn_ends),
        TEST(one_that_drains_by_itself_takes_the_other_along_once),
        TEST(what_holds_for_one_or_for_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
