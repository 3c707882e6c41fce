/* A carriage and its scheduler: what people order elsewhere arrives, and lanes are left as they
 * are. */
#include "work/carriage.h"

#include "scheduler/waves.h"
#include "unit.h"

#include <stdio.h>

#define LANES 2
#define ROWS  4
#define BEGIN SPAN_H(1)

struct scene {
    struct fleet fleet;
    struct arena memory;
    struct scheduler *d;
    struct carriage carriage;
    struct carriage_lane lanes[LANES];
    struct shared_run view;
};

static void row_add(struct fleet *f, uint32_t i)
{
    char name[32];
    uint32_t row;
    struct policy policy = {.timeout_us = SPAN_H(72)};
    struct choice choice = {.type = IDENTITY_DOMAIN, .lane = (uint16_t)(i % LANES), .line = i + 1};
    snprintf(name, sizeof name, "d%u.test", i);
    assert_true(names_add(&f->names, text_of(name), &choice.identity));
    assert_true(fleet_policy(f, policy, &choice.policy));
    assert_true(fleet_choice(f, choice, &row));
}

static void fleet_make(struct fleet *f, bool has_waves)
{
    struct account account = {0};
    uint16_t index, lane;
    name_id region;
    fleet_init(f);
    assert_true(names_init(&f->names, 1u << 20));
    assert_true(names_add(&f->names, TEXT("main"), &account.name));
    assert_true(fleet_account(f, account, &index));
    for (uint32_t i = 0; i < LANES; i++) {
        char name[32];
        snprintf(name, sizeof name, "us-east-%u", i + 1);
        assert_true(names_add(&f->names, text_of(name), &region));
        assert_true(fleet_lane(f, index, region, &lane));
    }
    for (uint32_t i = 0; i < ROWS; i++)
        row_add(f, i);
    f->max_failures.value = NO_BOUND;
    f->waves_len = has_waves;
    f->waves[0] = (struct quota){.value = 2};
}

static struct scene *scene_new(bool has_waves)
{
    static const bool all[LANES] = {true, true};
    const struct lease_terms terms = {.ttl = LEASE_TTL, .call_timeout = SPAN_S(10)};
    const struct lease_claim claims[LANES] = {{.lease = {7, 0, 1}}, {.lease = {7, 1, 1}}};
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    fleet_make(&s->fleet, has_waves);
    arena_init(&s->memory, SIZE_MAX);
    const struct scheduler_options options = {.lanes = all, .shares_waves = has_waves};
    s->d = scheduler_init(&s->memory, &s->fleet, &options);
    assert_non_null(s->d);
    carriage_init(&s->carriage, 7, claims, s->lanes, LANES, &terms, BEGIN);
    s->view = (struct shared_run){.state = RUN_OPEN, .has_waves = has_waves};
    waves_init(&s->view.waves, &s->fleet);
    carriage_looked(&s->carriage, &s->view);
    carriage_begin(&s->carriage, s->d, BEGIN);
    scheduler_start(s->d, BEGIN);
    return s;
}

static void scene_free(struct scene *s)
{
    scheduler_clear(s->d);
    arena_clear(&s->memory);
    fleet_clear(&s->fleet);
    free(s);
}

/* What the scheduler is told once the run is as in s->view. -1: nothing. */
static int told(struct scene *s)
{
    struct order order;
    carriage_looked(&s->carriage, &s->view);
    if (!carriage_order(&s->carriage, s->d, &order))
        return -1;
    const struct event event = {.kind = EVENT_CONTROL, .order = &order};
    scheduler_event(s->d, &event, BEGIN);
    assert_int_equal(order.answer, ORDER_TAKEN);
    scheduler_turn_end(s->d);
    return (int)order.kind;
}

static void orders_given_elsewhere_arrive_once(void **state)
{
    struct scene *s = scene_new(false);
    (void)state;
    assert_int_equal(told(s), -1);
    s->view.is_paused = true;
    s->view.pause = (struct order){.kind = ORDER_PAUSE, .pid = 77};
    assert_int_equal(told(s), ORDER_PAUSE);
    assert_int_equal(scheduler_paused_by(s->d)->pid, 77);
    assert_int_equal(told(s), -1);
    s->view.rate_per_s = 0.5;
    assert_int_equal(told(s), ORDER_PACE);
    assert_int_equal(told(s), -1);
    s->view.is_paused = false;
    assert_int_equal(told(s), ORDER_RESUME);
    s->view.rate_per_s = 2;
    assert_int_equal(told(s), ORDER_PACE);
    s->view.stops = true;
    assert_int_equal(told(s), ORDER_STOP);
    assert_true(scheduler_is_draining(s->d));
    assert_int_equal(told(s), -1);
    scene_free(s);
}

