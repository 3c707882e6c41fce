/*
 * Large JSON documents read in place: no tree and no copy, so that a state of hundreds of megabytes
 * costs its bytes alone, values that nobody asks for are never decoded, and what is found has its
 * place in the file. A document is checked once as a whole; walks then need no error.
 * Source: RFC 8259.
 */
#ifndef MF_JSON_SPAN_H
#define MF_JSON_SPAN_H

#include "base/arena.h"

/* Is t one JSON value in UTF-8, within MANAGED_DEPTH_MAX? NULL: it is. Else a clause for a person,
 * and *at is the index of the trouble. */
const char *json_span_fault(struct text t, size_t *at);

/* All functions below take values out of a document without a fault, or TEXT_NONE. */

struct json_walk {
    struct text rest;
    bool is_object;
    struct text name;  /* of a member, between its quotation marks, as it stands there */
    struct text value; /* as it stands there: 12, "a\u0062", {...} */
};

/* Over the members of an object or the elements of an array; of anything else, over nothing. */
struct json_walk json_walk_begin(struct text container);
bool json_walk_next(struct json_walk *w);

bool json_span_is_object(struct text value);
bool json_span_is_array(struct text value);
bool json_span_is_text(struct text value);

/* Several members in one walk: *value is TEXT_NONE before, and stays so for one that is absent or
 * null. False: one of them stands twice; the last one counts. Names are compared as they stand
 * there: an escape in one hides it. Of what is no object, nothing. */
struct json_wanted {
    struct text name;
    struct text *value;
};
bool json_span_members(struct text object, const struct json_wanted *wanted, size_t len);
struct text json_span_member(struct text object, struct text name); /* one of them */

/* The text between the quotation marks, without escapes: borrowed from value, or in the arena.
 * Empty for what is no text, and for a text with a NUL or half a surrogate pair. *failed is set
 * when there is no memory. */
struct text json_span_text(struct text value, struct arena *arena, bool *failed);

#endif
