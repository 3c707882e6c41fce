/*
 * DNS messages (RFC 1035, section 4), read by a bounded parser: pointer jumps, counts and lengths
 * have limits (base/bounds.h), and a message beyond a limit is dropped as a whole. Pure.
 */
#ifndef MF_DNS_MESSAGE_H
#define MF_DNS_MESSAGE_H

#include "base/arena.h"
#include "base/error.h"

enum dns_type {
    DNS_TYPE_A = 1,
    DNS_TYPE_NS = 2,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_PTR = 12,
    DNS_TYPE_MX = 15,
    DNS_TYPE_TXT = 16,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_DNAME = 39,
    DNS_TYPE_OPT = 41,
    DNS_TYPE_DS = 43,
};

enum dns_rcode { /* RFC 1035, section 4.1.1 */
                 DNS_RCODE_NOERROR = 0,
                 DNS_RCODE_FORMERR = 1,
                 DNS_RCODE_SERVFAIL = 2,
                 DNS_RCODE_NXDOMAIN = 3,
                 DNS_RCODE_NOTIMP = 4,
                 DNS_RCODE_REFUSED = 5,
};

const char *dns_rcode_name(
    unsigned rcode);                      /* "SERVFAIL"; "RCODE 11" kind of names fold to "RCODE" */
const char *dns_type_name(unsigned type); /* "MX"; others "TYPE" */

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

struct dns_record {
    struct text owner; /* lower case, no final dot, bytes outside printable ASCII as \DDD */
    uint16_t type;
    uint8_t section;      /* enum dns_section */
    uint32_t ttl_s;       /* a TTL with the top bit set is 0 (RFC 2181, section 8) */
    uint16_t preference;  /* MX */
    struct text name;     /* MX exchange; CNAME, DNAME, NS, PTR target; SOA MNAME */
    struct text mailbox;  /* SOA RNAME, as a name */
    struct text txt;      /* TXT: strings joined with nothing between, raw bytes */
    struct text txt_cuts; /* TXT: the length of each string, an octet each; empty: each but the last
                           * has 255 octets */
    uint8_t address[16];  /* A: first 4 bytes; AAAA: all */
    uint32_t soa_minimum_s; /* SOA: negative TTL is min(ttl_s, this) (RFC 2308) */
};

struct dns_message {
    uint16_t id;
    uint8_t rcode;
    bool authoritative, truncated, recursion_available, is_response;
    struct text question; /* as owner above; empty when the message repeats none */
    uint16_t question_type;
    bool is_crowded; /* more than DNS_RECORDS_MAX records: TXT without a policy are left out, and so
                        are the last of what is more even then */
    struct dns_record *records; /* in the order of the message; OPT left out */
    uint32_t records_len;
};

/* Texts and records live in *arena. ERR_PROTO: no well-formed message. */
enum err dns_message_parse(struct dns_message *m, const void *bytes, size_t len,
                           struct arena *arena, struct why *why);

#endif
