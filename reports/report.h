/*
 * Reports: the outcome of every identity, one row each, in the order of the manifest. Made from a
 * fleet and the records of a journal alone: equal journals give equal bytes.
 *
 * The caller brings the records (a `struct report_source`), so this room does not depend on the
 * journal.
 */
#ifndef MF_REPORT_H
#define MF_REPORT_H

#include "base/error.h"
#include "csv_line.h"
#include "model/fleet.h"
#include "model/order.h"
#include "scheduler/record.h"
#include "scheduler/standing.h"

/* The source of records: calls fn with the last record of each recorded job, rows ascending, until
 * fn returns false. Repeatable: a second pass gives equal records. */
struct report_source {
    void *ctx;
    enum err (*rows)(void *ctx, bool (*fn)(void *fn_ctx, uint32_t row, const struct job_row *job),
                     void *fn_ctx, struct why *why);
    /* Every record in the order of keeping, as a move: job, kind, at, from, row.state and
     * row.outcome. */
    enum err (*moves)(void *ctx, bool (*fn)(void *fn_ctx, const struct record *record),
                      void *fn_ctx, struct why *why);
};

struct published_list; /* published.h */

/* Of a plan: what an apply of it needs, and the bucket that holds its earliest finish. */
struct report_need {
    uint64_t writes, reads;
    span_us earliest;
    const char *action; /* of the bucket; NULL: nothing is to be done */
    uint64_t calls;     /* in it */
    struct text account, region;
    double rate_per_s;
};

struct report_head {
    uint64_t run;
    enum tense tense;
    bool goes_on;                /* a row that was not begun is to come, and is not skipped */
    bool is_over;                /* open rows wait for nothing any more: it was given up */
    struct text verb;            /* "apply", "rollback", "plan" */
    struct text state;           /* "open", "stopped", "ended", "given up" */
    struct text version;         /* of the program, at the beginning of the run */
    struct text lost;            /* the journal's lost records; empty: none lost */
    bool lost_is_suspected;      /* and not known */
    struct text selection;       /* the words that chose the rows; empty: all are there */
    instant_us started, stopped; /* 0: not yet */
    instant_us last;             /* instant of the newest record */
    const struct order *orders;  /* that people gave to the run, in their order */
    uint32_t orders_len;
    const struct published_list *record_sets; /* that the run creates; NULL: none */
    const struct report_need *need;           /* NULL: of no plan */
    struct csv_dialect csv;                   /* of a report in CSV */
};

bool report_format_known(struct text format); /* csv, json, ... */
/* The format at index i, or NULL past the last: for help texts. */
const char *report_format_name(size_t i);

/* A report that is wanted, and what became of it. */
struct report_wanted {
    struct text format;
    const char *path; /* "-": standard output */
    enum err err;     /* ERR_INPUT: no such format, or no such file */
    struct why why;
};

/* Writes reports, with as few passes over the rows as their formats need together. Each is written
 * beside its path and renamed, so the path always holds a whole report: the new one, or after an
 * error the old one. They grow side by side and are renamed at the end.
 * An error of one leaves the others alone. Those for which a disk has no room side by side are
 * written again one after the other, so each that fits then is there. */
void reports_write(struct report_wanted *list, size_t len, const struct report_head *head,
                   const struct fleet *fleet, const struct report_source *source);
/* Likewise a single one. */
enum err report_write(const char *format, const char *path, const struct report_head *head,
                      const struct fleet *fleet, const struct report_source *source,
                      struct why *why);

#endif
