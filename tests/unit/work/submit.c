/* A run that is put into a shared journal: whole, with its lanes, or not at all. */
#include "work/work.h"

#include "desk.h"
#include "journal/leases.h"
#include "plan/plan_file.h"
#include "run/publishing.h"

static bool lane_count(void *ctx, const struct lease_view *view)
{
    assert_int_equal(view->rest, LEASE_OPEN);
    assert_int_equal(view->worker, 0);
    ++*(uint32_t *)ctx;
    return true;
}

static bool run_count(void *ctx, const struct run_head *head)
{
    (void)head;
    ++*(uint32_t *)ctx;
    return true;
}

static uint32_t runs_of(struct desk *d)
{
    uint32_t runs = 0;
    assert_int_equal(journal_runs(d->run.journal, run_count, &runs, &d->why), OK);
    return runs;
}

static void a_run_lies_there_with_its_lanes_open(void **state)
{
    struct desk *d = desk_new(true);
    struct run_head head;
    uint32_t lanes = 0;
    (void)state;
    assert_int_equal(run_submit(&d->run, DESK_NOW, &d->why), OK);
    assert_int_equal(d->run.head.id, 1);
    assert_int_equal(leases_each(d->run.journal, 1, lane_count, &lanes, &d->why), OK);
    assert_int_equal(lanes, 2);
    assert_int_equal(journal_run(d->run.journal, 1, &head, &d->run.arena, &d->why), OK);
    assert_int_equal(head.state, RUN_OPEN);
    assert_int_equal(head.jobs, 2);
    /* Whoever carries it is another process, which has not been given --force. */
    assert_true(text_find_text(head.options, TEXT("\"force\":true")) < head.options.len);
    assert_ptr_equal(d->run.config.access, &d->access);
    desk_free(d);
}

static void a_file_takes_no_submitted_run(void **state)
{
    struct desk *d = desk_new(false);
    (void)state;
    assert_int_equal(run_submit(&d->run, DESK_NOW, &d->why), ERR_INPUT);
    assert_int_equal(runs_of(d), 0);
    desk_free(d);
}

static void record_sets_are_no_part_of_a_shared_apply(void **state)
{
    struct desk *d = desk_new(true);
    struct publishing publishing = {.run = &d->run};
    (void)state;
    d->run.publishing = &publishing;
    assert_int_equal(run_submit(&d->run, DESK_NOW, &d->why), ERR_INPUT);
    assert_int_equal(runs_of(d), 0);
    desk_free(d);
}

/* The journal fails at its first write, then at its second, until all is kept. */
static void half_a_run_is_never_there(void **state)
{
    bool is_kept = false;
    (void)state;
    for (unsigned nth = 1; !is_kept && nth < 100; nth++) {
        struct desk *d = desk_new(true);
        memory_fail_at(d->rows, nth, false);
        is_kept = run_submit(&d->run, DESK_NOW, &d->why) == OK;
        journal_close(d->run.journal);
        memory_fail_at(d->rows, 0, false);
        assert_int_equal(journal_open_rows(&d->run.journal, d->rows, JOURNAL_READ, &d->why), OK);
        assert_int_equal(runs_of(d), is_kept);
        desk_free(d);
    }
    assert_true(is_kept);
}

static bool row_count(void *ctx, const struct record *record)
{
    assert_int_equal(record->job, 1);
    assert_int_equal(record->row.outcome, OUTCOME_REFUSED);
    ++*(uint32_t *)ctx;
    return true;
}

