/*
 * Properties of the state machines under hostile DNS: random records, random replies, memory that
 * ends early. Nothing crashes, and every walk ends within its bounds of questions.
 */
#include "unit.h"

#include "rules/dmarc.h"
#include "rules/spf.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 20000
/* 11 records, 10 terms with 10 hosts each, PTR with 10 hosts, exp; each with up to 10 aliases. */
#define CHECK_QUESTIONS_MAX  (11 * (11 + 10 * 11 + 11 + 1))
#define SURVEY_QUESTIONS_MAX (11 * (SPF_SURVEY_LOOKUPS_MAX + 1) * 12)
#define WALK_QUESTIONS_MAX   (11 * DMARC_NAMES_MAX)

struct world {
    uint64_t seed;
    struct dns_record records[16];
    char bytes[16][256];
    char names[16][64];
};

static const char *const spf_terms[] = {
    " a",
    " mx",
    " ptr",
    " a:%{p}.t.test",
    " redirect=x.test",
    " -all",
    " ~all",
    " include:x.test",
    " ?include:%{d}",
    " exists:%{i}.x.test",
    " mx:y.test",
    " a/0",
    " ip4:1.2.3.4/8",
    " ip6:::1/64",
    " exp=%{l1r-}.x.test",
    " -a",
    " -mx//0",
    " +ptr:x.test",
    " ~include:amazonses.com",
    " moo=%{s}",
};

static const char *const dmarc_terms[] = {"p=reject; ", "psd=y; ",   "psd=n; ",
                                          "aspf=s; ",   "np=none; ", "t=y ;",
                                          "p=; ",       "sp=none; ", "rua=mailto:x; "};

static const char *const junk[] = {"%", "%{", "\x80", ":", "=", "/24", " ", ";", "v=spf1", "%{p}"};

static unsigned roll(struct world *w, unsigned sides)
{
    return (unsigned)(dice(&w->seed) % sides);
}

static struct text some_text(struct world *w, unsigned slot)
{
    bool spf = roll(w, 3) > 0;
    const char *start = spf ? "v=spf1" : "v=DMARC1; ";
    size_t len = roll(w, 20) ? strlen(start) : 0;
    memcpy(w->bytes[slot], start, len);
    for (unsigned parts = roll(w, 7); parts > 0; parts--) {
        const char *word =
            spf ? spf_terms[roll(w, COUNT(spf_terms))] : dmarc_terms[roll(w, COUNT(dmarc_terms))];
        if (roll(w, 30) == 0)
            word = junk[roll(w, COUNT(junk))];
        memcpy(w->bytes[slot] + len, word, strlen(word));
        len += strlen(word);
        if (roll(w, 100) == 0)
            w->bytes[slot][len++] = (char)roll(w, 256);
    }
    return (struct text){w->bytes[slot], len};
}

static struct text some_name(struct world *w, unsigned slot, struct text asked)
{
    static const char *const names[] = {"x.test", "y.test", "amazonses.com", "", "a..b", "z.test"};
    if (roll(w, 3) == 0 && asked.len < sizeof w->names[slot]) {
        memcpy(w->names[slot], asked.at, asked.len);
        return (struct text){w->names[slot], asked.len};
    }
    return text_of(names[roll(w, COUNT(names))]);
}

static void some_reply(struct world *w, const struct dns_question *q, struct dns_reply *reply)
{
    *reply = (struct dns_reply){.outcome = roll(w, 60) ? DNS_ANSWERED : DNS_GARBLED};
    struct dns_message *m = &reply->message;
    m->rcode = (uint8_t)(roll(w, 40) ? (roll(w, 8) ? 0 : 3) : roll(w, 16));
    m->truncated = roll(w, 60) == 0;
    m->question = roll(w, 10) ? q->name : TEXT_NONE;
    m->records = w->records;
    m->records_len = roll(w, 8) ? 1 + roll(w, 2) : roll(w, COUNT(w->records));
    for (unsigned i = 0; i < m->records_len; i++) {
        struct dns_record *r = &w->records[i];
        *r = (struct dns_record){.owner = roll(w, 8) ? q->name : some_name(w, i, q->name),
                                 .type = roll(w, 8) ? q->type : DNS_TYPE_CNAME,
                                 .section = (uint8_t)(roll(w, 8) ? 0 : 1),
                                 .name = some_name(w, i, q->name),
                                 .txt = some_text(w, i)};
        r->address[0] = (uint8_t)roll(w, 3);
    }
}

