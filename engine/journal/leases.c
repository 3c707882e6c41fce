/*
 * Leases: the journal's side. Each function is one transaction over the store's operations
 * (lease_ops of store.h), which know rows, locks and the clock; what a change means for the run and
 * its waves is decided here, once for all stores.
 */
#include "inside.h"

#include "base/bounds.h"
#include "base/count.h"
#include "calls/steering.h"

#include <assert.h>
#include <stdlib.h>

static const struct lease_ops *ops_of(const struct journal *j)
{
    assert(journal_is_shared(j));
    return j->store->leases;
}

static enum err said(const struct journal *j, enum err err, struct why *why)
{
    return err == OK ? OK : journal_wrap(j, err, why);
}

/* Workers */

enum err leases_worker_begin(struct journal *j, const struct worker_self *self, uint64_t *worker,
                             struct why *why)
{
    assert(self->name && self->host);
    return said(j, ops_of(j)->worker_begin(j->store, self, worker, why), why);
}

enum err leases_worker_end(struct journal *j, uint64_t worker, struct why *why)
{
    assert(worker > 0);
    return said(j, ops_of(j)->worker_end(j->store, worker, why), why);
}

enum err leases_workers(struct journal *j, bool (*fn)(void *ctx, const struct worker_view *view),
                        void *ctx, struct why *why)
{
    return said(j, ops_of(j)->workers(j->store, fn, ctx, why), why);
}

enum err leases_each(struct journal *j, uint64_t run,
                     bool (*fn)(void *ctx, const struct lease_view *view), void *ctx,
                     struct why *why)
{
    return said(j, ops_of(j)->lanes(j->store, run, fn, ctx, why), why);
}

static enum err no_such_run(uint64_t run, struct why *why)
{
    return why_set(why, ERR_GONE, "has no run %llu that workers carry", (unsigned long long)run);
}

/* A row that others have written is read like every other row of a journal. */
enum err shared_run_vet(const struct shared_run *view, struct why *why)
{
    const struct waves *w = &view->waves;
    const uint32_t counts[] = {w->good, w->started, w->open, w->expired, w->failed};
    bool is_over = w->failed > w->failed_max && !w->paused;
    bool fits = view->state <= RUN_GIVEN_UP && rate_fits(view->rate_per_s) && view->pause.at >= 0 &&
                w->numbered <= WAVES_MAX && w->index <= IDENTITIES_MAX + WAVES_MAX;
    for (size_t i = 0; i < COUNT(counts); i++)
        fits &= counts[i] <= IDENTITIES_MAX;
    for (uint32_t i = 0; i <= w->numbered && i <= WAVES_MAX; i++)
        fits &= w->left[i] <= IDENTITIES_MAX;
    fits &= !is_over && (!view->has_waves || w->size > 0) && (!w->paused || w->reason[0]);
    return fits ? OK : journal_damaged(why, "what the workers of a run share");
}

enum err leases_run(struct journal *j, uint64_t run, struct shared_run *view, struct why *why)
{
    enum err err = ops_of(j)->look(j->store, run, view, why);
    if (err == OK)
        err = shared_run_vet(view, why);
    return said(j, err == ERR_GONE ? no_such_run(run, why) : err, why);
}

enum err leases_team(struct journal *j, uint64_t run, char team[TEAM_LEN_MAX], struct why *why)
{
    enum err err = ops_of(j)->team(j->store, run, team, why);
    return said(j, err == ERR_GONE ? no_such_run(run, why) : err, why);
}

static enum err run_lock(struct journal *j, uint64_t run, struct shared_run *view, struct why *why)
{
    enum err err = ops_of(j)->lock_run(j->store, run, view, why);
    if (err == OK)
        err = shared_run_vet(view, why);
    return err == ERR_GONE ? no_such_run(run, why) : err;
}

/* The state of a locked run follows when none of its lanes is open any more. */
static enum err run_settle(struct journal *j, uint64_t run, instant_us at, struct why *why)
{
    struct shared_run view;
    enum err err = run_lock(j, run, &view, why);
    if (err != OK || view.state != RUN_OPEN || view.lanes_open > 0)
        return err;
    return head_set_state(j, run, view.lanes_ended == view.lanes ? RUN_ENDED : RUN_STOPPED, at,
                          why);
}

