/*
 * Accounts, listing, and the calls each lane may send. Invariant: a call is in the pool or out; a
 * done or refused lane sends no call, and late answers only return their call to the pool.
 */
#include "inventory_internal.h"

#include "model/region.h"

#include <stdio.h>
#include <string.h>

#define CALLER_ATTEMPTS_MAX 4 /* without a guard STS is a help, not worth holding a lane up */

/* --- who asks ----------------------------------------------------------------------------------
 */

/* The first lane of the account that is not refused asks for the account; one in a Region that each
 * account has comes before one that an account must enable. */
static void asker_choose(struct inventory *v, uint32_t account)
{
    const struct fleet *f = v->fleet;
    struct account_asking *a = &v->accounts[account];
    bool is_certain = false;
    a->done = true;
    for (uint32_t i = 0; i < f->lanes_len && !is_certain; i++) {
        bool is_opt_in = region_is_opt_in(names_text(&f->names, f->lanes[i].region));
        if (f->lanes[i].account != account || v->lanes[i].seen.phase == INVENTORY_REFUSED ||
            (!a->done && is_opt_in))
            continue;
        a->lane = (uint16_t)i;
        a->done = false;
        is_certain = !is_opt_in;
    }
}

/* --- memory ----------------------------------------------------------------------------------- */

struct inventory *inventory_new(struct arena *memory, const struct fleet *fleet,
                                const struct inventory_options *options)
{
    struct inventory *v = ARENA_NEW(memory, struct inventory);
    if (!v)
        return NULL;
    *v = (struct inventory){.fleet = fleet, .options = *options, .memory = memory};
    v->lanes = ARENA_ARRAY(memory, struct lane_inventory, fleet->lanes_len + 1);
    v->accounts = ARENA_ARRAY(memory, struct account_asking, fleet->accounts_len + 1);
    if (!v->lanes || !v->accounts || !call_pool_init(&v->calls, memory, INVENTORY_CALLS_MAX) ||
        !batch_reads_init(&v->reads, memory, BATCHES, &v->calls))
        return NULL;
    for (uint32_t i = 0; i < fleet->lanes_len; i++) {
        struct lane_inventory *s = &v->lanes[i];
        struct account_asking *a = &v->accounts[v->fleet->lanes[i].account];
        for (int kind = 0; kind < CALL_KINDS; kind++)
            pace_init(&s->pace[kind], fleet_rate(v->fleet, i, v->options.rate_per_s));
        s->seen.api = v->options.read_api;
        s->dkim = v->options.dkim;
        s->seen.one_by_one =
            v->options.with_tags || s->dkim == DKIM_BY_IDENTITY || v->options.read_api == API_V2;
        a->used = true;
    }
    for (uint32_t i = 0; i < fleet->accounts_len; i++)
        asker_choose(v, i);
    return v;
}

void inventory_clear(struct inventory *v)
{
    if (v)
        call_pool_clear(&v->calls);
}

/* --- rows ------------------------------------------------------------------------------------- */

struct inventory_row *lane_inventory_row(const struct lane_inventory *s, uint32_t i)
{
    return &s->blocks[i / BLOCK_ROWS][i % BLOCK_ROWS];
}

/* Room for one more block: the table of blocks doubles, the blocks stay where they are. */
static bool block_add(struct inventory *v, struct lane_inventory *s, uint32_t block)
{
    if (block == s->blocks_cap) {
        uint32_t cap = block ? block * 2 : 16;
        struct inventory_row **blocks = ARENA_ARRAY(v->memory, struct inventory_row *, cap);
        if (!blocks)
            return false;
        if (block)
            memcpy(blocks, s->blocks, sizeof(struct inventory_row *) * block);
        s->blocks = blocks;
        s->blocks_cap = cap;
    }
    if (!s->blocks[block])
        s->blocks[block] = ARENA_ARRAY(v->memory, struct inventory_row, BLOCK_ROWS);
    return s->blocks[block] != NULL;
}

static bool row_add(struct inventory *v, struct lane_inventory *s, struct text identity)
{
    uint32_t i = s->seen.rows_len;
    if (i % BLOCK_ROWS == 0 && !block_add(v, s, i / BLOCK_ROWS))
        return false;
    struct inventory_row *row = lane_inventory_row(s, i);
    *row = (struct inventory_row){.identity = arena_text(v->memory, identity)};
    s->seen.rows_len++;
    return row->identity.at != NULL;
}

/* --- calls ------------------------------------------------------------------------------------ */

