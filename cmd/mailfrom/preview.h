/*
 * A plan made first, in memory, for a run that follows: shown before the question, or silent where
 * a limit must count changes and nobody is asked.
 */
#ifndef MF_PREVIEW_H
#define MF_PREVIEW_H

#include "session.h"

/* Plans, without reports: these are for the following run. Where a report of that one goes to
 * standard output, the plan is shown on standard error. silent: shows nothing. ERR_INPUT: no plan;
 * *stopped: on request. */
enum err preview_make(struct session *s, bool silent, bool *stopped, struct why *why);

#endif
