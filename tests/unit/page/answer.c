/* Paths, methods, policies, health and orders. */
#include "unit.h"

#include "page/page_internal.h"

#include <stdio.h>

#define TOKEN "a-token-of-22-letters."

struct answer_test {
    struct page_config config;
    struct page_door door;
    struct page_snapshot snapshot;
    struct page_view view;
    struct page_answer answer;
    char policy[PAGE_POLICY_LEN], login_policy[PAGE_POLICY_LEN];
    enum page_order order;
    char value[20];
    unsigned orders;
    enum err says;
};

static enum err take_order(void *ctx, enum page_order order, struct text value, struct why *said)
{
    struct answer_test *t = ctx;
    t->orders++;
    t->order = order;
    snprintf(t->value, sizeof t->value, TEXT_FMT, TEXT_ARG(value));
    return why_set(said, t->says, "the run has heard it");
}

static struct answer_test *answer_test_new(const char *token)
{
    struct answer_test *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->config = (struct page_config){.index = TEXT("<p>index"), .ctx = t, .order = take_order};
    assert_int_equal(page_address_read(&t->door.address, "127.0.0.1:80", NULL), OK);
    assert_true(page_door_init(&t->door, text_of(token)));
    assert_true(page_policy_write(t->policy, TEXT("var x=1"), TEXT("b{}")));
    assert_true(page_login_policy_write(t->login_policy));
    t->snapshot = (struct page_snapshot){.status = TEXT("{}"), .metrics = TEXT("m 1\n")};
    t->view = (struct page_view){.config = &t->config,
                                 .door = &t->door,
                                 .snapshot = &t->snapshot,
                                 .policy = t->policy,
                                 .login_policy = t->login_policy};
    return t;
}

static void answer_test_free(struct answer_test *t)
{
    buf_clear(&t->answer.body);
    free(t);
}

/* The request as a program with this token, or none, would send it. */
static unsigned ask(struct answer_test *t, const char *method, const char *target, const char *body,
                    const char *authorization)
{
    struct page_request r = {.method = text_of(method),
                             .query = text_of(target),
                             .host = TEXT("localhost"),
                             .content_type = TEXT("application/x-www-form-urlencoded; charset=x"),
                             .authorization = text_of(authorization),
                             .body = text_of(body)};
    r.path = text_cut(&r.query, '?');
    buf_clear(&t->answer.body);
    page_answer_make(&t->answer, &t->view, &r);
    assert_non_null(t->answer.type);
    return t->answer.status;
}

static bool says(const struct answer_test *t, const char *what)
{
    struct text body = buf_text(&t->answer.body);
    return text_find_text(body, text_of(what)) < body.len;
}

static void each_path_has_its_method(void **state)
{
    static const struct {
        const char *method, *target;
        unsigned status;
        const char *type;
    } rows[] = {
        {"GET", "/", 200, "text/html; charset=utf-8"},
        {"GET", "/?x=y", 200, "text/html; charset=utf-8"},
        {"HEAD", "/", 200, "text/html; charset=utf-8"},
        {"GET", "/api/status", 200, "application/json"},
        {"GET", "/api/rows", 200, "application/json"},
        {"GET", "/api/rows?limit=0", 400, "application/json"},
        {"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"},
        {"GET", "/healthz", 200, "text/plain; charset=utf-8"},
        {"GET", "/events", 200, "text/event-stream"},
        {"GET", "//", 404, "text/plain; charset=utf-8"},
        {"GET", "/api/", 404, "application/json"},
        {"GET", "/%61pi/status", 404, "text/plain; charset=utf-8"},
        {"GET", "/../etc/passwd", 404, "text/plain; charset=utf-8"},
        {"GET", "", 404, "text/plain; charset=utf-8"},
        {"POST", "/", 405, "text/plain; charset=utf-8"},
        {"DELETE", "/api/status", 405, "application/json"},
        {"OPTIONS", "/events", 405, "text/plain; charset=utf-8"},
        {"GET", "/api/stop", 403, "application/json"},
        {"GET", "/login", 405, "text/plain; charset=utf-8"},
    };
    struct answer_test *t = answer_test_new("");
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned got = ask(t, rows[i].method, rows[i].target, "", "");
        if (got != rows[i].status || strcmp(t->answer.type, rows[i].type) != 0)
            fail_msg("%s %s: %u %s", rows[i].method, rows[i].target, got, t->answer.type);
    }
    answer_test_free(t);
}

