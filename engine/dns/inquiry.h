/*
 * An inquiry: everything that is asked of DNS about one MAIL FROM name, as a pure state machine. It
 * says which questions to send next, is given the replies, and ends with facts. It never asks the
 * same thing twice; asking again later is a new inquiry.
 */
#ifndef MF_INQUIRY_H
#define MF_INQUIRY_H

#include "facts.h"
#include "question.h"

#define INQUIRY_QUESTIONS_MAX 64 /* in all; an inquiry that wants more ends in trouble */

enum inquiry_mode { INQUIRY_RECURSIVE, INQUIRY_AUTHORITY };

struct inquiry {
    enum inquiry_mode mode;
    struct arena arena; /* facts and replies; kept over reuse */
    struct text name;   /* copied into arena */
    struct dns_facts facts;
    uint32_t asked, answered;
    bool done;
    struct inquiry_walk *walk; /* authority mode only; in arena */
};

void inquiry_init(struct inquiry *q);  /* once per slot */
void inquiry_clear(struct inquiry *q);
/* Begins anew with this name. */
void inquiry_start(struct inquiry *q, enum inquiry_mode mode, struct text name);
/* The next question to send now, with its number; false: none until a reply comes (or done). */
bool inquiry_next(struct inquiry *q, struct dns_question *out, uint32_t *number);
/* The reply to question `number`; copied, the caller keeps its own. */
void inquiry_reply(struct inquiry *q, uint32_t number, const struct dns_reply *reply);
/* Valid when q->done; borrowed until the next start. */
const struct dns_facts *inquiry_facts(const struct inquiry *q);

#endif
