/*
 * The simulation of workers that share a run: one to five processes carry its lanes, by leases in a
 * database, while they are killed and frozen between any two steps, the database is away, loses
 * answers and has its clock set, SES and DNS are as they are, and people give orders.
 *
 *     workers-sim [--first SEED] [--count N]   run the seeds; the first complaint ends it
 *     workers-sim --seed N                     run one, and show its last records
 *     workers-sim --terse                      name each seed before it begins
 *     workers-sim --digest                     print one number for all records of all seeds
 */
#include "seeds.h"
#include "workers_people.h"
#include "workers_worker.h"

#include "base/hash.h"
#include "rules/suffix.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 5
#define NOTHING_MAX SPAN_H(8) /* the longest deadline, and what the database's clock adds */

struct options {
    struct scene_options scene;
    uint32_t workers;
    bool kills;    /* processes are killed and frozen */
    bool database; /* it has trouble */
    bool sets_clock;
    bool skews; /* the workers' clocks differ */
    bool some;  /* not every worker has credentials for every lane */
};

struct seat {
    struct worker *worker;
    instant_us back_at; /* without a worker: another one begins then */
    instant_us stop_at; /* it is stopped in good order */
    bool lanes[JUDGED_LANES_MAX];
};

struct play {
    struct options options;
    struct scene scene;
    struct machine_room room;
    struct database database;
    struct judge judge;
    struct workers workers;
    struct people people;
    struct seat seats[WORKERS_MAX];
    uint64_t seed, begun;
};

struct sums {
    uint64_t digest, kills, freezes, takeovers, carriages, intents, refused, reopens, late;
};

static void out_of_memory(void)
{
    fputs("out of memory\n", stderr);
    exit(1);
}

static uint64_t draw(const struct play *p, uint64_t what, uint64_t which)
{
    return hash_mix(hash_mix(p->seed, what), which);
}

/* A scene of hours, not of days: leases are renewed every few seconds. */
static void scene_shorten(struct play *p)
{
    struct scene *s = &p->scene;
    struct world_options *w = &s->world;
    for (uint32_t i = 0; i < s->fleet.policies_len; i++)
        s->fleet.policies[i].timeout_us = SPAN_M(60 + (int64_t)(draw(p, 101, i) % 120));
    w->dns.delay_max = s->slow_dns ? SPAN_H(4) : SPAN_M(2 + (int64_t)(draw(p, 102, 0) % 30));
    w->dns.outage = SPAN_M(1 + (int64_t)(draw(p, 103, 0) % 15));
    w->dns.negative_ttl = SPAN_M((int64_t)(draw(p, 104, 0) % 5));
    w->ses.detect_after = SPAN_S(1 + (int64_t)(draw(p, 105, 0) % 60));
    w->ses.recheck_max = SPAN_M(5);
    w->time_out = p->workers.terms.call_timeout;
    w->faults.late_max = w->time_out;
    w->operator.within = SPAN_M(1 + (int64_t)(draw(p, 106, 0) % 60));
    if (w->v1_refused_since)
        w->v1_refused_since = SCENE_START + SPAN_M(1 + (int64_t)(draw(p, 107, 0) % 60));
    w->clients = 1; /* a carriage has few calls out: room for one large client is room for all */
    w->leaves_late = p->options.sets_clock                     ? 0.2
                     : p->options.kills && draw(p, 108, 0) % 2 ? 0.02
                                                               : 0;
    s->heal_at = SCENE_START + SPAN_H(2);
    s->end_by = SCENE_START + SPAN_H(s->options.waves ? 72 : 24);
}

/* What a journal wants of a fleet: a file that the rows are of, and the twelve digits of every
 * lane's account. */
static bool fleet_complete(struct fleet *f)
{
    uint16_t file;
    if (!fleet_file(f, TEXT("fleet.csv"), &file))
        return false;
    for (uint32_t a = 0; a < f->accounts_len; a++) {
        char text[16];
        int len = snprintf(text, sizeof text, "11112222333%u", (unsigned)a);
        if (!names_add(&f->names, (struct text){text, (size_t)len}, &f->accounts[a].account_id))
            return false;
    }
    return true;
}

