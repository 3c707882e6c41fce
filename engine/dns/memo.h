/*
 * What a resolver said a moment ago of names that many others share: amazonses.com, _dmarc.com. A
 * fleet of a hundred thousand names would otherwise ask for them a hundred thousand times. Silence
 * and trouble are remembered as well, so that a resolver that does not answer is not waited for
 * again and again. Pure; one owner.
 */
#ifndef MF_DNS_MEMO_H
#define MF_DNS_MEMO_H

#include "base/siphash.h"
#include "base/when.h"
#include "question.h"

#define MEMO_SLOTS 64
#define MEMO_KEEP  SPAN_S(60)

struct memo_slot {
    struct text name; /* empty: free */
    uint16_t type;
    instant_us until;
    struct dns_reply reply; /* texts in arena */
    struct arena arena;
};

struct memo {
    struct siphash_key key; /* an SPF record names what is asked for */
    struct memo_slot slots[MEMO_SLOTS];
};

void memo_init(struct memo *m, struct siphash_key key);
void memo_clear(struct memo *m);
/* Is it a name that many share: below amazonses.com, or the DMARC record of a top-level domain? Of
 * the resolver, that is; an authority is always asked anew. */
bool memo_is_shared(const struct dns_question *question);
/* NULL: not known, or too long ago. Borrowed until the next memo_keep(). */
const struct dns_reply *memo_find(const struct memo *m, const struct dns_question *question,
                                  instant_us now);
/* Copies the reply; when memory is out, nothing is remembered. */
void memo_keep(struct memo *m, const struct dns_question *question, const struct dns_reply *reply,
               instant_us now);

#endif
