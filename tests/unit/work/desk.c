/* The desk where runs are made ready. */
#include "desk.h"

static instant_us clock_of(void *ctx)
{
    (void)ctx;
    return DESK_NOW;
}

static void account_add(struct fleet *f, const char *name, const char *number)
{
    struct account account = {0};
    uint16_t index, lane;
    name_id region;
    assert_true(names_add(&f->names, text_of(name), &account.name));
    assert_true(names_add(&f->names, text_of(name), &account.profile));
    assert_true(names_add(&f->names, text_of(number), &account.account_id));
    assert_true(names_add(&f->names, TEXT("us-east-1"), &region));
    assert_true(fleet_account(f, account, &index));
    assert_true(fleet_lane(f, index, region, &lane));
}

static void row_add(struct fleet *f, const char *identity, uint16_t lane)
{
    struct choice choice = {.type = IDENTITY_DOMAIN, .lane = lane, .line = 1};
    struct policy policy = {.timeout_us = SPAN_H(72)};
    uint32_t row;
    assert_true(names_add(&f->names, text_of(identity), &choice.identity));
    assert_true(fleet_policy(f, policy, &choice.policy));
    assert_true(fleet_choice(f, choice, &row));
}

struct desk *desk_new(bool is_shared)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    d->rows = memory_rows_new();
    if (is_shared)
        memory_share(d->rows, clock_of, NULL);
    d->access = (struct access){.carriers = 1, .call_timeout_us = SPAN_S(10)};
    const struct run_config config = {
        .access = &d->access, .journal = "j", .version = TEXT("1"), .force = true};
    run_init(&d->run, &config);
    assert_int_equal(journal_open_rows(&d->run.journal, d->rows, JOURNAL_WRITE, &d->why), OK);
    assert_true(names_init(&d->run.fleet.names, 1u << 20));
    account_add(&d->run.fleet, "one", "111122223333");
    account_add(&d->run.fleet, "two", "444455556666");
    row_add(&d->run.fleet, "a.test", 0);
    row_add(&d->run.fleet, "b.test", 1);
    d->run.fleet.max_failures.value = NO_BOUND;
    d->run.head.verb = RUN_APPLY;
    return d;
}

void desk_free(struct desk *d)
{
    run_clear(&d->run);
    memory_rows_free(d->rows);
    free(d);
}
