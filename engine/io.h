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

    /* Sleeps (or jumps) until the instant or until there are events, whichever is first, and
     * returns at most max of them. An instant in the past only collects what is there. */
    uint32_t (*wait)(void *world, instant_us until, struct event *events, uint32_t max);

    /* Hands the calls over. Never blocks and cannot fail: what goes wrong comes back as an event.
     */
    void (*send)(void *world, struct call **calls, uint32_t len);

    /* Durable when it returns OK, all or nothing. After an error the engine sends nothing more.
     * NULL: nothing is kept, as for a machine that changes nothing. */
    enum err (*keep)(void *keeper, const struct record *records, uint32_t len, struct why *why);
    void *keeper;
};

#endif
