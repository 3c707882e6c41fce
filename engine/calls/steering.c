/* Orders, one after the other, into the state that they leave. */
#include "steering.h"

#include "model/fleet.h"

#include <assert.h>

static enum order_answer answer_to(const struct steering *s, const struct order *o, bool stopping)
{
    bool changes = true;
    switch (o->kind) {
    case ORDER_PAUSE: changes = !s->is_paused; break;
    case ORDER_RESUME: changes = s->is_paused; break;
    case ORDER_PACE:
        changes = s->rate_per_s < o->rate_per_s || s->rate_per_s > o->rate_per_s;
        break;
    case ORDER_STOP: return stopping ? ORDER_IDLE : ORDER_TAKEN;
    case ORDER_LEAVE:
    case ORDER_KINDS: return ORDER_TAKEN;
    }
    return stopping ? ORDER_TOO_LATE : changes ? ORDER_TAKEN : ORDER_IDLE;
}

bool steering_take(struct steering *s, struct order *order, bool stopping, instant_us now)
{
    assert(order->kind < ORDER_KINDS);
    assert(order->kind != ORDER_PACE || (order->rate_per_s > 0 && rate_fits(order->rate_per_s)));
    order->at = now;
    order->answer = answer_to(s, order, stopping);
    if (order->answer != ORDER_TAKEN)
        return false;
    s->taken++;
    s->last = *order;
    if (order->kind == ORDER_PAUSE)
        s->pause = *order;
    if (order->kind == ORDER_PAUSE || order->kind == ORDER_RESUME)
        s->is_paused = order->kind == ORDER_PAUSE;
    if (order->kind == ORDER_PACE)
        s->rate_per_s = order->rate_per_s;
    return true;
}
