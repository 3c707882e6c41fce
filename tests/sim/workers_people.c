#include "workers_people.h"

#include "base/hash.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define LOOKS_EVERY SPAN_S(20)
#define RETRIES_MAX 2

static void stopped(struct process *p)
{
    (void)p;
}

static instant_us now_of(const struct people *p)
{
    return process_now(&p->process);
}

static void given_draw(struct people *p)
{
    static const double rates[] = {0.3, 0.5, 1, 2, 7, 40};
    uint64_t seed = p->process.room->seed;
    p->orders_len = seed % 8 > 5 ? ORDERS_GIVEN_MAX : 0;
    for (uint32_t i = 0; i < p->orders_len; i++) {
        double unit = hash_unit(seed, i, 61);
        p->orders[i].kind = unit < 0.3    ? ORDER_PAUSE
                            : unit < 0.5  ? ORDER_RESUME
                            : unit < 0.95 ? ORDER_PACE
                                          : ORDER_STOP;
        if (p->orders[i].kind == ORDER_PACE)
            p->orders[i].rate_per_s = rates[hash_mix(hash_mix(seed, 62), i) % 6];
        double share = pow(hash_unit(seed, i, 63), 2);
        span_us wait = SPAN_S(1) + (span_us)(share * (double)SPAN_M(20));
        p->due[i] = (i ? p->due[i - 1] : now_of(p)) + wait;
    }
    if (p->orders_len)
        p->orders[p->orders_len - 1] = (struct order){.kind = ORDER_RESUME};
}

struct giving {
    struct people *people;
    const struct order *order;
};

static void order_takes_effect(void *ctx)
{
    const struct giving *g = ctx;
    if (g->order->answer == ORDER_TAKEN)
        judge_ordered(g->people->workers->judge, g->order);
}

/* Again until an answer is there: the second time it says that it is so already. */
static void order_give(struct people *p, struct order *order)
{
    struct giving giving = {p, order};
    struct why why;
    p->link.effect = order_takes_effect;
    p->link.effect_ctx = &giving;
    enum err err = leases_order(p->journal, p->workers->run, order, &why);
    p->link.effect = NULL;
    if (err == OK) {
        if (order->answer == ORDER_WAITS)
            judge_complain(p->workers->judge, "an order has no answer");
        p->given++;
        return;
    }
    order->answer = ORDER_WAITS;
    order->at = 0;
    if (err != ERR_AWAY)
        judge_complain(p->workers->judge, "an order was refused: %s", why.text);
}

struct reopening {
    struct people *people;
    bool reopens;
};

static void reopen_takes_effect(void *ctx)
{
    const struct reopening *r = ctx;
    judge_reopens(r->people->workers->judge, r->reopens);
    r->people->retries += r->reopens;
    r->people->reopens++;
}

static void reopen(struct people *p, bool reopens)
{
    struct judge *judge = p->workers->judge;
    struct reopening reopening = {p, reopens};
    struct why why;
    if (reopening.reopens && p->retries >= RETRIES_MAX) {
        p->is_over = true;
        return;
    }
    p->link.effect = reopen_takes_effect;
    p->link.effect_ctx = &reopening;
    enum err err = leases_reopen(p->journal, p->workers->run, reopening.reopens, &why);
    p->link.effect = NULL;
    if (err != OK && err != ERR_AWAY && err != ERR_BUSY)
        judge_complain(judge, "the run cannot be opened again: %s", why.text);
}

/* Its workers may only be cut off, and come back. */
static bool looks_abandoned(const struct people *p, const struct shared_run *view)
{
    bool is_impatient = hash_unit(p->process.room->seed, 0, 64) < 0.3;
    return is_impatient && view->state == RUN_OPEN && view->lanes_held == 0 &&
           p->retries < RETRIES_MAX;
}

static void look(struct people *p)
{
    struct shared_run view;
    struct why why;
    if (leases_run(p->journal, p->workers->run, &view, &why) != OK)
        return;
    if (view.state == RUN_ENDED)
        p->is_over = true;
    if (view.state == RUN_STOPPED)
        reopen(p, watcher_is_over_budget(&p->workers->judge->watcher));
    else if (looks_abandoned(p, &view))
        reopen(p, true);
}

static void body(void *ctx)
{
    struct people *p = ctx;
    struct why why;
    while (!p->journal && !p->workers->is_over)
        if (database_open(p->workers->database, &p->link, &p->journal, &why) != OK)
            process_sleep(&p->process, now_of(p) + SPAN_S(1));
    while (!p->is_over && !p->workers->is_over) {
        instant_us due = p->given < p->orders_len ? p->due[p->given] : WHEN_NEVER;
        if (now_of(p) >= due)
            order_give(p, &p->orders[p->given]);
        look(p);
        due = p->given < p->orders_len ? p->due[p->given] : WHEN_NEVER;
        process_sleep(&p->process, when_earlier(now_of(p) + LOOKS_EVERY,
                                                when_later(due, now_of(p) + SPAN_S(1))));
    }
    journal_close(p->journal);
    p->journal = NULL;
}

void people_begin(struct people *p, struct workers *workers)
{
    *p = (struct people){.workers = workers};
    process_init(&p->process, workers->room, stopped);
    p->process.is_spared = true;
    p->link.process = &p->process;
    given_draw(p);
    p->coroutine = coroutine_begin(workers->room->all, body, p, now_of(p));
    if (!p->coroutine)
        exit(1);
}

bool people_say_over(const struct people *p)
{
    return p->is_over;
}

bool people_have_ended(const struct people *p)
{
    return coroutine_has_ended(p->coroutine);
}

void people_end(struct people *p)
{
    coroutine_end(p->coroutine);
}
