/*
 * A run of one lane in the simulated world, in which a test answers calls in SES's place: it
 * refuses them, or lets them through. For tests.
 */
#ifndef MF_TEST_REFUSING_H
#define MF_TEST_REFUSING_H

#include "unit.h"

#include "base/bounds.h"
#include "engine.h"
#include "scheduler/scheduler.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>

#define START ((instant_us)1770000000 * 1000000)
#ifndef JOBS
#define JOBS 60u
#endif

/* How a call is refused; code NULL: it is let through. status 0: it is not even sent. */
struct refusal {
    uint16_t status;
    const char *code, *message;
};

struct refusing {
    struct refusal (*refuse)(void *test, const struct call *call, instant_us now);
    void (*kept)(void *test, const struct record *record); /* of a job; NULL: not wanted */
    void (*asked)(void *test, const struct call *call, instant_us now); /* DNS; NULL: likewise */
    void *test;
    bool needs_records;                      /* the policy: MX and SPF; or nothing */
    span_us timeout, dns_delay;              /* of each row; until its records are there */
    uint32_t unverified;                     /* every so manieth identity is; 0: none */
    const struct scheduler_options *options; /* NULL: version 1 reads, or version 2 */

    struct io below;
    struct event events[CALLS_IN_FLIGHT_MAX];
    uint32_t events_len, refused;
    char lane_trouble[REASON_LEN_MAX]; /* the first that was kept of the lane */
};

static inline void refusing_send(void *ctx, struct call **calls, uint32_t len)
{
    struct refusing *r = ctx;
    for (uint32_t i = 0; i < len; i++) {
        struct call *call = calls[i];
        instant_us now = r->below.now(r->below.world);
        struct refusal no = call->kind == CALL_ASK ? (struct refusal){0, NULL, NULL}
                                                   : r->refuse(r->test, call, now);
        if (r->asked && call->kind == CALL_ASK)
            r->asked(r->test, call, now);
        if (!no.code) {
            r->below.send(r->below.world, &call, 1);
            continue;
        }
        call_answer_reset(call);
        call->sent_at = call->answered_at = now;
        call->reply = (struct reply){.how = no.status ? REPLY_HTTP : REPLY_NOT_SENT,
                                     .http_status = no.status};
        snprintf(call->reply.code, sizeof call->reply.code, "%s", no.code);
        snprintf(call->reply.message, sizeof call->reply.message, "%s", no.message);
        r->events[r->events_len++] = (struct event){.kind = EVENT_ANSWER, .call = call};
        r->refused++;
    }
}

static inline uint32_t refusing_wait(void *ctx, instant_us until, struct event *events,
                                     uint32_t max)
{
    struct refusing *r = ctx;
    uint32_t len = r->events_len;
    if (len == 0)
        return r->below.wait(r->below.world, until, events, max);
    assert_true(len <= max);
    memcpy(events, r->events, len * sizeof *events);
    r->events_len = 0;
    return len;
}

static inline instant_us refusing_now(void *ctx)
{
    struct refusing *r = ctx;
    return r->below.now(r->below.world);
}

static inline enum err refusing_keep(void *ctx, const struct record *records, uint32_t len,
                                     struct why *why)
{
    struct refusing *r = ctx;
    (void)why;
    for (uint32_t i = 0; i < len; i++) {
        struct text reason = records[i].row.reason;
        if (record_is_of_job(&records[i]) && r->kept)
            r->kept(r->test, &records[i]);
        if (records[i].kind == RECORD_LANE && !r->lane_trouble[0])
            snprintf(r->lane_trouble, sizeof r->lane_trouble, TEXT_FMT, TEXT_ARG(reason));
    }
    return OK;
}

static inline void refusing_fleet(struct fleet *f, bool needs_records, span_us timeout)
{
    struct account account = {0};
    struct policy policy = {.require = needs_records ? REQUIRE_MX_SPF : REQUIRE_NONE,
                            .timeout_us = timeout};
    struct choice choice = {0};
    uint16_t index;
    uint32_t row;
    name_id region;
    char name[32];
    fleet_init(f);
    f->max_failures.value = -1;
    assert_true(names_init(&f->names, NAMES_BYTES_MAX));
    assert_true(names_add(&f->names, TEXT("main"), &account.name));
    assert_true(names_add(&f->names, TEXT("us-east-1"), &region));
    assert_true(fleet_account(f, account, &index) && fleet_lane(f, index, region, &choice.lane));
    assert_true(fleet_policy(f, policy, &choice.policy));
    for (uint32_t i = 0; i < JOBS; i++) {
        snprintf(name, sizeof name, "d%u.test", i);
        assert_true(names_add(&f->names, text_of(name), &choice.identity));
        snprintf(name, sizeof name, "bounce.d%u.test", i);
        assert_true(names_add(&f->names, text_of(name), &choice.mail_from));
        assert_true(fleet_choice(f, choice, &row));
    }
}

static inline bool is_unverified(const struct refusing *r, uint32_t row)
{
    return r->unverified && row % r->unverified == 0;
}

static inline struct world *refusing_world(const struct refusing *r, const struct fleet *f)
{
    struct why why = {""};
    const struct ses_facts verified = {.verification = VERIFICATION_SUCCESS},
                           pending = {.verification = VERIFICATION_PENDING};
    struct world_options options = {
        .start = START,
        .round_trip = SPAN_MS(60),
        .time_out = SPAN_S(30),
        .ses = ses_rules_default(),
        .dns = {.start = START,
                .delay_min = r->dns_delay,
                .delay_max = r->dns_delay,
                .right_host = TEXT("feedback-smtp.us-east-1.amazonses.com")},
        .identities_max = JOBS};
    struct world *w = world_new(&options, f, (struct world_keeper){0}, &why);
    assert_non_null(w);
    for (uint32_t i = 0; i < JOBS; i++)
        assert_int_equal(ses_model_add(world_ses(w), world_lane(w, 0), fleet_identity(f, i),
                                       is_unverified(r, i) ? &pending : &verified, START, &why),
                         OK);
    return w;
}

static inline void refusing_run(struct refusing *r, struct scheduler_totals *totals)
{
    struct fleet fleet;
    struct arena memory;
    struct why why = {""};
    enum engine_end end;
    struct scheduler_options options = {
        .read_api = API_V1, .write_api = API_V2, .read_falls_back = true};
    arena_init(&memory, SIZE_MAX);
    refusing_fleet(&fleet, r->needs_records, r->timeout);
    struct world *world = refusing_world(r, &fleet);
    r->below = world_io(world);
    struct io io = {.world = r,
                    .now = refusing_now,
                    .wait = refusing_wait,
                    .send = refusing_send,
                    .keep = refusing_keep,
                    .keeper = r};
    if (r->options)
        options = *r->options;
    struct scheduler *scheduler = scheduler_init(&memory, &fleet, &options);
    assert_non_null(scheduler);
    scheduler_start(scheduler, START);
    struct machine machine = scheduler_machine(scheduler);
    assert_int_equal(engine_run(&machine, &io, NULL, &end, &why), OK);
    scheduler_totals(scheduler, totals);
    scheduler_clear(scheduler);
    world_free(world);
    fleet_clear(&fleet);
    arena_clear(&memory);
}

#endif
