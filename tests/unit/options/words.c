/* Words of a command line: every verb with the options of the contract, short spellings, options
 * before the verb, and what is refused. */
#include "unit.h"

#include "base/count.h"
#include "options/option_rows.h"
#include "options/together.h"
#include "options/verb_rows.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 12

/* A command line, cut at its blanks: argv belongs to it. */
struct line {
    char bytes[256];
    char *argv[WORDS_MAX];
    int argc;
};

static void line_cut(struct line *l, const char *words)
{
    l->argc = 0;
    snprintf(l->bytes, sizeof l->bytes, "%s", words);
    for (char *word = strtok(l->bytes, " "); word; word = strtok(NULL, " ")) {
        assert_true(l->argc < WORDS_MAX);
        l->argv[l->argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
    }
}

static void every_verb_takes_the_options_of_the_contract(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "--profile p",
        "--region eu-west-1",
        "--endpoint-url http://127.0.0.1:1",
        "--resolver 127.0.0.1",
        "--dns recursive",
        "--ca-bundle /proc/self/exe",
        "--journal j.db",
        "--rate 2",
        "--carriers 3",
        "--report csv:-",
        "--report=csv:a",
        "--progress none",
        "--progress lines",
        "--quiet",
        "--verbose",
        "--no-color",
        "--yes",
        "-q",
        "-v",
        "-y",
        "-h",
    };
    for (const struct verb_row *v = verb_rows; v->name; v++) {
        for (size_t i = 0; i < COUNT(lines); i++) {
            struct options o;
            struct why why = {""};
            struct line l;
            /* one that the process may not map is no bundle: this program is a file, and that is
             * all that is asked of it here */
            line_cut(&l, lines[i]);
            if (options_read(&o, v->options, l.argc, l.argv, &why) != OK)
                fail_msg("mailfrom %s %s: %s", v->name, lines[i], why.text);
            assert_int_equal(o.arguments_len, 0);
        }
    }
}

static const struct verb_row *verb_of(struct line *l)
{
    assert_true(options_verb_first(l->argc, l->argv));
    return verb_row_find(l->argv[0]);
}

static void options_may_stand_before_the_verb(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "plan -qv --out x f.yaml",
        "-qv --out x plan f.yaml",
        "-q --out=x plan -v f.yaml",
        "-o x -q -v plan f.yaml",
        "-ox plan -q -v f.yaml",
        "-qvo x plan f.yaml",
        "-vqo=x plan f.yaml",
        "plan f.yaml --out x -v -q",
        "--quiet -o x plan -v -- f.yaml",
        "--verbose -q plan -o=x f.yaml",
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct line l;
        struct options o;
        struct why why = {""};
        line_cut(&l, lines[i]);
        const struct verb_row *v = verb_of(&l);
        assert_non_null(v);
        assert_string_equal(v->name, "plan");
        if (options_read(&o, v->options, l.argc - 1, l.argv + 1, &why) != OK)
            fail_msg("%s: %s", lines[i], why.text);
        assert_true(o.quiet && o.access.verbose && !o.yes);
        assert_string_equal(o.out, "x");
        assert_int_equal(o.arguments_len, 1);
        assert_string_equal(o.arguments[0], "f.yaml");
    }
    static const char *const none[] = {"-V", "--version --format json", "--journal plan", "-h", ""};
    for (size_t i = 0; i < COUNT(none); i++) {
        struct line l;
        line_cut(&l, none[i]);
        assert_false(options_verb_first(l.argc, l.argv));
    }
}

