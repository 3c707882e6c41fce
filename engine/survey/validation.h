/*
 * Does a resolver that validates DNSSEC see what the authorities serve? It says SERVFAIL for
 * records with broken signatures, and gives them to whoever asks it not to check (the CD bit, RFC
 * 4035, section 3.2.2). So SERVFAIL without CD and an answer with it is broken DNSSEC, and SERVFAIL
 * to both is a resolver in trouble. A resolver that does not validate sees no difference, and
 * neither does this machine.
 *
 * A pure state machine, in the manner of spf.h. Only records that are there are asked for, so no
 * "no such name" is cached.
 */
#ifndef MF_VALIDATION_H
#define MF_VALIDATION_H

#include "dns/question.h"
#include "model/facts.h"

enum validation_step {
    VALIDATION_IDLE,   /* not to be asked for, or answered */
    VALIDATION_ASK,    /* the resolver is to be asked as usual ... */
    VALIDATION_OUT,    /* ... and has been */
    VALIDATION_ASK_CD, /* it has said SERVFAIL: to be asked not to check */
    VALIDATION_OUT_CD,
};

enum validated { VALIDATED_ZONE, VALIDATED_MX, VALIDATED_TXT, VALIDATEDS };

struct validation {
    bool is_bogus[VALIDATEDS]; /* outcome: the NS of a zone above the name; its MX; its TXT */
    struct text zone;          /* of VALIDATED_ZONE; borrowed from the facts */

    /* inside */
    struct text name;
    enum validation_step steps[VALIDATEDS];
};

/* facts: of the name, and alive until done. In recursive mode the resolver has been asked already,
 * and what it said is in the facts. */
void validation_start(struct validation *v, struct text name, const struct dns_facts *facts,
                      bool is_recursive);
bool validation_next(struct validation *v, struct dns_question *question, uint32_t *number);
void validation_reply(struct validation *v, uint32_t number, const struct dns_reply *reply);
bool validation_is_done(const struct validation *v);

#endif