struct call *lane_inventory_call(struct inventory *v, uint16_t lane, enum call_kind kind)
{
    const struct lane_inventory *s = &v->lanes[lane];
    struct call *call =
        call_pool_take(&v->calls, kind, lane, kind == CALL_GET ? API_V2 : s->seen.api);
    call->departure = pace_departure(&s->pace[kind]);
    return call;
}

static bool may_call(const struct inventory *v, struct lane_inventory *s, enum call_kind kind,
                     instant_us now)
{
    return v->calls.free && pace_take(&s->pace[kind], now);
}

enum verdict lane_inventory_verdict(struct lane_inventory *s, const struct call *call,
                                    unsigned attempts, instant_us now)
{
    enum verdict verdict = verdict_after(verdict_of(&call->reply, call->kind), attempts);
    retry_pace_learn(&s->pace[call->kind], call, verdict, now);
    return verdict;
}

static void reason_of(const struct call *call, char out[INVENTORY_REASON_LEN])
{
    snprintf(out, INVENTORY_REASON_LEN, "%s: %s%s%s", call_action(call->kind, call->api),
             call->reply.code, call->reply.code[0] ? ": " : "", call->reply.message);
}

void lane_inventory_reason(struct lane_inventory *s, const struct call *call)
{
    reason_of(call, s->seen.reason);
}

/* --- accounts --------------------------------------------------------------------------------- */

static bool is_guarded(const struct inventory *v, const struct account_asking *a)
{
    return v->fleet->accounts[a - v->accounts].account_id != NAME_NONE;
}

void inventory_close_lane(struct inventory *v, uint32_t lane, const char *sentence)
{
    struct lane_inventory *s = &v->lanes[lane];
    s->seen.phase = INVENTORY_REFUSED;
    snprintf(s->seen.reason, sizeof s->seen.reason, "%s", sentence);
    asker_choose(v, v->fleet->lanes[lane].account);
}

static void account_end(struct inventory *v, struct account_asking *a, bool refused)
{
    a->done = true;
    for (uint32_t i = 0; i < v->fleet->lanes_len; i++) {
        struct lane_inventory *s = &v->lanes[i];
        if (&v->accounts[v->fleet->lanes[i].account] != a || s->seen.phase != INVENTORY_CALLER)
            continue;
        s->seen.phase = refused ? INVENTORY_REFUSED : INVENTORY_LISTING;
        if (refused)
            memcpy(s->seen.reason, a->seen.reason, sizeof s->seen.reason);
    }
}

void inventory_ask_no_caller(struct inventory *v, uint32_t account, const char *sentence)
{
    struct account_asking *a = &v->accounts[account];
    if (is_guarded(v, a))
        return;
    snprintf(a->seen.reason, sizeof a->seen.reason, "%s", sentence);
    account_end(v, a, false);
}

/* Without credentials SES would refuse too, once per lane. While STS is merely unreachable, as in a
 * closed network, an account without a guard is read anyway. */
static void caller_failed(struct inventory *v, struct account_asking *a, const struct call *call,
                          enum verdict verdict, instant_us now)
{
    const struct retry_rules rules = {.attempts_max = CALLER_ATTEMPTS_MAX, .is_paced = true};
    const struct retry_case failure = {verdict, &call->reply, call->api, a->attempts, 0};
    enum retry next = retry_next(&rules, &failure);
    if (next == RETRY_BY_PACE)
        return;
    if (next == RETRY_BACKOFF) {
        a->attempts++;
        a->wake = now + backoff_span(BACKOFF_ERROR, v->options.seed, a->lane, a->attempts);
        return;
    }
    /* Where the account has not enabled the Region, another one knows the keys. */
    struct text region = names_text(&v->fleet->names, v->fleet->lanes[a->lane].region);
    bool is_off =
        next == RETRY_DENIED && reply_knows_no_keys(&call->reply) && region_is_opt_in(region);
    if (is_off) {
        lane_inventory_refuse(v, &v->lanes[a->lane], call);
        a->attempts = 0;
        asker_choose(v, (uint32_t)(a - v->accounts));
    }
    if (is_off && !a->done)
        return;
    reason_of(call, a->seen.reason);
    account_end(v, a, is_guarded(v, a) || next == RETRY_DENIED);
}

/* --- listing ---------------------------------------------------------------------------------- */

/* Drops the listed identities, and every call out. */
static void lane_inventory_forget(struct inventory *v, struct lane_inventory *s)
{
    batches_begin(v, s);
    s->seen.phase = INVENTORY_LISTING;
    s->seen.listed = s->seen.rows_len = 0;
    advice_forget(s);
}

