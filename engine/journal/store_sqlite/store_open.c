/*
 * The life of a store in SQLite: opening, transactions, closing.
 *
 * Invariant: one process writes (lock.h), and the main file changes only in store_fold(), while no
 * reader stands on it. A crash at any instant leaves a main file and a log that SQLite puts
 * together at the next open: every transaction that was acknowledged, none in part.
 */
#include "store_sqlite.h"

#include "base/bounds.h"
#include "copy.h"
#include "schema.h"
#include "sqlite_inside.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FOLD_TRIES 200
#define FOLD_MS    10

static struct sqlite_store *of(struct store *store)
{
    return (struct sqlite_store *)store;
}

/* Between two transactions. A writer of a file holds its lock. */
static void store_invariant(const struct sqlite_store *s)
{
    assert(s->sql);
    assert(s->writes_file || s->mark_fd < 0);
    assert(!s->writes_file || s->lock.fd >= 0);
    assert(!s->writes_file || !s->store.is_read_only);
    assert(!s->store.loss.found || s->store.loss.what[0]);
}

/* Moves the log into the main file, if no reader minds; otherwise tries again a good deal later. */
static enum err store_fold(struct sqlite_store *s, struct why *why)
{
    assert(s->writes_file);
    if (!lock_readers_out(&s->lock)) {
        s->wal_pages_next = sql_wal_pages(s->sql) + JOURNAL_WAL_PAGES;
        return OK;
    }
    enum err err = sql_checkpoint(s->sql, why);
    if (err == OK && s->mark_fd >= 0)
        err = high_water_sync(s->mark_fd, why);
    stamps_note(s, true);
    lock_readers_in(&s->lock);
    s->wal_pages_next = JOURNAL_WAL_PAGES;
    return err;
}

enum err sqlite_enter(struct sqlite_store *s, struct why *why)
{
    store_invariant(s);
    s->appended = (struct appended){.run = 0};
    enum err err = stamps_check(s, why);
    return err == OK ? sql_enter(s->sql, why) : err;
}

static enum err enter(struct store *store, struct why *why)
{
    return sqlite_enter(of(store), why);
}

enum err sqlite_leave(struct sqlite_store *s, enum err err, enum store_end end, struct why *why)
{
    if (err == OK && end != STORE_UNDO)
        err = sql_commit(s->sql, why);
    if (err != OK || end == STORE_UNDO) {
        sql_exec(s->sql, "ROLLBACK", NULL); /* SQLite may have done so already */
        return err;
    }
    store_invariant(s);
    if (!s->writes_file)
        return OK;
    presence_log(&s->presence, &s->place);
    stamps_note(s, false);
    /* After the commit. */
    err = OK;
    if (sql_wal_pages(s->sql) > s->wal_pages_next)
        err = store_fold(s, why);
    if (err == OK && s->appended.run && s->mark_fd >= 0)
        err = mark_advance(s, why);
    if (err == OK && end == STORE_COMMIT_INTENT)
        err = presence_check(&s->presence, &s->place, &s->lock, why);
    assert(sql_wal_pages(s->sql) >= 0);
    return err;
}

static enum err leave(struct store *store, enum store_end end, struct why *why)
{
    return sqlite_leave(of(store), OK, end, why);
}

/* A run that is open although nobody holds the lock has crashed; so may have the machine. */
static enum err crash_vet(struct sqlite_store *s, struct why *why)
{
    int64_t open = 0;
    enum err err =
        sql_int(s->sql, "SELECT state = 0 FROM run ORDER BY id DESC LIMIT 1", &open, why);
    return err == OK && open ? sql_check(s->sql, why) : err;
}

static enum err sql_err(enum err err, struct why *why)
{
    return err == ERR_INPUT
               ? why_set(why, err, "is not a journal of mailfrom: name another file with --journal")
               : err;
}

