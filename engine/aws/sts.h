/*
 * AWS Security Token Service, 2011-06-15: the owner of credentials, and credentials of a role. For
 * the family of this room. Source: AWS STS API Reference, GetCallerIdentity, AssumeRole,
 * AssumeRoleWithWebIdentity.
 */
#ifndef MF_STS_H
#define MF_STS_H

#include "aws/credentials/credentials.h"
#include "base/buf.h"
#include "base/error.h"
#include "calls/call.h"

enum err sts_encode(const struct call *c, struct buf *body, struct why *why); /* CALL_CALLER */
/* Fills account.caller_account (twelve digits) and account.caller_arn. */
void sts_decode(struct call *c, int http_status, struct text body);

/* A role to assume. Empty texts are left out. */
struct sts_role {
    struct text arn, session_name, external_id;
    struct text duration_s; /* digits */
    struct text web_token;  /* not empty: AssumeRoleWithWebIdentity; empty: AssumeRole */
};

void sts_role_encode(const struct sts_role *role, struct buf *body);
/* False: refused, or an answer outside the API; *reply has the reason. */
bool sts_role_decode(const struct sts_role *role, int http_status, struct text body,
                     struct credentials *out, struct reply *reply);

void sts_caller_encode(struct buf *body);
/* The caller's ARN into out; "" when the answer has none. */
void sts_caller_decode(int http_status, struct text body, char *out, size_t out_len);

#endif
