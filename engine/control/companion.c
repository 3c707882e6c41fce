/* The life of the control of a run, as its companion. The deciding thread calls all of it. */
#include "control_internal.h"

#include "journal/journal.h"
#include "run/run_orders.h"
#include "scheduler/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct control *control_new(const char *journal, const struct notices *notices)
{
    pthread_condattr_t monotonic;
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->journal = journal;
    c->notices = *notices;
    c->address = ADDRESS_NONE;
    c->listening = -1;
    c->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    char host[ORDER_HOST_MAX] = "";
    gethostname(host, sizeof host - 1);
    order_name_copy(c->host, sizeof c->host, text_of(host));
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return c;
}

void control_free(struct control *c)
{
    if (!c)
        return;
    assert(!c->is_serving && !c->wire);
    if (c->wakeup >= 0)
        close(c->wakeup);
    pthread_cond_destroy(&c->answered);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Who resumes a paused run that was cut off means that it goes on: the pause ends by that. Who
 * gives it --rate takes back the pace that it was given before. */
static enum err orders_renew(struct control *c, struct run *r, instant_us now, struct why *why)
{
    struct run_orders orders;
    struct order given[2];
    struct record records[2];
    uint32_t len = 0;
    enum err err = run_orders_read(&orders, r->journal, r->head.id, &r->arena, why);
    if (err != OK)
        return err;
    bool was_recalled = r->kept_pace_per_s > 0;
    if (orders.pause)
        given[len++] = (struct order){.kind = ORDER_RESUME};
    if (orders.rate_per_s > 0 && !was_recalled && !journal_verb_publishes(r->head.verb) &&
        r->config.access->rate_per_s > 0)
        given[len++] =
            (struct order){.kind = ORDER_PACE, .rate_per_s = r->config.access->rate_per_s};
    for (uint32_t i = 0; i < len; i++) {
        struct order *o = &given[i];
        o->at = now;
        o->uid = (uint32_t)getuid();
        o->pid = (uint32_t)getpid();
        o->answer = ORDER_TAKEN;
        server_user_name(o->uid, o->user);
        memcpy(o->host, c->host, sizeof o->host);
        records[i] = (struct record){.kind = RECORD_ORDER, .at = now, .order = o};
    }
    return len ? journal_keep(r->journal, r->head.id, records, len, why) : OK;
}

static enum err begin(void *ctx, struct run *r, struct wire *wire, instant_us now, struct why *why)
{
    struct control *c = ctx;
    const struct wire_orders orders = {c, orders_next};
    struct why unsteered;
    enum err err = r->resumes ? orders_renew(c, r, now, why) : OK;
    if (err != OK)
        return err;
    pthread_mutex_lock(&c->lock);
    c->wire = wire;
    c->run = r->head.id;
    pthread_mutex_unlock(&c->lock);
    wire_take_orders(wire, &orders);
    if (c->journal && server_begin(c, &unsteered) != OK)
        notice_note(&c->notices,
                    "this run cannot be paused, paced or stopped from another terminal: no socket "
                    "beside its journal (%s). Signals still stop it",
                    unsteered.text);
    return OK;
}

static void turn(void *ctx, instant_us now)
{
    (void)now;
    orders_decided(ctx);
}

static void kept(void *ctx, const struct record *records, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        if (records[i].kind == RECORD_ORDER)
            orders_kept(ctx, records[i].order);
}

static void end(void *ctx, const struct run *r, bool failed, instant_us now)
{
    struct control *c = ctx;
    (void)r;
    (void)failed;
    (void)now;
    wire_take_orders(c->wire, NULL);
    orders_end(c);
    server_end(c);
}

struct run_companion control_companion(struct control *c)
{
    return (struct run_companion){.ctx = c, .begin = begin, .turn = turn, .kept = kept, .end = end};
}
