/* Quotes a cell, and shields a cell from being read as a formula. */
#include "csv_line.h"

#include "base/escape.h"
#include "base/plain.h"

#include <string.h>

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

/* The beginning of a cell for a reader of another dialect, or without our quotes. */
static bool ends_cell_elsewhere(char c, char separator)
{
    return c == '\n' || c == '\r' || ((c == ',' || c == ';' || c == '\t') && c != separator);
}

static bool needs_quotes(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        switch (t.at[i]) { /* what any reader may split at */
        case ',':
        case ';':
        case '\t':
        case '"':
        case '\r':
        case '\n': return true;
        default: break;
        }
    }
    return t.len && (t.at[0] == ' ' || t.at[t.len - 1] == ' ');
}

/* How many bytes need no second look: nearly every cell is plain ASCII, and a large fleet has
 * twenty million cells. */
static size_t unsplit_len(struct text t, char separator)
{
    size_t len = 0;
    while (len < t.len && t.at[len] >= ' ' && t.at[len] <= '~' && t.at[len] != '"' &&
           !ends_cell_elsewhere(t.at[len], separator))
        len++;
    return len;
}

/* Would no reader of any dialect see more than the text itself, and no spreadsheet a formula? */
static bool is_plain(struct text t)
{
    if (t.len == 0)
        return true;
    if (!char_is_alnum(t.at[0]) || t.at[t.len - 1] == ' ')
        return false;
    return plain_is(t, '"', ',', ';');
}

static void cell_add(struct buf *out, struct text t, char separator)
{
    bool quoted = needs_quotes(t);
    buf_add_str(out, quoted ? "\"" : "");
    buf_add_str(out, is_risky(t) ? "'" : "");
    for (;;) {
        size_t plain = unsplit_len(t, separator);
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
        if (c <= '~' && ends_cell_elsewhere((char)c, separator) && is_risky(t))
            buf_add_char(out, '\'');
    }
    buf_add_str(out, quoted ? "\"" : "");
}

static void cell_begin(struct csv_line *line)
{
    if (line->has_cell)
        buf_add_char(line->out, line->separator);
    line->has_cell = true;
}

void csv_begin(struct csv_line *line, struct buf *out, struct csv_dialect dialect,
               const char *names)
{
    struct text rest = text_of(names);
    *line = (struct csv_line){.out = out, .separator = dialect.separator ? dialect.separator : ','};
    if (dialect.is_marked)
        buf_add_str(out, "\xef\xbb\xbf");
    while (rest.at)
        csv_text(line, text_cut(&rest, ','));
}

static void plain_add(struct csv_line *line, struct text t)
{
    char *at = buf_extend(line->out, t.len + line->has_cell);
    if (at && line->has_cell)
        *at++ = line->separator;
    if (at && t.len)
        memcpy(at, t.at, t.len);
    line->has_cell = true;
}

void csv_text(struct csv_line *line, struct text t)
{
    if (is_plain(t)) {
        plain_add(line, t);
        return;
    }
    cell_begin(line);
    cell_add(line->out, t, line->separator);
}

void csv_u64(struct csv_line *line, uint64_t n)
{
    cell_begin(line);
    buf_add_u64(line->out, n);
}

void csv_instant(struct csv_line *line, instant_us at)
{
    char when[WHEN_LEN];
    cell_begin(line);
    buf_add_str(line->out, when_format(at, when));
}

void csv_end(struct csv_line *line)
{
    buf_add_str(line->out, "\r\n");
    line->has_cell = false;
}
