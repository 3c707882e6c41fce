/*
 * Runs with lost records: sentences, and the permission to go on. A loss is kept for good. The
 * writes of such a run are not completely known, so resume and rollback demand --refresh: they read
 * every identity of the run from SES and decide by the values read.
 */
#ifndef MF_RUN_LOST_H
#define MF_RUN_LOST_H

#include "options/options.h"
#include "run/run.h"

/* For verbs that only report: reads the records of r->head.id, fills in r->lost and prints the
   loss. */
enum err run_lost_tell(const struct options *o, struct run *r, struct why *why);
/* For verbs that go on with run `id` or roll it back (verb): prints the loss, and returns ERR_INPUT
 * without --refresh. */
enum err run_lost_hold(const struct options *o, struct run *r, uint64_t id, const char *verb,
                       struct why *why);
/* For lists of all runs: prints the runs with lost records. */
enum err run_lost_list(const struct options *o, const struct run *r, struct why *why);
/* For those who begin another run, or plan one: says what was found lost when the journal was
 * opened just now, or else what is known to be lost. */
enum err run_lost_note(const struct options *o, const struct run *r, struct why *why);

#endif
