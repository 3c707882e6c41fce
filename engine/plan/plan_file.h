/*
 * A plan file: what a review approves. It carries the whole fleet (accounts, lanes, policies, every
 * identity with what is wanted) together with the facts that each row was judged on, so that it can
 * be applied without the manifests, and so that a row whose facts have moved since is noticed.
 *
 * It is JSON, one element to a line, and ends with a SHA-256 of all bytes before: a file that was
 * cut, damaged or edited is refused. The digest is no signature: whoever may replace the file may
 * compute a new one.
 */
#ifndef MF_PLAN_FILE_H
#define MF_PLAN_FILE_H

#include "base/error.h"
#include "model/fleet.h"
#include "scheduler/record.h"

#define PLAN_FORMAT_VERSION 1

struct plan_head {
    struct text version; /* of the program that made it */
    instant_us created;  /* to the millisecond */
    struct text options; /* JSON object on one line, as run_options.h makes it */
};

struct plan_counts {
    uint32_t rows;
    uint32_t changes; /* rows that apply goes for: planned, waiting-dns, pending */
};

/* Does applying the plan go for a row with this outcome? All others are left alone. */
bool plan_goes_for(enum outcome outcome);

/* Writing: begin, every row of the fleet in its order, end. Each adds to *out, which may be emptied
 * between two calls (a row is at most LINE_LEN_MAX bytes or so). */
struct plan_writer;
struct plan_writer *plan_writer_new(const struct fleet *fleet); /* NULL: out of memory */
void plan_writer_free(struct plan_writer *w);                   /* accepts NULL */
void plan_write_begin(struct plan_writer *w, const struct plan_head *head, struct buf *out);
void plan_write_row(struct plan_writer *w, uint32_t row, const struct job_row *job,
                    struct buf *out);
void plan_write_end(struct plan_writer *w, struct buf *out);

/* Reads a plan into *fleet, which must be fresh from fleet_init(); each row comes out guarded by
 * the facts it was reviewed on, or as GUARD_SKIP. Texts of *head live in *arena. ERR_INPUT:
 * damaged, edited, or of a format that this program does not know; nothing of *fleet may be used
 * then. */
enum err plan_read(const char *path, struct plan_head *head, struct plan_counts *counts,
                   struct fleet *fleet, struct arena *arena, struct why *why);

#endif
