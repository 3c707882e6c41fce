/*
 * What the decoders of this room have in common: filling struct reply. For the family.
 */
#ifndef MF_REPLY_H
#define MF_REPLY_H

#include "calls/call.h"

/* A whole HTTP answer with this status; nothing is known of its body yet. No action of ours is
 * documented to succeed with a 2xx other than 200 (SES and STS API References, "Response
 * Elements"), so such a one is garbled from the beginning: a part, or the word of somebody in
 * between. */
void reply_begin(struct reply *r, int http_status);
/* 2xx, but the body is not what the API promises: an answer that says nothing. */
void reply_garble(struct reply *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The error as far as it is known. An empty message becomes a short one with the status. */
void reply_fail(struct reply *r, struct text code, struct text message);

/* Copies t into a field of struct reply, cut where a character ends. */
#define REPLY_PUT(field, t) reply_put((field), sizeof(field), (t))
void reply_put(char *out, size_t out_len, struct text t);

/* Adds a copy of name to c->listed, whose room is *cap. False: c->arena is exhausted. */
bool listed_add(struct call *c, uint32_t *cap, struct text name);
/* Forgets the listing and its token, so that half a page is never taken for a whole one. */
void listed_drop(struct call *c);

#define HTTP_IS_OK(status) ((status) == 200)

#endif
