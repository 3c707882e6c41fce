/*
 * What a carriage knows of its leases and of its run. The scheduler's side is carriage_steer.c.
 *
 * Invariant: trust never comes back to a carriage that has lost a lease, and it only grows by a
 * renewal that was asked for later.
 */
#include "carriage.h"

#include <assert.h>

void carriage_init(struct carriage *c, uint64_t run, const struct lease_claim *claims,
                   struct carriage_lane *lanes, uint32_t len, const struct lease_terms *terms,
                   instant_us asked_at)
{
    assert(run > 0 && terms->ttl > 0 && terms->call_timeout > 0);
    *c = (struct carriage){.run = run,
                           .ttl = terms->ttl,
                           .call_timeout = terms->call_timeout,
                           .trusted_until = lease_trusted_until(asked_at, terms->ttl),
                           .lanes = lanes,
                           .lanes_len = len};
    for (uint32_t i = 0; i < len; i++) {
        assert(claims[i].lease.run == run && claims[i].lease.epoch > 0);
        lanes[i] = (struct carriage_lane){.lane = claims[i].lease.lane,
                                          .lease = claims[i].lease,
                                          .granted = claims[i].granted,
                                          .wave = claims[i].wave};
    }
}

void carriage_renewed(struct carriage *c, instant_us asked_at, const bool *lost)
{
    for (uint32_t i = 0; i < c->lanes_len; i++) {
        if (!lost[i] || !c->lanes[i].lease.epoch)
            continue;
        c->lanes[i].lease.epoch = 0;
        c->is_lost = true;
    }
    instant_us until = lease_trusted_until(asked_at, c->ttl);
    c->trusted_until = c->is_lost ? 0 : when_later(c->trusted_until, until);
}

void carriage_looked(struct carriage *c, const struct shared_run *view)
{
    c->view = *view;
    c->view_known = true;
    c->views++;
    if (view->stops || view->state != RUN_OPEN)
        c->is_stopping = true;
}

void carriage_granted(struct carriage *c, uint32_t at, uint32_t starts)
{
    assert(at < c->lanes_len);
    c->lanes[at].fresh += starts;
    c->lanes[at].waits = false;
}

int32_t carriage_wants(struct carriage *c, uint32_t at)
{
    assert(at < c->lanes_len);
    struct carriage_lane *l = &c->lanes[at];
    uint32_t asked = l->asked, unused = l->unused;
    assert(!asked || !unused);
    l->asked = l->unused = 0;
    l->waits = asked > 0;
    assert(asked <= INT32_MAX && unused <= INT32_MAX);
    return unused ? -(int32_t)unused : (int32_t)asked;
}

bool carriage_has_news(const struct carriage *c)
{
    for (uint32_t i = 0; i < c->lanes_len; i++)
        if (c->lanes[i].fresh)
            return true;
    return c->is_lost || c->views != c->views_taken;
}

enum err carriage_may(const struct carriage *c, bool is_write, instant_us now,
                      instant_us *send_until, struct why *why)
{
    instant_us until = lease_send_until(c->trusted_until, c->call_timeout);
    *send_until = when_earlier(until, now + lease_leave(c->ttl));
    if (c->is_lost)
        return why_set(why, ERR_FENCED, "run %llu: another worker has taken over a lane",
                       (unsigned long long)c->run);
    if (now >= c->trusted_until || (is_write && now >= until))
        return why_set(why, ERR_FENCED,
                       "run %llu: the lanes could not be kept in time, so another worker may have "
                       "taken them over",
                       (unsigned long long)c->run);
    return OK;
}
