/*
 * The written cases of DMARC (tests/cases/dmarc; the format is explained in the first of them),
 * each run through the survey against a zone in memory.
 */
#include "unit.h"

#include "base/dname.h"
#include "paper_zone.h"
#include "rules/dmarc.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_CHARS 1024

struct scene {
    struct paper_zone zone;
    struct dmarc_survey survey;
    struct text from, mail_from;
    bool ran;
    const char *file;
    unsigned line, cases;
};

/* The suffixes of the cases. */
static struct text list_organizational_domain(void *ctx, struct text name)
{
    static const struct text suffixes[] = {TEXT("co.uk"), TEXT("gov.uk"), TEXT("com"),
                                           TEXT("example"), TEXT("org")};
    (void)ctx;
    for (size_t i = 0; i < COUNT(suffixes); i++)
        if (dname_below(name, suffixes[i]))
            return dname_tail(name, dname_labels(suffixes[i]) + 1);
    return TEXT_NONE;
}

static struct text word_cut(struct text *rest)
{
    struct text word = text_cut(rest, ' ');
    *rest = rest->at ? text_trim(*rest) : (struct text){"", 0};
    return word;
}

static void survey_run(struct scene *s)
{
    struct dns_question question;
    struct dns_reply reply;
    uint32_t number;
    dmarc_survey_start(&s->survey, s->from, s->mail_from, list_organizational_domain, NULL);
    while (dmarc_survey_next(&s->survey, &question, &number)) {
        paper_zone_answer(&s->zone, &question, &reply);
        dmarc_survey_reply(&s->survey, number, &reply);
    }
    assert_true(s->survey.done);
    s->ran = true;
}

static struct text yes_no(bool yes)
{
    return yes ? TEXT("yes") : TEXT("no");
}

static void compare(const struct scene *s, const char *rule, struct text key, struct text got,
                    struct text want)
{
    if (!text_eq_nocase(got, want))
        fail_msg("%s:%u: %s: " TEXT_FMT " is '" TEXT_FMT "', not '" TEXT_FMT "'", s->file, s->line,
                 rule, TEXT_ARG(key), TEXT_ARG(got), TEXT_ARG(want));
}

static void verdict_compare(const struct scene *s, const char *rule, const struct dmarc_verdict *v,
                            struct text key, struct text want)
{
    char queries[32];
    struct text got = TEXT_NONE;
    snprintf(queries, sizeof queries, "%u %u", v->from_queries, v->mail_from_queries);
    if (text_eq(key, TEXT("record")))
        got = v->has_record ? v->record_domain : TEXT("none");
    else if (text_eq(key, TEXT("policy")))
        got = text_of(dmarc_policy_name(v->policy));
    else if (text_eq(key, TEXT("aspf")))
        got = v->aspf_strict ? TEXT("s") : TEXT("r");
    else if (text_eq(key, TEXT("from-organization")))
        got = v->from_organizational_domain;
    else if (text_eq(key, TEXT("mail-from-organization")))
        got = v->mail_from_organizational_domain;
    else if (text_eq(key, TEXT("aligned")))
        got = yes_no(v->aligned);
    else if (text_eq(key, TEXT("queries")))
        got = text_of(queries);
    else
        fail_msg("%s:%u: unknown word '" TEXT_FMT "'", s->file, s->line, TEXT_ARG(key));
    compare(s, rule, key, got, want);
}

static void expectation(struct scene *s, struct text word, struct text rest)
{
    bool walk = !text_eq(word, TEXT("list:")), list = !text_eq(word, TEXT("walk:"));
    struct text key = walk && list ? word : word_cut(&rest);
    if (!s->ran)
        survey_run(s);
    if (text_eq(key, TEXT("no-verdict"))) {
        assert_true(s->survey.trouble.len > 0 && !s->survey.certain);
        return;
    }
    if (!s->survey.certain)
        fail_msg("%s:%u: no verdict: " TEXT_FMT, s->file, s->line, TEXT_ARG(s->survey.trouble));
    if (text_eq(key, TEXT("trouble"))) {
        compare(s, "survey", key, s->survey.trouble, rest);
        return;
    }
    if (walk)
        verdict_compare(s, "walk", &s->survey.rfc9989, key, rest);
    if (list)
        verdict_compare(s, "list", &s->survey.rfc7489, key, rest);
}

static void case_begin(struct scene *s)
{
    paper_zone_clear(&s->zone);
    s->ran = false;
    s->cases++;
}

static void line_run(struct scene *s, struct text line)
{
    struct text rest = text_trim(line), word = word_cut(&rest);
    if (word.len == 0 || word.at[0] == '#')
        return;
    if (text_eq(word, TEXT("case"))) {
        case_begin(s);
    } else if (text_eq(word, TEXT("txt"))) {
        struct text name = word_cut(&rest);
        paper_zone_add(&s->zone, name, TEXT("TXT"), rest);
    } else if (text_eq(word, TEXT("cname"))) {
        struct text name = word_cut(&rest);
        paper_zone_add(&s->zone, name, TEXT("CNAME"), rest);
    } else if (text_eq(word, TEXT("trouble"))) {
        paper_zone_add(&s->zone, rest, TEXT("SERVFAIL"), TEXT_NONE);
    } else if (text_eq(word, TEXT("exists"))) {
        paper_zone_add(&s->zone, rest, TEXT("NOTHING"), TEXT_NONE);
    } else if (text_eq(word, TEXT("from"))) {
        s->from = arena_text(&s->zone.arena, rest);
    } else if (text_eq(word, TEXT("mail-from"))) {
        s->mail_from = arena_text(&s->zone.arena, rest);
    } else {
        expectation(s, word, rest);
    }
}

static unsigned file_run(const char *name)
{
    char path[512], line[LINE_MAX_CHARS];
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    paper_zone_init(&s->zone);
    dmarc_survey_init(&s->survey);
    s->file = name;
    snprintf(path, sizeof path, SOURCE_DIR "/tests/cases/dmarc/%s.case", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct text t = text_of(line);
        s->line++;
        line_run(s, text_slice(t, 0, text_find(t, '\n')));
    }
    fclose(file);
    unsigned cases = s->cases;
    dmarc_survey_clear(&s->survey);
    paper_zone_clear(&s->zone);
    free(s);
    printf("DMARC %s: %u cases\n", name, cases);
    return cases;
}

static void the_organizational_domain_is_found_by_both_rules(void **state)
{
    (void)state;
    assert_true(file_run("organizational-domain") >= 12);
}

static void psd_tags_cut_and_raise_the_organization(void **state)
{
    (void)state;
    assert_true(file_run("psd") >= 13);
}

static void long_names_are_asked_for_in_at_most_eight_steps(void **state)
{
    (void)state;
    assert_true(file_run("deep") >= 7);
}

static void only_a_single_sound_record_counts(void **state)
{
    (void)state;
    assert_true(file_run("records") >= 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_organizational_domain_is_found_by_both_rules),
        cmocka_unit_test(psd_tags_cut_and_raise_the_organization),
        cmocka_unit_test(long_names_are_asked_for_in_at_most_eight_steps),
        cmocka_unit_test(only_a_single_sound_record_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
