/*
 * A run: a fleet, a journal and a live world brought together, from the first read of SES to the
 * last record. plan, apply, resume and rollback differ in the config. Sentences for a person go
 * through notices and the observer; no function here prints.
 */
#ifndef MF_RUN_H
#define MF_RUN_H

#include "access/lanes.h"
#include "engine.h"
#include "journal/journal.h"
#include "model/fleet_part.h"
#include "model/own_names.h"
#include "plan/plan_file.h"
#include "preflight/preflight.h"
#include "rules/suffix.h"
#include "scheduler/scheduler.h"

struct run;

/* The observer of a run. The deciding thread calls all functions; each may be NULL. */
struct run_observer {
    void *ctx;
    /* The permissions of the lanes, before a plan with probes_lanes. */
    void (*preflight)(void *ctx, const struct preflight *p);
    /* A plan reads the journal of its config beside its own: r->journal, for this moment. */
    enum err (*beside)(void *ctx, const struct run *r, struct why *why);
    /* The callers of a new run's lanes are known, and nothing has begun; also of the plan that is
     * shown before it. An error ends it. */
    enum err (*callers)(void *ctx, const struct run *r, struct why *why);
    /* The scheduler is there, and nothing is decided yet. */
    enum err (*begin)(void *ctx, const struct run *r, instant_us now, struct why *why);
    void (*turn)(void *ctx, const struct scheduler *scheduler, instant_us now);
    instant_us (*wake)(void *ctx, instant_us now);
    /* failed: the engine could not go on. */
    void (*end)(void *ctx, const struct run *r, bool failed, instant_us now);
};

/* A companion is told of a run while it goes on, beside the observer: who sends notifications, who
 * serves a live page, who takes orders from another terminal. It follows apply, rollback, publish,
 * withdraw and their resume, not the plans that are shown before. The deciding thread calls all
 * functions; each may be NULL, and none may block. */
struct run_companion {
    void *ctx;
    /* Scheduler or publisher are there, the run is in the journal, and nothing is decided yet. The
     * wire is there until end. An error ends the run. */
    enum err (*begin)(void *ctx, struct run *r, struct wire *wire, instant_us now, struct why *why);
    void (*turn)(void *ctx, instant_us now);       /* after each turn */
    instant_us (*wake)(void *ctx, instant_us now); /* as in struct engine_watch */
    /* Records that are durable now; borrowed for the call. */
    void (*kept)(void *ctx, const struct record *records, uint32_t len);
    /* Only after begin. failed: the engine could not go on; r->end holds otherwise. */
    void (*end)(void *ctx, const struct run *r, bool failed, instant_us now);
};

#define RUN_COMPANIONS_MAX 4 /* notifications, live page, control; one to spare */

struct run_companions {
    struct run_companion at[RUN_COMPANIONS_MAX];
    uint32_t len;
    uint32_t begun; /* so many have begun */
};

/* A run of a shared journal, of which this process carries some lanes, or which it publishes alone,
 * as its leases allow (engine/work). The deciding thread calls all functions. */
struct run_part {
    void *ctx;
    const bool *wanted; /* by lane: it is found out whether the lane can be reached, and whose the
                           credentials are */
    /* That is known: lanes with a sentence in r->lanes.trouble cannot be carried from here. found:
     * ERR_AUTH where there is no other, with *why. Claims, waits until SES may be called, and has
     * the journal fence what is kept. An error ends the run here: nothing was sent. */
    enum err (*claim)(void *ctx, struct run *r, struct wire *wire, enum err found, struct why *why);
    const bool *lanes; /* by lane: claimed, from there on */
    bool shares_waves; /* likewise: as scheduler_options */
    /* The machine knows the rows, and has not begun. */
    enum err (*begin)(void *ctx, struct run *r, struct wire *wire, instant_us now, struct why *why);
    void (*turn)(void *ctx, struct run *r, instant_us now); /* after each turn */
    instant_us (*wake)(void *ctx, instant_us now);          /* as in struct engine_watch */
    /* May calls leave, and until when? An error ends the run here, before anything is kept. */
    enum err (*may)(void *ctx, bool is_write, instant_us now, instant_us *send_until,
                    struct why *why);
    /* Only after claim, and once the machine has come to its end: r->end. failed: it could not go
     * on. Gives back what was claimed. */
    enum err (*end)(void *ctx, struct run *r, bool failed, instant_us now, struct why *why);
};

/* The config of a run. Texts and pointers are borrowed for the life of the run. */
struct run_config {
    const struct access *access;
    const char *journal; /* the file */
    struct text version; /* of the program, for the head of the run */
    struct notices notices;
    struct wire_owner owner;
    struct run_observer observer;
    struct run_companions companions;
    bool force;                          /* apply and rollback: whatever is there is overwritten */
    bool detach;                         /* ends as soon as only others are waited for */
    const struct managed_index *managed; /* what Terraform sets; or NULL */
    bool probes_lanes;                   /* a plan first asks each lane for permissions */
    const struct run_part *part;         /* NULL: this process carries all of it */
};

