#include "calls/pace.h"
#include "base/bounds.h"
#include "base/hash.h"
#include "calls/backoff.h"
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

/* A turn every millisecond: each group costs one, and none of the rate is lost. */
static void writes_leave_in_groups_at_a_high_rate(void **state)
{
    (void)state;
    struct pace p;
    uint32_t taken = 0, groups = 0;
    pace_init(&p, 500);
    for (instant_us now = SPAN_S(1); now < SPAN_S(11); now += SPAN_MS(1)) {
        bool leaves = pace_next_group(&p) <= now;
        groups += leaves;
        while (leaves && pace_take(&p, now))
            taken++;
    }
    assert_between(taken, 4995, 5000 + 500 * PACE_CATCH_UP / SPAN_S(1) + 1);
    assert_between(groups, 1, SPAN_S(10) / PACE_GROUP + 1);
    pace_init(&p, 5);
    assert_true(pace_take(&p, SPAN_S(1)));
    assert_int_equal(pace_next_group(&p), pace_next(&p)); /* no call waits for another there */
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
    for (unsigned i = 1; i <= PACE_TRIPS; i++) {
        assert_true(pace_take(&p, SPAN_S(i)));
        pace_answered(&p, p.calls, SPAN_S(i), SPAN_S(i) + SPAN_MS(10));
    }
    assert_true(pace_take(&p, SPAN_S(9)));
    pace_answered(&p, p.calls, SPAN_S(9),
                  SPAN_S(9) + SPAN_MS(40)); /* 30 ms later than the fastest */
    assert_int_equal(pace_next(&p), SPAN_S(9) + SPAN_MS(130) + SPAN_MS(100) / PACE_MARGIN);
}

/* Calls of a hundred lanes meet at the service, twice. The third ones do not, and come too early by
 * what the second ones had to wait, unless the whole trip counts. */
static void the_first_calls_do_not_say_how_fast_one_can_be(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 1);
    assert_true(pace_take(&p, SPAN_S(1)));
    pace_answered(&p, p.calls, SPAN_S(1), SPAN_S(1) + SPAN_MS(40));
    instant_us second = pace_next(&p);
    assert_true(pace_take(&p, second));
    pace_answered(&p, p.calls, second, second + SPAN_MS(40));
    assert_true(pace_next(&p) >= second + SPAN_MS(1040));
}

/* The carrier knows when the last one left, before its answer comes. */
static void a_call_is_to_leave_an_interval_after_the_one_before(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 5);
    assert_true(pace_take(&p, SPAN_S(1)));
    assert_int_equal(pace_departure(&p).not_before, SPAN_S(1));
    assert_int_equal(pace_departure(&p).spacing, SPAN_MS(200));
    pace_init(&p, 500); /* groups leave together */
    assert_true(pace_take(&p, SPAN_S(1)));
    assert_int_equal(pace_departure(&p).spacing, 0);
    pace_init_burst(&p, 5);
    assert_true(pace_take(&p, SPAN_S(1)));
    assert_int_equal(pace_departure(&p).spacing, 0);
}

static void the_first_call_connects_and_holds_back_the_next(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 10);
    assert_true(pace_take(&p, SPAN_S(1)));
    pace_answered(&p, p.calls, SPAN_S(1),
                  SPAN_S(1) + SPAN_MS(60)); /* how fast a call can be is not known */
    assert_int_equal(pace_next(&p), SPAN_S(1) + SPAN_MS(160) + SPAN_MS(100) / PACE_MARGIN);
}

/* --- against a service that counts for itself ------------------------------------------------- */

#define SEEDS      20
#define FIRST_SEED 70000 /* the constants of load.c were chosen by other seeds */

/* A bucket, refusals that depend on nothing but chance, and another user of the bucket. Requests
 * arrive 20 to 25 ms after they left, answers 20 ms later. */
struct service {
    double allowed_per_s, burst, share;
    double other_per_s;
    instant_us other_until, other_next;
    uint64_t seed, others;
    double tokens;
    instant_us filled;
};

#define OUT_MAX 64

struct run {
    struct pace pace;
    struct service service;
    struct answer {
        instant_us at, sent_at;
        uint64_t turn;
        bool served;
    } out[OUT_MAX];
    uint32_t out_len;
    uint32_t calls, served, late_calls, late_served;
    instant_us full_since; /* the full rate, after the other user has gone; 0: not yet */
};

