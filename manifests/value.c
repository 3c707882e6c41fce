/*
 * Checks values. Pure: text in, verdict out; draft.c has the places and the sentences.
 */
#include "raw.h"
#include "rules/idna.h"

#include "base/character.h"

#include <string.h>

#define NEAR_EDITS  3 /* edits in long words, for example USE_DEFAULT_VALUE */
#define DECIMAL_MAX 9 /* digits before and after the point */

const char *name_fault_text(enum name_fault fault)
{
    static const char *const texts[] = {
        [NAME_OK] = "nothing is wrong with it",
        [NAME_EMPTY] = "it is empty",
        [NAME_TOO_LONG] = "it is longer than 1024 bytes",
        [NAME_BLANK] = "it has a blank in it",
        [NAME_CONTROL] = "it has a control character in it",
        [NAME_UNSEEN] = "it has a character in it that looks like a blank or cannot be seen",
        [NAME_AT] = "nothing stands on one side of the @",
    };
    return texts[fault];
}

enum name_fault name_check(struct text t)
{
    if (t.len == 0)
        return NAME_EMPTY;
    if (t.len > NAME_LEN_MAX)
        return NAME_TOO_LONG;
    bool is_plain = true;
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.at[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            return NAME_BLANK;
        if (c < 0x20 || c == 0x7f)
            return NAME_CONTROL;
        is_plain = is_plain && c < 0x80;
    }
    return is_plain || !character_first_unseen(t) ? NAME_OK : NAME_UNSEEN;
}

enum name_fault identity_check(struct text t)
{
    size_t at = text_rfind(t, '@');
    enum name_fault fault = name_check(t);
    /* A local part in quotation marks may have blanks (RFC 5321, section 4.1.2). */
    bool quoted = at < t.len && at > 2 && t.at[0] == '"' && t.at[at - 1] == '"';
    if (fault == NAME_BLANK && quoted) {
        size_t blank = text_find(text_from(t, at), ' ');
        bool only_blanks = blank == t.len - at;
        for (size_t i = 0; i < t.len; i++)
            only_blanks = only_blanks && (unsigned char)t.at[i] >= ' ' && t.at[i] != 0x7f;
        fault = only_blanks ? NAME_OK : fault;
    }
    if (fault != NAME_OK)
        return fault;
    return at == 0 || at + 1 == t.len ? NAME_AT : NAME_OK;
}

bool domain_is_plain(struct text t)
{
    /* Two hyphens: maybe an A-label. Two dots: an empty label. */
    enum { PLAIN = 1, HYPHEN = 2 | PLAIN, DOT = 4 | PLAIN };
    static const uint8_t kinds[256] = {
        ['-'] = HYPHEN, ['.'] = DOT,   ['0'] = PLAIN, ['1'] = PLAIN, ['2'] = PLAIN, ['3'] = PLAIN,
        ['4'] = PLAIN,  ['5'] = PLAIN, ['6'] = PLAIN, ['7'] = PLAIN, ['8'] = PLAIN, ['9'] = PLAIN,
        ['_'] = PLAIN,  ['a'] = PLAIN, ['b'] = PLAIN, ['c'] = PLAIN, ['d'] = PLAIN, ['e'] = PLAIN,
        ['f'] = PLAIN,  ['g'] = PLAIN, ['h'] = PLAIN, ['i'] = PLAIN, ['j'] = PLAIN, ['k'] = PLAIN,
        ['l'] = PLAIN,  ['m'] = PLAIN, ['n'] = PLAIN, ['o'] = PLAIN, ['p'] = PLAIN, ['q'] = PLAIN,
        ['r'] = PLAIN,  ['s'] = PLAIN, ['t'] = PLAIN, ['u'] = PLAIN, ['v'] = PLAIN, ['w'] = PLAIN,
        ['x'] = PLAIN,  ['y'] = PLAIN, ['z'] = PLAIN,
    };
    unsigned before = DOT, all = PLAIN, twice = 0;
    for (size_t i = 0; i < t.len; i++) {
        unsigned kind = kinds[(unsigned char)t.at[i]];
        all &= kind;
        twice |= kind & before;
        before = kind;
    }
    return all && !(twice & ~(unsigned)PLAIN) && before != DOT && t.len <= NAME_LEN_MAX;
}

/* Is t already in normal form? True of nearly every name, and cheap to test. */
static bool host_is_normal(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        if ((c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80)
            return false;
        if (c == '-' && i >= 3 && t.at[i - 1] == '-')
            return false; /* maybe an A-label: IDNA must check */
    }
    return t.len > 0 && t.at[t.len - 1] != '.';
}

struct text host_normal(struct text t, char out[NAME_LEN_MAX + 1])
{
    if (domain_is_plain(t) || host_is_normal(t))
        return t;
    struct text ascii;
    const char *fault;
    if (!idna_to_ascii(t, out, &ascii, &fault) || ascii.len == 0) {
        if (t.len > 1 && t.at[t.len - 1] == '.' && t.at[t.len - 2] != '.')
            t.len--;
        for (size_t i = 0; i < t.len; i++)
            out[i] = char_lower(t.at[i]);
        out[t.len] = '\0';
        return (struct text){out, t.len};
    }
    return ascii;
}

