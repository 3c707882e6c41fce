/*
 * The resolver's answers about names common to many surveys: amazonses.com, every _dmarc name, and
 * the DS records of zones. Without a cache a fleet of a hundred thousand names would ask for
 * _dmarc.com a hundred thousand times. An answer is kept for DNS_CACHE_KEEP. Silence and trouble
 * are kept as well, so surveys do not wait for a silent resolver again and again. While a question
 * is out, an equal question is not sent.
 *
 *   switch (dns_cache_ask(&c, &question, now, &known)) {
 *   case DNS_CACHE_KNOWN: use *known
 *   case DNS_CACHE_OUT:   ask again when an answer has come
 *   case DNS_CACHE_SEND:  send it; dns_cache_reply() with what comes back
 *   }
 *
 * Set-associative: a full set drops the least recently used entry. Pure. One owner.
 *
 * Addresses of name servers are in host_book.h, which says why it is another memory.
 */
#ifndef MF_DNS_CACHE_H
#define MF_DNS_CACHE_H

#include "base/siphash.h"
#include "base/when.h"
#include "dns/question.h"

#define DNS_CACHE_SETS 64
#define DNS_CACHE_WAYS 8 /* 512 answers in all, five times the window of questions */
#define DNS_CACHE_KEEP SPAN_S(60)

struct dns_cache_entry {
    struct text name; /* empty: free */
    uint16_t type;
    bool is_out; /* the question was sent, and the reply is not there yet */
    instant_us until;
    uint64_t used_at; /* dns_cache.uses at the last use */
    struct dns_reply reply;
    struct arena arena; /* name, and texts of the reply */
};

struct dns_cache {
    struct siphash_key key; /* SPF records choose the names, so the table has a key */
    uint64_t uses;
    struct dns_cache_entry entries[DNS_CACHE_SETS][DNS_CACHE_WAYS];
};

enum dns_cache_state { DNS_CACHE_SEND, DNS_CACHE_OUT, DNS_CACHE_KNOWN };

void dns_cache_init(struct dns_cache *c, struct siphash_key key);
void dns_cache_clear(struct dns_cache *c);
/* Is the answer to this question kept? Only the resolver's answers are; an authority is always
   asked anew. */
bool dns_cache_is_shared(const struct dns_question *question);
/* *known is set with DNS_CACHE_KNOWN, and borrowed until the next call. With DNS_CACHE_SEND the
 * caller sends the question. A question outside the cache is always to be sent. */
enum dns_cache_state dns_cache_ask(struct dns_cache *c, const struct dns_question *question,
                                   instant_us now, const struct dns_reply **known);
/* The reply to a sent question. The cache keeps a copy, or nothing when memory is out. */
void dns_cache_reply(struct dns_cache *c, const struct dns_question *question,
                     const struct dns_reply *reply, instant_us now);

#endif
