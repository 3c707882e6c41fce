/* A store around the store in memory. Every call of it goes through link_begin() and link_end(). */
#include "workers_database.h"

#include "base/hash.h"
#include "journal/memory_store.h"
#include "journal/store.h"

#include <assert.h>
#include <stdlib.h>

struct connection {
    struct store store;
    struct store *inner;
    struct link *link;
    unsigned depth; /* of transactions, and of reads whose callback reads more */
};

static struct connection *of(struct store *store)
{
    return (struct connection *)store;
}

static instant_us memory_clock(void *ctx)
{
    return database_now(ctx);
}

bool database_init(struct database *d, struct machine_room *room)
{
    *d = (struct database){.room = room, .rows = memory_rows_new()};
    if (d->rows)
        memory_share(d->rows, memory_clock, d);
    return d->rows != NULL;
}

void database_clear(struct database *d)
{
    memory_rows_free(d->rows);
    d->rows = NULL;
}

static double unit(uint64_t seed, unsigned what, unsigned which)
{
    return hash_unit(seed, what, which);
}

void database_trouble(struct database *d, uint64_t seed, instant_us start, bool sets_clock)
{
    static const double breaks[] = {0, 0.0003, 0.003}, slow[] = {0, 0.001, 0.01};
    static const span_us by[] = {SPAN_S(-3600), SPAN_S(-20),  SPAN_S(20),
                                 SPAN_S(60),    SPAN_S(3600), SPAN_S(3600)};
    double within = (double)(d->room->calm_at - start);
    d->has_trouble = true;
    d->breaks = breaks[hash_mix(seed, 31) % 3];
    d->slow = slow[hash_mix(seed, 32) % 3];
    for (unsigned i = 0; i < DATABASE_AWAYS; i++) {
        d->aways[i].from = start + (span_us)(within * unit(seed, 33, i) * unit(seed, 37, i));
        d->aways[i].until = d->aways[i].from + SPAN_S(1) + (span_us)(unit(seed, 34, i) * 90e6);
    }
    for (unsigned i = 0; i < DATABASE_STEPS && sets_clock; i++) {
        d->steps[i].at = start + (span_us)(within * unit(seed, 35, i) * unit(seed, 38, i));
        d->steps[i].by = by[(unsigned)(6 * unit(seed, 36, i))];
    }
}

instant_us database_now(const struct database *d)
{
    instant_us now = world_now(d->room->world), offset = 0;
    for (unsigned i = 0; i < DATABASE_STEPS; i++)
        offset += d->steps[i].at && now >= d->steps[i].at ? d->steps[i].by : 0;
    return now + offset;
}

static bool is_away(const struct database *d)
{
    instant_us now = world_now(d->room->world);
    for (unsigned i = 0; i < DATABASE_AWAYS && d->has_trouble; i++)
        if (now >= d->aways[i].from && now < d->aways[i].until)
            return true;
    return false;
}

static bool has_trouble(const struct database *d)
{
    return d->has_trouble && world_now(d->room->world) < d->room->calm_at;
}

static enum err away(struct why *why)
{
    return why_set(why, ERR_AWAY, "the database cannot be reached");
}

/* Half a round trip, or much longer. */
static bool travel(struct link *l, unsigned leg)
{
    struct database *d = l->database;
    uint64_t number = ++d->calls;
    double share = unit(d->room->seed, (unsigned)number, 41 + leg);
    span_us trip = SPAN_MS(1) / 5 + (span_us)(unit(d->room->seed, (unsigned)number, 43) * 3000);
    if (has_trouble(d) && share < d->slow)
        trip = (span_us)(share / d->slow * (double)DATABASE_LIMIT / 2);
    return process_sleep(l->process, world_now(d->room->world) + trip);
}

static bool breaks(struct link *l)
{
    struct database *d = l->database;
    return has_trouble(d) && unit(d->room->seed, (unsigned)++d->calls, 44) < d->breaks;
}

/* Before a call takes effect. */
static enum err link_begin(struct link *l, struct why *why)
{
    if (!l->process)
        return OK;
    if (!process_step(l->process, STEP_DATABASE) || !travel(l, 0))
        return away(why);
    if (is_away(l->database)) {
        double wait = unit(l->database->room->seed, (unsigned)++l->database->calls, 45);
        process_sleep(l->process, world_now(l->database->room->world) +
                                      (span_us)(wait * wait * (double)DATABASE_LIMIT));
        return away(why);
    }
    return breaks(l) ? away(why) : OK;
}

