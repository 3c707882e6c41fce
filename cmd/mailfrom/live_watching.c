/* A sweep as the live page shows it. Texts live as long as the call: the page copies them. */
#include "live_watching.h"

#include <stdlib.h>

struct problems {
    const struct watch_report *report;
    struct arena arena;
    struct live_problem *list; /* the problems, then the identities without one */
    uint32_t len, all;
    uint32_t by_level[WATCH_LEVELS], with_problems, unconfirmed;
};

static struct text mend_of(struct problems *p, const struct watching_problem *problem)
{
    struct buf mend;
    buf_init(&mend, LINE_LEN_MAX);
    watch_mend(&mend, p->report, problem, true);
    struct text copy = arena_text(&p->arena, buf_text(&mend));
    buf_clear(&mend);
    return copy;
}

/* is_bad: by row of the fleet. */
static void problem_take(struct problems *p, const struct watching_problem *problem, bool *is_bad)
{
    const struct fleet *f = &p->report->watching->run->fleet;
    const struct watch_key key = watching_key(f, problem->tag);
    const bool is_unconfirmed = problem->level == WATCH_WELL;
    if (!(problem->tag & WATCHING_LANE)) {
        p->with_problems += !is_unconfirmed && !is_bad[problem->tag];
        is_bad[problem->tag] = true;
    }
    p->unconfirmed += is_unconfirmed;
    p->by_level[problem->level] += !is_unconfirmed;
    p->list[p->len++] = (struct live_problem){.level = problem->level,
                                              .is_unconfirmed = is_unconfirmed,
                                              .kind = problem->kind,
                                              .account = key.lane.account,
                                              .region = key.lane.region,
                                              .identity = key.identity,
                                              .reason = text_of(problem->reason),
                                              .mend = mend_of(p, problem),
                                              .since = problem->since,
                                              .deadline = problem->deadline};
}

static void well_take(struct problems *p, uint32_t row)
{
    const struct fleet *f = &p->report->watching->run->fleet;
    struct text mail_from = fleet_mail_from(f, row);
    p->by_level[WATCH_WELL]++;
    p->list[p->all++] = (struct live_problem){.level = WATCH_WELL,
                                              .account = fleet_account_name(f, row),
                                              .region = fleet_region(f, row),
                                              .identity = fleet_identity(f, row),
                                              .reason = mail_from.len ? mail_from : TEXT("default"),
                                              .deadline = WHEN_NEVER};
}

static enum err problems_read(struct problems *p, struct why *why)
{
    const struct watching *w = p->report->watching;
    uint32_t rows = w->run->fleet.choices_len;
    bool *is_bad = calloc(rows + 1u, sizeof *is_bad);
    p->list = calloc((size_t)w->problems_len + rows + 1u, sizeof *p->list);
    bool has_room = is_bad && p->list;
    for (uint32_t i = 0; has_room && i < w->problems_len; i++)
        problem_take(p, &w->problems[i], is_bad);
    p->all = p->len;
    for (uint32_t i = 0; has_room && i < rows; i++)
        if (!is_bad[i])
            well_take(p, i);
    free(is_bad);
    return has_room ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

static uint64_t calls_of(const struct watching *w)
{
    uint64_t sum = 0;
    for (unsigned kind = 0; kind < CALL_ASK; kind++)
        sum += w->calls[kind][0].sent + w->calls[kind][1].sent;
    return sum;
}

enum err live_page_swept(struct live_page *page, const struct live_sweep *sweep, struct why *why)
{
    const struct watching *w = sweep->report->watching;
    struct problems p = {.report = sweep->report};
    if (!page)
        return OK;
    arena_init(&p.arena, SIZE_MAX);
    enum err err = problems_read(&p, why);
    const struct live_watch watch = {
        .problems = p.list,
        .problems_len = p.len,
        .rows = p.list,
        .rows_len = p.all,
        .identities = w->run->fleet.choices_len,
        .with_problems = p.with_problems,
        .unconfirmed = p.unconfirmed,
        .by_level = {p.by_level[0], p.by_level[1], p.by_level[2], p.by_level[3]},
        .last_sweep = sweep->last_success,
        .took = watching_took(w),
        .next_sweep = w->began ? w->began + sweep->every : WHEN_NEVER,
        .trouble = text_of(sweep->blind),
        .calls = calls_of(w),
        .now = sweep->now};
    if (err == OK)
        err = live_page_watched(page, &watch, sweep->metrics, sweep->every, why);
    free(p.list);
    arena_clear(&p.arena);
    return err;
}
