/* Rows and moves of a run, read from its journal for the reports. */
#include "rows.h"

#include "limit.h"
#include "narrow.h"

struct row_sink {
    const struct run *run;
    bool (*fn)(void *fn_ctx, uint32_t row, const struct job_row *job);
    void *fn_ctx;
};

static bool pass_on(void *ctx, const struct record *record)
{
    struct row_sink *sink = ctx;
    uint32_t row = run_row_shown(sink->run, record->job);
    return row == FLEET_LEFT_OUT || sink->fn(sink->fn_ctx, row, &record->row);
}

static enum err source_rows(void *ctx,
                            bool (*fn)(void *fn_ctx, uint32_t row, const struct job_row *job),
                            void *fn_ctx, struct why *why)
{
    struct run *r = ctx;
    struct row_sink sink = {r, fn, fn_ctx};
    return run_rows_limited(r, r->journal, r->head.id, pass_on, &sink, why);
}

struct move_sink {
    const struct run *run;
    bool (*fn)(void *fn_ctx, const struct record *record);
    void *fn_ctx;
};

static bool move_pass(void *ctx, const struct record *record)
{
    struct move_sink *sink = ctx;
    struct record shown = *record;
    shown.job = run_row_shown(sink->run, record->job);
    return shown.job == FLEET_LEFT_OUT || sink->fn(sink->fn_ctx, &shown);
}

static enum err source_moves(void *ctx, bool (*fn)(void *fn_ctx, const struct record *record),
                             void *fn_ctx, struct why *why)
{
    struct run *r = ctx;
    struct move_sink sink = {r, fn, fn_ctx};
    return journal_moves(r->journal, r->head.id, move_pass, &sink, why);
}

struct report_source run_source(struct run *r)
{
    return (struct report_source){r, source_rows, source_moves};
}

enum tense run_tense(const struct run *r)
{
    bool is_plan = r->head.verb == RUN_PLAN;
    return is_plan && r->head.parent ? TENSE_ROLLBACK : is_plan ? TENSE_PLAN : TENSE_RUN;
}

enum err run_rows(struct run *r, bool (*fn)(void *ctx, const struct report_row *row), void *ctx,
                  struct why *why)
{
    const struct report_source source = run_source(r);
    const struct report_head head = {.goes_on = r->head.state == RUN_OPEN};
    const struct report report = {.head = &head, .fleet = &r->fleet, .source = &source};
    return report_rows(&report, fn, ctx, why);
}
