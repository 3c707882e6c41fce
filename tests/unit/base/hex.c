#include "unit.h"

#include "base/hex.h"

static void bytes_come_back_from_their_digits(void **state)
{
    (void)state;
    unsigned char bytes[256], back[256];
    char hex[2 * sizeof bytes + 1];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    hex_write(bytes, sizeof bytes, hex);
    assert_true(text_starts(text_of(hex), TEXT("000102030405060708090a0b")));
    assert_true(hex_read(text_of(hex), back, sizeof back));
    assert_memory_equal(bytes, back, sizeof bytes);
}

static void other_lengths_and_characters_are_refused(void **state)
{
    (void)state;
    unsigned char out[2];
    static const char *const wrong[] = {"", "00", "000", "00000", "0G00", "00-1", "AB00", " 000"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_false(hex_read(text_of(wrong[i]), out, sizeof out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_back_from_their_digits),
        cmocka_unit_test(other_lengths_and_characters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
