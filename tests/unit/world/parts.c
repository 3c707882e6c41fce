/* The parts of the simulated world: SES's door, faults by name, and bounds. */
#include "unit.h"

#include "base/bounds.h"
#include "world/ses_door.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>

#define START SPAN_H(500000)

/* The door */

struct door {
    struct ses_model m;
    uint16_t lane;
    struct call *call;
};

static void door_open(struct door *d, double burst, unsigned identities)
{
    struct ses_rules rules = ses_rules_default();
    struct ses_facts facts = {.verification = VERIFICATION_SUCCESS, .forwarding = true};
    rules.burst = burst;
    assert_int_equal(ses_model_init(&d->m, &rules, 3000, NULL), OK);
    assert_true(ses_model_lane(&d->m, TEXT("111122223333"), TEXT("us-east-1"), &d->lane));
    for (unsigned i = 0; i < identities; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        assert_int_equal(ses_model_add(&d->m, d->lane, text_of(name), &facts, START, NULL), OK);
    }
    d->call = calloc(1, sizeof *d->call);
    assert_non_null(d->call);
    arena_init(&d->call->arena, 1u << 20);
}

static void door_close(struct door *d)
{
    arena_clear(&d->call->arena);
    free(d->call);
    ses_model_clear(&d->m);
}

static const struct call *serve(struct door *d, enum call_kind kind, enum api api,
                                const char *identity)
{
    call_answer_reset(d->call);
    d->call->kind = kind;
    d->call->api = api;
    d->call->count = 1;
    d->call->identities[0] = text_of(identity);
    ses_door_serve(&d->m, d->lane, d->call, START);
    return d->call;
}

static void the_door_tells_of_an_identity_what_was_asked(void **state)
{
    (void)state;
    static const struct {
        enum call_kind kind;
        enum api api;
        const char *identity;
        int status;
        unsigned known;
    } rows[] = {
        {CALL_READ_VERIFICATION, API_V1, "d1.example", 200, KNOWN_VERIFICATION},
        {CALL_READ_MAIL_FROM, API_V1, "d1.example", 200, KNOWN_MAIL_FROM},
        {CALL_READ_NOTIFICATION, API_V1, "d1.example", 200, KNOWN_FORWARDING},
        {CALL_READ_NOTIFICATION, API_V1, "gone.example", 200, KNOWN_FORWARDING},
        {CALL_GET, API_V2, "d1.example", 200,
         KNOWN_VERIFICATION | KNOWN_MAIL_FROM | KNOWN_FORWARDING},
        {CALL_GET, API_V2, "gone.example", 404, 0},
    };
    struct door d;
    door_open(&d, 100, 2);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct call *c = serve(&d, rows[i].kind, rows[i].api, rows[i].identity);
        bool is_there = strcmp(rows[i].identity, "d1.example") == 0;
        assert_int_equal(c->reply.http_status, rows[i].status);
        if (rows[i].status == 200) {
            assert_int_equal(c->facts[0].known & rows[i].known, rows[i].known);
            assert_int_equal(c->facts[0].forwarding, is_there);
            assert_int_equal(c->facts[0].verification,
                             is_there ? VERIFICATION_SUCCESS : VERIFICATION_NONE);
        }
    }
    door_close(&d);
}

static void accounts_at_the_door_may_send(void **state)
{
    (void)state;
    static const struct {
        enum call_kind kind;
        enum api api;
    } rows[] = {{CALL_ACCOUNT, API_V1}, {CALL_ACCOUNT, API_V2}, {CALL_QUOTA, API_V1}};
    struct door d;
    door_open(&d, 1, 0);
    for (size_t i = 0; i < COUNT(rows); i++) { /* each by a bucket of its own */
        const struct call *c = serve(&d, rows[i].kind, rows[i].api, "");
        assert_int_equal(c->reply.http_status, 200);
        assert_true(c->account.sending_enabled && c->account.production_access);
    }
    door_close(&d);
}

