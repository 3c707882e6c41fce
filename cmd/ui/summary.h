/*
 * What a run came to, for a person: counts, the plan row by row, the way on.
 */
#ifndef MF_SUMMARY_H
#define MF_SUMMARY_H

#include "options/options.h"
#include "reports/row.h"
#include "run/run.h"

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
enum err summary_plan(const struct options *o, struct run *r, const struct summary *s,
                      struct why *why);

/* What apply would cost: writes, reads, the earliest finish; one line. */
enum err summary_budget(struct run *r, struct why *why);

/* The last lines: what it came to, what it cost, the way on. */
void summary_end(const struct options *o, const struct run *r, const struct summary *s);

#endif