static void a_run_that_was_given_up_elsewhere_is_left(void **state)
{
    struct scene *s = scene_new(false);
    (void)state;
    s->view.state = RUN_GIVEN_UP;
    assert_int_equal(told(s), ORDER_STOP);
    assert_int_equal(carriage_rest(&s->carriage, s->d, 0, true), LEASE_STOPPED);
    scene_free(s);
}

static void a_lane_that_is_drained_stays_open_unless_the_run_stops(void **state)
{
    struct scene *s = scene_new(false);
    const struct event drain = {.kind = EVENT_DRAIN};
    (void)state;
    scheduler_event(s->d, &drain, BEGIN);
    assert_int_equal(carriage_rest(&s->carriage, s->d, 0, true), LEASE_OPEN);
    s->view.stops = true;
    carriage_looked(&s->carriage, &s->view);
    assert_int_equal(carriage_rest(&s->carriage, s->d, 1, true), LEASE_STOPPED);
    scene_free(s);
}

static void waves_that_are_over_stop_the_lanes(void **state)
{
    struct scene *s = scene_new(true);
    (void)state;
    s->view.waves.paused = true;
    strcpy(s->view.waves.reason, "too many have failed");
    carriage_looked(&s->carriage, &s->view);
    carriage_turn(&s->carriage, s->d, BEGIN);
    assert_int_equal(s->carriage.views_taken, s->carriage.views);
    assert_int_equal(carriage_rest(&s->carriage, s->d, 0, true), LEASE_STOPPED);
    scene_free(s);
}

static void a_lane_whose_rows_are_final_has_ended(void **state)
{
    struct scene *s = scene_new(false);
    (void)state;
    scheduler_close_lane(s->d, 0, "no such Region", BEGIN);
    assert_int_equal(carriage_rest(&s->carriage, s->d, 0, true), LEASE_ENDED);
    assert_int_equal(carriage_rest(&s->carriage, s->d, 1, true), LEASE_OPEN);
    scene_free(s);
}

static void granted_starts_reach_the_scheduler_and_unused_ones_return(void **state)
{
    struct scene *s = scene_new(true);
    const struct event drain = {.kind = EVENT_DRAIN};
    (void)state;
    carriage_granted(&s->carriage, 1, 2);
    carriage_looked(&s->carriage, &s->view);
    scheduler_event(s->d, &drain, BEGIN);
    carriage_turn(&s->carriage, s->d, BEGIN);
    assert_int_equal(s->lanes[1].fresh, 0);
    assert_int_equal(carriage_wants(&s->carriage, 1), -2);
    assert_int_equal(carriage_wants(&s->carriage, 0), 0);
    scene_free(s);
}

/* The wave of the claim has ended before the look: its starts are no starts of the next one. */
static void starts_of_a_wave_that_has_ended_are_gone(void **state)
{
    (void)state;
    for (uint32_t wave = 0; wave < 2; wave++) {
        struct scene *s = scene_new(true);
        const struct event drain = {.kind = EVENT_DRAIN};
        s->view.waves.index = 1;
        s->lanes[1].granted = 2;
        s->lanes[1].wave = wave;
        carriage_looked(&s->carriage, &s->view);
        carriage_begin(&s->carriage, s->d, BEGIN);
        scheduler_event(s->d, &drain, BEGIN);
        carriage_turn(&s->carriage, s->d, BEGIN);
        assert_int_equal(carriage_wants(&s->carriage, 1), wave == 1 ? -2 : 0);
        scene_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_given_elsewhere_arrive_once),
        cmocka_unit_test(a_run_that_was_given_up_elsewhere_is_left),
        cmocka_unit_test(a_lane_that_is_drained_stays_open_unless_the_run_stops),
        cmocka_unit_test(waves_that_are_over_stop_the_lanes),
        cmocka_unit_test(a_lane_whose_rows_are_final_has_ended),
        cmocka_unit_test(granted_starts_reach_the_scheduler_and_unused_ones_return),
        cmocka_unit_test(starts_of_a_wave_that_has_ended_are_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
