#include "unit.h"

#include "base/escape.h"
#include "base/plain.h"

typedef void escaper(struct buf *out, struct text t);

static void check_escape(escaper *escape, struct text in, const char *want)
{
    struct buf b;
    buf_init(&b, 4096);
    escape(&b, in);
    assert_text(buf_text(&b), text_of(want));
    buf_clear(&b);
}

static void a_terminal_sees_what_is_printable_as_it_is(void **state)
{
    (void)state;
    check_escape(escape_terminal, TEXT("v=spf1 ~all"), "v=spf1 ~all");
    check_escape(escape_terminal,
                 TEXT("b\xc3\xbc"
                      "cher \xf0\x9f\x93\xae"),
                 "b\xc3\xbc"
                 "cher \xf0\x9f\x93\xae");
    check_escape(escape_terminal, TEXT("a\\b"), "a\\b");
    check_escape(escape_terminal, TEXT("C:\\fleet\\\x1b"), "C:\\fleet\\\\x1b");
    check_escape(escape_terminal, TEXT("C:\\fleet\\\\x1b"), "C:\\fleet\\\\x1b");
}

static void a_terminal_obeys_nobody(void **state)
{
    (void)state;
    static const struct {
        struct text in;
        const char *want;
    } rows[] = {
        {TEXT("\033[2J"), "\\x1b[2J"},
        {TEXT("a\nb\tc\r"), "a\\x0ab\\x09c\\x0d"},
        {TEXT("\0"), "\\x00"},
        {TEXT("\x7f"), "\\x7f"},
        {TEXT("\xc2\x9b"
              "31m"),
         "\\u{009b}31m"}, /* CSI as a C1 control */
        {TEXT("\xe2\x80\xae"
              "moc"),
         "\\u{202e}moc"},                                   /* right-to-left override */
        {TEXT("\xe2\x81\xa6"), "\\u{2066}"},                /* isolate */
        {TEXT("\xef\xbb\xbf"), "\\u{feff}"},                /* byte order mark */
        {TEXT("\xff\xfe"), "\\xff\\xfe"},                   /* no UTF-8 */
        {TEXT("\xc0\xaf"), "\\xc0\\xaf"},                   /* overlong slash */
        {TEXT("\xed\xa0\x80"), "\\xed\\xa0\\x80"},          /* surrogate */
        {TEXT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
        {TEXT("\xe2\x82"), "\\xe2\\x82"},                   /* cut off */
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check_escape(escape_terminal, rows[i].in, rows[i].want);
}

static void json_strings_are_json(void **state)
{
    (void)state;
    check_escape(escape_json, TEXT(""), "\"\"");
    check_escape(escape_json, TEXT("say \"hi\" \\ \n\t"), "\"say \\\"hi\\\" \\\\ \\n\\t\"");
    check_escape(escape_json, TEXT("\0\x1b\x7f"), "\"\\u0000\\u001b\\u007f\"");
    check_escape(escape_json, TEXT("\xe2\x80\xa8"), "\"\\u2028\""); /* ends a line in JavaScript */
    check_escape(escape_json,
                 TEXT("\xff"
                      "a"),
                 "\"\\ufffda\"");
    check_escape(escape_json, TEXT("\xf0\x9f\x93\xae"), "\"\xf0\x9f\x93\xae\"");
}

static void yaml_scalars_are_text_to_every_reader(void **state)
{
    (void)state;
    static const char *const plain[] = {"example.com", "user+x@a-b.example", "us-east-1", "none",
                                        "mail_prod"};
    static const char *const quoted[] = {
        "no",  "On",  "TRUE", "null", "Y",  "~",   "1e3.a", "0x1f",      "012",  "-x",
        "*x",  "&x",  "!x",   "%x",   "@x", "=x",  ".inf",  "a: b",      "a #b", "{x}",
        "a,b", "[x]", "<<",   " a",   "a ", "a b", "o'b@c", "2026-11-26"};
    struct buf b;
    buf_init(&b, 256);
    for (size_t i = 0; i < COUNT(plain); i++)
        check_escape(escape_yaml, text_of(plain[i]), plain[i]);
    for (size_t i = 0; i < COUNT(quoted); i++) {
        buf_reset(&b);
        buf_add_fmt(&b, "\"%s\"", quoted[i]);
        check_escape(escape_yaml, text_of(quoted[i]), b.at);
    }
    buf_clear(&b);
    check_escape(escape_yaml, TEXT(""), "\"\"");
    check_escape(escape_yaml, TEXT("\"x y\"@a\\b"), "\"\\\"x y\\\"@a\\\\b\"");
    check_escape(escape_yaml, TEXT("a\n- b\t\xc2\x85\xe2\x80\xa8"),
                 "\"a\\u000a- b\\u0009\\u0085\\u2028\"");
    check_escape(escape_yaml, TEXT("b\xc3\xbc"), "\"b\\u00fc\"");
    check_escape(escape_yaml, TEXT("\xf0\x9f\x93\xae\xff"), "\"\\U0001f4ee\\ufffd\"");
}

static void percent_escapes_leave_only_the_unreserved(void **state)
{
    (void)state;
    check_escape(escape_percent, TEXT("user+x@example.com"), "user%2Bx%40example.com");
    check_escape(escape_percent, TEXT("o'b/x~-._"), "o%27b%2Fx~-._");
    check_escape(escape_percent, TEXT("\xc3\xbc \0"), "%C3%BC%20%00");
}

/* The property behind it all: whatever goes in, nothing that steers a terminal comes out. */
static void no_control_byte_ever_passes(void **state)
{
    (void)state;
    escaper *const all[] = {escape_terminal, escape_json, escape_percent,
                            escape_yaml,     escape_hcl,  escape_shell};
    static const char spice[] = "\033\n\"\\\x9b\xc2\xe2\x80\xae\xff\xf0\xed";
    uint64_t seed = 99;
    struct buf b;
    buf_init(&b, 65536);
    for (int round = 0; round < 20000; round++) {
        char in[48];
        size_t len = dice(&seed) % sizeof in;
        for (size_t i = 0; i < len; i++)
            in[i] = dice(&seed) % 2 ? spice[dice(&seed) % (sizeof spice - 1)] : (char)dice(&seed);
        buf_reset(&b);
        all[(size_t)round % COUNT(all)](&b, (struct text){in, len});
        assert_false(b.failed);
        for (struct text t = buf_text(&b); t.len;) {
            uint32_t c;
            size_t step = utf8_next(t, &c);
            if (step == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e))
                fail_msg("round %d let U+%04x through in '%s'", round, c, b.at);
            t = text_from(t, step);
        }
    }
    buf_clear(&b);
}

static void utf8_is_walked_one_character_at_a_time(void **state)
{
    (void)state;
    static const uint32_t codes[] = {0,      0x7f,   0x80,   0x7ff,   0x800,
                                     0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};
    static const struct text bytes[] = {TEXT("\0"),
                                        TEXT("\x7f"),
                                        TEXT("\xc2\x80"),
                                        TEXT("\xdf\xbf"),
                                        TEXT("\xe0\xa0\x80"),
                                        TEXT("\xed\x9f\xbf"),
                                        TEXT("\xee\x80\x80"),
                                        TEXT("\xef\xbf\xbf"),
                                        TEXT("\xf0\x90\x80\x80"),
                                        TEXT("\xf4\x8f\xbf\xbf")};
    for (size_t i = 0; i < COUNT(codes); i++) {
        uint32_t c = 1;
        assert_int_equal(utf8_next(bytes[i], &c), bytes[i].len);
        assert_int_equal(c, codes[i]);
        if (bytes[i].len > 1)
            assert_int_equal(utf8_next(text_slice(bytes[i], 0, bytes[i].len - 1), &c), 0);
    }
}

static void whole_utf8_is_told_from_the_rest(void **state)
{
    (void)state;
    static const struct text good[] = {TEXT(""), TEXT("a~\x7f"),
                                       TEXT("\xc3\xbc.example \xf0\x9f\x93\xa7")};
    static const struct text bad[] = {TEXT("\0"),      TEXT("a\0b"),         TEXT("\xff"),
                                      TEXT("a\xc3"),   TEXT("\xc3\xbc\x80"), TEXT("\xed\xa0\x80"),
                                      TEXT("\xc0\x80")};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(utf8_is(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(utf8_is(bad[i]));
}

static void xml_gets_references_for_its_own_signs(void **state)
{
    (void)state;
    check_escape(escape_xml, TEXT("v=spf1 ~all"), "v=spf1 ~all");
    check_escape(escape_xml, TEXT("<a href=\"x\">&amp;'"), "&lt;a href=\"x\"&gt;&amp;amp;'");
    check_escape(escape_xml, TEXT("a\r\n\tb"), "a&#13;\n\tb");
    check_escape(escape_xml, TEXT("]]>\x01\x1f"), "]]&gt;??");
}

static void hcl_strings_have_no_templates(void **state)
{
    (void)state;
    check_escape(escape_hcl, TEXT(""), "\"\"");
    check_escape(escape_hcl, TEXT("a.example"), "\"a.example\"");
    check_escape(escape_hcl, TEXT("\"x\\"), "\"\\\"x\\\\\"");
    check_escape(escape_hcl, TEXT("${a} %{b} $a %b {c}"), "\"$${a} %%{b} $a %b {c}\"");
    check_escape(escape_hcl, TEXT("$${a}%%{b}$"), "\"$$${a}%%%{b}$\"");
    check_escape(escape_hcl, TEXT("a\nb\tc\r\x7f"), "\"a\\nb\\tc\\r\\u007f\"");
    check_escape(escape_hcl, TEXT("b\xc3\xbc\xff\xe2\x80\xae"), "\"b\xc3\xbc\xef\xbf\xbd\\u202e\"");
}

static void a_shell_reads_one_word(void **state)
{
    (void)state;
    check_escape(escape_shell, TEXT(""), "''");
    check_escape(escape_shell, TEXT("a-b/c.d:e@f%g+h,i_J"), "a-b/c.d:e@f%g+h,i_J");
    check_escape(escape_shell, TEXT("a b;$c"), "'a b;$c'");
    check_escape(escape_shell, TEXT("o'b"), "'o'\"'\"'b'");
    check_escape(escape_shell, TEXT("-a\n%"), "\"$(printf \"\\055a\\012%%\")\"");
}

/* By words of eight bytes as byte by byte, wherever the odd one stands. */
static void plain_text_is_told_from_the_rest(void **state)
{
    static const char odd[] = {'"',  '\\',   ',',    '!', ' ',  '~', 0x1f,
                               0x7f, '\x80', '\xff', 0,   '\n', 1};
    char bytes[40];
    uint64_t seed = 0x91a1;
    (void)state;
    for (int round = 0; round < 200000; round++) {
        struct text t = {bytes + dice(&seed) % 8, dice(&seed) % 32};
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)(' ' + dice(&seed) % 95);
        for (uint64_t n = dice(&seed) % 3; n > 0; n--)
            bytes[dice(&seed) % sizeof bytes] = odd[dice(&seed) % sizeof odd];
        size_t len = 0;
        while (len < t.len && t.at[len] >= ' ' && t.at[len] <= '~' && t.at[len] != '"' &&
               t.at[len] != '\\' && t.at[len] != ',')
            len++;
        assert_int_equal(plain_len(t, '"', '\\', ','), len);
        assert_int_equal(plain_is(t, '"', '\\', ','), len == t.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_told_from_the_rest),
        cmocka_unit_test(xml_gets_references_for_its_own_signs),
        cmocka_unit_test(a_terminal_sees_what_is_printable_as_it_is),
        cmocka_unit_test(a_terminal_obeys_nobody),
        cmocka_unit_test(json_strings_are_json),
        cmocka_unit_test(yaml_scalars_are_text_to_every_reader),
        cmocka_unit_test(hcl_strings_have_no_templates),
        cmocka_unit_test(a_shell_reads_one_word),
        cmocka_unit_test(percent_escapes_leave_only_the_unreserved),
        cmocka_unit_test(no_control_byte_ever_passes),
        cmocka_unit_test(utf8_is_walked_one_character_at_a_time),
        cmocka_unit_test(whole_utf8_is_told_from_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
