/* Waves and the budget of failures, as tables of what a person would say of them. */
#include "unit.h"

#include "scheduler/waves.h"

/* A fleet of so many identities, as far as waves look at it. */
static struct fleet fleet_of(uint32_t jobs, const struct quota *waves, uint32_t len)
{
    struct fleet f = {.choices_len = jobs, .waves_len = len, .max_failures = {.value = -1}};
    if (len)
        memcpy(f.waves, waves, sizeof *waves * len);
    return f;
}

/* Starts as many as may start; returns how many those were. */
static uint32_t start_all(struct waves *w, uint32_t left)
{
    uint32_t started = 0;
    while (started < left && waves_may_start(w)) {
        waves_start(w);
        started++;
    }
    return started;
}

static void finish_many(struct waves *w, const struct fleet *f, uint32_t count,
                        enum outcome outcome)
{
    for (uint32_t i = 0; i < count; i++)
        waves_finish(w, f, outcome, true, 0);
}

static void waves_are_as_large_as_the_manifest_says(void **state)
{
    (void)state;
    static const struct {
        uint32_t jobs, waves_len;
        struct quota waves[3];
        uint32_t sizes[5];
    } table[] = {
        {1000, 3, {{false, 10}, {true, 10}, {true, 100}}, {10, 100, 890}},
        {10, 0, {{0}}, {10}},
        {10, 1, {{false, 4}}, {4, 4, 2}},
        {12, 1, {{true, 1}}, {1, 1, 1, 1, 1}},
        {5, 2, {{false, 99}, {true, 100}}, {5}},
        {9, 2, {{true, 50}, {false, 2}}, {4, 2, 2, 1}},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct fleet f = fleet_of(table[i].jobs, table[i].waves, table[i].waves_len);
        struct waves w;
        uint32_t left = f.choices_len;
        waves_init(&w, &f);
        for (size_t wave = 0; wave < COUNT(table[i].sizes) && left; wave++) {
            uint32_t started = start_all(&w, left);
            assert_int_equal(started, table[i].sizes[wave]);
            finish_many(&w, &f, started, OUTCOME_DONE);
            left -= started;
        }
    }
}

static void the_next_wave_waits_for_the_last_identity(void **state)
{
    (void)state;
    static const struct quota waves[] = {{false, 3}};
    struct fleet f = fleet_of(9, waves, 1);
    struct waves w;
    waves_init(&w, &f);
    assert_int_equal(start_all(&w, 9), 3);
    finish_many(&w, &f, 2, OUTCOME_DONE);
    assert_false(waves_may_start(&w));
    waves_finish(&w, &f, OUTCOME_REFUSED, false, 0); /* never written: no part of a wave */
    assert_false(waves_may_start(&w));
    finish_many(&w, &f, 1, OUTCOME_DRIFTED); /* neither a failure nor inconclusive */
    assert_true(waves_may_start(&w));
}

/* A row of a run that was cut off: its wave, whether it is final, and how. */
struct kept {
    uint16_t wave;
    bool is_final;
    enum outcome outcome;
};

static void resume(struct waves *w, const struct fleet *f, const struct kept *rows, size_t len)
{
    waves_init(w, f);
    for (size_t i = 0; i < len; i++)
        waves_restore(w, rows[i].wave, rows[i].is_final, rows[i].outcome, 0);
    waves_resume(w, f);
}

static void a_resumed_run_stands_in_the_wave_where_it_was_cut_off(void **state)
{
    (void)state;
    static const struct quota waves[] = {{false, 2}, {false, 3}};
    static const struct kept rows[] = {{1, true, OUTCOME_DONE},    {2, true, OUTCOME_DONE},
                                       {1, true, OUTCOME_DRIFTED}, {2, false, OUTCOME_OPEN},
                                       {0, true, OUTCOME_REFUSED}, {0, false, OUTCOME_OPEN}};
    struct fleet f = fleet_of(12, waves, 2);
    struct waves w;
    resume(&w, &f, rows, COUNT(rows));
    assert_int_equal(waves_number(&w), 2);
    assert_int_equal(start_all(&w, 12), 1); /* two of three had been started */
    finish_many(&w, &f, 1, OUTCOME_DONE);
    assert_false(waves_may_start(&w));
    finish_many(&w, &f, 1, OUTCOME_DONE);
    assert_true(waves_may_start(&w));
    assert_int_equal(waves_number(&w), 3);
}

