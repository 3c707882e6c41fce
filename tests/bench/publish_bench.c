/*
 * What it costs to publish many names in Route 53, in virtual time: calls, the time against what
 * the rate alone would take, and how many calls were throttled.
 *
 *     publish_bench NAMES ZONES
 *
 * Prints JSON. The provider is the model of engine/world, whose bucket holds 50 calls and gets 10 a
 * second, as AWS documents it.
 */
#include "must.h"

#include "base/dname.h"
#include "engine.h"
#include "publish/publisher.h"
#include "rules/feedback.h"
#include "rules/spf_merge.h"
#include "rules/suffix.h"
#include "scheduler/record.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>

#define START  ((instant_us)1770000000 * 1000000)
#define HOST   "feedback-smtp.us-east-1.amazonses.com"
#define RATE_S 10

struct bench {
    struct fleet fleet;
    struct arena texts;
    struct publish_target *targets;
    struct provider_model model;
    struct world *world;
    struct io inner;
    instant_us first, last; /* calls to the provider */
    uint64_t records;
};

static void fleet_make(struct bench *b)
{
    struct account account = {0};
    struct text zones = TEXT("*");
    struct provider provider = {.kind = PROVIDER_ROUTE53, .zones = &zones, .zones_len = 1};
    name_id region;
    uint16_t index;
    fleet_init(&b->fleet);
    b->fleet.max_failures.value = NO_BOUND;
    must(names_init(&b->fleet.names, NAMES_BYTES_MAX) &&
         names_add(&b->fleet.names, TEXT("us-east-1"), &region) &&
         names_add(&b->fleet.names, TEXT("dns"), &account.name) &&
         fleet_account(&b->fleet, account, &index) && fleet_lane(&b->fleet, 0, region, &index) &&
         fleet_provider(&b->fleet, &provider, &index));
}

static void target_make(struct bench *b, uint32_t i, struct text apex)
{
    struct choice choice = {.line = i + 2};
    struct publish_target *t = &b->targets[i];
    *t = (struct publish_target){.name = arena_fmt(&b->texts, "b%u." TEXT_FMT, i, TEXT_ARG(apex)),
                                 .ttl_s = 300,
                                 .mx_preference = 10,
                                 .mx_exchange = TEXT(HOST),
                                 .txt = TEXT(SPF_SES_RECORD),
                                 .with_mx = true,
                                 .with_txt = true};
    must(t->name.at && names_add(&b->fleet.names, t->name, &choice.mail_from) &&
         names_add(&b->fleet.names, apex, &choice.identity) &&
         fleet_policy(&b->fleet, (struct policy){0}, &choice.policy) &&
         fleet_choice(&b->fleet, choice, &t->row));
}

static void names_make(struct bench *b, uint32_t names, uint32_t zones)
{
    const struct provider_model_options options = {.targets = b->targets, .targets_len = names};
    must(provider_model_init(&b->model, &options));
    for (uint32_t z = 0, i = 0; z < zones; z++) {
        struct text apex = arena_fmt(&b->texts, "z%u.test", z);
        const struct model_zone zone = {
            .name = apex, .kind = PROVIDER_ROUTE53, .lags = {SPAN_S(1), SPAN_S(20)}};
        uint32_t index;
        must(provider_model_zone(&b->model, &zone, &index) &&
             provider_model_delegate(&b->model, apex, index, 0) &&
             provider_model_delegate(&b->model, apex, index, 1));
        for (uint32_t end = (uint32_t)((uint64_t)names * (z + 1) / zones); i < end; i++)
            target_make(b, i, apex);
    }
}

static instant_us bench_now(void *ctx)
{
    return world_now(((struct bench *)ctx)->world);
}

static uint32_t bench_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct bench *b = ctx;
    uint32_t len = b->inner.wait(b->inner.world, until, events, max);
    for (uint32_t i = 0; i < len; i++)
        if (events[i].call && call_is_of_provider(events[i].call->kind))
            b->last = bench_now(b);
    return len;
}

