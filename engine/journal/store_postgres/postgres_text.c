/* Texts of any bytes in columns that hold UTF-8 without NUL. Pure. */
#include "postgres_inside.h"

#define MARK '\x01'

/* The length of the character of UTF-8 at p, or 0. Unicode 15, table 3-7. */
static size_t character_len(const unsigned char *p, size_t left)
{
    unsigned char least = 0x80, most = 0xbf;
    if (*p < 0x80)
        return *p != 0;
    size_t len = *p >= 0xc2 && *p <= 0xdf   ? 2
                 : (*p & 0xf0) == 0xe0      ? 3
                 : *p >= 0xf0 && *p <= 0xf4 ? 4
                                            : 0;
    if (len == 0 || len > left)
        return 0;
    least = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : least;
    most = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : most;
    if (p[1] < least || p[1] > most)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return len;
}

bool postgres_text_is_plain(struct text t)
{
    const unsigned char *p = (const unsigned char *)t.at;
    if (t.len && *p == MARK)
        return false;
    for (size_t i = 0, len; i < t.len; i += len)
        if ((len = character_len(p + i, t.len - i)) == 0)
            return false;
    return true;
}

struct text postgres_text_in(struct arena *a, struct text t)
{
    static const char digits[] = "0123456789abcdef";
    if (postgres_text_is_plain(t))
        return t.len ? t : TEXT("");
    char *at = arena_take_packed(a, 1 + 2 * t.len);
    if (!at)
        return TEXT_NONE;
    at[0] = MARK;
    for (size_t i = 0; i < t.len; i++) {
        at[1 + 2 * i] = digits[(unsigned char)t.at[i] >> 4];
        at[2 + 2 * i] = digits[(unsigned char)t.at[i] & 15];
    }
    return (struct text){at, 1 + 2 * t.len};
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct text postgres_text_out(struct arena *a, struct text t)
{
    if (t.len == 0 || *t.at != MARK || t.len % 2 == 0)
        return t;
    size_t len = t.len / 2;
    char *at = arena_take_packed(a, len ? len : 1);
    if (!at)
        return TEXT_NONE;
    for (size_t i = 0; i < len; i++) {
        int high = digit_of(t.at[1 + 2 * i]), low = digit_of(t.at[2 + 2 * i]);
        if (high < 0 || low < 0)
            return t;
        at[i] = (char)(high << 4 | low);
    }
    return (struct text){at, len};
}