static struct lease_terms terms_of(span_us ttl)
{
    return (struct lease_terms){.ttl = ttl,
                                .call_timeout = lease_call_timeout(ttl, SPAN_S(30)),
                                .margin = lease_quiet_margin(ttl)};
}

static void scheduler_options_draw(struct play *p)
{
    const struct scene *s = &p->scene;
    p->workers.options = (struct scheduler_options){.rules = {.seed = p->seed},
                                                    .read_api = s->read_api,
                                                    .read_falls_back = s->read_falls_back,
                                                    .write_api = s->write_api,
                                                    .authority_dns = s->authority_dns,
                                                    .dkim = s->dkim,
                                                    .lane_survey = p->seed % 3 == 0,
                                                    .advice = p->seed % 4 == 0,
                                                    .surveys = p->seed % 5 != 0,
                                                    .looks_closer = p->seed % 7 != 0,
                                                    .suffixes = s->options.suffixes,
                                                    .rate_per_s = s->rate_per_s};
}

static void world_make(struct play *p)
{
    struct why why = {""};
    struct world_keeper nobody = {0};
    p->scene.world.arrived_ctx = &p->judge;
    p->scene.world.left = judge_left;
    p->scene.world.arrived = judge_arrived;
    struct world *world = world_new(&p->scene.world, &p->scene.fleet, nobody, &why);
    p->room = (struct machine_room){.all = coroutines_new(),
                                    .world = world,
                                    .seed = p->seed,
                                    .has_trouble = p->options.kills,
                                    .calm_at = p->scene.heal_at,
                                    .kills_left = 12,
                                    .freezes_left = 12};
    if (!world || !p->room.all || !database_init(&p->database, &p->room) ||
        !judge_init(&p->judge, &p->scene, world, &p->database) || !scene_populate(&p->scene, world))
        out_of_memory();
    if (p->options.database)
        database_trouble(&p->database, p->seed, SCENE_START, p->options.sets_clock);
    p->judge.sets_clock = p->options.sets_clock;
    p->judge.watcher.leaves_within = p->workers.terms.ttl;
    p->judge.watcher.heard_within = SPAN_S(15); /* they look every half second */
    p->judge.watcher.is_held_up = p->options.kills || p->options.database;
    p->judge.watcher.keeps_reopened = true;
}

/* The run as `apply --submit` puts it there. */
static void submit(struct play *p)
{
    struct why why = {""};
    struct run_head head = {.verb = RUN_APPLY,
                            .started = SCENE_START,
                            .seed = p->seed,
                            .jobs = p->scene.fleet.choices_len,
                            .options = TEXT("{}"),
                            .version = TEXT("sim")};
    struct journal *j = p->judge.journal;
    journal_together(j);
    enum err err = journal_begin(j, &head, &p->scene.fleet, &why);
    if (err == OK)
        err = leases_open_run(j, head.id, &p->scene.fleet, &why);
    if (err == OK)
        err = journal_apart(j, &why);
    if (err != OK) {
        fprintf(stderr, "the run cannot be submitted: %s\n", why.text);
        exit(1);
    }
    p->judge.run = p->workers.run = head.id;
}

/* The first worker has credentials for all lanes. */
static void seats_draw(struct play *p)
{
    for (uint32_t i = 0; i < p->options.workers; i++)
        for (uint32_t lane = 0; lane < p->scene.fleet.lanes_len; lane++)
            p->seats[i].lanes[lane] = !p->options.some || i == 0 || draw(p, 120 + i, lane) % 2;
}

static void seat_take(struct play *p, uint32_t i)
{
    static const span_us skews[] = {0, SPAN_S(2), SPAN_S(-2), SPAN_M(5), SPAN_H(-1), SPAN_H(1)};
    struct seat *seat = &p->seats[i];
    uint64_t life = p->room.lives + 1;
    span_us skew = p->options.skews ? skews[draw(p, 130, life) % 6] : 0;
    seat->worker = worker_new(&p->workers, i, seat->lanes, skew);
    if (!seat->worker)
        out_of_memory();
    bool stops = p->options.kills && draw(p, 131, life) % 4 == 0 &&
                 world_now(p->room.world) < p->room.calm_at;
    seat->stop_at = stops ? world_now(p->room.world) + SPAN_S(5) +
                                (span_us)(draw(p, 132, life) % (uint64_t)SPAN_M(20))
                          : WHEN_NEVER;
}

