/* What an inventory asks, in which time, and what becomes of it when SES misbehaves. */
#include "inventory_scene.h"

#include <inttypes.h>

static void every_row_is_right(struct scene *x, uint32_t lane, unsigned known)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    for (uint32_t i = 0; i < inventory_lane(x->v, lane)->rows_len; i++) {
        const struct inventory_row *row = inventory_row(x->v, lane, i);
        struct ses_facts f = facts_of(&arena, row->identity, known);
        assert_int_equal(row->known, known);
        assert_int_equal(row->verification, f.verification);
        assert_int_equal(row->status, f.status);
        assert_int_equal(row->behavior, f.behavior);
        assert_int_equal(row->forwarding, f.forwarding);
        assert_int_equal(row->dkim, f.dkim);
        assert_true(text_eq(row->mail_from, f.mail_from));
        assert_int_equal(number_of(row->identity), i);
    }
    arena_clear(&arena);
}

#define ALL_BUT_DKIM (KNOWN_VERIFICATION | KNOWN_MAIL_FROM | KNOWN_FORWARDING)
#define EVERYTHING   (ALL_BUT_DKIM | KNOWN_DKIM)
#define NOBODY       .poisoned = -1, .vanished = -1

static void ten_thousand_identities_are_410_calls_in_100_seconds(void **state)
{
    (void)state;
    const struct script script = {.identities = 10000, NOBODY};
    struct scene x;
    scene_open(&x, &script, 1, "",
               (struct inventory_options){.rate_per_s = 1, .dkim = DKIM_BY_BATCH});
    span_us took = scene_run(&x);
    assert_int_equal(x.seen[0].calls[CALL_CALLER][API_V1], 1);
    assert_int_equal(x.seen[0].calls[CALL_LIST][API_V1], 10);
    assert_int_equal(x.seen[0].calls[CALL_READ_VERIFICATION][API_V1], 100);
    assert_int_equal(x.seen[0].calls[CALL_READ_MAIL_FROM][API_V1], 100);
    assert_int_equal(x.seen[0].calls[CALL_READ_NOTIFICATION][API_V1], 100);
    assert_int_equal(x.seen[0].calls[CALL_READ_DKIM][API_V1], 100);
    assert_between(took, SPAN_S(99), SPAN_S(102));
    assert_int_equal(inventory_lane(x.v, 0)->rows_len, 10000);
    assert_int_equal(inventory_lane(x.v, 0)->read, 10000);
    every_row_is_right(&x, 0, EVERYTHING);
    assert_string_equal(inventory_account(x.v, 0)->number, "111122223333");
    scene_close(&x);
}

/* Without DKIM a lane is as whole as ever. */
static void dkim_is_read_beside_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        enum dkim_wish wish;
        enum api api;
        uint32_t batches, gets; /* at most so many, with those on their way */
        bool is_known;
        const char *gap;
    } table[] = {
        {{.identities = 950, NOBODY}, DKIM_BY_BATCH, API_V1, 10, 0, true, ""},
        {{.identities = 950, NOBODY}, DKIM_NOT_ASKED, API_V1, 0, 0, false, ""},
        {{.identities = 950, NOBODY}, DKIM_BY_IDENTITY, API_V1, 0, 950, true, ""},
        {{.identities = 950, NOBODY}, DKIM_NOT_ASKED, API_V2, 0, 950, true, ""},
        {{.identities = 950, .dkim_code = "AccessDenied", NOBODY},
         DKIM_BY_BATCH,
         API_V1,
         2,
         0,
         false,
         "GetIdentityDkimAttributes: AccessDenied: not for you: DKIM of all identities is not "
         "known "
         "(docs/PERMISSIONS.md)"},
        {{.identities = 950, .dkim_code = "Throttling", NOBODY},
         DKIM_BY_BATCH,
         API_V1,
         60,
         0,
         false,
         "GetIdentityDkimAttributes: Throttling: not for you: DKIM of some identities is not "
         "known"},
        {{.identities = 950, .dkim_code = "InvalidAction", NOBODY},
         DKIM_BY_BATCH,
         API_V1,
         2,
         0,
         false,
         ""},
        {{.identities = 950, .get_code = "AccessDeniedException", .advice_is_slow = true, NOBODY},
         DKIM_BY_IDENTITY,
         API_V1,
         10,
         2,
         true,
         "GetEmailIdentity: AccessDeniedException: not for you: DKIM is read by the batch; "
         "--dkim needs ses:GetEmailIdentity (docs/PERMISSIONS.md)"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct scene x;
        scene_open(&x, &table[i].script, 1, "",
                   (struct inventory_options){.rate_per_s = 5,
                                              .read_api = table[i].api,
                                              .dkim = table[i].wish,
                                              .with_advice = true});
        scene_run(&x);
        const struct inventory_lane *l = inventory_lane(x.v, 0);
        uint32_t batches = x.seen[0].calls[CALL_READ_DKIM][API_V1],
                 gets = x.seen[0].calls[CALL_GET][API_V2];
        bool is_cheap =
            table[i].script.dkim_code ? batches <= table[i].batches : batches == table[i].batches;
        if (l->phase != INVENTORY_DONE || l->read != 950 || l->unread || l->blind || !is_cheap ||
            gets > table[i].gets || strcmp(l->dkim_gap, table[i].gap) != 0)
            fail_msg("row %zu: phase %d, %u batches, %u one by one, \"%s\"", i, l->phase, batches,
                     gets, l->dkim_gap);
        every_row_is_right(&x, 0, table[i].is_known ? EVERYTHING : ALL_BUT_DKIM);
        scene_close(&x);
    }
}