static bool token(struct service *s, instant_us at)
{
    if (at > s->filled) {
        s->tokens += (double)(at - s->filled) * 1e-6 * s->allowed_per_s;
        s->tokens = s->tokens > s->burst ? s->burst : s->tokens;
        s->filled = at;
    }
    bool served = s->tokens >= 1;
    s->tokens -= served;
    return served;
}

static bool is_served(struct service *s, instant_us arrives, uint32_t number)
{
    while (s->other_next < arrives && s->other_next < s->other_until) {
        token(s, s->other_next);
        s->other_next +=
            (span_us)((0.5 + hash_unit(s->seed, ++s->others, 5)) * 1e6 / s->other_per_s);
    }
    return hash_unit(s->seed, number, 1) >= s->share && token(s, arrives);
}

/* Hands over the earliest answer that comes before `until`. False: there is none. */
static bool hand_over(struct run *r, instant_us until)
{
    uint32_t first = OUT_MAX;
    for (uint32_t i = 0; i < r->out_len; i++)
        if (r->out[i].at <= until && (first == OUT_MAX || r->out[i].at < r->out[first].at))
            first = i;
    if (first == OUT_MAX)
        return false;
    struct answer a = r->out[first];
    r->out[first] = r->out[--r->out_len];
    if (a.served)
        pace_answered(&r->pace, a.turn, a.sent_at, a.at);
    else
        pace_throttled(&r->pace, a.turn, a.sent_at, a.at, 0);
    return true;
}

static void watch_full(struct run *r, instant_us now)
{
    if (now < r->service.other_until)
        return;
    if (pace_is_slowed(&r->pace))
        r->full_since = 0;
    else if (!r->full_since)
        r->full_since = now;
}

/* Against a bucket of one token: turns are a millisecond long, a commit takes one to four, carriers
 * are late by up to late_us and trips differ by as much. The last instant, and the throttled ones.
 */
struct narrow_run {
    double took_s;
    uint32_t calls, throttled;
    bool slowed;
};

static struct narrow_run run_narrow(double rate_per_s, span_us late_us, uint64_t seed)
{
    struct run r = {.service = {rate_per_s, .burst = 1, .seed = seed, .tokens = 1}};
    instant_us begin = SPAN_S(1), now = begin, left = 0, sent = 0;
    r.service.filled = begin;
    pace_init(&r.pace, rate_per_s);
    for (; r.served < 5000; now += SPAN_MS(1)) {
        while (hand_over(&r, now))
            continue;
        if (pace_next_group(&r.pace) > now)
            continue;
        instant_us kept = now + SPAN_MS(1) + (span_us)(3000 * hash_unit(seed, r.calls, 7));
        while (r.out_len < OUT_MAX && pace_take(&r.pace, now)) {
            struct departure d = pace_departure(&r.pace);
            instant_us due = when_later(d.not_before, left + d.spacing);
            double late = (double)late_us * hash_unit(seed, ++r.calls, 8);
            sent = left = when_later(due, kept) + (span_us)late;
            instant_us arrives =
                sent + 1000 + (span_us)((double)late_us * hash_unit(seed, r.calls, 9));
            bool served = token(&r.service, arrives);
            r.out[r.out_len++] = (struct answer){arrives + 1000, sent, d.turn, served};
            r.served += served;
        }
    }
    return (struct narrow_run){(double)(sent - begin) * 1e-6, r.calls, r.calls - r.served,
                               pace_is_slowed(&r.pace)};
}

static void a_bucket_of_one_token_is_used_at_a_high_rate(void **state)
{
    (void)state;
    static const double rates[] = {60, 100, 200};
    for (size_t i = 0; i < COUNT(rates); i++)
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            struct narrow_run r = run_narrow(rates[i], 100, FIRST_SEED + seed);
            double ratio = r.took_s / (5000 / rates[i]);
            if (seed == 0)
                print_message("%g/s, one token: %.3f of the bound, %u of %u throttled\n", rates[i],
                              ratio, r.throttled, r.calls);
            assert_true(ratio <= 1.05);
            assert_true(r.throttled * 50 <= r.calls);
            assert_false(r.slowed);
        }
}

