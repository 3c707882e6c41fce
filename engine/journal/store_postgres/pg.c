/*
 * PostgreSQL, and the only file that knows libpq. libpq is never asked to wait: every wait is a
 * poll() of ours with an end, and a host's name is looked up before (pg_lookup.c). Of hosts that a
 * service file names libpq alone knows.
 *
 * Invariant: between two functions the server owes no answer, so the connection is either idle, or
 * inside a transaction, or closed.
 */
#include "pg_parts.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER_LEAST 130000
#define HOSTS_MAX    16

enum transaction {
    TX_NONE,
    TX_WANTED, /* begins with the next statement */
    TX_OPEN,
    TX_FAILED, /* undone, and not yet ended by pg_rollback() */
};

struct pg {
    PGconn *conn; /* NULL: not connected */
    char *conninfo;
    span_us limit;
    const char *denied; /* what is said where a right is missing */
    bool was_told;      /* of TLS */
    enum transaction transaction;
    enum pg_how how;
};

void pg_disconnect(struct pg *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
    if (pg->transaction == TX_OPEN)
        pg->transaction = TX_FAILED;
}

static enum err lost(struct pg *pg, struct why *why)
{
    char text[PG_SAID_MAX];
    pg_said(PQerrorMessage(pg->conn), text);
    pg_disconnect(pg);
    return why_set(why, ERR_AWAY, "the connection to the database is lost: %s",
                   *text ? text : "the server has closed it");
}

static enum err too_late(struct pg *pg, struct why *why)
{
    pg_disconnect(pg);
    return why_set(why, ERR_AWAY, "the database has not answered within %d s",
                   (int)(pg->limit / SPAN_S(1)));
}

static enum err server_said(const struct pg *pg, const PGresult *result, struct why *why)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char text[PG_SAID_MAX];
    bool is_denied = state && strcmp(state, "42501") == 0; /* insufficient_privilege */
    pg_said(message ? message : PQresultErrorMessage(result), text);
    return why_set(why, pg_err_of(state ? state : "08000"),
                   "the database says: %s (SQLSTATE %s)%s%s", *text ? text : "nothing",
                   state ? state : "unknown",
                   is_denied ? ": this role of the database may not do that" : "",
                   is_denied && pg->denied ? pg->denied : "");
}

static enum err connect_failed(PGconn *conn, struct why *why)
{
    char text[PG_SAID_MAX];
    pg_said(PQerrorMessage(conn), text);
    enum err err = pg_connect_err(text);
    return why_set(why, err, "the database cannot be reached: %s", text);
}

/* Connecting */

struct place {
    char host[256], hostaddr[256], port[32]; /* "": as conninfo says */
};

static const char *option(const PQconninfoOption *options, const char *name)
{
    for (; options && options->keyword; options++)
        if (strcmp(options->keyword, name) == 0)
            return options->val;
    return NULL;
}

static const char *usual(const PQconninfoOption *options, const char *name, const char *variable)
{
    const char *given = option(options, name);
    bool has_service = option(options, "service") || getenv("PGSERVICE");
    return given || has_service ? given : getenv(variable);
}

/* The hosts of conninfo, each of which gets its share of the time: libpq would wait for the first
 * until all of it is spent. One that is empty: libpq may see to it. */
static unsigned places_of(const struct pg *pg, struct place *places)
{
    PQconninfoOption *options = PQconninfoParse(pg->conninfo, NULL);
    const char *host = usual(options, "host", "PGHOST");
    const char *hostaddr = usual(options, "hostaddr", "PGHOSTADDR");
    const char *port = usual(options, "port", "PGPORT");
    const char *attrs = usual(options, "target_session_attrs", "PGTARGETSESSIONATTRS");
    unsigned len = pg_parts(host) > pg_parts(hostaddr) ? pg_parts(host) : pg_parts(hostaddr);
    bool is_libpq =
        len > HOSTS_MAX || len == 0 || (len > 1 && attrs && strcmp(attrs, "prefer-standby") == 0);
    len = is_libpq ? 1 : len;
    places[0] = (struct place){""};
    for (unsigned i = 0; !is_libpq && i < len; i++) {
        places[i] = (struct place){""};
        pg_part(host, i, places[i].host, sizeof places[i].host);
        pg_part(hostaddr, i, places[i].hostaddr, sizeof places[i].hostaddr);
        pg_part(port, pg_parts(port) > 1 ? i : 0, places[i].port, sizeof places[i].port);
    }
    PQconninfoFree(options);
    return len;
}

