/*
 * The same keys in several Regions: what STS says in one is held against what it says in another.
 */
#include "preflight/enabled.h"
#include "unit.h"

#include <stdio.h>

enum { OPT_IN, VIRGINIA, IRELAND, LANES };

struct stand {
    struct fleet fleet;
    struct lanes lanes;
    struct wire_lane list[LANES];
    const char *trouble[LANES];
    struct probe callers[1], regions[LANES];
    struct enabled enabled;
};

static void stand_open(struct stand *s)
{
    static const char *const regions[LANES] = {"me-south-1", "us-east-1", "eu-west-1"};
    name_id account, region;
    uint16_t at, lane;
    memset(s, 0, sizeof *s);
    fleet_init(&s->fleet);
    assert_true(names_init(&s->fleet.names, 1u << 20));
    assert_true(names_add(&s->fleet.names, TEXT("main"), &account));
    assert_true(fleet_account(&s->fleet, (struct account){.name = account}, &at));
    for (int i = 0; i < LANES; i++) {
        assert_true(names_add(&s->fleet.names, text_of(regions[i]), &region));
        assert_true(fleet_lane(&s->fleet, at, region, &lane));
    }
    s->lanes = (struct lanes){.list = s->list, .len = LANES, .trouble = s->trouble};
    arena_init(&s->lanes.arena, SIZE_MAX);
    s->enabled = (struct enabled){&s->fleet, &s->lanes, s->callers, s->regions};
}

static void stand_close(struct stand *s)
{
    arena_clear(&s->lanes.arena);
    fleet_clear(&s->fleet);
}

/* An answer of STS: code "" names the account. */
static struct probe answer(uint16_t lane, const char *code)
{
    struct probe p = {.lane = lane, .kind = CALL_CALLER, .attempts_max = 2, .answered_at = 1};
    p.reply.how = REPLY_HTTP;
    p.verdict = *code ? VERDICT_DENIED : VERDICT_OK;
    p.account.caller_account = *code ? TEXT_NONE : TEXT("111122223333");
    snprintf(p.reply.code, sizeof p.reply.code, "%s", code);
    return p;
}

static void a_region_that_is_not_enabled_is_named_beside_one_that_is(void **state)
{
    (void)state;
    struct stand s;
    stand_open(&s);
    s.callers[0] = answer(OPT_IN, "InvalidClientTokenId");
    assert_false(enabled_wants(&s.enabled, VIRGINIA, false)); /* enabled in every account */
    assert_true(enabled_wants(&s.enabled, VIRGINIA, true));
    s.regions[VIRGINIA] = (struct probe){.lane = VIRGINIA, .attempts_max = 2};
    assert_false(enabled_wants(&s.enabled, IRELAND, true)); /* one is enough */
    s.regions[VIRGINIA] = answer(VIRGINIA, "");
    enabled_judge(&s.enabled);
    assert_non_null(s.trouble[OPT_IN]);
    assert_non_null(strstr(s.trouble[OPT_IN],
                           "Region me-south-1 seems not to be enabled for account "
                           "111122223333"));
    assert_non_null(strstr(s.trouble[OPT_IN], "takes the same keys in us-east-1"));
    assert_non_null(strstr(s.trouble[OPT_IN], "enable-region --region-name me-south-1"));
    assert_null(s.trouble[VIRGINIA]);
    assert_null(s.trouble[IRELAND]);
    assert_int_equal(s.callers[0].verdict, VERDICT_OK); /* the account goes on */
    stand_close(&s);
}

static void the_question_of_the_account_may_be_the_one_that_is_taken(void **state)
{
    (void)state;
    struct stand s;
    stand_open(&s);
    s.callers[0] = answer(VIRGINIA, "");
    assert_true(enabled_wants(&s.enabled, OPT_IN, false));
    s.regions[OPT_IN] = answer(OPT_IN, "UnrecognizedClientException");
    assert_false(enabled_wants(&s.enabled, IRELAND, true));
    enabled_judge(&s.enabled);
    assert_non_null(s.trouble[OPT_IN]);
    assert_null(s.trouble[VIRGINIA]);
    stand_close(&s);
}

static void without_a_region_that_takes_the_keys_nothing_is_claimed(void **state)
{
    (void)state;
    static const char *const codes[] = {"InvalidClientTokenId", "AccessDenied",
                                        "SignatureDoesNotMatch"};
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct stand s;
        stand_open(&s);
        s.callers[0] = answer(OPT_IN, codes[i]);
        s.regions[VIRGINIA] = answer(VIRGINIA, "InvalidClientTokenId");
        enabled_judge(&s.enabled);
        for (int lane = 0; lane < LANES; lane++)
            assert_null(s.trouble[lane]);
        assert_int_equal(enabled_doubt(&s.enabled, 0)[0] != '\0', i == 0);
        s.callers[0] = answer(VIRGINIA, codes[i]);
        assert_string_equal(enabled_doubt(&s.enabled, 0), "");
        stand_close(&s);
    }
}

static void another_refusal_is_not_taken_for_it(void **state)
{
    (void)state;
    struct stand s;
    stand_open(&s);
    s.callers[0] = answer(VIRGINIA, "");
    s.regions[OPT_IN] = answer(OPT_IN, "AccessDenied"); /* a policy of the organization */
    enabled_judge(&s.enabled);
    assert_null(s.trouble[OPT_IN]);
    stand_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_that_is_not_enabled_is_named_beside_one_that_is),
        cmocka_unit_test(the_question_of_the_account_may_be_the_one_that_is_taken),
        cmocka_unit_test(without_a_region_that_takes_the_keys_nothing_is_claimed),
        cmocka_unit_test(another_refusal_is_not_taken_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
