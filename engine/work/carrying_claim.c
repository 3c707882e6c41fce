/*
 * A run that is carried in part, as its leases see it: claim, turns, end.
 *
 * Invariant: between claim and end each lane of the carriage is renewed by the worker's thread;
 * after the end it has been given back, or lies in worker.leavings, or its lease runs out because
 * the worker leaves at once.
 */
#include "worker_internal.h"

#include "wire/os_clock.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define QUIET_SLICE SPAN_MS(50) /* of the wait until SES may be called */
#define LEFT_EVERY  SPAN_S(1)

/* What a lane is called in a sentence: "main/us-east-1". */
#define LANE_WORDS_MAX 300
static const char *lane_words(const struct fleet *f, uint16_t lane, char out[LANE_WORDS_MAX])
{
    if (lane >= f->lanes_len) {
        snprintf(out, LANE_WORDS_MAX, lane == LEASE_RUN ? "its names" : "a lane");
        return out;
    }
    struct text account = names_text(&f->names, f->accounts[f->lanes[lane].account].name);
    snprintf(out, LANE_WORDS_MAX, TEXT_FMT "/" TEXT_FMT, TEXT_ARG(text_slice(account, 0, 200)),
             TEXT_ARG(names_text(&f->names, f->lanes[lane].region)));
    return out;
}

void carrying_tried(struct carrying *c, uint16_t lane, const char *sentence)
{
    struct worker *w = c->worker;
    char words[LANE_WORDS_MAX];
    struct why unheard = {""};
    pthread_mutex_lock(&w->lock);
    tried_add(w, c->id, lane, os_clock_boot() + TRIED_FOR);
    pthread_mutex_unlock(&w->lock);
    notice_note(&w->notices, "run %llu: %s cannot be carried from here: %s",
                (unsigned long long)c->id, lane_words(&c->run.fleet, lane, words), sentence);
    leases_tried(c->run.journal, w->number, c->id, lane, text_of(sentence), &unheard);
}

/* ---- leaving ---- */

/* Under the lock. From here on the lanes are this thread's alone. */
static void lanes_take_back(struct carrying *c)
{
    while (c->is_asked || c->is_looked)
        pthread_cond_wait(&c->worker->told_of, &c->worker->lock);
    c->is_claimed = false;
}

/* Under the lock. False: out of memory, and the lease runs out. */
static bool lane_leave_later(struct carrying *c, uint32_t at, span_us after, instant_us ended)
{
    const struct leaving leaving = {.lease = c->lanes[at].lease,
                                    .left = c->left[at],
                                    .left_at = c->left_at,
                                    .due = os_clock_boot() + after,
                                    .at = ended};
    return !leaving.lease.epoch || leaving_add(c->worker, &leaving);
}

/* What the claim has brought, and nobody has used. */
static void lanes_leave_unused(struct carrying *c)
{
    pthread_mutex_lock(&c->worker->lock);
    lanes_take_back(c);
    for (uint32_t i = 0; i < c->claimed; i++)
        lane_leave_later(c, i, 0, 0);
    pthread_mutex_unlock(&c->worker->lock);
}

/* ---- the claim ---- */

static void troubles_tell(struct carrying *c)
{
    const struct run *r = &c->run;
    for (uint32_t i = 0; i < c->wanted_len; i++)
        if (c->wanted[i] < r->fleet.lanes_len && r->lanes.trouble[c->wanted[i]])
            carrying_tried(c, c->wanted[i], r->lanes.trouble[c->wanted[i]]);
}

/* Those of the wanted lanes that can be carried from here. */
static uint32_t wanted_choose(struct carrying *c)
{
    const struct run *r = &c->run;
    uint32_t len = 0;
    pthread_mutex_lock(&c->worker->lock);
    for (uint32_t i = 0; i < c->wanted_len; i++)
        if (c->wanted[i] >= r->fleet.lanes_len || !r->lanes.trouble[c->wanted[i]])
            c->wanted[len++] = c->wanted[i];
    c->wanted_len = len;
    pthread_mutex_unlock(&c->worker->lock);
    return len;
}

