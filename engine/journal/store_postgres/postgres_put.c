/*
 * Rows into PostgreSQL. They wait here until the transaction ends or asks for something, and go in
 * as few statements as they need and in one round trip.
 *
 * A record that is fenced is put by a statement that finds nothing to put where its lease is not
 * held by that epoch any more, and that locks the lease against a claim until the transaction ends.
 */
#include "postgres_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENT_ROWS 200
#define STATEMENTS_MAX 64
#define PENDING_BYTES  (4u << 20) /* more than these go on their way before the end */
#define SQL_BYTES      (1u << 20)

struct pending_row {
    enum store_table table;
    uint64_t run, number;
    bool is_fenced;
    struct store_fence fence;
    struct store_value *values;
    size_t bytes;
};

static const struct put_as {
    bool has_run;
    const char *number; /* NULL: the server gives it */
    bool replaces;      /* the row of that number */
    const char *types;  /* of a fenced table: i bigint, t text */
} tables[STORE_TABLES] = {
    [TABLE_WAVE] = {true, "place", false, NULL},
    [TABLE_ACCOUNT] = {true, "place", false, NULL},
    [TABLE_LANE] = {true, "place", false, NULL},
    [TABLE_POLICY] = {true, "place", false, NULL},
    [TABLE_FILE] = {true, "place", false, NULL},
    [TABLE_CHOICE] = {true, "place", false, NULL},
    [TABLE_EXPECTED] = {true, "place", false, NULL},
    [TABLE_PROVIDER] = {true, "place", false, NULL},
    [TABLE_TARGET] = {true, "place", false, NULL},
    [TABLE_RECORD] = {true, "seq", false, "iiiitiiiititiitiitttitiiiiiiiiiiti"},
    [TABLE_PUBLISHED] = {true, "seq", false, NULL},
    [TABLE_LANE_NOTE] = {true, NULL, false, "iit"},
    [TABLE_ORDER] = {true, NULL, false, NULL},
    [TABLE_RULE] = {false, "number", false, NULL},
    [TABLE_ASKED] = {false, NULL, false, NULL},
    [TABLE_WATCHED] = {false, "number", true, NULL},
    [TABLE_WATCH_PROBLEM] = {false, "number", true, NULL},
};

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

/* Numbers */

void postgres_numbers_drop(struct postgres_store *s)
{
    s->numbers_at = s->numbers_len = 0;
}

static enum err number_take(struct postgres_store *s, uint64_t *number, struct why *why)
{
    struct pg_rows rows;
    enum err err = OK;
    if (s->numbers_at == s->numbers_len) {
        const struct store_value value = store_int(NUMBERS_AHEAD);
        err = postgres_ask(s,
                           "SELECT pg_catalog.nextval('@.record_number'::pg_catalog.regclass)"
                           " FROM generate_series(1, $1)",
                           &value, 1, &rows, why);
        s->numbers_at = s->numbers_len = 0;
        for (unsigned i = 0; err == OK && i < rows.len && i < NUMBERS_AHEAD; i++)
            s->numbers[s->numbers_len++] = (uint64_t)pg_int(&rows, i, 0);
        pg_rows_clear(&rows);
    }
    if (err == OK)
        *number = s->numbers[s->numbers_at++];
    return err;
}

/* Pending rows */

void postgres_pending_drop(struct postgres_store *s)
{
    s->pending_len = 0;
    s->pending_bytes = 0;
    arena_reset(&s->pending_texts);
}

/* False: out of memory. */
static bool text_keep(struct arena *a, struct store_value *v, size_t *bytes)
{
    if (v->type != STORE_TEXT && v->type != STORE_BYTES)
        return true;
    struct text t = v->type == STORE_TEXT ? postgres_text_in(a, v->text) : v->text;
    bool is_copied = t.len && t.at != v->text.at;
    char *at = is_copied ? NULL : arena_take_packed(a, t.len + 1);
    if (!is_copied && !at)
        return false;
    if (!is_copied && t.len)
        memcpy(at, t.at, t.len);
    v->text = is_copied ? t : (struct text){at, t.len};
    *bytes += t.len;
    return v->text.at != NULL;
}

