/*
 * The written cases of SPF (tests/cases/spf; the format is explained in the file).
 */
#include "unit.h"

#include "paper_zone.h"
#include "rules/spf.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_CHARS 1024
#define CASES_MIN      34

struct scene {
    struct paper_zone zone;
    struct spf_survey survey;
    unsigned line, cases, checks;
};

static struct text word_cut(struct text *rest)
{
    struct text word = text_cut(rest, ' ');
    *rest = rest->at ? text_trim(*rest) : (struct text){"", 0};
    return word;
}

static void case_begin(struct scene *s)
{
    paper_zone_clear(&s->zone);
    paper_zone_add(&s->zone, TEXT("amazonses.com"), TEXT("TXT"),
                   TEXT("v=spf1 ip4:54.240.0.0/18 ip4:69.169.224.0/20 -all"));
    s->cases++;
}

static void survey_run(struct scene *s, struct text domain)
{
    struct dns_question question;
    struct dns_reply reply;
    uint32_t number;
    spf_survey_start(&s->survey, domain);
    while (spf_survey_next(&s->survey, &question, &number)) {
        paper_zone_answer(&s->zone, &question, &reply);
        spf_survey_reply(&s->survey, number, &reply);
    }
    assert_true(s->survey.walk.done);
}

static void check_run(struct scene *s, struct text rest)
{
    struct spf_check check;
    struct dns_question question;
    struct dns_reply reply;
    uint32_t number;
    struct spf_mail mail = {.helo = TEXT("sender.test")};
    assert_true(spf_address_parse(word_cut(&rest), &mail.client));
    mail.sender = word_cut(&rest);
    spf_check_init(&check);
    spf_check_start(&check, &mail);
    while (spf_check_next(&check, &question, &number)) {
        paper_zone_answer(&s->zone, &question, &reply);
        spf_check_reply(&check, number, &reply);
    }
    assert_true(check.walk.done);
    if (!text_eq(text_of(spf_result_name(check.walk.result)), rest))
        fail_msg("line %u: check gives %s (" TEXT_FMT ")", s->line,
                 spf_result_name(check.walk.result), TEXT_ARG(check.walk.reason));
    s->checks++;
    spf_check_clear(&check);
}

static void expectation(const struct scene *s, struct text word, struct text want)
{
    const struct spf_walk *w = &s->survey.walk;
    char number[16] = "";
    struct text got;
    if (text_eq(word, TEXT("result"))) {
        got = text_of(spf_class_name(spf_survey_class(&s->survey)));
    } else if (text_eq(word, TEXT("authorizes-ses"))) {
        got = w->authorizes_ses ? TEXT("yes") : TEXT("no");
    } else if (text_eq(word, TEXT("error"))) {
        bool holds = text_find_text(w->reason, want) < w->reason.len;
        got = holds ? want : w->reason;
    } else {
        bool voids = text_eq(word, TEXT("void-look-ups"));
        assert_true(voids || text_eq(word, TEXT("look-ups")));
        snprintf(number, sizeof number, "%u", voids ? w->void_lookups : w->lookups);
        got = text_of(number);
    }
    if (!text_eq(got, want))
        fail_msg("line %u: " TEXT_FMT " is '" TEXT_FMT "', not '" TEXT_FMT "' (" TEXT_FMT ")",
                 s->line, TEXT_ARG(word), TEXT_ARG(got), TEXT_ARG(want), TEXT_ARG(w->reason));
}

static void line_run(struct scene *s, struct text line)
{
    static const struct {
        struct text word, type;
    } records[] = {{TEXT("txt"), TEXT("TXT")},
                   {TEXT("a"), TEXT("A")},
                   {TEXT("mx"), TEXT("MX")},
                   {TEXT("cname"), TEXT("CNAME")},
                   {TEXT("trouble"), TEXT("SERVFAIL")}};
    struct text rest = text_trim(line), word = word_cut(&rest);
    if (word.len == 0 || word.at[0] == '#')
        return;
    for (size_t i = 0; i < COUNT(records); i++) {
        if (text_eq(word, records[i].word)) {
            struct text name = word_cut(&rest);
            paper_zone_add(&s->zone, name, records[i].type, rest);
            return;
        }
    }
    if (text_eq(word, TEXT("case")))
        case_begin(s);
    else if (text_eq(word, TEXT("survey")))
        survey_run(s, rest);
    else if (text_eq(word, TEXT("check")))
        check_run(s, rest);
    else
        expectation(s, word, rest);
}

static void every_record_costs_and_authorizes_what_its_case_says(void **state)
{
    char line[LINE_MAX_CHARS];
    struct scene *s = calloc(1, sizeof *s);
    (void)state;
    assert_non_null(s);
    paper_zone_init(&s->zone);
    spf_survey_init(&s->survey);
    FILE *file = fopen(SOURCE_DIR "/tests/cases/spf/ses.case", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct text t = text_of(line);
        s->line++;
        line_run(s, text_slice(t, 0, text_find(t, '\n')));
    }
    fclose(file);
    printf("SPF: %u cases, %u checks\n", s->cases, s->checks);
    assert_true(s->cases >= CASES_MIN);
    spf_survey_clear(&s->survey);
    paper_zone_clear(&s->zone);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_costs_and_authorizes_what_its_case_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
