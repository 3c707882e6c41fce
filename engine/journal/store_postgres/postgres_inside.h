/*
 * The store in PostgreSQL from inside, for the files of this room.
 *
 *   postgres_open.c    the store's life: opening, transactions, closing
 *   postgres_put.c     rows on their way in, many in one round trip
 *   postgres_rows.c    rows out, page by page
 *   postgres_schema.c  tables, roles, teams; postgres_init.c makes and migrates them
 *   postgres_leases.c  who carries which lane; with postgres_lease_views.c and
 *                      postgres_run_shared.c
 *   postgres_text.c    texts of any bytes in columns of UTF-8
 *   postgres_url.c     the name of a journal;  pg.c  the connection
 */
#ifndef MF_POSTGRES_INSIDE_H
#define MF_POSTGRES_INSIDE_H

#include "base/arena.h"
#include "base/bounds.h"
#include "base/buf.h"
#include "journal/store.h"

#include "pg.h"
#include "postgres_url.h"
#include "store_postgres.h"

#define NUMBERS_AHEAD 64 /* of records, that one question fetches */

struct pending_row;
struct postgres_words;

extern const struct lease_ops postgres_lease_ops; /* postgres_leases.c */

struct postgres_store {
    struct store store; /* first */
    struct pg *pg;
    struct postgres_url url;
    char shown[POSTGRES_SHOWN_MAX];
    char denied[5 * SCHEMA_LEN_MAX + 240]; /* pg_denied_say() */
    struct postgres_words *words;          /* postgres_sql() */
    bool is_entered;
    unsigned reads; /* rows that are being read in a snapshot, one inside the other */
    /* Rows of the transaction that the server does not know yet, in the order of keeping. */
    struct arena pending_texts;
    struct pending_row *pending;
    uint32_t pending_len, pending_room;
    size_t pending_bytes;
    /* Numbers for records, fetched ahead. Each is greater than that of every record that was kept
     * of a lane before this store claimed it, since they are dropped with each claim. */
    uint64_t numbers[NUMBERS_AHEAD];
    unsigned numbers_at, numbers_len;
    struct arena answer; /* texts told by the last operation of leases */
    /* The run that was locked last, as the server has it. */
    uint64_t locked_run;
    struct shared_run locked;
};

static inline struct postgres_store *postgres_of(struct store *store)
{
    return (struct postgres_store *)store;
}

/* postgres_open.c. A store without tables to look at; owned by the caller. */
enum err postgres_store_new(struct postgres_store **out, const char *url, const struct notices *n,
                            struct why *why);
void postgres_store_free(struct postgres_store *s);
/* Is this the schema that this program has? *version: what is there; 0: nothing (ERR_GONE). */
enum err postgres_vet(struct postgres_store *s, int *version, struct why *why);
/* A team that is no role would hide its runs from everybody, and one of others from who gives them
 * to it. "": OK. */
enum err postgres_team_vet(struct postgres_store *s, const char *team, struct why *why);
/* The transaction begins on the server, with what was put before, so that what is asked next sees
 * it. Between enter and leave. */
enum err postgres_transaction(struct postgres_store *s, struct why *why);
/* A claim: numbers that were fetched before it are no longer good. */
void postgres_numbers_drop(struct postgres_store *s);

/* The statement for this store's schema: "@.run" is "mailfrom".run, and "@_reader" is
 * "mailfrom_reader". sql is a literal. Lives as long as the store; NULL: out of memory. */
const char *postgres_sql(struct postgres_store *s, const char *sql);
/* The same into a buffer. */
void postgres_sql_add(const struct postgres_store *s, struct buf *out, const char *sql);
/* pg_query() of such a statement. */
enum err postgres_ask(struct postgres_store *s, const char *sql, const struct store_value *values,
                      unsigned len, struct pg_rows *rows, struct why *why);
/* The same between enter and leave, inside the transaction. */
enum err postgres_ask_inside(struct postgres_store *s, const char *sql,
                             const struct store_value *values, unsigned len, struct pg_rows *rows,
                             struct why *why);

/* postgres_put.c */
enum err postgres_put(struct store *store, enum store_table table, uint64_t run,
                      const struct store_value *values, uint64_t *number, struct why *why);
enum err postgres_set_state(struct store *store, uint64_t run, const struct store_state *state,
                            struct why *why);
enum err postgres_add_loss(struct store *store, uint64_t run, struct text what, struct why *why);
/* Sends what is pending. ERR_FENCED: a row's lease is not held so. */
enum err postgres_flush(struct postgres_store *s, struct why *why);
/* The transaction as a whole, where the server has heard of nothing yet. */
enum err postgres_flush_alone(struct postgres_store *s, bool *is_done, struct why *why);
void postgres_pending_drop(struct postgres_store *s);

/* postgres_rows.c */
enum err postgres_rows(struct store *store, enum store_table table, uint64_t run,
                       bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                       struct why *why);
enum err postgres_fetch(struct store *store, uint64_t run, const struct store_pick *picks,
                        uint32_t len, bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                        struct why *why);
enum err postgres_tail(struct store *store, uint64_t run, struct store_tail *tail, struct why *why);

/* postgres_text.c. PostgreSQL keeps no NUL in a text and nothing that is no UTF-8. Such a text, and
 * one that begins with U+0001, is kept as U+0001 and its bytes in hexadecimal. */
bool postgres_text_is_plain(struct text t);
/* What is kept of a text, in the arena where it differs; at NULL: out of memory. */
struct text postgres_text_in(struct arena *a, struct text t);
/* And back; a text that this program does not write comes back as it is. */
struct text postgres_text_out(struct arena *a, struct text t);

/* postgres_schema.c */
#define SCHEMA_VERSION_POSTGRES 2
/* The statements that bring version n to n + 1. */
extern const char *const postgres_migrations[SCHEMA_VERSION_POSTGRES];
/* Rights and row-level security as this version has them; given again after each migration, and not
 * by an init that finds them. */
extern const char postgres_roles[], postgres_rights[];

#endif