/* After it: whatever it has said is lost with the connection. */
static enum err link_end(struct link *l, enum err err, struct why *why)
{
    if (!l->process)
        return err;
    if (!travel(l, 1) || is_away(l->database) || breaks(l))
        return away(why);
    return process_step(l->process, STEP_DATABASE) ? err : away(why);
}

/* Everything but enter and leave: alone it is a transaction, inside another one it takes no time.
 */
static enum err call_begin(struct connection *c, struct why *why)
{
    enum err err = c->depth ? OK : link_begin(c->link, why);
    if (err != OK)
        return err;
    if (c->link->process && c->link->process->is_dead)
        return away(why);
    c->inner->fence = c->store.fence;
    c->depth++;
    return OK;
}

static enum err call_end(struct connection *c, enum err err, struct why *why)
{
    assert(c->depth > 0);
    return --c->depth ? err : link_end(c->link, err, why);
}

/* What others may wait for. */
static void changed(struct connection *c)
{
    c->link->database->version++;
}

static void close_store(struct store *store)
{
    struct connection *c = of(store);
    c->inner->ops->close(c->inner);
    free(c);
}

static enum err enter(struct store *store, struct why *why)
{
    struct connection *c = of(store);
    enum err err = call_begin(c, why);
    if (err != OK)
        return err;
    err = c->inner->ops->enter(c->inner, why);
    c->depth -= err != OK;
    return err;
}

static enum err leave(struct store *store, enum store_end end, struct why *why)
{
    struct connection *c = of(store);
    bool is_dead = c->link->process && c->link->process->is_dead;
    assert(c->depth == 1);
    if (end == STORE_UNDO || is_dead) {
        enum err undone = c->inner->ops->leave(c->inner, STORE_UNDO, why);
        c->depth--;
        return is_dead && end != STORE_UNDO ? away(why) : undone;
    }
    enum err err = c->inner->ops->leave(c->inner, end, why);
    if (err == OK && c->link->effect)
        c->link->effect(c->link->effect_ctx);
    return call_end(c, err, why);
}

/* name(parameters): passes on to the same of the inner store. */
#define PASSED(ops, name, parameters, arguments)                                                   \
    static enum err name parameters                                                                \
    {                                                                                              \
        struct connection *c = of(store);                                                          \
        enum err err = call_begin(c, why);                                                         \
        return err == OK ? call_end(c, c->inner->ops->name arguments, why) : err;                  \
    }
/* The same of what others may wait for. */
#define CHANGES(name, parameters, arguments)                                                       \
    static enum err name parameters                                                                \
    {                                                                                              \
        struct connection *c = of(store);                                                          \
        enum err err = call_begin(c, why);                                                         \
        if (err != OK)                                                                             \
            return err;                                                                            \
        changed(c);                                                                                \
        return call_end(c, c->inner->leases->name arguments, why);                                 \
    }

PASSED(ops, put,
       (struct store * store, enum store_table table, uint64_t run,
        const struct store_value *values, uint64_t *number, struct why *why),
       (c->inner, table, run, values, number, why))
PASSED(ops, set_state,
       (struct store * store, uint64_t run, const struct store_state *state, struct why *why),
       (c->inner, run, state, why))
PASSED(ops, add_loss, (struct store * store, uint64_t run, struct text what, struct why *why),
       (c->inner, run, what, why))
PASSED(ops, rows,
       (struct store * store, enum store_table table, uint64_t run,
        bool (*fn)(void *ctx, const struct store_row *row), void *ctx, struct why *why),
       (c->inner, table, run, fn, ctx, why))
PASSED(ops, fetch,
       (struct store * store, uint64_t run, const struct store_pick *picks, uint32_t len,
        bool (*fn)(void *ctx, const struct store_row *row), void *ctx, struct why *why),
       (c->inner, run, picks, len, fn, ctx, why))
PASSED(ops, tail, (struct store * store, uint64_t run, struct store_tail *tail, struct why *why),
       (c->inner, run, tail, why))

static enum journal_writer writer(struct store *store, uint64_t run,
                                  char holder[JOURNAL_HOLDER_MAX])
{
    struct connection *c = of(store);
    return c->inner->ops->writer(c->inner, run, holder);
}

PASSED(leases, worker_begin,
       (struct store * store, const struct worker_self *self, uint64_t *worker, struct why *why),
       (c->inner, self, worker, why))
CHANGES(worker_end, (struct store * store, uint64_t worker, struct why *why),
        (c->inner, worker, why))
