/* A list in the order of arrival, and the last departure of each lane and kind. */
#include "departures.h"

#include <assert.h>
#include <stdlib.h>

bool departures_init(struct departures *d, uint32_t lanes_len)
{
    *d = (struct departures){.lanes_len = lanes_len};
    d->departed = calloc((size_t)lanes_len * CALL_KINDS + 1, sizeof *d->departed);
    return d->departed != NULL;
}

void departures_clear(struct departures *d)
{
    free(d->departed);
    *d = (struct departures){0};
}

bool departures_is_free(const struct call *c)
{
    return c->departure.not_before == 0;
}

static struct departed *departed_of(const struct departures *d, const struct call *c)
{
    assert(c->lane < d->lanes_len && c->kind < CALL_KINDS);
    return &d->departed[(size_t)c->lane * CALL_KINDS + c->kind];
}

static instant_us due_of(const struct departures *d, const struct call *c)
{
    const struct departed *before = departed_of(d, c);
    if (c->departure.out_max && before->out >= c->departure.out_max)
        return WHEN_NEVER;
    return when_later(c->departure.not_before, before->left + c->departure.spacing);
}

void departures_add(struct departures *d, struct call *c)
{
    assert(!departures_is_free(c));
    call_list_add(&d->waiting, c);
}

static struct call *let_go(struct departures *d, struct call *c, instant_us due)
{
    struct departed *of = departed_of(d, c);
    c->next = NULL;
    c->departure.not_before = due;
    of->left = when_later(of->left, due);
    of->out++;
    return c;
}

/* Of one lane and kind the first in the list is due first, since each one's instant is no earlier
 * than that of the one before. */
struct call *departures_next(struct departures *d, instant_us now)
{
    struct call *before = NULL;
    for (struct call *c = d->waiting.first; c; before = c, c = c->next) {
        instant_us due = due_of(d, c);
        if (due > now + d->lead)
            continue;
        if (before)
            before->next = c->next;
        else
            d->waiting.first = c->next;
        if (d->waiting.last == c)
            d->waiting.last = before;
        return let_go(d, c, due);
    }
    return NULL;
}

/* The lead is the least that calls were late, and grows slowly: a call that leaves too early may be
 * refused, and one that leaves late only costs the delay. */
void departures_left(struct departures *d, const struct call *c, instant_us now)
{
    struct departed *of = departed_of(d, c);
    of->left = when_later(of->left, now);
    if (departures_is_free(c))
        return;
    span_us took = now - c->departure.not_before + d->lead;
    d->lead = took < d->lead ? took : d->lead + 1;
    d->lead = d->lead < 0 ? 0 : d->lead > DEPARTURE_LEAD_MAX ? DEPARTURE_LEAD_MAX : d->lead;
}

void departures_done(struct departures *d, const struct call *c)
{
    if (departures_is_free(c))
        return;
    struct departed *of = departed_of(d, c);
    assert(of->out > 0);
    of->out--;
}

instant_us departures_due(const struct departures *d)
{
    instant_us due = WHEN_NEVER;
    for (const struct call *c = d->waiting.first; c; c = c->next)
        due = when_earlier(due, due_of(d, c));
    return due == WHEN_NEVER ? due : due - d->lead;
}
