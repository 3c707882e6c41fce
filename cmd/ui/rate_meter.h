/*
 * Rate meters for the progress view: how fast something goes of late, and how long the calls of a
 * lane will take.
 */
#ifndef MF_RATE_METER_H
#define MF_RATE_METER_H

#include "calls/call.h"
#include "progress_view.h"

/* A mean over the last ten seconds or so, or over all of the time as long as that is less. Each
 * reading counts by the time it stands for. Zero-initialize it. */
struct rate_meter {
    uint64_t seen;
    instant_us began, at; /* of the first reading and of the last; 0: there was none */
    double per_s;
};

/* A count that is less than the one before has begun anew: nothing was added. */
double rate_meter_read(struct rate_meter *g, uint64_t count, instant_us now);

/* The least time for a lane's calls without any waiting: the reads still to make, and the writes.
 * Unread identities are assumed to need writes in the proportion of the judged ones. writes: the
 * run makes writes at all. */
span_us rate_meter_left(const struct view_lane *l, double rate_per_s, enum api read_api,
                        bool writes);

#endif
