/*
 * A worker: looks for open lanes in a shared journal, claims those that it has credentials for,
 * carries them, and gives them back. Threads: one talks to the database about leases (it renews at
 * a third of their time, looks for orders, waves and free lanes); each carriage has a thread that
 * decides, with a wire and a journal of its own; nothing else is shared.
 *
 * Sentences for a person go through notices (any thread, one at a time); no function here prints.
 */
#ifndef MF_WORK_H
#define MF_WORK_H

#include "run/run.h"

struct worker;

#define WORK_PATTERNS_MAX 32

struct work_config {
    const struct access *access; /* how SES and DNS are reached, beside what the run says */
    const char *journal;         /* postgresql:// ... */
    const char *name;            /* for people; NULL: host and pid */
    struct text version;
    const char *lanes[WORK_PATTERNS_MAX]; /* "ACCOUNT/REGION" with * and ?; none: all */
    uint32_t lanes_len;
    uint32_t lanes_max; /* at a time; 0: no limit */
    span_us ttl;        /* of the leases; 0: LEASE_TTL. A call is given a third of it at most */
    uint64_t run;       /* only this one; 0: all */
    bool ends;  /* ends when there is nothing left that it could do (--once, and apply); else it
                   goes on looking for ever */
    bool stays; /* with `ends`: not while others hold lanes that it could carry, since they may die
                   (apply and resume, which answer for one run) */
    struct notices notices;
};

/* What has become of it. */
struct work_end {
    uint32_t lanes_carried, lanes_lost; /* lost: to another worker, before their end */
    /* Open by the last look, and not carried to their end here, each counted once: */
    uint32_t lanes_without; /* tried here in vain */
    uint32_t lanes_held;    /* by other workers, or by one that was killed, until its lease ends */
    uint32_t lanes_barred;  /* this role of the database may not carry them */
    uint32_t lanes_unmeant; /* none of config.lanes fits */
    uint32_t lanes_waiting; /* for an earlier run that has the lane */
    uint32_t lanes_stopped; /* carried here, and stopped before their end: `resume` opens them */
    bool is_run_stopped;    /* config.run is, and has to be opened again by `resume` */
    bool stopped;           /* by work_stop() */
};

/* Enters the worker. Errors: the journal cannot be reached or is none that is shared. */
enum err work_begin(struct worker **out, const struct work_config *config, struct why *why);
/* Until it ends, or work_stop(). Blocks. */
enum err work_run(struct worker *w, struct work_end *end, struct why *why);
/* The first time: no new lane, calls on their way are awaited, lanes are given back. The second
 * time: leaves at once, and leases run out. Async-signal-safe, any thread. */
void work_stop(struct worker *w);
void work_free(struct worker *w);

/* Puts a run that has been made ready (fleet, head.verb, parent; a reviewed plan's verdicts) into a
 * shared journal, open to workers: head, fleet, leases, in one transaction. ERR_INPUT: a lane whose
 * account number is not known, since a worker has to know whose credentials it needs. */
enum err run_submit(struct run *r, instant_us now, struct why *why);

#endif
