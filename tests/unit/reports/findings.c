/* Findings read back from the journal's text: what the engine writes is understood to the letter,
 * anything else is left aside whole. */
#include "unit.h"

#include "reports/row.h"

#include <stdio.h>

/* "rule severity [text] accepted; ..." */
static void walk_write(struct text json, finding_set bits, char out[1024])
{
    struct report_row row = {.findings_json = json, .finding_bits = bits};
    struct finding_walk walk;
    struct row_finding f;
    struct buf made = {0};
    size_t len = 0;
    out[0] = '\0';
    finding_walk_init(&walk, &row);
    while (finding_walk_next(&walk, &f))
        len += (size_t)snprintf(out + len, 1024 - len, TEXT_FMT " " TEXT_FMT " [" TEXT_FMT "]%s;",
                                TEXT_ARG(f.rule), TEXT_ARG(f.severity), TEXT_ARG(f.text),
                                f.accepted ? " accepted" : "");
    finding_walk_clear(&walk, &made);
    assert_false(made.failed);
}

static void what_the_engine_writes_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *json, *read;
    } rows[] = {
        {"[]", ""},
        {" [ ] ", NULL}, /* nothing may stand behind */
        {"[{\"rule\":\"mx-missing\",\"severity\":\"wait\",\"text\":\"no MX\"}]",
         "mx-missing wait [no MX];"},
        {"[{\"rule\":\"a\",\"severity\":\"b\",\"text\":\"c\",\"accepted\":true},{\"rule\":\"d\"}]",
         "a b [c] accepted;d  [];"},
        {"[ {\n\t\"text\" : \"c\" , \"rule\" : \"a\" } ]", "a  [c];"},
        {"[{\"rule\":\"a\",\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}]", "a  [\"\\/\b\f\n\r\t];"},
        {"[{\"rule\":\"a\",\"text\":\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"}]",
         "a  [A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80];"},
        /* half a pair is no character */
        {"[{\"rule\":\"a\",\"text\":\"\\ud83d\"}]", "a  [\xef\xbf\xbd];"},
        {"[{\"rule\":\"a\",\"text\":\"\\ude00\"}]", "a  [\xef\xbf\xbd];"},
        {"[{\"rule\":\"a\",\"text\":\"\\ud83d\\u0041\"}]", "a  [\xef\xbf\xbd"
                                                           "A];"},
        {"[{\"rule\":\"a\",\"text\":\"\\ud83d \\ude00\"}]", "a  [\xef\xbf\xbd \xef\xbf\xbd];"},
        {"[{\"rule\":\"a\",\"text\":\"\\ud83d\\n\"}]", "a  [\xef\xbf\xbd\n];"},
        {"[{\"rule\":\"a\",\"text\":\"\\ud83dde00\"}]", "a  [\xef\xbf\xbd"
                                                        "de00];"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char read[1024];
        walk_write(text_of(rows[i].json), FINDING_BIT(MX_MISSING), read);
        if (rows[i].read)
            assert_string_equal(read, rows[i].read);
        else
            assert_int_equal(strncmp(read, "mx-missing ", 11), 0);
    }
}

static void anything_else_is_left_aside_and_the_rules_are_named(void **state)
{
    (void)state;
    static const char whole[] =
        "[{\"rule\":\"a\",\"severity\":\"b\",\"text\":\"\\u00e4\\n\",\"accepted\":true}]";
    static const char *const others[] = {
        "",
        "{}",
        "[{}]",
        "[{\"rule\":\"\"}]",
        "[{\"severity\":\"b\"}]",
        "[{\"rule\":1}]",
        "[{\"rule\":\"a\",\"accepted\":false}]",
        "[{\"rule\":\"a\",\"other\":\"b\"}]",
        "[{\"rule\":\"a\",\"other\":true}]",
        "[{\"rule\":\"a\"} {\"rule\":\"b\"}]",
        "[{\"rule\":\"a\"},]",
        "[{\"rule\":\"a\"}]x",
        "[{\"rule\":\"\\x\"}]",
        "[{\"rule\":\"\\u00g0\"}]",
        "[{\"rule\" \"a\"}]",
    };
    char want[1024], read[1024];
    finding_set bits = FINDING_BIT(MX_MISSING);
    const struct finding_rule *rule = finding_rule(MX_MISSING);
    snprintf(want, sizeof want, "%s %s [%s];", rule->name, severity_name(rule->severity),
             rule->summary);
    for (size_t i = 0; i < COUNT(others); i++) {
        walk_write(text_of(others[i]), bits, read);
        if (strcmp(read, want) != 0)
            fail_msg("%s is read as %s", others[i], read);
    }
    for (size_t len = 0; len < sizeof whole - 1; len++) { /* cut anywhere */
        walk_write((struct text){whole, len}, bits, read);
        assert_string_equal(read, want);
    }
    walk_write(text_of(whole), bits, read);
    assert_string_equal(read, "a b [\xc3\xa4\n] accepted;");
}

static void a_row_without_findings_has_none(void **state)
{
    (void)state;
    char read[1024];
    walk_write(TEXT_NONE, 0, read);
    assert_string_equal(read, "");
    walk_write(TEXT("nonsense"), 0, read);
    assert_string_equal(read, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_engine_writes_is_understood),
        cmocka_unit_test(anything_else_is_left_aside_and_the_rules_are_named),
        cmocka_unit_test(a_row_without_findings_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
