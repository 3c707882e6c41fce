/* Global endpoints and recommendations in the lane surveys of two Regions, by a scheduler driven by
 * hand: each call is answered from a script at once. */
#include "unit.h"

#include "scheduler/lane_survey.h"
#include "scheduler/scheduler.h"

#include <stdio.h>
#include <string.h>

#define CALLS_A_TURN 64
#define EAST         0
#define WEST         1

/* A row of the fleet. */
struct want {
    uint16_t lane;
    const char *identity, *mail_from;
    bool rejects;
};

struct script {
    struct want rows[4];
    const char *status;   /* of the one endpoint, whose primary Region is EAST; NULL: none */
    const char *other;    /* its other Region; NULL: that of WEST */
    const char *there;    /* MAIL FROM of every identity in WEST, at SES */
    const char *refused;  /* code of the answer to ListMultiRegionEndpoints */
    uint16_t http_status; /* of that answer */
    bool knows_none;      /* WEST has no identity but those of rows */
    bool is_east_alone;   /* another process carries WEST */
    bool has_advisor, is_off, by_version_1, is_slow; /* slow: EAST's endpoints come last */
    unsigned advice_pages;                           /* with one recommendation a row each */
};

struct seen {
    finding_set findings[4];
    unsigned bits[4];
    unsigned endpoints, advice, reads_east, reads_west; /* calls; reads of the survey */
    char gap[SURVEY_GAPS_MAX][SURVEY_REASON_LEN];
    bool gap_is_of_account;
    struct lane_advice advised;
    bool is_advised;
};

static uint32_t rows_of(const struct script *s)
{
    uint32_t len = 0;
    while (len < COUNT(s->rows) && s->rows[len].identity)
        len++;
    return len;
}

static void answer_endpoints(const struct script *s, struct call *call)
{
    call->endpoints = ARENA_ARRAY(&call->arena, struct global_endpoint, 1);
    if (s->status && call->lane == EAST)
        call->endpoints[call->endpoints_len++] = (struct global_endpoint){
            .name = TEXT("ha"),
            .status = text_of(s->status),
            .regions = {TEXT("us-east-1"), s->other ? text_of(s->other) : TEXT("eu-west-1")}};
    if (s->refused) {
        call->reply.http_status = s->http_status;
        snprintf(call->reply.code, sizeof call->reply.code, "%s", s->refused);
    }
}

static void answer_advice(const struct script *s, struct call *call, struct seen *seen)
{
    call->advice = ARENA_ARRAY(&call->arena, struct recommendation, COUNT(s->rows) + 1u);
    for (uint32_t i = 0; i < rows_of(s); i++)
        call->advice[call->advice_len++] =
            (struct recommendation){.type = i ? ADVISOR_OTHER : ADVISOR_SPF,
                                    .is_high = true,
                                    .identity = text_of(s->rows[i].identity),
                                    .description = TEXT("not aligned")};
    call->advice[call->advice_len++] =
        (struct recommendation){.type = ADVISOR_DKIM, .identity = TEXT("stranger.test")};
    if (++seen->advice < s->advice_pages)
        call->next_token = arena_fmt(&call->arena, "page %u", seen->advice);
}

static void answer(const struct script *s, struct call *call, struct seen *seen)
{
    call_answer_reset(call);
    call->reply = (struct reply){.how = REPLY_HTTP, .http_status = 200};
    switch (call->kind) {
    case CALL_ASK: call->dns = (struct dns_reply){.outcome = DNS_TIMED_OUT}; break;
    case CALL_LIST: break;
    case CALL_ACCOUNT:
        call->account = (struct account_facts){.sending_enabled = true,
                                               .production_access = true,
                                               .has_advisor = s->has_advisor && call->lane == EAST};
        break;
    case CALL_ENDPOINTS:
        assert_int_equal(call->api, API_V2);
        seen->endpoints++;
        answer_endpoints(s, call);
        break;
    case CALL_ADVICE: answer_advice(s, call, seen); break;
    default:
        seen->reads_west += call->owner == SURVEY_OWNER && call->lane == WEST;
        seen->reads_east += call->owner == SURVEY_OWNER && call->lane == EAST;
        for (uint32_t i = 0; i < call->count; i++) {
            bool is_survey = call->owner == SURVEY_OWNER;
            bool is_gone = is_survey && s->knows_none;
            call->facts[i] = (struct ses_facts){
                .known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM,
                .verification = is_gone ? VERIFICATION_NONE : VERIFICATION_SUCCESS,
                .mail_from = call->lane == WEST && s->there ? text_of(s->there) : TEXT_NONE,
                .status = MAIL_FROM_SUCCESS};
        }
        break;
    }
}

