/*
 * A model of providers of DNS: hosted zones and their record sets, what each kind of provider takes
 * and refuses, and what the public DNS shows of it. Pure: no I/O, no clock, one thread at a time.
 *
 * A record has an instant from which on it stands in its zone, and one until which; nothing is
 * forgotten. An authority shows a zone as it was a lag ago. The public DNS delegates a name to
 * servers of zones, and knows nothing of a zone without a delegation: a private twin, an orphan.
 *
 *                 a set is there      CNAME at the name   one name is refused   removal, exchange
 *   Route 53      refused             refused             the batch, named      set and TTL equal
 *   RFC 2136      refused (YXRRSET)   refused             the batch, unnamed    set equal
 *   Cloudflare    taken beside it     refused             the batch, unnamed    by the record's id
 *
 * Other writers act at planned instants, and right before or after a change of the run. Names whose
 * first label begins with "refused" are refused always, and of a change with one that begins with
 * "denied" the credentials may make nothing.
 */
#ifndef MF_PROVIDER_MODEL_H
#define MF_PROVIDER_MODEL_H

#include "base/heap.h"
#include "base/names.h"
#include "dns/question.h"
#include "model/facts.h"
#include "model/publish_target.h"
#include "model/record_set.h"

#define MODEL_SERVERS   2 /* of each zone */
#define MODEL_HOSTS_MAX 4 /* of a delegation */
#define MODEL_NOBODY    UINT32_MAX
#define MODEL_PROVIDERS 64

enum model_hand { HAND_BEFORE, HAND_RUN, HAND_OTHER }; /* who has made or removed a record */

/* One value of a set. */
struct model_record {
    uint32_t zone;
    uint16_t type, preference;
    uint32_t ttl_s;
    struct text name, data;
    instant_us from, until; /* WHEN_NEVER: it is there */
    enum model_hand by, removed_by;
    uint32_t change; /* of the run: the number that made it; 0: none did */
    uint32_t next;   /* of the same name: record + 1; 0 ends */
};

struct model_zone {
    struct text id, name, hosts[MODEL_SERVERS]; /* made by provider_model_zone() */
    uint32_t provider;                          /* MODEL_NOBODY: somebody else's */
    enum provider_kind kind;
    enum zone_bar bar;
    span_us lags[MODEL_SERVERS];
    bool silent[MODEL_SERVERS];
    bool is_denied;     /* the credentials may not change it */
    instant_us gone_at; /* deleted at the provider; 0: never */
    uint32_t next;      /* of the same name: zone + 1; 0 ends */
};

enum model_refusal {
    MODEL_TAKEN,
    MODEL_EXISTS,
    MODEL_ALIAS, /* a CNAME is at the name */
    MODEL_DIFFERS,
    MODEL_OUTSIDE, /* of the zone */
    MODEL_REFUSED, /* the name is, always */
    MODEL_GONE,    /* the zone is not there */
};

enum model_act {
    WRITER_CREATES_EQUAL,
    WRITER_ADDS_MX,
    WRITER_ADDS_TXT,
    WRITER_ADDS_CNAME, /* where nothing stands */
    WRITER_DELETES,    /* what is there */
    WRITER_CHANGES_SPF,
    WRITER_ACTS,
};

/* What another writer has done at a target. */
struct model_trace {
    uint32_t acts;
    instant_us at; /* the last */
};

struct provider_model_options {
    uint64_t seed;
    double provoked;                      /* share of the targets of a change */
    uint64_t denied;                      /* providers (bit by number) that refuse every change */
    uint64_t closed;                      /* and those that refuse every call */
    const struct publish_target *targets; /* of the run; borrowed */
    uint32_t targets_len, acts_max;
    span_us stale;                   /* how old a stale read is */
    uint8_t bucket[MODEL_PROVIDERS]; /* by provider: of one account, the same number */
};

struct model_delegation {
    struct text name;
    uint32_t zones[MODEL_HOSTS_MAX];
    uint8_t servers[MODEL_HOSTS_MAX];
    uint32_t len;
};

