/*
 * Rehearsals as a library: what is assumed of the world goes in, what is to be expected comes out.
 * Each row is a small fleet and a world; every figure follows from them by reckoning.
 */
#include "unit.h"

#include "forecast/forecast.h"

#include <stdio.h>

#define IDENTITIES 40
#define DETECTS    SPAN_S(60) /* what is assumed of SES where nothing is given */

struct policy_row {
    enum behavior behavior;
    enum dns_require require;
    span_us timeout;
};

static const struct policy_row usual = {BEHAVIOR_USE_DEFAULT_VALUE, REQUIRE_MX_SPF, SPAN_H(72)};
static const struct policy_row strict = {BEHAVIOR_REJECT_MESSAGE, REQUIRE_MX_SPF, SPAN_H(72)};
static const struct policy_row blind = {BEHAVIOR_USE_DEFAULT_VALUE, REQUIRE_NONE, SPAN_H(72)};
static const struct policy_row hasty = {BEHAVIOR_USE_DEFAULT_VALUE, REQUIRE_MX_SPF, SPAN_H(2)};

static void fleet_fill(struct fleet *f, const struct policy_row *p, uint32_t lanes, double rate)
{
    static const char *const regions[] = {"us-east-1", "eu-west-1"};
    name_id name;
    uint16_t account, lane[2], policy;
    uint32_t row;
    assert_true(names_init(&f->names, 1u << 20));
    assert_true(names_add(&f->names, TEXT("shop"), &name));
    assert_true(fleet_account(f, (struct account){.name = name, .rate_per_s = rate}, &account));
    for (uint32_t i = 0; i < lanes; i++) {
        assert_true(names_add(&f->names, text_of(regions[i]), &name));
        assert_true(fleet_lane(f, account, name, &lane[i]));
    }
    assert_true(fleet_policy(
        f,
        (struct policy){.behavior = p->behavior, .require = p->require, .timeout_us = p->timeout},
        &policy));
    for (uint32_t i = 0; i < IDENTITIES; i++) {
        char identity[32], mail_from[48];
        snprintf(identity, sizeof identity, "d%u.test", i);
        snprintf(mail_from, sizeof mail_from, "bounce.%s", identity);
        struct choice choice = {.lane = lane[i % lanes], .policy = policy};
        assert_true(names_add(&f->names, text_of(identity), &choice.identity));
        assert_true(names_add(&f->names, text_of(mail_from), &choice.mail_from));
        assert_true(fleet_choice(f, choice, &row));
    }
}

static void rehearse(struct rehearsal *r, const struct forecast_config *config,
                     const struct access *access, const struct policy_row *policy, uint32_t lanes)
{
    struct why why = {""};
    if (rehearsal_init(r, config, access, &why) != OK)
        fail_msg("%s", why.text);
    fleet_fill(&r->fleet, policy, lanes, 2);
    if (rehearsal_play(r, &why) != OK)
        fail_msg("%s", why.text);
}

#define LATE .delay_min = SPAN_H(5), .delay_max = SPAN_H(6)

