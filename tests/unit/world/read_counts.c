/* What a whole fleet costs and how soon it hears of things, in a world that publishes its DNS late.
 */
#include "unit.h"

#include "base/bounds.h"
#include "engine.h"
#include "scheduler/scheduler.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>

#define START ((instant_us)1770000000 * 1000000)

struct crash_run {
    uint32_t jobs;
    span_us delay_min, delay_max; /* of the owners of the DNS */
    bool foretells;
    /* what came of it */
    struct fleet fleet;
    struct world *world;
    struct scheduler_totals totals;
    double late_sum_us;    /* from the record to its being noticed */
    span_us late_over_max; /* the most over what is promised */
    instant_us *written;   /* by job */
    span_us followed_max;  /* from the set to the end */
    uint32_t noticed;
};

static bool add_job(struct fleet *f, uint32_t i, uint16_t lane)
{
    char name[32], from[64];
    struct policy policy = {.require = REQUIRE_MX_SPF, .timeout_us = SPAN_H(72)};
    struct choice choice = {.lane = lane, .line = i + 1};
    uint32_t row;
    snprintf(name, sizeof name, "d%u.test", i);
    snprintf(from, sizeof from, "bounce.%s", name);
    return names_add(&f->names, text_of(name), &choice.identity) &&
           names_add(&f->names, text_of(from), &choice.mail_from) &&
           fleet_policy(f, policy, &choice.policy) && fleet_choice(f, choice, &row);
}

static void fleet_make(struct fleet *f, uint32_t jobs)
{
    struct account account = {0};
    uint16_t index, lane;
    name_id region;
    fleet_init(f);
    f->max_failures.value = -1;
    assert_true(names_init(&f->names, NAMES_BYTES_MAX));
    assert_true(names_add(&f->names, TEXT("main"), &account.name));
    assert_true(names_add(&f->names, TEXT("us-east-1"), &region));
    assert_true(fleet_account(f, account, &index) && fleet_lane(f, index, region, &lane));
    for (uint32_t i = 0; i < jobs; i++)
        assert_true(add_job(f, i, lane));
}

/* Promised: a thirtieth of the time that the owner took, at least a minute, and time to ask. */
static void notice(struct crash_run *v, const struct record *r)
{
    struct text name = fleet_mail_from(&v->fleet, r->job);
    instant_us right = dns_model_right_from(world_dns(v->world), name);
    span_us late = r->at - right, age = right - START;
    span_us promised = (age / 30 > SPAN_M(1) ? age / 30 : SPAN_M(1)) + SPAN_S(10);
    v->late_sum_us += (double)late;
    v->noticed++;
    if (late - promised > v->late_over_max)
        v->late_over_max = late - promised;
}

static enum err keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct crash_run *v = ctx;
    (void)why;
    for (uint32_t i = 0; i < len; i++) {
        const struct record *r = &records[i];
        if (r->from == JOB_WAITING_DNS)
            notice(v, r);
        if (r->kind == RECORD_INTENT)
            v->written[r->job] = r->at;
        if (r->row.state == JOB_DONE && r->at - v->written[r->job] > v->followed_max)
            v->followed_max = r->at - v->written[r->job];
    }
    return OK;
}

static void world_make(struct crash_run *v)
{
    struct why why = {""};
    struct world_options options = {.start = START,
                                    .round_trip = SPAN_MS(60),
                                    .time_out = SPAN_S(30),
                                    .ses = ses_rules_default(),
                                    .identities_max = v->jobs};
    struct ses_facts verified = {.verification = VERIFICATION_SUCCESS};
    options.dns = (struct dns_model_options){
        .start = START,
        .delay_min = v->delay_min,
        .delay_max = v->delay_max,
        .right_host = TEXT("feedback-smtp.us-east-1.amazonses.com"),
        .foretells = v->foretells,
    };
    v->world = world_new(&options, &v->fleet, (struct world_keeper){v, keep}, &why);
    assert_non_null(v->world);
    for (uint32_t i = 0; i < v->jobs; i++)
        assert_int_equal(ses_model_add(world_ses(v->world), world_lane(v->world, 0),
                                       fleet_identity(&v->fleet, i), &verified, START, &why),
                         OK);
}

static void crash_run_on(struct crash_run *v)
{
    struct arena memory;
    struct why why = {""};
    enum engine_end end;
    struct scheduler_options options = {.read_api = API_V1, .write_api = API_V2};
    arena_init(&memory, SIZE_MAX);
    fleet_make(&v->fleet, v->jobs);
    v->written = calloc(v->jobs, sizeof *v->written);
    world_make(v);
    struct io io = world_io(v->world);
    struct scheduler *scheduler = scheduler_init(&memory, &v->fleet, &options);
    assert_non_null(scheduler);
    scheduler_start(scheduler, START);
    struct machine machine = scheduler_machine(scheduler);
    assert_int_equal(engine_run(&machine, &io, NULL, &end, &why), OK);
    scheduler_totals(scheduler, &v->totals);
    assert_int_equal(v->totals.by_outcome[OUTCOME_DONE], v->jobs);
    scheduler_clear(scheduler);
    world_free(v->world);
    free(v->written);
    fleet_clear(&v->fleet);
    arena_clear(&memory);
}

