/*
 * Calls that may not leave yet (calls/departure.h): they wait here, then go to the turns of their
 * host. Of one lane and kind they leave in their order.
 *
 * Pure: an instant is an argument. Used by one thread.
 */
#ifndef MF_DEPARTURES_H
#define MF_DEPARTURES_H

#include "call_queue.h"

#define DEPARTURE_LEAD_MAX SPAN_MS(1)

struct departures {
    struct call_list waiting;
    struct departed {
        instant_us left; /* when the last call left, or was let go; 0: none has */
        uint32_t out;    /* let go and not answered */
    } * departed;        /* by lane and kind */
    uint32_t lanes_len;
    span_us
        lead; /* how long a call takes from here to its first byte, at least: signing and more */
};

/* False: out of memory. Clear in any case. */
bool departures_init(struct departures *d, uint32_t lanes_len);
void departures_clear(struct departures *d);
/* May the call leave at any time, whatever left before? Then it need not come here. */
bool departures_is_free(const struct call *c);
void departures_add(struct departures *d, struct call *c);
/* The next call whose instant has all but come; it counts as leaving then. NULL: none has. */
struct call *departures_next(struct departures *d, instant_us now);
/* Its first byte leaves now. */
void departures_left(struct departures *d, const struct call *c, instant_us now);
/* It is answered, or was not sent. */
void departures_done(struct departures *d, const struct call *c);
/* When the next one is to go; WHEN_NEVER: none waits. */
instant_us departures_due(const struct departures *d);

#endif
