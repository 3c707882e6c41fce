/*
 * The journal from inside, for the files of this room and its tests.
 *
 *   journal.c      open, close, heads of runs
 *   fleet_rows.c   the fleet of a run
 *   record_rows.c  its records
 *   schema.c       the tables;  sqlite.c  SQLite itself
 *   place.c, lock.c, copy.c     where it lies, who may write, how it is read meanwhile
 */
#ifndef MF_JOURNAL_INSIDE_H
#define MF_JOURNAL_INSIDE_H

#include "journal.h"
#include "lock.h"
#include "place.h"
#include "sql.h"

struct journal {
    struct sql *sql;
    enum journal_mode mode;
    struct place place;
    struct lock lock;        /* writer: the lock; reader: the readers' byte, while it needs it */
    struct sql_stmt *append; /* made at the first keep */
    int wal_pages_next;      /* the log is moved into the main file past this many pages */
    bool failed;        /* a write failed: what is on the disk is not known, nothing more goes */
    struct why trouble; /* of that write */
};

/* Begins a transaction, unless the journal is read-only (a program bug) or has failed. */
enum err journal_enter(struct journal *j, struct why *why);
/* Ends it: commits when err is OK, else takes it back. After an error of the disk the journal has
 * failed for good: pages that the kernel could not write may be marked clean, so a second attempt
 * would succeed and mean nothing. */
enum err journal_leave(struct journal *j, enum err err, struct why *why);

/* "SELECT ..." bound to a run. */
enum err journal_select(struct journal *j, struct sql_stmt **st, const char *text, uint64_t run,
                        struct why *why);
enum err journal_damaged(struct why *why, const char *what);
/* Reads a number that must lie in 0..max; false and *ok = false otherwise. */
uint64_t journal_number(struct sql_stmt *st, int column, uint64_t max, bool *ok);

/* fleet_rows.c; inside a transaction. */
enum err fleet_store(struct journal *j, uint64_t run, const struct fleet *fleet, struct why *why);

#endif
