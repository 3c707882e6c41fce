/* The thread of a carriage: from the claim to the end. */
#include "workers_inside.h"

#include "base/count.h"
#include "engine.h"
#include "run/part_port.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void carriage_wake(struct sim_carriage *c)
{
    if (c->is_used)
        coroutine_wake(c->coroutine, world_now(c->worker->all->room->world));
}

void carriage_quit(struct sim_carriage *c)
{
    c->quits = c->is_leaving = true;
    carriage_wake(c);
}

static instant_us world_of(const struct sim_carriage *c)
{
    return world_now(c->worker->all->room->world);
}

static instant_us now_of(const struct sim_carriage *c)
{
    return world_of(c) + c->ahead;
}

/* The port */

static instant_us world_clock(void *world)
{
    struct sim_carriage *c = world;
    if (c->has_begun)
        c->decided = world_of(c);
    c->has_begun = false;
    return now_of(c);
}

/* Instants of the world become those of the process's clock. */
static void call_skew(struct call *call, span_us skew)
{
    call->sent_at += skew;
    call->answered_at += skew;
    if (call->kind == CALL_ASK && call->dns.same_until)
        call->dns.same_until += skew;
    if (call->reply.server_date)
        call->reply.server_date += skew;
}

static uint32_t answers_take(struct sim_carriage *c, struct event *events, uint32_t max)
{
    struct io below = world_client_io(c->client);
    uint32_t len = below.wait(below.world, 0, events, max);
    for (uint32_t i = 0; i < len; i++) {
        judge_hears(c->worker->all->judge, c->client_number, events[i].call);
        call_skew(events[i].call, c->ahead);
    }
    return len;
}

static uint32_t world_wait(void *world, instant_us until, struct event *events, uint32_t max)
{
    struct sim_carriage *c = world;
    struct worker *w = c->worker;
    c->has_begun = true;
    for (;;) {
        bool must_leave = w->process.is_dead || c->quits || c->carriage.is_lost ||
                          judge_has_complaint(w->all->judge);
        if (must_leave) {
            events[0] = (struct event){.kind = EVENT_ABORT};
            return 1;
        }
        uint32_t len = answers_take(c, events, max - 1);
        if (carriage_order(&c->carriage, c->scheduler, &c->order)) {
            c->order.ticket = 1;
            c->order.answer = ORDER_WAITS;
            events[len++] = (struct event){.kind = EVENT_CONTROL, .order = &c->order};
        }
        if (len || now_of(c) >= until || carriage_has_news(&c->carriage))
            return len;
        process_sleep(&w->process, until == WHEN_NEVER ? until : until - c->ahead);
    }
}

static void took_effect(void *ctx)
{
    struct sim_carriage *c = ctx;
    judge_keeps(c->worker->all->judge, c->epochs, c->keeping, c->keeping_len);
}

static bool has_intent(const struct record *records, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        if (records[i].kind == RECORD_INTENT)
            return true;
    return false;
}

/* Of struct run_part. Anything may happen before the answer, and after it. */
static enum err part_may(void *ctx, bool is_write, instant_us now, instant_us *send_until,
                         struct why *why)
{
    struct sim_carriage *c = ctx;
    struct process *p = &c->worker->process;
    (void)now;
    if (!process_step(p, c->has_kept ? STEP_KEPT : STEP_DECIDED))
        return why_set(why, ERR_AWAY, "dead");
    c->has_kept = false;
    enum err err = carriage_may(&c->carriage, is_write, now_of(c), send_until, why);
    if (err == OK && is_write && !process_step(p, STEP_ALLOWED))
        return why_set(why, ERR_AWAY, "dead");
    return err;
}

static enum err world_keep(void *keeper, const struct record *records, uint32_t len,
                           struct why *why)
{
    struct sim_carriage *c = keeper;
    struct workers *all = c->worker->all;
    c->keeping = records;
    c->keeping_len = len;
    c->link.effect = took_effect;
    c->link.effect_ctx = c;
    enum err err = journal_keep(c->journal, all->run, records, len, why);
    c->link.effect = NULL;
    all->judge->refused += err == ERR_FENCED;
    c->has_kept = err == OK && has_intent(records, len);
    return err;
}