static void a_refusal_carries_the_code_of_its_api(void **state)
{
    (void)state;
    static const struct {
        enum api api;
        const char *mail_from;
        int status[2]; /* of the first and, with a bucket of one token, of the second */
        const char *code[2];
    } rows[] = {
        {API_V1, "elsewhere.test", {400, 400}, {"InvalidParameterValue", "Throttling"}},
        {API_V2, "elsewhere.test", {400, 429}, {"BadRequestException", "TooManyRequestsException"}},
        {API_V1, "m.d0.example", {200, 400}, {"", "Throttling"}},
        {API_V2, "m.d0.example", {200, 429}, {"", "TooManyRequestsException"}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct door d;
        door_open(&d, 1, 1);
        for (int second = 0; second < 2; second++) {
            d.call->mail_from = text_of(rows[i].mail_from);
            const struct call *c = serve(&d, CALL_SET, rows[i].api, "d0.example");
            assert_int_equal(c->reply.http_status, rows[i].status[second]);
            assert_string_equal(c->reply.code, rows[i].code[second]);
            assert_int_equal(c->reply.message[0] == '\0', c->reply.http_status == 200);
        }
        door_close(&d);
    }
}

static void a_listing_comes_page_by_page_and_by_its_own_tokens_only(void **state)
{
    (void)state;
    static const char *const foreign[] = {"x", "nonsense", "00000001/",
                                          "zzzzzzzz/0123456789abcdef+=="};
    struct door d;
    char token[64] = "";
    uint32_t listed = 0, pages = 0;
    door_open(&d, 100, 2500);
    for (; pages == 0 || token[0]; pages++) {
        d.call->token = text_of(token);
        const struct call *c = serve(&d, CALL_LIST, pages % 2 ? API_V1 : API_V2, "");
        assert_int_equal(c->reply.http_status, 200);
        for (uint32_t i = 0; i < c->listed_len; i++) {
            char name[32];
            snprintf(name, sizeof name, "d%u.example", listed++);
            assert_text(c->listed[i], text_of(name));
        }
        snprintf(token, sizeof token, TEXT_FMT, TEXT_ARG(c->next_token));
    }
    assert_int_equal(listed, 2500);
    assert_int_equal(pages, 3);
    for (size_t i = 0; i < COUNT(foreign); i++) {
        d.call->token = text_of(foreign[i]);
        const struct call *c = serve(&d, CALL_LIST, API_V2, "");
        assert_int_equal(c->reply.http_status, 400);
        assert_string_equal(c->reply.code, "InvalidNextTokenException");
    }
    door_close(&d);
}

/* Bounds of the model */

static void the_model_of_ses_has_bounds_and_says_so(void **state)
{
    (void)state;
    struct ses_model m;
    struct ses_rules rules = ses_rules_default();
    struct ses_facts facts = {.verification = VERIFICATION_SUCCESS};
    struct why why = {""};
    uint16_t lane;
    char region[32];
    assert_int_equal(ses_model_init(&m, &rules, IDENTITIES_MAX + 1, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "4000000"));
    assert_int_equal(ses_model_init(&m, &rules, 1, &why), OK);
    for (unsigned i = 0; i < LANES_MAX; i++) {
        snprintf(region, sizeof region, "region-%u", i);
        assert_true(ses_model_lane(&m, TEXT("111122223333"), text_of(region), &lane));
        assert_int_equal(lane, i);
    }
    assert_false(ses_model_lane(&m, TEXT("111122223333"), TEXT("one-too-many"), &lane));
    assert_true(ses_model_lane(&m, TEXT("111122223333"), text_of(region), &lane));
    assert_int_equal(lane, LANES_MAX - 1);
    assert_int_equal(ses_model_add(&m, lane, TEXT("a.example"), &facts, START, &why), OK);
    assert_int_equal(ses_model_add(&m, lane, TEXT("b.example"), &facts, START, &why), ERR_LIMIT);
    ses_model_clear(&m);
}

/* Faults */

static void faults_are_read_by_name_and_share(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        enum fault kind;
        double share;
        const char *says; /* NULL: it is good */
    } rows[] = {
        {"throttle=0.02", FAULT_THROTTLE, 0.02, NULL},
        {"throttle=1,lost-after=0.5", FAULT_LOST_AFTER, 0.5, NULL},
        {"dns-servfail=0", FAULT_DNS_SERVFAIL, 0, NULL},
        {"", FAULT_LATE, 0, NULL},
        {"gremlins=1", 0, 0, "there is no fault \"gremlins\""},
        {"late", 0, 0, "fault late: expected a share from 0 to 1, found \"\""},
        {"late=", 0, 0, "found \"\""},
        {"late=1.01", 0, 0, "found \"1.01\""},
        {"late=-0.1", 0, 0, "found \"-0.1\""},
        {"late=0.1x", 0, 0, "found \"0.1x\""},
        {"late=nan", 0, 0, "found \"nan\""},
        {"late=0.00000000000000000000000000000001", 0, 0, "expected a share"},
        {"late=0.1,,", 0, 0, "there is no fault \"\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct faults f = {.seed = 1};
        struct why why = {""};
        enum err err = faults_parse(&f, text_of(rows[i].spec), &why);
        if (err != (rows[i].says ? ERR_INPUT : OK) ||
            !strstr(why.text, rows[i].says ? rows[i].says : ""))
            fail_msg("\"%s\": %d, \"%s\"", rows[i].spec, (int)err, why.text);
        if (!rows[i].says)
            assert_true(f.share[rows[i].kind] == rows[i].share);
    }
}

static void faults_hit_as_often_as_was_asked_and_alike_each_time(void **state)
{
    (void)state;
    static const double shares[] = {0, 0.01, 0.5, 1};
    for (size_t i = 0; i < COUNT(shares); i++) {
        struct faults f = {.seed = 3};
        double hits = 0;
        f.share[FAULT_LATE] = shares[i];
        for (uint64_t n = 0; n < 10000; n++) {
            hits += fault_hits(&f, FAULT_LATE, n);
            assert_int_equal(fault_hits(&f, FAULT_LATE, n), fault_hits(&f, FAULT_LATE, n));
            assert_false(fault_hits(&f, FAULT_STALE, n));
        }
        assert_true(hits >= 10000 * shares[i] * 0.8 && hits <= 10000 * shares[i] * 1.2);
    }
}

static void what_waits_for_nothing_is_told_to_be_stuck(void **state)
{
    (void)state;
    struct fleet fleet;
    struct event event;
    struct why why = {""};
    struct world_options options = {
        .start = START, .ses = ses_rules_default(), .identities_max = 1};
    fleet_init(&fleet);
    struct world *w = world_new(&options, &fleet, (struct world_keeper){NULL, NULL}, &why);
    assert_non_null(w);
    struct io io = world_io(w);
    assert_int_equal(io.wait(io.world, START + SPAN_H(1), &event, 1), 0);
    assert_int_equal(io.now(io.world), START + SPAN_H(1));
    assert_null(io.keep); /* nobody keeps for it */
    assert_false(world_is_stuck(w));
    assert_int_equal(io.wait(io.world, WHEN_NEVER, &event, 1), 1);
    assert_int_equal(event.kind, EVENT_ABORT);
    assert_true(world_is_stuck(w));
    world_free(w);
    world_free(NULL);
    fleet_clear(&fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_door_tells_of_an_identity_what_was_asked),
        cmocka_unit_test(accounts_at_the_door_may_send),
        cmocka_unit_test(a_refusal_carries_the_code_of_its_api),
        cmocka_unit_test(a_listing_comes_page_by_page_and_by_its_own_tokens_only),
        cmocka_unit_test(the_model_of_ses_has_bounds_and_says_so),
        cmocka_unit_test(faults_are_read_by_name_and_share),
        cmocka_unit_test(faults_hit_as_often_as_was_asked_and_alike_each_time),
        cmocka_unit_test(what_waits_for_nothing_is_told_to_be_stuck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
