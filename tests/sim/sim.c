/*
 * The simulation test: the engine against thousands of drawn worlds, watched at every turn.
 *
 *     sim [--first SEED] [--count N]   run the seeds; the first complaint ends it
 *     sim --seed N                     run one, and show its last turns
 *     sim --terse                      name each seed, and do not look for a smaller scene
 *     sim --digest                     print one number for all records of all seeds
 *     sim --covers                     complain of moves that the table allows and no job has made
 */
#include "seeds.h"
#include "watcher.h"

#include "base/hash.h"
#include "rules/suffix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CRASHES_MAX 3
#define REOPENS_MAX 2

struct play {
    struct scene scene;
    struct world *world;
    struct watcher watcher;
    uint64_t seed;
    bool paused;      /* the last life ended before all jobs were final */
    uint32_t reopens; /* lives that were given what had failed once more */
    bool reopen;      /* so is the next */
};

/* Moves that some job has made in any of the seeds. */
struct coverage {
    uint16_t moves[JOB_STATES]; /* row: from, bit: to */
};

static void row_restore(struct play *p, struct scheduler *scheduler, uint32_t row)
{
    const struct kept_row *kept = &p->watcher.rows[row];
    instant_us now = world_now(p->world);
    if (kept->known && kept->planned)
        scheduler_adopt(scheduler, &kept->last, now);
    else if (kept->known)
        scheduler_restore(scheduler, &kept->last, watcher_reopens(&p->watcher, row, p->reopen),
                          now);
}

static struct scheduler *scheduler_make(struct play *p, struct arena *memory, bool plan_only)
{
    struct scheduler_options options = {
        .rules = {.seed = p->seed, .plan_only = plan_only},
        .read_api = p->scene.read_api,
        .read_falls_back = p->scene.read_falls_back,
        .write_api = p->scene.write_api,
        .authority_dns = p->scene.authority_dns,
        .dkim = p->scene.dkim,
        .lane_survey = p->seed % 3 != 0,
        .advice = p->seed % 4 != 0,
        .surveys = p->seed % 5 != 0,
        .looks_closer = p->seed % 7 != 0,
        .suffixes = p->scene.options.suffixes,
        .transfers = p->seed % 3 ? (uint32_t)(1 + p->seed / 3 % 12) : 0,
        .rate_per_s = p->watcher.orders.kept_rate_per_s > 0 ? p->watcher.orders.kept_rate_per_s
                                                            : p->scene.rate_per_s};
    struct scheduler *scheduler = scheduler_init(memory, &p->scene.fleet, &options);
    for (uint32_t i = 0; scheduler && i < p->scene.fleet.choices_len; i++)
        row_restore(p, scheduler, i);
    return scheduler;
}

/* A person is shown a plan and says yes: the run begins with what the plan has found. The plan is
 * watched like a run, and forgotten but for its rows. */
static void plan_first(struct play *p)
{
    struct arena memory;
    struct why why = {""};
    enum engine_end end;
    struct io io = watcher_io(&p->watcher);
    arena_init(&memory, SIZE_MAX);
    struct scheduler *scheduler = scheduler_make(p, &memory, true);
    scheduler_start(scheduler, world_now(p->world));
    struct machine machine = scheduler_machine(scheduler);
    if (engine_run(&machine, &io, NULL, &end, &why) != OK)
        watcher_complain(&p->watcher, "the plan gave up: %s", why.text);
    world_crash(p->world);
    scheduler_clear(scheduler);
    arena_clear(&memory);
    watcher_planned(&p->watcher);
}

/* One life of the process: until the end, a pause or a crash. */
static void live_once(struct play *p, struct coverage *coverage)
{
    struct scheduler_totals totals;
    struct arena memory;
    struct why why = {""};
    enum engine_end end;
    struct io io = watcher_io(&p->watcher);
    struct engine_watch watch = {.ctx = &p->watcher, .turn = watcher_turn};
    arena_init(&memory, SIZE_MAX);
    struct scheduler *scheduler = scheduler_make(p, &memory, false);
    if (!scheduler) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    scheduler_start(scheduler, world_now(p->world));
    p->watcher.crashed = false;
    struct machine machine = scheduler_machine(scheduler);
    p->watcher.scheduler = scheduler;
    enum err err = engine_run(&machine, &io, &watch, &end, &why);
    if (err != OK && !p->watcher.crashed)
        watcher_complain(&p->watcher, "the engine gave up: %s", why.text);
    p->paused = err == OK && !p->watcher.complaint[0] &&
                watcher_paused(&p->watcher, scheduler, scheduler_pause_reason(scheduler));
    scheduler_totals(scheduler, &totals);
    for (int from = 0; from < JOB_STATES; from++)
        coverage->moves[from] = (uint16_t)(coverage->moves[from] | totals.moves_made[from]);
    world_crash(p->world);
    scheduler_clear(scheduler);
    arena_clear(&memory);
}

static void crash_draw(struct play *p, uint64_t n)
{
    uint64_t roll = hash_mix(hash_mix(p->seed, 99), n);
    p->watcher.crash_at =
        p->scene.options.crashes && roll % 3 ? p->watcher.turns + 1 + roll / 3 % 200 : 0;
    p->watcher.crash_keeps = roll >> 40 & 1;
}

