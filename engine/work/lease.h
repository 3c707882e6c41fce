/*
 * How far a worker trusts in its leases: pure arithmetic on instants of one clock that goes on in
 * suspend (CLOCK_BOOTTIME; the engine's `now`). The database's clock decides when a lease ends; the
 * worker's own only shortens that. Trust is counted from before the call that got it.
 */
#ifndef MF_LEASE_H
#define MF_LEASE_H

#include "base/when.h"

#define LEASE_TTL    SPAN_S(30) /* one lost lease costs a look, not a write */
#define LEASE_MARGIN SPAN_S(2)  /* clocks that run at different speeds, and a late timer */
#define LEASE_LOOK                                                                                 \
    SPAN_MS(500) /* between two looks at the runs: orders, waves, lanes that are free */

/* Until when a lease may be trusted that was asked for at `asked`. */
instant_us lease_trusted_until(instant_us asked, span_us ttl);
/* When to renew what was asked for at `asked`: after a third of its time. */
instant_us lease_renew_at(instant_us asked, span_us ttl);
/* The last instant at which a write may leave: its answer, or its time-out, comes before the end of
 * the trust. */
instant_us lease_send_until(instant_us trusted_until, span_us call_timeout);
/* May the holder write at all? What its holder before may have sent has arrived. */
bool lease_is_quiet(instant_us claimed, span_us quiet, instant_us now);

#endif
