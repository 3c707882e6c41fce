/* URLs of webhooks and heartbeats: what is taken, what is shown of them, what an answer means. */
#include "unit.h"

#include "notify/notify.h"
#include "notify/target.h"

#include "calls/backoff.h"
#include "wire/https.h"

#include "wire/web_server.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void urls_are_read(void **state)
{
    static const struct {
        const char *given, *url, *shown;
    } rows[] = {
        {"https://hooks.example.com/T0/B0/x?a=b", "https://hooks.example.com/T0/B0/x?a=b",
         "https://hooks.example.com"},
        {"https://hc.example.com", "https://hc.example.com/", "https://hc.example.com"},
        {"https://hc.example.com?x=1", "https://hc.example.com/?x=1", "https://hc.example.com"},
        {"http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x", "http://127.0.0.1:8000"},
        {"http://localhost/x", "http://localhost/x", "http://localhost"},
        {"https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x",
         "https://[2001:db8::1]:8443"},
        {"env:TARGET_TEST", "https://hooks.example.com/secret", "https://hooks.example.com"},
    };
    struct target t;
    struct why why = {""};
    (void)state;
    setenv("TARGET_TEST", "https://hooks.example.com/secret", 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(target_read(&t, rows[i].given, &why), OK);
        assert_string_equal(t.url, rows[i].url);
        assert_string_equal(t.shown, rows[i].shown);
    }
}

static void unsound_urls_are_refused(void **state)
{
    static const struct {
        const char *given, *says;
    } rows[] = {
        {"http://hooks.example.com/secret", "http://hooks.example.com is plain http"},
        {"https://u:secret@h.example/", "a user name or a password"},
        {"https://secret@h.example/", "a user name or a password"},
        {"https://h.example/#secret", "a fragment"},
        {"https://h.example/a secret", "a blank"},
        {"https://h.example/\xc3\xa9-secret", "a letter outside ASCII"},
        {"ftp://h.example/secret", "must begin with https://"},
        {"h.example/secret", "must begin with https://"},
        {"https://0x7f.1/secret", "neither a host name nor an IP address"},
        {"https://h.example:0/secret", "the port is not"},
        {"https:///secret", "neither a host name nor an IP address"},
        {"", "must begin with https://"},
        {"env:TARGET_ABSENT", "is not set"},
        {"env:", "is not set"},
    };
    static char long_one[NOTIFY_URL_MAX + 20] = "https://h.example/";
    struct target t;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why = {""};
        assert_int_equal(target_read(&t, rows[i].given, &why), ERR_INPUT);
        if (!strstr(why.text, rows[i].says))
            fail_msg("%s: %s", rows[i].given, why.text);
        assert_null(strstr(why.text, "secret@"));
        assert_null(strstr(why.text, "/secret"));
    }
    memset(long_one + strlen(long_one), 'x', NOTIFY_URL_MAX);
    assert_int_equal(target_read(&t, long_one, NULL), ERR_INPUT);
}

static void an_empty_secret_is_refused(void **state)
{
    struct why why = {""};
    (void)state;
    unsetenv("MAILFROM_WEBHOOK_SECRET");
    assert_int_equal(notify_secret_vet(&why), OK);
    setenv("MAILFROM_WEBHOOK_SECRET", "0123456789abcdef", 1);
    assert_int_equal(notify_secret_vet(&why), OK);
    setenv("MAILFROM_WEBHOOK_SECRET", "", 1);
    assert_int_equal(notify_secret_vet(&why), ERR_INPUT);
    assert_non_null(strstr(why.text, "MAILFROM_WEBHOOK_SECRET is set and empty"));
    unsetenv("MAILFROM_WEBHOOK_SECRET");
}

