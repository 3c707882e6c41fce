/*
 * The bridge from the journal of a run to the reports: neither room knows the other.
 */
#ifndef MF_ROWS_H
#define MF_ROWS_H

#include "reports/report.h"
#include "reports/row.h"
#include "run.h"

/* The source for report_write(); *r is borrowed. */
struct report_source run_source(struct run *r);
/* In which words the rows of the run are told. */
enum tense run_tense(const struct run *r);
/* The rows of r->head.id as in reports (row.h): of the whole fleet, in order. */
enum err run_rows(struct run *r, bool (*fn)(void *ctx, const struct report_row *row), void *ctx,
                  struct why *why);

#endif
