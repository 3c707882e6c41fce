/*
 * The journal's life: opening, the heads of runs, closing.
 *
 * Invariant: one process writes (lock.h), and the main file changes only in journal_fold(), while
 * no reader stands on it. A crash at any instant leaves a main file and a log that SQLite puts
 * together at the next open: every transaction that was acknowledged, none in part.
 */
#include "inside.h"

#include "base/bounds.h"
#include "journal/store_sqlite/copy.h"
#include "journal/store_sqlite/schema.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The instant of a run's newest record or note, 0 without any. ?1: the run; `first` is an SQL term.
 */
#define NEWEST(first)                                                                              \
    "max(ifnull((SELECT at FROM record WHERE run = ?1 AND seq > " first                            \
    " ORDER BY seq DESC LIMIT 1), 0),"                                                             \
    " ifnull((SELECT at FROM lane_note WHERE run = ?1 ORDER BY seq DESC LIMIT 1), 0))"

#define FOLD_TRIES 200
#define FOLD_MS    10

#define HEAD_COLUMNS                                                                               \
    "SELECT id, verb, state, parent, started, stopped, last, seed, jobs, options, version,"        \
    " first_record FROM run "

/* Moves the log into the main file, if no reader minds; otherwise tries again a good deal later. */
static enum err journal_fold(struct journal *j, struct why *why)
{
    if (!lock_readers_out(&j->lock)) {
        j->wal_pages_next = sql_wal_pages(j->sql) + JOURNAL_WAL_PAGES;
        return OK;
    }
    enum err err = sql_checkpoint(j->sql, why);
    if (err == OK && j->mark_fd >= 0)
        err = high_water_sync(j->mark_fd, why);
    stamps_note(j, true);
    lock_readers_in(&j->lock);
    j->wal_pages_next = JOURNAL_WAL_PAGES;
    return err;
}

enum err journal_trouble(struct journal *j, enum err err, struct why *why)
{
    struct why unheard = {""};
    struct why *said = why ? why : &unheard;
    if (!why)
        why_set(said, err, "a write failed, and why is not known");
    j->failed = true;
    why_wrap(said, err, "journal %s", j->place.file);
    j->trouble = *said;
    return err;
}

enum err journal_enter(struct journal *j, struct why *why)
{
    assert(j->mode != JOURNAL_READ);
    if (j->failed)
        return why_set(why, ERR_IO, "%s (nothing more is written after that)", j->trouble.text);
    enum err err = stamps_check(j, why);
    if (err == OK)
        err = sql_exec(j->sql, "BEGIN IMMEDIATE", why);
    return err == OK ? OK : journal_trouble(j, err, why);
}

enum err journal_leave(struct journal *j, enum err err, struct why *why)
{
    if (err == OK)
        err = sql_exec(j->sql, "COMMIT", why);
    if (err == OK && j->mode == JOURNAL_WRITE) {
        presence_log(&j->presence, &j->place);
        stamps_note(j, false);
    }
    if (err == OK && sql_wal_pages(j->sql) > j->wal_pages_next)
        err = journal_fold(j, why);
    if (err == OK)
        return OK;
    sql_exec(j->sql, "ROLLBACK", NULL); /* SQLite may have done so already */
    return journal_trouble(j, err, why);
}

enum err journal_stand(struct journal *j, struct why *why)
{
    if (j->mode != JOURNAL_WRITE)
        return OK;
    enum err err = presence_check(&j->presence, &j->place, &j->lock, why);
    return err == OK ? OK : journal_trouble(j, err, why);
}

enum err journal_select(struct journal *j, struct sql_stmt **st, const char *text, uint64_t run,
                        struct why *why)
{
    enum err err = sql_prepare(j->sql, st, text_of(text), why);
    if (err == OK)
        sql_bind_int(*st, 1, (int64_t)run);
    return err;
}

enum err journal_damaged(struct why *why, const char *what)
{
    return why_set(why, ERR_IO,
                   "the journal is damaged: %s: put back a copy of it, or name another file with "
                   "--journal",
                   what);
}