static void world_send(void *world, struct call **calls, uint32_t len)
{
    struct sim_carriage *c = world;
    bool writes = false;
    if (!c->client)
        return;
    for (uint32_t i = 0; i < len; i++) {
        struct call *call = calls[i];
        writes |= call->kind == CALL_SET;
        if (call->not_after)
            call->not_after = when_later(call->not_after - c->ahead, 1);
        if (call->departure.not_before)
            call->departure.not_before = when_later(call->departure.not_before - c->ahead, 1);
        /* What is too late comes back at once, and is no call. */
        if (!call->not_after || call->not_after >= world_of(c))
            judge_hands(c->worker->all->judge, c->client_number, call, c->decided);
    }
    struct io below = world_client_io(c->client);
    below.send(below.world, calls, len);
    if (writes)
        process_step(&c->worker->process, STEP_SENT);
}

/* Before the first turn */

struct restoring {
    struct sim_carriage *carriage;
    instant_us now;
};

static bool row_restore(void *ctx, const struct record *record)
{
    struct restoring *r = ctx;
    struct sim_carriage *c = r->carriage;
    if (c->carries[c->worker->all->scene->fleet.choices[record->job].lane])
        scheduler_restore(c->scheduler, record, false, r->now);
    return true;
}

/* What the holders before may have sent has arrived after that. */
static bool wait_for_quiet(struct sim_carriage *c)
{
    struct process *p = &c->worker->process;
    span_us quiet = 0;
    for (uint32_t i = 0; i < c->carriage.lanes_len; i++)
        if (c->claims[i].quiet > quiet)
            quiet = c->claims[i].quiet;
    c->worker->all->takeovers += quiet > 0;
    while (!lease_is_quiet(c->claimed, quiet, now_of(c)))
        if (c->quits || !process_sleep(p, c->claimed + quiet - c->ahead))
            return false;
    return !c->quits && !c->carriage.is_lost;
}

static enum err fence(struct sim_carriage *c, struct why *why)
{
    const struct workers *all = c->worker->all;
    for (uint32_t i = 0; i < c->carriage.lanes_len; i++) {
        uint16_t lane = c->lanes[i].lane;
        c->leases[lane] = c->claims[i].lease;
        c->epochs[lane] = c->claims[i].lease.epoch;
        c->carries[lane] = true;
    }
    return journal_fence(
        c->journal,
        &(struct fence){.run = all->run, .fleet = &all->scene->fleet, .leases = c->leases}, why);
}

static bool has_waves(const struct fleet *f)
{
    return f->waves_len > 0 || f->max_failures.value >= 0;
}

static void pace_take_over(struct sim_carriage *c)
{
    for (uint32_t i = 0; i < c->carriage.lanes_len; i++)
        for (unsigned k = 0; k < LEASE_ACTIONS; k++) {
            const struct lease_claim *claim = &c->claims[i];
            enum call_kind kind = (enum call_kind)k;
            if (claim->next_call[k] > 0)
                scheduler_hold(c->scheduler, c->lanes[i].lane, kind,
                               c->claimed + claim->next_call[k]);
            if (claim->rate_per_s[k] > 0)
                scheduler_teach(c->scheduler, c->lanes[i].lane, kind, claim->rate_per_s[k],
                                now_of(c));
        }
}

static enum err scheduler_prepare(struct sim_carriage *c, struct arena *memory, struct why *why)
{
    struct workers *all = c->worker->all;
    struct shared_run view;
    enum err err = leases_run(c->journal, all->run, &view, why);
    if (err != OK)
        return err;
    carriage_looked(&c->carriage, &view);
    struct scheduler_options options = all->options;
    options.lanes = c->carries;
    options.shares_waves = has_waves(&all->scene->fleet);
    if (view.rate_per_s > 0)
        options.rate_per_s = view.rate_per_s;
    c->scheduler = scheduler_init(memory, &all->scene->fleet, &options);
    if (!c->scheduler)
        return why_set(why, ERR_NOMEM, "out of memory");
    struct restoring restoring = {c, now_of(c)};
    err = journal_rows(c->journal, all->run, row_restore, &restoring, why);
    if (err != OK)
        return err;
    pace_take_over(c);
    carriage_begin(&c->carriage, c->scheduler, now_of(c));
    return OK;
}

