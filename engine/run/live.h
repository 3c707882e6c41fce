/*
 * The live world behind the engine's port: the wire for time and calls, the journal for keeping.
 * The two rooms know nothing of each other.
 */
#ifndef MF_LIVE_H
#define MF_LIVE_H

#include "part_port.h"

struct live {
    struct wire *wire;
    const struct run *run; /* its journal keeps, its companions are told */
    struct part_port port; /* of a run that is carried in part */
};

/* *live must outlive the io. */
struct io live_io(struct live *live);

#endif
