/* A machine: sends each question, again a few times, until a final answer. */
#include "probes.h"

#include "calls/backoff.h"
#include "engine.h"

#define PROBES_OUT_MAX 64 /* questions of a few lanes; each has an answer within a round trip */

/* Invariant: a probe waits (due is an instant), is out (due is WHEN_NEVER), or is done. */
struct probing {
    struct probe *probes;
    uint32_t len, first; /* probes before `first` are done */
    struct arena *arena;
    struct call_pool *calls;
    uint32_t done;
    bool interrupted; /* no more is sent; calls out are waited for */
};

bool probes_pool_init(struct call_pool *calls, struct arena *memory)
{
    return call_pool_init(calls, memory, PROBES_OUT_MAX + PREFLIGHT_PAGES_MAX);
}

static struct call *probe_call(struct probing *a, uint32_t number)
{
    struct probe *p = &a->probes[number];
    struct call *call = call_pool_take(a->calls, p->kind, p->lane, p->api);
    call->owner = number;
    call->attempt = ++p->attempts;
    call->count = p->identity.len > 0;
    call->identities[0] = p->identity;
    p->due = WHEN_NEVER;
    return call;
}

static void on_event(void *ctx, const struct event *event, instant_us now)
{
    struct probing *a = ctx;
    if (event->kind == EVENT_ANSWER) {
        struct probe *p = &a->probes[event->call->owner];
        const struct retry_rules rules = {.attempts_max = p->attempts_max};
        p->verdict =
            verdict_after(verdict_of(&event->call->reply, event->call->kind), p->attempts - 1);
        const struct retry_case failure = {p->verdict, &event->call->reply, p->api, p->attempts - 1,
                                           0};
        p->reply = event->call->reply;
        p->sent_at = event->call->sent_at;
        if (p->verdict != VERDICT_OK && retry_next(&rules, &failure) == RETRY_BACKOFF) {
            p->due = now + backoff_span(BACKOFF_ERROR, (uint64_t)event->call->sent_at,
                                        event->call->owner, p->attempts);
        } else {
            p->answered_at = event->call->answered_at;
            p->signed_with = event->call->signed_with;
            p->skew_us = event->call->skew_us;
            p->account = event->call->account;
            p->account.caller_account = arena_text(a->arena, event->call->account.caller_account);
            p->account.caller_arn = arena_text(a->arena, event->call->account.caller_arn);
            p->account.enforcement_status =
                arena_text(a->arena, event->call->account.enforcement_status);
            a->done++;
        }
        call_pool_returned(a->calls);
        if (p->is_kept && p->verdict == VERDICT_OK)
            p->kept = event->call;
        else
            call_pool_give(a->calls, event->call);
    } else
        a->interrupted = true;
}

static uint32_t decide(void *ctx, instant_us now, struct call **calls, uint32_t max)
{
    struct probing *a = ctx;
    uint32_t len = 0;
    while (a->first < a->len && a->probes[a->first].answered_at)
        a->first++;
    for (uint32_t i = a->first; i < a->len && a->calls->free && !a->interrupted && len < max; i++)
        if (!a->probes[i].answered_at && a->probes[i].due <= now)
            calls[len++] = probe_call(a, i);
    return len;
}

static instant_us wake(const void *ctx, instant_us now)
{
    const struct probing *a = ctx;
    instant_us next = WHEN_NEVER;
    (void)now;
    for (uint32_t i = a->first; i < a->len && a->calls->free && !a->interrupted; i++)
        if (!a->probes[i].answered_at && a->probes[i].due < next)
            next = a->probes[i].due;
    return next;
}

static bool is_finished(const void *ctx)
{
    const struct probing *a = ctx;
    return a->calls->out == 0 && (a->done == a->len || a->interrupted);
}

static bool is_draining(const void *ctx)
{
    return ((const struct probing *)ctx)->interrupted;
}

static bool is_out_of_memory(const void *ctx)
{
    (void)ctx;
    return false;
}

bool probe_may_pass(const struct probe *p)
{
    bool is_odd = p->reply.how == REPLY_HTTP && p->verdict != VERDICT_OK && !p->reply.code[0];
    return p->answered_at &&
           (p->verdict == VERDICT_SLOW_DOWN || verdict_is_retried(p->verdict) || is_odd);
}

enum err probes_ask(struct probe *probes, uint32_t len, const struct io *io,
                    struct call_pool *calls, struct arena *arena, struct why *why)
{
    struct probing a = {.probes = probes, .len = len, .arena = arena, .calls = calls};
    const struct machine machine = {.ctx = &a,
                                    .event = on_event,
                                    .decide = decide,
                                    .wake = wake,
                                    .is_finished = is_finished,
                                    .is_draining = is_draining,
                                    .is_out_of_memory = is_out_of_memory};
    enum engine_end end;
    if (len == 0)
        return OK;
    enum err err = engine_run(&machine, io, NULL, &end, why);
    if (err == OK && end != ENGINE_ENDED)
        err = why_set(why, ERR_BUSY, "stopped before anything was begun");
    return err;
}
