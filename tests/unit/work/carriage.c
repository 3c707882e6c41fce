/* What a carriage believes of its leases, and what it lets leave. */
#include "work/carriage.h"

#include "unit.h"

#define LANES 3

struct scene {
    struct carriage carriage;
    struct carriage_lane lanes[LANES];
};

static const struct lease_terms terms = {
    .ttl = LEASE_TTL, .call_timeout = SPAN_S(10), .margin = SPAN_S(7)};

static struct carriage *begun(struct scene *s, instant_us asked)
{
    struct lease_claim claims[LANES] = {
        {.lease = {7, 4, 11}}, {.lease = {7, 5, 12}, .granted = 2}, {.lease = {7, 9, 13}}};
    carriage_init(&s->carriage, 7, claims, s->lanes, LANES, &terms, asked);
    return &s->carriage;
}

static enum err may(const struct carriage *c, bool is_write, instant_us now, instant_us *until)
{
    struct why why = {""};
    enum err err = carriage_may(c, is_write, now, until, &why);
    assert_int_equal(err == OK, why.text[0] == 0);
    return err;
}

static void a_claim_is_trusted_from_before_it_was_asked_for(void **state)
{
    struct scene s;
    instant_us until;
    struct carriage *c = begun(&s, SPAN_S(100));
    (void)state;
    assert_int_equal(c->lanes[1].granted, 2);
    assert_int_equal(may(c, true, SPAN_S(101), &until), OK);
    assert_int_equal(until, SPAN_S(106)); /* LEASE_LEAVE */
    assert_int_equal(may(c, true, SPAN_S(116), &until), OK);
    assert_int_equal(until, SPAN_S(118)); /* lease_send_until() */
    assert_int_equal(may(c, true, SPAN_S(118), &until), ERR_FENCED);
    assert_int_equal(may(c, false, SPAN_S(118), &until), OK);
    assert_int_equal(may(c, false, SPAN_S(128), &until), ERR_FENCED);
}

static void a_renewal_prolongs_the_trust(void **state)
{
    struct scene s;
    instant_us until;
    const bool none[LANES] = {false};
    struct carriage *c = begun(&s, SPAN_S(100));
    (void)state;
    carriage_renewed(c, SPAN_S(110), none);
    assert_int_equal(may(c, true, SPAN_S(120), &until), OK);
    carriage_renewed(c, SPAN_S(105), none); /* an older answer takes nothing away */
    assert_int_equal(c->trusted_until, SPAN_S(138));
}

static void a_lost_lane_ends_the_carriage_for_good(void **state)
{
    struct scene s;
    instant_us until;
    const bool none[LANES] = {false}, second[LANES] = {false, true, false};
    struct carriage *c = begun(&s, SPAN_S(100));
    (void)state;
    carriage_renewed(c, SPAN_S(110), second);
    assert_true(carriage_has_news(c));
    assert_int_equal(c->lanes[0].lease.epoch, 11);
    assert_int_equal(c->lanes[1].lease.epoch, 0);
    assert_int_equal(may(c, false, SPAN_S(111), &until), ERR_FENCED);
    carriage_renewed(c, SPAN_S(112), none);
    assert_int_equal(may(c, false, SPAN_S(113), &until), ERR_FENCED);
}

static void a_run_that_is_stopped_or_over_elsewhere_is_drained(void **state)
{
    static const struct {
        struct shared_run view;
        bool stops;
    } looks[] = {
        {{.state = RUN_OPEN}, false},
        {{.state = RUN_OPEN, .is_paused = true}, false},
        {{.state = RUN_OPEN, .stops = true}, true},
        {{.state = RUN_GIVEN_UP}, true},
        {{.state = RUN_STOPPED}, true},
    };
    struct scene s;
    (void)state;
    for (size_t i = 0; i < COUNT(looks); i++) {
        struct carriage *c = begun(&s, SPAN_S(100));
        assert_false(carriage_has_news(c));
        carriage_looked(c, &looks[i].view);
        assert_int_equal(c->is_stopping, looks[i].stops);
        assert_true(carriage_has_news(c));
    }
}

static void what_is_wanted_is_asked_for_once(void **state)
{
    struct scene s;
    struct carriage *c = begun(&s, SPAN_S(100));
    (void)state;
    c->lanes[0].asked = 3;
    c->lanes[2].unused = 2;
    assert_int_equal(carriage_wants(c, 0), 3);
    assert_int_equal(carriage_wants(c, 0), 0);
    assert_int_equal(carriage_wants(c, 1), 0);
    assert_int_equal(carriage_wants(c, 2), -2);
    carriage_granted(c, 0, 2);
    assert_int_equal(c->lanes[0].fresh, 2);
    assert_true(carriage_has_news(c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_is_trusted_from_before_it_was_asked_for),
        cmocka_unit_test(a_renewal_prolongs_the_trust),
        cmocka_unit_test(a_lost_lane_ends_the_carriage_for_good),
        cmocka_unit_test(a_run_that_is_stopped_or_over_elsewhere_is_drained),
        cmocka_unit_test(what_is_wanted_is_asked_for_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
