/* Decodes UTF-8, and escapes characters with a meaning in JSON, YAML, a terminal or a URL. */
#include "escape.h"

#include "count.h"
#include "plain.h"

#include <string.h>

size_t utf8_next(struct text t, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)t.at[0];
    size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
    if (len == 0 || first > 0xf4 || len > t.len)
        return 0;
    *code = len == 1 ? first : first & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char c = (unsigned char)t.at[i];
        if ((c & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (c & 0x3f);
    }
    if (*code < smallest[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return len;
}

bool utf8_is(struct text t)
{
    for (size_t len, i = 0; i < t.len; i += len) {
        uint32_t code = (unsigned char)t.at[i];
        len = code < 0x80 ? 1 : utf8_next(text_from(t, i), &code);
        if (len == 0 || code == 0)
            return false;
    }
    return true;
}

/* Characters for moving a cursor, starting an escape sequence or turning the reading direction. */
bool escape_is_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void plain_json(struct buf *out, struct text t)
{
    char *at = buf_extend(out, t.len + 2);
    if (!at)
        return;
    at[0] = at[t.len + 1] = '"';
    if (t.len)
        memcpy(at + 1, t.at, t.len);
}

void escape_json(struct buf *out, struct text t)
{
    if (plain_is(t, '"', '\\', '"')) {
        plain_json(out, t);
        return;
    }
    buf_add_char(out, '"');
    while (t.len) {
        size_t plain = plain_len(t, '"', '\\', '"');
        buf_add(out, t.at, plain);
        t = text_from(t, plain);
        if (t.len == 0)
            break;
        uint32_t c;
        size_t len = utf8_next(t, &c);
        if (len == 0)
            buf_add_str(out, "\\ufffd");
        else if (c == '"' || c == '\\')
            buf_add_fmt(out, "\\%c", (char)c);
        else if (c == '\n' || c == '\t')
            buf_add_str(out, c == '\n' ? "\\n" : "\\t");
        else if (escape_is_unsafe(c))
            buf_add_fmt(out, "\\u%04x", c);
        else
            buf_add(out, t.at, len);
        t = text_from(t, len ? len : 1);
    }
    buf_add_char(out, '"');
}

/* Words with a meaning of their own in YAML 1.1 or 1.2. */
static bool is_yaml_word(struct text t)
{
    static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
                                        "off", "true", "false", "null"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (text_eq_nocase(t, text_of(words[i])))
            return true;
    return false;
}

/* A first letter rules a number out; the other characters have no meaning in YAML. */
static bool is_yaml_plain(struct text t)
{
    if (t.len == 0 || !char_is_alpha(t.at[0]) || is_yaml_word(t))
        return false;
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_alnum(t.at[i]) && text_find(TEXT("-._@+/"), t.at[i]) == 6)
            return false;
    return true;
}

void escape_yaml(struct buf *out, struct text t)
{
    if (is_yaml_plain(t)) {
        buf_add_text(out, t);
        return;
    }
    buf_add_char(out, '"');
    while (t.len) {
        uint32_t c;
        size_t len = utf8_next(t, &c);
        if (len == 0)
            c = 0xfffd;
        if (c == '"' || c == '\\')
            buf_add_fmt(out, "\\%c", (char)c);
        else if (c >= ' ' && c <= '~')
            buf_add_char(out, (char)c);
        else
            buf_add_fmt(out, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
        t = text_from(t, len ? len : 1);
    }
    buf_add_char(out, '"');
}

static void hcl_character_add(struct buf *out, struct text t, size_t len, uint32_t c)
{
    bool begins_template = (c == '$' || c == '%') && t.len > 1 && t.at[1] == '{';
    if (len == 0)
        buf_add_str(out, "\xef\xbf\xbd");
    else if (c == '"' || c == '\\')
        buf_add_fmt(out, "\\%c", (char)c);
    else if (c == '\n' || c == '\r' || c == '\t')
        buf_add_str(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
    else if (escape_is_unsafe(c))
        buf_add_fmt(out, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
    else
        buf_add(out, t.at, len);
    if (begins_template)
        buf_add_char(out, (char)c);
}

void escape_hcl(struct buf *out, struct text t)
{
    buf_add_char(out, '"');
    for (size_t len; t.len; t = text_from(t, len ? len : 1)) {
        uint32_t c = 0;
        len = utf8_next(t, &c);
        hcl_character_add(out, t, len, c);
    }
    buf_add_char(out, '"');
}

static bool is_shown(struct text t)
{
    uint32_t code;
    for (size_t len; t.len; t = text_from(t, len))
        if ((len = utf8_next(t, &code)) == 0 || escape_is_unsafe(code))
            return false;
    return true;
}

/* For printf(1), which makes what no terminal gets raw. */
static void shell_printf_add(struct buf *out, struct text t)
{
    buf_add_str(out, "\"$(printf \"");
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.at[i];
        bool is_option = c == '-' && i == 0;
        if (c < 0x20 || c >= 0x7f || is_option || strchr("\\\"$`!", c))
            buf_add_fmt(out, "\\%03o", c);
        else
            buf_add_str(out, c == '%' ? "%%" : (char[]){t.at[i], '\0'});
    }
    buf_add_str(out, "\")\"");
}

void escape_shell(struct buf *out, struct text t)
{
    size_t plain = 0;
    while (plain < t.len && (char_is_alnum(t.at[plain]) ||
                             text_find(TEXT("_./:@%+,-"), t.at[plain]) < sizeof "_./:@%+,-" - 1))
        plain++;
    if (t.len && plain == t.len) {
        buf_add_text(out, t);
        return;
    }
    if (!is_shown(t)) {
        shell_printf_add(out, t);
        return;
    }
    buf_add_char(out, '\'');
    for (size_t i = 0; i < t.len; i++)
        buf_add_str(out, t.at[i] == '\'' ? "'\"'\"'" : (char[]){t.at[i], '\0'});
    buf_add_char(out, '\'');
}

void escape_terminal(struct buf *out, struct text t)
{
    while (t.len) {
        uint32_t c;
        size_t len = utf8_next(t, &c);
        if (len == 0)
            buf_add_fmt(out, "\\x%02x", (unsigned char)t.at[0]);
        else if (escape_is_unsafe(c))
            buf_add_fmt(out, c < 0x80 ? "\\x%02x" : "\\u{%04x}", c);
        else
            buf_add(out, t.at, len);
        t = text_from(t, len ? len : 1);
    }
}

void escape_xml(struct buf *out, struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        switch (c) {
        case '&': buf_add_str(out, "&amp;"); break;
        case '<': buf_add_str(out, "&lt;"); break;
        case '>': buf_add_str(out, "&gt;"); break;
        case '\r': buf_add_str(out, "&#13;"); break;
        default: buf_add_char(out, (unsigned char)c < 0x20 && c != '\n' && c != '\t' ? '?' : c);
        }
    }
}

static bool is_unreserved(char c)
{
    return char_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void escape_percent(struct buf *out, struct text t)
{
    for (size_t i = 0, start = 0; i <= t.len; i++) {
        if (i < t.len && is_unreserved(t.at[i]))
            continue;
        if (i > start)
            buf_add(out, t.at + start, i - start);
        if (i < t.len)
            buf_add_fmt(out, "%%%02X", (unsigned char)t.at[i]);
        start = i + 1;
    }
}
