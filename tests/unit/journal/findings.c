/* The notes of findings in a journal: what is written comes back to the letter, what programs of
 * other versions have written is understood, and anything else is left aside whole. */
#include "unit.h"

#include "base/bounds.h"
#include "journal/inside.h"

#include <string.h>

static bool is_read(struct text json, struct arena *arena, struct finding_notes *notes)
{
    arena_reset(arena);
    assert_true(findings_read(json, arena, notes));
    return notes->known;
}

static void check_same(const struct finding_notes *a, const struct finding_notes *b)
{
    assert_true(a->known && b->known);
    assert_int_equal(a->len, b->len);
    for (uint32_t i = 0; i < a->len; i++) {
        assert_int_equal(a->at[i].rule, b->at[i].rule);
        assert_int_equal(a->at[i].severity, b->at[i].severity);
        assert_int_equal(a->at[i].accepted, b->at[i].accepted);
        assert_text(a->at[i].text, b->at[i].text);
    }
}

static void what_is_written_comes_back(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      "no MX",   "\"\\/\n\t\x01\x7f", "\xc3\xa4\xe2\x82\xac",
        "{[,]}", "\\u0041", "\xf0\x9f\x98\x80"};
    struct finding_note notes[FINDINGS_LEN];
    struct arena arena;
    struct buf json;
    arena_init(&arena, 1 << 20);
    buf_init(&json, 1 << 20);
    for (uint32_t len = 0; len <= COUNT(notes); len++) {
        struct finding_notes in = {notes, len, true}, out;
        for (uint32_t i = 0; i < len; i++)
            notes[i] = (struct finding_note){(enum finding)i, (enum severity)(i % 4), i % 3 == 0,
                                             text_of(texts[(i + len) % COUNT(texts)])};
        buf_reset(&json);
        findings_write(&in, &json);
        assert_true(is_read(buf_text(&json), &arena, &out));
        check_same(&in, &out);
        for (size_t cut = 0; cut < json.len; cut++) /* anywhere */
            assert_false(is_read((struct text){json.at, cut}, &arena, &out));
    }
    buf_clear(&json);
    arena_clear(&arena);
}

/* As the first version of the program has written it. */
static void the_form_is_that_of_older_journals(void **state)
{
    (void)state;
    static const struct finding_note notes[] = {
        {MX_MISSING, SEVERITY_WAIT, false, TEXT("a \"quoted\" name")},
        {SANDBOX, SEVERITY_WARNING, true, TEXT("b")}};
    const struct finding_notes in = {notes, COUNT(notes), true};
    struct finding_notes out;
    struct arena arena;
    struct buf json;
    arena_init(&arena, 1 << 20);
    buf_init(&json, 1 << 20);
    findings_write(&in, &json);
    assert_text(
        buf_text(&json),
        TEXT("[{\"rule\":\"mx-missing\",\"severity\":\"wait\",\"text\":\"a \\\"quoted\\\" name\"},"
             "{\"rule\":\"sandbox\",\"severity\":\"warning\",\"text\":\"b\",\"accepted\":true}]"));
    assert_true(is_read(buf_text(&json), &arena, &out));
    check_same(&in, &out);
    buf_clear(&json);
    arena_clear(&arena);
}

#define NOTE(text) "[{\"rule\":\"sandbox\",\"severity\":\"info\",\"text\":\"" text "\"}]"