void lane_inventory_refuse(struct inventory *v, struct lane_inventory *s, const struct call *call)
{
    lane_inventory_forget(v, s);
    lane_inventory_reason(s, call);
    s->seen.no_keys = reply_knows_no_keys(&call->reply);
    s->seen.sts_refused = call->kind == CALL_CALLER;
    s->seen.phase = INVENTORY_REFUSED;
}

void lane_inventory_fall_back(struct inventory *v, struct lane_inventory *s,
                              const struct call *call)
{
    lane_inventory_forget(v, s);
    paged_list_begin(&s->list);
    reason_of(call, s->seen.denied);
    s->seen.api = API_V2;
    s->seen.one_by_one = s->seen.fell_back = true;
}

static void page_answered(struct inventory *v, struct call *call, instant_us now)
{
    struct lane_inventory *s = &v->lanes[call->lane];
    enum verdict verdict = lane_inventory_verdict(s, call, s->list.attempts, now);
    if (call->owner != s->generation || s->seen.phase != INVENTORY_LISTING)
        return;
    if (verdict == VERDICT_OK) {
        for (uint32_t i = 0; i < call->listed_len; i++) {
            s->seen.listed++;
            if (!v->options.wanted || v->options.wanted(v->options.ctx, call->listed[i]))
                v->no_memory |= !row_add(v, s, call->listed[i]);
        }
        switch (paged_list_take(&s->list, call, v->memory)) {
        case PAGE_LAST:
            s->seen.phase = INVENTORY_READING;
            advice_begin(v, s);
            break;
        case PAGE_MORE: break;
        case PAGE_ENDLESS: {
            lane_inventory_refuse(v, s, call);
            snprintf(s->seen.reason, sizeof s->seen.reason,
                     "%s: SES's pages of the list do not end", call_action(call->kind, call->api));
            break;
        }
        case PAGE_UNKEPT: v->no_memory = true; break;
        }
    } else {
        const struct retry_rules rules = {.attempts_max = ATTEMPTS_MAX,
                                          .is_paced = true,
                                          .may_fall_back = v->options.may_fall_back};
        bool begins_again;
        switch (paged_list_failed(&s->list, &rules, call, verdict, v->options.seed, now,
                                  &begins_again)) {
        case RETRY_BY_PACE: break;
        case RETRY_BACKOFF:
            if (begins_again)
                lane_inventory_forget(v, s);
            break;
        case RETRY_FALL_BACK: lane_inventory_fall_back(v, s, call); break;
        default: lane_inventory_refuse(v, s, call); break;
        }
    }
}

/* --- the turn --------------------------------------------------------------------------------- */

static struct call *caller_call(struct inventory *v, struct account_asking *a, instant_us now)
{
    if (a->done || a->out || now < a->wake || !may_call(v, &v->lanes[a->lane], CALL_CALLER, now))
        return NULL;
    a->out = true;
    return lane_inventory_call(v, a->lane, CALL_CALLER);
}

static struct call *page_call(struct inventory *v, uint16_t lane, instant_us now)
{
    struct lane_inventory *s = &v->lanes[lane];
    if (s->seen.phase != INVENTORY_LISTING || s->list.out || now < s->list.wake ||
        !may_call(v, s, CALL_LIST, now))
        return NULL;
    struct call *call = lane_inventory_call(v, lane, CALL_LIST);
    call->owner = s->generation;
    paged_list_ask(&s->list, call);
    return call;
}

static void lane_end(struct inventory *v, struct lane_inventory *s)
{
    if (s->seen.phase != INVENTORY_READING || !batches_are_done(s) || !advice_is_done(s))
        return;
    lane_inventory_dkim_settle(v, s);
    s->seen.phase = INVENTORY_DONE;
}

uint32_t inventory_decide(struct inventory *v, instant_us now, struct call **calls, uint32_t max)
{
    uint32_t len = 0;
    struct call *call;
    for (uint32_t i = 0; i < v->fleet->accounts_len && len < max; i++)
        if (v->accounts[i].used && (call = caller_call(v, &v->accounts[i], now)) != NULL)
            calls[len++] = call;
    for (uint16_t i = 0; i < v->fleet->lanes_len && len < max; i++) {
        if ((call = page_call(v, i, now)) != NULL)
            calls[len++] = call;
        len += advice_send(v, i, now, calls + len, max - len);
        len += batches_send(v, i, now, calls + len, max - len);
        lane_end(v, &v->lanes[i]);
    }
    return len;
}