uint64_t journal_number(struct sql_stmt *st, int column, uint64_t max, bool *ok)
{
    int64_t value = sql_col_int(st, column);
    if (value < 0 || (uint64_t)value > max) {
        *ok = false;
        return 0;
    }
    return (uint64_t)value;
}

/* A run that is open although nobody holds the lock has crashed; so may have the machine. */
static enum err crash_vet(struct journal *j, struct why *why)
{
    int64_t open = 0;
    enum err err =
        sql_int(j->sql, "SELECT state = 0 FROM run ORDER BY id DESC LIMIT 1", &open, why);
    return err == OK && open ? sql_check(j->sql, why) : err;
}

static enum err sql_err(enum err err, struct why *why)
{
    return err == ERR_INPUT
               ? why_set(why, err, "is not a journal of mailfrom: name another file with --journal")
               : err;
}

static enum err open_sql(struct journal *j, const char *file, enum sql_how how, struct why *why)
{
    return sql_err(sql_open(&j->sql, file, how, why), why);
}

/* The journal's tables, as they were left and then as this program has them. What was lost is
 * judged before anything is written. */
static enum err writer_tables(struct journal *j, bool creates, struct why *why)
{
    int version = 0;
    enum err err = schema_vet(j->sql, &version, why);
    if (err == ERR_GONE)
        err = journal_emptied(j, why);
    if (err == ERR_GONE && creates)
        err = OK;
    else if (err == OK)
        err = crash_vet(j, why);
    if (err == OK)
        err = mark_expect(j, version, why);
    if (err == OK && version == SCHEMA_VERSION)
        err = loss_judge(j, why);
    if (err == OK && j->loss.found && !j->log.damaged)
        err = copy_log_aside(j->place.file, why);
    if (err == OK && version < SCHEMA_VERSION)
        err = schema_migrate(j->sql, version, why);
    if (err == OK && version < SCHEMA_VERSION)
        err = loss_judge(j, why);
    return err;
}

/* SQLite throws away a log beside an empty main file. So no run begins before that has the tables;
 * a reader who stands on it meanwhile finds nothing to read, and is soon gone. */
static enum err main_begin(struct journal *j, struct why *why)
{
    enum err err = journal_fold(j, why);
    for (int i = 0; err == OK && sql_main_is_empty(j->sql) && i < FOLD_TRIES; i++) {
        poll(NULL, 0, FOLD_MS);
        err = journal_fold(j, why);
    }
    return err == OK && sql_main_is_empty(j->sql)
               ? why_set(why, ERR_BUSY, "it is being read while it is made: try again")
               : err;
}

static enum err open_writer(struct journal *j, bool creates, struct why *why)
{
    enum err err = lock_for_writing(&j->lock, j->place.file, why);
    if (err == OK)
        err = loss_witness(j, why);
    if (err == OK && j->log.damaged)
        err = copy_log_aside(j->place.file, why);
    if (err == OK)
        err = open_sql(j, j->place.file, SQL_WRITER, why);
    if (err == OK)
        err = writer_tables(j, creates, why);
    if (err == OK)
        err = rule_numbers_load(j, why);
    if (err == OK)
        err = rule_numbers_add(j, why);
    if (err == OK)
        err = loss_keep(j, why);
    if (err == OK)
        err = presence_begin(&j->presence, &j->place, &j->lock, why);
    if (err != OK)
        return err;
    stamps_note(j, true);
    return main_begin(j, why);
}

/* An old journal is migrated in the copy, by the same code as in the file. */
static enum err open_copy(struct journal *j, int *version, struct why *why)
{
    struct sql_files copy;
    enum err err = copy_make(&copy, j->place.file, why);
    if (err != OK)
        return err;
    err = sql_err(sql_open_scratch(&j->sql, copy, why), why);
    if (err == OK)
        err = schema_vet(j->sql, version, why);
    if (err == OK && *version < SCHEMA_VERSION)
        err = schema_migrate(j->sql, *version, why);
    return err;
}

