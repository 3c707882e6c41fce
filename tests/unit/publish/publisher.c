/*
 * The publisher by hand-made answers of providers: how many changes a bad name costs, who is asked
 * for nothing more, and what a resumed run does first. DNS is the model of engine/world.
 */
#include "unit.h"

#include "engine.h"
#include "publish/publisher.h"
#include "rules/feedback.h"
#include "rules/spf_merge.h"
#include "scheduler/record.h"
#include "world/world.h"

#include <stdio.h>

#define START ((instant_us)1770000000 * 1000000)
#define NAMES 64
#define HOST  "feedback-smtp.us-east-1.amazonses.com"

struct scene {
    struct fleet fleet;
    struct arena texts;
    struct publish_target targets[NAMES];
    uint32_t targets_len;
    struct provider_model model;
    struct world *world;
    struct publisher *publisher;
    struct publisher_totals totals;
    struct text reasons[NAMES]; /* the last of each */
    enum publish_state states[NAMES];
    uint32_t intents[NAMES];
    bool withdraws;                        /* set before scene_make(), with the two below */
    const struct text *barred;             /* or NULL */
    const struct reviewed_name **reviewed; /* likewise */
};

static void scene_open(struct scene *s, enum provider_kind kind, uint32_t zones, bool is_denied)
{
    struct account account = {0};
    struct text pattern = TEXT("*");
    struct provider provider = {
        .kind = kind, .zones = &pattern, .zones_len = 1, .server = TEXT("192.0.2.1")};
    const struct provider_model_options options = {.targets = s->targets, .targets_len = NAMES};
    name_id region;
    uint16_t index;
    memset(s, 0, sizeof *s);
    arena_init(&s->texts, SIZE_MAX);
    fleet_init(&s->fleet);
    s->fleet.max_failures.value = NO_BOUND;
    assert_true(names_init(&s->fleet.names, 1u << 20));
    assert_true(names_add(&s->fleet.names, TEXT("us-east-1"), &region));
    assert_true(names_add(&s->fleet.names, TEXT("dns"), &account.name));
    assert_true(fleet_account(&s->fleet, account, &index));
    assert_true(fleet_lane(&s->fleet, 0, region, &index));
    assert_true(fleet_provider(&s->fleet, &provider, &index));
    assert_true(provider_model_init(&s->model, &options));
    for (uint32_t i = 0; i < zones; i++) {
        const struct model_zone zone = {
            .name = arena_fmt(&s->texts, "z%u.test", i), .kind = kind, .is_denied = is_denied};
        uint32_t number;
        assert_true(provider_model_zone(&s->model, &zone, &number));
        assert_true(provider_model_delegate(&s->model, zone.name, number, 0));
        assert_true(provider_model_delegate(&s->model, zone.name, number, 1));
    }
}

static void scene_name(struct scene *s, const char *label, uint32_t zone)
{
    struct choice choice = {.line = s->targets_len + 2};
    struct publish_target *t = &s->targets[s->targets_len++];
    *t = (struct publish_target){
        .name = arena_fmt(&s->texts, "%s%u.z%u.test", label, s->targets_len, zone),
        .ttl_s = 300,
        .mx_preference = 10,
        .mx_exchange = TEXT(HOST),
        .txt = TEXT(SPF_SES_RECORD),
        .with_mx = true,
        .with_txt = true};
    assert_true(names_add(&s->fleet.names, t->name, &choice.mail_from));
    assert_true(names_add(&s->fleet.names, t->name, &choice.identity));
    assert_true(fleet_policy(&s->fleet, (struct policy){0}, &choice.policy));
    assert_true(fleet_choice(&s->fleet, choice, &t->row));
}

static enum err scene_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct scene *s = ctx;
    (void)why;
    for (uint32_t i = 0; i < len; i++) {
        const struct publish_record *r = records[i].publish;
        s->states[r->target] = r->state;
        s->reasons[r->target] = arena_text(&s->texts, r->reason);
        s->intents[r->target] += r->kind == PUBLISH_INTENT;
    }
    return OK;
}

static void scene_make(struct scene *s)
{
    const struct world_options options = {.start = START,
                                          .seed = 1,
                                          .round_trip = SPAN_MS(40),
                                          .time_out = SPAN_S(30),
                                          .ses = ses_rules_default(),
                                          .dns = {.seed = 1, .start = START, .published = 1},
                                          .identities_max = 1,
                                          .providers = &s->model};
    const struct publisher_options wanted = {.fleet = &s->fleet,
                                             .targets = s->targets,
                                             .targets_len = s->targets_len,
                                             .surveys = {.mode = INQUIRY_AUTHORITY},
                                             .feedback_host = TEXT(FEEDBACK_PATTERN),
                                             .withdraws = s->withdraws,
                                             .barred = s->barred,
                                             .reviewed = s->reviewed};
    struct why why = {""};
    s->world = world_new(&options, &s->fleet, (struct world_keeper){s, scene_keep}, &why);
    s->publisher = publisher_init(&wanted);
    assert_non_null(s->world);
    assert_non_null(s->publisher);
}

