/* Orders of a run, folded into what is in force. */
#include "run_orders.h"

struct orders_fold {
    struct order *list;
    uint32_t len, cap;
    struct arena *arena;
    bool no_memory;
};

static bool order_add(void *ctx, const struct order *order)
{
    struct orders_fold *f = ctx;
    if (f->len == f->cap) {
        struct order *grown = arena_grow(f->arena, f->list, sizeof *f->list, f->len, &f->cap);
        f->no_memory = !grown;
        if (!grown)
            return false;
        f->list = grown;
    }
    f->list[f->len++] = *order;
    return true;
}

enum err run_orders_read(struct run_orders *out, struct journal *journal, uint64_t run,
                         struct arena *arena, struct why *why)
{
    struct orders_fold f = {.arena = arena};
    *out = (struct run_orders){.list = NULL};
    enum err err = journal_orders(journal, run, order_add, &f, why);
    if (err == OK && f.no_memory)
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err != OK)
        return err;
    out->list = f.list;
    out->len = f.len;
    for (uint32_t i = 0; i < f.len; i++) {
        const struct order *o = &f.list[i];
        if (o->kind == ORDER_PAUSE || o->kind == ORDER_RESUME)
            out->pause = o->kind == ORDER_PAUSE ? o : NULL;
        if (o->kind == ORDER_PACE)
            out->rate_per_s = o->rate_per_s;
    }
    return OK;
}

enum err run_orders_resume(struct run *r, struct why *why)
{
    struct run_orders orders;
    enum err err = run_orders_read(&orders, r->journal, r->head.id, &r->arena, why);
    r->kept_pace_per_s = err == OK ? orders.rate_per_s : 0;
    return err;
}
