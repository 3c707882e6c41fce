/*
 * The journal's life on its store: opening, transactions, closing.
 *
 * Invariant: the rows of a transaction are in the store whole or not at all; after the first
 * transaction in doubt no more rows are put.
 */
#include "inside.h"

#include "base/bounds.h"

#include <assert.h>
#include <stdlib.h>

enum err journal_wrap(const struct journal *j, enum err err, struct why *why)
{
    return why_wrap(why, err, "journal %s", j->store->name);
}

static enum err journal_trouble(struct journal *j, enum err err, struct why *why)
{
    assert(err != OK);
    struct why unheard = {""};
    struct why *said = why ? why : &unheard;
    if (!why)
        why_set(said, err, "a write failed for an unknown reason");
    j->store->has_failed = true;
    assert(!j->is_entered);
    journal_wrap(j, err, said);
    j->trouble = *said;
    j->failed = err;
    return err;
}

/* A shared store goes on with the next transaction: an error has left nothing behind. What is begun
 * together fails as a whole. */
static enum err journal_failed(struct journal *j, enum err err, struct why *why)
{
    if (!journal_is_shared(j) || j->together)
        return journal_trouble(j, err, why);
    return journal_wrap(j, err, why);
}

void journal_invariant(const struct journal *j)
{
    const struct store *s = j->store;
    assert(s->name);
    assert(s->ops->close && s->ops->rows && s->ops->fetch && s->ops->tail);
    assert(s->is_read_only || (s->ops->enter && s->ops->put && s->ops->leave));
    assert(j->tail.run || !j->tail.record);
    assert(s->has_failed || !j->trouble.text[0]);
}

enum err journal_enter(struct journal *j, struct why *why)
{
    struct store *s = j->store;
    assert(!s->is_read_only);
    journal_invariant(j);
    if (s->has_failed)
        return why_set(why, journal_is_shared(j) ? j->failed : ERR_IO,
                       "%s (the journal takes no more records)", j->trouble.text);
    if (j->is_entered)
        return OK;
    enum err err = s->ops->enter(s, why);
    j->is_entered = err == OK && j->together;
    return err == OK ? OK : journal_failed(j, err, why);
}

enum err journal_leave(struct journal *j, enum err err, enum store_end end, struct why *why)
{
    struct store *s = j->store;
    assert(!j->together || end == STORE_COMMIT);
    if (err == OK && j->is_entered)
        return OK; /* durable when they are apart */
    j->is_entered = false;
    if (err != OK)
        s->ops->leave(s, STORE_UNDO, NULL);
    else
        err = s->ops->leave(s, end, why);
    s->fence = NULL;
    journal_invariant(j);
    return err == OK ? OK : journal_failed(j, err, why);
}

void journal_together(struct journal *j)
{
    assert(!j->together);
    j->together = true;
}

/* Was a transaction begun since? */
static bool together_end(struct journal *j)
{
    bool is_entered = j->is_entered;
    j->together = j->is_entered = false;
    j->begun = 0;
    if (journal_is_shared(j)) {
        j->store->has_failed = false;
        j->trouble = (struct why){""};
    }
    return is_entered;
}

enum err journal_apart(struct journal *j, struct why *why)
{
    return together_end(j) ? journal_leave(j, OK, STORE_COMMIT, why) : OK;
}

void journal_undo(struct journal *j)
{
    if (together_end(j))
        j->store->ops->leave(j->store, STORE_UNDO, NULL);
    j->store->fence = NULL;
}

enum err journal_put(struct journal *j, enum store_table table, uint64_t run,
                     const struct store_value *values, uint64_t *number, struct why *why)
{
    assert(table < STORE_TABLES);
    assert(!j->store->has_failed);
    return j->store->ops->put(j->store, table, run, values, number, why);
}

enum err journal_each(struct journal *j, enum store_table table, uint64_t run,
                      bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                      struct why *why)
{
    assert(table < STORE_VIEWS);
    return j->store->ops->rows(j->store, table, run, fn, ctx, why);
}

enum err journal_damaged(struct why *why, const char *what)
{
    assert(what[0]);
    return why_set(
        why, ERR_IO,
        "the journal is damaged: %s: restore it from a copy, or name another file with --journal",
        what);
}

bool journal_is_shared(const struct journal *j)
{
    return j->store->leases != NULL;
}

enum err journal_open(struct journal **out, struct store *store, struct why *why)
{
    *out = NULL;
    assert(store->ops);
    assert(store->name);
    struct journal *j = calloc(1, sizeof *j);
    if (!j) {
        store->ops->close(store);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    j->store = store;
    buf_init(&j->notes, RECORD_BYTES_MAX);
    enum err err = rule_numbers_load(j, why);
    if (err == OK && !store->is_read_only)
        err = rule_numbers_add(j, why);
    if (err != OK) {
        store->has_failed = true;
        journal_close(j);
        return err;
    }
    *out = j;
    return OK;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    buf_clear(&j->notes);
    free(j->fences);
    outline_clear(&j->outline);
    j->store->ops->close(j->store);
    free(j);
}

enum journal_writer journal_writer(const struct journal *j, uint64_t run,
                                   char holder[JOURNAL_HOLDER_MAX])
{
    assert(j->store->is_read_only);
    return j->store->ops->writer(j->store, run, holder);
}
