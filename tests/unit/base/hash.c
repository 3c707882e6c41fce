#include "unit.h"

#include "base/hash.h"

static void jitter_depends_on_its_three_numbers_only(void **state)
{
    (void)state;
    double first = hash_unit(1, 2, 3);
    assert_true(first == hash_unit(1, 2, 3));
    assert_true(first != hash_unit(2, 2, 3));
    assert_true(first != hash_unit(1, 3, 3));
    assert_true(first != hash_unit(1, 2, 4));
    assert_true(first != hash_unit(1, 3, 2)); /* order matters */
}

/* Neighbouring jobs and attempts are what a fleet is made of; they must not move in step. With a
 * hundred bins of 10,000 expected hits the standard deviation is 100. */
static void jitter_is_spread_evenly(void **state)
{
    (void)state;
    unsigned jobs[100] = {0}, attempts[100] = {0};
    double sum = 0;
    for (uint64_t i = 0; i < 1000000; i++) {
        double u = hash_unit(42, i, 1), v = hash_unit(42, 7, i);
        assert_true(u >= 0 && u < 1 && v >= 0 && v < 1);
        jobs[(int)(u * 100)]++;
        attempts[(int)(v * 100)]++;
        sum += u * v;
    }
    for (int bin = 0; bin < 100; bin++) {
        assert_between(jobs[bin], 9400, 10600);
        assert_between(attempts[bin], 9400, 10600);
    }
    assert_true(sum / 1000000 > 0.248 && sum / 1000000 < 0.252); /* unrelated: 1/2 times 1/2 */
}

static void one_bit_of_input_changes_half_the_output(void **state)
{
    (void)state;
    unsigned char bytes[40] = {0};
    uint64_t plain = hash_bytes(bytes, sizeof bytes);
    for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        int changed = __builtin_popcountll(plain ^ hash_bytes(bytes, sizeof bytes));
        assert_between(changed, 12, 52);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

static void length_counts(void **state)
{
    (void)state;
    static const char zeros[64];
    for (size_t a = 0; a <= sizeof zeros; a++)
        for (size_t b = 0; b < a; b++)
            assert_true(hash_bytes(zeros, a) != hash_bytes(zeros, b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jitter_depends_on_its_three_numbers_only),
        cmocka_unit_test(jitter_is_spread_evenly),
        cmocka_unit_test(one_bit_of_input_changes_half_the_output),
        cmocka_unit_test(length_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
