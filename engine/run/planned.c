/* Plan files: written from the journal of a plan, read into a run. */
#include "planned.h"

#include "access/trust.h"
#include "limit.h"
#include "narrow.h"
#include "reports/deliver.h"
#include "shown.h"

#include "plan/plan_file.h"
#include "reports/deliver.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define AHEAD_MAX SPAN_M(5) /* clocks of two machines may differ */

struct keeping {
    struct run *run;
    struct plan_writer *writer;
    struct sink *out;
};

static bool keep_row(void *ctx, const struct record *record)
{
    struct keeping *k = ctx;
    plan_write_row(k->writer, record->job, &record->row, &k->out->buf);
    return sink_turn(k->out);
}

static enum err keep_all(void *ctx, struct sink *out, struct why *why)
{
    struct keeping *k = ctx;
    const struct run_head *head = &k->run->head;
    struct plan_head plan = {head->version, head->started, head->options};
    k->out = out;
    plan_write_begin(k->writer, &plan, &out->buf);
    enum err err = run_rows_limited(k->run, k->run->journal, head->id, keep_row, k, why);
    plan_write_end(k->writer, &out->buf);
    return err;
}

enum err run_plan_keep(struct run *r, const char *path, struct why *why)
{
    struct keeping k = {.run = r};
    if (r->end != ENGINE_ENDED)
        return why_set(why, ERR_INPUT,
                       "plan %s: not written, because planning was stopped: run plan again", path);
    k.writer = plan_writer_new(&r->fleet);
    if (!k.writer)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = deliver(path, keep_all, &k, why);
    plan_writer_free(k.writer);
    return err == OK ? OK : why_wrap(why, err, "plan %s", path);
}

static instant_us clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return SPAN_S(now.tv_sec) + now.tv_nsec / 1000;
}

unsigned run_plan_days(span_us age)
{
    return (unsigned)(age / SPAN_H(24)) + 1;
}

static enum err age_vet(const char *path, span_us max_age, instant_us created, struct why *why)
{
    char when[WHEN_LEN], age[WHEN_LEN], max[WHEN_LEN];
    span_us old = clock_now() - created;
    max_age = max_age ? max_age : PLAN_AGE_MAX;
    when_format(created, when);
    if (old < -AHEAD_MAX)
        return why_set(why, ERR_INPUT,
                       "plan %s was made at %s, which is in the future: check the clock of this "
                       "machine and of the one that made the plan",
                       path, when);
    if (old <= max_age)
        return OK;
    return why_set(why, ERR_INPUT,
                   "plan %s was made at %s, %s ago, and may be %s old: make and review a new plan, "
                   "or give --max-age %ud",
                   path, when, span_format(old, age), span_format(max_age, max),
                   run_plan_days(old));
}

enum err run_plan_load(struct run *r, struct access *access, const char *path, span_us max_age,
                       struct why *why)
{
    struct plan_head plan;
    struct plan_counts counts;
    const struct access given = *access;
    char from[PATH_LEN_MAX];
    snprintf(from, sizeof from, "plan %s", path);
    enum err err = plan_read(path, false, &plan, &counts, &r->fleet, &r->verdicts, &r->arena, why);
    r->planned_at = plan.created;
    if (err == OK)
        err = age_vet(path, max_age, plan.created, why);
    if (err == OK)
        err = access_read(access, plan.options, &r->arena, why);
    if (err == OK)
        err = access_trust_vet(&given, access, from, why);
    return err == OK ? run_begun(r, why, "plan %s", path) : err;
}

/* The plan as a run that has ended: its head, its fleet, a record for each row. */
static enum err plan_rebuild(struct run *r, const struct plan_head *plan, struct why *why)
{
    r->head = (struct run_head){.verb = RUN_PLAN,
                                .started = plan->created,
                                .last = plan->created,
                                .options = plan->options,
                                .version = plan->version,
                                .jobs = r->fleet.choices_len};
    uint32_t *rows = ARENA_ARRAY(&r->arena, uint32_t, r->fleet.lanes_len + 1u);
    r->reading = ARENA_ARRAY(&r->arena, struct lane_reading, r->fleet.lanes_len + 1u);
    if (!rows || !r->reading)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < r->fleet.choices_len; i++)
        rows[r->fleet.choices[i].lane]++;
    for (uint32_t i = 0; i < r->fleet.lanes_len; i++)
        r->reading[i] = access_reading(r->config.access, rows[i]);
    enum err err = run_journal_in_memory(r, why);
    if (err == OK)
        err = journal_begin(r->journal, &r->head, &r->fleet, why);
    if (err == OK)
        err = run_verdicts_take(r, plan->created, why);
    if (err == OK)
        err = journal_stop(r->journal, r->head.id, RUN_ENDED, plan->created, why);
    r->end = ENGINE_ENDED;
    return err;
}

enum err run_plan_open(struct run *r, struct access *access, const char *path,
                       const struct selection *s, struct why *why)
{
    struct plan_head plan;
    struct plan_counts counts;
    enum err err = plan_read(path, true, &plan, &counts, &r->fleet, &r->verdicts, &r->arena, why);
    if (err == OK)
        err = access_read(access, plan.options, &r->arena, why);
    if (err == OK)
        err = run_narrow(r, access, s, 0, "the plan", why);
    r->planned_at = plan.created;
    r->limit = s->limit;
    return err == OK ? plan_rebuild(r, &plan, why) : err;
}

span_us run_plan_age(const struct run *r)
{
    return clock_now() - r->planned_at;
}

uint32_t run_plan_changes(const struct run *r)
{
    uint32_t changes = 0;
    for (uint32_t i = 0; i < r->fleet.choices_len; i++)
        changes += r->fleet.choices[i].guarded == GUARD_REVIEWED;
    return changes;
}
