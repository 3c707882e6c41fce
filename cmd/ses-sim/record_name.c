/*
 * Duty: names of records between their forms: as Route 53 writes them, as they are kept, and as
 * lists are ordered. Source: Route 53 Developer Guide, "DNS domain name format";
 * ListResourceRecordSets, "Sort order".
 */
#include "zones.h"

#include "base/dname.h"

/* "\052" is one character; the octet, or -1. */
static int escape_read(struct text t)
{
    int octet = 0;
    if (t.len < 4)
        return -1;
    for (size_t i = 1; i < 4; i++) {
        if (t.at[i] < '0' || t.at[i] > '7')
            return -1;
        octet = octet * 8 + (t.at[i] - '0');
    }
    return octet <= 255 ? octet : -1;
}

const char *record_name_read(struct text written, struct arena *arena, struct text *name)
{
    char *at = arena_take_packed(arena, written.len + 1);
    size_t len = 0, label = 0;
    if (!at)
        return "InternalFailure (Out of memory)";
    for (size_t i = 0; i < written.len; i++) {
        char c = written.at[i];
        if (c == '\\') {
            int octet = escape_read(text_from(written, i));
            if (octet <= ' ' || octet == '.')
                return "UnsupportedCharacter (Value contains unsupported characters)";
            c = (char)octet;
            i += 3;
        } else if (c == '.' && label == 0) {
            return "DomainLabelEmpty (Domain label is empty)";
        } else if (c <= ' ') {
            return "UnsupportedCharacter (Value contains unsupported characters)";
        }
        label = c == '.' ? 0 : label + 1;
        if (label > DLABEL_LEN_MAX)
            return "DomainLabelTooLong (Domain label is too long)";
        at[len++] = char_lower(c);
    }
    len -= len > 0 && at[len - 1] == '.';
    if (len > DNAME_LEN_MAX)
        return "DomainNameTooLong (Domain name is too long)";
    *name = (struct text){at, len};
    return len ? NULL : "DomainLabelEmpty (Domain label is empty)";
}

static void escaped_write(struct buf *out, struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (char_is_alnum(c) || c == '-' || c == '_' || c == '.')
            buf_add_char(out, c);
        else
            buf_add_fmt(out, "\\%03o", (unsigned)(unsigned char)c);
    }
}

void record_name_write(struct buf *out, struct text name)
{
    escaped_write(out, name);
    buf_add_char(out, '.');
}

struct text record_name_normal(struct text name, struct arena *arena)
{
    struct buf b;
    buf_init(&b, 4 * DNAME_LEN_MAX + 1);
    escaped_write(&b, name);
    struct text copy = b.failed ? TEXT_NONE : arena_text(arena, buf_text(&b));
    buf_clear(&b);
    return copy;
}

struct text record_key(struct text name, struct arena *arena)
{
    char *at = arena_take_packed(arena, name.len + 1);
    size_t len = 0;
    if (!at)
        return TEXT_NONE;
    while (name.len) {
        size_t dot = text_rfind(name, '.');
        struct text label = dot < name.len ? text_from(name, dot + 1) : name;
        for (size_t i = 0; i < label.len; i++)
            at[len++] = label.at[i];
        at[len++] = '.';
        name = dot < name.len ? text_slice(name, 0, dot) : TEXT_NONE;
    }
    return (struct text){at, len};
}

bool record_name_within(struct text name, struct text zone)
{
    return text_eq(name, zone) || dname_below(name, zone);
}
