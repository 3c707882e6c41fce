/* A notifier with its outputs: who gets what, signatures, and the end. */
#include "unit.h"

#include "notify/heartbeat.h"
#include "notify/notify.h"
#include "notify/webhook.h"

#include "wire/web_server.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static char said[4000];

static void say(void *ctx, enum notice kind, const char *sentence)
{
    size_t len = strlen(said);
    (void)ctx, (void)kind;
    snprintf(said + len, sizeof said - len, "%s\n", sentence);
}

static const struct notification ended = {
    .type = NOTE_RUN_ENDED, .at = 1, .verb = {"apply", 5}, .run = 1, .rows = 1, .finished = 1};

/* By openssl dgst -sha256 -hmac. */
static void a_signature_is_that_of_time_and_body(void **state)
{
    char out[WEBHOOK_SIGNATURE_LEN];
    (void)state;
    assert_true(webhook_sign("whsec-0123456789abcdef", SPAN_S(1700000000) + 999999,
                             TEXT("{\"a\":1}\n"), out));
    assert_string_equal(
        out, "t=1700000000,v1=f273cd5c5dd0301aedceae532dc693a1fe8448c454ef7ca65c46f9988b7591f3");
}

static void every_output_gets_its_part(void **state)
{
    char events[] = "/tmp/mailfrom-notify-XXXXXX", metrics[64], url[64], got[2000] = "";
    struct web_server *server = web_server_open(WEB_PLAIN);
    struct notifier *n;
    struct why why = {""};
    int fd = mkstemp(events);
    (void)state;
    said[0] = '\0';
    snprintf(metrics, sizeof metrics, "%s.prom", events);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/ok", web_server_port(server));
    const char *const hooks[] = {"cat", "false"}, *const webhooks[] = {url};
    const struct notify_config config = {.events = events,
                                         .hooks = hooks,
                                         .hooks_len = 2,
                                         .webhooks = webhooks,
                                         .webhooks_len = 1,
                                         .heartbeat = url,
                                         .metrics = metrics,
                                         .notices = {NULL, say}};
    assert_int_equal(notifier_open(&n, &config, &why), OK);
    struct notification later = ended;
    uint64_t lost = 0;
    later.at += 1000;
    notifier_tell(n, &ended);
    notifier_tell(n, &later);
    while (!notifier_is_idle(n, &lost))
        poll(NULL, 0, 10);
    assert_int_equal(lost, 2);
    notifier_tell(n, &ended); /* for the output that has not had it: each other one has */
    notifier_metrics(n, TEXT("a 1\n"));
    notifier_beat(n, BEAT_GOOD);
    assert_int_equal(notifier_close(n, SPAN_S(20), &why), ERR_IO);
    assert_string_equal(why.text, "3 events did not reach --hook false");
    assert_true(read(fd, got, sizeof got - 1) > 0);
    size_t half = strlen(got) / 2;
    assert_int_equal(got[half - 1], '\n'); /* two lines */
    assert_memory_equal(got, got + half, 24);
    assert_memory_not_equal(got, got + half, 60); /* each with an id of its own */
    assert_int_equal(web_server_requests(server), 3);
    assert_non_null(strstr(said, "cat: {\"format_version\":1"));
    assert_non_null(strstr(said, "--hook false: it ended with exit code 1"));
    assert_int_equal(unlink(metrics), 0);
    close(fd);
    unlink(events);
    web_server_close(server);
}

static void a_dead_server_is_waited_for_as_long_as_said(void **state)
{
    struct web_server *server = web_server_open(WEB_PLAIN);
    char url[64];
    struct notifier *n;
    struct why why = {""};
    (void)state;
    said[0] = '\0';
    snprintf(url, sizeof url, "http://127.0.0.1:%u/unavailable", web_server_port(server));
    const char *const webhooks[] = {url};
    const struct notify_config config = {
        .webhooks = webhooks, .webhooks_len = 1, .heartbeat = url, .notices = {NULL, say}};
    assert_int_equal(notifier_open(&n, &config, &why), OK);
    notifier_tell(n, &ended);
    notifier_beat(n, BEAT_FAILED);
    assert_int_equal(notifier_close(n, SPAN_MS(300), &why), ERR_IO);
    assert_non_null(strstr(why.text, "1 event did not reach --webhook http://127.0.0.1:"));
    assert_non_null(strstr(said, "the event is tried again for up to an hour"));
    assert_null(strstr(said, "/unavailable")); /* a path may be a secret */
    assert_null(strstr(why.text, "/unavailable"));
    web_server_close(server);
}

static void what_is_wrong_is_said_before_anything_is_open(void **state)
{
    const char *const good[] = {"true"}, *const bad[] = {"http://elsewhere.example/x"};
    const char *many[NOTIFY_HOOKS_MAX + 1];
    struct notifier *n;
    struct why why = {""};
    (void)state;
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = "true";
    struct notify_config c = {.hooks = good, .hooks_len = 1, .webhooks = bad, .webhooks_len = 1};
    assert_int_equal(notify_vet(&c, &why), ERR_INPUT);
    assert_int_equal(notifier_open(&n, &c, &why), ERR_INPUT);
    assert_null(n);
    assert_non_null(strstr(why.text, "--webhook: http://elsewhere.example is plain http"));
    c = (struct notify_config){.hooks = many, .hooks_len = COUNT(many)};
    assert_int_equal(notify_vet(&c, &why), ERR_INPUT);
    c = (struct notify_config){.events = "/nowhere/at/all", .hooks = good, .hooks_len = 1};
    assert_int_equal(notifier_open(&n, &c, &why), ERR_IO);
    c = (struct notify_config){.heartbeat = "x"};
    assert_int_equal(notify_vet(&c, &why), ERR_INPUT);
    c = (struct notify_config){.hooks_len = 0};
    assert_int_equal(notifier_open(&n, &c, &why), OK);
    notifier_tell(n, &ended);
    notifier_beat(n, BEAT_START);
    notifier_metrics(n, TEXT("a 1\n"));
    assert_int_equal(notifier_close(n, 0, &why), OK);
    assert_int_equal(notifier_close(NULL, 0, &why), OK);
}

static void beats_have_paths(void **state)
{
    (void)state;
    assert_string_equal(heartbeat_path((enum notify_beat) false), "/fail");
    assert_string_equal(heartbeat_path((enum notify_beat) true), "");
    assert_string_equal(heartbeat_path(BEAT_START), "/start");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_that_of_time_and_body),
        cmocka_unit_test(every_output_gets_its_part),
        cmocka_unit_test(a_dead_server_is_waited_for_as_long_as_said),
        cmocka_unit_test(what_is_wrong_is_said_before_anything_is_open),
        cmocka_unit_test(beats_have_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
