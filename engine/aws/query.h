/*
 * The AWS Query protocol of SES v1 and STS: a form goes out, XML comes back in an envelope of
 * <ActionResponse><ActionResult>, or <ErrorResponse>. For the family of this room.
 */
#ifndef MF_QUERY_H
#define MF_QUERY_H

#include "base/buf.h"
#include "calls/call.h"

#define QUERY_CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"

void query_begin(struct buf *body, const char *action, const char *version);
void query_add(struct buf *body, const char *name, struct text value);
/* "Identities.member.1=..", numbered from 1 without gaps. */
void query_add_members(struct buf *body, const char *name, const struct text *values, uint32_t len);

/* Called for each element below <ActionResult>; path is relative to <ActionResult>:
   "Identities/member". */
typedef void query_member_fn(void *user, struct text path, struct text content);

/* Fills *reply: the error of an answer other than 2xx, the request id of any. True: the answer is
 * 2xx, well-formed and of this action, and fn has received every member. False otherwise; reply.how
 * is then REPLY_GARBLED for a 2xx. */
bool query_decode(struct reply *reply, int http_status, struct text body, const char *action,
                  query_member_fn *fn, void *user);

/* An answer of Java's: "50000.0", "1.0E7", "-1". No locale has a say. */
bool query_number(struct text t, double *out);

#endif
