/* Sweeps in a simulated world: what they cost, how long they take, and what they see. */
#include "unit.h"

#include "base/bounds.h"
#include "run/watching.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define START ((instant_us)1770000000 * 1000000)
#define HOST  "feedback-smtp.us-east-1.amazonses.com"

struct sweeps {
    uint32_t rows, lanes;
    span_us round_trip; /* to SES and to DNS */
    uint64_t v1_refused;
    const char *unverified; /* an identity */
    const char *failed;     /* an identity whose MAIL FROM is */
    uint32_t unsigned_from; /* rows from here on are not signed; 0: all are */
    const char *other_name; /* the MAIL FROM that the manifest wants of d3.test, and SES has */
    finding_set accept;     /* of every row; of the first one only where accepts_first is set */
    bool accepts_first;
    struct access access;
    struct run run;
    struct world *world;
    struct watch_memory *memory;
    struct watching watching;
};

static void fleet_make(struct sweeps *s)
{
    struct fleet *f = &s->run.fleet;
    name_id region;
    fleet_init(f);
    f->max_failures.value = -1;
    assert_true(names_init(&f->names, NAMES_BYTES_MAX));
    assert_true(names_add(&f->names, TEXT("us-east-1"), &region));
    /* Each lane is an account: two Regions of one would share a global endpoint. */
    for (uint32_t i = 0; i < s->lanes; i++) {
        struct account account = {0};
        char name[32];
        uint16_t index, lane;
        snprintf(name, sizeof name, "account-%u", i);
        assert_true(names_add(&f->names, text_of(name), &account.name));
        assert_true(fleet_account(f, account, &index));
        assert_true(fleet_lane(f, index, region, &lane));
    }
    for (uint32_t i = 0; i < s->rows; i++) {
        char name[32], from[64];
        struct policy policy = {.require = REQUIRE_MX_SPF,
                                .timeout_us = SPAN_H(72),
                                .accept = i || s->accepts_first ? s->accept : 0};
        struct choice choice = {.lane = (uint16_t)(i % s->lanes), .line = i + 1};
        uint32_t row;
        snprintf(name, sizeof name, "d%u.test", i);
        snprintf(from, sizeof from, "bounce.%s", name);
        if (i == 3 && s->other_name)
            snprintf(from, sizeof from, "%s", s->other_name);
        assert_true(names_add(&f->names, text_of(name), &choice.identity));
        assert_true(names_add(&f->names, text_of(from), &choice.mail_from));
        assert_true(fleet_policy(f, policy, &choice.policy) && fleet_choice(f, choice, &row));
    }
}

static void world_make(struct sweeps *s)
{
    struct why why = {""};
    const struct fleet *f = &s->run.fleet;
    struct world_options options = {.start = START,
                                    .round_trip = s->round_trip ? s->round_trip : SPAN_MS(60),
                                    .time_out = SPAN_S(30),
                                    .ses = ses_rules_default(),
                                    .identities_max = s->rows,
                                    .v1_refused = s->v1_refused};
    options.dns = (struct dns_model_options){.start = START, .right_host = TEXT(HOST)};
    s->world = world_new(&options, f, (struct world_keeper){NULL, NULL}, &why);
    assert_non_null(s->world);
    for (uint32_t i = 0; i < s->rows; i++) {
        struct ses_facts facts = {.verification = VERIFICATION_SUCCESS,
                                  .mail_from = fleet_mail_from(f, i),
                                  .status = MAIL_FROM_SUCCESS};
        if (s->unverified && text_eq(fleet_identity(f, i), text_of(s->unverified)))
            facts.verification = VERIFICATION_FAILED;
        if (s->failed && text_eq(fleet_identity(f, i), text_of(s->failed)))
            facts.status = MAIL_FROM_FAILED;
        if (s->unsigned_from && i >= s->unsigned_from)
            facts.dkim = DKIM_DISABLED;
        assert_int_equal(ses_model_add(world_ses(s->world),
                                       world_lane(s->world, f->choices[i].lane),
                                       fleet_identity(f, i), &facts, START, &why),
                         OK);
    }
}

