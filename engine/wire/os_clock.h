/*
 * The engine's clock: UTC at open, plus the time since then (CLOCK_BOOTTIME). Setting the system's
 * clock does not change os_clock; time in suspend counts. Read by any thread; never goes backwards.
 */
#ifndef MF_OS_CLOCK_H
#define MF_OS_CLOCK_H

#include "base/when.h"

#include <stdatomic.h>

struct os_clock {
    instant_us opened_at;  /* CLOCK_BOOTTIME at open */
    instant_us opened_utc; /* the system's UTC at open */
    int64_t opened_boot_us;
    _Atomic int64_t ahead_us; /* by os_clock_advance() */
};

/* Time since the machine was booted, in suspend as well: for deadlines inside one process. */
span_us os_clock_boot(void);
/* not_before: the clock starts there, whatever the system's clock shows, until os_clock_advance();
 * so a resumed run goes on from its last instant. 0: the clock starts at the system's time. */
void os_clock_open(struct os_clock *clock, instant_us not_before);
instant_us os_clock_now(const struct os_clock *clock);
/* The system's UTC at open plus the time since, without bound or correction. Skew is measured
 * against this time. */
instant_us os_clock_utc(const struct os_clock *clock);
/* Moves a clock found to be behind: the clock shows at least `utc` now, and goes on from there. */
void os_clock_advance(struct os_clock *clock, instant_us utc);

#endif