static void fleet_make(struct fleet *f, const struct script *s)
{
    static const char *const regions[] = {"us-east-1", "eu-west-1"};
    struct account account = {.name = NAME_NONE};
    uint16_t index, lane;
    uint32_t row;
    name_id region;
    fleet_init(f);
    assert_true(names_init(&f->names, 1u << 20));
    assert_true(names_add(&f->names, TEXT("main"), &account.name));
    assert_true(fleet_account(f, account, &index));
    for (size_t i = 0; i < COUNT(regions); i++) {
        assert_true(names_add(&f->names, text_of(regions[i]), &region));
        assert_true(fleet_lane(f, index, region, &lane));
    }
    for (uint32_t i = 0; i < rows_of(s); i++) {
        struct choice choice = {.type = IDENTITY_DOMAIN, .lane = s->rows[i].lane};
        struct policy policy = {.timeout_us = SPAN_H(1),
                                .behavior = s->rows[i].rejects ? BEHAVIOR_REJECT_MESSAGE
                                                               : BEHAVIOR_USE_DEFAULT_VALUE};
        assert_true(names_add(&f->names, text_of(s->rows[i].identity), &choice.identity));
        assert_true(names_add(&f->names, text_of(s->rows[i].mail_from), &choice.mail_from));
        assert_true(fleet_policy(f, policy, &choice.policy));
        assert_true(fleet_choice(f, choice, &row));
    }
}

/* One turn; every call is answered at once, those held back once nothing else is out. */
static void turn(struct scheduler *d, const struct script *s, instant_us now, struct call **held,
                 struct seen *seen)
{
    struct call *calls[CALLS_A_TURN];
    uint32_t records_len, len = scheduler_decide(d, now, calls, CALLS_A_TURN - 1);
    scheduler_records(d, &records_len);
    scheduler_turn_end(d);
    if (len == 0 && *held) {
        calls[len++] = *held;
        *held = NULL;
    } else
        for (uint32_t i = 0; i < len; i++)
            if (s->is_slow && calls[i]->kind == CALL_ENDPOINTS && calls[i]->lane == EAST) {
                *held = calls[i];
                calls[i--] = calls[--len];
            }
    for (uint32_t i = 0; i < len; i++) {
        calls[i]->sent_at = calls[i]->answered_at = now;
        answer(s, calls[i], seen);
        scheduler_event(d, &(struct event){EVENT_ANSWER, calls[i]}, now);
    }
}

static struct seen advice_of(struct script s)
{
    static const bool east[] = {true, false};
    struct scheduler_options options = {.rules = {.plan_only = true},
                                        .lane_survey = true,
                                        .lanes = s.is_east_alone ? east : NULL,
                                        .advice = !s.is_off,
                                        .write_api = s.by_version_1 ? API_V1 : API_V2,
                                        .rate_per_s = 10};
    struct seen seen = {0};
    struct fleet fleet;
    struct arena memory;
    struct call *held = NULL;
    instant_us now = SPAN_S(1);
    fleet_make(&fleet, &s);
    arena_init(&memory, SIZE_MAX);
    struct scheduler *d = scheduler_init(&memory, &fleet, &options);
    assert_non_null(d);
    scheduler_start(d, now);
    for (int turns = 0; !scheduler_is_finished(d) || turns == 0; turns++) {
        assert_true(turns < 1000);
        turn(d, &s, now, &held, &seen);
        instant_us wake = scheduler_wake(d, now);
        assert_true(turns < 50); /* nothing is due all the time */
        now = wake > now && wake < WHEN_NEVER ? wake : now;
        scheduler_audit(d);
    }
    turn(d, &s, now, &held, &seen);
    assert_true(!s.is_east_alone || scheduler_wake(d, now) > now);
    for (uint32_t i = 0; i < rows_of(&s); i++) {
        seen.findings[i] = scheduler_job(d, i)->findings;
        seen.bits[i] = scheduler_row_advice(d, i);
    }
    for (unsigned gap = 0; gap < SURVEY_GAPS_MAX; gap++)
        for (uint16_t lane = 0; lane < 2; lane++)
            if (scheduler_survey_gap(d, lane, gap)) {
                snprintf(seen.gap[gap], SURVEY_REASON_LEN, "%s",
                         scheduler_survey_gap(d, lane, gap));
                seen.gap_is_of_account |= scheduler_survey_gap_is_of_account(d, lane, gap);
            }
    if (scheduler_lane_advice(d, EAST)) {
        seen.is_advised = true;
        seen.advised = *scheduler_lane_advice(d, EAST);
        for (uint32_t i = 0; i < seen.advised.examples_len; i++) {
            assert_text(seen.advised.examples[i].identity, text_of(s.rows[0].identity));
            assert_text(seen.advised.examples[i].description, TEXT("not aligned"));
        }
    }
    assert_null(scheduler_lane_advice(d, WEST));
    scheduler_clear(d);
    arena_clear(&memory);
    fleet_clear(&fleet);
    return seen;
}

