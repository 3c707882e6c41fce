/* A command that is printed to be pasted is given to a shell, and its words to the program. */
#include "unit.h"

#include "aws/variables.h"
#include "base/escape.h"
#include "options/advice.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

/* What a shell makes of a command: its words, one after the other in bytes. */
struct pasted {
    char bytes[4 * PATH_MAX];
    char *words[WORDS_MAX];
    int len;
};

static void paste(struct pasted *p, const char *command)
{
    static const char before[] = "set -- ", after[] = "; printf '%s\\0' \"$@\"";
    char line[sizeof before + sizeof((struct advice *)0)->text + sizeof after];
    snprintf(line, sizeof line, "%s%s%s", before, command, after);
    FILE *shell = popen(line, "r"); /* NOLINT: a shell is what this is about */
    assert_non_null(shell);
    size_t len = fread(p->bytes, 1, sizeof p->bytes - 1, shell);
    assert_int_equal(pclose(shell), 0);
    p->len = 0;
    for (char *at = p->bytes; at < p->bytes + len; at += strlen(at) + 1) {
        assert_true(p->len < WORDS_MAX);
        p->words[p->len++] = at;
    }
}

/* As it stands in a sentence on its way to the terminal. */
static void sentence_paste(struct pasted *p, const char *command)
{
    struct buf safe;
    buf_init(&safe, sizeof((struct advice *)0)->text);
    escape_terminal(&safe, text_of(command));
    assert_false(safe.failed);
    paste(p, safe.at);
    buf_clear(&safe);
}

static void read_or_fail(struct options *o, int argc, char **argv)
{
    struct why why = {""};
    if (options_read(o, OPTIONS_LIVE | OPTIONS_JOURNAL, argc, argv, &why) != OK)
        fail_msg("%s", why.text);
}

static void same_text(const char *a, const char *b)
{
    assert_string_equal(a ? a : "(none)", b ? b : "(none)");
}

static void assert_same(const struct options *a, const struct options *b)
{
    same_text(a->journal, b->journal);
    same_text(a->access.profile, b->access.profile);
    same_text(a->access.region, b->access.region);
    same_text(a->access.endpoint_url, b->access.endpoint_url);
    same_text(a->access.resolver, b->access.resolver);
    same_text(a->access.dns, b->access.dns);
    same_text(a->access.psl_file, b->access.psl_file);
    same_text(a->access.feedback_host, b->access.feedback_host);
    same_text(a->access.ca_bundle, b->access.ca_bundle);
    same_text(a->access.read_api, b->access.read_api);
    same_text(a->access.write_api, b->access.write_api);
    assert_int_equal(a->access.authority_port, b->access.authority_port);
    assert_int_equal(a->access.call_timeout_us, b->access.call_timeout_us);
    assert_true(a->access.rate_per_s == b->access.rate_per_s);
}

static const char *const secret[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                     "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"};

static void environment_clear(void)
{
    unsetenv("MAILFROM_JOURNAL");
    for (int v = 0; v < AWS_VARIABLES; v++)
        unsetenv(aws_variable_name((enum aws_variable)v));
}

static void a_run_s_options_are_read_from_its_advice(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"--call-timeout=9s", ""},
        {"--call-timeout=1500ms", ""},
        {"--call-timeout=2m5s", ""},
        {"--call-timeout=15m", "--rate=0.01"},
        {"--rate=10000", "--authority-port=5353"},
        {"--rate=0.3333333333", "--read-api=v1"},
        {"--journal=it's here/j.db", "--profile=two words"},
        {"--journal=a\\b\\'c", "--profile=$HOME `id` \"x\" !1 *"},
        {"--journal=-\\12 !`\"$x%s", "--profile=\\\\"},
        {"--journal=\033[2Jj%d.db", "--profile=tab\tand\xff"},
        {"--journal=b\xc3\xbc"
         "cher.db",
         "--region=eu-west-1"},
        {"--endpoint-url=http://127.0.0.1:8005", "--resolver=127.0.0.1:53,[::1]:5353"},
        {"--dns=recursive", "--read-api=v2"},
        {"--write-api=v1", "--feedback-host=feedback-smtp.{region}.example"},
    };
    environment_clear();
    for (size_t i = 0; i < COUNT(rows); i++) {
        char given[2][128];
        char *argv[] = {given[0], given[1]};
        struct options o, again;
        struct advice a;
        struct pasted pasted;
        for (size_t k = 0; k < 2; k++)
            snprintf(given[k], sizeof given[k], "%s", rows[i][k]);
        read_or_fail(&o, *given[1] ? 2 : 1, argv);
        paste(&pasted, advice_run(&a, &o, "resume", 7, ""));
        assert_true(pasted.len > 3);
        assert_string_equal(pasted.words[1], "resume");
        read_or_fail(&again, pasted.len - 2, pasted.words + 2);
        assert_int_equal(again.arguments_len, 1);
        assert_string_equal(again.arguments[0], "7");
        assert_same(&o, &again);
        sentence_paste(&pasted, advice_run(&a, &o, "resume", 7, ""));
        read_or_fail(&again, pasted.len - 2, pasted.words + 2);
        assert_same(&o, &again);
    }
}

static void no_terminal_gets_a_word_raw(void **state)
{
    (void)state;
    struct advice a;
    for (const char *at = advice_word(&a, "\033]0;x\a\x7f\xc2\x9b\xff"); *at; at++)
        assert_true(*at >= 0x20 && *at < 0x7f);
}

static bool is_among(const struct pasted *p, const char *word)
{
    for (int i = 0; i < p->len; i++)
        if (strcmp(p->words[i], word) == 0)
            return true;
    return false;
}

static void the_environment_that_chose_the_account_goes_with_it(void **state)
{
    (void)state;
    struct options o;
    struct advice a;
    struct pasted pasted;
    char word[128];
    environment_clear();
    read_or_fail(&o, 0, NULL);
    for (int v = 0; v < AWS_VARIABLES; v++) {
        const char *name = aws_variable_name((enum aws_variable)v);
        assert_false(strstr(name, "SECRET") || strstr(name, "TOKEN") || strstr(name, "KEY"));
        setenv(name, "it's set", 1);
    }
    for (size_t i = 0; i < COUNT(secret); i++)
        setenv(secret[i], "hidden", 1);
    const char *command = advice_run(&a, &o, "resume", 7, "");
    assert_null(strstr(command, "hidden"));
    paste(&pasted, command);
    for (int v = 0; v < AWS_VARIABLES; v++) {
        snprintf(word, sizeof word, "%s=it's set", aws_variable_name((enum aws_variable)v));
        if (!is_among(&pasted, word))
            fail_msg("'%s' is not in: %s", word, command);
    }
    assert_string_equal(advice_run(&a, &o, "status", 7, ""), "mailfrom status 7");
    environment_clear();
    assert_string_equal(advice_run(&a, &o, "resume", 7, ""), "mailfrom resume 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_s_options_are_read_from_its_advice),
        cmocka_unit_test(no_terminal_gets_a_word_raw),
        cmocka_unit_test(the_environment_that_chose_the_account_goes_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
