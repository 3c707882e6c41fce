/*
 * The answers of a list, remembered or not, are those of libpsl: for each rule of a list and what
 * lies above and below it, and for names at random. Every name is asked twice, in a new order, so
 * that names have taken one another's place meanwhile.
 */
#include "unit.h"

#include "rules/suffix.h"

#include <libpsl.h>
#include <stdio.h>
#include <unistd.h>

#define NAMES_MAX 120000
#define NAME_MAX_ 300

struct both {
    struct suffix_list *ours;
    const psl_ctx_t *theirs;
    psl_ctx_t *owned;
    char (*names)[NAME_MAX_];
    size_t len;
};

/* path NULL: the list inside libpsl. */
static void both_open(struct both *b, const char *path)
{
    struct why why;
    *b = (struct both){.names = malloc(NAMES_MAX * sizeof *b->names)};
    assert_non_null(b->names);
    assert_int_equal(suffix_list_open(&b->ours, path, &why), OK);
    b->owned = path ? psl_load_file(path) : NULL;
    b->theirs = path ? b->owned : psl_builtin();
    assert_non_null(b->theirs);
}

static void both_close(struct both *b)
{
    suffix_list_close(b->ours);
    psl_free(b->owned);
    free(b->names);
}

static void name_add(struct both *b, const char *before, const char *rest)
{
    assert_true(b->len < NAMES_MAX);
    if (snprintf(b->names[b->len], NAME_MAX_, "%s%s", before, rest) < NAME_MAX_)
        b->len++;
}

/* The rule itself, what lies above it and what lies below. */
static void rule_add(struct both *b, const char *rule)
{
    static const char *const below[] = {"", "a.", "www.", "b.a.", "d.c.b.a."};
    if (strncmp(rule, "*.", 2) == 0 || *rule == '!')
        rule += *rule == '!' ? 1 : 2;
    for (size_t i = 0; i < COUNT(below); i++)
        name_add(b, below[i], rule);
    for (const char *dot = strchr(rule, '.'); dot; dot = strchr(dot + 1, '.'))
        name_add(b, "", dot + 1);
}

static void answers_agree(const struct both *b, const char *name)
{
    int type = PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE;
    bool is_public = *name && psl_is_public_suffix2(b->theirs, name, type);
    const char *domain = psl_registrable_domain(b->theirs, name);
    if (suffix_is_public(b->ours, text_of(name)) != is_public)
        fail_msg("'%s' is %sa suffix by libpsl", name, is_public ? "" : "no ");
    assert_text(suffix_registrable(b->ours, text_of(name)), text_of(domain));
}

static void all_agree(struct both *b, uint64_t seed)
{
    assert_true(b->len > 0);
    for (size_t i = 0; i < b->len; i++)
        answers_agree(b, b->names[i]);
    for (size_t i = 0; i < b->len; i++) {
        answers_agree(b, b->names[dice(&seed) % b->len]);
        answers_agree(b, b->names[i]);
    }
}

/* Of few words, so that they meet rules and one another, and of every shape: too long for libpsl,
 * too long to be remembered, with empty labels, of one label. */
static void random_add(struct both *b, uint64_t *seed)
{
    static const char *const words[] = {
        "com",       "co",          "uk",
        "www",       "ck",          "kawasaki",
        "jp",        "city",        "io",
        "x",         "github",      "s3",
        "amazonaws", "name",        "his",
        "forgot",    "test",        "example",
        "corp",      "compute",     "kobe",
        "xn--p1ai",  "xn--85x722f", "cn",
        "1",         "-",           "a-label-of-more-than-thirty-bytes-in-all",
    };
    char name[NAME_MAX_] = "";
    unsigned labels = 1 + (unsigned)(dice(seed) % (dice(seed) % 8 ? 4 : 14));
    for (unsigned i = 0; i < labels; i++) {
        size_t at = strlen(name);
        const char *word = dice(seed) % 40 ? words[dice(seed) % COUNT(words)] : "";
        if (at + strlen(word) + 2 < 250)
            snprintf(name + at, sizeof name - at, "%s%s", i ? "." : "", word);
    }
    /* One dot at the end is taken off before libpsl is asked. */
    size_t len = strlen(name);
    bool has_dot = len && name[len - 1] == '.' && !(len > 1 && name[len - 2] == '.');
    if (!has_dot)
        name_add(b, "", name);
}

static void names_at_random_are_answered_as_by_libpsl(void **state)
{
    struct both b;
    uint64_t seed = 0x5eed;
    (void)state;
    both_open(&b, NULL);
    for (int i = 0; i < 20000; i++)
        random_add(&b, &seed);
    all_agree(&b, seed);
    both_close(&b);
}

static const char *const rules[] = {
    "// ===BEGIN ICANN DOMAINS===",
    "com",
    "uk",
    "co.uk",
    "*.ck",
    "!www.ck",
    "jp",
    "*.kawasaki.jp",
    "!city.kawasaki.jp",
    "name",
    "\xd1\x80\xd1\x84", /* rf, in Cyrillic letters */
    "cn",
    "\xe5\x85\xac\xe5\x8f\xb8.cn",
    "// ===END ICANN DOMAINS===",
    "// ===BEGIN PRIVATE DOMAINS===",
    "github.io",
    "forgot.his.name",
    "s3.amazonaws.com",
    "*.compute.amazonaws.com",
    "corp.test", /* nothing is said of test */
    "a-label-of-more-than-thirty-bytes-in-all.and-another-one-of-as-many-bytes.test",
    "1.2.3.4.5.6.7.8.9.10.com",
    "// ===END PRIVATE DOMAINS===",
};

static void a_list_of_ones_own_is_answered_as_by_libpsl(void **state)
{
    struct both b;
    uint64_t seed = 0x0117;
    char path[] = "/tmp/mailfrom-suffixes-XXXXXX";
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    for (size_t i = 0; i < COUNT(rules); i++)
        dprintf(fd, "%s\n", rules[i]);
    close(fd);
    both_open(&b, path);
    unlink(path);
    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i][0] != '/')
            rule_add(&b, rules[i]);
    rule_add(&b, "xn--p1ai");
    rule_add(&b, "xn--55qx5d.cn");
    for (int i = 0; i < 5000; i++)
        random_add(&b, &seed);
    all_agree(&b, seed);
    both_close(&b);
}

/* Where the system has the whole list as a file; its rules are asked about in both lists. */
static void every_rule_of_the_list_is_answered_as_by_libpsl(void **state)
{
    const char *path = psl_builtin_filename();
    FILE *file = path ? fopen(path, "r") : NULL;
    const char *const lists[] = {NULL, path};
    char line[512];
    (void)state;
    if (!file) {
        print_message("the file that libpsl's list was made of is not here\n");
        skip();
    }
    for (size_t i = 0; i < COUNT(lists); i++) {
        struct both b;
        both_open(&b, lists[i]);
        rewind(file);
        while (fgets(line, sizeof line, file)) {
            line[strcspn(line, " \t\r\n")] = '\0';
            if (*line && strncmp(line, "//", 2) != 0)
                rule_add(&b, line);
        }
        assert_true(b.len > 10000);
        all_agree(&b, 0xa11);
        both_close(&b);
    }
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_at_random_are_answered_as_by_libpsl),
        cmocka_unit_test(a_list_of_ones_own_is_answered_as_by_libpsl),
        cmocka_unit_test(every_rule_of_the_list_is_answered_as_by_libpsl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
