/*
 * A run whose journal has lost records of it: what is said, and what may go on. Kept for good: what
 * such a run wrote is not wholly known, so resume and rollback want --refresh, with which they look
 * at SES for every identity of the run and go by what that shows.
 */
#ifndef MF_RUN_LOST_H
#define MF_RUN_LOST_H

#include "options/options.h"
#include "run/run.h"

/* For those who only tell: reads the records of r->head.id, fills in r->lost and says it. */
enum err run_lost_tell(const struct options *o, struct run *r, struct why *why);
/* For those who go on with run `id`, or take it back (verb): says it, and is ERR_INPUT without
 * --refresh. */
enum err run_lost_hold(const struct options *o, struct run *r, uint64_t id, const char *verb,
                       struct why *why);
/* For those who list all runs: says which have lost records. */
enum err run_lost_list(const struct options *o, const struct run *r, struct why *why);
/* For those who begin another run, or plan one: says what was found lost when the journal was
 * opened just now, or else what is known to be lost. */
enum err run_lost_note(const struct options *o, const struct run *r, struct why *why);

#endif
