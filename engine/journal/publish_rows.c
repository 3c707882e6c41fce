/*
 * What a run publishes: its targets, and what became of each. A row of TABLE_PUBLISHED belongs to a
 * record of kind RECORD_PUBLISH, which has its number, and whose digest is over both. So the order
 * of keeping, and what is lost, are known as of all records.
 */
#include "inside.h"

#include "base/bounds.h"
#include "base/count.h"

#include <assert.h>
#include <stdlib.h>

/* Their numbers are held still, as head_rows.c says. */
static_assert(PUBLISH_TO_LOOK == 0 && PUBLISH_READY == 1 && PUBLISH_SENT == 2 &&
                  PUBLISH_UNSURE == 3 && PUBLISH_VERIFYING == 4 && PUBLISH_DONE == 5 &&
                  PUBLISH_UNCHANGED == 6 && PUBLISH_PERSON == 7 && PUBLISH_REFUSED == 8 &&
                  PUBLISH_FAILED == 9,
              "states of the table published");
static_assert(PUBLISH_MOVE == 0 && PUBLISH_INTENT == 1 && PUBLISH_ANSWER == 2, "kinds");
static_assert(CHANGE_CREATE == 0 && CHANGE_DELETE == 1 && CHANGE_SWAP == 2, "changes");

enum target_column {
    TARGET_NAME,
    TARGET_FLEET_ROW,
    TARGET_TTL,
    TARGET_MX_PREFERENCE,
    TARGET_MX_EXCHANGE,
    TARGET_TXT,
    TARGET_WITH_MX,
    TARGET_WITH_TXT,
};

enum published_column {
    PUBLISHED_TARGET,
    PUBLISHED_AT,
    PUBLISHED_KIND,
    PUBLISHED_FROM,
    PUBLISHED_STATE,
    PUBLISHED_ZONE,
    PUBLISHED_ZONE_ID,
    PUBLISHED_REASON,
    PUBLISHED_CHANGE,
    PUBLISHED_MX_CHANGED,
    PUBLISHED_TXT_CHANGED,
    PUBLISHED_TXT_BEFORE,
    PUBLISHED_TXT_AFTER,
    PUBLISHED_CALLS,
};

static enum err target_store(struct journal *j, uint64_t run, uint32_t i,
                             const struct publish_target *t, struct why *why)
{
    uint64_t place = i;
    const struct store_value values[] = {
        [TARGET_NAME] = store_text(t->name),
        [TARGET_FLEET_ROW] = store_int(t->row),
        [TARGET_TTL] = store_int(t->ttl_s),
        [TARGET_MX_PREFERENCE] = store_int(t->mx_preference),
        [TARGET_MX_EXCHANGE] = store_text(t->mx_exchange),
        [TARGET_TXT] = store_text(t->txt),
        [TARGET_WITH_MX] = store_int(t->with_mx),
        [TARGET_WITH_TXT] = store_int(t->with_txt),
    };
    assert(COUNT(values) == store_columns[TABLE_TARGET].len);
    assert(t->name.len > 0);
    return journal_put(j, TABLE_TARGET, run, values, &place, why);
}

enum err journal_targets_begin(struct journal *j, uint64_t run,
                               const struct publish_target *targets, uint32_t len, struct why *why)
{
    assert(run > 0);
    assert(len <= IDENTITIES_MAX);
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    for (uint32_t i = 0; err == OK && i < len; i++)
        err = target_store(j, run, i, &targets[i], why);
    return journal_leave(j, err, STORE_COMMIT, why);
}

