/*
 * Leases in memory: what store_postgres does by SQL, one transaction after the other, by a clock
 * that the test turns.
 */
#include "memory_inside.h"

#include "base/bounds.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define NEXT_CALL_FLOOR SPAN_S(10)  /* a clock that was set must not make a lane faster, */
#define QUIET_MAX       SPAN_S(300) /* nor stop it for hours */

static struct memory_store *of(struct store *store)
{
    return (struct memory_store *)store;
}

static instant_us now_of(const struct memory_store *s)
{
    return s->rows->clock(s->rows->clock_ctx);
}

static void copy(char *out, size_t size, struct text t)
{
    snprintf(out, size, TEXT_FMT, TEXT_ARG(t));
}

/* Taking back */

static void parts_copy(struct memory_leases *to, const struct memory_leases *from)
{
    memcpy(to->workers, from->workers, from->workers_len * sizeof *from->workers);
    memcpy(to->leases, from->leases, from->leases_len * sizeof *from->leases);
    memcpy(to->lanes, from->lanes, from->lanes_len * sizeof *from->lanes);
    memcpy(to->runs, from->runs, from->runs_len * sizeof *from->runs);
    to->workers_len = from->workers_len;
    to->leases_len = from->leases_len;
    to->lanes_len = from->lanes_len;
    to->runs_len = from->runs_len;
}

/* The leases, to be changed in a transaction. */
static struct memory_leases *change(struct memory_store *s)
{
    assert(s->is_entered);
    if (!s->leases_changed)
        parts_copy(s->rows->leases_were, s->rows->leases);
    s->leases_changed = true;
    return s->rows->leases;
}

void memory_leases_undo(struct memory_store *s)
{
    if (s->leases_changed)
        parts_copy(s->rows->leases, s->rows->leases_were);
    s->leases_changed = false;
}

void memory_leases_keep(struct memory_store *s)
{
    s->leases_changed = false;
}

/* Finding */

static struct memory_lane *lane_find(struct memory_leases *m, uint64_t run, uint16_t lane)
{
    for (uint32_t i = 0; i < m->lanes_len; i++)
        if (m->lanes[i].run == run && m->lanes[i].lane == lane)
            return &m->lanes[i];
    return NULL;
}

static struct memory_lease *lease_find(struct memory_leases *m, uint64_t run, uint16_t lane)
{
    const struct memory_lane *l = lane_find(m, run, lane);
    return l ? &m->leases[l->lease] : NULL;
}

static struct memory_run *run_find(struct memory_leases *m, uint64_t run)
{
    for (uint32_t i = 0; i < m->runs_len; i++)
        if (m->runs[i].run == run)
            return &m->runs[i];
    return NULL;
}

static enum run_state state_of(struct memory_rows *m, uint64_t run)
{
    const struct memory_row *row = memory_find(m, TABLE_RUN, run, run);
    assert(row);
    return (enum run_state)row->values[memory_column(TABLE_RUN, "state")].number;
}

static bool is_of(const struct memory_lease *lease, const struct memory_lane *l)
{
    return lease->run == l->run && lease->lane == l->lane;
}

static bool is_held(const struct memory_leases *m, const struct memory_lane *l, instant_us now)
{
    const struct memory_lease *lease = &m->leases[l->lease];
    return lease->worker && is_of(lease, l) && lease->expires > now;
}

static bool is_before(const struct memory_lane *a, const struct memory_lane *b)
{
    return a->run < b->run || (a->run == b->run && a->lane < b->lane);
}

/* The run that has the lane before this one; 0: none. */
static uint64_t waits_for(struct memory_rows *rows, const struct memory_lane *l)
{
    struct memory_leases *m = rows->leases;
    uint64_t first = 0;
    for (uint32_t i = 0; i < m->lanes_len; i++) {
        const struct memory_lane *other = &m->lanes[i];
        bool goes_first = other->lease == l->lease && is_before(other, l) &&
                          other->rest == LEASE_OPEN && state_of(rows, other->run) == RUN_OPEN;
        if (goes_first && (!first || other->run < first))
            first = other->run;
    }
    return first;
}

