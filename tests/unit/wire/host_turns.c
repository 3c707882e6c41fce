/* Whose call goes next: shares of hosts, turns, and those that have waited. */
#include "unit.h"

#include "wire/host_turns.h"

#include <stdio.h>

#define LANES     12
#define TRANSFERS 40

static struct wire_lane lanes[LANES];
static struct call calls[100];

/* Lane i is at host i % hosts. */
static void begin(struct host_turns *t, unsigned hosts)
{
    memset(lanes, 0, sizeof lanes);
    for (unsigned i = 0; i < LANES; i++)
        snprintf(lanes[i].at.ses.url, sizeof lanes[i].at.ses.url, "https://h%u.example", i % hosts);
    assert_true(host_turns_init(t, lanes, LANES));
}

static void wait_many(struct host_turns *t, uint16_t lane, unsigned from, unsigned len,
                      instant_us now)
{
    for (unsigned i = from; i < from + len; i++) {
        calls[i] = (struct call){.lane = lane};
        host_turns_add(t, &calls[i], now);
    }
}

/* How many may go now; *last is the last one. */
static unsigned send_all(struct host_turns *t, instant_us now, struct call **last)
{
    unsigned len = 0;
    for (struct call *c; (c = host_turns_next(t, TRANSFERS, now)) != NULL; len++)
        *last = c;
    return len;
}

static void one_host_has_all_transfers(void **state)
{
    struct host_turns t;
    struct call *last = NULL;
    (void)state;
    begin(&t, 1);
    wait_many(&t, 0, 0, 30, SPAN_S(1));
    wait_many(&t, 7, 30, 30, SPAN_S(1));
    assert_int_equal(send_all(&t, SPAN_S(1), &last), TRANSFERS);
    assert_ptr_equal(last, &calls[TRANSFERS - 1]); /* in the order in which they came */
    assert_true(host_turns_wait(&t));
    host_turns_done(&t, &calls[3]);
    assert_ptr_equal(host_turns_next(&t, TRANSFERS, SPAN_S(1)), &calls[TRANSFERS]);
    host_turns_clear(&t);
}

static void hosts_share_and_take_turns(void **state)
{
    struct host_turns t;
    struct call *last = NULL;
    (void)state;
    begin(&t, 4);
    for (uint16_t lane = 0; lane < 4; lane++)
        wait_many(&t, lane, lane * 20u, 20, SPAN_S(1));
    assert_ptr_equal(host_turns_next(&t, TRANSFERS, SPAN_S(1)), &calls[0]);
    assert_ptr_equal(host_turns_next(&t, TRANSFERS, SPAN_S(1)), &calls[20]);
    assert_int_equal(send_all(&t, SPAN_S(1), &last), TRANSFERS - 2);
    assert_ptr_equal(last, &calls[69]);
    /* A connection that comes free is for a call of its host. */
    host_turns_done(&t, &calls[40]);
    assert_ptr_equal(host_turns_next(&t, TRANSFERS, SPAN_S(1)), &calls[50]);
    assert_null(host_turns_next(&t, TRANSFERS, SPAN_S(1)));
    host_turns_clear(&t);
}

static void a_share_lasts_as_long_as_connections_and_waiting_ends(void **state)
{
    struct host_turns t;
    struct call *last = NULL;
    instant_us now = SPAN_S(1);
    (void)state;
    begin(&t, 4);
    for (uint16_t lane = 0; lane < 4; lane++)
        wait_many(&t, lane, lane, 1, now);
    assert_int_equal(send_all(&t, now, &last), 4);
    for (unsigned i = 0; i < 4; i++)
        host_turns_done(&t, &calls[i]);
    now += SPAN_S(2);
    wait_many(&t, 2, 10, 30, now);
    assert_int_equal(send_all(&t, now, &last), TRANSFERS / 4);
    assert_int_equal(send_all(&t, now + HOST_WAIT_US - 1, &last), 0);
    assert_int_equal(send_all(&t, now + HOST_WAIT_US, &last), 30 - TRANSFERS / 4);
    for (unsigned i = 10; i < 40; i++)
        host_turns_done(&t, &calls[i]);
    now += SPAN_M(1);
    wait_many(&t, 1, 40, 50, now);
    assert_int_equal(send_all(&t, now, &last), TRANSFERS); /* the others' are closed */
    host_turns_clear(&t);
}

static void who_waited_for_keys_comes_first(void **state)
{
    struct host_turns t;
    struct call_list early = {NULL, NULL};
    (void)state;
    begin(&t, 2);
    wait_many(&t, 0, 0, 2, SPAN_S(1));
    for (unsigned i = 10; i < 12; i++) {
        calls[i] = (struct call){.lane = 2};
        call_list_add(&early, &calls[i]);
    }
    host_turns_again(&t, &early, SPAN_S(1));
    assert_null(early.first);
    static const unsigned order[] = {10, 11, 0, 1};
    for (size_t i = 0; i < COUNT(order); i++)
        assert_ptr_equal(host_turns_next(&t, TRANSFERS, SPAN_S(1)), &calls[order[i]]);
    assert_null(host_turns_next(&t, TRANSFERS, SPAN_S(1)));
    assert_false(host_turns_wait(&t));
    host_turns_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_host_has_all_transfers),
        cmocka_unit_test(hosts_share_and_take_turns),
        cmocka_unit_test(a_share_lasts_as_long_as_connections_and_waiting_ends),
        cmocka_unit_test(who_waited_for_keys_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
