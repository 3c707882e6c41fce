/*
 * What watching remembers: a row for each identity and lane, and one for each of their problems,
 * put again under its number when it changes. A row of nothing (an account or a kind that is empty)
 * is free. Kinds and levels are kept by name, so their order is the program's.
 */
#include "inside.h"

#include "base/bounds.h"
#include "base/count.h"

#include <assert.h>

enum watched_column {
    WATCHED_ACCOUNT,
    WATCHED_ACCOUNT_NUMBER,
    WATCHED_REGION,
    WATCHED_IDENTITY,
    WATCHED_MAIL_FROM,
    WATCHED_WAS_SUCCESS,
    WATCHED_LOOKED,
    WATCHED_VERIFIED,
    WATCHED_DKIM,
    WATCHED_DKIM_ASKED,
};

enum watch_problem_column {
    PROBLEM_WATCHED,
    PROBLEM_KIND,
    PROBLEM_LEVEL,
    PROBLEM_TOLD,
    PROBLEM_SINCE,
    PROBLEM_BEGAN,
    PROBLEM_WELL_SINCE,
    PROBLEM_LOOKS,
};

static enum err watched_store(struct journal *j, const struct watch_identity_record *r,
                              struct why *why)
{
    struct text none = TEXT_NONE;
    uint64_t number = r->number;
    const struct store_value values[] = {
        [WATCHED_ACCOUNT] = store_text(r->is_free ? none : r->key.lane.account),
        [WATCHED_ACCOUNT_NUMBER] = store_text(r->is_free ? none : r->key.lane.number),
        [WATCHED_REGION] = store_text(r->is_free ? none : r->key.lane.region),
        [WATCHED_IDENTITY] = store_text(r->is_free ? none : r->key.identity),
        [WATCHED_MAIL_FROM] = store_text(r->is_free ? none : r->mail_from),
        [WATCHED_WAS_SUCCESS] = store_int(r->was_success),
        [WATCHED_LOOKED] = store_int(r->looked),
        [WATCHED_VERIFIED] = store_int(r->verified),
        [WATCHED_DKIM] = store_text(text_of(dkim_status_name(r->dkim))),
        [WATCHED_DKIM_ASKED] = store_int(r->dkim_asked),
    };
    assert(COUNT(values) == store_columns[TABLE_WATCHED].len);
    assert(number > 0);
    return journal_put(j, TABLE_WATCHED, 0, values, &number, why);
}

static enum err problem_store(struct journal *j, const struct watch_problem_record *r,
                              struct why *why)
{
    struct text none = TEXT_NONE;
    uint64_t number = r->number;
    const struct store_value values[] = {
        [PROBLEM_WATCHED] = store_int((int64_t)r->owner),
        [PROBLEM_KIND] = store_text(r->is_free ? none : text_of(watch_kind_name(r->kind))),
        [PROBLEM_LEVEL] = store_text(r->is_free ? none : text_of(watch_level_name(r->level))),
        [PROBLEM_TOLD] = store_text(r->is_free ? none : text_of(watch_level_name(r->told))),
        [PROBLEM_SINCE] = store_int(r->since),
        [PROBLEM_BEGAN] = store_int(r->began),
        [PROBLEM_WELL_SINCE] = store_int(r->well_since),
        [PROBLEM_LOOKS] = store_int(r->looks),
    };
    assert(COUNT(values) == store_columns[TABLE_WATCH_PROBLEM].len);
    assert(number > 0);
    return journal_put(j, TABLE_WATCH_PROBLEM, 0, values, &number, why);
}

enum err journal_watch_keep(struct journal *j, const struct watch_rows *rows, struct why *why)
{
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    for (uint32_t i = 0; err == OK && i < rows->identities_len; i++)
        err = watched_store(j, &rows->identities[i], why);
    for (uint32_t i = 0; err == OK && i < rows->problems_len; i++)
        err = problem_store(j, &rows->problems[i], why);
    return journal_leave(j, err, STORE_COMMIT, why);
}