static void notice_drop(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

static PGconn *connect_start(const struct pg *pg, const struct place *place)
{
    const char *keys[8] = {"dbname", "client_encoding", "fallback_application_name"};
    const char *values[8] = {pg->conninfo, "UTF8", "mailfrom"};
    unsigned len = 3;
    const char *const names[] = {"host", "hostaddr", "port"};
    const char *const parts[] = {place->host, place->hostaddr, place->port};
    for (unsigned i = 0; i < 3; i++) {
        if (!*parts[i])
            continue;
        keys[len] = names[i];
        values[len++] = parts[i];
    }
    PGconn *conn = PQconnectStartParams(keys, values, 1);
    if (conn) {
        PQsetNoticeProcessor(conn, notice_drop, NULL);
        PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    }
    return conn;
}

static enum err connect_poll(struct pg *pg, PGconn *conn, instant_us until, struct why *why)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    if (PQstatus(conn) == CONNECTION_BAD)
        return connect_failed(conn, why);
    while (state != PGRES_POLLING_OK) {
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!pg_ready_wait(PQsocket(conn), events, until))
            return why_set(why, ERR_AWAY, "the database cannot be reached: no answer within %d s",
                           (int)(pg->limit / SPAN_S(1)));
        state = PQconnectPoll(conn);
        if (state == PGRES_POLLING_FAILED)
            return connect_failed(conn, why);
    }
    return OK;
}

static enum err server_vet(PGconn *conn, struct why *why)
{
    const char *encoding = PQparameterStatus(conn, "server_encoding");
    int version = PQserverVersion(conn);
    if (version < SERVER_LEAST)
        return why_set(why, ERR_INPUT,
                       "the server is PostgreSQL %d.%d: expected version 13 or later: use a newer "
                       "server",
                       version / 10000, version % 10000);
    if (encoding && strcmp(encoding, "UTF8") != 0)
        return why_set(why, ERR_INPUT,
                       "the database has the encoding %s: expected UTF8: make another with "
                       "createdb --encoding=UTF8 --template=template0 NAME",
                       encoding);
    return OK;
}

static enum err place_connect(struct pg *pg, const struct place *place, instant_us until,
                              struct why *why)
{
    PGconn *conn = connect_start(pg, place);
    if (!conn)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = connect_poll(pg, conn, until, why);
    if (err == OK)
        err = server_vet(conn, why);
    if (err == OK && PQsetnonblocking(conn, 1) != 0)
        err = connect_failed(conn, why);
    if (err != OK) {
        PQfinish(conn);
        return err;
    }
    PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
    pg->conn = conn;
    return OK;
}

/* Each address of the host, and each with its share of the time. */
static enum err host_connect(struct pg *pg, const struct place *place, instant_us until,
                             struct why *why)
{
    struct pg_addresses addresses;
    if (*place->hostaddr || !pg_is_name(place->host))
        return place_connect(pg, place, until, why);
    enum err err = pg_lookup(place->host, &addresses, until, why);
    bool is_looked_up = err == OK;
    for (unsigned i = 0; i < addresses.len && (i == 0 || err == ERR_AWAY); i++) {
        struct place at = *place;
        instant_us now = pg_now();
        snprintf(at.hostaddr, sizeof at.hostaddr, "%s", addresses.at[i]);
        err = place_connect(pg, &at, now + (until - now) / (addresses.len - i), why);
    }
    assert(is_looked_up || err != OK);
    return err;
}