static void scene_run(struct scene *s)
{
    struct why why = {""};
    enum engine_end end;
    struct io io = world_io(s->world);
    publisher_start(s->publisher, world_now(s->world));
    struct machine machine = publisher_machine(s->publisher);
    assert_int_equal(engine_run(&machine, &io, NULL, &end, &why), OK);
    assert_false(world_is_stuck(s->world));
    publisher_totals(s->publisher, &s->totals);
}

static void scene_close(struct scene *s)
{
    publisher_clear(s->publisher);
    world_free(s->world);
    provider_model_clear(&s->model);
    fleet_clear(&s->fleet);
    arena_clear(&s->texts);
}

/* By RFC 2136 nobody says which name is at fault: halving finds it. */
static void one_bad_name_costs_a_few_changes(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, PROVIDER_RFC2136, 1, false);
    for (uint32_t i = 0; i < 50; i++)
        scene_name(&s, i == 17 ? "refused" : "b", 0);
    scene_make(&s);
    scene_run(&s);
    assert_int_equal(s.totals.by_state[PUBLISH_DONE], 49);
    assert_int_equal(s.states[17], PUBLISH_REFUSED);
    assert_between(s.totals.calls[CALL_CHANGE], 4, 20);
    scene_close(&s);
}

/* Route 53 names it, so the others leave with the next change. */
static void a_name_at_fault_that_is_told_leaves_alone(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, PROVIDER_ROUTE53, 1, false);
    for (uint32_t i = 0; i < 50; i++)
        scene_name(&s, i == 17 ? "refused" : "b", 0);
    scene_make(&s);
    scene_run(&s);
    assert_int_equal(s.totals.by_state[PUBLISH_DONE], 49);
    assert_int_equal(s.states[17], PUBLISH_REFUSED);
    assert_between(s.totals.calls[CALL_CHANGE], 2, 12);
    scene_close(&s);
}

/* Three zones in a row may not be changed: the others are not tried. */
static void who_denies_three_zones_is_asked_no_more(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, PROVIDER_ROUTE53, 30, true);
    for (uint32_t i = 0; i < 30; i++)
        scene_name(&s, "b", i);
    scene_make(&s);
    scene_run(&s);
    assert_int_equal(s.totals.by_state[PUBLISH_REFUSED], 30);
    assert_true(s.totals.iam_denies);
    assert_between(s.totals.calls[CALL_CHANGE], 3, 8);
    assert_true(text_find_text(s.reasons[29], TEXT("AccessDenied")) < s.reasons[29].len);
    scene_close(&s);
}

/* A policy that names others than these: each that it names is created. */
static void a_name_that_a_policy_leaves_out_does_not_hold_the_others(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, PROVIDER_ROUTE53, 1, false);
    for (uint32_t i = 0; i < 6; i++)
        scene_name(&s, i % 3 == 1 ? "denied" : "b", 0);
    scene_make(&s);
    scene_run(&s);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(s.states[i], i % 3 == 1 ? PUBLISH_REFUSED : PUBLISH_DONE);
    assert_true(s.totals.iam_denies);
    scene_close(&s);
}

/* Names that are denied one by one end the zone. */
static void who_denies_three_names_of_a_zone_is_asked_no_more_there(void **state)
{
    struct scene s;
    (void)state;
    scene_open(&s, PROVIDER_ROUTE53, 1, false);
    for (uint32_t i = 0; i < 60; i++)
        scene_name(&s, "denied", 0);
    scene_make(&s);
    scene_run(&s);
    assert_int_equal(s.totals.by_state[PUBLISH_REFUSED], 60);
    assert_between(s.totals.calls[CALL_CHANGE], 3, 12);
    scene_close(&s);
}

/* What was on its way when the process ended is looked at, and not sent again where it arrived. */
static void a_resumed_change_is_looked_at_first(void **state)
{
    const struct publish_record sent = {.kind = PUBLISH_INTENT,
                                        .at = START,
                                        .from = PUBLISH_READY,
                                        .state = PUBLISH_SENT,
                                        .mx_changed = true,
                                        .txt_changed = true};
    for (int arrived = 0; arrived < 2; arrived++) {
        struct scene s;
        (void)state;
        scene_open(&s, PROVIDER_ROUTE53, 1, false);
        scene_name(&s, "b", 0);
        scene_make(&s);
        for (int i = 0; arrived && i < 2; i++)
            assert_true(provider_model_add(
                &s.model, 0, s.targets[0].name, i ? DNS_TYPE_TXT : DNS_TYPE_MX, i ? 0 : 10,
                i ? TEXT(SPF_SES_RECORD) : TEXT(HOST), 300, HAND_RUN, START));
        publisher_restore(s.publisher, &sent, false);
        scene_run(&s);
        assert_int_equal(s.states[0], PUBLISH_DONE);
        assert_int_equal(s.intents[0], arrived ? 0 : 1);
        scene_close(&s);
    }
}