struct watch_reading {
    bool (*identity)(void *ctx, const struct watch_identity_record *r);
    bool (*problem)(void *ctx, const struct watch_problem_record *r);
    void *ctx;
    bool more;
};

/* A row that cannot be read is told as one of nobody: its reader counts it and uses its number. */
static bool watched_one(void *ctx, const struct store_row *row)
{
    struct watch_reading *r = ctx;
    const struct store_value *v = row->values;
    bool ok = true;
    struct watch_identity_record record = {
        .number = row->number,
        .key = {.lane = {value_text(&v[WATCHED_ACCOUNT]), value_text(&v[WATCHED_ACCOUNT_NUMBER]),
                         value_text(&v[WATCHED_REGION])},
                .identity = value_text(&v[WATCHED_IDENTITY])},
        .mail_from = value_text(&v[WATCHED_MAIL_FROM]),
        .was_success = value_number(&v[WATCHED_WAS_SUCCESS], 1, &ok) == 1,
        .looked = (instant_us)value_number(&v[WATCHED_LOOKED], WHEN_NEVER, &ok),
        .verified = (instant_us)value_number(&v[WATCHED_VERIFIED], WHEN_NEVER, &ok),
        .dkim = dkim_status_parse(value_text(&v[WATCHED_DKIM])),
        .dkim_asked = (instant_us)value_number(&v[WATCHED_DKIM_ASKED], WHEN_NEVER, &ok)};
    ok &= record.key.lane.account.len <= NAME_LEN_MAX &&
          record.key.lane.number.len <= NAME_LEN_MAX &&
          record.key.lane.region.len <= NAME_LEN_MAX && record.key.identity.len <= NAME_LEN_MAX &&
          record.mail_from.len <= NAME_LEN_MAX;
    record.is_free = ok && record.key.lane.account.len == 0 && record.key.identity.len == 0;
    if (!ok)
        record = (struct watch_identity_record){.number = row->number};
    r->more = r->identity(r->ctx, &record);
    return r->more;
}

static bool problem_one(void *ctx, const struct store_row *row)
{
    struct watch_reading *r = ctx;
    const struct store_value *v = row->values;
    struct watch_problem_record record = {.number = row->number};
    bool ok = true;
    record.is_free = value_text(&v[PROBLEM_KIND]).len == 0 && v[PROBLEM_KIND].type != STORE_NULL;
    if (!record.is_free) {
        ok = watch_kind_parse(value_text(&v[PROBLEM_KIND]), &record.kind) &&
             watch_level_parse(value_text(&v[PROBLEM_LEVEL]), &record.level) &&
             watch_level_parse(value_text(&v[PROBLEM_TOLD]), &record.told);
        record.owner = value_number(&v[PROBLEM_WATCHED], UINT32_MAX, &ok);
        record.since = (instant_us)value_number(&v[PROBLEM_SINCE], WHEN_NEVER, &ok);
        record.began = (instant_us)value_number(&v[PROBLEM_BEGAN], WHEN_NEVER, &ok);
        record.well_since = (instant_us)value_number(&v[PROBLEM_WELL_SINCE], WHEN_NEVER, &ok);
        record.looks = (uint32_t)value_number(&v[PROBLEM_LOOKS], UINT32_MAX, &ok);
    }
    if (!ok)
        record = (struct watch_problem_record){.number = row->number};
    r->more = r->problem(r->ctx, &record);
    return r->more;
}

enum err journal_watch_each(struct journal *j,
                            bool (*identity)(void *ctx, const struct watch_identity_record *r),
                            bool (*problem)(void *ctx, const struct watch_problem_record *r),
                            void *ctx, struct why *why)
{
    struct watch_reading r = {.identity = identity, .problem = problem, .ctx = ctx, .more = true};
    enum err err = journal_each(j, TABLE_WATCHED, 0, watched_one, &r, why);
    if (err == OK && r.more)
        err = journal_each(j, TABLE_WATCH_PROBLEM, 0, problem_one, &r, why);
    if (err == OK && !r.more)
        err = why_set(why, ERR_NOMEM, "out of memory");
    return err == OK ? OK : journal_wrap(j, err, why);
}
