/*
 * One report, from pieces of its XML: looked through as a whole, then given row by row. Holds the
 * rows in about 60 bytes each and every distinct text once. One report at a time; the memory is
 * used again for the next.
 */
#ifndef MF_REPORT_READER_H
#define MF_REPORT_READER_H

#include "aggregate.h"

struct report_reader;

/* now: as in aggregate_reader. NULL: out of memory. */
struct report_reader *report_reader_new(instant_us now);
void report_reader_free(struct report_reader *r); /* accepts NULL */

/* A document begins. ERR_NOMEM. */
enum err report_reader_begin(struct report_reader *r, struct why *why);
/* ERR_PROTO: no report, or damaged; ERR_LIMIT; ERR_NOMEM. The sentence begins with line and column
 * in this form: "12:7: ". */
enum err report_reader_add(struct report_reader *r, struct text bytes, struct why *why);
/* The document is whole, and after OK the rows are there until the next begin. */
enum err report_reader_end(struct report_reader *r, struct why *why);

/* All but `file`. Texts live until the next begin. */
void report_reader_head(const struct report_reader *r, struct aggregate_report *head);
uint32_t report_reader_rows(const struct report_reader *r);
void report_reader_row(const struct report_reader *r, uint32_t row, struct aggregate_row *out);

#endif
