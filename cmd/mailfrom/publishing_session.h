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
/* Carries it out, writes the reports, prints the end, and gives the exit code. */
int publishing_session(struct publishing *p, struct session *s, struct why *why);
/* The run of the journal, recalled already, goes on. */
int publishing_resume(struct session *s, struct why *why);
/* The same for one that has ended: its reports and exit code are those of the run. */
int publishing_ended(struct session *s, struct why *why);
/* Its reports and its text from the journal; is_told: the text goes to standard output. */
enum err publishing_report(struct session *s, bool is_told, struct why *why);

#endif
