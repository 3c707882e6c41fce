/*
 * What must be true of an answer of a provider of DNS once it was read, and of a request to one.
 */
#ifndef MF_PROVIDER_ANSWERS_H
#define MF_PROVIDER_ANSWERS_H

#include "base/buf.h"
#include "calls/call.h"

/* Reads an input: a kind of call, a status, then the body of the answer. */
void provider_answer_is_judged(enum api api, const uint8_t *bytes, size_t len);

/* The bytes as a TXT value, created by one change. False: refused. *body is init'ed. */
bool provider_body_make(enum api api, struct text data, struct buf *body);

#endif
