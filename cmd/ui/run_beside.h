/*
 * Unfinished runs of a journal: told before another run begins beside them, taken by a resume
 * without a number, and listed by status. Two runs never have the same identity open.
 */
#ifndef MF_RUN_BESIDE_H
#define MF_RUN_BESIDE_H

#include "options/options.h"
#include "run/run.h"

/* Before a new run. ERR_INPUT: an unfinished one has an identity of the run's fleet open, and both
 * are named. The runs that the new one takes back do not count. Asked again once the accounts of
 * the lanes are known (run_observer.callers): a name of a manifest may mean any. */
enum err run_beside_hold(const struct options *o, const struct run *r, struct why *why);
/* The same of a run that is resumed with --retry-failed: of its rows that begin again. */
enum err run_beside_hold_bad(const struct options *o, const struct run *r, struct why *why);
/* Names the other unfinished runs, and counts them. */
enum err run_beside_tell(const struct options *o, const struct run *r, uint32_t *others,
                         struct why *why);
/* Opens the run's journal for writing. ERR_BUSY: another process writes to it; tells its run and
 * the command that watches it. */
enum err run_beside_open(const struct options *o, struct run *r, enum journal_mode mode,
                         struct why *why);
/* For a resume without a number: the oldest unfinished run, and says which; 0: there is none. */
enum err run_beside_choose(const struct options *o, const struct run *r, uint64_t *id,
                           struct why *why);
/* The oldest unfinished run after `after`; 0: there is none. */
enum err run_beside_next(const struct run *r, uint64_t after, uint64_t *id, struct why *why);
/* Prints the unfinished runs but one, with the commands to go on; nothing where there is none. */
enum err run_beside_list(const struct options *o, const struct run *r, uint64_t but,
                         struct why *why);

#endif
