#include "order_watch.h"

#include "base/hash.h"

#include <math.h>

static uint64_t draw(uint64_t seed, uint32_t n, uint32_t what)
{
    return hash_mix(hash_mix(hash_mix(seed, 4711), n), what);
}

void orders_draw(struct orders *o, uint64_t seed, uint32_t len, instant_us start, span_us within)
{
    static const double rates[] = {0.3, 0.5, 1, 2, 7, 40};
    *o = (struct orders){.len = len};
    for (uint32_t i = 0; i < len; i++) {
        /* As many within the first minute as within the last hours. */
        double share = pow(hash_unit(seed, i, 4712), 4);
        o->due[i] = start + SPAN_S(1) + (span_us)(share * (double)within);
        o->list[i].kind = (enum order_kind)(draw(seed, i, 1) % (ORDER_PACE + 1));
        if (o->list[i].kind == ORDER_PACE)
            o->list[i].rate_per_s = rates[draw(seed, i, 2) % 6];
    }
    for (uint32_t i = 1; i < len; i++)
        for (uint32_t k = i; k > 0 && o->due[k] < o->due[k - 1]; k--) {
            instant_us due = o->due[k];
            o->due[k] = o->due[k - 1];
            o->due[k - 1] = due;
        }
    if (len)
        o->list[len - 1] = (struct order){.kind = ORDER_RESUME};
    for (uint32_t i = 0; i < len; i++)
        o->list[i].ticket = i + 1;
}

instant_us orders_due(const struct orders *o)
{
    return o->given < o->len ? o->due[o->given] : WHEN_NEVER;
}

bool orders_give(struct orders *o, instant_us now, struct event *event)
{
    if (orders_due(o) > now)
        return false;
    *event = (struct event){.kind = EVENT_CONTROL, .order = &o->list[o->given++]};
    return true;
}

bool orders_paused(const struct orders *o)
{
    bool is_paused = false;
    for (uint32_t i = o->life; i < o->given; i++)
        if (o->list[i].answer == ORDER_TAKEN && o->list[i].kind <= ORDER_RESUME)
            is_paused = o->list[i].kind == ORDER_PAUSE;
    return is_paused;
}

double orders_rate(const struct orders *o)
{
    double rate = o->kept_rate_per_s;
    for (uint32_t i = o->life; i < o->given; i++)
        if (o->list[i].answer == ORDER_TAKEN && o->list[i].kind == ORDER_PACE)
            rate = o->list[i].rate_per_s;
    return rate;
}

const char *orders_keep(struct orders *o, const struct record *r)
{
    const struct order *kept = r->order;
    if (!kept || kept->ticket < 1 || kept->ticket > o->given)
        return "an order is kept that nobody gave";
    const struct order *given = &o->list[kept->ticket - 1];
    if (given->answer != ORDER_TAKEN || kept->kind != given->kind || r->at != given->at)
        return "an order is kept otherwise than it was taken";
    if (o->kept[kept->ticket - 1]++)
        return "an order is kept twice";
    if (given->kind == ORDER_PACE)
        o->kept_rate_per_s = given->rate_per_s;
    return NULL;
}

const char *orders_end(const struct orders *o)
{
    for (uint32_t i = o->life; i < o->given; i++) {
        if (o->list[i].answer == ORDER_WAITS)
            return "an order has no answer";
        if (o->list[i].answer == ORDER_TAKEN && o->kept[i] != 1)
            return "an order was taken and is not kept";
    }
    return NULL;
}

void orders_resume(struct orders *o)
{
    o->life = o->given;
}