struct run {
    struct run_config config;
    struct fleet fleet;
    struct journal *journal;
    struct run_head head;     /* texts in arena */
    uint64_t through;         /* rollback: the last run to take back, from head.parent on */
    bool ends_parents;        /* rollback: the whole of these runs is taken back, none goes on */
    struct run_mark *parents; /* of a shared journal: where they stood; in arena */
    uint32_t parents_len;
    const char *begun; /* the rememberer of the lanes' callers: "run 7"; NULL: none */
    struct arena arena;
    struct arena memory; /* the scheduler's */
    struct suffix_list *suffixes;
    struct lanes lanes;            /* while the run is carried out */
    struct own_names own;          /* of fleet, while the run is carried out */
    struct scheduler *scheduler;   /* while the engine runs */
    struct publishing *publishing; /* record sets created in the same run (publishing.h); or NULL */
    bool resumes;                  /* head and records are in the journal already */
    bool reopens;                  /* rows with a bad end begin again */
    struct journal *aside;         /* the run's own journal, while a plan to be shown is made */
    struct journal *shown;         /* of the shown plan now to be carried out; or NULL */
    uint64_t shown_run;            /* the plan's run there */
    struct plan_verdict *verdicts; /* of a plan file, on the rows that are left alone; in arena */
    instant_us planned_at;         /* of a plan file */
    uint32_t unasked; /* rows that a submitted plan could not ask SES about (run/limit.h) */
    struct scheduler *planner;     /* the plan's scheduler; in memory */
    bool keeps_scheduler;          /* the scheduler outlives the engine, as planner */
    struct lane_reading *reading;  /* as fleet.lanes: how their rows were read */
    struct run_loss lost;          /* of the records of a run: ui/run_lost.h */
    const struct fleet_part *view; /* of a run that is only looked at; NULL: all of it */
    double kept_pace_per_s; /* that a person gave the resumed run (run_orders.h); 0: the options' */
    uint32_t limit;         /* changes of a plan: rows beyond are left; 0: no limit */
    bool stopped;           /* by a signal, before anything was begun */
    bool database_told;     /* of the connection to a shared journal */
    enum engine_end end;
    struct scheduler_totals totals;
};

void run_init(struct run *r, const struct run_config *config);
void run_clear(struct run *r); /* closes the journal too */

/* Notes the rememberer of the lanes' callers: r->begun. */
enum err run_begun(struct run *r, struct why *why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Opens the journal of the config. */
enum err run_journal(struct run *r, enum journal_mode mode, struct why *why);
/* A run that is only planned has a journal in memory. An open one is closed first. */
enum err run_journal_in_memory(struct run *r, struct why *why);
/* Head and fleet of a run of the open journal; id 0: the newest. */
enum err run_recall(struct run *r, uint64_t id, struct why *why);

/* For the family (publishing.h). A new run in the journal, with its fleet and what *p, unless NULL,
 * may publish: several transactions, unless the journal keeps them together. */
enum err run_head_begin(struct run *r, const struct publishing *p, instant_us now, struct why *why);
/* Before the rows of the runs that a rollback takes back are read. */
enum err run_parents_mark(struct run *r, struct why *why);
/* ERR_BUSY: one of them has changed since it was marked. Inside journal_together(). */
enum err run_parents_hold(struct run *r, struct why *why);
/* A rollback of whole runs: those that it takes back are given up, since a resumed one would do
 * everything again. */
enum err run_parents_end(struct run *r, instant_us now, struct why *why);
/* Of a part: preflight and claim; and the end, whatever err is. Returns err, or the end's. */
enum err run_part_claim(struct run *r, struct preflight *preflight, struct wire *wire,
                        struct why *why);
enum err run_part_end(struct run *r, enum err err, struct wire *wire, struct why *why);
/* By verb and access. */
struct scheduler_options run_scheduler_options(const struct run *r);
/* After lanes_open(). *wire may be there after an error, too; run_wire_close() takes NULL. */
enum err run_wire_open(struct run *r, struct wire **wire, struct why *why);
void run_wire_close(struct run *r, struct wire *wire);
/* Told only where the run itself goes on; a plan has no companions. */
enum err run_companions_begin(struct run *r, struct wire *wire, struct why *why);
void run_companions_turn(struct run *r, instant_us now);
instant_us run_companions_wake(const struct run *r, instant_us now);
void run_companions_kept(const struct run *r, const struct record *records, uint32_t len);
void run_companions_end(struct run *r, bool failed, instant_us now);
/* The guards of every verb; for a plan to be read by a person, also all probes. */
enum err run_preflight(struct run *r, struct preflight *p, struct wire *wire, struct why *why);

/* Carries the run out: begins (or resumes) in the journal, runs the engine, stops. */
enum err run_carry_out(struct run *r, struct why *why);

#endif
