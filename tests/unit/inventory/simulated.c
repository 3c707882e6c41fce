/*
 * The inventory in the simulated world, through the engine: whatever is throttled or lost, and in
 * whichever order answers come, every identity is listed once and read right, and no answer that
 * came is asked for again.
 */
#include "simulated.h"

#include "inventory/inventory.h"

#define IDENTITIES 1150 /* two pages, and a batch that is not full */
#define SEEDS      30

struct reading {
    struct simulated sim;
    struct arena memory;
    struct inventory *v;
};

static void reading_open(struct reading *r, struct simulated_options options,
                         struct inventory_options wish)
{
    simulated_open(&r->sim, options);
    arena_init(&r->memory, SIZE_MAX);
    wish.seed = options.seed;
    wish.rate_per_s = SIMULATED_RATE;
    r->v = inventory_new(&r->memory, &r->sim.fleet, &wish);
    assert_non_null(r->v);
}

static void reading_close(struct reading *r)
{
    world_crash(r->sim.world); /* calls that are out live in the inventory's memory */
    inventory_clear(r->v);
    arena_clear(&r->memory);
    simulated_close(&r->sim);
}

static enum engine_end reading_run(struct reading *r)
{
    struct machine machine = inventory_machine(r->v);
    struct io io = simulated_io(&r->sim);
    struct why why = {""};
    enum engine_end end;
    if (engine_run(&machine, &io, NULL, &end, &why) != OK)
        fail_msg("seed %llu: %s", (unsigned long long)r->sim.options.seed, why.text);
    return end;
}

/* Rows are in the order in which SES lists them, which is that of adding. */
static void lane_is_right(const struct reading *r, uint16_t lane)
{
    const struct inventory_lane *l = inventory_lane(r->v, lane);
    if (l->phase != INVENTORY_DONE)
        fail_msg("seed %llu, lane %u: phase %d, %s", (unsigned long long)r->sim.options.seed,
                 (unsigned)lane, l->phase, l->reason);
    assert_int_equal(l->rows_len, IDENTITIES);
    assert_int_equal(l->listed, IDENTITIES);
    assert_int_equal(l->read, IDENTITIES);
    for (uint32_t i = 0; i < IDENTITIES; i++) {
        const struct inventory_row *row = inventory_row(r->v, lane, i);
        char name[32], mail_from[48];
        struct ses_facts facts = simulated_facts(mail_from, lane, i);
        assert_text(row->identity, simulated_name(name, lane, i));
        bool has_dkim = row->known & KNOWN_DKIM;
        assert_int_equal(row->known & ~KNOWN_DKIM,
                         KNOWN_VERIFICATION | KNOWN_MAIL_FROM | KNOWN_FORWARDING);
        if (!has_dkim && !l->dkim_gap[0])
            fail_msg("seed %llu: DKIM is not known", (unsigned long long)r->sim.options.seed);
        assert_int_equal(row->dkim, !has_dkim   ? DKIM_UNKNOWN
                                    : lane == 1 ? DKIM_PENDING
                                                : DKIM_SUCCESS);
        assert_int_equal(row->verification, facts.verification);
        assert_int_equal(row->forwarding, facts.forwarding);
        assert_text(row->mail_from, facts.mail_from);
        assert_int_equal(row->status, facts.status);
        assert_int_equal(row->behavior, facts.behavior);
    }
}

/* An answer that came is not asked for again; what is sent beside are the calls that failed. */
static void lane_cost_is_right(const struct reading *r, uint16_t lane, bool one_by_one)
{
    const uint32_t pages = (IDENTITIES + SES_LIST_PAGE - 1) / SES_LIST_PAGE,
                   batches = (IDENTITIES + SES_BATCH_MAX - 1) / SES_BATCH_MAX;
    const uint32_t *served = r->sim.served[lane], *sent = r->sim.sent[lane];
    assert_int_equal(served[CALL_CALLER], 1);
    assert_int_equal(served[CALL_LIST], pages);
    assert_int_equal(served[CALL_READ_VERIFICATION], one_by_one ? 0 : batches);
    assert_int_equal(served[CALL_READ_MAIL_FROM], one_by_one ? 0 : batches);
    assert_int_equal(served[CALL_READ_NOTIFICATION], one_by_one ? 0 : batches);
    assert_int_equal(served[CALL_READ_DKIM], one_by_one || inventory_lane(r->v, lane)->dkim_gap[0]
                                                 ? served[CALL_READ_DKIM]
                                                 : batches);
    assert_int_equal(served[CALL_GET], one_by_one ? IDENTITIES : 0);
    for (int kind = 0; kind < CALL_KINDS; kind++)
        assert_between(sent[kind], served[kind], 2 * served[kind] + 8);
}

static void every_identity_is_listed_once_whatever_is_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        for (int backwards = 0; backwards < 2; backwards++) {
            struct reading r;
            reading_open(&r,
                         (struct simulated_options){.seed = seed,
                                                    .identities = IDENTITIES,
                                                    .v1_refused = 1u << 2,
                                                    .troubled = true,
                                                    .backwards = backwards},
                         (struct inventory_options){.may_fall_back = true, .dkim = DKIM_BY_BATCH});
            assert_int_equal(reading_run(&r), ENGINE_ENDED);
            assert_int_equal(inventory_calls_out(r.v), 0);
            for (uint16_t lane = 0; lane < LANES; lane++) {
                lane_is_right(&r, lane);
                assert_int_equal(inventory_lane(r.v, lane)->fell_back, lane == 2);
                lane_cost_is_right(&r, lane, lane == 2);
            }
            reading_close(&r);
        }
    }
}

static void a_quiet_world_is_asked_for_nothing_twice(void **state)
{
    (void)state;
    for (int by_v2 = 0; by_v2 < 2; by_v2++) {
        struct reading r;
        reading_open(
            &r, (struct simulated_options){.seed = 1, .identities = IDENTITIES},
            (struct inventory_options){.read_api = by_v2 ? API_V2 : API_V1, .dkim = DKIM_BY_BATCH});
        assert_int_equal(reading_run(&r), ENGINE_ENDED);
        for (uint16_t lane = 0; lane < LANES; lane++) {
            lane_is_right(&r, lane);
            lane_cost_is_right(&r, lane, by_v2);
        }
        reading_close(&r);
    }
}

static void who_asks_to_stop_is_heard_at_once(void **state)
{
    (void)state;
    for (uint32_t after = 1; after < 40; after++) {
        struct reading r;
        reading_open(&r,
                     (struct simulated_options){
                         .seed = after, .identities = 300, .troubled = true, .stop_after = after},
                     (struct inventory_options){.may_fall_back = true, .dkim = DKIM_BY_BATCH});
        enum engine_end end = reading_run(&r);
        assert_int_equal(end, r.sim.stopped ? ENGINE_DRAINED : ENGINE_ENDED);
        reading_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_identity_is_listed_once_whatever_is_lost),
        cmocka_unit_test(a_quiet_world_is_asked_for_nothing_twice),
        cmocka_unit_test(who_asks_to_stop_is_heard_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
