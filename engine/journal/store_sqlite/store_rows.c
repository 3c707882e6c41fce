/*
 * Rows in and out of SQLite. What the tables have beside the columns that every store has, and how
 * their rows are found, is said in one list; the statements are made of both.
 */
#include "sqlite_inside.h"

#include "base/bounds.h"
#include "base/buf.h"

#include <assert.h>
#include <string.h>

/* The records of a run lie behind those of the runs before it. No index stands on them: it would
 * cost a second page per commit, and every reader wants all the records of a run. */
#define OF_RUN_BEHIND "run = ?1 AND seq > (SELECT first_record FROM run WHERE id = ?1)"

static const struct sql_table {
    const char *keys, *key_values; /* INSERT: beside the columns. ?1: the run; ?2: the number */
    const char *number;            /* SELECT */
    const char *where;             /* ?1: the run; 0: all */
    bool replaces;                 /* the row that has the number */
} tables[STORE_TABLES] = {
    /* A lost run's number stays its own. */
    [TABLE_RUN] = {"id, first_record",
                   "max(?2, 1 + max(ifnull((SELECT max(id) FROM run), 0),"
                   " ifnull((SELECT max(run) FROM lost), 0))),"
                   " ifnull((SELECT max(seq) FROM record), 0)",
                   "id", "?1 IN (id, 0) ORDER BY id DESC"},
    [TABLE_WAVE] = {"run, place", "?1, ?2", "place", "run = ?1 ORDER BY place"},
    [TABLE_ACCOUNT] = {"run, place", "?1, ?2", "place", "run = ?1 ORDER BY place"},
    [TABLE_LANE] = {"run, place", "?1, ?2", "place", "run = ?1 ORDER BY place"},
    [TABLE_POLICY] = {"run, place", "?1, ?2", "place", "run = ?1 ORDER BY place"},
    [TABLE_FILE] = {"run, place", "?1, ?2", "place", "run = ?1 ORDER BY place"},
    [TABLE_CHOICE] = {"run, place", "?1, ?2", "place", "run = ?1 ORDER BY place"},
    [TABLE_EXPECTED] = {"run, place", "?1, ?2", "place", "run = ?1 ORDER BY place"},
    [TABLE_PROVIDER] = {"run, place", "?1, ?2", "place", "run = ?1 ORDER BY place"},
    [TABLE_TARGET] = {"run, place", "?1, ?2", "place", "run = ?1 ORDER BY place"},
    [TABLE_RECORD] = {"run", "?1", "seq", OF_RUN_BEHIND " ORDER BY seq"},
    [TABLE_PUBLISHED] = {"run, seq", "?1, ?2", "seq", OF_RUN_BEHIND " ORDER BY seq"},
    [TABLE_LANE_NOTE] = {"run", "?1", "seq", "run = ?1 ORDER BY seq"},
    [TABLE_ORDER] = {"run", "?1", "seq", "run = ?1 ORDER BY seq"},
    [TABLE_RULE] = {"number", "?2", "number", "?1 = 0 ORDER BY number"},
    [TABLE_ASKED] = {"seq", "NULL", "seq", "?1 = 0 ORDER BY seq"},
    [TABLE_WATCHED] = {"number", "?2", "number", "?1 = 0 ORDER BY number", true},
    [TABLE_WATCH_PROBLEM] = {"number", "?2", "number", "?1 = 0 ORDER BY number", true},
    [TABLE_LOST] = {"run", "?1", "run", "?1 IN (run, 0) ORDER BY run"},
};

