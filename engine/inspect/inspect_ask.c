/*
 * Carries questions out and answers in for a pool of surveys (survey_pool.h), whose subjects are
 * indexes of names.
 */
#include "inspect_ask.h"

#include "base/bounds.h"
#include "survey/survey_pool.h"

#include <assert.h>
#include <stdlib.h>

#define WRITTEN_MAX  (4u << 20) /* of one name: a record of 4 KB and 26 servers are far below */
#define ANSWER_BYTES (1u << 20) /* one message of 64 KB, parsed */

struct asking {
    struct wire *wire;
    struct text from;
    const struct text *names;
    size_t names_len, started, printed;
    const struct inspect_out *out;
    struct survey_pool surveys;
    struct call calls[DNS_WINDOW], *pool;
    uint64_t ticket;
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
    for (uint32_t i = 0; i < DNS_WINDOW; i++) {
        arena_init(&a->calls[i].arena, ANSWER_BYTES);
        a->calls[i].next = a->pool;
        a->pool = &a->calls[i];
    }
    for (uint32_t i = 0; i < INSPECT_AHEAD_MAX; i++)
        buf_init(&a->written[i], WRITTEN_MAX);
    return a;
}

static void asking_free(struct asking *a)
{
    survey_pool_clear(&a->surveys);
    for (uint32_t i = 0; i < DNS_WINDOW; i++)
        arena_clear(&a->calls[i].arena);
    for (uint32_t i = 0; i < INSPECT_AHEAD_MAX; i++)
        buf_clear(&a->written[i]);
    free(a);
}

static struct call *call_make(struct asking *a, const struct survey_question *q)
{
    struct call *call = a->pool;
    assert(call); /* there are as many as the window of the surveys */
    a->pool = call->next;
    call->next = NULL;
    call->ticket = ++a->ticket;
    call->kind = CALL_ASK;
    call->owner = q->slot;
    call->part = q->part;
    call->attempt = 1;
    call->question = q->question;
    return call;
}

static void surveys_write(struct asking *a)
{
    const struct survey *s;
    uint32_t name;
    while ((s = survey_pool_take(&a->surveys, &name)) != NULL) {
        struct buf *written = &a->written[name % INSPECT_AHEAD_MAX];
        buf_reset(written);
        a->out->write(a->out->context, written, s);
        a->no_memory = a->no_memory || written->failed || written->len == 0;
        a->troubled += survey_has_trouble(s);
    }
}

/* Names that follow a very slow one wait once a few thousand are done behind it. */
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
    surveys_write(a);
    return len;
}

static void questions_send(struct asking *a)
{
    struct call *calls[DNS_WINDOW];
    instant_us now = wire_now(a->wire);
    uint32_t len = questions_take(a, now, calls);
    while (name_may_start(a)) {
        uint32_t name = (uint32_t)a->started++;
        survey_pool_start(&a->surveys, name, a->names[name], a->from, now);
        len += questions_take(a, now, calls + len);
    }
    wire_send(a->wire, calls, len);
}

static void written_print(struct asking *a)
{
    while (a->printed < a->started && a->written[a->printed % INSPECT_AHEAD_MAX].len) {
        struct buf *written = &a->written[a->printed++ % INSPECT_AHEAD_MAX];
        a->out->print(a->out->context, buf_text(written));
        buf_clear(written);
    }
}

static void answers_take(struct asking *a, instant_us until)
{
    struct event events[DNS_WINDOW];
    uint32_t len = wire_wait(a->wire, until, events, DNS_WINDOW);
    for (uint32_t i = 0; i < len; i++) {
        assert(events[i].kind == EVENT_ANSWER); /* no signal interrupts this wire */
        struct call *call = events[i].call;
        const struct survey_question q = {call->owner, call->part, call->question};
        survey_pool_reply(&a->surveys, &q, &call->dns, call->answered_at);
        call->next = a->pool;
        a->pool = call;
    }
}

enum err inspect_ask(struct wire *wire, const struct survey_options *options, struct text from,
                     const struct text *names, size_t len, const struct inspect_out *out,
                     size_t *troubled, struct why *why)
{
    struct asking *a = asking_new(options);
    if (!a)
        return why_set(why, ERR_NOMEM, "out of memory");
    a->wire = wire;
    a->from = from;
    a->names = names;
    a->names_len = len;
    a->out = out;
    while (a->printed < len && !a->no_memory) {
        questions_send(a);
        written_print(a);
        instant_us wake = survey_pool_wake(&a->surveys, wire_now(wire));
        assert(a->surveys.out || wake < WHEN_NEVER || name_may_start(a) || a->printed == len);
        if (a->surveys.out || wake < WHEN_NEVER)
            answers_take(a, wake);
    }
    while (a->surveys.out) /* the calls are this struct's memory: they all come home first */
        answers_take(a, WHEN_NEVER);
    *troubled = a->troubled;
    enum err err = a->no_memory ? why_set(why, ERR_NOMEM, "out of memory") : OK;
    asking_free(a);
    return err;
}
