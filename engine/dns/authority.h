/*
 * For the family: the authority mode of an inquiry, and the functions of inquiry.c for authority.c.
 */
#ifndef MF_DNS_AUTHORITY_H
#define MF_DNS_AUTHORITY_H

#include "inquiry.h"

void authority_start(struct inquiry *q);
void authority_reply(struct inquiry *q, uint32_t number, const struct dns_reply *reply);

/* Plans one more question. False: the budget of INQUIRY_QUESTIONS_MAX is spent. */
bool inquiry_plan(struct inquiry *q, struct dns_question question);
/* Ends the inquiry without a verdict on either type. */
void inquiry_end_in_trouble(struct inquiry *q, struct text trouble);

#endif
