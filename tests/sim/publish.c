/*
 * The simulation test of the publisher: the engine against thousands of drawn worlds of DNS and its
 * providers, watched at every turn. Half of the runs are taken back afterwards.
 *
 *     publish-sim [--first SEED] [--count N]   run the seeds; the first complaint ends it
 *     publish-sim --seed N                     run one, and show its last records
 *     publish-sim --terse                      name each seed, and do not look for a smaller scene
 *     publish-sim --digest                     print one number for all records of all seeds
 */
#include "publish_watcher.h"
#include "seeds.h"

#include "base/hash.h"
#include "rules/feedback.h"
#include "rules/suffix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CRASHES_MAX 4
#define REOPENS_MAX 2

struct play {
    struct publish_scene scene;
    struct world *world;
    struct publish_watcher watcher;
    struct suffix_list *suffixes;
    bool stopped; /* by the budget of failures */
};

static struct publisher *publisher_make(struct play *p, bool reopen)
{
    const struct publish_scene *s = &p->scene;
    struct publisher_options options = {
        .fleet = &s->fleet,
        .targets = p->watcher.targets,
        .targets_len = s->targets_len,
        .surveys = {.mode = INQUIRY_AUTHORITY, .above = true, .suffixes = p->suffixes},
        .feedback_host = TEXT(FEEDBACK_PATTERN),
        .rate_per_s = p->watcher.orders.kept_rate_per_s,
        .seed = s->options.seed,
        .is_dry = s->is_dry,
        .merges_spf = s->merges_spf,
        .withdraws = p->watcher.withdraws};
    struct publisher *publisher = publisher_init(&options);
    for (uint32_t i = 0; publisher && i < options.targets_len; i++)
        if (p->watcher.rows[i].known)
            publisher_restore(publisher, &p->watcher.rows[i].last, reopen);
    return publisher;
}

/* One life of the process: until the end, a stop or a crash. */
static void live_once(struct play *p, bool reopen)
{
    struct publisher_totals totals;
    struct why why = {""};
    enum engine_end end = ENGINE_ENDED;
    struct io io = publish_watcher_io(&p->watcher);
    struct engine_watch watch = {.ctx = &p->watcher, .turn = publish_watcher_turn};
    struct publisher *publisher = publisher_make(p, reopen);
    if (!publisher) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    publish_watcher_resume(&p->watcher, reopen);
    publisher_start(publisher, world_now(p->world));
    struct machine machine = publisher_machine(publisher);
    enum err err = engine_run(&machine, &io, &watch, &end, &why);
    if (err != OK && !p->watcher.crashed)
        publish_watcher_complain(&p->watcher, "the engine gave up: %s", why.text);
    publisher_totals(publisher, &totals);
    p->stopped = totals.is_stopped;
    const char *wrong = err == OK ? orders_end(&p->watcher.orders) : NULL;
    if (wrong)
        publish_watcher_complain(&p->watcher, "%s", wrong);
    if (err == OK && end == ENGINE_DRAINED && !totals.is_stopped)
        publish_watcher_complain(&p->watcher, "the run stopped without a reason");
    if (totals.is_stopped && !publish_watcher_is_over_budget(&p->watcher) && !p->watcher.crashed)
        publish_watcher_complain(&p->watcher, "the run stopped although only %u have failed",
                                 p->watcher.failed);
    world_crash(p->world);
    publisher_clear(publisher);
}

/* Until every target has its end, or the budget of failures is used up for good. */
static void lives(struct play *p)
{
    uint32_t crashes = 0, reopens = 0;
    for (uint64_t n = 0; !p->watcher.complaint[0]; n++) {
        uint64_t roll = hash_mix(hash_mix(p->scene.options.seed, 99 + p->watcher.withdraws), n);
        bool crash = p->scene.options.crashes && crashes < CRASHES_MAX && roll % 4;
        p->watcher.crash_at = crash ? p->watcher.turns + 1 + roll / 4 % 120 : 0;
        p->watcher.crash_keeps = roll >> 40 & 1;
        live_once(p, p->stopped);
        crashes += p->watcher.crashed;
        reopens += p->stopped && !p->watcher.crashed;
        if (!p->watcher.crashed && (!p->stopped || reopens > REOPENS_MAX))
            return;
    }
}

/* Runs a scene; true: no complaint. */
static bool play(struct play *p, const struct publish_scene_options *options,
                 struct suffix_list *suffixes)
{
    struct why why = {""};
    *p = (struct play){.suffixes = suffixes};
    if (!publish_scene_make(&p->scene, options)) {
        fputs("cannot make the scene\n", stderr);
        exit(1);
    }
    struct world_keeper nobody = {0};
    p->world = world_new(&p->scene.world, &p->scene.fleet, nobody, &why);
    if (!p->world || !publish_watcher_init(&p->watcher, &p->scene, p->world)) {
        fprintf(stderr, "cannot make the world: %s\n", why.text);
        exit(1);
    }
    if (options->seed % 7 > 4)
        orders_draw(&p->watcher.orders, options->seed, ORDERS_MAX, PUBLISH_START, SPAN_M(40));
    lives(p);
    if (!p->watcher.complaint[0])
        publish_watcher_end(&p->watcher);
    if (!p->watcher.complaint[0] && p->scene.withdraws && !p->scene.is_dry && !p->stopped) {
        publish_watcher_withdraw(&p->watcher);
        lives(p);
        if (!p->watcher.complaint[0])
            publish_watcher_end(&p->watcher);
    }
    return p->watcher.complaint[0] == '\0';
}

