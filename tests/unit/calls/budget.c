#include "calls/budget.h"
#include "unit.h"

static struct budget of_one(struct lane_need need, enum api read_api)
{
    struct budget b = {0};
    need.how.api = read_api;
    budget_add(&b, &need);
    return b;
}

static void writes_and_reads_are_counted_by_action(void **state)
{
    (void)state;
    static const struct {
        struct lane_need need;
        enum api api;
        uint64_t verification, mail_from, get, set;
        span_us earliest;
    } table[] = {
        {{1, 250, 250, 10, 0}, API_V1, 3, 3 + 3 + 1, 0, 260, SPAN_S(260)},
        {{1, 0, 0, 0, 0}, API_V1, 0, 0, 0, 0, 0},
        {{1, 1, 1, 0, 0}, API_V1, 1, 2, 0, 1, SPAN_S(2)},
        {{1, 100, 0, 0, 0}, API_V1, 1, 1, 0, 0, SPAN_S(1)},
        {{1, 101, 0, 0, 0}, API_V1, 2, 2, 0, 0, SPAN_S(2)},
        {{4, 100, 0, 0, 100}, API_V1, 1, 1, 0, 100, SPAN_S(25)},
        {{1, 250, 250, 10, 0}, API_V2, 0, 0, 510, 260, SPAN_S(510)},
        {{0.5, 100, 30, 0, 0}, API_V1, 1, 2, 0, 30, SPAN_S(60)},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct budget b = of_one(table[i].need, table[i].api);
        assert_int_equal(b.calls[CALL_READ_VERIFICATION], table[i].verification);
        assert_int_equal(b.calls[CALL_READ_MAIL_FROM], table[i].mail_from);
        assert_int_equal(b.calls[CALL_GET], table[i].get);
        assert_int_equal(b.calls[CALL_SET], table[i].set);
        assert_int_equal(b.writes, table[i].set);
        assert_int_equal(b.reads, table[i].verification + table[i].mail_from + table[i].get);
        assert_int_equal(b.earliest, table[i].earliest);
    }
}

