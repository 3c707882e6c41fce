/*
 * A worker without credentials: what it says of the lanes that it cannot carry, and when it ends.
 * Its journal is in memory; the name of a database leads there.
 */
#include "work/work.h"

#include "desk.h"
#include "journal/leases.h"
#include "journal/store_postgres/store_postgres.h"

#include <stdatomic.h>
#include <stdio.h>

#define URL "postgresql:///test"

static struct desk *desk; /* where URL leads */

enum err __wrap_journal_open_postgres(struct journal **out, const char *url, enum journal_mode mode,
                                      const struct notices *n, struct why *why);
enum err __wrap_journal_open_postgres(struct journal **out, const char *url, enum journal_mode mode,
                                      const struct notices *n, struct why *why)
{
    (void)n;
    assert_string_equal(url, URL);
    return journal_open_rows(out, desk->rows, mode, why);
}

/* No keys, from nowhere. */
static int set_up(void **state)
{
    static const char *const variables[] = {"AWS_PROFILE",           "AWS_ACCESS_KEY_ID",
                                            "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL",
                                            "AWS_CONFIG_FILE",       "AWS_SHARED_CREDENTIALS_FILE"};
    (void)state;
    for (size_t i = 0; i < COUNT(variables); i++)
        unsetenv(variables[i]);
    setenv("HOME", "/nonexistent", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    desk = desk_new(true);
    assert_int_equal(run_submit(&desk->run, DESK_NOW, &desk->why), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    desk_free(desk);
    desk = NULL;
    return 0;
}

static struct worker *begun(const struct work_config *wanted)
{
    struct work_config config = *wanted;
    struct worker *w;
    struct why why = {""};
    config.access = &desk->access;
    config.journal = config.journal ? config.journal : URL;
    config.version = TEXT("1");
    if (work_begin(&w, &config, &why) != OK)
        fail_msg("%s", why.text);
    return w;
}

static struct work_end ended(const struct work_config *config)
{
    struct work_end end;
    struct why why = {""};
    struct worker *w = begun(config);
    if (work_run(w, &end, &why) != OK)
        fail_msg("%s", why.text);
    work_free(w);
    return end;
}

struct lanes_told {
    uint32_t lanes, tried, held;
};

static bool lane_see(void *ctx, const struct lease_view *view)
{
    struct lanes_told *told = ctx;
    told->lanes++;
    told->held += view->worker != 0;
    told->tried += view->tried_why.len > 0;
    return true;
}

static struct lanes_told lanes_told(void)
{
    struct lanes_told told = {0};
    assert_int_equal(leases_each(desk->run.journal, 1, lane_see, &told, &desk->why), OK);
    return told;
}

static void lanes_without_credentials_are_told_and_left_to_others(void **state)
{
    struct work_end end = ended(&(struct work_config){.ends = true});
    struct lanes_told told = lanes_told();
    (void)state;
    assert_int_equal(end.lanes_without, 2);
    assert_int_equal(end.lanes_carried, 0);
    assert_false(end.stopped);
    assert_int_equal(told.lanes, 2);
    assert_int_equal(told.tried, 2);
    assert_int_equal(told.held, 0);
}

static void only_lanes_that_are_meant_are_tried(void **state)
{
    struct work_end end =
        ended(&(struct work_config){.ends = true, .lanes = {"one/*"}, .lanes_len = 1});
    (void)state;
    assert_int_equal(end.lanes_without, 1);
    assert_int_equal(end.lanes_unmeant, 1);
    assert_int_equal(lanes_told().tried, 1);
}

static void a_run_that_was_stopped_leaves_nothing_to_do(void **state)
{
    struct shared_run view;
    struct order stop = {.kind = ORDER_STOP};
    (void)state;
    assert_int_equal(leases_order(desk->run.journal, 1, &stop, &desk->why), OK);
    assert_int_equal(leases_run(desk->run.journal, 1, &view, &desk->why), OK);
    assert_int_equal(view.state, RUN_STOPPED);
    struct work_end end = ended(&(struct work_config){.ends = true, .run = 1});
    assert_int_equal(end.lanes_without, 0);
    assert_true(end.is_run_stopped);
    assert_int_equal(lanes_told().tried, 0);
}

static atomic_uint storms; /* so many transactions more find the database away */

static enum memory_weather weather(void *ctx, void *who)
{
    (void)ctx;
    (void)who;
    unsigned left = atomic_load(&storms);
    if (left)
        atomic_store(&storms, left - 1);
    return left == 0 ? MEMORY_FINE : left % 2 ? MEMORY_AWAY : MEMORY_AWAY_AFTER;
}

static void a_database_that_is_away_for_a_while_ends_no_worker(void **state)
{
    struct work_end end;
    struct why why = {""};
    struct worker *w = begun(&(struct work_config){.ends = true});
    (void)state;
    memory_weather(desk->rows, weather, NULL);
    atomic_store(&storms, 4);
    assert_int_equal(work_run(w, &end, &why), OK);
    work_free(w);
    assert_int_equal(atomic_load(&storms), 0);
    assert_int_equal(end.lanes_without, 2);
}

static void stop_when_told(void *ctx, enum notice kind, const char *sentence)
{
    struct worker **w = ctx;
    (void)kind;
    if (strstr(sentence, "cannot be carried from here"))
        work_stop(*w);
}

static void a_worker_goes_on_until_it_is_stopped(void **state)
{
    struct work_end end;
    struct why why = {""};
    struct worker *w = NULL;
    (void)state;
    w = begun(&(struct work_config){.ttl = SPAN_S(10), .notices = {&w, stop_when_told}});
    assert_int_equal(work_run(w, &end, &why), OK);
    work_free(w);
    assert_true(end.stopped);
    assert_true(lanes_told().tried > 0);
}

static void two_stops_before_the_start_end_it_at_once(void **state)
{
    struct work_end end;
    struct why why = {""};
    struct worker *w = begun(&(struct work_config){.run = 1});
    (void)state;
    work_stop(w);
    work_stop(w);
    assert_int_equal(work_run(w, &end, &why), OK);
    work_free(w);
    assert_true(end.stopped);
    assert_int_equal(lanes_told().tried, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lanes_without_credentials_are_told_and_left_to_others,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_lanes_that_are_meant_are_tried, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_that_was_stopped_leaves_nothing_to_do, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_database_that_is_away_for_a_while_ends_no_worker, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_worker_goes_on_until_it_is_stopped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_stops_before_the_start_end_it_at_once, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
