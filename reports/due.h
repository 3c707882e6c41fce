/*
 * Who still has to publish what: the list of zones with their owners and records, and its writers.
 * engine/handoff/due_find.c makes the list. Texts of a list are printable ASCII or vetted by the
 * manifest's reader, except for the sets, which hold what strangers have published (records.h).
 */
#ifndef MF_DUE_H
#define MF_DUE_H

#include "base/when.h"
#include "records.h"

enum due_by { DUE_BY_ZONE, DUE_BY_OWNER, DUE_BY_ACCOUNT, DUE_BYS };

/* In the order of a zone's list: what a person has to decide comes first. */
enum due_state {
    DUE_BLOCKED, /* a person has to decide or to look first */
    DUE_WRONG,   /* something else stands there, and is to be replaced */
    DUE_MISSING,
    DUE_PUBLISHED, /* was asked for, and is there now */
    DUE_STATES,
};

struct due_item {
    uint32_t set; /* in due_list.sets */
    enum due_state state;
    instant_us since;   /* asked for since; 0: not known */
    instant_us changed; /* when a look first found this state; 0: not known */
};

/* The records of one zone and owner, and with DUE_BY_ACCOUNT of one account. */
struct due_zone {
    struct text zone;
    bool zone_known;     /* as in struct records_set */
    struct text owner;   /* by the manifest; empty: not given */
    struct text contact; /* an address by the zone's SOA; empty: not known */
    struct text hosts;   /* "ns1.example.com, ns2.example.com"; empty: not known */
    struct text account; /* of the first identity */
    struct text format;  /* of the owner's files, by the manifest; empty: not given */
    uint32_t first, len; /* in due_list.items */
    uint32_t counts[DUE_STATES];
    instant_us changed;  /* the latest change of a record of these names; 0: not known */
    instant_us since;    /* the oldest of what is due; 0: not known, or nothing is */
    instant_us deadline; /* the earliest of what is due; WHEN_NEVER: none */
};

struct due_list {
    enum due_by by;
    uint64_t run; /* 0: of manifests */
    instant_us now;
    instant_us last_look;         /* 0: this is the first */
    instant_us since;             /* only what has changed since then; 0: all */
    const struct due_zone *zones; /* the oldest and largest first; equal groups together */
    const struct due_item *items;
    uint32_t zones_len;
    uint32_t counts[DUE_STATES];
    uint32_t zones_due; /* zones that still have to publish something */
    struct records_list sets;
};

const char *due_by_name(enum due_by by);          /* "zone" */
const char *due_state_name(enum due_state state); /* "missing" */
uint32_t due_open(const struct due_zone *zone);   /* blocked, wrong and missing */
/* Whom a message about the zone goes to: its owner, or else the contact; empty: nobody known. */
struct text due_recipient(const struct due_zone *zone);

bool due_format_known(struct text format);
/* The format at index i, or NULL past the last. */
const char *due_format_name(size_t i);

struct due_style {
    bool verbose; /* text: every record, not the first few of a zone */
    uint32_t ttl_s;
    struct text server;     /* of records_style */
    struct text format;     /* of the zones' files; empty: by the manifest, or else bind */
    struct csv_dialect csv; /* of the list, and of files in CSV */
};

/* To standard output. ERR_INPUT: no such format. */
enum err due_write(struct text format, const struct due_list *list, const struct due_style *style,
                   struct why *why);

/* What due_folder() has written. */
struct due_sum {
    uint32_t messages, files;
    uint32_t nobody;               /* zones without an owner and a contact: one message for all */
    uint64_t left_out;             /* sets beyond the syntax of a format */
    uint32_t fresh, changed, done; /* zones since yesterday, as its INDEX says */
};

/* Can a folder of this name be made? One that is empty is taken too, and one that was made so and
 * has nothing else in it. */
enum err due_folder_prove(const char *folder, struct why *why);
/* Writes a folder for each recipient: message.txt, and a file for each zone; and an INDEX of all.
 * It is written beside and takes the place of what was there at once, so nothing in it is stale,
 * and it is whole or as it was. */
enum err due_folder_write(const char *folder, const struct due_list *list,
                          const struct due_style *style, struct due_sum *sum, struct why *why);

#endif