static void a_resumed_run_goes_on_behind_a_wave_that_was_over(void **state)
{
    (void)state;
    static const struct quota waves[] = {{false, 2}, {false, 3}};
    static const struct kept over[] = {{1, true, OUTCOME_DONE}, {1, true, OUTCOME_DONE}};
    static const struct kept inconclusive[] = {{1, true, OUTCOME_DONE}, {1, true, OUTCOME_EXPIRED}};
    struct fleet f = fleet_of(12, waves, 2);
    struct waves w;
    resume(&w, &f, over, COUNT(over));
    assert_int_equal(start_all(&w, 12), 3);
    resume(&w, &f, inconclusive, COUNT(inconclusive)); /* whoever resumes has looked at it */
    assert_int_equal(start_all(&w, 12), 3);
}

static void an_identity_that_expired_before_the_cut_makes_its_wave_inconclusive(void **state)
{
    (void)state;
    static const struct quota waves[] = {{false, 2}, {false, 3}};
    static const struct kept rows[] = {{1, true, OUTCOME_EXPIRED}, {1, false, OUTCOME_OPEN}};
    struct fleet f = fleet_of(12, waves, 2);
    struct waves w;
    resume(&w, &f, rows, COUNT(rows));
    finish_many(&w, &f, 1, OUTCOME_DONE);
    assert_true(waves_are_over(&w));
}

static void a_budget_that_was_used_up_stays_used_up(void **state)
{
    (void)state;
    static const struct kept rows[] = {{1, true, OUTCOME_FAILED}, {1, true, OUTCOME_FAILED}};
    static const struct kept again[] = {{1, false, OUTCOME_OPEN}, {1, true, OUTCOME_FAILED}};
    struct fleet f = fleet_of(12, NULL, 0);
    struct waves w;
    f.max_failures.value = 1;
    resume(&w, &f, rows, COUNT(rows));
    assert_true(waves_are_over(&w));
    resume(&w, &f, again, COUNT(again)); /* one of them is to begin again */
    assert_true(waves_may_start(&w));
}

static void a_start_that_was_called_off_is_no_part_of_its_wave(void **state)
{
    (void)state;
    struct fleet f = fleet_of(12, NULL, 0);
    struct waves w;
    f.max_failures.value = 0;
    waves_init(&w, &f);
    assert_int_equal(start_all(&w, 3), 3);
    finish_many(&w, &f, 1, OUTCOME_FAILED);
    waves_call_off(&w);
    assert_false(waves_are_over(&w));
    waves_call_off(&w);
    assert_true(waves_are_over(&w));
}

static void more_failures_than_allowed_start_nothing_more(void **state)
{
    (void)state;
    static const struct {
        struct quota max;
        uint32_t jobs, allowed;
    } table[] = {
        {{false, 0}, 10, 0}, {{false, 3}, 10, 3}, {{true, 2}, 1000, 20},
        {{true, 2}, 10, 0},  {{true, 50}, 7, 3},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct fleet f = fleet_of(table[i].jobs, NULL, 0);
        struct waves w;
        f.max_failures = table[i].max;
        waves_init(&w, &f);
        assert_int_equal(start_all(&w, table[i].allowed + 2), table[i].allowed + 2);
        finish_many(&w, &f, table[i].allowed, OUTCOME_FAILED);
        assert_true(waves_may_start(&w));
        finish_many(&w, &f, 1, OUTCOME_FAILED);
        assert_false(waves_may_start(&w));
        assert_false(waves_are_over(&w)); /* one is still out */
        finish_many(&w, &f, 1, OUTCOME_DONE);
        assert_true(waves_are_over(&w));
    }
}

static void without_a_budget_any_number_may_fail(void **state)
{
    (void)state;
    struct fleet f = fleet_of(100, NULL, 0);
    struct waves w;
    waves_init(&w, &f);
    assert_int_equal(start_all(&w, 99), 99);
    finish_many(&w, &f, 99, OUTCOME_FAILED);
    assert_true(waves_may_start(&w));
}

static void identities_that_nobody_wrote_count_as_failures_too(void **state)
{
    (void)state;
    struct fleet f = fleet_of(10, NULL, 0);
    struct waves w;
    f.max_failures.value = 1;
    waves_init(&w, &f);
    waves_finish(&w, &f, OUTCOME_FAILED, false, 0);
    assert_true(waves_may_start(&w));
    waves_finish(&w, &f, OUTCOME_FAILED, false, 0);
    assert_true(waves_are_over(&w));
    assert_string_equal(w.reason, "2 identities have failed, and max_failures allows 1: no further "
                                  "write was started");
}