static void scene_records(struct scene *s)
{
    for (int i = 0; i < 2; i++)
        assert_true(provider_model_add(
            &s->model, 0, s->targets[0].name, i ? DNS_TYPE_TXT : DNS_TYPE_MX, i ? 0 : 10,
            i ? TEXT(SPF_SES_RECORD) : TEXT(HOST), 300, HAND_RUN, START));
}

/* The run was cut with a removal on its way, and somebody has set the MAIL FROM since. */
static void a_name_in_use_again_is_not_withdrawn_by_a_resume(void **state)
{
    const struct text used[] = {TEXT("it is the MAIL FROM of an identity")};
    const struct publish_record sent = {.kind = PUBLISH_INTENT,
                                        .at = START,
                                        .from = PUBLISH_READY,
                                        .state = PUBLISH_SENT,
                                        .change = CHANGE_DELETE,
                                        .mx_changed = true,
                                        .txt_changed = true};
    for (int barred = 0; barred < 2; barred++) {
        struct scene s;
        (void)state;
        scene_open(&s, PROVIDER_ROUTE53, 1, false);
        scene_name(&s, "b", 0);
        s.withdraws = true;
        s.barred = barred ? used : NULL;
        scene_make(&s);
        scene_records(&s);
        publisher_restore(s.publisher, &sent, false);
        scene_run(&s);
        assert_int_equal(s.states[0], barred ? PUBLISH_PERSON : PUBLISH_DONE);
        assert_int_equal(s.totals.calls[CALL_CHANGE], barred ? 0 : 1);
        scene_close(&s);
    }
}

/* Days after a change another record beside it is its owner's work, and ours may be in use. */
static void only_what_has_just_met_anothers_record_is_taken_back(void **state)
{
    for (int days = 0; days < 2; days++) {
        const struct publish_record accepted = {.kind = PUBLISH_ANSWER,
                                                .at = START - days * 3 * SPAN_H(24),
                                                .from = PUBLISH_SENT,
                                                .state = PUBLISH_VERIFYING,
                                                .mx_changed = true,
                                                .txt_changed = true};
        struct scene s;
        (void)state;
        scene_open(&s, PROVIDER_CLOUDFLARE, 1, false);
        scene_name(&s, "b", 0);
        scene_make(&s);
        scene_records(&s);
        assert_true(provider_model_add(&s.model, 0, s.targets[0].name, DNS_TYPE_MX, 5,
                                       TEXT("mail.example.net"), 300, HAND_OTHER, START));
        publisher_restore(s.publisher, &accepted, false);
        scene_run(&s);
        assert_int_equal(s.states[0], PUBLISH_PERSON);
        assert_int_equal(s.totals.calls[CALL_CHANGE], days ? 0 : 1);
        scene_close(&s);
    }
}

/* A plan has one of two names, in another zone than DNS says, or as a merge that it is not. */
static void what_was_not_reviewed_is_not_created(void **state)
{
    struct reviewed_name plan = {.mx = true, .txt = true, .ttl_s = 300};
    const struct reviewed_name *list[NAMES] = {&plan};
    for (int way = 0; way < 4; way++) {
        struct scene s;
        (void)state;
        scene_open(&s, PROVIDER_ROUTE53, 1, false);
        scene_name(&s, "b", 0);
        scene_name(&s, "b", 0);
        plan.zone_id = way == 1 ? TEXT("ZELSEWHERE") : s.model.zones[0].id;
        plan.merges = way == 2;
        plan.mx = way != 3;
        s.reviewed = list;
        scene_make(&s);
        scene_run(&s);
        assert_int_equal(s.states[0], way == 0 ? PUBLISH_DONE : PUBLISH_PERSON);
        assert_int_equal(s.states[1], PUBLISH_PERSON);
        assert_int_equal(s.totals.calls[CALL_CHANGE], way == 0 ? 1 : 0);
        scene_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_bad_name_costs_a_few_changes),
        cmocka_unit_test(a_name_at_fault_that_is_told_leaves_alone),
        cmocka_unit_test(who_denies_three_zones_is_asked_no_more),
        cmocka_unit_test(a_name_that_a_policy_leaves_out_does_not_hold_the_others),
        cmocka_unit_test(who_denies_three_names_of_a_zone_is_asked_no_more_there),
        cmocka_unit_test(a_resumed_change_is_looked_at_first),
        cmocka_unit_test(a_name_in_use_again_is_not_withdrawn_by_a_resume),
        cmocka_unit_test(only_what_has_just_met_anothers_record_is_taken_back),
        cmocka_unit_test(what_was_not_reviewed_is_not_created),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
