#include "preflight.h"

#include "backoff.h"
#include "say.h"
#include "verdict.h"

#include <stdlib.h>

#define CALLER_ATTEMPTS_MAX 4

/* Sends the call and waits until it is back, whatever else happens: the carrier owns it. */
static bool caller_send(struct wire *wire, struct call *call)
{
    struct event event;
    bool interrupted = false;
    wire_send(wire, &call, 1);
    for (;;) {
        if (wire_wait(wire, WHEN_NEVER, &event, 1) == 0)
            continue;
        if (event.kind == EVENT_ANSWER)
            return !interrupted;
        interrupted = true;
    }
}

/* One question to STS, tried again while nothing speaks against it. */
static enum verdict caller_ask(struct wire *wire, struct call *call, uint16_t lane)
{
    enum verdict verdict = VERDICT_AGAIN;
    call->kind = CALL_CALLER;
    call->lane = lane;
    for (call->attempt = 1; call->attempt <= CALLER_ATTEMPTS_MAX; call->attempt++) {
        struct event event;
        if (!caller_send(wire, call))
            return VERDICT_DENIED;
        verdict = verdict_of(&call->reply, CALL_CALLER);
        if (verdict != VERDICT_AGAIN && verdict != VERDICT_SLOW_DOWN)
            break;
        instant_us until = wire_now(wire) + backoff_span(BACKOFF_ERROR, 0, lane, call->attempt);
        while (wire_now(wire) < until)
            wire_wait(wire, until, &event, 1);
    }
    return verdict;
}

static bool is_mismatched(const struct fleet *f, uint16_t account, const struct call *call,
                          struct why *why)
{
    const struct account *a = &f->accounts[account];
    struct text wanted = names_text(&f->names, a->account_id);
    if (text_eq(call->account.caller_account, wanted))
        return false;
    why_set(why, ERR_AUTH,
            "account " TEXT_FMT ": the credentials belong to account " TEXT_FMT " (" TEXT_FMT
            "), the manifest says account_id " TEXT_FMT
            ": use another profile, or correct the manifest",
            TEXT_ARG(names_text(&f->names, a->name)), TEXT_ARG(call->account.caller_account),
            TEXT_ARG(call->account.caller_arn), TEXT_ARG(wanted));
    return true;
}

static void account_give_up(const struct fleet *f, struct lanes *lanes, uint16_t account,
                            const struct reply *reply, struct why *why)
{
    why_set(why, ERR_AUTH, "STS does not say whose credentials these are: %s%s%s", reply->code,
            reply->code[0] ? ": " : "", reply->message);
    for (uint32_t i = 0; i < f->lanes_len; i++)
        if (f->lanes[i].account == account && !lanes->trouble[i])
            lanes_give_up(lanes, i, why->text);
}

static bool lane_of(const struct fleet *f, const struct lanes *lanes, uint16_t account,
                    uint16_t *lane)
{
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        if (f->lanes[i].account == account && !lanes->trouble[i]) {
            *lane = (uint16_t)i;
            return true;
        }
    }
    return false;
}

static enum err guards_check(const struct fleet *f, struct lanes *lanes, struct wire *wire,
                             struct call *call, struct why *why)
{
    struct why each = {""};
    enum err err = OK;
    for (uint16_t i = 0; i < f->accounts_len; i++) {
        uint16_t lane;
        if (f->accounts[i].account_id == NAME_NONE || !lane_of(f, lanes, i, &lane))
            continue;
        if (caller_ask(wire, call, lane) != VERDICT_OK) {
            account_give_up(f, lanes, i, &call->reply, &each);
        } else if (is_mismatched(f, i, call, &each)) {
            if (err != OK)
                say_error("%s", why->text);
            err = why_set(why, ERR_AUTH, "%s", each.text);
        }
    }
    if (err == OK && f->lanes_len && lanes_usable(lanes) == 0)
        err = lanes_lost(lanes, f, ERR_AUTH, why);
    return err;
}

enum err preflight_accounts(const struct fleet *f, struct lanes *lanes, struct wire *wire,
                            struct why *why)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        return why_set(why, ERR_NOMEM, "out of memory");
    arena_init(&call->arena, HTTP_BODY_MAX);
    enum err err = guards_check(f, lanes, wire, call, why);
    arena_clear(&call->arena);
    free(call);
    return err;
}
