/*
 * The journal from inside, for the files of this room and its tests.
 *
 *   journal.c      open, close, heads of runs
 *   fleet_rows.c   the fleet of a run
 *   record_rows.c  its records;  lane_rows.c  what is known of its lanes
 *   written_rows.c what all runs have written
 *   rule_rows.c    the journal's own numbers of the finding rules
 *   findings_text.c  the column findings_json
 *   schema.c       the tables;  sqlite.c  SQLite itself
 *   place.c, lock.c, copy.c     where it lies, who may write, how it is read meanwhile
 *   presence.c     whether it is still there;  overwritten.c  and as it was left
 *   damage.c       what it has lost;  wal_scan.c, high_water.c  the witnesses of that
 */
#ifndef MF_JOURNAL_INSIDE_H
#define MF_JOURNAL_INSIDE_H

#include "journal.h"
#include "journal/store_sqlite/high_water.h"
#include "journal/store_sqlite/lock.h"
#include "journal/store_sqlite/place.h"
#include "journal/store_sqlite/presence.h"
#include "journal/store_sqlite/sql.h"
#include "journal/store_sqlite/wal_scan.h"
#include "scheduler/record_digest.h"

#include <time.h>

/* The journal's numbers of the finding rules, which are the bits of its sets, and the program's. A
 * set is stored as SQLite's signed integer, so bit 63 is not used. */
#define RULE_NUMBERS 63
#define RULE_NONE    0xff /* number_of: the journal has no number for it; rule_of: no such number */
#define RULE_UNKNOWN 0xfe /* rule_of: a rule that this program does not have */

struct rule_numbers {
    unsigned char number_of[FINDINGS_LEN], rule_of[RULE_NUMBERS];
    uint64_t digest_of[RULE_NUMBERS]; /* of the rules' names */
};

/* The newest record of a run. */
struct tail {
    uint64_t run; /* 0: none was asked for yet */
    uint64_t record, digest;
};

/* What an opened journal has lost since it was last written to. */
struct loss {
    bool found;
    uint64_t run;  /* whose records were lost; 0: that is not known */
    uint64_t runs; /* how many there were, as far as that is known */
    char what[JOURNAL_LOSS_MAX];
};

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

struct journal {
    struct sql *sql;
    enum journal_mode mode;
    struct place place;
    struct lock lock;         /* writer: the lock; reader: the readers' byte, while it needs it */
    struct presence presence; /* writer */
    struct stamps stamps;     /* writer */
    struct sql_stmt *append;  /* made at the first keep */
    struct rule_numbers rules;
    struct buf notes;       /* of the record that is being appended, as text */
    struct tail tail;       /* writer: of the run that it keeps records of */
    struct high_water mark; /* as it was read, then as it was written */
    int mark_fd;            /* writer; -1: none */
    bool mark_missed;       /* the tables are of a version that has one, and there was none */
    struct wal_scan log;    /* as it was when the journal was opened */
    struct loss loss;
    int wal_pages_next; /* the log is moved into the main file past this many pages */
    bool failed;        /* a write failed: what is on the disk is not known, nothing more goes */
    struct why trouble; /* of that write */
};

/* Begins a transaction, unless the journal is read-only (a program bug) or has failed. */
enum err journal_enter(struct journal *j, struct why *why);
/* Ends it: commits when err is OK, else takes it back. After an error of the disk the journal has
 * failed for good: pages that the kernel could not write may be marked clean, so a second attempt
 * would succeed and mean nothing. */
enum err journal_leave(struct journal *j, enum err err, struct why *why);

/* Marks the journal as failed for good, because of *why. */
enum err journal_trouble(struct journal *j, enum err err, struct why *why);
/* After a commit that must be found again under the journal's name. ERR_IO: it would not be, and
 * the journal has failed. */
enum err journal_stand(struct journal *j, struct why *why);

/* "SELECT ..." bound to a run. */
enum err journal_select(struct journal *j, struct sql_stmt **st, const char *text, uint64_t run,
                        struct why *why);
