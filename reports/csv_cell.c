/* Quotes a cell, and shields a cell from being read as a formula. */
#include "csv_cell.h"

#include "base/escape.h"

/* Characters a spreadsheet may skip before the first character of a cell: blanks, characters
 * without width, and quotes of a reader with other separators than ours. */
static bool is_passed_over(uint32_t c)
{
    return c == ' ' || c == '"' || c == 0xa0 || (c >= 0x2000 && c <= 0x200f) || c == 0x2060 ||
           c == 0x3000 || c == 0xfeff;
}

/* = + - @ and the full-width and small forms; some spreadsheets take these forms for = + - @. */
static bool begins_formula(uint32_t c)
{
    switch (c) {
    case '=':
    case '+':
    case '-':
    case '@':
    case '\t':
    case '\r':
    case '\n':
    case 0xff1d:
    case 0xff0b:
    case 0xff0d:
    case 0xff20:
    case 0xfe66:
    case 0xfe62:
    case 0xfe63:
    case 0xfe6b: return true;
    default: return false;
    }
}

/* Would a spreadsheet take a cell beginning with t for a formula? */
static bool is_risky(struct text t)
{
    while (t.len) {
        uint32_t c;
        size_t len = utf8_next(t, &c);
        if (len == 0 || !is_passed_over(c))
            return len && begins_formula(c);
        t = text_from(t, len);
    }
    return false;
}

/* The beginning of a cell for a reader with another separator, or without our quotes. */
static bool ends_cell_elsewhere(char c)
{
    return c == ';' || c == '\t' || c == '\n' || c == '\r';
}

static bool needs_quotes(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (text_find(TEXT(",;\t\"\r\n"), t.at[i]) < 6) /* what any reader may split at */
            return true;
    return t.len && (t.at[0] == ' ' || t.at[t.len - 1] == ' ');
}

void csv_cell_add(struct buf *out, struct text t)
{
    bool quoted = needs_quotes(t);
    buf_add_str(out, quoted ? "\"" : "");
    buf_add_str(out, is_risky(t) ? "'" : "");
    for (;;) {
        /* Nearly every cell is plain ASCII, and a large fleet has twenty million cells. */
        size_t plain = 0;
        while (plain < t.len && t.at[plain] >= ' ' && t.at[plain] <= '~' && t.at[plain] != '"' &&
               t.at[plain] != ';')
            plain++;
        buf_add(out, t.at, plain);
        t = text_from(t, plain);
        if (t.len == 0)
            break;
        uint32_t c = 0;
        size_t len = utf8_next(t, &c);
        bool is_unsafe = escape_is_unsafe(c) && c != '\t' && c != '\r' && c != '\n';
        if (len == 0 || is_unsafe)
            buf_add_str(out, "\xef\xbf\xbd");
        else if (c == '"')
            buf_add_str(out, "\"\"");
        else
            buf_add(out, t.at, len);
        t = text_from(t, len ? len : 1);
        if (c <= '~' && ends_cell_elsewhere((char)c) && is_risky(t))
            buf_add_char(out, '\'');
    }
    buf_add_str(out, quoted ? "\"" : "");
}