/* By the list, and for what it does not show as verified by attributes, or one by one. */
static void what_a_list_does_not_tell_is_asked(void **state)
{
    (void)state;
    static const unsigned no_attributes = 1u << CALL_READ_VERIFICATION;
    static const struct {
        struct lane_reading how;
        uint64_t list, verification, mail_from, get, dkim;
    } table[] = {
        {{.lists = true}, 1, 0, 5, 0, 0},
        {{.lists = true, .untold = 150}, 1, 2, 5, 0, 0},
        {{.lists = true, .untold = 150, .refused = no_attributes}, 1, 0, 4, 150, 0},
        {{.lists = true, .untold = 900, .refused = no_attributes}, 1, 0, 0, 500, 0},
        {{.lists = true, .untold = 150, .refused = no_attributes, .dkim = DKIM_BY_BATCH},
         1,
         0,
         4,
         150,
         4},
        {{.lists = true, .untold = 150, .dkim = DKIM_BY_IDENTITY}, 1, 2, 0, 500, 0},
        {{.untold = 150}, 0, 5, 5, 0, 0},
        {{.refused = no_attributes}, 0, 0, 0, 500, 0},
        {{.dkim = DKIM_BY_IDENTITY}, 0, 0, 0, 500, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct budget b = of_one((struct lane_need){1, 500, .how = table[i].how}, API_V1);
        if (b.calls[CALL_LIST] != table[i].list || b.calls[CALL_GET] != table[i].get ||
            b.calls[CALL_READ_VERIFICATION] != table[i].verification ||
            b.calls[CALL_READ_MAIL_FROM] != table[i].mail_from ||
            b.calls[CALL_READ_DKIM] != table[i].dkim)
            fail_msg("row %zu", i);
    }
}

/* By the batch in a bucket of its own; one by one in the place of the other first reads. */
static void dkim_is_read_first(void **state)
{
    (void)state;
    struct budget b = of_one((struct lane_need){1, 250, 0, .how.dkim = DKIM_BY_BATCH}, API_V1);
    assert_int_equal(b.calls[CALL_READ_DKIM], 3);
    assert_int_equal(b.reads, 9);
    assert_int_equal(b.earliest, SPAN_S(3));
    b = of_one((struct lane_need){1, 250, 250, .how.dkim = DKIM_BY_IDENTITY}, API_V1);
    assert_int_equal(b.calls[CALL_GET], 250);
    assert_int_equal(b.calls[CALL_READ_MAIL_FROM], 3);
    assert_int_equal(b.reads, 253);
    for (int dkim = DKIM_NOT_ASKED; dkim <= DKIM_BY_IDENTITY; dkim++) {
        b = of_one((struct lane_need){1, 250, 0, .how.dkim = (enum dkim_wish)dkim}, API_V2);
        assert_int_equal(b.calls[CALL_GET], 250);
        assert_int_equal(b.reads, 250);
    }
}

/* A page of the list tells a thousand. */
static void a_list_takes_the_place_of_verification_reads(void **state)
{
    (void)state;
    struct budget b =
        of_one((struct lane_need){.rate_per_s = 1, .reads = 1001, .how.lists = true}, API_V1);
    assert_int_equal(b.calls[CALL_READ_VERIFICATION], 0);
    assert_int_equal(b.calls[CALL_LIST], 2);
    assert_int_equal(b.reads, 2 + 11);
    b = of_one((struct lane_need){.rate_per_s = 1, .reads = 1001, .how.lists = true}, API_V2);
    assert_int_equal(b.calls[CALL_LIST], 0);
}

static void the_fullest_bucket_holds_the_finish(void **state)
{
    (void)state;
    static const struct {
        struct lane_need need;
        enum api api;
        enum call_kind held_by;
        uint64_t calls;
        enum api held_api;
    } table[] = {
        {{1, 10000, .how = {.dkim = DKIM_BY_BATCH, .lists = true}},
         API_V1,
         CALL_READ_MAIL_FROM,
         100,
         API_V1},
        {{1, 250, 250, .how.lists = true}, API_V1, CALL_SET, 250, API_V1},
        {{1, 250, .how = {.dkim = DKIM_BY_IDENTITY, .lists = true}}, API_V1, CALL_GET, 250, API_V2},
        {{1, 250, 100}, API_V2, CALL_GET, 350, API_V2},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct budget b = of_one(table[i].need, table[i].api);
        assert_int_equal(b.held_by, table[i].held_by);
        assert_int_equal(b.held_calls, table[i].calls);
        assert_int_equal(b.held_api, table[i].held_api);
    }
    assert_int_equal(of_one((struct lane_need){.rate_per_s = 1}, API_V1).held_calls, 0);
}

static void lanes_run_beside_each_other_and_the_slowest_ends_last(void **state)
{
    (void)state;
    struct budget b = {0};
    budget_add(&b, &(struct lane_need){1, 1000, 1000, 0, 0});
    budget_add(&b, &(struct lane_need){0.5, 1000, 1000, 0, 0});
    budget_add(&b, &(struct lane_need){10, 9000, 9000, 0, 0});
    assert_int_equal(b.writes, 11000);
    assert_int_equal(b.earliest, SPAN_S(2000));
    assert_int_equal(b.slowest, 1);
    assert_int_equal(b.lanes, 3);
}

static void the_largest_fleet_does_not_overflow(void **state)
{
    (void)state;
    struct budget b = of_one((struct lane_need){0.001, 4000000, 4000000, 4000000, 0}, API_V1);
    assert_int_equal(b.writes, 8000000);
    assert_int_equal(b.earliest, SPAN_S(8000000000ll));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_are_counted_by_action),
        cmocka_unit_test(dkim_is_read_first),
        cmocka_unit_test(what_a_list_does_not_tell_is_asked),
        cmocka_unit_test(a_list_takes_the_place_of_verification_reads),
        cmocka_unit_test(the_fullest_bucket_holds_the_finish),
        cmocka_unit_test(lanes_run_beside_each_other_and_the_slowest_ends_last),
        cmocka_unit_test(the_largest_fleet_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
