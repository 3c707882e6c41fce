/*
 * The addresses of name servers that the resolver has told within the last minute. Many zones have
 * few hosts: a hundred thousand names at one provider are asked at the same four servers, whose
 * addresses would be asked for with every look at every name.
 *
 *   if ((known = host_book_find(&b, &question, now)) != NULL) use *known
 *   else send it; host_book_reply(&b, &question, &reply, now)
 *
 * Only addresses are kept (IPv4), no longer than their TTL; whatever else the resolver says is
 * asked for anew. Set-associative: a full set drops what is oldest. One owner.
 *
 * The second memory beside dns_cache.h, since the two want opposite things. Here are many names of
 * a few bytes: ten thousand servers in less than 2 MB, without a message and without memory of an
 * entry's own. There are few names with whole messages: half a thousand, whose texts SPF and DMARC
 * need, and whose silence is remembered so that nobody waits for it twice. One table would keep
 * messages of 16,384 hosts, or forget hosts with the 513th answer. So this one must not hold
 * trouble, denials, aliases or any type but A, which would hide a server that has come back; that
 * one must not hold addresses of name servers, which would push everything else out.
 */
#ifndef MF_HOST_BOOK_H
#define MF_HOST_BOOK_H

#include "base/siphash.h"
#include "base/when.h"
#include "dns/zone.h"

#define HOST_BOOK_SETS    4096
#define HOST_BOOK_WAYS    4          /* 16,384 hosts in 1.9 MB */
#define HOST_KEPT_LEN_MAX 63         /* a longer name is not kept */
#define HOST_KEEP         SPAN_S(60) /* at most */

struct known_host {
    instant_us until;   /* 0: free */
    instant_us expires; /* by the TTL */
    int64_t same_until;
    uint8_t name_len, addresses_len;
    char name[HOST_KEPT_LEN_MAX];
    uint8_t addresses[HOST_ADDRESSES_MAX][4];
};

struct host_book {
    struct siphash_key key;   /* owners of zones choose the names */
    struct known_host *hosts; /* HOST_BOOK_SETS of HOST_BOOK_WAYS; NULL before the first address */
    struct dns_reply reply;   /* the last answer given */
    struct dns_record records[HOST_ADDRESSES_MAX];
};

void host_book_init(struct host_book *b, struct siphash_key key);
void host_book_clear(struct host_book *b);
/* The reply to a question for a host's addresses; NULL: it is to be sent. Borrowed until the next
 * call; the name is the question's own. */
const struct dns_reply *host_book_find(struct host_book *b, const struct dns_question *question,
                                       instant_us now);
/* The reply to a sent question, of any kind. Without memory nothing is kept. */
void host_book_reply(struct host_book *b, const struct dns_question *question,
                     const struct dns_reply *reply, instant_us now);

#endif
