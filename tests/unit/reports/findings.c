/* The findings of a row: the notes where there are any, else the rules that its set names. */
#include "unit.h"

#include "reports/row.h"

#include <stdio.h>

/* "rule severity [text] accepted; ..." */
static void walk_write(const struct report_row *row, char out[1024])
{
    struct finding_walk walk;
    struct finding_note note;
    size_t len = 0;
    out[0] = '\0';
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &note))
        len += (size_t)snprintf(out + len, 1024 - len, "%s %s [" TEXT_FMT "]%s;",
                                finding_rule(note.rule)->name, severity_name(note.severity),
                                TEXT_ARG(note.text), note.accepted ? " accepted" : "");
}

static const struct finding_note notes[] = {
    {SPF_MISSING, SEVERITY_WAIT, true, TEXT("no SPF")},
    {MX_MISSING, SEVERITY_WARNING, false, TEXT("no MX")},
};

static void notes_are_told_as_they_were_made(void **state)
{
    (void)state;
    char told[1024];
    struct report_row row = {.notes = {notes, COUNT(notes), true},
                             .finding_bits = FINDING_BIT(SPF_MISSING) | FINDING_BIT(MX_MISSING)};
    walk_write(&row, told);
    assert_string_equal(told, "spf-missing wait [no SPF] accepted;mx-missing warning [no MX];");
}

static void where_no_notes_are_known_the_rules_are_named(void **state)
{
    (void)state;
    char told[1024], want[1024];
    const struct finding_rule *mx = finding_rule(MX_MISSING), *spf = finding_rule(SPF_MISSING);
    struct report_row row = {.finding_bits = FINDING_BIT(SPF_MISSING) | FINDING_BIT(MX_MISSING)};
    snprintf(want, sizeof want, "%s %s [%s];%s %s [%s];", mx->name, severity_name(mx->severity),
             mx->summary, spf->name, severity_name(spf->severity), spf->summary);
    walk_write(&row, told);
    assert_string_equal(told, want);
    row.finding_bits = 0;
    walk_write(&row, told);
    assert_string_equal(told, "");
}

static void a_known_row_without_notes_has_none(void **state)
{
    (void)state;
    char told[1024];
    struct report_row row = {.notes.known = true, .finding_bits = FINDING_BIT(MX_MISSING)};
    walk_write(&row, told);
    assert_string_equal(told, "");
}

static void a_finding_is_told_by_its_sentence_or_its_summary(void **state)
{
    (void)state;
    struct buf out;
    struct report_row row = {.notes = {notes, COUNT(notes), true}};
    buf_init(&out, 1024);
    finding_tell(&row, MX_MISSING, &out);
    assert_text(buf_text(&out), TEXT("no MX"));
    buf_reset(&out);
    finding_tell(&row, SANDBOX, &out);
    assert_text(buf_text(&out), text_of(finding_rule(SANDBOX)->summary));
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_told_as_they_were_made),
        cmocka_unit_test(where_no_notes_are_known_the_rules_are_named),
        cmocka_unit_test(a_known_row_without_notes_has_none),
        cmocka_unit_test(a_finding_is_told_by_its_sentence_or_its_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