static bool is_ascii(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] >= 0x80)
            return false;
    return true;
}

struct text identity_normal(struct text t, char out[NAME_LEN_MAX + 1])
{
    if (identity_type_of(t) == IDENTITY_DOMAIN)
        return host_normal(t, out);
    struct text domain = identity_domain(t);
    if (is_ascii(domain))
        return t;
    char converted[NAME_LEN_MAX + 1];
    struct text ascii;
    const char *fault;
    size_t local_len = t.len - domain.len;
    if (!idna_to_ascii(domain, converted, &ascii, &fault) || local_len + ascii.len > NAME_LEN_MAX)
        return t;
    memcpy(out, t.at, local_len);
    memcpy(out + local_len, ascii.at, ascii.len + 1);
    return (struct text){out, local_len + ascii.len};
}

#define PLACEHOLDER_LEN 8
enum placeholder { PLACEHOLDER_DOMAIN, PLACEHOLDER_REGION, PLACEHOLDERS };

/* The placeholder beginning at i; PLACEHOLDERS: none. */
static enum placeholder placeholder_at(struct text t, size_t i)
{
    if (t.len - i < PLACEHOLDER_LEN)
        return PLACEHOLDERS;
    if (memcmp(t.at + i, "{domain}", PLACEHOLDER_LEN) == 0)
        return PLACEHOLDER_DOMAIN;
    return memcmp(t.at + i, "{region}", PLACEHOLDER_LEN) == 0 ? PLACEHOLDER_REGION : PLACEHOLDERS;
}

size_t template_fault(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] != '{' && t.at[i] != '}')
            continue;
        if (placeholder_at(t, i) == PLACEHOLDERS)
            return i;
        i += PLACEHOLDER_LEN - 1;
    }
    return t.len;
}

bool template_is(struct text t)
{
    return t.len && memchr(t.at, '{', t.len);
}

bool template_fill(struct text t, struct text domain, struct text region,
                   char out[NAME_LEN_MAX + 1], struct text *result)
{
    const struct text fill[PLACEHOLDERS] = {domain, region};
    size_t len = 0;
    for (size_t i = 0, taken; i < t.len; i += taken) {
        enum placeholder p = t.at[i] == '{' ? placeholder_at(t, i) : PLACEHOLDERS;
        struct text piece = {t.at + i, 1};
        if (p < PLACEHOLDERS)
            piece = fill[p];
        else if (t.at[i] != '{')
            piece.len = text_find((struct text){piece.at, t.len - i}, '{');
        if (piece.len > NAME_LEN_MAX - len)
            return false;
        if (piece.len)
            memcpy(out + len, piece.at, piece.len);
        len += piece.len;
        taken = p < PLACEHOLDERS ? PLACEHOLDER_LEN : piece.len;
    }
    out[len] = '\0';
    *result = (struct text){out, len};
    return true;
}

static bool all_lower(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.at[i] < 'a' || t.at[i] > 'z')
            return false;
    return t.len > 0;
}

/* Two to five letters, then words, then a number: us-east-1, us-gov-west-1, eusc-de-east-1. */
bool region_is(struct text t)
{
    uint64_t number;
    size_t dash = text_rfind(t, '-');
    if (t.len > 32 || dash + 1 >= t.len || t.len - dash > 3 ||
        !text_to_u64(text_from(t, dash + 1), &number) || number == 0)
        return false;
    struct text words = text_slice(t, 0, dash), first = text_cut(&words, '-');
    if (!all_lower(first) || first.len < 2 || first.len > 5 || !words.at)
        return false;
    while (words.at)
        if (!all_lower(text_cut(&words, '-')))
            return false;
    return true;
}

/* Digits, maybe a point and more digits. Not strtod(): strtod() takes hex, exponents and
   locales. */
static bool decimal_parse(struct text t, double *out)
{
    struct text rest = t, whole = text_cut(&rest, '.');
    uint64_t number, fraction = 0;
    if (whole.len > DECIMAL_MAX || !text_to_u64(whole, &number))
        return false;
    if (rest.at && (rest.len > DECIMAL_MAX || !text_to_u64(rest, &fraction)))
        return false;
    double scaled = (double)fraction;
    for (size_t i = 0; i < rest.len; i++)
        scaled /= 10;
    *out = (double)number + scaled;
    return true;
}

bool rate_parse(struct text t, double *rate)
{
    return decimal_parse(t, rate) && *rate > 0 && rate_fits(*rate);
}

bool quota_parse(struct text t, struct quota *quota)
{
    uint64_t count;
    quota->is_percent = t.len && t.at[t.len - 1] == '%';
    if (quota->is_percent)
        return decimal_parse(text_slice(t, 0, t.len - 1), &quota->value) && quota_fits(*quota);
    if (!text_to_u64(t, &count))
        return false;
    quota->value = (double)count;
    return quota_fits(*quota);
}

const char *word_near(struct text t, const char *const *words, size_t words_len)
{
    struct text_near near = {t, NEAR_EDITS + 1, NULL};
    for (size_t i = 0; i < words_len; i++) {
        if (text_eq_nocase(t, text_of(words[i])))
            return words[i];
        text_near_try(&near, words[i]);
    }
    return near.word;
}
