/*
 * The inventory in virtual time: every call is answered from a script, 50 ms after it left. For
 * tests.
 */
#ifndef MF_TEST_INVENTORY_SCENE_H
#define MF_TEST_INVENTORY_SCENE_H

#include "unit.h"

#include "inventory/inventory.h"

#include <stdio.h>
#include <string.h>

#define TRIP      SPAN_MS(50)
#define START     SPAN_S(1000)
#define OUT_MAX   512
#define TURNS_MAX 200000

/* What one lane's SES does. */
struct script {
    uint32_t identities;
    const char *list_code, *read_code, *forwarding_code, *dkim_code, *get_code, *caller_code;
    const char *caller;                   /* the account's number; NULL: 111122223333 */
    uint32_t troubled;                    /* so many calls of any kind fail first */
    const char *trouble_code;             /* and how; NULL: the answer is lost */
    int poisoned;                         /* reads that hold this identity are refused; -1: none */
    int vanished;                         /* GetEmailIdentity does not find it; -1: none */
    uint32_t advised;                     /* open recommendations; 0: there is no advisor */
    const char *advice_code;              /* refusal of endpoints and recommendations */
    bool advice_is_slow;                  /* what is asked beside the reads comes back after them */
    uint32_t old_tokens;                  /* so many times the second page is refused */
    enum { ENDS, CIRCLES, GOES_ON } list; /* a page that leads to itself; always one more */
};

struct seen {
    uint32_t calls[CALL_KINDS][2]; /* by version of the API */
    uint32_t failed, tokens_refused, advised;
};

struct scene {
    struct fleet fleet;
    struct arena memory;
    struct inventory *v;
    const struct script *scripts;
    struct seen seen[8];
    struct call *out[OUT_MAX];
    uint32_t out_len, out_most;
    instant_us now;
    uint64_t order; /* seed of the order in which answers come back; 0: the oldest first */
};

static void refuse(struct call *call, const char *code)
{
    call->reply.http_status = strstr(code, "Denied") || strstr(code, "Client") ? 403 : 400;
    snprintf(call->reply.code, sizeof call->reply.code, "%s", code);
    snprintf(call->reply.message, sizeof call->reply.message, "not for you");
}

static struct text name_of(struct arena *arena, uint32_t i)
{
    return arena_fmt(arena, "d%u.example", i);
}

static uint32_t number_of(struct text name)
{
    uint64_t n = 0;
    assert_true(text_to_u64(text_slice(name, 1, text_find(name, '.')), &n));
    return (uint32_t)n;
}

static void answer_list(const struct script *s, struct seen *seen, struct call *call)
{
    uint64_t from = 0;
    if (s->list_code && call->api == API_V1) {
        refuse(call, s->list_code);
        return;
    }
    if (call->token.len && seen->tokens_refused < s->old_tokens) {
        seen->tokens_refused++;
        refuse(call, "InvalidNextTokenException");
        return;
    }
    assert_true(call->token.len == 0 || text_to_u64(call->token, &from));
    if (s->list != ENDS) {
        call->next_token =
            arena_fmt(&call->arena, "%u", s->list == CIRCLES ? 1 : (uint32_t)from + 1);
        return;
    }
    call->listed = ARENA_ARRAY(&call->arena, struct text, SES_LIST_PAGE);
    for (uint32_t i = (uint32_t)from; i < s->identities && call->listed_len < SES_LIST_PAGE; i++)
        call->listed[call->listed_len++] = name_of(&call->arena, i);
    if (from + SES_LIST_PAGE < s->identities)
        call->next_token = arena_fmt(&call->arena, "%u", (uint32_t)from + SES_LIST_PAGE);
}

/* Every third has a MAIL FROM; of those every other rejects. Every fourth does not forward, every
 * seventh does not sign. */