/* The claimed lanes are renewed from here on, and only they are in hand. */
static void claim_enter(struct carrying *c, struct wire *wire, instant_us asked)
{
    struct worker *w = c->worker;
    pthread_mutex_lock(&w->lock);
    c->ahead = wire_now(wire) - os_clock_boot();
    carriage_init(&c->carriage, c->id, c->claims, c->lanes, c->claimed, &c->terms,
                  asked + c->ahead);
    c->left_at = os_clock_boot();
    for (uint32_t i = 0; i < c->claimed; i++) {
        uint16_t lane = c->claims[i].lease.lane;
        c->wanted[i] = lane;
        c->left[i] = (struct lease_left){.rest = LEASE_OPEN};
        memcpy(c->left[i].next_call, c->claims[i].next_call, sizeof c->left[i].next_call);
        memcpy(c->left[i].rate_per_s, c->claims[i].rate_per_s, sizeof c->left[i].rate_per_s);
        c->leases[lane == LEASE_RUN ? 0 : lane] = c->claims[i].lease;
        if (lane != LEASE_RUN)
            c->is_held[lane] = true;
    }
    c->wanted_len = c->claimed;
    c->is_claimed = true;
    pthread_mutex_unlock(&w->lock);
}

/* The first worker of a lane says whose credentials carry it. */
static enum err callers_keep(struct carrying *c, struct why *why)
{
    const struct fleet *f = &c->run.fleet;
    enum err err = OK;
    for (uint32_t i = 0; i < c->claimed && err == OK; i++) {
        uint16_t lane = c->claims[i].lease.lane;
        if (lane == LEASE_RUN || !c->is_new[lane])
            continue;
        const struct caller *is = &f->lanes[lane].caller;
        const struct lane_caller caller = {
            names_text(&f->names, is->account), names_text(&f->names, is->partition),
            names_text(&f->names, is->arn), names_text(&f->names, is->begun_with)};
        err = leases_caller(c->run.journal, &c->claims[i].lease, &caller, why);
        if (err == ERR_AUTH)
            carrying_tried(c, lane, why->text);
    }
    return err;
}

static void slice_wait(void)
{
    const struct timespec slice = {.tv_nsec = QUIET_SLICE * 1000};
    nanosleep(&slice, NULL);
}

/* What the holders before may have sent has arrived when this is over. */
static enum err quiet_wait(struct carrying *c, instant_us claimed, struct why *why)
{
    struct worker *w = c->worker;
    span_us quiet = 0;
    for (uint32_t i = 0; i < c->claimed; i++)
        quiet = when_later(quiet, c->claims[i].quiet);
    while (!lease_is_quiet(claimed, quiet, os_clock_boot())) {
        pthread_mutex_lock(&w->lock);
        bool is_lost = c->carriage.is_lost;
        pthread_mutex_unlock(&w->lock);
        if (is_lost)
            return why_set(why, ERR_FENCED, "another worker has taken over a lane");
        if (atomic_load(&w->stops))
            return why_set(why, ERR_BUSY, "stopped");
        slice_wait();
    }
    return OK;
}

/* "main/us-east-1 and 3 more are" */
#define LANES_WORDS_MAX (LANE_WORDS_MAX + 48)
static const char *lanes_words(const struct carrying *c, char out[LANES_WORDS_MAX])
{
    char words[LANE_WORDS_MAX], more[32] = "";
    if (c->claimed > 1)
        snprintf(more, sizeof more, " and %u more", c->claimed - 1);
    snprintf(out, LANES_WORDS_MAX, "%s%s %s",
             lane_words(&c->run.fleet, c->claims[0].lease.lane, words), more,
             c->claimed > 1 || c->publishing ? "are" : "is");
    return out;
}

static void claim_tell(struct carrying *c)
{
    char words[LANES_WORDS_MAX], wait[WHEN_LEN];
    span_us quiet = 0;
    for (uint32_t i = 0; i < c->claimed; i++)
        quiet = when_later(quiet, c->claims[i].quiet);
    notice_note(&c->worker->news, "run %llu: %s carried from here%s%s", (unsigned long long)c->id,
                lanes_words(c, words),
                quiet ? ", taken over from a worker that has not given it back: SES is called in "
                      : "",
                quiet ? span_format(quiet, wait) : "");
}

/* What has become of the run meanwhile. */
static enum err view_take(struct carrying *c, struct why *why)
{
    struct worker *w = c->worker;
    struct shared_run view;
    enum err err = leases_run(c->run.journal, c->id, &view, why);
    if (err != OK)
        return err;
    pthread_mutex_lock(&w->lock);
    carriage_looked(&c->carriage, &view);
    pthread_mutex_unlock(&w->lock);
    c->part.shares_waves = view.has_waves;
    if (view.rate_per_s > 0)
        c->run.kept_pace_per_s = view.rate_per_s;
    if (view.state != RUN_OPEN)
        return why_set(why, ERR_GONE, "the run is not open any more");
    return OK;
}