static bool row_keep(struct postgres_store *s, struct pending_row *row,
                     const struct store_value *values)
{
    unsigned len = store_columns[row->table].len;
    row->values = ARENA_ARRAY(&s->pending_texts, struct store_value, len);
    if (!row->values)
        return false;
    memcpy(row->values, values, len * sizeof *values);
    for (unsigned i = 0; i < len; i++)
        if (!text_keep(&s->pending_texts, &row->values[i], &row->bytes))
            return false;
    return true;
}

static enum err pending_add(struct postgres_store *s, struct pending_row *row,
                            const struct store_value *values, struct why *why)
{
    if (s->pending_len == s->pending_room) {
        uint32_t room = s->pending_room ? 2 * s->pending_room : 64;
        struct pending_row *at = realloc(s->pending, room * sizeof *at);
        if (!at)
            return no_memory(why);
        s->pending = at;
        s->pending_room = room;
    }
    if (!row_keep(s, row, values))
        return no_memory(why);
    s->pending[s->pending_len++] = *row;
    s->pending_bytes += row->bytes + sizeof *row + 16 * store_columns[row->table].len;
    return OK;
}

/* Statements */

struct statements {
    struct arena arena;
    struct buf sql[STATEMENTS_MAX];
    struct pg_statement list[STATEMENTS_MAX];
    struct pg_rows rows[STATEMENTS_MAX];
    uint32_t rows_wanted[STATEMENTS_MAX]; /* 0: it does not matter */
    unsigned len;
};

static unsigned columns_of(enum store_table table)
{
    return store_columns[table].len + tables[table].has_run + (tables[table].number != NULL);
}

/* of: "v." before each, or "". */
static void column_names_add(struct buf *out, enum store_table table, const char *of)
{
    const char *at = store_columns[table].columns;
    if (tables[table].has_run)
        buf_add_fmt(out, "%srun, ", of);
    if (tables[table].number)
        buf_add_fmt(out, "%s%s, ", of, tables[table].number);
    while (*at) {
        size_t name = strcspn(at, ",");
        buf_add_fmt(out, "%s\"%.*s\"", of, (int)name, at);
        at += name;
        at += strspn(at, ", ");
        buf_add_str(out, *at ? ", " : "");
    }
}

/* The casts of a fenced row, whose values do not stand where a column says their type. */
static const char *cast_of(enum store_table table, bool is_fenced, unsigned column)
{
    unsigned keys = columns_of(table) - store_columns[table].len;
    const char *types = tables[table].types;
    if (!is_fenced)
        return "";
    return column >= keys && column - keys < store_columns[table].len && types[column - keys] == 't'
               ? "::text"
               : "::bigint";
}

static void values_add(struct buf *out, enum store_table table, bool is_fenced, uint32_t rows)
{
    unsigned columns = columns_of(table) + (is_fenced ? 3 : 0), param = 0;
    for (uint32_t row = 0; row < rows; row++) {
        buf_add_str(out, row ? ", (" : "(");
        for (unsigned i = 0; i < columns; i++)
            buf_add_fmt(out, "%s$%u%s", i ? ", " : "", ++param, cast_of(table, is_fenced, i));
        buf_add_char(out, ')');
    }
}

static void replace_add(struct buf *out, enum store_table table)
{
    const char *at = store_columns[table].columns;
    buf_add_fmt(out, " ON CONFLICT (%s) DO UPDATE SET ", tables[table].number);
    while (*at) {
        int name = (int)strcspn(at, ",");
        buf_add_fmt(out, "\"%.*s\" = EXCLUDED.\"%.*s\"", name, at, name, at);
        at += name;
        at += strspn(at, ", ");
        buf_add_str(out, *at ? ", " : "");
    }
}

