/* What waits for a connection waits in the scheduler; what was held up on its way is as if it had
   never been sent. SES is a table here: it answers reads at once, and writes when it is told to. */
#include "unit.h"

#include "base/bounds.h"
#include "scheduler/scheduler.h"

#include <stdio.h>
#include <string.h>

#define ROWS      60
#define TRANSFERS 16
#define WRITES    11 /* at once: four connections are kept for other Regions, one for reads */
#define BEGIN     SPAN_H(1)

struct ways {
    struct fleet fleet;
    struct arena memory;
    struct scheduler *d;
    struct call *held[TRANSFERS]; /* writes out */
    uint32_t held_len, reads;
    bool is_cleared[ROWS];
    instant_us now;
};

static void row_add(struct fleet *f, uint32_t i)
{
    char name[32];
    uint32_t row;
    struct policy policy = {.timeout_us = SPAN_H(72)};
    struct choice choice = {.type = IDENTITY_DOMAIN,
                            .lane = (uint16_t)(i % 10 == 9), /* one in ten is of the other Region */
                            .mail_from = MAIL_FROM_DEFAULT,
                            .line = i + 1};
    snprintf(name, sizeof name, "d%u.test", i);
    assert_true(names_add(&f->names, text_of(name), &choice.identity));
    assert_true(fleet_policy(f, policy, &choice.policy));
    assert_true(fleet_choice(f, choice, &row));
}

static void begin(struct ways *w)
{
    struct fleet *f = &w->fleet;
    struct account account = {0};
    uint16_t index, lane;
    name_id region;
    *w = (struct ways){.now = BEGIN};
    fleet_init(f);
    assert_true(names_init(&f->names, 1u << 20));
    assert_true(names_add(&f->names, TEXT("main"), &account.name));
    assert_true(fleet_account(f, account, &index));
    assert_true(names_add(&f->names, TEXT("us-east-1"), &region));
    assert_true(fleet_lane(f, index, region, &lane));
    assert_true(names_add(&f->names, TEXT("eu-west-1"), &region));
    assert_true(fleet_lane(f, index, region, &lane));
    for (uint32_t i = 0; i < ROWS; i++)
        row_add(f, i);
    f->max_failures.value = -1;
    struct scheduler_options options = {
        .read_api = API_V1, .write_api = API_V2, .rate_per_s = 40, .transfers = TRANSFERS};
    arena_init(&w->memory, SIZE_MAX);
    w->d = scheduler_init(&w->memory, f, &options);
    assert_non_null(w->d);
    scheduler_start(w->d, w->now);
}

static void end(struct ways *w)
{
    scheduler_clear(w->d);
    arena_clear(&w->memory);
    fleet_clear(&w->fleet);
}

static void give(struct ways *w, struct call *call)
{
    call->answered_at = w->now;
    scheduler_event(w->d, &(struct event){.kind = EVENT_ANSWER, .call = call}, w->now);
}

static uint32_t row_of(const struct call *call, uint32_t i)
{
    return (uint32_t)strtoul(call->identities[i].at + 1, NULL, 10); /* d7.test */
}

static void read_answer(struct ways *w, struct call *call)
{
    w->reads++;
    call_answer_reset(call);
    call->reply = (struct reply){.how = REPLY_HTTP, .http_status = 200};
    for (uint32_t i = 0; i < call->count; i++) {
        bool is_set = !w->is_cleared[row_of(call, i)];
        call->facts[i] = (struct ses_facts){.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM,
                                            .verification = VERIFICATION_SUCCESS,
                                            .mail_from = is_set ? TEXT("old.test") : TEXT_NONE,
                                            .status = is_set ? MAIL_FROM_SUCCESS : MAIL_FROM_NONE};
    }
    give(w, call);
}

/* Turns for so long; writes are held. */
static void go_on(struct ways *w, span_us span)
{
    for (instant_us until = w->now + span; w->now < until; w->now += SPAN_MS(10)) {
        struct call *calls[TRANSFERS];
        uint32_t len = scheduler_decide(w->d, w->now, calls, TRANSFERS);
        scheduler_turn_end(w->d);
        scheduler_audit(w->d);
        for (uint32_t i = 0; i < len; i++) {
            calls[i]->sent_at = w->now;
            if (calls[i]->kind != CALL_SET) {
                read_answer(w, calls[i]);
                continue;
            }
            assert_true(calls[i]->not_after > w->now);
            assert_true(calls[i]->not_after <= w->now + WRITE_LEAVES_MAX);
            assert_true(w->held_len < TRANSFERS);
            w->held[w->held_len++] = calls[i];
        }
    }
}

