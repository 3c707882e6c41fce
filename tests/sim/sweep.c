/*
 * The simulation test of sweeps: the engine looks at drawn fleets in drawn worlds, again and again,
 * with what it has seen going into the memory of watching.
 *
 *   nothing is written, and nothing is kept     calls within the rate of each lane and action
 *   a sweep comes to its end                    no more calls than a look at each identity costs
 *   without faults the problems are those that SES and DNS show
 *
 *     sweep-sim [--first SEED] [--count N] [--terse]   the first complaint ends it
 */
#include "base/dname.h"
#include "run/watching.h"
#include "scene.h"
#include "seeds.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING   64 /* at least the greatest rate of a scene */
#define SWEEPS 4

struct seen {
    enum mail_from_status status;
    bool exists, is_wanted;
    enum dns_view view;
};

struct play {
    struct scene scene;
    struct access access;
    struct run run;
    struct world *world;
    struct io inner;
    struct watch_memory *memory;
    struct watching watching;
    instant_us *rings; /* of each lane and action: when its last RING calls were sent */
    uint64_t *sent;    /* and how many there were */
    uint64_t calls;
    struct seen *before;
    char complaint[320];
};

static void complain(struct play *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct play *p, const char *fmt, ...)
{
    va_list args;
    if (p->complaint[0])
        return;
    va_start(args, fmt);
    vsnprintf(p->complaint, sizeof p->complaint, fmt, args);
    va_end(args);
}

/* ---- between the engine and the world ---- */

static instant_us play_now(void *ctx)
{
    struct play *p = ctx;
    return p->inner.now(p->inner.world);
}

static uint32_t play_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct play *p = ctx;
    return p->inner.wait(p->inner.world, until, events, max);
}

static void rate_check(struct play *p, const struct call *call)
{
    uint32_t rate = (uint32_t)p->scene.rate_per_s;
    size_t bucket = (size_t)call->lane * CALL_KINDS + call->kind;
    instant_us *ring = &p->rings[bucket * RING], now = play_now(p);
    uint64_t n = p->sent[bucket]++;
    if (n >= rate && now - ring[(n - rate) % RING] < SPAN_S(1))
        complain(p, "more than %u calls of %s in a second", rate,
                 call_action(call->kind, call->api));
    ring[n % RING] = now;
}

static void play_send(void *ctx, struct call **calls, uint32_t len)
{
    struct play *p = ctx;
    for (uint32_t i = 0; i < len; i++) {
        if (calls[i]->kind == CALL_ASK)
            continue;
        if (call_changes_world(calls[i]->kind) || call_is_of_provider(calls[i]->kind))
            complain(p, "a sweep has sent %s", call_action(calls[i]->kind, calls[i]->api));
        rate_check(p, calls[i]);
        p->calls++;
    }
    p->inner.send(p->inner.world, calls, len);
}

/* ---- a play ---- */

static void play_begin(struct play *p, uint64_t seed, struct suffix_list *suffixes)
{
    const struct scene_options options = {
        .seed = seed, .faults = seed % 3 == 0, .others = seed % 5 == 0, .suffixes = suffixes};
    struct why why = {""};
    *p = (struct play){.access = {.dns = "recursive"}};
    struct world_keeper nobody = {0};
    if (!scene_make(&p->scene, &options)) {
        fputs("cannot make the scene\n", stderr);
        exit(1);
    }
    struct fleet *f = &p->scene.fleet;
    for (uint32_t i = 0; i < f->choices_len; i++)
        f->choices[i].guarded = GUARD_NONE;
    static const char *const wishes[] = {
        [DKIM_NOT_ASKED] = "none", [DKIM_BY_BATCH] = NULL, [DKIM_BY_IDENTITY] = "each"};
    p->access.dkim = wishes[p->scene.dkim];
    p->access.rate_per_s = p->scene.rate_per_s;
    p->scene.world.v1_refused = 0; /* then each identity costs a call */
    const struct run_config config = {.access = &p->access};
    run_init(&p->run, &config);
    p->run.head.verb = RUN_PLAN;
    p->run.head.seed = seed;
    p->run.suffixes = suffixes;
    p->run.fleet = *f;
    p->world = world_new(&p->scene.world, f, nobody, &why);
    p->memory = watch_open(&p->run.fleet.watch);
    p->rings = calloc((size_t)f->lanes_len * CALL_KINDS * RING, sizeof *p->rings);
    p->sent = calloc((size_t)f->lanes_len * CALL_KINDS, sizeof *p->sent);
    p->before = calloc(f->choices_len, sizeof *p->before);
    if (!p->world || !p->memory || !p->rings || !p->sent || !p->before ||
        !scene_populate(&p->scene, p->world)) {
        fprintf(stderr, "cannot make the world: %s\n", why.text);
        exit(1);
    }
    p->inner = world_io(p->world);
}