static enum err open_sql(struct sqlite_store *s, const char *file, enum sql_how how,
                         struct why *why)
{
    return sql_err(sql_open(&s->sql, file, how, why), why);
}

/* The journal's tables, as they were left and then as this program has them. What was lost is
 * judged before anything is written. */
static enum err writer_tables(struct sqlite_store *s, bool creates, struct why *why)
{
    int version = 0;
    assert(s->writes_file);
    enum err err = schema_vet(s->sql, &version, why);
    if (err == ERR_GONE)
        err = journal_emptied(s, why);
    if (err == ERR_GONE && creates)
        err = OK;
    else if (err == OK)
        err = crash_vet(s, why);
    if (err == OK)
        err = mark_expect(s, version, why);
    if (err == OK && version >= SCHEMA_MARKED)
        err = loss_judge(s, why);
    if (err == OK && s->store.loss.found && !s->log.damaged)
        err = copy_log_aside(s->place.file, why);
    assert(err != OK || version <= SCHEMA_VERSION);
    if (err == OK && version < SCHEMA_VERSION)
        err = schema_migrate(s->sql, version, why);
    if (err == OK && version < SCHEMA_MARKED)
        err = loss_judge(s, why);
    return err;
}

static enum err open_writer(struct sqlite_store *s, bool creates, struct why *why)
{
    assert(!s->store.is_read_only);
    enum err err = lock_for_writing(&s->lock, s->place.file, why);
    if (err == OK)
        err = loss_witness(s, why);
    if (err == OK && s->log.damaged)
        err = copy_log_aside(s->place.file, why);
    if (err == OK)
        err = open_sql(s, s->place.file, SQL_WRITER, why);
    if (err == OK)
        err = writer_tables(s, creates, why);
    if (err == OK)
        err = loss_keep(s, why);
    if (err == OK)
        err = presence_begin(&s->presence, &s->place, &s->lock, why);
    if (err != OK)
        return err;
    stamps_note(s, true);
    /* SQLite throws away a log beside an empty main file. So no run begins before that has the
     * tables; a reader who stands on it meanwhile finds nothing to read, and is soon gone. */
    assert(s->lock.fd >= 0);
    err = store_fold(s, why);
    for (int i = 0; err == OK && sql_main_is_empty(s->sql) && i < FOLD_TRIES; i++) {
        poll(NULL, 0, FOLD_MS);
        err = store_fold(s, why);
    }
    return err == OK && sql_main_is_empty(s->sql)
               ? why_set(why, ERR_BUSY,
                         "another program reads it while its tables are made: end that program and "
                         "try again")
               : err;
}

/* An old journal is migrated in the copy, by the same code as in the file. */
static enum err open_copy(struct sqlite_store *s, int *version, struct why *why)
{
    struct sql_files copy;
    enum err err = copy_make(&copy, s->place.file, why);
    if (err != OK)
        return err;
    err = sql_err(sql_open_scratch(&s->sql, copy, why), why);
    if (err == OK)
        err = schema_vet(s->sql, version, why);
    if (err == OK && *version < SCHEMA_VERSION)
        err = schema_migrate(s->sql, *version, why);
    return err;
}

static enum err open_reader(struct sqlite_store *s, struct why *why)
{
    assert(s->store.is_read_only);
    enum err err = lock_for_reading(&s->lock, s->place.file, why);
    if (err != OK && err != ERR_GONE)
        return err;
    int version = 0;
    err = loss_witness(s, why);
    bool copies = copy_has_log(s->place.file);
    if (err == OK && !copies)
        err = open_sql(s, s->place.file, SQL_IMMUTABLE, why);
    if (err == OK && !copies) {
        err = schema_vet(s->sql, &version, why);
        copies = err == OK && version < SCHEMA_VERSION;
    }
    if (err == OK && copies) {
        sql_close(s->sql);
        s->sql = NULL;
        err = open_copy(s, &version, why);
        lock_release(&s->lock);
    }
    if (err == ERR_GONE)
        err = journal_emptied(s, why);
    if (err == OK)
        err = mark_expect(s, version, why);
    if (err == OK)
        err = loss_judge(s, why);
    return err;
}

