/*
 * The heads of runs. A head is put in the same transaction as its fleet, so half a run is never
 * seen. Of all rows only a head changes later (state, stopped, last, and the end of its records).
 */
#include "inside.h"

#include "base/bounds.h"
#include "base/count.h"

#include <assert.h>

/* Words of the program are kept as the numbers of their enums, here and for fleets and records: a
 * record is written while a call waits for it, and a large fleet makes millions of them. These
 * asserts hold the numbers still: a change of a number needs a migration of every store's
 * journals. */
static_assert(RUN_APPLY == 0 && RUN_PLAN == 2 && RUN_WITHDRAW == 4 && RUN_OPEN == 0 &&
                  RUN_GIVEN_UP == 3,
              "run");

enum err journal_begin(struct journal *j, struct run_head *head, const struct fleet *fleet,
                       struct why *why)
{
    uint64_t run = 0;
    const struct store_value values[] = {
        store_int(head->verb),
        store_int(RUN_OPEN),
        store_int((int64_t)head->parent),
        store_int(head->started),
        store_int(0),
        store_int(head->started),
        store_int((int64_t)head->seed),
        store_int(fleet->choices_len),
        store_text(head->options),
        store_text(head->version),
        {.type = STORE_BYTES, .text = {(const char *)fleet->digest, sizeof fleet->digest}},
        store_real(fleet->max_failures.value),
        store_int(fleet->max_failures.is_percent),
        store_int(fleet->expected != NULL),
        store_int(journal_is_shared(j) ? INT64_MAX : 0), /* its records have no digest */
        store_int(0),
        store_int(0),
    };
    assert(COUNT(values) == store_columns[TABLE_RUN].len);
    assert(head->verb < RUN_VERBS);
    assert(fleet->choices_len <= IDENTITIES_MAX);
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = journal_put(j, TABLE_RUN, 0, values, &run, why);
    assert(err != OK || run > 0);
    if (err == OK)
        err = fleet_store(j, run, fleet, why);
    err = journal_leave(j, err, STORE_COMMIT, why);
    if (err != OK)
        return err;
    j->begun = j->together ? run : 0;
    head->id = run;
    head->state = RUN_OPEN;
    head->stopped = 0;
    head->last = head->started;
    head->jobs = fleet->choices_len;
    return OK;
}

enum err head_set_state(struct journal *j, uint64_t run, enum run_state state, instant_us at,
                        struct why *why)
{
    struct head head;
    struct store_tail newest;
    enum err err = tail_of_run(j, run, why);
    assert(err != OK || j->tail.run == run);
    if (err == OK)
        err = head_of_run(j, run, &head, why);
    if (err == OK)
        err = j->store->ops->tail(j->store, run, &newest, why);
    if (err != OK)
        return err;
    struct store_state to = {.state = state,
                             .stopped = state == RUN_OPEN ? 0 : at,
                             .last = newest.at > head.head.last ? newest.at : head.head.last,
                             .last_record = j->tail.record,
                             .last_digest = j->tail.record ? j->tail.digest : 0};
    return j->store->ops->set_state(j->store, run, &to, why);
}

/* While workers carry a run its state is theirs, and that of its lanes. */
static enum err run_is_held(struct journal *j, uint64_t run, struct why *why)
{
    struct shared_run view;
    uint32_t held = 0;
    enum err err = j->store->leases->take_ended(j->store, run, run, &held, why);
    if (err == OK)
        err = j->store->leases->lock_run(j->store, run, &view, why);
    if (err != OK)
        return err == ERR_GONE ? OK : err;
    return held == 0 ? OK
                     : why_set(why, ERR_BUSY,
                               "workers carry run %llu: stop it first, with mailfrom "
                               "stop %llu",
                               (unsigned long long)run, (unsigned long long)run);
}

enum err journal_stop(struct journal *j, uint64_t run, enum run_state state, instant_us at,
                      struct why *why)
{
    assert(run > 0);
    assert(state <= RUN_GIVEN_UP);
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    if (journal_is_shared(j))
        err = run_is_held(j, run, why);
    if (err == OK)
        err = head_set_state(j, run, state, at, why);
    return journal_leave(j, err, STORE_COMMIT, why);
}

struct head_reading {
    struct journal *j;
    struct arena *arena; /* NULL: texts are left out */
    struct head *head;
    bool found;
    bool (*fn)(void *ctx, const struct run_head *head); /* NULL: the first one is all */
    void *ctx;
    enum err err;
    struct why *why;
};

