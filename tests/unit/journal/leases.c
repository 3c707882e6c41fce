/* Leases, in each store that workers can share. */
#include "memory_store.h"
#include "shared.h"

static struct lease_left left_as(enum lease_rest rest)
{
    return (struct lease_left){.rest = rest};
}

/* Claims */

static void a_lane_has_one_holder_and_an_epoch(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease_claim first = shared_claim(s, 1, run, 0);
    assert_int_equal(first.lease.run, run);
    assert_int_equal(first.lease.epoch, 1);
    assert_int_equal(first.quiet, 0);
    assert_int_equal(first.granted, 0);
    assert_int_equal(shared_claim(s, 2, run, 0).lease.epoch, 0);
    assert_int_equal(shared_claim(s, 2, run, 1).lease.epoch, 1);
    struct lease_view view = shared_view(s, run, 0);
    assert_int_equal(view.worker, s->workers[1]);
    assert_int_equal(view.worker_pid, 101);
    assert_text(view.worker_name, TEXT("worker"));
    assert_text(view.name.account, TEXT("team-0"));
    assert_text(view.name.number, TEXT("000000001000"));
    assert_text(view.name.region, TEXT("us-east-1"));
    assert_true(view.may_carry);
    assert_between(view.left, SPAN_S(20), SPAN_S(30));
    assert_int_equal(shared_look(s, run).lanes_held, 2);
}

static void an_ended_lease_is_taken_over_after_a_quiet_time(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease first = shared_claim(s, 1, run, 0).lease;
    shared_pass(s, SPAN_S(20));
    assert_true(shared_renew(s, 1, &first));
    shared_pass(s, SPAN_S(20));
    assert_int_equal(shared_claim(s, 2, run, 0).lease.epoch, 0);
    shared_pass(s, SPAN_S(11));
    assert_true(shared_view(s, run, 0).left < 0);
    struct lease_claim second = shared_claim(s, 2, run, 0);
    assert_int_equal(second.lease.epoch, 2);
    assert_between(second.quiet, SPAN_S(11), SPAN_S(12));
    assert_false(shared_renew(s, 1, &first));
    assert_true(shared_renew(s, 2, &second.lease));
}

static void a_lease_that_has_ended_but_was_not_taken_is_prolonged(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease lease = shared_claim(s, 1, run, 0).lease;
    const struct record intent = shared_intent(0, 0), move = shared_end(0, 0, OUTCOME_DONE);
    shared_pass(s, SPAN_S(31));
    assert_fenced(shared_keep(s, 1, run, &intent));
    assert_true(shared_renew(s, 1, &lease));
    assert_ok(shared_keep(s, 1, run, &intent));
    shared_pass(s, SPAN_S(31));
    assert_ok(
        shared_keep(s, 1, run, &move)); /* what has happened is kept as long as the epoch is */
}

static void a_resigned_lane_is_taken_over_at_once(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease first = shared_claim(s, 1, run, 0).lease;
    struct lease_left left = left_as(LEASE_OPEN);
    left.next_call[CALL_SET] = SPAN_MS(900);
    left.rate_per_s[CALL_SET] = 2.5;
    assert_ok(leases_resign(s->journals[1], s->workers[1], &first, &left, 7000, &s->why));
    assert_int_equal(shared_look(s, run).state, RUN_OPEN);
    assert_int_equal(shared_view(s, run, 0).worker, 0);
    struct lease_claim second = shared_claim(s, 2, run, 0);
    assert_int_equal(second.lease.epoch, 2);
    assert_int_equal(second.quiet, 0);
    assert_between(second.next_call[CALL_SET], SPAN_MS(1), SPAN_MS(900));
    assert_int_equal(second.next_call[CALL_LIST], 0);
    assert_true(second.rate_per_s[CALL_SET] > 2.4 && second.rate_per_s[CALL_SET] < 2.6);
    assert_ok(shared_resign(s, 1, &first, LEASE_ENDED)); /* lost: left alone */
    assert_int_equal(shared_view(s, run, 0).worker, s->workers[2]);
    assert_int_equal(shared_view(s, run, 0).rest, LEASE_OPEN);
}

