/* Identities that other operators delete between two looks at them: no list of before counts then.
 */
#define JOBS 500u
#include "refusing.h"

#define ROW 499u

struct vanishing {
    struct refusing run;
    instant_us at;
    bool is_gone;
    bool comes_back; /* at once, without a MAIL FROM */
    bool is_denied;  /* IAM refuses the batched read of verification */
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
    snprintf(name, sizeof name, "d%u.test", ROW);
    if (!v->is_gone && now >= v->at) {
        assert_true(ses_model_find(world_ses(w), world_lane(w, 0), text_of(name), &id));
        ses_model_delete(world_ses(w), id);
        if (v->comes_back)
            ses_model_create_again(world_ses(w), id, now);
        v->is_gone = true;
    }
    if (v->is_denied && call->kind == CALL_READ_VERIFICATION)
        return (struct refusal){403, "AccessDenied", "not authorized"};
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
    *v = (struct vanishing){
        .at = START + after, .comes_back = v->comes_back, .is_denied = v->is_denied};
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
    struct vanishing v = {0};
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
    struct vanishing v = {0};
    struct scheduler_totals totals;
    (void)state;
    run(&v, &options, SPAN_M(1), &totals);
    assert_int_equal(v.intents, 0);
    assert_int_equal(v.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(v.reason, "does not exist any more"));
    assert_int_equal(totals.by_outcome[OUTCOME_DONE], JOBS - 1);
}

/* Whether the identity is gone, GetEmailIdentity tells where attributes are refused; nobody waits
 * for the list to grow old, asking all the while. */
static void a_cleared_name_is_told_by_one_read_where_attributes_are_refused(void **state)
{
    const struct scheduler_options options = {
        .read_api = API_V1, .write_api = API_V2, .lane_survey = true, .read_falls_back = true};
    struct vanishing v = {.comes_back = true, .is_denied = true};
    struct scheduler_totals totals;
    (void)state;
    run(&v, &options, SPAN_S(520), &totals);
    assert_int_equal(v.outcome, OUTCOME_DRIFTED);
    assert_between(totals.calls[CALL_GET], 1, 3);
    print_message("%llu reads of MAIL FROM\n",
                  (unsigned long long)totals.calls[CALL_READ_MAIL_FROM]);
    assert_between(totals.calls[CALL_READ_MAIL_FROM], 5, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_does_not_believe_the_list_against_a_later_answer),
        cmocka_unit_test(nothing_is_written_to_what_the_look_before_has_left_out),
        cmocka_unit_test(a_cleared_name_is_told_by_one_read_where_attributes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
