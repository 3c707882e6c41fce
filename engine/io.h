/*
 * The port between the engine and a world: live (OS clock, carriers, journal on disk) or simulated
 * (virtual clock, model of SES and DNS). The engine cannot tell which. No library type crosses.
 */
#ifndef MF_IO_H
#define MF_IO_H

#include "base/error.h"
#include "calls/call.h"
#include "calls/event.h"

struct record; /* scheduler/record.h */

struct io {
    void *world;

    /* UTC at start plus monotonic time since: never goes backwards. Read once per turn. */
    instant_us (*now)(void *world);

    /* Sleeps (or jumps) until the instant or the first event, and returns at most max events. An
     * instant in the past only collects what is there. */
    uint32_t (*wait)(void *world, instant_us until, struct event *events, uint32_t max);

    /* Hands the calls over. Never blocks and cannot fail: a failure comes back as an event.
     */
    void (*send)(void *world, struct call **calls, uint32_t len);

    /* Makes the records durable before returning OK, all or none. After an error the engine sends
     * no more calls. NULL: no records, for machines with reads only. */
    enum err (*keep)(void *keeper, const struct record *records, uint32_t len, struct why *why);
    void *keeper;
};

#endif
