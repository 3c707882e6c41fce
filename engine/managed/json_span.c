/*
 * One pass checks a document, with its open brackets on a small stack; walks then step over values
 * by their brackets and quotation marks.
 */
#include "json_span.h"

#include "aws/json.h"
#include "base/bounds.h"
#include "base/escape.h"

#include <string.h>

/* --- the check -------------------------------------------------------------------------------- */

struct span_check {
    struct text t;
    size_t at;
    const char *fault;
    size_t depth;
    char closers[MANAGED_DEPTH_MAX]; /* of the containers that are open */
};

static int peek(const struct span_check *c)
{
    return c->at < c->t.len ? (unsigned char)c->t.at[c->at] : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void blanks_skip(struct span_check *c)
{
    while (c->at < c->t.len && is_blank(c->t.at[c->at]))
        c->at++;
}

static bool refuse(struct span_check *c, const char *fault)
{
    c->fault = c->at < c->t.len ? fault : "it ends too early";
    return false;
}

static bool digits_take(struct span_check *c)
{
    size_t start = c->at;
    while (c->at < c->t.len && char_is_digit(c->t.at[c->at]))
        c->at++;
    return c->at > start || refuse(c, "a number lacks a digit");
}

static bool number_take(struct span_check *c)
{
    if (peek(c) == '-')
        c->at++;
    if (peek(c) == '0')
        c->at++;
    else if (!digits_take(c))
        return false;
    if (peek(c) == '.' && (c->at++, !digits_take(c)))
        return false;
    if (peek(c) != 'e' && peek(c) != 'E')
        return true;
    c->at++;
    if (peek(c) == '+' || peek(c) == '-')
        c->at++;
    return digits_take(c);
}

static bool escape_take(struct span_check *c)
{
    c->at++;
    if (peek(c) < 0 || !strchr("\"\\/bfnrtu", peek(c)) || peek(c) == 0)
        return refuse(c, "a text has an escape that JSON does not know");
    if (c->t.at[c->at++] != 'u')
        return true;
    for (int i = 0; i < 4; i++, c->at++)
        if (peek(c) < 0 || !strchr("0123456789abcdefABCDEF", peek(c)) || peek(c) == 0)
            return refuse(c, "a text has \\u without four digits");
    return true;
}

static bool text_take(struct span_check *c)
{
    if (peek(c) != '"')
        return refuse(c, "something stands where JSON has a value or a name");
    for (c->at++; peek(c) != '"';) {
        if (peek(c) < 0x20)
            return refuse(c, "a text has a control character in it");
        if (peek(c) != '\\')
            c->at++;
        else if (!escape_take(c))
            return false;
    }
    c->at++;
    return true;
}

static bool word_take(struct span_check *c)
{
    static const struct text words[] = {TEXT("true"), TEXT("false"), TEXT("null")};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (text_starts(text_from(c->t, c->at), words[i])) {
            c->at += words[i].len;
            return true;
        }
    }
    return text_take(c);
}

static bool name_take(struct span_check *c)
{
    blanks_skip(c);
    if (!text_take(c))
        return false;
    blanks_skip(c);
    if (peek(c) != ':')
        return refuse(c, "a name has no colon after it");
    c->at++;
    return true;
}

/* A value up to its end, or into a container that has something in it; *is_open says which. */
static bool value_take(struct span_check *c, bool *is_open)
{
    blanks_skip(c);
    int b = peek(c);
    *is_open = false;
    if (b != '{' && b != '[')
        return b == '-' || (b >= '0' && b <= '9') ? number_take(c) : word_take(c);
    if (c->depth == MANAGED_DEPTH_MAX)
        return refuse(c, "it is nested too deeply");
    c->at++;
    blanks_skip(c);
    char closer = b == '{' ? '}' : ']';
    if (peek(c) == closer) {
        c->at++;
        return true;
    }
    c->closers[c->depth++] = closer;
    *is_open = true;
    return b == '[' || name_take(c);
}

/* After a value: closes what ends here. False: a fault. Otherwise another value follows, or depth
 * is 0. */
static bool ends_take(struct span_check *c)
{
    while (c->depth) {
        char closer = c->closers[c->depth - 1];
        blanks_skip(c);
        if (peek(c) == ',') {
            c->at++;
            return closer == ']' || name_take(c);
        }
        if (peek(c) != closer)
            return refuse(c, "a comma or a closing bracket is missing");
        c->at++;
        c->depth--;
    }
    return true;
}

