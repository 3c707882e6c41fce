/*
 * Rows out of PostgreSQL, page by page, so that a run of a million records needs the memory of a
 * page. What fits into one page is one statement. What does not is read in a snapshot, where every
 * page sees the same rows, whatever others keep meanwhile.
 */
#include "postgres_inside.h"

#include "scheduler/record.h"

#include <assert.h>
#include <string.h>

#define PAGE_ROWS 2000

static const struct reading_of {
    const char *number;   /* the column */
    bool is_of_all_runs;  /* no column `run` */
    bool is_newest_first; /* TABLE_RUN */
} tables[STORE_TABLES] = {
    [TABLE_RUN] = {.number = "id", .is_of_all_runs = true, .is_newest_first = true},
    [TABLE_WAVE] = {"place"},
    [TABLE_ACCOUNT] = {"place"},
    [TABLE_LANE] = {"place"},
    [TABLE_POLICY] = {"place"},
    [TABLE_FILE] = {"place"},
    [TABLE_CHOICE] = {"place"},
    [TABLE_EXPECTED] = {"place"},
    [TABLE_PROVIDER] = {"place"},
    [TABLE_TARGET] = {"place"},
    [TABLE_RECORD] = {"seq"},
    [TABLE_PUBLISHED] = {"seq"},
    [TABLE_LANE_NOTE] = {"seq"},
    [TABLE_ORDER] = {"seq"},
    [TABLE_RULE] = {"number", .is_of_all_runs = true},
    [TABLE_ASKED] = {"seq", .is_of_all_runs = true},
    [TABLE_WATCHED] = {"number", .is_of_all_runs = true},
    [TABLE_WATCH_PROBLEM] = {"number", .is_of_all_runs = true},
    [TABLE_LOST] = {"run", .is_of_all_runs = true},
};

/* $1: the number before the page; $2: how many; $3: the run, where it is not 0. */
static const char outline[] = "SELECT seq, job, findings_json IS NOT NULL FROM @.record"
                              " WHERE run = $3 AND kind <> 4 AND seq > $1 ORDER BY seq LIMIT $2";
static const char moves[] = "SELECT seq, job, at, kind, from_state, state, outcome FROM @.record"
                            " WHERE run = $3 AND kind <> 4 AND seq > $1 ORDER BY seq LIMIT $2";
/* The page is cut off the records before anything is joined, and that is by primary keys: a
 * database without statistics would otherwise look at every record for every identity. */
#define SENT(of_run)                                                                               \
    "WITH r AS MATERIALIZED (SELECT * FROM @.record"                                               \
    " WHERE (accepted > 0 OR kind IN (1, 2)) AND seq > $1" of_run " ORDER BY seq LIMIT $2)"        \
    " SELECT r.seq, r.run, a.name, a.account_id, l.caller_account, l.region, c.identity, r.at,"    \
    " r.kind, r.state, r.outcome, r.accepted, r.write_mail_from, r.write_behavior,"                \
    " r.mail_from_seen, r.behavior_seen, r.mail_from_before, r.behavior_before FROM r"             \
    " LEFT JOIN @.choice c ON c.run = r.run AND c.place = r.job"                                   \
    " LEFT JOIN @.lane l ON l.run = r.run AND l.place = c.lane"                                    \
    " LEFT JOIN @.account a ON a.run = r.run AND a.place = l.account ORDER BY r.seq"
#define SENT_IDENTITY 5 /* the column of the view */
static const char sent[] = SENT("");
static const char sent_of_run[] = SENT(" AND run = $3");

static_assert(RECORD_INTENT == 1 && RECORD_ANSWER == 2 && RECORD_PUBLISH == 4,
              "kinds of the views");

/* "name, of_column": quoted, since `user` is a word of SQL. */
static void columns_add(struct buf *out, const char *before, const char *columns)
{
    while (*columns) {
        size_t name = strcspn(columns, ",");
        buf_add_fmt(out, ", %s\"%.*s\"", before, (int)name, columns);
        columns += name;
        columns += strspn(columns, ", ");
    }
}

static void table_add(const struct postgres_store *s, struct buf *out, enum store_table table,
                      uint64_t run)
{
    const struct reading_of *t = &tables[table];
    const char *from = t->is_newest_first ? "<" : ">";
    buf_add_fmt(out, "SELECT %s", t->number);
    columns_add(out, "", store_columns[table].columns);
    buf_add_fmt(out, " FROM \"%s\".%s WHERE %s %s $1", s->url.schema, store_columns[table].name,
                t->number, from);
    if (table == TABLE_RUN && run)
        buf_add_str(out, " AND id = $3");
    else if (run && !t->is_of_all_runs)
        buf_add_str(out, " AND run = $3");
    buf_add_fmt(out, " ORDER BY %s%s LIMIT $2", t->number, t->is_newest_first ? " DESC" : "");
}

