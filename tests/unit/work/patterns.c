/* Which lanes a worker is meant for. */
#include "work/patterns.h"

#include "unit.h"

static void a_pattern_is_an_account_and_a_region(void **state)
{
    static const struct {
        const char *pattern, *words;
        bool fits;
    } cases[] = {
        {"main/us-east-1", "main/us-east-1", true},
        {"main/us-east-1", "main/us-east-12", false},
        {"main/*", "main/us-east-1", true},
        {"main/*", "domain/us-east-1", false},
        {"*", "main/us-east-1", true},
        {"*/*", "main/us-east-1", true},
        {"*/eu-*", "main/us-east-1", false},
        {"team-?/*-1", "team-a/ap-south-1", true},
        {"team-?/*-1", "team-/ap-south-1", false},
        {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaa/", false},
        {"", "main/us-east-1", false},
        {"main/us-east-1*", "main/us-east-1", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (pattern_fits(cases[i].pattern, text_of(cases[i].words)) != cases[i].fits)
            fail_msg("%s and %s", cases[i].pattern, cases[i].words);
}

static void an_account_is_known_by_name_and_by_number(void **state)
{
    const struct lane_name lane = {TEXT("team-a"), TEXT("111122223333"), TEXT("eu-west-1")};
    const struct lane_name whole = {.region = TEXT_NONE};
    const char *by_name[] = {"other/*", "team-a/*"}, *by_number[] = {"1111*/eu-west-1"};
    const char *other[] = {"team-b/*"}, *all[] = {"*/*"};
    (void)state;
    assert_true(patterns_fit(by_name, 2, &lane));
    assert_true(patterns_fit(by_number, 1, &lane));
    assert_false(patterns_fit(other, 1, &lane));
    assert_true(patterns_fit(NULL, 0, &lane));
    /* A run that publishes has no lane. */
    assert_true(patterns_fit(NULL, 0, &whole));
    assert_true(patterns_fit(all, 1, &whole));
    assert_false(patterns_fit(by_name, 2, &whole));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_is_an_account_and_a_region),
        cmocka_unit_test(an_account_is_known_by_name_and_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
