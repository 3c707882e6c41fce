/* What a question that failed does next, and what the pool of calls promises. */
#include "unit.h"

#include "calls/call_pool.h"
#include "calls/retry.h"

#include <stdio.h>

/* With four attempts, a bucket, and leave to fall back, unless the row says otherwise. */
static void every_failure_has_one_next_step(void **state)
{
    (void)state;
    static const struct retry_rules scheduler = {4, true, true, 0}, no_bucket = {4, false, true, 0},
                                    by_v1_only = {4, true, false, 0}, once = {1, true, true, 0};
    static const struct {
        const struct retry_rules *rules;
        enum verdict verdict;
        const char *code;
        enum api api;
        unsigned attempts;
        uint32_t count;
        enum retry next;
    } rows[] = {
        /* throttled: the bucket's fault, however often */
        {&scheduler, VERDICT_SLOW_DOWN, "Throttling", API_V1, 0, 100, RETRY_BY_PACE},
        {&scheduler, VERDICT_SLOW_DOWN, "Throttling", API_V1, 99, 100, RETRY_BY_PACE},
        {&once, VERDICT_SLOW_DOWN, "Throttling", API_V2, 0, 1, RETRY_BY_PACE},
        {&no_bucket, VERDICT_SLOW_DOWN, "Throttling", API_V1, 0, 0, RETRY_BACKOFF},
        {&no_bucket, VERDICT_SLOW_DOWN, "Throttling", API_V1, 3, 0, RETRY_EXHAUSTED},
        /* trouble that passes, or lasts */
        {&scheduler, VERDICT_AGAIN, "", API_V1, 0, 100, RETRY_BACKOFF},
        {&scheduler, VERDICT_AGAIN, "", API_V1, 2, 100, RETRY_BACKOFF},
        {&scheduler, VERDICT_AGAIN, "", API_V1, 3, 100, RETRY_EXHAUSTED},
        {&scheduler, VERDICT_AGAIN, "", API_V1, 200, 100, RETRY_EXHAUSTED},
        {&scheduler, VERDICT_RENEW, "ExpiredToken", API_V2, 0, 1, RETRY_BACKOFF},
        {&scheduler, VERDICT_SKEW, "RequestExpired", API_V2, 2, 1, RETRY_BACKOFF},
        {&scheduler, VERDICT_SKEW, "RequestExpired", API_V2, 3, 1, RETRY_EXHAUSTED},
        {&once, VERDICT_AGAIN, "", API_V1, 0, 0, RETRY_EXHAUSTED},
        /* an error of a server is no word of IAM, whatever its code */
        {&scheduler, VERDICT_AGAIN, "AccessDenied", API_V1, 3, 100, RETRY_EXHAUSTED},
        /* denied: version 2 helps only where IAM has refused version 1 */
        {&scheduler, VERDICT_DENIED, "AccessDenied", API_V1, 0, 100, RETRY_FALL_BACK},
        {&scheduler, VERDICT_DENIED, "AccessDeniedException", API_V1, 9, 0, RETRY_FALL_BACK},
        {&by_v1_only, VERDICT_DENIED, "AccessDenied", API_V1, 0, 100, RETRY_DENIED},
        {&scheduler, VERDICT_DENIED, "AccessDenied", API_V2, 0, 0, RETRY_DENIED},
        {&scheduler, VERDICT_DENIED, "InvalidClientTokenId", API_V1, 0, 100, RETRY_DENIED},
        {&scheduler, VERDICT_DENIED, "OptInRequired", API_V1, 0, 0, RETRY_DENIED},
        {&scheduler, VERDICT_DENIED, "", API_V1, 0, 100, RETRY_DENIED},
        /* refused: for the sake of one name, perhaps */
        {&scheduler, VERDICT_REFUSED, "InvalidParameterValue", API_V1, 0, 100, RETRY_SPLIT},
        {&scheduler, VERDICT_REFUSED, "InvalidParameterValue", API_V1, 7, 2, RETRY_SPLIT},
        {&scheduler, VERDICT_REFUSED, "InvalidParameterValue", API_V1, 0, 1, RETRY_REFUSED},
        {&scheduler, VERDICT_REFUSED, "AccessDenied", API_V2, 0, 1, RETRY_REFUSED},
        {&scheduler, VERDICT_REFUSED, "InvalidParameterValue", API_V1, 0, 0, RETRY_REFUSED},
        {&scheduler, VERDICT_GONE, "NotFoundException", API_V2, 0, 1, RETRY_REFUSED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reply reply = {.how = REPLY_HTTP, .http_status = 400};
        snprintf(reply.code, sizeof reply.code, "%s", rows[i].code);
        struct retry_case failure = {rows[i].verdict,  &reply,        rows[i].api,
                                     rows[i].attempts, rows[i].count, 0};
        enum retry next = retry_next(rows[i].rules, &failure);
        if (next != rows[i].next)
            fail_msg("row %zu: %d and not %d", i, next, rows[i].next);
    }
}

/* Of a question that helps only, and of none that is needed. */
static void throttles_are_counted_where_they_may_end_a_question(void **state)
{
    const struct reply reply = {.how = REPLY_HTTP, .http_status = 400, .code = "Throttling"};
    struct retry_rules rules = {.attempts_max = 3, .is_paced = true, .throttles_max = 10};
    struct retry_case failure = {.verdict = VERDICT_SLOW_DOWN, .reply = &reply, .throttles = 8};
    (void)state;
    assert_int_equal(retry_next(&rules, &failure), RETRY_BY_PACE);
    failure.throttles = 9;
    assert_int_equal(retry_next(&rules, &failure), RETRY_EXHAUSTED);
    failure.verdict = VERDICT_AGAIN;
    assert_int_equal(retry_next(&rules, &failure), RETRY_BACKOFF);
    rules.throttles_max = 0;
    failure.verdict = VERDICT_SLOW_DOWN;
    failure.throttles = 1000;
    assert_int_equal(retry_next(&rules, &failure), RETRY_BY_PACE);
}

/* An identity that is gone answers version 2, and nothing else does so. */
static void an_identity_that_is_gone_is_an_answer(void **state)
{
    (void)state;
    static struct call call;
    call.kind = CALL_GET;
    call.facts[0].verification = VERIFICATION_SUCCESS;
    assert_int_equal(retry_gone_is_told(&call, VERDICT_REFUSED), VERDICT_REFUSED);
    assert_int_equal(call.facts[0].verification, VERIFICATION_SUCCESS);
    assert_int_equal(retry_gone_is_told(&call, VERDICT_GONE), VERDICT_OK);
    assert_int_equal(call.facts[0].verification, VERIFICATION_NONE);
    assert_int_equal(call.facts[0].known, KNOWN_VERIFICATION | KNOWN_MAIL_FROM);
    call.kind = CALL_LIST;
    assert_int_equal(retry_gone_is_told(&call, VERDICT_GONE), VERDICT_GONE);
}

static void the_bucket_learns_from_what_ses_has_said(void **state)
{
    (void)state;
    static struct call call;
    struct pace pace;
    pace_init(&pace, 1);
    call.sent_at = SPAN_S(10);
    call.answered_at = SPAN_S(12);
    assert_true(pace_take(&pace, call.sent_at));
    call.reply.how = REPLY_LOST;
    assert_false(retry_pace_learn(&pace, &call, VERDICT_AGAIN, SPAN_S(12)));
    assert_int_equal(pace.fastest, 0); /* an answer that never came says nothing of the trip */
    call.reply.how = REPLY_HTTP;
    assert_false(retry_pace_learn(&pace, &call, VERDICT_REFUSED, SPAN_S(12)));
    assert_int_equal(pace.fastest, SPAN_S(2));
    assert_int_equal(pace.throttled, 0);
    call.reply.retry_after_ms = 1 + (uint32_t)(RETRY_AFTER_MAX / SPAN_MS(1));
    assert_true(retry_pace_learn(&pace, &call, VERDICT_SLOW_DOWN, SPAN_S(12)));
    assert_false(retry_pace_learn(&pace, &call, VERDICT_SLOW_DOWN, SPAN_S(13)));
    assert_int_equal(pace.throttled, 2);
}

static void a_call_is_in_the_pool_or_out_or_read(void **state)
{
    (void)state;
    struct arena memory;
    struct call_pool pool;
    arena_init(&memory, SIZE_MAX);
    assert_true(call_pool_init(&pool, &memory, 2));
    struct call *a = call_pool_take(&pool, CALL_LIST, 3, API_V2);
    a->token = TEXT("more");
    a->count = 7;
    struct call *b = call_pool_take(&pool, CALL_ASK, 0, API_V1);
    assert_ptr_not_equal(a, b);
    assert_int_equal(b->ticket, a->ticket + 1);
    assert_null(call_pool_take(&pool, CALL_LIST, 0, API_V1));
    assert_int_equal(pool.out, 2);
    call_pool_returned(&pool);
    assert_int_equal(pool.out, 1); /* a is being read: it is not free */
    assert_null(call_pool_take(&pool, CALL_LIST, 0, API_V1));
    call_pool_give(&pool, a);
    struct call *c = call_pool_take(&pool, CALL_SET, 1, API_V1);
    assert_ptr_equal(c, a);
    assert_int_equal(c->ticket, 3);
    assert_int_equal(c->token.len, 0);
    assert_int_equal(c->count, 0);
    assert_int_equal(c->attempt, 1);
    call_pool_clear(&pool);
    call_pool_clear(&pool);
    arena_clear(&memory);
    arena_init(&memory, sizeof(struct call));
    assert_false(call_pool_init(&pool, &memory, 2));
    call_pool_clear(&pool);
    arena_clear(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failure_has_one_next_step),
        cmocka_unit_test(throttles_are_counted_where_they_may_end_a_question),
        cmocka_unit_test(an_identity_that_is_gone_is_an_answer),
        cmocka_unit_test(the_bucket_learns_from_what_ses_has_said),
        cmocka_unit_test(a_call_is_in_the_pool_or_out_or_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
