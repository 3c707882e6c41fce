/* Identities that other operators delete between two looks at them: no list of before counts then.
 */
#define JOBS 500u
#include "refusing.h"

#define ROW 499u

struct vanishing {
    struct refusing run;
    instant_us at;
    bool is_gone;
    uint32_t intents;
    enum outcome outcome;
    char reason[REASON_LEN_MAX];
};

static struct refusal vanish(void *test, const struct call *call, instant_us now)
{
    struct vanishing *v = test;
    struct world *w = v->run.below.world;
    char name[32];
    uint32_t id;
    (void)call;
    snprintf(name, sizeof name, "d%u.test", ROW);
    if (!v->is_gone && now >= v->at) {
        assert_true(ses_model_find(world_ses(w), world_lane(w, 0), text_of(name), &id));
        ses_model_delete(world_ses(w), id);
        v->is_gone = true;
    }
    return (struct refusal){0, NULL, NULL};
}

static void keep_row(void *test, const struct record *r)
{
    struct vanishing *v = test;
    if (r->job != ROW)
        return;
    v->intents += r->kind == RECORD_INTENT;
    if (r->row.state != JOB_DONE)
        return;
    v->outcome = (enum outcome)r->row.outcome;
    snprintf(v->reason, sizeof v->reason, TEXT_FMT, TEXT_ARG(r->row.reason));
}

static void run(struct vanishing *v, const struct scheduler_options *options, span_us after,
                struct scheduler_totals *totals)
{
    *v = (struct vanishing){.at = START + after};
    v->run = (struct refusing){
        .refuse = vanish, .kept = keep_row, .test = v, .timeout = SPAN_H(72), .options = options};
    refusing_run(&v->run, totals);
    assert_true(v->is_gone);
}

/* The list of the lane shows it as verified, and MAIL FROM is read beside the list. */
static void a_plan_does_not_believe_the_list_against_a_later_answer(void **state)
{
    const struct scheduler_options options = {
        .read_api = API_V1, .write_api = API_V2, .lane_survey = true, .rules = {.plan_only = true}};
    struct vanishing v;
    struct scheduler_totals totals;
    (void)state;
    run(&v, &options, SPAN_S(2), &totals);
    assert_int_equal(v.outcome, OUTCOME_REFUSED);
    assert_int_equal(totals.by_outcome[OUTCOME_PLANNED], JOBS - 1);
    assert_int_equal(totals.calls[CALL_READ_VERIFICATION], 1);
}

static void nothing_is_written_to_what_the_look_before_has_left_out(void **state)
{
    const struct scheduler_options options = {
        .read_api = API_V1, .write_api = API_V2, .lane_survey = true};
    struct vanishing v;
    struct scheduler_totals totals;
    (void)state;
    run(&v, &options, SPAN_M(1), &totals);
    assert_int_equal(v.intents, 0);
    assert_int_equal(v.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(v.reason, "does not exist any more"));
    assert_int_equal(totals.by_outcome[OUTCOME_DONE], JOBS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_does_not_believe_the_list_against_a_later_answer),
        cmocka_unit_test(nothing_is_written_to_what_the_look_before_has_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