/* Until every job is final, or the budget of failures is used up for good. Each pause follows
 * something that became final, so it ends. */
static void lives(struct play *p, struct coverage *coverage)
{
    uint64_t crashes = 0;
    for (uint64_t n = 0;; n++) {
        crash_draw(p, n);
        if (crashes >= CRASHES_MAX)
            p->watcher.crash_at = 0;
        live_once(p, coverage);
        crashes += p->watcher.crashed;
        if (p->watcher.complaint[0] || (!p->watcher.crashed && !p->paused))
            return;
        p->reopen = p->paused && watcher_is_over_budget(&p->watcher);
        p->reopens += p->reopen;
        if (p->reopens > REOPENS_MAX)
            return;
        watcher_resume(&p->watcher, p->reopen);
    }
}

/* Runs a scene; true: no complaint. */
static bool play(struct play *p, const struct scene_options *options, struct coverage *coverage)
{
    struct why why = {""};
    *p = (struct play){.seed = options->seed};
    if (!scene_make(&p->scene, options)) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    struct world_keeper nobody = {0};
    p->world = world_new(&p->scene.world, &p->scene.fleet, nobody, &why);
    if (!p->world || !watcher_init(&p->watcher, &p->scene, p->world) ||
        !scene_populate(&p->scene, p->world)) {
        fprintf(stderr, "cannot make the scene: %s\n", why.text);
        exit(1);
    }
    if (p->seed % 7 == 0)
        plan_first(p);
    lives(p, coverage);
    if (!p->watcher.complaint[0])
        watcher_end(&p->watcher);
    return p->watcher.complaint[0] == '\0';
}

static void play_clear(struct play *p)
{
    watcher_clear(&p->watcher);
    world_free(p->world);
    scene_clear(&p->scene);
}

static void show(const struct play *p)
{
    const struct watcher *w = &p->watcher;
    uint64_t first = w->records > TURNS_KEPT ? w->records - TURNS_KEPT : 0;
    for (uint64_t i = first; i < w->records; i++) {
        const struct told *t = &w->turns_told[i % TURNS_KEPT];
        char at[WHEN_LEN];
        printf("  %s job %u %s -> %s %s %s\n", when_format_ms(t->at, at), t->job,
               job_state_name(t->from), job_state_name(t->to), outcome_name(t->outcome),
               t->is_intent ? "(intent)" : "");
    }
}

/* Every fourth seed has no faults, every second may crash, every third goes in waves, in two of
 * five there is another operator, in two of eight people give orders. */
static struct scene_options options_of(uint64_t seed, struct suffix_list *suffixes)
{
    return (struct scene_options){.seed = seed,
                                  .faults = seed % 4 != 0,
                                  .crashes = seed % 2 == 1,
                                  .waves = seed % 3 == 0,
                                  .others = seed % 5 < 2,
                                  .orders = seed % 8 > 5,
                                  .suffixes = suffixes};
}

/* Does this scene complain too? Then it is the best so far. */
static bool complains(const struct scene_options *o, struct scene_options *best)
{
    struct play p;
    struct coverage unused = {0};
    bool fine = play(&p, o, &unused);
    play_clear(&p);
    if (!fine)
        *best = *o;
    return !fine;
}

static void show_smallest(const struct scene_options *best)
{
    struct play p;
    struct coverage unused = {0};
    play(&p, best, &unused);
    printf("smallest: %u jobs, crashes %s, waves %s, others %s, orders %s, faults:", best->jobs,
           best->crashes ? "on" : "off", best->waves ? "on" : "off", best->others ? "on" : "off",
           best->orders ? "on" : "off");
    for (int kind = 0; kind < FAULTS_LEN; kind++)
        if (p.scene.world.faults.share[kind] > 0)
            printf(" %s", fault_name((enum fault)kind));
    printf(": %s\n", p.watcher.complaint);
    show(&p);
    play_clear(&p);
}

/* The smallest fleet with which the seed still complains, then without whatever it does not need
 * for that: crashes, waves, each kind of fault. */
static void shrink(uint64_t seed, uint32_t jobs, struct suffix_list *suffixes)
{
    struct scene_options best = options_of(seed, suffixes), o = best;
    best.jobs = jobs;
    for (o.jobs = 1; o.jobs < jobs && !complains(&o, &best); o.jobs++)
        ;
    o = best;
    o.crashes = false;
    complains(&o, &best);
    o = best;
    o.waves = false;
    complains(&o, &best);
    o = best;
    o.others = false;
    complains(&o, &best);
    o = best;
    o.orders = false;
    complains(&o, &best);
    for (unsigned kind = 0; kind < FAULTS_LEN; kind++) {
        o = best;
        o.spared |= 1u << kind;
        complains(&o, &best);
    }
    show_smallest(&best);
}

static bool is_done(const struct job_row *row)
{
    return row->outcome == OUTCOME_DONE || row->outcome == OUTCOME_UNCHANGED;
}

