/*
 * The orders that people gave to a run, in the order of keeping. Who gave one is text for people:
 * nothing is decided by it.
 */
#include "inside.h"

#include <assert.h>

enum order_column {
    ORDER_COLUMN_KIND,
    ORDER_COLUMN_AT,
    ORDER_COLUMN_RATE,
    ORDER_COLUMN_USER,
    ORDER_COLUMN_UID,
    ORDER_COLUMN_PID,
    ORDER_COLUMN_HOST
};

/* Their numbers are in journals. */
static_assert(ORDER_PAUSE == 0 && ORDER_RESUME == 1 && ORDER_PACE == 2 && ORDER_STOP == 3 &&
                  ORDER_LEAVE == 4,
              "kinds of the table control");

enum err order_store(struct journal *j, uint64_t run, const struct order *o, struct why *why)
{
    uint64_t number = 0;
    assert(o && o->kind < ORDER_KINDS);
    const struct store_value values[] = {store_int(o->kind),          store_int(o->at),
                                         store_real(o->rate_per_s),   store_text(text_of(o->user)),
                                         store_int(o->uid),           store_int(o->pid),
                                         store_text(text_of(o->host))};
    return journal_put(j, TABLE_ORDER, run, values, &number, why);
}

struct orders_reading {
    bool (*fn)(void *ctx, const struct order *order);
    void *ctx;
    bool ok;
};

static bool order_one(void *ctx, const struct store_row *row)
{
    struct orders_reading *r = ctx;
    const struct store_value *v = row->values;
    struct order o = {
        .kind = (enum order_kind)value_number(&v[ORDER_COLUMN_KIND], ORDER_KINDS - 1, &r->ok),
        .at = value_int(&v[ORDER_COLUMN_AT]),
        .rate_per_s = value_real(&v[ORDER_COLUMN_RATE]),
        .uid = (uint32_t)value_number(&v[ORDER_COLUMN_UID], UINT32_MAX, &r->ok),
        .pid = (uint32_t)value_number(&v[ORDER_COLUMN_PID], UINT32_MAX, &r->ok),
        .answer = ORDER_TAKEN};
    order_name_copy(o.user, sizeof o.user, value_text(&v[ORDER_COLUMN_USER]));
    order_name_copy(o.host, sizeof o.host, value_text(&v[ORDER_COLUMN_HOST]));
    r->ok &= o.at > 0 && (o.kind == ORDER_PACE) == (o.rate_per_s > 0) && rate_fits(o.rate_per_s);
    return r->ok && r->fn(r->ctx, &o);
}

enum err journal_orders(struct journal *j, uint64_t run,
                        bool (*fn)(void *ctx, const struct order *order), void *ctx,
                        struct why *why)
{
    struct orders_reading r = {.fn = fn, .ctx = ctx, .ok = true};
    enum err err = journal_each(j, TABLE_ORDER, run, order_one, &r, why);
    if (err == OK && !r.ok)
        err = journal_damaged(why, "a person's order to the run");
    return err == OK ? OK : journal_wrap(j, err, why);
}
