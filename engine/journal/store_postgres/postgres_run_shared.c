/*
 * The row of a run that several workers carry: its pause, its pace, its waves; and the lanes of the
 * run. The row is the lock of all that: whoever changes any of it holds the row first, and reads it
 * by a statement of its own hereafter, which sees what the holder before has committed.
 */
#include "postgres_leases.h"

#include "base/count.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

#define LOOK                                                                                       \
    "SELECT u.state, h.stops, h.is_paused, h.pause_at, h.pause_user, h.pause_host, h.pause_uid,"   \
    " h.pause_pid, h.rate_per_s, h.has_waves, h.wave, h.numbered, h.left_of, h.good, h.size,"      \
    " h.started, h.open, h.expired, h.failed, h.failed_max, h.waves_paused, h.reason,"             \
    " n.lanes, n.open, n.ended, n.held FROM @.run_shared h JOIN @.run u ON u.id = h.run,"          \
    " LATERAL (SELECT count(*) AS lanes, count(*) FILTER (WHERE r.rest = 0) AS open,"              \
    " count(*) FILTER (WHERE r.rest = 1) AS ended, count(*) FILTER (WHERE l.worker IS NOT NULL"    \
    " AND " IS_OF_LANE " AND l.expires > clock_timestamp()) AS held FROM @.run_lane r"             \
    " JOIN @.lease l ON l.id = r.lease WHERE r.run = h.run) n WHERE h.run = $1"

/* "3 0 7": of numbered waves, which are few. */
static void left_read(struct text list, struct waves *w)
{
    for (uint32_t i = 0; i <= WAVES_MAX && list.len; i++) {
        char word[24];
        struct text count = text_cut(&list, ' ');
        snprintf(word, sizeof word, TEXT_FMT, TEXT_ARG(count));
        w->left[i] = (uint32_t)strtoul(word, NULL, 10);
    }
}

static void left_write(const struct waves *w, struct buf *out)
{
    for (uint32_t i = 0; i <= w->numbered && i <= WAVES_MAX; i++)
        buf_add_fmt(out, "%s%u", i ? " " : "", w->left[i]);
}

static uint32_t u32_read(const struct pg_rows *rows, unsigned column)
{
    int64_t n = pg_int(rows, 0, column);
    return n < 0 || n > UINT32_MAX ? UINT32_MAX : (uint32_t)n; /* beyond every bound */
}

static void waves_read(const struct pg_rows *rows, struct waves *w)
{
    *w = (struct waves){.index = u32_read(rows, 10),
                        .numbered = u32_read(rows, 11),
                        .good = u32_read(rows, 13),
                        .size = u32_read(rows, 14),
                        .started = u32_read(rows, 15),
                        .open = u32_read(rows, 16),
                        .expired = u32_read(rows, 17),
                        .failed = u32_read(rows, 18),
                        .failed_max = u32_read(rows, 19),
                        .paused = pg_int(rows, 0, 20) != 0};
    left_read(pg_text(rows, 0, 12), w);
    snprintf(w->reason, sizeof w->reason, TEXT_FMT, TEXT_ARG(pg_text(rows, 0, 21)));
}

static void view_read(const struct pg_rows *rows, struct shared_run *view)
{
    int64_t state = pg_int(rows, 0, 0);
    bool is_known = state >= 0 && state <= RUN_GIVEN_UP;
    *view = (struct shared_run){.state = is_known ? (enum run_state)state : RUN_GIVEN_UP,
                                .stops = pg_int(rows, 0, 1) != 0,
                                .is_paused = pg_int(rows, 0, 2) != 0,
                                .rate_per_s = pg_real(rows, 0, 8),
                                .has_waves = pg_int(rows, 0, 9) != 0,
                                .lanes = u32_read(rows, 22),
                                .lanes_open = u32_read(rows, 23),
                                .lanes_ended = u32_read(rows, 24),
                                .lanes_held = u32_read(rows, 25)};
    view->pause = (struct order){.kind = ORDER_PAUSE,
                                 .at = pg_int(rows, 0, 3),
                                 .uid = u32_read(rows, 6),
                                 .pid = u32_read(rows, 7),
                                 .answer = ORDER_TAKEN};
    order_name_copy(view->pause.user, sizeof view->pause.user, pg_text(rows, 0, 4));
    order_name_copy(view->pause.host, sizeof view->pause.host, pg_text(rows, 0, 5));
    waves_read(rows, &view->waves);
    if (!is_known) /* as a number beyond its bounds, which the journal looks for */
        view->pause.at = -1;
}

