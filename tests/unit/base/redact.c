#include "unit.h"

#include "base/redact.h"

#include <stdio.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static void check_redacted(const char *secret, const char *in, const char *want)
{
    struct redactor r;
    char text[1024];
    redactor_init(&r);
    assert_true(redactor_add(&r, text_of(secret)));
    snprintf(text, sizeof text, "%s", in);
    size_t len = redact(&r, text, strlen(text));
    assert_text(((struct text){text, len}), text_of(want));
    assert_int_equal(redactor_finds(&r, text_of(in)), strcmp(in, want) != 0);
    redactor_clear(&r);
}

static void a_secret_is_found_however_it_is_escaped(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"the key " SECRET " is wrong", "the key [secret] is wrong"},
        {SECRET, "[secret]"},
        {"<" SECRET "><" SECRET ">", "<[secret]><[secret]>"},
        {"a=wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLEKEY&b", "a=[secret]&b"},
        {"a=wJalrXUtnFEMI%2fK7MDENG%2bbPxRfiCYEXAMPLEKEY&b", "a=[secret]&b"},
        {"a=wJalrXUtnFEMI%252FK7MDENG%25252BbPxRfiCYEXAMPLEKEY&b", "a=[secret]&b"},
        {"a=%77JalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKE%59&b", "a=[secret]&b"},
        {"\"wJalrXUtnFEMI\\/K7MDENG\\u002bbPxRfiCYEXAMPLEKEY\"", "\"[secret]\""},
        {"\"wJalrXUtnFEMI\\\\/K7MDENG\\\\u002BbPxRfiCYEXAMPLEKEY\"", "\"[secret]\""},
        {"wJalrXUtnFEMI\\x2fK7MDENG\\x2bbPxRfiCYEXAMPLEKEY", "[secret]"},
        {"wJalrXUtnFEMI&#x2F;K7MDENG&#43;bPxRfiCYEXAMPLEKEY", "[secret]"},
        {"wJalrXUtnFEMI&amp;#x2F;K7MDENG&#x0000002b;bPxRfiCYEXAMPLEKEY", "[secret]"},
        /* d0phbH... is the base64 of it; with one and two bytes in front it is another one */
        {"d0phbHJYVXRuRkVNSS9LN01ERU5HK2JQeFJmaUNZRVhBTVBMRUtFWQ==", "[secret]Q=="},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check_redacted(SECRET, rows[i][0], rows[i][1]);
}

static void what_is_cut_off_is_a_secret_still(void **state)
{
    (void)state;
    check_redacted(SECRET, "said wJalrXUtnFEMI/K7", "said [secret]");
    check_redacted(SECRET, "said wJalrXUtnFEMI/K", "said wJalrXUtnFEMI/K");
}

static void a_piece_of_sixteen_is_found_wherever_it_was_cut(void **state)
{
    (void)state;
    char in[64], want[64];
    for (size_t start = 0; start + REDACT_PIECE <= sizeof SECRET - 1; start++) {
        snprintf(in, sizeof in, "<%.*s>", REDACT_PIECE, &SECRET[start]);
        snprintf(want, sizeof want, "<" REDACT_MARK ">");
        check_redacted(SECRET, in, want);
    }
}

static void other_text_stays_as_it_is(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "%",
        "%2",
        "&",
        "&#;",
        "&#99999999999999999999;",
        "\\",
        "\\u00",
        "wJalrXUtnFEMI%2",
        "wJalrXUtnFEMIxK7MDENGxbPxRfi",
        ("100 % of b\xc3\xbc"
         "cher & more \\ than that"),
        "\xff\xfe\x01",
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check_redacted(SECRET, rows[i], rows[i]);
}

static void a_short_secret_is_hidden_whole_or_not_at_all(void **state)
{
    (void)state;
    check_redacted("hunter2!", "it was hunter2!", "it was [secret]");
    check_redacted("hunter2", "it was hunter2", "it was hunter2");
    check_redacted("twelve-chars", "twelve-chars", "[secret]");
    check_redacted("twelve-chars", "twelve-char and welve-chars", "twelve-char and welve-chars");
}

static void secrets_with_percent_signs_and_entities_are_found_raw(void **state)
{
    (void)state;
    check_redacted("a%41b%2Fc&amp;d\\/efgh", "<a%41b%2Fc&amp;d\\/efgh>", "<[secret]>");
    check_redacted("a%41b%2Fc&amp;d\\/efgh", "<a%2541b%252Fc&amp;amp;d\\/efgh>", "<[secret]>");
}

/* Forms */

static size_t form_raw(const char *secret, size_t len, char *out)
{
    memcpy(out, secret, len);
    return len;
}

static size_t form_percent(const char *secret, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        snprintf(out + 3 * i, 4, "%%%02X", (unsigned char)secret[i]);
    return 3 * len;
}

static size_t form_json(const char *secret, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        snprintf(out + 6 * i, 7, "\\u%04x", (unsigned char)secret[i]);
    return 6 * len;
}

static size_t form_xml(const char *secret, size_t len, char *out)
{
    size_t at = 0;
    for (size_t i = 0; i < len; i++)
        at += (size_t)snprintf(out + at, 8, "&#%u;", (unsigned char)secret[i]);
    return at;
}

/* RFC 4648, written once more and otherwise: from a number of 24 bits. */
static size_t form_base64(const char *secret, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t at = 0;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t n = 0;
        for (size_t k = 0; k < 3; k++)
            n = n << 8 | (i + k < len ? (unsigned char)secret[i + k] : 0u);
        for (int k = 3; k >= 0; k--)
            out[at++] = digits[n >> (6 * k) & 63];
    }
    return at;
}