enum err memory_fence(struct memory_store *s, const struct store_fence *fence, struct why *why)
{
    const struct memory_lease *lease = lease_find(s->rows->leases, fence->run, fence->lane);
    const struct memory_run *run = run_find(s->rows->leases, fence->run);
    bool is_paused = fence->is_start && run && run->view.waves.paused;
    if (!is_paused && lease && lease->worker && lease->epoch == fence->epoch &&
        lease->run == fence->run && lease->lane == fence->lane &&
        (!fence->is_intent || lease->expires > now_of(s)))
        return OK;
    return why_set(why, ERR_FENCED, "another worker carries the lane by now");
}

/* Operations of their own */

/* As a transaction. */
static enum err one_begin(struct store *store, struct why *why)
{
    return of(store)->is_entered ? OK : store->ops->enter(store, why);
}

static enum err one_end(struct store *store, bool was_entered, enum err err, struct why *why)
{
    if (was_entered)
        return err;
    enum err left = store->ops->leave(store, err == OK ? STORE_COMMIT : STORE_UNDO, why);
    return err == OK ? left : err;
}

static enum err worker_add(struct memory_store *s, const struct worker_self *self, uint64_t *worker,
                           struct why *why)
{
    struct memory_leases *m = change(s);
    if (m->workers_len == MEMORY_WORKERS_MAX)
        return why_set(why, ERR_LIMIT, "no room for another worker");
    struct memory_worker *w = &m->workers[m->workers_len++];
    *w = (struct memory_worker){.pid = self->pid, .begun = now_of(s), .seen = now_of(s)};
    copy(w->name, sizeof w->name, text_of(self->name));
    copy(w->host, sizeof w->host, text_of(self->host));
    copy(w->version, sizeof w->version, self->version);
    *worker = m->workers_len;
    return OK;
}

static enum err worker_begin(struct store *store, const struct worker_self *self, uint64_t *worker,
                             struct why *why)
{
    bool was = of(store)->is_entered;
    enum err err = one_begin(store, why);
    return err == OK ? one_end(store, was, worker_add(of(store), self, worker, why), why) : err;
}

static enum err worker_end(struct store *store, uint64_t worker, struct why *why)
{
    bool was = of(store)->is_entered;
    enum err err = one_begin(store, why);
    if (err != OK)
        return err;
    struct memory_leases *m = change(of(store));
    instant_us now = now_of(of(store));
    assert(worker > 0 && worker <= m->workers_len);
    m->workers[worker - 1].has_ended = true;
    for (uint32_t i = 0; i < m->leases_len; i++)
        if (m->leases[i].worker == worker)
            m->leases[i].worker = 0;
    m->workers[worker - 1].seen = now;
    return one_end(store, was, OK, why);
}

static enum err workers(struct store *store, bool (*fn)(void *ctx, const struct worker_view *view),
                        void *ctx, struct why *why)
{
    bool was = of(store)->is_entered, more = true;
    enum err err = one_begin(store, why);
    if (err != OK)
        return err;
    const struct memory_leases *m = of(store)->rows->leases;
    instant_us now = now_of(of(store));
    for (uint32_t i = m->workers_len; more && i > 0; i--) {
        const struct memory_worker *w = &m->workers[i - 1];
        struct worker_view v = {.worker = i,
                                .name = text_of(w->name),
                                .host = text_of(w->host),
                                .version = text_of(w->version),
                                .role = TEXT("test"),
                                .pid = w->pid,
                                .begun_ago = now - w->begun,
                                .seen_ago = now - w->seen};
        for (uint32_t k = 0; k < m->leases_len; k++)
            v.lanes += m->leases[k].worker == i;
        more = w->has_ended || v.seen_ago > SPAN_S(24 * 3600) || fn(ctx, &v);
    }
    return one_end(store, was, OK, why);
}

