/*
 * PostgreSQL, and the only file that knows libpq. libpq is never asked to wait: every wait is a
 * poll() of ours with an end. What libpq still does while it waits is the look-up of a host's name;
 * a numeric address (hostaddr) or a socket spares it.
 *
 * Invariant: between two functions the server owes no answer, so the connection is either idle, or
 * inside a transaction, or closed.
 */
#include "pg.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SERVER_LEAST 130000
#define HOSTS_MAX    16

/* Types of pg_type.dat. They never change. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_NAME = 19, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23 };
enum { OID_TEXT = 25, OID_OID = 26, OID_FLOAT4 = 700, OID_FLOAT8 = 701, OID_VARCHAR = 1043 };

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
    bool was_told; /* of TLS */
    enum transaction transaction;
    enum pg_how how;
};

static instant_us boot_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return SPAN_S(now.tv_sec) + now.tv_nsec / 1000;
}

/* False: the instant has come. What is ready is told even then: a process that was stopped for a
 * while still hears the answer that lies there. */
static bool ready_wait(int fd, short events, instant_us until)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        span_us left = until - boot_now();
        int ms = left <= 0 ? 0 : (int)(left / 1000) + 1;
        int n = poll(&p, 1, ms);
        if (n > 0)
            return true;
        if (n == 0 && left <= 0)
            return false;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

/* What libpq says, in one line. */
static void said(const char *message, char out[512])
{
    size_t len = 0;
    const char *at = message ? message : "";
    while (*at && len < 500) {
        bool is_detail = *at == '\t'; /* "Is the server running ...?" */
        size_t line = strcspn(at, "\n");
        if (!is_detail && line > 0)
            len += (size_t)snprintf(out + len, 512 - len, "%s%.*s", len ? "; " : "",
                                    (int)(line < 500 - len ? line : 500 - len), at);
        at += line + (at[line] == '\n');
        len = len > 511 ? 511 : len;
    }
    out[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)out[i] < ' ')
            out[i] = ' ';
}

void pg_disconnect(struct pg *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
    if (pg->transaction == TX_OPEN)
        pg->transaction = TX_FAILED;
}

static enum err lost(struct pg *pg, struct why *why)
{
    char text[512];
    said(PQerrorMessage(pg->conn), text);
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

/* Errors */

static bool is_one_of(const char *state, const char *list)
{
    const char *at = strstr(list, state);
    return at && strlen(state) == 5;
}

/* Classes of appendix A that a later try may find gone. */
static bool is_away(const char *state)
{
    static const char *const classes[] = {"08", "53", "57", "58", "40"};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(state, classes[i], 2) == 0)
            return true;
    /* lock_not_available, idle_in_transaction_session_timeout, idle_session_timeout (of 57),
     * transaction_timeout, read_only_sql_transaction: a standby. */
    return is_one_of(state, "55P03 25P03 25P04 25006");
}

static enum err err_of(const char *state)
{
    if (strcmp(state, PG_FENCED) == 0)
        return ERR_FENCED;
    if (is_away(state))
        return ERR_AWAY;
    if (strncmp(state, "28", 2) == 0 || strcmp(state, "42501") == 0)
        return ERR_AUTH;
    if (is_one_of(state, "42P01 3F000 42883"))
        return ERR_GONE;
    return is_one_of(state, "3D000") ? ERR_INPUT : ERR_IO;
}

static enum err server_said(const PGresult *result, struct why *why)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char text[512];
    said(message ? message : PQresultErrorMessage(result), text);
    return why_set(why, err_of(state ? state : "08000"), "the database says: %s (SQLSTATE %s)",
                   *text ? text : "nothing", state ? state : "unknown");
}

/* The sentence of a connection that failed, which has the SQLSTATE in it when a server spoke:
 * "FATAL:  28P01: password authentication failed". */
static enum err connect_failed(PGconn *conn, struct why *why)
{
    char text[512], state[6] = "08001";
    said(PQerrorMessage(conn), text);
    char *location = strstr(text, "; LOCATION:");
    if (location)
        *location = '\0';
    char *at = strstr(text, ":  ");
    if (at && strlen(at) > 10 && at[8] == ':' &&
        strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5) {
        memcpy(state, at + 3, 5);
        memmove(at + 3, at + 10, strlen(at + 10) + 1);
    }
    return why_set(why, err_of(state), "the database cannot be reached: %s", text);
}

/* Connecting */

struct place {
    char host[256], hostaddr[256], port[32]; /* "": as conninfo says */
};

static void part_take(const char *list, unsigned nth, char *out, size_t size)
{
    for (unsigned i = 0; i < nth && list; i++) {
        list = strchr(list, ',');
        list = list ? list + 1 : NULL;
    }
    snprintf(out, size, "%.*s", list ? (int)strcspn(list, ",") : 0, list ? list : "");
}

