/*
 * Facts: what SES shows of an identity and DNS of a MAIL FROM name. Rules judge facts; facts hold
 * no opinion.
 */
#ifndef MF_FACTS_H
#define MF_FACTS_H

#include "ses.h"

/* SES's answer about one identity. Texts are borrowed from the answer. `known` has a bit for each
 * member some call has asked for. */
enum ses_known {
    KNOWN_VERIFICATION = 1 << 0,
    KNOWN_MAIL_FROM = 1 << 1,
    KNOWN_FORWARDING = 1 << 2,
    KNOWN_DKIM = 1 << 3,
};

/* How SES is asked for DKIM. Whatever is wished, a GetEmailIdentity that is made for another reason
 * tells it. */
enum dkim_wish {
    DKIM_NOT_ASKED,
    DKIM_BY_BATCH,    /* GetIdentityDkimAttributes, a hundred identities a call */
    DKIM_BY_IDENTITY, /* GetEmailIdentity, one */
};

struct ses_facts {
    unsigned known;                 /* bits of enum ses_known */
    enum verification verification; /* VERIFICATION_NONE: SES does not know the identity */
    struct text mail_from;          /* empty: none is set */
    enum mail_from_status status;
    enum behavior behavior;
    bool left_out; /* a batched answer about MAIL FROM has no entry: the default, or no identity */
    bool forwarding; /* feedback forwarding by e-mail is on */
    enum dkim_status dkim;
};

struct ses_tag {
    struct text key, value;
};

/* The state of one DNS question. The three kinds of silence are kept apart on purpose. */
enum dns_state {
    DNS_UNASKED,
    DNS_FOUND,
    DNS_NODATA,        /* the name exists, without the type asked for */
    DNS_NXDOMAIN,      /* the name does not exist */
    DNS_TROUBLE_STATE, /* SERVFAIL, REFUSED, time-out, no connection, broken message: no verdict */
};

struct mx_fact {
    uint16_t preference;
    struct text exchange; /* lower case, no final dot; "" is the null MX (RFC 7505) */
};

/* One server and the outcome of its question. Names and values are printable, as in the sentences
 * of a report. */
struct server_note {
    struct text server; /* "ns1.example.com (192.0.2.1)", or "resolver" */
    struct text rcode;  /* "NOERROR", "SERVFAIL"; empty when no message came */
    struct text error;  /* "timed out", "not authoritative"; empty: the server answered */
    struct text said;   /* "MX 10 feedback-smtp.us-east-1.amazonses.com; no TXT" */
};

/* How the strings of a published TXT are cut: an octet for the length of each. */
struct txt_cut {
    struct text txt, lengths;
};

/* Records at a name that panels and people mistake for the wanted one. */
struct dns_elsewhere {
    struct text name;   /* empty: not asked for */
    struct mx_fact *mx; /* borrowed */
    uint32_t mx_len;
    struct text *txt;
    uint32_t txt_len;
};

struct dns_facts {
    enum dns_state mx_state, txt_state;
    struct mx_fact *mx; /* borrowed */
    uint32_t mx_len;
    struct text *txt; /* one text for each record, strings joined (RFC 7208, section 3.3) */
    uint32_t txt_len;
    struct txt_cut *cuts; /* of those whose strings are not cut after 255 octets */
    uint32_t cuts_len;
    bool wildcard; /* authority mode: a wildcard above the name has an identical MX or alias, or TXT
                      without both */
    bool hides_above;    /* authority mode, by inquiry_look_above(): a record at the name would take
                            from a name above it what a wildcard gives that name */
    struct text cname;   /* target of a CNAME at the name itself; empty: none */
    struct text trouble; /* for a person: "127.0.0.1:53: SERVFAIL"; empty unless a TROUBLE state */
    uint32_t ttl_s;      /* smallest TTL of the records, or of the negative answer */
    uint32_t mx_ttl_s, txt_ttl_s; /* authority mode: the same of each question */
    uint32_t mx_denied_s;         /* recursive mode: the resolver caches "no MX" for so long */
    struct server_note *servers;  /* borrowed; in the order of discovery */
    uint32_t servers_len;
    uint32_t unheard; /* authority mode: servers of the zone without an answer to both questions */
    struct dns_elsewhere doubled; /* the name with its zone appended once more */
    struct dns_elsewhere apex;    /* the identity's own domain: TXT only */
    bool has_others;              /* recursive mode: there are resolvers that were not heard */
    struct text servfail_at; /* authority mode: the resolver said SERVFAIL for the NS of this name,
                                at or above the parent of the name; or empty */
    bool no_parents;  /* authority mode: the resolver knows name servers of no parent, not even of
                         the  top-level domain, so what it denies there is not known */
    struct text zone; /* the zone of the name, in authority mode; or empty */
    struct text contact; /* authority mode: an address, by the SOA of the zone; or empty */
    struct text
        zone_hosts; /* "ns1.example.com, ns2.example.com": of its servers, in authority mode */
};

#endif
