#include "calls/load.h"

#include "unit.h"

/* What the phases do with single answers; how well the rate is found is told by calls/pace. */

#define WANTED 1.0

static instant_us sent; /* of the next call */

/* One call in its turn, answered 40 ms later. */
static void call(struct load *l, bool served)
{
    load_learn(l, sent, sent + SPAN_MS(40), served, false);
    sent += (span_us)(1e6 / l->rate_per_s);
}

static struct load begun(void)
{
    struct load l;
    sent = SPAN_S(100);
    load_init(&l, WANTED);
    return l;
}

static void served_calls_change_nothing(void **state)
{
    (void)state;
    struct load l = begun();
    for (int i = 0; i < 1000; i++)
        call(&l, true);
    assert_int_equal(l.phase, LOAD_CRUISE);
    assert_true(l.rate_per_s == WANTED);
}

static void one_refusal_is_no_alarm(void **state)
{
    (void)state;
    struct load l = begun();
    call(&l, false);
    call(&l, true);
    assert_int_equal(l.phase, LOAD_CRUISE);
    assert_true(l.rate_per_s == WANTED);
}

static void refusals_are_measured_before_calls_slow_down(void **state)
{
    (void)state;
    struct load l = begun();
    int calls = 0;
    while (l.phase == LOAD_CRUISE && calls++ < 20)
        call(&l, calls % 2 == 0);
    assert_int_equal(l.phase, LOAD_MEASURE);
    assert_true(l.rate_per_s == WANTED);
}

static void only_refusals_halve_the_rate_down_to_a_bound(void **state)
{
    (void)state;
    struct load l = begun();
    for (int i = 0; i < LOAD_BLACKOUT; i++)
        call(&l, false);
    assert_true(l.rate_per_s == WANTED / 2);
    for (int i = 0; i < 40 * LOAD_BLACKOUT; i++)
        call(&l, false);
    assert_true(l.rate_per_s >= LOAD_LOWEST && l.rate_per_s < 2 * LOAD_LOWEST);
}

/* A bucket that gives every second call: half the rate is proved, and kept as a limit. */
static void a_proved_rate_is_kept(void **state)
{
    (void)state;
    struct load l = begun();
    int calls = 0;
    while (l.phase != LOAD_VERIFY && calls++ < 100)
        call(&l, calls % 2 == 0);
    assert_int_equal(l.phase, LOAD_VERIFY);
    assert_true(l.rate_per_s > 0.4 * WANTED && l.rate_per_s <= 0.5 * WANTED);
    for (calls = 0; l.phase == LOAD_VERIFY && calls < 100; calls++)
        call(&l, true);
    assert_int_not_equal(l.phase, LOAD_VERIFY);
    assert_true(l.given_per_s > 0.4 * WANTED && l.given_per_s < WANTED);
}

static void an_answer_to_an_older_call_tells_nothing_about_a_new_rate(void **state)
{
    (void)state;
    struct load l = begun();
    instant_us before = sent;
    for (int i = 0; i < LOAD_BLACKOUT; i++)
        call(&l, false);
    struct load halved = l;
    load_learn(&l, before, sent, false, false);
    assert_true(l.rate_per_s == halved.rate_per_s);
    assert_int_equal(l.refused, halved.refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(served_calls_change_nothing),
        cmocka_unit_test(one_refusal_is_no_alarm),
        cmocka_unit_test(refusals_are_measured_before_calls_slow_down),
        cmocka_unit_test(only_refusals_halve_the_rate_down_to_a_bound),
        cmocka_unit_test(a_proved_rate_is_kept),
        cmocka_unit_test(an_answer_to_an_older_call_tells_nothing_about_a_new_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
