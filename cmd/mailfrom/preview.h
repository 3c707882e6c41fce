/*
 * A plan made first, in memory, for a run that follows: shown before the question, or silent where
 * a limit must count changes and nobody is asked.
 */
#ifndef MF_PREVIEW_H
#define MF_PREVIEW_H

#include "publishing_session.h"

/* Plans, without reports: these are for the following run. Where a report of that one goes to
 * standard output, the plan is shown on standard error. silent: shows nothing. ERR_INPUT: no plan;
 * *stopped: on request. */
enum err preview_make(struct session *s, bool silent, bool *stopped, struct why *why);

/* *p gets the record sets of the identities that the plan of the session's run changes: one that
 * was shown, one of a file, or one that the run is. */
enum err preview_targets(struct session *s, struct publishing *p, struct why *why);
/* The record sets that *p would create, likewise; counts the names. Returns the exit code. */
int preview_publishing(struct session *s, struct publishing *p, uint32_t *changes, struct why *why);
/* After a plan that nothing follows: with --publish its record sets are shown too. Returns the
 * worse exit code of both. */
int preview_record_sets(struct session *s, int code, struct why *why);

#endif
