/* Batches of reads: what leaves when, and when a batch is done, has failed, or is halved. */
#include "unit.h"

#include "calls/backoff.h"
#include "calls/batch_read.h"

#include <stdio.h>

#define VERIFICATION BATCH_KIND(CALL_READ_VERIFICATION)
#define MAIL_FROM    BATCH_KIND(CALL_READ_MAIL_FROM)
#define DKIM         BATCH_KIND(CALL_READ_DKIM)

static const struct retry_rules rules = {3, true, true, 0};

struct scene {
    struct arena memory;
    struct call_pool pool;
    struct batch_reads reads;
    struct pace pace[CALL_KINDS];
    struct call *calls[8];
    uint32_t list;
};

static void fill(void *ctx, const struct batch_read *b, struct call *call)
{
    (void)ctx;
    for (uint32_t i = 0; i < b->count; i++)
        call->identities[i].len = b->items[i]; /* to be told apart by */
}

static void scene_open(struct scene *x, uint32_t calls, uint32_t batches)
{
    memset(x, 0, sizeof *x);
    arena_init(&x->memory, SIZE_MAX);
    assert_true(call_pool_init(&x->pool, &x->memory, calls));
    assert_true(batch_reads_init(&x->reads, &x->memory, batches, &x->pool));
    for (int kind = 0; kind < CALL_KINDS; kind++)
        pace_init(&x->pace[kind], 1);
}

static void scene_close(struct scene *x)
{
    call_pool_clear(&x->pool);
    arena_clear(&x->memory);
}

static struct batch_read *wanted(struct scene *x, uint8_t kinds, uint32_t first, uint32_t count)
{
    struct batch_read *b = batch_read_new(&x->reads, 0, API_V1, kinds, 0);
    assert_non_null(b);
    for (uint32_t i = 0; i < count; i++)
        b->items[b->count++] = first + i;
    batch_read_want(&x->reads, &x->list, b, kinds);
    return b;
}

static uint32_t send(struct scene *x, instant_us now)
{
    const struct batch_sender by = {x->pace, x, fill};
    return batch_reads_send(&x->reads, &x->list, &by, now, x->calls, 8);
}

static enum batch_state answered(struct scene *x, struct call *call, enum verdict verdict,
                                 const char *code)
{
    call->reply = (struct reply){.how = REPLY_HTTP};
    snprintf(call->reply.code, sizeof call->reply.code, "%s", code);
    call_pool_returned(&x->pool);
    enum batch_state state =
        batch_read_answered(&x->reads, &x->list, call, verdict, &rules, 1, SPAN_S(50));
    if (verdict != VERDICT_OK)
        call_pool_give(&x->pool, call);
    return state;
}

static void each_kind_leaves_by_its_own_bucket_in_the_order_of_the_list(void **state)
{
    (void)state;
    struct scene x;
    scene_open(&x, 4, 4);
    struct batch_read *first = wanted(&x, VERIFICATION | MAIL_FROM, 10, 3);
    wanted(&x, MAIL_FROM, 20, 1);
    assert_int_equal(send(&x, SPAN_S(10)), 2); /* a token of each kind */
    assert_int_equal(x.calls[0]->kind, CALL_READ_VERIFICATION);
    assert_int_equal(x.calls[1]->kind, CALL_READ_MAIL_FROM);
    assert_int_equal(x.calls[1]->count, 3);
    assert_int_equal(x.calls[1]->identities[2].len, 12);
    assert_ptr_equal(batch_read_of(&x.reads, x.calls[1]), first);
    assert_int_equal(send(&x, SPAN_S(10)), 0);
    assert_int_equal(batch_reads_wake(&x.reads, x.list, x.pace), SPAN_S(11));
    assert_int_equal(send(&x, SPAN_S(11)), 1);
    assert_int_equal(x.calls[0]->identities[0].len, 20);
    assert_int_equal(x.list, 0);
    assert_true(batch_reads_wake(&x.reads, x.list, x.pace) == WHEN_NEVER);
    scene_close(&x);
}

static void a_batch_is_done_when_every_answer_is_there(void **state)
{
    (void)state;
    struct scene x;
    scene_open(&x, 2, 2);
    struct batch_read *b = wanted(&x, VERIFICATION | MAIL_FROM, 1, 2);
    assert_int_equal(send(&x, SPAN_S(1)), 2);
    struct call *verification = x.calls[0], *mail_from = x.calls[1];
    assert_int_equal(answered(&x, mail_from, VERDICT_OK, ""), BATCH_WAITS);
    assert_null(x.pool.free); /* its answer is held */
    assert_int_equal(answered(&x, verification, VERDICT_OK, ""), BATCH_DONE);
    assert_ptr_equal(b->answers[CALL_READ_MAIL_FROM], mail_from);
    assert_ptr_equal(b->answers[CALL_READ_VERIFICATION], verification);
    batch_read_free(&x.reads, b);
    assert_int_equal(x.reads.free_len, 2);
    assert_non_null(x.pool.free);
    scene_close(&x);
}

