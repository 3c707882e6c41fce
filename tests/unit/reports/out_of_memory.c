/* Reports and records with memory that runs out; see out_of_memory.h. The report that was there
 * stays, and nothing lies beside it. */
#include "out_of_memory.h"

#include "report_kit.h"
#include "reports/records.h"

static struct kit kit;
static size_t format; /* of those that have a turn */
static char path[128];

static bool is_alone(void)
{
    char line[256];
    snprintf(line, sizeof line, "test \"$(ls %s)\" = out", kit.folder);
    return system(line) == 0;
}

static void old_write(void)
{
    FILE *file = fopen(path, "w");
    assert_true(file && fputs("old\n", file) >= 0 && fclose(file) == 0);
}

/* What was there before must be there after a failure, byte for byte. */
static void was_kept(struct text before)
{
    struct text after = kit_read(path);
    assert_text(after, before);
    free((char *)after.at);
    assert_true(is_alone());
}

static bool work_report(void)
{
    struct report_source source = {&kit, kit_rows, kit_moves};
    struct why why = {""};
    enum err err =
        report_write(report_format_name(format), path, &kit_head, &kit.fleet, &source, &why);
    if (err == OK)
        return true;
    assert_int_equal(err, ERR_NOMEM);
    assert_non_null(strstr(why.text, ": out of memory"));
    was_kept(TEXT("old\n"));
    return false;
}

static void set_make(void *ctx, size_t i, struct records_set *set)
{
    static const struct records_value there[] = {{0, TEXT("v=spf1 \"quoted\" ~all")},
                                                 {0, TEXT("a;b\\c")}};
    (void)ctx;
    *set =
        (struct records_set){.zone = TEXT("a.example"),
                             .name = TEXT("bounce.a.example"),
                             .type = i % 2 ? RECORDS_TXT : RECORDS_MX,
                             .action = i % 2 ? RECORDS_REPLACE : RECORDS_ADD,
                             .wanted = {10, i % 2 ? TEXT("v=spf1 include:amazonses.com ~all")
                                                  : TEXT("feedback-smtp.us-east-1.amazonses.com")},
                             .there = there,
                             .there_len = i % 2 ? 2 : 0};
}

static bool work_records(void)
{
    static const struct records_list list = {NULL, 2, set_make};
    static const struct records_style style = {.ttl_s = 300, .server = TEXT("192.0.2.1 53")};
    struct records_sum sum;
    struct why why = {""};
    enum err err =
        records_write(text_of(records_format_name(format)), path, &list, &style, &sum, &why);
    if (err == OK) {
        assert_int_equal(sum.sets + sum.left_out, 2);
        if (sum.left_out) /* a value that cannot be measured counts as too long: that is told, too
                           */
            old_write();
        return sum.left_out == 0;
    }
    assert_int_equal(err, ERR_NOMEM);
    was_kept(TEXT("old\n"));
    return false;
}

static void every_format_says_so_and_the_old_file_stays(void **state)
{
    (void)state;
    static const struct finding_note note = {MX_MISSING, SEVERITY_WAIT, false, TEXT("no MX")};
    const struct job_row row = {.state = JOB_DONE,
                                .outcome = OUTCOME_FAILED,
                                .reason = TEXT("d1.example is lost"),
                                .findings = FINDING_BIT(MX_MISSING),
                                .notes = {&note, 1, true}};
    kit_init(&kit, TEXT("main"), TEXT("fleet.yaml"));
    snprintf(path, sizeof path, "%s/out", kit.folder);
    kit_add(&kit, TEXT("d1.example"), TEXT("b.d1.example"), row);
    kit_add(&kit, TEXT("d2.example"), TEXT("b.d2.example"),
            (struct job_row){.calls = KIT_NO_RECORD});
    for (format = 0; report_format_name(format); format++) {
        old_write();
        fail_every_allocation(work_report);
    }
    assert_true(format >= 6);
    for (format = 0; records_format_name(format); format++) {
        old_write();
        fail_every_allocation(work_records);
    }
    assert_true(format >= 8);
    kit_clear(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_says_so_and_the_old_file_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
