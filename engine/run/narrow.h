/*
 * A run of a part of a fleet, and a look at a part of a run. One selection (rules/selection.h) for
 * all verbs: here it meets the fleet, and here is told what it does.
 */
#ifndef MF_NARROW_H
#define MF_NARROW_H

#include "rules/selection.h"
#include "run.h"

/* r->fleet, just read, becomes the part that s chooses; r->verdicts follow. limit: at most so many
 * rows; 0: all. *access keeps the words of the selection, for the journal and the plan file. whole
 * is what the rows are of: "the manifest". ERR_INPUT: nothing is left. */
enum err run_narrow(struct run *r, struct access *access, const struct selection *s, uint32_t limit,
                    const char *whole, struct why *why);
/* Shows the part of a run of the journal that s chooses: rows of reports, counts, lanes. Rows keep
 * their outcomes. A Region that the run was begun with as the usual one chooses nothing. *access
 * gets the words of the run's own selection, and those of s behind them. */
enum err run_view(struct run *r, struct access *access, const struct selection *s, struct why *why);
/* s without a Region that the run with such kept options was begun with; s itself, or in *arena. */
enum err selection_of_run(const struct selection **out, const struct selection *s,
                          struct text options, struct arena *arena, struct why *why);
/* Tells of values that fit nothing; ERR_INPUT: no row is left of some. */
enum err selection_tell(const struct selection *s, const struct selection_found *found,
                        const char *whole, const struct notices *n, struct why *why);
/* "--only 'a.example': 1 of 3 identities", for access->selection; behind the words that are there.
 * found: NULL: the rows are not known yet. */
enum err selection_keep(struct access *access, const struct selection *s,
                        const struct selection_found *found, struct arena *arena, struct why *why);
/* The number of a row (lane) in r->fleet, by its number in the journal; FLEET_LEFT_OUT: not in the
 * view. */
uint32_t run_row_shown(const struct run *r, uint32_t job);
uint32_t run_lane_shown(const struct run *r, uint32_t lane);

#endif