enum err postgres_look(struct store *store, uint64_t run, struct shared_run *view, struct why *why)
{
    const struct store_value value = store_int((int64_t)run);
    struct pg_rows rows;
    enum err err = postgres_ask(postgres_of(store), LOOK, &value, 1, &rows, why);
    if (err == OK && rows.len == 0)
        err = ERR_GONE;
    if (err == OK)
        view_read(&rows, view);
    pg_rows_clear(&rows);
    return err;
}

enum err postgres_lock_run(struct store *store, uint64_t run, struct shared_run *view,
                           struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    const struct store_value value = store_int((int64_t)run);
    struct pg_rows rows[2] = {{.result = NULL}};
    const struct pg_statement list[] = {
        {postgres_sql(s, "SELECT run FROM @.run_shared WHERE run = $1 FOR NO KEY UPDATE"), &value,
         1},
        {postgres_sql(s, LOOK), &value, 1}};
    enum err err = list[0].sql && list[1].sql ? postgres_transaction(s, why) : no_memory(why);
    if (err == OK)
        err = pg_batch(s->pg, list, COUNT(list), rows, why);
    if (err == OK && rows[1].len == 0)
        err = ERR_GONE;
    if (err == OK) {
        view_read(&rows[1], view);
        s->locked_run = run;
        s->locked = *view;
    }
    pg_rows_clear(&rows[0]);
    pg_rows_clear(&rows[1]);
    return err;
}

#define RUN_VALUES 22

static void values_fill(struct store_value out[RUN_VALUES], uint64_t run,
                        const struct shared_run *v, struct text left)
{
    const struct waves *w = &v->waves;
    const struct store_value values[RUN_VALUES] = {
        store_int((int64_t)run),
        store_int(v->stops),
        store_int(v->is_paused),
        store_int(v->pause.at),
        store_text(text_of(v->pause.user)),
        store_text(text_of(v->pause.host)),
        store_int(v->pause.uid),
        store_int(v->pause.pid),
        store_real(v->rate_per_s),
        store_int(v->has_waves),
        store_int(w->index),
        store_int(w->numbered),
        store_text(left),
        store_int(w->good),
        store_int(w->size),
        store_int(w->started),
        store_int(w->open),
        store_int(w->expired),
        store_int(w->failed),
        store_int(w->failed_max),
        store_int(w->paused),
        store_text(text_of(w->reason)),
    };
    memcpy(out, values, sizeof values);
}

#define RUN_COLUMNS                                                                                \
    "stops, is_paused, pause_at, pause_user, pause_host, pause_uid, pause_pid, rate_per_s,"        \
    " has_waves, wave, numbered, left_of, good, size, started, open, expired, failed, failed_max," \
    " waves_paused, reason"
#define RUN_PARAMS                                                                                 \
    "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,"  \
    " $22"

enum err postgres_open_run(struct store *store, uint64_t run, const struct shared_run *first,
                           struct why *why)
{
    struct store_value values[RUN_VALUES];
    struct buf left;
    buf_init(&left, LINE_LEN_MAX);
    left_write(&first->waves, &left);
    values_fill(values, run, first, buf_text(&left));
    enum err err = left.failed ? no_memory(why)
                               : postgres_ask_inside(postgres_of(store),
                                                     "INSERT INTO @.run_shared (run, " RUN_COLUMNS
                                                     ") VALUES ($1, " RUN_PARAMS ")",
                                                     values, RUN_VALUES, NULL, why);
    buf_clear(&left);
    return err;
}

static bool value_eq(const struct store_value *a, const struct store_value *b)
{
    assert(a->type == b->type);
    return a->type == STORE_TEXT   ? text_eq(a->text, b->text)
           : a->type == STORE_REAL ? a->real >= b->real && a->real <= b->real
                                   : a->number == b->number;
}

/* What is not as it was, as "a = $2, b = $3"; *len: one more than there are. */
static void changes_add(struct buf *sql, const struct store_value *was,
                        const struct store_value *values, struct store_value *sent, unsigned *len)
{
    struct text columns = TEXT(RUN_COLUMNS);
    sent[0] = values[0];
    *len = 1;
    for (unsigned i = 1; i < RUN_VALUES; i++) {
        struct text column = text_trim(text_cut(&columns, ','));
        if (value_eq(&was[i], &values[i]))
            continue;
        sent[(*len)++] = values[i];
        buf_add_fmt(sql, "%s" TEXT_FMT " = $%u", *len == 2 ? "" : ", ", TEXT_ARG(column), *len);
    }
}

