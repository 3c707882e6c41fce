/* The targets of a run with their newest records, as rows of a report. */
#include "published_rows.h"

#include "publish/look.h"

#include <string.h>

struct rows {
    const struct publishing *p;
    struct publish_record *newest; /* by target; state PUBLISH_TO_LOOK without a record */
    uint32_t *items;               /* 2 * target + type */
    struct arena *arena;
    bool no_memory;
};

static enum err journal_each(void *ctx, bool (*fn)(void *fn_ctx, const struct publish_record *r),
                             void *fn_ctx, struct why *why)
{
    const struct run *r = ctx;
    return journal_publish_rows(r->journal, r->head.id, fn, fn_ctx, why);
}

static struct text kept(struct rows *rows, struct text t)
{
    struct text copy = arena_text(rows->arena, t);
    rows->no_memory |= !copy.at && t.len;
    return copy;
}

static bool newest_take(void *ctx, const struct publish_record *r)
{
    struct rows *rows = ctx;
    if (r->target >= rows->p->targets_len)
        return true;
    struct publish_record *to = &rows->newest[r->target];
    *to = *r;
    to->zone = kept(rows, r->zone);
    to->zone_id = kept(rows, r->zone_id);
    to->reason = kept(rows, r->reason);
    to->txt_before = kept(rows, r->txt_before);
    to->txt_after = kept(rows, r->txt_after);
    return !rows->no_memory;
}

static enum published_outcome outcome_of(const struct rows *rows, const struct publish_record *r,
                                         bool is_changed, bool is_swap)
{
    switch (r->state) {
    case PUBLISH_READY:
        return !is_changed        ? PUBLISHED_UNCHANGED
               : !rows->p->is_dry ? PUBLISHED_WAITING
                                  : PUBLISHED_PLANNED;
    case PUBLISH_VERIFYING: return is_changed ? PUBLISHED_VERIFYING : PUBLISHED_UNCHANGED;
    case PUBLISH_DONE:
        return !is_changed                               ? PUBLISHED_UNCHANGED
               : rows->p->run->head.verb == RUN_WITHDRAW ? PUBLISHED_WITHDRAWN
               : is_swap                                 ? PUBLISHED_MERGED
                                                         : PUBLISHED_CREATED;
    case PUBLISH_UNCHANGED: return PUBLISHED_UNCHANGED;
    case PUBLISH_PERSON: return PUBLISHED_PERSON;
    case PUBLISH_REFUSED: return PUBLISHED_REFUSED;
    case PUBLISH_FAILED: return PUBLISHED_FAILED;
    default: return PUBLISHED_WAITING;
    }
}

static struct text source_of(struct rows *rows, uint32_t row)
{
    struct buf scratch;
    buf_init(&scratch, LINE_LEN_MAX);
    struct text source = kept(rows, fleet_source(&rows->p->run->fleet, row, &scratch));
    buf_clear(&scratch);
    return source;
}

static void row_make(void *ctx, size_t i, struct published_row *row)
{
    struct rows *rows = ctx;
    const struct fleet *f = &rows->p->run->fleet;
    uint32_t target = rows->items[i] / 2;
    bool is_txt = rows->items[i] % 2;
    const struct publish_target *t = &rows->p->targets[target];
    const struct publish_record *r = &rows->newest[target];
    bool is_swap = is_txt && r->change == CHANGE_SWAP;
    bool is_changed = is_txt ? r->txt_changed : r->mx_changed;
    uint32_t provider = r->zone.len ? provider_of_zone(f, r->zone) : f->providers_len;
    *row = (struct published_row){
        .zone = r->zone,
        .zone_id = r->zone_id,
        .name = t->name,
        .type = is_txt ? RECORDS_TXT : RECORDS_MX,
        .value = {.preference = t->mx_preference, .data = is_txt ? t->txt : t->mx_exchange},
        .merges = is_swap && is_changed,
        .before = is_swap && is_changed ? r->txt_before : TEXT_NONE,
        .ttl_s = t->ttl_s,
        .outcome = outcome_of(rows, r, is_changed, is_swap),
        .reason = r->reason,
        .finished = publish_state_is_final(r->state) ? r->at : 0,
        .identity = fleet_identity(f, t->row),
        .source = source_of(rows, t->row),
    };
    if (is_swap && is_changed)
        row->value.data = r->txt_after;
    if (provider == f->providers_len)
        return;
    row->provider = text_of(provider_kind_name(f->providers[provider].kind));
    if (f->providers[provider].kind == PROVIDER_ROUTE53)
        row->account = names_text(&f->names, f->accounts[f->providers[provider].account].name);
}

enum err published_rows(struct publishing *p, struct published_list *list, struct why *why)
{
    return published_rows_of(p, journal_each, p->run, &p->run->arena, list, why);
}

enum err published_rows_of(const struct publishing *p, published_each *each, void *ctx,
                           struct arena *arena, struct published_list *list, struct why *why)
{
    const struct run *r = p->run;
    struct rows *rows = ARENA_NEW(arena, struct rows);
    if (!rows)
        return why_set(why, ERR_NOMEM, "out of memory");
    *rows = (struct rows){.p = p, .arena = arena};
    rows->newest = ARENA_ARRAY(arena, struct publish_record, p->targets_len + 1u);
    rows->items = ARENA_ARRAY(arena, uint32_t, 2 * p->targets_len + 1u);
    if (!rows->newest || !rows->items)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = each(ctx, newest_take, rows, why);
    *list = (struct published_list){.ctx = rows,
                                    .at = row_make,
                                    .run = p->is_dry ? 0 : r->head.id,
                                    .verb = text_of(journal_verb_name(r->head.verb)),
                                    .state = text_of(journal_state_name(r->head.state)),
                                    .version = r->head.version,
                                    .started = r->head.started,
                                    .stopped = r->head.stopped,
                                    .last = r->head.last};
    for (uint32_t i = 0; i < p->targets_len; i++) {
        if (p->targets[i].row == FLEET_LEFT_OUT)
            continue;
        if (p->targets[i].with_mx)
            rows->items[list->len++] = 2 * i;
        if (p->targets[i].with_txt)
            rows->items[list->len++] = 2 * i + 1;
    }
    for (size_t i = 0; i < list->len; i++) {
        struct published_row row;
        row_make(rows, i, &row);
        list->counts[row.outcome]++;
    }
    return err == OK && rows->no_memory ? why_set(why, ERR_NOMEM, "out of memory") : err;
}
