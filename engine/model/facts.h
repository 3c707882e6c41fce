/*
 * What was seen: by SES about an identity, by DNS about a MAIL FROM name. Facts are what rules
 * judge; they hold no opinion.
 */
#ifndef MF_FACTS_H
#define MF_FACTS_H

#include "ses.h"

/* What SES says of one identity. Texts are borrowed from the answer. Members that no call has
 * asked for yet are marked by `known`. */
enum ses_known {
    KNOWN_VERIFICATION = 1 << 0,
    KNOWN_MAIL_FROM = 1 << 1,
    KNOWN_FORWARDING = 1 << 2,
};

struct ses_facts {
    unsigned known;                 /* bits of enum ses_known */
    enum verification verification; /* VERIFICATION_NONE: SES does not know the identity */
    struct text mail_from;          /* empty: none is set */
    enum mail_from_status status;
    enum behavior behavior;
    bool forwarding; /* feedback forwarding by e-mail is on */
};

struct ses_tag {
    struct text key, value;
};

/* The state of one DNS question. The three kinds of silence are kept apart on purpose. */
enum dns_state {
    DNS_UNASKED,
    DNS_FOUND,
    DNS_NODATA,        /* the name exists, this type does not */
    DNS_NXDOMAIN,      /* the name does not exist */
    DNS_TROUBLE_STATE, /* SERVFAIL, REFUSED, time-out, no connection, broken message: no verdict */
};

struct mx_fact {
    uint16_t preference;
    struct text exchange; /* lower case, no final dot; "" is the null MX (RFC 7505) */
};

/* One server that was asked, and how that went. Names and values are as the sentences of a report
 * may hold them: printable. */
struct server_note {
    struct text server; /* "ns1.example.com (192.0.2.1)", or "resolver" */
    struct text rcode;  /* "NOERROR", "SERVFAIL"; empty when no message came */
    struct text error;  /* "timed out", "not authoritative"; empty when it answered */
    struct text said;   /* "MX 10 feedback-smtp.us-east-1.amazonses.com; no TXT" */
};

struct dns_facts {
    enum dns_state mx_state, txt_state;
    struct mx_fact *mx; /* borrowed */
    uint32_t mx_len;
    struct text *txt; /* each record with its strings joined (RFC 7208, section 3.3) */
    uint32_t txt_len;
    bool wildcard;       /* authority mode: a wildcard above the name has the very same MX or alias,
                            or TXT where there is neither */
    struct text cname;   /* target of a CNAME at the name itself; empty: none */
    struct text trouble; /* for a person: "127.0.0.1:53: SERVFAIL"; empty unless a TROUBLE state */
    uint32_t ttl_s;      /* smallest TTL of what was found, or of the negative answer */
    uint32_t
        mx_denied_s; /* recursive mode: so long the resolver goes on to say that there is no MX */
    struct server_note *servers; /* borrowed; in the order in which they were found */
    uint32_t servers_len;
    struct text zone; /* the zone that holds the name, when authorities were asked; or empty */
};

#endif
