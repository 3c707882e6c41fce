/*
 * The findings of a row, read back from the text that the engine made of them. Only that shape is
 * understood: an array of objects whose values are strings or `true`. A report must not become
 * invalid because a journal is, so nothing is passed through unread.
 */
#include "row.h"

#include "base/bounds.h"

static void skip_blank(struct text *t)
{
    while (t->len && (t->at[0] == ' ' || t->at[0] == '\n' || t->at[0] == '\t'))
        *t = text_from(*t, 1);
}

static bool take(struct text *t, char c)
{
    skip_blank(t);
    if (t->len == 0 || t->at[0] != c)
        return false;
    *t = text_from(*t, 1);
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

static void add_utf8(struct buf *out, uint32_t c)
{
    if (c >= 0xd800 && c <= 0xdfff)
        c = 0xfffd;
    if (c < 0x80) {
        buf_add_char(out, (char)c);
    } else if (c < 0x800) {
        buf_add_char(out, (char)(0xc0 | c >> 6));
        buf_add_char(out, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buf_add_char(out, (char)(0xe0 | c >> 12));
        buf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_add_char(out, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_add_char(out, (char)(0xf0 | c >> 18));
        buf_add_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
        buf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_add_char(out, (char)(0x80 | (c & 0x3f)));
    }
}

static bool take_code(struct text *t, struct buf *out)
{
    uint32_t high, low;
    if (!take_hex4(t, &high))
        return false;
    struct text after = *t;
    bool has_other = text_starts(after, TEXT("\\u"));
    after = text_from(after, has_other ? 2 : 0);
    if (high >= 0xd800 && high <= 0xdbff && has_other && take_hex4(&after, &low) && low >= 0xdc00 &&
        low <= 0xdfff) {
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        *t = after;
    }
    add_utf8(out, high);
    return true;
}

static bool take_escape(struct text *t, struct buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (t->len == 0)
        return false;
    char c = t->at[0];
    *t = text_from(*t, 1);
    if (c == 'u')
        return take_code(t, out);
    for (int i = 0; from[i]; i++) {
        if (from[i] == c) {
            buf_add_char(out, to[i]);
            return true;
        }
    }
    return false;
}

/* Appends the string's value to out. */
static bool take_string(struct text *t, struct buf *out)
{
    if (!take(t, '"'))
        return false;
    while (t->len) {
        char c = t->at[0];
        *t = text_from(*t, 1);
        if (c == '"')
            return true;
        if (c == '\\') {
            if (!take_escape(t, out))
                return false;
        } else {
            buf_add_char(out, c);
        }
    }
    return false;
}

/* Where the members of one object begin and end in the buffer, which may move while it grows. */
struct span {
    size_t start, end;
};

static bool take_member(struct text *t, struct buf *words, struct span at[3], bool *accepted)
{
    static const char *const keys[] = {"rule", "severity", "text"};
    size_t start = words->len;
    if (!take_string(t, words) || !take(t, ':'))
        return false;
    struct text key = {words->at + start, words->len - start};
    for (int i = 0; i < 3; i++) {
        if (text_eq(key, text_of(keys[i]))) {
            at[i].start = words->len;
            bool ok = take_string(t, words);
            at[i].end = words->len;
            return ok;
        }
    }
    skip_blank(t);
    if (!text_eq(key, TEXT("accepted")) || !text_starts(*t, TEXT("true")))
        return false;
    *t = text_from(*t, 4);
    *accepted = true;
    return true;
}

static bool take_finding(struct finding_walk *walk, struct row_finding *out)
{
    struct span at[3] = {{0, 0}, {0, 0}, {0, 0}};
    *out = (struct row_finding){0};
    buf_reset(&walk->words);
    if (!take(&walk->rest, '{'))
        return false;
    do {
        if (!take_member(&walk->rest, &walk->words, at, &out->accepted))
            return false;
    } while (take(&walk->rest, ','));
    if (!take(&walk->rest, '}') || walk->words.failed)
        return false;
    struct text all = buf_text(&walk->words);
    out->rule = text_slice(all, at[0].start, at[0].end);
    out->severity = text_slice(all, at[1].start, at[1].end);
    out->text = text_slice(all, at[2].start, at[2].end);
    return out->rule.len > 0;
}

/* Is the whole text in the shape that take_finding() reads? */
static bool is_readable(struct finding_walk *walk, struct text json)
{
    struct row_finding ignored;
    walk->rest = json;
    if (!take(&walk->rest, '['))
        return false;
    if (take(&walk->rest, ']'))
        return walk->rest.len == 0;
    do {
        if (!take_finding(walk, &ignored))
            return false;
    } while (take(&walk->rest, ','));
    return take(&walk->rest, ']') && walk->rest.len == 0;
}

void finding_walk_init(struct finding_walk *walk, const struct report_row *row)
{
    *walk = (struct finding_walk){.bits = row->finding_bits};
    buf_init(&walk->words, RECORD_BYTES_MAX);
    walk->from_bits = !is_readable(walk, row->findings_json);
    walk->failed = walk->words.failed;
    walk->rest = row->findings_json; /* its '[' is taken as if it were a comma */
}

void finding_walk_clear(struct finding_walk *walk, struct buf *made)
{
    made->failed = made->failed || walk->failed;
    buf_clear(&walk->words);
}

static bool next_bit(struct finding_walk *walk, struct row_finding *out)
{
    for (int f = 0; f < FINDINGS_LEN; f++) {
        if (walk->bits & FINDING_BIT(f)) {
            const struct finding_rule *rule = finding_rule((enum finding)f);
            walk->bits &= ~FINDING_BIT(f);
            *out = (struct row_finding){text_of(rule->name), text_of(severity_name(rule->severity)),
                                        text_of(rule->summary), false};
            return true;
        }
    }
    return false;
}

static bool next_text(struct finding_walk *walk, struct row_finding *out)
{
    bool found = (take(&walk->rest, '[') || take(&walk->rest, ',')) && take_finding(walk, out);
    walk->failed = walk->failed || walk->words.failed;
    return found;
}

/* Of what SES says again and again the bits know better than a sentence of the first time. */
#define RENEWED FINDING_BIT(REJECTS_MAIL)

/* Does the row still have it? */
static bool still_holds(struct finding_walk *walk, const struct row_finding *f)
{
    enum finding known;
    if (!finding_parse(f->rule, &known) || !(FINDING_BIT(known) & RENEWED))
        return true;
    walk->told |= FINDING_BIT(known);
    return (walk->bits & FINDING_BIT(known)) != 0;
}

bool finding_walk_next(struct finding_walk *walk, struct row_finding *out)
{
    while (!walk->from_bits && next_text(walk, out))
        if (still_holds(walk, out))
            return true;
    walk->bits &= walk->from_bits ? walk->bits : RENEWED & ~walk->told;
    walk->from_bits = true;
    return next_bit(walk, out);
}

void finding_tell(const struct report_row *row, enum finding finding, struct buf *out)
{
    struct finding_walk walk;
    struct row_finding f;
    const struct finding_rule *rule = finding_rule(finding);
    bool told = false;
    finding_walk_init(&walk, row);
    while (!told && finding_walk_next(&walk, &f)) {
        told = text_eq(f.rule, text_of(rule->name));
        if (told)
            buf_add_text(out, f.text);
    }
    if (!told)
        buf_add_str(out, rule->summary);
    finding_walk_clear(&walk, out);
}
