/*
 * Since when each DNS record has been asked for: what changed from one look at DNS to the next,
 * over all runs, in the order of keeping.
 */
#include "inside.h"

enum asked_column { ASKED_NAME, ASKED_TYPE, ASKED_STATE, ASKED_AT };

/* Their numbers are in journals. */
static_assert(ASKED_MISSING == 0 && ASKED_WRONG == 1 && ASKED_BLOCKED == 2 &&
                  ASKED_PUBLISHED == 3 && ASKED_LOOK == 4,
              "states of the table asked");

struct asked_reading {
    bool (*fn)(void *ctx, const struct journal_asked *asked);
    void *ctx;
    bool ok, more;
};

static bool asked_one(void *ctx, const struct store_row *row)
{
    struct asked_reading *r = ctx;
    const struct store_value *v = row->values;
    struct journal_asked asked = {
        .name = value_text(&v[ASKED_NAME]),
        .type = (uint8_t)value_number(&v[ASKED_TYPE], JOURNAL_ASKED_TYPES - 1, &r->ok),
        .state = (enum journal_asked_state)value_number(&v[ASKED_STATE], ASKED_LOOK, &r->ok),
        .at = value_int(&v[ASKED_AT])};
    r->ok &= asked.at > 0 && (asked.state == ASKED_LOOK) == (asked.name.len == 0);
    r->more = r->ok && r->fn(r->ctx, &asked);
    return r->more;
}

enum err journal_asked_each(struct journal *j,
                            bool (*fn)(void *ctx, const struct journal_asked *asked), void *ctx,
                            struct why *why)
{
    struct asked_reading r = {.fn = fn, .ctx = ctx, .ok = true, .more = true};
    enum err err = journal_each(j, TABLE_ASKED, 0, asked_one, &r, why);
    if (err == OK && !r.ok)
        err = journal_damaged(why, "since when a record has been asked for");
    else if (err == OK && !r.more)
        err = why_set(why, ERR_NOMEM, "out of memory");
    return err == OK ? OK : journal_wrap(j, err, why);
}

enum err journal_asked_keep(struct journal *j, const struct journal_asked *list, size_t len,
                            struct why *why)
{
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    for (size_t i = 0; err == OK && i < len; i++) {
        uint64_t number = 0;
        const struct store_value values[] = {store_text(list[i].name), store_int(list[i].type),
                                             store_int(list[i].state), store_int(list[i].at)};
        err = journal_put(j, TABLE_ASKED, 0, values, &number, why);
    }
    return journal_leave(j, err, STORE_COMMIT, why);
}
