/*
 * AWS Security Token Service, 2011-06-15: whose credentials are these? For the family of this room.
 * Source: AWS STS API Reference, GetCallerIdentity.
 */
#ifndef MF_STS_H
#define MF_STS_H

#include "buf.h"
#include "call.h"
#include "err.h"

enum err sts_encode(const struct call *c, struct buf *body, struct why *why); /* CALL_CALLER */
/* Fills account.caller_account (twelve digits) and account.caller_arn. */
void sts_decode(struct call *c, int http_status, struct text body);

#endif
