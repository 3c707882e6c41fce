/*
 * Sums and differences of instants, each in one place. Invariant: the trust ends before the lease
 * does, and the last write leaves before the trust ends.
 */
#include "lease.h"

#include <assert.h>

static span_us shorter(span_us a, span_us b)
{
    return a < b ? a : b;
}

span_us lease_margin(span_us ttl)
{
    assert(ttl > 0);
    return shorter(LEASE_MARGIN, ttl / 12);
}

span_us lease_leave(span_us ttl)
{
    assert(ttl > 0);
    return shorter(LEASE_LEAVE, ttl / 6);
}

span_us lease_call_timeout(span_us ttl, span_us wanted)
{
    assert(ttl > 0 && wanted > 0);
    return shorter(wanted, ttl / 3);
}

span_us lease_quiet_margin(span_us ttl)
{
    return lease_leave(ttl) + lease_margin(ttl);
}

instant_us lease_trusted_until(instant_us asked, span_us ttl)
{
    instant_us until = asked + ttl - lease_margin(ttl);
    assert(until > asked && until < asked + ttl);
    return until;
}

instant_us lease_renew_at(instant_us asked, span_us ttl)
{
    assert(ttl > 0);
    return asked + ttl / 3;
}

instant_us lease_send_until(instant_us trusted_until, span_us call_timeout)
{
    assert(call_timeout > 0);
    return trusted_until - call_timeout;
}

bool lease_is_quiet(instant_us claimed, span_us quiet, instant_us now)
{
    return now >= claimed + quiet;
}
