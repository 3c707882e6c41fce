/*
 * Shared by the decoders of this room: filling struct reply. For the family.
 */
#ifndef MF_REPLY_H
#define MF_REPLY_H

#include "calls/call.h"

/* A whole HTTP answer with this status, before its body is read. All our actions are documented to
 * succeed with 200 alone (SES and STS API References, "Response Elements"), so another 2xx counts
 * as garbled: a partial answer, or one from a proxy in between. */
void reply_begin(struct reply *r, int http_status);
/* 2xx, but the body breaks the API's promise: an unusable answer. */
void reply_garble(struct reply *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The known parts of the error. An empty message becomes a short one with the status. */
void reply_fail(struct reply *r, struct text code, struct text message);

/* The same of an error in JSON: its type stands in the header x-amzn-ErrorType (error_type; empty:
 * there is none) or in the body, which may be HTML or empty. */
void reply_fail_json(struct reply *r, struct text error_type, struct text body);

/* Copies t into a field of struct reply, cut where a character ends. */
#define REPLY_PUT(field, t) reply_put((field), sizeof(field), (t))
void reply_put(char *out, size_t out_len, struct text t);

/* Adds a copy of name to c->listed, with room for *cap. False: c->arena is exhausted. */
bool listed_add(struct call *c, uint32_t *cap, struct text name);
/* Drops what was listed, of whatever kind, and its token, so half a page never counts as a whole
 * one. */
void listed_drop(struct call *c);

#define HTTP_IS_OK(status) ((status) == 200)

#endif
