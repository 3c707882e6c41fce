/* The usual walk with one place to come back to: the last star. Linear but for the product of both
 * lengths, whatever the pattern. */
#include "glob.h"

/* Bytes of the character at the front; a broken one counts as one byte. */
static size_t char_len(struct text t)
{
    size_t len = 1;
    while (len < t.len && ((unsigned char)t.at[len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* "[a-c]" at the front of *pattern against one character of ASCII. Leaves *pattern behind it; false
 * without moving: the bracket is not closed, so it stands for itself. */
static bool set_take(struct text *pattern, char c, bool *fits)
{
    struct text rest = text_from(*pattern, 1);
    bool is_not = rest.len && (rest.at[0] == '!' || rest.at[0] == '^'), found = false;
    size_t start = is_not, end = start + 1;
    while (end < rest.len && rest.at[end] != ']')
        end++;
    if (end >= rest.len)
        return false;
    for (size_t i = start; i < end; i++) {
        bool is_range = i + 2 < end && rest.at[i + 1] == '-';
        char low = char_lower(rest.at[i]), high = is_range ? char_lower(rest.at[i + 2]) : low;
        found |= char_lower(c) >= low && char_lower(c) <= high;
        i += is_range ? 2 : 0;
    }
    *fits = found != is_not;
    *pattern = text_from(rest, end + 1);
    return true;
}

/* One character of both; both move. */
static bool one_fits(struct text *pattern, struct text *name)
{
    bool fits;
    char p = pattern->at[0], n = name->at[0];
    if (p == '?') {
        *pattern = text_from(*pattern, 1);
        *name = text_from(*name, char_len(*name));
        return true;
    }
    if (p != '[' || !set_take(pattern, n, &fits)) {
        fits = char_lower(p) == char_lower(n);
        *pattern = text_from(*pattern, 1);
    }
    *name = text_from(*name, 1);
    return fits;
}

bool glob_fits(struct text pattern, struct text name)
{
    struct text behind_star = TEXT_NONE, from = TEXT_NONE;
    bool has_star = false;
    while (name.len || (pattern.len && pattern.at[0] == '*')) {
        if (pattern.len && pattern.at[0] == '*') {
            behind_star = pattern = text_from(pattern, 1);
            from = name;
            has_star = true;
            continue;
        }
        if (pattern.len && one_fits(&pattern, &name))
            continue;
        if (!has_star || from.len == 0)
            return false;
        from = text_from(from, 1);
        pattern = behind_star;
        name = from;
    }
    return pattern.len == 0;
}

bool glob_is(struct text t)
{
    return text_find(t, '*') < t.len || text_find(t, '?') < t.len || text_find(t, '[') < t.len;
}