struct reading {
    struct postgres_store *s;
    struct buf sql;
    uint64_t run, last; /* last: the number before the next page */
    unsigned columns, values_len;
    bool is_sent; /* VIEW_SENT: a record without an identity is left out */
    struct arena texts;
    bool (*fn)(void *ctx, const struct store_row *row);
    void *ctx;
    bool more;
};

static enum err reading_begin(struct reading *r, enum store_table table)
{
    bool is_of_run =
        r->run && (table >= STORE_TABLES || table == TABLE_RUN || !tables[table].is_of_all_runs);
    r->columns = store_columns[table].len;
    r->is_sent = table == VIEW_SENT;
    r->values_len = is_of_run ? 3 : 2;
    r->last = table == TABLE_RUN ? INT64_MAX : 0;
    /* Places are counted from 0, and a lost run may be 0. */
    if (table < STORE_TABLES && table != TABLE_RUN)
        r->last = UINT64_MAX;
    arena_init(&r->texts, SIZE_MAX);
    buf_init(&r->sql, LINE_LEN_MAX);
    if (table == VIEW_OUTLINE)
        postgres_sql_add(r->s, &r->sql, outline);
    else if (table == VIEW_MOVES)
        postgres_sql_add(r->s, &r->sql, moves);
    else if (table == VIEW_SENT)
        postgres_sql_add(r->s, &r->sql, r->run ? sent_of_run : sent);
    else
        table_add(r->s, &r->sql, table, r->run);
    return r->sql.failed ? ERR_NOMEM : OK;
}

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

/* False: out of memory. */
static bool values_take(struct arena *texts, const struct pg_rows *rows, unsigned row,
                        unsigned first, struct store_value *values, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        values[i] = pg_value(rows, row, first + i);
        if (values[i].type != STORE_TEXT)
            continue;
        values[i].text = postgres_text_out(texts, values[i].text);
        if (!values[i].text.at)
            return false;
    }
    return true;
}

static enum err page_ask(struct reading *r, struct pg_rows *rows, struct why *why)
{
    const struct store_value values[] = {store_int((int64_t)r->last), store_int(PAGE_ROWS + 1),
                                         store_int((int64_t)r->run)};
    return pg_query(r->s->pg, r->sql.at, values, r->values_len, rows, why);
}

static enum err page_tell(struct reading *r, const struct pg_rows *rows, struct why *why)
{
    struct store_value values[STORE_VALUES_MAX];
    unsigned len = rows->len < PAGE_ROWS ? rows->len : PAGE_ROWS;
    assert(rows->len == 0 || rows->columns == r->columns + 1);
    for (unsigned i = 0; r->more && i < len; i++) {
        struct store_row row = {(uint64_t)pg_int(rows, i, 0), values};
        arena_reset(&r->texts);
        if (!values_take(&r->texts, rows, i, 1, values, r->columns))
            return no_memory(why);
        r->last = row.number;
        r->more = (r->is_sent && values[SENT_IDENTITY].type == STORE_NULL) || r->fn(r->ctx, &row);
    }
    r->more &= rows->len > PAGE_ROWS;
    return OK;
}

/* From the beginning, in one snapshot. */
static enum err pages_read(struct reading *r, struct why *why)
{
    struct pg_rows rows = {.result = NULL};
    enum err err = OK;
    while (err == OK && r->more) {
        err = page_ask(r, &rows, why);
        if (err == OK)
            err = page_tell(r, &rows, why);
        pg_rows_clear(&rows);
    }
    return err;
}

static enum err snapshot_read(struct reading *r, struct why *why)
{
    struct postgres_store *s = r->s;
    bool opens = !pg_is_begun(s->pg);
    enum err err = opens ? pg_begin(s->pg, PG_SNAPSHOT, why) : OK;
    s->reads += opens;
    if (err == OK)
        err = pages_read(r, why);
    s->reads -= opens;
    if (opens)
        pg_rollback(s->pg);
    return err;
}

enum err postgres_rows(struct store *store, enum store_table table, uint64_t run,
                       bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                       struct why *why)
{
    struct reading r = {.s = postgres_of(store), .run = run, .fn = fn, .ctx = ctx, .more = true};
    struct pg_rows rows = {.result = NULL};
    assert(table < STORE_VIEWS);
    enum err err = reading_begin(&r, table);
    if (err != OK)
        err = no_memory(why);
    else if (r.s->pending_len)
        err = postgres_transaction(r.s, why);
    if (err == OK)
        err = page_ask(&r, &rows, why);
    if (err == OK && (rows.len <= PAGE_ROWS || pg_is_begun(r.s->pg)))
        err = page_tell(&r, &rows, why);
    pg_rows_clear(&rows);
    if (err == OK && r.more)
        err = snapshot_read(&r, why);
    arena_clear(&r.texts);
    buf_clear(&r.sql);
    return err;
}