void inventory_answered(struct inventory *v, struct call *call, instant_us now)
{
    struct lane_inventory *s = &v->lanes[call->lane];
    call_pool_returned(&v->calls);
    if (advice_is_kind(call->kind)) {
        advice_answered(v, call, now);
        call_pool_give(&v->calls, call);
    } else if (call->kind != CALL_CALLER && call->kind != CALL_LIST) {
        batch_answered(v, call, now);
    } else {
        if (call->kind == CALL_CALLER) {
            struct account_asking *a = &v->accounts[v->fleet->lanes[call->lane].account];
            enum verdict verdict =
                lane_inventory_verdict(&v->lanes[call->lane], call, a->attempts, now);
            a->out = false;
            if (verdict == VERDICT_OK) {
                const struct account *account = &v->fleet->accounts[a - v->accounts];
                struct text wanted = names_text(&v->fleet->names, account->account_id),
                            is = call->account.caller_account;
                bool differs = is_guarded(v, a) && !text_eq(is, wanted);
                snprintf(a->seen.number, sizeof a->seen.number, TEXT_FMT, TEXT_ARG(is));
                if (differs)
                    snprintf(a->seen.reason, sizeof a->seen.reason,
                             "the credentials belong to account " TEXT_FMT
                             " (%.256s), the manifest says "
                             "account_id " TEXT_FMT,
                             TEXT_ARG(is),
                             call->account.caller_arn.len ? call->account.caller_arn.at : "",
                             TEXT_ARG(wanted));
                account_end(v, a, differs);
            } else
                caller_failed(v, a, call, verdict, now);
        } else
            page_answered(v, call, now);
        call_pool_give(&v->calls, call);
    }
    lane_end(v, s);
}

instant_us inventory_wake(const struct inventory *v)
{
    instant_us wake = WHEN_NEVER;
    if (!v->calls.free)
        return wake;
    for (uint32_t i = 0; i < v->fleet->accounts_len; i++) {
        const struct account_asking *a = &v->accounts[i];
        if (a->used && !a->done && !a->out)
            wake = when_earlier(
                wake, when_later(a->wake, pace_next(&v->lanes[a->lane].pace[CALL_CALLER])));
    }
    for (uint32_t i = 0; i < v->fleet->lanes_len; i++) {
        const struct lane_inventory *s = &v->lanes[i];
        if (s->seen.phase == INVENTORY_LISTING && !s->list.out)
            wake = when_earlier(wake, when_later(s->list.wake, pace_next(&s->pace[CALL_LIST])));
        wake = when_earlier(wake, batches_wake(v, s));
        wake = when_earlier(wake, advice_wake(s));
    }
    return wake;
}

bool inventory_is_done(const struct inventory *v)
{
    for (uint32_t i = 0; i < v->fleet->lanes_len; i++)
        if (v->lanes[i].seen.phase < INVENTORY_DONE)
            return false;
    return true;
}

static void on_event(void *ctx, const struct event *event, instant_us now)
{
    struct inventory *v = ctx;
    if (event->kind == EVENT_ANSWER)
        inventory_answered(v, event->call, now);
    else
        v->stopped = true;
}

static uint32_t decide(void *ctx, instant_us now, struct call **calls, uint32_t max)
{
    return ((struct inventory *)ctx)->stopped ? 0 : inventory_decide(ctx, now, calls, max);
}

static instant_us wake(const void *ctx, instant_us now)
{
    (void)now;
    return inventory_wake(ctx);
}

static bool is_stopped(const void *ctx)
{
    return ((const struct inventory *)ctx)->stopped;
}

static bool is_finished(const void *ctx)
{
    return is_stopped(ctx) || inventory_is_done(ctx);
}

static bool is_out_of_memory(const void *ctx)
{
    return inventory_is_out_of_memory(ctx);
}

struct machine inventory_machine(struct inventory *v)
{
    return (struct machine){.ctx = v,
                            .event = on_event,
                            .decide = decide,
                            .wake = wake,
                            .is_finished = is_finished,
                            .is_draining = is_stopped,
                            .is_out_of_memory = is_out_of_memory};
}

/* --- results ---------------------------------------------------------------------------------- */

uint32_t inventory_calls_out(const struct inventory *v)
{
    return v->calls.out;
}

bool inventory_is_out_of_memory(const struct inventory *v)
{
    return v->no_memory;
}

const struct inventory_lane *inventory_lane(const struct inventory *v, uint32_t lane)
{
    return &v->lanes[lane].seen;
}

const struct inventory_account *inventory_account(const struct inventory *v, uint32_t account)
{
    return &v->accounts[account].seen;
}

const struct inventory_row *inventory_row(const struct inventory *v, uint32_t lane, uint32_t i)
{
    return lane_inventory_row(&v->lanes[lane], i);
}

const struct pace *inventory_pace(const struct inventory *v, uint32_t lane, enum call_kind kind)
{
    return &v->lanes[lane].pace[kind];
}