/* Claims and what becomes of them */

static enum err lanes_stop(struct journal *j, uint64_t run, struct why *why)
{
    struct shared_run view;
    instant_us now;
    uint32_t held;
    enum err err = ops_of(j)->take_ended(j->store, run, run, &held, why);
    if (err == OK)
        err = run_lock(j, run, &view, why);
    if (err != OK || !view.stops || view.state != RUN_OPEN)
        return err;
    err = ops_of(j)->rest_lanes(j->store, run, 1u << LEASE_OPEN, true, LEASE_STOPPED, why);
    if (err == OK)
        err = ops_of(j)->now(j->store, &now, why);
    return err == OK ? run_settle(j, run, now, why) : err;
}

/* A run that a person has stopped is carried by nobody any more: the lanes of workers that have
 * died meanwhile are stopped by whoever comes by. In a transaction of its own, since a claim shares
 * the run with other claims, and two of them would wait for each other to change it. */
static enum err stopped_settle(struct journal *j, uint64_t run, struct why *why)
{
    struct shared_run view;
    struct why unheard;
    enum err err = ops_of(j)->look(j->store, run, &view, why);
    if (err == OK && shared_run_vet(&view, &unheard) != OK)
        return OK; /* of this run alone, and whoever carries it tells */
    if (err != OK || !view.stops || view.state != RUN_OPEN)
        return err == ERR_GONE ? OK : said(j, err, why);
    err = journal_enter(j, why);
    return err == OK ? journal_leave(j, lanes_stop(j, run, why), STORE_COMMIT, why) : err;
}

enum err leases_claim(struct journal *j, uint64_t worker, uint64_t run, const uint16_t *lanes,
                      uint32_t len, const struct lease_terms *terms, struct lease_claim *claims,
                      uint32_t *claimed, struct why *why)
{
    uint32_t count = 0;
    assert(worker > 0 && run > 0);
    assert(terms->ttl > 0 && terms->call_timeout > 0 && terms->margin >= 0);
    *claimed = 0;
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = ops_of(j)->claim(j->store, worker, run, lanes, len, terms, claims, &count, why);
    err = journal_leave(j, err, STORE_COMMIT, why);
    assert(count <= len);
    if (err != OK)
        return err;
    *claimed = count;
    return count == 0 ? stopped_settle(j, run, why) : OK;
}

enum err leases_renew(struct journal *j, uint64_t worker, const struct lease *held, uint32_t len,
                      const struct lease_terms *terms, const struct lease_left *left, bool *lost,
                      struct why *why)
{
    assert(worker > 0);
    assert(len == 0 || terms->ttl > 0);
    return said(j, ops_of(j)->renew(j->store, worker, held, len, terms, left, lost, why), why);
}

enum err leases_resign(struct journal *j, uint64_t worker, const struct lease *lease,
                       const struct lease_left *left, instant_us at, struct why *why)
{
    bool held = false;
    assert(left->rest <= LEASE_STOPPED);
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = ops_of(j)->resign(j->store, worker, lease, left, &held, why);
    if (err == OK && held && left->rest != LEASE_OPEN)
        err = run_settle(j, lease->run, at, why);
    return journal_leave(j, err, STORE_COMMIT, why);
}

enum err leases_tried(struct journal *j, uint64_t worker, uint64_t run, uint16_t lane,
                      struct text sentence, struct why *why)
{
    assert(worker > 0 && run > 0);
    return said(j, ops_of(j)->tried(j->store, worker, run, lane, sentence, why), why);
}

static struct store_fence fence_of_lease(const struct lease *lease)
{
    assert(lease->run > 0 && lease->epoch > 0);
    return (struct store_fence){.run = lease->run, .epoch = lease->epoch, .lane = lease->lane};
}

/* Compares a caller with the one that was kept, or with the lane's account: STS may not have told
 * whose the credentials are. */
