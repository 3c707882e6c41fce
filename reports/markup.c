/* Escapes with entities and backslashes, by language. */
#include "markup.h"

#include "base/bounds.h"
#include "base/escape.h"

#define REPLACEMENT "\xef\xbf\xbd"

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

void markup_add(struct buf *out, struct text t)
{
    while (t.len) {
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
