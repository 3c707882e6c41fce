/* Patterns over names. */
#include "unit.h"

#include "base/count.h"
#include "base/glob.h"

static void patterns_fit_whole_names(void **state)
{
    (void)state;
    const struct {
        const char *pattern, *name;
        bool fits;
    } table[] = {
        {"a.example", "a.example", true},
        {"A.Example", "a.eXAMPLE", true},
        {"a.example", "a.example.com", false},
        {"a.example.com", "a.example", false},
        {"*", "", true},
        {"", "", true},
        {"", "a", false},
        {"*.example.com", "a.b.example.com", true},
        {"*.example.com", "example.com", false},
        {"*@example.com", "\"a b\"@example.com", true},
        {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "a-b-b-d", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"b?cher",
         "b\xc3\xbc"
         "cher",
         true},
        {"shop[0-9].example", "shop7.example", true},
        {"shop[0-9].example", "shopx.example", false},
        {"shop[!0-9].example", "shopX.example", true},
        {"shop[!0-9].example", "shop7.example", false},
        {"shop[AB].example", "shopb.example", true},
        {"shop[", "shop[", true},
        {"shop[a", "shopa", false},
        {"**", "anything", true},
        {"*a", "aaab", false},
    };
    for (size_t i = 0; i < COUNT(table); i++)
        if (glob_fits(text_of(table[i].pattern), text_of(table[i].name)) != table[i].fits)
            fail_msg("\"%s\" and \"%s\"", table[i].pattern, table[i].name);
}

static void many_stars_take_no_time_to_speak_of(void **state)
{
    (void)state;
    char pattern[400], name[1000];
    memset(pattern, '*', sizeof pattern);
    for (size_t i = 1; i < sizeof pattern; i += 2)
        pattern[i] = 'a';
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = 'b';
    pattern[sizeof pattern - 1] = 'c';
    assert_false(
        glob_fits((struct text){pattern, sizeof pattern}, (struct text){name, sizeof name}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_fit_whole_names),
        cmocka_unit_test(many_stars_take_no_time_to_speak_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