static unsigned parts_of(const char *list)
{
    unsigned n = list && *list ? 1 : 0;
    for (const char *at = list; n && (at = strchr(at, ',')); at++)
        n++;
    return n;
}

static const char *option(const PQconninfoOption *options, const char *name)
{
    for (; options && options->keyword; options++)
        if (strcmp(options->keyword, name) == 0)
            return options->val;
    return NULL;
}

/* The hosts of conninfo, each of which gets its share of the time: libpq would wait for the first
 * until all of it is spent. 1: libpq may see to it. */
static unsigned places_of(const struct pg *pg, struct place *places)
{
    PQconninfoOption *options = PQconninfoParse(pg->conninfo, NULL);
    const char *host = option(options, "host"), *hostaddr = option(options, "hostaddr");
    const char *port = option(options, "port"), *attrs = option(options, "target_session_attrs");
    unsigned len = parts_of(host) > parts_of(hostaddr) ? parts_of(host) : parts_of(hostaddr);
    if (len > HOSTS_MAX || len == 0 || (attrs && strcmp(attrs, "prefer-standby") == 0))
        len = 1;
    for (unsigned i = 0; i < len; i++) {
        places[i] = (struct place){""};
        if (len == 1)
            break;
        part_take(host, i, places[i].host, sizeof places[i].host);
        part_take(hostaddr, i, places[i].hostaddr, sizeof places[i].hostaddr);
        part_take(port, parts_of(port) > 1 ? i : 0, places[i].port, sizeof places[i].port);
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
        if (!ready_wait(PQsocket(conn), events, until))
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

static enum err connect_until(struct pg *pg, instant_us until, struct why *why)
{
    struct place places[HOSTS_MAX];
    unsigned len = places_of(pg, places);
    enum err err = ERR_AWAY;
    assert(!pg->conn);
    for (unsigned i = 0; i < len && err == ERR_AWAY; i++) {
        instant_us now = boot_now();
        err = place_connect(pg, &places[i], now + (until - now) / (len - i), why);
    }
    return err;
}

/* An idle connection that the server has closed says so only when it is read to its end. */
static void idle_look(struct pg *pg)
{
    while (pg->conn && ready_wait(PQsocket(pg->conn), POLLIN, 0))
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
    enum err err = pg->conn ? OK : connect_until(pg, boot_now() + pg->limit, why);
    if (err == OK)
        tls_tell(pg, n);
    return err;
}

bool pg_is_connected(const struct pg *pg)
{
    return pg->conn != NULL;
}

static enum err conninfo_vet(const char *conninfo, struct why *why)
{
    char *message = NULL, text[512];
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);
    said(message, text);
    PQfreemem(message);
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

void pg_free(struct pg *pg)
{
    if (!pg)
        return;
    PQfinish(pg->conn);
    free(pg->conninfo);
    free(pg);
}

/* Statements */

/* The values of a statement, as libpq takes them. */
struct params {
    Oid *types;
    const char **at;
    int *lens, *formats;
    uint64_t *numbers; /* in the order of the network */
    void *block;
};

static uint64_t to_network(uint64_t n)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(n >> (56 - 8 * i));
    memcpy(&n, bytes, sizeof n);
    return n;
}

static void param_take(struct params *p, unsigned i, const struct store_value *v)
{
    uint64_t number = (uint64_t)v->number;
    p->formats[i] = 1;
    p->at[i] = NULL;
    p->types[i] = 0;
    switch (v->type) {
    case STORE_NULL: return;
    case STORE_REAL:
        memcpy(&number, &v->real, sizeof number);
        /* fallthrough */
    case STORE_INT:
        p->types[i] = v->type == STORE_INT ? OID_INT8 : OID_FLOAT8;
        p->numbers[i] = to_network(number);
        p->at[i] = (const char *)&p->numbers[i];
        p->lens[i] = 8;
        return;
    case STORE_TEXT:
    case STORE_BYTES:
        p->types[i] = v->type == STORE_TEXT ? OID_TEXT : OID_BYTEA;
        p->at[i] = v->text.len ? v->text.at : "";
        p->lens[i] = (int)v->text.len;
        return;
    }
}

static bool params_make(struct params *p, const struct pg_statement *statement)
{
    size_t len = statement->len ? statement->len : 1;
    assert(statement->len <= PG_PARAMS_MAX);
    char *at = calloc(len, sizeof *p->numbers + sizeof *p->at + sizeof *p->types + 2 * sizeof(int));
    *p = (struct params){.block = at};
    if (!at)
        return false;
    p->numbers = (uint64_t *)(void *)at;
    p->at = (const char **)(void *)(at += len * sizeof *p->numbers);
    p->types = (Oid *)(void *)(at += len * sizeof *p->at);
    p->lens = (int *)(void *)(at += len * sizeof *p->types);
    p->formats = p->lens + len;
    for (unsigned i = 0; i < statement->len; i++)
        param_take(p, i, &statement->values[i]);
    return true;
}

/* libpq has its own copy of what it sends. */
static enum err statement_send(struct pg *pg, const struct pg_statement *statement, struct why *why)
{
    struct params p;
    if (!params_make(&p, statement))
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
        if (!ready_wait(PQsocket(pg->conn), POLLIN | POLLOUT, until))
            return too_late(pg, why);
        if (ready_wait(PQsocket(pg->conn), POLLIN, 0) && !PQconsumeInput(pg->conn))
            return lost(pg, why);
    }
    return left == 0 ? OK : lost(pg, why);
}

