/*
 * Shared by the verbs that publish, and by those of any run that meet one in the journal: the
 * carrying out with its words, and the reports.
 */
#ifndef MF_PUBLISHING_SESSION_H
#define MF_PUBLISHING_SESSION_H

#include "run/publishing.h"
#include "session.h"

/* *p is of the session's run, whose verb publishes. */
void publishing_begin(struct publishing *p, struct session *s);
/* The record sets of the rows with keep[row] (NULL: all). ERR_INPUT: no provider is given.
 * *refused: identities whose records cannot be published. */
enum err publishing_targets(struct session *s, struct publishing *p, const bool *keep,
                            uint32_t *refused, struct why *why);
/* Looks, and shows what would be done; the run lives in memory. *changes: so many names. From then
 * on *p does nothing beyond what was shown. Returns the exit code. */
int publishing_show(struct session *s, struct publishing *p, uint32_t *changes, struct why *why);
/* Carries it out, writes the reports, prints the end, and gives the exit code. */
int publishing_session(struct publishing *p, struct session *s, struct why *why);
/* The run of the journal, one that only publishes, is recalled already and goes on. */
int publishing_resume(struct session *s, struct why *why);
/* The same for one that has ended: its reports and exit code are those of the run. */
int publishing_ended(struct session *s, struct why *why);
/* Its reports and its text from the journal; is_told: the text goes to standard output. */
enum err publishing_report(struct session *s, bool is_told, struct why *why);

/* Recalls what an apply of the journal publishes beside its identities: run.publishing, or NULL. */
enum err publishing_attach(struct session *s, struct why *why);
/* After such a run: its record sets, and the worse exit code of both. */
int publishing_told(struct session *s, int code, struct why *why);

#endif