static enum err claimed_prepare(struct carrying *c, instant_us claimed, struct why *why)
{
    enum err err = callers_keep(c, why);
    if (err == OK)
        err = quiet_wait(c, claimed, why);
    if (err == OK)
        err = view_take(c, why);
    return err;
}

static enum err part_claim(void *ctx, struct run *r, struct wire *wire, enum err found,
                           struct why *why)
{
    struct carrying *c = ctx;
    struct worker *w = c->worker;
    troubles_tell(c);
    uint32_t len = wanted_choose(c);
    c->has_claimed = true;
    if (len == 0)
        return found != OK ? found : why_set(why, ERR_GONE, "no lane can be carried from here");
    instant_us asked = os_clock_boot();
    enum err err = leases_claim(r->journal, w->number, c->id, c->wanted, len, &c->terms, c->claims,
                                &c->claimed, why);
    instant_us answered = os_clock_boot();
    if (err != OK)
        return err;
    if (c->claimed == 0)
        return why_set(why, ERR_GONE, "no lane was free any more");
    claim_enter(c, wire, asked);
    claim_tell(c);
    err = claimed_prepare(c, answered, why);
    if (err != OK) {
        lanes_leave_unused(c);
        return err;
    }
    c->fence = (struct fence){.run = c->id, .fleet = &r->fleet, .leases = c->leases};
    err = journal_fence(r->journal, &c->fence, why);
    if (err != OK)
        lanes_leave_unused(c);
    return err;
}

/* ---- turns ---- */

/* Under the lock. */
static bool is_trusted(const struct carrying *c, instant_us now)
{
    instant_us until;
    return carriage_may(&c->carriage, false, now, &until, NULL) == OK;
}

/* Under the lock. Has the machine an order to take? It is in c->order then. */
static bool is_steered(struct carrying *c)
{
    if (c->run.scheduler)
        return carriage_order(&c->carriage, c->run.scheduler, &c->order);
    const struct publisher *p = c->publishing ? c->publishing->publisher : NULL;
    if (!p)
        return false;
    const struct machine machine = publisher_machine(c->publishing->publisher);
    return carriage_steers(&c->carriage, publisher_steering(p), machine.is_draining(machine.ctx),
                           &c->order);
}

static struct order *order_take(void *ctx)
{
    struct carrying *c = ctx;
    struct order *order = NULL;
    pthread_mutex_lock(&c->worker->lock);
    if (!c->order_out && !is_trusted(c, wire_now(c->wire))) {
        c->order = (struct order){.kind = ORDER_LEAVE};
        order = &c->order;
    } else if (!c->order_out && is_steered(c)) {
        order = &c->order;
    }
    c->order_out = c->order_out || order;
    pthread_mutex_unlock(&c->worker->lock);
    return order;
}

/* As whoever has carried the lanes before left them. */
static void paces_take(struct carrying *c, instant_us now)
{
    for (uint32_t i = 0; i < c->claimed; i++) {
        const struct lease_claim *claim = &c->claims[i];
        instant_us passed = now - c->ahead - c->left_at;
        for (int kind = 0; kind < LEASE_ACTIONS; kind++) {
            if (claim->next_call[kind] > passed)
                scheduler_hold(c->run.scheduler, claim->lease.lane, (enum call_kind)kind,
                               now + claim->next_call[kind] - passed);
            if (claim->rate_per_s[kind] > 0)
                scheduler_teach(c->run.scheduler, claim->lease.lane, (enum call_kind)kind,
                                claim->rate_per_s[kind], now);
        }
    }
}

static enum err part_begin(void *ctx, struct run *r, struct wire *wire, instant_us now,
                           struct why *why)
{
    struct carrying *c = ctx;
    const struct wire_orders orders = {.ctx = c, .take = order_take};
    (void)why;
    if (r->scheduler) {
        paces_take(c, now);
        pthread_mutex_lock(&c->worker->lock);
        carriage_begin(&c->carriage, r->scheduler, now);
        pthread_mutex_unlock(&c->worker->lock);
    }
    wire_take_orders(wire, &orders);
    wire_wake(wire);
    return OK;
}

/* Under the lock. For whoever carries the lanes next. */
static void left_note(struct carrying *c, instant_us now)
{
    const struct scheduler *d = c->run.scheduler;
    for (uint32_t i = 0; d && i < c->claimed; i++) {
        struct lease_left *left = &c->left[i];
        for (int kind = 0; kind < LEASE_ACTIONS; kind++) {
            const struct pace *pace = scheduler_pace(d, c->lanes[i].lane, (enum call_kind)kind);
            left->next_call[kind] = when_later(pace_next(pace) - now, 0);
            left->rate_per_s[kind] = pace_is_slowed(pace) ? pace->load.rate_per_s : 0;
        }
    }
    c->left_at = now - c->ahead;
    c->left_due = now + LEFT_EVERY;
}

