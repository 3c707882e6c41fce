/*
 * Makes the tables of a journal, and brings those of an older program up to date: in one
 * transaction, so that two who do so at once do it one after the other, and half of it is never
 * there.
 */
#include "postgres_inside.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Statements of several, which name the schema. */
static enum err script_run(struct postgres_store *s, const char *sql, struct why *why)
{
    const char *made = postgres_sql(s, sql);
    return made ? pg_script(s->pg, made, why) : why_set(why, ERR_NOMEM, "out of memory");
}

/* Whoever makes or migrates a journal of this database waits for its turn. */
static enum err turn_take(struct postgres_store *s, struct why *why)
{
    enum err err = pg_begin(s->pg, PG_WRITES, why);
    return err == OK ? pg_query(s->pg, "SELECT pg_advisory_xact_lock(hashtext('mailfrom'))::text",
                                NULL, 0, NULL, why)
                     : err;
}

/* A table that is not there is an error, which would end the transaction. */
static enum err version_read(struct postgres_store *s, int *version, struct why *why)
{
    struct pg_rows rows;
    *version = 0;
    enum err err =
        postgres_ask(s, "SELECT to_regclass('@.version') IS NOT NULL", NULL, 0, &rows, why);
    bool is_there = err == OK && pg_int(&rows, 0, 0);
    pg_rows_clear(&rows);
    return is_there ? postgres_vet(s, version, why) : err;
}

static enum err roles_are_there(struct postgres_store *s, bool *are, struct why *why)
{
    char list[3][SCHEMA_LEN_MAX + 16];
    const char *const words[] = {"reader", "submitter", "worker"};
    struct store_value values[3];
    struct pg_rows rows;
    for (int i = 0; i < 3; i++) {
        snprintf(list[i], sizeof list[i], "%s_%s", s->url.schema, words[i]);
        values[i] = store_text(text_of(list[i]));
    }
    enum err err =
        pg_query(s->pg, "SELECT count(*) = 3 FROM pg_roles WHERE rolname IN ($1, $2, $3)", values,
                 3, &rows, why);
    *are = err == OK && pg_int(&rows, 0, 0);
    pg_rows_clear(&rows);
    return err;
}

/* Rights are given with the tables, and once: an administrator may have taken some back since. The
 * policies come with them. */
static enum err rights_were_given(struct postgres_store *s, bool *were, struct why *why)
{
    struct pg_rows rows;
    enum err err = postgres_ask(s,
                                "SELECT EXISTS (SELECT FROM pg_policy"
                                " WHERE polrelid = to_regclass('@.run'))",
                                NULL, 0, &rows, why);
    *were = err == OK && pg_int(&rows, 0, 0);
    pg_rows_clear(&rows);
    return err;
}

static enum err rights_give(struct postgres_store *s, bool is_made, bool *are_given,
                            struct why *why)
{
    bool were_given = false;
    enum err err = rights_were_given(s, &were_given, why);
    if (err == OK && were_given && !is_made)
        return roles_are_there(s, are_given, why);
    if (err == OK)
        err = script_run(s, postgres_roles, why);
    if (err == OK)
        err = roles_are_there(s, are_given, why);
    return err == OK && *are_given ? script_run(s, postgres_rights, why) : err;
}

static enum err versions_make(struct postgres_store *s, int from, struct why *why)
{
    struct store_value value = store_int(SCHEMA_VERSION_POSTGRES);
    enum err err = OK;
    for (int i = from; err == OK && i < SCHEMA_VERSION_POSTGRES; i++)
        err = script_run(s, postgres_migrations[i], why);
    return err == OK ? postgres_ask(s, "UPDATE @.version SET number = $1", &value, 1, NULL, why)
                     : err;
}

static void made_say(const struct postgres_store *s, int from, bool with_roles,
                     char made[POSTGRES_MADE_MAX])
{
    const char *schema = s->url.schema;
    int len = from == 0
                  ? snprintf(made, POSTGRES_MADE_MAX, "made a journal in the schema %s", schema)
              : from < SCHEMA_VERSION_POSTGRES
                  ? snprintf(made, POSTGRES_MADE_MAX,
                             "brought the journal in the schema %s from version %d to %d", schema,
                             from, SCHEMA_VERSION_POSTGRES)
                  : snprintf(made, POSTGRES_MADE_MAX, "the journal in the schema %s is up to date",
                             schema);
    if (with_roles)
        snprintf(made + len, POSTGRES_MADE_MAX - (size_t)len,
                 ", with the roles %s_reader, %s_submitter and %s_worker", schema, schema, schema);
    else
        snprintf(made + len, POSTGRES_MADE_MAX - (size_t)len,
                 "; this role of the database may not make roles, so nobody else has a right to "
                 "it: let one that may (CREATEROLE) run mailfrom journal init again");
}

/* Everything of one transaction. */
static enum err journal_make(struct postgres_store *s, bool creates, char made[POSTGRES_MADE_MAX],
                             struct why *why)
{
    int version = 0;
    bool with_roles = false;
    enum err err = turn_take(s, why);
    if (err == OK)
        err = version_read(s, &version, why);
    if (err == OK && version == 0 && !creates)
        err = why_set(why, ERR_GONE,
                      "has no journal in its schema %s: mailfrom journal init makes one",
                      s->url.schema);
    if (err == OK && version == 0)
        err = script_run(s,
                         "DO $make$ BEGIN IF to_regnamespace('@') IS NULL THEN CREATE SCHEMA @;"
                         " END IF; END $make$;",
                         why);
    if (err == OK && version < SCHEMA_VERSION_POSTGRES)
        err = versions_make(s, version, why);
    if (err == OK)
        err = rights_give(s, version < SCHEMA_VERSION_POSTGRES, &with_roles, why);
    if (err == OK)
        err = pg_commit(s->pg, why);
    if (pg_is_begun(s->pg))
        pg_rollback(s->pg);
    if (err == OK)
        made_say(s, version, with_roles, made);
    return err;
}

static enum err make(const char *url, bool creates, const struct notices *n,
                     char made[POSTGRES_MADE_MAX], struct why *why)
{
    struct postgres_store *s;
    struct journal *j = NULL;
    char shown[POSTGRES_SHOWN_MAX];
    *made = '\0';
    enum err err = postgres_store_new(&s, url, n, why);
    if (err == OK) {
        snprintf(s->denied, sizeof s->denied,
                 ". Tables are made and changed by the owner of the schema %s, and a schema by a "
                 "role with CREATE on the database (GRANT CREATE ON DATABASE NAME TO ROLE)",
                 s->url.schema);
        err = journal_make(s, creates, made, why);
        postgres_store_free(s);
    }
    if (err != OK)
        return why_wrap(why, err, "journal %s", postgres_journal_shown(url, shown));
    /* A writer numbers the rules of findings. */
    err = journal_open_postgres(&j, url, JOURNAL_WRITE, NULL, why);
    journal_close(j);
    return err;
}

enum err postgres_journal_init(const char *url, const struct notices *n,
                               char made[POSTGRES_MADE_MAX], struct why *why)
{
    return make(url, true, n, made, why);
}

enum err postgres_journal_migrate(const char *url, const struct notices *n,
                                  char made[POSTGRES_MADE_MAX], struct why *why)
{
    return make(url, false, n, made, why);
}
