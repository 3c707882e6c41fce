/*
 * A c-ares that remembers answers, loaded by a program that was built with one that does not: the
 * test's own ares_version stands before the library's.
 */
#include "unit.h"

#include "wire/cares.h"

#include <ares.h>

#define QUERY_CACHE_SINCE 0x011f00

static int loaded;

const char *ares_version(int *version)
{
    if (version)
        *version = loaded;
    return "LOADED";
}

static void a_library_whose_cache_stays_on_is_refused(void **state)
{
    (void)state;
    struct why why = {""};
    bool can_turn_off = ARES_VERSION >= QUERY_CACHE_SINCE;
    loaded = QUERY_CACHE_SINCE;
    assert_int_equal(cares_library_open(&why), can_turn_off ? OK : ERR_IO);
    if (can_turn_off) {
        cares_library_close();
    } else {
        assert_non_null(strstr(why.text, "c-ares LOADED remembers answers"));
        assert_non_null(strstr(why.text, "built with " ARES_VERSION_STR));
    }
}

static void an_older_library_is_taken(void **state)
{
    (void)state;
    struct why why = {""};
    loaded = QUERY_CACHE_SINCE - 1;
    assert_int_equal(cares_library_open(&why), OK);
    cares_library_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_whose_cache_stays_on_is_refused),
        cmocka_unit_test(an_older_library_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