static void lane_tell(struct memory_store *s, const struct memory_lane *l, struct lease_view *v)
{
    const struct memory_leases *m = s->rows->leases;
    const struct memory_lease *lease = &m->leases[l->lease];
    instant_us now = now_of(s);
    bool is_of_run = lease->run == l->run && lease->lane == l->lane;
    *v = (struct lease_view){
        .run = l->run,
        .lane = l->lane,
        .name = {text_of(l->account), text_of(lease->number), text_of(lease->region)},
        .rest = l->rest,
        .may_carry = true,
        .waits_for = waits_for(s->rows, l),
        .epoch = lease->epoch,
        .tried_by = text_of(l->tried_by),
        .tried_why = text_of(l->tried_why),
        .tried_ago = now - l->tried_at};
    if (!is_of_run && lease->worker && lease->expires > now && !v->waits_for)
        v->waits_for = lease->run;
    if (!is_of_run || !lease->worker)
        return;
    const struct memory_worker *w = &m->workers[lease->worker - 1];
    v->worker = lease->worker;
    v->worker_name = text_of(w->name);
    v->worker_host = text_of(w->host);
    v->worker_pid = w->pid;
    v->held_for = now - lease->claimed;
    v->left = lease->expires - now;
}

static enum err lanes(struct store *store, uint64_t run,
                      bool (*fn)(void *ctx, const struct lease_view *view), void *ctx,
                      struct why *why)
{
    bool was = of(store)->is_entered, more = true;
    struct memory_leases *m = of(store)->rows->leases;
    enum err err = one_begin(store, why);
    if (err != OK)
        return err;
    for (uint32_t i = 0; more && i < m->lanes_len; i++) {
        struct lease_view view;
        uint64_t of_run = m->lanes[i].run;
        if (run ? of_run != run : state_of(of(store)->rows, of_run) != RUN_OPEN)
            continue;
        lane_tell(of(store), &m->lanes[i], &view);
        more = fn(ctx, &view);
    }
    return one_end(store, was, OK, why);
}

static void left_note(struct memory_lease *l, const struct lease_left *left, instant_us now)
{
    for (int k = 0; k < LEASE_ACTIONS; k++) {
        l->next_call[k] = now + left->next_call[k];
        l->next_call_left[k] = left->next_call[k];
        l->rate_per_s[k] = left->rate_per_s[k];
    }
}

static enum err renew(struct store *store, uint64_t worker, const struct lease *held, uint32_t len,
                      const struct lease_terms *terms, const struct lease_left *left, bool *lost,
                      struct why *why)
{
    bool was = of(store)->is_entered;
    enum err err = one_begin(store, why);
    if (err != OK)
        return err;
    struct memory_leases *m = change(of(store));
    instant_us now = now_of(of(store));
    for (uint32_t i = 0; i < len; i++) {
        struct memory_lease *l = lease_find(m, held[i].run, held[i].lane);
        lost[i] = !l || l->worker != worker || l->epoch != held[i].epoch;
        if (lost[i])
            continue;
        l->expires = now + terms->ttl;
        l->call_timeout = terms->call_timeout;
        l->margin = terms->margin;
        if (left)
            left_note(l, &left[i], now);
    }
    assert(worker > 0 && worker <= m->workers_len);
    m->workers[worker - 1].seen = now;
    return one_end(store, was, OK, why);
}

static enum err tried(struct store *store, uint64_t worker, uint64_t run, uint16_t lane,
                      struct text sentence, struct why *why)
{
    bool was = of(store)->is_entered;
    enum err err = one_begin(store, why);
    if (err != OK)
        return err;
    struct memory_leases *m = change(of(store));
    struct memory_lane *l = lane_find(m, run, lane);
    assert(worker > 0 && worker <= m->workers_len);
    bool is_anothers =
        l && is_held(m, l, now_of(of(store))) && m->leases[l->lease].worker != worker;
    if (l && !is_anothers) {
        copy(l->tried_by, sizeof l->tried_by, text_of(m->workers[worker - 1].name));
        copy(l->tried_why, sizeof l->tried_why, sentence);
        l->tried_at = now_of(of(store));
    }
    return one_end(store, was, OK, why);
}