/* The head of an open run does not know the run's newest record. */
static enum err last_read(struct journal *j, struct run_head *head, struct why *why)
{
    assert(head->state == RUN_OPEN);
    struct store_tail newest;
    enum err err = j->store->ops->tail(j->store, head->id, &newest, why);
    if (err == OK && newest.at > head->last)
        head->last = newest.at;
    return err;
}

static enum err head_read(struct head_reading *r, const struct store_row *row)
{
    const struct store_value *v = row->values;
    bool ok = row->number > 0 && row->number <= INT64_MAX;
    *r->head = (struct head){
        .head = {.id = row->number,
                 .verb = (enum run_verb)value_number(&v[0], RUN_VERBS - 1, &ok),
                 .state = (enum run_state)value_number(&v[1], RUN_GIVEN_UP, &ok),
                 .parent = value_number(&v[2], INT64_MAX, &ok),
                 .started = value_int(&v[3]),
                 .stopped = value_int(&v[4]),
                 .last = value_int(&v[5]),
                 .seed = (uint64_t)value_int(&v[6]),
                 .jobs = (uint32_t)value_number(&v[7], IDENTITIES_MAX, &ok)},
        .undigested = (uint64_t)value_int(&v[14]),
        .last_record = (uint64_t)value_int(&v[15]),
        .last_digest = (uint64_t)value_int(&v[16]),
    };
    if (!ok)
        return journal_damaged(r->why, "a run's head");
    if (!r->arena)
        return OK;
    struct run_head *head = &r->head->head;
    struct text options = value_text(&v[8]), version = value_text(&v[9]);
    head->options = arena_text(r->arena, options);
    head->version = arena_text(r->arena, version);
    if ((options.len && !head->options.at) || (version.len && !head->version.at))
        return why_set(r->why, ERR_NOMEM, "out of memory");
    return head->state == RUN_OPEN ? last_read(r->j, head, r->why) : OK;
}

static bool head_one(void *ctx, const struct store_row *row)
{
    struct head_reading *r = ctx;
    r->found = true;
    if (r->fn)
        arena_reset(r->arena);
    r->err = head_read(r, row);
    return r->err == OK && r->fn && r->fn(r->ctx, &r->head->head);
}

static enum err heads_read(struct head_reading *r, uint64_t run)
{
    enum err err = journal_each(r->j, TABLE_RUN, run, head_one, r, r->why);
    return err == OK ? r->err : err;
}

enum err head_find(struct journal *j, uint64_t run, struct head *head, struct arena *arena,
                   struct why *why)
{
    struct head_reading r = {.j = j, .arena = arena, .head = head, .why = why};
    enum err err = heads_read(&r, run);
    return err == OK && !r.found ? ERR_GONE : err;
}

enum err head_of_run(struct journal *j, uint64_t run, struct head *head, struct why *why)
{
    enum err err = run ? head_find(j, run, head, NULL, why) : ERR_GONE;
    return err == ERR_GONE ? why_set(why, err, "has no run %llu", (unsigned long long)run) : err;
}

uint64_t head_digest(const struct head *head)
{
    return record_digest_begin(head->head.id, head->head.started, head->head.seed);
}

enum err journal_run(struct journal *j, uint64_t run, struct run_head *head, struct arena *arena,
                     struct why *why)
{
    struct head found;
    enum err err = head_find(j, run, &found, arena, why);
    if (err == OK)
        *head = found.head;
    else if (err == ERR_GONE)
        err = run_gone(j, run, why);
    return err == OK ? OK : journal_wrap(j, err, why);
}

enum err journal_runs(struct journal *j, bool (*fn)(void *ctx, const struct run_head *head),
                      void *ctx, struct why *why)
{
    struct head head;
    struct arena arena;
    struct head_reading r = {
        .j = j, .arena = &arena, .head = &head, .fn = fn, .ctx = ctx, .why = why};
    arena_init(&arena, LINE_LEN_MAX * 16);
    enum err err = heads_read(&r, 0);
    arena_clear(&arena);
    return err == OK ? OK : journal_wrap(j, err, why);
}

bool journal_verb_publishes(enum run_verb verb)
{
    return verb == RUN_PUBLISH || verb == RUN_WITHDRAW;
}

const char *journal_verb_name(enum run_verb verb)
{
    assert(verb < RUN_VERBS);
    static const char *const names[RUN_VERBS] = {"apply", "rollback", "plan", "publish",
                                                 "withdraw"};
    return names[verb];
}

const char *journal_state_name(enum run_state state)
{
    assert(state <= RUN_GIVEN_UP);
    static const char *const names[] = {"open", "stopped", "ended", "given up"};
    return names[state];
}

bool run_is_over(enum run_state state)
{
    return state == RUN_ENDED || state == RUN_GIVEN_UP;
}