/* The call that failed is sent again alone, and no sooner than its backoff says. */
static void trouble_that_passes_repeats_one_call(void **state)
{
    (void)state;
    struct scene x;
    scene_open(&x, 2, 2);
    pace_init(&x.pace[CALL_READ_MAIL_FROM], 50);
    struct batch_read *b = wanted(&x, VERIFICATION | MAIL_FROM, 7, 2);
    assert_int_equal(send(&x, SPAN_S(1)), 2);
    struct call *again = x.calls[1];
    assert_int_equal(answered(&x, x.calls[0], VERDICT_OK, ""), BATCH_WAITS);
    assert_int_equal(answered(&x, again, VERDICT_SLOW_DOWN, "Throttling"), BATCH_WAITS);
    assert_int_equal(b->attempts, 0);
    for (unsigned attempt = 1; attempt <= 3; attempt++) {
        instant_us due = attempt == 1 ? SPAN_MS(1020)
                                      : SPAN_S(50) + backoff_span(BACKOFF_ERROR, 1, 7, attempt - 1);
        assert_int_equal(send(&x, due - 1), 0);
        assert_int_equal(send(&x, due), 1);
        assert_int_equal(x.calls[0]->kind, CALL_READ_MAIL_FROM);
        assert_int_equal(x.calls[0]->attempt, attempt);
        assert_int_equal(answered(&x, x.calls[0], VERDICT_AGAIN, ""),
                         attempt < 3 ? BATCH_WAITS : BATCH_FAILED);
    }
    assert_int_equal(b->failed_next, RETRY_EXHAUSTED);
    scene_close(&x);
}

/* Whatever the first of them was told decides when the last one is there. */
static void a_batch_fails_once_no_call_of_it_is_out(void **state)
{
    (void)state;
    struct scene x;
    scene_open(&x, 2, 2);
    struct batch_read *b = wanted(&x, VERIFICATION | MAIL_FROM, 1, 2);
    assert_int_equal(send(&x, SPAN_S(1)), 2);
    struct call *other = x.calls[1];
    assert_int_equal(answered(&x, x.calls[0], VERDICT_DENIED, "AccessDenied"), BATCH_WAITS);
    assert_int_equal(answered(&x, other, VERDICT_OK, ""), BATCH_FAILED);
    assert_int_equal(b->failed_next, RETRY_FALL_BACK);
    assert_string_equal(b->failed_reply.code, "AccessDenied");
    assert_false(b->failed); /* it may be asked for again */
    scene_close(&x);
}

static void one_name_that_is_refused_is_found_by_halving(void **state)
{
    (void)state;
    struct scene x;
    uint32_t calls = 0, read = 0, refused = 0;
    scene_open(&x, 200, 200);
    wanted(&x, MAIL_FROM, 1, SES_BATCH_MAX);
    for (instant_us now = SPAN_S(1); x.list; now += SPAN_S(1)) {
        calls += send(&x, now);
        struct call *call = x.calls[0];
        struct batch_read *b = batch_read_of(&x.reads, call);
        bool bad = false;
        for (uint32_t i = 0; i < call->count; i++)
            bad = bad || call->identities[i].len == 42;
        enum batch_state end =
            answered(&x, call, bad ? VERDICT_REFUSED : VERDICT_OK, "InvalidParameterValue");
        assert_int_equal(end, bad ? BATCH_FAILED : BATCH_DONE);
        if (bad && b->failed_next == RETRY_SPLIT) {
            assert_non_null(batch_read_split(&x.reads, &x.list, b, now));
            continue;
        }
        read += bad ? 0 : b->count;
        refused += bad ? b->count : 0;
        batch_read_free(&x.reads, b);
    }
    assert_int_equal(read, SES_BATCH_MAX - 1);
    assert_int_equal(refused, 1);
    assert_between(calls, 13, 16); /* two for each halving, and the first */
    assert_int_equal(x.reads.free_len, 200);
    assert_int_equal(x.pool.out, 0);
    scene_close(&x);
}

static void what_is_dropped_is_never_sent(void **state)
{
    (void)state;
    struct scene x;
    scene_open(&x, 4, 2);
    wanted(&x, MAIL_FROM, 1, 1);
    struct batch_read *b = wanted(&x, VERIFICATION, 2, 1);
    assert_null(batch_read_new(&x.reads, 0, API_V1, MAIL_FROM, 0));
    assert_null(batch_read_split(&x.reads, &x.list, b, 0));
    assert_int_equal(batch_reads_drop(&x.reads, &x.list, MAIL_FROM), 1);
    assert_int_equal(x.reads.free_len, 1);
    assert_int_equal(send(&x, SPAN_S(1)), 1);
    assert_int_equal(x.calls[0]->kind, CALL_READ_VERIFICATION);
    scene_close(&x);
}

