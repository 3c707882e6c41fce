/*
 * Answers that repeat what they were sent, as SES does where a signature is wrong.
 */
#ifndef MF_ECHO_H
#define MF_ECHO_H

#include "aws/aws_request.h"
#include "aws/credentials/secrets.h"

/* Hides in the body of an answer the signature of its request, and the secrets (NULL: none: the
 * answer may bring some, and whoever reads it hides what goes on). False: out of memory, and the
 * body must not be read. */
bool echo_hide(struct buf *body, const struct aws_request *request, struct secrets *secrets);

#endif