static struct ses_facts facts_of(struct arena *arena, struct text name, unsigned known)
{
    uint32_t n = number_of(name);
    struct ses_facts f = {.known = known};
    if (known & KNOWN_VERIFICATION)
        f.verification = n % 5 ? VERIFICATION_SUCCESS : VERIFICATION_PENDING;
    if ((known & KNOWN_MAIL_FROM) && n % 3 == 0) {
        f.mail_from = arena_fmt(arena, "bounce.d%u.example", n);
        f.status = MAIL_FROM_SUCCESS;
        f.behavior = n % 6 ? BEHAVIOR_USE_DEFAULT_VALUE : BEHAVIOR_REJECT_MESSAGE;
    }
    if (known & KNOWN_FORWARDING)
        f.forwarding = n % 4 != 0;
    if (known & KNOWN_DKIM)
        f.dkim = n % 7 ? DKIM_SUCCESS : DKIM_DISABLED;
    return f;
}

static void answer_read(const struct script *s, struct call *call)
{
    static const unsigned known[CALL_KINDS] = {[CALL_READ_VERIFICATION] = KNOWN_VERIFICATION,
                                               [CALL_READ_MAIL_FROM] = KNOWN_MAIL_FROM,
                                               [CALL_READ_NOTIFICATION] = KNOWN_FORWARDING,
                                               [CALL_READ_DKIM] = KNOWN_DKIM,
                                               [CALL_GET] = KNOWN_VERIFICATION | KNOWN_MAIL_FROM |
                                                            KNOWN_FORWARDING | KNOWN_DKIM};
    if (call->kind == CALL_READ_NOTIFICATION && s->forwarding_code)
        refuse(call, s->forwarding_code);
    else if (call->kind == CALL_READ_DKIM && s->dkim_code)
        refuse(call, s->dkim_code);
    else if (call->kind == CALL_GET ? s->get_code != NULL : s->read_code != NULL)
        refuse(call, call->kind == CALL_GET ? s->get_code : s->read_code);
    for (uint32_t i = 0; i < call->count; i++) {
        int n = (int)number_of(call->identities[i]);
        call->facts[i] = facts_of(&call->arena, call->identities[i], known[call->kind]);
        if (n == s->poisoned)
            refuse(call, "InvalidParameterValue");
        if (n == s->vanished && call->kind == CALL_GET)
            refuse(call, "NotFoundException");
    }
    if (call->kind == CALL_GET) {
        call->tags = ARENA_ARRAY(&call->arena, struct ses_tag, 1);
        call->tags[0] = (struct ses_tag){TEXT("team"), call->identities[0]};
        call->tags_len = 1;
    }
}

/* One endpoint; recommendations a hundred a page, every third about SPF, the others BIMI. */
static void answer_advice(const struct script *s, struct seen *seen, struct call *call)
{
    assert_int_equal(call->api, API_V2);
    if (s->advice_code) {
        refuse(call, s->advice_code);
        return;
    }
    call->endpoints = ARENA_ARRAY(&call->arena, struct global_endpoint, 1);
    call->advice = ARENA_ARRAY(&call->arena, struct recommendation, SES_ADVICE_PAGE);
    if (call->kind == CALL_ENDPOINTS)
        call->endpoints[call->endpoints_len++] =
            (struct global_endpoint){.name = TEXT("ha"),
                                     .status = TEXT("READY"),
                                     .regions = {TEXT("us-east-1"), TEXT("eu-west-1")}};
    else
        while (call->advice_len < SES_ADVICE_PAGE && seen->advised < s->advised)
            call->advice[call->advice_len++] =
                (struct recommendation){.type = seen->advised++ % 3 ? ADVISOR_OTHER : ADVISOR_SPF};
    if (call->kind == CALL_ADVICE && seen->advised < s->advised)
        call->next_token = arena_fmt(&call->arena, "%u", seen->advised);
}