static enum err run_view(struct memory_store *s, uint64_t run, struct shared_run *view)
{
    struct memory_leases *m = s->rows->leases;
    const struct memory_run *r = run_find(m, run);
    if (!r)
        return ERR_GONE;
    *view = r->view;
    view->state = state_of(s->rows, run);
    view->lanes = view->lanes_open = view->lanes_ended = view->lanes_held = 0;
    for (uint32_t i = 0; i < m->lanes_len; i++) {
        if (m->lanes[i].run != run)
            continue;
        view->lanes++;
        view->lanes_open += m->lanes[i].rest == LEASE_OPEN;
        view->lanes_ended += m->lanes[i].rest == LEASE_ENDED;
        view->lanes_held += is_held(m, &m->lanes[i], now_of(s));
    }
    return OK;
}

static enum err look(struct store *store, uint64_t run, struct shared_run *view, struct why *why)
{
    bool was = of(store)->is_entered;
    enum err err = one_begin(store, why);
    return err == OK ? one_end(store, was, run_view(of(store), run, view), why) : err;
}

static void fenced(struct store *store)
{
    (void)store; /* numbers are given as rows are put */
}

/* Inside a transaction */

static enum err now_tell(struct store *store, instant_us *now, struct why *why)
{
    (void)why;
    assert(of(store)->is_entered);
    *now = now_of(of(store));
    return OK;
}

static enum err alone(struct store *store, struct why *why)
{
    (void)why;
    assert(of(store)->is_entered);
    return OK;
}

static enum err open_run(struct store *store, uint64_t run, const struct shared_run *first,
                         struct why *why)
{
    struct memory_leases *m = change(of(store));
    if (m->runs_len == MEMORY_RUNS_MAX)
        return why_set(why, ERR_LIMIT, "no room for another run");
    m->runs[m->runs_len++] = (struct memory_run){run, *first};
    return OK;
}

static uint32_t lease_of_lane(struct memory_leases *m, const struct lane_name *name)
{
    for (uint32_t i = 0; name->number.len && i < m->leases_len; i++)
        if (text_eq(text_of(m->leases[i].number), name->number) &&
            text_eq(text_of(m->leases[i].region), name->region))
            return i;
    assert(m->leases_len < MEMORY_LANES_MAX);
    struct memory_lease *l = &m->leases[m->leases_len++];
    *l = (struct memory_lease){.resigned = true};
    copy(l->number, sizeof l->number, name->number);
    copy(l->region, sizeof l->region, name->region);
    return m->leases_len - 1;
}

static enum err lane_open(struct memory_leases *m, uint64_t run, uint16_t lane,
                          const struct lane_name *name, struct why *why)
{
    if (m->lanes_len == MEMORY_LANES_MAX)
        return why_set(why, ERR_LIMIT, "no room for another lane");
    struct memory_lane l = {.run = run, .lane = lane, .lease = lease_of_lane(m, name)};
    copy(l.account, sizeof l.account, name->account);
    m->lanes[m->lanes_len++] = l;
    return OK;
}

static enum err open_lanes(struct store *store, uint64_t run, const struct lane_name *names,
                           uint32_t len, struct why *why)
{
    struct memory_leases *m = change(of(store));
    enum err err = len ? OK : lane_open(m, run, LEASE_RUN, &(struct lane_name){0}, why);
    for (uint32_t i = 0; err == OK && i < len; i++)
        err = lane_open(m, run, (uint16_t)i, &names[i], why);
    return err;
}

static enum err hold(struct store *store, const struct store_fence *list, uint32_t len,
                     struct why *why)
{
    enum err err = OK;
    assert(of(store)->is_entered);
    for (uint32_t i = 0; err == OK && i < len; i++)
        err = memory_fence(of(store), &list[i], why);
    return err;
}