/* The turns */

static void left_note(struct sim_carriage *c, uint32_t i, enum lease_rest rest)
{
    struct lease_left *left = &c->left[i];
    *left = (struct lease_left){.rest = rest};
    for (unsigned kind = 0; kind < LEASE_ACTIONS; kind++) {
        const struct pace *pace =
            scheduler_pace(c->scheduler, c->lanes[i].lane, (enum call_kind)kind);
        span_us wait = pace_next(pace) - now_of(c);
        left->next_call[kind] = wait > 0 ? wait : 0;
        left->rate_per_s[kind] = pace_is_slowed(pace) ? pace->load.rate_per_s : 0;
    }
    c->left_at = world_of(c);
}

static void after_turn(void *ctx, instant_us now)
{
    struct sim_carriage *c = ctx;
    carriage_turn(&c->carriage, c->scheduler, now);
    scheduler_audit(c->scheduler);
    for (uint32_t i = 0; i < c->carriage.lanes_len; i++)
        left_note(c, i, LEASE_OPEN);
}

static enum err turns(struct sim_carriage *c, enum engine_end *end, struct why *why)
{
    const struct run_part part = {.ctx = c, .may = part_may};
    struct part_port port = {.below = {c, world_clock, world_wait, world_send, world_keep, c},
                             .part = &part};
    struct io io = part_port_io(&port);
    struct machine machine = scheduler_machine(c->scheduler);
    struct engine_watch watch = {.ctx = c, .turn = after_turn};
    scheduler_start(c->scheduler, now_of(c));
    return engine_run(&machine, &io, &watch, end, why);
}

/* What the thread of leases has asked for is answered first. */
static void take_back(struct sim_carriage *c)
{
    c->is_leaving = true;
    while (c->is_asked && process_sleep(&c->worker->process, WHEN_NEVER))
        continue;
}

static void leave_later(struct sim_carriage *c, uint32_t i, span_us after)
{
    struct worker *w = c->worker;
    struct sim_leaving *free = w->leavings;
    while (free->lease.epoch)
        free++;
    assert(free < w->leavings + COUNT(w->leavings));
    *free = (struct sim_leaving){c->lanes[i].lease, c->left[i], c->left_at, world_of(c) + after};
}

static bool is_writing(const struct sim_carriage *c, uint32_t i)
{
    struct scheduler_lane_totals totals;
    if (!c->scheduler)
        return false;
    scheduler_lane_totals(c->scheduler, c->lanes[i].lane, &totals);
    return totals.by_state[JOB_WRITING] > 0;
}

static void end_badly(struct sim_carriage *c)
{
    const struct lease_terms *terms = &c->worker->all->terms;
    take_back(c);
    for (uint32_t i = 0; i < c->carriage.lanes_len; i++)
        leave_later(c, i, is_writing(c, i) ? terms->call_timeout + terms->margin : 0);
}

/* Starts that the lane holds and that nobody will use. */
static enum err starts_give_back(struct sim_carriage *c, uint32_t i, struct why *why)
{
    struct carriage_lane *l = &c->lanes[i];
    uint32_t unused = l->unused + l->fresh, none = 0;
    l->unused = l->fresh = 0;
    unused += scheduler_starts_return(c->scheduler, l->lane, now_of(c));
    if (!unused)
        return OK;
    enum err err = leases_starts(c->journal, &l->lease, -(int32_t)unused, &none, why);
    return err == ERR_FENCED ? OK : err;
}

