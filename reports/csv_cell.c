#include "csv_cell.h"

#include "escape.h"

static bool is_risky(struct text t)
{
    return t.len && (t.at[0] == '\0' || text_find(TEXT("=+-@\t\r\n"), t.at[0]) < 7);
}

static bool needs_quotes(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (text_find(TEXT(",\"\r\n"), t.at[i]) < 4)
            return true;
    return t.len && (t.at[0] == ' ' || t.at[t.len - 1] == ' ');
}

/* Nearly every cell is plain ASCII, and a large fleet has twenty million of them. */
static size_t plain_len(struct text t)
{
    size_t i = 0;
    while (i < t.len && t.at[i] >= ' ' && t.at[i] <= '~' && t.at[i] != '"')
        i++;
    return i;
}

void csv_cell_add(struct buf *out, struct text t)
{
    bool quoted = needs_quotes(t);
    buf_add_str(out, quoted ? "\"" : "");
    buf_add_str(out, is_risky(t) ? "'" : "");
    for (;;) {
        size_t plain = plain_len(t);
        buf_add(out, t.at, plain);
        t = text_from(t, plain);
        if (t.len == 0)
            break;
        uint32_t c = 0;
        size_t len = utf8_next(t, &c);
        bool is_control = c < 0x20 ? c != '\t' && c != '\r' && c != '\n' : c >= 0x7f && c <= 0x9f;
        if (len == 0 || is_control)
            buf_add_str(out, "\xef\xbf\xbd");
        else if (c == '"')
            buf_add_str(out, "\"\"");
        else
            buf_add(out, t.at, len);
        t = text_from(t, len ? len : 1);
    }
    buf_add_str(out, quoted ? "\"" : "");
}