static void a_quiet_time_is_inherited_by_who_takes_over_within_it(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    shared_claim(s, 1, run, 0);
    shared_pass(s, SPAN_S(31));
    struct lease_claim second = shared_claim(s, 2, run, 0);
    shared_pass(s, SPAN_S(4));
    assert_ok(shared_resign(s, 2, &second.lease, LEASE_OPEN));
    assert_between(shared_claim(s, 3, run, 0).quiet, SPAN_S(7), SPAN_S(8));
}

static void a_worker_that_has_ended_leaves_its_lanes_as_if_killed(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    shared_claim(s, 1, run, 0);
    assert_ok(leases_worker_end(s->journals[1], s->workers[1], &s->why));
    assert_int_equal(shared_look(s, run).lanes_held, 0);
    struct lease_claim second = shared_claim(s, 2, run, 0);
    assert_int_equal(second.lease.epoch, 2);
    assert_between(second.quiet, SPAN_S(11), SPAN_S(12));
}

static void a_worker_claims_its_own_lane_anew(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease first = shared_claim(s, 1, run, 0).lease;
    const struct record intent = shared_intent(0, 0);
    struct lease_claim again = shared_claim(s, 1, run, 0);
    assert_int_equal(again.lease.epoch, 2);
    assert_between(again.quiet, SPAN_S(11), SPAN_S(12));
    assert_ok(shared_keep(s, 1, run, &intent));
    s->held[1][0] = first;
    assert_fenced(shared_keep(s, 1, run, &intent));
    assert_false(shared_renew(s, 1, &first));
}

static void workers_of_equal_name_are_two(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes), before = s->workers[1];
    struct lease first = shared_claim(s, 1, run, 0).lease;
    shared_restart(s, 1);
    assert_true(s->workers[1] > before);
    assert_int_equal(shared_claim(s, 1, run, 0).lease.epoch, 0);
    assert_false(shared_renew(s, 1, &first));
    assert_ok(shared_resign(s, 1, &first, LEASE_ENDED));
    assert_int_equal(shared_view(s, run, 0).worker, before);
}

static bool worker_count(void *ctx, const struct worker_view *view)
{
    uint32_t *seen = ctx;
    assert_text(view->name, TEXT("worker"));
    assert_text(view->host, TEXT("host"));
    assert_text(view->version, TEXT("1.0"));
    assert_true(view->role.len > 0);
    seen[0]++;
    seen[1] += view->lanes;
    return true;
}

static void workers_are_told_while_they_are_seen(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    uint32_t seen[2] = {0, 0};
    shared_claim(s, 1, run, 0);
    shared_claim(s, 1, run, 1);
    assert_ok(leases_workers(s->journals[0], worker_count, seen, &s->why));
    assert_int_equal(seen[0], SHARED_WORKERS);
    assert_int_equal(seen[1], 2);
    shared_pass(s, SPAN_H(25));
    assert_ok(
        leases_renew(s->journals[2], s->workers[2], NULL, 0, &shared_terms, NULL, NULL, &s->why));
    seen[0] = 0;
    assert_ok(leases_workers(s->journals[0], worker_count, seen, &s->why));
    assert_int_equal(seen[0], 1);
}

/* Runs that have a lane in common */

static void an_earlier_run_has_the_lane_first(void **state)
{
    struct shared *s = *state;
    uint64_t first = shared_begin(s, &shared_two_lanes),
             second = shared_begin(s, &shared_two_lanes);
    assert_int_equal(shared_view(s, second, 0).waits_for, first);
    assert_int_equal(shared_view(s, first, 0).waits_for, 0);
    assert_int_equal(shared_claim(s, 1, second, 0).lease.epoch, 0);
    struct lease lease = shared_claim(s, 1, first, 0).lease;
    assert_ok(shared_resign(s, 1, &lease, LEASE_ENDED));
    assert_int_equal(shared_view(s, second, 0).waits_for, 0);
    assert_int_equal(shared_view(s, second, 1).waits_for, first);
    struct lease_claim claim = shared_claim(s, 2, second, 0);
    assert_int_equal(claim.lease.epoch, 2); /* the lease is the lane's, not the run's */
    assert_int_equal(claim.lease.run, second);
    assert_int_equal(shared_look(s, second).lanes_held, 1);
    assert_int_equal(shared_look(s, first).lanes_held, 0);
}