/* The plan could not ask SES about the first row, and has seen the second one. */
static void what_a_plan_could_not_ask_stays_open(void **state)
{
    struct desk *d = desk_new(true);
    struct plan_verdict second = {.row = 1, .seen_known = true, .outcome = OUTCOME_REFUSED},
                        first = {.next = &second,
                                 .row = 0,
                                 .outcome = OUTCOME_FAILED,
                                 .reason = TEXT("no credentials")};
    uint32_t rows = 0;
    (void)state;
    d->run.verdicts = &first;
    d->run.fleet.expected = calloc(2, sizeof *d->run.fleet.expected);
    d->run.fleet.choices[0].guarded = d->run.fleet.choices[1].guarded = GUARD_SKIP;
    assert_int_equal(run_submit(&d->run, DESK_NOW, &d->why), OK);
    assert_int_equal(journal_rows(d->run.journal, 1, row_count, &rows, &d->why), OK);
    assert_int_equal(rows, 1);
    assert_int_equal(d->run.fleet.choices[0].guarded, GUARD_NONE); /* as it was kept */
    assert_int_equal(d->run.fleet.choices[1].guarded, GUARD_SKIP);
    desk_free(d);
}

/* The lane of another process gets a record: it was in the journal before, or comes meanwhile. */
static void other_goes_on(struct desk *d, uint64_t run)
{
    const struct worker_self self = {.name = "w", .host = "h", .version = TEXT("1")};
    const struct lease_terms terms = {SPAN_S(30), SPAN_S(10), SPAN_S(2)};
    const struct lease_left left = {.rest = LEASE_OPEN};
    const struct record intent = {
        .kind = RECORD_INTENT, .from = JOB_READY, .row = {.state = JOB_WRITING, .writes = 1}};
    struct journal *j;
    struct lease_claim claim;
    struct lease leases[2] = {{.run = run}, {.run = run}};
    const struct fence fence = {run, &d->run.fleet, leases};
    uint64_t worker;
    uint32_t claimed;
    assert_int_equal(journal_open_rows(&j, d->rows, JOURNAL_WRITE, &d->why), OK);
    assert_int_equal(leases_worker_begin(j, &self, &worker, &d->why), OK);
    assert_int_equal(
        leases_claim(j, worker, run, &(uint16_t){0}, 1, &terms, &claim, &claimed, &d->why), OK);
    assert_int_equal(claimed, 1);
    leases[0] = claim.lease;
    assert_int_equal(journal_fence(j, &fence, &d->why), OK);
    assert_int_equal(journal_keep(j, run, &intent, 1, &d->why), OK);
    assert_int_equal(leases_resign(j, worker, &claim.lease, &left, DESK_NOW, &d->why), OK);
    journal_close(j);
}

/* A run that is taken back goes on while a person reads what would be put back. */
static void what_is_taken_back_is_what_was_read(void **state)
{
    struct desk *d = desk_new(true);
    struct run *r = &d->run;
    struct run_head head;
    (void)state;
    assert_int_equal(run_submit(r, DESK_NOW, &d->why), OK);
    other_goes_on(d, 1);
    r->head = (struct run_head){.verb = RUN_ROLLBACK, .parent = 1};
    r->through = 1;
    r->ends_parents = true;
    assert_int_equal(run_parents_mark(r, &d->why), OK);
    other_goes_on(d, 1);
    assert_int_equal(run_submit(r, DESK_NOW, &d->why), ERR_BUSY);
    assert_non_null(strstr(d->why.text, "run 1 was open when it was read"));
    assert_int_equal(runs_of(d), 1);
    assert_int_equal(journal_run(r->journal, 1, &head, &r->arena, &d->why), OK);
    assert_int_equal(head.state, RUN_OPEN);
    assert_int_equal(run_parents_mark(r, &d->why), OK);
    assert_int_equal(run_submit(r, DESK_NOW, &d->why), OK);
    assert_int_equal(runs_of(d), 2);
    assert_int_equal(journal_run(r->journal, 1, &head, &r->arena, &d->why), OK);
    assert_int_equal(head.state, RUN_GIVEN_UP);
    desk_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_lies_there_with_its_lanes_open),
        cmocka_unit_test(a_file_takes_no_submitted_run),
        cmocka_unit_test(record_sets_are_no_part_of_a_shared_apply),
        cmocka_unit_test(half_a_run_is_never_there),
        cmocka_unit_test(what_a_plan_could_not_ask_stays_open),
        cmocka_unit_test(what_is_taken_back_is_what_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
