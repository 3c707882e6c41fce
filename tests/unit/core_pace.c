#include "backoff.h"
#include "pace.h"
#include "unit.h"

static void calls_are_spaced_evenly_at_a_low_rate(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 1);
    assert_true(pace_take(&p, SPAN_S(10)));
    assert_false(pace_take(&p, SPAN_S(10) + SPAN_MS(999)));
    assert_true(pace_take(&p, SPAN_S(13)));
    assert_false(pace_take(&p, SPAN_S(13) + SPAN_MS(999))); /* what was missed is not caught up */
    assert_true(pace_take(&p, SPAN_S(14)));
}

static void a_late_wake_up_is_caught_up_at_a_high_rate(void **state)
{
    (void)state;
    struct pace p;
    uint32_t taken = 0;
    pace_init(&p, 500);
    for (instant_us now = SPAN_S(1); now < SPAN_S(11); now += SPAN_MS(5) / 2)
        while (pace_take(&p, now))
            taken++;
    assert_in_range(taken, 4995, 5010);
}

static void no_second_holds_more_than_the_rate(void **state)
{
    (void)state;
    struct pace p;
    instant_us sent[64];
    uint32_t len = 0;
    pace_init(&p, 3);
    for (instant_us now = SPAN_S(1); len < 64; now += SPAN_MS(7))
        if (pace_take(&p, now))
            sent[len++] = now;
    for (uint32_t i = 3; i < len; i++)
        assert_true(sent[i] - sent[i - 3] >= SPAN_S(1));
}

static void a_call_that_arrived_late_holds_back_the_next(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 10);
    assert_true(pace_take(&p, SPAN_S(1)));
    pace_answered(&p, SPAN_S(1), SPAN_S(1) + SPAN_MS(10));
    assert_true(pace_take(&p, SPAN_S(2)));
    pace_answered(&p, SPAN_S(2), SPAN_S(2) + SPAN_MS(40)); /* 30 ms later than the fastest */
    assert_int_equal(pace_next(&p), SPAN_S(2) + SPAN_MS(130));
}

static void throttling_cuts_the_rate_once_per_round_trip(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 100);
    pace_throttled(&p, SPAN_S(1), SPAN_S(2), 0);
    pace_throttled(&p, SPAN_S(1) + 1, SPAN_S(2) + 1, 0); /* left before the first cut */
    assert_int_equal((int)p.rate_per_s, 70);
    pace_throttled(&p, SPAN_S(3), SPAN_S(4), 0);
    assert_int_equal((int)p.rate_per_s, 49);
}

static void the_service_s_own_hint_is_honoured(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 100);
    pace_throttled(&p, SPAN_S(1), SPAN_S(2), SPAN_S(5));
    assert_int_equal(pace_next(&p), SPAN_S(7));
}

static void backoff_grows_to_its_ceiling_and_is_the_same_each_time(void **state)
{
    (void)state;
    for (uint32_t attempt = 1; attempt < 20; attempt++) {
        span_us span = backoff_span(BACKOFF_ERROR, 7, 3, attempt);
        assert_int_equal(span, backoff_span(BACKOFF_ERROR, 7, 3, attempt));
        assert_in_range(span, SPAN_MS(500), BACKOFF_ERROR.ceiling);
    }
    assert_true(backoff_span(BACKOFF_ERROR, 7, 3, 12) >= BACKOFF_ERROR.ceiling / 2);
    assert_int_not_equal(backoff_span(BACKOFF_ERROR, 7, 3, 2),
                         backoff_span(BACKOFF_ERROR, 7, 4, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_spaced_evenly_at_a_low_rate),
        cmocka_unit_test(a_late_wake_up_is_caught_up_at_a_high_rate),
        cmocka_unit_test(no_second_holds_more_than_the_rate),
        cmocka_unit_test(a_call_that_arrived_late_holds_back_the_next),
        cmocka_unit_test(throttling_cuts_the_rate_once_per_round_trip),
        cmocka_unit_test(the_service_s_own_hint_is_honoured),
        cmocka_unit_test(backoff_grows_to_its_ceiling_and_is_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
