/*
 * A worker of a simulation, as engine/work has it: a thread that talks to the database about
 * leases, and a thread for each carriage. Its journal, leases, carriages, schedulers and engine are
 * the program's own; the threads are coroutines, and the wire is a client of the simulated world.
 */
#ifndef MF_SIM_WORKERS_WORKER_H
#define MF_SIM_WORKERS_WORKER_H

#include "workers_judge.h"

#include "work/carriage.h"

#define CARRIAGES_MAX 8

struct worker;

/* What all workers of a simulation share. */
struct workers {
    struct machine_room *room;
    struct database *database;
    struct judge *judge;
    const struct scene *scene;
    uint64_t run;
    struct lease_terms terms;
    struct scheduler_options options; /* but for lanes and waves */
    bool is_over;                     /* they end as they can */
    uint64_t carriages;               /* so far */
    uint64_t takeovers;               /* of lanes whose holder did not resign */
};

/* lanes: those that it has credentials for. NULL: out of memory. */
struct worker *worker_new(struct workers *all, uint32_t number, const bool *lanes, span_us skew);
struct process *worker_process(struct worker *w);
/* Its end in good order: carriages drain, lanes are given back. */
void worker_stop(struct worker *w);
/* Every coroutine of it has ended. */
bool worker_has_ended(const struct worker *w);
void worker_free(struct worker *w);
/* Answers have come for carriages that sleep. */
void worker_wake(struct worker *w);

#endif