static void sql_add(const struct postgres_store *s, struct buf *out, enum store_table table,
                    bool is_fenced, uint32_t rows)
{
    postgres_sql_add(s, out, "INSERT INTO @.");
    buf_add_fmt(out, "%s (", store_columns[table].name);
    column_names_add(out, table, "");
    buf_add_str(out, ") ");
    if (is_fenced) {
        buf_add_str(out, "SELECT ");
        column_names_add(out, table, "v.");
        buf_add_str(out, " FROM (");
    }
    buf_add_str(out, "VALUES ");
    values_add(out, table, is_fenced, rows);
    if (is_fenced) {
        buf_add_str(out, ") v (");
        column_names_add(out, table, "");
        postgres_sql_add(s, out,
                         ", of_lane, of_epoch, intends) JOIN @.run_lane held ON held.run = v.run"
                         " AND held.lane = v.of_lane JOIN @.lease ON lease.id = held.lease"
                         " AND lease.epoch = v.of_epoch AND lease.worker IS NOT NULL"
                         " AND lease.run = v.run AND lease.lane = v.of_lane"
                         " AND (v.intends = 0 OR lease.expires > clock_timestamp())"
                         " AND (v.intends < 2 OR NOT EXISTS (SELECT 1 FROM @.run_shared paused"
                         " WHERE paused.run = v.run AND paused.waves_paused <> 0))"
                         " FOR SHARE OF lease");
    }
    if (tables[table].replaces)
        replace_add(out, table);
}

static void row_fill(struct store_value *out, const struct pending_row *row)
{
    const struct put_as *as = &tables[row->table];
    unsigned len = store_columns[row->table].len;
    if (as->has_run)
        *out++ = store_int((int64_t)row->run);
    if (as->number)
        *out++ = store_int((int64_t)row->number);
    memcpy(out, row->values, len * sizeof *out);
    out += len;
    if (!row->is_fenced)
        return;
    *out++ = store_int(row->fence.lane);
    *out++ = store_int((int64_t)row->fence.epoch);
    *out++ = store_int(row->fence.is_intent + row->fence.is_start);
}

/* How many of these rows are one statement. */
static uint32_t rows_alike(const struct pending_row *rows, uint32_t len)
{
    uint32_t n = 1;
    if (tables[rows->table].replaces) /* twice the same number is an error in one */
        return 1;
    if (rows->is_fenced && !tables[rows->table].number) /* a join promises no order */
        return 1;
    while (n < len && n < STATEMENT_ROWS && rows[n].table == rows->table &&
           rows[n].is_fenced == rows->is_fenced)
        n++;
    return n;
}

static bool statement_add(struct statements *all, const struct postgres_store *s,
                          const struct pending_row *rows, uint32_t len)
{
    unsigned columns = columns_of(rows->table) + (rows->is_fenced ? 3 : 0), nth = all->len++;
    struct store_value *values = ARENA_ARRAY(&all->arena, struct store_value, columns * len);
    struct buf *sql = &all->sql[nth];
    buf_init(sql, SQL_BYTES);
    sql_add(s, sql, rows->table, rows->is_fenced, len);
    if (!values || sql->failed)
        return false;
    for (uint32_t i = 0; i < len; i++)
        row_fill(values + i * columns, &rows[i]);
    all->list[nth] = (struct pg_statement){sql->at, values, columns * len};
    all->rows_wanted[nth] = rows->is_fenced ? len : 0;
    return true;
}

static enum err statements_send(struct statements *all, struct postgres_store *s, struct why *why)
{
    enum err err = pg_batch(s->pg, all->list, all->len, all->rows, why);
    for (unsigned i = 0; i < all->len; i++) {
        if (err == OK && all->rows_wanted[i] && all->rows[i].changed < all->rows_wanted[i])
            err = why_set(why, ERR_FENCED, "another worker carries the lane by now");
        pg_rows_clear(&all->rows[i]);
    }
    return err;
}