static void seats_turn(struct play *p)
{
    instant_us now = world_now(p->room.world);
    for (uint32_t i = 0; i < p->options.workers; i++) {
        struct seat *seat = &p->seats[i];
        if (seat->worker && now >= seat->stop_at) {
            seat->stop_at = WHEN_NEVER;
            worker_stop(seat->worker);
        }
        if (seat->worker && worker_has_ended(seat->worker)) {
            worker_free(seat->worker);
            seat->worker = NULL;
            seat->back_at =
                now + SPAN_S(1) + (span_us)(draw(p, 133, p->room.lives) % 100) * 1000000;
        }
        if (!seat->worker && now >= seat->back_at && !p->workers.is_over)
            seat_take(p, i);
    }
}

static instant_us seats_next(const struct play *p)
{
    instant_us next = WHEN_NEVER;
    for (uint32_t i = 0; i < p->options.workers; i++)
        next = when_earlier(next, p->seats[i].worker   ? p->seats[i].stop_at
                                  : p->workers.is_over ? WHEN_NEVER
                                                       : p->seats[i].back_at);
    return next;
}

static bool seats_are_empty(const struct play *p)
{
    for (uint32_t i = 0; i < p->options.workers; i++)
        if (p->seats[i].worker)
            return false;
    return true;
}

/* Everything that is due at this instant. */
static void instant_take(struct play *p)
{
    seats_turn(p);
    for (uint32_t i = 0; i < p->options.workers; i++)
        if (p->seats[i].worker)
            worker_wake(p->seats[i].worker);
    coroutines_run(p->room.all, world_now(p->room.world));
}

static void run_to_end(struct play *p)
{
    instant_us now = world_now(p->room.world);
    for (;;) {
        instant_take(p);
        p->workers.is_over = people_say_over(&p->people) || judge_has_complaint(&p->judge);
        seats_turn(p); /* of those that have ended */
        if (p->workers.is_over && seats_are_empty(p) && people_have_ended(&p->people))
            return;
        instant_us next = when_earlier(coroutines_next(p->room.all),
                                       when_earlier(world_next(p->room.world), seats_next(p)));
        if (next == WHEN_NEVER)
            judge_complain(&p->judge, "everybody waits for ever");
        if (now > when_later(p->judge.kept_at, SCENE_START) + NOTHING_MAX)
            judge_complain(&p->judge, "nothing has been kept for hours, and the run is open");
        if (now > p->scene.end_by)
            judge_complain(&p->judge, "the run does not come to its end");
        now = when_later(now, next == WHEN_NEVER ? now : next);
        if (now >= p->scene.heal_at)
            world_heal(p->room.world);
        world_go(p->room.world, now);
    }
}

/* Runs a scene; true: no complaint. */
static bool play(struct play *p, const struct options *options, struct sums *sums)
{
    *p = (struct play){.options = *options, .seed = options->scene.seed};
    if (!scene_make(&p->scene, &options->scene) || !fleet_complete(&p->scene.fleet))
        out_of_memory();
    p->workers.terms = terms_of(draw(p, 110, 0) % 3 ? LEASE_TTL : SPAN_S(12));
    scene_shorten(p);
    scheduler_options_draw(p);
    world_make(p);
    p->workers.room = &p->room;
    p->workers.database = &p->database;
    p->workers.judge = &p->judge;
    p->workers.scene = &p->scene;
    submit(p);
    seats_draw(p);
    people_begin(&p->people, &p->workers);
    run_to_end(p);
    people_end(&p->people);
    if (!p->options.kills && !p->options.database && p->workers.takeovers > 0)
        judge_complain(&p->judge, "a lane was taken over, and nothing had happened to its holder");
    if (!judge_has_complaint(&p->judge))
        judge_end(&p->judge);
    sums->digest = hash_mix(sums->digest, p->judge.watcher.digest);
    sums->kills += p->room.kills;
    sums->freezes += p->room.freezes;
    sums->takeovers += p->workers.takeovers;
    sums->carriages += p->workers.carriages;
    sums->intents += p->judge.intents;
    sums->refused += p->judge.refused;
    sums->reopens += p->people.reopens;
    sums->late += p->judge.watcher.late;
    return !judge_has_complaint(&p->judge);
}

