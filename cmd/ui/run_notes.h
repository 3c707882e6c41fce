/*
 * Notes about a run beside its rows, on standard error: at once when a lane is closed or falls
 * back, at the end rules not judged and slow actions.
 */
#ifndef MF_RUN_NOTES_H
#define MF_RUN_NOTES_H

#include "progress.h"
#include "run/run.h"

struct run_notes {
    const struct options *options;
    const struct signals *signals;
    bool follows_plan;    /* one was just shown: what it has noted is not noted again */
    bool shows_preflight; /* standard output is free for it */
    bool tells_losses;    /* of the journal that a plan reads beside: nothing else tells them */
    const struct run *run;
    struct progress progress; /* shown each turn too */
    uint32_t orders_told;     /* of people, as far as they are told */
    uint32_t lane_changes;    /* of the scheduler, as far as they are told */
    uint32_t *jobs;           /* of each lane; arrays as fleet.lanes, in memory */
    bool *closed, *hint_cut;  /* is told */
    unsigned *refused;        /* batched reads whose refusal is told: bits of 1 << enum call_kind */
    bool *waits, *loose;      /* likewise: it cannot be asked at the moment; it stays loose */
    struct arena memory;
};

/* Of --dkim: what reading one by one costs; nothing otherwise. jobs: of each lane. is_most: or
 * less. */
void dkim_cost_note(const struct fleet *f, const struct access *a, const uint32_t *jobs,
                    bool is_most);
/* Watches a run: *n, o and signals are borrowed for its life. */
struct run_observer run_notes_observer(struct run_notes *n, const struct options *o,
                                       const struct signals *signals);

#endif