/* The next result; NULL: the statement has no more. */
static enum err result_next(struct pg *pg, PGresult **out, instant_us until, struct why *why)
{
    *out = NULL;
    while (PQisBusy(pg->conn)) {
        if (!ready_wait(PQsocket(pg->conn), POLLIN, until))
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
            err = server_said(result, why);
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

#define TX_STATEMENTS 2

/* With the transaction's beginning, where that is wanted. What is granted by the server within the
 * transaction is taken back by it when this process is silent for longer than its own limit. */
static enum err opening_send(struct pg *pg, unsigned *sent, struct why *why)
{
    static const char limits[] =
        "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true),"
        " set_config('idle_in_transaction_session_timeout', $1, true)";
    char ms[32];
    snprintf(ms, sizeof ms, "%lld", (long long)(pg->limit / 1000));
    struct store_value value = store_text(text_of(ms));
    struct pg_statement list[TX_STATEMENTS] = {
        {.sql = pg->how == PG_WRITES ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
                                     : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
        {limits, &value, 1}};
    *sent = 0;
    enum err err = OK;
    for (unsigned i = 0; err == OK && i < TX_STATEMENTS; i++, ++*sent)
        err = statement_send(pg, &list[i], why);
    return err;
}

/* One round trip. */
static enum err batch_once(struct pg *pg, const struct pg_statement *list, unsigned len,
                           struct pg_rows *rows, instant_us until, struct why *why)
{
    unsigned opening = 0;
    bool opens = pg->transaction == TX_WANTED, pipes = opens || len > 1;
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
    if (opens && err == OK)
        pg->transaction = TX_OPEN;
    for (unsigned i = 0; pg->conn && i < len; i++)
        err = results_read(pg, rows ? &rows[i] : NULL, until, err, why);
    return pipes ? pipeline_end(pg, until, err, why) : err;
}

enum err pg_batch(struct pg *pg, const struct pg_statement *list, unsigned len,
                  struct pg_rows *rows, struct why *why)
{
    instant_us until = boot_now() + pg->limit;
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
        err = simple(pg, sql, boot_now() + pg->limit, why);
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
    enum err err = simple(pg, "COMMIT", boot_now() + pg->limit, why);
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
    if (simple(pg, "ROLLBACK", boot_now() + pg->limit, NULL) != OK)
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

static int64_t number_read(const char *at, unsigned len)
{
    uint64_t n = (signed char)at[0] < 0 && len > 1 ? UINT64_MAX : 0; /* the sign */
    for (unsigned i = 0; i < len; i++)
        n = n << 8 | (unsigned char)at[i];
    return (int64_t)n;
}

static double real_read(const char *at, unsigned len)
{
    uint64_t bits = (uint64_t)number_read(at, len);
    uint32_t half = (uint32_t)bits;
    double real = 0;
    float single = 0;
    if (len == sizeof real)
        memcpy(&real, &bits, sizeof real);
    else
        memcpy(&single, &half, sizeof single);
    return len == sizeof real ? real : (double)single;
}

struct store_value pg_value(const struct pg_rows *rows, unsigned row, unsigned column)
{
    if (pg_is_null(rows, row, column))
        return store_null();
    const char *at = PQgetvalue(rows->result, (int)row, (int)column);
    unsigned len = (unsigned)PQgetlength(rows->result, (int)row, (int)column);
    switch (PQftype(rows->result, (int)column)) {
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8: return store_int(number_read(at, len));
    case OID_OID: return store_int((int64_t)(uint32_t)number_read(at, len));
    case OID_FLOAT4:
    case OID_FLOAT8: return store_real(real_read(at, len));
    case OID_BYTEA: return (struct store_value){.type = STORE_BYTES, .text = {at, len}};
    case OID_TEXT:
    case OID_NAME:
    case OID_VARCHAR: return store_text((struct text){at, len});
    }
    assert(false && "a type that is read");
    return store_null();
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
