/*
 * A machine: what asks SES or DNS by calls until it knows what it wants, or has changed what it was
 * to change. The scheduler of a run, the inventory of `discover`, the questions of preflight and
 * the names of `inspect` are machines; engine_run() (engine.h) drives every one of them, live or
 * simulated. A machine does no I/O, reads no clock and cannot block: an instant is an argument.
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
    /* An answer has come, or somebody asks to stop. A call that comes back is the machine's again.
     */
    void (*event)(void *ctx, const struct event *event, instant_us now);
    /* Fills calls (at most max) with what is to be sent now; returns how many. */
    uint32_t (*decide)(void *ctx, instant_us now, struct call **calls, uint32_t max);
    /* When there is something to decide again, answers apart; WHEN_NEVER: only they can help. */
    instant_us (*wake)(const void *ctx, instant_us now);
    bool (*is_finished)(const void *ctx); /* nothing is left to do */
    bool (*is_draining)(const void *ctx); /* it was asked to stop, or stops by itself */
    /* Something was not remembered: nothing of the turn is to be kept or sent. */
    bool (*is_out_of_memory)(const void *ctx);

    /* Of a machine that keeps records; all three are NULL where it keeps none. */
    const struct record *(*records)(const void *ctx, uint32_t *len); /* that are not kept yet */
    void (*turn_end)(void *ctx);                                     /* they are durable */
    bool (*has_room)(const void *ctx); /* for the records of one more event */
};

#endif
