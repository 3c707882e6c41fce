/* Several clients of one simulated world: whose answers are whose, and what leaves when. */
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define START ((instant_us)1770000000 * 1000000)

struct scene {
    struct fleet fleet;
    struct world *world;
    struct world_client *clients[2];
    struct call *calls[2];
    uint32_t left, arrived;
};

static void has_left(void *ctx, const struct world_sent *sent, const struct call *call)
{
    struct scene *s = ctx;
    assert_int_equal(sent->kind, call->kind);
    s->left++;
}

static void has_arrived(void *ctx, const struct world_sent *sent, instant_us now)
{
    struct scene *s = ctx;
    assert_true(now > sent->at);
    s->arrived++;
}

static void scene_begin(struct scene *s)
{
    struct why why = {""};
    uint16_t account, lane;
    struct account one = {0};
    name_id region;
    *s = (struct scene){.left = 0};
    fleet_init(&s->fleet);
    assert_true(names_init(&s->fleet.names, 1 << 16));
    assert_true(names_add(&s->fleet.names, TEXT("main"), &one.name));
    assert_true(names_add(&s->fleet.names, TEXT("us-east-1"), &region));
    assert_true(fleet_account(&s->fleet, one, &account));
    assert_true(fleet_lane(&s->fleet, account, region, &lane));
    const struct world_options options = {.start = START,
                                          .round_trip = SPAN_MS(100),
                                          .time_out = SPAN_S(10),
                                          .ses = ses_rules_default(),
                                          .identities_max = 1,
                                          .clients = 2,
                                          .arrived_ctx = s,
                                          .left = has_left,
                                          .arrived = has_arrived};
    s->world = world_new(&options, &s->fleet, (struct world_keeper){NULL, NULL}, &why);
    assert_non_null(s->world);
    for (int i = 0; i < 2; i++) {
        s->clients[i] = world_join(s->world);
        s->calls[i] = calloc(1, sizeof *s->calls[i]);
        assert_non_null(s->clients[i]);
        assert_non_null(s->calls[i]);
        arena_init(&s->calls[i]->arena, SIZE_MAX);
        s->calls[i]->ticket = 1; /* each client counts for itself */
        s->calls[i]->kind = CALL_QUOTA;
    }
    assert_int_not_equal(world_client_number(s->clients[0]), world_client_number(s->clients[1]));
}

static void scene_end(struct scene *s)
{
    for (int i = 0; i < 2; i++) {
        world_leave(s->clients[i]);
        arena_clear(&s->calls[i]->arena);
        free(s->calls[i]);
    }
    world_free(s->world);
    fleet_clear(&s->fleet);
}

static void send(struct scene *s, int i)
{
    const struct io io = world_client_io(s->clients[i]);
    io.send(io.world, &s->calls[i], 1);
}

static uint32_t take(struct scene *s, int i, struct event *event)
{
    const struct io io = world_client_io(s->clients[i]);
    return io.wait(io.world, WHEN_NEVER, event, 1);
}

static void an_answer_comes_back_to_its_sender_alone(void **state)
{
    struct scene s;
    struct event event;
    (void)state;
    scene_begin(&s);
    send(&s, 1);
    assert_int_equal(take(&s, 1, &event), 0); /* the clock stands still */
    world_go(s.world, START + SPAN_S(1));
    assert_int_equal(world_now(s.world), START + SPAN_S(1));
    assert_int_equal(take(&s, 0, &event), 0);
    assert_true(world_client_has_answers(s.clients[1]));
    assert_int_equal(take(&s, 1, &event), 1);
    assert_ptr_equal(event.call, s.calls[1]);
    assert_int_equal(event.call->reply.how, REPLY_HTTP);
    assert_int_equal(take(&s, 1, &event), 0);
    assert_int_equal(s.left, 1);
    assert_int_equal(s.arrived, 1);
    scene_end(&s);
}

static void what_has_left_arrives_without_its_sender(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s);
    send(&s, 0);
    world_go(s.world, START + 1);
    assert_int_equal(s.left, 1);
    world_leave(s.clients[0]);
    s.clients[0] = NULL;
    world_go(s.world, START + SPAN_S(1));
    assert_int_equal(s.arrived, 1);
    assert_int_equal(world_next(s.world), WHEN_NEVER);
    scene_end(&s);
}

static void nothing_leaves_after_its_time(void **state)
{
    struct scene s;
    struct event event;
    (void)state;
    scene_begin(&s);
    s.calls[0]->not_after = START + SPAN_S(1);
    world_client_freeze(s.clients[0], START + SPAN_S(5));
    send(&s, 0);
    send(&s, 1);
    world_go(s.world, START + SPAN_S(4));
    assert_int_equal(s.left, 1); /* that of the other one */
    world_go(s.world, START + SPAN_S(6));
    assert_int_equal(s.left, 1);
    assert_int_equal(take(&s, 0, &event), 1);
    assert_int_equal(event.call->reply.how, REPLY_NOT_SENT);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_back_to_its_sender_alone),
        cmocka_unit_test(what_has_left_arrives_without_its_sender),
        cmocka_unit_test(nothing_leaves_after_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
