/*
 * A machine asks SES or DNS by calls until it has its facts, or has made its changes. The scheduler
 * of a run, the inventory of `discover`, the questions of preflight and the names of `inspect` are
 * machines; engine_run() (engine.h) drives every machine, live or simulated. A machine does no I/O,
 * reads no clock and cannot block: an instant is an argument.
 *
 * One turn is event() for each event, decide(), the records kept, the calls sent, turn_end(). Only
 * the deciding thread calls these functions.
 */
#ifndef MF_MACHINE_H
#define MF_MACHINE_H

#include "event.h"

struct record; /* scheduler/record.h */

struct machine {
    void *ctx;
    /* An answer has come, or a signal asks to stop. A returned call is the machine's again.
     */
    void (*event)(void *ctx, const struct event *event, instant_us now);
    /* Fills calls (at most max) with the calls to send now; returns the number. */
    uint32_t (*decide)(void *ctx, instant_us now, struct call **calls, uint32_t max);
    /* The next instant with a decision due, apart from answers; WHEN_NEVER: only answers help. */
    instant_us (*wake)(const void *ctx, instant_us now);
    bool (*is_finished)(const void *ctx); /* nothing is left to do */
    bool (*is_draining)(const void *ctx); /* asked to stop, or stopping by itself */
    /* Something was not remembered: nothing of the turn is to be kept or sent. */
    bool (*is_out_of_memory)(const void *ctx);

    /* For machines with records; all three are NULL without records. */
    const struct record *(*records)(const void *ctx, uint32_t *len); /* records not kept yet */
    void (*turn_end)(void *ctx);                                     /* the records are durable */
    bool (*has_room)(const void *ctx); /* for the records of one more event */
};

#endif
