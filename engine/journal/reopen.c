/*
 * Rows of a shared run that begin again: each gets one record that says so, and every worker and
 * every reader goes by that. A mere mark would let a row begin again with each worker that takes
 * its lane over.
 */
#include "inside.h"

#include "base/arena.h"

struct reopening {
    struct reopened *first, **end;
    struct arena arena;
    instant_us at;
    bool out_of_memory;
};

struct reopened {
    struct reopened *next;
    struct record record;
};

static bool text_keep(struct reopening *r, struct text *text)
{
    struct text copy = text->len ? arena_text(&r->arena, *text) : TEXT_NONE;
    r->out_of_memory |= text->len > 0 && !copy.at;
    *text = copy;
    return !r->out_of_memory;
}

/* As a single process has it in mind after scheduler_restore() with reopen. */
static bool row_reopen(void *ctx, const struct record *last)
{
    struct reopening *r = ctx;
    if (last->row.state != JOB_DONE || !outcome_is_bad(last->row.outcome))
        return true;
    struct reopened *again = ARENA_NEW(&r->arena, struct reopened);
    r->out_of_memory |= !again;
    if (!again)
        return false;
    struct record *record = &again->record;
    *record = *last;
    record->kind = RECORD_MOVE;
    record->at = r->at;
    record->from = JOB_DONE;
    record->row.state = JOB_NEW;
    record->row.outcome = OUTCOME_OPEN;
    record->row.reason = TEXT("is tried again");
    record->row.finished = 0;
    record->row.restarts = 0;
    record->row.deadline = WHEN_NEVER;
    record->row.notes = (struct finding_notes){0};
    record->write_mail_from = TEXT_NONE;
    record->publish = NULL;
    *r->end = again;
    r->end = &again->next;
    return text_keep(r, &record->row.mail_from_before) && text_keep(r, &record->row.mail_from_seen);
}

enum err rows_reopen(struct journal *j, uint64_t run, instant_us at, struct why *why)
{
    struct reopening r = {.at = at};
    r.end = &r.first;
    arena_init(&r.arena, SIZE_MAX);
    enum err err = journal_rows(j, run, row_reopen, &r, why);
    if (err == OK && r.out_of_memory)
        err = why_set(why, ERR_NOMEM, "out of memory");
    for (const struct reopened *again = r.first; again && err == OK; again = again->next)
        err = record_store(j, run, &again->record, why);
    arena_clear(&r.arena);
    return err;
}