static void play_end(struct play *p)
{
    watching_clear(&p->watching);
    watch_close(p->memory);
    world_free(p->world);
    p->run.suffixes = NULL;    /* the caller's */
    fleet_init(&p->run.fleet); /* the scene's */
    run_clear(&p->run);
    free(p->rings);
    free(p->sent);
    free(p->before);
    scene_clear(&p->scene);
}

static struct seen truth_of(const struct play *p, uint32_t row)
{
    const struct fleet *f = &p->scene.fleet;
    uint32_t id;
    struct seen s = {
        .view = dns_model_view(world_dns(p->world), fleet_mail_from(f, row), world_now(p->world))};
    s.exists = ses_model_find(world_ses(p->world), world_lane(p->world, f->choices[row].lane),
                              fleet_identity(f, row), &id);
    if (!s.exists)
        return s;
    const struct ses_facts facts = ses_model_facts(world_ses(p->world), id);
    s.status = facts.status;
    s.is_wanted = dname_eq(facts.mail_from, fleet_mail_from(f, row));
    return s;
}

/* Is a problem there that the last look saw? */
static bool shows(const struct play *p, uint32_t row, enum watch_kind kind)
{
    const struct watch_key key = watching_key(&p->run.fleet, row);
    struct watch_problem found[WATCH_KINDS];
    uint32_t len = watch_problems(p->memory, &key, found);
    for (uint32_t i = 0; i < len; i++)
        if (found[i].kind == kind)
            return found[i].well_since == 0;
    return false;
}

static void kind_check(struct play *p, uint32_t row, enum watch_kind kind, bool is_so)
{
    if (shows(p, row, kind) != is_so)
        complain(p, "row %u: %s is %s", row, watch_kind_name(kind), is_so ? "missed" : "not so");
}

/* What was the same before the sweep and after it was so within. */
static void row_check(struct play *p, uint32_t row)
{
    struct seen now = truth_of(p, row), was = p->before[row];
    if (now.exists != was.exists || now.status != was.status || now.is_wanted != was.is_wanted)
        return;
    kind_check(p, row, WATCH_UNSEEN, false);
    if (!now.exists) { /* verification is read once in an hour; until then it has no MAIL FROM */
        if (!shows(p, row, WATCH_IDENTITY_MISSING) && fleet_mail_from(&p->run.fleet, row).len)
            kind_check(p, row, WATCH_DRIFT_NAME, true);
        return;
    }
    kind_check(p, row, WATCH_IDENTITY_MISSING, false);
    kind_check(p, row, WATCH_STATUS_FAILED, now.status == MAIL_FROM_FAILED);
    kind_check(p, row, WATCH_STATUS_TEMPORARY, now.status == MAIL_FROM_TEMPORARY_FAILURE);
    kind_check(p, row, WATCH_STATUS_PENDING, now.status == MAIL_FROM_PENDING);
    kind_check(p, row, WATCH_DRIFT_NAME, !now.is_wanted);
    /* Of a name that cannot be DNS is not asked, and what was not there may be in a cache. */
    if (fleet_mail_from(&p->run.fleet, row).len && p->scene.parts[row] != PART_NOT_BELOW &&
        now.view == was.view && (now.view == VIEW_MISSING || now.view == VIEW_DOUBLED))
        kind_check(p, row, WATCH_MX_GONE, true);
}

