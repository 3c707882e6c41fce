/*
 * How far a worker trusts in its leases: pure arithmetic on instants of one clock that goes on in
 * suspend (CLOCK_BOOTTIME; the engine's `now`). The database's clock decides when a lease ends; the
 * worker's own only shortens that. Trust is counted from before the call that got it.
 *
 *     asked              renewed              send until      trusted until   ends (database)
 *     |---- a third -----|                    |- call time-out -|--- margin ---|
 *
 * Two bounds hold at once, so that no single clock has to be believed. By the worker's clock a
 * write leaves so early that its answer, or its time-out, comes before the lease can have ended.
 * And it leaves within LEASE_LEAVE of the moment at which its intent was handed to the database,
 * which takes no intent once another worker has the lane: who takes the lane over waits
 * LEASE_LEAVE, a call time-out and the margin, and nothing of the holder before can arrive later,
 * whatever the database's clock has done.
 */
#ifndef MF_LEASE_H
#define MF_LEASE_H

#include "base/when.h"

#define LEASE_TTL    SPAN_S(30) /* one lost lease costs a look, not a write */
#define LEASE_MARGIN SPAN_S(2)  /* clocks that run at different speeds, and a late timer */
#define LEASE_LEAVE  SPAN_S(5)  /* from the hand-over of an intent until its write leaves */
#define LEASE_LOOK                                                                                 \
    SPAN_MS(500) /* between two looks at the runs: orders, waves, lanes that are free */

/* Shorter leases have shorter parts: a twelfth, a sixth and a third of the lease at most. */
span_us lease_margin(span_us ttl);
span_us lease_leave(span_us ttl);
/* The time-out of a worker's calls, of which a longer one is wanted: a call must not outlive the
 * lease. */
span_us lease_call_timeout(span_us ttl, span_us wanted);
/* How long the next holder waits beside the call time-out, where this one did not resign. */
span_us lease_quiet_margin(span_us ttl);

/* Until when a lease may be trusted that was asked for at `asked`. */
instant_us lease_trusted_until(instant_us asked, span_us ttl);
/* When to renew what was asked for at `asked`: after a third of its time. */
instant_us lease_renew_at(instant_us asked, span_us ttl);
/* The last instant at which a write may leave: its answer, or its time-out, comes before the end of
 * the trust. */
instant_us lease_send_until(instant_us trusted_until, span_us call_timeout);
/* May the holder write at all? What its holder before may have sent has arrived. claimed: when the
 * answer to the claim was there, since the database has counted from an earlier instant. */
bool lease_is_quiet(instant_us claimed, span_us quiet, instant_us now);

#endif