static void a_wave_whose_dns_was_too_slow_is_inconclusive(void **state)
{
    (void)state;
    static const struct quota waves[] = {{false, 1}, {false, 3}};
    struct fleet f = fleet_of(9, waves, 2);
    struct waves w;
    waves_init(&w, &f);
    assert_int_equal(start_all(&w, 9), 1);
    finish_many(&w, &f, 1, OUTCOME_DONE);
    assert_int_equal(start_all(&w, 8), 3);
    finish_many(&w, &f, 2, OUTCOME_EXPIRED);
    assert_false(waves_are_over(&w)); /* what was started is followed to its end */
    finish_many(&w, &f, 1, OUTCOME_DONE);
    assert_true(waves_are_over(&w));
    assert_string_equal(w.reason,
                        "wave 2 is inconclusive: 2 identities waited for DNS or SES until the "
                        "deadline, which is neither failure nor success. Check them, then resume");
}

static void without_waves_a_deadline_holds_nobody_back(void **state)
{
    (void)state;
    struct fleet f = fleet_of(9, NULL, 0);
    struct waves w;
    waves_init(&w, &f);
    assert_int_equal(start_all(&w, 5), 5);
    finish_many(&w, &f, 5, OUTCOME_EXPIRED);
    assert_true(waves_may_start(&w));
}

/* Numbers 1 and 2 for the first rows, none for the others. */
static struct fleet numbered_fleet(struct choice choices[6], struct policy policies[3])
{
    static const uint16_t of[] = {1, 1, 2, 0, 0, 0};
    struct fleet f = fleet_of(6, NULL, 0);
    for (int i = 0; i < 6; i++)
        choices[i] = (struct choice){.policy = of[i]};
    for (int i = 0; i < 3; i++)
        policies[i] = (struct policy){.wave = (uint64_t)i};
    f.choices = choices;
    f.policies = policies;
    f.policies_len = 3;
    return f;
}

static void numbered_identities_go_first_each_number_a_wave(void **state)
{
    (void)state;
    struct choice choices[6];
    struct policy policies[3];
    struct fleet f = numbered_fleet(choices, policies);
    struct waves w;
    waves_init(&w, &f);
    waves_resume(&w, &f);
    assert_true(waves_admit(&w, 1) && !waves_admit(&w, 2) && !waves_admit(&w, 0));
    waves_start(&w);
    waves_finish(&w, &f, OUTCOME_DONE, true, 1);
    assert_false(waves_admit(&w, 2)); /* the other one waits for DNS, and is waited for */
    waves_finish(&w, &f, OUTCOME_REFUSED, false, 1);
    assert_true(waves_admit(&w, 1) && waves_admit(&w, 2) && !waves_admit(&w, 0));
    assert_int_equal(waves_number(&w), 2);
    waves_finish(&w, &f, OUTCOME_UNCHANGED, false, 2);
    assert_true(waves_admit(&w, 0) && waves_may_start(&w));
    assert_int_equal(start_all(&w, 3), 3);
    finish_many(&w, &f, 3, OUTCOME_DONE);
    assert_false(w.paused);
}

static void a_numbered_wave_that_proves_nothing_pauses(void **state)
{
    (void)state;
    static const enum outcome ends[] = {OUTCOME_REFUSED, OUTCOME_FAILED, OUTCOME_EXPIRED};
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct choice choices[6];
        struct policy policies[3];
        struct fleet f = numbered_fleet(choices, policies);
        struct waves w;
        waves_init(&w, &f);
        waves_resume(&w, &f);
        waves_finish(&w, &f, ends[i], false, 1);
        assert_false(w.paused);
        waves_finish(&w, &f, ends[i], false, 1);
        assert_true(w.paused && waves_are_over(&w) && !waves_admit(&w, 2));
        /* resume is a person's answer */
        waves_init(&w, &f);
        waves_restore(&w, 0, true, ends[i], 1);
        waves_restore(&w, 0, true, ends[i], 1);
        waves_resume(&w, &f);
        assert_true(!w.paused && waves_admit(&w, 2) && !waves_admit(&w, 0));
    }
}

