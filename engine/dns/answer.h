/*
 * The content of one reply about one name and type. A reply is not yet a fact: the inquiry decides
 * between answers. Pure; texts are copied into the given arena.
 */
#ifndef MF_DNS_ANSWER_H
#define MF_DNS_ANSWER_H

#include "model/facts.h"
#include "question.h"

/* The behaviour of a server in one question. Only SPOKE carries an answer. */
enum answer_kind {
    ANSWER_NONE,        /* not asked, or no reply yet */
    ANSWER_SPOKE,       /* found, no data or no such name */
    ANSWER_REFERRED,    /* "ask the servers of a deeper zone" */
    ANSWER_LAME,        /* reachable, but not an authority: no AA bit and no referral */
    ANSWER_FAILED,      /* an rcode without an answer: SERVFAIL, REFUSED, FORMERR, NOTIMP... */
    ANSWER_UNREACHABLE, /* time-out, connection refused, no route */
    ANSWER_GARBLED,     /* broken, truncated or about another question */
};

struct answer {
    enum answer_kind kind;
    enum dns_state state; /* SPOKE: FOUND, NODATA or NXDOMAIN; all other kinds: TROUBLE */
    struct text rcode;    /* "NOERROR"; empty when no message came */
    struct text trouble;  /* "SERVFAIL", "timed out"; empty with SPOKE */
    struct mx_fact *mx;   /* sorted, no doubles */
    uint32_t mx_len;
    struct text *txt; /* sorted, no doubles */
    uint32_t txt_len;
    struct txt_cut *cuts; /* as in struct dns_facts */
    uint32_t cuts_len;
    struct text cname; /* target of a CNAME at the name itself */
    uint32_t ttl_s;    /* smallest TTL of the values, or the negative TTL */
};

/* ERR_NOMEM: the arena is exhausted, and *a is trouble with this reason. A resolver's reply needs
 * no AA bit; an authority's does. */
enum err answer_read(struct answer *a, const struct dns_question *question,
                     const struct dns_reply *reply, struct arena *arena);

/* Does the answer hold values or an alias? */
bool answer_is_some(const struct answer *a);

/* Do two SPOKE answers agree? "No data" and "no such name" count as equal. */
bool answer_same(const struct answer *a, const struct answer *b);

/* A referral in the reply: the owner of NS records for a zone strictly below `zone` and at or above
 * `name`, borrowed from the reply; empty: no referral. */
struct text answer_referral(const struct dns_message *m, struct text name, struct text zone);

/* For a person: `MX 10 feedback-smtp...`, `TXT "v=spf1 ..."`, "no MX", "NXDOMAIN", or the trouble.
 */
struct text answer_say(const struct answer *a, uint16_t type, struct arena *arena);

/* The note of one server, asked for both types; said is empty when memory is out. */
struct server_note answer_note(struct text server, const struct answer *mx,
                               const struct answer *txt, struct arena *arena);

#endif
