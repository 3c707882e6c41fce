/* The thread of leases, and what begins and ends a worker. */
#include "workers_inside.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_IDLE SPAN_S(3) /* where nothing has changed that a look would show */

/* Dead or frozen: what has not left the machine does not leave it. */
static void stopped(struct process *p)
{
    struct worker *w = (struct worker *)p;
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++) {
        struct sim_carriage *c = &w->carriages[i];
        if (!c->is_used)
            continue;
        if (p->is_dead) {
            world_leave(c->client);
            c->client = NULL;
            coroutine_wake(c->coroutine, 0);
        } else if (c->client) {
            world_client_freeze(c->client, p->frozen);
        }
    }
    if (p->is_dead)
        coroutine_wake(w->coroutine, 0);
}

struct process *worker_process(struct worker *w)
{
    return &w->process;
}

bool worker_has_ended(const struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++)
        if (w->carriages[i].is_used && !coroutine_has_ended(w->carriages[i].coroutine))
            return false;
    return coroutine_has_ended(w->coroutine);
}

void worker_wake(struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++) {
        struct sim_carriage *c = &w->carriages[i];
        if (c->is_used && c->client && world_client_has_answers(c->client))
            coroutine_wake(c->coroutine, world_now(w->all->room->world));
    }
}

void worker_stop(struct worker *w)
{
    w->is_stopping = true;
    coroutine_wake(w->coroutine, world_now(w->all->room->world));
}

static instant_us now_of(const struct worker *w)
{
    return process_now(&w->process);
}

static bool sleep_for(struct worker *w, span_us span)
{
    return process_sleep(&w->process, world_now(w->all->room->world) + span);
}

/* Tries again until the database is there. */
static bool enter(struct worker *w)
{
    struct why why;
    char name[32];
    snprintf(name, sizeof name, "worker%u", w->number);
    const struct worker_self self = {
        .name = name, .host = "sim", .pid = (uint32_t)w->process.life, .version = TEXT("sim")};
    for (;;) {
        enum err err =
            w->journal ? OK : database_open(w->all->database, &w->link, &w->journal, &why);
        if (err == OK)
            err = leases_worker_begin(w->journal, &self, &w->id, &why);
        if (err == OK)
            return true;
        if (err != ERR_AWAY)
            judge_complain(w->all->judge, "a worker cannot begin: %s", why.text);
        if (err != ERR_AWAY || w->all->is_over || !sleep_for(w, SPAN_S(1)))
            return false;
    }
}

static void carriage_free(struct sim_carriage *c)
{
    coroutine_end(c->coroutine);
    *c = (struct sim_carriage){.is_used = false};
}

static void carriages_join(struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++)
        if (w->carriages[i].is_used && coroutine_has_ended(w->carriages[i].coroutine))
            carriage_free(&w->carriages[i]);
}

static void renew_one(struct worker *w, struct sim_carriage *c)
{
    struct lease held[JUDGED_LANES_MAX];
    bool lost[JUDGED_LANES_MAX] = {false}, by_place[JUDGED_LANES_MAX] = {false};
    uint32_t places[JUDGED_LANES_MAX], len = 0;
    struct lease_left left[JUDGED_LANES_MAX];
    struct why why;
    instant_us asked = now_of(w);
    for (uint32_t i = 0; i < c->carriage.lanes_len; i++) {
        if (!c->lanes[i].lease.epoch)
            continue;
        left[len] = c->left[i];
        places[len] = i;
        held[len++] = c->lanes[i].lease;
    }
    if (len == 0)
        return;
    enum err err = leases_renew(w->journal, w->id, held, len, &w->all->terms, left, lost, &why);
    if (err != OK || !c->is_used || c->is_leaving)
        return;
    for (uint32_t i = 0; i < len; i++)
        by_place[places[i]] = lost[i];
    carriage_renewed(&c->carriage, asked, by_place);
    c->renewed = asked;
    carriage_wake(c);
}

static void look_at_run(struct worker *w, struct sim_carriage *c)
{
    struct shared_run view;
    struct why why;
    if (leases_run(w->journal, w->all->run, &view, &why) != OK || c->is_leaving)
        return;
    carriage_looked(&c->carriage, &view);
    carriage_wake(c);
}

static void starts_move(struct worker *w, struct sim_carriage *c)
{
    for (uint32_t i = 0; i < c->carriage.lanes_len && !c->is_leaving; i++) {
        struct lease lease = c->lanes[i].lease;
        int32_t wanted = lease.epoch ? carriage_wants(&c->carriage, i) : 0;
        uint32_t granted = 0;
        struct why why;
        if (wanted == 0)
            continue;
        enum err err = leases_starts(w->journal, &lease, wanted, &granted, &why);
        if (err != OK) /* it is not known what was granted: the journal knows */
            carriage_quit(c);
        else if (granted && !c->is_leaving)
            carriage_granted(&c->carriage, i, granted);
    }
}