/* "{1,2,3}" */
static void numbers_add(struct buf *out, const struct store_pick *picks, uint32_t len, bool notes)
{
    for (uint32_t i = 0; i < len; i++) {
        buf_add_char(out, i ? ',' : '{');
        buf_add_u64(out, notes ? picks[i].notes : picks[i].record);
    }
    buf_add_char(out, '}');
}

/* LIMIT 1 makes each a look-up by the primary key: a database without statistics would otherwise
 * read all records of the run for it. */
static enum err fetch_ask(struct postgres_store *s, uint64_t run, const struct store_pick *picks,
                          uint32_t len, struct pg_rows *rows, struct why *why)
{
    struct buf sql, lists[2];
    buf_init(&sql, LINE_LEN_MAX);
    buf_add_str(&sql, "SELECT r.seq, p.notes = 0 OR n.seq IS NOT NULL, n.findings_json");
    columns_add(&sql, "r.", store_columns[TABLE_RECORD].columns);
    postgres_sql_add(s, &sql,
                     " FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY p(pick, notes, nth)"
                     " LEFT JOIN LATERAL (SELECT * FROM @.record"
                     " WHERE run = $1 AND seq = p.pick LIMIT 1) r ON true"
                     " LEFT JOIN LATERAL (SELECT seq, findings_json FROM @.record"
                     " WHERE run = $1 AND seq = p.notes LIMIT 1) n ON true ORDER BY p.nth");
    for (int i = 0; i < 2; i++) {
        buf_init(&lists[i], LINE_LEN_MAX);
        numbers_add(&lists[i], picks, len, i == 1);
    }
    const struct store_value values[] = {store_int((int64_t)run), store_text(buf_text(&lists[0])),
                                         store_text(buf_text(&lists[1]))};
    enum err err = sql.failed || lists[0].failed || lists[1].failed
                       ? no_memory(why)
                       : pg_query(s->pg, sql.at, values, 3, rows, why);
    buf_clear(&sql);
    buf_clear(&lists[0]);
    buf_clear(&lists[1]);
    return err;
}

enum err postgres_fetch(struct store *store, uint64_t run, const struct store_pick *picks,
                        uint32_t len, bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                        struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    struct store_value values[STORE_VALUES_MAX];
    struct arena texts;
    struct pg_rows rows = {.result = NULL};
    bool more = true;
    if (len == 0)
        return OK;
    enum err err = s->pending_len ? postgres_transaction(s, why) : OK;
    if (err == OK)
        err = fetch_ask(s, run, picks, len, &rows, why);
    arena_init(&texts, SIZE_MAX);
    for (unsigned i = 0; err == OK && more && i < rows.len; i++) {
        if (pg_is_null(&rows, i, 0) || !pg_int(&rows, i, 1)) {
            err = ERR_GONE;
            break;
        }
        struct store_row row = {(uint64_t)pg_int(&rows, i, 0), values};
        arena_reset(&texts);
        if (!values_take(&texts, &rows, i, 3, values, store_columns[TABLE_RECORD].len) ||
            !values_take(&texts, &rows, i, 2, &values[RECORD_NOTES], 1))
            err = no_memory(why);
        else
            more = fn(ctx, &row);
    }
    arena_clear(&texts);
    pg_rows_clear(&rows);
    return err;
}

enum err postgres_tail(struct store *store, uint64_t run, struct store_tail *tail, struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    struct store_value value = store_int((int64_t)run);
    struct pg_rows rows = {.result = NULL};
    *tail = (struct store_tail){.record = 0};
    enum err err = s->pending_len ? postgres_transaction(s, why) : OK;
    if (err == OK)
        err = postgres_ask(s,
                           "SELECT r.seq, r.digest, greatest(r.at,"
                           " (SELECT max(at) FROM @.lane_note WHERE run = $1),"
                           " (SELECT max(at) FROM @.control WHERE run = $1)) FROM (SELECT $1) one"
                           " LEFT JOIN LATERAL (SELECT seq, digest, at FROM @.record"
                           " WHERE run = $1 ORDER BY seq DESC LIMIT 1) r ON true",
                           &value, 1, &rows, why);
    if (err == OK && rows.len)
        *tail = (struct store_tail){(uint64_t)pg_int(&rows, 0, 0), (uint64_t)pg_int(&rows, 0, 1),
                                    pg_int(&rows, 0, 2)};
    pg_rows_clear(&rows);
    return err;
}
