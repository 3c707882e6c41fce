/* Surveys whose memory runs out end all the same, and say nothing that they do not know. */
#include "out_of_memory.h"

#include "base/dname.h"
#include "survey/survey_pool.h"

#include <stdio.h>

#define NAMES 6

static struct survey_pool pool; /* a megabyte or three: not for the stack */
static struct suffix_list *suffixes;

/* Answers without memory: every name has the records that SES wants, and a DMARC record. */
static struct dns_reply reply_to(const struct dns_question *q, struct dns_record *record)
{
    struct dns_reply reply = {.outcome = DNS_ANSWERED};
    *record = (struct dns_record){.owner = q->name, .type = q->type, .section = DNS_ANSWER};
    reply.message = (struct dns_message){.is_response = true,
                                         .recursion_available = true,
                                         .question = q->name,
                                         .question_type = q->type,
                                         .records = record,
                                         .records_len = 1};
    if (q->type == DNS_TYPE_MX)
        record->name = TEXT("feedback-smtp.us-east-1.amazonses.com");
    else if (text_starts(q->name, TEXT("_dmarc.")))
        record->txt = TEXT("v=DMARC1; p=none");
    else if (dname_eq(q->name, TEXT("amazonses.com")))
        record->txt = TEXT("v=spf1 ip4:199.255.192.0/22 -all");
    else
        record->txt = TEXT("v=spf1 include:amazonses.com ~all");
    return reply;
}

static bool is_whole(const struct survey *s)
{
    return survey_facts(s)->mx_state == DNS_FOUND && s->spf.walk.authorizes_ses &&
           s->from.len > 0 && s->dmarc.certain && s->dmarc.rfc9989.aligned;
}

static bool work_pool(void)
{
    const struct survey_options options = {.mode = INQUIRY_RECURSIVE, .suffixes = suffixes};
    const struct survey *s;
    struct survey_question q;
    struct dns_record record;
    uint32_t subject, ended = 0;
    survey_pool_init(&pool, &options, siphash_key_of_seed(1), NULL, NULL);
    for (uint32_t i = 0; i < NAMES; i++) {
        char name[64];
        snprintf(name, sizeof name, "bounce.d%u.example.com", i);
        survey_pool_start(&pool, i, text_of(name), text_of(name + 7), NULL, 1);
        while (survey_pool_next(&pool, 1, &q)) {
            struct dns_reply reply = reply_to(&q.question, &record);
            survey_pool_reply(&pool, &q, &reply, 1);
        }
        while ((s = survey_pool_take(&pool, &subject)) != NULL) {
            assert_true(is_whole(s) || memory_ran_out());
            ended++;
        }
    }
    assert_int_equal(ended, NAMES);
    assert_int_equal(pool.out, 0);
    survey_pool_clear(&pool);
    return !memory_ran_out();
}

static void a_survey_without_memory_ends(void **state)
{
    struct why why = {""};
    (void)state;
    assert_int_equal(suffix_list_open(&suffixes, NULL, &why), OK);
    fail_every_allocation(work_pool);
    suffix_list_close(suffixes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_survey_without_memory_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