static void what_only_ses_knows_costs_two_calls_and_a_page_a_hundred(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        uint32_t endpoints, accounts, pages, spf, others;
        const char *gap;
    } table[] = {
        {{.identities = 3, .advised = 250, NOBODY}, 1, 1, 3, 84, 166, ""},
        {{.identities = 3, .advised = 0, NOBODY}, 1, 1, 0, 0, 0, ""},
        {{.identities = 0, .advised = 250, NOBODY}, 0, 0, 0, 0, 0, ""},
        {{.identities = 3, .advised = 1, .advice_code = "AccessDeniedException", NOBODY},
         1,
         1,
         1,
         0,
         0,
         "AccessDeniedException: not for you"},
        {{.identities = 3, .advised = 1, .advice_code = "ThrottlingException", NOBODY},
         10,
         1,
         10,
         0,
         0,
         "throttled too often in a row: ThrottlingException: not for you"},
        {{.identities = 3, .advised = 1, .list_code = "AccessDenied", NOBODY}, 1, 1, 1, 1, 0, ""},
        {{.identities = 3, .advised = 1, .troubled = 3, NOBODY}, 1, 1, 1, 1, 0, ""},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct scene x;
        scene_open(&x, &table[i].script, 1, "",
                   (struct inventory_options){.rate_per_s = 10,
                                              .may_fall_back = true,
                                              .with_advice = true,
                                              .dkim = DKIM_BY_BATCH});
        scene_run(&x);
        const struct inventory_lane *l = inventory_lane(x.v, 0);
        assert_int_equal(l->phase, INVENTORY_DONE);
        if (x.seen[0].calls[CALL_ENDPOINTS][API_V2] != table[i].endpoints ||
            x.seen[0].calls[CALL_ACCOUNT][API_V2] != table[i].accounts ||
            x.seen[0].calls[CALL_ADVICE][API_V2] != table[i].pages)
            fail_msg("row %zu: %u, %u and %u calls", i, x.seen[0].calls[CALL_ENDPOINTS][API_V2],
                     x.seen[0].calls[CALL_ACCOUNT][API_V2], x.seen[0].calls[CALL_ADVICE][API_V2]);
        assert_int_equal(l->advice[ADVISOR_SPF], table[i].spf);
        assert_int_equal(l->advice[ADVISOR_OTHER], table[i].others);
        assert_int_equal(l->advice_known, table[i].spf > 0);
        assert_int_equal(l->endpoints_known, table[i].endpoints && !*table[i].gap);
        assert_int_equal(l->endpoints_len, l->endpoints_known);
        assert_true(strstr(l->endpoints_gap, table[i].gap) && strstr(l->advice_gap, table[i].gap));
        assert_int_equal(l->endpoints_gap[0] != '\0', *table[i].gap != '\0');
        every_row_is_right(&x, 0, EVERYTHING);
        scene_close(&x);
    }
}

