/*
 * A call: one question or one write, from the scheduler to the world and back. The scheduler takes
 * a call from its pool, fills in the request and hands it to send(); from then on the carrier owns
 * it. The carrier writes the answer into the call's own arena and hands it back as an event; the
 * scheduler reads it and returns the call to the pool. At no time do two threads hold it.
 *
 * Sources: SES API Reference v1 (2010-12-01) and v2 (2019-09-27).
 */
#ifndef MF_CALL_H
#define MF_CALL_H

#include "base/bounds.h"
#include "base/names.h"
#include "base/when.h"
#include "departure.h"
#include "dns/question.h"
#include "model/facts.h"
#include "model/organization.h"
#include "model/recommendation.h"
#include "model/record_set.h"

/* Each kind is one SES action and so one bucket per lane, except CALL_ASK, which is DNS. */
enum call_kind {
    CALL_READ_VERIFICATION, /* v1 GetIdentityVerificationAttributes, up to SES_BATCH_MAX */
    CALL_READ_MAIL_FROM,    /* v1 GetIdentityMailFromDomainAttributes, up to SES_BATCH_MAX */
    CALL_READ_NOTIFICATION, /* v1 GetIdentityNotificationAttributes, up to SES_BATCH_MAX */
    CALL_READ_DKIM,         /* v1 GetIdentityDkimAttributes, up to SES_BATCH_MAX */
    CALL_GET,               /* v2 GetEmailIdentity, one identity */
    CALL_LIST,              /* v1 ListIdentities or v2 ListEmailIdentities, one page */
    CALL_SET,               /* v1 SetIdentityMailFromDomain or v2 Put...MailFromAttributes */
    CALL_ACCOUNT,           /* v2 GetAccount, or v1 GetAccountSendingEnabled */
    CALL_QUOTA,             /* v1 GetSendQuota */
    CALL_CALLER,            /* STS GetCallerIdentity */
    CALL_ENDPOINTS,         /* v2 ListMultiRegionEndpoints, one page: those whose primary Region is
                               the one that is asked */
    CALL_ADVICE,            /* v2 ListRecommendations, one page: the open ones of all types */
    CALL_ASK,               /* one DNS question */
    CALL_ZONES,             /* the zones of a name at a provider of DNS, one page: Route 53
                               ListHostedZonesByName, Cloudflare GET zones, RFC 2136 an SOA question */
    CALL_ZONE,              /* Route 53 GetHostedZone: the zone's name servers */
    CALL_RECORDS,      /* all record sets at a name: Route 53 ListResourceRecordSets, Cloudflare GET
                          dns_records */
    CALL_CHANGE,       /* record sets are created, removed, exchanged, all or none: Route 53
                          ChangeResourceRecordSets, Cloudflare POST dns_records/batch, RFC 2136 UPDATE */
    CALL_MEMBERS,      /* AWS Organizations ListAccounts, one page */
    CALL_MEMBERS_OF,   /* ... ListAccountsForParent, one page: those right below a root or a unit */
    CALL_UNITS,        /* ... ListOrganizationalUnitsForParent, one page, likewise */
    CALL_ROOTS,        /* ... ListRoots, one page */
    CALL_ACCOUNT_TAGS, /* ... ListTagsForResource, one page: of an account */
    CALL_KINDS,
};

/* Of SES: version 1 and 2. Of providers of DNS (CALL_ZONES to CALL_CHANGE): the rest. */
enum api { API_V1, API_V2, API_ROUTE53, API_RFC2136, API_CLOUDFLARE, APIS };

/* Only CALL_SET and CALL_CHANGE: kept before sent, never resent. */
bool call_changes_world(enum call_kind kind);
bool call_is_of_provider(enum call_kind kind);              /* CALL_ZONES to CALL_CHANGE */
bool call_is_of_organization(enum call_kind kind);          /* CALL_MEMBERS to CALL_ACCOUNT_TAGS */
const char *call_action(enum call_kind kind, enum api api); /* "SetIdentityMailFromDomain" */

/* The end of the exchange, as seen by the adapter. verdict.c draws the conclusion.
 */
enum reply_how {
    REPLY_NOT_SENT, /* no byte of the request can have reached the server: name look-up, connection,
                       TLS, refused by our own checks */
    REPLY_LOST,     /* the server may have read the request; no whole answer came back */
    REPLY_HTTP,     /* a whole HTTP answer: http_status holds; not 2xx: code and message too. An
                       answer by RFC 2136 is told likewise: NOERROR is 200, SERVFAIL 503, any other
                       RCODE or TSIG error 400 with its name as the code */
    REPLY_GARBLED,  /* 2xx with a body outside the API's promise */
    REPLY_NO_KEYS, /* not sent: the lane has never had credentials and gets none, or new keys belong
                      to another account than the run's */
};

