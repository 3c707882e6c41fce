/*
 * The store of SQLite from inside, for the files of this room and its tests.
 *
 *   store_open.c   open, close, transactions
 *   store_rows.c   rows in and out
 *   schema.c       the tables;  sqlite.c  SQLite itself
 *   place.c, lock.c, copy.c     where it lies, who may write, how it is read meanwhile
 *   presence.c     whether it is still there;  overwritten.c  and as it was left
 *   damage.c       what it has lost;  wal_scan.c, high_water.c  the witnesses of that
 */
#ifndef MF_SQLITE_INSIDE_H
#define MF_SQLITE_INSIDE_H

#include "high_water.h"
#include "journal/store.h"
#include "lock.h"
#include "place.h"
#include "presence.h"
#include "sql.h"
#include "wal_scan.h"

#include <time.h>

/* What a file looked like when this process last wrote to it. */
struct file_stamp {
    struct file_id id; /* inode 0: not noted */
    off_t size;
    struct timespec changed;
};

struct stamps {
    struct file_stamp file, log;
    unsigned char head[SQL_HEAD_LEN]; /* of the main file */
};

/* What the transaction has put. */
struct appended {
    uint64_t run; /* 0: no head and no record */
    struct high_point newest;
};

struct sqlite_store {
    struct store store;
    struct sql *sql;
    bool writes_file; /* the writer of a file; false: a reader, or in memory */
    struct place place;
    struct lock lock;         /* writer: the lock; reader: the readers' byte, while it needs it */
    struct presence presence; /* writer */
    struct stamps stamps;     /* writer */
    struct sql_stmt *put[STORE_TABLES]; /* each made at the first row */
    struct sql_stmt *fetch;             /* likewise; NULL: also while it is in use */
    struct appended appended;
    struct high_water mark; /* as it was read, then as it was written */
    int mark_fd;            /* writer; -1: none */
    bool mark_missed;       /* the tables are of a version that has one, and there was none */
    struct wal_scan log;    /* as it was when the journal was opened */
    int wal_pages_next;     /* the log is moved into the main file past this many pages */
};

/* store_open.c. A transaction; err not OK takes it back. After an error nothing more is written. */
enum err sqlite_enter(struct sqlite_store *s, struct why *why);
enum err sqlite_leave(struct sqlite_store *s, enum err err, enum store_end end, struct why *why);

/* store_rows.c: the operations of store.h on rows, and "SELECT ..." bound to a run. */
enum err sqlite_put(struct store *store, enum store_table table, uint64_t run,
                    const struct store_value *values, uint64_t *number, struct why *why);
enum err sqlite_set_state(struct store *store, uint64_t run, const struct store_state *state,
                          struct why *why);
enum err sqlite_rows(struct store *store, enum store_table table, uint64_t run,
                     bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                     struct why *why);
enum err sqlite_fetch(struct store *store, uint64_t run, const struct store_pick *picks,
                      uint32_t len, bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                      struct why *why);
enum err sqlite_tail(struct store *store, uint64_t run, struct store_tail *tail, struct why *why);
enum err sqlite_select(struct sqlite_store *s, struct sql_stmt **st, const char *text, uint64_t run,
                       struct why *why);

/* damage.c */

/* Scans the log of a journal; there need be none. False: it cannot be read. */
bool log_scan(struct wal_scan *scan, const char *journal_file);
/* Reads the witnesses, before SQLite opens the journal. ERR_IO too where the main file was emptied
 * and the log was not. */
enum err loss_witness(struct sqlite_store *s, struct why *why);
/* Of a main file without tables: ERR_GONE, it is no journal yet; ERR_IO, it was one. */
enum err journal_emptied(const struct sqlite_store *s, struct why *why);
/* The journal's tables, as they were found, are of that version: misses a mark that must be there,
 * and has the writer make one before newer tables are. */
enum err mark_expect(struct sqlite_store *s, int version, struct why *why);
/* Holds an opened journal against them: s->store.loss. Of a journal of this program's version. */
enum err loss_judge(struct sqlite_store *s, struct why *why);
/* The writer: writes a loss down, so that it stays known; begins the mark anew. */
enum err loss_keep(struct sqlite_store *s, struct why *why);
/* The operation of store.h. */
enum err sqlite_add_loss(struct store *store, uint64_t run, struct text what, struct why *why);
/* The writer, after a commit: the mark goes to what was appended. */
enum err mark_advance(struct sqlite_store *s, struct why *why);

/* overwritten.c */

/* The writer, after a write of its own: to the log, or to the main file too. */
void stamps_note(struct sqlite_store *s, bool main_too);
/* The writer, before a transaction. ERR_IO: another program has written to the log or to the main
 * file since. OK too where one is gone or replaced: presence_check() says so. */
enum err stamps_check(struct sqlite_store *s, struct why *why);

#endif
