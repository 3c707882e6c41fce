/*
 * The verbs of `mailfrom`. Each reads its own options and returns the exit code of the process;
 * only this room ends the process.
 */
#ifndef MF_VERBS_H
#define MF_VERBS_H

#include "options/options.h"
#include "ui/exit_codes.h"

int verb_check(const struct options *o);
int verb_plan(const struct options *o);
int verb_apply(const struct options *o);
int verb_resume(const struct options *o);
int verb_work(const struct options *o);
int verb_pause(const struct options *o);
int verb_pace(const struct options *o);
int verb_stop(const struct options *o);
/* Is the run that resume means paused in a living process? That was told to go on, and *code is the
 * end; false: resume has to do the work itself. */
bool control_resumes(const struct options *o, int *code);
int verb_rollback(const struct options *o);
int verb_show(const struct options *o);
int verb_status(const struct options *o);
int verb_report(const struct options *o);
int verb_records(const struct options *o);
int verb_publish(const struct options *o);
int verb_withdraw(const struct options *o);
int verb_watch(const struct options *o);
int verb_due(const struct options *o);
int verb_journal(const struct options *o);
int verb_discover(const struct options *o);
int verb_evidence(const struct options *o);
int verb_inspect(const struct options *o);
int verb_explain(const struct options *o);
int verb_rehearse(const struct options *o);
int verb_completion(const struct options *o);

#endif
