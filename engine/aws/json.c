/*
 * A guarded door to cJSON, for the rest of the room. cJSON copies texts as C strings, takes the
 * first of two equal members and bounds only the depth; NULs, doubles and excess are refused before
 * or right after parsing.
 */
#include "json.h"

#include "base/bounds.h"

#include <cjson/cJSON.h>
#include <string.h>

static cJSON *inner(struct json *value)
{
    return (cJSON *)(void *)value;
}

static const cJSON *inner_const(const struct json *value)
{
    return (const cJSON *)(const void *)value;
}

static const struct json *outer(const cJSON *value)
{
    return (const struct json *)(const void *)value;
}

/* The index after the string beginning at i, or t.len + 1 for a string with \u0000. */
static size_t string_skip(struct text t, size_t i)
{
    for (i++; i < t.len && t.at[i] != '"'; i++) {
        if (t.at[i] != '\\')
            continue;
        if (text_starts(text_from(t, i), TEXT("\\u0000")))
            return t.len + 1;
        i++;
    }
    return i < t.len ? i + 1 : t.len;
}

/* One pass over the bytes, before any allocation. */
static const char *document_fault(struct text t)
{
    size_t depth = 0, nodes = 1;
    for (size_t i = 0; i < t.len;) {
        char c = t.at[i];
        if (c == '"') {
            i = string_skip(t, i);
            if (i > t.len)
                return "a text holds a NUL";
            continue;
        }
        if (c == '\0')
            return "it holds a NUL";
        if (c == '{' || c == '[') {
            nodes++;
            if (++depth > JSON_DEPTH_MAX)
                return "it is nested too deeply";
        }
        if ((c == '}' || c == ']') && depth > 0)
            depth--;
        if (c == ',' && ++nodes > JSON_NODES_MAX)
            return "it has too many values";
        i++;
    }
    return NULL;
}

/* No limit on the members of one object but the document's own: sorted look-ups would not pay, so
 * objects with many members are refused instead. */
static bool members_differ(const cJSON *object)
{
    size_t len = 0;
    for (const cJSON *a = object->child; a; a = a->next) {
        if (++len > JSON_MEMBERS_MAX)
            return false;
        for (const cJSON *b = object->child; b != a; b = b->next)
            if (strcmp(a->string, b->string) == 0)
                return false;
    }
    return true;
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static bool all_members_differ(const cJSON *value)
{
    if (cJSON_IsObject(value) && !members_differ(value))
        return false;
    for (const cJSON *child = value->child; child; child = child->next)
        if (!all_members_differ(child))
            return false;
    return true;
}

static bool only_blanks(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n", *at))
        at++;
    return at == end;
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static void texts_wipe(cJSON *value)
{
    if (cJSON_IsString(value) && value->valuestring)
        explicit_bzero(value->valuestring, strlen(value->valuestring));
    for (cJSON *child = value->child; child; child = child->next)
        texts_wipe(child);
}

void json_free(struct json *document)
{
    cJSON_Delete(inner(document));
}

void json_wipe(struct json *document)
{
    if (document)
        texts_wipe(inner(document));
    json_free(document);
}

enum err json_parse(struct json **out, struct text document, struct why *why)
{
    const char *end = NULL, *fault = document_fault(document);
    *out = NULL;
    if (document.len == 0 || document.len > HTTP_BODY_MAX)
        return why_set(why, ERR_PROTO, "JSON: the text is %s", document.len ? "too long" : "empty");
    if (fault)
        return why_set(why, ERR_PROTO, "JSON: %s", fault);
    cJSON *root = cJSON_ParseWithLengthOpts(document.at, document.len, &end, 0);
    if (!root)
        return why_set(why, ERR_PROTO, "JSON: syntax error after %zu bytes",
                       end ? (size_t)(end - document.at) : 0);
    if (!only_blanks(end, document.at + document.len))
        fault = "something follows the value";
    else if (!all_members_differ(root))
        fault = "an object has a member twice, or too many members";
    if (fault) {
        json_wipe((struct json *)(void *)root);
        return why_set(why, ERR_PROTO, "JSON: %s", fault);
    }
    *out = (struct json *)(void *)root;
    return OK;
}

const struct json *json_member(const struct json *value, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(inner_const(value), name);
    return member && !cJSON_IsNull(member) ? outer(member) : NULL;
}

bool json_text(const struct json *value, struct text *out)
{
    const cJSON *item = inner_const(value);
    if (!cJSON_IsString(item) || !item->valuestring)
        return false;
    *out = text_of(item->valuestring);
    return true;
}

bool json_bool(const struct json *value, bool *out)
{
    if (!cJSON_IsBool(inner_const(value)))
        return false;
    *out = cJSON_IsTrue(inner_const(value));
    return true;
}

bool json_number(const struct json *value, double *out)
{
    if (!cJSON_IsNumber(inner_const(value)))
        return false;
    *out = inner_const(value)->valuedouble;
    return true;
}

bool json_is_object(const struct json *value)
{
    return cJSON_IsObject(inner_const(value));
}

bool json_is_array(const struct json *value)
{
    return cJSON_IsArray(inner_const(value));
}

const struct json *json_first(const struct json *value)
{
    return json_is_array(value) || json_is_object(value) ? outer(inner_const(value)->child) : NULL;
}

const struct json *json_next(const struct json *element)
{
    return outer(inner_const(element)->next);
}