static enum err open_reader(struct journal *j, struct why *why)
{
    enum err err = lock_for_reading(&j->lock, j->place.file, why);
    if (err != OK && err != ERR_GONE)
        return err;
    int version = 0;
    err = loss_witness(j, why);
    bool copies = copy_has_log(j->place.file);
    if (err == OK && !copies)
        err = open_sql(j, j->place.file, SQL_IMMUTABLE, why);
    if (err == OK && !copies) {
        err = schema_vet(j->sql, &version, why);
        copies = err == OK && version < SCHEMA_VERSION;
    }
    if (err == OK && copies) {
        sql_close(j->sql);
        j->sql = NULL;
        err = open_copy(j, &version, why);
        lock_release(&j->lock);
    }
    if (err == ERR_GONE)
        err = journal_emptied(j, why);
    if (err == OK)
        err = mark_expect(j, version, why);
    if (err == OK)
        err = loss_judge(j, why);
    return err == OK ? rule_numbers_load(j, why) : err;
}

static enum err open_memory(struct journal *j, struct why *why)
{
    snprintf(j->place.file, sizeof j->place.file, "in memory");
    j->wal_pages_next = INT32_MAX; /* there is no log */
    enum err err = open_sql(j, ":memory:", SQL_MEMORY, why);
    if (err == OK)
        err = schema_migrate(j->sql, 0, why);
    if (err == OK)
        err = rule_numbers_load(j, why);
    return err == OK ? rule_numbers_add(j, why) : err;
}

static enum err open_by_mode(struct journal *j, const char *path, bool creates, struct why *why)
{
    enum err err;
    switch (j->mode) {
    case JOURNAL_MEMORY: return open_memory(j, why);
    case JOURNAL_READ:
        err = place_for_reading(&j->place, path, why);
        return err == OK ? open_reader(j, why) : err;
    case JOURNAL_UPDATE:
    case JOURNAL_WRITE: break;
    }
    err =
        creates ? place_for_writing(&j->place, path, why) : place_for_update(&j->place, path, why);
    return err == OK ? open_writer(j, creates, why) : err;
}

enum err journal_open(struct journal **out, const char *path, enum journal_mode mode,
                      struct why *why)
{
    *out = NULL;
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return why_set(why, ERR_NOMEM, "out of memory");
    j->mode = mode == JOURNAL_UPDATE ? JOURNAL_WRITE : mode; /* which differ in the opening only */
    j->lock = LOCK_NONE;
    buf_init(&j->notes, RECORD_BYTES_MAX);
    j->mark_fd = -1;
    enum err err = open_by_mode(j, path, mode == JOURNAL_WRITE, why);
    if (err != OK) {
        j->failed = true;
        journal_close(j);
        return why_wrap(why, err, "journal %s", path ? path : "in memory");
    }
    *out = j;
    return OK;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    sql_finish(j->append);
    buf_clear(&j->notes);
    if (j->sql && j->mode == JOURNAL_WRITE) /* SQLite folds the log in as it closes */
        sql_keep_wal(j->sql, j->failed || !lock_readers_out(&j->lock));
    sql_close(j->sql);
    if (j->mark_fd >= 0)
        close(j->mark_fd);
    lock_release(&j->lock);
    free(j);
}

static_assert(JOURNAL_HOLDER_MAX == LOCK_HOLDER_MAX, "a holder's name");

bool journal_has_writer(const struct journal *j, char holder[JOURNAL_HOLDER_MAX])
{
    assert(j->mode == JOURNAL_READ);
    return lock_is_held(j->place.file, holder);
}

bool journal_lock_is_gone(const struct journal *j)
{
    return lock_is_gone(j->place.file);
}

