/*
 * How soon a run notices records that their owners publish, in virtual time, and what the name
 * servers get of it.
 *
 *     notice_bench NAMES SERVERS AGE WITHIN
 *
 * NAMES are asked at their authorities, which are SERVERS in all, two for each zone. All have been
 * waited for since AGE minutes when the first record appears; the owners publish WITHIN so many
 * minutes. Nothing changes before, and the world says so, so that time passes quickly; from then on
 * every look is made. Prints JSON. Exit code 1: a server got more than its limit, or
 * fewer than 99 % of the records were noticed within one poll interval.
 *
 * A poll interval is what step.c promises: a minute, or a thirtieth of the time that a name has
 * been waited for, at most fifteen minutes.
 */
#include "must.h"

#include "base/bounds.h"
#include "engine.h"
#include "scheduler/scheduler.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START          ((instant_us)1770000000 * 1000000)
#define ROUND_TRIP     SPAN_MS(40)
#define PROMISED_SHARE 0.99
#define PAIRS_MAX      65536u /* of servers that dns_model.c can tell apart */

/* What one server has got; counted here and not by the limit that is measured. */
struct got {
    instant_us second; /* began then */
    uint32_t in_second, out;
};

struct bench {
    struct fleet fleet;
    struct world *world;
    struct io inner;
    uint32_t names, pairs;
    span_us age, within;
    struct got *got; /* by server: two for each pair */
    uint32_t out_max, second_max;
    uint64_t questions, authority_questions;
    /* times to notice, each divided by its poll interval */
    double *late;
    uint32_t noticed;
};

static void name_add(struct fleet *f, uint32_t i)
{
    char name[32], from[64];
    struct policy policy = {.require = REQUIRE_MX_SPF, .timeout_us = SPAN_H(72)};
    struct choice choice = {.line = i + 1};
    uint32_t row;
    snprintf(name, sizeof name, "d%u.test", i);
    snprintf(from, sizeof from, "bounce.d%u.test", i);
    must(names_add(&f->names, text_of(name), &choice.identity) &&
         names_add(&f->names, text_of(from), &choice.mail_from) &&
         fleet_policy(f, policy, &choice.policy) && fleet_choice(f, choice, &row));
}

static void fleet_make(struct bench *b)
{
    struct fleet *f = &b->fleet;
    struct account account = {0};
    uint16_t index;
    name_id region;
    fleet_init(f);
    f->max_failures.value = NO_BOUND;
    must(names_init(&f->names, NAMES_BYTES_MAX) &&
         names_add(&f->names, TEXT("main"), &account.name) &&
         names_add(&f->names, TEXT("us-east-1"), &region) && fleet_account(f, account, &index) &&
         fleet_lane(f, index, region, &index));
    for (uint32_t i = 0; i < b->names; i++)
        name_add(f, i);
}

static void world_make(struct bench *b)
{
    struct why why = {""};
    struct world_options options = {.start = START,
                                    .seed = 1,
                                    .round_trip = ROUND_TRIP,
                                    .time_out = SPAN_S(30),
                                    .ses = ses_rules_default(),
                                    .identities_max = b->names};
    const struct ses_facts verified = {.verification = VERIFICATION_SUCCESS};
    options.ses.rate_per_s = RATE_MAX; /* SES is not what is measured */
    options.dns = (struct dns_model_options){
        .seed = 1,
        .start = START,
        .delay_min = b->age,
        .delay_max = b->age + b->within,
        .right_host = TEXT("feedback-smtp.us-east-1.amazonses.com"),
        .server_pairs = b->pairs,
        .foretells = true,
        .foretold_until = START + b->age,
    };
    b->world = world_new(&options, &b->fleet, (struct world_keeper){0}, &why);
    must(b->world != NULL);
    b->inner = world_io(b->world);
    for (uint32_t i = 0; i < b->names; i++)
        must(ses_model_add(world_ses(b->world), world_lane(b->world, 0),
                           fleet_identity(&b->fleet, i), &verified, START, &why) == OK);
}

/* The model's server 10.1.2.2 is the second of pair 258. */
static struct got *got_of(const struct bench *b, const struct call *call)
{
    const struct dns_server *s = &call->question.server;
    bool is_asked = call->kind == CALL_ASK && s->family != 0;
    uint32_t pair = (uint32_t)s->address[1] << 8 | s->address[2];
    return is_asked ? &b->got[2 * pair + (s->address[3] == 2)] : NULL;
}

static void count(struct bench *b, const struct call *call)
{
    struct got *g = got_of(b, call);
    instant_us now = world_now(b->world);
    b->questions += call->kind == CALL_ASK;
    if (!g)
        return;
    b->authority_questions++;
    if (now - g->second >= SPAN_S(1))
        *g = (struct got){.second = now, .out = g->out};
    g->in_second++;
    g->out++;
    b->second_max = g->in_second > b->second_max ? g->in_second : b->second_max;
    b->out_max = g->out > b->out_max ? g->out : b->out_max;
}

