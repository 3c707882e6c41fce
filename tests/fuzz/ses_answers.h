/*
 * What must be true of an answer of SES or STS once it was read, whatever it said.
 */
#ifndef MF_SES_ANSWERS_H
#define MF_SES_ANSWERS_H

#include "calls/call.h"

/* Reads body as the answer to a call of this kind, with texts of the input in the headers too. */
void answer_is_judged(enum call_kind kind, enum api api, int status, struct text body);
/* Does t hold nothing but what a URL or a form may hold as it stands? */
bool is_percent_encoded(struct text t, const char *also);

#endif
