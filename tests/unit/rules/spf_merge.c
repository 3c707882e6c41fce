/*
 * Merging Amazon SES into SPF records that are there: what comes out must let SES pass, keep every
 * other term, and be refused where a person has to decide.
 */
#include "unit.h"

#include "rules/spf_merge.h"
#include "rules/spf_record.h"

static const struct {
    const char *record, *merged; /* NULL: refused, and the sentence holds `because` */
    const char *because;
} rows[] = {
    {"v=spf1 -all", "v=spf1 include:amazonses.com -all", ""},
    {"v=spf1", "v=spf1 include:amazonses.com", ""},
    {"V=SPF1 mx a:mail.example.com ~all", "V=SPF1 include:amazonses.com mx a:mail.example.com ~all",
     ""},
    {"v=spf1 -ip4:0.0.0.0/0", "v=spf1 include:amazonses.com -ip4:0.0.0.0/0", ""},
    {"v=spf1 redirect=_spf.example.com", "v=spf1 include:amazonses.com redirect=_spf.example.com",
     ""},
    {"v=spf1 exists:%{i}._spf.example.com exp=why.example.com ?all",
     "v=spf1 include:amazonses.com exists:%{i}._spf.example.com exp=why.example.com ?all", ""},
    {"v=spf1  ip4:192.0.2.1  -all", "v=spf1 include:amazonses.com  ip4:192.0.2.1  -all", ""},
    {"v=spf1 -include:amazonses.com +all", NULL, "remove that term first"},
    {"v=spf1 ?include:AmazonSES.com. ~all", NULL, "remove that term first"},
    {"v=spf1 ipv4:192.0.2.1 -all", NULL, "ipv4"},
    {"v=spf1 \x1b]0;x\x07 -all", NULL, "byte 0x1b"},
    {"v=spf1 \"quoted\" -all", NULL, "broken"},
    {"v=spf1 x=\xff -all", NULL, "broken"},
    {"v=spf1 ip4:192.0.2.1\n -all", NULL, "broken"},
};

static void ses_comes_first_and_the_rest_stays(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct text merged = TEXT_NONE, record = text_of(rows[i].record);
        struct why why = {""};
        enum err err = spf_merge_ses(record, &arena, &merged, &why);
        if ((err == OK) != (rows[i].merged != NULL))
            fail_msg("'%s': %s", rows[i].record, err == OK ? "was taken" : why.text);
        if (err == OK) {
            assert_text(merged, text_of(rows[i].merged));
            assert_true(spf_record_is(merged));
        } else if (!strstr(why.text, rows[i].because)) {
            fail_msg("'%s': %s", rows[i].record, why.text);
        }
        for (const char *c = why.text; *c; c++)
            assert_true(*c >= ' ' && *c <= '~');
    }
    arena_clear(&arena);
}

static void the_usual_record_is_one(void **state)
{
    (void)state;
    assert_true(spf_record_is(TEXT(SPF_SES_RECORD)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ses_comes_first_and_the_rest_stays),
        cmocka_unit_test(the_usual_record_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
