/*
 * SPF macros. One tokenizer serves the check of the syntax, the list of letters and the expansion,
 * so the three cannot disagree.
 */
#include "spf_macro.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "base/escape.h"

#include <assert.h>

#define PARTS_MAX (NAME_LEN_MAX + 1) /* a value has at most NAME_LEN_MAX delimiters */

struct token {
    struct text literal; /* literal text; used when letter is 0 */
    bool is_macro;       /* any macro-expand: %{..}, %%, %_, %- */
    char letter;         /* lower case */
    bool escaped;        /* the letter was upper case: URL-escape the value */
    bool reversed;
    uint64_t keep;          /* rightmost parts to keep; 0: all */
    struct text delimiters; /* empty: "." */
};

static bool is_delimiter(char c)
{
    return text_find(TEXT(".-+,/_="), c) < 7;
}

/* The text between "%{" and "}": letter, digits, "r", delimiters. */
static bool token_parse_braces(struct text inner, struct token *token)
{
    size_t digits = 0, i;
    if (inner.len == 0 || !char_is_alpha(inner.at[0]))
        return false;
    token->letter = char_lower(inner.at[0]);
    token->escaped = token->letter != inner.at[0];
    inner = text_from(inner, 1);
    while (digits < inner.len && char_is_digit(inner.at[digits]))
        digits++;
    if (digits) {
        if (!text_to_u64(text_slice(inner, 0, digits), &token->keep))
            token->keep = PARTS_MAX;
        if (token->keep == 0)
            return false;
        inner = text_from(inner, digits);
    }
    if (inner.len && char_lower(inner.at[0]) == 'r') {
        token->reversed = true;
        inner = text_from(inner, 1);
    }
    for (i = 0; i < inner.len && is_delimiter(inner.at[i]); i++)
        continue;
    token->delimiters = inner;
    return i == inner.len;
}

/* Cuts one token off *rest (rest->len > 0). False: not a macro-string. */
static bool token_next(struct text *rest, struct token *token)
{
    size_t len = text_find(*rest, '%');
    *token = (struct token){.literal = text_slice(*rest, 0, len)};
    if (len == 0) {
        char kind = rest->len > 1 ? rest->at[1] : '\0';
        token->is_macro = true;
        len = 2;
        if (kind == '{') {
            len = text_find(*rest, '}') + 1;
            if (len > rest->len || !token_parse_braces(text_slice(*rest, 2, len - 1), token))
                return false;
        } else if (kind == '%') {
            token->literal = TEXT("%");
        } else if (kind == '_') {
            token->literal = TEXT(" ");
        } else if (kind == '-') {
            token->literal = TEXT("%20");
        } else {
            return false;
        }
    }
    *rest = text_from(*rest, len);
    return true;
}

static bool letter_is_known(char letter, enum spf_place place)
{
    struct text letters = place == SPF_IN_DOMAIN ? TEXT("slodipvh") : TEXT("slodipvhcrt");
    return text_find(letters, letter) < letters.len;
}

static bool literal_is_clean(struct text s, enum spf_place place)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c > 0x7e || c < (place == SPF_IN_DOMAIN ? 0x21 : 0x20))
            return false;
    }
    return true;
}

/* *tail is the literal text behind the last macro, empty when a macro ends the string. */
static bool string_check(struct text s, enum spf_place place, spf_letters *letters,
                         struct text *tail, bool *has_macro)
{
    struct token token;
    *letters = 0;
    *has_macro = false;
    *tail = (struct text){s.at, 0};
    if (!literal_is_clean(s, place))
        return false;
    while (s.len) {
        if (!token_next(&s, &token))
            return false;
        if (token.letter && !letter_is_known(token.letter, place))
            return false;
        if (token.letter)
            *letters |= SPF_LETTER(token.letter);
        *has_macro |= token.is_macro;
        *tail = token.is_macro ? (struct text){s.at, 0} : token.literal;
    }
    return true;
}

bool spf_macro_check(struct text s, enum spf_place place, spf_letters *letters)
{
    struct text tail;
    bool has_macro;
    return string_check(s, place, letters, &tail, &has_macro);
}

