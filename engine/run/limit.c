/* Counts the changes of a plan up to the limit. */
#include "limit.h"

#include "journal/leases.h"

#include <stdio.h>

#define LEFT_REASON "left for another run by --limit %u"

/* A row that is only followed (pending) costs no write, so it counts for nothing. */
static bool is_change(enum outcome o)
{
    return o == OUTCOME_PLANNED || o == OUTCOME_WAITING_DNS;
}

bool run_is_unasked(const struct run *r, enum outcome outcome, bool seen_known)
{
    return r->journal && journal_is_shared(r->journal) && outcome == OUTCOME_FAILED && !seen_known;
}

struct limiting {
    const struct run *run;
    uint32_t limit, changes;
    char reason[64];
    bool (*fn)(void *ctx, const struct record *record);
    void *ctx;
};

static bool limit_one(void *ctx, const struct record *record)
{
    struct limiting *l = ctx;
    struct record left = *record;
    bool is_unasked = run_is_unasked(l->run, record->row.outcome, record->row.seen_known);
    if (!is_unasked && (!is_change(record->row.outcome) || ++l->changes <= l->limit))
        return l->fn(l->ctx, record);
    left.row.state = JOB_DONE;
    left.row.outcome = OUTCOME_SKIPPED;
    left.row.reason = text_of(l->reason);
    return l->fn(l->ctx, &left);
}

enum err run_rows_limited(const struct run *r, struct journal *journal, uint64_t run,
                          bool (*fn)(void *ctx, const struct record *record), void *ctx,
                          struct why *why)
{
    struct limiting l = {.run = r, .limit = r->limit, .fn = fn, .ctx = ctx};
    bool is_plan = r->head.verb == RUN_PLAN || journal == r->shown;
    snprintf(l.reason, sizeof l.reason, LEFT_REASON, r->limit);
    return is_plan && r->limit ? journal_rows(journal, run, limit_one, &l, why)
                               : journal_rows(journal, run, fn, ctx, why);
}

/* The row is not asked about, and ends as skipped. */
static struct plan_verdict *leave(struct run *r, uint32_t row)
{
    struct plan_verdict *v = ARENA_NEW(&r->arena, struct plan_verdict);
    if (!v)
        return NULL;
    *v = (struct plan_verdict){.row = row,
                               .outcome = OUTCOME_SKIPPED,
                               .reason = arena_fmt(&r->arena, LEFT_REASON, r->limit)};
    r->fleet.choices[row].guarded = GUARD_SKIP;
    return v->reason.at ? v : NULL;
}

bool run_verdicts_limit(struct run *r)
{
    struct plan_verdict **at = &r->verdicts;
    uint32_t changes = 0;
    for (uint32_t row = 0; r->limit && row < r->fleet.choices_len; row++) {
        while (*at && (*at)->row < row)
            at = &(*at)->next;
        if (r->fleet.choices[row].guarded != GUARD_REVIEWED || ++changes <= r->limit)
            continue;
        struct plan_verdict *v = leave(r, row);
        if (!v)
            return false;
        v->next = *at;
        *at = v;
    }
    return true;
}

/* Whoever can ask about them could go beyond the limit. */
static bool unasked_leave(struct run *r, struct plan_verdict *v)
{
    v->outcome = OUTCOME_SKIPPED;
    v->reason = arena_fmt(&r->arena, LEFT_REASON, r->limit);
    return v->reason.at != NULL;
}

bool run_verdicts_open(struct run *r)
{
    struct plan_verdict **at = &r->verdicts;
    while (*at) {
        struct plan_verdict *v = *at;
        bool is_open = run_is_unasked(r, (enum outcome)v->outcome, v->seen_known);
        if (is_open && r->limit && !unasked_leave(r, v))
            return false;
        if (is_open && !r->limit) {
            r->unasked++;
            r->fleet.choices[v->row].guarded = GUARD_NONE;
            *at = v->next;
        } else {
            at = &v->next;
        }
    }
    return true;
}

struct leaving {
    struct run *run;
    struct plan_verdict **end;
    uint32_t changes;
    bool failed;
};

static bool leave_one(void *ctx, const struct record *record)
{
    struct leaving *l = ctx;
    l->changes += is_change(record->row.outcome);
    if (record->row.outcome != OUTCOME_SKIPPED)
        return true;
    *l->end = leave(l->run, record->job);
    l->failed = *l->end == NULL;
    if (*l->end)
        l->end = &(*l->end)->next;
    return !l->failed;
}

enum err run_shown_limit(struct run *r, uint32_t *changes, struct why *why)
{
    struct leaving l = {.run = r, .end = &r->verdicts};
    enum err err = run_rows_limited(r, r->shown, r->shown_run, leave_one, &l, why);
    *changes = l.changes;
    return err == OK && l.failed ? why_set(why, ERR_NOMEM, "out of memory") : err;
}
