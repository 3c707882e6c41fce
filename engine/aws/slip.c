/* Looks at both ends of a value for what only its writing needed. */
#include "slip.h"

#include "base/count.h"

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

const char *slip_of(struct text value)
{
    if (value.len == 0)
        return NULL;
    char first = value.at[0], last = value.at[value.len - 1];
    if (is_line_end(first) || is_line_end(last))
        return "a line end (CR, as in files from Windows, or LF) is part of the value; remove it";
    if (is_blank(first) || is_blank(last))
        return "a blank at its beginning or end is part of the value; remove it";
    if (is_quote(first) || is_quote(last))
        return "the quotes are part of the value; remove them";
    if (text_starts(value, TEXT("\xe2\x80\x9c")) || text_ends(value, TEXT("\xe2\x80\x9d")))
        return "typographic quotes are part of the value; remove them";
    if (text_starts(value, TEXT("\xc2\xa0")) || text_ends(value, TEXT("\xc2\xa0")))
        return "a no-break space (U+00A0) is part of the value; remove it";
    return NULL;
}

/* One end character as slip_of() names it: its length in bytes, or 0. */
static size_t slip_at(struct text t, bool at_end)
{
    static const struct text words[] = {TEXT("\xe2\x80\x9c"), TEXT("\xe2\x80\x9d"),
                                        TEXT("\xc2\xa0")};
    char c = t.at[at_end ? t.len - 1 : 0];
    if (is_line_end(c) || is_blank(c) || is_quote(c))
        return 1;
    for (size_t i = 0; i < COUNT(words); i++)
        if (at_end ? text_ends(t, words[i]) : text_starts(t, words[i]))
            return words[i].len;
    return 0;
}

struct text slip_mended(struct text value)
{
    for (size_t cut; value.len && (cut = slip_at(value, false)) > 0;)
        value = text_from(value, cut);
    for (size_t cut; value.len && (cut = slip_at(value, true)) > 0;)
        value = text_slice(value, 0, value.len - cut);
    return value;
}
