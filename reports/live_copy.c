/*
 * The copy of a live page. A row is one block of memory with its texts behind it, so a newer one
 * takes its place with a pointer; moves lie in an array of sixteen bytes each.
 */
#include "live_copy.h"

#include <stdlib.h>
#include <string.h>

static struct text text_put(char **to, struct text t)
{
    struct text copy = {*to, t.len};
    if (t.len == 0)
        return TEXT_NONE;
    memcpy(*to, t.at, t.len);
    *to += t.len;
    return copy;
}

/* One block: the notes, and their sentences behind them. */
static bool notes_copy(struct live_kept *kept, const struct finding_notes *notes)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < notes->len; i++)
        bytes += notes->at[i].text.len;
    kept->notes = malloc((notes->len + 1u) * sizeof *kept->notes + bytes);
    if (!kept->notes)
        return false;
    char *to = (char *)(kept->notes + notes->len + 1u);
    for (uint32_t i = 0; i < notes->len; i++) {
        kept->notes[i] = notes->at[i];
        kept->notes[i].text = text_put(&to, notes->at[i].text);
    }
    kept->record.row.notes.at = kept->notes;
    return true;
}

struct live_kept *live_kept_new(const struct record *r)
{
    const struct job_row *row = &r->row;
    const struct publish_record none = {.target = 0}, *p = r->publish ? r->publish : &none;
    size_t bytes = r->write_mail_from.len + row->reason.len + row->mail_from_before.len +
                   row->mail_from_seen.len + p->zone.len + p->zone_id.len + p->reason.len +
                   p->txt_before.len + p->txt_after.len;
    struct live_kept *kept = malloc(sizeof *kept + bytes);
    if (!kept)
        return NULL;
    *kept = (struct live_kept){.record = *r, .publish = *p};
    char *to = (char *)(kept + 1);
    kept->record.write_mail_from = text_put(&to, r->write_mail_from);
    kept->record.row.reason = text_put(&to, row->reason);
    kept->record.row.mail_from_before = text_put(&to, row->mail_from_before);
    kept->record.row.mail_from_seen = text_put(&to, row->mail_from_seen);
    kept->publish.zone = text_put(&to, p->zone);
    kept->publish.zone_id = text_put(&to, p->zone_id);
    kept->publish.reason = text_put(&to, p->reason);
    kept->publish.txt_before = text_put(&to, p->txt_before);
    kept->publish.txt_after = text_put(&to, p->txt_after);
    kept->record.publish = r->publish ? &kept->publish : NULL;
    if (!row->notes.known || notes_copy(kept, &row->notes))
        return kept;
    live_kept_free(kept);
    return NULL;
}

void live_kept_free(struct live_kept *kept)
{
    while (kept) {
        struct live_kept *next = kept->next;
        free(kept->notes);
        free(kept);
        kept = next;
    }
}

bool live_copy_init(struct live_copy *c, uint32_t jobs, uint32_t targets)
{
    *c = (struct live_copy){.jobs = jobs,
                            .targets = targets,
                            .rows = calloc(jobs + 1u, sizeof *c->rows),
                            .published = calloc(targets + 1u, sizeof *c->published)};
    return c->rows && c->published;
}

void live_copy_clear(struct live_copy *c)
{
    for (uint32_t i = 0; c->rows && i < c->jobs; i++)
        live_kept_free(c->rows[i]);
    for (uint32_t i = 0; c->published && i < c->targets; i++)
        live_kept_free(c->published[i]);
    free(c->rows);
    free(c->published);
    free(c->moves);
    *c = (struct live_copy){.jobs = 0};
}

static void move_add(struct live_copy *c, const struct record *r)
{
    if (c->moves_len == c->moves_cap) {
        size_t cap = c->moves_cap ? 2 * c->moves_cap : 1024;
        struct live_move *moves = realloc(c->moves, cap * sizeof *moves);
        c->failed |= !moves;
        if (!moves)
            return;
        c->moves = moves;
        c->moves_cap = cap;
    }
    c->moves[c->moves_len++] = (struct live_move){.at = r->at,
                                                  .job = r->job,
                                                  .kind = (uint8_t)r->kind,
                                                  .from = (uint8_t)r->from,
                                                  .state = (uint8_t)r->row.state,
                                                  .outcome = (uint8_t)r->row.outcome};
    c->last = when_later(c->last, r->at);
}