/* What keys and tokens are made of; an escape inside a secret would be read as what it stands for.
 */
static char letter(uint64_t *seed)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=._-~:!";
    return letters[dice(seed) % (sizeof letters - 1)];
}

/* No piece of sixteen characters of the secret is left, in whatever form it stood in the text. */
static void no_piece_of_a_random_secret_is_left(void **state)
{
    static size_t (*const forms[])(const char *, size_t, char *) = {form_raw, form_percent,
                                                                    form_json, form_xml};
    uint64_t seed = 23;
    (void)state;
    for (unsigned round = 0; round < 4000; round++) {
        char secret[80], text[1024], again[1024];
        size_t len = 16 + dice(&seed) % 60, at = dice(&seed) % 40, used;
        struct redactor r;
        for (size_t i = 0; i < len; i++)
            secret[i] = letter(&seed);
        for (size_t i = 0; i < at; i++)
            text[i] = (char)('a' + dice(&seed) % 26);
        used = at + forms[round % COUNT(forms)](secret, len, text + at);
        redactor_init(&r);
        assert_true(redactor_add(&r, (struct text){secret, len}));
        memcpy(again, text, used);
        size_t left = redact(&r, again, used);
        if (text_find_text((struct text){again, left}, TEXT(REDACT_MARK)) != at ||
            left != at + sizeof REDACT_MARK - 1)
            fail_msg("round %u: \"%.*s\" of \"%.*s\"", round, (int)left, again, (int)len, secret);
        redactor_clear(&r);
    }
}

/* Text without escapes is read in strides: no place in it is passed over, in either spelling. */
static void a_secret_is_found_at_every_place_of_a_long_text(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint64_t seed = 25;
    (void)state;
    for (unsigned round = 0; round < 4000; round++) {
        char secret[40], text[200];
        size_t len = 8 + dice(&seed) % 32, at = round % (sizeof text - sizeof secret);
        struct redactor r;
        for (size_t i = 0; i < len; i++)
            secret[i] = dice(&seed) % 4 ? digits[dice(&seed) % 64] : digits[62 + dice(&seed) % 2];
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = digits[dice(&seed) % 64];
        for (size_t i = 0; i < len; i++)
            text[at + i] = secret[i] == '+' && dice(&seed) % 2   ? '-'
                           : secret[i] == '/' && dice(&seed) % 2 ? '_'
                                                                 : secret[i];
        redactor_init(&r);
        assert_true(redactor_add(&r, (struct text){secret, len}));
        assert_true(redactor_finds(&r, (struct text){text, sizeof text}));
        size_t left = redact(&r, text, sizeof text);
        if (text_find_text((struct text){text, left}, TEXT(REDACT_MARK)) != at ||
            left != sizeof text - len + sizeof REDACT_MARK - 1)
            fail_msg("round %u: \"%.*s\" of \"%.*s\"", round, (int)left, text, (int)len, secret);
        assert_false(redactor_finds(&r, (struct text){text, left}));
        redactor_clear(&r);
    }
}

static void base64_of_more_than_the_secret_shows_nothing_of_it(void **state)
{
    uint64_t seed = 24;
    (void)state;
    for (unsigned round = 0; round < 4000; round++) {
        char line[160], text[256];
        size_t before = dice(&seed) % 20, len = 20 + dice(&seed) % 60, after = dice(&seed) % 20;
        for (size_t i = 0; i < before + len + after; i++)
            line[i] = (char)('!' + dice(&seed) % 94);
        struct redactor r;
        redactor_init(&r);
        assert_true(redactor_add(&r, (struct text){line + before, len}));
        size_t used = form_base64(line, before + len + after, text);
        size_t left = redact(&r, text, used);
        /* four characters that it shares with its neighbours may stay on either side */
        size_t outside = (before + after) * 8 / 6 + 8 + sizeof REDACT_MARK - 1;
        if (left > outside || text_find_text((struct text){text, left}, TEXT(REDACT_MARK)) == left)
            fail_msg("round %u: \"%.*s\"", round, (int)left, text);
        redactor_clear(&r);
    }
}

static void many_secrets_are_told_apart(void **state)
{
    (void)state;
    struct redactor r;
    char secret[64], text[64];
    redactor_init(&r);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(secret, sizeof secret, "IQoJb3JpZ2luX2VjE-%u-%u", i * 7919, i);
        assert_true(redactor_add(&r, text_of(secret)));
    }
    for (unsigned i = 0; i < 5000; i += 499) {
        snprintf(text, sizeof text, "[IQoJb3JpZ2luX2VjE-%u-%u]", i * 7919, i);
        size_t len = redact(&r, text, strlen(text));
        assert_text(((struct text){text, len}), TEXT("[[secret]]"));
    }
    redactor_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_found_however_it_is_escaped),
        cmocka_unit_test(what_is_cut_off_is_a_secret_still),
        cmocka_unit_test(a_piece_of_sixteen_is_found_wherever_it_was_cut),
        cmocka_unit_test(other_text_stays_as_it_is),
        cmocka_unit_test(a_short_secret_is_hidden_whole_or_not_at_all),
        cmocka_unit_test(secrets_with_percent_signs_and_entities_are_found_raw),
        cmocka_unit_test(no_piece_of_a_random_secret_is_left),
        cmocka_unit_test(a_secret_is_found_at_every_place_of_a_long_text),
        cmocka_unit_test(base64_of_more_than_the_secret_shows_nothing_of_it),
        cmocka_unit_test(many_secrets_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