/* Starts that the lane holds and that nobody will use. */
static uint32_t starts_unused(struct carrying *c, uint32_t at, instant_us now)
{
    struct carriage_lane *l = &c->lanes[at];
    uint32_t unused = l->unused + l->fresh;
    l->unused = l->fresh = 0;
    if (!c->part.shares_waves || !c->run.scheduler)
        return 0;
    return unused + scheduler_starts_return(c->run.scheduler, l->lane, now);
}

/* Under the lock. Lanes whose rows are all final, and kept, need not wait for the others: a later
 * run may have them. */
static void ended_leave(struct carrying *c, const struct scheduler *d, instant_us now)
{
    uint32_t unkept;
    scheduler_records(d, &unkept);
    for (uint32_t i = 0; i < c->claimed && unkept == 0 && !c->is_asked && !c->is_looked; i++) {
        struct carriage_lane *l = &c->lanes[i];
        if (!l->lease.epoch || !scheduler_lane_is_over(d, l->lane))
            continue;
        c->left[i].rest = LEASE_ENDED;
        if (!lane_leave_later(c, i, 0, now))
            return;
        leaving_last(c->worker)->unused = starts_unused(c, i, now);
        c->worker->end.lanes_carried++;
        l->lease.epoch = 0;
        l->has_ended = true;
        c->wanted[i] = LANE_NONE;
    }
}

static void part_turn(void *ctx, struct run *r, instant_us now)
{
    struct carrying *c = ctx;
    pthread_mutex_lock(&c->worker->lock);
    c->order_out = false;
    if (r->scheduler)
        carriage_turn(&c->carriage, r->scheduler, now);
    else
        c->carriage.views_taken = c->carriage.views;
    if (now >= c->left_due) {
        left_note(c, now);
        if (r->scheduler && !c->carriage.is_lost)
            ended_leave(c, r->scheduler, now);
    }
    pthread_mutex_unlock(&c->worker->lock);
}

/* The turn at which the trust ends, unless it is renewed before. */
static instant_us part_wake(void *ctx, instant_us now)
{
    struct carrying *c = ctx;
    pthread_mutex_lock(&c->worker->lock);
    instant_us until = c->carriage.trusted_until;
    pthread_mutex_unlock(&c->worker->lock);
    return when_later(until, now);
}

static enum err part_may(void *ctx, bool is_write, instant_us now, instant_us *send_until,
                         struct why *why)
{
    struct carrying *c = ctx;
    pthread_mutex_lock(&c->worker->lock);
    enum err err = carriage_may(&c->carriage, is_write, now, send_until, why);
    pthread_mutex_unlock(&c->worker->lock);
    return err;
}

/* ---- the end ---- */

static bool is_writing(const struct carrying *c, uint32_t at)
{
    struct scheduler_lane_totals totals;
    if (!c->run.scheduler)
        return c->publishing != NULL;
    scheduler_lane_totals(c->run.scheduler, c->lanes[at].lane, &totals);
    return totals.by_state[JOB_WRITING] > 0;
}

/* The carriage could not go on: what it holds is given back when nothing of it is on its way. */
static void end_badly(struct carrying *c)
{
    struct worker *w = c->worker;
    uint32_t lost = 0;
    span_us quiet = c->terms.call_timeout + c->terms.margin;
    pthread_mutex_lock(&w->lock);
    lanes_take_back(c);
    for (uint32_t i = 0; i < c->claimed && atomic_load(&w->stops) < 2; i++) {
        lost += c->lanes[i].lease.epoch == 0 && !c->lanes[i].has_ended;
        lane_leave_later(c, i, is_writing(c, i) ? quiet : 0, 0);
    }
    w->end.lanes_lost += lost;
    pthread_mutex_unlock(&w->lock);
    c->was_lost = lost > 0;
}

static enum err starts_give_back(struct carrying *c, uint32_t at, instant_us now, struct why *why)
{
    uint32_t none = 0;
    uint32_t unused = starts_unused(c, at, now);
    if (!unused)
        return OK;
    enum err err = leases_starts(c->run.journal, &c->lanes[at].lease, -(int32_t)unused, &none, why);
    if (err == ERR_FENCED) /* lost, and so nothing is to be given back */
        return OK;
    if (err != OK) /* whoever claims the lane next counts what is unused */
        c->left[at].rest = LEASE_OPEN;
    return err;
}

