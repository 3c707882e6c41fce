/* Every rule has a page inside the program, with its sections and its severity. */
#include "unit.h"

#include "rules/explain.h"

#include <stdio.h>

#define LINES_MIN 15
#define LINES_MAX 40

static void page_has(struct text page, const char *name, const char *what)
{
    if (text_find_text(page, text_of(what)) == page.len)
        fail_msg("the page of %s lacks '%s'", name, what);
}

static void every_rule_has_a_page_with_all_sections(void **state)
{
    static const char *const sections[] = {"\n## What\n\n", "\n## Why\n\n", "\n## How to mend\n\n",
                                           "\n## Source\n\n- "};
    (void)state;
    for (int f = 0; f < FINDINGS_LEN; f++) {
        const struct finding_rule *rule = finding_rule((enum finding)f);
        struct text page = rule_page((enum finding)f);
        char head[128];
        snprintf(head, sizeof head, "# %s\n\nSeverity: %s\n", rule->name,
                 severity_name(rule->severity));
        if (!text_starts(page, text_of(head)))
            fail_msg("the page of %s does not begin with '%s'", rule->name, head);
        for (size_t i = 0; i < COUNT(sections); i++)
            page_has(page, rule->name, sections[i]);
    }
}

static void every_page_fits_one_screen_of_plain_text(void **state)
{
    (void)state;
    for (int f = 0; f < FINDINGS_LEN; f++) {
        struct text rest = rule_page((enum finding)f);
        int lines = 0;
        assert_int_equal(rest.at[rest.len], '\0');
        for (size_t i = 0; i < rest.len; i++)
            assert_true((rest.at[i] >= ' ' && rest.at[i] <= '~') || rest.at[i] == '\n');
        while (rest.at && rest.len) {
            assert_true(text_cut(&rest, '\n').len <= 110);
            lines++;
        }
        assert_between(lines, LINES_MIN, LINES_MAX);
    }
}

static void every_state_has_a_page(void **state)
{
    (void)state;
    size_t len = 0;
    struct text page;
    for (; state_name(len); len++) {
        assert_true(state_page(text_of(state_name(len)), &page));
        page_has(page, state_name(len), "\n## What to do\n\n");
        page_has(page, state_name(len), state_name(len));
        for (struct text rest = page; rest.len;)
            assert_true(text_cut(&rest, '\n').len <= 110);
    }
    assert_int_equal(len, 15);
    assert_false(state_page(TEXT("receives-mail"), &page));
    assert_false(state_page(TEXT(""), &page));
    static const char *const statuses[] = {"FAILED", "Failed", "TemporaryFailure"};
    for (size_t i = 0; i < COUNT(statuses); i++) {
        assert_true(state_page(text_of(statuses[i]), &page));
        page_has(page, statuses[i], "MailFromDomainStatus");
    }
    assert_false(state_page(TEXT("Done"), &page));
    assert_false(state_page(TEXT("TemporaryFailures"), &page));
}

static void every_kind_of_watching_has_a_page(void **state)
{
    static const char *const sections[] = {"\n\nLevel: ", "\n## What\n\n", "\n## What to do\n\n",
                                           "\n## Source\n\n- "};
    (void)state;
    for (int k = 0; k < WATCH_KINDS; k++) {
        const char *name = watch_kind_name((enum watch_kind)k);
        struct text page = kind_page((enum watch_kind)k), rest = page;
        char head[128];
        snprintf(head, sizeof head, "# %s, told by watch\n", name);
        assert_true(text_starts(page, text_of(head)));
        for (size_t i = 0; i < COUNT(sections); i++)
            page_has(page, name, sections[i]);
        for (size_t i = 0; i < page.len; i++)
            assert_true((page.at[i] >= ' ' && page.at[i] <= '~') || page.at[i] == '\n');
        while (rest.len)
            assert_true(text_cut(&rest, '\n').len <= 110);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_a_page_with_all_sections),
        cmocka_unit_test(every_state_has_a_page),
        cmocka_unit_test(every_kind_of_watching_has_a_page),
        cmocka_unit_test(every_page_fits_one_screen_of_plain_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
