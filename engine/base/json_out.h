/*
 * JSON (RFC 8259), written piece by piece: the only JSON writer of the program. Values go to a
 * buffer of the caller, who may empty the buffer between calls, as a sink does. Nothing is
 * allocated here.
 *
 *     json_add_object(&j, NULL);               {
 *     json_add_text(&j, "name", TEXT("a"));    "name":"a"
 *     json_add_array(&j, "rows");              ,"rows":[
 *     json_line(&j, "\n");
 *     json_add_u64(&j, NULL, 1);               1
 *     json_line(&j, "\n");                     ,
 *     json_add_u64(&j, NULL, 2);               2
 *     json_end_line(&j, "\n");
 *     json_end(&j);                            ]}
 *
 * The writer adds commas, colons and brackets. Asserts hold the caller to three rules: a key for
 * each member of an object and for nothing more, matching brackets, nesting within JSON_OPEN_MAX.
 * Failure of the buffer sticks in the buffer. escape_json() writes the strings: bytes outside UTF-8
 * become U+FFFD, and a terminal may show the result.
 */
#ifndef MF_JSON_OUT_H
#define MF_JSON_OUT_H

#include "buf.h"

#define JSON_OPEN_MAX    16
#define JSON_KEY_LEN_MAX 64

struct json_out {
    struct buf *buf; /* borrowed */
    bool spaced;     /* a blank after each comma and colon, for people */
    bool has_comma;  /* json_line() was called: the next element needs no comma any more */
    uint8_t depth;
    struct {
        bool is_object, is_filled;
    } open[JSON_OPEN_MAX];
};

void json_init(struct json_out *j, struct buf *buf);

/* In all of these key is the program's own word (ASCII without quotes and backslashes, up to
 * JSON_KEY_LEN_MAX bytes), and NULL for an element of an array and for the whole document. */
void json_add_object(struct json_out *j, const char *key);
void json_add_array(struct json_out *j, const char *key);
void json_add_text(struct json_out *j, const char *key, struct text value);
void json_add_word(struct json_out *j, const char *key, const char *value);
void json_add_text_or_null(struct json_out *j, const char *key,
                           struct text value); /* empty: null */
void json_add_u64(struct json_out *j, const char *key, uint64_t value);
void json_add_fixed(struct json_out *j, const char *key, double value, int decimals);
void json_add_number(struct json_out *j, const char *key,
                     double value); /* reads back as the same */
void json_add_bool(struct json_out *j, const char *key, bool value);
void json_add_null(struct json_out *j, const char *key);
void json_add_raw(struct json_out *j, const char *key, struct text value); /* is JSON already */
/* A member with a key from outside. */
void json_add_pair(struct json_out *j, struct text key, struct text value);

void json_end(struct json_out *j); /* of the object or array opened last */
/* White space (a borrowed literal) before the next element, after the comma if one is due. */
void json_line(struct json_out *j, const char *white);
/* White space, then the end of the object or array opened last. */
void json_end_line(struct json_out *j, const char *white);

#endif