static void before_the_first_snapshot_programs_are_told_to_wait(void **state)
{
    struct answer_test *t = answer_test_new("");
    (void)state;
    t->view.snapshot = NULL;
    assert_int_equal(ask(t, "GET", "/api/status", "", ""), 503);
    assert_int_equal(ask(t, "GET", "/api/rows", "", ""), 503);
    assert_int_equal(ask(t, "GET", "/metrics", "", ""), 503);
    assert_int_equal(ask(t, "GET", "/healthz", "", ""), 200);
    assert_int_equal(ask(t, "GET", "/", "", ""), 200);
    t->view.snapshot = &t->snapshot;
    t->snapshot.metrics = TEXT_NONE;
    assert_int_equal(ask(t, "GET", "/metrics", "", ""), 404);
    answer_test_free(t);
}

static void health_is_two_and_a_half_intervals(void **state)
{
    static const struct {
        instant_us success;
        span_us interval;
        instant_us now;
        unsigned status;
        const char *says;
    } rows[] = {
        {SPAN_S(1000), SPAN_S(10), SPAN_S(1025), 200, "well: the last success was 25 s ago"},
        {SPAN_S(1000), SPAN_S(10), SPAN_S(1025) + 1, 503, "; SES did not answer\n"},
        {0, SPAN_S(10), SPAN_S(925), 200, "well: no success since the start, 25 s ago"},
        {0, SPAN_S(10), SPAN_S(926), 503, "bad: no success since the start"},
        {SPAN_S(1000), 0, SPAN_S(900000), 200, "well: "},
        {SPAN_S(1000), SPAN_S(10), SPAN_S(990), 200, "well: the last success was 0 s ago"},
    };
    struct answer_test *t = answer_test_new("");
    (void)state;
    t->view.opened_at = SPAN_S(900);
    t->snapshot.trouble = TEXT("SES did not answer");
    for (size_t i = 0; i < COUNT(rows); i++) {
        t->snapshot.last_success = rows[i].success;
        t->snapshot.interval = rows[i].interval;
        t->view.now = rows[i].now;
        assert_int_equal(ask(t, "GET", "/healthz", "", ""), rows[i].status);
        assert_true(says(t, rows[i].says));
    }
    answer_test_free(t);
}

static void health_tells_the_trouble_to_those_who_may_look(void **state)
{
    struct answer_test *t = answer_test_new(TOKEN);
    (void)state;
    t->snapshot.trouble = TEXT("arn:aws:iam::111122223333:user/x is not authorized");
    t->snapshot.last_success = SPAN_S(1000);
    t->snapshot.interval = SPAN_S(10);
    t->view.now = SPAN_S(2000);
    assert_int_equal(ask(t, "GET", "/healthz", "", ""), 503);
    assert_true(says(t, "bad: the last success was 16"));
    assert_false(says(t, "arn:"));
    assert_int_equal(ask(t, "GET", "/healthz", "", "Bearer " TOKEN "x"), 503);
    assert_false(says(t, "arn:"));
    assert_int_equal(ask(t, "GET", "/healthz", "", "Bearer " TOKEN), 503);
    assert_true(says(t, "; arn:aws:iam::111122223333:user/x is not authorized\n"));
    answer_test_free(t);
}

static void without_the_token_there_is_a_form_and_nothing_else(void **state)
{
    static const char *const closed[] = {"/events", "/api/status", "/api/rows", "/metrics",
                                         "/other"};
    struct answer_test *t = answer_test_new(TOKEN);
    (void)state;
    for (size_t i = 0; i < COUNT(closed); i++) {
        assert_int_equal(ask(t, "GET", closed[i], "", ""), 401);
        assert_int_equal(ask(t, "GET", closed[i], "", "Bearer " TOKEN), i < 4 ? 200 : 404);
    }
    assert_int_equal(ask(t, "GET", "/?token=" TOKEN, "", ""), 401); /* URLs are kept in logs */
    assert_true(says(t, "<form method=\"post\" action=\"/login\">"));
    assert_string_equal(t->answer.policy, t->login_policy);
    assert_int_equal(ask(t, "GET", "/healthz", "", ""), 200);
    answer_test_free(t);
}

static void a_login_sets_a_cookie_and_leads_to_the_page(void **state)
{
    struct answer_test *t = answer_test_new(TOKEN);
    (void)state;
    assert_int_equal(ask(t, "POST", "/login", "token=wrong", ""), 401);
    assert_false(t->answer.sets_cookie);
    assert_true(says(t, "role=\"alert\""));
    assert_int_equal(ask(t, "POST", "/login", "", ""), 401);
    assert_int_equal(ask(t, "POST", "/login", "token=a-token-of-22-letters%2E", ""), 303);
    assert_true(t->answer.sets_cookie);
    assert_string_equal(t->answer.location, "/");
    answer_test_free(t);
    t = answer_test_new("");
    assert_int_equal(ask(t, "POST", "/login", "token=", ""), 401); /* no token: none is right */
    answer_test_free(t);
}