static enum err caller_holds(const struct lease *lease, const struct lane_caller *caller,
                             const struct lane_caller *kept, struct text number, struct why *why)
{
    bool is_known = !text_eq(caller->account, TEXT(CALLER_UNKNOWN));
    bool is_same =
        text_eq(kept->account, caller->account) && text_eq(kept->partition, caller->partition);
    if (is_same && (!is_known || text_eq(caller->account, number)))
        return OK;
    return why_set(why, ERR_AUTH,
                   "these credentials (" TEXT_FMT ") are of account " TEXT_FMT
                   ", but run %llu needs those of account " TEXT_FMT "%s" TEXT_FMT
                   ": nothing is sent. Use credentials of that account",
                   TEXT_ARG(caller->begun_with), TEXT_ARG(caller->account),
                   (unsigned long long)lease->run, TEXT_ARG(is_same ? number : kept->account),
                   is_same ? "" : " in partition ",
                   TEXT_ARG(is_same ? TEXT_NONE : kept->partition));
}

enum err leases_caller(struct journal *j, const struct lease *lease,
                       const struct lane_caller *caller, struct why *why)
{
    struct store_fence fence = fence_of_lease(lease);
    struct lane_caller kept = *caller;
    struct text number;
    assert(caller->account.len > 0);
    if (lease->lane == LEASE_RUN)
        return OK;
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = ops_of(j)->hold(j->store, &fence, 1, why);
    if (err == OK)
        err = ops_of(j)->caller(j->store, lease->run, lease->lane, &kept, &number, why);
    if (err == OK)
        err = caller_holds(lease, caller, &kept, number, why);
    return journal_leave(j, err, STORE_COMMIT, why);
}

/* Waves */

/* Takes what the wave gives, for a lane of a locked run. */
static enum err starts_take(struct journal *j, const struct lease *lease, int32_t wanted,
                            struct shared_run *view, uint32_t *granted, struct why *why)
{
    uint32_t had, wave = view->waves.index;
    int32_t change = shared_waves_start(&view->waves, wanted);
    if (change == 0)
        return OK;
    enum err err = ops_of(j)->grant(j->store, lease->run, lease->lane, wave, change, &had, why);
    *granted = (uint32_t)change;
    return err == OK ? ops_of(j)->change_run(j->store, lease->run, view, why) : err;
}

/* Gives back what the lane has and does not need. With it a wave may end, and the size of the next
 * one is in the fleet. */
static enum err starts_return(struct journal *j, const struct lease *lease, int32_t unneeded,
                              struct shared_run *view, struct why *why)
{
    struct fleet fleet;
    uint32_t had = 0, wave = view->waves.index;
    fleet_init(&fleet);
    enum err err = ops_of(j)->grant(j->store, lease->run, lease->lane, wave, 0, &had, why);
    if (err == OK)
        err = fleet_waves_load(j, lease->run, &fleet, why);
    if (err == OK) {
        int32_t back = had < (uint32_t)unneeded ? (int32_t)had : unneeded;
        back = shared_waves_return(&view->waves, back, &fleet);
        err = ops_of(j)->grant(j->store, lease->run, lease->lane, wave, -back, &had, why);
    }
    fleet_clear(&fleet);
    return err == OK ? ops_of(j)->change_run(j->store, lease->run, view, why) : err;
}

static enum err starts_of_wave(struct journal *j, const struct lease *lease, int32_t wanted,
                               uint32_t *granted, struct why *why)
{
    struct shared_run view;
    enum err err = run_lock(j, lease->run, &view, why);
    if (err != OK)
        return err;
    bool is_open = view.state == RUN_OPEN && !view.stops;
    if (wanted < 0)
        return view.has_waves ? starts_return(j, lease, -wanted, &view, why) : OK;
    if (!view.has_waves || !is_open) {
        *granted = is_open ? (uint32_t)wanted : 0;
        return OK;
    }
    return starts_take(j, lease, wanted, &view, granted, why);
}

