/*
 * One look-up of a rule: a name and a type, asked until the end of its chain of aliases. A reply
 * with the whole chain (a resolver's) and a reply with only the alias (an authority's) end alike.
 * Pure: the caller carries the questions.
 */
#ifndef MF_LOOKUP_H
#define MF_LOOKUP_H

#include "dns/question.h"

enum lookup_outcome {
    LOOKUP_RUNNING,
    LOOKUP_FOUND,
    LOOKUP_VOID,    /* the name or the type is not there (RFC 7208, section 4.6.4: void look-up) */
    LOOKUP_TROUBLE, /* no usable answer: the question is open */
};

struct lookup {
    struct arena *arena; /* of the owner; names and records live here */
    enum lookup_outcome outcome;
    uint16_t type;
    bool asked;                 /* the present question is out */
    bool name_missing;          /* LOOKUP_VOID because of NXDOMAIN */
    unsigned aliases;           /* followed so far */
    struct text name;           /* the name to ask for now */
    struct dns_record *records; /* of the wanted type, texts copied; in the order of the reply */
    uint32_t records_len;
    char trouble[128]; /* LOOKUP_TROUBLE: for a person */
};

/* An illegal name (an empty or too long label) is void at once, with no question. */
void lookup_start(struct lookup *l, struct arena *arena, struct text name, uint16_t type);
/* The question to send now; false while one is out or when the look-up has ended. */
bool lookup_next(struct lookup *l, struct dns_question *out);
void lookup_reply(struct lookup *l, const struct dns_reply *reply);

#endif
