/*
 * CSV as RFC 4180 has it: a header line, CRLF, quotes where they are needed.
 *
 * A spreadsheet takes a cell that begins with = + - @ for a formula, even a quoted one, and some
 * skip a tab or a line break to get there; such a cell gets an apostrophe in front (CWE-1236, OWASP
 * "CSV Injection"). Bytes that are not UTF-8, and control characters, become U+FFFD: most readers
 * of CSV stop at a NUL.
 */
#include "row.h"

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

static void cell_text(struct buf *out, struct text t)
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

/* The names of the rules, with blanks between. */
static void cell_findings(struct buf *out, finding_set findings)
{
    const char *between = "";
    for (int f = 0; f < FINDINGS_LEN; f++) {
        if (findings & FINDING_BIT(f)) {
            buf_add_fmt(out, "%s%s", between, finding_rule((enum finding)f)->name);
            between = " ";
        }
    }
}

static void cell_add(struct buf *out, const struct report_row *row,
                     const struct report_column *column)
{
    const void *cell = report_cell(row, column);
    char when[WHEN_LEN];
    switch (column->type) {
    case REPORT_TEXT: cell_text(out, *(const struct text *)cell); break;
    case REPORT_COUNT: buf_add_u64(out, *(const uint32_t *)cell); break;
    case REPORT_INSTANT: buf_add_str(out, when_format(*(const instant_us *)cell, when)); break;
    case REPORT_FINDINGS: cell_findings(out, *(const finding_set *)cell); break;
    }
}

static bool line_add(void *ctx, const struct report_row *row)
{
    struct sink *out = ctx;
    for (int i = 0; i < REPORT_COLUMNS; i++) {
        buf_add_str(&out->buf, i ? "," : "");
        cell_add(&out->buf, row, &report_columns[i]);
    }
    buf_add_str(&out->buf, "\r\n");
    return sink_turn(out);
}

enum err csv_write(const struct report *report, struct why *why)
{
    struct buf *out = &report->out->buf;
    for (int i = 0; i < REPORT_COLUMNS; i++)
        buf_add_fmt(out, "%s%s", i ? "," : "", report_columns[i].name);
    buf_add_str(out, "\r\n");
    return report_rows(report, line_add, report->out, why);
}
