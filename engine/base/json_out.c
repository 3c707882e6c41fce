/* The JSON writer: tracks open objects and arrays. Source: RFC 8259. */
#include "json_out.h"

#include "escape.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_init(struct json_out *j, struct buf *buf)
{
    *j = (struct json_out){.buf = buf};
}

/* Returns whether a comma is due before the next element, and notes one for the element after. */
static bool take_comma(struct json_out *j)
{
    if (j->depth == 0)
        return false;
    bool *is_filled = &j->open[j->depth - 1].is_filled;
    bool is_due = *is_filled && !j->has_comma;
    *is_filled = true;
    j->has_comma = false;
    return is_due;
}

/* The text before a value, added in one piece: `, "key": `. */
static void begin(struct json_out *j, const char *key)
{
    size_t key_len = key ? strlen(key) : 0;
    assert(!key == (j->depth == 0 || !j->open[j->depth - 1].is_object));
    assert(key_len <= JSON_KEY_LEN_MAX);
    size_t blank = j->spaced, comma_len = take_comma(j) ? 1 + blank : 0;
    char *at = buf_extend(j->buf, comma_len + (key ? key_len + 3 + blank : 0));
    if (!at)
        return;
    if (comma_len) {
        at[comma_len - 1] = ' ';
        at[0] = ',';
        at += comma_len;
    }
    if (key) {
        *at++ = '"';
        memcpy(at, key, key_len);
        at += key_len;
        *at++ = '"';
        at[blank] = ' ';
        at[0] = ':';
    }
}

static void open(struct json_out *j, const char *key, bool is_object)
{
    begin(j, key);
    assert(j->depth < JSON_OPEN_MAX);
    j->open[j->depth].is_object = is_object;
    j->open[j->depth].is_filled = false;
    j->depth++;
    buf_add_char(j->buf, is_object ? '{' : '[');
}

void json_add_object(struct json_out *j, const char *key)
{
    open(j, key, true);
}

void json_add_array(struct json_out *j, const char *key)
{
    open(j, key, false);
}

void json_add_text(struct json_out *j, const char *key, struct text value)
{
    begin(j, key);
    escape_json(j->buf, value);
}

void json_add_word(struct json_out *j, const char *key, const char *value)
{
    json_add_text(j, key, text_of(value));
}

void json_add_text_or_null(struct json_out *j, const char *key, struct text value)
{
    if (value.len)
        json_add_text(j, key, value);
    else
        json_add_null(j, key);
}

void json_add_u64(struct json_out *j, const char *key, uint64_t value)
{
    begin(j, key);
    buf_add_u64(j->buf, value);
}

void json_add_fixed(struct json_out *j, const char *key, double value, int decimals)
{
    begin(j, key);
    buf_add_fmt(j->buf, "%.*f", decimals, value);
}

void json_add_number(struct json_out *j, const char *key, double value)
{
    char shown[32];
    snprintf(shown, sizeof shown, "%.15g", value);
    if (strtod(shown, NULL) != value)
        snprintf(shown, sizeof shown, "%.17g", value);
    json_add_raw(j, key, text_of(shown));
}

void json_add_bool(struct json_out *j, const char *key, bool value)
{
    json_add_raw(j, key, value ? TEXT("true") : TEXT("false"));
}

void json_add_null(struct json_out *j, const char *key)
{
    json_add_raw(j, key, TEXT("null"));
}

void json_add_raw(struct json_out *j, const char *key, struct text value)
{
    begin(j, key);
    buf_add_text(j->buf, value);
}

void json_add_pair(struct json_out *j, struct text key, struct text value)
{
    assert(j->depth > 0 && j->open[j->depth - 1].is_object);
    if (take_comma(j))
        buf_add(j->buf, ", ", j->spaced ? 2 : 1);
    escape_json(j->buf, key);
    buf_add(j->buf, ": ", j->spaced ? 2 : 1);
    escape_json(j->buf, value);
}

void json_line(struct json_out *j, const char *white)
{
    assert(j->depth > 0);
    if (take_comma(j))
        buf_add_char(j->buf, ',');
    buf_add_str(j->buf, white);
    j->has_comma = true;
}

void json_end_line(struct json_out *j, const char *white)
{
    assert(j->depth > 0 && !j->has_comma);
    buf_add_str(j->buf, white);
    buf_add_char(j->buf, j->open[--j->depth].is_object ? '}' : ']');
}

void json_end(struct json_out *j)
{
    json_end_line(j, "");
}
