/*
 * The waves of a run that several workers carry: one row of the run, changed under a lock by the
 * functions that a single process uses. A start is granted to a lane, and an end is counted in the
 * transaction that keeps it, so the row and the records never tell different stories.
 *
 * A granted start counts as open in its wave until the identity is final or the start is given
 * back, so no wave ends while one of its starts is out.
 */
#include "inside.h"

#include <assert.h>
#include <stdlib.h>

static bool is_end(const struct record *r)
{
    return record_is_of_job(r) && r->row.state == JOB_DONE && r->from != JOB_DONE;
}

/* What the rows say is not trusted: nothing that was not counted in is counted out. */
static void end_count(struct waves *w, const struct fleet *fleet, const struct record *r)
{
    uint64_t number = fleet_policy_of(fleet, r->job)->wave;
    bool is_left = number == 0 || w->left[number] > 0;
    waves_finish(w, fleet, r->row.outcome, r->row.wave > 0 && w->open > 0, is_left ? number : 0);
}

enum err shared_waves_count(struct journal *j, uint64_t run, const struct record *records,
                            uint32_t len, struct why *why)
{
    struct shared_run view;
    uint32_t ends = 0;
    if (!fence_is_of(j, run) || !j->has_waves)
        return OK;
    for (uint32_t i = 0; i < len; i++)
        ends += is_end(&records[i]);
    if (ends == 0)
        return OK;
    enum err err = j->store->leases->lock_run(j->store, run, &view, why);
    if (err == OK)
        err = shared_run_vet(&view, why);
    if (err != OK)
        return err == ERR_GONE ? journal_damaged(why, "a run that workers carry") : err;
    for (uint32_t i = 0; i < len; i++)
        if (is_end(&records[i]))
            end_count(&view.waves, j->fence.fleet, &records[i]);
    return j->store->leases->change_run(j->store, run, &view, why);
}

struct restoring {
    struct waves *waves;
    const struct fleet *fleet;
};

static bool row_restore(void *ctx, const struct record *record)
{
    const struct restoring *r = ctx;
    const struct job_row *row = &record->row;
    bool is_final = row->state == JOB_DONE;
    uint16_t wave = (uint16_t)(row->wave < UINT16_MAX ? row->wave : UINT16_MAX);
    waves_restore(r->waves, wave, is_final, row->outcome,
                  fleet_policy_of(r->fleet, record->job)->wave);
    return true;
}

enum err shared_waves_restore(struct journal *j, uint64_t run, const struct fleet *fleet,
                              struct waves *waves, struct why *why)
{
    struct restoring r = {waves, fleet};
    waves_init(waves, fleet);
    enum err err = journal_rows(j, run, row_restore, &r, why);
    if (err == OK)
        waves_resume(waves, fleet);
    return err;
}

struct used {
    const struct waves *waves;
    const struct fleet *fleet;
    int32_t *by_lane;
};

static bool row_use(void *ctx, const struct record *record)
{
    const struct used *u = ctx;
    u->by_lane[u->fleet->choices[record->job].lane] += record->row.wave == waves_number(u->waves);
    return true;
}

enum err shared_starts_restore(struct journal *j, uint64_t run, const struct fleet *fleet,
                               const struct waves *waves, struct why *why)
{
    uint32_t granted;
    struct used used = {waves, fleet, calloc((size_t)fleet->lanes_len + 1, sizeof(int32_t))};
    if (!used.by_lane)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = journal_rows(j, run, row_use, &used, why);
    for (uint32_t i = 0; err == OK && i < fleet->lanes_len; i++)
        if (used.by_lane[i])
            err = j->store->leases->grant(j->store, run, (uint16_t)i, waves->index, used.by_lane[i],
                                          &granted, why);
    free(used.by_lane);
    return err;
}

int32_t shared_waves_start(struct waves *w, int32_t wanted)
{
    int32_t started = 0;
    for (; started < wanted && waves_may_start(w); started++)
        waves_start(w);
    return started;
}

int32_t shared_waves_return(struct waves *w, int32_t unneeded, const struct fleet *fleet)
{
    int32_t back = 0;
    for (; back < unneeded && w->open > 0 && w->started > 0; back++)
        waves_return(w, fleet);
    return back;
}
