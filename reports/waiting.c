/* Rows that wait for DNS, folded by zone. */
#include "waiting.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "records.h"

#include <stdlib.h>
#include <string.h>

struct zone_folding {
    struct waiting *w;
    const struct fleet *fleet;
    waiting_zone_of *zone_of;
    void *ctx;
    instant_us *since; /* of each row: when it first waited for DNS; 0: it never did */
    uint32_t cap;
    bool failed;
};

struct text waiting_parent(void *ctx, struct text mail_from)
{
    struct text parent = dname_parent(mail_from);
    (void)ctx;
    return parent.len ? parent : mail_from;
}

static bool move_take(void *ctx, const struct record *record)
{
    struct zone_folding *f = ctx;
    if (record->row.state == JOB_WAITING_DNS && !f->since[record->job])
        f->since[record->job] = record->at;
    return true;
}

static struct waiting_zone *zone_take(struct zone_folding *f, struct text zone)
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

static bool row_take(void *ctx, uint32_t row, const struct job_row *job)
{
    struct zone_folding *f = ctx;
    struct text mail_from = fleet_mail_from(f->fleet, row);
    if (job->state != JOB_WAITING_DNS || mail_from.len == 0)
        return true;
    struct waiting_zone *zone = zone_take(f, f->zone_of(f->ctx, mail_from));
    f->failed = !zone;
    if (!zone)
        return false;
    if (zone->rows++ == 0 || f->since[row] < zone->since) {
        zone->since = f->since[row];
        zone->oldest = row;
    }
    zone->deadline = when_earlier(zone->deadline, job->deadline);
    f->w->rows++;
    return true;
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

enum err waiting_make(struct waiting *w, const struct report *report, waiting_zone_of *zone_of,
                      void *ctx, struct why *why)
{
    const struct report_source *source = report->source;
    struct zone_folding f = {
        .w = w, .fleet = report->fleet, .zone_of = zone_of, .ctx = ctx, .failed = false};
    memset(w, 0, sizeof *w);
    f.since = calloc(report->fleet->choices_len + 1u, sizeof *f.since);
    if (!names_init(&w->zones, NAMES_BYTES_MAX) || !f.since) {
        free(f.since);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    enum err err = source->moves(source->ctx, move_take, &f, why);
    if (err == OK)
        err = source->rows(source->ctx, row_take, &f, why);
    free(f.since);
    if (err == OK && f.failed)
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK && w->len)
        qsort_r(w->list, w->len, sizeof *w->list, zone_cmp, w);
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