enum err journal_damaged(struct why *why, const char *what);
/* Reads a number that must lie in 0..max; false and *ok = false otherwise. */
uint64_t journal_number(struct sql_stmt *st, int column, uint64_t max, bool *ok);

/* rule_rows.c. Reads the numbers; a writer then adds those of rules that have none yet. */
enum err rule_numbers_load(struct journal *j, struct why *why);
enum err rule_numbers_add(struct journal *j, struct why *why);
uint64_t rule_numbers_to_row(const struct journal *j, finding_set findings);
/* Findings of rules that this program does not have are left out. *ok = false: damage. */
finding_set rule_numbers_from_row(const struct journal *j, struct sql_stmt *st, int column,
                                  bool *ok);

/* findings_text.c: [{"rule","severity","text"[,"accepted":true]}...]. */
void findings_write(const struct finding_notes *notes, struct buf *out);
/* Into the arena. What findings_write() cannot have written is not known, and a rule that this
 * program does not have is left out. False: out of memory. */
bool findings_read(struct text json, struct arena *arena, struct finding_notes *out);
/* The digest of a set of rules by the journal's numbers: record_digest.h. */
uint64_t rule_numbers_digest(const struct journal *j, uint64_t set);

/* record_rows.c. How a record lies in the journal. */
struct kept {
    uint64_t seq;              /* 1, 2, ... over all runs */
    uint64_t digest;           /* 0: kept without one, by a program before version 3 */
    struct record_words words; /* as they lie in the columns; for the length of one callback */
};

/* journal_replay() with the place of each record. */
enum err record_walk(struct journal *j, uint64_t run,
                     bool (*fn)(void *ctx, const struct record *record, const struct kept *kept),
                     void *ctx, struct why *why);

/* damage.c */

/* Scans the log of a journal; there need be none. False: it cannot be read. */
bool log_scan(struct wal_scan *scan, const char *journal_file);
/* Reads the witnesses, before SQLite opens the journal. ERR_IO too where the main file was emptied
 * and the log was not. */
enum err loss_witness(struct journal *j, struct why *why);
/* Of a main file without tables: ERR_GONE, it is no journal yet; ERR_IO, it was one. */
enum err journal_emptied(const struct journal *j, struct why *why);
/* The journal's tables, as they were found, are of that version: misses a mark that must be there,
 * and has the writer make one before newer tables are. */
enum err mark_expect(struct journal *j, int version, struct why *why);
/* Holds an opened journal against them: j->loss. Of a journal of this program's version. */
enum err loss_judge(struct journal *j, struct why *why);
/* The writer: writes a loss down, so that it stays known; begins the mark anew. */
enum err loss_keep(struct journal *j, struct why *why);
/* What is written down of a run's loss, or was found when the journal was opened; "": nothing. Run
 * 0: of runs that may be gone, how many is not known. */
enum err loss_of_run(struct journal *j, uint64_t run, struct run_loss *lost, struct why *why);
/* The writer, inside a transaction: j->tail is that of run from here on. */
enum err tail_of_run(struct journal *j, uint64_t run, struct why *why);
/* The writer, after a commit: the mark goes to the newest record of j->tail. */
enum err mark_advance(struct journal *j, struct why *why);

/* overwritten.c */

/* The writer, after a write of its own: to the log, or to the main file too. */
void stamps_note(struct journal *j, bool main_too);
/* The writer, before a transaction. ERR_IO: another program has written to the log or to the main
 * file since. OK too where one is gone or replaced: journal_stand() says so. */
enum err stamps_check(struct journal *j, struct why *why);

/* lane_rows.c; inside a transaction. A record of kind RECORD_LANE. */
enum err lane_note_store(struct journal *j, uint64_t run, const struct record *record,
                         struct why *why);

/* fleet_rows.c; inside a transaction. */
enum err fleet_store(struct journal *j, uint64_t run, const struct fleet *fleet, struct why *why);

#endif