/* Findings that a record does not know are those of the record before. */
static void row_put(struct live_kept **place, struct live_kept *kept)
{
    struct live_kept *before = *place;
    struct finding_notes *notes = &kept->record.row.notes;
    if (before && !notes->known) {
        *notes = before->record.row.notes;
        kept->notes = before->notes;
        before->notes = NULL;
    }
    live_kept_free(before);
    kept->next = NULL;
    *place = kept;
}

void live_copy_take(struct live_copy *c, struct live_kept *kept)
{
    while (kept) {
        struct live_kept *next = kept->next;
        const struct record *r = &kept->record;
        if (r->kind == RECORD_PUBLISH && kept->publish.target < c->targets) {
            c->last = when_later(c->last, kept->publish.at);
            row_put(&c->published[kept->publish.target], kept);
        } else if (record_is_of_job(r) && r->job < c->jobs) {
            move_add(c, r);
            row_put(&c->rows[r->job], kept);
        } else {
            kept->next = NULL;
            live_kept_free(kept);
        }
        kept = next;
    }
}

static bool move_read(void *ctx, const struct record *r)
{
    struct live_copy *c = ctx;
    if (r->job < c->jobs)
        move_add(c, r);
    return !c->failed;
}

static bool row_read(void *ctx, uint32_t row, const struct job_row *job)
{
    struct live_copy *c = ctx;
    const struct record r = {.job = row, .row = *job};
    if (row >= c->jobs)
        return true;
    struct live_kept *kept = live_kept_new(&r);
    c->failed |= !kept;
    if (kept)
        row_put(&c->rows[row], kept);
    return !c->failed;
}

enum err live_copy_read(struct live_copy *c, const struct report_source *source, struct why *why)
{
    enum err err = source->moves(source->ctx, move_read, c, why);
    if (err == OK)
        err = source->rows(source->ctx, row_read, c, why);
    return err == OK && c->failed ? why_set(why, ERR_NOMEM, "out of memory") : err;
}

static enum err copy_rows(void *ctx,
                          bool (*fn)(void *fn_ctx, uint32_t row, const struct job_row *job),
                          void *fn_ctx, struct why *why)
{
    const struct live_copy *c = ctx;
    (void)why;
    for (uint32_t i = 0; i < c->jobs; i++)
        if (c->rows[i] && !fn(fn_ctx, i, &c->rows[i]->record.row))
            break;
    return OK;
}

static enum err copy_moves(void *ctx, bool (*fn)(void *fn_ctx, const struct record *record),
                           void *fn_ctx, struct why *why)
{
    const struct live_copy *c = ctx;
    (void)why;
    for (size_t i = 0; i < c->moves_len; i++) {
        const struct live_move *m = &c->moves[i];
        const struct record r = {.job = m->job,
                                 .kind = (enum record_kind)m->kind,
                                 .at = m->at,
                                 .from = (enum job_state)m->from,
                                 .row = {.state = (enum job_state)m->state,
                                         .outcome = (enum outcome)m->outcome,
                                         .deadline = WHEN_NEVER}};
        if (!fn(fn_ctx, &r))
            break;
    }
    return OK;
}

struct report_source live_copy_source(struct live_copy *c)
{
    return (struct report_source){c, copy_rows, copy_moves};
}

enum err live_copy_published(void *copy, bool (*fn)(void *ctx, const struct publish_record *r),
                             void *ctx, struct why *why)
{
    const struct live_copy *c = copy;
    (void)why;
    for (uint32_t i = 0; i < c->targets; i++)
        if (c->published[i] && !fn(ctx, &c->published[i]->publish))
            break;
    return OK;
}