static void every_spelling_of_a_text_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } rows[] = {
        {NOTE("\\\"\\\\\\/\\b\\f\\n\\r\\t"), "\"\\/\b\f\n\r\t"},
        {NOTE("\\u0041\\u00e4\\u20AC\\ud83d\\ude00"), "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"[ {\n\t\"text\" : \"c\" , \"severity\":\"info\", \"rule\" : \"sandbox\" } ]", "c"},
        /* half a pair is no character */
        {NOTE("\\ud83d"), "\xef\xbf\xbd"},
        {NOTE("\\ude00"), "\xef\xbf\xbd"},
        {NOTE("\\ud83d\\u0041"), "\xef\xbf\xbd"
                                 "A"},
        {NOTE("\\ud83d \\ude00"), "\xef\xbf\xbd \xef\xbf\xbd"},
        {NOTE("\\ud83d\\n"), "\xef\xbf\xbd\n"},
        {NOTE("\\ud83dde00"), "\xef\xbf\xbd"
                              "de00"},
    };
    struct finding_notes out;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!is_read(text_of(rows[i].json), &arena, &out))
            fail_msg("%s is not read", rows[i].json);
        assert_int_equal(out.len, 1);
        assert_text(out.at[0].text, text_of(rows[i].text));
    }
    arena_clear(&arena);
}

static void a_rule_of_a_newer_program_is_left_out(void **state)
{
    (void)state;
    struct finding_notes out;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    assert_true(is_read(TEXT("[{\"rule\":\"newer\",\"severity\":\"info\",\"text\":\"x\"},"
                             "{\"rule\":\"sandbox\",\"severity\":\"info\",\"text\":\"y\"}]"),
                        &arena, &out));
    assert_int_equal(out.len, 1);
    assert_int_equal(out.at[0].rule, SANDBOX);
    arena_clear(&arena);
}

static void anything_else_is_left_aside(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "{}",
        "[{}]",
        " [ ] ",
        "[{\"rule\":\"\"}]",
        "[{\"rule\":\"sandbox\"}]",
        "[{\"severity\":\"info\"}]",
        "[{\"rule\":1}]",
        "[{\"rule\":\"sandbox\",\"severity\":\"loud\",\"text\":\"\"}]",
        "[{\"rule\":\"sandbox\",\"severity\":\"info\",\"accepted\":false}]",
        "[{\"rule\":\"sandbox\",\"severity\":\"info\",\"other\":\"b\"}]",
        "[{\"rule\":\"sandbox\",\"severity\":\"info\",\"other\":true}]",
        "[{\"rule\":\"sandbox\",\"severity\":\"info\"} "
        "{\"rule\":\"sandbox\",\"severity\":\"info\"}]",
        "[{\"rule\":\"sandbox\",\"severity\":\"info\"},]",
        NOTE("x") "x",
        NOTE("\\x"),
        NOTE("\\u00g0"),
        "[{\"rule\" \"sandbox\"}]",
    };
    struct finding_notes out;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT(others); i++)
        if (is_read(text_of(others[i]), &arena, &out))
            fail_msg("%s is read", others[i]);
    arena_clear(&arena);
}

static void more_notes_than_can_be_are_left_aside(void **state)
{
    (void)state;
    struct finding_notes out;
    struct arena arena;
    struct buf json;
    arena_init(&arena, RECORD_BYTES_MAX);
    buf_init(&json, 1 << 20);
    buf_add_char(&json, '[');
    for (int i = 0; i <= 2 * FINDINGS_LEN; i++)
        buf_add_fmt(&json, "%s{\"rule\":\"sandbox\",\"severity\":\"info\",\"text\":\"\"}",
                    i ? "," : "");
    buf_add_char(&json, ']');
    assert_false(is_read(buf_text(&json), &arena, &out));
    buf_clear(&json);
    arena_clear(&arena);
}

static void no_memory_is_no_damage(void **state)
{
    (void)state;
    struct finding_notes out;
    struct arena none;
    arena_init(&none, 0);
    assert_false(findings_read(TEXT(NOTE("x")), &none, &out));
    arena_clear(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_comes_back),
        cmocka_unit_test(the_form_is_that_of_older_journals),
        cmocka_unit_test(every_spelling_of_a_text_is_understood),
        cmocka_unit_test(a_rule_of_a_newer_program_is_left_out),
        cmocka_unit_test(anything_else_is_left_aside),
        cmocka_unit_test(more_notes_than_can_be_are_left_aside),
        cmocka_unit_test(no_memory_is_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