const char *json_span_fault(struct text t, size_t *at)
{
    struct span_check c = {.t = t};
    bool is_open = false, is_good;
    do {
        is_good = value_take(&c, &is_open);
        if (is_good && !is_open)
            is_good = ends_take(&c);
    } while (is_good && c.depth);
    blanks_skip(&c);
    if (is_good && c.at < t.len)
        c.fault = "something follows the value";
    else if (is_good && !utf8_is(t))
        c.fault = "it is not text in UTF-8";
    *at = c.at;
    return c.fault;
}

/* --- walks ------------------------------------------------------------------------------------ */

static struct text blanks_cut(struct text t)
{
    size_t i = 0;
    while (i < t.len && is_blank(t.at[i]))
        i++;
    return text_from(t, i);
}

/* The length of the text at the start of t, with its quotation marks. */
static size_t text_len(struct text t)
{
    size_t i = 1;
    while (i < t.len && t.at[i] != '"')
        i += t.at[i] == '\\' ? 2 : 1;
    return i + 1 < t.len ? i + 1 : t.len;
}

/* A number or a word at the start of t. */
static size_t word_len(struct text t)
{
    size_t i = 0;
    while (i < t.len && !strchr(",]} \t\r\n", t.at[i]))
        i++;
    return i;
}

/* The length of the value at the start of t. */
static size_t value_len(struct text t)
{
    size_t i = 0, depth = 0;
    if (!strchr("\"{[", *t.at))
        return word_len(t);
    do {
        switch (t.at[i]) {
        case '"': i += text_len(text_from(t, i)); continue;
        case '{':
        case '[': depth++; break;
        case '}':
        case ']': depth--; break;
        default: break;
        }
        i++;
    } while (depth && i < t.len);
    return i;
}

bool json_span_is_object(struct text value)
{
    return value.len && *value.at == '{';
}

bool json_span_is_array(struct text value)
{
    return value.len && *value.at == '[';
}

bool json_span_is_text(struct text value)
{
    return value.len && *value.at == '"';
}

struct json_walk json_walk_begin(struct text container)
{
    container = blanks_cut(container);
    struct json_walk w = {.is_object = json_span_is_object(container)};
    if (w.is_object || json_span_is_array(container))
        w.rest = text_from(container, 1);
    return w;
}

bool json_walk_next(struct json_walk *w)
{
    w->rest = blanks_cut(w->rest);
    if (w->rest.len && *w->rest.at == ',')
        w->rest = blanks_cut(text_from(w->rest, 1));
    if (w->rest.len == 0 || *w->rest.at == '}' || *w->rest.at == ']')
        return false;
    if (w->is_object) {
        size_t len = text_len(w->rest);
        w->name = text_slice(w->rest, 1, len - 1);
        w->rest = blanks_cut(text_from(w->rest, len));
        w->rest = blanks_cut(text_from(w->rest, 1)); /* the colon */
    }
    size_t len = w->rest.len ? value_len(w->rest) : 0;
    w->value = text_slice(w->rest, 0, len);
    w->rest = text_from(w->rest, len);
    return len > 0;
}

bool json_span_members(struct text object, const struct json_wanted *wanted, size_t len)
{
    bool once = true;
    if (!json_span_is_object(object))
        return true;
    for (struct json_walk w = json_walk_begin(object); json_walk_next(&w);) {
        for (size_t i = 0; i < len; i++) {
            if (!text_eq(w.name, wanted[i].name))
                continue;
            once &= wanted[i].value->at == NULL;
            *wanted[i].value = text_eq(w.value, TEXT("null")) ? TEXT_NONE : w.value;
        }
    }
    return once;
}

struct text json_span_member(struct text object, struct text name)
{
    struct text value = TEXT_NONE;
    json_span_members(object, &(struct json_wanted){name, &value}, 1);
    return value;
}

struct text json_span_text(struct text value, struct arena *arena, bool *failed)
{
    struct text inner = text_slice(value, 1, value.len ? value.len - 1 : 0), plain = TEXT_NONE;
    struct json *decoded;
    struct why why;
    if (!json_span_is_text(value))
        return TEXT_NONE;
    if (text_find(inner, '\\') == inner.len)
        return inner;
    if (json_parse(&decoded, value, &why) != OK) {
        *failed |= text_find_text(inner, TEXT("\\u")) == inner.len; /* there is no other reason */
        return TEXT_NONE;
    }
    if (json_text(decoded, &plain)) {
        plain = arena_text(arena, plain);
        *failed |= !plain.at;
    }
    json_wipe(decoded);
    return plain;
}
