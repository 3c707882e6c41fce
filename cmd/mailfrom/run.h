/*
 * A run: a fleet, a journal and a live world brought together, from the first look to the reports.
 * plan, apply, resume and rollback differ in what they put in here.
 */
#ifndef MF_RUN_H
#define MF_RUN_H

#include "engine.h"
#include "journal/journal.h"
#include "lanes.h"
#include "model/own_names.h"
#include "options.h"
#include "rules/suffix.h"
#include "scheduler/scheduler.h"
#include "signals.h"

struct run {
    const struct options *options;
    struct fleet fleet;
    struct journal *journal;
    struct run_head head; /* texts in arena */
    const char *begun;    /* what remembers the callers of the lanes: "run 7"; NULL: nothing does */
    struct arena arena;
    struct arena memory; /* the scheduler's */
    struct suffix_list *suffixes;
    struct lanes lanes;     /* while it is carried out */
    struct signals signals; /* from the first call until run_clear: reports are written meanwhile */
    struct own_names own;   /* of fleet, while it is carried out */
    struct scheduler *scheduler; /* while the engine runs */
    bool resumes;                /* head and records are in the journal already */
    bool reopens;                /* what ended badly begins again */
    struct journal *shown; /* of the plan that was shown and is now to be done; NULL: none was */
    uint64_t shown_run;    /* in it */
    struct scheduler *planner; /* its scheduler; in memory */
    bool keeps_scheduler;      /* the scheduler outlives the engine, as planner */
    uint8_t *read_api;         /* enum api of each lane, as its looks went in the end */
    struct run_loss lost;      /* of the records of a run: run_lost.h */
    bool stopped;              /* by a signal, before anything was begun */
    enum engine_end end;
    struct scheduler_totals totals;
};

void run_init(struct run *r, const struct options *options);
void run_clear(struct run *r); /* closes the journal too */

/* Vets the manifests into r->fleet; prints every complaint. */
enum err run_load(struct run *r, struct why *why);
/* Notes what remembers the callers of the lanes: r->begun. */
enum err run_begun(struct run *r, struct why *why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Opens the journal the options name; a plan has one in memory. */
enum err run_journal(struct run *r, enum journal_mode mode, struct why *why);
/* Does it: begins (or resumes) in the journal, runs the engine, stops. */
enum err run_carry_out(struct run *r, struct why *why);
/* Are the wished formats known? Asked before anything is done. */
enum err run_report_vet(const struct options *o, struct why *why);
/* Does a report go to standard output? Then nothing else does. */
bool run_report_takes_stdout(const struct options *o);
/* Writes the reports that the options wish for; all are tried, the first error comes back. */
enum err run_report(struct run *r, struct why *why);
/* "7" or nothing into *id (0: the newest). */
enum err run_number(const struct options *o, uint64_t *id, struct why *why);

/* "v1", "v2", "auto" (which begins with v1), or NULL for what is usual. */
enum api run_api(const char *wish, enum api usual);
const char *run_verb_name(enum run_verb verb);    /* "apply" */
const char *run_state_name(enum run_state state); /* "open" */

#endif