static const char *const views[] = {
    /* 4 is of a target; 1 and 2 are intents and answers. */
    "SELECT seq, job, findings_json IS NOT NULL FROM record WHERE " OF_RUN_BEHIND
    " AND kind <> 4 ORDER BY seq",
    "SELECT seq, job, at, kind, from_state, state, outcome FROM record WHERE " OF_RUN_BEHIND
    " AND kind <> 4 ORDER BY seq",
    "SELECT r.seq, r.run, a.name, a.account_id, l.caller_account, l.region, c.identity, r.at,"
    " r.kind, r.state, r.outcome, r.accepted, r.write_mail_from, r.write_behavior,"
    " r.mail_from_seen, r.behavior_seen, r.mail_from_before, r.behavior_before FROM record r"
    " CROSS JOIN choice c ON c.run = r.run AND c.place = r.job"
    " CROSS JOIN lane l ON l.run = r.run AND l.place = c.lane"
    " CROSS JOIN account a ON a.run = r.run AND a.place = l.account"
    " WHERE (r.accepted > 0 OR r.kind IN (1, 2)) AND ?1 IN (r.run, 0) ORDER BY r.seq",
};

static_assert(VIEW_OUTLINE == STORE_TABLES && VIEW_MOVES == STORE_TABLES + 1 &&
                  VIEW_SENT == STORE_TABLES + 2 && STORE_VIEWS == STORE_TABLES + 3,
              "views");
static_assert(RECORD_INTENT == 1 && RECORD_ANSWER == 2 && RECORD_PUBLISH == 4,
              "kinds of the views");

#define FIRST_VALUE 3 /* place of a row's first value; the run and the number are before it */

static struct sqlite_store *of(struct store *store)
{
    return (struct sqlite_store *)store;
}

enum err sqlite_select(struct sqlite_store *s, struct sql_stmt **st, const char *text, uint64_t run,
                       struct why *why)
{
    enum err err = sql_prepare(s->sql, st, text_of(text), why);
    if (err == OK)
        sql_bind_int(*st, 1, (int64_t)run);
    return err;
}

/* Takes the text. */
static enum err made_prepare(struct sqlite_store *s, struct sql_stmt **st, struct buf *text,
                             struct why *why)
{
    *st = NULL;
    enum err err = text->failed ? why_set(why, ERR_NOMEM, "out of memory")
                                : sql_prepare(s->sql, st, buf_text(text), why);
    buf_clear(text);
    return err;
}

static enum err put_prepare(struct sqlite_store *s, enum store_table table, struct why *why)
{
    assert(!s->put[table]);
    assert(store_columns[table].len <= STORE_VALUES_MAX);
    const struct store_columns *c = &store_columns[table];
    struct buf text;
    buf_init(&text, LINE_LEN_MAX);
    buf_add_fmt(&text, "INSERT %sINTO %s (%s, %s) VALUES (%s",
                tables[table].replaces ? "OR REPLACE " : "", c->name, tables[table].keys,
                c->columns, tables[table].key_values);
    for (unsigned i = 0; i < c->len; i++)
        buf_add_fmt(&text, ", ?%u", FIRST_VALUE + i);
    buf_add_char(&text, ')');
    return made_prepare(s, &s->put[table], &text, why);
}

/* What the mark will tell of. */
static void appended_note(struct sqlite_store *s, enum store_table table, uint64_t run,
                          const struct store_value *values, uint64_t number)
{
    assert(number > 0 || (table != TABLE_RUN && table != TABLE_RECORD));
    if (table == TABLE_RUN)
        s->appended = (struct appended){.run = number};
    if (table == TABLE_RECORD) {
        uint64_t digest = (uint64_t)values[store_columns[TABLE_RECORD].len - 1].number;
        s->appended = (struct appended){run, {number, digest}};
    }
}

enum err sqlite_put(struct store *store, enum store_table table, uint64_t run,
                    const struct store_value *values, uint64_t *number, struct why *why)
{
    struct sqlite_store *s = of(store);
    assert(table < STORE_TABLES);
    assert(table != TABLE_LOST);
    enum err err = s->put[table] ? OK : put_prepare(s, table, why);
    if (err != OK)
        return err;
    sql_bind_int(s->put[table], 1, (int64_t)run);
    sql_bind_int(s->put[table], 2, (int64_t)*number);
    sql_bind_values(s->put[table], FIRST_VALUE, values, store_columns[table].len);
    err = sql_run(s->sql, s->put[table], why);
    if (table == TABLE_RUN || table == TABLE_RECORD || table == TABLE_LANE_NOTE ||
        table == TABLE_ORDER || table == TABLE_ASKED)
        *number = (uint64_t)sql_last_id(s->sql);
    if (err == OK)
        appended_note(s, table, run, values, *number);
    return err;
}

