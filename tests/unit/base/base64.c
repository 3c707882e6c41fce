#include "base/base64.h"
#include "unit.h"

/* RFC 4648, section 10, and what is none. */
static void base64_is_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes; /* NULL: refused */
    } cases[] = {
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg==", "foob"},
        {"Zm9vYmE=", "fooba"},
        {"Zm9vYmFy", "foobar"},
        {"+/+/", "\xfb\xff\xbf"},
        {"Z", NULL},
        {"Zg", NULL},
        {"Zg=", NULL},
        {"Zh==", NULL}, /* four bits more than the octet has */
        {"Zm9=", NULL},
        {"====", NULL},
        {"Z===", NULL},
        {"Zg==Zg==", NULL},
        {"Zm9v\n", NULL},
        {"Zm 9", NULL},
        {"Zm-_", NULL},
        {"Zm9vYmFyYg==", NULL}, /* seven octets */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[6];
        size_t len;
        bool read = base64_read(text_of(cases[i].text), out, sizeof out, &len);
        if (read != (cases[i].bytes != NULL))
            fail_msg("%s: %s", cases[i].text, read ? "read" : "refused");
        if (read)
            assert_text(((struct text){out, len}), text_of(cases[i].bytes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