static void answer(struct scene *x, struct call *call)
{
    const struct script *s = &x->scripts[call->lane];
    struct seen *seen = &x->seen[call->lane];
    seen->calls[call->kind][call->api]++;
    call->answered_at = x->now;
    call->reply = (struct reply){.how = REPLY_HTTP, .http_status = 200};
    if (seen->failed < s->troubled) {
        seen->failed++;
        if (s->trouble_code)
            refuse(call, s->trouble_code);
        else
            call->reply.how = REPLY_LOST;
    } else if (call->kind == CALL_CALLER) {
        call->account.caller_account = text_of(s->caller ? s->caller : "111122223333");
        call->account.caller_arn = TEXT("arn:aws:iam::111122223333:user/me");
        if (s->caller_code)
            refuse(call, s->caller_code);
    } else if (call->kind == CALL_LIST) {
        answer_list(s, seen, call);
    } else if (call->kind == CALL_ENDPOINTS || call->kind == CALL_ADVICE) {
        answer_advice(s, seen, call);
    } else if (call->kind == CALL_ACCOUNT) {
        call->account.has_advisor = s->advised > 0;
    } else {
        answer_read(s, call);
    }
}

static void scene_open(struct scene *x, const struct script *scripts, uint32_t lanes,
                       const char *guard, struct inventory_options options)
{
    struct account account = {.name = NAME_NONE};
    uint16_t index;
    memset(x, 0, sizeof *x);
    x->scripts = scripts;
    x->now = START;
    fleet_init(&x->fleet);
    arena_init(&x->memory, SIZE_MAX);
    assert_true(names_init(&x->fleet.names, 1u << 20));
    assert_true(names_add(&x->fleet.names, text_of(guard), &account.account_id));
    for (uint32_t i = 0; i < lanes; i++) { /* an account each */
        name_id region;
        assert_true(names_add(&x->fleet.names, TEXT("us-east-1"), &region));
        assert_true(fleet_account(&x->fleet, account, &index));
        assert_true(fleet_lane(&x->fleet, index, region, &index));
    }
    x->v = inventory_new(&x->memory, &x->fleet, &options);
    assert_non_null(x->v);
}

static void scene_close(struct scene *x)
{
    inventory_clear(x->v);
    fleet_clear(&x->fleet);
    arena_clear(&x->memory);
}

static bool is_advice(const struct call *call)
{
    return call->kind == CALL_ENDPOINTS || call->kind == CALL_ACCOUNT || call->kind == CALL_ADVICE;
}

/* The oldest that is out, or the oldest read, where advice comes last, or any. */
static uint32_t first_back(struct scene *x)
{
    uint32_t at = 0;
    if (x->order && x->out_len)
        return (uint32_t)(dice(&x->order) % x->out_len);
    while (at < x->out_len && x->scripts[x->out[at]->lane].advice_is_slow && is_advice(x->out[at]))
        at++;
    return at < x->out_len ? at : 0;
}

/* Calls leave now; the first comes back, or the next turn's time comes. */
static void turn(struct scene *x)
{
    uint32_t len = inventory_decide(x->v, x->now, x->out + x->out_len, OUT_MAX - x->out_len);
    for (uint32_t i = 0; i < len; i++) {
        x->out[x->out_len + i]->sent_at = x->now;
        call_answer_reset(x->out[x->out_len + i]);
    }
    x->out_len += len;
    x->out_most = x->out_len > x->out_most ? x->out_len : x->out_most;
    instant_us wake = inventory_wake(x->v);
    uint32_t at = first_back(x);
    instant_us back = x->out_len ? x->out[at]->sent_at + TRIP : WHEN_NEVER;
    if (wake == WHEN_NEVER && back == WHEN_NEVER)
        return;
    assert_true(wake > x->now || len > 0 || x->out_len); /* no turn for nothing */
    x->now = wake < back ? (wake > x->now ? wake : x->now) : back;
    if (back > x->now)
        return;
    struct call *call = x->out[at];
    memmove(x->out + at, x->out + at + 1, sizeof x->out[0] * (--x->out_len - at));
    answer(x, call);
    inventory_answered(x->v, call, x->now);
}

static span_us scene_run(struct scene *x)
{
    for (int turns = 0; !inventory_is_done(x->v) || x->out_len; turns++) {
        assert_true(turns < TURNS_MAX);
        turn(x);
    }
    assert_int_equal(inventory_calls_out(x->v), 0);
    assert_false(inventory_is_out_of_memory(x->v));
    return x->now - START;
}

#endif