/* A run that ends is read by many, so its log goes into the main file with it. */
enum err sqlite_set_state(struct store *store, uint64_t run, const struct store_state *state,
                          struct why *why)
{
    struct sqlite_store *s = of(store);
    struct sql_stmt *st;
    assert(state->state <= RUN_GIVEN_UP);
    enum err err = sqlite_select(s, &st,
                                 "UPDATE run SET state = ?2, stopped = ?3, last = ?4,"
                                 " last_record = ?5, last_digest = ?6 WHERE id = ?1",
                                 run, why);
    if (err == OK) {
        sql_bind_int(st, 2, state->state);
        sql_bind_int(st, 3, state->stopped);
        sql_bind_int(st, 4, state->last);
        sql_bind_int(st, 5, (int64_t)state->last_record);
        sql_bind_int(st, 6, (int64_t)state->last_digest);
        err = sql_run(s->sql, st, why);
    }
    sql_finish(st);
    if (err == OK && state->state != RUN_OPEN)
        s->wal_pages_next = 0;
    return err;
}

static enum err rows_prepare(struct sqlite_store *s, enum store_table table, struct sql_stmt **st,
                             struct why *why)
{
    assert(table < STORE_VIEWS);
    struct buf text;
    if (table >= STORE_TABLES)
        return sql_prepare(s->sql, st, text_of(views[table - STORE_TABLES]), why);
    buf_init(&text, LINE_LEN_MAX);
    buf_add_fmt(&text, "SELECT %s, %s FROM %s WHERE %s", tables[table].number,
                store_columns[table].columns, store_columns[table].name, tables[table].where);
    return made_prepare(s, st, &text, why);
}

static void row_take(struct sql_stmt *st, enum store_table table, struct store_row *row,
                     struct store_value *values)
{
    assert(store_columns[table].len <= STORE_VALUES_MAX);
    sql_col_values(st, 1, values, store_columns[table].len);
    *row = (struct store_row){(uint64_t)sql_col_int(st, 0), values};
}

enum err sqlite_rows(struct store *store, enum store_table table, uint64_t run,
                     bool (*fn)(void *ctx, const struct store_row *row), void *ctx, struct why *why)
{
    struct sqlite_store *s = of(store);
    struct store_value values[STORE_VALUES_MAX];
    struct store_row row;
    struct sql_stmt *st;
    bool more = true;
    enum err err = rows_prepare(s, table, &st, why);
    if (err == OK)
        sql_bind_int(st, 1, (int64_t)run);
    while (err == OK && more && (err = sql_step(s->sql, st, why)) == OK) {
        row_take(st, table, &row, values);
        more = fn(ctx, &row);
    }
    sql_finish(st);
    return err == ERR_GONE ? OK : err;
}

/* One statement for all picks: to begin a statement takes longer than to find a row. The picks are
 * its outer loop, and where there are fewer of them the rest are of no record. */
static enum err fetch_prepare(struct sqlite_store *s, struct sql_stmt **st, struct why *why)
{
    const char *rest = store_columns[TABLE_RECORD].columns;
    struct buf text;
    buf_init(&text, LINE_LEN_MAX);
    buf_add_str(&text, "WITH pick (record, notes) AS (VALUES (?1, ?2)");
    for (unsigned i = 1; i < JOURNAL_FETCH_ROWS; i++)
        buf_add_fmt(&text, ", (?%u, ?%u)", 2 * i + 1, 2 * i + 2);
    buf_add_str(&text, ") SELECT record.seq");
    for (unsigned i = 0; *rest; i++) {
        size_t len = strcspn(rest, ",");
        if (i == RECORD_NOTES)
            buf_add_str(&text, ", (SELECT findings_json FROM record WHERE seq = pick.notes)");
        else
            buf_add_fmt(&text, ", record.%.*s", (int)len, rest);
        rest += len;
        rest += strspn(rest, ", ");
    }
    buf_add_str(&text, " FROM pick CROSS JOIN record ON record.seq = pick.record");
    return made_prepare(s, st, &text, why);
}