static const struct row {
    const char *what;
    const struct policy_row *policy;
    struct forecast_config config;
    uint32_t lanes;
    double rate; /* --rate; 0: the account's 2 a second */
    uint32_t done, expired, never;
    uint64_t writes;              /* at the least; SES throttles a few of them */
    span_us first_min, first_max; /* when the first write goes out; 0, 0: none does */
    span_us end_min, end_max;     /* when the last identity ends; 0, 0: not all do */
    enum wait_cause dominates;
} rows[] = {
    /* 40 writes at 2 a second, and SES looks at the MX a minute later */
    {.what = "all records are there",
     .policy = &usual,
     .config = {.published = -1},
     .lanes = 1,
     .done = IDENTITIES,
     .writes = IDENTITIES,
     .first_min = 1,
     .first_max = SPAN_S(10),
     .end_min = SPAN_S(19) + DETECTS,
     .end_max = SPAN_M(10),
     .dominates = WAIT_DETECT},
    {.what = "two lanes go side by side",
     .policy = &usual,
     .config = {.published = -1},
     .lanes = 2,
     .done = IDENTITIES,
     .writes = IDENTITIES,
     .first_min = 1,
     .first_max = SPAN_S(10),
     .end_min = SPAN_S(9) + DETECTS,
     .end_max = SPAN_M(10),
     .dominates = WAIT_DETECT},
    /* a call in twenty seconds: 40 writes take 13 minutes */
    {.what = "SES is slow",
     .policy = &usual,
     .config = {.published = -1},
     .lanes = 1,
     .rate = 0.05,
     .done = IDENTITIES,
     .writes = IDENTITIES,
     .first_min = 1,
     .first_max = SPAN_M(5),
     .end_min = SPAN_M(13),
     .end_max = SPAN_H(2),
     .dominates = WAIT_TURN},
    {.what = "SES detects late",
     .policy = &usual,
     .config = {.published = -1, .detect_after = SPAN_H(3)},
     .lanes = 1,
     .done = IDENTITIES,
     .writes = IDENTITIES,
     .first_min = 1,
     .first_max = SPAN_S(10),
     .end_min = SPAN_H(3),
     .end_max = SPAN_H(4),
     .dominates = WAIT_DETECT},
    /* REJECT_MESSAGE is written after Success, so each identity is written twice */
    {.what = "REJECT_MESSAGE",
     .policy = &strict,
     .config = {.published = -1},
     .lanes = 1,
     .done = IDENTITIES,
     .writes = 2 * IDENTITIES,
     .first_min = 1,
     .first_max = SPAN_S(10),
     .end_min = SPAN_S(39),
     .end_max = SPAN_M(15),
     .dominates = WAIT_DETECT},
    {.what = "records come late",
     .policy = &usual,
     .config = {.published = -1, LATE},
     .lanes = 1,
     .done = IDENTITIES,
     .writes = IDENTITIES,
     .first_min = SPAN_H(5),
     .first_max = SPAN_H(6),
     .end_min = SPAN_H(5) + DETECTS,
     .end_max = SPAN_H(8),
     .dominates = WAIT_DNS},
    {.what = "records come late, and the manifest does not wait for them",
     .policy = &blind,
     .config = {.published = -1, LATE},
     .lanes = 1,
     .done = IDENTITIES,
     .writes = IDENTITIES,
     .first_min = 1,
     .first_max = SPAN_S(10),
     .end_min = SPAN_H(5),
     .end_max = SPAN_H(9),
     .dominates = WAIT_DNS},
    {.what = "records never come",
     .policy = &usual,
     .config = {.published = 0},
     .lanes = 1,
     .expired = IDENTITIES,
     .end_min = SPAN_H(72) - SPAN_M(10),
     .end_max = SPAN_H(73),
     .dominates = WAIT_DNS},
    {.what = "records come after the time of the manifest",
     .policy = &hasty,
     .config = {.published = 0, LATE},
     .lanes = 1,
     .expired = IDENTITIES,
     .end_min = SPAN_H(2) - SPAN_M(10),
     .end_max = SPAN_H(3),
     .dominates = WAIT_DNS},
    {.what = "every call is throttled",
     .policy = &usual,
     .config = {.published = -1, .faults = "throttle=1"},
     .lanes = 1,
     .never = IDENTITIES},
};

static enum wait_cause dominant(const struct forecast *f)
{
    enum wait_cause most = WAIT_TURN;
    for (int cause = 0; cause < WAIT_CAUSES; cause++)
        if (f->wait_us[cause] > f->wait_us[most])
            most = (enum wait_cause)cause;
    return most;
}

static void row_check(const struct row *row, const struct forecast *f)
{
    const uint32_t *by = f->totals.by_outcome;
    if (by[OUTCOME_DONE] != row->done || by[OUTCOME_EXPIRED] != row->expired ||
        forecast_unfinished(f) != row->never || f->totals.writes < row->writes ||
        f->totals.writes > row->writes * 5 / 4)
        fail_msg("%s: %u done, %u expired, %u never, %llu writes", row->what, by[OUTCOME_DONE],
                 by[OUTCOME_EXPIRED], forecast_unfinished(f), (unsigned long long)f->totals.writes);
    if (f->first_write < row->first_min || f->first_write > row->first_max)
        fail_msg("%s: the first write after %lld us", row->what, (long long)f->first_write);
    span_us end = f->marks == FORECAST_MARKS ? f->mark[FORECAST_MARKS - 1] : 0;
    if (end < row->end_min || end > row->end_max)
        fail_msg("%s: the last one ends after %lld us", row->what, (long long)end);
    if (f->finals && dominant(f) != row->dominates)
        fail_msg("%s: %g us for turns, %g for DNS, %g for detection", row->what,
                 f->wait_us[WAIT_TURN], f->wait_us[WAIT_DNS], f->wait_us[WAIT_DETECT]);
}

static void what_is_assumed_decides_what_is_expected(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct access access = {.rate_per_s = rows[i].rate};
        struct rehearsal r;
        rehearse(&r, &rows[i].config, &access, rows[i].policy, rows[i].lanes);
        row_check(&rows[i], &r.forecast);
        rehearsal_clear(&r);
    }
}