static void play_clear(struct play *p)
{
    judge_clear(&p->judge);
    database_clear(&p->database);
    world_free(p->room.world);
    coroutines_free(p->room.all);
    scene_clear(&p->scene);
}

static bool lane_show(void *ctx, const struct lease_view *v)
{
    (void)ctx;
    printf("  lane %u rest %d worker %llu epoch %llu, left %lld ms, waits for %llu\n",
           (unsigned)v->lane, (int)v->rest, (unsigned long long)v->worker,
           (unsigned long long)v->epoch, (long long)(v->left / 1000),
           (unsigned long long)v->waits_for);
    return true;
}

/* The run, and its lanes, as the database has them at the end. */
static void run_show(const struct play *p)
{
    struct shared_run view;
    struct why why;
    char at[WHEN_LEN];
    if (leases_run(p->judge.journal, p->workers.run, &view, &why) != OK)
        return;
    printf("  %s: run %s, wave %u: %u of %u started, %u open, %u failed%s%s%s\n",
           when_format_ms(world_now(p->room.world), at), journal_state_name(view.state),
           view.waves.index + 1, view.waves.started, view.waves.size, view.waves.open,
           view.waves.failed, view.is_paused ? ", paused by a person" : "",
           view.stops ? ", stops" : "", view.waves.paused ? ", paused by its waves" : "");
    leases_each(p->judge.journal, p->workers.run, lane_show, NULL, &why);
    for (uint32_t i = 0; i < p->scene.fleet.choices_len; i++)
        if (p->judge.watcher.rows[i].last.row.state != JOB_DONE)
            printf("  job %u (lane %u) is %s\n", i, p->scene.fleet.choices[i].lane,
                   job_state_name(p->judge.watcher.rows[i].last.row.state));
}

static void show(const struct play *p)
{
    run_show(p);
    const struct watcher *w = &p->judge.watcher;
    uint64_t first = w->records > TURNS_KEPT ? w->records - TURNS_KEPT : 0;
    for (uint64_t i = first; i < w->records; i++) {
        const struct told *t = &w->turns_told[i % TURNS_KEPT];
        char at[WHEN_LEN];
        printf("  %s job %u (lane %u) %s -> %s %s %s\n", when_format_ms(t->at, at), t->job,
               p->scene.fleet.choices[t->job].lane, job_state_name(t->from), job_state_name(t->to),
               outcome_name(t->outcome), t->is_intent ? "(intent)" : "");
    }
}

static struct options options_of(uint64_t seed, struct suffix_list *suffixes)
{
    uint64_t roll = hash_mix(seed, 777);
    return (struct options){.scene = {.seed = seed,
                                      .faults = seed % 4 == 1,
                                      .waves = seed % 3 == 0,
                                      .others = seed % 5 == 1,
                                      .suffixes = suffixes},
                            .workers = 1 + (uint32_t)(roll % WORKERS_MAX),
                            .kills = seed % 8 != 0,
                            .database = seed % 8 > 2,
                            .sets_clock = seed % 16 > 11,
                            .skews = seed % 6 == 5,
                            .some = seed % 7 < 3};
}

static bool is_done(const struct job_row *row)
{
    return row->outcome == OUTCOME_DONE || row->outcome == OUTCOME_UNCHANGED;
}

/* As in sim.c: where it depends on a moment how a row ends. */
static bool may_differ(const struct play *p, uint32_t row)
{
    bool flickers = p->scene.parts[row] == PART_TIGHT && p->scene.world.ses.set_restarts;
    return p->scene.slow_dns || flickers || watcher_is_over_budget(&p->judge.watcher) ||
           world_operator(p->room.world, row).acts > 0 ||
           world_operator(p->room.world, row).next != WHEN_NEVER;
}