static span_us between(span_us least, span_us span, span_us most)
{
    return span < least ? least : span > most ? most : span;
}

static void claim_tell(const struct memory_lane *lane, const struct memory_lease *l, uint32_t wave,
                       instant_us now, struct lease_claim *claim)
{
    *claim = (struct lease_claim){.lease = {lane->run, lane->lane, l->epoch},
                                  .quiet = l->quiet_until > now ? l->quiet_until - now : 0,
                                  .granted = lane->granted_wave == wave ? lane->granted : 0,
                                  .wave = wave};
    for (int k = 0; k < LEASE_ACTIONS; k++) {
        span_us told = l->next_call_left[k];
        claim->next_call[k] =
            between(told < NEXT_CALL_FLOOR ? told : NEXT_CALL_FLOOR, l->next_call[k] - now, told);
        claim->rate_per_s[k] = l->rate_per_s[k];
    }
}

static void lease_take(struct memory_lease *l, uint64_t worker, const struct memory_lane *lane,
                       const struct lease_terms *terms, instant_us now)
{
    instant_us until = l->resigned ? now : now + l->call_timeout + l->margin;
    if (l->quiet_until > now + QUIET_MAX)
        l->quiet_until = now + QUIET_MAX;
    if (l->quiet_until < until)
        l->quiet_until = until;
    l->worker = worker;
    l->run = lane->run;
    l->lane = lane->lane;
    l->epoch++;
    l->claimed = now;
    l->expires = now + terms->ttl;
    l->call_timeout = terms->call_timeout;
    l->margin = terms->margin;
    l->resigned = false;
}

static enum err claim(struct store *store, uint64_t worker, uint64_t run, const uint16_t *list,
                      uint32_t len, const struct lease_terms *terms, struct lease_claim *claims,
                      uint32_t *claimed, struct why *why)
{
    struct memory_store *s = of(store);
    struct memory_leases *m = change(s);
    struct shared_run view;
    instant_us now = now_of(s);
    (void)why;
    if (run_view(s, run, &view) != OK || view.state != RUN_OPEN || view.stops)
        return OK;
    for (uint32_t i = 0; i < len; i++) {
        struct memory_lane *lane = lane_find(m, run, list[i]);
        struct memory_lease *l = lane ? &m->leases[lane->lease] : NULL;
        if (!lane || lane->rest != LEASE_OPEN || waits_for(s->rows, lane) ||
            (l->worker && l->worker != worker && l->expires > now))
            continue;
        lease_take(l, worker, lane, terms, now);
        claim_tell(lane, l, view.waves.index, now, &claims[(*claimed)++]);
        lane->tried_by[0] = lane->tried_why[0] = '\0';
    }
    return OK;
}

static enum err resign(struct store *store, uint64_t worker, const struct lease *lease,
                       const struct lease_left *left, bool *held, struct why *why)
{
    struct memory_leases *m = change(of(store));
    struct memory_lease *l = lease_find(m, lease->run, lease->lane);
    instant_us now = now_of(of(store));
    (void)why;
    *held = l && l->worker == worker && l->epoch == lease->epoch;
    if (!*held)
        return OK;
    l->worker = 0;
    l->expires = now;
    l->resigned = true;
    left_note(l, left, now);
    lane_find(m, lease->run, lease->lane)->rest = left->rest;
    return OK;
}

static enum err take_ended(struct store *store, uint64_t first, uint64_t last, uint32_t *held,
                           struct why *why)
{
    struct memory_leases *m = change(of(store));
    instant_us now = now_of(of(store));
    (void)why;
    *held = 0;
    for (uint32_t i = 0; i < m->lanes_len; i++) {
        const struct memory_lane *lane = &m->lanes[i];
        struct memory_lease *l = &m->leases[lane->lease];
        if (lane->run < first || lane->run > last || !is_of(l, lane) || !l->worker)
            continue;
        bool has_ended = l->expires <= now;
        *held += !has_ended;
        if (!has_ended)
            continue;
        l->worker = 0;
        l->epoch++;
        l->resigned = false;
    }
    return OK;
}

