/* The stores under test, behind one set of functions. */
#include "stores.h"

#include "journal/inside.h"
#include "journal/store_postgres/store_postgres.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "memory_store.h"
#include "pg_server.h"

#include <stdio.h>
#include <unistd.h>

enum store_kind store_kinds[STORE_KINDS] = {STORE_OF_SQLITE, STORE_OF_MEMORY, STORE_OF_POSTGRES};

static bool in_postgres(const struct stored *s)
{
    return *s->url != '\0';
}

/* Each test has a schema of its own in one database. */
static void schema_make(struct stored *s)
{
    static const char *database;
    static unsigned schemas;
    char made[POSTGRES_MADE_MAX];
    database = database ? database : pg_server_database();
    snprintf(s->url, sizeof s->url, "%s&schema=t%u", database, ++schemas);
    if (postgres_journal_init(s->url, NULL, made, &s->why) != OK)
        fail_msg("%s", s->why.text);
}

int stored_set_up(void **state)
{
    enum store_kind kind = *(enum store_kind *)*state;
    struct stored *s = calloc(1, sizeof *s);
    assert_non_null(s);
    arena_init(&s->arena, 1 << 20);
    if (kind == STORE_OF_POSTGRES) {
        schema_make(s);
    } else if (kind == STORE_OF_MEMORY) {
        s->rows = memory_rows_new();
        assert_non_null(s->rows);
    } else {
        strcpy(s->folder, "/tmp/journal_stores.XXXXXX");
        assert_non_null(mkdtemp(s->folder));
        snprintf(s->file, sizeof s->file, "%s/journal.db", s->folder);
    }
    *state = s;
    return 0;
}

int stored_tear_down(void **state)
{
    struct stored *s = *state;
    char command[128];
    stored_close(s);
    arena_clear(&s->arena);
    if (s->rows) {
        memory_rows_free(s->rows);
    } else if (!in_postgres(s)) {
        snprintf(command, sizeof command, "rm -rf %s", s->folder);
        assert_int_equal(system(command), 0);
    }
    free(s);
    return 0;
}

void stored_again(void **state)
{
    struct stored *s = *state;
    enum store_kind *kind = &store_kinds[s->rows          ? STORE_OF_MEMORY
                                         : in_postgres(s) ? STORE_OF_POSTGRES
                                                          : STORE_OF_SQLITE];
    assert_int_equal(stored_tear_down(state), 0);
    *state = kind;
    assert_int_equal(stored_set_up(state), 0);
}

enum err stored_try(struct stored *s, struct journal **out, enum journal_mode mode)
{
    if (in_postgres(s))
        return journal_open_postgres(out, s->url, mode, NULL, &s->why);
    return s->rows ? journal_open_rows(out, s->rows, mode, &s->why)
                   : journal_open_file(out, s->file, mode, &s->why);
}

void stored_open(struct stored *s, enum journal_mode mode)
{
    stored_close(s);
    if (stored_try(s, &s->journal, mode) != OK)
        fail_msg("%s", s->why.text);
}

void stored_close(struct stored *s)
{
    journal_close(s->journal);
    s->journal = NULL;
}

uint64_t stored_begin(struct stored *s, uint32_t jobs)
{
    struct fleet f;
    struct run_head head = {.started = 1000, .seed = 7};
    struct choice c = {0};
    struct account main_account = {0};
    name_id region;
    uint16_t index;
    uint32_t row;
    fleet_init(&f);
    assert_true(names_init(&f.names, 1 << 20));
    assert_true(names_add(&f.names, TEXT("main"), &main_account.name));
    assert_true(names_add(&f.names, TEXT("us-east-1"), &region));
    assert_true(fleet_account(&f, main_account, &index));
    assert_true(fleet_lane(&f, 0, region, &index));
    assert_true(fleet_policy(&f, (struct policy){0}, &index));
    for (uint32_t i = 0; i < jobs; i++) {
        char name[32];
        int len = snprintf(name, sizeof name, "d%u.test", i);
        assert_true(names_add(&f.names, (struct text){name, (size_t)len}, &c.identity));
        assert_true(fleet_choice(&f, c, &row));
    }
    if (journal_begin(s->journal, &head, &f, &s->why) != OK)
        fail_msg("%s", s->why.text);
    fleet_clear(&f);
    return head.id;
}

uint64_t stored_rule(struct stored *s, enum finding rule)
{
    unsigned number = s->journal->rules.number_of[rule];
    assert_true(number < RULE_NUMBERS);
    return number;
}

/* Carries out a statement where "@" is the schema; the first value of its first row. */
static const char *postgres_sql_of(const struct stored *s, const char *statement)
{
    char line[900];
    size_t at = strcspn(statement, "@");
    const char *schema = strstr(s->url, "schema=") + 7;
    snprintf(line, sizeof line, "%.*s%s%s", (int)at, statement, schema, statement + at + 1);
    char url[200];
    snprintf(url, sizeof url, "%.*s", (int)(schema - 8 - s->url), s->url);
    return pg_server_sql(url, line);
}

