/*
 * What the verbs of a run share: options and a run that belong together, what is watched while it
 * goes on, and how it ends for a person: reports, summary, exit code.
 */
#ifndef MF_SESSION_H
#define MF_SESSION_H

#include "options/options.h"
#include "rules/judge.h"
#include "run/run.h"
#include "ui/run_notes.h"
#include "ui/signals.h"

struct session {
    struct options options; /* filled in from what the journal or a plan file has kept */
    struct run run;         /* its config borrows from options */
    struct signals signals; /* from the first call until session_clear: reports are written
                               meanwhile */
    struct run_notes notes;
};

/* *s stays where it is: the run borrows from it. */
void session_init(struct session *s, const struct options *given);
void session_clear(struct session *s);

/* Vets the manifests that the options name into the run's fleet; prints every complaint. */
enum err session_load(struct session *s, struct why *why);
/* Judges every row by the rules that need no network, and says what is found; infos only with
 * --verbose. Opens the run's suffixes. */
enum err session_judge(struct session *s, struct fleet_verdict *verdict, struct why *why);
/* "7" or nothing into *id (0: the newest). */
enum err session_number(const struct options *o, uint64_t *id, struct why *why);
/* Are the wished formats known? Asked before anything is done. */
enum err session_report_vet(const struct options *o, struct why *why);
/* Writes the reports that the options wish for; all are tried, the first error comes back. */
enum err session_report(struct session *s, struct why *why);
/* Carries the run out, and concludes. */
int session_carry_out(struct session *s, struct why *why);
/* The end of a verb that ran: says what went wrong, writes the reports that were wished for even
 * then, prints the summary, and gives the exit code. */
int session_conclude(struct session *s, enum err err, struct why *why);

#endif