static void what_cannot_be_meant_is_refused_by_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *line, *said;
    } rows[] = {
        {"resume", "--region a --region b", "--region is given twice: first a, then b"},
        {"plan", "--profile a --profile b", "--profile is given twice: first a, then b"},
        {"plan", "-o a --out b", "--out is given twice: first a, then b"},
        {"rollback", "--limit 1 --limit 2", "--limit is given twice"},
        {"apply", "--limit 0", "--limit takes a number from 1"},
        {"discover", "--profile a,,b", "--profile: found an empty name"},
        {"plan", "--account a,,b", "--account: found an empty name in \"a,,b\""},
        {"due", "--regions eu-west-1,", "--region: found an empty name"},
        {"resume", "--only a", "--only is an option of other verbs"},
        {"plan", "--out", "--out wants FILE, but nothing follows"},
        {"plan", "--out --yes", "--out wants FILE, but --yes follows"},
        {"plan", "--out=", "--out wants FILE, but its value is empty"},
        {"plan", "--journal ''", "--journal wants FILE|URL, but its value is empty"},
        {"plan", "-out=f.plan", "-out=f.plan: did you mean --out, with two dashes?"},
        {"plan", "-region x", "-region: did you mean --region, with two dashes?"},
        {"plan", "\xe2\x80\x93quiet",
         "begins with a dash, not with hyphens: did you mean --quiet?"},
        {"plan", "\xe2\x80\x94out=x", "did you mean --out?"},
        {"plan", "\xe2\x80\x93-out x", "did you mean --out?"},
        {"plan", "\xe2\x88\x92q", "did you mean --quiet?"},
        {"plan", "-x", "there is no option -x here"},
        {"plan", "-qx", "there is no option -x here"},
        {"status", "-n", "-n is --dry-run, an option of other verbs"},
        {"check", "--plan x", "--plan is an option of other verbs"},
        {"inspect", "--force", "--force is an option of other verbs"},
        {"check", "--yess", "did you mean --yes?"},
        {"check", "--endpoint x", "did you mean --endpoint-url?"},
        {"check", "--qiuet", "did you mean --quiet?"},
        {"check", "--quiet=1", "--quiet takes no value, but has \"1\""},
        {"inspect", "--dnx", "did you mean --dns?"},
        {"explain", "--xyz", "there is no option --xyz here; --help shows those"},
        {"plan", "--als", "did you mean --all?"},
        {"apply", "--no", "there is no option --no here"},
        {"apply", "--des", "did you mean --dns?"},
        {"apply", "--yet", "did you mean --yes?"},
        {"apply", "--dos-it", "there is no option --dos-it here; --help"},
        {"apply", "--die", "there is no option --die here; --help"},
        {"work", "--lanes team-a", "--lanes takes ACCOUNT/REGION with * and ?"},
        {"work", "--lanes a/b/c", "--lanes takes ACCOUNT/REGION with * and ?"},
        {"work", "--lanes /b", "--lanes takes ACCOUNT/REGION with * and ?"},
        {"work", "--max-lanes 0", "--max-lanes takes a number from 1 to 65535, not \"0\""},
        {"work", "--name ''", "--name wants NAME, but its value is empty"},
        {"plan", "--submit", "--submit is an option of other verbs"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct line l;
        struct options o;
        struct why why = {""};
        line_cut(&l, rows[i].line);
        option_set set = verb_row_find(rows[i].verb)->options;
        assert_int_equal(options_read(&o, set, l.argc, l.argv, &why), ERR_INPUT);
        if (!strstr(why.text, rows[i].said))
            fail_msg("%s %s: %s", rows[i].verb, rows[i].line, why.text);
    }
}

static void what_adds_up_may_be_given_again(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"plan", "--report csv:a --report csv:b"},
        {"records", "--zone a --zone b"},
        {"discover", "--only a --only b"},
        {"discover", "--exclude a --exclude b"},
        {"discover", "--tag a --tag b"},
        {"plan", "-q --quiet -q"},
        {"inspect", "--spf-check 192.0.2.1 --sender ''"},
        {"inspect", "-"},
        {"work", "--lanes team-a/* --lanes */eu-west-1 --once --max-lanes 3 --name alpha"},
        {"resume", "--submit 7"},
        {"inspect", "-- -x"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct line l;
        struct options o;
        struct why why = {""};
        line_cut(&l, rows[i][1]);
        if (options_read(&o, verb_row_find(rows[i][0])->options, l.argc, l.argv, &why) != OK)
            fail_msg("%s: %s", rows[i][1], why.text);
    }
}

static void an_empty_NO_COLOR_is_not_set(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool off;
    } rows[] = {{NULL, false}, {"", false}, {"1", true}, {"0", true}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct options o;
        struct why why;
        unsetenv("NO_COLOR");
        if (rows[i].value)
            setenv("NO_COLOR", rows[i].value, 1);
        assert_int_equal(options_read(&o, OPTIONS_NONE, 0, (char *[]){NULL}, &why), OK);
        assert_int_equal(o.no_color, rows[i].off);
    }
    unsetenv("NO_COLOR");
}

