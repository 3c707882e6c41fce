/*
 * Parses and compares IP addresses. The C library's parsers accept short forms and octal octets,
 * and this room calls no function near a socket; so the parsers are our own.
 */
#include "spf_address.h"

#include <stdio.h>
#include <string.h>

static bool octet_parse(struct text t, uint8_t *out)
{
    uint64_t value;
    bool leading_zero = t.len > 1 && t.at[0] == '0';
    if (t.len > 3 || leading_zero || !text_to_u64(t, &value) || value > 255)
        return false;
    *out = (uint8_t)value;
    return true;
}

bool spf_address_parse_ip4(struct text t, struct spf_address *out)
{
    struct spf_address a = {.family = 4};
    for (unsigned i = 0; i < 4; i++)
        if (!octet_parse(text_cut(&t, '.'), &a.bytes[i]))
            return false;
    *out = a;
    return t.at == NULL;
}

static bool group_parse(struct text t, uint8_t out[2])
{
    unsigned value = 0;
    if (t.len == 0 || t.len > 4)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = char_lower(t.at[i]);
        if (!char_is_digit(c) && (c < 'a' || c > 'f'))
            return false;
        value = value * 16 + (unsigned)(char_is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return true;
}

/* Groups between single colons, the last one perhaps an IPv4 address. Counts bytes. */
static bool groups_parse(struct text t, uint8_t out[16], unsigned *bytes)
{
    struct spf_address tail;
    *bytes = 0;
    if (t.len == 0)
        return true;
    while (t.at) {
        struct text group = text_cut(&t, ':');
        if (!t.at && *bytes <= 12 && spf_address_parse_ip4(group, &tail)) {
            memcpy(out + *bytes, tail.bytes, 4);
            *bytes += 4;
        } else if (*bytes <= 14 && group_parse(group, out + *bytes)) {
            *bytes += 2;
        } else {
            return false;
        }
    }
    return true;
}

bool spf_address_parse_ip6(struct text t, struct spf_address *out)
{
    uint8_t head[16], tail[16];
    unsigned head_len, tail_len = 0;
    size_t gap = text_find_text(t, TEXT("::"));
    bool has_gap = gap < t.len;
    struct text before = text_slice(t, 0, gap), after = text_from(t, gap + 2);
    if (t.len == 0 || !groups_parse(before, head, &head_len))
        return false;
    if (has_gap && (memchr(before.at, '.', before.len) || !groups_parse(after, tail, &tail_len)))
        return false;
    if (has_gap ? head_len + tail_len > 14 : head_len != 16)
        return false;
    *out = (struct spf_address){.family = 6};
    memcpy(out->bytes, head, head_len);
    memcpy(out->bytes + 16 - tail_len, tail, tail_len);
    return true;
}

bool spf_address_parse(struct text t, struct spf_address *out)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (spf_address_parse_ip4(t, out))
        return true;
    if (!spf_address_parse_ip6(t, out))
        return false;
    if (memcmp(out->bytes, mapped, sizeof mapped) == 0) {
        struct spf_address plain = {.family = 4};
        memcpy(plain.bytes, out->bytes + 12, 4);
        *out = plain;
    }
    return true;
}

bool spf_address_matches(const struct spf_address *a, const struct spf_address *b,
                         unsigned prefix_bits)
{
    unsigned whole = prefix_bits / 8, rest = prefix_bits % 8;
    if (a->family == 0 || a->family != b->family)
        return false;
    if (memcmp(a->bytes, b->bytes, whole) != 0)
        return false;
    return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

static struct text ip4_format(const uint8_t b[4], char out[SPF_ADDRESS_LEN])
{
    int n = snprintf(out, SPF_ADDRESS_LEN, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    return (struct text){out, (size_t)n};
}

static unsigned group_at(const struct spf_address *a, unsigned i)
{
    return (unsigned)a->bytes[2 * i] << 8 | a->bytes[2 * i + 1];
}

/* The first longest run of at least two zero groups (RFC 5952, section 4.2). */
static unsigned zeros_find(const struct spf_address *a, unsigned *start)
{
    unsigned best = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned len = 0;
        while (i + len < 8 && group_at(a, i + len) == 0)
            len++;
        if (len > best && len > 1) {
            best = len;
            *start = i;
        }
    }
    return best;
}

struct text spf_address_format(const struct spf_address *a, char out[SPF_ADDRESS_LEN])
{
    unsigned start = 8, zeros, n = 0;
    if (a->family != 6)
        return ip4_format(a->bytes, out);
    zeros = zeros_find(a, &start);
    for (unsigned i = 0; i < 8; i++) {
        if (zeros && i == start) {
            n += (unsigned)snprintf(out + n, SPF_ADDRESS_LEN - n, "::");
            i += zeros - 1;
            continue;
        }
        const char *colon = i == 0 || (zeros && i == start + zeros) ? "" : ":";
        n += (unsigned)snprintf(out + n, SPF_ADDRESS_LEN - n, "%s%x", colon, group_at(a, i));
    }
    return (struct text){out, n};
}

struct text spf_address_dotted(const struct spf_address *a, char out[SPF_ADDRESS_LEN])
{
    static const char hex[] = "0123456789ABCDEF";
    if (a->family != 6)
        return ip4_format(a->bytes, out);
    for (unsigned i = 0; i < 32; i++) {
        uint8_t byte = a->bytes[i / 2];
        out[2 * i] = hex[i % 2 ? byte & 15 : byte >> 4];
        out[2 * i + 1] = i == 31 ? '\0' : '.';
    }
    return (struct text){out, 63};
}