static void end_well(struct sim_carriage *c, bool drained)
{
    struct worker *w = c->worker;
    enum err err = OK;
    struct why why;
    take_back(c);
    for (uint32_t i = 0; i < c->carriage.lanes_len; i++) {
        if (!c->lanes[i].lease.epoch)
            continue;
        left_note(c, i, carriage_rest(&c->carriage, c->scheduler, i, drained));
        err = err == OK ? starts_give_back(c, i, &why) : err;
        if (err == OK)
            err =
                leases_resign(c->journal, w->id, &c->lanes[i].lease, &c->left[i], now_of(c), &why);
        if (err != OK)
            leave_later(c, i, 0);
    }
    if (err != OK && err != ERR_AWAY)
        judge_complain(w->all->judge, "a lane cannot be given back: %s", why.text);
}

/* The wire's clock: the process's own, and never before the newest record of the run. */
static enum err clock_set(struct sim_carriage *c, struct why *why)
{
    struct run_head head;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    enum err err = journal_run(c->journal, c->worker->all->run, &head, &arena, why);
    arena_clear(&arena);
    c->ahead = c->worker->process.skew;
    if (err == OK && head.last > now_of(c))
        c->ahead = head.last - world_of(c);
    return err;
}

static bool claim(struct sim_carriage *c)
{
    struct worker *w = c->worker;
    struct why why;
    uint32_t claimed = 0;
    instant_us asked = world_of(c);
    enum err err = leases_claim(c->journal, w->id, w->all->run, c->wanted, c->wanted_len,
                                &w->all->terms, c->claims, &claimed, &why);
    if (err != OK || claimed == 0)
        return false;
    c->claimed = now_of(c);
    c->renewed = asked;
    c->left_at = world_of(c);
    for (uint32_t i = 0; i < claimed; i++) {
        memcpy(c->left[i].next_call, c->claims[i].next_call, sizeof c->left[i].next_call);
        memcpy(c->left[i].rate_per_s, c->claims[i].rate_per_s, sizeof c->left[i].rate_per_s);
    }
    carriage_init(&c->carriage, w->all->run, c->claims, c->lanes, claimed, &w->all->terms,
                  asked + c->ahead);
    c->is_claimed = true;
    return true;
}

static void carry(struct sim_carriage *c, struct arena *memory)
{
    struct workers *all = c->worker->all;
    struct why why = {""};
    enum engine_end end = ENGINE_ABORTED;
    enum err err = database_open(all->database, &c->link, &c->journal, &why);
    if (err == OK)
        err = clock_set(c, &why);
    if (err != OK || !claim(c))
        return;
    err = fence(c, &why);
    if (err != OK || !wait_for_quiet(c)) {
        end_badly(c);
        return;
    }
    err = scheduler_prepare(c, memory, &why);
    if (err == OK && !c->quits && !c->worker->process.is_dead) {
        if (!judge_begins(all->judge, c->client_number, c->worker->process.life, c->epochs))
            exit(1);
        err = turns(c, &end, &why);
    } else if (err == OK) {
        err = ERR_AWAY;
    }
    c->is_leaving = true;
    bool is_expected = err == OK || err == ERR_AWAY || err == ERR_FENCED;
    if (!is_expected)
        judge_complain(all->judge, "a carriage gave up: %s", why.text);
    if (err == OK && end != ENGINE_ABORTED)
        end_well(c, end == ENGINE_DRAINED);
    else
        end_badly(c);
}

static void body(void *ctx)
{
    struct sim_carriage *c = ctx;
    struct arena memory;
    arena_init(&memory, SIZE_MAX);
    carry(c, &memory);
    c->is_leaving = true;
    world_leave(c->client); /* calls still out live in the scheduler's memory */
    c->client = NULL;
    journal_close(c->journal);
    scheduler_clear(c->scheduler);
    c->journal = NULL;
    c->scheduler = NULL;
    arena_clear(&memory);
    coroutine_wake(c->worker->coroutine, world_now(c->worker->all->room->world));
}

void sim_carriage_begin(struct worker *w, struct sim_carriage *c)
{
    c->is_used = true;
    c->worker = w;
    c->link.process = &w->process;
    c->client = world_join(w->all->room->world);
    c->coroutine = coroutine_begin(w->all->room->all, body, c, world_now(w->all->room->world));
    w->all->carriages++;
    if (!c->client || !c->coroutine)
        exit(1);
    c->client_number = world_client_number(c->client);
}
