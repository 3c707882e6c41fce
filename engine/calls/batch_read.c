/* Tracks the parts of a batch: out, answered, to be halved or to be sent again. */
#include "batch_read.h"

#include "backoff.h"

#include <assert.h>
#include <string.h>

bool batch_reads_init(struct batch_reads *r, struct arena *memory, uint32_t len,
                      struct call_pool *calls)
{
    *r = (struct batch_reads){.batches = ARENA_ARRAY(memory, struct batch_read, len),
                              .calls = calls};
    for (uint32_t i = len; r->batches && i > 0; i--)
        batch_read_free(r, &r->batches[i - 1]);
    return r->batches != NULL;
}

uint32_t batch_read_max(enum api api)
{
    return api == API_V1 ? SES_BATCH_MAX : 1;
}

struct batch_read *batch_read_new(struct batch_reads *r, uint16_t lane, enum api api, uint8_t kinds,
                                  instant_us now)
{
    if (!r->free)
        return NULL;
    struct batch_read *b = &r->batches[r->free - 1];
    r->free = b->next;
    r->free_len--;
    *b = (struct batch_read){.lane = lane, .api = api, .kinds = kinds, .wake = now};
    return b;
}

static uint32_t link_to(const struct batch_reads *r, const struct batch_read *b)
{
    return (uint32_t)(b - r->batches) + 1;
}

static void answers_drop(struct batch_reads *r, struct batch_read *b)
{
    for (unsigned kind = 0; kind < BATCH_KINDS; kind++) {
        if (b->answers[kind])
            call_pool_give(r->calls, b->answers[kind]);
        b->answers[kind] = NULL;
    }
}

void batch_read_free(struct batch_reads *r, struct batch_read *b)
{
    answers_drop(r, b);
    b->next = r->free;
    r->free = link_to(r, b);
    r->free_len++;
}

struct batch_read *batch_read_of(const struct batch_reads *r, const struct call *call)
{
    return &r->batches[call->owner];
}

void batch_read_want(struct batch_reads *r, uint32_t *list, struct batch_read *b, uint8_t kinds)
{
    bool is_listed = b->to_send != 0;
    b->to_send |= kinds;
    if (is_listed)
        return;
    while (*list)
        list = &r->batches[*list - 1].next;
    *list = link_to(r, b);
    b->next = 0;
}

void batch_read_unlist(struct batch_reads *r, uint32_t *list, struct batch_read *b)
{
    assert(b->to_send && !b->out);
    while (*list != link_to(r, b))
        list = &r->batches[*list - 1].next;
    *list = b->next;
    b->to_send = 0;
}

uint32_t batch_reads_drop(struct batch_reads *r, uint32_t *list, uint8_t kinds)
{
    uint32_t dropped = 0;
    while (*list) {
        struct batch_read *b = &r->batches[*list - 1];
        if (b->kinds & kinds) {
            *list = b->next;
            batch_read_free(r, b);
            dropped++;
        } else {
            list = &b->next;
        }
    }
    return dropped;
}

static instant_us kind_wake(const struct batch_read *b, unsigned kind)
{
    return b->optional & BATCH_KIND(kind) ? b->optional_wake : b->wake;
}

static struct call *kind_send(struct batch_reads *r, struct batch_read *b,
                              const struct batch_sender *by, enum call_kind kind)
{
    struct call *call = call_pool_take(r->calls, kind, b->lane, b->api);
    call->departure = pace_departure(&by->pace[kind]);
    call->owner = (uint32_t)(b - r->batches);
    call->attempt = b->attempts + 1u;
    call->count = b->count;
    by->fill(by->ctx, b, call);
    b->to_send = (uint8_t)(b->to_send & ~BATCH_KIND(kind));
    b->out = (uint8_t)(b->out | BATCH_KIND(kind));
    return call;
}

static uint32_t batch_send(struct batch_reads *r, struct batch_read *b,
                           const struct batch_sender *by, instant_us now, struct call **calls,
                           uint32_t max)
{
    uint32_t len = 0;
    for (unsigned kind = 0; kind < BATCH_KINDS && len < max; kind++)
        if ((b->to_send & BATCH_KIND(kind)) && now >= kind_wake(b, kind) && r->calls->free &&
            pace_take(&by->pace[kind], now))
            calls[len++] = kind_send(r, b, by, (enum call_kind)kind);
    return len;
}

uint32_t batch_reads_send(struct batch_reads *r, uint32_t *list, const struct batch_sender *by,
                          instant_us now, struct call **calls, uint32_t max)
{
    uint32_t len = 0;
    while (*list) {
        struct batch_read *b = &r->batches[*list - 1];
        len += batch_send(r, b, by, now, calls + len, max - len);
        if (b->to_send)
            list = &b->next;
        else
            *list = b->next;
    }
    return len;
}