/* Numbers of PostgreSQL have gaps where a journal was closed. */
uint64_t stored_number(const struct stored *s, unsigned nth)
{
    char statement[100];
    if (!in_postgres(s))
        return s->rows ? (uint64_t)nth * MEMORY_STEP : nth;
    snprintf(statement, sizeof statement, "SELECT seq FROM @.record ORDER BY seq LIMIT 1 OFFSET %u",
             nth - 1);
    uint64_t number = strtoull(postgres_sql_of(s, statement), NULL, 10);
    return number ? number : nth;
}

/* With SQLite's own log folded in: the main file alone is changed. */
static void sql(const struct stored *s, const char *statement)
{
    char line[900];
    snprintf(line, sizeof line,
             "cd %s && /usr/bin/python3 -c \"import sqlite3;c=sqlite3.connect('journal.db',"
             "isolation_level=None);c.execute('''%s ''')\" && rm -f journal.db-wal journal.db-shm",
             s->folder, statement);
    assert_int_equal(system(line), 0);
}

static const char *number_name(enum store_table table)
{
    switch (table) {
    case TABLE_RUN: return "id";
    case TABLE_RECORD:
    case TABLE_PUBLISHED:
    case TABLE_LANE_NOTE:
    case TABLE_ORDER:
    case TABLE_ASKED: return "seq";
    case TABLE_WATCHED:
    case TABLE_WATCH_PROBLEM:
    case TABLE_RULE: return "number";
    case TABLE_LOST: return "run";
    default: return "place";
    }
}

static void value_print_postgres(const struct store_value *v, char out[300])
{
    switch (v->type) {
    case STORE_NULL: strcpy(out, "NULL"); break;
    case STORE_INT: snprintf(out, 300, "%lld", (long long)v->number); break;
    case STORE_REAL: snprintf(out, 300, "'%g'::double precision", v->real); break;
    case STORE_TEXT: snprintf(out, 300, "'" TEXT_FMT "'", TEXT_ARG(v->text)); break;
    case STORE_BYTES:
        snprintf(out, 300, v->text.len ? "decode(repeat('00', %zu), 'hex')" : "''", v->text.len);
        break;
    }
}

bool stored_may_be(const struct stored *s, enum store_table table, const char *column,
                   struct store_value value)
{
    char statement[200];
    if (!in_postgres(s) || !column || value.type != STORE_TEXT)
        return true;
    snprintf(statement, sizeof statement,
             "SELECT pg_typeof(\"%s\") = 'text'::regtype FROM @.%s LIMIT 1", column,
             store_columns[table].name);
    return *postgres_sql_of(s, statement) != 'f';
}

static void value_print(const struct store_value *v, char out[300])
{
    switch (v->type) {
    case STORE_NULL: strcpy(out, "NULL"); break;
    case STORE_INT: snprintf(out, 300, "%lld", (long long)v->number); break;
    case STORE_REAL: snprintf(out, 300, "%g", v->real); break;
    case STORE_TEXT: snprintf(out, 300, "'" TEXT_FMT "'", TEXT_ARG(v->text)); break;
    case STORE_BYTES: snprintf(out, 300, "zeroblob(%zu)", v->text.len); break;
    }
    if (v->type == STORE_REAL && strcmp(out, "inf") == 0)
        strcpy(out, "9e999");
}

void stored_set(struct stored *s, enum store_table table, uint64_t number, const char *column,
                struct store_value value)
{
    char statement[600], text[300];
    stored_close(s);
    if (s->rows) {
        memory_set(s->rows, table, number, column, value);
        return;
    }
    if (in_postgres(s)) {
        value_print_postgres(&value, text);
        snprintf(statement, sizeof statement, "UPDATE @.%s SET \"%s\" = %s WHERE %s = %llu",
                 store_columns[table].name, column, text, number_name(table),
                 (unsigned long long)number);
        postgres_sql_of(s, statement);
        return;
    }
    value_print(&value, text);
    snprintf(statement, sizeof statement, "UPDATE %s SET %s = %s WHERE %s = %llu",
             store_columns[table].name, column, text, number_name(table),
             (unsigned long long)number);
    sql(s, statement);
}

void stored_drop(struct stored *s, enum store_table table, uint64_t number)
{
    char statement[200];
    stored_close(s);
    if (s->rows) {
        memory_drop(s->rows, table, number);
        return;
    }
    snprintf(statement, sizeof statement, "DELETE FROM %s%s WHERE %s = %llu",
             in_postgres(s) ? "@." : "", store_columns[table].name, number_name(table),
             (unsigned long long)number);
    if (in_postgres(s))
        postgres_sql_of(s, statement);
    else
        sql(s, statement);
}