/* A killed run: one of wave 2 was written, and wave 1 has a row that begins again. */
static void a_resumed_run_goes_on_in_its_numbered_wave(void **state)
{
    (void)state;
    struct choice choices[6];
    struct policy policies[3];
    struct fleet f = numbered_fleet(choices, policies);
    struct waves w;
    waves_init(&w, &f);
    waves_restore(&w, 1, true, OUTCOME_DONE, 1);
    waves_restore(&w, 1, false, OUTCOME_FAILED, 1);
    waves_restore(&w, 2, false, OUTCOME_OPEN, 2);
    waves_resume(&w, &f);
    assert_int_equal(waves_number(&w), 2);
    assert_true(waves_admit(&w, 1) && waves_admit(&w, 2) && !waves_admit(&w, 0));
    waves_finish(&w, &f, OUTCOME_DONE, true, 2);
    assert_false(waves_admit(&w, 0));
    waves_finish(&w, &f, OUTCOME_DONE, true, 1);
    assert_true(waves_admit(&w, 0));
}

/* Starts were granted to lanes beforehand, and one is not needed: the end of the wave waited for it
 * alone. */
static void a_start_that_is_given_back_may_end_its_wave(void **state)
{
    (void)state;
    static const struct quota three[] = {{false, 3}};
    struct choice choices[6];
    struct policy policies[3];
    struct fleet f = numbered_fleet(choices, policies);
    struct waves w;
    waves_init(&w, &f);
    assert_int_equal(start_all(&w, 3), 3);
    waves_return(&w, &f);
    waves_finish(&w, &f, OUTCOME_DONE, true, 1);
    waves_finish(&w, &f, OUTCOME_UNCHANGED, false, 1);
    assert_int_equal(waves_number(&w), 1);
    waves_return(&w, &f);
    assert_int_equal(waves_number(&w), 2);
    assert_int_equal(w.open + w.started, 0);
    /* In a wave of so many another one starts instead; in a paused one nobody does. */
    f = fleet_of(9, three, 1);
    waves_init(&w, &f);
    assert_int_equal(start_all(&w, 9), 3);
    waves_return(&w, &f);
    assert_int_equal(start_all(&w, 9), 1);
    finish_many(&w, &f, 2, OUTCOME_FAILED);
    waves_failed_at_least(&w, 1);
    assert_int_equal(w.failed, 2);
    w.failed_max = 4;
    waves_failed_at_least(&w, 5);
    assert_int_equal(w.failed, 5);
    assert_true(w.paused && !waves_are_over(&w));
    waves_return(&w, &f);
    assert_true(waves_are_over(&w));
}

static void only_a_fleet_with_something_to_count_wants_waves(void **state)
{
    (void)state;
    static const struct quota three[] = {{false, 3}};
    struct choice choices[6];
    struct policy policies[3];
    struct fleet f = fleet_of(9, NULL, 0);
    assert_false(waves_are_wanted(&f));
    f.max_failures.value = 0;
    assert_true(waves_are_wanted(&f));
    f = fleet_of(9, three, 1);
    assert_true(waves_are_wanted(&f));
    f = numbered_fleet(choices, policies);
    assert_true(waves_are_wanted(&f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbered_identities_go_first_each_number_a_wave),
        cmocka_unit_test(a_numbered_wave_that_proves_nothing_pauses),
        cmocka_unit_test(a_resumed_run_goes_on_in_its_numbered_wave),
        cmocka_unit_test(waves_are_as_large_as_the_manifest_says),
        cmocka_unit_test(the_next_wave_waits_for_the_last_identity),
        cmocka_unit_test(a_resumed_run_stands_in_the_wave_where_it_was_cut_off),
        cmocka_unit_test(a_resumed_run_goes_on_behind_a_wave_that_was_over),
        cmocka_unit_test(an_identity_that_expired_before_the_cut_makes_its_wave_inconclusive),
        cmocka_unit_test(a_budget_that_was_used_up_stays_used_up),
        cmocka_unit_test(a_start_that_was_called_off_is_no_part_of_its_wave),
        cmocka_unit_test(more_failures_than_allowed_start_nothing_more),
        cmocka_unit_test(without_a_budget_any_number_may_fail),
        cmocka_unit_test(identities_that_nobody_wrote_count_as_failures_too),
        cmocka_unit_test(a_wave_whose_dns_was_too_slow_is_inconclusive),
        cmocka_unit_test(a_start_that_is_given_back_may_end_its_wave),
        cmocka_unit_test(only_a_fleet_with_something_to_count_wants_waves),
        cmocka_unit_test(without_waves_a_deadline_holds_nobody_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
