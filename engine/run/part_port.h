/*
 * The port of a run that is carried in part: it stands between the engine and the world, and asks at
 * each turn whether the leases let the run go on, before its records are kept and before its calls
 * leave. A write leaves until an instant that was known before its intent was kept.
 */
#ifndef MF_PART_PORT_H
#define MF_PART_PORT_H

#include "io.h"
#include "run.h"

struct part_port {
    struct io below;
    const struct run_part *part;
    instant_us send_until; /* for the writes whose intents were kept last */
};

/* *port must outlive the io. */
struct io part_port_io(struct part_port *port);

#endif
