/*
 * For the family: the authority mode of an inquiry, and the functions of inquiry.c for authority.c.
 */
#ifndef MF_DNS_AUTHORITY_H
#define MF_DNS_AUTHORITY_H

#include "inquiry.h"

void authority_start(struct inquiry *q);
void authority_reply(struct inquiry *q, uint32_t number, const struct dns_reply *reply);
void authority_look_for_denial(struct inquiry *q, const struct denial *denial);
bool authority_denial(const struct inquiry *q, uint16_t type, struct denial *out, uint32_t *ttl_s);

/* The name with its zone appended; empty: the inquiry does not look there. */
struct text inquiry_doubled_name(struct inquiry *q, struct text zone);
/* Is TXT of the apex to be asked for? */
bool inquiry_wants_apex(const struct inquiry *q);
/* Takes the reply about a name elsewhere. True: the name exists. A failed question means that
 * nothing is known to be there. */
bool inquiry_read_elsewhere(struct inquiry *q, const struct dns_question *question,
                            const struct dns_reply *reply, struct dns_elsewhere *at);
/* Takes a reply about the doubled name or a wildcard above that name, and gives what is to be asked
 * next: the MX of a doubled name that exists, and what the wildcard says where records were found.
 * Records from a wildcard are dropped. Returns how many questions. */
#define DOUBLED_NEXT_MAX 2
#define DOUBLED_MAX      4 /* questions in all: TXT and MX of both names */
uint32_t inquiry_read_doubled(struct inquiry *q, const struct dns_question *question,
                              const struct dns_reply *reply,
                              struct dns_question next[DOUBLED_NEXT_MAX]);
/* Plans one more question. False: the budget of INQUIRY_QUESTIONS_MAX is spent. */
bool inquiry_plan(struct inquiry *q, struct dns_question question);
/* Ends the inquiry without a verdict on either type. */
void inquiry_end_in_trouble(struct inquiry *q, struct text trouble);

#endif
