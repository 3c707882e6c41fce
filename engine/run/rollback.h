/*
 * From the records of a run to the fleet that takes it back: every identity written by the run,
 * wanting the value before the run's first write, guarded by the value the run left.
 */
#ifndef MF_ROLLBACK_H
#define MF_ROLLBACK_H

#include "journal/journal.h"

struct rollback {
    bool to_default; /* want no custom MAIL FROM, instead of the value before */
    bool refresh;    /* the journal has lost records of the run: see rollback.c */
    uint64_t kept;   /* with refresh: the number of records when the loss was found */
    bool forced;     /* also over a value of another operator */
    bool by_outcome; /* only rows with this `outcome` */
    enum outcome outcome;
};

/* *fleet must be fresh from fleet_init(). An empty fleet: no row to roll back. */
enum err rollback_fleet(struct fleet *fleet, struct journal *journal, uint64_t run,
                        const struct rollback *how, struct why *why);
/* Likewise of the runs from `run` to `through`, as if they were taken back one by one, the newest
 * first. A row wants the value before the oldest run, as far back as each run found what the run
 * before had left. */
enum err rollback_runs(struct fleet *fleet, struct journal *journal, uint64_t run, uint64_t through,
                       const struct rollback *how, struct why *why);

struct rollback_later {
    uint32_t rows; /* changed by runs of this journal after the ones to take back */
    uint64_t run;  /* the newest of these runs */
};

/* fleet: of rollback_runs(), with the journal's newest writes in fleet.recent. */
struct rollback_later rollback_later(const struct fleet *fleet, uint64_t through);

#endif
