/*
 * What a run has published or withdrawn: a row for each record set, in the order of its targets.
 * Made from the journal alone, as the other reports are: equal journals give equal bytes.
 */
#ifndef MF_PUBLISHED_H
#define MF_PUBLISHED_H

#include "base/buf.h"
#include "records.h"

enum published_outcome {
    PUBLISHED_WAITING,   /* not looked at yet, or its change has no known end yet */
    PUBLISHED_PLANNED,   /* a plan: it would be changed */
    PUBLISHED_VERIFYING, /* accepted, not seen at every authority yet */
    PUBLISHED_CREATED,
    PUBLISHED_MERGED, /* the SPF record got Amazon SES, by compare and swap */
    PUBLISHED_WITHDRAWN,
    PUBLISHED_UNCHANGED,
    PUBLISHED_PERSON, /* a person has to decide */
    PUBLISHED_REFUSED,
    PUBLISHED_FAILED,
    PUBLISHED_OUTCOMES,
};

const char *published_outcome_name(enum published_outcome outcome); /* "blocked" */
bool published_outcome_is_bad(enum published_outcome outcome);      /* PERSON and those after it */

struct published_row {
    struct text zone, zone_id; /* empty: not known */
    struct text name;
    enum records_type type;
    struct records_value value; /* to be there, or to be gone */
    bool merges;                /* the TXT set was there, and gets value */
    struct text before;         /* MERGED, or to be: the SPF record that was there */
    uint32_t ttl_s;
    struct text provider; /* "route53"; empty: none writes the zone */
    struct text account;  /* of the manifest, of Route 53; or empty */
    enum published_outcome outcome;
    struct text reason;   /* one printable sentence, or empty */
    instant_us finished;  /* 0: not yet */
    struct text source;   /* "fleet.yaml:12"; or empty */
    struct text identity; /* one that wants the name */
};

struct published_list {
    void *ctx;
    size_t len;
    void (*at)(void *ctx, size_t i, struct published_row *row); /* texts live as long as the list */
    uint64_t run;                                               /* 0: a plan */
    struct text verb, state, version;                           /* as in struct report_head */
    instant_us started, stopped, last;
    uint32_t counts[PUBLISHED_OUTCOMES]; /* of the rows */
    struct csv_dialect csv;
};

/* "12 record sets created, 3 need a person": everything that is not 0. */
void published_counts_add(struct buf *out, const struct published_list *list);

/* The formats of reports (report.h), and "text" for a terminal. Written beside and renamed; "-" is
 * standard output. ERR_INPUT: no such format. */
enum err published_write(struct text format, const char *path, const struct published_list *list,
                         bool verbose, struct why *why);

#endif
