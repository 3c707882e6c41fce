/*
 * The life of a store in PostgreSQL: opening, transactions, closing.
 *
 * Invariant: between two transactions nothing is pending, and the server knows of none. A
 * transaction is known to the server only from the first statement on that needs it; one that is a
 * single statement, as an intent is, never is one of its own.
 */
#include "postgres_inside.h"

#include "base/count.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 256 /* statements of this room */

struct postgres_words {
    struct {
        const char *sql;
        char *made; /* owned */
    } at[WORDS_MAX];
    unsigned len;
};

/* Statements for a schema */

void postgres_sql_add(const struct postgres_store *s, struct buf *out, const char *sql)
{
    for (;;) {
        size_t plain = strcspn(sql, "@");
        buf_add(out, sql, plain);
        sql += plain;
        if (!*sql)
            return;
        size_t word = sql[1] == '_' ? 1 + strspn(sql + 1, "_abcdefghijklmnopqrstuvwxyz") : 1;
        buf_add_fmt(out, "\"%s%.*s\"", s->url.schema, (int)(word - 1), sql + 1);
        sql += word;
    }
}

const char *postgres_sql(struct postgres_store *s, const char *sql)
{
    struct postgres_words *w = s->words;
    struct buf made;
    for (unsigned i = 0; i < w->len; i++)
        if (w->at[i].sql == sql)
            return w->at[i].made;
    assert(w->len < COUNT(w->at));
    buf_init(&made, LINE_LEN_MAX);
    postgres_sql_add(s, &made, sql);
    if (made.failed) {
        buf_clear(&made);
        return NULL;
    }
    w->at[w->len].sql = sql;
    w->at[w->len].made = made.at;
    return w->at[w->len++].made;
}

static void words_free(struct postgres_words *words)
{
    for (unsigned i = 0; words && i < words->len; i++)
        free(words->at[i].made);
    free(words);
}

enum err postgres_ask(struct postgres_store *s, const char *sql, const struct store_value *values,
                      unsigned len, struct pg_rows *rows, struct why *why)
{
    const char *made = postgres_sql(s, sql);
    if (rows)
        *rows = (struct pg_rows){.result = NULL};
    return made ? pg_query(s->pg, made, values, len, rows, why)
                : why_set(why, ERR_NOMEM, "out of memory");
}

enum err postgres_ask_inside(struct postgres_store *s, const char *sql,
                             const struct store_value *values, unsigned len, struct pg_rows *rows,
                             struct why *why)
{
    if (rows)
        *rows = (struct pg_rows){.result = NULL};
    enum err err = postgres_transaction(s, why);
    return err == OK ? postgres_ask(s, sql, values, len, rows, why) : err;
}

/* Transactions */

static enum err enter(struct store *store, struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    assert(!s->is_entered);
    assert(s->pending_len == 0);
    if (s->reads > 0)
        return why_set(why, ERR_BUSY, "its rows are being read by this process");
    assert(!pg_is_begun(s->pg));
    s->is_entered = true;
    return OK;
}

enum err postgres_transaction(struct postgres_store *s, struct why *why)
{
    assert(s->is_entered);
    enum err err = pg_is_begun(s->pg) ? OK : pg_begin(s->pg, PG_WRITES, why);
    return err == OK ? postgres_flush(s, why) : err;
}

static enum err commit(struct postgres_store *s, struct why *why)
{
    bool is_done = false;
    if (!pg_is_begun(s->pg)) {
        enum err err = postgres_flush_alone(s, &is_done, why);
        if (err != OK || is_done)
            return err;
    }
    enum err err = postgres_transaction(s, why);
    return err == OK ? pg_commit(s->pg, why) : err;
}

static enum err leave(struct store *store, enum store_end end, struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    if (!s->is_entered) /* enter has failed */
        return OK;
    enum err err = end == STORE_UNDO ? OK : commit(s, why);
    s->is_entered = false;
    postgres_pending_drop(s);
    if (pg_is_begun(s->pg))
        pg_rollback(s->pg);
    return err;
}

