/*
 * --limit N of the verbs that write: the first N changes, in the order of the manifest. The plan
 * looks at every row, since only then it is known which rows change; those beyond the limit are
 * skipped, in what the plan shows, in its file, and in the run that carries it out.
 */
#ifndef MF_LIMIT_H
#define MF_LIMIT_H

#include "run.h"

/* Over a shared journal: has a plan failed to ask SES about the row at all? That tells of this
 * process and its credentials, and not of the identity, so the row stays open for a worker. */
bool run_is_unasked(const struct run *r, enum outcome outcome, bool seen_known);
/* journal_rows() of a run; where the run is a plan with a limit, rows with a change beyond it are
 * skipped, and so are those of
 * run_is_unasked(). */
enum err run_rows_limited(const struct run *r, struct journal *journal, uint64_t run,
                          bool (*fn)(void *ctx, const struct record *record), void *ctx,
                          struct why *why);
/* Rows of the loaded plan file beyond the limit are skipped. False: out of memory. */
bool run_verdicts_limit(struct run *r);
/* Takes the rows of run_is_unasked() out of the verdicts; with a limit, which whoever asks about
 * them could exceed, they are skipped instead. False: out of memory. */
bool run_verdicts_open(struct run *r);
/* Rows of the plan in r->shown beyond the limit are skipped by the run that follows; for a run that
 * takes nothing else of the plan. Counts the rows that change. */
enum err run_shown_limit(struct run *r, uint32_t *changes, struct why *why);

#endif
