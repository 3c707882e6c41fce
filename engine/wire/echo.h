/*
 * Answers repeating parts of the request, as SES does after a wrong signature.
 */
#ifndef MF_ECHO_H
#define MF_ECHO_H

#include "aws/aws_request.h"
#include "aws/credentials/secrets.h"

/* Hides in the body of an answer the signature of its request, and the secrets. secrets NULL: the
 * answer may bring new secrets, and its reader hides them. False: out of memory, and the body must
 * not be read. */
bool echo_hide(struct buf *body, const struct aws_request *request, struct secrets *secrets);

#endif