static void tags_and_version_2_cost_a_call_an_identity(void **state)
{
    (void)state;
    const struct script script = {.identities = 1500, .poisoned = -1, .vanished = 7};
    const struct inventory_options wishes[] = {{.rate_per_s = 10, .with_tags = true},
                                               {.rate_per_s = 10, .read_api = API_V2}};
    for (size_t i = 0; i < COUNT(wishes); i++) {
        struct scene x;
        scene_open(&x, &script, 1, "", wishes[i]);
        span_us took = scene_run(&x);
        assert_int_equal(x.seen[0].calls[CALL_LIST][wishes[i].read_api], 2);
        assert_int_equal(x.seen[0].calls[CALL_GET][API_V2], 1500);
        assert_int_equal(x.seen[0].calls[CALL_READ_MAIL_FROM][API_V1], 0);
        assert_between(took, SPAN_S(150), SPAN_S(153));
        const struct inventory_row *row = inventory_row(x.v, 0, 1234);
        assert_int_equal(row->tags_len, 1);
        assert_true(text_eq(row->tags[0].value, TEXT("d1234.example")));
        assert_int_equal(inventory_row(x.v, 0, 7)->verification, VERIFICATION_NONE);
        scene_close(&x);
    }
}

/* How a lane ended. */
struct ended {
    enum inventory_phase phase;
    uint32_t rows, unread;
    const char *reason; /* its beginning */
    bool fell_back, blind;
};

static const struct inventory_options usual = {.rate_per_s = 50, .may_fall_back = true};

static void lane_ends(const char *title, struct script script, const char *guard,
                      struct inventory_options options, struct ended wanted)
{
    struct scene x;
    scene_open(&x, &script, 1, guard, options);
    scene_run(&x);
    const struct inventory_lane *l = inventory_lane(x.v, 0);
    if (l->phase != wanted.phase || l->fell_back != wanted.fell_back || l->blind != wanted.blind ||
        l->rows_len != wanted.rows || l->unread != wanted.unread ||
        !text_starts(text_of(l->reason), text_of(wanted.reason)))
        fail_msg("%s: phase %d, fell back %d, blind %d, %u rows, %u unread, \"%s\"", title,
                 l->phase, l->fell_back, l->blind, l->rows_len, l->unread, l->reason);
    scene_close(&x);
}

#define SCRIPT(len, ...) ((struct script){.identities = (len), NOBODY, __VA_ARGS__})
#define ALL(len)         ((struct ended){INVENTORY_DONE, (len), 0, "", false, false})
#define REFUSED(why)     ((struct ended){INVENTORY_REFUSED, 0, 0, (why), false, false})

static void trouble_that_passes_leaves_no_trace(void **state)
{
    (void)state;
    struct script poisoned = SCRIPT(250, .troubled = 0);
    poisoned.poisoned = 77;
    lane_ends("nothing there", SCRIPT(0, .troubled = 0), "", usual, ALL(0));
    lane_ends("throttled", SCRIPT(250, .troubled = 40, .trouble_code = "Throttling"), "", usual,
              ALL(250));
    lane_ends("answers lost", SCRIPT(250, .troubled = 5), "", usual, ALL(250));
    lane_ends("an old token", SCRIPT(2500, .old_tokens = 3), "", usual, ALL(2500));
    lane_ends("no token lives", SCRIPT(2500, .old_tokens = 99), "", usual,
              REFUSED("ListIdentities: InvalidNextTokenException"));
    lane_ends("a page that leads to itself", SCRIPT(2500, .list = CIRCLES), "", usual,
              REFUSED("ListIdentities: SES's pages of the list do not end"));
    lane_ends("always one page more", SCRIPT(2500, .list = GOES_ON), "", usual,
              REFUSED("ListIdentities: SES's pages of the list do not end"));
    lane_ends("never there", SCRIPT(5, .troubled = 1000), "", usual, REFUSED("ListIdentities: "));
    lane_ends("one name that SES will not have", poisoned, "", usual,
              (struct ended){INVENTORY_DONE, 250, 3, "GetIdentity", false, false});
}