static enum err connect_until(struct pg *pg, instant_us until, struct why *why)
{
    struct place places[HOSTS_MAX];
    unsigned len = places_of(pg, places);
    enum err err = ERR_AWAY;
    assert(!pg->conn);
    for (unsigned i = 0; i < len && err == ERR_AWAY; i++) {
        instant_us now = pg_now();
        err = host_connect(pg, &places[i], now + (until - now) / (len - i), why);
    }
    return err;
}

/* An idle connection that the server has closed says so only when it is read to its end. */
static void idle_look(struct pg *pg)
{
    while (pg->conn && pg_ready_wait(PQsocket(pg->conn), POLLIN, 0))
        if (!PQconsumeInput(pg->conn) || PQstatus(pg->conn) == CONNECTION_BAD)
            pg_disconnect(pg);
}

static bool is_network(PGconn *conn)
{
    const char *host = PQhost(conn), *address = PQhostaddr(conn);
    if (!host || *host == '/' || *host == '@')
        return false;
    return strncmp(address ? address : "", "127.", 4) != 0 &&
           strcmp(address ? address : "", "::1") != 0;
}

static void tls_tell(struct pg *pg, const struct notices *n)
{
    PQconninfoOption *options = PQconninfo(pg->conn);
    const char *mode = option(options, "sslmode");
    if (n && !pg->was_told && is_network(pg->conn) && (!mode || strcmp(mode, "verify-full") != 0))
        notice_note(
            n,
            "the connection to the database at %s is %s, and the server is not proved to be "
            "the one that is meant (sslmode=%s): expected sslmode=verify-full with "
            "sslrootcert=FILE in the URL",
            PQhost(pg->conn), PQsslInUse(pg->conn) ? "encrypted" : "not encrypted",
            mode ? mode : "unknown");
    pg->was_told |= n != NULL;
    PQconninfoFree(options);
}

enum err pg_connect(struct pg *pg, const struct notices *n, struct why *why)
{
    if (pg->transaction == TX_NONE)
        idle_look(pg);
    enum err err = pg->conn ? OK : connect_until(pg, pg_now() + pg->limit, why);
    if (err == OK)
        tls_tell(pg, n);
    return err;
}

static enum err conninfo_vet(const char *conninfo, struct why *why)
{
    char *message = NULL, text[PG_SAID_MAX];
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);
    pg_said(message, text);
    PQfreemem(message);
    char *quoted = strstr(text, ": \"");
    if (quoted)
        *quoted = '\0'; /* a part of the URL, which may be a password */
    if (!options)
        return why_set(why, ERR_INPUT, "is not a connection string of PostgreSQL: %s", text);
    const char *const secrets[] = {"password", "sslpassword"};
    enum err err = OK;
    for (unsigned i = 0; i < 2; i++)
        if (option(options, secrets[i]) && *option(options, secrets[i]))
            err =
                why_set(why, ERR_INPUT,
                        "has a %s in it, which every process of this machine can read: take it "
                        "out, and give it by a file (passfile=FILE or ~/.pgpass), a service "
                        "(service=NAME), the environment (PGPASSWORD), or a certificate (sslcert)",
                        secrets[i]);
    const char *database = option(options, "dbname");
    if (err == OK && database && database[strcspn(database, ":=")])
        err = why_set(why, ERR_INPUT,
                      "names a database whose name has \":\" or \"=\" in it, as a URL or a "
                      "connection string has: expected the name alone, "
                      "postgresql://HOST/DATABASE");
    PQconninfoFree(options);
    return err;
}

