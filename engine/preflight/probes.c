#include "probes.h"

#include "calls/backoff.h"

#include <stdlib.h>

#define PROBES_OUT_MAX 64 /* a few lanes' worth; each of them is answered within a trip */

/* Invariant: a probe waits (due is an instant), is out (due is WHEN_NEVER), or is done. */
struct asking {
    struct probe *probes;
    uint32_t len, first; /* those before it are done */
    struct wire *wire;
    struct arena *arena;
    struct call *idle;
    uint32_t out, done;
    bool interrupted, aborted; /* no more is sent; nor is what is out waited for */
};

struct call *probes_calls_new(void)
{
    struct call *calls = calloc(PROBES_OUT_MAX, sizeof *calls);
    for (uint32_t i = 0; calls && i < PROBES_OUT_MAX; i++)
        arena_init(&calls[i].arena, HTTP_BODY_MAX * 4);
    return calls;
}

void probes_calls_free(struct call *calls)
{
    for (uint32_t i = 0; calls && i < PROBES_OUT_MAX; i++)
        arena_clear(&calls[i].arena);
    free(calls);
}

static void probe_send(struct asking *a, uint32_t number)
{
    struct probe *p = &a->probes[number];
    struct call *call = a->idle;
    a->idle = call->next;
    call->next = NULL;
    call->kind = p->kind;
    call->api = p->api;
    call->lane = p->lane;
    call->owner = number;
    call->attempt = ++p->attempts;
    call->count = p->identity.len > 0;
    call->identities[0] = p->identity;
    call->token = TEXT_NONE;
    p->due = WHEN_NEVER;
    a->out++;
    wire_send(a->wire, &call, 1);
}

static void due_send(struct asking *a, instant_us now)
{
    while (a->first < a->len && a->probes[a->first].answered_at)
        a->first++;
    for (uint32_t i = a->first; i < a->len && a->idle && !a->interrupted; i++)
        if (!a->probes[i].answered_at && a->probes[i].due <= now)
            probe_send(a, i);
}

static instant_us next_due(const struct asking *a)
{
    instant_us next = WHEN_NEVER;
    for (uint32_t i = a->first; i < a->len && a->idle && !a->interrupted; i++)
        if (!a->probes[i].answered_at && a->probes[i].due < next)
            next = a->probes[i].due;
    return next;
}

static bool is_transient(enum verdict v)
{
    return v == VERDICT_SLOW_DOWN || verdict_is_retried(v);
}

static void probe_answered(struct asking *a, struct call *call)
{
    struct probe *p = &a->probes[call->owner];
    p->verdict = verdict_after(verdict_of(&call->reply, call->kind), p->attempts - 1);
    p->reply = call->reply;
    p->sent_at = call->sent_at;
    if (is_transient(p->verdict) && p->attempts < p->attempts_max) {
        p->due = wire_now(a->wire) +
                 backoff_span(BACKOFF_ERROR, (uint64_t)call->sent_at, call->owner, p->attempts);
    } else {
        p->answered_at = call->answered_at;
        p->signed_with = call->signed_with;
        p->skew_us = call->skew_us;
        p->account = call->account;
        p->account.caller_account = arena_text(a->arena, call->account.caller_account);
        p->account.caller_arn = arena_text(a->arena, call->account.caller_arn);
        p->account.enforcement_status = arena_text(a->arena, call->account.enforcement_status);
        a->done++;
    }
    call->next = a->idle;
    a->idle = call;
    a->out--;
}

bool probes_ask(struct probe *probes, uint32_t len, struct wire *wire, struct call *calls,
                struct arena *arena)
{
    struct asking a = {.probes = probes, .len = len, .wire = wire, .arena = arena};
    struct event events[PROBES_OUT_MAX];
    for (uint32_t i = 0; i < PROBES_OUT_MAX; i++) {
        calls[i].next = a.idle;
        a.idle = &calls[i];
    }
    while (!a.aborted && (a.out || (a.done < len && !a.interrupted))) {
        due_send(&a, wire_now(wire));
        uint32_t count = wire_wait(wire, next_due(&a), events, PROBES_OUT_MAX);
        for (uint32_t i = 0; i < count; i++) {
            if (events[i].kind == EVENT_ANSWER)
                probe_answered(&a, events[i].call);
            else
                a.interrupted = true;
            a.aborted |= events[i].kind == EVENT_ABORT;
        }
    }
    return !a.interrupted;
}
