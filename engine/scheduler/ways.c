/*
 * For how many calls there is a connection. A carrier has so many requests out at once
 * (options.transfers), and what is handed over beyond that waits inside, where no pause, no stop
 * and no other pace reaches it, while the read before a write grows old. So no call is handed over
 * that would wait there: whoever waits, waits in the queues of its lane.
 *
 * As the carrier keeps some of its connections for hosts that have few (wire/host_turns.h), so it
 * is counted here: a Region whose service hangs does not hold up the others. Reads and writes leave
 * each other a share, however slowly they are answered.
 */
#include "base/bounds.h"
#include "scheduler_internal.h"

#include <assert.h>

#define FEW   8 /* transfers of which none is kept */
#define SHARE 8 /* reads leave an eighth to writes, and writes to reads */

bool ways_init(struct scheduler *d, struct arena *memory)
{
    const struct fleet *f = d->fleet;
    d->region_out = ARENA_ARRAY(memory, uint32_t, f->lanes_len + 1);
    for (uint32_t i = 0; d->region_out && i < f->lanes_len; i++) {
        uint32_t first = 0;
        while (f->lanes[first].region != f->lanes[i].region)
            first++;
        d->lanes[i].region = first;
        d->lanes[i].carrier = d->options.carriers ? d->options.carriers[i] : 0;
    }
    d->options.carriers = NULL;
    return d->region_out != NULL;
}

static uint32_t bound_of(const struct scheduler *d)
{
    uint32_t all = d->options.transfers;
    return all > FEW ? all - HTTPS_SHARE_MIN : all;
}

/* Of reads, and of writes. */
static uint32_t bound_of_kind(const struct scheduler *d)
{
    uint32_t bound = bound_of(d), kept = bound / SHARE;
    return bound > 1 ? bound - (kept ? kept : 1) : bound;
}

static bool is_short(const struct scheduler *d, const struct carrier_out *out)
{
    uint32_t of_kind = bound_of_kind(d);
    return d->options.transfers && (out->reads + out->writes >= bound_of(d) ||
                                    out->reads >= of_kind || out->writes >= of_kind);
}

void way_taken(struct scheduler *d, uint16_t lane, enum call_kind kind)
{
    struct lane_state *l = &d->lanes[lane];
    struct carrier_out *out = &d->carriers[l->carrier];
    bool was_short = is_short(d, out);
    l->calls_out++;
    d->region_out[l->region]++;
    *(kind == CALL_SET ? &out->writes : &out->reads) += 1;
    d->carriers_short += is_short(d, out) && !was_short;
    assert(l->calls_out <= d->region_out[l->region]);
    assert(out->reads + out->writes <= d->calls.len);
}

void way_given(struct scheduler *d, uint16_t lane, enum call_kind kind)
{
    struct lane_state *l = &d->lanes[lane];
    struct carrier_out *out = &d->carriers[l->carrier];
    bool was_short = is_short(d, out);
    assert(l->calls_out > 0 && d->region_out[l->region] > 0);
    assert((kind == CALL_SET ? out->writes : out->reads) > 0);
    l->calls_out--;
    d->region_out[l->region]--;
    *(kind == CALL_SET ? &out->writes : &out->reads) -= 1;
    d->carriers_short -= was_short && !is_short(d, out);
}

static uint32_t left_of(uint32_t bound, uint32_t out)
{
    return out < bound ? bound - out : 0;
}

static uint32_t less(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t ways_for(const struct scheduler *d, uint16_t lane, enum call_kind kind)
{
    const struct lane_state *l = &d->lanes[lane];
    const struct carrier_out *out = &d->carriers[l->carrier];
    uint32_t all = out->reads + out->writes, of_kind = kind == CALL_SET ? out->writes : out->reads;
    if (!d->options.transfers)
        return UINT32_MAX;
    uint32_t usual = less(left_of(bound_of(d), all), left_of(bound_of_kind(d), of_kind));
    uint32_t first = less(left_of(d->options.transfers, all),
                          left_of(HTTPS_SHARE_MIN, d->region_out[l->region]));
    return usual > first ? usual : first;
}

uint32_t ways_within(const struct scheduler *d, uint16_t lane, uint32_t max)
{
    return less(max, ways_for(d, lane, CALL_GET));
}

bool ways_are_short(const struct scheduler *d)
{
    return d->carriers_short > 0;
}