static void play_clear(struct play *p)
{
    publish_watcher_clear(&p->watcher);
    world_free(p->world);
    publish_scene_clear(&p->scene);
}

static void show(const struct play *p)
{
    static const char *const kinds[] = {"", "(intent)", "(answer)"};
    static const char *const changes[] = {"create", "delete", "swap"};
    const struct publish_watcher *w = &p->watcher;
    uint64_t first = w->records > PUBLISH_TURNS_KEPT ? w->records - PUBLISH_TURNS_KEPT : 0;
    for (uint64_t i = first; i < w->records; i++) {
        const struct publish_told *t = &w->told[i % PUBLISH_TURNS_KEPT];
        char at[WHEN_LEN];
        printf("  %s target %u %s -> %s %s %s%s%s %s\n", when_format_ms(t->at, at), t->target,
               publish_state_name(t->from), publish_state_name(t->to), kinds[t->kind],
               changes[t->change], t->mx ? " mx" : "", t->txt ? " txt" : "", t->reason);
    }
    for (uint32_t i = 0; i < p->scene.model.records_len && p->scene.targets_len < 8; i++) {
        const struct model_record *r = &p->scene.model.records[i];
        printf("  zone %u " TEXT_FMT " type %u " TEXT_FMT " by %d from %+.3f until %+.3f by %d\n",
               r->zone, TEXT_ARG(r->name), r->type, TEXT_ARG(r->data), (int)r->by,
               (double)(r->from - PUBLISH_START) / 1e6,
               r->until == WHEN_NEVER ? -1.0 : (double)(r->until - PUBLISH_START) / 1e6,
               (int)r->removed_by);
    }
}

/* Every third seed has no faults, every second may crash, in two of five others write too. */
static struct publish_scene_options options_of(uint64_t seed)
{
    return (struct publish_scene_options){
        .seed = seed, .faults = seed % 3 != 0, .crashes = seed % 2 == 1, .writers = seed % 5 < 2};
}

/* Does this scene complain too? Then it is the best so far. */
static void try(const struct publish_scene_options *o, struct publish_scene_options *best,
                struct suffix_list *suffixes)
{
    struct play p;
    if (!play(&p, o, suffixes))
        *best = *o;
    play_clear(&p);
}

/* The fewest names with which the seed still complains, then without whatever it does not need. */
static void shrink(uint64_t seed, uint32_t names, struct suffix_list *suffixes)
{
    struct publish_scene_options best = options_of(seed), o = best;
    struct play p;
    for (o.names = 1; o.names < names && !best.names; o.names++)
        try(&o, &best, suffixes);
    o = best;
    o.crashes = false;
    try(&o, &best, suffixes);
    o = best;
    o.writers = false;
    try(&o, &best, suffixes);
    for (unsigned kind = 0; kind < FAULTS_LEN; kind++) {
        o = best;
        o.spared |= 1u << kind;
        try(&o, &best, suffixes);
    }
    play(&p, &best, suffixes);
    printf("smallest: %u names, crashes %s, writers %s, faults:", p.scene.targets_len,
           best.crashes ? "on" : "off", best.writers ? "on" : "off");
    for (int kind = 0; kind < FAULTS_LEN; kind++)
        if (p.scene.world.faults.share[kind] > 0)
            printf(" %s", fault_name((enum fault)kind));
    printf(": %s\n", p.watcher.complaint);
    show(&p);
    play_clear(&p);
}

static bool one_seed(uint64_t seed, struct suffix_list *suffixes, enum talk talk, uint64_t *digest)
{
    struct play p;
    struct publish_scene_options o = options_of(seed);
    if (talk == TALK_TERSE) { /* should the engine abort, the last line says where */
        printf("seed %llu\n", (unsigned long long)seed);
        fflush(stdout);
    }
    bool fine = play(&p, &o, suffixes);
    *digest = hash_mix(*digest, p.watcher.digest);
    if (!fine)
        printf("seed %llu: %s\n", (unsigned long long)seed, p.watcher.complaint);
    if (talk == TALK_LOUD)
        show(&p);
    uint32_t names = p.scene.targets_len;
    play_clear(&p);
    if (!fine && talk == TALK_NORMAL)
        shrink(seed, names, suffixes);
    return fine;
}

int main(int argc, char **argv)
{
    uint64_t digest = 0;
    struct seeds seeds;
    seeds_read(&seeds, argc, argv);
    struct suffix_list *suffixes;
    struct why why = {""};
    bool fine = suffix_list_open(&suffixes, NULL, &why) == OK;
    for (uint64_t seed = seeds.first; fine && seed < seeds.first + seeds.count; seed++)
        fine = one_seed(seed, suffixes, seeds.talk, &digest);
    suffix_list_close(suffixes);
    if (!fine)
        return 1;
    printf("%llu seeds, no complaint", (unsigned long long)seeds.count);
    if (seeds.prints_digest)
        printf(", digest %016llx", (unsigned long long)digest);
    putchar('\n');
    return 0;
}
