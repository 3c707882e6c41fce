/* Who may ask for what: names of the page, origins, tokens and cookies. */
#include "unit.h"

#include "page/page_internal.h"

#include <stdio.h>

#define TOKEN "a-token-of-22-letters."

static struct page_door door_on(const char *listen, const char *token)
{
    struct page_door d = {0};
    assert_int_equal(page_address_read(&d.address, listen, NULL), OK);
    snprintf(d.machine, sizeof d.machine, "watcher");
    snprintf(d.session, sizeof d.session, "%064d", 7);
    assert_true(page_door_init(&d, text_of(token)));
    return d;
}

static void names_of_the_page_are_told_from_others(void **state)
{
    static const char *const more[] = {"watch.example.com"};
    static const struct {
        const char *listen, *host;
        bool is_ours;
    } rows[] = {
        {"127.0.0.1:8080", "127.0.0.1:8080", true},
        {"127.0.0.1:8080", "localhost:8080", true},
        {"127.0.0.1:8080", "LocalHost:9000", true}, /* a forwarded port */
        {"127.0.0.1:8080", "[::1]:8080", true},
        {"127.0.0.1:8080", "page.localhost:8080", true},
        {"127.0.0.1:8080", "evil.example:8080", false},
        {"127.0.0.1:8080", "127.0.0.1.evil.example:8080", false},
        {"127.0.0.1:8080", "localhost.evil.example", false},
        {"127.0.0.1:8080", "evil.example#127.0.0.1", false},
        {"127.0.0.1:8080", "evil.example@127.0.0.1", false},
        {"127.0.0.1:8080", "127.0.0.1/", false},
        {"127.0.0.1:8080", "192.0.2.1:8080", false},
        {"127.0.0.1:8080", "watcher:8080", false},
        {"127.0.0.1:8080", "2130706433", false},
        {"127.0.0.1:8080", "watch.example.com", true}, /* by the owner's word */
        {"192.0.2.1:8080", "192.0.2.1:8080", true},
        {"192.0.2.1:8080", "192.0.2.2:8080", false},
        {"192.0.2.1:8080", "watcher:8080", true},
        {"192.0.2.1:8080", "localhost:8080", false},
        {"0.0.0.0:8080", "198.51.100.3", true},
        {"0.0.0.0:8080", "[2001:db8::1]:8080", true},
        {"0.0.0.0:8080", "evil.example:8080", false},
        {"[2001:db8::1]:8080", "[2001:DB8:0::1]:8080", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct page_door d = door_on(rows[i].listen, "");
        d.names = more;
        d.names_len = COUNT(more);
        struct page_request r = {.host = text_of(rows[i].host)};
        if ((page_door_vet(&d, &r, PAGE_NEEDS_LOOK) == PAGE_ADMITTED) != rows[i].is_ours)
            fail_msg("%s asked as %s", rows[i].listen, rows[i].host);
    }
}

static void other_sites_may_only_link_to_the_page(void **state)
{
    static const struct {
        const char *origin, *site;
        enum page_need need;
        bool is_let_in;
    } rows[] = {
        {"", "", PAGE_NEEDS_LOOK, true},
        {"", "same-origin", PAGE_NEEDS_LOOK, true},
        {"", "none", PAGE_NEEDS_LOOK, true},
        {"", "cross-site", PAGE_NEEDS_LOOK, false},
        {"", "same-site", PAGE_NEEDS_LOOK, false},
        {"", "cross-site", PAGE_NEEDS_DOCUMENT, true},
        {"", "cross-site", PAGE_NEEDS_LOGIN, false},
        {"http://localhost:8080", "same-origin", PAGE_NEEDS_LOGIN, true},
        {"https://localhost:8080", "", PAGE_NEEDS_LOGIN, true}, /* a proxy with TLS */
        {"http://localhost:8081", "", PAGE_NEEDS_LOGIN, false},
        {"http://evil.example", "", PAGE_NEEDS_LOGIN, false},
        {"http://localhost:8080.evil.example", "", PAGE_NEEDS_LOOK, false},
        {"null", "", PAGE_NEEDS_LOOK, false},
        {"ftp://localhost:8080", "", PAGE_NEEDS_LOOK, false},
    };
    struct page_door d = door_on("127.0.0.1:8080", "");
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct page_request r = {.host = TEXT("localhost:8080"),
                                 .origin = text_of(rows[i].origin),
                                 .fetch_site = text_of(rows[i].site)};
        enum page_admission got = page_door_vet(&d, &r, rows[i].need);
        assert_int_equal(got, rows[i].is_let_in ? PAGE_ADMITTED : PAGE_OTHER_SITE);
    }
    d.is_tls = true;
    struct page_request plain = {.host = TEXT("localhost:8080"),
                                 .origin = TEXT("http://localhost:8080")};
    assert_int_equal(page_door_vet(&d, &plain, PAGE_NEEDS_LOOK), PAGE_OTHER_SITE);
}

