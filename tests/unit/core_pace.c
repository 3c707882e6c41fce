#include "backoff.h"
#include "hash.h"
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
    assert_between(taken, 4995, 5000 + 500 * PACE_CATCH_UP / SPAN_S(1) + 1);
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
    assert_int_equal(pace_next(&p), SPAN_S(2) + SPAN_MS(130) + SPAN_MS(100) / PACE_MARGIN);
}

static void the_first_call_connects_and_holds_back_the_next(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 10);
    assert_true(pace_take(&p, SPAN_S(1)));
    pace_answered(&p, SPAN_S(1), SPAN_S(1) + SPAN_MS(60)); /* how fast a call can be is not known */
    assert_int_equal(pace_next(&p), SPAN_S(1) + SPAN_MS(160) + SPAN_MS(100) / PACE_MARGIN);
}

static void throttling_cuts_the_rate_once_per_round_trip(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 100);
    pace_throttled(&p, SPAN_S(1), SPAN_S(2), 0);
    pace_throttled(&p, SPAN_S(1) + 1, SPAN_S(2) + 1, 0); /* left before the first cut */
    assert_int_equal((int)p.rate_per_s, 70);
    assert_true(pace_is_slowed(&p));
    pace_throttled(&p, SPAN_S(3), SPAN_S(4), 0);
    assert_int_equal((int)p.rate_per_s, 49);
}

static void one_refusal_in_a_hundred_calls_is_chance(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 100);
    for (int i = 0; i < PACE_CHANCE; i++)
        pace_answered(&p, SPAN_S(1), SPAN_S(1) + SPAN_MS(10));
    pace_throttled(&p, SPAN_S(5), SPAN_S(6), 0);
    assert_int_equal((int)p.rate_per_s, 100);
    assert_true(pace_next(&p) > SPAN_S(6)); /* but the next call waits */
}

/* An hour against a service that counts for itself, requests arriving 20 to 25 ms after they left.
 * Its bucket holds one token, or a tenth of a second's worth. */
struct hour {
    uint32_t calls, throttled, late_calls, late_throttled;
};

static struct hour hour_against(double wanted_per_s, double allowed_per_s)
{
    struct pace p;
    struct hour h = {0};
    double most = allowed_per_s > 10 ? allowed_per_s / 10 : 1, tokens = most;
    instant_us filled = SPAN_S(1);
    pace_init(&p, wanted_per_s);
    for (instant_us now = SPAN_S(1); now < SPAN_S(3601);) {
        now = now < pace_next(&p) ? pace_next(&p) : now;
        if (!pace_take(&p, now))
            continue;
        instant_us arrives = now + SPAN_MS(20) + (span_us)(5000 * hash_unit(1, h.calls, 0));
        tokens += (double)(arrives - filled) / 1e6 * allowed_per_s;
        tokens = tokens > most ? most : tokens;
        filled = arrives;
        bool served = tokens >= 1;
        tokens -= served;
        h.calls++;
        h.throttled += !served;
        h.late_calls += now > SPAN_S(61);
        h.late_throttled += now > SPAN_S(61) && !served;
        if (served)
            pace_answered(&p, now, arrives + SPAN_MS(20));
        else
            pace_throttled(&p, now, arrives + SPAN_MS(20), 0);
    }
    return h;
}

static void a_lower_rate_is_found_within_a_minute_and_kept(void **state)
{
    (void)state;
    static const double rates[][2] = {{1, 0.9}, {1, 0.6}, {1, 0.5},   {1, 0.25},  {10, 7},
                                      {10, 1},  {50, 20}, {500, 300}, {500, 100}, {500, 20}};
    for (size_t i = 0; i < COUNT(rates); i++) {
        struct hour h = hour_against(rates[i][0], rates[i][1]);
        double served = (h.calls - h.throttled) / (3600 * rates[i][1]);
        assert_true(h.late_throttled * 100 < h.late_calls);
        assert_true(served > 0.9);
    }
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
        assert_between(span, SPAN_MS(500), BACKOFF_ERROR.ceiling);
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
        cmocka_unit_test(the_first_call_connects_and_holds_back_the_next),
        cmocka_unit_test(throttling_cuts_the_rate_once_per_round_trip),
        cmocka_unit_test(one_refusal_in_a_hundred_calls_is_chance),
        cmocka_unit_test(a_lower_rate_is_found_within_a_minute_and_kept),
        cmocka_unit_test(the_service_s_own_hint_is_honoured),
        cmocka_unit_test(backoff_grows_to_its_ceiling_and_is_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
