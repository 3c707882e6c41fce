/* Writes and reads character-strings in quotes. */
#include "quoted.h"

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

void quoted_add_string(struct buf *out, struct text t, enum quoted_digits digits)
{
    buf_add_char(out, '"');
    for (;;) {
        size_t plain = 0;
        while (plain < t.len && is_plain((unsigned char)t.at[plain]))
            plain++;
        buf_add(out, t.at, plain);
        if (plain == t.len)
            break;
        unsigned char c = (unsigned char)t.at[plain];
        unsigned base = digits;
        if (c == '"' || c == '\\')
            buf_add_fmt(out, "\\%c", c);
        else
            buf_add_fmt(out, "\\%u%u%u", c / (base * base), c / base % base, c % base);
        t = text_from(t, plain + 1);
    }
    buf_add_char(out, '"');
}

void quoted_add(struct buf *out, struct text data, enum quoted_digits digits, const char *between)
{
    do {
        quoted_add_string(out, text_slice(data, 0, QUOTED_STRING_MAX), digits);
        data = text_from(data, QUOTED_STRING_MAX);
        buf_add_str(out, data.len ? between : "");
    } while (data.len);
}

/* Three digits that make an octet. */
static bool take_octet(struct text t, enum quoted_digits digits, char *out)
{
    unsigned octet = 0;
    for (size_t i = 0; i < 3; i++) {
        if (i >= t.len || !char_is_digit(t.at[i]) || t.at[i] - '0' >= (int)digits)
            return false;
        octet = octet * digits + (unsigned)(t.at[i] - '0');
    }
    *out = (char)octet;
    return octet <= 255;
}

/* Takes one string in quotes off t. */
static bool take_string(struct buf *out, struct text *t, enum quoted_digits digits)
{
    if (t->len == 0 || t->at[0] != '"')
        return false;
    *t = text_from(*t, 1);
    while (t->len && t->at[0] != '"') {
        char c = t->at[0];
        size_t len = 1;
        if (c == '\\') {
            if (t->len < 2)
                return false;
            bool is_octet = take_octet(text_from(*t, 1), digits, &c);
            c = is_octet ? c : t->at[1];
            len = is_octet ? 4 : 2;
        }
        buf_add_char(out, c);
        *t = text_from(*t, len);
    }
    bool is_closed = t->len > 0;
    *t = text_from(*t, 1);
    return is_closed;
}

bool quoted_read(struct buf *out, struct text t, enum quoted_digits digits)
{
    t = text_trim(t);
    do {
        if (!take_string(out, &t, digits))
            return false;
        t = text_trim(t);
    } while (t.len);
    return !out->failed;
}