/* A callback may fetch more meanwhile, by a statement of its own. */
static enum err fetch_begin(struct sqlite_store *s, struct sql_stmt **st, struct why *why)
{
    *st = s->fetch;
    s->fetch = NULL;
    return *st ? OK : fetch_prepare(s, st, why);
}

static void fetch_end(struct sqlite_store *s, struct sql_stmt *st)
{
    if (st)
        sql_reset(st);
    if (s->fetch)
        sql_finish(st);
    else
        s->fetch = st;
}

/* A pick without its record, or without the notes that it must have, is not there. */
static enum err pick_read(struct sqlite_store *s, struct sql_stmt *st,
                          const struct store_pick *pick, struct store_row *row,
                          struct store_value *values, struct why *why)
{
    enum err err = sql_step(s->sql, st, why);
    if (err != OK)
        return err;
    row_take(st, TABLE_RECORD, row, values);
    bool has_notes = values[RECORD_NOTES].type != STORE_NULL;
    return row->number == pick->record && has_notes == (pick->notes > 0) ? OK : ERR_GONE;
}

enum err sqlite_fetch(struct store *store, uint64_t run, const struct store_pick *picks,
                      uint32_t len, bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                      struct why *why)
{
    struct sqlite_store *s = of(store);
    struct store_value values[STORE_VALUES_MAX];
    struct store_row row;
    struct sql_stmt *st;
    bool more = true;
    (void)run; /* records are numbered over all runs */
    assert(len <= JOURNAL_FETCH_ROWS);
    enum err err = fetch_begin(s, &st, why);
    for (uint32_t i = 0; err == OK && i < JOURNAL_FETCH_ROWS; i++) {
        sql_bind_int(st, (int)(2 * i + 1), i < len ? (int64_t)picks[i].record : 0);
        sql_bind_int(st, (int)(2 * i + 2), i < len ? (int64_t)picks[i].notes : 0);
    }
    for (uint32_t i = 0; err == OK && more && i < len; i++) {
        err = pick_read(s, st, &picks[i], &row, values, why);
        more = err == OK && fn(ctx, &row);
    }
    fetch_end(s, st);
    return err;
}

static enum err newest_read(struct sqlite_store *s, uint64_t run, const char *text,
                            struct store_tail *newest, struct why *why)
{
    struct sql_stmt *st;
    *newest = (struct store_tail){.record = 0};
    enum err err = sqlite_select(s, &st, text, run, why);
    if (err == OK && (err = sql_step(s->sql, st, why)) == OK)
        *newest = (struct store_tail){(uint64_t)sql_col_int(st, 0), (uint64_t)sql_col_int(st, 1),
                                      sql_col_int(st, 2)};
    sql_finish(st);
    return err == ERR_GONE ? OK : err;
}

enum err sqlite_tail(struct store *store, uint64_t run, struct store_tail *tail, struct why *why)
{
    struct store_tail note;
    enum err err = newest_read(of(store), run,
                               "SELECT seq, digest, at FROM record WHERE " OF_RUN_BEHIND
                               " ORDER BY seq DESC LIMIT 1",
                               tail, why);
    if (err == OK)
        err = newest_read(of(store), run,
                          "SELECT 0, 0, max(at) FROM"
                          " (SELECT at FROM lane_note WHERE run = ?1"
                          " UNION ALL SELECT at FROM control WHERE run = ?1)",
                          &note, why);
    if (err == OK && note.at > tail->at)
        tail->at = note.at;
    return err;
}
