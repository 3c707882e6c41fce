/*
 * A plan file, for review and approval. The file carries the whole fleet (accounts, lanes,
 * policies, every identity with the wanted settings) and the facts each row was judged on. So apply
 * needs no manifests, and apply notices a row with changed facts.
 *
 * The file is JSON, one element to a line, and ends with a SHA-256 of all bytes before: a cut,
 * damaged or edited file is refused. The digest is no signature: a person able to replace the file
 * can compute a new digest.
 */
#ifndef MF_PLAN_FILE_H
#define MF_PLAN_FILE_H

#include "base/error.h"
#include "model/fleet.h"
#include "scheduler/record.h"

#define PLAN_FORMAT_VERSION 1

struct plan_head {
    struct text version; /* of the program that made the plan */
    instant_us created;  /* to the millisecond */
    struct text options; /* JSON object on one line, made by access_write() */
};

struct plan_counts {
    uint32_t rows;
    uint32_t changes; /* rows for apply: planned, waiting-dns, pending */
};

/* Does apply act on a row with this outcome? All other rows are left alone. */
bool plan_goes_for(enum outcome outcome);

/* The verdict on a row. The run of the plan keeps that of a row without a change. */
struct plan_verdict {
    struct plan_verdict *next; /* in the order of the rows */
    uint32_t row;
    name_id mail_from_seen; /* of the fleet's names */
    struct text reason;
    struct finding_notes notes;
    uint8_t outcome, action, behavior_seen, status_seen, verification, dkim; /* enums */
    uint8_t mx, spf, dmarc;
    bool seen_known;
    uint32_t calls;
    instant_us first_seen, finished; /* 0: the plan does not say */
};

/* The row of the plan again: as far as the verdict goes. */
struct job_row plan_verdict_row(const struct plan_verdict *v, const struct fleet *fleet);

/* Writing: begin, every row of the fleet in order, end. Each call adds to *out; the caller may
 * empty *out between two calls (a row is at most about LINE_LEN_MAX bytes). */
struct plan_writer;
struct plan_writer *plan_writer_new(const struct fleet *fleet); /* NULL: out of memory */
void plan_writer_free(struct plan_writer *w);                   /* accepts NULL */
void plan_write_begin(struct plan_writer *w, const struct plan_head *head, struct buf *out);
void plan_write_row(struct plan_writer *w, uint32_t row, const struct job_row *job,
                    struct buf *out);
void plan_write_end(struct plan_writer *w, struct buf *out);

/* Reads a plan into *fleet, which must be fresh from fleet_init(); each row is guarded by the
 * reviewed facts, or has GUARD_SKIP and a verdict. every: each row has a verdict, to be shown.
 * Texts of *head and all verdicts live in *arena. ERR_INPUT: damaged, edited, or of an unknown
 * format; no part of *fleet may be used then. */
enum err plan_read(const char *path, bool every, struct plan_head *head, struct plan_counts *counts,
                   struct fleet *fleet, struct plan_verdict **verdicts, struct arena *arena,
                   struct why *why);

#endif