/* Of every forecast: sums add up, time only rises, and nothing takes fewer calls than it must. */
static void figures_of_a_forecast_agree(void **state)
{
    const struct access access = {0};
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const struct forecast_config config = {.published = 30,
                                               .delay_min = SPAN_M(5),
                                               .delay_max = SPAN_H(3),
                                               .faults = "throttle=0.1,lost-after=0.05",
                                               .seed = seed};
        struct rehearsal r;
        rehearse(&r, &config, &access, &strict, 2);
        const struct forecast *f = &r.forecast;
        uint64_t calls = 0;
        assert_int_equal(f->identities, IDENTITIES);
        assert_int_equal(f->lanes, 2);
        assert_int_equal(f->finals, IDENTITIES);
        assert_int_equal(f->marks, FORECAST_MARKS);
        for (int i = 0; i < FORECAST_MARKS; i++) {
            assert_true(f->mark_at[i] >= forecast_shares[i] * IDENTITIES);
            assert_true(i == 0 || f->mark[i] >= f->mark[i - 1]);
        }
        assert_int_equal(f->mark_at[FORECAST_MARKS - 1], IDENTITIES);
        for (int kind = 0; kind < CALL_ASK; kind++) {
            assert_true(f->totals.calls[kind] >= f->budget.calls[kind]);
            calls += f->totals.calls[kind];
        }
        assert_true(f->lane_calls_min <= f->lane_calls_max);
        assert_int_equal(f->lane_calls_min + f->lane_calls_max, calls); /* of two lanes */
        assert_true(f->first_write <= f->last_write && f->last_write <= f->mark[5]);
        double waited = 0;
        for (int cause = 0; cause < WAIT_CAUSES; cause++) {
            assert_true(f->tail_wait_us[cause] <= f->wait_us[cause]);
            waited += f->wait_us[cause];
        }
        assert_true(waited <= (double)IDENTITIES * (double)f->mark[FORECAST_MARKS - 1]);
        rehearsal_clear(&r);
    }
}

static void the_same_seed_gives_the_same_forecast(void **state)
{
    const struct access access = {0};
    span_us ends[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        const struct forecast_config config = {.published = -1,
                                               .delay_min = SPAN_M(10),
                                               .delay_max = SPAN_H(2),
                                               .faults = "throttle=0.1",
                                               .seed = i == 2 ? 8 : 7};
        struct rehearsal r;
        rehearse(&r, &config, &access, &usual, 1);
        ends[i] = r.forecast.mark[2];
        rehearsal_clear(&r);
    }
    assert_int_equal(ends[0], ends[1]);
    assert_true(ends[2] != ends[0]);
}

/* The first wave is written and never comes to Success, so the rest of the fleet is not started. */
static void identities_that_a_wave_holds_back_are_told(void **state)
{
    static const struct policy_row policy = {BEHAVIOR_USE_DEFAULT_VALUE, REQUIRE_NONE, SPAN_H(2)};
    const struct forecast_config config = {.published = 0};
    const struct access access = {0};
    struct rehearsal r;
    struct why why = {""};
    (void)state;
    assert_int_equal(rehearsal_init(&r, &config, &access, &why), OK);
    fleet_fill(&r.fleet, &policy, 1, 2);
    r.fleet.waves[0] = (struct quota){.value = 5};
    r.fleet.waves_len = 1;
    r.fleet.max_failures = (struct quota){.value = 0};
    assert_int_equal(rehearsal_play(&r, &why), OK);
    const struct forecast *f = &r.forecast;
    assert_int_equal(f->totals.by_outcome[OUTCOME_EXPIRED], 5);
    assert_int_equal(forecast_unfinished(f), IDENTITIES - 5);
    assert_int_equal(f->marks, 2); /* a hundredth and a tenth; the half is never reached */
    assert_true(f->paused[0] != '\0');
    rehearsal_clear(&r);
}

/* Providers write the zones of the names that begin with d1: 11 of 40. */
static void provider_add(struct fleet *f)
{
    struct text zones[] = {TEXT("d1*.test")};
    const struct provider route53 = {.kind = PROVIDER_ROUTE53, .zones = zones, .zones_len = 1};
    uint16_t index;
    assert_true(fleet_provider(f, &route53, &index));
}

