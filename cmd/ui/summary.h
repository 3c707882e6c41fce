/*
 * The result of a run for a person: counts, the plan row by row, the next steps.
 */
#ifndef MF_SUMMARY_H
#define MF_SUMMARY_H

#include "options/options.h"
#include "run/rows.h"
#include "run/run.h"

/* Counts the rows of r->head.id; sum must be cleared (report_sum_clear), after an error too. */
enum err summary_count(struct run *r, struct report_sum *sum, struct why *why);
/* How many have ended badly. */
uint32_t summary_bad(const struct report_sum *sum);
/* The alarms beside the outcomes, a line each; prints nothing without alarms. */
void summary_alarms(const struct report_sum *sum);
/* How many pass DMARC, and by what; prints nothing where nothing is known of it. */
void summary_dmarc(const struct report_sum *sum);
/* Before -> after, by section, risky ones first; rows that are alike are folded unless --all. */
enum err summary_plan(const struct options *o, struct run *r, const struct report_sum *sum,
                      struct why *why);

/* What an apply of the plan would cost, and what holds its earliest finish. */
enum err summary_need(struct run *r, struct report_need *need, struct why *why);
/* The same for a person: a line each. */
enum err summary_budget(struct run *r, struct why *why);

/* The last lines: the result, the cost, the next steps. */
void summary_end(const struct options *o, const struct run *r, const struct report_sum *sum);

#endif
