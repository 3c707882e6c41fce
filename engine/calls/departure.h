/*
 * When a call may leave: what its bucket's pace says and a carrier obeys. The decider's turns come
 * late and take time, and a call waits for a commit, so a call that must not come too soon after
 * another is held back by who knows when that one left.
 */
#ifndef MF_DEPARTURE_H
#define MF_DEPARTURE_H

#include "base/when.h"

struct departure {
    instant_us not_before; /* no byte of the request leaves sooner; 0: at any time */
    span_us spacing;  /* nor so soon after the call before it, of its lane and kind; 0: whatever */
    uint32_t out_max; /* ... and not while so many of these are out; 0: whatever is out */
    uint64_t turn;    /* the number of the call in its bucket, from 1; 0: of no bucket */
};

#endif
