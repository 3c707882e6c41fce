#include "unit.h"

#include "wire/descriptors.h"

static const struct descriptor_share wishes[] = {
    {2, 16, 128, 100}, {64, 16, 128, 100}, {1, 1, 1, 1}, {8, 4, 30, 100}};

static void what_is_shared_is_never_more_than_there_is(void **state)
{
    (void)state;
    for (size_t w = 0; w < COUNT(wishes); w++)
        for (unsigned ses = 0; ses < 2; ses++) {
            const struct descriptor_share least = {1, 1, 1, 1}, *wish = &wishes[w];
            for (unsigned long free = 0; free < 6000; free++) {
                struct descriptor_share s = {0, 0, 0, 0};
                bool fits = descriptors_share(&s, wish, ses, free);
                assert_int_equal(fits, free >= descriptors_needed(&least, ses));
                if (!fits)
                    continue;
                assert_true(descriptors_needed(&s, ses) <= free);
                assert_between(s.carriers, 1, wish->carriers);
                assert_between(s.transfers, 1, wish->transfers);
                assert_between(s.questions, 1, wish->questions);
                assert_between(s.refreshers, 1, wish->refreshers);
            }
        }
}

static void enough_gives_all_that_is_wished_for(void **state)
{
    (void)state;
    for (size_t w = 0; w < COUNT(wishes); w++) {
        struct descriptor_share s;
        assert_true(descriptors_share(&s, &wishes[w], true, descriptors_needed(&wishes[w], true)));
        assert_memory_equal(&s, &wishes[w], sizeof s);
    }
}

static void a_usual_limit_leaves_little_to_be_wished(void **state)
{
    (void)state;
    struct descriptor_share s;
    assert_true(descriptors_share(&s, &wishes[0], true, 1024 - 10));
    assert_int_equal(s.carriers, 2);
    assert_true(s.transfers >= 50 && s.questions >= 50);
}

static void fewer_carriers_come_before_starved_ones(void **state)
{
    (void)state;
    struct descriptor_share s;
    assert_true(descriptors_share(&s, &wishes[1], true, 256));
    assert_true(s.carriers < 64 && s.transfers >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shared_is_never_more_than_there_is),
        cmocka_unit_test(enough_gives_all_that_is_wished_for),
        cmocka_unit_test(a_usual_limit_leaves_little_to_be_wished),
        cmocka_unit_test(fewer_carriers_come_before_starved_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