static void a_letter_means_one_name(void **state)
{
    (void)state;
    for (const struct option_row *a = option_rows; a->name; a++)
        for (const struct option_row *b = option_rows; b->name; b++)
            assert_true((a->letter == b->letter && a->letter) ==
                        (strcmp(a->name, b->name) == 0 && a->letter));
}

/* What would be passed over in silence is refused, with the options in the sentence. */
static void options_that_cannot_matter_together_are_refused(void **state)
{
    static const struct {
        const char *line, *said; /* NULL: fine */
    } rows[] = {
        {"status --all", NULL},
        {"status --all 3", "--all lists every run: name none"},
        {"status --all --watch", "--watch follows one"},
        {"status --all --format json", "--format json prints one"},
        {"status --all --only x", "a selection is of the identities of one"},
        {"status --all --limit 2", "a selection is of the identities of one"},
        {"plan m.yaml --force", "--force overwrites the file of --out"},
        {"plan m.yaml --force --out p", NULL},
        {"apply m.yaml --force --yes", NULL},
        {"records m.yaml --missing --live", "two lists"},
        {"records m.yaml --server 192.0.2.1", "--format nsupdate"},
        {"records m.yaml --server 192.0.2.1 --format nsupdate", NULL},
        {"records 3 --allow-empty", "--allow-empty is for manifests"},
        {"records 3 --all", "--all is of complaints"},
        {"due m.yaml --server 192.0.2.1", "give --out FOLDER"},
        {"due m.yaml --server 192.0.2.1 --out d", NULL},
        {"due m.yaml --server 192.0.2.1 --out d --format bind", "no other --format"},
        {"due m.yaml --ttl 60", "give --out FOLDER too"},
        {"apply --plan p --allow-empty", "--plan names none"},
        {"apply --plan p --dry-run --no-wait", "leave out --no-wait"},
        {"rollback 3 --dry-run --no-wait", "leave out --no-wait"},
        {"rollback 3 --dry-run --yes", NULL},
        {"resume 3 --give-up", NULL},
        {"resume 3 --give-up --retry-failed", "leave out what would go on with it"},
        {"apply m.yaml --yes --submit", NULL},
        {"apply m.yaml --submit --dry-run", "--dry-run carries out nothing"},
        {"apply m.yaml --submit --no-wait", "--submit ends at once"},
        {"resume 3 --submit --give-up", "--give-up ends the run"},
        {"rollback 3 --yes --submit --events e", "nothing to notify of"},
        {"work 3 --once", NULL},
        {"plan m.yaml --csv-dialect excel", "none is written"},
        {"plan m.yaml --csv-separator tab --report json:-", "none is written"},
        {"plan m.yaml --csv-dialect excel --report csv:-", NULL},
        {"show a.plan --csv-dialect excel", "none is written"},
        {"report 3 --csv-dialect excel --csv-separator semicolon", NULL},
        {"report 3 --csv-dialect excel --report html:x", "none is written"},
        {"records m.yaml --csv-separator semicolon", "none is written"},
        {"records m.yaml --csv-separator semicolon --format csv", NULL},
        {"due m.yaml --csv-dialect excel", "none is written"},
        {"due m.yaml --csv-dialect excel --out d", NULL},
        {"discover --csv-dialect excel", "none is written"},
        {"discover --csv-dialect excel --format csv", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct line l;
        struct options o;
        struct why why = {""};
        line_cut(&l, rows[i].line);
        const struct verb_row *verb = verb_of(&l);
        assert_int_equal(options_read(&o, verb->options, l.argc - 1, l.argv + 1, &why), OK);
        enum err err = options_together_vet(&o, verb->options, &why);
        if ((err == OK) != !rows[i].said || (rows[i].said && !strstr(why.text, rows[i].said)))
            fail_msg("mailfrom %s: %d, \"%s\"", rows[i].line, err, why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_takes_the_options_of_the_contract),
        cmocka_unit_test(options_may_stand_before_the_verb),
        cmocka_unit_test(what_cannot_be_meant_is_refused_by_its_name),
        cmocka_unit_test(what_adds_up_may_be_given_again),
        cmocka_unit_test(an_empty_NO_COLOR_is_not_set),
        cmocka_unit_test(a_letter_means_one_name),
        cmocka_unit_test(options_that_cannot_matter_together_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