/* taught_per_s: what an earlier caller has learned; 0: nothing. */
static struct run run_taught(double wanted_per_s, double taught_per_s, struct service service,
                             span_us length)
{
    struct run r = {.service = service};
    instant_us now = SPAN_S(1), end = now + length;
    if (r.service.burst < service.allowed_per_s / 10)
        r.service.burst = service.allowed_per_s / 10;
    r.service.tokens = r.service.burst;
    r.service.filled = now;
    r.service.other_next = now + (span_us)(1e6 * hash_unit(service.seed, 9, 9));
    pace_init(&r.pace, wanted_per_s);
    pace_teach(&r.pace, taught_per_s, now);
    while (now < end) {
        now = when_later(now, pace_next(&r.pace));
        if (hand_over(&r, now) || !pace_take(&r.pace, now))
            continue;
        instant_us arrives =
            now + SPAN_MS(20) + (span_us)(5000 * hash_unit(service.seed, r.calls, 0));
        bool served = is_served(&r.service, arrives, r.calls);
        assert_true(r.out_len < OUT_MAX);
        r.out[r.out_len++] =
            (struct answer){arrives + SPAN_MS(20), now, pace_departure(&r.pace).turn, served};
        r.calls++;
        r.served += served;
        r.late_calls += now > SPAN_S(61);
        r.late_served += now > SPAN_S(61) && served;
        watch_full(&r, now);
    }
    return r;
}

static struct run run_against(double wanted_per_s, struct service service, span_us length)
{
    return run_taught(wanted_per_s, 0, service, length);
}

static void independent_refusals_cost_no_more_than_themselves(void **state)
{
    (void)state;
    static const double rates[] = {1, 5, 50}, shares[] = {0.01, 0.02, 0.05, 0.1, 0.2};
    for (size_t i = 0; i < COUNT(rates); i++)
        for (size_t j = 0; j < COUNT(shares); j++) {
            double least = 1;
            span_us length = rates[i] > 5 ? SPAN_H(1) : SPAN_H(4);
            for (uint64_t seed = 0; seed < SEEDS; seed++) {
                struct service s = {rates[i], .burst = 5, .share = shares[j],
                                    .seed = FIRST_SEED + seed};
                struct run r = run_against(rates[i], s, length);
                double possible = (double)length * 1e-6 * rates[i] * (1 - shares[j]);
                least = r.served / possible < least ? r.served / possible : least;
            }
            print_message("%4g/s, %2.0f %% refused at random: %.3f of what is possible\n", rates[i],
                          100 * shares[j], least);
            assert_true(least >= 0.9);
        }
}

static void limit_is_met(double limit, double burst, double share, double refused_max,
                         double used_min)
{
    double refused = 0, used = 2;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct service s = {limit, .burst = burst, .share = share, .seed = FIRST_SEED + seed};
        struct run r = run_against(1, s, SPAN_H(2));
        double part = 1 - (double)r.late_served / r.late_calls;
        double use = r.late_served / (7140 * limit * (1 - share));
        refused = part > refused ? part : refused;
        used = use < used ? use : used;
    }
    print_message("1/s, %.1f/s given, burst %g, %.0f %% at random: %.4f refused, %.3f used\n",
                  limit, burst, 100 * share, refused, used);
    assert_true(refused < refused_max);
    assert_true(used >= used_min);
}

static void a_lower_limit_is_found_within_a_minute_and_used(void **state)
{
    (void)state;
    static const double limits[] = {0.9, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1};
    for (size_t i = 0; i < COUNT(limits); i++)
        for (double burst = 1; burst <= 5; burst++)
            limit_is_met(limits[i], burst, 0, 0.02, 0.9);
}

static void a_lower_limit_is_used_among_independent_refusals(void **state)
{
    (void)state;
    for (double burst = 1; burst <= 5; burst++)
        limit_is_met(0.5, burst, 0.05, 0.25, 0.9);
}