enum err publish_store(struct journal *j, uint64_t run, const struct publish_record *p,
                       uint64_t number, struct why *why)
{
    const struct store_value values[] = {
        [PUBLISHED_TARGET] = store_int(p->target),
        [PUBLISHED_AT] = store_int(p->at),
        [PUBLISHED_KIND] = store_int(p->kind),
        [PUBLISHED_FROM] = store_int(p->from),
        [PUBLISHED_STATE] = store_int(p->state),
        [PUBLISHED_ZONE] = store_text(p->zone),
        [PUBLISHED_ZONE_ID] = store_text(p->zone_id),
        [PUBLISHED_REASON] = store_text(p->reason),
        [PUBLISHED_CHANGE] = store_int(p->change),
        [PUBLISHED_MX_CHANGED] = store_int(p->mx_changed),
        [PUBLISHED_TXT_CHANGED] = store_int(p->txt_changed),
        [PUBLISHED_TXT_BEFORE] = store_text(p->txt_before),
        [PUBLISHED_TXT_AFTER] = store_text(p->txt_after),
        [PUBLISHED_CALLS] = store_int(p->calls),
    };
    assert(COUNT(values) == store_columns[TABLE_PUBLISHED].len);
    assert(p->from < PUBLISH_STATES && p->state < PUBLISH_STATES);
    return journal_put(j, TABLE_PUBLISHED, run, values, &number, why);
}

/* False: damage. */
static bool published_read(const struct store_row *row, struct publish_record *p)
{
    const struct store_value *v = row->values;
    bool ok = true;
    *p = (struct publish_record){
        .target = (uint32_t)value_number(&v[PUBLISHED_TARGET], IDENTITIES_MAX - 1, &ok),
        .kind = (enum publish_record_kind)value_number(&v[PUBLISHED_KIND], PUBLISH_ANSWER, &ok),
        .at = value_int(&v[PUBLISHED_AT]),
        .from = (enum publish_state)value_number(&v[PUBLISHED_FROM], PUBLISH_STATES - 1, &ok),
        .state = (enum publish_state)value_number(&v[PUBLISHED_STATE], PUBLISH_STATES - 1, &ok),
        .zone = value_text(&v[PUBLISHED_ZONE]),
        .zone_id = value_text(&v[PUBLISHED_ZONE_ID]),
        .reason = value_text(&v[PUBLISHED_REASON]),
        .change = (enum change_kind)value_number(&v[PUBLISHED_CHANGE], CHANGE_SWAP, &ok),
        .mx_changed = value_number(&v[PUBLISHED_MX_CHANGED], 1, &ok) == 1,
        .txt_changed = value_number(&v[PUBLISHED_TXT_CHANGED], 1, &ok) == 1,
        .txt_before = value_text(&v[PUBLISHED_TXT_BEFORE]),
        .txt_after = value_text(&v[PUBLISHED_TXT_AFTER]),
        .calls = (uint32_t)value_number(&v[PUBLISHED_CALLS], UINT32_MAX, &ok),
    };
    return ok;
}

struct target_reading {
    bool (*fn)(void *ctx, const struct publish_target *target); /* NULL: they are counted */
    void *ctx;
    uint32_t len;
    bool ok;
};

static bool target_one(void *ctx, const struct store_row *row)
{
    struct target_reading *r = ctx;
    const struct store_value *v = row->values;
    struct publish_target t = {
        .name = value_text(&v[TARGET_NAME]),
        .row = (uint32_t)value_number(&v[TARGET_FLEET_ROW], IDENTITIES_MAX - 1, &r->ok),
        .ttl_s = (uint32_t)value_number(&v[TARGET_TTL], INT32_MAX, &r->ok),
        .mx_preference = (uint16_t)value_number(&v[TARGET_MX_PREFERENCE], UINT16_MAX, &r->ok),
        .mx_exchange = value_text(&v[TARGET_MX_EXCHANGE]),
        .txt = value_text(&v[TARGET_TXT]),
        .with_mx = value_number(&v[TARGET_WITH_MX], 1, &r->ok) == 1,
        .with_txt = value_number(&v[TARGET_WITH_TXT], 1, &r->ok) == 1};
    r->ok &= t.name.len > 0 && row->number == r->len && r->len < IDENTITIES_MAX;
    r->len++;
    return r->ok && (!r->fn || r->fn(r->ctx, &t));
}

static enum err targets_read(struct journal *j, uint64_t run, struct target_reading *r,
                             struct why *why)
{
    assert(run > 0);
    r->ok = true;
    enum err err = journal_each(j, TABLE_TARGET, run, target_one, r, why);
    return err == OK && !r->ok ? journal_damaged(why, "a name to be published") : err;
}

