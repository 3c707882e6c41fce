/*
 * Inside the publisher. publisher.c has the turn, publisher_look.c the moves of a target by looks,
 * publisher_zone.c the zones with their calls.
 */
#ifndef MF_PUBLISHER_INTERNAL_H
#define MF_PUBLISHER_INTERNAL_H

#include "base/heap.h"
#include "calls/call_pool.h"
#include "calls/pace.h"
#include "calls/retry.h"
#include "look.h"
#include "publisher.h"
#include "scheduler/record_publish.h"
#include "survey/survey_pool.h"

#define PUB_ORDERS_MAX 16 /* kept in one turn */
#define PUBLISH_CALLS  64 /* to providers, out at once */
#define PUBLISH_FEW    16 /* records that one event may make beside those of its batch */
#define LOOKS_MAX      9  /* without a verdict, in a row: about two minutes */
#define REFUSALS_MAX   2  /* of one name: the first may be another writer's work, so DNS is asked */
#define DENIED_ZONES   3  /* in a row: then the provider is asked for no further change */
#define DENIED_NAMES   3 /* in a row, each alone: then the zone, for a policy may name some names */
#define PUB_NONE       UINT32_MAX
#define RENEWS_MAX     64 /* of a bucket at once: enough for its rate, and few grow old again */
#define UNSURE_PAUSE                                                                               \
    SPAN_S(3) /* until the look after a lost answer or a refusal: what was done may                \
                 be on its way to the authorities */

/* A name on its way. Invariant: at most one of `looking`, the heap of looks, the two lists of the
 * zone, and a call has the target. */
struct pub_target {
    enum publish_state state;
    uint32_t zone; /* index; PUB_NONE: not known yet */
    uint32_t next; /* in the list of the zone that has the target; PUB_NONE ends */
    bool looking;  /* its survey is out */
    bool was_looked_at;
    bool is_renewing; /* its look was too old, and is taken again */
    bool is_read;     /* the provider's sets at the name were read since the look */
    bool takes_back;  /* another writer was there at the same moment: what was created goes again */
    bool is_taken_back; /* it has gone */
    bool mx, txt;       /* of the next change; SENT and later: of the last */
    bool swaps_txt;
    bool sent_mx, sent_txt;   /* a change of the set has left, and nothing says that it failed */
    bool prior_mx, prior_txt; /* the same before the last change */
    struct text txt_before, txt_after;
    const struct text *txts; /* swaps_txt: the TXT set, by DNS */
    uint32_t txts_len;
    struct record_set sets[2]; /* MX and TXT as the provider has them, once read; len 0: no set */
    instant_us looked_at, read_at;
    instant_us changed_at;       /* when the last change was sent, or accepted */
    instant_us unanswered_since; /* the first change without an answer, of several; 0: none */
    instant_us in_doubt_since;   /* the provider and the authorities differ, or it refuses what DNS
                                    would allow; 0: no */
    uint32_t attempts;           /* looks in a row without an end */
    uint32_t doubts;             /* looks while in doubt */
    uint32_t refusals; /* of a change of this name alone, or of one that the provider named */
    uint32_t calls;
    struct text reason;
    struct text zone_name; /* by DNS, also where no provider writes it; empty: not known yet */
};

struct pub_list {
    uint32_t first, last, len; /* targets */
};

enum pub_zone_state {
    PUB_ZONE_TO_LIST,   /* the provider's zones of the name are to be asked for */
    PUB_ZONE_TO_DETAIL, /* Route 53: the name servers of each candidate */
    PUB_ZONE_OPEN,      /* id is the zone in force */
    PUB_ZONE_CLOSED,    /* nothing is published there: reason */
};

struct pub_zone {
    struct text name, hosts; /* by DNS */
    uint32_t provider;       /* row of fleet.providers */
    enum pub_zone_state state;
    enum publish_state end; /* CLOSED: of its targets */
    struct text id, reason;
    struct hosted_zone *candidates;
    uint32_t candidates_len, candidates_cap, detailed, pages;
    struct text token;
    bool is_out, is_queued;
    bool is_urgent;    /* its names were looked at just now, in their turn */
    bool was_changed;  /* a change of it has left */
    uint32_t next;     /* in the queue of its bucket */
    uint32_t attempts; /* failures in a row */
    instant_us not_before;
    struct pub_list to_read, ready; /* targets: the provider's sets are wanted; may be sent */
    instant_us ready_since;
    uint32_t batch_max; /* names; halved by a refusal, doubled by success */
    bool has_accepted;  /* a change: who refuses one now does not refuse the zone */
    uint32_t denied;    /* names, each alone, and none was accepted yet */
};

/* One token bucket for all calls by one account, token or server. */
struct pub_bucket {
    struct pace pace;
    uint32_t first, last; /* zones that want a call */
    uint32_t renewing;    /* targets whose turn it was */
};

/* The changes of one call, in its arena. */
struct pub_batch {
    struct arena memory;
    struct record_change *changes;
    uint32_t *targets; /* of each change */
    uint32_t len;
    bool is_out;
};