PASSED(leases, workers,
       (struct store * store, bool (*fn)(void *ctx, const struct worker_view *view), void *ctx,
        struct why *why),
       (c->inner, fn, ctx, why))
PASSED(leases, lanes,
       (struct store * store, uint64_t run, bool (*fn)(void *ctx, const struct lease_view *view),
        void *ctx, struct why *why),
       (c->inner, run, fn, ctx, why))
PASSED(leases, renew,
       (struct store * store, uint64_t worker, const struct lease *held, uint32_t len,
        const struct lease_terms *terms, const struct lease_left *left, bool *lost,
        struct why *why),
       (c->inner, worker, held, len, terms, left, lost, why))
PASSED(leases, tried,
       (struct store * store, uint64_t worker, uint64_t run, uint16_t lane, struct text sentence,
        struct why *why),
       (c->inner, worker, run, lane, sentence, why))
PASSED(leases, look, (struct store * store, uint64_t run, struct shared_run *view, struct why *why),
       (c->inner, run, view, why))
static void fenced(struct store *store)
{
    of(store)->inner->leases->fenced(of(store)->inner);
}

PASSED(leases, now, (struct store * store, instant_us *now, struct why *why), (c->inner, now, why))
PASSED(leases, alone, (struct store * store, struct why *why), (c->inner, why))
CHANGES(open_run,
        (struct store * store, uint64_t run, const struct shared_run *first, struct why *why),
        (c->inner, run, first, why))
CHANGES(open_lanes,
        (struct store * store, uint64_t run, const struct lane_name *names, uint32_t len,
         struct why *why),
        (c->inner, run, names, len, why))
PASSED(leases, hold,
       (struct store * store, const struct store_fence *list, uint32_t len, struct why *why),
       (c->inner, list, len, why))
CHANGES(claim,
        (struct store * store, uint64_t worker, uint64_t run, const uint16_t *lanes, uint32_t len,
         const struct lease_terms *terms, struct lease_claim *claims, uint32_t *claimed,
         struct why *why),
        (c->inner, worker, run, lanes, len, terms, claims, claimed, why))
CHANGES(resign,
        (struct store * store, uint64_t worker, const struct lease *lease,
         const struct lease_left *left, bool *held, struct why *why),
        (c->inner, worker, lease, left, held, why))
CHANGES(take_ended,
        (struct store * store, uint64_t first, uint64_t last, uint32_t *held, struct why *why),
        (c->inner, first, last, held, why))
PASSED(leases, lock_run,
       (struct store * store, uint64_t run, struct shared_run *view, struct why *why),
       (c->inner, run, view, why))
CHANGES(change_run,
        (struct store * store, uint64_t run, const struct shared_run *view, struct why *why),
        (c->inner, run, view, why))
CHANGES(rest_lanes,
        (struct store * store, uint64_t run, unsigned from, bool only_unheld, enum lease_rest to,
         struct why *why),
        (c->inner, run, from, only_unheld, to, why))
CHANGES(grant,
        (struct store * store, uint64_t run, uint16_t lane, uint32_t wave, int32_t change,
         uint32_t *granted, struct why *why),
        (c->inner, run, lane, wave, change, granted, why))
PASSED(leases, caller,
       (struct store * store, uint64_t run, uint16_t lane, struct lane_caller *caller,
        struct text *number, struct why *why),
       (c->inner, run, lane, caller, number, why))

PASSED(leases, team, (struct store * store, uint64_t run, char team[TEAM_LEN_MAX], struct why *why),
       (c->inner, run, team, why))

static const struct store_ops connection_ops = {close_store, enter, put,   set_state, add_loss,
                                                leave,       rows,  fetch, tail,      writer};
static const struct lease_ops connection_leases = {
    .worker_begin = worker_begin,
    .worker_end = worker_end,
    .workers = workers,
    .lanes = lanes,
    .renew = renew,
    .tried = tried,
    .look = look,
    .fenced = fenced,
    .now = now,
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
    .team = team,
};

enum err database_open(struct database *d, struct link *link, struct journal **out, struct why *why)
{
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        return why_set(why, ERR_NOMEM, "out of memory");
    link->database = d;
    c->link = link;
    enum err err = memory_connect(&c->inner, d->rows, JOURNAL_WRITE, NULL, why);
    if (err != OK) {
        free(c);
        return err;
    }
    c->store = *c->inner;
    c->store.ops = &connection_ops;
    c->store.leases = &connection_leases;
    return journal_open(out, &c->store, why);
}