#define A "a.test", "bounce.a.test"

static void rows_are_held_against_the_other_region(void **state)
{
    static const struct {
        struct script script;
        bool differs[4];
    } table[] = {
        {{.rows = {{EAST, A}, {WEST, A}}, .status = "READY"}, {false, false}},
        {{.rows = {{EAST, A}, {WEST, "a.test", "m.a.test"}}, .status = "READY"}, {true, true}},
        {{.rows = {{EAST, A}, {WEST, "a.test", "m.a.test"}}, .status = "READY", .is_slow = true},
         {true, true}},
        {{.rows = {{EAST, A}, {WEST, "a.test", "m.a.test"}}, .status = "CREATING"}, {true, true}},
        {{.rows = {{EAST, A}, {WEST, "a.test", "m.a.test"}}, .status = "DELETING"}, {false}},
        {{.rows = {{EAST, A}, {WEST, "a.test", "m.a.test"}}}, {false}},
        {{.rows = {{EAST, A}, {WEST, "a.test", "m.a.test"}}, .status = "READY", .is_off = true},
         {false}},
        {{.rows = {{EAST, A}, {WEST, A, .rejects = true}}, .status = "READY"}, {true, true}},
        {{.rows = {{EAST, A}, {WEST, "A.test", "m.a.test"}}, .status = "READY"}, {true, true}},
        {{.rows = {{EAST, A}, {WEST, "b.test", "m.b.test"}}, .status = "READY"}, {true, true}},
        {{.rows = {{EAST, A}, {WEST, "b.test", "m.b.test"}},
          .status = "READY",
          .there = "bounce.a.test"},
         {false, true}}, /* b.test of EAST has none, as SES shows */
        {{.rows = {{EAST, A}, {WEST, "b.test", "m.b.test"}}, .status = "READY", .knows_none = true},
         {false, false}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct seen seen = advice_of(table[i].script);
        for (uint32_t row = 0; row < rows_of(&table[i].script); row++) {
            bool found = seen.findings[row] & FINDING_BIT(ENDPOINT_REGIONS_DIFFER);
            bool told = seen.bits[row] & ROW_ENDPOINT_DIFFERS;
            if (found != table[i].differs[row] || (found && !told))
                fail_msg("entry %zu, row %u: finding %d, told %d", i, row, found, told);
        }
        if (seen.endpoints != (table[i].script.is_off ? 0 : 2))
            fail_msg("entry %zu: %u calls for endpoints", i, seen.endpoints);
        assert_string_equal(seen.gap[SURVEY_GAP_ENDPOINTS], "");
    }
}

/* Of a row in EAST that has none in WEST, WEST is asked; two reads answer for a hundred. */
static void only_rows_without_a_counterpart_cost_reads(void **state)
{
    (void)state;
    struct script s = {.rows = {{EAST, A}, {EAST, "b.test", "bounce.b.test"}, {WEST, A}},
                       .status = "READY"};
    assert_int_equal(advice_of(s).reads_west, 2);
    s.rows[1].lane = WEST;
    assert_int_equal(advice_of(s).reads_west, 0);
    s.rows[1].lane = EAST;
    s.status = "FAILED";
    assert_int_equal(advice_of(s).reads_west, 0);
}

static void a_region_without_rows_is_told(void **state)
{
    (void)state;
    struct seen seen =
        advice_of((struct script){.rows = {{EAST, A}}, .status = "READY", .other = "ap-south-1"});
    assert_non_null(
        strstr(seen.gap[SURVEY_GAP_ENDPOINTS], "through Region ap-south-1, and no row"));
    assert_false(seen.gap_is_of_account);
    assert_int_equal(seen.findings[0] & FINDING_BIT(ENDPOINT_REGIONS_DIFFER), 0);
}

/* Of a Region that another process carries nothing is asked, and nothing waited for. */
static void a_region_that_is_carried_elsewhere_is_told(void **state)
{
    (void)state;
    struct script s = {.rows = {{EAST, A},
                                {EAST, "b.test", "m.b.test"},
                                {WEST, "a.test", "m.a.test"},
                                {WEST, "c.test", "m.c.test"}},
                       .status = "READY",
                       .is_east_alone = true};
    struct seen seen = advice_of(s);
    assert_int_equal(seen.endpoints, 1);
    assert_int_equal(seen.reads_east + seen.reads_west, 0);
    assert_true(seen.findings[0] & FINDING_BIT(ENDPOINT_REGIONS_DIFFER));
    assert_false(seen.findings[1] & FINDING_BIT(ENDPOINT_REGIONS_DIFFER));
    assert_non_null(strstr(seen.gap[SURVEY_GAP_ENDPOINTS],
                           "through Region eu-west-1, which is carried elsewhere"));
}

static void a_refusal_is_of_the_account_and_a_lack_is_none(void **state)
{
    static const struct {
        const char *code;
        uint16_t status;
        bool is_told;
    } table[] = {{"AccessDeniedException", 403, true},
                 {"BadRequestException", 400, true},
                 {"UnknownOperationException", 404, false},
                 {"", 405, false},
                 {"", 501, false}};
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct seen seen = advice_of((struct script){.rows = {{EAST, A}, {WEST, A}},
                                                     .refused = table[i].code,
                                                     .http_status = table[i].status});
        if ((seen.gap[SURVEY_GAP_ENDPOINTS][0] != '\0') != table[i].is_told ||
            seen.gap_is_of_account != table[i].is_told || seen.endpoints != 2)
            fail_msg("%u: \"%s\", %u calls", table[i].status, seen.gap[SURVEY_GAP_ENDPOINTS],
                     seen.endpoints);
    }
}

