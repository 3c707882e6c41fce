/*
 * A PostgreSQL server of a test's own: one for each test process, in a temporary folder, on a Unix
 * socket, stopped with the process whatever becomes of it. As root it runs as the user postgres, or
 * nobody. Its superuser is "postgres"; nobody is asked for a password.
 */
#ifndef MF_PG_SERVER_H
#define MF_PG_SERVER_H

#include <stdbool.h>

/* Starts the server, if that is not done. A test that cannot have one ends here. */
void pg_server_start(void);
/* immediately: as a crash (SIGQUIT); otherwise with a checkpoint (SIGINT). It can be started again,
 * with what it had kept. */
void pg_server_stop(bool immediately);
void pg_server_freeze(
    bool is_frozen); /* the postmaster takes no connection; backends stand still */

/* A new, empty database: the URL of its superuser. Lives until the next call but seven. */
const char *pg_server_database(void);
/* The same URL for another role of the server. */
const char *pg_server_url_of(const char *url, const char *role);
/* The URL of the same database through PgBouncer, which gives each transaction another backend. */
const char *pg_server_pooled(const char *url);
/* Ends every connection to the database by pg_terminate_backend(), and waits until that is done. */
void pg_server_terminate(const char *url);
/* Carries out a statement as psql does; fails the test if that does. The first value of its first
 * row, or "": lives until the next call. */
const char *pg_server_sql(const char *url, const char *statement);

#endif
