/*
 * SES API v1, 2010-12-01, in the AWS Query protocol: the only version with reads of 100 identities
 * at once. Source: Amazon SES API Reference. For the family of this room; guests use aws_request.h.
 *
 * Kinds: READ_VERIFICATION, READ_MAIL_FROM, READ_NOTIFICATION, READ_DKIM, LIST, SET, ACCOUNT,
 * QUOTA.
 */
#ifndef MF_SES_V1_H
#define MF_SES_V1_H

#include "base/buf.h"
#include "base/error.h"
#include "calls/call.h"

/* The body of the POST to "/". ERR_INPUT: a kind or count unknown to v1. */
enum err ses_v1_encode(const struct call *c, struct buf *body, struct why *why);

/* facts[i] is of identities[i]. An identity missing in the answer does not exist (VERIFICATION) or
 * has no MAIL FROM (MAIL_FROM), and of its DKIM nothing is known (DKIM); only VERIFICATION tells
 * about existence. v1 cannot tell the sandbox from production, so production_access is true. */
void ses_v1_decode(struct call *c, int http_status, struct text body);

#endif