static enum lease_rest rest_of(const struct carrying *c, uint32_t at)
{
    const struct run *r = &c->run;
    bool is_drained = r->end == ENGINE_DRAINED;
    if (r->scheduler)
        return carriage_rest(&c->carriage, r->scheduler, at, is_drained);
    struct publisher_totals totals;
    publisher_totals(c->publishing->publisher, &totals);
    if (!is_drained)
        return LEASE_ENDED;
    return totals.is_stopped || c->carriage.is_stopping ? LEASE_STOPPED : LEASE_OPEN;
}

/* Why the lane is left to others; NULL: it is not. */
static const char *left_because(const struct carrying *c, uint32_t at)
{
    return c->run.scheduler ? scheduler_lane_left(c->run.scheduler, c->lanes[at].lane) : NULL;
}

static void end_tell(struct carrying *c)
{
    static const char *const ends[] = {
        [LEASE_OPEN] = "given back, open to other workers",
        [LEASE_ENDED] = "carried to the end: nothing is left to be done",
        [LEASE_STOPPED] = "stopped: mailfrom resume opens the run again",
    };
    char words[LANES_WORDS_MAX];
    enum lease_rest rest = LEASE_ENDED;
    for (uint32_t i = 0; i < c->claimed; i++)
        rest = c->left[i].rest == LEASE_ENDED ? rest : c->left[i].rest;
    const char *reason = c->run.scheduler ? scheduler_pause_reason(c->run.scheduler) : NULL;
    notice_note(&c->worker->news, "run %llu: %s %s%s%s%s", (unsigned long long)c->id,
                lanes_words(c, words), ends[rest], rest == LEASE_STOPPED && reason ? " (" : "",
                rest == LEASE_STOPPED && reason ? reason : "",
                rest == LEASE_STOPPED && reason ? ")" : "");
}

static enum err end_well(struct carrying *c, instant_us now, struct why *why)
{
    struct worker *w = c->worker;
    struct run *r = &c->run;
    uint32_t left = 0;
    enum err err = OK;
    /* The lanes are not renewed meanwhile: what takes longer than this is left to the worker's own
     * thread, which does renew. */
    instant_us until = os_clock_boot() + c->terms.ttl / 6;
    pthread_mutex_lock(&w->lock);
    lanes_take_back(c);
    left_note(c, now);
    for (uint32_t i = 0; i < c->claimed; i++)
        c->left[i].rest = rest_of(c, i);
    pthread_mutex_unlock(&w->lock);
    for (; left < c->claimed && err == OK && os_clock_boot() < until; left += err == OK) {
        if (!c->lanes[left].lease.epoch)
            continue;
        err = starts_give_back(c, left, now, why);
        if (err == OK)
            err = leases_resign(r->journal, w->number, &c->lanes[left].lease, &c->left[left], now,
                                why);
    }
    pthread_mutex_lock(&w->lock);
    for (uint32_t i = 0; i < left; i++) {
        bool is_held = c->lanes[i].lease.epoch != 0;
        bool is_stopped = c->left[i].rest == LEASE_STOPPED;
        w->end.lanes_carried += is_held && !is_stopped && !left_because(c, i);
        w->end.lanes_stopped += is_held && is_stopped;
    }
    for (; left < c->claimed; left++)
        if (c->lanes[left].lease.epoch && lane_leave_later(c, left, 0, now))
            leaving_last(w)->unused = starts_unused(c, left, now);
    pthread_mutex_unlock(&w->lock);
    for (uint32_t i = 0; i < c->claimed; i++)
        if (left_because(c, i))
            carrying_tried(c, c->lanes[i].lane, left_because(c, i));
    end_tell(c);
    return err;
}

static enum err part_end(void *ctx, struct run *r, bool failed, instant_us now, struct why *why)
{
    struct carrying *c = ctx;
    if (!failed && r->end != ENGINE_ABORTED)
        return end_well(c, now, why);
    end_badly(c);
    if (failed || !c->was_lost)
        return OK;
    return why_set(why, ERR_FENCED, "another worker has taken over a lane");
}

void carrying_part(struct carrying *c)
{
    c->part = (struct run_part){
        .ctx = c,
        .claim = part_claim,
        .begin = part_begin,
        .turn = part_turn,
        .wake = part_wake,
        .may = part_may,
        .end = part_end,
    };
}
