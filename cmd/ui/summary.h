/*
 * What a run came to, for a person: counts, the plan row by row, the way on.
 */
#ifndef MF_SUMMARY_H
#define MF_SUMMARY_H

#include "mailfrom/run.h"
#include "reports/row.h"

struct summary {
    uint32_t rows, without_record, by_outcome[OUTCOMES], by_action[ACTION_RESTART + 1];
    uint32_t by_alarm[ALARMS];
    uint64_t writes;
    uint64_t accepted;   /* of the writes, SES has taken */
    instant_us deadline; /* the earliest of what is open; WHEN_NEVER */
};

/* Folds the journal's rows of r->head.id. */
enum err summary_fold(struct run *r, struct summary *s, struct why *why);
/* "3 done, 2 refused" and so on, in one line. */
void summary_line(const struct summary *s, char *out, size_t size);
/* What is wrong beside the outcomes: a line each; nothing where nothing is. */
void summary_alarms(const struct summary *s);
/* Before -> after, by section, risky ones first; rows that are alike are folded unless --all. */
enum err summary_plan(struct run *r, const struct summary *s, struct why *why);

/* What apply would cost: writes, reads, the earliest finish; one line. */
enum err summary_budget(struct run *r, struct why *why);

/* The end of a verb that ran: says what went wrong, writes the reports that were wished for even
 * then, prints the summary, and gives the exit code. */
int run_conclude(struct run *r, enum err err, struct why *why);

#endif