static void a_run_that_is_opened_again_waits_for_who_has_the_lane(void **state)
{
    struct shared *s = *state;
    struct order stop = {.kind = ORDER_STOP, .at = 8000};
    uint64_t first = shared_begin(s, &shared_two_lanes);
    assert_ok(leases_order(s->journals[0], first, &stop, &s->why));
    uint64_t second = shared_begin(s, &shared_two_lanes);
    struct lease lease = shared_claim(s, 1, second, 0).lease;
    assert_int_equal(lease.epoch, 1);
    assert_ok(leases_reopen(s->journals[0], first, false, &s->why));
    assert_int_equal(shared_view(s, first, 0).waits_for, second);
    assert_int_equal(shared_claim(s, 2, first, 0).lease.epoch, 0);
    assert_true(shared_renew(s, 1, &lease));
    assert_ok(shared_resign(s, 1, &lease, LEASE_OPEN));
    assert_int_equal(shared_claim(s, 2, first, 0).lease.epoch, 2);
}

static void a_run_that_publishes_has_one_lease(void **state)
{
    struct shared *s = *state;
    const struct shared_fleet publishes = {.lanes = 2, .jobs = 4, .verb = RUN_PUBLISH};
    uint64_t run = shared_begin(s, &publishes);
    assert_int_equal(shared_look(s, run).lanes, 1);
    assert_int_equal(shared_claim(s, 1, run, 0).lease.epoch, 0);
    struct lease lease = shared_claim(s, 1, run, LEASE_RUN).lease;
    assert_int_equal(lease.epoch, 1);
    const struct record note = {.kind = RECORD_LANE, .job = 1, .at = 3, .row.reason = TEXT("x")};
    assert_ok(shared_keep(s, 1, run, &note));
    assert_ok(shared_resign(s, 1, &lease, LEASE_ENDED));
    assert_fenced(shared_keep(s, 1, run, &note));
    assert_int_equal(shared_look(s, run).state, RUN_ENDED);
}

/* What is kept */

static bool count_record(void *ctx, const struct record *record)
{
    (void)record;
    ++*(uint32_t *)ctx;
    return true;
}

static void a_stale_epoch_keeps_nothing(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    const struct record intent = shared_intent(0, 0), end = shared_end(0, 0, OUTCOME_DONE);
    uint32_t rows = 0;
    shared_claim(s, 1, run, 0);
    assert_ok(shared_keep(s, 1, run, &intent));
    shared_pass(s, SPAN_S(31));
    shared_claim(s, 2, run, 0);
    assert_fenced(shared_keep(s, 1, run, &intent));
    assert_fenced(shared_keep(s, 1, run, &end));
    assert_ok(shared_keep(s, 2, run, &end));
    assert_fenced(shared_keep(s, 3, run, &end)); /* which has claimed nothing */
    assert_ok(journal_replay(s->journals[0], run, count_record, &rows, &s->why));
    assert_int_equal(rows, 2);
}

static void one_stale_lane_spoils_the_whole_call(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    const struct record both[] = {shared_intent(0, 0), shared_intent(1, 0)};
    uint32_t kept = 0;
    shared_claim(s, 1, run, 0);
    shared_claim(s, 1, run, 1);
    assert_ok(shared_keep(s, 1, run, &both[0]));
    assert_ok(journal_keep(s->journals[1], run, both, 2, &s->why));
    shared_pass(s, SPAN_S(31));
    shared_claim(s, 2, run, 1);
    assert_fenced(journal_keep(s->journals[1], run, both, 2, &s->why));
    assert_ok(journal_replay(s->journals[0], run, count_record, &kept, &s->why));
    assert_int_equal(kept, 3);
}

