/* Zones that a run waits for, the oldest and largest first. */
#include "waiting_text.h"

#include "base/plural.h"
#include "messages.h"
#include "options/advice.h"
#include "reports/waiting.h"
#include "rules/suffix.h"
#include "run/rows.h"

#include <stdlib.h>

/* The rows that have waited longest, by zone shown. */
struct oldest {
    const struct waiting *waiting;
    uint32_t len;
    struct text *reasons; /* in arena */
    uint32_t *by_row;     /* zones by their rows, which come in this order */
    uint32_t next;
    struct arena arena;
};

static struct text organizational(void *ctx, struct text mail_from)
{
    struct text domain = suffix_registrable(ctx, mail_from);
    return domain.len ? domain : waiting_parent(NULL, mail_from);
}

static bool reason_take(void *ctx, const struct report_row *row)
{
    struct oldest *old = ctx;
    const struct waiting_zone *list = old->waiting->list;
    while (old->next < old->len && list[old->by_row[old->next]].oldest == row->number)
        old->reasons[old->by_row[old->next++]] = arena_text(&old->arena, row->reason);
    return old->next < old->len;
}

static int oldest_cmp(const void *left, const void *right, void *ctx)
{
    const struct waiting_zone *list = ctx;
    uint32_t a = list[*(const uint32_t *)left].oldest, b = list[*(const uint32_t *)right].oldest;
    return (a > b) - (a < b);
}

static enum err reasons_read(struct oldest *old, struct run *r, struct why *why)
{
    old->reasons = calloc(old->len, sizeof *old->reasons);
    old->by_row = calloc(old->len, sizeof *old->by_row);
    if (!old->reasons || !old->by_row)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < old->len; i++)
        old->by_row[i] = i;
    qsort_r(old->by_row, old->len, sizeof *old->by_row, oldest_cmp, old->waiting->list);
    return run_rows(r, reason_take, old, why);
}

static void zone_print(const struct run *r, const struct oldest *old, uint32_t i)
{
    const struct waiting_zone *zone = &old->waiting->list[i];
    struct buf a, b;
    char since[WHEN_LEN], deadline[WHEN_LEN];
    bool ends = zone->deadline != WHEN_NEVER;
    buf_init(&a, LINE_LEN_MAX);
    buf_init(&b, LINE_LEN_MAX);
    message_say(2, "%s: %u %s since %s%s%s", message_safe(&a, waiting_name(old->waiting, zone)),
                zone->rows, plural(zone->rows, "identity", "identities"),
                when_format(zone->since, since), ends ? ", deadline " : "",
                ends ? when_format(zone->deadline, deadline) : "");
    message_say(4, "%s  %s", message_safe(&a, fleet_identity(&r->fleet, zone->oldest)),
                message_safe(&b, old->reasons[i]));
    buf_clear(&a);
    buf_clear(&b);
}

/* Not inlined: its advice would lie on the stack of all that comes before and after. */
__attribute__((noinline)) static void more_print(const struct options *o, const struct run *r,
                                                 uint32_t more)
{
    struct advice a;
    printf("  ... and %u more: %s\n", more, advice_run(&a, o, "due", r->head.id, ""));
}

static enum err zones_print(const struct options *o, struct run *r, const struct waiting *w,
                            struct why *why)
{
    bool all = o->access.verbose || w->len <= WAITING_SHOWN;
    struct oldest old = {.waiting = w, .len = all ? w->len : WAITING_SHOWN};
    arena_init(&old.arena, SIZE_MAX);
    enum err err = reasons_read(&old, r, why);
    if (err == OK)
        printf("\nDomains whose records are waited for, the oldest and largest first:\n");
    for (uint32_t i = 0; err == OK && i < old.len; i++)
        zone_print(r, &old, i);
    if (err == OK && !all)
        more_print(o, r, w->len - old.len);
    free(old.reasons);
    free(old.by_row);
    arena_clear(&old.arena);
    return err;
}

enum err waiting_print(const struct options *o, struct run *r, struct why *why)
{
    const struct report_source source = run_source(r);
    const struct report report = {.fleet = &r->fleet, .source = &source};
    struct waiting w;
    enum err err = r->suffixes ? OK : suffix_list_open(&r->suffixes, o->access.psl_file, why);
    if (err != OK)
        return err;
    err = waiting_make(&w, &report, organizational, r->suffixes, why);
    if (err == OK && w.len)
        err = zones_print(o, r, &w, why);
    waiting_clear(&w);
    return err;
}