enum err journal_targets(struct journal *j, uint64_t run,
                         bool (*fn)(void *ctx, const struct publish_target *target), void *ctx,
                         struct why *why)
{
    struct target_reading r = {.fn = fn, .ctx = ctx};
    enum err err = targets_read(j, run, &r, why);
    return err == OK ? OK : journal_wrap(j, err, why);
}

struct published_reading {
    bool (*fn)(void *ctx, const struct publish_record *record);
    void *ctx;
    uint32_t targets;
    uint64_t *newest; /* by target: the number of its newest row; NULL: every row is told */
    bool ok;
};

static bool published_mark(void *ctx, const struct store_row *row)
{
    struct published_reading *r = ctx;
    uint64_t target = value_number(&row->values[PUBLISHED_TARGET], UINT32_MAX, &r->ok);
    r->ok &= target < r->targets;
    if (r->ok)
        r->newest[target] = row->number;
    return r->ok;
}

static bool published_one(void *ctx, const struct store_row *row)
{
    struct published_reading *r = ctx;
    struct publish_record p;
    r->ok = published_read(row, &p) && p.target < r->targets;
    bool is_told = r->ok && (!r->newest || r->newest[p.target] == row->number);
    return r->ok && (!is_told || r->fn(r->ctx, &p));
}

static enum err published_each(struct journal *j, uint64_t run,
                               bool (*fn)(void *ctx, const struct store_row *row),
                               struct published_reading *r, struct why *why)
{
    r->ok = true;
    enum err err = journal_each(j, TABLE_PUBLISHED, run, fn, r, why);
    return err == OK && !r->ok ? journal_damaged(why, "a record of a published name") : err;
}

enum err journal_publish_replay(struct journal *j, uint64_t run,
                                bool (*fn)(void *ctx, const struct publish_record *record),
                                void *ctx, struct why *why)
{
    struct target_reading targets = {.fn = NULL};
    struct published_reading r = {.fn = fn, .ctx = ctx};
    enum err err = targets_read(j, run, &targets, why);
    r.targets = targets.len;
    if (err == OK)
        err = published_each(j, run, published_one, &r, why);
    return err == OK ? OK : journal_wrap(j, err, why);
}

enum err journal_publish_rows(struct journal *j, uint64_t run,
                              bool (*fn)(void *ctx, const struct publish_record *record), void *ctx,
                              struct why *why)
{
    struct target_reading targets = {.fn = NULL};
    struct published_reading r = {.fn = fn, .ctx = ctx};
    enum err err = targets_read(j, run, &targets, why);
    r.targets = targets.len;
    r.newest = calloc(targets.len ? targets.len : 1, sizeof *r.newest);
    if (err == OK && !r.newest)
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = published_each(j, run, published_mark, &r, why);
    if (err == OK)
        err = published_each(j, run, published_one, &r, why);
    free(r.newest);
    return err == OK ? OK : journal_wrap(j, err, why);
}

struct link_reading {
    struct publish_links *links;
    uint32_t cap;
    bool ok, fits;
};

static bool link_one(void *ctx, const struct store_row *row)
{
    struct link_reading *r = ctx;
    struct publish_links *to = r->links;
    struct publish_record p;
    r->ok = published_read(row, &p);
    if (!r->ok)
        return false;
    if (to->len == r->cap) {
        to->at = arena_grow(&to->arena, to->at, sizeof *to->at, to->len, &r->cap);
        r->fits = to->at != NULL;
    }
    if (r->fits)
        to->at[to->len++] = (struct publish_link){row->number, publish_digest(&p)};
    return r->fits;
}

enum err publish_links_read(struct journal *j, uint64_t run, struct publish_links *links,
                            struct why *why)
{
    struct link_reading r = {.links = links, .ok = true, .fits = true};
    assert(!links->at);
    enum err err = journal_each(j, TABLE_PUBLISHED, run, link_one, &r, why);
    if (err == OK && !r.ok)
        return journal_damaged(why, "a record of a published name");
    return err == OK && !r.fits ? why_set(why, ERR_NOMEM, "out of memory") : err;
}

uint64_t publish_links_take(struct publish_links *links, uint64_t number)
{
    bool is_next = links->taken < links->len && links->at[links->taken].number == number;
    return is_next ? links->at[links->taken++].digest : 0;
}