static void a_run_of_workers_takes_no_records_of_others(void **state)
{
    struct shared *s = *state;
    const struct record end = shared_end(0, 0, OUTCOME_DONE);
    uint64_t run = shared_begin(s, &shared_two_lanes);
    assert_fenced(journal_keep(s->journals[1], run, &end, 1, &s->why));
    assert_fenced(journal_keep(s->journals[1], run, &end, 1, &s->why)); /* and goes on to say so */
    shared_claim(s, 1, run, 0);
    shared_is(s, journal_stop(s->journals[0], run, RUN_GIVEN_UP, 1, &s->why), ERR_BUSY);
    assert_int_equal(shared_look(s, run).state, RUN_OPEN);
}

static bool order_count(void *ctx, const struct order *order)
{
    (void)order;
    ++*(uint32_t *)ctx;
    return true;
}

static void people_give_orders_and_no_worker_keeps_them(void **state)
{
    struct shared *s = *state;
    const struct order pause = {.kind = ORDER_PAUSE, .at = 2001};
    const struct record r = {.kind = RECORD_ORDER, .at = 2001, .order = &pause};
    uint32_t orders = 0;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    shared_claim(s, 1, run, 0);
    assert_ok(shared_keep(s, 1, run, &r));
    assert_ok(journal_orders(s->journals[0], run, order_count, &orders, &s->why));
    assert_int_equal(orders, 0);
}

static void a_shared_journal_is_whole_without_digests(void **state)
{
    struct shared *s = *state;
    const struct record end = shared_end(0, 0, OUTCOME_DONE);
    struct run_loss lost;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease lease = shared_claim(s, 1, run, 0).lease;
    assert_ok(shared_keep(s, 1, run, &end));
    assert_ok(shared_resign(s, 1, &lease, LEASE_STOPPED));
    assert_ok(journal_vet(s->journals[0], run, &lost, &s->why));
    assert_string_equal(lost.what, "");
}

/* The end of a run */

static void a_run_ends_with_its_last_lane(void **state)
{
    struct shared *s = *state;
    struct run_head head;
    const struct record end = shared_end(1, 0, OUTCOME_DONE);
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease a = shared_claim(s, 1, run, 0).lease, b = shared_claim(s, 2, run, 1).lease;
    assert_ok(shared_resign(s, 1, &a, LEASE_ENDED));
    struct shared_run view = shared_look(s, run);
    assert_int_equal(view.state, RUN_OPEN);
    assert_int_equal(view.lanes_open, 1);
    assert_int_equal(view.lanes_ended, 1);
    assert_ok(shared_keep(s, 2, run, &end));
    assert_ok(shared_resign(s, 2, &b, LEASE_ENDED));
    assert_int_equal(shared_look(s, run).state, RUN_ENDED);
    assert_ok(journal_run(s->journals[0], run, &head, &s->arena, &s->why));
    assert_int_equal(head.stopped, 7000);
    assert_int_equal(shared_claim(s, 1, run, 0).lease.epoch, 0);
}

static void a_run_with_a_stopped_lane_is_stopped_and_can_be_opened_again(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease a = shared_claim(s, 1, run, 0).lease, b = shared_claim(s, 2, run, 1).lease;
    assert_ok(shared_resign(s, 1, &a, LEASE_STOPPED));
    assert_ok(shared_resign(s, 2, &b, LEASE_ENDED));
    assert_int_equal(shared_look(s, run).state, RUN_STOPPED);
    assert_int_equal(shared_claim(s, 1, run, 0).lease.epoch, 0);
    assert_ok(leases_reopen(s->journals[0], run, false, &s->why));
    assert_int_equal(shared_look(s, run).state, RUN_OPEN);
    assert_int_equal(shared_look(s, run).lanes_open, 1);
    shared_is(s, leases_reopen(s->journals[0], run, true, &s->why), OK);
    assert_int_equal(shared_look(s, run).lanes_open, 2);
    shared_claim(s, 1, run, 0);
    shared_is(s, leases_reopen(s->journals[0], run, true, &s->why), ERR_BUSY);
}

