/*
 * DMARC records, one a line: each is parsed, and a survey meets them in turn as the answers to
 * whatever it asks.
 */
#include "fuzz.h"

#include "rules/dmarc.h"

#define WALK_QUESTIONS_MAX (11 * DMARC_NAMES_MAX)

static bool is_inside(struct text part, struct text whole)
{
    return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void record_is_sound(struct text text)
{
    struct dmarc_record r;
    if (!dmarc_record_is(text))
        return;
    dmarc_record_parse(&r, text);
    assert(r.p <= DMARC_POLICY_REJECT && r.sp <= DMARC_POLICY_REJECT &&
           r.np <= DMARC_POLICY_REJECT);
    assert(r.psd <= DMARC_PSD_NO && dmarc_policy_name(r.p));
    assert(r.has_sp || r.sp == r.p);
    assert(r.has_np || r.np == r.sp);
    assert(is_inside(r.rua, text) && is_inside(r.ruf, text));
}

static struct text two_labels(void *ctx, struct text name)
{
    (void)ctx;
    size_t last = text_rfind(name, '.');
    if (last == name.len)
        return TEXT_NONE;
    struct text front = text_slice(name, 0, last);
    size_t dot = text_rfind(front, '.');
    return dot == front.len ? name : text_from(name, dot + 1);
}

static void survey_run(struct text lines)
{
    struct dmarc_survey *survey = calloc(1, sizeof *survey);
    struct dns_question question;
    uint32_t number;
    unsigned asked = 0;
    struct text rest = lines;
    assert(survey);
    dmarc_survey_init(survey);
    dmarc_survey_start(survey, TEXT("a.b.c.d.e.f.g.h.example.com"), TEXT("bounce.b.example.com"),
                       two_labels, NULL);
    for (; dmarc_survey_next(survey, &question, &number); asked++) {
        struct text line = fuzz_line(&rest);
        struct dns_record record = {.owner = question.name, .type = question.type, .txt = line};
        struct dns_reply reply = {.outcome = line.len % 13 == 12 ? DNS_TIMED_OUT : DNS_ANSWERED};
        reply.message.question = question.name;
        reply.message.records = &record;
        reply.message.records_len = line.len > 0;
        assert(asked < WALK_QUESTIONS_MAX);
        dmarc_survey_reply(survey, number, &reply);
    }
    assert(survey->done);
    assert(survey->rfc9989.from_queries <= 8 && survey->rfc9989.mail_from_queries <= 8);
    dmarc_survey_clear(survey);
    free(survey);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text lines = {(const char *)bytes, len};
    for (struct text rest = lines; rest.at;)
        record_is_sound(fuzz_line(&rest));
    survey_run(lines);
    return 0;
}