/* Of a row that another operator has touched, whose name appears at the deadline, or that leaves
 * Success for a moment when it is tightened, it depends on a moment how it ends; and where the
 * budget of failures was used up, which were started before. */
static bool may_differ(const struct play *p, uint32_t row)
{
    bool flickers = p->scene.parts[row] == PART_TIGHT && p->scene.world.ses.set_restarts;
    return p->scene.slow_dns || flickers || watcher_is_over_budget(&p->watcher) ||
           world_operator(p->world, row).acts > 0 ||
           world_operator(p->world, row).next != WHEN_NEVER;
}

static bool same_rows(const struct play *calm, const struct play *shaken, uint64_t seed)
{
    bool same = true;
    for (uint32_t i = 0; same && i < calm->scene.fleet.choices_len; i++) {
        const struct job_row *a = &calm->watcher.rows[i].last.row;
        const struct job_row *b = &shaken->watcher.rows[i].last.row;
        if (may_differ(calm, i) || may_differ(shaken, i))
            continue;
        same = (a->outcome == b->outcome || (is_done(a) && is_done(b))) &&
               text_eq(a->mail_from_seen, b->mail_from_seen) &&
               a->behavior_seen == b->behavior_seen;
        if (!same)
            printf("seed %llu: job %u ends as %s undisturbed and as %s after crashes\n",
                   (unsigned long long)seed, i, outcome_name(a->outcome), outcome_name(b->outcome));
        if (!same)
            show(shaken);
    }
    return same;
}

/* Killed and resumed, a world in which at worst reads lag must end as if nothing had happened: with
 * waves, with a budget of failures, and while another operator works on other identities. */
static bool same_end(uint64_t seed, struct suffix_list *suffixes, struct coverage *coverage)
{
    struct scene_options o = {.seed = seed,
                              .waves = seed % 3 == 0,
                              .others = seed % 5 < 2,
                              .faults = seed % 4 == 1,
                              .spared = ~(1u << FAULT_STALE),
                              .suffixes = suffixes};
    struct play calm, shaken;
    bool same = play(&calm, &o, coverage);
    o.crashes = true;
    same = play(&shaken, &o, coverage) && same;
    if (!same)
        printf("seed %llu with lagging reads at worst: %s\n", (unsigned long long)seed,
               calm.watcher.complaint[0] ? calm.watcher.complaint : shaken.watcher.complaint);
    if (!same)
        show(calm.watcher.complaint[0] ? &calm : &shaken);
    same = same && same_rows(&calm, &shaken, seed);
    play_clear(&calm);
    play_clear(&shaken);
    return same;
}

/* A move that the table allows and that nobody makes is a table that is too wide. Those of a plan
 * that was just made are not drawn here. */
static bool covers(const struct coverage *coverage)
{
    bool all = true;
    for (enum job_state from = 0; from < JOB_STATES; from++) {
        for (enum job_state to = 0; to < JOB_STATES; to++) {
            bool made = coverage->moves[from] >> to & 1;
            if (!job_may_move(from, to) || made)
                continue;
            printf("no job has moved from %s to %s\n", job_state_name(from), job_state_name(to));
            all = false;
        }
    }
    return all;
}

static bool one_seed(uint64_t seed, struct suffix_list *suffixes, enum talk talk, uint64_t *digest,
                     struct coverage *coverage)
{
    struct play p;
    struct scene_options o = options_of(seed, suffixes);
    if (talk == TALK_TERSE) { /* should the engine abort, the last line says where */
        printf("seed %llu\n", (unsigned long long)seed);
        fflush(stdout);
    }
    bool fine = play(&p, &o, coverage);
    *digest = hash_mix(*digest, p.watcher.digest);
    if (!fine)
        printf("seed %llu: %s\n", (unsigned long long)seed, p.watcher.complaint);
    if (talk == TALK_LOUD || (talk == TALK_NORMAL && !fine))
        show(&p);
    uint32_t jobs = p.scene.fleet.choices_len;
    play_clear(&p);
    if (!fine && talk != TALK_TERSE)
        shrink(seed, jobs, suffixes);
    return fine && same_end(seed, suffixes, coverage);
}

int main(int argc, char **argv)
{
    uint64_t digest = 0;
    bool wants_coverage = false;
    struct seeds seeds;
    struct coverage coverage = {0};
    seeds_read(&seeds, argc, argv);
    for (int i = 1; i < argc; i++)
        wants_coverage |= strcmp(argv[i], "--covers") == 0;
    struct suffix_list *suffixes;
    struct why why = {""};
    bool fine = suffix_list_open(&suffixes, NULL, &why) == OK;
    for (uint64_t seed = seeds.first; fine && seed < seeds.first + seeds.count; seed++)
        fine = one_seed(seed, suffixes, seeds.talk, &digest, &coverage);
    suffix_list_close(suffixes);
    if (!fine || (wants_coverage && !covers(&coverage)))
        return 1;
    printf("%llu seeds, no complaint", (unsigned long long)seeds.count);
    if (seeds.prints_digest)
        printf(", digest %016llx", (unsigned long long)digest);
    putchar('\n');
    return 0;
}
