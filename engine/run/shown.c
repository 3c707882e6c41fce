/* What a plan has found, for the run that carries it out: the plan that was shown has a journal of
 * its own, and a plan file has a list of verdicts. */
#include "shown.h"

#include "base/count.h"
#include "limit.h"
#include "plan/plan_file.h"

#include <stdlib.h>

#define ROWS_TOGETHER 500 /* kept in one transaction */

enum err run_shown_begin(struct run *r, struct why *why)
{
    r->aside = r->journal;
    r->journal = NULL;
    r->head.verb = RUN_PLAN;
    r->keeps_scheduler = true;
    return run_journal_in_memory(r, why);
}

void run_shown_end(struct run *r)
{
    r->shown = r->journal;
    r->shown_run = r->head.id;
    r->journal = r->aside;
    r->aside = NULL;
    r->keeps_scheduler = false;
    r->head = (struct run_head){.verb = RUN_APPLY};
}

struct guarding {
    struct fleet *fleet;
    uint32_t changes;
    bool failed; /* no memory */
};

/* The row is written only while SES shows the facts of the plan. */
static bool row_guard(void *ctx, const struct record *record)
{
    struct guarding *g = ctx;
    const struct job_row *row = &record->row;
    struct expectation e = {.behavior = (uint8_t)row->behavior_seen, .status = MAIL_FROM_UNKNOWN};
    if (row->outcome == OUTCOME_SKIPPED)
        g->fleet->choices[record->job].guarded = GUARD_SKIP;
    if (!plan_goes_for(row->outcome))
        return true;
    g->failed = !names_add(&g->fleet->names, row->mail_from_seen, &e.mail_from);
    g->fleet->choices[record->job].guarded = GUARD_REVIEWED;
    g->fleet->expected[record->job] = e;
    g->changes++;
    return !g->failed;
}

enum err run_shown_guard(struct run *r, uint32_t *changes, struct why *why)
{
    struct guarding g = {.fleet = &r->fleet};
    r->fleet.expected = calloc(r->fleet.choices_len + 1, sizeof *r->fleet.expected);
    if (!r->fleet.expected)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = run_rows_limited(r, r->shown, r->shown_run, row_guard, &g, why);
    *changes = g.changes;
    return err == OK && g.failed ? why_set(why, ERR_NOMEM, "out of memory") : err;
}

static bool row_goes(void *ctx, const struct record *record)
{
    ((bool *)ctx)[record->job] = plan_goes_for(record->row.outcome);
    return true;
}

enum err run_plan_goes(const struct run *r, bool *keep, struct why *why)
{
    if (!r->fleet.expected)
        return run_rows_limited(r, r->journal, r->head.id, row_goes, keep, why);
    for (uint32_t row = 0; row < r->fleet.choices_len; row++)
        keep[row] = r->fleet.choices[row].guarded == GUARD_REVIEWED;
    return OK;
}

struct taking {
    struct run *run;
    instant_us now;
    struct arena texts; /* of the records below */
    struct record records[ROWS_TOGETHER];
    uint32_t len;
    enum err err;
    struct why *why;
};

static void rows_keep(struct taking *t)
{
    if (t->err == OK && t->len)
        t->err = journal_keep(t->run->journal, t->run->head.id, t->records, t->len, t->why);
    t->len = 0;
    arena_reset(&t->texts);
}

static void row_keep(struct taking *t, const struct record *record)
{
    struct record *to = &t->records[t->len++];
    struct text *texts[] = {&to->row.reason, &to->row.mail_from_before, &to->row.mail_from_seen};
    *to = *record;
    to->write_mail_from = TEXT_NONE;
    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = arena_text(&t->texts, *texts[i]);
    if (!finding_notes_copy(&to->row.notes, &t->texts))
        t->err = why_set(t->why, ERR_NOMEM, "out of memory");
    if (t->len == ROWS_TOGETHER)
        rows_keep(t);
}

/* Rows with a change begin at the state of the plan; the other outcomes stand. */
static bool row_take(void *ctx, const struct record *record)
{
    struct taking *t = ctx;
    struct record mine = *record;
    bool goes = plan_goes_for(record->row.outcome);
    if (run_is_unasked(t->run, record->row.outcome, record->row.seen_known)) {
        t->run->unasked++;
        return true;
    }
    mine.at = t->now;
    mine.from = JOB_NEW;
    if (goes) {
        mine.row.state = JOB_JUDGING;
        mine.row.outcome = OUTCOME_OPEN;
        mine.row.finished = 0;
        mine.row.deadline = WHEN_NEVER;
        if (t->run->scheduler)
            scheduler_adopt(t->run->scheduler, &mine, t->now);
    } else if (t->run->scheduler) {
        scheduler_restore(t->run->scheduler, &mine, false, t->now);
    }
    row_keep(t, &mine);
    return t->err == OK;
}

static enum err journal_take(struct taking *t)
{
    struct run *r = t->run;
    if (r->scheduler)
        scheduler_survey_adopt(r->scheduler, r->planner);
    return run_rows_limited(r, r->shown, r->shown_run, row_take, t, t->why);
}

static enum err verdicts_take(struct taking *t)
{
    struct run *r = t->run;
    for (const struct plan_verdict *v = r->verdicts; v && t->err == OK; v = v->next) {
        struct record mine = {
            .job = v->row, .at = t->now, .from = JOB_NEW, .row = plan_verdict_row(v, &r->fleet)};
        if (r->scheduler) {
            mine.row.first_seen = mine.row.finished = t->now;
            mine.row.calls = 0; /* those of the plan */
            scheduler_settle(r->scheduler, &mine);
        }
        row_keep(t, &mine);
    }
    return OK;
}

static enum err all_take(struct run *r, instant_us now, enum err (*take)(struct taking *t),
                         struct why *why)
{
    struct taking *t = calloc(1, sizeof *t);
    if (!t)
        return why_set(why, ERR_NOMEM, "out of memory");
    *t = (struct taking){.run = r, .now = now, .why = why};
    arena_init(&t->texts, SIZE_MAX);
    enum err err = take(t);
    rows_keep(t);
    err = err == OK ? t->err : err;
    arena_clear(&t->texts);
    free(t);
    return err;
}

enum err run_shown_take(struct run *r, instant_us now, struct why *why)
{
    return all_take(r, now, journal_take, why);
}

enum err run_verdicts_take(struct run *r, instant_us now, struct why *why)
{
    return all_take(r, now, verdicts_take, why);
}

void run_shown_clear(struct run *r)
{
    if (r->shown)
        journal_close(r->shown);
    scheduler_clear(r->planner);
    r->shown = NULL;
    r->planner = NULL;
}