/* Lanes that nobody carries. */
struct found {
    const struct worker *worker;
    uint16_t lanes[JUDGED_LANES_MAX];
    uint32_t len;
};

static bool lane_find(void *ctx, const struct lease_view *view)
{
    struct found *f = ctx;
    bool is_free = view->worker == 0 || view->left < 0;
    if (view->run == f->worker->all->run && view->rest == LEASE_OPEN && view->may_carry &&
        is_free && !view->waits_for && f->worker->may_carry[view->lane] &&
        f->len < JUDGED_LANES_MAX)
        f->lanes[f->len++] = view->lane;
    return true;
}

static struct sim_carriage *carriage_room(struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++)
        if (!w->carriages[i].is_used)
            return &w->carriages[i];
    return NULL;
}

static void claim(struct worker *w)
{
    struct found found = {.worker = w};
    struct sim_carriage *c = carriage_room(w);
    struct why why;
    uint32_t claimed = 0;
    if (!c || w->is_stopping || leases_each(w->journal, w->all->run, lane_find, &found, &why) != OK)
        return;
    /* Now and then not all at once, so that others get some. */
    if (found.len > 1 && w->number % 2)
        found.len = (found.len + 1) / 2;
    instant_us asked = now_of(w);
    if (found.len == 0 || leases_claim(w->journal, w->id, w->all->run, found.lanes, found.len,
                                       &w->all->terms, c->claims, &claimed, &why) != OK)
        return;
    if (claimed > 0 && !w->process.is_dead)
        sim_carriage_begin(w, c, claimed, asked);
}

static void look(struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++) {
        struct sim_carriage *c = &w->carriages[i];
        if (!c->is_used || c->is_leaving)
            continue;
        starts_move(w, c);
        if (c->is_used && !c->is_leaving)
            look_at_run(w, c);
    }
    claim(w);
}

static void renew(struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++) {
        struct sim_carriage *c = &w->carriages[i];
        if (c->is_used && !c->is_leaving &&
            now_of(w) >= lease_renew_at(c->renewed, w->all->terms.ttl))
            renew_one(w, c);
    }
}

static bool wants_starts(const struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++)
        for (uint32_t k = 0; w->carriages[i].is_used && k < w->carriages[i].carriage.lanes_len; k++)
            if (w->carriages[i].lanes[k].asked || w->carriages[i].lanes[k].unused)
                return true;
    return false;
}

static bool has_carriages(const struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++)
        if (w->carriages[i].is_used)
            return true;
    return false;
}

static void carriages_stop(struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++) {
        if (!w->carriages[i].is_used || w->carriages[i].carriage.is_stopping)
            continue;
        w->carriages[i].carriage.is_stopping = true;
        carriage_wake(&w->carriages[i]);
    }
}

static void body(void *ctx)
{
    struct worker *w = ctx;
    struct why why;
    instant_us looked = 0;
    bool is_there = enter(w);
    while (is_there && (has_carriages(w) || (!w->is_stopping && !w->all->is_over))) {
        carriages_join(w);
        if (w->is_stopping || w->all->is_over)
            carriages_stop(w);
        renew(w);
        bool is_new = w->version != w->all->database->version || wants_starts(w);
        if (is_new || now_of(w) >= looked + LOOK_IDLE) {
            looked = now_of(w);
            w->version = w->all->database->version;
            look(w);
        }
        is_there = sleep_for(w, LEASE_LOOK);
    }
    if (is_there && leases_worker_end(w->journal, w->id, &why) != OK)
        process_step(&w->process, STEP_DATABASE);
    journal_close(w->journal);
    w->journal = NULL;
}

struct worker *worker_new(struct workers *all, uint32_t number, const bool *lanes, span_us skew)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    process_init(&w->process, all->room, stopped);
    w->process.skew = skew;
    w->all = all;
    w->number = number;
    w->link.process = &w->process;
    for (uint32_t i = 0; i < all->scene->fleet.lanes_len; i++)
        w->may_carry[i] = lanes[i];
    w->coroutine = coroutine_begin(all->room->all, body, w, world_now(all->room->world));
    if (!w->coroutine) {
        free(w);
        return NULL;
    }
    return w;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    assert(worker_has_ended(w));
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++)
        if (w->carriages[i].is_used)
            carriage_free(&w->carriages[i]);
    coroutine_end(w->coroutine);
    free(w);
}