static void what_iam_refuses_is_read_otherwise_or_said(void **state)
{
    (void)state;
    const char *denied = "AccessDenied";
    struct inventory_options v1 = usual, tags = usual;
    v1.may_fall_back = false;
    tags.with_tags = true;
    lane_ends("no list", SCRIPT(250, .list_code = denied), "", usual,
              (struct ended){INVENTORY_DONE, 250, 0, "", true, false});
    lane_ends("no read", SCRIPT(2500, .read_code = denied), "", usual,
              (struct ended){INVENTORY_DONE, 2500, 0, "", true, false});
    lane_ends("no list, and v1 was asked for", SCRIPT(250, .list_code = denied), "", v1,
              REFUSED("ListIdentities: AccessDenied: not for you"));
    lane_ends("no read, and v1 was asked for", SCRIPT(250, .read_code = denied), "", v1,
              REFUSED("GetIdentity"));
    lane_ends("forwarding is not told", SCRIPT(2500, .forwarding_code = denied), "", usual,
              (struct ended){INVENTORY_DONE, 2500, 0, "GetIdentityNotificationAttributes: AccessD",
                             false, true});
    lane_ends("a Region that is not enabled", SCRIPT(250, .list_code = "OptInRequired"), "", usual,
              REFUSED("ListIdentities: OptInRequired"));
    lane_ends("nothing one by one", SCRIPT(250, .get_code = "AccessDeniedException"), "", tags,
              REFUSED("GetEmailIdentity: AccessDenied"));
}

static void an_account_is_read_only_with_the_right_credentials(void **state)
{
    (void)state;
    const char *right = "111122223333", *wrong = "444455556666";
    lane_ends("credentials of nobody", SCRIPT(5, .caller_code = "InvalidClientTokenId"), "", usual,
              REFUSED("GetCallerIdentity: InvalidClientTokenId: not for you"));
    lane_ends("no STS, and nobody needs it", SCRIPT(5, .caller_code = "Whatever"), "", usual,
              ALL(5));
    lane_ends("no STS, and a guard needs it", SCRIPT(5, .caller_code = "Whatever"), right, usual,
              REFUSED("GetCallerIdentity: Whatever"));
    lane_ends("the right account", SCRIPT(5, .troubled = 0), right, usual, ALL(5));
    lane_ends("another account", SCRIPT(5, .troubled = 0), wrong, usual,
              REFUSED("the credentials belong to account 111122223333 "
                      "(arn:aws:iam::111122223333:user/me), the manifest says account_id "
                      "444455556666"));
}

static void a_lane_that_is_refused_holds_nobody_up(void **state)
{
    (void)state;
    const struct script scripts[] = {
        {.identities = 900, NOBODY},
        {.identities = 900, NOBODY, .list_code = "AccessDenied"},
        {.identities = 900, NOBODY, .troubled = 100000},
        {.identities = 900, NOBODY},
    };
    struct scene x;
    scene_open(&x, scripts, COUNT(scripts), "", (struct inventory_options){.rate_per_s = 1});
    while (inventory_lane(x.v, 0)->phase != INVENTORY_DONE ||
           inventory_lane(x.v, 3)->phase != INVENTORY_DONE)
        turn(&x);
    assert_between(x.now - START, SPAN_S(8), SPAN_S(11));
    scene_run(&x);
    assert_int_equal(inventory_lane(x.v, 1)->phase, INVENTORY_REFUSED);
    assert_int_equal(inventory_lane(x.v, 2)->phase, INVENTORY_REFUSED);
    every_row_is_right(&x, 0, ALL_BUT_DKIM);
    every_row_is_right(&x, 3, ALL_BUT_DKIM);
    scene_close(&x);
}

static void a_lane_that_is_closed_is_never_called_and_its_account_is_asked_by_another(void **state)
{
    (void)state;
    const struct script both[] = {{.identities = 5, NOBODY}, {.identities = 5, NOBODY}};
    struct scene x;
    scene_open(&x, both, 2, "", usual);
    x.fleet.lanes[1].account = 0; /* both lanes are of one account */
    inventory_clear(x.v);
    x.v = inventory_new(&x.memory, &x.fleet, &usual);
    inventory_close_lane(x.v, 0, "there is no such endpoint");
    scene_run(&x);
    for (int kind = 0; kind < CALL_KINDS; kind++)
        assert_int_equal(x.seen[0].calls[kind][API_V1] + x.seen[0].calls[kind][API_V2], 0);
    assert_int_equal(inventory_lane(x.v, 0)->phase, INVENTORY_REFUSED);
    assert_string_equal(inventory_lane(x.v, 0)->reason, "there is no such endpoint");
    assert_int_equal(inventory_lane(x.v, 1)->rows_len, 5);
    scene_close(&x);
}