/* Orders */

static enum order_answer give(struct shared *s, uint64_t run, enum order_kind kind, double rate)
{
    struct order order = {.kind = kind, .rate_per_s = rate, .user = "alice", .host = "host"};
    assert_ok(leases_order(s->journals[3], run, &order, &s->why));
    return order.answer;
}

static void orders_are_rows_and_what_they_change(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    uint32_t orders = 0;
    assert_int_equal(give(s, run, ORDER_PAUSE, 0), ORDER_TAKEN);
    struct shared_run view = shared_look(s, run);
    assert_true(view.is_paused);
    assert_string_equal(view.pause.user, "alice");
    assert_true(view.pause.at > 0);
    assert_int_equal(give(s, run, ORDER_PAUSE, 0), ORDER_IDLE);
    assert_int_equal(give(s, run, ORDER_RESUME, 0), ORDER_TAKEN);
    assert_false(shared_look(s, run).is_paused);
    assert_int_equal(give(s, run, ORDER_PACE, 0.5), ORDER_TAKEN);
    view = shared_look(s, run);
    assert_true(view.rate_per_s > 0.4 && view.rate_per_s < 0.6);
    assert_ok(journal_orders(s->journals[0], run, order_count, &orders, &s->why));
    assert_int_equal(orders, 3);
}

static void a_run_that_nobody_holds_is_stopped_at_once(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    assert_int_equal(give(s, run, ORDER_STOP, 0), ORDER_TAKEN);
    assert_int_equal(shared_look(s, run).state, RUN_STOPPED);
    assert_int_equal(give(s, run, ORDER_PAUSE, 0), ORDER_TOO_LATE);
    assert_ok(leases_reopen(s->journals[0], run, false, &s->why));
    assert_false(shared_look(s, run).stops);
    assert_int_equal(shared_claim(s, 1, run, 0).lease.epoch, 1);
}

static void workers_of_a_stopped_run_give_its_lanes_back(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease lease = shared_claim(s, 1, run, 0).lease;
    assert_int_equal(give(s, run, ORDER_STOP, 0), ORDER_TAKEN);
    struct shared_run view = shared_look(s, run);
    assert_int_equal(view.state, RUN_OPEN);
    assert_true(view.stops);
    assert_int_equal(view.lanes_open, 1);
    assert_int_equal(shared_claim(s, 2, run, 1).lease.epoch, 0);
    assert_int_equal(give(s, run, ORDER_STOP, 0), ORDER_IDLE);
    assert_ok(shared_resign(s, 1, &lease, LEASE_STOPPED));
    assert_int_equal(shared_look(s, run).state, RUN_STOPPED);
}

static void a_lane_of_a_dead_worker_is_stopped_by_who_comes_by(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    shared_claim(s, 1, run, 0);
    assert_int_equal(give(s, run, ORDER_STOP, 0), ORDER_TAKEN);
    shared_pass(s, SPAN_S(31));
    assert_int_equal(shared_look(s, run).state, RUN_OPEN);
    assert_int_equal(shared_claim(s, 2, run, 0).lease.epoch, 0);
    assert_int_equal(shared_look(s, run).state, RUN_STOPPED);
}

/* Who may, and who could not */

