/*
 * JSON from outside, read with bounds: depth, number of values, no NUL inside a text, no member
 * twice, nothing after the value. For the family of this room.
 */
#ifndef MF_JSON_H
#define MF_JSON_H

#include "base/error.h"
#include "base/text.h"

struct json; /* one value of a parsed document */

/* *out is owned: json_free. ERR_PROTO: not JSON, or not allowed here. */
enum err json_parse(struct json **out, struct text document, struct why *why);
void json_free(struct json *document); /* NULL is fine */
void json_wipe(struct json *document); /* like json_free() for a document with secrets */

/* A member of an object; NULL: value is no object, or the member is absent or null. The readers
 * here treat the three cases alike. NULL is accepted as value in all functions below. */
const struct json *json_member(const struct json *value, const char *name);

/* False when value is NULL or of another type; *out is then untouched. Text is borrowed. */
bool json_text(const struct json *value, struct text *out);
bool json_bool(const struct json *value, bool *out);
bool json_number(const struct json *value, double *out);

bool json_is_object(const struct json *value);
bool json_is_array(const struct json *value);
/* Of an array or an object; NULL: empty, or neither. */
const struct json *json_first(const struct json *value);
const struct json *json_next(const struct json *element);

#endif
