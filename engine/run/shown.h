/*
 * An apply that asks: the plan is made in memory, shown, and then exactly that is done. What SES
 * said while planning is not asked again, except right before each write, and a row whose value has
 * moved since is left alone.
 *
 *     run_shown_begin(r); run_carry_out(r); ...show it...; run_shown_end(r);
 *     run_shown_guard(r, &changes); ...ask...; run_carry_out(r);
 */
#ifndef MF_SHOWN_H
#define MF_SHOWN_H

#include "run.h"

/* From now on *r plans, into a journal in memory; its own is set aside. */
enum err run_shown_begin(struct run *r, struct why *why);
/* From now on *r applies, into its own journal. Also after a plan that came to nothing. */
void run_shown_end(struct run *r);
/* Each row that would change is written only while SES says what was shown; counts them. */
enum err run_shown_guard(struct run *r, uint32_t *changes, struct why *why);
/* Gives the scheduler of the run that follows what the plan found, and the journal the rows. */
enum err run_shown_take(struct run *r, instant_us now, struct why *why);
void run_shown_clear(struct run *r);

#endif