static instant_us bench_now(void *ctx)
{
    return world_now(((struct bench *)ctx)->world);
}

static void bench_send(void *ctx, struct call **calls, uint32_t len)
{
    struct bench *b = ctx;
    for (uint32_t i = 0; i < len; i++)
        count(b, calls[i]);
    b->inner.send(b->inner.world, calls, len);
}

static uint32_t bench_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct bench *b = ctx;
    uint32_t len = b->inner.wait(b->inner.world, until, events, max);
    for (uint32_t i = 0; i < len; i++) {
        struct got *g = events[i].call ? got_of(b, events[i].call) : NULL;
        if (g)
            g->out--;
    }
    return len;
}

static void notice(struct bench *b, const struct record *r)
{
    struct text name = fleet_mail_from(&b->fleet, r->job);
    instant_us right = dns_model_right_from(world_dns(b->world), name);
    span_us interval = (right - START) / 30;
    interval = interval < SPAN_M(1) ? SPAN_M(1) : interval > SPAN_M(15) ? SPAN_M(15) : interval;
    b->late[b->noticed++] = (double)(r->at - right) / (double)interval;
}

static enum err bench_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct bench *b = ctx;
    (void)why;
    for (uint32_t i = 0; i < len; i++)
        if (records[i].from == JOB_WAITING_DNS && records[i].row.state == JOB_READY &&
            b->noticed < b->names)
            notice(b, &records[i]);
    return OK;
}

static bool run(struct bench *b)
{
    struct arena memory;
    struct why why = {""};
    enum engine_end end;
    struct scheduler_options options = {.read_api = API_V1,
                                        .write_api = API_V2,
                                        .rate_per_s = RATE_MAX,
                                        .authority_dns = true,
                                        .looks_closer = true};
    arena_init(&memory, SIZE_MAX);
    struct scheduler *scheduler = scheduler_init(&memory, &b->fleet, &options);
    must(scheduler != NULL);
    scheduler_start(scheduler, START);
    const struct machine machine = scheduler_machine(scheduler);
    const struct io io = {.world = b,
                          .now = bench_now,
                          .wait = bench_wait,
                          .send = bench_send,
                          .keep = bench_keep,
                          .keeper = b};
    bool fine = engine_run(&machine, &io, NULL, &end, &why) == OK && !world_is_stuck(b->world);
    if (!fine)
        fprintf(stderr, "%s\n", why.text);
    scheduler_clear(scheduler);
    arena_clear(&memory);
    return fine;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Of a second that begins anywhere a bucket gives its allowance and its rate. */
static bool limits_held(const struct bench *b)
{
    return b->out_max <= DNS_SERVER_OUT_MAX &&
           b->second_max <= DNS_SERVER_OUT_MAX + DNS_SERVER_RATE_MAX;
}

/* True: what is promised has held. */
static bool told(struct bench *b)
{
    uint32_t within = 0, n = b->noticed;
    qsort(b->late, n, sizeof *b->late, by_size);
    while (within < n && b->late[within] <= 1)
        within++;
    printf("{\"names\": %u, \"servers\": %u, \"noticed\": %u, \"within_one_interval\": %.5f, "
           "\"median\": %.3f, \"p99\": %.3f, \"last\": %.3f, \"questions\": %llu, "
           "\"authority_questions\": %llu, \"out_max\": %u, \"second_max\": %u, "
           "\"limits_held\": %s}\n",
           b->names, 2 * b->pairs, n, n ? (double)within / n : 0, n ? b->late[n / 2] : 0,
           n ? b->late[(uint64_t)n * 99 / 100] : 0, n ? b->late[n - 1] : 0,
           (unsigned long long)b->questions, (unsigned long long)b->authority_questions, b->out_max,
           b->second_max, limits_held(b) ? "true" : "false");
    return n == b->names && within >= PROMISED_SHARE * n && limits_held(b);
}

static uint32_t number_of(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    if (argc == 5) {
        b.names = number_of(argv[1]);
        b.pairs = number_of(argv[2]) / 2;
        b.age = SPAN_M(number_of(argv[3]));
        b.within = SPAN_M(number_of(argv[4]));
    }
    if (!b.names || b.names > IDENTITIES_MAX || !b.pairs || b.pairs > PAIRS_MAX || !b.within) {
        fputs("usage: notice_bench NAMES SERVERS AGE WITHIN\n", stderr);
        return 2;
    }
    b.got = calloc(2u * b.pairs, sizeof *b.got);
    b.late = calloc(b.names, sizeof *b.late);
    must(b.got && b.late);
    fleet_make(&b);
    world_make(&b);
    bool fine = run(&b);
    bool held = told(&b);
    world_free(b.world);
    fleet_clear(&b.fleet);
    free(b.got);
    free(b.late);
    return fine && held ? 0 : 1;
}
