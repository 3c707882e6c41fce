/* Rows that wait for DNS, folded by zone. */
#include "waiting.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "records.h"

#include <stdlib.h>
#include <string.h>

struct text waiting_parent(void *ctx, struct text mail_from)
{
    struct text parent = dname_parent(mail_from);
    (void)ctx;
    return parent.len ? parent : mail_from;
}

void waiting_move(struct waiting_fold *f, const struct record *record)
{
    if (record->row.state == JOB_WAITING_DNS && record->job < f->rows && !f->since[record->job])
        f->since[record->job] = record->at;
}

static struct waiting_zone *zone_take(struct waiting_fold *f, struct text zone)
{
    name_id id;
    struct waiting *w = f->w;
    if (!names_add(&w->zones, zone, &id) || id == NAME_NONE)
        return NULL;
    if (id <= w->len)
        return &w->list[id - 1];
    if (w->len == f->cap) {
        uint32_t cap = f->cap ? 2 * f->cap : 64;
        struct waiting_zone *list = realloc(w->list, cap * sizeof *list);
        if (!list)
            return NULL;
        w->list = list;
        f->cap = cap;
    }
    w->list[w->len] = (struct waiting_zone){.zone = id, .deadline = WHEN_NEVER};
    return &w->list[w->len++];
}

void waiting_row(struct waiting_fold *f, uint32_t row, enum job_state state, struct text mail_from,
                 instant_us deadline)
{
    if (state != JOB_WAITING_DNS || mail_from.len == 0 || f->failed)
        return;
    struct waiting_zone *zone = zone_take(f, f->zone_of(f->ctx, mail_from));
    f->failed = !zone;
    if (!zone)
        return;
    if (zone->rows++ == 0 || f->since[row] < zone->since) {
        zone->since = f->since[row];
        zone->oldest = row;
    }
    zone->deadline = when_earlier(zone->deadline, deadline);
    f->w->rows++;
}

static int zone_cmp(const void *left, const void *right, void *ctx)
{
    const struct waiting_zone *a = left, *b = right;
    /* A run comes to thousands of rows one after another: an hour makes nobody older. */
    instant_us of_a = a->since / SPAN_H(1), of_b = b->since / SPAN_H(1);
    if (of_a != of_b)
        return of_a < of_b ? -1 : 1;
    if (a->rows != b->rows)
        return a->rows > b->rows ? -1 : 1;
    return records_name_cmp(waiting_name(ctx, a), waiting_name(ctx, b));
}

enum err waiting_begin(struct waiting_fold *f, struct waiting *w, const struct fleet *fleet,
                       waiting_zone_of *zone_of, void *ctx, struct why *why)
{
    memset(w, 0, sizeof *w);
    *f = (struct waiting_fold){.w = w,
                               .zone_of = zone_of,
                               .ctx = ctx,
                               .since = calloc(fleet->choices_len + 1u, sizeof *f->since),
                               .rows = fleet->choices_len};
    return f->since && names_init(&w->zones, NAMES_BYTES_MAX)
               ? OK
               : why_set(why, ERR_NOMEM, "out of memory");
}

void waiting_drop(struct waiting_fold *f)
{
    free(f->since);
    f->since = NULL;
}

enum err waiting_end(struct waiting_fold *f, struct why *why)
{
    struct waiting *w = f->w;
    waiting_drop(f);
    if (f->failed)
        return why_set(why, ERR_NOMEM, "out of memory");
    if (w->len)
        qsort_r(w->list, w->len, sizeof *w->list, zone_cmp, w);
    return OK;
}

static bool move_take(void *ctx, const struct record *record)
{
    waiting_move(ctx, record);
    return true;
}

struct rows_taking {
    struct waiting_fold fold;
    const struct fleet *fleet;
};

static bool row_take(void *ctx, uint32_t row, const struct job_row *job)
{
    struct rows_taking *t = ctx;
    waiting_row(&t->fold, row, job->state, fleet_mail_from(t->fleet, row), job->deadline);
    return !t->fold.failed;
}

enum err waiting_make(struct waiting *w, const struct report *report, waiting_zone_of *zone_of,
                      void *ctx, struct why *why)
{
    const struct report_source *source = report->source;
    struct rows_taking t = {.fleet = report->fleet};
    enum err err = waiting_begin(&t.fold, w, report->fleet, zone_of, ctx, why);
    if (err == OK)
        err = source->moves(source->ctx, move_take, &t.fold, why);
    if (err == OK)
        err = source->rows(source->ctx, row_take, &t, why);
    if (err == OK)
        return waiting_end(&t.fold, why);
    waiting_drop(&t.fold);
    return err;
}

void waiting_clear(struct waiting *w)
{
    names_clear(&w->zones);
    free(w->list);
}

struct text waiting_name(const struct waiting *w, const struct waiting_zone *zone)
{
    return names_text(&w->zones, zone->zone);
}
