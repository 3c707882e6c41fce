/*
 * Two steps: to UTF-8, then to what XML takes. Runs of bytes that need no look are copied as they
 * are; nearly all of a report is such a run. What the next piece decides on is held back.
 */
#include "report_bytes.h"

#include "base/count.h"
#include "base/escape.h"

#include <string.h>

#define PIECE_MAX       (1u << 20)
#define DECLARATION_LEN 256 /* bytes in which the encoding is looked for */

static bool is_plain(unsigned char c)
{
    return (c >= 0x20 && c < 0x80) || c == '\n' || c == '\r' || c == '\t';
}

static void place_set(struct report_bytes *b, enum report_place place)
{
    static const char *const looked_at[] = {[PLACE_TEXT] = "&]!?",
                                            [PLACE_COMMENT] = "-",
                                            [PLACE_CDATA] = "]",
                                            [PLACE_INSTRUCTION] = "?"};
    b->place = place;
    for (unsigned c = 0; c < sizeof b->stop; c++)
        b->stop[c] = !is_plain((unsigned char)c);
    for (const char *c = looked_at[place]; *c; c++)
        b->stop[(unsigned char)*c] = true;
}

void report_bytes_init(struct report_bytes *b)
{
    *b = (struct report_bytes){.half = -1};
    buf_init(&b->out, PIECE_MAX);
    buf_init(&b->decoded, 2 * PIECE_MAX);
    place_set(b, PLACE_TEXT);
}

void report_bytes_clear(struct report_bytes *b)
{
    buf_clear(&b->out);
    buf_clear(&b->decoded);
}

void report_bytes_begin(struct report_bytes *b)
{
    b->begun = false;
    b->held_len = 0;
    b->half = -1;
    b->high = 0;
    b->last = '\0';
    place_set(b, PLACE_TEXT);
}

bool report_bytes_are_utf8(const struct report_bytes *b)
{
    return b->encoding != REPORT_OTHER;
}

/* ---- the encoding ---- */

/* By the mark, and by what the declaration says. */
static enum report_encoding encoding_of(struct text head)
{
    static const struct {
        struct text name;
        enum report_encoding encoding;
    } known[] = {{TEXT("utf-8"), REPORT_UTF8},
                 {TEXT("us-ascii"), REPORT_UTF8},
                 {TEXT("iso-8859-1"), REPORT_LATIN1}};
    if (text_starts(head, TEXT("\xff\xfe")) || (head.len > 1 && head.at[1] == '\0'))
        return REPORT_UTF16_LE;
    if (text_starts(head, TEXT("\xfe\xff")) || (head.len > 1 && head.at[0] == '\0'))
        return REPORT_UTF16_BE;
    struct text t = text_slice(head, 0, DECLARATION_LEN);
    t = text_slice(t, 0, text_find_text(t, TEXT("?>")));
    size_t at = text_find_text(t, TEXT("encoding"));
    if (at == t.len)
        return REPORT_UTF8;
    t = text_from(t, at + strlen("encoding"));
    while (t.len && strchr(" \t\r\n=\"'", t.at[0]))
        t = text_from(t, 1);
    for (size_t i = 0; i < COUNT(known); i++) {
        size_t len = known[i].name.len;
        if (text_eq_nocase(text_slice(t, 0, len), known[i].name) &&
            (t.len <= len || !char_is_alnum(t.at[len])))
            return known[i].encoding;
    }
    return REPORT_OTHER;
}