static void a_path_goes_before_the_query(void **state)
{
    static const struct {
        const char *url, *below, *wanted;
    } rows[] = {
        {"https://h.example/ping/1", "/fail", "https://h.example/ping/1/fail"},
        {"https://h.example/ping/1/", "/fail", "https://h.example/ping/1/fail"},
        {"https://h.example/ping/1", "", "https://h.example/ping/1"},
        {"https://h.example/p?a=b", "/start", "https://h.example/p/start?a=b"},
    };
    struct target t;
    struct buf url;
    (void)state;
    buf_init(&url, NOTIFY_URL_MAX);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(target_read(&t, rows[i].url, NULL), OK);
        buf_reset(&url);
        target_below(&t, rows[i].below, &url);
        assert_text(buf_text(&url), text_of(rows[i].wanted));
    }
    buf_clear(&url);
}

static void answers_are_judged(void **state)
{
    static const struct {
        int status;
        enum target_answer wanted;
    } rows[] = {{200, TARGET_TOOK},  {204, TARGET_TOOK},  {301, TARGET_NEVER}, {307, TARGET_NEVER},
                {400, TARGET_NEVER}, {401, TARGET_NEVER}, {404, TARGET_NEVER}, {408, TARGET_AGAIN},
                {410, TARGET_NEVER}, {429, TARGET_AGAIN}, {500, TARGET_AGAIN}, {503, TARGET_AGAIN}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why = {""};
        assert_int_equal(target_judge(rows[i].status, &why), rows[i].wanted);
        assert_int_equal(why.text[0] != '\0', rows[i].wanted != TARGET_TOOK);
    }
}

static void waits_grow_within_bounds_and_heed_the_server(void **state)
{
    (void)state;
    for (uint32_t attempt = 1; attempt < 40; attempt++) {
        span_us usual = target_wait(7, attempt, 0);
        assert_between(usual, BACKOFF_ERROR.first / 2, TARGET_WAIT_MAX);
        assert_int_equal(target_wait(7, attempt, SPAN_H(2)), TARGET_WAIT_MAX);
        assert_true(target_wait(7, attempt, SPAN_S(90)) >= SPAN_S(90));
    }
    assert_int_not_equal(target_wait(7, 5, 0), target_wait(8, 5, 0));
}

static void a_server_is_asked(void **state)
{
    static const struct {
        const char *path;
        enum target_answer wanted;
    } rows[] = {
        {"/ok", TARGET_TOOK},          {"/redirect", TARGET_NEVER}, {"/unavailable", TARGET_AGAIN},
        {"/huge-length", TARGET_TOOK}, /* its status is all that counts */
        {"/huge-body", TARGET_TOOK},   {"/cut", TARGET_TOOK},       {"/huge-header", TARGET_AGAIN},
        {"/nonsense", TARGET_AGAIN},   {"/close", TARGET_AGAIN}};
    struct web_server *server = web_server_open(WEB_PLAIN);
    struct target_client client;
    struct why why = {""};
    const uint64_t one = 1;
    int ending_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    span_us retry_after;
    bool ending;
    (void)state;
    assert_int_equal(https_library_open(&why), OK);
    assert_int_equal(target_client_open(&client, NULL, ending_fd, &why), OK);
    for (size_t i = 0; i <= COUNT(rows); i++) {
        struct aws_request request;
        bool is_last = i == COUNT(rows);
        aws_request_init(&request);
        buf_add_fmt(&request.url, "http://127.0.0.1:%u%s", web_server_port(server),
                    is_last ? "/ok" : rows[i].path);
        target_header(&request, "X-Mailfrom-Event", TEXT("problem"));
        if (is_last)
            assert_int_equal(write(ending_fd, &one, sizeof one), sizeof one);
        enum target_answer answer = target_ask(&client, &request, &retry_after, &ending, &why);
        assert_int_equal(ending, is_last);
        if (!is_last)
            assert_int_equal(answer, rows[i].wanted);
        aws_request_clear(&request);
    }
    target_client_close(&client);
    https_library_close();
    close(ending_fd);
    web_server_close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read),
        cmocka_unit_test(unsound_urls_are_refused),
        cmocka_unit_test(an_empty_secret_is_refused),
        cmocka_unit_test(a_path_goes_before_the_query),
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(waits_grow_within_bounds_and_heed_the_server),
        cmocka_unit_test(a_server_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
