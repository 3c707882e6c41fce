/*
 * Progress of a run on standard error: a progress view that is drawn again and again on a terminal,
 * a plain line now and then elsewhere, so that a CI log stays short, or lines of JSON.
 *
 * The decider calls progress_turn() after every turn; the function checks the clock and mostly does
 * nothing. It leaves out output standard error does not take at once, so a run never waits for its
 * watcher.
 */
#ifndef MF_PROGRESS_H
#define MF_PROGRESS_H

#include "engine.h"
#include "journal/journal.h"
#include "options/options.h"
#include "progress_view.h"
#include "rate_meter.h"
#include "screen.h"
#include "signals.h"

#define PROGRESS_REASON_MAX 640

struct progress {
    enum progress_mode mode; /* never PROGRESS_AUTO */
    const struct fleet *fleet;
    struct progress_view view;
    struct view_lane *lanes;        /* as fleet.lanes */
    struct rate_meter *rate_meters; /* likewise */
    instant_us *deadlines;          /* likewise: of the round that goes on */
    struct wave_tally wave;         /* of the round, too */
    uint32_t round_at;              /* the job where that round goes on */
    bool writes, begun;
    struct screen screen;
    const struct signals *signals;
    char reason[PROGRESS_REASON_MAX]; /* of view.state */
    unsigned resized, continued;      /* of those that signals counts: seen so far */
    instant_us shown_at, next;        /* when it was shown last, when it may be again */
};

/* A run out of memory for progress goes on without. */
void progress_begin(struct progress *p, const struct options *o, const struct run_head *head,
                    const struct fleet *fleet, const struct signals *signals);
/* For engine_watch. */
void progress_turn(void *ctx, const struct scheduler *scheduler, instant_us now);
instant_us progress_wake(void *ctx, instant_us now); /* when it wants its next turn at the latest */
/* end is not looked at when the engine failed. */
void progress_end(struct progress *p, const struct scheduler *scheduler, bool failed,
                  enum engine_end end, instant_us now);

/* --progress, or what is usual where standard error leads; never PROGRESS_AUTO. */
enum progress_mode progress_mode_of(const struct options *o);
/* Accounts and Regions of a fleet, and how many identities each lane has. */
void progress_lanes(struct view_lane *lanes, const struct fleet *fleet);
/* What the scheduler counts of a lane; jobs must be there. writes: the run makes writes at all. */
void progress_lane_read(struct view_lane *l, struct rate_meter *meter,
                        const struct scheduler *scheduler, uint16_t lane, bool writes,
                        instant_us now);
/* "by alice (pid 7 on host) since ...": the reason of a run that an order has paused. */
void progress_pause_tell(const struct order *pause, uint64_t run, char reason[PROGRESS_REASON_MAX]);
/* "running", "paused", "stopping"; reason: a sentence, or "". */
const char *progress_state(const struct scheduler *scheduler, uint64_t run,
                           char reason[PROGRESS_REASON_MAX]);
/* The time between two lines: ten seconds at first, longer as the run goes on. */
span_us progress_interval(enum progress_mode mode, span_us since_start);

#endif
