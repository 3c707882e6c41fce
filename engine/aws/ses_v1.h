/*
 * SES API v1, 2010-12-01, in the AWS Query protocol: the only one that reads 100 identities at
 * once. Source: Amazon SES API Reference. For the family of this room; guests use aws_request.h.
 *
 * Kinds: READ_VERIFICATION, READ_MAIL_FROM, READ_NOTIFICATION, LIST, SET, ACCOUNT, QUOTA.
 */
#ifndef MF_SES_V1_H
#define MF_SES_V1_H

#include "base/buf.h"
#include "base/error.h"
#include "calls/call.h"

/* The body of the POST to "/". ERR_INPUT: a kind or count that v1 does not have. */
enum err ses_v1_encode(const struct call *c, struct buf *body, struct why *why);

/* facts[i] is of identities[i]; one that the answer does not mention does not exist
 * (VERIFICATION) or has no MAIL FROM (MAIL_FROM); existence is only ever told by VERIFICATION.
 * v1 cannot tell the sandbox from production, so production_access is true. */
void ses_v1_decode(struct call *c, int http_status, struct text body);

#endif
