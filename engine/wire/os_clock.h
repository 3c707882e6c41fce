/*
 * The operating system's clock as the engine wants it: UTC at open, and from then on the time that
 * has passed (CLOCK_BOOTTIME). Setting the system's clock changes nothing, suspending the machine
 * does. Read by any thread; never goes backwards.
 */
#ifndef MF_OS_CLOCK_H
#define MF_OS_CLOCK_H

#include "base/when.h"

#include <stdatomic.h>

struct os_clock {
    instant_us opened_at;  /* what it showed first */
    instant_us opened_utc; /* what the system's clock showed then */
    int64_t opened_boot_us;
    _Atomic int64_t ahead_us; /* by os_clock_advance() */
};

/* not_before: the clock starts there, whatever the system's shows, until os_clock_advance(); so a
 * resumed run goes on where it was. 0: it starts at the system's time. */
void os_clock_open(struct os_clock *clock, instant_us not_before);
instant_us os_clock_now(const struct os_clock *clock);
/* The system's clock at open and the time that has passed since, without bound or correction: what
 * skew is measured against. */
instant_us os_clock_utc(const struct os_clock *clock);
/* The clock was found to be behind: it shows at least `utc` now, and goes on from there. */
void os_clock_advance(struct os_clock *clock, instant_us utc);

#endif
