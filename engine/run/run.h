/*
 * A run: a fleet, a journal and a live world brought together, from the first read of SES to the
 * last record. plan, apply, resume and rollback differ in what they put in here. What is told to a
 * person goes through notices and the observer; nothing here prints.
 */
#ifndef MF_RUN_H
#define MF_RUN_H

#include "access/lanes.h"
#include "engine.h"
#include "journal/journal.h"
#include "model/own_names.h"
#include "preflight/preflight.h"
#include "rules/suffix.h"
#include "scheduler/scheduler.h"

struct run;

/* Who watches a run. All functions are called by the deciding thread; each may be NULL. */
struct run_observer {
    void *ctx;
    /* What the lanes allow, before a plan that asks for it. */
    void (*preflight)(void *ctx, const struct preflight *p);
    /* A plan reads the journal of its config beside its own: r->journal, for this moment. */
    enum err (*beside)(void *ctx, const struct run *r, struct why *why);
    /* The scheduler is there, and nothing is decided yet. */
    enum err (*begin)(void *ctx, const struct run *r, instant_us now, struct why *why);
    void (*turn)(void *ctx, const struct scheduler *scheduler, instant_us now);
    instant_us (*wake)(void *ctx, instant_us now);
    /* failed: the engine could not go on. */
    void (*end)(void *ctx, const struct run *r, bool failed, instant_us now);
};

/* How a run is done. Texts and pointers are borrowed for its life. */
struct run_config {
    const struct access *access;
    const char *journal; /* the file */
    struct text version; /* of the program, for the head of the run */
    struct notices notices;
    struct wire_owner owner;
    struct run_observer observer;
    bool force;        /* apply and rollback: whatever is there is overwritten */
    bool detach;       /* ends as soon as only others are waited for */
    bool probes_lanes; /* a plan asks first what each lane allows */
};

struct run {
    struct run_config config;
    struct fleet fleet;
    struct journal *journal;
    struct run_head head; /* texts in arena */
    const char *begun;    /* what remembers the callers of the lanes: "run 7"; NULL: nothing does */
    struct arena arena;
    struct arena memory; /* the scheduler's */
    struct suffix_list *suffixes;
    struct lanes lanes;          /* while it is carried out */
    struct own_names own;        /* of fleet, while it is carried out */
    struct scheduler *scheduler; /* while the engine runs */
    bool resumes;                /* head and records are in the journal already */
    bool reopens;                /* what ended badly begins again */
    struct journal *aside;       /* its own, while a plan is made that will be shown */
    struct journal *shown;       /* of the plan that was shown and is now to be done; or NULL */
    uint64_t shown_run;          /* in it */
    struct scheduler *planner;   /* its scheduler; in memory */
    bool keeps_scheduler;        /* the scheduler outlives the engine, as planner */
    uint8_t *read_api;           /* enum api of each lane, as its reads went in the end */
    struct run_loss lost;        /* of the records of a run: ui/run_lost.h */
    bool stopped;                /* by a signal, before anything was begun */
    enum engine_end end;
    struct scheduler_totals totals;
};

void run_init(struct run *r, const struct run_config *config);
void run_clear(struct run *r); /* closes the journal too */

/* Notes what remembers the callers of the lanes: r->begun. */
enum err run_begun(struct run *r, struct why *why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Opens the journal that the config names; a plan has one in memory. */
enum err run_journal(struct run *r, enum journal_mode mode, struct why *why);
/* Head and fleet of a run of the open journal; id 0: the newest. */
enum err run_recall(struct run *r, uint64_t id, struct why *why);
/* Does it: begins (or resumes) in the journal, runs the engine, stops. */
enum err run_carry_out(struct run *r, struct why *why);

#endif
