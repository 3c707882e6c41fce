/* A worker that was cut off, and comes back after its lease has ended and before anybody else has
 * claimed the lane: it finds the lane as whoever came by has left it. */
#include "shared.h"

static void stop(struct shared *s, uint64_t run)
{
    struct order order = {.kind = ORDER_STOP, .user = "alice", .host = "host"};
    assert_ok(leases_order(s->journals[3], run, &order, &s->why));
    assert_int_equal(order.answer, ORDER_TAKEN);
}

struct newest {
    uint32_t job;
    bool found;
    enum job_state state;
};

static bool newest_find(void *ctx, const struct record *record)
{
    struct newest *n = ctx;
    if (record->job == n->job)
        *n = (struct newest){n->job, true, record->row.state};
    return true;
}

static enum job_state state_of_job(struct shared *s, uint64_t run, uint32_t job)
{
    struct newest newest = {.job = job};
    assert_ok(journal_rows(s->journals[0], run, newest_find, &newest, &s->why));
    assert_true(newest.found);
    return newest.state;
}

static void who_comes_back_late_ends_no_run_that_was_opened_anew(void **state)
{
    struct shared *s = *state;
    const struct shared_fleet one = {.lanes = 1, .jobs = 1};
    const struct record intent = shared_intent(0, 0), bad = shared_end(0, 0, OUTCOME_FAILED);
    uint64_t run = shared_begin(s, &one);
    struct lease lease = shared_claim(s, 1, run, 0).lease;
    assert_ok(shared_keep(s, 1, run, &intent));
    assert_ok(shared_keep(s, 1, run, &bad)); /* the lane is over, and waits to be given back */
    shared_pass(s, SPAN_S(31));
    assert_ok(leases_reopen(s->journals[0], run, true, &s->why));
    assert_int_equal(state_of_job(s, run, 0), JOB_NEW);
    assert_false(shared_renew(s, 1, &lease));
    assert_fenced(shared_keep(s, 1, run, &bad));
    assert_ok(shared_resign(s, 1, &lease, LEASE_ENDED));
    assert_int_equal(shared_look(s, run).state, RUN_OPEN);
    assert_int_equal(shared_view(s, run, 0).rest, LEASE_OPEN);
    assert_int_equal(state_of_job(s, run, 0), JOB_NEW);
    struct lease_claim next = shared_claim(s, 2, run, 0);
    assert_true(next.lease.epoch > lease.epoch);
    assert_between(next.quiet, SPAN_S(11), SPAN_S(12)); /* a call of it may still be out */
    assert_ok(shared_keep(s, 2, run, &intent));
    assert_int_equal(state_of_job(s, run, 0), JOB_WRITING);
}

static void who_comes_back_late_opens_no_lane_that_was_stopped(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease lease = shared_claim(s, 1, run, 0).lease;
    shared_pass(s, SPAN_S(31));
    stop(s, run);
    assert_int_equal(shared_look(s, run).state, RUN_STOPPED);
    assert_false(shared_renew(s, 1, &lease));
    assert_ok(shared_resign(s, 1, &lease, LEASE_OPEN));
    assert_int_equal(shared_view(s, run, 0).rest, LEASE_STOPPED);
    assert_int_equal(shared_look(s, run).lanes_open, 0);
    assert_ok(leases_reopen(s->journals[0], run, false, &s->why));
    assert_between(shared_claim(s, 2, run, 0).quiet, SPAN_S(11), SPAN_S(12));
}

static void who_comes_back_late_opens_no_lane_that_was_settled(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease lease = shared_claim(s, 1, run, 0).lease;
    stop(s, run);
    shared_pass(s, SPAN_S(31));
    assert_int_equal(shared_claim(s, 2, run, 0).lease.epoch, 0); /* who comes by stops it */
    assert_int_equal(shared_look(s, run).state, RUN_STOPPED);
    assert_ok(shared_resign(s, 1, &lease, LEASE_OPEN));
    assert_int_equal(shared_view(s, run, 0).rest, LEASE_STOPPED);
}

static void who_comes_back_late_keeps_nothing_of_a_run_that_was_given_up(void **state)
{
    struct shared *s = *state;
    const struct record end = shared_end(0, 0, OUTCOME_DONE);
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease lease = shared_claim(s, 1, run, 0).lease;
    assert_ok(shared_keep(s, 1, run, &end));
    shared_pass(s, SPAN_S(31));
    assert_ok(journal_stop(s->journals[0], run, RUN_GIVEN_UP, 9000, &s->why));
    assert_false(shared_renew(s, 1, &lease));
    assert_fenced(shared_keep(s, 1, run, &end));
    assert_ok(shared_resign(s, 1, &lease, LEASE_ENDED));
    assert_int_equal(shared_look(s, run).state, RUN_GIVEN_UP);
}

static void a_lease_of_another_run_is_not_taken(void **state)
{
    struct shared *s = *state;
    uint64_t first = shared_begin(s, &shared_two_lanes);
    stop(s, first);
    uint64_t second = shared_begin(s, &shared_two_lanes);
    struct lease lease = shared_claim(s, 1, second, 0).lease;
    shared_pass(s, SPAN_S(31));
    assert_ok(leases_reopen(s->journals[0], first, false, &s->why));
    assert_true(shared_renew(s, 1, &lease));
}

/* A rollback was begun by what the run was like, and its worker is cut off. */
static void a_run_that_was_read_stands_still_from_there_on(void **state)
{
    struct shared *s = *state;
    struct journal *j = s->journals[0];
    const struct record intent = shared_intent(0, 0), end = shared_end(0, 0, OUTCOME_DONE);
    struct run_mark marks[2];
    uint64_t run = shared_begin(s, &shared_two_lanes), second = shared_begin(s, &shared_two_lanes);
    struct lease lease = shared_claim(s, 1, run, 0).lease;
    assert_ok(leases_mark(j, run, &marks[0], &s->why));
    assert_ok(leases_mark(j, second, &marks[1], &s->why));
    assert_int_equal(marks[0].state, RUN_OPEN);
    assert_ok(shared_keep(s, 1, run, &intent));
    journal_together(j);
    shared_is(s, leases_hold_marked(j, marks, 2, &s->why), ERR_BUSY);
    assert_ok(journal_apart(j, &s->why));
    assert_ok(leases_mark(j, run, &marks[0], &s->why));
    stop(s, second);
    journal_together(j);
    shared_is(s, leases_hold_marked(j, marks, 2, &s->why), ERR_BUSY);
    assert_ok(journal_apart(j, &s->why));
    assert_ok(leases_mark(j, second, &marks[1], &s->why));
    shared_pass(s, SPAN_S(31));
    journal_together(j);
    assert_ok(leases_hold_marked(j, marks, 2, &s->why));
    assert_ok(journal_stop(j, run, RUN_GIVEN_UP, 9000, &s->why));
    assert_ok(journal_apart(j, &s->why));
    assert_fenced(shared_keep(s, 1, run, &end));
    assert_false(shared_renew(s, 1, &lease));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SHARED_STORES(who_comes_back_late_ends_no_run_that_was_opened_anew),
        ON_SHARED_STORES(who_comes_back_late_opens_no_lane_that_was_stopped),
        ON_SHARED_STORES(who_comes_back_late_opens_no_lane_that_was_settled),
        ON_SHARED_STORES(who_comes_back_late_keeps_nothing_of_a_run_that_was_given_up),
        ON_SHARED_STORES(a_lease_of_another_run_is_not_taken),
        ON_SHARED_STORES(a_run_that_was_read_stands_still_from_there_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
