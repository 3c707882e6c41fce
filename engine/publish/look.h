/*
 * What a look at the authorities says of a target, and what a provider says of the zones of a name
 * and of the sets at a name. Pure decisions; the publisher (publisher.h) carries them out.
 */
#ifndef MF_PUBLISH_LOOK_H
#define MF_PUBLISH_LOOK_H

#include "base/arena.h"
#include "model/fleet.h"
#include "model/publish_target.h"
#include "survey/survey.h"

enum look_verdict {
    LOOK_SILENT, /* DNS gives no verdict now */
    LOOK_CHANGE, /* sets are missing, and nothing stands in the way */
    LOOK_AS_WANTED,
    LOOK_PERSON,
};

/* Texts in the arena of the look. */
struct look {
    enum look_verdict verdict;
    bool mx, txt;            /* CHANGE: the set is missing; AS_WANTED: both false */
    bool swaps_txt;          /* CHANGE: the TXT set is there and gets txt_after */
    struct text txt_before;  /* the SPF record that is replaced; empty: the set has none */
    struct text txt_after;   /* the SPF record in its place */
    const struct text *txts; /* swaps_txt: all values of the TXT set, raw */
    uint32_t txts_len;
    uint32_t mx_ttl_s, txt_ttl_s; /* of what is there */
    uint32_t unheard;             /* servers in force that did not answer */
    struct text zone;             /* the apex by DNS; empty: not known */
    struct text hosts; /* "ns1.example.com, ns2.example.com": the name servers in force */
    struct text reason;
};

struct look_rules {
    struct text region;        /* the one that the MX should name */
    struct text feedback_host; /* as in judge.h */
    bool merges_spf;           /* a TXT set that is there may be exchanged for one with SES */
};

/* *s is done and has asked the authorities. False: out of memory. */
bool look_at_names(struct look *look, struct arena *arena, const struct publish_target *target,
                   const struct survey *s, const struct look_rules *rules);

/* The same for a withdrawal: CHANGE says that exactly the created sets are there. */
bool look_before_withdrawal(struct look *look, struct arena *arena,
                            const struct publish_target *target, const struct survey *s);

/* Does a server show one of the sets that were created there, whatever else it shows, or is that
 * not known? *s as above. */
bool look_shows(const struct publish_target *target, bool mx, bool txt, const struct survey *s);

/* Has the set, of MX or TXT, the value that is created there? */
bool look_set_has(const struct publish_target *target, const struct record_set *set);

/* The first provider of the fleet that writes the zone; or providers_len. */
uint32_t provider_of_zone(const struct fleet *f, struct text zone);

/* Which of the provider's zones of one name is in force? */
struct zone_choice {
    struct text id;     /* empty: none */
    struct text reason; /* none: why, one sentence; in the arena */
};

/* hosts: as in struct look. For RFC 2136 name servers are not compared, since a hidden primary is
 * none of them. False: out of memory. */
bool zone_choose(struct zone_choice *choice, struct arena *arena, enum provider_kind kind,
                 struct text zone, struct text hosts, const struct hosted_zone *zones,
                 uint32_t zones_len);

/* What a provider has at the name of a target. */
enum sets_verdict {
    SETS_FREE,    /* no set in the way of the ones to create */
    SETS_WANTED,  /* exactly the sets to create are there */
    SETS_PERSON,  /* other values, an alias, a CNAME, a delegation */
    SETS_DOUBLED, /* the wanted value stands beside another one of the same kind: two writers */
};

/* creates_*: the sets that the run creates there. *reason: for PERSON and DOUBLED.
 */
enum sets_verdict sets_judge(const struct publish_target *target, bool creates_mx, bool creates_txt,
                             const struct record_set *sets, uint32_t sets_len, struct text *reason);

#endif
