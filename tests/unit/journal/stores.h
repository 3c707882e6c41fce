/*
 * A journal that a test keeps in any store: each test is listed once for each (ON_STORES), opens
 * and closes as often as it likes, and may damage what is kept. What is said of files is tested in
 * place.c, damage.c, versions.c and crash.c.
 */
#ifndef MF_STORES_H
#define MF_STORES_H

#include "journal/store.h"

#include "unit.h"

struct stored {
    struct memory_rows *rows; /* in memory */
    char url[200];            /* in PostgreSQL; "": neither, so in a file of SQLite */
    char folder[64], file[96];
    struct journal *journal; /* NULL: not open */
    struct arena arena;
    struct why why;
};

/* Opens anew; an error ends the test. */
void stored_open(struct stored *s, enum journal_mode mode);
enum err stored_try(struct stored *s, struct journal **out, enum journal_mode mode);
void stored_close(struct stored *s);
/* Begins a run of a fleet of d0.test, d1.test, ... in one lane of the account "main". */
uint64_t stored_begin(struct stored *s, uint32_t jobs);

/* The number that an open journal has given a rule of findings. */
uint64_t stored_rule(struct stored *s, enum finding rule);
/* The number that the nth record of the store has, counted from 1. */
uint64_t stored_number(const struct stored *s, unsigned nth);
/* A column of PostgreSQL has a type. */
bool stored_may_be(const struct stored *s, enum store_table table, const char *column,
                   struct store_value value);
/* Damage to a journal that is closed; of every run that has such a row. */
void stored_set(struct stored *s, enum store_table table, uint64_t number, const char *column,
                struct store_value value);
void stored_drop(struct stored *s, enum store_table table, uint64_t number);

/* *state is one of these when a test is set up, and a struct stored from then on. */
enum store_kind { STORE_OF_SQLITE, STORE_OF_MEMORY, STORE_OF_POSTGRES, STORE_KINDS };
extern enum store_kind store_kinds[STORE_KINDS];
int stored_set_up(void **state);
int stored_tear_down(void **state);
void stored_again(void **state); /* an empty store of the same kind */

#define ON_STORE(kind, name_of, function)                                                          \
    {                                                                                              \
        name_of ": " #function, function, stored_set_up, stored_tear_down, &store_kinds[kind]      \
    }
#define ON_STORES(function)                                                                        \
    ON_STORE(STORE_OF_SQLITE, "sqlite", function), ON_STORE(STORE_OF_MEMORY, "memory", function),  \
        ON_STORE(STORE_OF_POSTGRES, "postgres", function)
/* What only a store with one writer at a time has: a running digest, and ERR_BUSY. */
#define ON_STORES_OF_ONE(function)                                                                 \
    ON_STORE(STORE_OF_SQLITE, "sqlite", function), ON_STORE(STORE_OF_MEMORY, "memory", function)

#endif