static void close_store(struct store *store)
{
    struct sqlite_store *s = of(store);
    for (int i = 0; i < STORE_TABLES; i++)
        sql_finish(s->put[i]);
    sql_finish(s->fetch);
    if (s->sql && s->writes_file) /* SQLite folds the log in as it closes */
        sql_keep_wal(s->sql, store->has_failed || !lock_readers_out(&s->lock));
    sql_close(s->sql);
    if (s->mark_fd >= 0)
        close(s->mark_fd);
    lock_release(&s->lock);
    free(s);
}

static_assert(JOURNAL_HOLDER_MAX == LOCK_HOLDER_MAX, "a holder's name");

/* One process writes all runs of a file. */
static enum journal_writer writer(struct store *store, uint64_t run,
                                  char holder[JOURNAL_HOLDER_MAX])
{
    const char *file = of(store)->place.file;
    (void)run;
    if (lock_is_held(file, holder))
        return JOURNAL_HAS_WRITER;
    return lock_is_gone(file) ? JOURNAL_WRITER_UNKNOWN : JOURNAL_NO_WRITER;
}

static const struct store_ops ops = {.close = close_store,
                                     .enter = enter,
                                     .put = sqlite_put,
                                     .set_state = sqlite_set_state,
                                     .add_loss = sqlite_add_loss,
                                     .leave = leave,
                                     .rows = sqlite_rows,
                                     .fetch = sqlite_fetch,
                                     .tail = sqlite_tail,
                                     .writer = writer};

static struct sqlite_store *store_new(void)
{
    struct sqlite_store *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->store = (struct store){.ops = &ops, .name = s->place.file};
    s->lock = LOCK_NONE;
    s->mark_fd = -1;
    return s;
}

/* The journal takes the store over, or nobody does. */
static enum err journal_begin_on(struct journal **out, struct sqlite_store *s, enum err err,
                                 struct why *why)
{
    assert(s->store.name);
    if (err == OK)
        return journal_open(out, &s->store, why);
    s->store.has_failed = true;
    close_store(&s->store);
    return err;
}

static enum err open_by_mode(struct sqlite_store *s, const char *path, enum journal_mode mode,
                             struct why *why)
{
    enum err err = OK;
    s->store.is_read_only = mode == JOURNAL_READ;
    s->writes_file = mode != JOURNAL_READ;
    switch (mode) {
    case JOURNAL_READ:
        err = place_for_reading(&s->place, path, why);
        return err == OK ? open_reader(s, why) : err;
    case JOURNAL_UPDATE: err = place_for_update(&s->place, path, why); break;
    case JOURNAL_WRITE: err = place_for_writing(&s->place, path, why); break;
    }
    return err == OK ? open_writer(s, mode == JOURNAL_WRITE, why) : err;
}

enum err journal_open_file(struct journal **out, const char *path, enum journal_mode mode,
                           struct why *why)
{
    struct sqlite_store *s = store_new();
    *out = NULL;
    enum err err = s ? journal_begin_on(out, s, open_by_mode(s, path, mode, why), why)
                     : why_set(why, ERR_NOMEM, "out of memory");
    return err == OK ? OK : why_wrap(why, err, "journal %s", path);
}

enum err journal_open_memory(struct journal **out, struct why *why)
{
    struct sqlite_store *s = store_new();
    *out = NULL;
    if (!s)
        return why_set(why, ERR_NOMEM, "journal in memory: out of memory");
    s->store.name = "in memory";
    enum err err = open_sql(s, ":memory:", SQL_MEMORY, why);
    if (err == OK)
        err = schema_migrate(s->sql, 0, why);
    err = journal_begin_on(out, s, err, why);
    return err == OK ? OK : why_wrap(why, err, "journal in memory");
}
