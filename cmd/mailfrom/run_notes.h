/*
 * What a person should be told of a run beside its rows, on standard error: at once when a lane is
 * closed or reads otherwise than usual, at the end what was not judged and what went slowly.
 */
#ifndef MF_RUN_NOTES_H
#define MF_RUN_NOTES_H

#include "run.h"
#include "ui/progress.h"

struct run_notes {
    const struct run *run;
    struct progress *progress; /* shown each turn too */
    uint32_t lane_changes;     /* of the scheduler, as far as they are told */
    uint32_t *jobs;            /* of each lane; arrays as fleet.lanes, in the run's arena */
    bool *closed, *fell_back, *hint_cut; /* is told */
    bool *waits, *loose; /* likewise: it cannot be asked at the moment; it stays loose */
};

enum err run_notes_begin(struct run_notes *n, struct run *r, struct progress *progress,
                         struct why *why);
/* For engine_watch: tells, and shows progress. ctx is a struct run_notes. */
void run_notes_turn(void *ctx, const struct scheduler *scheduler, instant_us now);
instant_us run_notes_wake(void *ctx, instant_us now);
void run_notes_end(struct run_notes *n, const struct scheduler *scheduler, instant_us now);

#endif