enum err pg_new(struct pg **out, const char *conninfo, span_us limit, struct why *why)
{
    *out = NULL;
    assert(limit > 0);
    enum err err = conninfo_vet(conninfo, why);
    if (err != OK)
        return err;
    struct pg *pg = calloc(1, sizeof *pg);
    if (pg)
        *pg = (struct pg){.conninfo = strdup(conninfo), .limit = limit};
    if (!pg || !pg->conninfo) {
        free(pg);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    *out = pg;
    return OK;
}

void pg_denied_say(struct pg *pg, const char *cure)
{
    pg->denied = cure;
}

void pg_free(struct pg *pg)
{
    if (!pg)
        return;
    PQfinish(pg->conn);
    free(pg->conninfo);
    free(pg);
}

/* Statements */

/* libpq has its own copy of what it sends. */
static enum err statement_send(struct pg *pg, const struct pg_statement *statement, struct why *why)
{
    struct pg_params p;
    if (!pg_params_make(&p, statement))
        return why_set(why, ERR_NOMEM, "out of memory");
    int sent = PQsendQueryParams(pg->conn, statement->sql, (int)statement->len, p.types, p.at,
                                 p.lens, p.formats, 1);
    free(p.block);
    return sent ? OK : lost(pg, why);
}

static enum err all_flush(struct pg *pg, instant_us until, struct why *why)
{
    int left;
    while ((left = PQflush(pg->conn)) > 0) {
        if (!pg_ready_wait(PQsocket(pg->conn), POLLIN | POLLOUT, until))
            return too_late(pg, why);
        if (pg_ready_wait(PQsocket(pg->conn), POLLIN, 0) && !PQconsumeInput(pg->conn))
            return lost(pg, why);
    }
    return left == 0 ? OK : lost(pg, why);
}

/* The next result; NULL: the statement has no more. */
static enum err result_next(struct pg *pg, PGresult **out, instant_us until, struct why *why)
{
    *out = NULL;
    while (PQisBusy(pg->conn)) {
        if (!pg_ready_wait(PQsocket(pg->conn), POLLIN, until))
            return too_late(pg, why);
        if (!PQconsumeInput(pg->conn))
            return lost(pg, why);
    }
    *out = PQgetResult(pg->conn);
    return OK;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

static void rows_take(struct pg_rows *rows, PGresult *result)
{
    const char *changed = PQcmdTuples(result);
    *rows = (struct pg_rows){.result = result,
                             .len = (unsigned)PQntuples(result),
                             .columns = (unsigned)PQnfields(result),
                             .changed = *changed ? strtoull(changed, NULL, 10) : 0};
}

/* Reads a statement's results to their end: the first error of all, and the last rows. */
static enum err results_read(struct pg *pg, struct pg_rows *rows, instant_us until, enum err before,
                             struct why *why)
{
    enum err err = before;
    PGresult *result;
    for (;;) {
        enum err read = result_next(pg, &result, until, err == OK ? why : NULL);
        if (read != OK)
            return err == OK ? read : err;
        if (!result)
            return err;
        bool is_aborted = PQresultStatus(result) == PGRES_PIPELINE_ABORTED;
        if (!is_good(result) && !is_aborted && err == OK)
            err = server_said(pg, result, why);
        if (rows && is_good(result)) {
            pg_rows_clear(rows);
            rows_take(rows, result);
        } else {
            PQclear(result);
        }
        if (PQstatus(pg->conn) == CONNECTION_BAD) {
            enum err end = lost(pg, err == OK ? why : NULL);
            return err == OK ? end : err;
        }
    }
}

static enum err pipeline_end(struct pg *pg, instant_us until, enum err err, struct why *why)
{
    PGresult *sync = NULL;
    if (pg->conn) {
        enum err read = result_next(pg, &sync, until, err == OK ? why : NULL);
        err = err == OK ? read : err;
    }
    bool is_sync = sync && PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
    PQclear(sync);
    if (pg->conn && (!is_sync || !PQexitPipelineMode(pg->conn))) {
        enum err end = lost(pg, err == OK ? why : NULL);
        err = err == OK ? end : err;
    }
    return err;
}

/* What every transaction carries with it, also one of a single round trip, which has no BEGIN: what
 * is sent up to the next sync is one to the server, and the settings end with it.
 *
 * The server ends by itself what this process has given up, or is too silent for. And a name
 * without a schema is one of pg_catalog: in a database where others may create functions, a
 * function of theirs that fits the arguments better would be called in its place, with the rights
 * of this role. A commit is on the disk when it is answered, whatever the database was told since
 * the journal was opened.
 */
static enum err opening_send(struct pg *pg, unsigned *sent, struct why *why)
{
    static const char settings[] =
        "SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),"
        " pg_catalog.set_config('statement_timeout', $1, true),"
        " pg_catalog.set_config('lock_timeout', $1, true),"
        " pg_catalog.set_config('idle_in_transaction_session_timeout', $2, true),"
        " pg_catalog.set_config('standard_conforming_strings', 'on', true),"
        " pg_catalog.set_config('synchronous_commit', CASE pg_catalog.current_setting("
        "'synchronous_commit') WHEN 'off' THEN 'on' ELSE pg_catalog.current_setting("
        "'synchronous_commit') END, true)";
    bool begins = pg->transaction == TX_WANTED, reads = begins && pg->how == PG_SNAPSHOT;
    char ms[32];
    snprintf(ms, sizeof ms, "%lld", (long long)(pg->limit / 1000));
    /* A snapshot holds nothing that others wait for, and who reads may look at a page for long. */
    const struct store_value values[] = {store_text(text_of(ms)),
                                         store_text(text_of(reads ? "1h" : ms))};
    const struct pg_statement begin = {.sql =
                                           reads
                                               ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                                               : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"},
                              set = {settings, values, 2};
    enum err err = begins ? statement_send(pg, &begin, why) : OK;
    if (err == OK)
        err = statement_send(pg, &set, why);
    *sent = begins ? 2 : 1;
    return err;
}

/* One round trip. */
static enum err batch_once(struct pg *pg, const struct pg_statement *list, unsigned len,
                           struct pg_rows *rows, instant_us until, struct why *why)
{
    unsigned opening = 0;
    bool opens = pg->transaction != TX_OPEN, pipes = opens || len > 1;
    enum err err = pipes && !PQenterPipelineMode(pg->conn) ? lost(pg, why) : OK;
    if (err == OK && opens)
        err = opening_send(pg, &opening, why);
    for (unsigned i = 0; err == OK && i < len; i++)
        err = statement_send(pg, &list[i], why);
    if (err == OK && pipes && !PQpipelineSync(pg->conn))
        err = lost(pg, why);
    if (err == OK)
        err = all_flush(pg, until, why);
    if (err != OK) {
        if (pg->conn) /* out of memory in the middle */
            pg_disconnect(pg);
        return err;
    }
    for (unsigned i = 0; pg->conn && i < opening; i++)
        err = results_read(pg, NULL, until, err, why);
    if (pg->transaction == TX_WANTED && err == OK)
        pg->transaction = TX_OPEN;
    for (unsigned i = 0; pg->conn && i < len; i++)
        err = results_read(pg, rows ? &rows[i] : NULL, until, err, why);
    return pipes ? pipeline_end(pg, until, err, why) : err;
}

enum err pg_batch(struct pg *pg, const struct pg_statement *list, unsigned len,
                  struct pg_rows *rows, struct why *why)
{
    instant_us until = pg_now() + pg->limit;
    assert(len > 0);
    for (unsigned i = 0; rows && i < len; i++)
        rows[i] = (struct pg_rows){.result = NULL};
    if (pg->transaction == TX_FAILED)
        return why_set(why, ERR_AWAY, "the transaction has been undone");
    if (pg->transaction != TX_OPEN)
        idle_look(pg);
    bool was_idle = pg->conn != NULL;
    enum err err = pg->conn ? OK : connect_until(pg, until, why);
    if (err == OK)
        err = batch_once(pg, list, len, rows, until, why);
    if (err == ERR_AWAY && !pg->conn && was_idle && pg->transaction == TX_WANTED) {
        for (unsigned i = 0; rows && i < len; i++)
            pg_rows_clear(&rows[i]);
        err = connect_until(pg, until, why);
        if (err == OK)
            err = batch_once(pg, list, len, rows, until, why);
    }
    if (err != OK && pg->transaction != TX_NONE)
        pg->transaction = TX_FAILED;
    return err;
}

enum err pg_query(struct pg *pg, const char *sql, const struct store_value *values, unsigned len,
                  struct pg_rows *rows, struct why *why)
{
    struct pg_statement statement = {sql, values, len};
    return pg_batch(pg, &statement, 1, rows, why);
}

/* The simple protocol, which alone takes several statements in one text. */
static enum err simple(struct pg *pg, const char *sql, instant_us until, struct why *why)
{
    enum err err = PQsendQuery(pg->conn, sql) ? OK : lost(pg, why);
    if (err == OK)
        err = all_flush(pg, until, why);
    return err == OK ? results_read(pg, NULL, until, OK, why) : err;
}

enum err pg_script(struct pg *pg, const char *sql, struct why *why)
{
    if (pg->transaction == TX_FAILED)
        return why_set(why, ERR_AWAY, "the transaction has been undone");
    /* A statement without effect opens the transaction that is wanted. */
    enum err err = pg->transaction == TX_WANTED ? pg_query(pg, "SELECT 1", NULL, 0, NULL, why)
                                                : pg_connect(pg, NULL, why);
    if (err == OK)
        err = simple(pg, sql, pg_now() + pg->limit, why);
    if (err != OK && pg->transaction != TX_NONE)
        pg->transaction = TX_FAILED;
    return err;
}

/* Transactions */

enum err pg_begin(struct pg *pg, enum pg_how how, struct why *why)
{
    assert(pg->transaction == TX_NONE);
    (void)why;
    pg->how = how;
    pg->transaction = TX_WANTED;
    return OK;
}

enum err pg_commit(struct pg *pg, struct why *why)
{
    enum transaction was = pg->transaction;
    assert(was != TX_NONE);
    if (was == TX_FAILED) {
        pg_rollback(pg);
        return why_set(why, ERR_AWAY, "the transaction has been undone");
    }
    pg->transaction = TX_NONE;
    if (was == TX_WANTED)
        return OK;
    /* A transaction that the server has given up answers ROLLBACK to a COMMIT. */
    bool is_whole = PQtransactionStatus(pg->conn) == PQTRANS_INTRANS;
    /* A commit that waits for a standby and is cancelled says that it is done. */
    const char *sql = is_whole ? "SET LOCAL statement_timeout = 0; COMMIT" : "ROLLBACK";
    enum err err = simple(pg, sql, pg_now() + pg->limit, why);
    return err == OK && !is_whole ? why_set(why, ERR_AWAY, "the transaction has been undone") : err;
}

void pg_rollback(struct pg *pg)
{
    enum transaction was = pg->transaction;
    pg->transaction = TX_NONE;
    if (!pg->conn || was == TX_NONE || was == TX_WANTED)
        return;
    if (PQtransactionStatus(pg->conn) == PQTRANS_IDLE)
        return;
    if (simple(pg, "ROLLBACK", pg_now() + pg->limit, NULL) != OK)
        pg_disconnect(pg);
}

bool pg_is_begun(const struct pg *pg)
{
    return pg->transaction != TX_NONE;
}

/* Rows */

void pg_rows_clear(struct pg_rows *rows)
{
    PQclear(rows->result);
    *rows = (struct pg_rows){.result = NULL};
}

bool pg_is_null(const struct pg_rows *rows, unsigned row, unsigned column)
{
    assert(row < rows->len);
    assert(column < rows->columns);
    return PQgetisnull(rows->result, (int)row, (int)column);
}

struct store_value pg_value(const struct pg_rows *rows, unsigned row, unsigned column)
{
    if (pg_is_null(rows, row, column))
        return store_null();
    struct text bytes = {PQgetvalue(rows->result, (int)row, (int)column),
                         (size_t)PQgetlength(rows->result, (int)row, (int)column)};
    return pg_value_read(PQftype(rows->result, (int)column), bytes);
}

int64_t pg_int(const struct pg_rows *rows, unsigned row, unsigned column)
{
    struct store_value v = pg_value(rows, row, column);
    return v.type == STORE_INT ? v.number : 0;
}

double pg_real(const struct pg_rows *rows, unsigned row, unsigned column)
{
    struct store_value v = pg_value(rows, row, column);
    return v.type == STORE_REAL ? v.real : 0;
}

struct text pg_text(const struct pg_rows *rows, unsigned row, unsigned column)
{
    struct store_value v = pg_value(rows, row, column);
    return v.type == STORE_TEXT || v.type == STORE_BYTES ? v.text : TEXT_NONE;
}
