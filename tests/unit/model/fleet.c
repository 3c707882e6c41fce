#include "unit.h"

#include "base/bounds.h"
#include "crafted_names.h"
#include "model/fleet.h"
#include "model/fleet_index.h"

#include <math.h>
#include <stdio.h>

static name_id name(struct fleet *f, const char *text)
{
    name_id id;
    assert_true(names_add(&f->names, text_of(text), &id));
    return id;
}

static void setup(struct fleet *f)
{
    fleet_init(f);
    assert_true(names_init(&f->names, NAMES_BYTES_MAX));
}

static void an_empty_fleet_can_be_cleared_twice(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f);
    assert_true(f.max_failures.value < 0); /* no bound */
    fleet_clear(&f);
    fleet_clear(&f);
}

static void a_row_leads_to_all_its_texts(void **state)
{
    (void)state;
    struct fleet f;
    struct buf scratch;
    uint16_t account, lane, policy, file;
    uint32_t row;
    setup(&f);
    buf_init(&scratch, 1000);
    assert_true(fleet_account(&f, (struct account){.name = name(&f, "main")}, &account));
    assert_true(fleet_lane(&f, account, name(&f, "eu-west-1"), &lane));
    assert_true(fleet_policy(&f, (struct policy){.timeout_us = SPAN_H(72)}, &policy));
    assert_true(fleet_file(&f, TEXT("fleet.yaml"), &file));
    struct choice c = {name(&f, "example.com"),
                       name(&f, "b.example.com"),
                       lane,
                       policy,
                       file,
                       IDENTITY_DOMAIN,
                       0,
                       12,
                       5};
    assert_true(fleet_choice(&f, c, &row));
    assert_text(fleet_identity(&f, row), TEXT("example.com"));
    assert_text(fleet_mail_from(&f, row), TEXT("b.example.com"));
    assert_text(fleet_region(&f, row), TEXT("eu-west-1"));
    assert_text(fleet_account_name(&f, row), TEXT("main"));
    assert_true(fleet_policy_of(&f, row)->timeout_us == SPAN_H(72));
    assert_text(fleet_source(&f, row, &scratch), TEXT("fleet.yaml:12"));
    f.choices[row].line = 0;
    f.choices[row].mail_from = MAIL_FROM_DEFAULT;
    assert_text(fleet_source(&f, row, &scratch), TEXT(""));
    assert_text(fleet_mail_from(&f, row), TEXT(""));
    buf_clear(&scratch);
    fleet_clear(&f);
}

static void lanes_and_policies_are_shared_by_those_who_want_the_same(void **state)
{
    (void)state;
    struct fleet f;
    uint16_t a = 0, b = 0, c = 0;
    setup(&f);
    name_id us = name(&f, "us-east-1"), eu = name(&f, "eu-west-1");
    assert_true(fleet_lane(&f, 0, us, &a) && fleet_lane(&f, 0, eu, &b) &&
                fleet_lane(&f, 0, us, &c));
    assert_true(a == c && a != b);
    assert_true(fleet_lane(&f, 1, us, &c)); /* another account is another lane */
    assert_true(c != a);
    struct policy plain = {.timeout_us = SPAN_H(72)}, other = plain;
    other.accept = FINDING_BIT(SANDBOX);
    assert_true(fleet_policy(&f, plain, &a) && fleet_policy(&f, other, &b) &&
                fleet_policy(&f, plain, &c));
    assert_true(a == c && a != b);
    assert_int_equal(f.policies_len, 2);
    fleet_clear(&f);
}

static void a_hundred_thousand_rows_keep_their_order(void **state)
{
    (void)state;
    struct fleet f;
    char text[64];
    uint32_t row;
    setup(&f);
    for (uint32_t i = 0; i < 100000; i++) {
        snprintf(text, sizeof text, "d%u.example", i);
        assert_true(fleet_choice(&f, (struct choice){.identity = name(&f, text), .line = i}, &row));
        assert_int_equal(row, i);
    }
    for (uint32_t i = 0; i < 100000; i++)
        assert_int_equal(f.choices[i].line, i);
    assert_text(fleet_identity(&f, 99999), TEXT("d99999.example"));
    fleet_clear(&f);
}