static void sweeps_begin(struct sweeps *s)
{
    s->access = (struct access){.dns = "recursive"};
    const struct run_config config = {.access = &s->access};
    run_init(&s->run, &config);
    s->run.head.verb = RUN_PLAN;
    fleet_make(s);
    world_make(s);
    s->memory = watch_open(&s->run.fleet.watch);
    assert_non_null(s->memory);
}

static void sweep(struct sweeps *s)
{
    struct why why = {""};
    struct watch_rows rows;
    struct io io = world_io(s->world);
    watching_clear(&s->watching);
    watching_init(&s->watching, &s->run, s->memory);
    arena_reset(&s->run.memory);
    assert_int_equal(watching_sweep_in(&s->watching, &io, &why), OK);
    assert_true(watch_rows(s->memory, &rows));
    watch_kept(s->memory);
    watch_told(s->memory);
}

static void sweeps_end(struct sweeps *s)
{
    watching_clear(&s->watching);
    watch_close(s->memory);
    world_free(s->world);
    run_clear(&s->run);
}

static void until_next(struct sweeps *s)
{
    struct io io = world_io(s->world);
    struct event none[1];
    assert_int_equal(io.wait(io.world, s->watching.began + SPAN_M(15), none, 1), 0);
}

/* Without those that were throttled, which the simulated buckets do to a few in a hundred. */
static uint64_t calls(const struct sweeps *s)
{
    uint64_t sent = 0;
    for (unsigned kind = 0; kind < CALL_ASK; kind++)
        for (int v = 0; v < 2; v++)
            sent += s->watching.calls[kind][v].sent - s->watching.calls[kind][v].throttled;
    return sent;
}

/* But for the open recommendation that each simulated account has. */
static uint32_t problems(const struct sweeps *s, uint32_t *row, enum watch_kind *kind)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < s->watching.problems_len; i++) {
        const struct watching_problem *p = &s->watching.problems[i];
        if (p->kind == WATCH_ADVISOR_OPEN)
            continue;
        *row = p->tag;
        *kind = p->kind;
        found++;
    }
    return found;
}

static uint32_t with_dkim(const struct sweeps *s, enum dkim_status status)
{
    uint32_t len = 0;
    for (uint32_t row = 0; row < s->rows; row++)
        len += s->watching.dkim[row] == status;
    return len;
}

static span_us length(const struct sweeps *s)
{
    return s->watching.ended - s->watching.began;
}

static void ten_thousand_of_a_lane_cost_a_hundred_and_one_calls(void **state)
{
    (void)state;
    uint32_t row;
    enum watch_kind kind;
    struct sweeps s = {.rows = 10000, .lanes = 1};
    sweeps_begin(&s);
    sweep(&s);
    assert_true(s.watching.has_looked);
    assert_int_equal(problems(&s, &row, &kind), 0);
    assert_int_equal(calls(&s), 212); /* verification and DKIM have never been read */
    assert_int_equal(s.watching.calls[CALL_READ_DKIM][0].sent -
                         s.watching.calls[CALL_READ_DKIM][0].throttled,
                     100);
    assert_true(length(&s) <= SPAN_S(110));
    assert_int_equal(with_dkim(&s, DKIM_SUCCESS), 10000);
    until_next(&s);
    sweep(&s);
    assert_int_equal(calls(&s), 101); /* nor what is asked as seldom as verification */
    assert_true(length(&s) <= SPAN_S(105));
    assert_int_equal(problems(&s, &row, &kind), 0);
    assert_int_equal(with_dkim(&s, DKIM_SUCCESS), 10000); /* as remembered */
    sweeps_end(&s);
}

static void a_sweep_without_dkim_is_as_cheap_as_ever(void **state)
{
    (void)state;
    struct sweeps s = {.rows = 10000, .lanes = 1};
    sweeps_begin(&s);
    s.access.dkim = "none";
    sweep(&s);
    assert_int_equal(calls(&s), 112);
    assert_true(length(&s) <= SPAN_S(105));
    assert_int_equal(with_dkim(&s, DKIM_UNKNOWN), 10000);
    until_next(&s);
    sweep(&s);
    assert_int_equal(calls(&s), 101);
    sweeps_end(&s);
}

