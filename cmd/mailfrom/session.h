/*
 * Shared by the verbs of a run: options and the run, the watching during the run, and the end for a
 * person: reports, summary, exit code.
 */
#ifndef MF_SESSION_H
#define MF_SESSION_H

#include "control/control.h"
#include "handoff/gather.h"
#include "live_page.h"
#include "manifests/manifest.h"
#include "notifying.h"
#include "options/options.h"
#include "rules/judge.h"
#include "run/run.h"
#include "ui/run_notes.h"
#include "ui/signals.h"
#include "wire/servers.h"

struct session {
    struct options options; /* completed from the journal or a plan file */
    struct run run;         /* the config borrows from options */
    struct signals signals; /* from the first call until session_free: reports are written
                               meanwhile */
    struct run_notes notes;
    struct notifying notifying;
    struct managed_index *managed; /* --terraform-state; NULL: not given */
    struct control *control;       /* orders from other terminals, while the run goes on */
    bool keeps_whole;              /* the verb itself chooses among the rows of the fleet */
    bool asks_nobody;              /* the verb reaches no account, so no organization is asked */
    bool hides_plan;               /* that a plan is made is nobody's to see */
    struct complaints *complaints; /* of the manifests, for the verb to show; NULL: printed */
    struct live_page *page;        /* NULL: none */
    double gives_pace;             /* resume --rate of a shared run, told to its workers; 0: none */
    bool limits_changes;           /* --limit counts the changes of a plan, not the rows */
};

/* Too large for a small stack. NULL: out of memory; session_refused() says so and returns the exit
 * code. */
struct session *session_new(const struct options *given);
int session_refused(void);
void session_free(struct session *s);

/* Vets the manifests of the options into the run's fleet; prints every complaint. */
enum err session_load(struct session *s, struct why *why);
/* Reads the states of --terraform-state for the run: once, before anything is asked. */
enum err session_states(struct session *s, struct why *why);
/* One argument of digits is a run; a manifest of that name is "./7". */
bool session_names_run(const struct options *o);
/* The fleet of the manifests, or of the run with its journal and its way to DNS. */
enum err session_fleet(struct session *s, struct why *why);
/* The rows of the fleet that are meant: the records of a name are those that all rows agree on, so
 * a verb about records keeps the whole fleet (keeps_whole). *keep: NULL for all; to be freed. */
enum err session_keep(struct session *s, bool **keep, struct why *why);
/* --server as nsupdate spells it, in out; *server stays empty without the option. */
enum err session_server(const struct options *o, char out[SERVER_LEN], struct text *server,
                        struct why *why);
/* What a gathering of records has told, counted: first what a person has to decide. */
void session_records_notes(const struct options *o, const struct records_gather *g);
/* Judges every row by the rules that need no network, and says what is found; infos only with
 * --verbose. Opens the run's suffixes. */
enum err session_judge(struct session *s, struct fleet_verdict *verdict, struct why *why);
/* "7" or nothing into *id (0: the newest). */
enum err session_number(const struct options *o, uint64_t *id, struct why *why);
/* Does a report or the plan file go to standard output, which is then for nothing else? */
bool session_takes_stdout(const struct options *o);
/* --listen: the live page of the run that the verb is about to show or to begin. The run's verb is
 * known.
 */
enum err session_listen(struct session *s, struct why *why);
/* Are the wished formats known? Asked before anything is done. */
enum err session_report_vet(const struct options *o, struct why *why);
/* Writes the reports of the options; tries all, and returns the first error. */
enum err session_report(struct session *s, struct why *why);
/* Carries the run out, and concludes. */
int session_carry_out(struct session *s, struct why *why);
/* The end of a run's verb: prints the error, writes the reports in every case, prints the summary,
 * and gives the exit code. */
int session_conclude(struct session *s, enum err err, struct why *why);

#endif
