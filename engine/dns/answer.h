/*
 * What one reply says about one name and type. A reply is not yet a fact: the inquiry decides which
 * answers count. Pure; texts are copied into the arena that is given.
 */
#ifndef MF_DNS_ANSWER_H
#define MF_DNS_ANSWER_H

#include "model/facts.h"
#include "question.h"

/* How a server behaved, as far as one question shows it. Only SPOKE carries an answer. */
enum answer_kind {
    ANSWER_NONE,        /* not asked, or no reply yet */
    ANSWER_SPOKE,       /* found, no data or no such name */
    ANSWER_REFERRED,    /* "ask the servers of a deeper zone" */
    ANSWER_LAME,        /* reachable, but not an authority: no AA bit and no referral */
    ANSWER_FAILED,      /* an rcode that is no answer: SERVFAIL, REFUSED, FORMERR, NOTIMP... */
    ANSWER_UNREACHABLE, /* time-out, connection refused, no route */
    ANSWER_GARBLED,     /* broken, truncated or about something else */
};

struct answer {
    enum answer_kind kind;
    enum dns_state state; /* SPOKE: FOUND, NODATA or NXDOMAIN; all other kinds: TROUBLE */
    struct text rcode;    /* "NOERROR"; empty when no message came */
    struct text trouble;  /* "SERVFAIL", "timed out"; empty when it spoke */
    struct mx_fact *mx;   /* sorted, no doubles */
    uint32_t mx_len;
    struct text *txt; /* sorted, no doubles */
    uint32_t txt_len;
    struct text cname; /* target of a CNAME at the name itself */
    uint32_t ttl_s;    /* smallest of what was found, or how long the silence may be cached */
};

/* ERR_NOMEM: the arena is exhausted; *a is then trouble that says so. A resolver's reply needs no
 * AA bit; an authority's does. */
enum err answer_read(struct answer *a, const struct dns_question *question,
                     const struct dns_reply *reply, struct arena *arena);

/* Does it say more than that there is nothing: values, or an alias? */
bool answer_is_some(const struct answer *a);

/* Do two answers that spoke say the same? "No data" and "no such name" are the same silence. */
bool answer_same(const struct answer *a, const struct answer *b);

/* The NS records of a reply that delegate a zone which holds name and lies strictly below zone:
 * the owner of that delegation, borrowed from the reply; empty when there is none. */
struct text answer_referral(const struct dns_message *m, struct text name, struct text zone);

/* For a person: `MX 10 feedback-smtp...`, `TXT "v=spf1 ..."`, "no MX", "NXDOMAIN", or the trouble.
 */
struct text answer_say(const struct answer *a, uint16_t type, struct arena *arena);

/* The note of one server that was asked for both types; said is empty when memory is out. */
struct server_note answer_note(struct text server, const struct answer *mx,
                               const struct answer *txt, struct arena *arena);

#endif
