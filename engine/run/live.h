/*
 * The live world behind the engine's port: the wire for time and calls, the journal for keeping.
 * The two rooms know nothing of each other.
 *
 * Of a run that is carried in part, each turn asks whether its leases let it go on: before its
 * records are kept, and before its calls leave. A write leaves until an instant that was known
 * before its intent was kept.
 */
#ifndef MF_LIVE_H
#define MF_LIVE_H

#include "io.h"
#include "run.h"

struct live {
    struct wire *wire;
    const struct run *run; /* its journal keeps, its companions are told */
    instant_us send_until; /* of a part: for the writes whose intents were kept last */
};

/* *live must outlive the io. */
struct io live_io(struct live *live);

#endif
