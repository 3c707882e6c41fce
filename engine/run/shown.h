/*
 * An apply with confirmation: the plan is made in memory, shown, and then carried out exactly. SES
 * is not read again, except right before each write, and a row with a changed value is left alone.
 *
 *     run_shown_begin(r); run_carry_out(r); ...show it...; run_shown_end(r);
 *     run_shown_guard(r, &changes); ...ask...; run_carry_out(r);
 *
 * A plan file that is applied brings its verdicts likewise.
 */
#ifndef MF_SHOWN_H
#define MF_SHOWN_H

#include "run.h"

/* From now on *r plans, into a journal in memory; the run's own journal is set aside. */
enum err run_shown_begin(struct run *r, struct why *why);
/* From now on *r applies, into its own journal. Also after a failed plan. */
void run_shown_end(struct run *r);
/* Guards each row with a change: written only while SES shows the facts of the plan. Counts these
   rows. */
enum err run_shown_guard(struct run *r, uint32_t *changes, struct why *why);
/* Gives the plan's results to the scheduler of the following run, if it has one, and the rows to
 * the journal. */
enum err run_shown_take(struct run *r, instant_us now, struct why *why);
/* keep[row]: would the plan change the row? Of the shown plan once its rows are guarded, of a
 * loaded plan file, or of the plan that r itself is. */
enum err run_plan_goes(const struct run *r, bool *keep, struct why *why);
void run_shown_clear(struct run *r);
/* Likewise the verdicts of a plan file on rows without a change: each row ends as reviewed. Without
 * a scheduler the rows are only kept. */
enum err run_verdicts_take(struct run *r, instant_us now, struct why *why);

#endif
