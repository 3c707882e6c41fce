/*
 * The troubles of a run's lanes, with beginning and end.
 */
#include "inside.h"

#include "base/bounds.h"

#include <assert.h>
#include <stdlib.h>

#define NOTED_LANES (LANES_MAX + PROVIDERS_MAX) /* those of providers of DNS come last */

enum err lane_note_store(struct journal *j, uint64_t run, const struct record *record,
                         struct why *why)
{
    uint64_t number;
    assert(record->kind == RECORD_LANE);
    assert(record->job < NOTED_LANES);
    const struct store_value values[] = {store_int(record->job), store_int(record->at),
                                         store_text(record->row.reason)};
    return journal_put(j, TABLE_LANE_NOTE, run, values, &number, why);
}

/* The newest note of each lane: one pass finds the numbers, a second takes the notes.
 */
struct newest_notes {
    uint64_t last[NOTED_LANES]; /* the number of the lane's newest note; 0: none */
    struct lane_note at[NOTED_LANES];
    struct arena texts;
    bool ok, fits;
};

static uint16_t lane_of(struct newest_notes *n, const struct store_row *row)
{
    return (uint16_t)value_number(&row->values[0], NOTED_LANES - 1, &n->ok);
}

static bool note_seen(void *ctx, const struct store_row *row)
{
    struct newest_notes *n = ctx;
    uint16_t lane = lane_of(n, row);
    assert(lane < NOTED_LANES);
    n->last[lane] = row->number;
    return n->ok;
}

static bool note_take(void *ctx, const struct store_row *row)
{
    struct newest_notes *n = ctx;
    uint16_t lane = lane_of(n, row);
    struct text reason = value_text(&row->values[2]);
    if (n->last[lane] != row->number)
        return true;
    n->at[lane] = (struct lane_note){lane, value_int(&row->values[1]), TEXT_NONE};
    if (reason.len)
        n->at[lane].reason = arena_text(&n->texts, reason);
    n->fits &= reason.len == 0 || n->at[lane].reason.at;
    return n->fits;
}

static enum err notes_read(struct journal *j, uint64_t run, struct newest_notes *n, struct why *why)
{
    enum err err = journal_each(j, TABLE_LANE_NOTE, run, note_seen, n, why);
    if (err == OK && !n->ok)
        return journal_damaged(why, "a note of no lane");
    if (err == OK)
        err = journal_each(j, TABLE_LANE_NOTE, run, note_take, n, why);
    return err == OK && !n->fits ? why_set(why, ERR_NOMEM, "out of memory") : err;
}

enum err journal_lane_notes(struct journal *j, uint64_t run,
                            bool (*fn)(void *ctx, const struct lane_note *note), void *ctx,
                            struct why *why)
{
    struct newest_notes *n = calloc(1, sizeof *n);
    if (!n)
        return why_set(why, ERR_NOMEM, "out of memory");
    n->ok = n->fits = true;
    arena_init(&n->texts, (size_t)NOTED_LANES * WHY_LEN_MAX);
    enum err err = notes_read(j, run, n, why);
    for (uint32_t lane = 0; err == OK && lane < NOTED_LANES; lane++)
        if (n->last[lane] && !fn(ctx, &n->at[lane]))
            break;
    arena_clear(&n->texts);
    free(n);
    return err == OK ? OK : journal_wrap(j, err, why);
}
