/*
 * A plan of a manifest in the simulated world, in virtual time: what `plan` does between its
 * manifest and its report, without a wire.
 *
 *     plan_bench MANIFEST
 *
 * Every identity exists and is verified, and every record is there. Rows are kept in a journal in
 * memory, as by `plan`. Prints JSON: how many rows there are and how many would be changed, calls
 * to SES, and the seconds that the plan took in the world's time. Processor time and memory are for
 * whoever starts it to see (bench_peak); the world's own are among them.
 */
#include "base/bounds.h"
#include "engine.h"
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "manifests/manifest.h"
#include "rules/suffix.h"
#include "scheduler/scheduler.h"
#include "world/world.h"

#include <stdio.h>

#define START ((instant_us)1770000000 * 1000000)

struct bench {
    struct fleet fleet;
    struct suffix_list *suffixes;
    struct journal *journal;
    struct run_head head;
    struct world *world;
    struct arena memory;
    struct scheduler_totals totals;
};

static enum err fleet_read(struct bench *b, const char *path, struct why *why)
{
    struct complaints complaints;
    const struct manifest_options options = {.region = TEXT_NONE};
    complaints_init(&complaints);
    enum err err = manifest_load(&b->fleet, &path, 1, &options, &complaints, why);
    complaints_clear(&complaints);
    return err;
}

static enum err bench_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct bench *b = ctx;
    return journal_keep(b->journal, b->head.id, records, len, why);
}

static double rate_most(const struct fleet *f)
{
    double most = 0;
    for (uint32_t lane = 0; lane < f->lanes_len; lane++)
        if (fleet_rate(f, lane, 0) > most)
            most = fleet_rate(f, lane, 0);
    return most;
}

static enum err world_make(struct bench *b, struct why *why)
{
    const struct fleet *f = &b->fleet;
    const struct ses_facts facts = {.verification = VERIFICATION_SUCCESS};
    struct world_options options = {.start = START,
                                    .seed = 1,
                                    .round_trip = SPAN_MS(60),
                                    .time_out = SPAN_S(30),
                                    .dns_grain = SPAN_MS(50),
                                    .ses = ses_rules_default(),
                                    .identities_max = f->choices_len};
    options.ses.rate_per_s = rate_most(f);
    options.dns =
        (struct dns_model_options){.seed = 1,
                                   .start = START,
                                   .published = 1,
                                   .right_host = TEXT("feedback-smtp.us-east-1.amazonses.com")};
    b->world = world_new(&options, f, (struct world_keeper){b, bench_keep}, why);
    enum err err = b->world ? OK : ERR_NOMEM;
    for (uint32_t row = 0; err == OK && row < f->choices_len; row++)
        err = ses_model_add(world_ses(b->world), world_lane(b->world, f->choices[row].lane),
                            fleet_identity(f, row), &facts, START, why);
    return err;
}

static enum err journal_make(struct bench *b, struct why *why)
{
    b->head = (struct run_head){.verb = RUN_PLAN,
                                .started = START,
                                .last = START,
                                .seed = 1,
                                .jobs = b->fleet.choices_len,
                                .options = TEXT("{}"),
                                .version = TEXT("plan_bench")};
    enum err err = journal_open_memory(&b->journal, why);
    return err == OK ? journal_begin(b->journal, &b->head, &b->fleet, why) : err;
}

static enum err plan(struct bench *b, struct why *why)
{
    const struct io io = world_io(b->world);
    enum engine_end end;
    const struct scheduler_options options = {.rules = {.seed = 1, .plan_only = true},
                                              .read_api = API_V1,
                                              .write_api = API_V2,
                                              .lane_survey = true,
                                              .advice = true,
                                              .surveys = true,
                                              .looks_closer = true,
                                              .dkim = DKIM_BY_BATCH,
                                              .suffixes = b->suffixes};
    struct scheduler *scheduler = scheduler_init(&b->memory, &b->fleet, &options);
    if (!scheduler)
        return why_set(why, ERR_NOMEM, "out of memory");
    const struct machine machine = scheduler_machine(scheduler);
    scheduler_start(scheduler, START);
    enum err err = engine_run(&machine, &io, NULL, &end, why);
    if (err == OK && world_is_stuck(b->world))
        err = why_set(why, ERR_LIMIT, "the plan has lost a row");
    scheduler_totals(scheduler, &b->totals);
    world_crash(b->world);
    scheduler_clear(scheduler);
    return err == OK ? journal_stop(b->journal, b->head.id, RUN_ENDED, world_now(b->world), why)
                     : err;
}

static void told(const struct bench *b)
{
    uint64_t calls = 0;
    for (int kind = 0; kind < CALL_ASK; kind++)
        calls += b->totals.calls[kind];
    printf("{\"rows\": %u, \"planned\": %u, \"calls\": %llu, \"took_s\": %.1f}\n", b->totals.jobs,
           b->totals.by_outcome[OUTCOME_PLANNED], (unsigned long long)calls,
           (double)(world_now(b->world) - START) / 1e6);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct why why = {""};
    if (argc != 2) {
        fputs("usage: plan_bench MANIFEST\n", stderr);
        return 2;
    }
    fleet_init(&b.fleet);
    arena_init(&b.memory, SIZE_MAX);
    enum err err = fleet_read(&b, argv[1], &why);
    if (err == OK)
        err = suffix_list_open(&b.suffixes, NULL, &why);
    if (err == OK)
        err = journal_make(&b, &why);
    if (err == OK)
        err = world_make(&b, &why);
    if (err == OK)
        err = plan(&b, &why);
    if (err == OK)
        told(&b);
    else
        fprintf(stderr, "plan_bench: %s\n", why.text);
    world_free(b.world);
    if (b.journal)
        journal_close(b.journal);
    suffix_list_close(b.suffixes);
    arena_clear(&b.memory);
    fleet_clear(&b.fleet);
    return err == OK && b.totals.by_outcome[OUTCOME_PLANNED] == b.totals.jobs ? 0 : 1;
}
