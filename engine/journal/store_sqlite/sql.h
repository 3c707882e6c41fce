/*
 * The few things that the journal wants of SQLite, without its header: open, run, bind, step, read.
 * For this room only. One thread at a time.
 */
#ifndef MF_SQL_H
#define MF_SQL_H

#include "base/error.h"
#include "journal/store.h"

struct sql;      /* a connection */
struct sql_stmt; /* a prepared statement */

enum sql_how {
    SQL_WRITER,    /* the file is ours alone: WAL, synchronous=FULL, exclusive */
    SQL_IMMUTABLE, /* read where it lies, without a trace; nobody may change it meanwhile */
    SQL_MEMORY,    /* no file at all; path is ":memory:" */
    SQL_SCRATCH,   /* a private copy that is thrown away (sql_open_scratch) */
};

/* A database and its log as open files that need no names. */
struct sql_files {
    int main, log;
};

/* path: absolute. The file must exist; an empty one is a new database. */
enum err sql_open(struct sql **out, const char *path, enum sql_how how, struct why *why);
/* Takes the files over, whatever it returns. Nothing is checkpointed at close. */
enum err sql_open_scratch(struct sql **out, struct sql_files files, struct why *why);
void sql_close(struct sql *s); /* accepts NULL */

/* Moves the log into the main file and empties it. Only while no reader stands on either. */
enum err sql_checkpoint(struct sql *s, struct why *why);
int sql_wal_pages(const struct sql *s); /* pages in the log after the last commit */
/* true: closing leaves the log where it is, since somebody reads the main file. */
void sql_keep_wal(struct sql *s, bool keep);

enum err sql_exec(struct sql *s, const char *text, struct why *why);
/* A transaction that writes; taken back by sql_exec("ROLLBACK"). */
enum err sql_enter(struct sql *s, struct why *why);
enum err sql_commit(struct sql *s, struct why *why);
/* The first column of the first row; 0 when there is none. */
enum err sql_int(struct sql *s, const char *text, int64_t *out, struct why *why);
/* Finds nothing wrong, or ERR_IO with SQLite's first complaint. */
enum err sql_check(struct sql *s, struct why *why);
/* The head of the main file as it is on the disk, with SQLite's change counter and number of pages;
 * zeros where it cannot be read. Through SQLite's own handle: to open and close the file beside it
 * would drop SQLite's locks. */
#define SQL_HEAD_LEN 100
void sql_head(struct sql *s, unsigned char out[SQL_HEAD_LEN]);
int64_t sql_last_id(const struct sql *s);
bool sql_main_is_empty(struct sql *s); /* has the main file no page yet? */
/* What is in the log, by whomever it was written, is on the disk on return. */
enum err sql_sync_log(struct sql *s, struct why *why);

enum err sql_prepare(struct sql *s, struct sql_stmt **out, struct text text, struct why *why);
void sql_finish(struct sql_stmt *st); /* accepts NULL */

/* Places count from 1. Texts are borrowed until the next sql_reset. */
void sql_bind_int(struct sql_stmt *st, int place, int64_t value);
void sql_bind_values(struct sql_stmt *st, int place, const struct store_value *values,
                     unsigned len);

/* One row further. ERR_GONE: there is none (and the statement is reset). */
enum err sql_step(struct sql *s, struct sql_stmt *st, struct why *why);
/* Runs a statement that gives no rows, and resets it. */
enum err sql_run(struct sql *s, struct sql_stmt *st, struct why *why);
void sql_reset(struct sql_stmt *st);

/* Columns count from 0. */
int64_t sql_col_int(struct sql_stmt *st, int column);
/* The bytes are SQLite's until the next step or reset. */
struct text sql_col_text(struct sql_stmt *st, int column);
void sql_col_values(struct sql_stmt *st, int column, struct store_value *values, unsigned len);

#endif
