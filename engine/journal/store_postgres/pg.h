/*
 * A connection to PostgreSQL: statements with values, rows, transactions. Nothing but pg.c knows
 * libpq.
 *
 * The connection is made when it is needed, and made anew after a loss. Nothing stands on the
 * session: no SET, no prepared statement, no lock of the session, no LISTEN, no temporary table. So
 * a pooler that gives each transaction another backend may lie between (PgBouncer, transaction
 * mode).
 *
 * Each function takes at most the limit of time of pg_new(), by CLOCK_BOOTTIME, making the
 * connection included. The server knows of it, too (statement_timeout, lock_timeout,
 * idle_in_transaction_session_timeout, each for one transaction): what this process has given up,
 * or is frozen inside of, holds no row for longer, and no backend waits on. A commit that waits for
 * a standby alone is not cut off, since the server would say that it is done. After the limit the
 * connection is closed.
 *
 * Names without a schema are those of pg_catalog, whatever search_path the role or the database
 * has.
 *
 * Errors: ERR_AWAY: the server cannot be reached, ends, refuses for now, or took too long; it is
 * not known whether the statement, or the COMMIT, was carried out, unless it was one of several of
 * a transaction, which is undone. ERR_FENCED: a statement has raised PG_FENCED. ERR_AUTH: no right
 * to do it. ERR_GONE: no such table or schema. ERR_INPUT: the database or the connection string is
 * not as it must be. ERR_IO: anything else that the server says. After an error inside a
 * transaction the caller ends it with pg_rollback().
 *
 * One thread at a time. Source: PostgreSQL 15, chapter 34 (libpq) and appendix A (SQLSTATE).
 */
#ifndef MF_PG_H
#define MF_PG_H

#include "base/error.h"
#include "base/notices.h"
#include "base/when.h"
#include "journal/store.h"

#define PG_LIMIT      SPAN_S(10)
#define PG_FENCED     "MF001" /* SQLSTATE of our own: RAISE EXCEPTION USING ERRCODE = 'MF001' */
#define PG_PARAMS_MAX 60000   /* values of one statement; the protocol has room for 65,535 */

struct pg;

/* Nothing is sent yet. conninfo: URL or keywords, as libpq knows them. ERR_INPUT: it is neither, or
 * holds a password. */
enum err pg_new(struct pg **out, const char *conninfo, span_us limit, struct why *why);
void pg_free(struct pg *pg); /* NULL: nothing */

/* How to mend that the role may not do something: the end of a sentence, said with each such error.
 * Borrowed until pg_free(). */
void pg_denied_say(struct pg *pg, const char *cure);

/* Connects, if that is not done. Once for each struct pg: tells *n of a connection over a network
 * whose server is not proved by its certificate. n may be NULL. */
enum err pg_connect(struct pg *pg, const struct notices *n, struct why *why);
/* Closes the connection, so what the server was doing for it is undone; a later function makes
 * another. */
void pg_disconnect(struct pg *pg);

/* A statement with values for $1, $2, ...; values are sent as bigint, double precision, text or
 * bytea. A NULL has no type: the server takes it from the place, so inside of an expression it
 * wants a cast ($1::bigint). */
struct pg_statement {
    const char *sql;
    const struct store_value *values;
    unsigned len;
};

/* The answer to a statement: its rows, or the number of rows that it changed. */
struct pg_rows {
    void *result; /* owned */
    unsigned len, columns;
    uint64_t changed; /* by INSERT, UPDATE, DELETE; of a SELECT: its rows */
};
void pg_rows_clear(struct pg_rows *rows); /* again, or of {0}: nothing */

/* rows NULL: they are not wanted. *rows is to be cleared after an error, too. */
enum err pg_query(struct pg *pg, const char *sql, const struct store_value *values, unsigned len,
                  struct pg_rows *rows, struct why *why);
/* Several statements in one round trip, in this order. After the first that fails none is carried
 * out. rows: one for each, all to be cleared, or NULL. Outside of a transaction they are one
 * together: all are done or none. */
enum err pg_batch(struct pg *pg, const struct pg_statement *list, unsigned len,
                  struct pg_rows *rows, struct why *why);
/* Statements without values and without rows, with ";" between them; for schemas. */
enum err pg_script(struct pg *pg, const char *sql, struct why *why);

/* A value of a row. bigint, integer, smallint, oid and boolean: STORE_INT; double precision and
 * real: STORE_REAL; bytea: STORE_BYTES; text, varchar, name: STORE_TEXT; another type is a program
 * bug (cast it in the statement). Borrowed until the rows are cleared. */
struct store_value pg_value(const struct pg_rows *rows, unsigned row, unsigned column);
/* NULL: 0, or empty. */
int64_t pg_int(const struct pg_rows *rows, unsigned row, unsigned column);
double pg_real(const struct pg_rows *rows, unsigned row, unsigned column);
struct text pg_text(const struct pg_rows *rows, unsigned row, unsigned column);
bool pg_is_null(const struct pg_rows *rows, unsigned row, unsigned column);

enum pg_how {
    PG_WRITES,   /* READ COMMITTED */
    PG_SNAPSHOT, /* REPEATABLE READ READ ONLY: every statement sees the same */
};
/* The server hears of it with the first statement. A connection that turns out to be lost then is
 * made anew once. */
enum err pg_begin(struct pg *pg, enum pg_how how, struct why *why);
/* OK: durable. ERR_AWAY: perhaps. Any other error: undone. No transaction goes on after it. */
enum err pg_commit(struct pg *pg, struct why *why);
/* Cannot fail: where the server does not hear, the connection is closed. OK outside of one. */
void pg_rollback(struct pg *pg);
bool pg_is_begun(const struct pg *pg);

#endif
