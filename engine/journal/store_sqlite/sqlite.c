/*
 * SQLite, and the only file that knows it.
 *
 * Settings of the writer, each with its reason:
 *   locking_mode=EXCLUSIVE before journal_mode=WAL: the index of the log lives in our memory, so
 *     there is no shared-memory file, and no second connection can exist. SQLite 3.7.0 to 3.51.2
 *     loses data when two connections race to reset the log (sqlite.org/wal.html#walresetbug);
 *     with one connection the race cannot happen.
 *   synchronous=FULL: a commit that returned is on the disk.
 *   wal_autocheckpoint=0: the main file changes only in sql_checkpoint(), which the journal calls
 *     when no reader stands on it.
 * Settings of every connection: no extension, no trigger or view with side effects, cells checked
 * before use, since the file may have been made by somebody else.
 */
#include "sql.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/escape.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH_NAME "scratch"

/* A VFS of one database, whose files are open already. Everything else is the system's VFS. */
struct scratch {
    sqlite3_vfs vfs;
    sqlite3_vfs *system;
    struct sql_files files;
    char name[32];
};

struct sql {
    sqlite3 *db;
    struct sql_stmt *enter, *commit; /* made at the first transaction */
    int wal_pages;
    struct scratch *scratch; /* SQL_SCRATCH: owned */
};

/* The files of a scratch database. It is ours alone, so locks are granted and nothing is synced. */

struct scratch_file {
    sqlite3_file base;
    int fd;
};

static int fd_of(sqlite3_file *file)
{
    return ((struct scratch_file *)file)->fd;
}

static int scratch_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    assert(len >= 0);
    assert(at >= 0);
    char *p = out;
    while (len > 0) {
        ssize_t n = pread(fd_of(file), p, (size_t)len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SQLITE_IOERR_READ;
        if (n == 0) {
            memset(p, 0, (size_t)len); /* as SQLite wants it */
            return SQLITE_IOERR_SHORT_READ;
        }
        p += n;
        at += n;
        len -= (int)n;
    }
    return SQLITE_OK;
}

static int scratch_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    assert(len >= 0);
    assert(at >= 0);
    const char *p = bytes;
    while (len > 0) {
        ssize_t n = pwrite(fd_of(file), p, (size_t)len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
        p += n;
        at += n;
        len -= (int)n;
    }
    return SQLITE_OK;
}

static int scratch_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    assert(size >= 0);
    return ftruncate(fd_of(file), size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int scratch_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct stat st;
    if (fstat(fd_of(file), &st) != 0)
        return SQLITE_IOERR_FSTAT;
    *size = st.st_size;
    return SQLITE_OK;
}

static int scratch_done(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int scratch_done_flags(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    return SQLITE_OK;
}

static int scratch_is_reserved(sqlite3_file *file, int *reserved)
{
    (void)file;
    *reserved = 0;
    return SQLITE_OK;
}

static int scratch_control(sqlite3_file *file, int what, void *more)
{
    (void)file;
    (void)what;
    (void)more;
    return SQLITE_NOTFOUND;
}

/* Version 1: without shared memory, which locking_mode=EXCLUSIVE makes unnecessary. */
static const sqlite3_io_methods scratch_methods = {
    .iVersion = 1,
    .xClose = scratch_done, /* the descriptors are closed with the connection */
    .xRead = scratch_read,
    .xWrite = scratch_write,
    .xTruncate = scratch_truncate,
    .xSync = scratch_done_flags,
    .xFileSize = scratch_size,
    .xLock = scratch_done_flags,
    .xUnlock = scratch_done_flags,
    .xCheckReservedLock = scratch_is_reserved,
    .xFileControl = scratch_control,
    .xSectorSize = scratch_done, /* 0: as usual */
    .xDeviceCharacteristics = scratch_done,
};

/* What is neither the database nor its log is a temporary file of SQLite's own. */
static int scratch_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags,
                        int *flags_out)
{
    assert(vfs->pAppData);
    struct scratch *s = vfs->pAppData;
    if (!(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
        return s->system->xOpen(s->system, NULL, out, flags | SQLITE_OPEN_DELETEONCLOSE, flags_out);
    struct scratch_file *file = (struct scratch_file *)out;
    (void)name;
    file->base.pMethods = &scratch_methods;
    file->fd = flags & SQLITE_OPEN_WAL ? s->files.log : s->files.main;
    if (flags_out)
        *flags_out = flags;
    return SQLITE_OK;
}

static int scratch_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)name;
    (void)sync;
    return SQLITE_OK;
}

