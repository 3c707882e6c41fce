/*
 * What is known of the lanes of a run: their troubles, as they began and ended.
 */
#include "inside.h"

#include "base/bounds.h"

#include <assert.h>

enum err lane_note_store(struct journal *j, uint64_t run, const struct record *record,
                         struct why *why)
{
    struct sql_stmt *st;
    assert(record->kind == RECORD_LANE);
    enum err err =
        sql_prepare(j->sql, &st, TEXT("INSERT INTO lane_note VALUES (NULL,?,?,?,?)"), why);
    if (err == OK) {
        sql_bind_int(st, 1, (int64_t)run);
        sql_bind_int(st, 2, record->job);
        sql_bind_int(st, 3, record->at);
        sql_bind_text(st, 4, record->row.reason);
        err = sql_run(j->sql, st, why);
    }
    sql_finish(st);
    return err;
}

enum err journal_lane_notes(struct journal *j, uint64_t run,
                            bool (*fn)(void *ctx, const struct lane_note *note), void *ctx,
                            struct why *why)
{
    struct sql_stmt *st;
    bool ok = true, more = true;
    /* Of several rows of one group, SQLite takes `at` and `reason` from the one with the maximum.
     */
    enum err err = journal_select(j, &st,
                                  "SELECT lane, at, reason, max(seq) FROM lane_note"
                                  " WHERE run = ? GROUP BY lane ORDER BY lane",
                                  run, why);
    while (err == OK && more && (err = sql_step(j->sql, st, why)) == OK) {
        struct lane_note note = {.lane = (uint16_t)journal_number(st, 0, LANES_MAX - 1, &ok),
                                 .at = sql_col_int(st, 1),
                                 .reason = sql_col_text(st, 2)};
        if (ok)
            more = fn(ctx, &note);
        else
            err = journal_damaged(why, "a note of no lane");
    }
    sql_finish(st);
    return err == OK || err == ERR_GONE ? OK : why_wrap(why, err, "journal %s", j->place.file);
}
