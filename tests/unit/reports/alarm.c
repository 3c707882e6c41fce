/* Which rows are alarms although their outcome is a good one. */
#include "unit.h"

#include "report_kit.h"
#include "reports/row.h"

static const struct finding_note wait = {MX_MISSING, SEVERITY_WAIT, false, TEXT("no MX")},
                                 error = {SEVERAL_MX, SEVERITY_ERROR, false, TEXT("2 MX")},
                                 noted = {MX_MISSING, SEVERITY_WAIT, true, TEXT("no MX")},
                                 warned = {SANDBOX, SEVERITY_WARNING, false, TEXT("sand")},
                                 rejected = {REJECTS_MAIL, SEVERITY_ERROR, false,
                                             TEXT("rejected now")};

static const struct alarm_row {
    enum outcome outcome;
    enum mail_from_status status;
    enum behavior behavior;
    const struct finding_note *note; /* NULL: none was made */
    finding_set bits;
    enum row_alarm alarm;
} rows[] = {
    {OUTCOME_UNCHANGED, MAIL_FROM_SUCCESS, 0, NULL, 0, ALARM_NONE},
    {OUTCOME_UNCHANGED, MAIL_FROM_SUCCESS, 0, &wait, FINDING_BIT(MX_MISSING), ALARM_AILING},
    {OUTCOME_UNCHANGED, MAIL_FROM_SUCCESS, 0, &error, FINDING_BIT(SEVERAL_MX), ALARM_AILING},
    {OUTCOME_UNCHANGED, MAIL_FROM_SUCCESS, 0, &noted, FINDING_BIT(MX_MISSING), ALARM_NONE},
    {OUTCOME_UNCHANGED, MAIL_FROM_SUCCESS, 0, &warned, FINDING_BIT(SANDBOX), ALARM_NONE},
    {OUTCOME_PENDING, MAIL_FROM_PENDING, 0, NULL, 0, ALARM_NONE},
    {OUTCOME_PENDING, MAIL_FROM_PENDING, 0, &wait, FINDING_BIT(MX_MISSING), ALARM_AILING},
    {OUTCOME_PENDING, MAIL_FROM_TEMPORARY_FAILURE, 0, NULL, 0, ALARM_AILING},
    {OUTCOME_WAITING_DNS, MAIL_FROM_NONE, 0, &wait, FINDING_BIT(MX_MISSING), ALARM_NONE},
    {OUTCOME_REFUSED, MAIL_FROM_SUCCESS, 0, &error, FINDING_BIT(SEVERAL_MX), ALARM_NONE},
    {OUTCOME_PENDING, MAIL_FROM_PENDING, BEHAVIOR_REJECT_MESSAGE, &rejected,
     FINDING_BIT(REJECTS_MAIL), ALARM_REJECTING},
    {OUTCOME_REFUSED, MAIL_FROM_FAILED, BEHAVIOR_REJECT_MESSAGE, &error, FINDING_BIT(SEVERAL_MX),
     ALARM_REJECTING}, /* began after the judgement */
    {OUTCOME_DONE, MAIL_FROM_SUCCESS, BEHAVIOR_REJECT_MESSAGE, &rejected, FINDING_BIT(REJECTS_MAIL),
     ALARM_NONE}, /* has ended since */
};

static void a_row_is_an_alarm_by_what_is_there(void **state)
{
    struct kit k;
    struct buf scratch, told;
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    buf_init(&scratch, 1 << 16);
    buf_init(&told, 1 << 16);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct report_row row;
        struct job_row job = {.state = JOB_DONE,
                              .outcome = rows[i].outcome,
                              .reason = TEXT("why"),
                              .seen_known = true,
                              .mail_from_seen = TEXT("bounce.example.com"),
                              .status_seen = rows[i].status,
                              .behavior_seen = rows[i].behavior,
                              .findings = rows[i].bits,
                              .notes = {rows[i].note, rows[i].note != NULL, true}};
        bool rejects = rows[i].alarm == ALARM_REJECTING;
        kit_add(&k, TEXT("example.com"), TEXT("bounce.example.com"), job);
        report_row_make(&row, &k.fleet, (uint32_t)i, &job, &scratch);
        if (row.alarm != rows[i].alarm)
            fail_msg("row %zu: alarm %d", i, (int)row.alarm);
        assert_int_equal((row.finding_bits & FINDING_BIT(REJECTS_MAIL)) != 0, rejects);
        assert_int_equal(row_needs_care(&row), rows[i].alarm || outcome_is_bad(rows[i].outcome));
        buf_reset(&told);
        row_told(&row, &told);
        bool says = text_find_text(buf_text(&told), TEXT("reject")) < told.len;
        assert_int_equal(says, rejects);
        assert_true(text_ends(buf_text(&told), TEXT("why")));
    }
    buf_clear(&scratch);
    buf_clear(&told);
    kit_clear(&k);
}

/* The finding goes from the list with the row's bit, and comes with it. */
static void mail_that_is_rejected_no_more_is_not_told(void **state)
{
    (void)state;
    for (int rejects = 0; rejects < 2; rejects++) {
        struct report_row row = {.notes = {rejects ? &error : &rejected, 1, true},
                                 .finding_bits = rejects ? FINDING_BIT(REJECTS_MAIL) : 0};
        struct finding_walk walk;
        struct finding_note f;
        unsigned told = 0, all = 0;
        finding_walk_init(&walk, &row);
        for (; finding_walk_next(&walk, &f); all++)
            told += f.rule == REJECTS_MAIL;
        assert_int_equal(told, rejects);
        assert_int_equal(all, 2 * rejects);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_an_alarm_by_what_is_there),
        cmocka_unit_test(mail_that_is_rejected_no_more_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