static bool same_rows(const struct play *one, const struct play *many)
{
    for (uint32_t i = 0; i < one->scene.fleet.choices_len; i++) {
        const struct job_row *a = &one->judge.watcher.rows[i].last.row;
        const struct job_row *b = &many->judge.watcher.rows[i].last.row;
        bool same = (a->outcome == b->outcome || (is_done(a) && is_done(b))) &&
                    text_eq(a->mail_from_seen, b->mail_from_seen) &&
                    a->behavior_seen == b->behavior_seen;
        if (same || may_differ(one, i) || may_differ(many, i) ||
            watcher_was_late(&many->judge.watcher, i))
            continue;
        printf("seed %llu: job %u ends as %s with one worker and as %s with %u (deadline %lld, at "
               "%lld, %.*s)\n",
               (unsigned long long)one->seed, i, outcome_name(a->outcome), outcome_name(b->outcome),
               many->options.workers, (long long)b->deadline,
               (long long)many->judge.watcher.rows[i].last.at, (int)b->reason.len, b->reason.at);
        return false;
    }
    return true;
}

/* The same run by one worker that nothing happens to, and by several that everything happens to. */
static bool same_end(uint64_t seed, struct suffix_list *suffixes, struct sums *sums)
{
    struct options o = options_of(seed, suffixes);
    struct play one, many;
    o.scene.faults = seed % 8 == 3;
    o.scene.spared = ~(1u << FAULT_STALE);
    o.workers = 1;
    o.kills = o.database = o.sets_clock = o.some = false;
    bool fine = play(&one, &o, sums);
    o.workers = 2 + (uint32_t)(seed / 4 % (WORKERS_MAX - 1));
    o.kills = o.database = o.some = true;
    o.sets_clock = seed % 16 == 15;
    fine = play(&many, &o, sums) && fine;
    if (!fine)
        printf("seed %llu with lagging reads at worst: %s\n", (unsigned long long)seed,
               judge_has_complaint(&one.judge) ? one.judge.watcher.complaint
                                               : many.judge.watcher.complaint);
    if (!fine)
        show(judge_has_complaint(&one.judge) ? &one : &many);
    fine = fine && same_rows(&one, &many);
    play_clear(&one);
    play_clear(&many);
    return fine;
}

static bool one_seed(uint64_t seed, struct suffix_list *suffixes, enum talk talk, struct sums *sums)
{
    static struct play p;
    struct options o = options_of(seed, suffixes);
    if (talk == TALK_TERSE) { /* should the engine abort, the last line says where */
        printf("seed %llu\n", (unsigned long long)seed);
        fflush(stdout);
    }
    bool fine = play(&p, &o, sums);
    if (!fine)
        printf("seed %llu: %s\n", (unsigned long long)seed, p.judge.watcher.complaint);
    if (talk == TALK_LOUD || (talk == TALK_NORMAL && !fine))
        show(&p);
    play_clear(&p);
    return fine && (seed % 4 != 3 || same_end(seed, suffixes, sums));
}

int main(int argc, char **argv)
{
    struct seeds seeds;
    struct sums sums = {0};
    struct suffix_list *suffixes;
    struct why why = {""};
    seeds_read(&seeds, argc, argv);
    bool fine = suffix_list_open(&suffixes, NULL, &why) == OK;
    for (uint64_t seed = seeds.first; fine && seed < seeds.first + seeds.count; seed++)
        fine = one_seed(seed, suffixes, seeds.talk, &sums);
    suffix_list_close(suffixes);
    if (!fine)
        return 1;
    printf("%llu seeds, no complaint; %llu kills, %llu freezes, %llu carriages, %llu takeovers, "
           "%llu intents, %llu refused, %llu reopened, %llu rows too late",
           (unsigned long long)seeds.count, (unsigned long long)sums.kills,
           (unsigned long long)sums.freezes, (unsigned long long)sums.carriages,
           (unsigned long long)sums.takeovers, (unsigned long long)sums.intents,
           (unsigned long long)sums.refused, (unsigned long long)sums.reopens,
           (unsigned long long)sums.late);
    if (seeds.prints_digest)
        printf(", digest %016llx", (unsigned long long)sums.digest);
    puts("");
    return 0;
}