/* Who carries a run */

static enum journal_writer writer(struct store *store, uint64_t run,
                                  char holder[JOURNAL_HOLDER_MAX])
{
    struct postgres_store *s = postgres_of(store);
    struct store_value value = store_int((int64_t)run);
    struct pg_rows rows;
    enum journal_writer found = JOURNAL_WRITER_UNKNOWN;
    *holder = '\0';
    if (postgres_ask(s,
                     "SELECT w.name, w.pid, w.host FROM @.run_lane r"
                     " JOIN @.lease l ON l.id = r.lease AND l.run = r.run AND l.lane = r.lane"
                     " JOIN @.worker w ON w.id = l.worker"
                     " WHERE r.run = $1 AND l.expires > clock_timestamp()"
                     " ORDER BY l.expires DESC LIMIT 1",
                     &value, 1, &rows, NULL) == OK)
        found = rows.len ? JOURNAL_HAS_WRITER : JOURNAL_NO_WRITER;
    if (found == JOURNAL_HAS_WRITER)
        snprintf(holder, JOURNAL_HOLDER_MAX, "worker " TEXT_FMT ", pid %lld on " TEXT_FMT,
                 TEXT_ARG(pg_text(&rows, 0, 0)), (long long)pg_int(&rows, 0, 1),
                 TEXT_ARG(pg_text(&rows, 0, 2)));
    pg_rows_clear(&rows);
    return found;
}

/* Opening */

void postgres_store_free(struct postgres_store *s)
{
    if (!s)
        return;
    pg_free(s->pg);
    words_free(s->words);
    arena_clear(&s->pending_texts);
    arena_clear(&s->answer);
    free(s->pending);
    free(s);
}

static void close_store(struct store *store)
{
    postgres_store_free(postgres_of(store));
}

static const struct store_ops ops = {.close = close_store,
                                     .enter = enter,
                                     .put = postgres_put,
                                     .set_state = postgres_set_state,
                                     .add_loss = postgres_add_loss,
                                     .leave = leave,
                                     .rows = postgres_rows,
                                     .fetch = postgres_fetch,
                                     .tail = postgres_tail,
                                     .writer = writer};

