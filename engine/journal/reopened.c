/*
 * Rows that ended badly and begin again, in a run that several workers carry. Each gets a record
 * that says so, in the transaction that opens the run again: whoever carries the row from then on
 * reads it, also who takes over later, and a row that has failed once more stays final.
 */
#include "inside.h"

#include <assert.h>

struct reopened {
    struct record *list;
    uint32_t len, cap;
    struct arena arena;
    instant_us at;
    bool no_memory;
};

/* The record of a row that begins again. What it has done stays known. */
static struct record begun_again(const struct record *last, instant_us at, struct arena *arena)
{
    struct record r = {.job = last->job, .kind = RECORD_MOVE, .at = at, .from = JOB_NEW};
    r.write_behavior = last->write_behavior;
    r.row = last->row;
    r.row.state = JOB_NEW;
    r.row.outcome = OUTCOME_OPEN;
    r.row.reason = TEXT_NONE;
    r.row.notes = (struct finding_notes){0};
    r.row.mail_from_before = arena_text(arena, last->row.mail_from_before);
    r.row.mail_from_seen = arena_text(arena, last->row.mail_from_seen);
    r.row.restarts = r.row.attempts = 0;
    r.row.finished = 0;
    r.row.deadline = WHEN_NEVER;
    return r;
}

static bool row_take(void *ctx, const struct record *record)
{
    struct reopened *r = ctx;
    if (record->row.state != JOB_DONE || !outcome_is_bad(record->row.outcome))
        return true;
    if (r->len == r->cap) {
        struct record *grown = arena_grow(&r->arena, r->list, sizeof *r->list, r->len, &r->cap);
        r->no_memory = !grown;
        if (!grown)
            return false;
        r->list = grown;
    }
    const struct record again = begun_again(record, r->at, &r->arena);
    r->no_memory = (record->row.mail_from_before.len && !again.row.mail_from_before.at) ||
                   (record->row.mail_from_seen.len && !again.row.mail_from_seen.at);
    r->list[r->len++] = again;
    return !r->no_memory;
}

enum err rows_reopen(struct journal *j, uint64_t run, instant_us at, struct why *why)
{
    struct reopened r = {.at = at};
    arena_init(&r.arena, SIZE_MAX);
    assert(journal_is_shared(j) && !j->store->fence);
    enum err err = journal_rows(j, run, row_take, &r, why);
    if (err == OK && r.no_memory)
        err = why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; err == OK && i < r.len; i++)
        err = record_store(j, run, &r.list[i], why);
    arena_clear(&r.arena);
    return err;
}
