/*
 * Lanes in the simulated world, for machines that run without a journal: an account each, full of
 * identities, faults by seed, and answers in the order in which they come or the other way round.
 * For tests.
 */
#ifndef MF_TEST_SIMULATED_H
#define MF_TEST_SIMULATED_H

#include "unit.h"

#include "base/bounds.h"
#include "engine.h"
#include "world/world.h"

#include <stdio.h>

#define SIMULATED_START ((instant_us)1770000000 * 1000000)
#define LANES           3
#define SIMULATED_RATE  20 /* calls a second of each action, of which SES allows a few more */
#define HELD            SPAN_S(3) /* so long answers are collected, and then given back to front */

struct simulated_options {
    uint64_t seed;
    uint32_t identities; /* in each lane */
    uint64_t v1_refused; /* lanes, as in struct world_options */
    bool troubled;       /* one call in seven is throttled, lost or not served; of DNS one in ten */
    bool backwards;
    uint32_t stop_after; /* events, then somebody asks to stop; 0: nobody does */
};

struct simulated {
    struct simulated_options options;
    struct fleet fleet;
    struct world *world;
    struct io inner;
    uint32_t sent[LANES][CALL_KINDS], served[LANES][CALL_KINDS];
    uint32_t events;
    bool stopped;
};

static inline struct text simulated_name(char out[32], uint32_t lane, uint32_t i)
{
    int len = snprintf(out, 32, "d%u.lane%u.test", i, lane);
    return (struct text){out, (size_t)len};
}

/* Every third has a MAIL FROM; those of lane 1 are not verified. */
static inline struct ses_facts simulated_facts(char out[48], uint32_t lane, uint32_t i)
{
    struct ses_facts facts = {.verification =
                                  lane == 1 ? VERIFICATION_PENDING : VERIFICATION_SUCCESS,
                              .status = MAIL_FROM_NONE,
                              .forwarding = i % 4 != 0};
    if (i % 3)
        return facts;
    int len = snprintf(out, 48, "bounce.d%u.lane%u.test", i, lane);
    facts.mail_from = (struct text){out, (size_t)len};
    facts.status = MAIL_FROM_SUCCESS;
    facts.behavior = i % 6 ? BEHAVIOR_USE_DEFAULT_VALUE : BEHAVIOR_REJECT_MESSAGE;
    return facts;
}

static inline uint32_t simulated_wait(void *ctx, instant_us until, struct event *events,
                                      uint32_t max)
{
    struct simulated *s = ctx;
    if (s->options.stop_after && !s->stopped && s->events >= s->options.stop_after) {
        s->stopped = true;
        events[0] = (struct event){.kind = EVENT_DRAIN};
        return 1;
    }
    uint32_t len = s->inner.wait(s->inner.world, until, events, max), more = len;
    instant_us held = world_now(s->world) + HELD;
    while (s->options.backwards && more && len < max) {
        more = s->inner.wait(s->inner.world, held, events + len, max - len);
        len += more;
    }
    for (uint32_t i = 0; s->options.backwards && i < len / 2; i++) {
        struct event first = events[i];
        events[i] = events[len - 1 - i];
        events[len - 1 - i] = first;
    }
    assert_false(world_is_stuck(s->world));
    for (uint32_t i = 0; i < len; i++)
        if (events[i].kind == EVENT_ANSWER)
            s->served[events[i].call->lane][events[i].call->kind] +=
                events[i].call->reply.how == REPLY_HTTP && events[i].call->reply.http_status == 200;
    s->events += len;
    return len;
}

static inline void simulated_send(void *ctx, struct call **calls, uint32_t len)
{
    struct simulated *s = ctx;
    assert_false(s->stopped);
    for (uint32_t i = 0; i < len; i++) {
        assert_false(call_changes_world(calls[i]->kind));
        s->sent[calls[i]->lane][calls[i]->kind]++;
    }
    s->inner.send(s->inner.world, calls, len);
}

static inline instant_us simulated_now(void *ctx)
{
    return world_now(((struct simulated *)ctx)->world);
}

static inline struct io simulated_io(struct simulated *s)
{
    return (struct io){
        .world = s, .now = simulated_now, .wait = simulated_wait, .send = simulated_send};
}

static inline void simulated_fleet(struct simulated *s)
{
    name_id region;
    uint16_t index;
    fleet_init(&s->fleet);
    assert_true(names_init(&s->fleet.names, 1u << 20));
    assert_true(names_add(&s->fleet.names, TEXT("us-east-1"), &region));
    for (uint32_t i = 0; i < LANES; i++) {
        char number[16];
        struct account account = {0};
        snprintf(number, sizeof number, "1111222200%02u", i);
        assert_true(names_add(&s->fleet.names, text_of(number), &account.name));
        account.account_id = account.name;
        assert_true(fleet_account(&s->fleet, account, &index));
        assert_true(fleet_lane(&s->fleet, index, region, &index));
    }
}

static inline void simulated_open(struct simulated *s, struct simulated_options options)
{
    struct why why = {""};
    struct world_options world = {
        .start = SIMULATED_START,
        .seed = options.seed,
        .round_trip = SPAN_MS(80),
        .time_out = SPAN_S(30),
        .ses = ses_rules_default(),
        .identities_max = LANES * options.identities,
        .v1_refused = options.v1_refused,
        .dns = {.seed = options.seed,
                .start = SIMULATED_START,
                .published = 0.7,
                .delay_min = SPAN_H(100),
                .delay_max = SPAN_H(200),
                .right_host = TEXT("feedback-smtp.us-east-1.amazonses.com")},
        .faults = {.seed = options.seed}};
    memset(s, 0, sizeof *s);
    world.ses.watch_every = SPAN_H(100000); /* SES stays as it is while it is read */
    world.ses.rate_per_s = 1.25 * SIMULATED_RATE;
    s->options = options;
    if (options.troubled) {
        world.faults.share[FAULT_THROTTLE] = 0.06;
        world.faults.share[FAULT_NOT_SENT] = world.faults.share[FAULT_LOST_BEFORE] = 0.02;
        world.faults.share[FAULT_LOST_AFTER] = world.faults.share[FAULT_HTTP_500] = 0.02;
        world.faults.share[FAULT_DNS_TIMEOUT] = world.faults.share[FAULT_DNS_SERVFAIL] = 0.05;
    }
    simulated_fleet(s);
    s->world = world_new(&world, &s->fleet, (struct world_keeper){NULL, NULL}, &why);
    assert_non_null(s->world);
    s->inner = world_io(s->world);
    for (uint16_t lane = 0; lane < LANES; lane++) {
        for (uint32_t i = 0; i < options.identities; i++) {
            char name[32], mail_from[48];
            struct ses_facts facts = simulated_facts(mail_from, lane, i);
            assert_int_equal(ses_model_add(world_ses(s->world), world_lane(s->world, lane),
                                           simulated_name(name, lane, i), &facts, SIMULATED_START,
                                           &why),
                             OK);
        }
    }
}

static inline void simulated_close(struct simulated *s)
{
    world_free(s->world);
    fleet_clear(&s->fleet);
}

#endif