static uint32_t held_of(const struct ways *w, uint16_t lane)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < w->held_len; i++)
        len += w->held[i]->lane == lane;
    return len;
}

static void held_accept(struct ways *w)
{
    while (w->held_len) {
        struct call *call = w->held[--w->held_len];
        w->is_cleared[row_of(call, 0)] = true;
        call_answer_reset(call);
        call->reply = (struct reply){.how = REPLY_HTTP, .http_status = 200};
        give(w, call);
    }
}

static void held_end_late(struct ways *w)
{
    while (w->held_len) {
        struct call *call = w->held[--w->held_len];
        call_answer_reset(call);
        call->reply = (struct reply){.how = REPLY_NOT_SENT, .is_late = true};
        give(w, call);
    }
}

static void steer(struct ways *w, enum order_kind kind)
{
    struct order order = {.kind = kind, .at = w->now};
    scheduler_event(w->d, &(struct event){.kind = EVENT_CONTROL, .order = &order}, w->now);
}

static void no_more_is_handed_over_than_connections_take(void **state)
{
    (void)state;
    struct ways w;
    begin(&w);
    go_on(&w, SPAN_S(5));
    /* The other Region has a share, though its calls came last. */
    assert_int_equal(w.held_len, WRITES + (held_of(&w, 1) > 3 ? 0 : held_of(&w, 1)));
    assert_true(held_of(&w, 1) > 0);
    assert_true(scheduler_wake(w.d, w.now) > w.now); /* it does not turn meanwhile */
    steer(&w, ORDER_PAUSE);
    held_accept(&w);
    go_on(&w, SPAN_S(5));
    assert_int_equal(w.held_len, 0);
    steer(&w, ORDER_RESUME);
    for (uint32_t i = 0; i < 10; i++) {
        go_on(&w, SPAN_S(2));
        held_accept(&w);
    }
    assert_true(scheduler_is_finished(w.d));
    for (uint32_t i = 0; i < ROWS; i++) {
        assert_int_equal(scheduler_job(w.d, i)->outcome, OUTCOME_DONE);
        assert_int_equal(scheduler_job(w.d, i)->writes, 1);
    }
    end(&w);
}

static void a_write_leaves_only_while_its_read_is_fresh(void **state)
{
    (void)state;
    struct ways w;
    begin(&w);
    go_on(&w, SPAN_S(1) / 2);
    steer(&w, ORDER_PAUSE);
    held_accept(&w);
    uint32_t reads = w.reads;
    go_on(&w, SPAN_S(57));
    assert_int_equal(w.held_len, 0);
    steer(&w, ORDER_RESUME);
    go_on(&w, SPAN_S(1)); /* those that have waited were read 58 seconds ago */
    assert_int_equal(w.reads, reads);
    assert_true(w.held_len > 0);
    for (uint32_t i = 0; i < w.held_len; i++)
        assert_int_equal(w.held[i]->not_after, BEGIN + READ_BEFORE_WRITE_MAX);
    go_on(&w, SPAN_S(3));
    held_end_late(&w);
    go_on(&w, SPAN_S(1));
    assert_true(w.reads > reads);
    end(&w);
}

static void what_was_held_up_on_its_way_is_looked_at_again(void **state)
{
    (void)state;
    struct ways w;
    instant_us since;
    begin(&w);
    go_on(&w, SPAN_S(5));
    uint32_t reads = w.reads, row = row_of(w.held[0], 0);
    held_end_late(&w);
    assert_int_equal(scheduler_job(w.d, row)->state, JOB_READY);
    assert_int_equal(scheduler_job(w.d, row)->attempts, 0);
    assert_int_equal(scheduler_job(w.d, row)->read_at_s, 0);
    assert_null(scheduler_lane_waits(w.d, 0, w.now, &since));
    assert_true(scheduler_pace(w.d, 0, CALL_SET)->failed == 0);
    for (uint32_t i = 0; i < 10; i++) {
        go_on(&w, SPAN_S(2));
        held_accept(&w);
    }
    assert_true(w.reads > reads);
    assert_true(scheduler_is_finished(w.d));
    assert_int_equal(scheduler_job(w.d, row)->outcome, OUTCOME_DONE);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_is_handed_over_than_connections_take),
        cmocka_unit_test(a_write_leaves_only_while_its_read_is_fresh),
        cmocka_unit_test(what_was_held_up_on_its_way_is_looked_at_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
