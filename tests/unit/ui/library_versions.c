/* Which versions of a library count as tried, by a table of the test's own. */
#include "unit.h"

#include "ui/tried.h"

const struct tried_row tried_rows[] = {
    {"alpha", "1.18.1", "1.34"},
    {"beta", "3.0.0", "3.0.0"},
    {NULL, NULL, NULL},
};

static void versions_are_compared_part_by_part(void **state)
{
    (void)state;
    static const struct {
        const char *library, *version, *complaint; /* "": none */
    } rows[] = {
        {"alpha", "1.18.1", ""},
        {"alpha", "1.18.10", ""},
        {"alpha", "1.34", ""},
        {"alpha", "1.34.99", ""},
        {"alpha", "1.9.9", "alpha 1.9.9 is older than 1.18.1, the least that was tried"},
        {"alpha", "1.18.0", "alpha 1.18.0 is older than 1.18.1, the least that was tried"},
        {"alpha", "1.18", "alpha 1.18 is older than 1.18.1, the least that was tried"},
        {"alpha", "1.35.0", "alpha 1.35.0 is newer than 1.34, the greatest that was tried"},
        {"alpha", "2.0", "alpha 2.0 is newer than 1.34, the greatest that was tried"},
        {"alpha", "1.100.0", "alpha 1.100.0 is newer than 1.34, the greatest that was tried"},
        {"beta", "3.0.0", ""},
        {"beta", "3.0.1", "beta 3.0.1 is newer than 3.0.0, the greatest that was tried"},
        {"gamma", "1.0", "no version of gamma was tried"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char complaint[COMPLAINT_LEN];
        bool tried = version_is_tried(rows[i].library, rows[i].version, complaint);
        assert_string_equal(complaint, rows[i].complaint);
        assert_int_equal(tried, rows[i].complaint[0] == '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(versions_are_compared_part_by_part)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