static void account_opened(struct scene *x, const struct script *scripts,
                           const char *const *regions, uint32_t lanes)
{
    scene_open(x, scripts, lanes, "", usual);
    for (uint32_t i = 0; i < lanes; i++) {
        x->fleet.lanes[i].account = 0;
        assert_true(names_add(&x->fleet.names, text_of(regions[i]), &x->fleet.lanes[i].region));
    }
    inventory_clear(x->v);
    x->v = inventory_new(&x->memory, &x->fleet, &usual);
}

static void a_region_that_is_not_enabled_does_not_speak_for_the_account(void **state)
{
    static const struct {
        const char *regions[3], *codes[3]; /* of STS and of SES; NULL: keys are taken */
        uint32_t asked[3];                 /* of STS */
        bool read[3];
    } rows[] = {
        {{"af-south-1", "us-east-1", "eu-west-1"},
         {"InvalidClientTokenId", NULL, NULL},
         {0, 1, 0},
         {false, true, true}},
        {{"af-south-1", "me-south-1", "il-central-1"},
         {"InvalidClientTokenId", "OptInRequired", NULL},
         {1, 1, 1},
         {false, false, true}},
        {{"af-south-1", "me-south-1", "il-central-1"},
         {"UnrecognizedClientException", "InvalidClientTokenId", "InvalidClientTokenId"},
         {1, 1, 1},
         {false, false, false}},
        {{"us-east-1", "eu-west-1", "us-west-2"}, /* there the keys themselves are wrong */
         {"InvalidClientTokenId", NULL, NULL},
         {1, 0, 0},
         {false, false, false}},
    };
    (void)state;
    for (size_t r = 0; r < COUNT(rows); r++) {
        struct script scripts[3];
        struct scene x;
        for (int i = 0; i < 3; i++)
            scripts[i] = SCRIPT(5, .caller_code = rows[r].codes[i], .list_code = rows[r].codes[i]);
        account_opened(&x, scripts, rows[r].regions, 3);
        scene_run(&x);
        for (uint32_t i = 0; i < 3; i++) {
            const struct inventory_lane *l = inventory_lane(x.v, i);
            assert_int_equal(x.seen[i].calls[CALL_CALLER][API_V1], rows[r].asked[i]);
            assert_int_equal(l->phase == INVENTORY_DONE, rows[r].read[i]);
            if (rows[r].codes[i])
                assert_non_null(strstr(l->reason, rows[r].codes[i]));
            if (rows[r].codes[i] && r < 3)
                assert_string_equal(l->no_keys, rows[r].codes[i]);
        }
        scene_close(&x);
    }
}

static bool is_even(void *ctx, struct text identity)
{
    (void)ctx;
    return number_of(identity) % 2 == 0;
}

static void what_is_not_wanted_is_not_read(void **state)
{
    (void)state;
    const struct script script = {.identities = 1000, NOBODY};
    struct scene x;
    scene_open(&x, &script, 1, "", (struct inventory_options){.rate_per_s = 1, .wanted = is_even});
    scene_run(&x);
    assert_int_equal(x.seen[0].calls[CALL_READ_MAIL_FROM][API_V1], 5);
    assert_int_equal(inventory_lane(x.v, 0)->listed, 1000);
    assert_int_equal(inventory_lane(x.v, 0)->rows_len, 500);
    scene_close(&x);
}

static void many_calls_are_out_when_the_rate_is_high(void **state)
{
    (void)state;
    const struct script script = {.identities = 5000, NOBODY};
    struct scene x;
    scene_open(&x, &script, 1, "",
               (struct inventory_options){.rate_per_s = 10000, .with_tags = true});
    scene_run(&x);
    assert_int_equal(x.seen[0].calls[CALL_GET][API_V2], 5000);
    assert_between(x.out_most, 200, INVENTORY_CALLS_MAX);
    scene_close(&x);
}

