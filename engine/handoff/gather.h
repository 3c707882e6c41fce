/*
 * The record sets of a fleet: one MX and one TXT for each MAIL FROM name, for any number of
 * identities and Regions, in the order of writing.
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
    size_t zones_len;         /* with some, only names at or below one are meant */
    const bool *keep;         /* by row of the fleet: is it meant? NULL: all are */
    bool missing;             /* only sets missing in DNS */
    bool verbose;             /* every note is told, not the first RECORDS_NOTES_MAX */
    struct notices notices;
};

/* The decision about one set by live DNS. Texts in the arena of the gathering. */
struct records_verdict {
    enum records_action action;
    struct records_value *there;
    uint32_t there_len, replaced; /* as in struct records_set */
    struct text merged;           /* the SPF record to publish, unless the usual one */
    struct text reason;
    bool is_open; /* blocked only because DNS gave no verdict, and may give one next time */
};

struct records_found {
    struct records_verdict of[RECORDS_TYPES];
    name_id contact, hosts; /* of the zone, in records_gather.words; as in struct dns_facts */
};

struct records_entry {
    name_id name;                      /* the MAIL FROM */
    uint32_t row;                      /* of the fleet: the MX names this row's Region */
    uint32_t owner_row;                /* the first row that names an owner, or else the first */
    uint32_t number;                   /* of those that are meant, in the order of the fleet */
    uint8_t zone_len;                  /* the zone is the end of the name */
    bool zone_is_given;                /* by --zone */
    bool zone_is_seen;                 /* DNS has named the zone: the owner of the SOA */
    bool is_meant;                     /* by a row, and by --zone */
    bool mixed;                        /* rows of this name want different Regions in the MX */
    const struct records_found *found; /* NULL: DNS was not asked */
};

struct records_gather {
    const struct handoff_config *config;
    const struct fleet *fleet;
    const struct suffix_list *suffixes;
    struct arena arena;
    struct names words;                   /* of zones: each once for many names */
    struct text zones[RECORDS_ZONES_MAX]; /* --zone, A-labels */
    size_t zones_len;
    struct records_entry *entries; /* in the order of the fleet, by zone once arranged */
    uint32_t entries_len;
    uint32_t *of_name; /* name_id -> 1 + index of the entry; valid until entries are arranged */
    bool *warned;      /* lane of the fleet -> a warning has been told */
    uint32_t *items;   /* 2 * entry + type, once arranged */
    size_t items_len;
    uint32_t refused;  /* identities with a refused MAIL FROM */
    uint32_t blocked;  /* sets for a person to decide */
    unsigned notes;    /* told, or to be told with `verbose`: what a person has to decide */
    unsigned harmless; /* notes that need nobody */
    bool no_memory;    /* from the beginning */
    char unicode[IDNA_UNICODE_LEN_MAX + 1], host[FEEDBACK_HOST_LEN]; /* of the set at hand */
};

void records_gather_init(struct records_gather *g, const struct handoff_config *config,
                         const struct fleet *f, const struct suffix_list *suffixes);
void records_gather_clear(struct records_gather *g);

/* Makes one entry for each MAIL FROM of the rows that are meant; its MX is the one that all rows of
 * the fleet agree on, so it does not depend on what is meant. Notices tell the left-out names with
 * reasons. ERR_INPUT: --zone names no zone, or nothing is below it. */
enum err records_gather_fleet(struct records_gather *g, struct why *why);
/* Asks live DNS about every entry: existing records and zone cuts. */
enum err records_gather_live(struct records_gather *g, struct why *why);
/* Sorts and picks: all sets, or with --missing only sets not in DNS. */
enum err records_gather_arrange(struct records_gather *g, struct why *why);
/* The list is good for as long as *g. */
void records_gather_list(struct records_gather *g, struct records_list *list);

/* The Region named by the MX of an entry. */
struct text records_entry_region(const struct records_gather *g, const struct records_entry *e);
/* What a person has to decide; the eleventh and later notes only with --verbose. */
void records_note(struct records_gather *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* What needs nobody: counted, and told only with --verbose. */
void records_note_harmless(struct records_gather *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