static void record_sets_are_created_in_the_same_run(void **state)
{
    const struct forecast_config config = {.published = 100, .publishes = true, .seed = 3};
    const struct access access = {0};
    struct rehearsal r;
    struct why why = {""};
    (void)state;
    assert_int_equal(rehearsal_init(&r, &config, &access, &why), OK);
    fleet_fill(&r.fleet, &usual, 1, 2);
    provider_add(&r.fleet);
    assert_int_equal(rehearsal_play(&r, &why), OK);
    const struct forecast *f = &r.forecast;
    assert_int_equal(f->totals.by_outcome[OUTCOME_DONE], IDENTITIES);
    assert_int_equal(f->names, IDENTITIES);
    assert_int_equal(f->zones_ours, 11);
    assert_int_equal(f->published.by_state[PUBLISH_DONE], 11);
    assert_int_equal(f->published.calls[CALL_CHANGE], 11); /* each zone has one name */
    assert_int_equal(f->published.throttled, 0);
    assert_between(f->published_at, SPAN_S(1), SPAN_M(2));
    rehearsal_clear(&r);
}

/* Owners never publish, so an identity is done only by what the run creates. */
static void identities_wait_for_what_the_run_creates(void **state)
{
    const struct forecast_config config = {.published = 0, .publishes = true, .seed = 3};
    const struct access access = {0};
    struct rehearsal r;
    struct why why = {""};
    (void)state;
    assert_int_equal(rehearsal_init(&r, &config, &access, &why), OK);
    fleet_fill(&r.fleet, &hasty, 1, 2);
    provider_add(&r.fleet);
    assert_int_equal(rehearsal_play(&r, &why), OK);
    const struct forecast *f = &r.forecast;
    assert_int_equal(f->totals.by_outcome[OUTCOME_DONE], 11);
    assert_int_equal(f->totals.by_outcome[OUTCOME_EXPIRED], IDENTITIES - 11);
    assert_int_equal(f->published.by_state[PUBLISH_DONE], 11);
    assert_true(f->last_write < SPAN_M(2)); /* at once, not at the next look for people's records */
    rehearsal_clear(&r);
}

static void publishing_needs_a_provider(void **state)
{
    const struct forecast_config config = {.published = -1, .publishes = true};
    const struct access access = {0};
    struct rehearsal r;
    struct why why = {""};
    (void)state;
    assert_int_equal(rehearsal_init(&r, &config, &access, &why), OK);
    fleet_fill(&r.fleet, &usual, 1, 2);
    assert_int_equal(rehearsal_play(&r, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "dns.publish"));
    rehearsal_clear(&r);
}

static void faults_that_do_not_exist_are_refused(void **state)
{
    static const char *const faults[] = {"throtle=0.1", "throttle", "throttle=x", "throttle=1.5"};
    const struct access access = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        const struct forecast_config config = {.published = -1, .faults = faults[i]};
        struct rehearsal r;
        struct why why = {""};
        if (rehearsal_init(&r, &config, &access, &why) != ERR_INPUT ||
            !strstr(why.text, "--faults: "))
            fail_msg("'%s' was taken: %s", faults[i], why.text);
        rehearsal_clear(&r);
    }
}

/* SES's bucket holds the calls of a tenth of a second, so groups of writes meet no wall that an
 * apply does not meet; and what the lanes are asked first is counted as well. */
static void a_high_rate_is_rehearsed_as_it_is_applied(void **state)
{
    (void)state;
    struct rehearsal r;
    struct why why = {""};
    const struct forecast_config config = {.seed = 1, .published = -1};
    const struct access access = {.rate_per_s = 500};
    uint64_t throttled = 0;
    assert_int_equal(rehearsal_init(&r, &config, &access, &why), OK);
    fleet_fill(&r.fleet, &usual, 1, 500);
    assert_int_equal(rehearsal_play(&r, &why), OK);
    for (int kind = 0; kind < CALL_ASK; kind++)
        throttled += r.forecast.totals.throttled[kind];
    assert_int_equal(throttled, 0);
    assert_int_equal(r.forecast.totals.calls[CALL_SET], IDENTITIES);
    assert_int_equal(r.forecast.totals.calls[CALL_LIST], 1);
    assert_int_equal(r.forecast.totals.calls[CALL_ACCOUNT], 1);
    rehearsal_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_high_rate_is_rehearsed_as_it_is_applied),
        cmocka_unit_test(what_is_assumed_decides_what_is_expected),
        cmocka_unit_test(figures_of_a_forecast_agree),
        cmocka_unit_test(the_same_seed_gives_the_same_forecast),
        cmocka_unit_test(identities_that_a_wave_holds_back_are_told),
        cmocka_unit_test(record_sets_are_created_in_the_same_run),
        cmocka_unit_test(identities_wait_for_what_the_run_creates),
        cmocka_unit_test(publishing_needs_a_provider),
        cmocka_unit_test(faults_that_do_not_exist_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
