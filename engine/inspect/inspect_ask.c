/*
 * A pool of surveys (survey_pool.h) as a machine of the engine; subjects are indexes of names.
 */
#include "inspect_ask.h"

#include "base/bounds.h"
#include "calls/call_pool.h"
#include "engine.h"
#include "survey/survey_pool.h"

#include <assert.h>
#include <stdlib.h>

#define WRITTEN_MAX (4u << 20) /* of one name: a record of 4 KB and 26 servers are far below */

struct asking {
    struct text from;
    const struct text *names;
    size_t names_len, started, printed;
    const struct inspect_out *out;
    struct survey_pool surveys;
    struct arena memory; /* of the calls */
    struct call_pool calls;
    struct buf written[INSPECT_AHEAD_MAX]; /* by index of the name, modulo */
    size_t troubled;
    bool no_memory;
};

static struct asking *asking_new(const struct survey_options *options)
{
    struct asking *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    survey_pool_init(&a->surveys, options, siphash_key_of_process(), NULL, NULL);
    arena_init(&a->memory, SIZE_MAX);
    if (!call_pool_init(&a->calls, &a->memory, DNS_WINDOW))
        a->no_memory = true;
    for (uint32_t i = 0; i < INSPECT_AHEAD_MAX; i++)
        buf_init(&a->written[i], WRITTEN_MAX);
    return a;
}

static struct call *call_make(struct asking *a, const struct survey_question *q)
{
    struct call *call = call_pool_take(&a->calls, CALL_ASK, 0, API_V1);
    assert(call); /* there are as many as the window of the surveys */
    call->owner = q->slot;
    call->part = q->part;
    call->question = q->question;
    return call;
}

/* Once a few thousand names behind a very slow one are done, further names wait. */
static bool name_may_start(const struct asking *a)
{
    return a->started < a->names_len && a->started - a->printed < INSPECT_AHEAD_MAX &&
           survey_pool_has_room(&a->surveys);
}

static uint32_t questions_take(struct asking *a, instant_us now, struct call **calls)
{
    struct survey_question q;
    uint32_t len = 0;
    while (survey_pool_next(&a->surveys, now, &q))
        calls[len++] = call_make(a, &q);
    const struct survey *s;
    uint32_t name;
    while ((s = survey_pool_take(&a->surveys, &name)) != NULL) {
        struct buf *written = &a->written[name % INSPECT_AHEAD_MAX];
        buf_reset(written);
        a->out->write(a->out->context, written, s);
        a->no_memory = a->no_memory || written->failed || written->len == 0;
        a->troubled += survey_has_trouble(s);
    }
    return len;
}

static uint32_t decide(void *ctx, instant_us now, struct call **calls, uint32_t max)
{
    struct asking *a = ctx;
    assert(max >= DNS_WINDOW);
    if (a->no_memory)
        return 0;
    uint32_t len = questions_take(a, now, calls);
    while (name_may_start(a)) {
        uint32_t name = (uint32_t)a->started++;
        survey_pool_start(&a->surveys, name, a->names[name], a->from, NULL, now);
        len += questions_take(a, now, calls + len);
    }
    return len;
}

static void on_event(void *ctx, const struct event *event, instant_us now)
{
    struct asking *a = ctx;
    (void)now;
    assert(event->kind == EVENT_ANSWER); /* no signal interrupts this world */
    struct call *call = event->call;
    const struct survey_question q = {call->owner, call->part, call->question};
    survey_pool_reply(&a->surveys, &q, &call->dns, call->answered_at);
    call_pool_returned(&a->calls);
    call_pool_give(&a->calls, call);
}

/* Printing makes room for further names, startable without an answer. */
static instant_us wake(const void *ctx, instant_us now)
{
    const struct asking *a = ctx;
    if (a->no_memory)
        return WHEN_NEVER;
    return name_may_start(a) ? now : survey_pool_wake(&a->surveys, now);
}

/* The calls are memory of this struct, so all calls must come back first. */
static bool is_finished(const void *ctx)
{
    const struct asking *a = ctx;
    return a->calls.out == 0 && a->printed == a->names_len;
}

static bool is_draining(const void *ctx)
{
    (void)ctx;
    return false;
}

static bool is_out_of_memory(const void *ctx)
{
    const struct asking *a = ctx;
    return a->no_memory && a->calls.out == 0;
}

static void written_print(void *ctx, instant_us now)
{
    struct asking *a = ctx;
    while (a->printed < a->started && a->written[a->printed % INSPECT_AHEAD_MAX].len) {
        struct buf *written = &a->written[a->printed++ % INSPECT_AHEAD_MAX];
        a->out->print(a->out->context, buf_text(written), now);
        buf_clear(written);
    }
}

enum err inspect_ask(const struct io *io, const struct survey_options *options, struct text from,
                     const struct text *names, size_t len, const struct inspect_out *out,
                     size_t *troubled, struct why *why)
{
    struct asking *a = asking_new(options);
    if (!a)
        return why_set(why, ERR_NOMEM, "out of memory");
    const struct machine machine = {.ctx = a,
                                    .event = on_event,
                                    .decide = decide,
                                    .wake = wake,
                                    .is_finished = is_finished,
                                    .is_draining = is_draining,
                                    .is_out_of_memory = is_out_of_memory};
    const struct engine_watch watch = {.ctx = a, .turn = written_print};
    enum engine_end end;
    a->from = from;
    a->names = names;
    a->names_len = len;
    a->out = out;
    enum err err = engine_run(&machine, io, &watch, &end, why);
    *troubled = a->troubled;
    survey_pool_clear(&a->surveys);
    call_pool_clear(&a->calls);
    arena_clear(&a->memory);
    for (uint32_t i = 0; i < INSPECT_AHEAD_MAX; i++)
        buf_clear(&a->written[i]);
    free(a);
    return err;
}
