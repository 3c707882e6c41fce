/*
 * Record sets and zones of DNS as their providers show and take them: Route 53, a server that takes
 * dynamic updates (RFC 2136), Cloudflare. Shapes only; engine/providers speaks each one's protocol.
 *
 * Names are A-labels in lower case without a final dot. Texts are borrowed.
 */
#ifndef MF_RECORD_SET_H
#define MF_RECORD_SET_H

#include "base/text.h"

enum provider_kind { PROVIDER_ROUTE53, PROVIDER_RFC2136, PROVIDER_CLOUDFLARE, PROVIDER_KINDS };

struct record_value {
    uint16_t preference; /* MX */
    struct text data;    /* MX: the exchange, "" is the null MX; TXT: all strings joined, raw; other
                            types: as the provider writes the value */
    struct text verbatim; /* read from a provider: the value as the provider writes it, sent again
                             as it was when the value goes, or stays in a swap; empty: not read */
    struct text id;       /* Cloudflare: of the record; otherwise empty */
    struct text cuts; /* TXT, read from DNS: where its strings end, as dns_record.txt_cuts has it.
                         By RFC 2136 a removal repeats the strings one by one */
};

struct record_set {
    struct text name;
    uint16_t type; /* enum dns_type, or any other of the provider's */
    uint32_t ttl_s;
    const struct record_value *values;
    uint32_t len;
    bool is_special; /* never to be touched. Route 53: an alias, or one of a routing policy;
                        Cloudflare: managed by a product; both: of a form we cannot read */
};

enum change_kind {
    CHANGE_CREATE, /* set is to come; no set of the name and type may be there, and no CNAME */
    CHANGE_DELETE, /* set is to go; only where exactly this set is there */
    CHANGE_SWAP,   /* set takes the place of old; only where exactly old is there */
};

struct record_change {
    enum change_kind kind;
    struct record_set set;
    struct record_set old; /* CHANGE_SWAP */
};

/* Why a zone takes no records, or is not one of the public DNS. */
enum zone_bar {
    ZONE_OPEN,
    ZONE_PRIVATE,  /* Route 53: of a VPC; Cloudflare: internal */
    ZONE_SERVICE,  /* Route 53: of a linked service */
    ZONE_LOCKED,   /* Route 53: accelerated recovery is being turned on or off */
    ZONE_INACTIVE, /* Cloudflare: initializing, pending, moved, deactivated. (A paused one serves
                      its records all the same.) */
};

struct hosted_zone {
    struct text id; /* Route 53: "Z0123"; Cloudflare: 32 hexadecimal digits; RFC 2136: empty */
    struct text name;
    enum zone_bar bar;
    struct text bar_words;    /* the provider's: "pending", "servicediscovery.amazonaws.com" */
    const struct text *hosts; /* its name servers. Route 53: told by CALL_ZONE alone */
    uint32_t hosts_len;
};

/* A change of a refused batch that the provider finds fault with. */
struct change_fault {
    uint32_t change; /* index into the call's changes; UINT32_MAX: the provider does not say */
    struct text words;
};

#endif