instant_us batch_reads_wake(const struct batch_reads *r, uint32_t list, const struct pace *pace)
{
    instant_us wake = WHEN_NEVER;
    for (; list; list = r->batches[list - 1].next) {
        const struct batch_read *b = &r->batches[list - 1];
        for (unsigned kind = 0; kind < BATCH_KINDS; kind++)
            if (b->to_send & BATCH_KIND(kind))
                wake = when_earlier(wake, when_later(pace_next(&pace[kind]), kind_wake(b, kind)));
    }
    return wake;
}

/* The batch needs no answer of its optional calls any more. */
static void optional_drop(struct batch_reads *r, uint32_t *list, struct batch_read *b)
{
    if (!(b->to_send & b->optional))
        return;
    b->to_send = (uint8_t)(b->to_send & ~b->optional);
    while (!b->to_send && *list != link_to(r, b))
        list = &r->batches[*list - 1].next;
    if (!b->to_send)
        *list = b->next;
}

static void optional_failed(struct batch_reads *r, uint32_t *list, const struct call *call,
                            const struct retry_rules *rules, struct retry_case failure,
                            uint64_t seed, instant_us now)
{
    struct batch_read *b = batch_read_of(r, call);
    failure.attempts = b->optional_attempts;
    enum retry next = retry_next(rules, &failure);
    bool is_again = next == RETRY_BACKOFF || next == RETRY_BY_PACE;
    bool others_wait = !r->free; /* perhaps, for this batch */
    if (!is_again || others_wait || ++b->optional_attempts == OPTIONAL_ATTEMPTS_MAX) {
        b->missed = (uint8_t)(b->missed | BATCH_KIND(call->kind));
        return;
    }
    if (next == RETRY_BACKOFF)
        b->optional_wake =
            now + backoff_span(BACKOFF_ERROR, seed, b->items[0], b->optional_attempts);
    batch_read_want(r, list, b, (uint8_t)BATCH_KIND(call->kind));
}

enum batch_state batch_read_answered(struct batch_reads *r, uint32_t *list, struct call *call,
                                     enum verdict verdict, const struct retry_rules *rules,
                                     uint64_t seed, instant_us now)
{
    struct batch_read *b = batch_read_of(r, call);
    const struct retry_case failure = {verdict, &call->reply, b->api, b->attempts, b->count};
    assert(b->out & BATCH_KIND(call->kind));
    b->out = (uint8_t)(b->out & ~BATCH_KIND(call->kind));
    if (verdict == VERDICT_OK)
        b->answers[call->kind] = call;
    else if (b->optional & BATCH_KIND(call->kind)) {
        optional_failed(r, list, call, rules, failure, seed, now);
    } else {
        /* A next step other than repeating the call is for the whole batch, after all its calls are
           back. */
        enum retry next = retry_next(rules, &failure);
        if (next == RETRY_BACKOFF) {
            b->attempts++;
            b->wake = now + backoff_span(BACKOFF_ERROR, seed, b->items[0], b->attempts);
        }
        if (next == RETRY_BACKOFF || next == RETRY_BY_PACE) {
            batch_read_want(r, list, b, (uint8_t)BATCH_KIND(call->kind));
        } else {
            bool is_denied = next == RETRY_FALL_BACK || next == RETRY_DENIED;
            b->denied = (uint8_t)(b->denied | (is_denied ? BATCH_KIND(call->kind) : 0));
            b->failed = true;
            b->failed_next = next;
            b->failed_reply = call->reply;
        }
    }
    if (b->failed)
        optional_drop(r, list, b);
    if (b->out || b->to_send)
        return BATCH_WAITS;
    bool failed = b->failed;
    b->failed = false;
    return failed ? BATCH_FAILED : BATCH_DONE;
}

struct batch_read *batch_read_split(struct batch_reads *r, uint32_t *list, struct batch_read *b,
                                    instant_us now)
{
    struct batch_read *half = batch_read_new(r, b->lane, b->api, b->kinds, now);
    if (!half)
        return NULL;
    assert(b->count > 1);
    half->generation = b->generation;
    half->optional = b->optional;
    half->count = b->count / 2;
    b->count -= half->count;
    memcpy(half->items, b->items + b->count, sizeof half->items[0] * half->count);
    answers_drop(r, b);
    b->missed = b->denied = 0;
    batch_read_want(r, list, half, half->kinds);
    batch_read_want(r, list, b, b->kinds);
    return half;
}