/* Each row is 10,000 changes: at most one write each, and 600 reads for all. */
static void following_ten_thousand_costs_six_hundred_reads_however_slow_the_owners_are(void **state)
{
    (void)state;
    static const struct {
        span_us delay_min, delay_max;
    } rows[] = {{0, 0},
                {SPAN_M(1), SPAN_H(1)},
                {SPAN_M(1), SPAN_H(4)},
                {SPAN_M(1), SPAN_H(12)},
                {SPAN_M(1), SPAN_H(24)}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct crash_run v = {.jobs = 10000,
                              .delay_min = rows[i].delay_min,
                              .delay_max = rows[i].delay_max,
                              .foretells = true};
        crash_run_on(&v);
        uint64_t reads =
            v.totals.calls[CALL_READ_MAIL_FROM] + v.totals.calls[CALL_READ_VERIFICATION];
        uint64_t refused = v.totals.throttled[CALL_SET];
        print_message("owners within %lld min: %llu reads\n",
                      (long long)(rows[i].delay_max / SPAN_M(1)), (unsigned long long)reads);
        assert_between(v.totals.writes - refused, 10000, 10000);
        assert_between(reads, 200, 600);
    }
}

/* A plan lists a large lane by version 2, so the rows are read without verification. */
static void planning_ten_thousand_costs_a_hundred_and_eleven_calls(void **state)
{
    (void)state;
    struct crash_run v = {.jobs = 10000};
    struct arena memory;
    struct why why = {""};
    enum engine_end end;
    struct scheduler_options options = {
        .read_api = API_V1, .write_api = API_V2, .lane_survey = true, .rules = {.plan_only = true}};
    arena_init(&memory, SIZE_MAX);
    fleet_make(&v.fleet, v.jobs);
    v.written = calloc(v.jobs, sizeof *v.written);
    world_make(&v);
    struct io io = world_io(v.world);
    struct scheduler *scheduler = scheduler_init(&memory, &v.fleet, &options);
    assert_non_null(scheduler);
    scheduler_start(scheduler, START);
    struct machine machine = scheduler_machine(scheduler);
    assert_int_equal(engine_run(&machine, &io, NULL, &end, &why), OK);
    scheduler_totals(scheduler, &v.totals);
    assert_int_equal(v.totals.by_outcome[OUTCOME_PLANNED], v.jobs);
    assert_int_equal(v.totals.calls[CALL_LIST] - v.totals.throttled[CALL_LIST], 10);
    assert_int_equal(v.totals.calls[CALL_ACCOUNT], 1);
    assert_int_equal(v.totals.calls[CALL_READ_VERIFICATION], 0);
    assert_int_equal(v.totals.calls[CALL_READ_MAIL_FROM] - v.totals.throttled[CALL_READ_MAIL_FROM],
                     100);
    scheduler_clear(scheduler);
    world_free(v.world);
    free(v.written);
    fleet_clear(&v.fleet);
    arena_clear(&memory);
}

static void the_last_identity_is_looked_at_without_waiting_for_company(void **state)
{
    (void)state;
    struct crash_run v = {.jobs = 1};
    crash_run_on(&v);
    assert_between(v.followed_max, SPAN_S(60), SPAN_S(100)); /* SES takes a minute */
    assert_between(v.totals.calls[CALL_READ_MAIL_FROM], 1, 8);
}

static void a_record_is_noticed_within_a_thirtieth_of_the_time_that_it_took(void **state)
{
    (void)state;
    double mean_us[2];
    for (int foretells = 0; foretells < 2; foretells++) {
        struct crash_run v = {
            .jobs = 300, .delay_min = SPAN_M(1), .delay_max = SPAN_H(7), .foretells = foretells};
        crash_run_on(&v);
        assert_int_equal(v.noticed, v.jobs);
        assert_int_equal(v.late_over_max, 0);
        mean_us[foretells] = v.late_sum_us / v.noticed;
    }
    /* A world that foretells is asked less often, and heard as late. */
    assert_true(mean_us[1] > 0.8 * mean_us[0] && mean_us[1] < 1.3 * mean_us[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            following_ten_thousand_costs_six_hundred_reads_however_slow_the_owners_are),
        cmocka_unit_test(planning_ten_thousand_costs_a_hundred_and_eleven_calls),
        cmocka_unit_test(the_last_identity_is_looked_at_without_waiting_for_company),
        cmocka_unit_test(a_record_is_noticed_within_a_thirtieth_of_the_time_that_it_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