static void the_token_opens_and_nothing_like_it_does(void **state)
{
    static const struct {
        const char *authorization, *cookie;
        bool is_let_in;
    } rows[] = {
        {"Bearer " TOKEN, "", true},
        {"bearer  " TOKEN " ", "", true},
        {"Bearer " TOKEN "x", "", false},
        {"Bearer a-token-of-22-letters", "", false},
        {"Bearer", "", false},
        {"Bearer ", "", false},
        {TOKEN, "", false},
        {"Basic " TOKEN, "", false},
        {"", "mailfrom-8080=" TOKEN, false}, /* the cookie is another secret */
        {"", "mailfrom-8080=0000000000000000000000000000000000000000000000000000000000000007",
         true},
        {"", "a=b; mailfrom-8080=0000000000000000000000000000000000000000000000000000000000000007",
         true},
        {"",
         "mailfrom-8080=x; "
         "mailfrom-8080=0000000000000000000000000000000000000000000000000000000000000007",
         true},
        {"", "mailfrom-8081=0000000000000000000000000000000000000000000000000000000000000007",
         false},
        {"", "mailfrom-8080=", false},
        {"", "mailfrom-8080", false},
        {"", "", false},
    };
    struct page_door d = door_on("127.0.0.1:8080", TOKEN);
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct page_request r = {.host = TEXT("127.0.0.1:8080"),
                                 .authorization = text_of(rows[i].authorization),
                                 .cookie = text_of(rows[i].cookie)};
        enum page_admission got = page_door_vet(&d, &r, PAGE_NEEDS_LOOK);
        if (got != (rows[i].is_let_in ? PAGE_ADMITTED : PAGE_NO_TOKEN))
            fail_msg("'%s' and '%s': %d", rows[i].authorization, rows[i].cookie, got);
        assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_NOTHING), PAGE_ADMITTED);
        assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_LOGIN), PAGE_ADMITTED);
    }
}

static void orders_need_a_token_and_from_browsers_an_origin(void **state)
{
    struct page_door d = door_on("127.0.0.1:8080", TOKEN), open = door_on("127.0.0.1:8080", "");
    struct text cookie =
        TEXT("mailfrom-8080=0000000000000000000000000000000000000000000000000000000000000007");
    struct page_request r = {.host = TEXT("127.0.0.1:8080"),
                             .authorization = TEXT("Bearer " TOKEN)};
    (void)state;
    assert_int_equal(page_door_vet(&open, &r, PAGE_NEEDS_ORDER), PAGE_TAKES_NONE);
    assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_ORDER), PAGE_ADMITTED);
    r.authorization = TEXT_NONE;
    assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_ORDER), PAGE_NO_TOKEN);
    r.cookie = cookie;
    assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_ORDER), PAGE_OTHER_SITE);
    r.origin = TEXT("http://127.0.0.1:8080");
    assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_ORDER), PAGE_ADMITTED);
    r.fetch_site = TEXT("cross-site");
    assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_ORDER), PAGE_OTHER_SITE);
}

static void a_program_with_the_token_may_use_any_name(void **state)
{
    struct page_door d = door_on("0.0.0.0:8080", TOKEN);
    struct page_request r = {.host = TEXT("watch.internal:8080")};
    (void)state;
    assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_LOOK), PAGE_OTHER_HOST);
    assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_NOTHING), PAGE_OTHER_HOST);
    r.authorization = TEXT("Bearer " TOKEN);
    assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_LOOK), PAGE_ADMITTED);
    r.is_twice = true;
    assert_int_equal(page_door_vet(&d, &r, PAGE_NEEDS_LOOK), PAGE_HEADER_TWICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_the_page_are_told_from_others),
        cmocka_unit_test(other_sites_may_only_link_to_the_page),
        cmocka_unit_test(the_token_opens_and_nothing_like_it_does),
        cmocka_unit_test(orders_need_a_token_and_from_browsers_an_origin),
        cmocka_unit_test(a_program_with_the_token_may_use_any_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