static void bench_send(void *ctx, struct call **calls, uint32_t len)
{
    struct bench *b = ctx;
    for (uint32_t i = 0; i < len && !b->first; i++)
        if (call_is_of_provider(calls[i]->kind))
            b->first = bench_now(b);
    b->inner.send(b->inner.world, calls, len);
}

static enum err bench_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    (void)records;
    (void)why;
    ((struct bench *)ctx)->records += len;
    return OK;
}

static void told(const struct bench *b, const struct publisher_totals *t, uint32_t names,
                 uint32_t zones)
{
    uint64_t calls =
        t->calls[CALL_ZONES] + t->calls[CALL_ZONE] + t->calls[CALL_RECORDS] + t->calls[CALL_CHANGE];
    double took_s = (double)(b->last - b->first) / 1e6, rate_s = (double)calls / RATE_S;
    printf("{\"names\": %u, \"zones\": %u, \"done\": %u, \"calls\": %llu, \"lists\": %llu, "
           "\"details\": %llu, \"changes\": %llu, \"throttled\": %llu, \"questions\": %llu, "
           "\"records\": %llu, \"took_s\": %.1f, \"rate_s\": %.1f}\n",
           names, zones, t->by_state[PUBLISH_DONE], (unsigned long long)calls,
           (unsigned long long)t->calls[CALL_ZONES], (unsigned long long)t->calls[CALL_ZONE],
           (unsigned long long)t->calls[CALL_CHANGE], (unsigned long long)b->model.throttled,
           (unsigned long long)t->questions, (unsigned long long)b->records, took_s, rate_s);
}

static bool run(struct bench *b, struct publisher *publisher)
{
    struct why why = {""};
    enum engine_end end;
    const struct machine machine = publisher_machine(publisher);
    const struct io io = {.world = b,
                          .now = bench_now,
                          .wait = bench_wait,
                          .send = bench_send,
                          .keep = bench_keep,
                          .keeper = b};
    publisher_start(publisher, bench_now(b));
    bool fine = engine_run(&machine, &io, NULL, &end, &why) == OK && !world_is_stuck(b->world);
    if (!fine)
        fprintf(stderr, "%s\n", why.text);
    return fine;
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct why why = {""};
    struct suffix_list *suffixes = NULL;
    struct publisher_totals totals;
    uint32_t names = argc == 3 ? (uint32_t)atoi(argv[1]) : 0;
    uint32_t zones = argc == 3 ? (uint32_t)atoi(argv[2]) : 0;
    if (!names || !zones || zones > names || zones > UINT16_MAX) {
        fputs("usage: publish_bench NAMES ZONES\n", stderr);
        return 2;
    }
    arena_init(&b.texts, SIZE_MAX);
    b.targets = calloc(names, sizeof *b.targets);
    must(b.targets != NULL && suffix_list_open(&suffixes, NULL, &why) == OK);
    fleet_make(&b);
    names_make(&b, names, zones);
    struct world_options options = {.start = START,
                                    .seed = 1,
                                    .round_trip = SPAN_MS(40),
                                    .time_out = SPAN_S(30),
                                    .ses = ses_rules_default(),
                                    .dns = {.seed = 1, .start = START, .published = 1},
                                    .identities_max = 1,
                                    .providers = &b.model};
    struct publisher_options wanted = {.fleet = &b.fleet,
                                       .targets = b.targets,
                                       .targets_len = names,
                                       .surveys = {.mode = INQUIRY_AUTHORITY, .suffixes = suffixes},
                                       .feedback_host = TEXT(FEEDBACK_PATTERN),
                                       .seed = 1};
    b.world = world_new(&options, &b.fleet, (struct world_keeper){0}, &why);
    struct publisher *publisher = publisher_init(&wanted);
    must(b.world != NULL && publisher != NULL);
    b.inner = world_io(b.world);
    bool fine = run(&b, publisher);
    publisher_totals(publisher, &totals);
    told(&b, &totals, names, zones);
    publisher_clear(publisher);
    world_free(b.world);
    provider_model_clear(&b.model);
    fleet_clear(&b.fleet);
    arena_clear(&b.texts);
    suffix_list_close(suffixes);
    free(b.targets);
    return fine && totals.by_state[PUBLISH_DONE] == names ? 0 : 1;
}