static void callers_are_kept_once(void **state)
{
    struct shared *s = *state;
    const struct lane_caller mine = {TEXT("000000001000"), TEXT("aws"), TEXT("arn:aws:iam::1:me"),
                                     TEXT("profile a")},
                             partition = {TEXT("000000001000"), TEXT("aws-cn"), TEXT("arn"),
                                          TEXT("profile b")},
                             other = {TEXT("000000009999"), TEXT("aws"), TEXT("arn"),
                                      TEXT("profile c")},
                             unknown = {TEXT(CALLER_UNKNOWN), TEXT(""), TEXT(""), TEXT("env")};
    struct fleet back;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    struct lease a = shared_claim(s, 1, run, 0).lease, b = shared_claim(s, 1, run, 1).lease;
    shared_is(s, leases_caller(s->journals[1], &a, &other, &s->why), ERR_AUTH);
    assert_ok(leases_caller(s->journals[1], &a, &mine, &s->why));
    assert_ok(leases_caller(s->journals[1], &a, &mine, &s->why));
    shared_is(s, leases_caller(s->journals[1], &a, &partition, &s->why), ERR_AUTH);
    shared_is(s, leases_caller(s->journals[1], &a, &unknown, &s->why), ERR_AUTH);
    assert_ok(leases_caller(s->journals[1], &b, &unknown, &s->why));
    a.epoch++;
    assert_fenced(leases_caller(s->journals[1], &a, &mine, &s->why));
    fleet_init(&back);
    assert_ok(journal_fleet(s->journals[0], run, &back, &s->why));
    assert_text(names_text(&back.names, back.lanes[0].caller.account), mine.account);
    assert_text(names_text(&back.names, back.lanes[0].caller.begun_with), mine.begun_with);
    fleet_clear(&back);
}

static void who_could_not_carry_a_lane_is_told(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    assert_int_equal(shared_view(s, run, 0).tried_by.len, 0);
    assert_ok(
        leases_tried(s->journals[1], s->workers[1], run, 0, TEXT("no profile team-0"), &s->why));
    shared_pass(s, SPAN_S(3));
    struct lease_view view = shared_view(s, run, 0);
    assert_text(view.tried_by, TEXT("worker"));
    assert_text(view.tried_why, TEXT("no profile team-0"));
    assert_between(view.tried_ago, SPAN_S(3), SPAN_S(20));
    struct lease lease = shared_claim(s, 2, run, 0).lease;
    assert_int_equal(shared_view(s, run, 0).tried_by.len, 0);
    /* Somebody has claimed it meanwhile. */
    assert_ok(leases_tried(s->journals[1], s->workers[1], run, 0, TEXT("too late"), &s->why));
    assert_int_equal(shared_view(s, run, 0).tried_by.len, 0);
    /* The holder finds that it has the wrong credentials. */
    assert_ok(leases_tried(s->journals[2], s->workers[2], run, 0, TEXT("not mine"), &s->why));
    assert_ok(shared_resign(s, 2, &lease, LEASE_OPEN));
    assert_text(shared_view(s, run, 0).tried_why, TEXT("not mine"));
    assert_ok(leases_tried(s->journals[1], s->workers[1], run, 0, TEXT("nor mine"), &s->why));
    assert_text(shared_view(s, run, 0).tried_why, TEXT("nor mine"));
}

static void a_run_that_nobody_opened_is_not_of_workers(void **state)
{
    struct shared *s = *state;
    struct shared_run view;
    shared_is(s, leases_run(s->journals[1], 77, &view, &s->why), ERR_GONE);
}

static void a_role_carries_the_lanes_that_it_may(void **state)
{
    struct shared *s = *state;
    uint64_t run = shared_begin(s, &shared_two_lanes);
    shared_as(s, 1, "carrier_1", "@_worker");
    shared_as(s, 2, "carrier_2", "@_worker");
    shared_sql(s, "INSERT INTO @.carrier VALUES ('carrier_1', '0000000010?0/us-*'),"
                  " ('nobody_at_all', '000000001001/*')");
    for (unsigned w = 1; w <= 2; w++) {
        const struct worker_self self = {.name = "w", .host = "h", .version = TEXT("1")};
        assert_ok(leases_worker_begin(s->journals[w], &self, &s->workers[w], &s->why));
    }
    assert_int_equal(shared_claim(s, 2, run, 0).lease.epoch, 0);
    assert_int_equal(shared_claim(s, 2, run, 1).lease.epoch, 0); /* of a role that is gone */
    assert_int_equal(shared_claim(s, 1, run, 0).lease.epoch, 1);
    assert_int_equal(shared_claim(s, 1, run, 1).lease.epoch, 0);
    shared_sql(s, "DELETE FROM @.carrier WHERE role = 'nobody_at_all'");
    assert_int_equal(shared_claim(s, 2, run, 1).lease.epoch, 1); /* no row is for it */
}