static enum err lock_run(struct store *store, uint64_t run, struct shared_run *view,
                         struct why *why)
{
    (void)why;
    assert(of(store)->is_entered);
    return run_view(of(store), run, view);
}

static enum err change_run(struct store *store, uint64_t run, const struct shared_run *view,
                           struct why *why)
{
    (void)why;
    run_find(change(of(store)), run)->view = *view;
    return OK;
}

static enum err rest_lanes(struct store *store, uint64_t run, unsigned from, bool only_unheld,
                           enum lease_rest to, struct why *why)
{
    struct memory_leases *m = change(of(store));
    (void)why;
    for (uint32_t i = 0; i < m->lanes_len; i++) {
        struct memory_lane *l = &m->lanes[i];
        const struct memory_lease *lease = &m->leases[l->lease];
        bool is_left_alone = only_unheld && lease->worker && is_of(lease, l);
        if (l->run != run || !(from & 1u << l->rest) || is_left_alone)
            continue;
        l->rest = to;
        if (to == LEASE_OPEN)
            l->granted = 0;
    }
    return OK;
}

static enum err grant(struct store *store, uint64_t run, uint16_t lane, uint32_t wave, int32_t more,
                      uint32_t *granted, struct why *why)
{
    struct memory_lane *l = lane_find(change(of(store)), run, lane);
    (void)why;
    uint32_t had = l->granted_wave == wave ? l->granted : 0;
    assert(more >= 0 || (uint32_t)-more <= had);
    l->granted = *granted = (uint32_t)((int64_t)had + more);
    l->granted_wave = wave;
    return OK;
}

static enum err caller(struct store *store, uint64_t run, uint16_t lane, struct lane_caller *caller,
                       struct text *number, struct why *why)
{
    struct memory_store *s = of(store);
    struct memory_row *row = memory_find(s->rows, TABLE_LANE, run, lane);
    struct store_value values[STORE_VALUES_MAX];
    unsigned at = memory_column(TABLE_LANE, "caller_account");
    const struct memory_lease *l = lease_find(s->rows->leases, run, lane);
    assert(row && l);
    *number = text_of(l->number);
    memcpy(values, row->values, store_columns[TABLE_LANE].len * sizeof *values);
    if (!values[at].text.len) {
        values[at] = store_text(caller->account);
        values[at + 1] = store_text(caller->partition);
        values[at + 2] = store_text(caller->arn);
        values[at + 3] = store_text(caller->begun_with);
        return memory_change(s, row, values, TABLE_LANE, why);
    }
    *caller = (struct lane_caller){values[at].text, values[at + 1].text, values[at + 2].text,
                                   values[at + 3].text};
    return OK;
}

/* It has no roles, and so no teams. */
static enum err team(struct store *store, uint64_t run, char out[TEAM_LEN_MAX], struct why *why)
{
    (void)why;
    *out = '\0';
    return memory_find(of(store)->rows, TABLE_RUN, run, run) ? OK : ERR_GONE;
}

const struct lease_ops memory_lease_ops = {.worker_begin = worker_begin,
                                           .worker_end = worker_end,
                                           .workers = workers,
                                           .lanes = lanes,
                                           .renew = renew,
                                           .tried = tried,
                                           .look = look,
                                           .fenced = fenced,
                                           .now = now_tell,
                                           .alone = alone,
                                           .open_run = open_run,
                                           .open_lanes = open_lanes,
                                           .hold = hold,
                                           .claim = claim,
                                           .resign = resign,
                                           .take_ended = take_ended,
                                           .lock_run = lock_run,
                                           .change_run = change_run,
                                           .rest_lanes = rest_lanes,
                                           .grant = grant,
                                           .caller = caller,
                                           .team = team};