/* As many rows as one round trip takes; *len: how many. */
static enum err some_send(struct postgres_store *s, const struct pending_row *rows, uint32_t *len,
                          struct why *why)
{
    struct statements *all = calloc(1, sizeof *all);
    uint32_t taken = 0;
    if (!all)
        return no_memory(why);
    arena_init(&all->arena, SIZE_MAX);
    enum err err = OK;
    while (err == OK && taken < *len && all->len < STATEMENTS_MAX) {
        uint32_t n = rows_alike(rows + taken, *len - taken);
        err = statement_add(all, s, rows + taken, n) ? OK : no_memory(why);
        taken += n;
    }
    if (err == OK)
        err = statements_send(all, s, why);
    for (unsigned i = 0; i < all->len; i++)
        buf_clear(&all->sql[i]);
    arena_clear(&all->arena);
    free(all);
    *len = taken;
    return err;
}

enum err postgres_flush(struct postgres_store *s, struct why *why)
{
    enum err err = OK;
    assert(pg_is_begun(s->pg));
    for (uint32_t at = 0, len; err == OK && at < s->pending_len; at += len) {
        len = s->pending_len - at;
        err = some_send(s, s->pending + at, &len, why);
    }
    if (err == OK)
        postgres_pending_drop(s);
    else
        postgres_numbers_drop(s);
    return err;
}

/* A fenced row that finds its lease lost must undo the others, so it may only be alone. */
static bool may_go_alone(const struct postgres_store *s)
{
    uint32_t statements = 0;
    for (uint32_t i = 0; i < s->pending_len; statements++) {
        if (s->pending[i].is_fenced && s->pending_len > 1)
            return false;
        i += rows_alike(s->pending + i, s->pending_len - i);
    }
    return statements <= STATEMENTS_MAX;
}

enum err postgres_flush_alone(struct postgres_store *s, bool *is_done, struct why *why)
{
    assert(!pg_is_begun(s->pg));
    *is_done = may_go_alone(s);
    if (!*is_done || s->pending_len == 0)
        return OK;
    uint32_t len = s->pending_len;
    enum err err = some_send(s, s->pending, &len, why);
    assert(err != OK || len == s->pending_len);
    if (err != OK)
        postgres_numbers_drop(s);
    return err;
}

/* The store's functions */

/* What undoes a team's run is the team's. */
static void team_add(const struct postgres_store *s, struct buf *sql, unsigned team)
{
    if (s->store.team) {
        buf_add_fmt(sql, "$%u, ", team);
        return;
    }
    buf_add_fmt(sql, "coalesce($%u::pg_catalog.name, ", team);
    postgres_sql_add(s, sql, "(SELECT p.team FROM @.run p WHERE p.id = ");
    buf_add_fmt(sql, "$%u)), ", RUN_PARENT + 1);
}

/* Numbers up to this one are given, if they are not yet: each by the sequence itself, which never
 * goes back, whoever takes numbers at the same time. *last: the last one of them; 0: none was left
 * to give. */
static enum err run_number_reach(struct postgres_store *s, uint64_t number, uint64_t *last,
                                 struct why *why)
{
    const struct store_value value = store_int((int64_t)number);
    struct pg_rows rows;
    enum err err = postgres_ask_inside(
        s,
        "SELECT max(n) FROM (SELECT pg_catalog.nextval('@.run_number'::pg_catalog.regclass) AS n"
        " FROM (SELECT last_value + is_called::integer AS next FROM @.run_number) q,"
        " generate_series(q.next, $1)) given",
        &value, 1, &rows, why);
    *last = err == OK ? (uint64_t)pg_int(&rows, 0, 0) : 0;
    pg_rows_clear(&rows);
    return err;
}

