/* The stores under test, behind one set of functions. */
#include "stores.h"

#include "journal/inside.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "memory_store.h"

#include <stdio.h>
#include <unistd.h>

enum store_kind store_kinds[STORE_KINDS] = {STORE_OF_SQLITE, STORE_OF_MEMORY};

int stored_set_up(void **state)
{
    bool in_memory = *(enum store_kind *)*state == STORE_OF_MEMORY;
    struct stored *s = calloc(1, sizeof *s);
    assert_non_null(s);
    arena_init(&s->arena, 1 << 20);
    if (in_memory) {
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
    } else {
        snprintf(command, sizeof command, "rm -rf %s", s->folder);
        assert_int_equal(system(command), 0);
    }
    free(s);
    return 0;
}

void stored_again(void **state)
{
    struct stored *s = *state;
    enum store_kind *kind = &store_kinds[s->rows ? STORE_OF_MEMORY : STORE_OF_SQLITE];
    assert_int_equal(stored_tear_down(state), 0);
    *state = kind;
    assert_int_equal(stored_set_up(state), 0);
}

enum err stored_try(struct stored *s, struct journal **out, enum journal_mode mode)
{
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

uint64_t stored_number(const struct stored *s, unsigned nth)
{
    return s->rows ? (uint64_t)nth * MEMORY_STEP : nth;
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
    snprintf(statement, sizeof statement, "DELETE FROM %s WHERE %s = %llu",
             store_columns[table].name, number_name(table), (unsigned long long)number);
    sql(s, statement);
}