static void orders_reach_the_owner(void **state)
{
    static const struct {
        const char *target, *body;
        enum err says;
        unsigned status;
        enum page_order order;
        const char *value;
    } rows[] = {
        {"/api/pause", "", OK, 200, PAGE_PAUSE, ""},
        {"/api/resume", "", OK, 200, PAGE_RESUME, ""},
        {"/api/stop", "rate=3", OK, 200, PAGE_STOP, ""},
        {"/api/pace", "rate=0.5", OK, 200, PAGE_PACE, "0.5"},
        {"/api/pace", "rate=x", ERR_INPUT, 400, PAGE_PACE, "x"},
        {"/api/pause", "", ERR_BUSY, 409, PAGE_PAUSE, ""},
        {"/api/pause", "", ERR_GONE, 404, PAGE_PAUSE, ""},
        {"/api/pause", "", ERR_IO, 503, PAGE_PAUSE, ""},
    };
    struct answer_test *t = answer_test_new(TOKEN);
    (void)state;
    for (unsigned i = 0; i < COUNT(rows); i++) {
        t->says = rows[i].says;
        assert_int_equal(ask(t, "POST", rows[i].target, rows[i].body, "Bearer " TOKEN),
                         rows[i].status);
        assert_int_equal(t->order, rows[i].order);
        assert_string_equal(t->value, rows[i].value);
        assert_int_equal(t->orders, i + 1);
        assert_true(says(t, rows[i].says == OK ? "{\"said\":\"the run has heard it\"}"
                                               : "{\"error\":\"the run has heard it\"}"));
    }
    answer_test_free(t);
}

static void orders_of_others_do_not(void **state)
{
    struct answer_test *t = answer_test_new(TOKEN), *open = answer_test_new("");
    (void)state;
    assert_int_equal(ask(t, "POST", "/api/stop", "", ""), 401);
    assert_int_equal(ask(t, "POST", "/api/stop", "", "Bearer wrong"), 401);
    assert_int_equal(ask(t, "GET", "/api/stop", "", "Bearer " TOKEN), 405);
    assert_string_equal(t->answer.allow, "POST");
    assert_int_equal(ask(t, "POST", "/api/pace", "", "Bearer " TOKEN), 400);
    assert_int_equal(ask(open, "POST", "/api/stop", "", "Bearer " TOKEN), 403);
    assert_int_equal(t->orders + open->orders, 0);
    t->config.order = NULL;
    assert_int_equal(ask(t, "POST", "/api/stop", "", "Bearer " TOKEN), 403);
    answer_test_free(t);
    answer_test_free(open);
}

static void the_policy_names_script_and_style_by_their_hashes(void **state)
{
    struct answer_test *t = answer_test_new("");
    char hash[SHA256_BASE64_LEN];
    (void)state;
    assert_true(sha256_base64(TEXT("var x=1"), hash));
    assert_non_null(strstr(t->policy, hash));
    assert_true(sha256_base64(TEXT("b{}"), hash));
    assert_non_null(strstr(t->policy, hash));
    assert_non_null(strstr(t->policy, "default-src 'none'; "));
    assert_non_null(strstr(t->policy, "frame-ancestors 'none'"));
    assert_null(strstr(t->policy, "unsafe"));
    assert_null(strstr(t->policy, "http"));
    assert_null(strstr(t->login_policy, "script-src"));
    assert_int_equal(ask(t, "GET", "/", "", ""), 200);
    assert_string_equal(t->answer.policy, t->policy);
    answer_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_path_has_its_method),
        cmocka_unit_test(before_the_first_snapshot_programs_are_told_to_wait),
        cmocka_unit_test(health_is_two_and_a_half_intervals),
        cmocka_unit_test(health_tells_the_trouble_to_those_who_may_look),
        cmocka_unit_test(without_the_token_there_is_a_form_and_nothing_else),
        cmocka_unit_test(a_login_sets_a_cookie_and_leads_to_the_page),
        cmocka_unit_test(orders_reach_the_owner),
        cmocka_unit_test(orders_of_others_do_not),
        cmocka_unit_test(the_policy_names_script_and_style_by_their_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