/* The database is away, before or after what was asked of it is done; then it is there again. */
struct weather {
    enum memory_weather next;
};

static enum memory_weather weather_tell(void *ctx, void *who)
{
    struct weather *w = ctx;
    enum memory_weather now = w->next;
    (void)who;
    w->next = MEMORY_FINE;
    return now;
}

static void a_database_that_was_away_is_asked_again(void **state)
{
    struct shared *s = *state;
    struct weather w = {MEMORY_FINE};
    uint64_t run = shared_begin(s, &shared_two_lanes);
    const struct record intent = shared_intent(0, 0);
    struct lease_claim claim;
    uint16_t lane = 0;
    uint32_t len, kept = 0;
    memory_weather(s->rows, weather_tell, &w);
    for (int after = 0; after <= 1; after++) {
        w.next = after ? MEMORY_AWAY_AFTER : MEMORY_AWAY;
        shared_is(s,
                  leases_claim(s->journals[1], s->workers[1], run, &lane, 1, &shared_terms, &claim,
                               &len, &s->why),
                  ERR_AWAY);
        assert_int_equal(len, 0);
    }
    struct lease lease = shared_claim(s, 1, run, 0).lease;
    assert_int_equal(lease.epoch, 2); /* the second one was carried out */
    for (int after = 0; after <= 1; after++) {
        assert_ok(shared_keep(s, 1, run, &intent));
        w.next = after ? MEMORY_AWAY_AFTER : MEMORY_AWAY;
        shared_is(s, shared_keep(s, 1, run, &intent), ERR_AWAY);
    }
    assert_ok(journal_replay(s->journals[0], run, count_record, &kept, &s->why));
    assert_int_equal(kept, 3);
    journal_together(s->journals[0]);
    struct run_head head = {.verb = RUN_APPLY, .started = 1};
    w.next = MEMORY_AWAY;
    shared_is(s, journal_begin(s->journals[0], &head, &s->fleet, &s->why), ERR_AWAY);
    shared_is(s, journal_begin(s->journals[0], &head, &s->fleet, &s->why), ERR_AWAY);
    assert_ok(journal_apart(s->journals[0], &s->why)); /* of nothing */
    assert_int_equal(shared_begin(s, &shared_two_lanes), run + 1);
}

