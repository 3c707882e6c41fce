/*
 * The record sets of a fleet: one MX and one TXT for each MAIL FROM name, however many identities
 * and Regions share it, in the order in which they are written.
 */
#ifndef MF_GATHER_H
#define MF_GATHER_H

#include "access/access.h"
#include "base/arena.h"
#include "base/bounds.h"
#include "base/notices.h"
#include "model/fleet.h"
#include "reports/records.h"
#include "rules/feedback.h"
#include "rules/idna.h"
#include "rules/suffix.h"

#define RECORDS_NOTES_MAX 10 /* without --verbose: more would hide the last line */

/* Borrowed for the life of the gathering. */
struct handoff_config {
    const struct access *access;
    const char *const *zones; /* given by the user */
    size_t zones_len;
    bool missing; /* only what DNS does not have */
    bool verbose; /* every note is told, not the first RECORDS_NOTES_MAX */
    struct notices notices;
};

/* What live DNS makes of one set. Texts in the arena of the gathering. */
struct records_verdict {
    enum records_action action;
    struct records_value *there;
    uint32_t there_len, replaced; /* as in struct records_set */
    struct text merged;           /* the SPF record to publish, where it is not the usual one */
    struct text reason;
};

struct records_found {
    struct records_verdict of[RECORDS_TYPES];
};

struct records_entry {
    name_id name;       /* the MAIL FROM */
    uint32_t row;       /* of the fleet: whose Region the MX names */
    uint8_t zone_len;   /* the zone is the end of the name */
    bool zone_is_given; /* by --zone */
    bool zone_is_seen;  /* DNS has named it: the owner of the SOA */
    bool mixed;         /* rows that share it would have the MX name different Regions */
    const struct records_found *found; /* NULL: DNS was not asked */
};

struct records_gather {
    const struct handoff_config *config;
    const struct fleet *fleet;
    const struct suffix_list *suffixes;
    struct arena arena;
    struct text zones[RECORDS_ZONES_MAX]; /* --zone, A-labels */
    size_t zones_len;
    struct records_entry *entries; /* in the order of the fleet, by zone once arranged */
    uint32_t entries_len;
    uint32_t *of_name; /* name_id -> 1 + index of its entry; until they are arranged */
    bool *warned;      /* lane of the fleet -> a warning has been told */
    uint32_t *items;   /* 2 * entry + type, once arranged */
    size_t items_len;
    uint32_t refused; /* identities whose MAIL FROM no record can help */
    uint32_t blocked; /* sets that a person has to look at first */
    unsigned notes;   /* printed on standard error */
    char unicode[IDNA_UNICODE_LEN_MAX + 1], host[FEEDBACK_HOST_LEN]; /* of the set at hand */
};

void records_gather_init(struct records_gather *g, const struct handoff_config *config,
                         const struct fleet *f, const struct suffix_list *suffixes);
void records_gather_clear(struct records_gather *g);

/* One entry for each MAIL FROM of the fleet; says what is left out and why. ERR_INPUT: --zone names
 * no zone. */
enum err records_gather_fleet(struct records_gather *g, struct why *why);
/* Asks live DNS of every entry: what is there, and where the zones are cut. */
enum err records_gather_live(struct records_gather *g, struct why *why);
/* Sorts and picks: all sets, or with --missing those that are not there. */
enum err records_gather_arrange(struct records_gather *g, struct why *why);
/* The list is good for as long as *g. */
void records_gather_list(struct records_gather *g, struct records_list *list);

/* The Region that the MX of an entry names. */
struct text records_entry_region(const struct records_gather *g, const struct records_entry *e);
/* A line on standard error; the eleventh and later ones only with --verbose. */
void records_note(struct records_gather *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
