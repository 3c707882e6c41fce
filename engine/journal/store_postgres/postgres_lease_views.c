/* Lanes and workers, for people and for who looks for work: reads, each of one statement. */
#include "postgres_leases.h"

#include "base/count.h"

/* A text of a row as it was given. */
static struct text text_out(struct arena *texts, const struct pg_rows *rows, unsigned row,
                            unsigned column)
{
    return postgres_text_out(texts, pg_text(rows, row, column));
}

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

#define WORKERS                                                                                    \
    "SELECT w.id, w.name, w.host, w.version, w.role::text, w.pid, " US_SINCE(                      \
        "w.begun") ", " US_SINCE("w.seen") ", (SELECT count(*) FROM @.lease l WHERE l.worker = "   \
                                           "w.id"                                                  \
                                           " AND l.expires > clock_timestamp()) FROM @.worker w "  \
                                           "WHERE w.ended IS NULL"                                 \
                                           " AND w.seen > clock_timestamp() - interval '1 day' "   \
                                           "ORDER BY w.id DESC"

static bool worker_read(struct arena *texts, const struct pg_rows *rows, unsigned row,
                        struct worker_view *view)
{
    *view = (struct worker_view){.worker = (uint64_t)pg_int(rows, row, 0),
                                 .name = text_out(texts, rows, row, 1),
                                 .host = text_out(texts, rows, row, 2),
                                 .version = text_out(texts, rows, row, 3),
                                 .role = pg_text(rows, row, 4),
                                 .pid = (uint32_t)pg_int(rows, row, 5),
                                 .begun_ago = pg_int(rows, row, 6),
                                 .seen_ago = pg_int(rows, row, 7),
                                 .lanes = (uint32_t)pg_int(rows, row, 8)};
    return view->name.at && view->host.at && view->version.at;
}

enum err postgres_workers(struct store *store,
                          bool (*fn)(void *ctx, const struct worker_view *view), void *ctx,
                          struct why *why)
{
    struct arena texts;
    struct pg_rows rows;
    bool more = true;
    arena_init(&texts, SIZE_MAX);
    enum err err = postgres_ask(postgres_of(store), WORKERS, NULL, 0, &rows, why);
    for (unsigned i = 0; err == OK && more && i < rows.len; i++) {
        struct worker_view view;
        arena_reset(&texts);
        err = worker_read(&texts, &rows, i, &view) ? OK : no_memory(why);
        more = err == OK && fn(ctx, &view);
    }
    pg_rows_clear(&rows);
    arena_clear(&texts);
    return err;
}

/* Of the lease: 8 epoch, 9 is it held for the lane, 10 the run that holds it otherwise. */
#define LANES                                                                                      \
    "SELECT r.run, r.lane, r.account, l.number, l.region, r.rest, " MAY_CARRY ", " WAITS_FOR       \
    ", l.epoch, " IS_OF_LANE " AND l.worker IS NOT NULL,"                                          \
    " CASE WHEN l.worker IS NOT NULL AND l.expires > clock_timestamp() THEN l.run ELSE 0 END,"     \
    " l.worker, w.name, w.host, w.pid, " US_SINCE(                                                 \
        "l.claimed") ","                                                                           \
                     " CASE WHEN isfinite(l.expires) THEN " US_LEFT(                               \
                         "l.expires") " ELSE 0 END, r.tried_by,"                                   \
                                      " r.tried_why, " US_SINCE(                                   \
                                          "r.tried_at") " FROM @.run_lane r JOIN @.lease l ON "    \
                                                        "l.id = r.lease"                           \
                                                        " JOIN @.run u ON u.id = r.run LEFT JOIN " \
                                                        "@.worker w ON w.id = l.worker"            \
                                                        " WHERE CASE WHEN $1 = 0 THEN u.state = "  \
                                                        "0 ELSE r.run = $1 END ORDER BY r.run, "   \
                                                        "r.lane"

static void holder_read(struct arena *texts, const struct pg_rows *rows, unsigned row,
                        struct lease_view *view)
{
    view->worker = (uint64_t)pg_int(rows, row, 11);
    view->worker_name = text_out(texts, rows, row, 12);
    view->worker_host = text_out(texts, rows, row, 13);
    view->worker_pid = (uint32_t)pg_int(rows, row, 14);
    view->held_for = pg_int(rows, row, 15);
    view->left = pg_int(rows, row, 16);
}

static bool lane_read(struct arena *texts, const struct pg_rows *rows, unsigned row,
                      struct lease_view *view)
{
    uint16_t lane = (uint16_t)pg_int(rows, row, 1);
    bool is_held = pg_int(rows, row, 9) != 0;
    *view = (struct lease_view){
        .run = (uint64_t)pg_int(rows, row, 0),
        .lane = lane,
        .name = {text_out(texts, rows, row, 2), pg_text(rows, row, 3), pg_text(rows, row, 4)},
        .rest = (enum lease_rest)pg_int(rows, row, 5),
        .may_carry = pg_int(rows, row, 6) != 0,
        .waits_for = (uint64_t)pg_int(rows, row, 7),
        .epoch = (uint64_t)pg_int(rows, row, 8),
        .tried_by = text_out(texts, rows, row, 17),
        .tried_why = text_out(texts, rows, row, 18),
        .tried_ago = pg_int(rows, row, 19)};
    if (!is_held && !view->waits_for)
        view->waits_for = (uint64_t)pg_int(rows, row, 10);
    if (is_held)
        holder_read(texts, rows, row, view);
    return view->name.account.at && view->tried_by.at && view->tried_why.at &&
           (!is_held || (view->worker_name.at && view->worker_host.at));
}

enum err postgres_lanes(struct store *store, uint64_t run,
                        bool (*fn)(void *ctx, const struct lease_view *view), void *ctx,
                        struct why *why)
{
    struct arena texts;
    struct pg_rows rows;
    bool more = true;
    const struct store_value value = store_int((int64_t)run);
    arena_init(&texts, SIZE_MAX);
    enum err err = postgres_ask(postgres_of(store), LANES, &value, 1, &rows, why);
    for (unsigned i = 0; err == OK && more && i < rows.len; i++) {
        struct lease_view view;
        arena_reset(&texts);
        err = lane_read(&texts, &rows, i, &view) ? OK : no_memory(why);
        more = err == OK && fn(ctx, &view);
    }
    pg_rows_clear(&rows);
    arena_clear(&texts);
    return err;
}