/* toplabel: letters, digits and inner hyphens, and not all digits (RFC 7208, section 7.1). */
static bool top_label_check(struct text label)
{
    bool numeric = true;
    if (label.len == 0 || label.at[0] == '-' || label.at[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!char_is_alnum(label.at[i]) && label.at[i] != '-')
            return false;
        numeric &= char_is_digit(label.at[i]);
    }
    return !numeric;
}

bool spf_macro_check_domain(struct text s, spf_letters *letters)
{
    struct text tail;
    bool has_macro;
    if (s.len == 0 || !string_check(s, SPF_IN_DOMAIN, letters, &tail, &has_macro))
        return false;
    if (tail.len == 0)
        return has_macro;
    if (tail.at[tail.len - 1] == '.')
        tail.len--;
    size_t dot = text_rfind(tail, '.');
    return dot < tail.len && top_label_check(text_from(tail, dot + 1));
}

static size_t parts_split(struct text value, struct text delimiters, struct text parts[PARTS_MAX])
{
    size_t count = 0, start = 0;
    if (delimiters.len == 0)
        delimiters = TEXT(".");
    for (size_t i = 0; i <= value.len; i++) {
        if (i < value.len && text_find(delimiters, value.at[i]) == delimiters.len)
            continue;
        assert(count < PARTS_MAX);
        parts[count++] = text_slice(value, start, i);
        start = i + 1;
    }
    return count;
}

static void part_add(struct buf *out, struct text part, bool escaped)
{
    if (escaped)
        escape_percent(out, part);
    else
        buf_add_text(out, part);
}

static void value_add(struct buf *out, struct text value, const struct token *token)
{
    struct text parts[PARTS_MAX];
    size_t count, first;
    if (!token->keep && !token->reversed && token->delimiters.len == 0) {
        part_add(out, value, token->escaped);
        return;
    }
    count = parts_split(text_slice(value, 0, NAME_LEN_MAX), token->delimiters, parts);
    first = token->keep && token->keep < count ? count - (size_t)token->keep : 0;
    for (size_t i = first; i < count; i++) {
        size_t at = token->reversed ? count - 1 - i : i;
        if (i > first)
            buf_add_char(out, '.');
        part_add(out, parts[at], token->escaped);
    }
}

static struct text value_of(char letter, const struct spf_macro_values *v,
                            char scratch[SPF_ADDRESS_LEN])
{
    switch (letter) {
    case 's': return v->sender;
    case 'l': return v->local_part;
    case 'o': return v->sender_domain;
    case 'd': return v->domain;
    case 'h': return v->helo;
    case 'r': return v->receiver;
    case 'p': return v->validated;
    case 'v': return v->client.family == 6 ? TEXT("ip6") : TEXT("in-addr");
    case 'i': return spf_address_dotted(&v->client, scratch);
    case 'c': return spf_address_format(&v->client, scratch);
    default: assert(false && "a letter that passed the check"); return TEXT_NONE;
    }
}

static void time_add(struct buf *out, const struct spf_macro_values *v, const struct token *token)
{
    struct buf digits;
    buf_init(&digits, 32);
    buf_add_u64(&digits, v->time_s < 0 ? 0 : (uint64_t)v->time_s);
    value_add(out, buf_text(&digits), token);
    buf_clear(&digits);
}

struct text spf_macro_expand(struct arena *arena, struct text s, const struct spf_macro_values *v)
{
    char scratch[SPF_ADDRESS_LEN];
    struct token token;
    struct buf out;
    struct text result = TEXT_NONE;
    buf_init(&out, SPF_EXPANSION_MAX);
    while (s.len && token_next(&s, &token)) {
        if (!token.letter)
            buf_add_text(&out, token.literal);
        else if (token.letter == 't')
            time_add(&out, v, &token);
        else
            value_add(&out, value_of(token.letter, v, scratch), &token);
    }
    if (!out.failed)
        result = arena_text(arena, out.len ? buf_text(&out) : TEXT(""));
    buf_clear(&out);
    return result;
}

struct text spf_macro_expand_domain(struct arena *arena, struct text s,
                                    const struct spf_macro_values *v)
{
    struct text name = spf_macro_expand(arena, s, v);
    if (name.len && name.at[name.len - 1] == '.')
        name.len--;
    while (name.len > DNAME_LEN_MAX)
        name = dname_parent(name);
    return name;
}
