/* Functions of borrowed text; none allocates. */
#include "text.h"

#include <string.h>

#define DISTANCE_LEN_MAX 64

bool text_eq_nocase(struct text a, struct text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) /* most bytes are the same as they stand */
        if (a.at[i] != b.at[i] && char_lower(a.at[i]) != char_lower(b.at[i]))
            return false;
    return true;
}

int text_cmp(struct text a, struct text b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.at, b.at, n) : 0;
    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool text_starts(struct text t, struct text prefix)
{
    return t.len >= prefix.len && text_eq(text_slice(t, 0, prefix.len), prefix);
}

bool text_ends(struct text t, struct text suffix)
{
    return t.len >= suffix.len && text_eq(text_from(t, t.len - suffix.len), suffix);
}

bool text_ends_nocase(struct text t, struct text suffix)
{
    return t.len >= suffix.len && text_eq_nocase(text_from(t, t.len - suffix.len), suffix);
}

struct text text_trim(struct text t)
{
    while (t.len && (t.at[0] == ' ' || t.at[0] == '\t'))
        t = text_from(t, 1);
    while (t.len && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
        t.len--;
    return t;
}

bool text_is_visible(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.at[i] <= ' ' || t.at[i] >= 0x7f)
            return false;
    return true;
}

size_t text_find(struct text t, char c)
{
    const char *hit = t.len ? memchr(t.at, c, t.len) : NULL;
    return hit ? (size_t)(hit - t.at) : t.len;
}

size_t text_rfind(struct text t, char c)
{
    const char *hit = t.len ? memrchr(t.at, c, t.len) : NULL;
    return hit ? (size_t)(hit - t.at) : t.len;
}

size_t text_find_text(struct text t, struct text needle)
{
    for (size_t i = 0; i + needle.len <= t.len; i++)
        if (text_eq(text_slice(t, i, i + needle.len), needle))
            return i;
    return t.len;
}

struct text text_cut(struct text *rest, char sep)
{
    size_t i = text_find(*rest, sep);
    struct text part = {rest->at, i};
    *rest = i == rest->len ? TEXT_NONE : (struct text){rest->at + i + 1, rest->len - i - 1};
    return part;
}

size_t text_columns(struct text t)
{
    size_t columns = 0;
    for (size_t i = 0; i < t.len; i++)
        columns += (t.at[i] & 0xc0) != 0x80;
    return columns;
}

struct text text_cut_line(struct text *rest, size_t columns)
{
    size_t end = text_find(*rest, ' ');
    while (end < rest->len) {
        size_t next = end + 1 + text_find(text_from(*rest, end + 1), ' ');
        if (text_columns(text_slice(*rest, 0, next)) > columns)
            break;
        end = next;
    }
    struct text line = text_slice(*rest, 0, end);
    *rest = text_from(*rest, end < rest->len ? end + 1 : end);
    return line;
}

bool text_to_u64(struct text t, uint64_t *out)
{
    uint64_t value = 0;
    if (t.len == 0)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (!char_is_digit(t.at[i]))
            return false;
        uint64_t digit = (uint64_t)(t.at[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

unsigned text_distance(struct text a, struct text b, unsigned limit)
{
    unsigned row[3][DISTANCE_LEN_MAX + 1];
    if (a.len > DISTANCE_LEN_MAX || b.len > DISTANCE_LEN_MAX)
        return limit + 1;
    for (size_t j = 0; j <= b.len; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *cur = row[i % 3], *prev = row[(i + 2) % 3], *prev2 = row[(i + 1) % 3];
        cur[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned differs = a.at[i - 1] != b.at[j - 1];
            cur[j] = min3(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + differs);
            bool swapped =
                i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1];
            if (swapped && prev2[j - 2] + 1 < cur[j])
                cur[j] = prev2[j - 2] + 1;
        }
    }
    unsigned distance = row[a.len % 3][b.len];
    return distance > limit ? limit + 1 : distance;
}

void text_near_try(struct text_near *near, const char *word)
{
    struct text t = text_of(word);
    size_t shorter = t.len < near->name.len ? t.len : near->name.len;
    unsigned distance = text_distance(near->name, t, near->nearest);
    if (distance < near->nearest && distance <= (shorter + 1) / 3) {
        near->nearest = distance;
        near->word = word;
    }
}
