/* Orders of people: what changes something, and what is so already. */
#include "calls/steering.h"
#include "calls/pace.h"
#include "unit.h"

static void an_order_changes_something_or_says_that_it_is_so_already(void **state)
{
    (void)state;
    static const struct {
        enum order_kind kind;
        double rate_per_s;
        bool stopping;
        enum order_answer answer;
        bool is_paused; /* after it */
    } steps[] = {
        {ORDER_RESUME, 0, false, ORDER_IDLE, false},   {ORDER_PAUSE, 0, false, ORDER_TAKEN, true},
        {ORDER_PAUSE, 0, false, ORDER_IDLE, true},     {ORDER_PACE, 0.5, false, ORDER_TAKEN, true},
        {ORDER_PACE, 0.5, false, ORDER_IDLE, true},    {ORDER_PACE, 0.25, false, ORDER_TAKEN, true},
        {ORDER_RESUME, 0, false, ORDER_TAKEN, false},  {ORDER_RESUME, 0, false, ORDER_IDLE, false},
        {ORDER_STOP, 0, false, ORDER_TAKEN, false},    {ORDER_STOP, 0, true, ORDER_IDLE, false},
        {ORDER_PAUSE, 0, true, ORDER_TOO_LATE, false}, {ORDER_PACE, 1, true, ORDER_TOO_LATE, false},
        {ORDER_LEAVE, 0, true, ORDER_TAKEN, false},
    };
    struct steering s = {.is_paused = false};
    uint32_t taken = 0;
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct order o = {.kind = steps[i].kind, .rate_per_s = steps[i].rate_per_s, .ticket = i};
        instant_us now = SPAN_S(10) + (instant_us)i;
        bool changes = steering_take(&s, &o, steps[i].stopping, now);
        taken += changes;
        if (o.answer != steps[i].answer || changes != (o.answer == ORDER_TAKEN) ||
            s.is_paused != steps[i].is_paused || o.at != now || s.taken != taken)
            fail_msg("step %zu: answer %d, paused %d", i, o.answer, s.is_paused);
        if (changes)
            assert_int_equal(s.last.ticket, i);
    }
    assert_int_equal(s.pause.ticket, 1);
    assert_true(s.rate_per_s > 0.24 && s.rate_per_s < 0.26);
}

static void names_of_orders_are_their_own(void **state)
{
    (void)state;
    char who[ORDER_GIVER_MAX];
    struct order o = {.pid = 7};
    order_name_copy(o.user, sizeof o.user, TEXT("al\033ice\n"));
    order_name_copy(o.host, sizeof o.host, TEXT("host"));
    assert_string_equal(order_giver(&o, who), "al?ice? (pid 7 on host)");
    char four[4];
    order_name_copy(four, sizeof four, TEXT("alice"));
    assert_string_equal(four, "ali");
    assert_string_equal(order_kind_name(ORDER_PAUSE), "pause");
    assert_string_equal(order_kind_name(ORDER_LEAVE), "leave");
}

/* ---- the pace that a person wants ---- */

static void a_new_pace_counts_from_the_last_call_on(void **state)
{
    (void)state;
    static const struct {
        double from, to;
        span_us next; /* after the last call */
    } paces[] = {
        {1, 0.5, SPAN_S(2)}, {0.5, 1, SPAN_S(1)}, {0.01, 10, SPAN_MS(100)}, {10, 0.1, SPAN_S(10)}};
    for (size_t i = 0; i < COUNT(paces); i++) {
        struct pace p;
        pace_init(&p, paces[i].from);
        pace_want(&p, paces[i].from, SPAN_S(1));
        assert_int_equal(pace_next(&p), 0); /* nothing has left yet */
        assert_true(pace_take(&p, SPAN_S(5)));
        pace_want(&p, paces[i].to, SPAN_S(5) + 1);
        assert_int_equal(pace_next(&p), SPAN_S(5) + paces[i].next);
        assert_false(pace_is_slowed(&p));
    }
}

static void a_wait_that_the_service_asks_for_outlasts_a_faster_pace(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 1);
    assert_true(pace_take(&p, SPAN_S(5)));
    pace_throttled(&p, 1, SPAN_S(5), SPAN_S(5), SPAN_S(30));
    pace_want(&p, 100, SPAN_S(6));
    assert_int_equal(pace_next(&p), SPAN_S(35));
}

/* SES was found to give 0.4 a second. A slower wish counts; a faster one does not make it
 * forgotten, and what is above is tried as before. */
static void what_ses_has_taught_outlives_wishes(void **state)
{
    (void)state;
    struct load l;
    load_init(&l, 1);
    l.rate_per_s = l.given_per_s = 0.4;
    l.refused_per_s = 0.41;
    load_want(&l, 0.2, SPAN_S(100));
    assert_true(l.rate_per_s < 0.21 && l.wanted_per_s < 0.21);
    load_want(&l, 10, SPAN_S(200));
    assert_true(l.rate_per_s < 0.41 && l.rate_per_s > 0.39 && l.wanted_per_s > 9);
    load_want(&l, 2, SPAN_S(300));
    assert_true(l.rate_per_s < 0.41 && l.rate_per_s > 0.39);
    load_init(&l, 1);
    load_want(&l, 3, SPAN_S(1)); /* nothing was taught */
    assert_true(l.rate_per_s > 2.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_changes_something_or_says_that_it_is_so_already),
        cmocka_unit_test(names_of_orders_are_their_own),
        cmocka_unit_test(a_new_pace_counts_from_the_last_call_on),
        cmocka_unit_test(a_wait_that_the_service_asks_for_outlasts_a_faster_pace),
        cmocka_unit_test(what_ses_has_taught_outlives_wishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