enum err postgres_store_new(struct postgres_store **out, const char *url, const struct notices *n,
                            struct why *why)
{
    *out = NULL;
    struct postgres_store *s = calloc(1, sizeof *s);
    struct postgres_words *words = calloc(1, sizeof *words);
    if (!s || !words) {
        free(s);
        free(words);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    s->words = words;
    s->store = (struct store){.ops = &ops, .name = postgres_journal_shown(url, s->shown)};
    s->store.leases = &postgres_lease_ops;
    arena_init(&s->pending_texts, SIZE_MAX);
    arena_init(&s->answer, SIZE_MAX);
    enum err err = postgres_url_read(&s->url, url, why);
    if (err == OK)
        err = pg_new(&s->pg, s->url.conninfo, PG_LIMIT, why);
    if (err == OK) {
        snprintf(s->denied, sizeof s->denied,
                 ". Members of %s_reader read; members of %s_submitter begin runs, give orders and "
                 "watch; members of %s_worker carry lanes (GRANT %s_submitter TO ROLE)",
                 s->url.schema, s->url.schema, s->url.schema, s->url.schema);
        pg_denied_say(s->pg, s->denied);
        err = pg_connect(s->pg, n, why);
    }
    if (err == OK) {
        *out = s;
        return OK;
    }
    postgres_store_free(s);
    return err;
}

static enum err no_tables(const struct postgres_store *s, struct why *why)
{
    return why_set(why, ERR_GONE,
                   "has no journal in its schema %s: mailfrom journal init makes one, and "
                   "schema=NAME in the URL names another schema",
                   s->url.schema);
}

enum err postgres_vet(struct postgres_store *s, int *version, struct why *why)
{
    struct pg_rows rows;
    *version = 0;
    enum err err = postgres_ask(s, "SELECT number FROM @.version", NULL, 0, &rows, why);
    if (err == ERR_GONE || (err == OK && rows.len == 0))
        err = no_tables(s, why);
    else if (err == ERR_AUTH)
        err = why_set(why, ERR_AUTH,
                      "this role of the database may not read the schema %s: expected a member of "
                      "%s_reader, %s_submitter or %s_worker (GRANT %s_worker TO ROLE)",
                      s->url.schema, s->url.schema, s->url.schema, s->url.schema, s->url.schema);
    if (err == OK)
        *version = (int)pg_int(&rows, 0, 0);
    pg_rows_clear(&rows);
    if (err != OK)
        return err;
    if (*version > SCHEMA_VERSION_POSTGRES)
        return why_set(why, ERR_INPUT,
                       "was written by a newer mailfrom (journal version %d, this program knows "
                       "%d): use the newer program",
                       *version, SCHEMA_VERSION_POSTGRES);
    return OK;
}

/* What a commit that returned means. */
static enum err durability_vet(struct postgres_store *s, struct why *why)
{
    struct pg_rows rows;
    enum err err = postgres_ask(
        s,
        "SELECT count(*) FROM pg_settings WHERE name = 'synchronous_commit' AND reset_val = 'off'",
        NULL, 0, &rows, why);
    bool is_off = err == OK && pg_int(&rows, 0, 0);
    pg_rows_clear(&rows);
    return is_off
               ? why_set(why, ERR_INPUT,
                         "has synchronous_commit=off, so a write that was kept may be gone after "
                         "a crash of the server, and SES has it: expected on (ALTER DATABASE NAME "
                         "SET synchronous_commit = on)")
               : err;
}

enum err postgres_team_vet(struct postgres_store *s, const char *team, struct why *why)
{
    struct store_value value = store_text(text_of(team));
    struct pg_rows rows;
    if (!*team)
        return OK;
    enum err err =
        postgres_ask(s, "SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = $1",
                     &value, 1, &rows, why);
    if (err == OK && rows.len == 0)
        err = why_set(why, ERR_INPUT,
                      "has no role '%s', the team of the run: expected a role whose members see "
                      "the runs (CREATE ROLE %s)",
                      team, team);
    else if (err == OK && !pg_int(&rows, 0, 0))
        err = why_set(why, ERR_AUTH,
                      "has the team '%s', of which this role of the database is no member: "
                      "expected one of its members (GRANT %s TO ROLE)",
                      team, team);
    pg_rows_clear(&rows);
    return err;
}

static enum err store_vet(struct postgres_store *s, enum journal_mode mode, struct why *why)
{
    int version;
    enum err err = postgres_vet(s, &version, why);
    if (err == OK && version < SCHEMA_VERSION_POSTGRES)
        return why_set(why, ERR_INPUT,
                       "was made by an older mailfrom (journal version %d, this program writes "
                       "%d): mailfrom journal migrate brings it up to date",
                       version, SCHEMA_VERSION_POSTGRES);
    if (err == OK && mode != JOURNAL_READ)
        err = durability_vet(s, why);
    return err == OK && mode != JOURNAL_READ ? postgres_team_vet(s, s->url.team, why) : err;
}

enum err journal_open_postgres(struct journal **out, const char *url, enum journal_mode mode,
                               const struct notices *n, struct why *why)
{
    struct postgres_store *s;
    char shown[POSTGRES_SHOWN_MAX];
    *out = NULL;
    enum err err = postgres_store_new(&s, url, n, why);
    if (err == OK) {
        s->store.is_read_only = mode == JOURNAL_READ;
        err = store_vet(s, mode, why);
        if (err == OK)
            err = journal_open(out, &s->store, why);
        else
            postgres_store_free(s);
    }
    return err == OK ? OK : why_wrap(why, err, "journal %s", postgres_journal_shown(url, shown));
}
