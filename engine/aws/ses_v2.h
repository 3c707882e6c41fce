/*
 * SES API v2, 2019-09-27, REST with JSON: one identity per call, but the only version with writes
 * confinable to chosen identities by IAM. Source: Amazon SES API v2 Reference. For the family of
 * this room; guests use aws_request.h.
 *
 * Kinds: GET, LIST, SET, ACCOUNT, ENDPOINTS, ADVICE.
 */
#ifndef MF_SES_V2_H
#define MF_SES_V2_H

#include "base/buf.h"
#include "base/error.h"
#include "calls/call.h"

#define SES_V2_CONTENT_TYPE "application/json"

/* path, query (without "?") and body are init'ed and empty; *method is static. ERR_INPUT: a kind or
 * count unknown to v2, or an identity with a meaning in a path ("", ".", ".."). */
enum err ses_v2_encode(const struct call *c, const char **method, struct buf *path,
                       struct buf *query, struct buf *body, struct why *why);

/* error_type: header x-amzn-ErrorType, or empty. GET fills facts[0] with all of `known`. ACCOUNT
 * fills the quota as well. A missing identity comes as the error NotFoundException. */
void ses_v2_decode(struct call *c, int http_status, struct text error_type, struct text body);

#endif