/* The log is asked for by its name, and a journal of the other kind, which there is not. */
static int scratch_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct scratch *s = vfs->pAppData;
    struct stat st;
    (void)flags;
    *out =
        strcmp(name, SCRATCH_NAME "-wal") == 0 && fstat(s->files.log, &st) == 0 && st.st_size > 0;
    return SQLITE_OK;
}

static int scratch_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)size, "%s", name);
    return SQLITE_OK;
}

static struct scratch *scratch_new(struct sql_files files)
{
    assert(files.main >= 0);
    assert(files.log >= 0);
    struct scratch *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->system = sqlite3_vfs_find(NULL);
    s->files = files;
    s->vfs = *s->system;
    snprintf(s->name, sizeof s->name, "scratch-%d-%d", files.main, files.log);
    s->vfs.zName = s->name;
    s->vfs.pNext = NULL;
    s->vfs.pAppData = s;
    s->vfs.xOpen = scratch_open;
    s->vfs.xDelete = scratch_delete;
    s->vfs.xAccess = scratch_access;
    s->vfs.xFullPathname = scratch_path;
    if (s->vfs.szOsFile < (int)sizeof(struct scratch_file))
        s->vfs.szOsFile = sizeof(struct scratch_file);
    if (sqlite3_vfs_register(&s->vfs, 0) == SQLITE_OK)
        return s;
    free(s);
    return NULL;
}

static enum err err_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW: return OK;
    case SQLITE_NOMEM: return ERR_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ERR_BUSY;
    case SQLITE_NOTADB: return ERR_INPUT;
    default: return ERR_IO;
    }
}

static enum err sql_fail(struct sql *s, struct why *why)
{
    int code = sqlite3_extended_errcode(s->db);
    enum err err = err_of(code);
    if ((code & 0xff) == SQLITE_CORRUPT)
        return why_set(
            why, err,
            "the file is damaged (%s): restore it from a copy, or name another file with --journal",
            sqlite3_errmsg(s->db));
    bool full = (code & 0xff) == SQLITE_FULL || sqlite3_system_errno(s->db) == ENOSPC;
    const char *hint = err == ERR_IO && full ? ": no space left on device" : "";
    return why_set(why, err == OK ? ERR_IO : err, "%s%s", sqlite3_errmsg(s->db), hint);
}

static int on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct sql *s = ctx;
    assert(pages >= 0);
    (void)db;
    (void)name;
    s->wal_pages = pages;
    return SQLITE_OK;
}

static enum err open_handle(struct sql *s, const char *path, enum sql_how how, struct why *why)
{
    assert(!s->db);
    assert((how == SQL_SCRATCH) == (s->scratch != NULL));
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    flags |= how == SQL_IMMUTABLE ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE;
    struct buf uri;
    buf_init(&uri, LINE_LEN_MAX);
    if (how == SQL_IMMUTABLE) {
        buf_add_str(&uri, "file:");
        escape_percent(&uri, text_of(path));
        buf_add_str(&uri, "?immutable=1");
    } else {
        buf_add_str(&uri, path);
    }
    int code = uri.failed
                   ? SQLITE_NOMEM
                   : sqlite3_open_v2(uri.at, &s->db, flags, s->scratch ? s->scratch->name : NULL);
    buf_clear(&uri);
    if (code == SQLITE_OK)
        return OK;
    return s->db ? sql_fail(s, why) : why_set(why, ERR_NOMEM, "out of memory");
}

static enum err sql_begin(struct sql **out, struct sql *s, const char *path, enum sql_how how,
                          struct why *why)
{
    enum err err = open_handle(s, path, how, why);
    if (err == OK) {
        assert(s->db);
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
        /* first of all: any other statement may open the log */
        if (how != SQL_IMMUTABLE && how != SQL_MEMORY)
            err = sql_exec(s, "PRAGMA locking_mode=EXCLUSIVE;", why);
        if (err == OK)
            err = sql_exec(s, "PRAGMA cell_size_check=ON; PRAGMA cache_size=-16384;", why);
        if (err == OK && how == SQL_WRITER)
            err = sql_exec(s,
                           "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                           "PRAGMA wal_autocheckpoint=0;",
                           why);
        if (err == OK && how == SQL_WRITER)
            sqlite3_wal_hook(s->db, on_commit, s);
        if (how == SQL_SCRATCH)
            sql_keep_wal(s, true);
    }
    if (err != OK) {
        sql_close(s);
        return err;
    }
    *out = s;
    return OK;
}

