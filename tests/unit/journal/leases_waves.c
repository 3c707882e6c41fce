/* The waves of a run that several workers carry, in each store that they can share. */
#include "shared.h"

static void starts_are_granted_to_lanes_up_to_the_size_of_the_wave(void **state)
{
    struct shared *s = *state;
    const struct shared_fleet f = {.lanes = 2, .jobs = 8, .waves = "3,5"};
    uint64_t run = shared_begin(s, &f);
    assert_true(shared_look(s, run).has_waves);
    struct lease a = shared_claim(s, 1, run, 0).lease, b = shared_claim(s, 2, run, 1).lease;
    assert_int_equal(shared_starts(s, 1, &a, 2), 2);
    assert_int_equal(shared_starts(s, 2, &b, 5), 1);
    assert_int_equal(shared_starts(s, 2, &b, 5), 0);
    assert_int_equal(shared_starts(s, 1, &a, -9),
                     0); /* it has two of them, which it may give back */
    assert_int_equal(shared_look(s, run).waves.started, 1);
    assert_int_equal(shared_starts(s, 2, &b, 5), 2);
    assert_int_equal(shared_look(s, run).waves.open, 3);
}

static void ends_of_all_lanes_open_the_next_wave(void **state)
{
    struct shared *s = *state;
    const struct shared_fleet f = {.lanes = 2, .jobs = 8, .waves = "2,6"};
    const struct record first = shared_end(0, 1, OUTCOME_DONE),
                        second = shared_end(1, 1, OUTCOME_DONE);
    uint64_t run = shared_begin(s, &f);
    struct lease a = shared_claim(s, 1, run, 0).lease, b = shared_claim(s, 2, run, 1).lease;
    assert_int_equal(shared_starts(s, 1, &a, 1) + shared_starts(s, 2, &b, 1), 2);
    assert_ok(shared_keep(s, 1, run, &first));
    assert_int_equal(shared_look(s, run).waves.index, 0);
    assert_ok(shared_keep(s, 2, run, &second));
    struct waves w = shared_look(s, run).waves;
    assert_int_equal(w.index, 1);
    assert_int_equal(w.started, 0);
    assert_int_equal(w.size, 6);
    assert_int_equal(shared_starts(s, 1, &a, 9), 6);
}

static void an_end_that_is_not_kept_is_not_counted(void **state)
{
    struct shared *s = *state;
    const struct shared_fleet f = {.lanes = 2, .jobs = 8, .waves = "1,7"};
    const struct record end = shared_end(0, 1, OUTCOME_DONE);
    uint64_t run = shared_begin(s, &f);
    struct lease a = shared_claim(s, 1, run, 0).lease;
    assert_int_equal(shared_starts(s, 1, &a, 1), 1);
    shared_pass(s, SPAN_S(31));
    struct lease_claim taken = shared_claim(s, 2, run, 0);
    assert_fenced(shared_keep(s, 1, run, &end));
    assert_int_equal(shared_look(s, run).waves.open, 1);
    assert_int_equal(taken.granted, 1); /* inherited, and used or not by the rows */
    assert_fenced(leases_starts(s->journals[1], &a, 1, &(uint32_t){0}, &s->why));
    assert_ok(shared_keep(s, 2, run, &end));
    assert_int_equal(shared_look(s, run).waves.index, 1);
    shared_pass(s, SPAN_S(31));
    taken = shared_claim(s, 3, run, 0);
    assert_true(taken.granted == 0 && taken.wave == 1); /* of the wave that runs now */
}

static void failures_of_all_lanes_pause_the_run(void **state)
{
    struct shared *s = *state;
    const struct shared_fleet f = {.lanes = 2, .jobs = 8, .max_failures = 1};
    const struct record first = shared_end(0, 1, OUTCOME_FAILED),
                        second = shared_end(1, 0, OUTCOME_FAILED);
    uint64_t run = shared_begin(s, &f);
    struct lease a = shared_claim(s, 1, run, 0).lease, b = shared_claim(s, 2, run, 1).lease;
    assert_int_equal(shared_starts(s, 1, &a, 3), 3);
    assert_ok(shared_keep(s, 1, run, &first));
    assert_false(shared_look(s, run).waves.paused);
    assert_ok(shared_keep(s, 2, run, &second));
    struct shared_run view = shared_look(s, run);
    assert_true(view.waves.paused);
    assert_true(view.waves.reason[0]);
    assert_int_equal(shared_starts(s, 2, &b, 1), 0);
    /* The other lane has starts, and has not heard of it yet. */
    const struct record start = {.job = 2,
                                 .kind = RECORD_INTENT,
                                 .at = 2000,
                                 .from = JOB_READY,
                                 .row = {.state = JOB_WRITING, .wave = 1, .writes = 1}};
    struct record again = start;
    again.row.writes = 2;
    assert_fenced(shared_keep(s, 1, run, &start));
    assert_ok(shared_keep(s, 1, run, &again));
    assert_int_equal(shared_starts(s, 1, &a, -2), 0);
    assert_int_equal(shared_look(s, run).waves.open, 0);
}

