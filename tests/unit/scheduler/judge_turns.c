/* Many rows of some lanes and few of another, in the simulated world: no lane waits with its writes
 * until the rows of all others are judged. */
#include "unit.h"

#include "engine.h"
#include "scheduler/scheduler.h"
#include "world/world.h"

#include <stdio.h>

#define START     ((instant_us)1770000000 * 1000000)
#define LANES     4
#define ROWS_MANY 400 /* of each lane but the last */
#define ROWS_FEW  3
#define ROWS      ((LANES - 1) * ROWS_MANY + ROWS_FEW)

/* The engine's port, with the first write of each lane noted on the way. */
struct noting {
    struct io inner;
    instant_us first[LANES]; /* 0: none yet */
    unsigned asked;          /* questions to DNS, until each lane has had its first write */
    unsigned lanes;          /* that had one */
};

static instant_us noting_now(void *ctx)
{
    const struct noting *n = ctx;
    return n->inner.now(n->inner.world);
}

static uint32_t noting_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    const struct noting *n = ctx;
    return n->inner.wait(n->inner.world, until, events, max);
}

static void noting_send(void *ctx, struct call **calls, uint32_t len)
{
    struct noting *n = ctx;
    for (uint32_t i = 0; i < len; i++) {
        n->asked += n->lanes < LANES && calls[i]->kind == CALL_ASK;
        if (calls[i]->kind != CALL_SET || n->first[calls[i]->lane])
            continue;
        n->first[calls[i]->lane] = noting_now(n);
        n->lanes++;
    }
    n->inner.send(n->inner.world, calls, len);
}

static name_id name_of(struct fleet *f, const char *before, uint32_t number, const char *after)
{
    char bytes[48];
    name_id id;
    snprintf(bytes, sizeof bytes, "%s%u%s", before, number, after);
    assert_true(names_add(&f->names, text_of(bytes), &id));
    return id;
}

/* Lane by lane, as people write them down. */
static void fleet_fill(struct fleet *f)
{
    struct choice choice = {.type = IDENTITY_DOMAIN};
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, 1u << 20));
    arena_init(&f->arena, SIZE_MAX);
    assert_true(fleet_policy(f, (struct policy){.timeout_us = SPAN_H(72)}, &choice.policy));
    name_id region = name_of(f, "us-east-", 1, "");
    for (uint32_t i = 0; i < ROWS; i++) {
        uint16_t account;
        if (i % ROWS_MANY == 0) {
            struct account one = {.name = name_of(f, "a", i / ROWS_MANY, "")};
            assert_true(fleet_account(f, one, &account));
            assert_true(fleet_lane(f, account, region, &choice.lane));
        }
        choice.identity = name_of(f, "d", i, ".test");
        choice.mail_from = name_of(f, "bounce.d", i, ".test");
        assert_true(fleet_choice(f, choice, &row));
    }
    assert_int_equal(f->lanes_len, LANES);
}

static struct world *world_fill(const struct fleet *f)
{
    struct why why = {""};
    const struct ses_facts facts = {.verification = VERIFICATION_SUCCESS};
    struct world_options options = {.start = START,
                                    .seed = 1,
                                    .round_trip = SPAN_MS(60),
                                    .time_out = SPAN_S(30),
                                    .ses = ses_rules_default(),
                                    .identities_max = ROWS};
    options.dns =
        (struct dns_model_options){.seed = 1,
                                   .start = START,
                                   .published = 1,
                                   .right_host = TEXT("feedback-smtp.us-east-1.amazonses.com")};
    options.ses.rate_per_s = 10;
    options.ses.watch_every = SPAN_H(1000);
    struct world *w = world_new(&options, f, (struct world_keeper){NULL, NULL}, &why);
    assert_non_null(w);
    for (uint32_t i = 0; i < ROWS; i++)
        assert_int_equal(ses_model_add(world_ses(w), world_lane(w, f->choices[i].lane),
                                       fleet_identity(f, i), &facts, START, &why),
                         OK);
    return w;
}

static void no_lane_waits_for_the_rows_of_others(void **state)
{
    struct fleet f;
    struct arena memory;
    struct why why = {""};
    enum engine_end end;
    (void)state;
    fleet_fill(&f);
    struct world *w = world_fill(&f);
    struct noting n = {.inner = world_io(w)};
    const struct io io = {.world = &n, .now = noting_now, .wait = noting_wait, .send = noting_send};
    const struct scheduler_options options = {
        .read_api = API_V1, .write_api = API_V2, .rate_per_s = 10, .dkim = DKIM_NOT_ASKED};
    arena_init(&memory, SIZE_MAX);
    struct scheduler *d = scheduler_init(&memory, &f, &options);
    assert_non_null(d);
    const struct machine machine = scheduler_machine(d);
    scheduler_start(d, START);
    assert_int_equal(engine_run(&machine, &io, NULL, &end, &why), OK);
    struct scheduler_totals totals;
    scheduler_totals(d, &totals);
    assert_int_equal(totals.by_outcome[OUTCOME_DONE], ROWS);
    /* One by one the rows before the last lane's would take thousands of questions. */
    assert_int_equal(n.lanes, LANES);
    assert_between(n.asked, 1, 1000);
    for (uint32_t i = 0; i < LANES; i++)
        assert_between(n.first[i] - START, 1, SPAN_S(1));
    scheduler_clear(d);
    arena_clear(&memory);
    world_free(w);
    fleet_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_lane_waits_for_the_rows_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