enum err sql_open(struct sql **out, const char *path, enum sql_how how, struct why *why)
{
    struct sql *s = calloc(1, sizeof *s);
    *out = NULL;
    return s ? sql_begin(out, s, path, how, why) : why_set(why, ERR_NOMEM, "out of memory");
}

enum err sql_open_scratch(struct sql **out, struct sql_files files, struct why *why)
{
    struct sql *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s)
        s->scratch = scratch_new(files);
    if (s && s->scratch)
        return sql_begin(out, s, SCRATCH_NAME, SQL_SCRATCH, why);
    close(files.main);
    close(files.log);
    free(s);
    return why_set(why, ERR_NOMEM, "out of memory");
}

void sql_close(struct sql *s)
{
    if (!s)
        return;
    sql_finish(s->enter);
    sql_finish(s->commit);
    int code = sqlite3_close(s->db);
    assert(code == SQLITE_OK); /* else a statement was not finished */
    (void)code;
    if (s->scratch) {
        sqlite3_vfs_unregister(&s->scratch->vfs);
        close(s->scratch->files.main);
        close(s->scratch->files.log);
        free(s->scratch);
    }
    free(s);
}

enum err sql_checkpoint(struct sql *s, struct why *why)
{
    assert(sqlite3_get_autocommit(s->db)); /* no transaction is open */
    if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
        return sql_fail(s, why);
    s->wal_pages = 0;
    return OK;
}

int sql_wal_pages(const struct sql *s)
{
    return s->wal_pages;
}

void sql_keep_wal(struct sql *s, bool keep)
{
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0, NULL);
}

enum err sql_exec(struct sql *s, const char *text, struct why *why)
{
    if (sqlite3_exec(s->db, text, NULL, NULL, NULL) != SQLITE_OK)
        return sql_fail(s, why);
    return OK;
}

enum err sql_int(struct sql *s, const char *text, int64_t *out, struct why *why)
{
    struct sql_stmt *st;
    *out = 0;
    enum err err = sql_prepare(s, &st, text_of(text), why);
    if (err == OK)
        err = sql_step(s, st, why);
    if (err == OK)
        *out = sql_col_int(st, 0);
    sql_finish(st);
    return err == ERR_GONE ? OK : err;
}

enum err sql_check(struct sql *s, struct why *why)
{
    struct sql_stmt *st;
    enum err err = sql_prepare(s, &st, TEXT("PRAGMA quick_check(1)"), why);
    if (err == OK)
        err = sql_step(s, st, why);
    if (err == OK && !text_eq(sql_col_text(st, 0), TEXT("ok")))
        err = why_set(why, ERR_IO,
                      "the file is damaged (" TEXT_FMT
                      "): restore it from a copy, or name another file with --journal",
                      TEXT_ARG(sql_col_text(st, 0)));
    sql_finish(st);
    return err;
}

void sql_head(struct sql *s, unsigned char out[SQL_HEAD_LEN])
{
    sqlite3_file *file = NULL;
    memset(out, 0, SQL_HEAD_LEN);
    if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
        file && file->pMethods)
        file->pMethods->xRead(file, out, SQL_HEAD_LEN, 0);
}

bool sql_main_is_empty(struct sql *s)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    return sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
           file && file->pMethods && file->pMethods->xFileSize(file, &size) == SQLITE_OK &&
           size == 0;
}

enum err sql_sync_log(struct sql *s, struct why *why)
{
    sqlite3_file *log = NULL;
    if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
        !log || !log->pMethods)
        return OK; /* there is none yet */
    if (log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) == SQLITE_OK)
        return OK;
    return why_set(why, ERR_IO, "its log cannot be written: %s", strerror(errno));
}

