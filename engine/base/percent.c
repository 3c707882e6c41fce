/* Percent-decoding (RFC 3986, section 2.1; WHATWG URL, application/x-www-form-urlencoded). */
#include "percent.h"

static int hex_digit(char c)
{
    c = char_lower(c);
    return char_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct text percent_decode(struct text t, bool plus, struct arena *arena)
{
    char *at = arena_take_packed(arena, t.len + 1);
    size_t len = 0;
    if (!at)
        return TEXT_NONE;
    for (size_t i = 0; i < t.len; i++) {
        int high = i + 2 < t.len ? hex_digit(t.at[i + 1]) : -1;
        int low = i + 2 < t.len ? hex_digit(t.at[i + 2]) : -1;
        if (t.at[i] == '%' && high >= 0 && low >= 0) {
            at[len++] = (char)(high << 4 | low);
            i += 2;
        } else {
            at[len++] = plus && t.at[i] == '+' ? ' ' : t.at[i];
        }
    }
    at[len] = '\0';
    return (struct text){at, len};
}
