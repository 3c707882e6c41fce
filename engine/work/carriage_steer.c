/*
 * A carriage and its scheduler: what the run has become elsewhere is told to the scheduler, and
 * what the scheduler wants of the run is noted.
 */
#include "carriage.h"

#include <assert.h>

void carriage_begin(struct carriage *c, struct scheduler *d, instant_us now)
{
    assert(c->view_known);
    if (!c->view.has_waves)
        return;
    scheduler_waves_set(d, &c->view.waves, now);
    c->views_taken = c->views;
    /* A wave that has ended since the claim has no start left over: all were used. */
    for (uint32_t i = 0; i < c->lanes_len; i++)
        if (c->lanes[i].granted && c->lanes[i].wave == c->view.waves.index)
            scheduler_grant(d, c->lanes[i].lane, c->lanes[i].granted, now);
}

void carriage_turn(struct carriage *c, struct scheduler *d, instant_us now)
{
    bool has_waves = c->view_known && c->view.has_waves;
    if (has_waves && c->views_taken != c->views)
        scheduler_waves_set(d, &c->view.waves, now);
    c->views_taken = c->views;
    for (uint32_t i = 0; i < c->lanes_len && has_waves; i++) {
        struct carriage_lane *l = &c->lanes[i];
        if (l->fresh)
            scheduler_grant(d, l->lane, l->fresh, now);
        l->fresh = 0;
        l->unused += scheduler_starts_return(d, l->lane, now);
        l->asked =
            l->unused || l->waits || c->is_stopping ? 0 : scheduler_starts_wanted(d, l->lane, now);
    }
}

bool carriage_steers(const struct carriage *c, const struct steering *s, bool is_draining,
                     struct order *order)
{
    if (is_draining)
        return false;
    if (c->is_stopping) {
        *order = (struct order){.kind = ORDER_STOP};
        return true;
    }
    if (!c->view_known)
        return false;
    if (c->view.rate_per_s > 0 &&
        (s->rate_per_s < c->view.rate_per_s || s->rate_per_s > c->view.rate_per_s)) {
        *order = (struct order){.kind = ORDER_PACE, .rate_per_s = c->view.rate_per_s};
        return true;
    }
    if (c->view.is_paused == s->is_paused)
        return false;
    *order = c->view.pause;
    order->kind = c->view.is_paused ? ORDER_PAUSE : ORDER_RESUME;
    order->rate_per_s = 0;
    return true;
}

bool carriage_order(struct carriage *c, const struct scheduler *d, struct order *order)
{
    return carriage_steers(c, scheduler_steering(d), scheduler_is_draining(d), order);
}

enum lease_rest carriage_rest(const struct carriage *c, const struct scheduler *d, uint32_t at,
                              bool drained)
{
    struct scheduler_lane_totals totals;
    uint32_t open = 0;
    assert(at < c->lanes_len);
    scheduler_lane_totals(d, c->lanes[at].lane, &totals);
    for (int state = 0; state < JOB_STATES; state++)
        open += state == JOB_DONE ? 0 : totals.by_state[state];
    if (open == 0)
        return LEASE_ENDED;
    assert(drained);
    bool is_paused_by_waves = waves_are_over(scheduler_waves(d));
    bool is_stopped = c->view_known && (c->view.stops || c->view.state != RUN_OPEN);
    return is_paused_by_waves || is_stopped ? LEASE_STOPPED : LEASE_OPEN;
}