static void code_add(struct buf *out, uint32_t code)
{
    if (code < 0x80) {
        buf_add_char(out, (char)code);
    } else if (code < 0x800) {
        buf_add_char(out, (char)(0xc0 | code >> 6));
        buf_add_char(out, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        buf_add_char(out, (char)(0xe0 | code >> 12));
        buf_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_add_char(out, (char)(0x80 | (code & 0x3f)));
    } else {
        buf_add_char(out, (char)(0xf0 | code >> 18));
        buf_add_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
        buf_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_add_char(out, (char)(0x80 | (code & 0x3f)));
    }
}

/* Halves of pairs that stand alone are question marks. */
static void unit_add(struct report_bytes *b, uint32_t unit)
{
    bool is_low = unit >= 0xdc00 && unit <= 0xdfff, is_high = unit >= 0xd800 && unit < 0xdc00;
    if (b->high && is_low) {
        code_add(&b->decoded, 0x10000 + ((b->high & 0x3ff) << 10) + (unit & 0x3ff));
        b->high = 0;
        return;
    }
    if (b->high || is_low)
        buf_add_char(&b->decoded, '?');
    b->high = is_high ? unit : 0;
    if (!is_high && !is_low)
        code_add(&b->decoded, unit);
}

static void utf16_add(struct report_bytes *b, struct text piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        uint32_t byte = (unsigned char)piece.at[i], first = (uint32_t)b->half;
        if (b->half < 0) {
            b->half = (int)byte;
            continue;
        }
        b->half = -1;
        unit_add(b, b->encoding == REPORT_UTF16_LE ? first | byte << 8 : first << 8 | byte);
    }
}

/* What was held back, and the piece behind it. */
static struct text decoded(struct report_bytes *b, struct text piece)
{
    if (b->encoding == REPORT_UTF8 && !b->held_len)
        return piece;
    buf_reset(&b->decoded);
    buf_add(&b->decoded, b->held, b->held_len);
    b->held_len = 0;
    if (b->encoding == REPORT_UTF8)
        buf_add_text(&b->decoded, piece);
    else if (b->encoding == REPORT_LATIN1)
        for (size_t i = 0; i < piece.len; i++)
            code_add(&b->decoded, (unsigned char)piece.at[i]);
    else
        utf16_add(b, piece);
    b->out.failed |= b->decoded.failed;
    return buf_text(&b->decoded);
}

/* ---- what XML takes ---- */

/* How many bytes the character at t has by its first one; 1 when that begins none. */
static size_t length_of(unsigned char first)
{
    if (first < 0xc2 || first > 0xf4)
        return 1;
    return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

static bool is_allowed(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code < 0xd800) ||
           (code >= 0xe000 && code < 0xfffe) || (code >= 0x10000 && code <= 0x10ffff);
}

/* These return how many bytes of t are given on as they are, or as a question mark; 0: the next
 * piece decides. */

static size_t given(struct report_bytes *b, struct text t, size_t len)
{
    buf_add_text(&b->out, text_slice(t, 0, len));
    return len;
}

static size_t asked(struct report_bytes *b)
{
    buf_add_char(&b->out, '?');
    return 1;
}

/* A character that is not ASCII, or is none. */
static size_t character_mend(struct report_bytes *b, struct text t)
{
    uint32_t code = 0;
    if (t.len < length_of((unsigned char)t.at[0]))
        return 0;
    size_t len = utf8_next(t, &code);
    return len > 1 && is_allowed(code) ? given(b, t, len) : asked(b);
}

/* "amp"; "#60"; "#x3c". */
static bool is_reference(struct text name)
{
    static const struct text known[] = {TEXT("amp"), TEXT("lt"), TEXT("gt"), TEXT("quot"),
                                        TEXT("apos")};
    uint32_t code = 0;
    for (size_t i = 0; i < COUNT(known); i++)
        if (text_eq(name, known[i]))
            return true;
    bool is_hex = text_starts(name, TEXT("#x"));
    if (!text_starts(name, TEXT("#")) || name.len == 1u + is_hex)
        return false;
    for (size_t i = 1u + is_hex; i < name.len; i++) {
        char c = char_lower(name.at[i]);
        bool is_letter = is_hex && c >= 'a' && c <= 'f';
        if ((!char_is_digit(c) && !is_letter) || code > 0x10ffff)
            return false;
        code = code * (is_hex ? 16 : 10) + (uint32_t)(is_letter ? c - 'a' + 10 : c - '0');
    }
    return is_allowed(code);
}