static enum err head_store(struct journal *j, const struct run_head *head,
                           const struct fleet *fleet, struct why *why)
{
    struct sql_stmt *st;
    enum err err = sql_prepare(
        j->sql, &st,
        TEXT("INSERT INTO run SELECT 1 + max(ifnull((SELECT max(id) FROM run), 0),"
             " ifnull((SELECT max(run) FROM lost), 0)), " /* a lost run's number stays its own */
             "?1, ?2, ?3, ?4, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
             " ?12, ifnull((SELECT max(seq) FROM record), 0), 0, 0, 0"),
        why);
    if (err != OK)
        return err;
    const int64_t numbers[] = {
        head->verb,          RUN_OPEN,          (int64_t)head->parent, head->started,
        (int64_t)head->seed, fleet->choices_len};
    for (int i = 0; i < 6; i++)
        sql_bind_int(st, i + 1, numbers[i]);
    sql_bind_text(st, 7, head->options);
    sql_bind_text(st, 8, head->version);
    sql_bind_blob(st, 9, fleet->digest, sizeof fleet->digest);
    sql_bind_real(st, 10, fleet->max_failures.value);
    sql_bind_int(st, 11, fleet->max_failures.is_percent);
    sql_bind_int(st, 12, fleet->expected != NULL);
    err = sql_run(j->sql, st, why);
    sql_finish(st);
    return err;
}

enum err journal_begin(struct journal *j, struct run_head *head, const struct fleet *fleet,
                       struct why *why)
{
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = head_store(j, head, fleet, why);
    uint64_t run = (uint64_t)sql_last_id(j->sql);
    if (err == OK)
        err = fleet_store(j, run, fleet, why);
    if (err == OK)
        err = tail_of_run(j, run, why);
    err = journal_leave(j, err, why);
    if (err == OK)
        err = mark_advance(j, why);
    if (err != OK)
        return err;
    head->id = run;
    head->state = RUN_OPEN;
    head->stopped = 0;
    head->last = head->started;
    head->jobs = fleet->choices_len;
    return OK;
}

/* Of j->tail.run. */
static enum err head_stop(struct journal *j, enum run_state state, instant_us at, struct why *why)
{
    struct sql_stmt *st;
    enum err err = journal_select(j, &st,
                                  "UPDATE run SET state = ?2, stopped = ?3, last_record = ?4,"
                                  " last_digest = ?5,"
                                  " last = max(last, " NEWEST("first_record") ") WHERE id = ?1",
                                  j->tail.run, why);
    if (err == OK) {
        sql_bind_int(st, 2, state);
        sql_bind_int(st, 3, state == RUN_OPEN ? 0 : at);
        sql_bind_int(st, 4, (int64_t)j->tail.record);
        sql_bind_int(st, 5, j->tail.record ? (int64_t)j->tail.digest : 0);
        err = sql_run(j->sql, st, why);
    }
    sql_finish(st);
    return err;
}

enum err journal_stop(struct journal *j, uint64_t run, enum run_state state, instant_us at,
                      struct why *why)
{
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = tail_of_run(j, run, why);
    if (err == OK)
        err = head_stop(j, state, at, why);
    err = journal_leave(j, err, why);
    if (err == OK && state != RUN_OPEN && j->mode == JOURNAL_WRITE) {
        err = journal_fold(j, why);
        if (err != OK)
            err = journal_trouble(j, err, why);
    }
    return err;
}

static enum err last_read(struct journal *j, struct run_head *head, int64_t first_record,
                          struct why *why)
{
    struct sql_stmt *st;
    enum err err = journal_select(j, &st, "SELECT " NEWEST("?2"), head->id, why);
    if (err == OK) {
        sql_bind_int(st, 2, first_record);
        err = sql_step(j->sql, st, why);
    }
    if (err == OK && sql_col_int(st, 0) > head->last)
        head->last = sql_col_int(st, 0);
    sql_finish(st);
    return err;
}