static void lanes_are_bounded(void **state)
{
    (void)state;
    struct fleet f;
    uint16_t lane;
    setup(&f);
    for (uint16_t i = 0; i < LANES_MAX; i++)
        assert_true(fleet_lane(&f, i, NAME_NONE, &lane));
    assert_false(fleet_lane(&f, LANES_MAX, NAME_NONE, &lane));
    assert_true(fleet_lane(&f, 17, NAME_NONE, &lane)); /* those that are there still are */
    assert_int_equal(lane, 17);
    fleet_clear(&f);
}

static void numbers_beyond_what_a_manifest_may_say_do_not_fit(void **state)
{
    (void)state;
    static const double rates[] = {-1, 0.009, 1e-300, 10001, INFINITY, NAN};
    for (size_t i = 0; i < COUNT(rates); i++)
        assert_false(rate_fits(rates[i]));
    assert_true(rate_fits(0) && rate_fits(RATE_MIN) && rate_fits(RATE_MAX));
    static const struct quota quotas[] = {
        {true, 100.5},     {true, -0.1}, {true, NAN},    {false, -1},
        {false, INFINITY}, {false, NAN}, {false, 1e300}, {false, IDENTITIES_MAX + 1.0}};
    for (size_t i = 0; i < COUNT(quotas); i++)
        assert_false(quota_fits(quotas[i]));
    assert_true(quota_fits((struct quota){true, 100}) && quota_fits((struct quota){false, 0}));
}

static void a_rate_is_the_option_s_else_the_account_s_else_one(void **state)
{
    (void)state;
    static const struct {
        double option, account, want;
    } rows[] = {{0, 0, 1}, {0, 5, 5}, {0.5, 0, 0.5}, {0.5, 5, 0.5}, {20, 5, 20}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fleet f;
        uint16_t account = 0, lane = 0;
        setup(&f);
        assert_true(fleet_account(&f, (struct account){.rate_per_s = 77}, &account));
        assert_true(fleet_account(&f, (struct account){.rate_per_s = rows[i].account}, &account));
        assert_true(fleet_lane(&f, account, name(&f, "us-east-1"), &lane));
        assert_true(fleet_rate(&f, lane, rows[i].option) == rows[i].want);
        fleet_clear(&f);
    }
}

/* Who writes a manifest decides which identities are in which lanes, and knows their numbers. */
static void rows_chosen_to_meet_do_not_meet(void **state)
{
    (void)state;
    struct fleet f;
    struct fleet_index x;
    struct arena memory;
    char text[] = CRAFTED_NAME;
    uint32_t row, longest = 0, run = 0;
    setup(&f);
    arena_init(&memory, 1u << 20);
    for (uint32_t i = 0; i < CRAFTED_MANY; i++) {
        crafted_next(text, false);
        name(&f, text);
    }
    for (uint16_t lane = 0; f.choices_len < CRAFTED_MANY; lane++)
        for (name_id id = 1; id < f.names.len && f.choices_len < CRAFTED_MANY; id++)
            if (is_crafted(hash_mix(lane, id)))
                assert_true(fleet_choice(&f, (struct choice){.identity = id, .lane = lane}, &row));
    assert_true(fleet_index_init(&x, &memory, &f));
    assert_int_equal(x.slot_mask + 1, CRAFTED_PLACES);
    for (uint32_t i = 0; i <= x.slot_mask; i++) {
        run = x.slots[i] ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    assert_between(longest, 1, CRAFTED_RUN_MAX);
    arena_clear(&memory);
    fleet_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_fleet_can_be_cleared_twice),
        cmocka_unit_test(a_row_leads_to_all_its_texts),
        cmocka_unit_test(lanes_and_policies_are_shared_by_those_who_want_the_same),
        cmocka_unit_test(a_hundred_thousand_rows_keep_their_order),
        cmocka_unit_test(lanes_are_bounded),
        cmocka_unit_test(a_rate_is_the_option_s_else_the_account_s_else_one),
        cmocka_unit_test(numbers_beyond_what_a_manifest_may_say_do_not_fit),
        cmocka_unit_test(rows_chosen_to_meet_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
