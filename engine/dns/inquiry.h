/*
 * An inquiry: all questions to DNS about one MAIL FROM name, as a pure state machine. The inquiry
 * hands out questions, takes the replies and ends with facts. No question is asked twice; asking
 * again later is a new inquiry.
 *
 * INQUIRY_RECURSIVE asks the resolver for MX and TXT and believes the answer. INQUIRY_AUTHORITY
 * uses the resolver only to find the name servers, then asks each server. The resolver never hears
 * the name itself, so no "no such name" is cached (RFC 2308).
 *
 * inquiry_look_closer() makes an inquiry ask for two names more, where records are missing: the
 * name with its zone appended once more, as panels do, and the identity's own domain. Where the
 * former has records, a wildcard above it is asked for: what that gives nobody has put there.
 *
 * inquiry_look_for_denial() makes an inquiry of one question where nothing has happened: a name
 * that is waited for is looked at again and again.
 *
 * inquiry_look_above() makes an inquiry ask whether the name and its parent are there only by a
 * wildcard. The parent would lose all records of the wildcard once a record stands below it (RFC
 * 4592, section 2.2.1).
 */
#ifndef MF_INQUIRY_H
#define MF_INQUIRY_H

#include "model/facts.h"
#include "question.h"

#define INQUIRY_QUESTIONS_MAX 64 /* in all; an inquiry beyond ends in trouble */

/* One server denies one type of the name. While it does, no records are there that all have. */
struct denial {
    struct dns_server by;
    uint16_t type;        /* MX or TXT */
    enum dns_state state; /* DNS_NODATA or DNS_NXDOMAIN */
};

enum inquiry_mode { INQUIRY_RECURSIVE, INQUIRY_AUTHORITY };

struct inquiry {
    enum inquiry_mode mode;
    struct arena arena; /* facts and replies; kept over reuse */
    struct text name;   /* copied into arena */
    struct text apex;   /* likewise; empty: not asked for */
    bool closer;        /* ask for the places where a missing record may stand */
    bool above;         /* ask for what a record at the name would hide */
    bool terse;         /* facts without the notes of each server */
    struct dns_facts facts;
    uint32_t planned, asked, answered; /* questions; answered <= asked <= planned */
    int64_t same_until;                /* the earliest of the replies'; 0: unknown for some reply */
    bool done;
    bool unchanged; /* done: the denial that was looked for first stands, and there are no facts */
    uint16_t
        authority_port; /* of authoritative servers; 0: 53. Set after init; start keeps the value */
    struct dns_question *questions; /* INQUIRY_QUESTIONS_MAX; in arena */
    struct answer *answers;         /* recursive mode only: of MX and of TXT; in arena */
    struct inquiry_walk *walk;      /* authority mode only; in arena */
};

void inquiry_init(struct inquiry *q); /* once per slot */
void inquiry_clear(struct inquiry *q);
/* Begins a new inquiry about name. */
void inquiry_start(struct inquiry *q, enum inquiry_mode mode, struct text name);
/* Right after the start. apex: the identity's own domain, or empty. */
void inquiry_look_closer(struct inquiry *q, struct text apex);
/* Right after the start. Authority mode only. */
void inquiry_look_above(struct inquiry *q);
/* Right after the start. Nobody will read what each server said: dns_facts.servers stays empty. */
void inquiry_be_terse(struct inquiry *q);
/* Right after the start. Authority mode only. Asks whether a denial stands, and ends if it does:
 * one question, not all. */
void inquiry_look_for_denial(struct inquiry *q, const struct denial *denial);
/* The next question to send now, with its number; false: none until a reply comes (or done). */
bool inquiry_next(struct inquiry *q, struct dns_question *out, uint32_t *number);
/* The reply to question `number`, once for each handed-out number. The inquiry copies values; the
 * reply stays the caller's. An inquiry is never done while a question is out. */
void inquiry_reply(struct inquiry *q, uint32_t number, const struct dns_reply *reply);
/* A digest of what was found, short and never 0: what a sentence about it depends on. Valid when
 * q->done. */
uint16_t inquiry_digest(const struct inquiry *q);
/* Valid when q->done, in authority mode: a denial of the type by one of the zone's servers, and how
 * long the zone may have these servers, by the TTLs of their names and addresses. One name is found
 * at one of them and the next at another. False: none. */
bool inquiry_denial(const struct inquiry *q, uint16_t type, struct denial *out, uint32_t *ttl_s);
/* Valid when q->done; borrowed until the next start. */
const struct dns_facts *inquiry_facts(const struct inquiry *q);

#endif