enum err leases_starts(struct journal *j, const struct lease *lease, int32_t wanted,
                       uint32_t *granted, struct why *why)
{
    struct store_fence fence = fence_of_lease(lease);
    *granted = 0;
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = ops_of(j)->hold(j->store, &fence, 1, why);
    if (err == OK)
        err = starts_of_wave(j, lease, wanted, granted, why);
    err = journal_leave(j, err, STORE_COMMIT, why);
    *granted = err == OK ? *granted : 0;
    return err;
}

/* What people want of a run */

/* What an order that was taken changes beside its row. */
static enum err order_obey(struct journal *j, uint64_t run, const struct order *order,
                           const struct steering *steering, struct shared_run *view,
                           struct why *why)
{
    view->is_paused = steering->is_paused;
    view->pause = steering->pause;
    view->rate_per_s = steering->rate_per_s;
    view->stops |= order->kind == ORDER_STOP || order->kind == ORDER_LEAVE;
    enum err err = ops_of(j)->change_run(j->store, run, view, why);
    return err == OK ? order_store(j, run, order, why) : err;
}

static enum err order_take(struct journal *j, uint64_t run, struct order *order, struct why *why)
{
    struct shared_run view;
    bool stops = order->kind == ORDER_STOP || order->kind == ORDER_LEAVE;
    uint32_t held;
    enum err err = stops ? ops_of(j)->take_ended(j->store, run, run, &held, why) : OK;
    if (err == OK)
        err = run_lock(j, run, &view, why);
    if (err == OK && order->at == 0)
        err = ops_of(j)->now(j->store, &order->at, why);
    if (err != OK)
        return err;
    struct steering steering = {
        .is_paused = view.is_paused, .pause = view.pause, .rate_per_s = view.rate_per_s};
    bool is_over = view.state != RUN_OPEN;
    bool taken = steering_take(&steering, order, view.stops || is_over, order->at);
    if (is_over) {
        order->answer = ORDER_TOO_LATE;
        return OK;
    }
    if (taken)
        err = order_obey(j, run, order, &steering, &view, why);
    if (err != OK || !stops || !view.stops)
        return err;
    /* Workers leave the lanes that they hold; what nobody holds is stopped already. */
    err = ops_of(j)->rest_lanes(j->store, run, 1u << LEASE_OPEN, true, LEASE_STOPPED, why);
    return err == OK ? run_settle(j, run, order->at, why) : err;
}

enum err leases_order(struct journal *j, uint64_t run, struct order *order, struct why *why)
{
    assert(run > 0 && order->kind < ORDER_KINDS);
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    return journal_leave(j, order_take(j, run, order, why), STORE_COMMIT, why);
}

static enum err run_reopen(struct journal *j, uint64_t run, bool reopens, const struct fleet *fleet,
                           struct why *why)
{
    struct shared_run view;
    instant_us now = 0;
    unsigned from = 1u << LEASE_OPEN | 1u << LEASE_STOPPED | (reopens ? 1u << LEASE_ENDED : 0);
    uint32_t held = 0;
    /* A holder that comes back late would leave its lanes as they were for it. */
    enum err err = ops_of(j)->take_ended(j->store, run, run, &held, why);
    if (err == OK)
        err = run_lock(j, run, &view, why);
    if (err == OK && held > 0)
        err = why_set(why, ERR_BUSY, "workers carry %u of the lanes of run %llu already", held,
                      (unsigned long long)run);
    if (err == OK)
        err = ops_of(j)->now(j->store, &now, why);
    if (err == OK && reopens)
        err = rows_reopen(j, run, now, why);
    if (err == OK)
        err = shared_waves_restore(j, run, fleet, &view.waves, why);
    if (err != OK)
        return err;
    view.stops = view.is_paused = false;
    err = ops_of(j)->rest_lanes(j->store, run, from, false, LEASE_OPEN, why);
    if (err == OK)
        err = shared_starts_restore(j, run, fleet, &view.waves, why);
    if (err == OK)
        err = ops_of(j)->change_run(j->store, run, &view, why);
    return err == OK ? head_set_state(j, run, RUN_OPEN, 0, why) : err;
}