static enum err changes_send(struct postgres_store *s, const struct store_value *was,
                             const struct store_value *values, struct why *why)
{
    struct store_value sent[RUN_VALUES];
    struct buf sql;
    unsigned len;
    buf_init(&sql, LINE_LEN_MAX);
    postgres_sql_add(s, &sql, "UPDATE @.run_shared SET ");
    changes_add(&sql, was, values, sent, &len);
    buf_add_str(&sql, " WHERE run = $1");
    enum err err = sql.failed ? no_memory(why) : postgres_transaction(s, why);
    if (err == OK && len > 1)
        err = pg_query(s->pg, sql.at, sent, len, NULL, why);
    buf_clear(&sql);
    return err;
}

/* Only what has changed: a worker may change the waves, and a submitter the rest too. */
enum err postgres_change_run(struct store *store, uint64_t run, const struct shared_run *view,
                             struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    struct store_value was[RUN_VALUES], values[RUN_VALUES];
    struct buf left_was, left;
    assert(s->locked_run == run);
    buf_init(&left_was, LINE_LEN_MAX);
    buf_init(&left, LINE_LEN_MAX);
    left_write(&s->locked.waves, &left_was);
    left_write(&view->waves, &left);
    values_fill(was, run, &s->locked, buf_text(&left_was));
    values_fill(values, run, view, buf_text(&left));
    enum err err =
        left_was.failed || left.failed ? no_memory(why) : changes_send(s, was, values, why);
    if (err == OK)
        s->locked = *view;
    buf_clear(&left_was);
    buf_clear(&left);
    return err;
}

/* An element of an array of texts. */
static void element_add(struct buf *out, struct text t, bool is_first)
{
    buf_add_str(out, is_first ? "\"" : ",\"");
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] == '"' || t.at[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, t.at[i]);
    }
    buf_add_char(out, '"');
}

#define LANE_ARRAYS 3 /* of numbers, of Regions, of names of accounts */

static bool arrays_fill(struct buf out[LANE_ARRAYS], const struct lane_name *names, uint32_t len)
{
    struct arena texts;
    bool fits = true;
    arena_init(&texts, SIZE_MAX);
    for (int k = 0; k < LANE_ARRAYS; k++) {
        buf_init(&out[k], LINE_LEN_MAX * 256);
        buf_add_char(&out[k], '{');
    }
    for (uint32_t i = 0; i < len; i++) {
        element_add(&out[0], names[i].number, i == 0);
        element_add(&out[1], names[i].region, i == 0);
        element_add(&out[2], postgres_text_in(&texts, names[i].account), i == 0);
    }
    for (int k = 0; k < LANE_ARRAYS; k++) {
        buf_add_char(&out[k], '}');
        fits &= !out[k].failed;
    }
    arena_clear(&texts);
    return fits;
}

/* Two that begin runs do so one after the other (alone()), so neither waits for a lease that the
 * other one adds while that waits for one of its own. */
enum err postgres_open_lanes(struct store *store, uint64_t run, const struct lane_name *names,
                             uint32_t len, struct why *why)
{
    static const struct lane_name whole = {
        .account = {"", 0}, .number = {"", 0}, .region = {"", 0}};
    struct postgres_store *s = postgres_of(store);
    struct buf arrays[LANE_ARRAYS];
    bool fits = arrays_fill(arrays, len ? names : &whole, len ? len : 1);
    const struct store_value values[] = {
        store_text(buf_text(&arrays[0])),  store_text(buf_text(&arrays[1])),
        store_int(len ? 0 : (int64_t)run), store_text(buf_text(&arrays[2])),
        store_int((int64_t)run),           store_int(len ? 0 : LEASE_RUN)};
    const struct pg_statement list[] = {
        {postgres_sql(s, "INSERT INTO @.lease (number, region, whole_run) SELECT number, region, $3"
                         " FROM unnest($1::text[], $2::text[]) n(number, region)"
                         " ON CONFLICT (number, region, whole_run) DO NOTHING"),
         values, 3},
        {postgres_sql(s, "INSERT INTO @.run_lane (run, lane, account, lease)"
                         " SELECT $5, $6 + n.nth - 1, n.account, l.id"
                         " FROM unnest($1::text[], $2::text[], $4::text[]) WITH ORDINALITY"
                         " n(number, region, account, nth) JOIN @.lease l ON l.number = n.number"
                         " AND l.region = n.region AND l.whole_run = $3"),
         values, 6}};
    enum err err =
        fits && list[0].sql && list[1].sql ? postgres_transaction(s, why) : no_memory(why);
    if (err == OK)
        err = pg_batch(s->pg, list, COUNT(list), NULL, why);
    for (int k = 0; k < LANE_ARRAYS; k++)
        buf_clear(&arrays[k]);
    return err;
}

