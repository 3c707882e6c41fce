/*
 * What aggregate reports of DMARC show of the mail through SES: for a terminal, for spreadsheets
 * and programs, and as a page with a chart for each domain. Names come from reports of strangers,
 * and are escaped by every writer. Equal reports and an equal journal give equal bytes.
 */
#ifndef MF_EVIDENCE_H
#define MF_EVIDENCE_H

#include "base/buf.h"
#include "base/error.h"
#include "csv_line.h"
#include "evidence/comparison.h"

struct evidence {
    const struct tally *tally; /* settled */
    struct mail_gain gain;
    struct aggregate_counts counts; /* of what was read */
    uint64_t run;                   /* 0: none, so nothing is before or after */
    bool is_rollback;
    struct text verb;    /* of the run; empty: none */
    instant_us started;  /* of the run */
    struct text version; /* of the program */
    bool shows_all;      /* text: every domain */
    struct csv_dialect csv;
};

bool evidence_format_known(struct text format);
/* The format at index i, or NULL past the last. */
const char *evidence_format_name(size_t i);

/* "text", "csv", "json" and "html". Written beside and renamed; "-" is standard output. ERR_INPUT:
 * no such format. */
enum err evidence_write(struct text format, const char *path, const struct evidence *e,
                        struct why *why);

#endif