int64_t sql_last_id(const struct sql *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

enum err sql_prepare(struct sql *s, struct sql_stmt **out, struct text text, struct why *why)
{
    assert(text.len <= LINE_LEN_MAX);
    sqlite3_stmt *st = NULL;
    int code =
        sqlite3_prepare_v3(s->db, text.at, (int)text.len, SQLITE_PREPARE_PERSISTENT, &st, NULL);
    *out = (struct sql_stmt *)st;
    return code == SQLITE_OK ? OK : sql_fail(s, why);
}

static sqlite3_stmt *of(struct sql_stmt *st)
{
    return (sqlite3_stmt *)st;
}

void sql_finish(struct sql_stmt *st)
{
    sqlite3_finalize(of(st));
}

/* Binding fails only for a wrong place or a text beyond SQLite's gigabyte: both are ours. */
static void bound(int code)
{
    assert(code == SQLITE_OK);
    (void)code;
}

void sql_bind_int(struct sql_stmt *st, int place, int64_t value)
{
    assert(place > 0);
    bound(sqlite3_bind_int64(of(st), place, value));
}

static int value_bind(sqlite3_stmt *st, int place, const struct store_value *value)
{
    switch (value->type) {
    case STORE_NULL: return sqlite3_bind_null(st, place);
    case STORE_INT: return sqlite3_bind_int64(st, place, value->number);
    case STORE_REAL: return sqlite3_bind_double(st, place, value->real);
    case STORE_BYTES:
        return sqlite3_bind_blob64(st, place, value->text.at, value->text.len, SQLITE_STATIC);
    case STORE_TEXT: break;
    }
    const char *at = value->text.len ? value->text.at : "";
    return sqlite3_bind_text64(st, place, at, value->text.len, SQLITE_STATIC, SQLITE_UTF8);
}

void sql_bind_values(struct sql_stmt *st, int place, const struct store_value *values, unsigned len)
{
    assert(place > 0);
    for (unsigned i = 0; i < len; i++)
        bound(value_bind(of(st), place + (int)i, &values[i]));
}

enum err sql_step(struct sql *s, struct sql_stmt *st, struct why *why)
{
    int code = sqlite3_step(of(st));
    if (code == SQLITE_ROW)
        return OK;
    if (code == SQLITE_DONE) {
        sqlite3_reset(of(st));
        return ERR_GONE;
    }
    enum err err = sql_fail(s, why);
    sqlite3_reset(of(st));
    return err;
}

enum err sql_run(struct sql *s, struct sql_stmt *st, struct why *why)
{
    enum err err = sql_step(s, st, why);
    assert(err != OK);
    return err == ERR_GONE ? OK : err;
}

static enum err run_kept(struct sql *s, struct sql_stmt **st, struct text text, struct why *why)
{
    enum err err = *st ? OK : sql_prepare(s, st, text, why);
    return err == OK ? sql_run(s, *st, why) : err;
}

enum err sql_enter(struct sql *s, struct why *why)
{
    assert(sqlite3_get_autocommit(s->db));
    return run_kept(s, &s->enter, TEXT("BEGIN IMMEDIATE"), why);
}

enum err sql_commit(struct sql *s, struct why *why)
{
    assert(!sqlite3_get_autocommit(s->db));
    return run_kept(s, &s->commit, TEXT("COMMIT"), why);
}

void sql_reset(struct sql_stmt *st)
{
    sqlite3_reset(of(st));
}

int64_t sql_col_int(struct sql_stmt *st, int column)
{
    assert(column < sqlite3_column_count(of(st)));
    return sqlite3_column_int64(of(st), column);
}

struct text sql_col_text(struct sql_stmt *st, int column)
{
    assert(column < sqlite3_column_count(of(st)));
    const void *at = sqlite3_column_blob(of(st), column);
    return (struct text){at, (size_t)sqlite3_column_bytes(of(st), column)};
}

/* A column's value is not protected against other threads, of which a connection has none. */
void sql_col_values(struct sql_stmt *st, int column, struct store_value *values, unsigned len)
{
    assert(column + (int)len <= sqlite3_column_count(of(st)));
    for (unsigned i = 0; i < len; i++) {
        struct store_value *out = &values[i];
        sqlite3_value *value = sqlite3_column_value(of(st), column + (int)i);
        switch (sqlite3_value_type(value)) {
        case SQLITE_INTEGER:
            out->type = STORE_INT;
            out->number = sqlite3_value_int64(value);
            break;
        case SQLITE_FLOAT: *out = store_real(sqlite3_value_double(value)); break;
        case SQLITE_NULL: out->type = STORE_NULL; break;
        default:
            out->type = STORE_TEXT;
            out->text.at = sqlite3_value_blob(value);
            out->text.len = (size_t)sqlite3_value_bytes(value);
        }
    }
}