/* None that passes with time: throttled for ever, a lane waits for ever. */
static const char *any_code(uint64_t *seed)
{
    static const char *const codes[] = {"AccessDenied", "AccessDeniedException", "InvalidAction",
                                        "InvalidClientTokenId"};
    return dice(seed) % 3 ? NULL : codes[dice(seed) % COUNT(codes)];
}

static struct script any_script(uint64_t *seed)
{
    static const uint32_t sizes[] = {0, 1, 99, 100, 250, 1001};
    return (struct script){.identities = sizes[dice(seed) % COUNT(sizes)],
                           .read_code = any_code(seed),
                           .forwarding_code = any_code(seed),
                           .dkim_code = dice(seed) % 5 ? any_code(seed) : "Throttling",
                           .get_code = any_code(seed),
                           .advice_code = any_code(seed),
                           .troubled = (uint32_t)(dice(seed) % 4),
                           .trouble_code = any_code(seed),
                           .poisoned = (int)(dice(seed) % 200) - 100,
                           .vanished = (int)(dice(seed) % 200) - 100,
                           .advised = (uint32_t)(dice(seed) % 2 * 250),
                           .old_tokens = (uint32_t)(dice(seed) % 3)};
}

/* Whatever is refused, and in whichever order answers come back. */
static void each_lane_comes_to_an_end(void **state)
{
    (void)state;
    for (uint64_t first = 1; first <= 1500; first++) {
        uint64_t seed = first * 0x9e3779b97f4a7c15u;
        const struct script scripts[] = {any_script(&seed), any_script(&seed)};
        const struct inventory_options options = {.rate_per_s = dice(&seed) % 2 ? 200 : 5,
                                                  .read_api = dice(&seed) % 4 ? API_V1 : API_V2,
                                                  .may_fall_back = dice(&seed) % 2,
                                                  .with_tags = dice(&seed) % 4 == 0,
                                                  .dkim = (enum dkim_wish)(dice(&seed) % 3),
                                                  .with_advice = dice(&seed) % 4 != 0};
        struct scene x;
        scene_open(&x, scripts, 2, "", options);
        x.order = seed;
        for (int turns = 0; !inventory_is_done(x.v) || x.out_len; turns++) {
            bool is_stuck = x.out_len == 0 && inventory_wake(x.v) == WHEN_NEVER && turns > 1;
            if (turns == TURNS_MAX || is_stuck)
                fail_msg("seed %" PRIu64 ": no end after %d turns", first, turns);
            turn(&x);
        }
        for (uint32_t i = 0; i < 2; i++) {
            const struct inventory_lane *l = inventory_lane(x.v, i);
            bool is_whole = l->phase == INVENTORY_DONE && (l->read == l->rows_len || l->unread);
            if (!is_whole && !(l->phase == INVENTORY_REFUSED && l->reason[0]))
                fail_msg("seed %" PRIu64 ": lane %u: phase %d, %u + %u of %u", first, i, l->phase,
                         l->read, l->unread, l->rows_len);
        }
        assert_int_equal(inventory_calls_out(x.v), 0);
        scene_close(&x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_identities_are_410_calls_in_100_seconds),
        cmocka_unit_test(dkim_is_read_beside_or_not_at_all),
        cmocka_unit_test(what_only_ses_knows_costs_two_calls_and_a_page_a_hundred),
        cmocka_unit_test(tags_and_version_2_cost_a_call_an_identity),
        cmocka_unit_test(trouble_that_passes_leaves_no_trace),
        cmocka_unit_test(what_iam_refuses_is_read_otherwise_or_said),
        cmocka_unit_test(an_account_is_read_only_with_the_right_credentials),
        cmocka_unit_test(a_lane_that_is_refused_holds_nobody_up),
        cmocka_unit_test(a_lane_that_is_closed_is_never_called_and_its_account_is_asked_by_another),
        cmocka_unit_test(a_region_that_is_not_enabled_does_not_speak_for_the_account),
        cmocka_unit_test(what_is_not_wanted_is_not_read),
        cmocka_unit_test(many_calls_are_out_when_the_rate_is_high),
        cmocka_unit_test(each_lane_comes_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
