/*
 * credential_process: how its line is taken apart, and what comes of programs that do well, fail,
 * hang, print without end, or tell their secrets to standard error.
 */
#include "aws/credentials/child.h"
#include "aws/credentials/command_line.h"
#include "aws_script.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

static void a_line_is_taken_apart_as_python_does_it(void **state)
{
    static const struct {
        const char *line;
        const char *argv[6]; /* none: refused */
    } rows[] = {
        {"/opt/get", {"/opt/get"}},
        {"  get\t--to me\n", {"get", "--to", "me"}},
        {"get 'a b' \"c d\"", {"get", "a b", "c d"}},
        {"get a' 'b\" \"c", {"get", "a b c"}},
        {"get '' \"\" x", {"get", "", "", "x"}},
        {"get \\\" \\' \\\\ \\ x", {"get", "\"", "'", "\\", " x"}},
        {"get \"\\\"\\\\\\a\\$\"", {"get", "\"\\\\a\\$"}},
        {"get '\\n'", {"get", "\\n"}},
        {"get $(id) `id` ; rm -rf / #", {"get", "$(id)", "`id`", ";", "rm", "-rf"}},
        {"get ~ $HOME * ? > out", {"get", "~", "$HOME", "*", "?", ">"}},
        {"'/opt/with blank/get' a", {"/opt/with blank/get", "a"}},
        {"get 'a", {NULL}},
        {"get \"a", {NULL}},
        {"get \"a\\\"", {NULL}},
        {"get \\", {NULL}},
        {"", {NULL}},
        {" \t\n", {NULL}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct command_line c;
        command_line_init(&c);
        enum err err = command_line_parse(&c, text_of(rows[i].line), NULL);
        if (err != (rows[i].argv[0] ? OK : ERR_INPUT))
            fail_msg("row %zu: %d", i, err);
        for (unsigned a = 0; a < COUNT(rows[i].argv) && rows[i].argv[a]; a++) {
            assert_true(a < c.argc);
            assert_string_equal(c.argv[a], rows[i].argv[a]);
        }
        assert_null(c.argv[c.argc]);
        command_line_clear(&c);
    }
}

static void a_line_of_any_bytes_is_taken_or_refused(void **state)
{
    static const char alphabet[] = "ab '\"\\\t\n";
    uint64_t seed = 20261126;
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        char line[40];
        size_t len = dice(&seed) % sizeof line;
        struct command_line c;
        command_line_init(&c);
        for (size_t k = 0; k < len; k++)
            line[k] = alphabet[dice(&seed) % (sizeof alphabet - 1)];
        if (command_line_parse(&c, (struct text){line, len}, NULL) == OK)
            assert_true(c.argc >= 1 && c.argv[c.argc - 1] < c.bytes.at + c.bytes.len);
        command_line_clear(&c);
    }
}

/* A shell script of the home, as a program of its own. */
static void script_write(const struct home *h, const char *body)
{
    char path[128], text[1024];
    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
    file_write(h, "get", text);
    snprintf(path, sizeof path, "%s/get", h->path);
    chmod(path, 0700);
}

#define KEYS_JSON                                                                                  \
    "{\"Version\":1,\"AccessKeyId\":\"ASIAP\",\"SecretAccessKey\":\"SECRET\","                     \
    "\"SessionToken\":\"TOK\",\"Expiration\":\"" LATER "\"}"