static void endpoints_that_are_always_throttled_hold_nobody_up(void **state)
{
    (void)state;
    struct seen seen = advice_of((struct script){
        .rows = {{EAST, A}, {WEST, A}}, .refused = "TooManyRequestsException", .http_status = 429});
    assert_int_equal(seen.endpoints, 20); /* of both lanes */
    assert_non_null(strstr(seen.gap[SURVEY_GAP_ENDPOINTS],
                           "ListMultiRegionEndpoints: throttled 10 times in a row: "
                           "TooManyRequestsException"));
    assert_false(seen.gap_is_of_account);
}

static void recommendations_are_asked_for_where_the_advisor_is(void **state)
{
    (void)state;
    struct script s = {.rows = {{EAST, A}, {EAST, "b.test", "bounce.b.test"}},
                       .has_advisor = true,
                       .advice_pages = 3};
    struct seen seen = advice_of(s);
    assert_int_equal(seen.advice, 3);
    assert_true(seen.is_advised);
    assert_int_equal(seen.bits[0], 1u << ADVISOR_SPF);
    assert_int_equal(seen.bits[1], 0); /* others are only counted */
    assert_int_equal(seen.advised.of_rows[ADVISOR_SPF], 3);
    assert_int_equal(seen.advised.of_rows[ADVISOR_OTHER], 3);
    assert_int_equal(seen.advised.of_others[ADVISOR_DKIM], 3);
    assert_int_equal(seen.advised.examples_len, 3);
    s.has_advisor = false;
    assert_int_equal(advice_of(s).advice, 0);
    s.has_advisor = s.by_version_1 = true;
    seen = advice_of(s);
    assert_int_equal(seen.advice + seen.endpoints, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_held_against_the_other_region),
        cmocka_unit_test(only_rows_without_a_counterpart_cost_reads),
        cmocka_unit_test(a_region_without_rows_is_told),
        cmocka_unit_test(a_region_that_is_carried_elsewhere_is_told),
        cmocka_unit_test(a_refusal_is_of_the_account_and_a_lack_is_none),
        cmocka_unit_test(endpoints_that_are_always_throttled_hold_nobody_up),
        cmocka_unit_test(recommendations_are_asked_for_where_the_advisor_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
