#include "unit.h"

#include "wire/departures.h"

static struct call call_at(instant_us not_before, span_us spacing, uint32_t out_max)
{
    return (struct call){
        .kind = CALL_SET, .lane = 1, .departure = {not_before, spacing, out_max, .turn = 1}};
}

static void a_call_waits_for_its_instant(void **state)
{
    (void)state;
    struct departures d;
    struct call a = call_at(100, 0, 0);
    assert_true(departures_init(&d, 2));
    assert_int_equal(departures_due(&d), WHEN_NEVER);
    departures_add(&d, &a);
    assert_int_equal(departures_due(&d), 100);
    assert_null(departures_next(&d, 99));
    assert_ptr_equal(departures_next(&d, 100), &a);
    assert_null(departures_next(&d, 1000));
    departures_clear(&d);
}

static void the_next_one_keeps_its_distance_from_a_late_one(void **state)
{
    (void)state;
    struct departures d;
    struct call a = call_at(100, 50, 0), b = call_at(150, 50, 0), other = call_at(150, 50, 0);
    other.lane = 0;
    assert_true(departures_init(&d, 2));
    departures_add(&d, &a);
    departures_add(&d, &b);
    departures_add(&d, &other);
    assert_ptr_equal(departures_next(&d, 100), &a);
    departures_left(&d, &a, 130);
    assert_ptr_equal(departures_next(&d, 170), &other); /* of another lane, it minds none of them */
    assert_null(departures_next(&d, 170));
    assert_ptr_equal(departures_next(&d, 180), &b);
    departures_clear(&d);
}

static void none_leaves_while_too_many_are_out(void **state)
{
    (void)state;
    struct departures d;
    struct call calls[3];
    assert_true(departures_init(&d, 2));
    for (unsigned i = 0; i < COUNT(calls); i++) {
        calls[i] = call_at(100 + i, 1, 2);
        departures_add(&d, &calls[i]);
    }
    assert_ptr_equal(departures_next(&d, 500), &calls[0]);
    assert_ptr_equal(departures_next(&d, 501), &calls[1]);
    assert_null(departures_next(&d, 900));
    assert_int_equal(departures_due(&d), WHEN_NEVER);
    departures_done(&d, &calls[1]);
    assert_ptr_equal(departures_next(&d, 900), &calls[2]);
    departures_clear(&d);
}

/* What signing takes is no delay: calls are let go that much sooner. */
static void what_each_call_takes_until_it_leaves_is_allowed_for(void **state)
{
    (void)state;
    struct departures d;
    instant_us due = 0;
    assert_true(departures_init(&d, 2));
    for (unsigned i = 1; i <= 200; i++) {
        struct call c = call_at(due = i * SPAN_MS(5), SPAN_MS(5), 0);
        departures_add(&d, &c);
        instant_us at = departures_due(&d);
        assert_ptr_equal(departures_next(&d, at), &c);
        departures_left(&d, &c, at + (i % 2 ? 120 : 900));
        departures_done(&d, &c);
    }
    assert_between(d.lead, 110, 130);
    departures_clear(&d);
}

static void a_call_of_no_bucket_passes(void **state)
{
    (void)state;
    struct departures d;
    struct call c = call_at(0, 0, 0);
    assert_true(departures_init(&d, 2));
    assert_true(departures_is_free(&c));
    departures_left(&d, &c, 100);
    departures_done(&d, &c);
    departures_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_waits_for_its_instant),
        cmocka_unit_test(the_next_one_keeps_its_distance_from_a_late_one),
        cmocka_unit_test(none_leaves_while_too_many_are_out),
        cmocka_unit_test(what_each_call_takes_until_it_leaves_is_allowed_for),
        cmocka_unit_test(a_call_of_no_bucket_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