static void a_program_gives_keys_or_a_reason(void **state)
{
    static const struct {
        const char *script;
        struct row row;
    } rows[] = {
        {"echo '" KEYS_JSON "'", {.key_id = "ASIAP", .expires = NOW_US + SPAN_H(12)}},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"AKIDP\",\"SecretAccessKey\":\"SECRET\"}'",
         {.key_id = "AKIDP", .expires = WHEN_NEVER}},
        {"cat; test -z \"$(ls /proc/self/fd | grep -v '^[0-3]$')\" && echo '" KEYS_JSON "'",
         {.key_id = "ASIAP"}}, /* standard input is empty, and no descriptor of ours is open */
        {"echo some words >&2; echo 'session SECRET+abc/9defghijkl of AKIDABCDEFGHIJKLMNOP has "
         "ended' >&2\n"
         "exit 3",
         {.err = ERR_AUTH,
          .says = {"credentials of profile x: credential_process: the program ended with exit code "
                   "3; its last output: session (hidden) of (hidden) has ended",
                   "!AKIDABC"}}},
        {"echo '" KEYS_JSON "'; exit 1", {.err = ERR_AUTH, .says = {"exit code 1"}}},
        {"kill -9 $$", {.err = ERR_AUTH, .says = {"ended by signal 9"}}},
        {"while echo 0123456789012345678901234567890123456789; do :; done",
         {.err = ERR_AUTH, .says = {"printed more than 65536 bytes"}}},
        {"echo SECRET", {.err = ERR_AUTH, .says = {"what it printed: JSON"}}},
        {":", {.err = ERR_AUTH, .says = {"JSON: the text is empty"}}},
        {"echo '{\"Version\":2}'", {.err = ERR_AUTH, .says = {"\"Version\" is not 1"}}},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"A\"}'",
         {.err = ERR_AUTH, .says = {"without its secret access key"}}},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"SECRET\","
         "\"Expiration\":\"2020-01-01T00:00:00Z\"}'",
         {.err = ERR_AUTH, .says = {"credentials of profile x expired at 2020-01-01T00:00:00Z"}}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct row row = rows[i].row;
        row.config = "[profile x]\ncredential_process = ^/get\n";
        row.profile = "x";
        assert_int_equal(home_open(state), 0);
        script_write(*state, rows[i].script);
        row_check_in(*state, &row, i);
        home_close(state);
    }
}

static void a_program_that_is_not_there_is_told(void **state)
{
    const struct row rows[] = {
        {.config = "[profile x]\ncredential_process = ^/nobody\n",
         .profile = "x",
         .err = ERR_AUTH,
         .says = {"cannot run", "/nobody: ", strerror(ENOENT)}},
        {.config = "[profile x]\ncredential_process = no-such-program-of-ours\n",
         .profile = "x",
         .err = ERR_AUTH,
         .says = {"no-such-program-of-ours was not found in PATH"}},
        {.config = "[profile x]\ncredential_process = 'SECRET\n",
         .profile = "x",
         .err = ERR_AUTH,
         .says = {"profile \"x\": credential_process: a quote is not closed"}},
    };
    ROWS(rows);
}

static void child_check(char *const argv[], span_us time_max, int ending_fd, enum err wanted,
                        bool is_late)
{
    struct child_result result = {.status = 0};
    struct why why = {""};
    buf_init(&result.out, 100);
    buf_init(&result.err, 100);
    assert_int_equal(
        child_run(&(struct child_terms){.argv = argv, .time_max = time_max, .ending_fd = ending_fd},
                  &result, &why),
        wanted);
    assert_int_equal(result.is_late, is_late);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
    buf_clear(&result.out);
    buf_clear(&result.err);
}

/* Its own children go with it: they are in its process group. */
static void a_program_that_hangs_is_ended(void **state)
{
    char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"sleep 600 & sleep 600"}, NULL};
    (void)state;
    child_check(argv, SPAN_MS(50), -1, OK, true);
}

/* Its pipe is never empty, and the time is looked at all the same. */
static void a_program_that_complains_without_end_is_ended(void **state)
{
    char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"exec yes >&2"}, NULL};
    (void)state;
    child_check(argv, SPAN_MS(200), -1, OK, true);
}

static void a_program_is_ended_when_the_run_ends(void **state)
{
    char *const argv[] = {(char[]){"sleep"}, (char[]){"600"}, NULL};
    int fd = eventfd(1, EFD_CLOEXEC);
    (void)state;
    child_check(argv, SPAN_M(10), fd, ERR_BUSY, false);
    close(fd);
}

/* A helper that it leaves running holds the pipe open, and is not waited for. */
static void a_program_that_leaves_a_helper_has_ended(void **state)
{
    char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"sleep 600 &"}, NULL};
    (void)state;
    child_check(argv, SPAN_M(10), -1, OK, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_taken_apart_as_python_does_it),
        cmocka_unit_test(a_line_of_any_bytes_is_taken_or_refused),
        cmocka_unit_test(a_program_gives_keys_or_a_reason),
        cmocka_unit_test(a_program_that_is_not_there_is_told),
        cmocka_unit_test(a_program_that_hangs_is_ended),
        cmocka_unit_test(a_program_that_complains_without_end_is_ended),
        cmocka_unit_test(a_program_is_ended_when_the_run_ends),
        cmocka_unit_test(a_program_that_leaves_a_helper_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
