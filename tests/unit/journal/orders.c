/* Orders that people gave to a run, in both stores. */
#include "journal/journal.h"

#include "memory_store.h"
#include "stores.h"

struct orders_seen {
    struct order list[4];
    uint32_t len;
};

static bool order_see(void *ctx, const struct order *order)
{
    struct orders_seen *s = ctx;
    s->list[s->len++] = *order;
    return s->len < COUNT(s->list);
}

static bool row_count(void *ctx, const struct record *record)
{
    (void)record;
    ++*(uint32_t *)ctx;
    return true;
}

static void orders_are_kept_in_their_order_and_are_no_rows(void **state)
{
    struct stored *b = *state;
    struct run_head head;
    uint32_t rows = 0;
    struct orders_seen orders = {.len = 0};
    const struct order pause = {.kind = ORDER_PAUSE,
                                .at = 2001,
                                .user = "alice",
                                .host = "host",
                                .uid = UINT32_MAX,
                                .pid = 7},
                       pace = {.kind = ORDER_PACE, .at = 2002, .rate_per_s = 0.5, .user = "uid 9"};
    const struct record r[] = {{.kind = RECORD_ORDER, .at = 2001, .order = &pause},
                               {.kind = RECORD_ORDER, .at = 2002, .order = &pace}};
    stored_open(b, JOURNAL_WRITE);
    uint64_t other = stored_begin(b, 1), run = stored_begin(b, 1);
    assert_int_equal(journal_keep(b->journal, run, r, 2, &b->why), OK);
    assert_int_equal(journal_run(b->journal, run, &head, &b->arena, &b->why), OK);
    assert_int_equal(head.last, 2002);
    assert_int_equal(journal_rows(b->journal, run, row_count, &rows, &b->why), OK);
    assert_int_equal(rows, 0);
    assert_int_equal(journal_orders(b->journal, other, order_see, &orders, &b->why), OK);
    assert_int_equal(orders.len, 0);
    stored_open(b, JOURNAL_READ);
    assert_int_equal(journal_orders(b->journal, run, order_see, &orders, &b->why), OK);
    assert_int_equal(orders.len, 2);
    assert_int_equal(orders.list[0].kind, ORDER_PAUSE);
    assert_int_equal(orders.list[0].at, 2001);
    assert_int_equal(orders.list[0].uid, UINT32_MAX);
    assert_int_equal(orders.list[0].pid, 7);
    assert_string_equal(orders.list[0].user, "alice");
    assert_string_equal(orders.list[0].host, "host");
    assert_true(orders.list[1].rate_per_s > 0.49 && orders.list[1].rate_per_s < 0.51);
}

static void an_order_that_nobody_gave_is_damage(void **state)
{
    static const struct {
        const char *column;
        struct store_value value;
    } harm[] = {
        {"kind", {STORE_INT, {.number = ORDER_KINDS}}},
        {"kind", {STORE_INT, {.number = ORDER_PACE}}}, /* without a rate */
        {"rate", {STORE_REAL, {.real = 1e9}}},
        {"at", {STORE_INT, {.number = 0}}},
        {"pid", {STORE_INT, {.number = -1}}},
    };
    const struct order pause = {.kind = ORDER_PAUSE, .at = 2001, .user = "alice"};
    const struct record r = {.kind = RECORD_ORDER, .at = 2001, .order = &pause};
    for (size_t i = 0; i < COUNT(harm); i++) {
        struct stored *b = *state;
        struct orders_seen orders = {.len = 0};
        uint64_t run;
        stored_open(b, JOURNAL_WRITE);
        run = stored_begin(b, 1);
        assert_int_equal(journal_keep(b->journal, run, &r, 1, &b->why), OK);
        stored_close(b);
        stored_set(b, TABLE_ORDER, b->rows ? MEMORY_STEP : 1, harm[i].column, harm[i].value);
        stored_open(b, JOURNAL_READ);
        if (journal_orders(b->journal, run, order_see, &orders, &b->why) != ERR_IO ||
            !strstr(b->why.text, "a person's order"))
            fail_msg("%s: %s", harm[i].column, b->why.text);
        stored_again(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORES(orders_are_kept_in_their_order_and_are_no_rows),
        ON_STORES(an_order_that_nobody_gave_is_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