/* The first sweep alone costs a call an identity; what was told is remembered by the next. */
static void dkim_one_by_one_is_asked_as_seldom(void **state)
{
    (void)state;
    struct sweeps s = {.rows = 150, .lanes = 1, .unsigned_from = 100};
    sweeps_begin(&s);
    s.access.dkim = "each";
    sweep(&s);
    const struct watching_calls *gets = &s.watching.calls[CALL_GET][0];
    assert_int_equal(gets->sent - gets->throttled, 150);
    assert_int_equal(s.watching.calls[CALL_READ_MAIL_FROM][0].sent, 0);
    assert_int_equal(with_dkim(&s, DKIM_SUCCESS), 100);
    assert_int_equal(with_dkim(&s, DKIM_DISABLED), 50);
    until_next(&s);
    sweep(&s);
    assert_int_equal(s.watching.calls[CALL_GET][0].sent, 0);
    assert_true(s.watching.calls[CALL_READ_MAIL_FROM][0].sent >= 2);
    assert_int_equal(s.watching.calls[CALL_READ_DKIM][0].sent, 0);
    assert_int_equal(with_dkim(&s, DKIM_DISABLED), 50);
    sweeps_end(&s);
}

static void ten_lanes_are_swept_side_by_side(void **state)
{
    (void)state;
    uint32_t row;
    enum watch_kind kind;
    struct rusage use;
    /* DNS has a window of a hundred questions, so its round trip counts as well. */
    struct sweeps s = {.rows = 100000, .lanes = 10, .round_trip = SPAN_MS(20)};
    sweeps_begin(&s);
    sweep(&s);
    getrusage(RUSAGE_SELF, &use);
    print_message("100,000 in ten lanes: %lld ms, %llu calls; %ld KB with the world\n",
                  (long long)(length(&s) / 1000), (unsigned long long)calls(&s), use.ru_maxrss);
    assert_true(length(&s) <= SPAN_S(110));
    assert_int_equal(calls(&s), 2120);
    assert_int_equal(problems(&s, &row, &kind), 0);
    sweeps_end(&s);
}

static void an_unverified_identity_is_seen_whatever_the_size_of_its_lane(void **state)
{
    (void)state;
    uint32_t row;
    enum watch_kind kind;
    for (unsigned i = 0; i < 2; i++) {
        struct sweeps s = {.rows = i ? 40 : 1500, .lanes = 1, .unverified = "d7.test"};
        sweeps_begin(&s);
        sweep(&s);
        assert_int_equal(problems(&s, &row, &kind), 1);
        assert_int_equal(kind, WATCH_IDENTITY_UNVERIFIED);
        assert_int_equal(row, 7);
        /* The list, and then the attributes of the one that it does not show as verified. */
        assert_int_equal(s.watching.calls[CALL_READ_VERIFICATION][0].sent, 1);
        until_next(&s);
        sweep(&s); /* the one that was not verified is asked about again */
        assert_int_equal(s.watching.calls[CALL_READ_VERIFICATION][0].sent, 1);
        assert_int_equal(s.watching.calls[CALL_LIST][1].sent, 0);
        sweeps_end(&s);
    }
}

static void a_lane_where_version_1_is_refused_is_read_one_by_one(void **state)
{
    (void)state;
    uint32_t row;
    enum watch_kind kind;
    struct sweeps s = {.rows = 120, .lanes = 1, .v1_refused = 1, .unverified = "d7.test"};
    sweeps_begin(&s);
    sweep(&s);
    assert_true(s.watching.has_looked);
    assert_int_equal(s.watching.unseen, 0);
    assert_int_equal(problems(&s, &row, &kind), 1);
    assert_int_equal(kind, WATCH_IDENTITY_UNVERIFIED);
    sweeps_end(&s);
}