enum err postgres_rest_lanes(struct store *store, uint64_t run, unsigned from, bool only_unheld,
                             enum lease_rest to, struct why *why)
{
    const struct store_value values[] = {store_int((int64_t)run), store_int(from),
                                         store_int(only_unheld), store_int(to)};
    return postgres_ask_inside(
        postgres_of(store),
        "UPDATE @.run_lane r SET rest = $4, granted = CASE WHEN $4 = 0 THEN 0 ELSE r.granted END"
        " FROM @.lease l WHERE l.id = r.lease AND r.run = $1 AND ($2 >> r.rest::integer) & 1 = 1"
        " AND ($3 = 0 OR NOT (l.worker IS NOT NULL AND " IS_OF_LANE "))",
        values, COUNT(values), NULL, why);
}

enum err postgres_grant(struct store *store, uint64_t run, uint16_t lane, uint32_t wave,
                        int32_t change, uint32_t *granted, struct why *why)
{
    const struct store_value values[] = {store_int((int64_t)run), store_int(lane), store_int(wave),
                                         store_int(change)};
    struct pg_rows rows;
    enum err err = postgres_ask_inside(
        postgres_of(store),
        "UPDATE @.run_lane SET granted_wave = $3, granted = greatest(0, $4 + CASE"
        " WHEN granted_wave = $3 THEN granted ELSE 0 END) WHERE run = $1 AND lane = $2"
        " RETURNING granted",
        values, COUNT(values), &rows, why);
    if (err == OK)
        *granted = rows.len ? u32_read(&rows, 0) : 0;
    pg_rows_clear(&rows);
    return err;
}

/* Texts of the answer, in the store's memory until the next call. */
static enum err caller_read(struct postgres_store *s, const struct pg_rows *rows,
                            struct lane_caller *caller, struct text *number, struct why *why)
{
    struct text *const texts[] = {&caller->account, &caller->partition, &caller->arn,
                                  &caller->begun_with, number};
    if (rows->len == 0)
        return why_set(why, ERR_GONE, "has no such lane");
    arena_reset(&s->answer);
    for (unsigned i = 0; i < COUNT(texts); i++) {
        struct text t = postgres_text_out(&s->answer, pg_text(rows, 0, i));
        *texts[i] = t.len ? arena_text(&s->answer, t) : TEXT_NONE;
        if (t.len && !texts[i]->at)
            return no_memory(why);
    }
    return OK;
}

enum err postgres_caller(struct store *store, uint64_t run, uint16_t lane,
                         struct lane_caller *caller, struct text *number, struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    struct arena in;
    arena_init(&in, SIZE_MAX);
    const struct store_value values[] = {store_int((int64_t)run),
                                         store_int(lane),
                                         store_text(postgres_text_in(&in, caller->account)),
                                         store_text(postgres_text_in(&in, caller->partition)),
                                         store_text(postgres_text_in(&in, caller->arn)),
                                         store_text(postgres_text_in(&in, caller->begun_with))};
    struct pg_rows rows[2] = {{.result = NULL}};
    const struct pg_statement list[] = {
        {postgres_sql(s, "UPDATE @.lane SET caller_account = $3, caller_partition = $4,"
                         " caller_arn = $5, begun_with = $6 WHERE run = $1 AND place = $2"
                         " AND coalesce(caller_account, '') = ''"),
         values, 6},
        {postgres_sql(s, "SELECT a.caller_account, a.caller_partition, a.caller_arn, a.begun_with,"
                         " l.number FROM @.lane a JOIN @.run_lane r ON r.run = a.run"
                         " AND r.lane = a.place JOIN @.lease l ON l.id = r.lease"
                         " WHERE a.run = $1 AND a.place = $2"),
         values, 2}};
    enum err err = list[0].sql && list[1].sql ? postgres_transaction(s, why) : no_memory(why);
    if (err == OK)
        err = pg_batch(s->pg, list, COUNT(list), rows, why);
    if (err == OK)
        err = caller_read(s, &rows[1], caller, number, why);
    pg_rows_clear(&rows[0]);
    pg_rows_clear(&rows[1]);
    arena_clear(&in);
    return err;
}

enum err postgres_team(struct store *store, uint64_t run, char team[TEAM_LEN_MAX], struct why *why)
{
    const struct store_value value = store_int((int64_t)run);
    struct pg_rows rows;
    enum err err =
        postgres_ask(postgres_of(store), "SELECT coalesce(team, '') FROM @.run WHERE id = $1",
                     &value, 1, &rows, why);
    if (err == OK && rows.len == 0)
        err = ERR_GONE;
    if (err == OK)
        snprintf(team, TEAM_LEN_MAX, TEXT_FMT, TEXT_ARG(pg_text(&rows, 0, 0)));
    pg_rows_clear(&rows);
    return err;
}
