/*
 * An apply that asks: the plan is made in memory, shown, and then exactly that is done. What SES
 * said while planning is not asked again, except right before each write, and a row whose value has
 * moved since is left alone.
 */
#ifndef MF_RUN_SHOWN_H
#define MF_RUN_SHOWN_H

#include "run.h"

/* Plans r->fleet, shows the plan and asks. r->journal is open and untouched. ERR_GONE: nothing is
 * to be changed. *stopped: by a signal. */
enum err run_shown_ask(struct run *r, bool *stopped, struct why *why);
/* Gives the scheduler of the run that follows what the plan found, and the journal the rows. */
enum err run_shown_take(struct run *r, instant_us now, struct why *why);
void run_shown_clear(struct run *r);

#endif
