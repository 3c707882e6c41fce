/* Compares and checks domain names label by label. */
#include "dname.h"

/* Of two final dots both stay: there is an empty label between them, in every form of the name. */
static struct text undotted(struct text name)
{
    bool is_dotted = name.len && name.at[name.len - 1] == '.';
    bool is_twice = is_dotted && name.len > 1 && name.at[name.len - 2] == '.';
    if (is_dotted && !is_twice)
        name.len--;
    return name;
}

static enum dname_fault label_check(struct text label)
{
    if (label.len == 0)
        return DNAME_LABEL_EMPTY;
    if (label.len > DLABEL_LEN_MAX)
        return DNAME_LABEL_TOO_LONG;
    for (size_t i = 0; i < label.len; i++)
        if (!char_is_alnum(label.at[i]) && label.at[i] != '-')
            return DNAME_CHARACTER;
    if (label.at[0] == '-' || label.at[label.len - 1] == '-')
        return DNAME_LABEL_HYPHEN;
    return DNAME_OK;
}

static bool all_digits(struct text label)
{
    size_t i = 0;
    while (i < label.len && char_is_digit(label.at[i]))
        i++;
    return i == label.len;
}

enum dname_fault dname_check(struct text name)
{
    struct text rest = undotted(name), label = TEXT_NONE;
    unsigned labels = 0;
    if (rest.len == 0)
        return DNAME_EMPTY;
    if (rest.len > DNAME_LEN_MAX)
        return DNAME_TOO_LONG;
    while (rest.at) {
        label = text_cut(&rest, '.');
        enum dname_fault fault = label_check(label);
        if (fault != DNAME_OK)
            return fault;
        labels++;
    }
    if (labels == 1)
        return DNAME_SINGLE_LABEL;
    return all_digits(label) ? DNAME_NUMERIC_TOP : DNAME_OK;
}

const char *dname_fault_text(enum dname_fault fault)
{
    static const char *const texts[] = {
        [DNAME_OK] = "nothing is wrong with it",
        [DNAME_EMPTY] = "it is empty",
        [DNAME_TOO_LONG] = "it is longer than 253 characters",
        [DNAME_LABEL_EMPTY] = "it has an empty label",
        [DNAME_LABEL_TOO_LONG] = "a label is longer than 63 characters",
        [DNAME_LABEL_HYPHEN] = "a label begins or ends with a hyphen",
        [DNAME_CHARACTER] = "it has a character other than letters, digits, hyphens and dots",
        [DNAME_SINGLE_LABEL] = "it has only one label",
        [DNAME_NUMERIC_TOP] = "its last label is a number",
    };
    return texts[fault];
}

bool dname_normalize(struct text name, char out[DNAME_LEN_MAX + 1], struct text *result)
{
    name = undotted(name);
    if (name.len > DNAME_LEN_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++)
        out[i] = char_lower(name.at[i]);
    out[name.len] = '\0';
    *result = (struct text){out, name.len};
    return true;
}

bool dname_eq(struct text a, struct text b)
{
    return text_eq_nocase(undotted(a), undotted(b));
}

bool dname_below(struct text name, struct text parent)
{
    name = undotted(name);
    parent = undotted(parent);
    return parent.len > 0 && name.len > parent.len + 1 && text_ends_nocase(name, parent) &&
           name.at[name.len - parent.len - 1] == '.';
}

struct text dname_parent(struct text name)
{
    text_cut(&name, '.');
    return name.at ? name : (struct text){"", 0};
}

unsigned dname_labels(struct text name)
{
    name = undotted(name);
    unsigned labels = name.len > 0;
    for (size_t i = 0; i < name.len; i++)
        labels += name.at[i] == '.';
    return labels;
}

struct text dname_tail(struct text name, unsigned count)
{
    name = undotted(name);
    for (unsigned labels = dname_labels(name); labels > count; labels--)
        name = dname_parent(name);
    return name;
}
