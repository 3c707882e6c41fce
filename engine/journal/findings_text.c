/*
 * The notes of findings as the journal keeps them: JSON, read only in the shape written here. A
 * journal may be damaged, and a report must not suffer: notes of another shape are left aside as a
 * whole, and the row's set of rules takes their place.
 */
#include "inside.h"

#include "base/json_out.h"

#include <assert.h>
#include <string.h>

#define NOTES_MAX (2 * FINDINGS_LEN) /* a judgement makes one of each rule, as a rule */

void findings_write(const struct finding_notes *notes, struct buf *out)
{
    struct json_out j;
    json_init(&j, out);
    json_add_array(&j, NULL);
    for (uint32_t i = 0; i < notes->len; i++) {
        const struct finding_note *note = &notes->at[i];
        json_add_object(&j, NULL);
        json_add_word(&j, "rule", finding_rule(note->rule)->name);
        json_add_word(&j, "severity", severity_name(note->severity));
        json_add_text(&j, "text", note->text);
        if (note->accepted)
            json_add_bool(&j, "accepted", true);
        json_end(&j);
    }
    json_end(&j);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct findings_reading {
    struct text rest;
    char *out; /* where the next decoded text goes: none is longer than what it is made of */
    struct finding_note notes[NOTES_MAX];
    uint32_t len;
};

static void skip_blank(struct findings_reading *r)
{
    while (r->rest.len && (r->rest.at[0] == ' ' || r->rest.at[0] == '\n' || r->rest.at[0] == '\t'))
        r->rest = text_from(r->rest, 1);
}

static bool take(struct findings_reading *r, char c)
{
    skip_blank(r);
    if (r->rest.len == 0 || r->rest.at[0] != c)
        return false;
    r->rest = text_from(r->rest, 1);
    return true;
}

static bool take_hex4(struct text *t, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        if (t->len == 0)
            return false;
        char c = char_lower(t->at[0]);
        if (!char_is_digit(c) && (c < 'a' || c > 'f'))
            return false;
        *code = *code << 4 | (uint32_t)(char_is_digit(c) ? c - '0' : c - 'a' + 10);
        *t = text_from(*t, 1);
    }
    return true;
}

static void add_utf8(struct findings_reading *r, uint32_t c)
{
    assert(c <= 0x10ffff);
    if (c >= 0xd800 && c <= 0xdfff)
        c = 0xfffd;
    if (c < 0x80) {
        *r->out++ = (char)c;
    } else if (c < 0x800) {
        *r->out++ = (char)(0xc0 | c >> 6);
        *r->out++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *r->out++ = (char)(0xe0 | c >> 12);
        *r->out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *r->out++ = (char)(0x80 | (c & 0x3f));
    } else {
        *r->out++ = (char)(0xf0 | c >> 18);
        *r->out++ = (char)(0x80 | (c >> 12 & 0x3f));
        *r->out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *r->out++ = (char)(0x80 | (c & 0x3f));
    }
}

static bool take_escape(struct findings_reading *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->rest.len == 0)
        return false;
    char c = r->rest.at[0];
    r->rest = text_from(r->rest, 1);
    if (c == 'u') {
        /* \uXXXX, or two of them that are one character (RFC 8259, section 7). */
        uint32_t high, low;
        if (!take_hex4(&r->rest, &high))
            return false;
        struct text after = r->rest;
        bool has_other = text_starts(after, TEXT("\\u"));
        after = text_from(after, has_other ? 2 : 0);
        if (high >= 0xd800 && high <= 0xdbff && has_other && take_hex4(&after, &low) &&
            low >= 0xdc00 && low <= 0xdfff) {
            high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            r->rest = after;
        }
        add_utf8(r, high);
        return true;
    }
    for (int i = 0; from[i]; i++) {
        if (from[i] == c) {
            *r->out++ = to[i];
            return true;
        }
    }
    return false;
}

/* As a rule the whole sentence. */
static size_t plain_len(struct text t)
{
    size_t len = 0;
    while (len < t.len && t.at[len] != '"' && t.at[len] != '\\')
        len++;
    return len;
}

/* Of a string that has come to its quote or to a backslash, which is passed over: to the quote? */
static bool take_end(struct findings_reading *r)
{
    bool is_quote = r->rest.len && r->rest.at[0] == '"';
    r->rest = text_from(r->rest, 1);
    return is_quote;
}

static bool take_string(struct findings_reading *r, struct text *value)
{
    const char *start = r->out;
    if (!take(r, '"'))
        return false;
    while (r->rest.len) {
        size_t plain = plain_len(r->rest);
        memcpy(r->out, r->rest.at, plain);
        r->out += plain;
        r->rest = text_from(r->rest, plain);
        if (take_end(r)) {
            *value = (struct text){start, (size_t)(r->out - start)};
            return true;
        }
        if (r->rest.len && !take_escape(r))
            return false;
    }
    return false;
}

static bool severity_parse(struct text name, enum severity *out)
{
    for (int s = SEVERITY_INFO; s <= SEVERITY_ERROR; s++) {
        if (text_eq(name, text_of(severity_name((enum severity)s)))) {
            *out = (enum severity)s;
            return true;
        }
    }
    return false;
}

struct members {
    struct text rule, severity, text;
    bool accepted;
};

static bool take_member(struct findings_reading *r, struct members *m)
{
    struct text key;
    if (!take_string(r, &key) || !take(r, ':'))
        return false;
    if (text_eq(key, TEXT("rule")))
        return take_string(r, &m->rule);
    if (text_eq(key, TEXT("severity")))
        return take_string(r, &m->severity);
    if (text_eq(key, TEXT("text")))
        return take_string(r, &m->text);
    skip_blank(r);
    if (!text_eq(key, TEXT("accepted")) || !text_starts(r->rest, TEXT("true")))
        return false;
    r->rest = text_from(r->rest, 4);
    m->accepted = true;
    return true;
}

static bool take_note(struct findings_reading *r)
{
    struct members m = {.accepted = false};
    struct finding_note note;
    if (!take(r, '{'))
        return false;
    do {
        if (!take_member(r, &m))
            return false;
    } while (take(r, ','));
    if (!take(r, '}') || m.rule.len == 0 || !severity_parse(m.severity, &note.severity))
        return false;
    if (!finding_parse(m.rule, &note.rule))
        return true; /* of a newer program */
    if (r->len == NOTES_MAX)
        return false;
    note.accepted = m.accepted;
    note.text = m.text;
    assert(note.rule < FINDINGS_LEN);
    r->notes[r->len++] = note;
    return true;
}

static bool take_notes(struct findings_reading *r)
{
    if (!take(r, '['))
        return false;
    if (take(r, ']'))
        return r->rest.len == 0;
    do {
        if (!take_note(r))
            return false;
    } while (take(r, ','));
    return take(r, ']') && r->rest.len == 0;
}

bool findings_read(struct text json, struct arena *arena, struct finding_notes *out)
{
    struct findings_reading r;
    *out = (struct finding_notes){0};
    if (json.len == 0)
        return true;
    r.rest = json;
    r.len = 0;
    r.out = arena_take_packed(arena, json.len);
    if (!r.out)
        return false;
    if (!take_notes(&r))
        return true;
    struct finding_note *notes = ARENA_ARRAY(arena, struct finding_note, r.len + 1u);
    if (!notes)
        return false;
    assert(r.len <= NOTES_MAX);
    memcpy(notes, r.notes, r.len * sizeof *notes);
    *out = (struct finding_notes){notes, r.len, true};
    return true;
}
