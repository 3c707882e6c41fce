#include "run_plan.h"

#include "plan/plan_file.h"
#include "reports/deliver.h"
#include "run_options.h"
#include "run_trust.h"
#include "ui/confirm.h"

#include <string.h>
#include <time.h>

#define AGE_MAX   SPAN_H(24) /* unless --max-age says otherwise */
#define AHEAD_MAX SPAN_M(5)  /* clocks of two machines may differ */

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
    enum err err = journal_rows(k->run->journal, head->id, keep_row, k, why);
    plan_write_end(k->writer, &out->buf);
    return err;
}

enum err run_plan_keep(struct run *r, struct why *why)
{
    const char *path = r->options->out;
    struct keeping k = {.run = r};
    if (r->end != ENGINE_ENDED)
        return why_set(
            why, ERR_INPUT,
            "plan %s: not written, since the plan was stopped before it was whole; plan again",
            path);
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

static enum err age_vet(const struct options *o, instant_us created, struct why *why)
{
    char when[WHEN_LEN], age[WHEN_LEN], max[WHEN_LEN];
    span_us max_age = o->max_age ? o->max_age : AGE_MAX, old = clock_now() - created;
    when_format(created, when);
    if (old < -AHEAD_MAX)
        return why_set(why, ERR_INPUT,
                       "plan %s was made at %s, which is still to come: is a clock "
                       "wrong?",
                       o->plan, when);
    if (old <= max_age)
        return OK;
    return why_set(why, ERR_INPUT,
                   "plan %s was made at %s, %s ago, and may be %s old: review a new one, or give "
                   "--max-age",
                   o->plan, when, span_format(old, age), span_format(max_age, max));
}

/* Are the manifests that are named the ones that the plan was made from? */
static enum err manifests_vet(const struct run *r, const struct options *o, struct why *why)
{
    struct run named;
    run_init(&named, o);
    enum err err = run_load(&named, why);
    if (err == OK && memcmp(named.fleet.digest, r->fleet.digest, sizeof r->fleet.digest) != 0)
        err = why_set(why, ERR_INPUT,
                      "plan %s was made from other manifests than these (their bytes or their "
                      "names differ): review a new plan",
                      o->plan);
    run_clear(&named);
    return err;
}

enum err run_plan_load(struct run *r, struct options *o, struct why *why)
{
    struct plan_head plan;
    struct plan_counts counts;
    const struct options given = *o;
    char from[PATH_LEN_MAX];
    snprintf(from, sizeof from, "plan %s", o->plan);
    enum err err = run_report_vet(o, why);
    if (err == OK)
        err = plan_read(o->plan, &plan, &counts, &r->fleet, &r->arena, why);
    if (err == OK)
        err = age_vet(o, plan.created, why);
    if (err == OK)
        err = run_options_read(o, plan.options, &r->arena, why);
    if (err == OK)
        err = run_trust_vet(&given, o, from, why);
    if (err == OK)
        err = run_begun(r, why, "plan %s", o->plan);
    if (err == OK && o->arguments_len)
        err = manifests_vet(r, o, why);
    return err;
}

enum err run_plan_confirm(const struct run *r, struct why *why)
{
    char question[128];
    uint32_t changes = 0;
    for (uint32_t i = 0; i < r->fleet.choices_len; i++)
        changes += r->fleet.choices[i].guarded == GUARD_REVIEWED;
    snprintf(question, sizeof question, "Change SES for %u of %u identities, as reviewed?", changes,
             r->fleet.choices_len);
    return confirm_ask(question, why);
}