struct reply {
    enum reply_how how;
    uint16_t http_status;
    char code[REPLY_CODE_LEN];       /* SES's error code: "Throttling"; NUL-terminated, may be "" */
    char message[REPLY_MESSAGE_LEN]; /* SES's words, or the adapter's for the other outcomes */
    char request_id[REPLY_CODE_LEN];
    uint32_t retry_after_ms; /* header x-amz-retry-after; 0: none */
    instant_us server_date;  /* header Date; 0: none, or with an Age header */
    bool clock_corrected;    /* the next request gets a corrected date */
    bool is_late;            /* REPLY_NOT_SENT for one reason alone: call.not_after had passed */
};

struct account_facts {
    bool sending_enabled, production_access;
    bool has_advisor; /* v2 only: the Virtual Deliverability Manager is enabled */
    double max_24_hour_send, max_send_rate;
    struct text enforcement_status;         /* v2 only: HEALTHY, PROBATION, SHUTDOWN */
    struct text caller_account, caller_arn; /* CALL_CALLER */
};

struct call {
    struct call *next; /* for the list holding the call: pool, call queue, inbox */

    /* The request. Texts are borrowed: from the fleet's names or from the scheduler, and valid as
     * long as the call is out. */
    uint64_t ticket; /* unique within a run */
    enum call_kind kind;
    enum api api;
    uint16_t lane;    /* index into fleet.lanes; ignored for CALL_ASK. To a provider of DNS:
                         fleet.lanes_len + row of fleet.providers */
    uint32_t owner;   /* for the scheduler: the waiting read batch, survey or job */
    uint32_t part;    /* for the scheduler: the part of the owner's work */
    uint32_t attempt; /* from 1 */
    struct departure departure;
    instant_us not_after; /* no byte of the request leaves later than this, by the world's clock:
                             the reply is then REPLY_NOT_SENT; 0: at any time */
    uint32_t count;       /* identities; 1 for GET and SET */
    struct text identities[SES_BATCH_MAX];
    struct text mail_from;               /* CALL_SET; empty clears */
    enum behavior behavior;              /* CALL_SET */
    struct text token;                   /* of lists: empty for the first page */
    struct text above;                   /* MEMBERS_OF, UNITS: a root's or unit's id;
                                            ACCOUNT_TAGS: the number of the account */
    struct dns_question question;        /* CALL_ASK */
    struct text zone;                    /* CALL_ZONES, RECORDS, CHANGE: the zone's name */
    struct text zone_id;                 /* CALL_ZONE, RECORDS, CHANGE: hosted_zone.id */
    struct text name;                    /* CALL_RECORDS: whose sets are read */
    const struct record_change *changes; /* CALL_CHANGE; of one zone */
    uint32_t changes_len;

    /* The answer. Texts and arrays live in arena. */
    struct arena arena;
    struct reply reply; /* all kinds but CALL_ASK */
    struct ses_facts
        facts[SES_BATCH_MAX]; /* READ_*, GET: facts[i] is of identities[i], i < count */
    struct text *listed;      /* CALL_LIST */
    uint8_t *listed_verified; /* by version 2, of each listed: enum verification + 1; 0: not told.
                                 NULL: of none */
    uint32_t listed_len;
    struct text next_token;            /* of lists: empty on the last page */
    struct global_endpoint *endpoints; /* ENDPOINTS */
    uint32_t endpoints_len;
    struct recommendation *advice; /* ADVICE */
    uint32_t advice_len;
    struct ses_tag *tags; /* CALL_GET, ACCOUNT_TAGS */
    uint32_t tags_len;
    struct organization_item *items; /* MEMBERS, MEMBERS_OF, UNITS, ROOTS */
    uint32_t items_len;
    struct account_facts account; /* ACCOUNT, QUOTA, CALLER */
    struct dns_reply dns;         /* CALL_ASK */
    struct hosted_zone *zones;    /* ZONES; ZONE: one; next_token as for CALL_LIST */
    uint32_t zones_len;
    struct record_set *sets; /* RECORDS */
    uint32_t sets_len;
    struct change_fault *faults; /* CHANGE refused: what the provider finds fault with */
    uint32_t faults_len;
    instant_us sent_at, answered_at; /* by the world's clock */
    span_us skew_us;      /* by the carrier: how far the signature's date was from our clock */
    uint64_t signed_with; /* by the carrier: hash of the access key's id */
};

/* Is the time over until which the request may leave? */
bool call_is_too_late(const struct call *c, instant_us now);
#define CALL_TOO_LATE "not sent: the time in which the request may leave was over"

/* Empties the answer and resets the arena; the request is left alone. Carriers call it first. */
void call_answer_reset(struct call *c);

#endif