/* *number: what is asked for, or 0. */
static enum err run_put(struct postgres_store *s, const struct store_value *values,
                        uint64_t *number, struct why *why)
{
    unsigned len = store_columns[TABLE_RUN].len;
    uint64_t given = 0;
    struct pending_row row = {.table = TABLE_RUN};
    struct store_value all[STORE_VALUES_MAX + 2];
    struct pg_rows rows = {.result = NULL};
    struct buf sql;
    enum err err = postgres_transaction(s, why);
    if (err == OK && s->store.team)
        err = postgres_team_vet(s, s->store.team, why);
    if (err == OK && !row_keep(s, &row, values))
        err = no_memory(why);
    if (err == OK && *number > 0)
        err = run_number_reach(s, *number, &given, why);
    if (err != OK)
        return err;
    memcpy(all, row.values, len * sizeof *all);
    const char *team = s->store.team ? s->store.team : s->url.team;
    all[len] = *team ? store_text(text_of(team)) : store_null();
    all[len + 1] = given ? store_int((int64_t)given) : store_null();
    buf_init(&sql, SQL_BYTES);
    postgres_sql_add(s, &sql, "INSERT INTO @.run (");
    column_names_add(&sql, TABLE_RUN, "");
    buf_add_str(&sql, ", team, id) VALUES (");
    for (unsigned i = 0; i < len; i++)
        buf_add_fmt(&sql, "$%u, ", i + 1);
    team_add(s, &sql, len + 1);
    buf_add_fmt(&sql, "coalesce($%u::bigint, pg_catalog.nextval('", len + 2);
    postgres_sql_add(s, &sql, "@.run_number'::pg_catalog.regclass))) RETURNING id");
    err = sql.failed ? no_memory(why) : pg_query(s->pg, sql.at, all, len + 2, &rows, why);
    if (err == OK)
        *number = (uint64_t)pg_int(&rows, 0, 0);
    buf_clear(&sql);
    pg_rows_clear(&rows);
    return err;
}

enum err postgres_put(struct store *store, enum store_table table, uint64_t run,
                      const struct store_value *values, uint64_t *number, struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    assert(s->is_entered);
    assert(table < STORE_TABLES && table != TABLE_LOST);
    if (table == TABLE_RUN)
        return run_put(s, values, number, why);
    enum err err = table == TABLE_RECORD ? number_take(s, number, why) : OK;
    struct pending_row row = {.table = table, .run = run, .number = *number};
    if (store->fence && tables[table].types) {
        row.is_fenced = true;
        row.fence = *store->fence;
    }
    if (err == OK)
        err = pending_add(s, &row, values, why);
    return err == OK && s->pending_bytes > PENDING_BYTES ? postgres_transaction(s, why) : err;
}

enum err postgres_set_state(struct store *store, uint64_t run, const struct store_state *state,
                            struct why *why)
{
    const struct store_value values[] = {store_int((int64_t)run),
                                         store_int(state->state),
                                         store_int(state->stopped),
                                         store_int(state->last),
                                         store_int((int64_t)state->last_record),
                                         store_int((int64_t)state->last_digest)};
    assert(state->state <= RUN_GIVEN_UP);
    return postgres_ask_inside(postgres_of(store),
                               "UPDATE @.run SET state = $2, stopped = $3, last = $4,"
                               " last_record = $5, last_digest = $6 WHERE id = $1",
                               values, 6, NULL, why);
}

enum err postgres_add_loss(struct store *store, uint64_t run, struct text what, struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    const struct store_value values[] = {store_int((int64_t)run), store_text(what)};
    enum err err =
        postgres_ask_inside(s,
                            "INSERT INTO @.lost (run, kept, what) VALUES ($1,"
                            " (SELECT count(*) FROM @.record WHERE run = $1 AND kind <> 4), $2)"
                            " ON CONFLICT (run) DO UPDATE SET what = CASE WHEN"
                            " position(EXCLUDED.what IN lost.what) > 0 THEN lost.what"
                            " ELSE lost.what || '; ' || EXCLUDED.what END",
                            values, 2, NULL, why);
    uint64_t last; /* a lost run's number stays its own */
    return err == OK ? run_number_reach(s, run, &last, why) : err;
}
