/* Escapes with entities and backslashes, by language. */
#include "markup.h"

#include "base/bounds.h"
#include "base/escape.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define INSTANT_LEN 20 /* "2026-05-20T08:30:00Z" */

/* Adds the next character, safe in any place; *t moves on. */
static struct text next_safe(struct text *t, uint32_t *code)
{
    uint32_t c = 0;
    size_t len = utf8_next(*t, &c);
    struct text here = text_slice(*t, 0, len ? len : 1);
    *t = text_from(*t, here.len);
    *code = c;
    if (len && (c == '\n' || c == '\r' || c == '\t'))
        return TEXT(" ");
    return len == 0 || (escape_is_unsafe(c) || (c & 0xfffe) == 0xfffe) ? TEXT(REPLACEMENT) : here;
}

/* How many bytes are themselves in every place: as a rule all of them. */
static size_t plain_len(struct text t)
{
    size_t len = 0;
    while (len < t.len && t.at[len] >= ' ' && t.at[len] <= '~' && t.at[len] != '&' &&
           t.at[len] != '<' && t.at[len] != '>' && t.at[len] != '"' && t.at[len] != '\'')
        len++;
    return len;
}

void markup_add(struct buf *out, struct text t)
{
    for (;;) {
        size_t plain = plain_len(t);
        buf_add(out, t.at, plain);
        t = text_from(t, plain);
        if (t.len == 0)
            break;
        uint32_t c;
        struct text safe = next_safe(&t, &c);
        switch (c) {
        case '&': buf_add_str(out, "&amp;"); break;
        case '<': buf_add_str(out, "&lt;"); break;
        case '>': buf_add_str(out, "&gt;"); break;
        case '"': buf_add_str(out, "&quot;"); break;
        case '\'': buf_add_str(out, "&#39;"); break;
        default: buf_add_text(out, safe);
        }
    }
}

/* Does t begin with an instant, as when_format() writes it? */
static bool begins_instant(struct text t)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    if (t.len < INSTANT_LEN)
        return false;
    for (size_t i = 0; i < INSTANT_LEN; i++)
        if (shape[i] == 'd' ? !char_is_digit(t.at[i]) : t.at[i] != shape[i])
            return false;
    return true;
}

void markup_add_told(struct buf *out, struct text t)
{
    size_t from = 0, at = 0;
    while (at < t.len) {
        if (!char_is_digit(t.at[at])) {
            at++;
            continue;
        }
        struct text instant = text_slice(t, at, at + INSTANT_LEN);
        if (!begins_instant(instant)) {
            at++;
            continue;
        }
        markup_add(out, text_slice(t, from, at));
        buf_add_fmt(out, "<time datetime=\"" TEXT_FMT "\">" TEXT_FMT "</time>", TEXT_ARG(instant),
                    TEXT_ARG(instant));
        from = at += INSTANT_LEN;
    }
    markup_add(out, text_from(t, from));
}

void markup_add_instant(struct buf *out, instant_us at)
{
    char when[WHEN_LEN];
    markup_add_told(out, text_of(when_format(at, when)));
}

void markup_add_code(struct buf *out, struct text t)
{
    if (t.len == 0)
        return;
    size_t start = out->len;
    buf_add_char(out, '`');
    while (t.len && !out->failed) {
        uint32_t c;
        struct text safe = next_safe(&t, &c);
        if (out->len - start > MARKDOWN_CELL_MAX) {
            buf_add_str(out, "\xe2\x80\xa6");
            break;
        }
        if (c == '`')
            buf_add_char(out, '\'');
        else if (c == '|')
            buf_add_str(out, "\xc2\xa6"); /* a bar without meaning in a table */
        else
            buf_add_text(out, safe);
    }
    buf_add_char(out, '`');
}
