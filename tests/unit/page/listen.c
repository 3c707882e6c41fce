/* --listen and --token-env: what is taken, what is refused, and in which words. */
#include "unit.h"

#include "page/page_internal.h"

#include <stdlib.h>
#include <sys/socket.h>

static void addresses_are_read(void **state)
{
    static const struct {
        const char *listen, *host;
        uint16_t port;
        bool is_loopback, is_any;
    } rows[] = {
        {"127.0.0.1:8080", "127.0.0.1", 8080, true, false},
        {"127.8.9.1:0", "127.8.9.1", 0, true, false},
        {"localhost:8080", "127.0.0.1", 8080, true, false},
        {"LOCALHOST:1", "127.0.0.1", 1, true, false},
        {"[::1]:0", "::1", 0, true, false},
        {"[0:0:0:0:0:0:0:1]:65535", "::1", 65535, true, false},
        {"0.0.0.0:80", "0.0.0.0", 80, false, true},
        {"[::]:80", "::", 80, false, true},
        {"192.0.2.7:8443", "192.0.2.7", 8443, false, false},
        {"[2001:DB8::7]:8443", "2001:db8::7", 8443, false, false},
        {"[::ffff:127.0.0.1]:80", "::ffff:127.0.0.1", 80, false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct page_address a;
        assert_int_equal(page_address_read(&a, rows[i].listen, NULL), OK);
        assert_string_equal(a.host, rows[i].host);
        assert_int_equal(a.port, rows[i].port);
        assert_int_equal(a.is_loopback, rows[i].is_loopback);
        assert_int_equal(a.is_any, rows[i].is_any);
    }
}

static void other_texts_are_refused_with_a_sentence(void **state)
{
    static const char *const rows[][2] = {
        {"8080", "expected ADDRESS:PORT"},
        {":8080", "expected ADDRESS:PORT"},
        {"127.0.0.1", "expected ADDRESS:PORT"},
        {"127.0.0.1:", "expected ADDRESS:PORT"},
        {"127.0.0.1:65536", "expected ADDRESS:PORT"},
        {"127.0.0.1:-1", "expected ADDRESS:PORT"},
        {"127.0.0.1:http", "expected ADDRESS:PORT"},
        {"", "expected ADDRESS:PORT"},
        {"::1:8080", "in brackets"},
        {"[::1:8080", "no address"},
        {"127.1:8080", "no address"},
        {"http://127.0.0.1:8080", "no address"},
        {"127.0.0.1:80:8080", "no address"},
        {"127.0.0.1/x:8080", "no address"},
        {"127.0.0.1/:8080", "no address"},
        {"watch.example.com:8080", "'watch.example.com' is a name"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct page_address a;
        struct why why = {{0}};
        assert_int_equal(page_address_read(&a, rows[i][0], &why), ERR_INPUT);
        assert_non_null(strstr(why.text, "--listen '"));
        if (!strstr(why.text, rows[i][1]))
            fail_msg("'%s': %s", rows[i][0], why.text);
    }
}

static void only_loopback_needs_neither_token_nor_tls(void **state)
{
    static const char *const near[] = {"127.0.0.1:0", "[::1]:0", "localhost:80"};
    static const char *const far[] = {"0.0.0.0:0", "[::]:0", "192.0.2.1:80",
                                      "[::ffff:127.0.0.1]:80"};
    struct why why;
    (void)state;
    for (size_t i = 0; i < COUNT(near); i++)
        assert_int_equal(page_listen_vet(near[i], false, false, &why), OK);
    for (size_t i = 0; i < COUNT(far); i++) {
        assert_int_equal(page_listen_vet(far[i], false, false, &why), ERR_INPUT);
        assert_non_null(strstr(why.text, "others than this machine could read the page"));
        assert_int_equal(page_listen_vet(far[i], true, false, &why), OK);
        assert_int_equal(page_listen_vet(far[i], false, true, &why), OK);
    }
}

static void tokens_have_sixteen_visible_characters(void **state)
{
    static const struct {
        const char *value, *says; /* says NULL: taken */
    } rows[] = {
        {"0123456789abcdef", NULL},
        {"0123456789abcde", "has 15 characters; expected 16"},
        {"", "has 0 characters"},
        {"0123456789 abcdefgh", "has blanks"},
        {"0123456789\nabcdefgh", "has blanks"},
        {"0123456789\xc3\xa4"
         "bcdefgh",
         "outside ASCII"},
        {NULL, "has no variable MAILFROM_PAGE_TOKEN"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct text token;
        struct why why = {{0}};
        if (rows[i].value)
            setenv("MAILFROM_PAGE_TOKEN", rows[i].value, 1);
        else
            unsetenv("MAILFROM_PAGE_TOKEN");
        enum err err = page_token_read("MAILFROM_PAGE_TOKEN", &token, &why);
        assert_int_equal(err, rows[i].says ? ERR_INPUT : OK);
        if (rows[i].says && !strstr(why.text, rows[i].says))
            fail_msg("%s", why.text);
        assert_int_equal(token.len, rows[i].says ? 0 : 16);
        if (rows[i].value && *rows[i].value)
            assert_null(strstr(why.text, rows[i].value)); /* the secret is not in the sentence */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(other_texts_are_refused_with_a_sentence),
        cmocka_unit_test(only_loopback_needs_neither_token_nor_tls),
        cmocka_unit_test(tokens_have_sixteen_visible_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
