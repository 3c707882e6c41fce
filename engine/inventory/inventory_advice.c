/*
 * What only SES knows of a lane beside its identities: global endpoints and, where GetAccount says
 * that the advisor is there, open recommendations. Asked once the lane is listed and has
 * identities, beside the reads. A refusal is told and ends nothing.
 */
#include "inventory_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const enum call_kind kinds[ASKS] = {
    [ASK_ENDPOINTS] = CALL_ENDPOINTS, [ASK_ACCOUNT] = CALL_ACCOUNT, [ASK_ADVICE] = CALL_ADVICE};

static unsigned ask_of(enum call_kind kind)
{
    unsigned ask = 0;
    while (kinds[ask] != kind)
        ask++;
    assert(ask < ASKS);
    return ask;
}

bool advice_is_kind(enum call_kind kind)
{
    return kind == CALL_ENDPOINTS || kind == CALL_ACCOUNT || kind == CALL_ADVICE;
}

void advice_begin(const struct inventory *v, struct lane_inventory *s)
{
    if (v->options.with_advice && s->seen.listed)
        s->asks_left = 1u << ASK_ENDPOINTS | 1u << ASK_ACCOUNT;
}

bool advice_is_done(const struct lane_inventory *s)
{
    return s->asks_left == 0;
}

void advice_forget(struct lane_inventory *s)
{
    s->asks_generation++; /* what is still out does not count */
    s->asks_left = 0;
    memset(s->asks, 0, sizeof s->asks);
    s->seen.endpoints_len = 0;
    memset(s->seen.advice, 0, sizeof s->seen.advice);
}

static bool may_ask(const struct lane_inventory *s, unsigned ask)
{
    return (s->asks_left & 1u << ask) && !s->asks[ask].out;
}

uint32_t advice_send(struct inventory *v, uint16_t lane, instant_us now, struct call **calls,
                     uint32_t max)
{
    struct lane_inventory *s = &v->lanes[lane];
    uint32_t len = 0;
    for (unsigned ask = 0; ask < ASKS && len < max; ask++) {
        if (!may_ask(s, ask) || now < s->asks[ask].wake || !v->calls.free ||
            !pace_take(&s->pace[kinds[ask]], now))
            continue;
        struct call *call = call_pool_take(&v->calls, kinds[ask], lane, API_V2);
        call->departure = pace_departure(&s->pace[kinds[ask]]);
        call->owner = s->asks_generation;
        paged_list_ask(&s->asks[ask], call);
        calls[len++] = call;
    }
    return len;
}

instant_us advice_wake(const struct lane_inventory *s)
{
    instant_us wake = WHEN_NEVER;
    for (unsigned ask = 0; ask < ASKS; ask++)
        if (may_ask(s, ask))
            wake =
                when_earlier(wake, when_later(s->asks[ask].wake, pace_next(&s->pace[kinds[ask]])));
    return wake;
}

static bool endpoint_take(struct inventory *v, struct lane_inventory *s,
                          const struct global_endpoint *e)
{
    if (s->seen.endpoints_len == s->endpoints_cap) {
        struct global_endpoint *list = arena_grow(v->memory, s->endpoints, sizeof *list,
                                                  s->seen.endpoints_len, &s->endpoints_cap);
        if (!list)
            return false;
        s->endpoints = list;
    }
    struct global_endpoint *copy = &s->endpoints[s->seen.endpoints_len++];
    copy->name = arena_text(v->memory, e->name);
    copy->status = arena_text(v->memory, e->status);
    for (int i = 0; i < ENDPOINT_REGIONS; i++)
        copy->regions[i] = arena_text(v->memory, e->regions[i]);
    s->seen.endpoints = s->endpoints;
    return copy->name.at && copy->regions[0].at && copy->regions[1].at;
}

static void page_take(struct inventory *v, struct lane_inventory *s, const struct call *call,
                      unsigned ask)
{
    for (uint32_t i = 0; i < call->endpoints_len; i++)
        v->no_memory |= !endpoint_take(v, s, &call->endpoints[i]);
    for (uint32_t i = 0; i < call->advice_len; i++)
        s->seen.advice[call->advice[i].type]++;
    if (ask == ASK_ACCOUNT && call->account.has_advisor)
        s->asks_left |= 1u << ASK_ADVICE;
    enum page page = paged_list_take(&s->asks[ask], call, v->memory);
    if (page == PAGE_MORE)
        return;
    v->no_memory |= page == PAGE_UNKEPT;
    if (page == PAGE_ENDLESS && ask != ASK_ACCOUNT)
        snprintf(ask == ASK_ENDPOINTS ? s->seen.endpoints_gap : s->seen.advice_gap,
                 INVENTORY_REASON_LEN, "%s: SES's pages of the list do not end",
                 call_action(call->kind, call->api));
    s->seen.endpoints_known |= page == PAGE_LAST && ask == ASK_ENDPOINTS;
    s->seen.advice_known |= page == PAGE_LAST && ask == ASK_ADVICE;
    s->asks_left &= ~(1u << ask);
}

void advice_answered(struct inventory *v, struct call *call, instant_us now)
{
    struct lane_inventory *s = &v->lanes[call->lane];
    unsigned ask = ask_of(call->kind);
    enum verdict verdict = lane_inventory_verdict(s, call, s->asks[ask].attempts, now);
    if (call->owner != s->asks_generation || s->seen.phase >= INVENTORY_DONE)
        return;
    if (verdict == VERDICT_OK) {
        page_take(v, s, call, ask);
        return;
    }
    const struct retry_rules rules = {.attempts_max = ADVICE_ATTEMPTS_MAX,
                                      .is_paced = true,
                                      .throttles_max = OPTIONAL_THROTTLES_MAX};
    bool begins_again;
    enum retry next = paged_list_failed(&s->asks[ask], &rules, call, verdict, v->options.seed, now,
                                        &begins_again);
    if (begins_again && ask == ASK_ENDPOINTS)
        s->seen.endpoints_len = 0;
    if (begins_again && ask == ASK_ADVICE)
        memset(s->seen.advice, 0, sizeof s->seen.advice);
    bool is_lacking = reply_knows_no_action(&call->reply);
    if ((next == RETRY_BY_PACE || next == RETRY_BACKOFF) && !is_lacking)
        return;
    s->asks_left &= ~(1u << ask);
    if (!is_lacking && ask != ASK_ACCOUNT)
        snprintf(ask == ASK_ENDPOINTS ? s->seen.endpoints_gap : s->seen.advice_gap,
                 INVENTORY_REASON_LEN, "%s: %s%s%s%s", call_action(call->kind, call->api),
                 verdict == VERDICT_SLOW_DOWN ? "throttled too often in a row: " : "",
                 call->reply.code, call->reply.code[0] ? ": " : "", call->reply.message);
}
