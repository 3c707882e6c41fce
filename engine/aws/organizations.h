/*
 * AWS Organizations, 2016-11-28, JSON 1.1: the accounts of an organization, page by page. One
 * endpoint and one signing Region for a whole partition. Source: AWS Organizations API Reference.
 * For the family of this room; guests use aws_request.h.
 *
 * Kinds: MEMBERS, MEMBERS_OF, UNITS, ROOTS, ACCOUNT_TAGS.
 */
#ifndef MF_ORGANIZATIONS_H
#define MF_ORGANIZATIONS_H

#include "base/buf.h"
#include "base/error.h"
#include "calls/call.h"

#define ORGANIZATIONS_CONTENT_TYPE "application/x-amz-json-1.1"

/* body is init'ed and empty; target becomes the value of the header X-Amz-Target. ERR_INPUT: the
 * call names no root, unit or account where it must. */
enum err organizations_encode(const struct call *c, struct buf *target, struct buf *body,
                              struct why *why);

/* A page may be short, or empty with a token behind it. A token that is not taken comes as the
 * error InvalidNextTokenException. */
void organizations_decode(struct call *c, int http_status, struct text error_type,
                          struct text body);

#endif