/* An optional call fails no batch: it is sent again for a while, and then the batch is done. */
static void what_is_optional_is_missed_at_worst(void **state)
{
    (void)state;
    static const struct {
        enum verdict verdict;
        unsigned sent;
    } table[] = {
        {VERDICT_SLOW_DOWN, OPTIONAL_ATTEMPTS_MAX},
        {VERDICT_AGAIN, 3},
        {VERDICT_DENIED, 1},
        {VERDICT_REFUSED, 1},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct scene x;
        instant_us now = SPAN_S(1);
        scene_open(&x, 2, 2);
        pace_init(&x.pace[CALL_READ_DKIM], 50);
        struct batch_read *b = batch_read_new(&x.reads, 0, API_V1, MAIL_FROM | DKIM, 0);
        b->optional = DKIM;
        b->items[b->count++] = 7;
        batch_read_want(&x.reads, &x.list, b, b->kinds);
        assert_int_equal(send(&x, now), 2);
        struct call *dkim = x.calls[1];
        assert_int_equal(dkim->kind, CALL_READ_DKIM);
        assert_int_equal(answered(&x, x.calls[0], VERDICT_OK, ""), BATCH_WAITS);
        for (unsigned sent = 1; sent <= table[i].sent; sent++) {
            enum batch_state state_now = answered(&x, dkim, table[i].verdict, "Throttling");
            assert_int_equal(state_now, sent < table[i].sent ? BATCH_WAITS : BATCH_DONE);
            if (sent == table[i].sent)
                break;
            now = batch_reads_wake(&x.reads, x.list, x.pace);
            assert_int_equal(send(&x, now), 1);
            dkim = x.calls[0];
        }
        assert_int_equal(b->missed, DKIM);
        assert_int_equal(b->attempts, 0);
        assert_null(b->answers[CALL_READ_DKIM]);
        assert_non_null(b->answers[CALL_READ_MAIL_FROM]);
        assert_int_equal(x.list, 0);
        scene_close(&x);
    }
}

/* Where no batch is free, nothing else can be read until one is. */
static void what_is_optional_keeps_no_last_batch(void **state)
{
    (void)state;
    struct scene x;
    scene_open(&x, 2, 1);
    struct batch_read *b = batch_read_new(&x.reads, 0, API_V1, MAIL_FROM | DKIM, 0);
    b->optional = DKIM;
    b->items[b->count++] = 7;
    batch_read_want(&x.reads, &x.list, b, b->kinds);
    assert_int_equal(send(&x, SPAN_S(1)), 2);
    struct call *dkim = x.calls[1];
    assert_int_equal(answered(&x, x.calls[0], VERDICT_OK, ""), BATCH_WAITS);
    assert_int_equal(answered(&x, dkim, VERDICT_SLOW_DOWN, "Throttling"), BATCH_DONE);
    assert_int_equal(b->missed, DKIM);
    assert_int_equal(x.list, 0);
    scene_close(&x);
}

/* The optional call waits to be sent again, and what the batch needs has failed. */
static void a_failed_batch_does_not_wait_for_what_is_optional(void **state)
{
    (void)state;
    for (int last = 0; last < 2; last++) {
        struct scene x;
        scene_open(&x, 4, 4);
        wanted(&x, VERIFICATION, 1, 1);
        struct batch_read *b = batch_read_new(&x.reads, 0, API_V1, MAIL_FROM | DKIM, 0);
        b->optional = DKIM;
        b->items[b->count++] = 7;
        b->items[b->count++] = 8;
        batch_read_want(&x.reads, &x.list, b, b->kinds);
        if (last == 0)
            wanted(&x, VERIFICATION, 2, 1);
        assert_int_equal(send(&x, SPAN_S(1)), 3);
        struct call *mail_from = x.calls[1], *dkim = x.calls[2];
        assert_int_equal(answered(&x, dkim, VERDICT_AGAIN, ""), BATCH_WAITS);
        assert_int_equal(answered(&x, mail_from, VERDICT_REFUSED, ""), BATCH_FAILED);
        assert_int_equal(b->failed_next, RETRY_SPLIT);
        struct batch_read *half = batch_read_split(&x.reads, &x.list, b, SPAN_S(50));
        assert_int_equal(half->optional, DKIM);
        assert_int_equal(half->to_send, MAIL_FROM | DKIM);
        assert_int_equal(b->to_send, MAIL_FROM | DKIM);
        scene_close(&x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_leaves_by_its_own_bucket_in_the_order_of_the_list),
        cmocka_unit_test(a_batch_is_done_when_every_answer_is_there),
        cmocka_unit_test(trouble_that_passes_repeats_one_call),
        cmocka_unit_test(a_batch_fails_once_no_call_of_it_is_out),
        cmocka_unit_test(one_name_that_is_refused_is_found_by_halving),
        cmocka_unit_test(what_is_dropped_is_never_sent),
        cmocka_unit_test(what_is_optional_is_missed_at_worst),
        cmocka_unit_test(what_is_optional_keeps_no_last_batch),
        cmocka_unit_test(a_failed_batch_does_not_wait_for_what_is_optional),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