static uint64_t watching_asked(const struct watching *w, enum call_kind kind)
{
    return w->calls[kind][0].sent + w->calls[kind][1].sent;
}

static void sweep(struct play *p)
{
    struct why why = {""};
    struct watch_rows rows;
    struct io io = {.world = p, .now = play_now, .wait = play_wait, .send = play_send};
    const struct fleet *f = &p->run.fleet;
    uint64_t calls = p->calls;
    for (uint32_t i = 0; i < f->choices_len; i++)
        p->before[i] = truth_of(p, i);
    watching_clear(&p->watching);
    watching_init(&p->watching, &p->run, p->memory);
    arena_reset(&p->run.memory);
    if (watching_sweep_in(&p->watching, &io, &why) != OK)
        complain(p, "the sweep gave up: %s", why.text);
    if (p->watching.ended - p->watching.began > SPAN_H(3))
        complain(p, "the sweep took %lld s",
                 (long long)((p->watching.ended - p->watching.began) / 1000000));
    bool faults = p->scene.options.faults;
    if (!faults)
        for (uint32_t i = 0; i < f->choices_len; i++)
            row_check(p, i);
    /* Of each lane: the reads, its account, and what else only it can say; in a few batches. One by
     * one DKIM is asked where it is wished, and not by each sweep. */
    bool is_each = p->scene.dkim == DKIM_BY_IDENTITY && watching_asked(&p->watching, CALL_GET) > 0;
    uint64_t each = f->choices_len + p->watching.calls[CALL_GET][0].throttled;
    if (!faults && p->calls - calls > f->lanes_len * 10u + 4u * f->choices_len / SES_BATCH_MAX +
                                          (is_each ? each : 0))
        complain(p, "the sweep took %llu calls", (unsigned long long)(p->calls - calls));
    if (!watch_rows(p->memory, &rows))
        complain(p, "out of memory");
    watch_kept(p->memory);
    watch_told(p->memory);
}

static bool play(struct play *p, uint64_t seed, struct suffix_list *suffixes)
{
    struct event none[1];
    play_begin(p, seed, suffixes);
    for (int n = 0; n < SWEEPS && !p->complaint[0]; n++) {
        sweep(p);
        instant_us next = when_later(p->watching.began + SPAN_M(15), play_now(p) + SPAN_S(1));
        while (play_now(p) < next)
            play_wait(p, next, none, 1);
    }
    if (!scene_strangers_untouched(&p->scene, p->world))
        complain(p, "a stranger was touched");
    play_end(p);
    return p->complaint[0] == '\0';
}

int main(int argc, char **argv)
{
    static struct play p;
    struct seeds seeds;
    struct suffix_list *suffixes;
    struct why why = {""};
    seeds_read(&seeds, argc, argv);
    bool fine = suffix_list_open(&suffixes, NULL, &why) == OK;
    for (uint64_t seed = seeds.first; fine && seed < seeds.first + seeds.count; seed++) {
        if (seeds.talk == TALK_TERSE) { /* should it abort, the last line says where */
            printf("seed %llu\n", (unsigned long long)seed);
            fflush(stdout);
        }
        fine = play(&p, seed, suffixes);
        if (!fine)
            printf("seed %llu: %s\n", (unsigned long long)seed, p.complaint);
    }
    suffix_list_close(suffixes);
    if (!fine)
        return 1;
    printf("%llu seeds, no complaint\n", (unsigned long long)seeds.count);
    return 0;
}
