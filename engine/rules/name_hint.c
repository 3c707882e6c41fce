/*
 * What is wrong with a name, and what its writer had in hand: a URL, an ARN, a wildcard, a template
 * that nothing has filled in, a name copied with its quotation marks.
 */
#include "choice.h"

#include "base/character.h"
#include "base/count.h"
#include "base/dname.h"
#include "base/escape.h"

#include <string.h>

#define HINT_NAME_MAX 300 /* a longer guess is no name */

/* The first character that no host name has; false: all are fine. */
static bool first_odd(struct text t, uint32_t *code, size_t *len)
{
    for (; t.len; t = text_from(t, *len ? *len : 1)) {
        *len = utf8_next(t, code);
        if (*len != 1 || (!char_is_alnum(t.at[0]) && t.at[0] != '-' && t.at[0] != '.'))
            return true;
    }
    return false;
}

void name_fault_add(struct buf *out, struct text name, enum dname_fault fault)
{
    uint32_t code;
    size_t len;
    if (fault != DNAME_CHARACTER || !first_odd(name, &code, &len)) {
        buf_add_str(out, dname_fault_text(fault));
        return;
    }
    buf_add_fmt(out, "%s: ", dname_fault_text(fault));
    if (len == 0)
        buf_add_str(out, "a byte that is no UTF-8");
    else if (code >= 0x80 && character_name(code))
        buf_add_fmt(out, "U+%04X (%s); %s", code, character_name(code), character_fix(code));
    else if (code >= 0x80 || code < 0x20)
        buf_add_fmt(out, "U+%04X", code);
    else if (code == ' ')
        buf_add_str(out, "a blank");
    else
        buf_add_fmt(out, "\"%c\"", (char)code);
}

/* What is left of t up to the first of the characters. */
static struct text before_any(struct text t, const char *characters)
{
    for (size_t i = 0; i < t.len; i++)
        if (strchr(characters, t.at[i]) && t.at[i])
            return text_slice(t, 0, i);
    return t;
}

static bool is_quote(struct text t, size_t *len)
{
    uint32_t code;
    *len = utf8_next(t, &code);
    return *len && (character_kind(code) == CHARACTER_QUOTE || code == '"' || code == '\'' ||
                    code == '`' || code == '<' || code == '>');
}

/* Without the quotation marks and brackets around it. */
static struct text unquoted(struct text t)
{
    size_t len;
    while (t.len && is_quote(t, &len))
        t = text_from(t, len);
    for (bool cut = true; cut && t.len;) {
        size_t last = t.len - 1;
        while (last > 0 && ((unsigned char)t.at[last] & 0xc0) == 0x80)
            last--;
        cut = is_quote(text_from(t, last), &len);
        if (cut)
            t.len = last;
    }
    return t;
}

/* The name inside what was written instead of it. */
static struct text inner_name(struct text t)
{
    size_t scheme = text_find_text(t, TEXT("://"));
    t = unquoted(t);
    if (scheme < t.len) {
        t = text_from(t, text_find_text(t, TEXT("://")) + 3);
        t = before_any(t, "/?#");
        if (text_find(t, '@') < t.len)
            t = text_from(t, text_find(t, '@') + 1);
    } else if (text_starts(t, TEXT("arn:"))) {
        t = text_from(t, text_rfind(t, '/') < t.len ? text_rfind(t, '/') + 1 : t.len);
    } else if (text_starts(t, TEXT("mailto:"))) {
        t = text_from(t, 7);
    }
    while (text_starts(t, TEXT("*.")) || text_starts(t, TEXT("*@")))
        t = text_from(t, 2);
    if (text_starts(t, TEXT(".")) || text_starts(t, TEXT("@")))
        t = text_from(t, 1);
    return before_any(t, "/:,;?#\\");
}

static bool is_template(struct text t)
{
    static const char *const marks[] = {"${", "{{", "<%", "$(", "%(", "{%", "%{"};
    for (size_t i = 0; i < COUNT(marks); i++)
        if (text_find_text(t, text_of(marks[i])) < t.len)
            return true;
    return text_starts(t, TEXT("$")) || (t.len > 2 && t.at[0] == '%' && t.at[t.len - 1] == '%') ||
           (t.len > 2 && t.at[0] == '{' && t.at[t.len - 1] == '}');
}

static const char *thing_of(struct text t)
{
    if (text_find_text(t, TEXT("://")) < t.len)
        return "it is a URL";
    if (text_starts(t, TEXT("arn:")))
        return "it is an ARN";
    if (text_starts(t, TEXT("*.")) || text_starts(t, TEXT("*@")))
        return "SES has no wildcards, and a domain covers all that is below it";
    return NULL;
}

bool name_is_something_else(struct text name)
{
    size_t len;
    bool is_quoted = is_quote(name, &len) && is_quote(text_from(name, name.len - 1), &len);
    return thing_of(name) || is_template(name) || is_quoted || text_starts(name, TEXT("mailto:"));
}

void name_hint(struct buf *out, struct text name)
{
    if (is_template(name)) {
        buf_add_str(out, "; it is a template that nothing has filled in");
        return;
    }
    const char *thing = thing_of(name);
    struct text guess = inner_name(name);
    if (thing)
        buf_add_fmt(out, "; %s", thing);
    if (guess.len && guess.len <= HINT_NAME_MAX && !text_eq(guess, name) &&
        dname_check(identity_domain(guess)) == DNAME_OK) {
        buf_add_str(out, "; did you mean ");
        escape_terminal(out, guess);
        buf_add_char(out, '?');
    }
}