static void a_start_given_back_may_end_a_numbered_wave(void **state)
{
    struct shared *s = *state;
    const struct shared_fleet f = {.lanes = 2, .jobs = 2, .is_numbered = true};
    const struct record end = shared_end(0, 1, OUTCOME_DONE);
    uint64_t run = shared_begin(s, &f);
    assert_int_equal(shared_look(s, run).waves.numbered, 1);
    struct lease a = shared_claim(s, 1, run, 0).lease;
    assert_int_equal(shared_starts(s, 1, &a, 2), 2);
    assert_ok(shared_keep(s, 1, run, &end));
    assert_int_equal(shared_look(s, run).waves.index, 0);
    assert_int_equal(shared_starts(s, 1, &a, -1), 0);
    assert_int_equal(shared_look(s, run).waves.index, 1);
    assert_int_equal(shared_look(s, run).waves.open, 0);
}

static void a_run_without_waves_grants_what_is_wanted(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease a = shared_claim(s, 1, run, 0).lease;
    assert_false(shared_look(s, run).has_waves);
    assert_int_equal(shared_starts(s, 1, &a, 1000), 1000);
    assert_int_equal(shared_starts(s, 1, &a, -5), 0);
}

static bool row_is_open(void *ctx, const struct record *last)
{
    (void)ctx;
    assert_int_equal(last->row.state, JOB_NEW);
    assert_int_equal(last->row.outcome, OUTCOME_OPEN);
    assert_int_equal(last->row.finished, 0);
    return true;
}

static void resume_works_the_waves_out_from_the_rows(void **state)
{
    struct shared *s = *state;
    const struct shared_fleet f = {.lanes = 2, .jobs = 8, .waves = "2,6", .max_failures = 1};
    const struct record records[] = {shared_end(0, 1, OUTCOME_FAILED), shared_intent(2, 1),
                                     shared_end(2, 1, OUTCOME_FAILED)};
    uint64_t run = shared_begin(s, &f);
    struct lease a = shared_claim(s, 1, run, 0).lease, b = shared_claim(s, 2, run, 1).lease;
    assert_int_equal(shared_starts(s, 1, &a, 2), 2);
    for (unsigned i = 0; i < COUNT(records); i++)
        assert_ok(shared_keep(s, 1, run, &records[i]));
    assert_true(shared_look(s, run).waves.paused);
    assert_ok(shared_resign(s, 1, &a, LEASE_STOPPED));
    assert_ok(shared_resign(s, 2, &b, LEASE_STOPPED));
    assert_ok(leases_reopen(s->journals[0], run, false, &s->why));
    assert_true(shared_look(s, run).waves.paused); /* still too many */
    assert_ok(leases_reopen(s->journals[0], run, true, &s->why));
    assert_ok(journal_rows(s->journals[0], run, row_is_open, NULL, &s->why));
    struct waves w = shared_look(s, run).waves;
    assert_false(w.paused);
    assert_int_equal(w.failed, 0);
    assert_int_equal(w.started, 2);
    assert_int_equal(w.open, 2);
    assert_int_equal(shared_claim(s, 1, run, 0).granted, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SHARED_STORES(starts_are_granted_to_lanes_up_to_the_size_of_the_wave),
        ON_SHARED_STORES(ends_of_all_lanes_open_the_next_wave),
        ON_SHARED_STORES(an_end_that_is_not_kept_is_not_counted),
        ON_SHARED_STORES(failures_of_all_lanes_pause_the_run),
        ON_SHARED_STORES(a_start_given_back_may_end_a_numbered_wave),
        ON_SHARED_STORES(a_run_without_waves_grants_what_is_wanted),
        ON_SHARED_STORES(resume_works_the_waves_out_from_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
