/*
 * What a plan costs in virtual time: its calls, and the time from the first to the last against the
 * fullest bucket.
 *
 *     plan_pace_bench IDENTITIES LANES TRIP_MS
 *
 * Prints JSON. The lanes are equal, and SES takes one call a second of each action in each. Each
 * way of a trip takes half of it, or up to a half of that more or less. What preflight asks before
 * is not in it.
 */
#include "must.h"

#include "base/bounds.h"
#include "calls/budget.h"
#include "calls/paged_list.h"
#include "engine.h"
#include "scheduler/scheduler.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>

#define START ((instant_us)1770000000 * 1000000)

struct bench {
    struct fleet fleet;
    struct world *world;
    struct io inner;
    instant_us first, last; /* calls to SES */
};

static void lane_add(struct fleet *f, uint32_t number)
{
    char name[32];
    struct account account = {0};
    name_id region;
    uint16_t index, lane;
    snprintf(name, sizeof name, "a%u", number);
    must(names_add(&f->names, text_of(name), &account.name) &&
         names_add(&f->names, TEXT("us-east-1"), &region) && fleet_account(f, account, &index) &&
         fleet_lane(f, index, region, &lane));
}

static void row_add(struct fleet *f, uint32_t number, uint16_t lane)
{
    char name[32], from[48];
    struct choice choice = {.lane = lane, .type = IDENTITY_DOMAIN, .line = number + 1};
    uint32_t row;
    snprintf(name, sizeof name, "d%u.test", number);
    snprintf(from, sizeof from, "bounce.%s", name);
    must(names_add(&f->names, text_of(name), &choice.identity) &&
         names_add(&f->names, text_of(from), &choice.mail_from) &&
         fleet_policy(f, (struct policy){.timeout_us = SPAN_H(72)}, &choice.policy) &&
         fleet_choice(f, choice, &row));
}

static void world_make(struct bench *b, span_us round_trip)
{
    struct why why = {""};
    const struct ses_facts verified = {.verification = VERIFICATION_SUCCESS};
    struct fleet *f = &b->fleet;
    struct world_options options = {
        .start = START,
        .round_trip = round_trip,
        .time_out = SPAN_S(30),
        .ses = ses_rules_default(),
        .dns = {.start = START,
                .published = 1,
                .right_host = TEXT("feedback-smtp.us-east-1.amazonses.com")},
        .identities_max = f->choices_len};
    options.ses.rate_per_s = 1;
    b->world = world_new(&options, f, (struct world_keeper){0}, &why);
    must(b->world != NULL);
    for (uint32_t i = 0; i < f->choices_len; i++)
        must(ses_model_add(world_ses(b->world), world_lane(b->world, f->choices[i].lane),
                           fleet_identity(f, i), &verified, START, &why) == OK);
    b->inner = world_io(b->world);
}

static instant_us bench_now(void *ctx)
{
    return world_now(((struct bench *)ctx)->world);
}

static uint32_t bench_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct bench *b = ctx;
    return b->inner.wait(b->inner.world, until, events, max);
}

static void bench_send(void *ctx, struct call **calls, uint32_t len)
{
    struct bench *b = ctx;
    for (uint32_t i = 0; i < len; i++) {
        if (calls[i]->kind == CALL_ASK)
            continue;
        b->last = bench_now(b);
        b->first = b->first ? b->first : b->last;
    }
    b->inner.send(b->inner.world, calls, len);
}

static enum err bench_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    (void)ctx, (void)records, (void)len, (void)why;
    return OK;
}

static struct budget budget_of(const struct fleet *f)
{
    struct budget budget = {0};
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        struct lane_need need = {.rate_per_s = 1, .how.dkim = DKIM_BY_BATCH};
        for (uint32_t k = 0; k < f->choices_len; k++)
            need.reads += f->choices[k].lane == i;
        need.how.lists = list_tells_verification(need.reads, API_V1);
        budget_add(&budget, &need);
    }
    return budget;
}

static void told(const struct bench *b, const struct scheduler *d)
{
    const struct budget budget = budget_of(&b->fleet);
    struct scheduler_totals totals;
    uint64_t calls = 0, throttled = 0;
    scheduler_totals(d, &totals);
    for (int kind = 0; kind < CALL_ASK; kind++) {
        calls += totals.calls[kind];
        throttled += totals.throttled[kind];
    }
    printf("{\"planned\": %u, \"calls\": %llu, \"throttled\": %llu, \"took_s\": %.2f, \"bound_s\": "
           "%.2f, \"held_by\": \"%s\"}\n",
           totals.by_outcome[OUTCOME_PLANNED], (unsigned long long)calls,
           (unsigned long long)throttled, (double)(b->last - b->first) / 1e6,
           (double)budget.earliest / 1e6, call_action(budget.held_by, budget.held_api));
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct arena memory;
    struct why why = {""};
    enum engine_end end;
    uint32_t identities = argc == 4 ? (uint32_t)atoi(argv[1]) : 0;
    uint32_t lanes = argc == 4 ? (uint32_t)atoi(argv[2]) : 0;
    int trip_ms = argc == 4 ? atoi(argv[3]) : 0;
    if (!identities || !lanes || lanes > LANES_MAX || trip_ms <= 0) {
        fputs("usage: plan_pace_bench IDENTITIES LANES TRIP_MS\n", stderr);
        return 2;
    }
    arena_init(&memory, SIZE_MAX);
    fleet_init(&b.fleet);
    b.fleet.max_failures.value = NO_BOUND;
    must(names_init(&b.fleet.names, NAMES_BYTES_MAX));
    for (uint32_t i = 0; i < lanes; i++)
        lane_add(&b.fleet, i);
    for (uint32_t i = 0; i < identities; i++)
        row_add(&b.fleet, i, (uint16_t)(i % lanes));
    world_make(&b, SPAN_MS(trip_ms));
    const struct scheduler_options options = {.rules = {.seed = 1, .plan_only = true},
                                              .read_api = API_V1,
                                              .write_api = API_V2,
                                              .lane_survey = true,
                                              .dkim = DKIM_BY_BATCH,
                                              .rate_per_s = 1};
    struct scheduler *d = scheduler_init(&memory, &b.fleet, &options);
    must(d != NULL);
    const struct io io = {.world = &b,
                          .now = bench_now,
                          .wait = bench_wait,
                          .send = bench_send,
                          .keep = bench_keep,
                          .keeper = &b};
    struct machine machine = scheduler_machine(d);
    scheduler_start(d, START);
    bool fine = engine_run(&machine, &io, NULL, &end, &why) == OK && !world_is_stuck(b.world);
    told(&b, d);
    scheduler_clear(d);
    world_free(b.world);
    fleet_clear(&b.fleet);
    arena_clear(&memory);
    return fine ? 0 : 1;
}