static enum err head_read(struct journal *j, struct sql_stmt *st, struct run_head *head,
                          struct arena *arena, struct why *why)
{
    bool ok = true;
    *head = (struct run_head){
        .id = journal_number(st, 0, INT64_MAX, &ok),
        .verb = (enum run_verb)journal_number(st, 1, RUN_PLAN, &ok),
        .state = (enum run_state)journal_number(st, 2, RUN_ENDED, &ok),
        .parent = journal_number(st, 3, INT64_MAX, &ok),
        .started = sql_col_int(st, 4),
        .stopped = sql_col_int(st, 5),
        .last = sql_col_int(st, 6),
        .seed = (uint64_t)sql_col_int(st, 7),
        .jobs = (uint32_t)journal_number(st, 8, IDENTITIES_MAX, &ok),
    };
    if (!ok)
        return journal_damaged(why, "a run's head");
    struct text options = sql_col_text(st, 9), version = sql_col_text(st, 10);
    head->options = arena_text(arena, options);
    head->version = arena_text(arena, version);
    if ((options.len && !head->options.at) || (version.len && !head->version.at))
        return why_set(why, ERR_NOMEM, "out of memory");
    if (head->state == RUN_OPEN)
        return last_read(j, head, sql_col_int(st, 11), why);
    return OK;
}

static enum err run_gone(struct journal *j, uint64_t run, struct why *why)
{
    struct run_loss lost;
    int64_t newest = (int64_t)j->loss.runs;
    enum err err = OK;
    if (run == 0 && !j->loss.found)
        err = sql_int(j->sql, "SELECT ifnull(max(run), -1) FROM lost", &newest, why);
    if (err == OK && run == 0 && newest < 0)
        return why_set(why, ERR_GONE, "holds no run yet: mailfrom apply begins one");
    run = run ? run : (uint64_t)newest;
    if (err == OK)
        err = loss_of_run(j, run, &lost, why);
    if (err == OK && !*lost.what)
        err = loss_of_run(j, 0, &lost, why);
    if (err != OK)
        return err;
    if (journal_may_have_lost(text_of(lost.what)))
        return why_set(why, ERR_IO,
                       "has no such run, and may have lost it: %s. Put back a copy of the journal, "
                       "or see with mailfrom discover what SES has",
                       lost.what);
    if (*lost.what)
        return why_set(why, ERR_IO,
                       "has lost run %llu: %s. Put back a copy of the journal, or see with "
                       "mailfrom discover what SES has",
                       (unsigned long long)run, lost.what);
    return why_set(why, ERR_GONE, "has no run %llu: mailfrom status --all lists what it has",
                   (unsigned long long)run);
}

enum err journal_run(struct journal *j, uint64_t run, struct run_head *head, struct arena *arena,
                     struct why *why)
{
    struct sql_stmt *st;
    enum err err = journal_select(
        j, &st, HEAD_COLUMNS "WHERE ?1 IN (id, 0) ORDER BY id DESC LIMIT 1", run, why);
    if (err == OK)
        err = sql_step(j->sql, st, why);
    if (err == OK)
        err = head_read(j, st, head, arena, why);
    else if (err == ERR_GONE)
        err = run_gone(j, run, why);
    sql_finish(st);
    return err == OK ? OK : why_wrap(why, err, "journal %s", j->place.file);
}

enum err journal_runs(struct journal *j, bool (*fn)(void *ctx, const struct run_head *head),
                      void *ctx, struct why *why)
{
    struct sql_stmt *st;
    struct run_head head;
    struct arena arena;
    bool more = true;
    arena_init(&arena, LINE_LEN_MAX * 16);
    enum err err = sql_prepare(j->sql, &st, TEXT(HEAD_COLUMNS "ORDER BY id DESC"), why);
    while (err == OK && more && (err = sql_step(j->sql, st, why)) == OK) {
        arena_reset(&arena);
        err = head_read(j, st, &head, &arena, why);
        more = err == OK && fn(ctx, &head);
    }
    sql_finish(st);
    arena_clear(&arena);
    return err == OK || err == ERR_GONE ? OK : why_wrap(why, err, "journal %s", j->place.file);
}

const char *journal_verb_name(enum run_verb verb)
{
    static const char *const names[] = {"apply", "rollback", "plan"};
    return names[verb];
}

const char *journal_state_name(enum run_state state)
{
    static const char *const names[] = {"open", "stopped", "ended"};
    return names[state];
}