/* Everything that the roles are for, and nothing of what they are not. */
static void a_submitter_orders_and_a_worker_carries(void **state)
{
    struct shared *s = *state;
    const struct shared_fleet f = {.lanes = 2, .jobs = 4, .waves = "2,2"};
    const struct record intent = shared_intent(0, 1), end = shared_end(0, 1, OUTCOME_FAILED);
    const struct lane_caller mine = {TEXT("000000001000"), TEXT("aws"), TEXT("arn"), TEXT("env")};
    const struct worker_self self = {.name = "w", .host = "h", .version = TEXT("1")};
    struct order pause = {.kind = ORDER_PAUSE}, stop = {.kind = ORDER_STOP};
    struct lease_claim claim;
    uint32_t len;
    shared_as(s, 0, "role_0", "@_submitter");
    shared_as(s, 1, "role_1", "@_worker");
    shared_as(s, 2, "role_2", "@_reader");
    uint64_t run = shared_begin(s, &f);
    assert_ok(leases_worker_begin(s->journals[1], &self, &s->workers[1], &s->why));
    struct lease lease = shared_claim(s, 1, run, 0).lease;
    assert_ok(leases_caller(s->journals[1], &lease, &mine, &s->why));
    assert_int_equal(shared_starts(s, 1, &lease, 1), 1);
    assert_ok(shared_keep(s, 1, run, &intent));
    assert_true(shared_renew(s, 1, &lease));
    assert_ok(leases_tried(s->journals[1], s->workers[1], run, 1, TEXT("no"), &s->why));
    assert_ok(leases_order(s->journals[0], run, &pause, &s->why));
    assert_ok(leases_order(s->journals[0], run, &stop, &s->why));
    shared_is(s, leases_order(s->journals[2], run, &pause, &s->why), ERR_AUTH);
    shared_is(s,
              leases_claim(s->journals[2], s->workers[1], run, &(uint16_t){0}, 1, &shared_terms,
                           &claim, &len, &s->why),
              ERR_AUTH);
    assert_ok(shared_keep(s, 1, run, &end));
    assert_ok(shared_resign(s, 1, &lease, LEASE_STOPPED));
    assert_int_equal(shared_look(s, run).state, RUN_STOPPED);
    assert_ok(leases_reopen(s->journals[0], run, true, &s->why));
    assert_int_equal(shared_claim(s, 1, run, 0).lease.epoch, 2);
    assert_ok(leases_worker_end(s->journals[1], s->workers[1], &s->why));
    struct shared_run view;
    assert_ok(leases_run(s->journals[2], run, &view, &s->why));
    assert_int_equal(view.lanes_held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SHARED_STORES(a_lane_has_one_holder_and_an_epoch),
        ON_SHARED_STORES(an_ended_lease_is_taken_over_after_a_quiet_time),
        ON_SHARED_STORES(a_lease_that_has_ended_but_was_not_taken_is_prolonged),
        ON_SHARED_STORES(a_resigned_lane_is_taken_over_at_once),
        ON_SHARED_STORES(a_quiet_time_is_inherited_by_who_takes_over_within_it),
        ON_SHARED_STORES(a_worker_that_has_ended_leaves_its_lanes_as_if_killed),
        ON_SHARED_STORES(a_worker_claims_its_own_lane_anew),
        ON_SHARED_STORES(workers_of_equal_name_are_two),
        ON_SHARED_STORES(workers_are_told_while_they_are_seen),
        ON_SHARED_STORES(an_earlier_run_has_the_lane_first),
        ON_SHARED_STORES(a_run_that_is_opened_again_waits_for_who_has_the_lane),
        ON_SHARED_STORES(a_run_that_publishes_has_one_lease),
        ON_SHARED_STORES(a_stale_epoch_keeps_nothing),
        ON_SHARED_STORES(one_stale_lane_spoils_the_whole_call),
        ON_SHARED_STORES(a_run_of_workers_takes_no_records_of_others),
        ON_SHARED_STORES(people_give_orders_and_no_worker_keeps_them),
        ON_SHARED_STORES(a_shared_journal_is_whole_without_digests),
        ON_SHARED_STORES(a_run_ends_with_its_last_lane),
        ON_SHARED_STORES(a_run_with_a_stopped_lane_is_stopped_and_can_be_opened_again),
        ON_SHARED_STORES(orders_are_rows_and_what_they_change),
        ON_SHARED_STORES(a_run_that_nobody_holds_is_stopped_at_once),
        ON_SHARED_STORES(workers_of_a_stopped_run_give_its_lanes_back),
        ON_SHARED_STORES(a_lane_of_a_dead_worker_is_stopped_by_who_comes_by),
        ON_SHARED_STORES(callers_are_kept_once),
        ON_SHARED_STORES(who_could_not_carry_a_lane_is_told),
        ON_SHARED_STORES(a_run_that_nobody_opened_is_not_of_workers),
        ON_SHARED_STORE(SHARED_IN_MEMORY, "memory", a_database_that_was_away_is_asked_again),
        ON_SHARED_STORE(SHARED_IN_POSTGRES, "postgres", a_role_carries_the_lanes_that_it_may),
        ON_SHARED_STORE(SHARED_IN_POSTGRES, "postgres", a_submitter_orders_and_a_worker_carries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
