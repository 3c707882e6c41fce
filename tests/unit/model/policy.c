/* The table of a policy's settings: every member is in it, and what is put is got. */
#include "unit.h"

#include "model/policy.h"

static void every_member_has_a_row(void **state)
{
    struct policy p;
    (void)state;
    memset(&p, 0, sizeof p);
    for (int i = 0; i < POLICY_FIELDS; i++)
        policy_put(&p, &policy_fields[i], UINT64_MAX);
    for (size_t i = 0; i < sizeof p; i++)
        if (((const unsigned char *)&p)[i] != 0xff)
            fail_msg("byte %zu of a policy is in no row", i);
}

static void what_is_put_is_got_and_makes_policies_differ(void **state)
{
    (void)state;
    for (int i = 0; i < POLICY_FIELDS; i++) {
        const struct policy_field *field = &policy_fields[i];
        struct policy p = {.timeout_us = SPAN_H(72), .mx_region = 7}, q = p;
        uint64_t value = field->type == POLICY_WORD ? field->most : 12345;
        policy_put(&q, field, value);
        assert_int_equal(policy_get(&q, field), value);
        if (policy_eq(&p, &q) || !policy_eq(&q, &q))
            fail_msg("row %d makes no difference", i);
        for (int k = 0; k < POLICY_FIELDS; k++)
            if (k != i)
                assert_int_equal(policy_get(&q, &policy_fields[k]),
                                 policy_get(&p, &policy_fields[k]));
    }
}

static void words_are_those_of_manifests(void **state)
{
    static const struct {
        const char *key, *word;
        uint64_t value;
    } rows[] = {
        {"behavior", "USE_DEFAULT_VALUE", BEHAVIOR_USE_DEFAULT_VALUE},
        {"behavior", "REJECT_MESSAGE", BEHAVIOR_REJECT_MESSAGE},
        {"behavior", "RejectMessage", BEHAVIOR_REJECT_MESSAGE},
        {"require", "mx+spf", REQUIRE_MX_SPF},
        {"require", "mx", REQUIRE_MX},
        {"require", "none", REQUIRE_NONE},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int k = 0; k < POLICY_FIELDS; k++) {
            const struct policy_field *field = &policy_fields[k];
            uint64_t value = 99;
            if (!policy_word(field, SPELLING_V2, 0))
                continue;
            bool is_it = strcmp(field->key, rows[i].key) == 0;
            assert_int_equal(policy_word_parse(field, text_of(rows[i].word), &value), is_it);
            assert_true(!is_it || value == rows[i].value);
            assert_false(policy_word_parse(field, TEXT("MX"), &value));
            assert_false(policy_word_parse(field, TEXT_NONE, &value));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_has_a_row),
        cmocka_unit_test(what_is_put_is_got_and_makes_policies_differ),
        cmocka_unit_test(words_are_those_of_manifests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