struct model_name {
    uint32_t first;      /* record + 1 */
    uint32_t delegation; /* + 1 */
    uint32_t host;       /* zone * MODEL_SERVERS + server + 1 */
    uint32_t zone;       /* + 1 */
};

struct model_bucket {
    double tokens;
    instant_us at; /* 0: never used, hence full */
};

struct provider_model {
    struct provider_model_options options;
    struct names names;
    struct model_name *by_name;
    struct model_record *records;
    struct model_zone *zones;
    struct model_delegation *delegations;
    struct model_trace *traces; /* by target */
    uint32_t by_name_cap, records_len, records_cap, zones_len, zones_cap;
    uint32_t delegations_len, delegations_cap;
    struct heap due; /* act -> instant */
    struct {
        uint32_t target;
        enum model_act act;
    } * acts;
    uint32_t acts_len;
    struct model_bucket buckets[MODEL_PROVIDERS];
    uint64_t throttled; /* calls refused for want of a token */
    uint32_t changes;   /* of the run, taken */
};

/* False: out of memory, here and below. */
bool provider_model_init(struct provider_model *m, const struct provider_model_options *options);
void provider_model_clear(struct provider_model *m);

/* Adds a zone; texts of *zone are copied, id and hosts made. */
bool provider_model_zone(struct provider_model *m, const struct model_zone *zone, uint32_t *index);
/* The public DNS sends whoever asks for name to this server too. */
bool provider_model_delegate(struct provider_model *m, struct text name, uint32_t zone,
                             uint8_t server);
bool provider_model_add(struct provider_model *m, uint32_t zone, struct text name, uint16_t type,
                        uint16_t preference, struct text data, uint32_t ttl_s, enum model_hand by,
                        instant_us now);
/* Another writer will do that. */
bool provider_model_plan(struct provider_model *m, uint32_t target, enum model_act act,
                         instant_us at);
instant_us provider_model_next(const struct provider_model *m);
bool provider_model_act(struct provider_model *m, instant_us now); /* false: none is due */
/* On some targets of a change that arrives now somebody acts; after: behind it. */
bool provider_model_provoke(struct provider_model *m, const struct record_change *changes,
                            uint32_t len, bool after, instant_us now);

/* The zone of that id, or by RFC 2136 of that name, at a provider; MODEL_NOBODY: none now. */
uint32_t provider_model_find(const struct provider_model *m, uint32_t provider, struct text id,
                             struct text name, instant_us now);
/* Would the provider take the change? Of a batch each is asked before any is made. */
enum model_refusal provider_model_check(const struct provider_model *m, uint32_t zone,
                                        const struct record_change *change, instant_us now);
/* Makes a change that was checked. */
bool provider_model_change(struct provider_model *m, uint32_t zone,
                           const struct record_change *change, instant_us now);
bool provider_model_admit(struct provider_model *m, uint32_t provider, enum provider_kind kind,
                          instant_us now); /* false: throttled */

/* The first zone of a name, of any provider, and the next; NULL ends. */
const struct model_zone *provider_model_zone_first(const struct provider_model *m,
                                                   struct text name);
const struct model_zone *provider_model_zone_after(const struct provider_model *m,
                                                   const struct model_zone *z);
/* The first record of a name, and the next; NULL ends. */
const struct model_record *provider_model_first(const struct provider_model *m, struct text name);
const struct model_record *provider_model_after(const struct provider_model *m,
                                                const struct model_record *r);
static inline bool model_record_is_there(const struct model_record *r, instant_us at)
{
    return r->from <= at && at < r->until;
}

/* The deepest delegation at or above a name; NULL: the model knows nothing of the name. */
const struct model_delegation *provider_model_served(const struct provider_model *m,
                                                     struct text name);

/* provider_dns.c: answers as the server named, or a resolver, would at `now`. False: the name
 * belongs to no zone of the model. */
bool provider_dns_mx(const struct provider_model *m, struct text name, instant_us now,
                     struct mx_fact *mx, bool *is_there); /* as SES's own resolver sees it */
bool provider_dns_answer(const struct provider_model *m, const struct dns_question *question,
                         instant_us now, struct arena *arena, struct dns_reply *reply);

#endif
