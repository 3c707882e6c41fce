/*
 * A second store, for tests: rows in memory, which outlive the store that wrote them as a file
 * outlives its process. It has nothing of SQLite's but the seam (journal/store.h), and numbers its
 * records in steps, so nothing above the seam can stand on what SQLite's numbers happen to be.
 */
#ifndef MF_MEMORY_STORE_H
#define MF_MEMORY_STORE_H

#include "journal/store.h"

#define MEMORY_STEP 7 /* between the numbers of two records */

struct memory_rows;

struct memory_rows *memory_rows_new(void);
void memory_rows_free(struct memory_rows *rows);
/* As journal_open_file. */
enum err journal_open_rows(struct journal **out, struct memory_rows *rows, enum journal_mode mode,
                           struct why *why);

/*
 * Rows that several workers share: any number of journals write, each from a thread of its own if
 * it likes, and transactions are carried out one after the other. clock: the database's, which may
 * do as it pleases. Before the first opening.
 */
void memory_share(struct memory_rows *rows, instant_us (*clock)(void *ctx), void *ctx);
/* The store alone, for one that stands around it. */
enum err memory_connect(struct store **out, struct memory_rows *rows, enum journal_mode mode,
                        void *who, struct why *why);
/* who: told to memory_weather()'s function. */
enum err journal_open_rows_as(struct journal **out, struct memory_rows *rows,
                              enum journal_mode mode, void *who, struct why *why);
/* Asked at the beginning of each transaction, which a read by itself is, too; in the lock of the
 * rows. */
enum memory_weather {
    MEMORY_FINE,
    MEMORY_AWAY,       /* ERR_AWAY, and nothing is done */
    MEMORY_AWAY_AFTER, /* ERR_AWAY of its end, though it is done */
};
void memory_weather(struct memory_rows *rows, enum memory_weather (*fn)(void *ctx, void *who),
                    void *ctx);

/* The store fails at the nth call that writes, from now on; 0: never again. is_kept: what a leave
 * that fails was to keep is there all the same. */
void memory_fail_at(struct memory_rows *rows, unsigned nth, bool is_kept);
/* What the next one that opens it finds to be lost. */
void memory_lose(struct memory_rows *rows, const struct store_loss *loss);

/* Damage. Of every run. */
void memory_set(struct memory_rows *rows, enum store_table table, uint64_t number,
                const char *column, struct store_value value);
/* The first row of a table says something else in a column. */
void memory_spoil(struct memory_rows *rows, enum store_table table, const char *column);
void memory_drop(struct memory_rows *rows, enum store_table table, uint64_t number);

/* How the last transaction ended. */
enum store_end memory_last_end(const struct memory_rows *m);

#endif
