/*
 * Does a resolver that validates DNSSEC see what the authorities serve? A validating resolver says
 * SERVFAIL for records with broken signatures, and gives the records to whoever asks it not to
 * check (the CD bit, RFC 4035, section 3.2.2). So DNSSEC is broken where one resolver says
 * SERVFAIL, answers with CD, and says SERVFAIL again: the third question tells broken signatures
 * from a moment's trouble. A resolver that does not validate, or does not know CD, sees no
 * difference, and neither does this machine.
 *
 * Most zones are not signed. In authority mode the first question is for the DS records of the
 * zone, and many names of one zone share the answer; without DS records nothing further is asked.
 * A chain of trust that begins below an unsigned parent is not seen.
 *
 * A pure state machine, in the manner of spf.h. Only records that are there are asked for, so no
 * "no such name" is cached.
 */
#ifndef MF_VALIDATION_H
#define MF_VALIDATION_H

#include "dns/question.h"
#include "model/facts.h"

enum validation_step {
    VALIDATION_IDLE,     /* not to be asked for, or answered */
    VALIDATION_WAIT,     /* asked for if the zone is signed */
    VALIDATION_ASK,      /* all resolvers are to be asked as usual, ... */
    VALIDATION_CD,       /* the one that says SERVFAIL not to check, ... */
    VALIDATION_ASK_AGAIN /* and, when it then answers, as usual once more */
};

enum validated { VALIDATED_ZONE, VALIDATED_MX, VALIDATED_TXT, VALIDATEDS };

struct validation {
    bool is_bogus[VALIDATEDS]; /* outcome: the zone, or one above it; the name's MX; its TXT */
    struct text zone;          /* of VALIDATED_ZONE; borrowed from the facts */

    /* inside */
    struct text name;
    uint16_t zone_type; /* DS; NS where the resolvers have said SERVFAIL for it */
    enum validation_step steps[VALIDATEDS];
    bool is_out[VALIDATEDS];
    struct dns_server by[VALIDATEDS]; /* who has said SERVFAIL */
};

/* facts: of the name, and alive until done. In recursive mode the resolver has been asked already,
 * and what it said is in the facts. */
void validation_start(struct validation *v, struct text name, const struct dns_facts *facts,
                      bool is_recursive);
bool validation_next(struct validation *v, struct dns_question *question, uint32_t *number);
void validation_reply(struct validation *v, uint32_t number, const struct dns_reply *reply);
bool validation_is_done(const struct validation *v);

#endif
