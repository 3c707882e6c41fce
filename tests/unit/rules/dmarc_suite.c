/*
 * The RFC 9989 cases of postalsys/mailauth (tests/data/dmarc): zone, From, SPF and DKIM domains,
 * and what must come out. Of a message's result this program knows the record, the policy and the
 * alignment of one domain with another, so a DKIM domain is held against From by the same walk.
 */
#include "unit.h"

#include "base/dname.h"
#include "paper_zone.h"
#include "rules/dmarc.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#define CASES 14

static struct text suffix_is_last_label(void *ctx, struct text name)
{
    (void)ctx;
    return dname_tail(name, 2);
}

static char *file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *bytes = calloc(1, 1u << 16);
    assert_non_null(bytes);
    size_t len = fread(bytes, 1, (1u << 16) - 1, file);
    assert_true(len > 0);
    fclose(file);
    return bytes;
}

static void txt_add(struct paper_zone *zone, const char *name, const cJSON *strings)
{
    char joined[1024] = "";
    const cJSON *string;
    cJSON_ArrayForEach(string, strings)
        strncat(joined, string->valuestring, sizeof joined - strlen(joined) - 1);
    paper_zone_add(zone, text_of(name), TEXT("TXT"), text_of(joined));
}

static void zone_read(struct paper_zone *zone, const cJSON *json)
{
    const cJSON *name, *type, *value;
    cJSON_ArrayForEach(name, json)
    {
        cJSON_ArrayForEach(type, name)
        {
            cJSON_ArrayForEach(value, type)
            {
                if (strcmp(type->string, "TXT") == 0)
                    txt_add(zone, name->string, value);
                else
                    paper_zone_add(zone, text_of(name->string), TEXT("NOTHING"), TEXT_NONE);
            }
        }
    }
}

static void survey_run(struct dmarc_survey *s, struct paper_zone *zone, struct text from,
                       struct text other)
{
    struct dns_question question;
    struct dns_reply reply;
    uint32_t number;
    dmarc_survey_start(s, from, other, suffix_is_last_label, NULL);
    while (dmarc_survey_next(s, &question, &number)) {
        paper_zone_answer(zone, &question, &reply);
        dmarc_survey_reply(s, number, &reply);
    }
    assert_true(s->done && s->trouble.len == 0);
}

/* Does one of these domains align, strictly or not? */
static bool one_aligns(struct paper_zone *zone, struct text from, const cJSON *domains, bool dkim)
{
    bool aligns = false;
    const cJSON *domain;
    struct dmarc_survey *s = calloc(1, sizeof *s);
    assert_non_null(s);
    dmarc_survey_init(s);
    cJSON_ArrayForEach(domain, domains)
    {
        struct text name = text_of(cJSON_GetObjectItem(domain, "domain")->valuestring);
        survey_run(s, zone, from, name);
        bool strict = dkim ? s->rfc9989.adkim_strict : s->rfc9989.aspf_strict;
        aligns |= strict ? dname_eq(from, name)
                         : dname_eq(s->rfc9989.from_organizational_domain,
                                    s->rfc9989.mail_from_organizational_domain);
    }
    dmarc_survey_clear(s);
    free(s);
    return aligns;
}

static struct text outcome_of(const char *path, const struct dmarc_verdict *v, bool passes)
{
    if (strcmp(path, "status.result") == 0)
        return !v->has_record ? TEXT("none") : passes ? TEXT("pass") : TEXT("fail");
    if (strcmp(path, "policy") == 0)
        return text_of(dmarc_policy_name(v->policy));
    if (strcmp(path, "domain") == 0)
        return v->record_domain;
    if (strcmp(path, "alignment.dkim.strict") == 0)
        return v->adkim_strict ? TEXT("true") : TEXT("false");
    assert_string_equal(path, "rr");
    return v->record;
}

static void step_run(const char *name, const cJSON *step)
{
    struct paper_zone *zone = calloc(1, sizeof *zone);
    struct dmarc_survey *s = calloc(1, sizeof *s);
    const cJSON *expect;
    assert_true(zone && s);
    paper_zone_init(zone);
    dmarc_survey_init(s);
    zone_read(zone, cJSON_GetObjectItem(step, "zone"));
    struct text from = text_of(cJSON_GetObjectItem(step, "headerFrom")->valuestring);
    from = text_from(from, text_rfind(from, '@') + 1);
    bool passes = one_aligns(zone, from, cJSON_GetObjectItem(step, "dkimDomains"), true) ||
                  one_aligns(zone, from, cJSON_GetObjectItem(step, "spfDomains"), false);
    survey_run(s, zone, from, from);
    cJSON_ArrayForEach(expect, cJSON_GetObjectItem(step, "expect"))
    {
        const char *path = cJSON_GetObjectItem(expect, "path")->valuestring;
        const char *op = cJSON_GetObjectItem(expect, "op")->valuestring;
        struct text want = text_of(cJSON_GetObjectItem(expect, "value")->valuestring);
        struct text got = outcome_of(path, &s->rfc9989, passes);
        bool right =
            strcmp(op, "contain") == 0 ? text_find_text(got, want) < got.len : text_eq(got, want);
        if (!right)
            fail_msg("%s: %s is '" TEXT_FMT "', not '" TEXT_FMT "'", name, path, TEXT_ARG(got),
                     TEXT_ARG(want));
    }
    dmarc_survey_clear(s);
    paper_zone_clear(zone);
    free(s);
    free(zone);
}

static void every_case_of_the_suite_comes_out_as_written(void **state)
{
    unsigned cases = 0;
    const cJSON *test, *step;
    char *bytes = file_read(TEST_DATA "/dmarc/rfc9989-cases.json");
    cJSON *json = cJSON_Parse(bytes);
    (void)state;
    assert_non_null(json);
    cJSON_ArrayForEach(test, json)
    {
        cases++;
        cJSON_ArrayForEach(step, cJSON_GetObjectItem(test, "steps"))
            step_run(cJSON_GetObjectItem(test, "name")->valuestring, step);
    }
    assert_int_equal(cases, CASES);
    printf("DMARC: %u of %u\n", cases, CASES);
    cJSON_Delete(json);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_suite_comes_out_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
