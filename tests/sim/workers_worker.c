/* The thread of leases, and what begins and ends a worker. */
#include "workers_inside.h"

#include "base/count.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    return world_now(w->all->room->world);
}

struct lease_left left_by(const struct lease_left *left, instant_us at, instant_us now)
{
    struct lease_left by = *left;
    for (int i = 0; i < LEASE_ACTIONS; i++)
        by.next_call[i] = when_later(left->next_call[i] - (now - at), 0);
    return by;
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
        left[len] = left_by(&c->left[i], c->left_at, asked);
        places[len] = i;
        held[len++] = c->lanes[i].lease;
    }
    if (len == 0)
        return;
    c->is_asked = true;
    enum err err = leases_renew(w->journal, w->id, held, len, &w->all->terms, left, lost, &why);
    c->is_asked = false;
    carriage_wake(c);
    if (err != OK)
        return;
    for (uint32_t i = 0; i < len; i++)
        by_place[places[i]] = lost[i];
    carriage_renewed(&c->carriage, asked + c->ahead, by_place);
    c->renewed = asked;
    carriage_wake(c);
}

/* Starts that are wanted or not needed, and a look at the run after that: both are told together.
 */
static void look_at_run(struct worker *w, struct sim_carriage *c)
{
    struct shared_run view;
    struct why why;
    uint32_t granted[JUDGED_LANES_MAX] = {0};
    enum err err = OK;
    bool has_asked = false;
    c->is_asked = true;
    for (uint32_t i = 0; i < c->carriage.lanes_len && err == OK; i++) {
        struct lease lease = c->lanes[i].lease;
        int32_t wanted = lease.epoch ? carriage_wants(&c->carriage, i) : 0;
        has_asked |= wanted != 0;
        if (wanted)
            err = leases_starts(w->journal, &lease, wanted, &granted[i], &why);
        err = err == ERR_FENCED ? OK : err;
    }
    if (err == OK)
        err = leases_run(w->journal, w->all->run, &view, &why);
    for (uint32_t i = 0; i < c->carriage.lanes_len && err == OK; i++)
        carriage_granted(&c->carriage, i, granted[i]);
    if (err == OK)
        carriage_looked(&c->carriage, &view);
    else if (has_asked) /* it is not known what was granted: the next claim will say */
        carriage_quit(c);
    c->is_asked = false;
    carriage_wake(c);
}

/* Lanes that nobody carries. */
struct found {
    const struct worker *worker;
    uint16_t lanes[JUDGED_LANES_MAX];
    uint32_t len;
};

static bool is_wanted(const struct worker *w, uint16_t lane)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++)
        for (uint32_t k = 0; w->carriages[i].is_used && k < w->carriages[i].wanted_len; k++)
            if (w->carriages[i].wanted[k] == lane)
                return true;
    return false;
}

static bool lane_find(void *ctx, const struct lease_view *view)
{
    struct found *f = ctx;
    bool is_free = view->worker == 0 || view->left < 0;
    if (view->run == f->worker->all->run && view->rest == LEASE_OPEN && view->may_carry &&
        is_free && !view->waits_for && f->worker->may_carry[view->lane] &&
        f->len < JUDGED_LANES_MAX && !is_wanted(f->worker, view->lane))
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

static void openings_take(struct worker *w)
{
    struct found found = {.worker = w};
    struct sim_carriage *c = carriage_room(w);
    struct why why;
    if (!c || w->is_stopping || w->all->is_over ||
        leases_each(w->journal, w->all->run, lane_find, &found, &why) != OK)
        return;
    /* Now and then not all at once, so that others get some. */
    if (found.len > 1 && w->number % 2)
        found.len = (found.len + 1) / 2;
    if (found.len == 0 || w->process.is_dead)
        return;
    c->wanted_len = found.len;
    memcpy(c->wanted, found.lanes, found.len * sizeof *found.lanes);
    sim_carriage_begin(w, c);
}

static void look(struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++) {
        struct sim_carriage *c = &w->carriages[i];
        if (c->is_used && c->is_claimed && c->carriage.view_known && !c->is_leaving)
            look_at_run(w, c);
    }
    openings_take(w);
}

static void renew(struct worker *w)
{
    for (uint32_t i = 0; i < CARRIAGES_MAX; i++) {
        struct sim_carriage *c = &w->carriages[i];
        if (c->is_used && c->is_claimed && !c->is_leaving &&
            now_of(w) >= lease_renew_at(c->renewed, w->all->terms.ttl))
            renew_one(w, c);
    }
}

static bool leavings_renew(struct worker *w)
{
    bool is_any = false;
    for (uint32_t i = 0; i < COUNT(w->leavings); i++) {
        struct sim_leaving *l = &w->leavings[i];
        bool lost = false;
        struct why why;
        if (!l->lease.epoch)
            continue;
        const struct lease_left left = left_by(&l->left, l->left_at, now_of(w));
        enum err err =
            now_of(w) >= l->due
                ? leases_resign(w->journal, w->id, &l->lease, &left, 0, &why)
                : leases_renew(w->journal, w->id, &l->lease, 1, &w->all->terms, &left, &lost, &why);
        if (lost || (err == OK && now_of(w) >= l->due))
            l->lease.epoch = 0;
        is_any = is_any || l->lease.epoch;
    }
    return is_any;
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
        if (!w->carriages[i].is_claimed || w->carriages[i].carriage.is_stopping)
            continue;
        w->carriages[i].carriage.is_stopping = true;
        carriage_wake(&w->carriages[i]);
    }
}

static void body(void *ctx)
{
    struct worker *w = ctx;
    struct why why;
    instant_us looked = 0, changed = 0;
    bool is_there = enter(w), is_leaving = false;
    while (is_there && (has_carriages(w) || is_leaving || (!w->is_stopping && !w->all->is_over))) {
        carriages_join(w);
        if (w->is_stopping || w->all->is_over)
            carriages_stop(w);
        renew(w);
        is_leaving = leavings_renew(w);
        bool is_new = w->version != w->all->database->version || wants_starts(w);
        if (is_new || now_of(w) >= looked + LOOK_IDLE) {
            looked = now_of(w);
            w->version = w->all->database->version;
            look(w);
        }
        /* Where nothing has happened for a while, a look less costs a simulation nothing. */
        changed = is_new ? now_of(w) : changed;
        bool is_idle = now_of(w) > changed + SPAN_S(10);
        is_there = sleep_for(w, is_idle ? LOOK_IDLE / 2 : LEASE_LOOK);
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