static void another_user_who_leaves_is_forgotten_in_two_minutes(void **state)
{
    (void)state;
    for (double burst = 1; burst <= 5; burst++) {
        span_us longest = 0;
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            struct service s = {1, .burst = burst, .other_per_s = 0.5, .seed = FIRST_SEED + seed};
            s.other_until = SPAN_S(601);
            struct run r = run_against(1, s, SPAN_S(1200));
            assert_true(r.full_since > 0);
            longest = when_later(longest, r.full_since - s.other_until);
        }
        print_message("half taken for 10 min, burst %g: the full rate after %.0f s\n", burst,
                      (double)longest * 1e-6);
        assert_true(longest <= SPAN_M(2));
    }
}

/* Whoever carries a lane next begins at the rate that is known, and finds out as soon as others
 * would when it is true no more. */
static void a_rate_learned_by_another_is_used_and_forgotten(void **state)
{
    (void)state;
    uint32_t refused = 0, calls = 0;
    span_us longest = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct service limited = {0.5, .burst = 1, .seed = FIRST_SEED + seed};
        struct service open = {1, .burst = 1, .seed = FIRST_SEED + seed};
        struct run r = run_taught(1, 0.48, limited, SPAN_S(60));
        refused += r.calls - r.served;
        calls += r.calls;
        assert_true(r.pace.load.rate_per_s <= 0.5);
        open.other_until = SPAN_S(1);
        r = run_taught(1, 0.48, open, SPAN_S(1200));
        assert_true(r.full_since > 0);
        longest = when_later(longest, r.full_since);
    }
    print_message("taught 0.48/s: %u of %u refused; the full rate after %.0f s\n", refused, calls,
                  (double)longest * 1e-6);
    assert_true(refused * 20 <= calls);
    assert_true(longest <= SPAN_M(5));
}

static void another_hold_is_no_shorter(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 1);
    pace_hold(&p, SPAN_S(9));
    pace_hold(&p, SPAN_S(5));
    assert_false(pace_take(&p, SPAN_S(9) - 1));
    assert_true(pace_take(&p, SPAN_S(9)));
    assert_int_equal(pace_next(&p), SPAN_S(10));
    pace_teach(&p, 2, SPAN_S(9)); /* no more than is wanted */
    assert_true(!pace_is_slowed(&p));
    pace_teach(&p, 1e-9, SPAN_S(9));
    assert_true(p.load.rate_per_s >= RATE_MIN);
}

static void the_service_s_own_hint_is_honoured_up_to_a_bound(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 100);
    assert_false(pace_throttled(&p, p.calls, SPAN_S(1), SPAN_S(2), SPAN_S(5)));
    assert_int_equal(pace_next(&p), SPAN_S(7));
    assert_true(pace_throttled(&p, p.calls, SPAN_S(7), SPAN_S(8), SPAN_MS(UINT32_MAX)));
    assert_int_equal(pace_next(&p), SPAN_S(8) + RETRY_AFTER_MAX);
    assert_int_equal(p.hint_cut, SPAN_MS(UINT32_MAX));
    assert_false(pace_throttled(&p, p.calls, SPAN_S(9), SPAN_S(10), SPAN_H(1))); /* said once */
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
        cmocka_unit_test(writes_leave_in_groups_at_a_high_rate),
        cmocka_unit_test(no_second_holds_more_than_the_rate),
        cmocka_unit_test(a_call_that_arrived_late_holds_back_the_next),
        cmocka_unit_test(the_first_calls_do_not_say_how_fast_one_can_be),
        cmocka_unit_test(a_call_is_to_leave_an_interval_after_the_one_before),
        cmocka_unit_test(the_first_call_connects_and_holds_back_the_next),
        cmocka_unit_test(a_bucket_of_one_token_is_used_at_a_high_rate),
        cmocka_unit_test(independent_refusals_cost_no_more_than_themselves),
        cmocka_unit_test(a_lower_limit_is_found_within_a_minute_and_used),
        cmocka_unit_test(a_lower_limit_is_used_among_independent_refusals),
        cmocka_unit_test(another_user_who_leaves_is_forgotten_in_two_minutes),
        cmocka_unit_test(a_rate_learned_by_another_is_used_and_forgotten),
        cmocka_unit_test(another_hold_is_no_shorter),
        cmocka_unit_test(the_service_s_own_hint_is_honoured_up_to_a_bound),
        cmocka_unit_test(backoff_grows_to_its_ceiling_and_is_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