enum err leases_reopen(struct journal *j, uint64_t run, bool reopens, struct why *why)
{
    struct fleet fleet;
    fleet_init(&fleet);
    enum err err = journal_fleet(j, run, &fleet, why);
    if (err == OK)
        err = journal_enter(j, why);
    if (err == OK)
        err = journal_leave(j, run_reopen(j, run, reopens, &fleet, why), STORE_COMMIT, why);
    fleet_clear(&fleet);
    return err;
}

/* Runs that were read, and that something is begun by */

static enum err mark_read(struct journal *j, uint64_t run, struct run_mark *mark, struct why *why)
{
    struct head head;
    struct store_tail newest;
    enum err err = head_of_run(j, run, &head, why);
    if (err == OK)
        err = j->store->ops->tail(j->store, run, &newest, why);
    if (err == OK)
        *mark = (struct run_mark){run, head.head.state, newest.record};
    return err;
}

enum err leases_mark(struct journal *j, uint64_t run, struct run_mark *mark, struct why *why)
{
    assert(journal_is_shared(j) && run > 0);
    return said(j, mark_read(j, run, mark, why), why);
}

static enum err mark_holds(struct journal *j, const struct run_mark *mark, struct why *why)
{
    struct shared_run view;
    struct run_mark now;
    unsigned long long run = mark->run;
    enum err err = ops_of(j)->lock_run(j->store, mark->run, &view, why);
    if (err == OK || err == ERR_GONE) /* no workers carry it */
        err = mark_read(j, mark->run, &now, why);
    if (err != OK || (now.state == mark->state && now.record == mark->record))
        return err;
    return why_set(
        why, ERR_BUSY,
        "run %llu was %s when it was read, and by now it is %s%s: nothing was done. "
        "Look at it again (mailfrom status %llu) and begin anew; where workers carry it, "
        "stop it first (mailfrom stop %llu)",
        run, journal_state_name(mark->state), journal_state_name(now.state),
        now.record == mark->record ? "" : " and has further records", run, run);
}

enum err leases_hold_marked(struct journal *j, const struct run_mark *marks, uint32_t len,
                            struct why *why)
{
    uint32_t held = 0;
    assert(j->together && len > 0);
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    /* All leases first, in their order. */
    err = ops_of(j)->take_ended(j->store, marks[0].run, marks[len - 1].run, &held, why);
    for (uint32_t i = 0; err == OK && i < len; i++) {
        assert(i == 0 || marks[i].run > marks[i - 1].run);
        err = mark_holds(j, &marks[i], why);
    }
    return journal_leave(j, err, STORE_COMMIT, why);
}

/* New runs */

static enum err lanes_open(struct journal *j, uint64_t run, const struct fleet *fleet,
                           struct why *why)
{
    struct lane_name *names = calloc(fleet->lanes_len + 1, sizeof *names);
    if (!names)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < fleet->lanes_len; i++) {
        const struct lane *lane = &fleet->lanes[i];
        names[i] = (struct lane_name){
            .account = names_text(&fleet->names, fleet->accounts[lane->account].name),
            .number = names_text(&fleet->names, fleet_account_number(fleet, i)),
            .region = names_text(&fleet->names, lane->region)};
        assert(names[i].number.len > 0);
    }
    enum err err = ops_of(j)->open_lanes(j->store, run, names, fleet->lanes_len, why);
    free(names);
    return err;
}

enum err leases_open_run(struct journal *j, uint64_t run, const struct fleet *fleet,
                         struct why *why)
{
    struct head head;
    struct shared_run first = {.state = RUN_OPEN, .has_waves = waves_are_wanted(fleet)};
    assert(j->together && j->begun == run);
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = head_of_run(j, run, &head, why);
    if (err == OK)
        err = shared_waves_restore(j, run, fleet, &first.waves, why);
    if (err == OK)
        err = ops_of(j)->alone(j->store, why); /* another run may add the same leases */
    if (err == OK)
        err = ops_of(j)->open_run(j->store, run, &first, why);
    if (err == OK)
        err = journal_verb_publishes(head.head.verb)
                  ? ops_of(j)->open_lanes(j->store, run, NULL, 0, why)
                  : lanes_open(j, run, fleet, why);
    return journal_leave(j, err, STORE_COMMIT, why);
}
