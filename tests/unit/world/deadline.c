/*
 * Writes that SES throttles for ever, reads of SES likewise, and a network that is gone for ever:
 * every row ends with its own time, and says so. The world is the simulated one, but for the calls
 * that are answered here.
 */
#include "unit.h"

#include "base/bounds.h"
#include "engine.h"
#include "scheduler/scheduler.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>

#define START    ((instant_us)1770000000 * 1000000)
#define JOBS     60u
#define TIMEOUT  SPAN_H(2)
#define LATE_MAX SPAN_M(10) /* an outage is probed once a minute, a batch at a time */

struct throttling {
    struct io below;
    struct event events[CALLS_IN_FLIGHT_MAX];
    uint32_t events_len;
    instant_us first_write[JOBS], ended[JOBS];
    uint32_t refused, told;
    instant_us gone_at;  /* from then on no call gets through; 0: never */
    instant_us reads_at; /* from then on reads are throttled instead of writes; 0: never */
    const char *tells;   /* what the reasons hold */
};

static void call_refuse(struct call *call, bool is_gone, instant_us now)
{
    call_answer_reset(call);
    call->sent_at = call->answered_at = now;
    if (is_gone) {
        call->reply = (struct reply){.how = REPLY_NOT_SENT, .message = "no route to host"};
        return;
    }
    call->reply = (struct reply){.how = REPLY_HTTP, .http_status = 400};
    snprintf(call->reply.code, sizeof call->reply.code, "Throttling");
    snprintf(call->reply.message, sizeof call->reply.message, "Rate exceeded");
}

static void throttling_send(void *ctx, struct call **calls, uint32_t len)
{
    struct throttling *t = ctx;
    for (uint32_t i = 0; i < len; i++) {
        instant_us now = t->below.now(t->below.world);
        bool is_gone = t->gone_at && now >= t->gone_at;
        bool is_set = calls[i]->kind == CALL_SET;
        bool is_throttled = t->reads_at ? !is_set && now >= t->reads_at : is_set;
        if (calls[i]->kind == CALL_ASK || (!is_throttled && !is_gone)) {
            t->below.send(t->below.world, &calls[i], 1);
            continue;
        }
        call_refuse(calls[i], is_gone || t->gone_at, now);
        t->events[t->events_len++] = (struct event){.kind = EVENT_ANSWER, .call = calls[i]};
        t->refused++;
    }
}

static uint32_t throttling_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct throttling *t = ctx;
    uint32_t len = t->events_len;
    if (len == 0)
        return t->below.wait(t->below.world, until, events, max);
    assert_true(len <= max);
    memcpy(events, t->events, len * sizeof *events);
    t->events_len = 0;
    return len;
}

static instant_us throttling_now(void *ctx)
{
    struct throttling *t = ctx;
    return t->below.now(t->below.world);
}

static enum err throttling_keep(void *ctx, const struct record *records, uint32_t len,
                                struct why *why)
{
    struct throttling *t = ctx;
    (void)why;
    for (uint32_t i = 0; i < len; i++) {
        const struct record *r = &records[i];
        if (r->kind == RECORD_LANE)
            continue;
        if (r->kind == RECORD_INTENT && !t->first_write[r->job])
            t->first_write[r->job] = r->at;
        if (r->row.state != JOB_DONE)
            continue;
        t->ended[r->job] = r->at;
        t->told += text_find_text(r->row.reason, text_of(t->tells)) < r->row.reason.len;
    }
    return OK;
}

static void fleet_make(struct fleet *f)
{
    struct account account = {0};
    struct policy policy = {.require = REQUIRE_NONE, .timeout_us = TIMEOUT};
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

static struct world *world_make(const struct fleet *f)
{
    struct why why = {""};
    struct ses_facts verified = {.verification = VERIFICATION_SUCCESS};
    struct world_options options = {
        .start = START,
        .round_trip = SPAN_MS(60),
        .time_out = SPAN_S(30),
        .ses = ses_rules_default(),
        .dns = {.start = START, .right_host = TEXT("feedback-smtp.us-east-1.amazonses.com")},
        .identities_max = JOBS};
    struct world *w = world_new(&options, f, (struct world_keeper){0}, &why);
    assert_non_null(w);
    for (uint32_t i = 0; i < JOBS; i++)
        assert_int_equal(ses_model_add(world_ses(w), world_lane(w, 0), fleet_identity(f, i),
                                       &verified, START, &why),
                         OK);
    return w;
}

static void run_throttled(struct throttling *t, struct scheduler_totals *totals)
{
    struct fleet fleet;
    struct arena memory;
    struct why why = {""};
    enum engine_end end;
    struct scheduler_options options = {.read_api = API_V1, .write_api = API_V2};
    arena_init(&memory, SIZE_MAX);
    fleet_make(&fleet);
    struct world *world = world_make(&fleet);
    t->below = world_io(world);
    struct io io = {.world = t,
                    .now = throttling_now,
                    .wait = throttling_wait,
                    .send = throttling_send,
                    .keep = throttling_keep,
                    .keeper = t};
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

static void ends_in_time(struct throttling *t)
{
    struct scheduler_totals totals;
    instant_us last = 0;
    run_throttled(t, &totals);
    for (uint32_t i = 0; i < JOBS; i++) {
        if (t->first_write[i] && t->ended[i] > t->first_write[i] + TIMEOUT + LATE_MAX)
            fail_msg("row %u ended %lld s after its first write", i,
                     (long long)((t->ended[i] - t->first_write[i]) / SPAN_S(1)));
        last = t->ended[i] > last ? t->ended[i] : last;
    }
    print_message("%u calls refused in %.1f h; of %u rows %u say '%s'\n", t->refused,
                  (double)(last - START) / (double)SPAN_H(1), JOBS, t->told, t->tells);
    assert_true(last <= START + 2 * TIMEOUT);
    assert_int_equal(totals.by_outcome[OUTCOME_EXPIRED], JOBS);
    assert_int_equal(t->told, JOBS);
}

static void throttled_for_ever_each_row_ends_with_its_own_time(void **state)
{
    static struct throttling t = {.tells = "throttled"};
    (void)state;
    ends_in_time(&t);
}

/* SES has taken half of the writes by then; the other half waits for the read before its write. */
static void reads_throttled_for_ever_each_row_ends_with_its_own_time(void **state)
{
    static struct throttling t = {.tells = "throttled", .reads_at = START + SPAN_S(30)};
    (void)state;
    ends_in_time(&t);
}

static void without_a_network_each_row_ends_with_its_own_time(void **state)
{
    static struct throttling t = {.tells = "no route to host", .gone_at = START + SPAN_S(30)};
    (void)state;
    ends_in_time(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(throttled_for_ever_each_row_ends_with_its_own_time),
        cmocka_unit_test(reads_throttled_for_ever_each_row_ends_with_its_own_time),
        cmocka_unit_test(without_a_network_each_row_ends_with_its_own_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