static size_t reference_mend(struct report_bytes *b, struct text t)
{
    size_t len = 1;
    while (len < t.len && len < REPORT_HELD && (char_is_alnum(t.at[len]) || t.at[len] == '#'))
        len++;
    if (len == t.len && len < REPORT_HELD)
        return 0;
    bool is_sound = len < t.len && t.at[len] == ';' && is_reference(text_slice(t, 1, len));
    return is_sound ? given(b, t, len + 1) : asked(b);
}

/* Does t begin with the sign? *is_open: the next piece decides. */
static bool is_sign(struct text t, struct text sign, bool *is_open)
{
    *is_open |= t.len < sign.len && text_starts(sign, t);
    return text_starts(t, sign);
}

static size_t turn(struct report_bytes *b, struct text t, size_t len, enum report_place place)
{
    place_set(b, place);
    return given(b, t, len);
}

static size_t text_mend(struct report_bytes *b, struct text t)
{
    bool is_open = false, is_cdata = false, is_comment = false;
    bool is_begun = (b->out.len ? b->out.at[b->out.len - 1] : b->last) == '<';
    if (t.at[0] == '&')
        return reference_mend(b, t);
    if (t.at[0] == ']' && is_sign(t, TEXT("]]>"), &is_open)) {
        buf_add_str(&b->out, "]]?");
        return 3;
    }
    if (t.at[0] == '!' && is_begun) {
        is_cdata = is_sign(t, TEXT("![CDATA["), &is_open);
        is_comment = is_sign(t, TEXT("!--"), &is_open);
    }
    if (is_cdata || is_comment)
        return is_cdata ? turn(b, t, 8, PLACE_CDATA) : turn(b, t, 3, PLACE_COMMENT);
    if (t.at[0] == '?' && is_begun)
        return turn(b, t, 1, PLACE_INSTRUCTION);
    return is_open ? 0 : given(b, t, 1);
}

static size_t end_find(struct report_bytes *b, struct text t, struct text sign)
{
    bool is_open = false;
    if (is_sign(t, sign, &is_open))
        return turn(b, t, sign.len, PLACE_TEXT);
    return is_open ? 0 : given(b, t, 1);
}

static size_t mend(struct report_bytes *b, struct text t)
{
    if (!is_plain((unsigned char)t.at[0]))
        return character_mend(b, t);
    switch (b->place) {
    case PLACE_COMMENT: return end_find(b, t, TEXT("-->"));
    case PLACE_CDATA: return end_find(b, t, TEXT("]]>"));
    case PLACE_INSTRUCTION: return end_find(b, t, TEXT("?>"));
    case PLACE_TEXT: break;
    }
    return text_mend(b, t);
}

struct text report_bytes_mend(struct report_bytes *b, struct text piece)
{
    if (!b->begun && piece.len) {
        b->begun = true;
        b->encoding = encoding_of(piece);
    }
    if (b->encoding == REPORT_OTHER)
        return piece;
    buf_reset(&b->out);
    for (struct text t = decoded(b, piece); t.len;) {
        size_t run = 0;
        while (run < t.len && !b->stop[(unsigned char)t.at[run]])
            run++;
        buf_add_text(&b->out, text_slice(t, 0, run));
        t = text_from(t, run);
        size_t used = t.len ? mend(b, t) : 0;
        if (t.len && !used) {
            memcpy(b->held, t.at, t.len);
            b->held_len = t.len;
            break;
        }
        t = text_from(t, used);
    }
    if (b->out.len)
        b->last = b->out.at[b->out.len - 1];
    return b->out.failed ? TEXT_NONE : (struct text){b->out.len ? b->out.at : "", b->out.len};
}

struct text report_bytes_end(struct report_bytes *b)
{
    struct text left = {b->held, b->held_len};
    b->held_len = 0;
    bool is_broken = left.len && (!is_plain((unsigned char)left.at[0]) || left.at[0] == '&');
    return is_broken || b->half >= 0 || b->high ? TEXT("?") : left.len ? left : TEXT("");
}