static void a_name_that_a_plan_refuses_is_not_well(void **state)
{
    (void)state;
    uint32_t row;
    enum watch_kind kind;
    static const struct {
        const char *name;
        finding_set accept;
        uint32_t problems;
    } cases[] = {{"bounce.other.test", 0, 1},
                 {"d3.test", 0, 1},
                 {"bounce.d3.test", 0, 0},
                 {"bounce.other.test", FINDING_BIT(NOT_A_SUBDOMAIN), 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sweeps s = {.rows = 5,
                           .lanes = 1,
                           .other_name = cases[i].name,
                           .accept = cases[i].accept,
                           .accepts_first = true};
        sweeps_begin(&s);
        sweep(&s);
        assert_true(s.watching.has_looked);
        assert_int_equal(problems(&s, &row, &kind), cases[i].problems);
        if (cases[i].problems) {
            assert_int_equal(kind, WATCH_REFUSED);
            assert_int_equal(row, 3);
            assert_int_equal(s.watching.problems[0].level, WATCH_WARNING);
            for (uint32_t p = 0; p < s.watching.problems_len; p++)
                if (s.watching.problems[p].kind == WATCH_REFUSED)
                    assert_non_null(strstr(s.watching.problems[p].reason, cases[i].name));
        }
        sweeps_end(&s);
    }
}

static void a_lane_accepts_what_all_of_its_rows_accept(void **state)
{
    (void)state;
    const watch_kinds kinds =
        WATCH_BIT(WATCH_ACCOUNT_CANNOT_SEND) | WATCH_BIT(WATCH_ENDPOINT_REGIONS);
    for (unsigned all = 0; all < 2; all++) {
        struct sweeps s = {.rows = 4,
                           .lanes = 2,
                           .accept = FINDING_BIT(ACCOUNT_CANNOT_SEND) |
                                     FINDING_BIT(ENDPOINT_REGIONS_DIFFER),
                           .accepts_first = all};
        sweeps_begin(&s);
        sweep(&s);
        assert_int_equal(s.watching.lanes[0].accepted, all ? kinds : 0);
        assert_int_equal(s.watching.lanes[1].accepted, kinds);
        sweeps_end(&s);
    }
}

/* The reads of a sweep show no more of a deleted identity than that it has no MAIL FROM. */
static void a_deleted_identity_is_missing_in_the_same_sweep(void **state)
{
    (void)state;
    const uint32_t rows = 420, gone_first = 90, gone_len = 120;
    struct sweeps s = {.rows = rows, .lanes = 1};
    sweeps_begin(&s);
    sweep(&s);
    until_next(&s);
    for (uint32_t i = gone_first; i < gone_first + gone_len; i++) {
        uint32_t id;
        assert_true(ses_model_find(world_ses(s.world), world_lane(s.world, 0),
                                   fleet_identity(&s.run.fleet, i), &id));
        ses_model_delete(world_ses(s.world), id);
    }
    sweep(&s);
    const struct watching_calls *asked = s.watching.calls[CALL_READ_VERIFICATION];
    assert_int_equal(asked[0].sent - asked[0].throttled, 2);
    assert_int_equal(s.watching.calls[CALL_LIST][1].sent, 0);
    uint32_t missing = 0;
    for (uint32_t i = 0; i < s.watching.problems_len; i++) {
        const struct watching_problem *p = &s.watching.problems[i];
        missing += p->kind == WATCH_IDENTITY_MISSING;
        assert_int_not_equal(p->kind, WATCH_DRIFT_NAME);
        if (p->kind == WATCH_IDENTITY_MISSING)
            assert_true(p->tag - gone_first < gone_len);
    }
    assert_int_equal(missing, gone_len);
    sweeps_end(&s);
}

static void an_outage_of_dns_does_not_look_like_mail_that_fails(void **state)
{
    const struct watch_key one = {.lane = {.account = TEXT("main"), .region = TEXT("us-east-1")},
                                  .identity = TEXT("example.com")};
    const struct watch_key two = {.lane = {.account = TEXT("main"), .region = TEXT("eu-west-1")},
                                  .identity = TEXT("example.com")};
    const struct row_dmarc good = {.now = {DMARC_BY_BOTH, 0}};
    const struct row_dmarc silent = {.now = {DMARC_BY_DKIM, DMARC_UNKNOWN_DNS}};
    const struct row_dmarc gone = {.now = {DMARC_BY_DKIM, DMARC_MISSING_SPF}};
    struct dmarc_known known = {.cap = 0};
    (void)state;
    assert_int_equal(dmarc_known_by(&known, &one, &silent), DMARC_BY_DKIM);
    assert_int_equal(dmarc_known_by(&known, &one, &good), DMARC_BY_BOTH);
    assert_int_equal(dmarc_known_by(&known, &one, &silent), DMARC_BY_BOTH);
    assert_int_equal(dmarc_known_by(&known, &two, &silent), DMARC_BY_DKIM);
    assert_int_equal(dmarc_known_by(&known, &one, &gone), DMARC_BY_DKIM);
    assert_int_equal(dmarc_known_by(&known, &one, &silent), DMARC_BY_DKIM);
    for (uint32_t i = 0; i < 300; i++) { /* its list grows */
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        const struct watch_key key = {.lane = one.lane, .identity = text_of(name)};
        assert_int_equal(dmarc_known_by(&known, &key, i % 2 ? &good : &gone),
                         i % 2 ? DMARC_BY_BOTH : DMARC_BY_DKIM);
    }
    for (uint32_t i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        const struct watch_key key = {.lane = one.lane, .identity = text_of(name)};
        assert_int_equal(dmarc_known_by(&known, &key, &silent),
                         i % 2 ? DMARC_BY_BOTH : DMARC_BY_DKIM);
    }
    dmarc_known_clear(&known);
}

static void a_sweep_takes_no_negative_time(void **state)
{
    (void)state;
    static const struct {
        instant_us began, ended;
        span_us wanted;
    } rows[] = {{START, START + 7, 7}, {START, START, 0}, {START, START - SPAN_M(30), 0},
                {START, 0, 0},         {0, START, 0},     {0, 0, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct watching w = {.began = rows[i].began, .ended = rows[i].ended};
        assert_int_equal(watching_took(&w), rows[i].wanted);
    }
}

static void what_was_known_says_so_while_ses_cannot_be_read(void **state)
{
    (void)state;
    uint32_t row;
    enum watch_kind kind;
    const char *trouble[] = {"no keys"};
    struct sweeps s = {.rows = 3, .lanes = 1, .failed = "d1.test"};
    sweeps_begin(&s);
    sweep(&s);
    assert_int_equal(problems(&s, &row, &kind), 1);
    assert_int_equal(kind, WATCH_STATUS_FAILED);
    assert_non_null(strstr(s.watching.problems[0].reason, "FAILED"));
    until_next(&s);
    s.run.lanes.trouble = trouble;
    sweep(&s);
    s.run.lanes.trouble = NULL;
    assert_false(s.watching.has_looked);
    assert_int_equal(s.watching.problems[0].kind, WATCH_STATUS_FAILED);
    assert_int_equal(s.watching.problems[0].level, WATCH_CRITICAL);
    assert_non_null(strstr(s.watching.problems[0].reason, "an earlier look saw it"));
    sweeps_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_of_a_lane_cost_a_hundred_and_one_calls),
        cmocka_unit_test(a_sweep_without_dkim_is_as_cheap_as_ever),
        cmocka_unit_test(dkim_one_by_one_is_asked_as_seldom),
        cmocka_unit_test(ten_lanes_are_swept_side_by_side),
        cmocka_unit_test(an_unverified_identity_is_seen_whatever_the_size_of_its_lane),
        cmocka_unit_test(a_lane_where_version_1_is_refused_is_read_one_by_one),
        cmocka_unit_test(a_name_that_a_plan_refuses_is_not_well),
        cmocka_unit_test(a_lane_accepts_what_all_of_its_rows_accept),
        cmocka_unit_test(a_deleted_identity_is_missing_in_the_same_sweep),
        cmocka_unit_test(an_outage_of_dns_does_not_look_like_mail_that_fails),
        cmocka_unit_test(a_sweep_takes_no_negative_time),
        cmocka_unit_test(what_was_known_says_so_while_ses_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
