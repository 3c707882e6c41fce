/*
 * What the runs of a journal have written to SES, whoever asks: of all runs, identity by identity.
 */
#include "inside.h"

#include <assert.h>

/* A row of VIEW_SENT. */
enum sent_column {
    SENT_RUN,
    SENT_ACCOUNT,
    SENT_ACCOUNT_ID,
    SENT_CALLER_ACCOUNT,
    SENT_REGION,
    SENT_IDENTITY,
    SENT_AT,
    SENT_KIND,
    SENT_STATE,
    SENT_OUTCOME,
    SENT_ACCEPTED,
    SENT_WRITE_MAIL_FROM,
    SENT_WRITE_BEHAVIOR,
    SENT_MAIL_FROM_SEEN,
    SENT_BEHAVIOR_SEEN,
    SENT_MAIL_FROM_BEFORE,
    SENT_BEHAVIOR_BEFORE,
};

struct sent_reading {
    bool (*written)(void *ctx, const struct lane_name *lane, struct text identity,
                    struct text mail_from);
    bool (*accepted)(void *ctx, const struct journal_accepted *accepted);
    void *ctx;
    bool more;
};

static enum err sent_each(struct journal *j, bool (*fn)(void *ctx, const struct store_row *row),
                          struct sent_reading *r, struct why *why)
{
    assert(store_columns[VIEW_SENT].len == SENT_BEHAVIOR_BEFORE + 1);
    r->more = true;
    enum err err = journal_each(j, VIEW_SENT, 0, fn, r, why);
    if (!r->more)
        return why_set(why, ERR_NOMEM, "out of memory");
    return err == OK ? OK : journal_wrap(j, err, why);
}

static struct lane_name lane_of(const struct store_value *v)
{
    struct text caller = value_text(&v[SENT_CALLER_ACCOUNT]);
    bool is_known = caller.len && !text_eq(caller, TEXT(CALLER_UNKNOWN));
    return (struct lane_name){.account = value_text(&v[SENT_ACCOUNT]),
                              .number = is_known ? caller : value_text(&v[SENT_ACCOUNT_ID]),
                              .region = value_text(&v[SENT_REGION])};
}

static bool written_one(void *ctx, const struct store_row *row)
{
    struct sent_reading *r = ctx;
    const struct store_value *v = row->values;
    struct text mail_from = value_text(&v[SENT_WRITE_MAIL_FROM]);
    struct lane_name lane = lane_of(v);
    if (value_int(&v[SENT_KIND]) == RECORD_INTENT && mail_from.len)
        r->more = r->written(r->ctx, &lane, value_text(&v[SENT_IDENTITY]), mail_from);
    return r->more;
}

enum err journal_written(struct journal *j,
                         bool (*fn)(void *ctx, const struct lane_name *lane, struct text identity,
                                    struct text mail_from),
                         void *ctx, struct why *why)
{
    struct sent_reading r = {.written = fn, .ctx = ctx};
    return sent_each(j, written_one, &r, why);
}

static enum behavior behavior_of(const struct store_value *v)
{
    return (enum behavior)(value_int(v) != 0);
}

/* A row that has drifted saw what is another operator's. An answer that leaves a row unsure is
 * none. */
static bool accepted_one(void *ctx, const struct store_row *row)
{
    struct sent_reading *r = ctx;
    const struct store_value *v = row->values;
    bool is_unsure =
        value_int(&v[SENT_KIND]) == RECORD_ANSWER && value_int(&v[SENT_STATE]) == JOB_UNSURE;
    if (value_int(&v[SENT_OUTCOME]) == OUTCOME_DRIFTED || is_unsure)
        return true;
    bool intends = value_int(&v[SENT_KIND]) == RECORD_INTENT;
    bool was_taken = value_int(&v[SENT_ACCEPTED]) > 0;
    struct journal_accepted accepted = (struct journal_accepted){
        .word = intends     ? JOURNAL_SENT
                : was_taken ? JOURNAL_TAKEN
                            : JOURNAL_REFUSED,
        .run = (uint64_t)value_int(&v[SENT_RUN]),
        .lane = lane_of(v),
        .identity = value_text(&v[SENT_IDENTITY]),
        .mail_from = value_text(&v[intends ? SENT_WRITE_MAIL_FROM : SENT_MAIL_FROM_SEEN]),
        .behavior = behavior_of(&v[intends ? SENT_WRITE_BEHAVIOR : SENT_BEHAVIOR_SEEN]),
        .mail_from_before = value_text(&v[SENT_MAIL_FROM_BEFORE]),
        .behavior_before = behavior_of(&v[SENT_BEHAVIOR_BEFORE]),
        .at = value_int(&v[SENT_AT])};
    r->more = r->accepted(r->ctx, &accepted);
    return r->more;
}

enum err journal_accepted(struct journal *j,
                          bool (*fn)(void *ctx, const struct journal_accepted *accepted), void *ctx,
                          struct why *why)
{
    struct sent_reading r = {.accepted = fn, .ctx = ctx};
    return sent_each(j, accepted_one, &r, why);
}
