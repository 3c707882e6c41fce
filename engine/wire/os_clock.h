/*
 * The operating system's clock as the engine wants it: UTC at open, and from then on the time that
 * has passed. Setting the system's clock changes nothing, suspending the machine does. Read by any
 * thread; never goes backwards.
 */
#ifndef MF_OS_CLOCK_H
#define MF_OS_CLOCK_H

#include "when.h"

struct os_clock {
    instant_us opened_at; /* UTC */
    int64_t opened_boot_us;
};

/* The clock never shows less than not_before (0: no such bound): a resumed run goes on where it
 * was, even when the system's clock has been set back in between. */
void os_clock_open(struct os_clock *clock, instant_us not_before);
instant_us os_clock_now(const struct os_clock *clock);

#endif
