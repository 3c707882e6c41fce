/* Reads base64. Takes no table, so that no cache line tells of a secret which part was read. */
#include "base64.h"

/* 0 to 63; -1: no character of the alphabet. */
static int value_of(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : char_is_digit(c)     ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

bool base64_read(struct text t, void *out, size_t max, size_t *len)
{
    unsigned char *to = out;
    uint32_t bits = 0;
    unsigned held = 0;
    *len = 0;
    if (t.len % 4 != 0)
        return false;
    for (unsigned pads = 0; pads < 2 && text_ends(t, TEXT("=")); pads++)
        t.len--;
    for (size_t i = 0; i < t.len; i++) {
        int value = value_of(t.at[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (*len == max)
            return false;
        to[(*len)++] = (unsigned char)(bits >> held);
    }
    return (bits & ((1u << held) - 1)) == 0; /* bits that nobody wrote */
}
