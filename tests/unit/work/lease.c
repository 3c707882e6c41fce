/* How far a lease is trusted: never beyond what the database can have given. */
#include "work/lease.h"

#include "unit.h"

static const span_us ttls[] = {LEASE_TTL, SPAN_S(15), SPAN_S(6), SPAN_S(2), SPAN_S(600)};

static void the_usual_lease_has_the_usual_parts(void **state)
{
    (void)state;
    assert_int_equal(lease_margin(LEASE_TTL), LEASE_MARGIN);
    assert_int_equal(lease_leave(LEASE_TTL), LEASE_LEAVE);
    assert_int_equal(lease_call_timeout(LEASE_TTL, SPAN_S(30)), SPAN_S(10));
    assert_int_equal(lease_call_timeout(LEASE_TTL, SPAN_S(4)), SPAN_S(4));
    assert_int_equal(lease_trusted_until(SPAN_S(100), LEASE_TTL), SPAN_S(128));
    assert_int_equal(lease_renew_at(SPAN_S(100), LEASE_TTL), SPAN_S(110));
    assert_int_equal(lease_send_until(SPAN_S(128), SPAN_S(10)), SPAN_S(118));
}

static void trust_ends_before_the_lease(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ttls); i++)
        assert_true(lease_trusted_until(SPAN_S(7), ttls[i]) < SPAN_S(7) + ttls[i]);
}

static void a_renewal_that_is_late_stops_no_write_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ttls); i++) {
        span_us timeout = lease_call_timeout(ttls[i], SPAN_H(1));
        instant_us until = lease_send_until(lease_trusted_until(0, ttls[i]), timeout);
        assert_true(until >= lease_renew_at(0, ttls[i]) + ttls[i] / 6);
    }
}

/* The database's clock may have leapt: the intent was taken by it at `kept` at the latest, and the
 * claim came after. */
static void what_left_by_an_intent_has_arrived_when_the_next_holder_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ttls); i++) {
        span_us timeout = lease_call_timeout(ttls[i], SPAN_H(1));
        instant_us kept = SPAN_S(50), claimed = kept, last_byte = kept + lease_leave(ttls[i]);
        span_us quiet = timeout + lease_quiet_margin(ttls[i]);
        assert_false(lease_is_quiet(claimed, quiet, last_byte + timeout));
        assert_true(lease_is_quiet(claimed, quiet, claimed + quiet));
    }
}

static void who_resigned_is_not_waited_for(void **state)
{
    (void)state;
    assert_true(lease_is_quiet(SPAN_S(9), 0, SPAN_S(9)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_lease_has_the_usual_parts),
        cmocka_unit_test(trust_ends_before_the_lease),
        cmocka_unit_test(a_renewal_that_is_late_stops_no_write_at_once),
        cmocka_unit_test(what_left_by_an_intent_has_arrived_when_the_next_holder_writes),
        cmocka_unit_test(who_resigned_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
