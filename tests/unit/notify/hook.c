/* Programs that are told of events: what they see, what is made of their ends and of their words.
 */
#include "unit.h"

#include "notify/hook.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct run_of {
    enum delivery delivery;
    struct why why;
    char said[3000];
};

static void say(void *ctx, enum notice kind, const char *sentence)
{
    struct run_of *r = ctx;
    size_t len = strlen(r->said);
    (void)kind;
    snprintf(r->said + len, sizeof r->said - len, "%s\n", sentence);
}

static struct run_of run(const char *command, span_us timeout, int ending_fd)
{
    struct run_of r = {.delivery = DELIVERY_DONE};
    struct hook *hook;
    struct sayings sayings;
    const struct notices notices = {&r, say};
    sayings_init(&sayings);
    assert_int_equal(hook_new(&hook, command, &r.why), OK);
    hook->timeout = timeout;
    hook->ending_fd = ending_fd;
    hook->sayings = &sayings;
    r.delivery = hook_deliver(hook, NULL, NULL, TEXT("{\"a\":1}\n"), &r.why);
    sayings_tell(&sayings, &notices);
    hook_free(hook);
    sayings_clear(&sayings);
    return r;
}

static void ends_are_told_apart(void **state)
{
    static const struct {
        const char *command;
        enum delivery wanted;
        const char *why, *said;
    } rows[] = {
        {"true", DELIVERY_DONE, "", ""},
        {"false", DELIVERY_LOST, "it ended with exit code 1", ""},
        {"sh -c 'kill -9 $$'", DELIVERY_LOST, "it was ended by signal 9", ""},
        {"cat", DELIVERY_DONE, "", "cat: {\"a\":1}\n"},
        {"sh -c 'echo out; echo; echo err >&2'", DELIVERY_DONE, "", "sh: out\nsh: err\n"},
        {"sh -c 'read -r a b && echo \"$b\" \"$1\"' x 'one word'", DELIVERY_DONE, "",
         "sh: one word\n"},
        {"sh -c 'seq 7'", DELIVERY_DONE, "",
         "sh: 1\nsh: 2\nsh: 3\nsh: 4\nsh: 5\nsh: (the rest of its output is left out)\n"},
        {"no-such-program-of-ours", DELIVERY_LOST, "no-such-program-of-ours was not found in PATH",
         ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct run_of r = run(rows[i].command, SPAN_S(20), -1);
        assert_int_equal(r.delivery, rows[i].wanted);
        assert_string_equal(r.why.text, rows[i].why);
        assert_string_equal(r.said, rows[i].said);
    }
}

/* SIGTERM first: a program may clean up behind itself. */
static void a_hook_that_hangs_is_asked_to_end(void **state)
{
    struct run_of r =
        run("sh -c 'trap \"echo bye; exit 0\" TERM; sleep 600 & wait'", SPAN_MS(300), -1);
    (void)state;
    assert_int_equal(r.delivery, DELIVERY_LOST);
    assert_string_equal(r.said, "sh: bye\n");
    assert_non_null(strstr(r.why.text, "did not end within"));
}

static void a_hook_is_ended_with_the_program(void **state)
{
    int fd = eventfd(1, EFD_CLOEXEC);
    struct run_of r = run("sleep 600", SPAN_M(10), fd);
    (void)state;
    assert_int_equal(r.delivery, DELIVERY_ENDING);
    close(fd);
}

static void a_flood_is_read_and_dropped(void **state)
{
    struct run_of r =
        run("sh -c 'yes | head -c 1000000; yes | head -c 1000000 >&2; exit 3'", SPAN_S(60), -1);
    (void)state;
    assert_int_equal(r.delivery, DELIVERY_LOST);
    assert_string_equal(r.why.text, "it ended with exit code 3");
    assert_true(strlen(r.said) < 500);
}

static void secrets_of_the_environment_stay(void **state)
{
    static const struct {
        const char *entry;
        bool is_seen;
    } rows[] = {
        {"PATH=/bin", true},
        {"HOME=/root", true},
        {"LC_ALL=C.UTF-8", true},
        {"HOOK_TOKEN=mine", true},
        {"https_proxy=http://p", true},
        {"AWS_SECRET_ACCESS_KEY=x", false},
        {"AWS_SESSION_TOKEN=x", false},
        {"MAILFROM_WEBHOOK_SECRET=x", false},
        {"CF_TOKEN=x", false},
        {"SLACK_URL=x", false},
        {"PATHS=x", false},
        {"LD_PRELOAD=x", false},
        {"BASH_ENV=x", false},
    };
    char *environment[COUNT(rows) + 1] = {NULL};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        environment[i] = strdup(rows[i].entry);
    char **seen = hook_environment(environment);
    assert_non_null(seen);
    char **next = seen;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].is_seen)
            assert_ptr_equal(*next++, environment[i]);
    assert_null(*next);
    free(seen);
    for (size_t i = 0; i < COUNT(rows); i++)
        free(environment[i]);
}

static void bad_commands_are_refused(void **state)
{
    struct why why = {""};
    (void)state;
    assert_int_equal(hook_vet("'open", &why), ERR_INPUT);
    assert_int_equal(hook_vet("", &why), ERR_INPUT);
    assert_int_equal(hook_vet("/etc/passwd", &why), ERR_INPUT);
    assert_int_equal(hook_vet("sh -c true", &why), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_told_apart),
        cmocka_unit_test(a_hook_that_hangs_is_asked_to_end),
        cmocka_unit_test(a_hook_is_ended_with_the_program),
        cmocka_unit_test(a_flood_is_read_and_dropped),
        cmocka_unit_test(secrets_of_the_environment_stay),
        cmocka_unit_test(bad_commands_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