struct publisher {
    struct publisher_options options;
    struct arena texts; /* of targets and zones */
    struct pub_target *targets;
    struct names zone_names; /* of a zone: its index + 1 */
    struct pub_zone *zones;
    uint32_t zones_len, zones_cap, zones_max;
    struct pub_bucket *buckets; /* as fleet.providers */
    uint32_t *bucket_of;        /* by provider: the first one with the same account */
    uint32_t *denied;           /* by provider: zones in a row that denied the first change */
    const char **closed;        /* by provider: why it is asked for nothing more; or NULL */
    struct heap looks;          /* target -> when its next survey starts */
    struct heap pauses;         /* zone -> when it wants a call again */
    struct survey_pool *surveys;
    struct arena calls_memory, scratch; /* scratch: of one look */
    struct call_pool questions, calls;
    struct pub_batch batches[PUBLISH_CALLS]; /* by call.part of a CHANGE */
    struct record *records;
    struct publish_record *rows; /* of each record */
    uint32_t records_len, records_cap;
    uint32_t unlooked; /* targets without a first look */
    struct publisher_totals totals;
    struct steering steering;            /* people's orders */
    struct order orders[PUB_ORDERS_MAX]; /* taken in this turn: records after those of targets */
    uint32_t orders_len;
    bool draining, no_memory;
};

/* A copy in p->texts; a failure sticks in p->no_memory. */
struct text pub_text(struct publisher *p, struct text t);
/* One move, with a record of it; the reason becomes the given one. */
void pub_move(struct publisher *p, uint32_t target, enum publish_state state,
              enum publish_record_kind kind, struct text reason, instant_us now);
/* The target is surveyed at that instant, or as soon as there is room. */
void pub_look(struct publisher *p, uint32_t target, instant_us at);

/* What is there of a change whose effect is known to be none: as before it was sent. */
void pub_unsent(struct publisher *p, uint32_t target);

/* publisher_look.c: a survey of the target has ended; its change was accepted. */
void pub_looked(struct publisher *p, uint32_t target, const struct survey *s, instant_us now);
void pub_accepted(struct publisher *p, uint32_t target, instant_us now);
/* The provider's sets at the name of a target, by CALL_RECORDS. */
void pub_read(struct publisher *p, uint32_t target, const struct call *call, instant_us now);

/* publisher_zone.c */
struct pub_zone *pub_zone_find(struct publisher *p, struct text name, struct text hosts,
                               uint32_t provider); /* NULL: out of memory, or of zones */
/* The target of the zone waits for its turn: it is read first if the provider needs that. In a
 * closed zone it ends, or DNS alone can tell. */
void pub_zone_take(struct publisher *p, uint32_t target, instant_us now);
/* Puts the zone into the queue of its bucket if there is a call to make now, or later. */
void pub_zone_wants(struct publisher *p, struct pub_zone *z, instant_us now);
/* Names of one change, at most. */
uint32_t pub_batch_max(enum provider_kind kind);
/* The next call of the zone; NULL: there is none now. */
struct call *pub_zone_call(struct publisher *p, struct pub_zone *z, instant_us now);
void pub_zone_returned(struct publisher *p, struct call *call, instant_us now);

/* publisher_batch.c: the ready names of a zone as one change, and its answer. */
/* A call about the zone, without its particulars. */
struct call *pub_call(struct publisher *p, struct pub_zone *z, enum call_kind kind);
/* False: no name is ready after all. */
bool pub_batch_fill(struct publisher *p, struct pub_zone *z, struct call *call, instant_us now);
void pub_batch_returned(struct publisher *p, struct pub_zone *z, struct call *call,
                        enum verdict verdict, instant_us now);
/* Nothing more is published in the zone, or by the provider. */
void pub_zone_close(struct publisher *p, struct pub_zone *z, enum publish_state end,
                    struct text reason, instant_us now);
/* The credentials may not change the zone: after some in a row they may change none. */
void pub_zone_denied(struct publisher *p, struct pub_zone *z, struct text reason, instant_us now);
void pub_provider_close(struct publisher *p, uint32_t provider, struct text reason, instant_us now);

/* "ChangeResourceRecordSets: AccessDenied: ..." with the words of the provider. */
struct text pub_refusal(struct publisher *p, const struct call *call, struct text said);

void pub_list_add(struct publisher *p, struct pub_list *list, uint32_t target);
uint32_t pub_list_take(struct publisher *p, struct pub_list *list); /* PUB_NONE: empty */
/* It is the target's turn, and its look is too old: it is taken again, and the turn is kept. */
void pub_renew(struct publisher *p, uint32_t target, instant_us now);
/* A call of the zone has failed: a pause, or the end after many. */
void pub_zone_failed(struct publisher *p, struct pub_zone *z, const struct call *call,
                     instant_us now);

static inline const struct publish_target *pub_wanted(const struct publisher *p, uint32_t target)
{
    return &p->options.targets[target];
}

/* Something that this run has sent may be in force. A record of READY says what comes next, so such
 * a target waits in TO_LOOK, whose records say what may be there. */
static inline bool pub_may_be_there(const struct pub_target *t)
{
    return t->sent_mx || t->sent_txt;
}

static inline enum provider_kind pub_kind(const struct publisher *p, const struct pub_zone *z)
{
    return p->options.fleet->providers[z->provider].kind;
}

#endif