static void every_check_ends_within_its_questions(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct spf_check *check = calloc(1, sizeof *check);
    unsigned results[SPF_PERMERROR + 1] = {0}, most = 0;
    (void)state;
    assert_true(w && check);
    spf_check_init(check);
    w->seed = 20260523;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct spf_mail mail = {.sender = TEXT("joe@x.test"), .helo = TEXT("h.test")};
        struct dns_question question;
        struct dns_reply reply;
        uint32_t number;
        unsigned asked = 0;
        mail.client.family = roll(w, 2) ? 4 : 6;
        spf_check_start(check, &mail);
        while (spf_check_next(check, &question, &number)) {
            assert_true(++asked <= CHECK_QUESTIONS_MAX);
            some_reply(w, &question, &reply);
            spf_check_reply(check, number, &reply);
        }
        assert_true(check->walk.done);
        assert_true(check->walk.lookups <= SPF_LOOKUPS_MAX + 1);
        results[check->walk.result]++;
        most = asked > most ? asked : most;
    }
    printf("%u checks, at most %u questions\n", ROUNDS, most);
    for (unsigned i = 0; i < COUNT(results); i++)
        assert_true(results[i] > 0);
    spf_check_clear(check);
    free(check);
    free(w);
}

static void every_survey_ends_within_its_questions(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct spf_survey *survey = calloc(1, sizeof *survey);
    unsigned classes[SPF_CLASS_VALID + 1] = {0};
    (void)state;
    assert_true(w && survey);
    spf_survey_init(survey);
    w->seed = 7208;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct dns_question question;
        struct dns_reply reply;
        uint32_t number;
        unsigned asked = 0;
        spf_survey_start(survey, TEXT("m.test"));
        while (spf_survey_next(survey, &question, &number)) {
            assert_true(++asked <= SURVEY_QUESTIONS_MAX);
            some_reply(w, &question, &reply);
            spf_survey_reply(survey, number, &reply);
        }
        classes[spf_survey_class(survey)]++;
    }
    for (unsigned i = 0; i < COUNT(classes); i++)
        assert_true(classes[i] > 0);
    spf_survey_clear(survey);
    free(survey);
    free(w);
}

static struct text second_level(void *ctx, struct text name)
{
    (void)ctx;
    return text_find(name, '.') < name.len ? name : TEXT_NONE;
}

static void every_dmarc_survey_ends_within_its_questions(void **state)
{
    static const char *const froms[] = {"x.test",    "a.b.c.d.e.f.g.h.i.j.test", "", "test", "a..b",
                                        "A.B.x.test"};
    struct world *w = calloc(1, sizeof *w);
    struct dmarc_survey *survey = calloc(1, sizeof *survey);
    unsigned found = 0, troubled = 0;
    (void)state;
    assert_true(w && survey);
    dmarc_survey_init(survey);
    w->seed = 9989;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct dns_question question;
        struct dns_reply reply;
        uint32_t number;
        unsigned asked = 0;
        dmarc_survey_start(survey, text_of(froms[roll(w, COUNT(froms))]),
                           text_of(froms[roll(w, COUNT(froms))]), second_level, NULL);
        while (dmarc_survey_next(survey, &question, &number)) {
            assert_true(++asked <= WALK_QUESTIONS_MAX);
            some_reply(w, &question, &reply);
            dmarc_survey_reply(survey, number, &reply);
        }
        assert_true(survey->done);
        assert_true(survey->rfc9989.from_queries <= 8 && survey->rfc9989.mail_from_queries <= 8);
        found += survey->rfc9989.has_record;
        troubled += survey->trouble.len > 0;
    }
    assert_true(found > 0 && troubled > 0);
    dmarc_survey_clear(survey);
    free(survey);
    free(w);
}

/* Memory that ends anywhere gives "no verdict", never a verdict of its own making. */
static void a_check_without_memory_is_a_temporary_error(void **state)
{
    struct spf_check *check = calloc(1, sizeof *check);
    unsigned temporary = 0, passes = 0;
    (void)state;
    assert_non_null(check);
    for (size_t limit = 0; limit < 8192; limit += 16) {
        struct dns_record record = {.type = DNS_TYPE_TXT,
                                    .owner = TEXT("x.test"),
                                    .txt = TEXT("v=spf1 a:%{l}.%{d} ip4:192.0.2.1 -all")};
        struct spf_mail mail = {.client = {.family = 4, .bytes = {192, 0, 2, 1}},
                                .sender = TEXT("joe@x.test")};
        struct dns_question question;
        uint32_t number;
        spf_check_init(check);
        check->walk.arena.limit_bytes = limit;
        spf_check_start(check, &mail);
        while (spf_check_next(check, &question, &number)) {
            struct dns_reply reply = {.outcome = DNS_ANSWERED};
            reply.message.question = question.name;
            reply.message.records = &record;
            reply.message.records_len = question.type == DNS_TYPE_TXT;
            spf_check_reply(check, number, &reply);
        }
        bool passed = check->walk.result == SPF_PASS;
        assert_true(passed || check->walk.result == SPF_TEMPERROR);
        passes += passed;
        temporary += !passed;
        spf_check_clear(check);
    }
    assert_true(passes > 0 && temporary > 0);
    free(check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_ends_within_its_questions),
        cmocka_unit_test(every_survey_ends_within_its_questions),
        cmocka_unit_test(every_dmarc_survey_ends_within_its_questions),
        cmocka_unit_test(a_check_without_memory_is_a_temporary_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
