/* A table of the characters that copying brings along. */
#include "character.h"

#include "count.h"
#include "escape.h"

#include <string.h>

static const struct {
    uint32_t first, last;
    enum character_kind kind;
    const char *name;
} characters[] = {
    {0x80, 0x9f, CHARACTER_HIDDEN, "control character"},
    {0xa0, 0xa0, CHARACTER_BLANK, "no-break space"},
    {0xab, 0xab, CHARACTER_QUOTE, "quotation mark"},
    {0xad, 0xad, CHARACTER_HIDDEN, "soft hyphen"},
    {0xbb, 0xbb, CHARACTER_QUOTE, "quotation mark"},
    {0x34f, 0x34f, CHARACTER_HIDDEN, "combining grapheme joiner"},
    {0x61c, 0x61c, CHARACTER_HIDDEN, "Arabic letter mark"},
    {0x115f, 0x1160, CHARACTER_HIDDEN, "Hangul filler"},
    {0x1680, 0x1680, CHARACTER_BLANK, "Ogham space mark"},
    {0x180e, 0x180e, CHARACTER_HIDDEN, "Mongolian vowel separator"},
    {0x2000, 0x200a, CHARACTER_BLANK, "space of another width"},
    {0x200b, 0x200b, CHARACTER_HIDDEN, "zero width space"},
    {0x200c, 0x200c, CHARACTER_HIDDEN, "zero width non-joiner"},
    {0x200d, 0x200d, CHARACTER_HIDDEN, "zero width joiner"},
    {0x200e, 0x200f, CHARACTER_HIDDEN, "direction mark"},
    {0x2010, 0x2015, CHARACTER_DASH, "dash"},
    {0x2018, 0x201f, CHARACTER_QUOTE, "quotation mark"},
    {0x2028, 0x2029, CHARACTER_HIDDEN, "separator of lines"},
    {0x202a, 0x202e, CHARACTER_HIDDEN, "control of the reading direction"},
    {0x202f, 0x202f, CHARACTER_BLANK, "narrow no-break space"},
    {0x2032, 0x2033, CHARACTER_QUOTE, "prime"},
    {0x2039, 0x203a, CHARACTER_QUOTE, "quotation mark"},
    {0x205f, 0x205f, CHARACTER_BLANK, "mathematical space"},
    {0x2060, 0x2064, CHARACTER_HIDDEN, "word joiner"},
    {0x2066, 0x2069, CHARACTER_HIDDEN, "control of the reading direction"},
    {0x206a, 0x206f, CHARACTER_HIDDEN, "format character"},
    {0x2212, 0x2212, CHARACTER_DASH, "minus sign"},
    {0x2800, 0x2800, CHARACTER_BLANK, "blank Braille pattern"},
    {0x3000, 0x3000, CHARACTER_BLANK, "ideographic space"},
    {0x3164, 0x3164, CHARACTER_HIDDEN, "Hangul filler"},
    {0xfe00, 0xfe0f, CHARACTER_HIDDEN, "variation selector"},
    {0xfeff, 0xfeff, CHARACTER_HIDDEN, "byte order mark"},
    {0xffa0, 0xffa0, CHARACTER_HIDDEN, "Hangul filler"},
    {0xfff9, 0xfffb, CHARACTER_HIDDEN, "format character"},
    {0xe0000, 0xe007f, CHARACTER_HIDDEN, "tag character"},
};

/* Index in characters, or their count. */
static size_t character_index(uint32_t code)
{
    size_t i = 0;
    while (i < COUNT(characters) && (code < characters[i].first || code > characters[i].last))
        i++;
    return i;
}

enum character_kind character_kind(uint32_t code)
{
    size_t i = code < 0x80 ? COUNT(characters) : character_index(code);
    return i < COUNT(characters) ? characters[i].kind : CHARACTER_PLAIN;
}

const char *character_name(uint32_t code)
{
    size_t i = code < 0x80 ? COUNT(characters) : character_index(code);
    return i < COUNT(characters) ? characters[i].name : NULL;
}

const char *character_fix(uint32_t code)
{
    static const char *const fixes[] = {
        [CHARACTER_PLAIN] = NULL,
        [CHARACTER_BLANK] = "type a plain blank instead, or none",
        [CHARACTER_HIDDEN] = "it cannot be seen: delete it, or type the text anew",
        [CHARACTER_QUOTE] = "type a plain quotation mark, or none",
        [CHARACTER_DASH] = "type a plain hyphen instead",
    };
    return fixes[character_kind(code)];
}

/* The character at i if it is none that is plain, or 0; *len: how long what stands there is. */
static uint32_t odd_at(struct text t, size_t i, size_t *len)
{
    uint32_t code;
    *len = 1;
    if ((unsigned char)t.at[i] < 0x80)
        return 0;
    size_t whole = utf8_next(text_from(t, i), &code);
    *len = whole ? whole : 1;
    bool is_joiner = whole && (code == 0x200c || code == 0x200d);
    return whole && !is_joiner && character_kind(code) != CHARACTER_PLAIN ? code : 0;
}

static bool is_unseen(uint32_t code)
{
    enum character_kind kind = character_kind(code);
    return kind == CHARACTER_BLANK || kind == CHARACTER_HIDDEN;
}

uint32_t character_first_odd(struct text t)
{
    for (size_t i = 0, len; i < t.len; i += len) {
        uint32_t code = odd_at(t, i, &len);
        if (code)
            return code;
    }
    return 0;
}

uint32_t character_first_unseen(struct text t)
{
    for (size_t i = 0, len; i < t.len; i += len) {
        uint32_t code = odd_at(t, i, &len);
        if (is_unseen(code))
            return code;
    }
    return 0;
}

struct text character_seen(struct text t, char *out, size_t size)
{
    size_t done = 0;
    for (size_t i = 0, len; i < t.len; i += len) {
        if (is_unseen(odd_at(t, i, &len)))
            continue;
        if (done + len >= size)
            break;
        memcpy(out + done, t.at + i, len);
        done += len;
    }
    return (struct text){out, done};
}
