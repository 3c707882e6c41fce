/*
 * The turn of the publisher: events in; looks, zones and batches out. A move is made nowhere but in
 * pub_move(), which also makes its record.
 */
#include "publisher_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS_FIRST 1024
#define ZONES_SPARE   64 /* zones beyond two for each target: DNS may name another at each look */

/* Calls a second. Route 53: a bucket of 10 a second for each account (AWS, "Throttling for Amazon
 * Route 53 API requests"); Cloudflare: 1,200 in five minutes for each user, dashboard included; a
 * server of one's own takes more. */
static const double rates[PROVIDER_KINDS] = {
    [PROVIDER_ROUTE53] = 10, [PROVIDER_RFC2136] = 40, [PROVIDER_CLOUDFLARE] = 3};

struct text pub_text(struct publisher *p, struct text t)
{
    struct text kept = arena_text(&p->texts, t);
    p->no_memory |= !kept.at && t.len;
    return kept;
}

/* ---- records ---- */

static bool records_grow(struct publisher *p)
{
    uint32_t cap = p->records_cap ? 2 * p->records_cap : RECORDS_FIRST;
    struct record *records = realloc(p->records, cap * sizeof *records);
    if (records)
        p->records = records;
    struct publish_record *rows = records ? realloc(p->rows, cap * sizeof *rows) : NULL;
    if (!rows)
        return false;
    p->rows = rows;
    p->records_cap = cap;
    return true;
}

void pub_move(struct publisher *p, uint32_t target, enum publish_state state,
              enum publish_record_kind kind, struct text reason, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    const struct pub_zone *z = t->zone == PUB_NONE ? NULL : &p->zones[t->zone];
    assert(!publish_state_is_final(t->state));
    if (p->records_len + PUB_ORDERS_MAX >= p->records_cap && !records_grow(p)) {
        p->no_memory = true;
        return;
    }
    bool is_next = state == PUBLISH_READY && !t->takes_back; /* what is about to be changed */
    bool is_none = state == PUBLISH_UNCHANGED;
    bool takes_back = t->takes_back && (t->is_taken_back || !publish_state_is_final(state));
    p->rows[p->records_len] = (struct publish_record){
        .target = target,
        .kind = kind,
        .at = now,
        .from = t->state,
        .state = state,
        .zone = t->zone_name,
        .zone_id = z ? z->id : TEXT_NONE,
        .reason = reason,
        .change = p->options.withdraws || takes_back ? CHANGE_DELETE
                  : t->swaps_txt                     ? CHANGE_SWAP
                                                     : CHANGE_CREATE,
        .mx_changed = !is_none && (is_next ? t->mx : t->sent_mx),
        .txt_changed = !is_none && (is_next ? t->txt : t->sent_txt),
        .txt_before = t->swaps_txt ? t->txt_before : TEXT_NONE,
        .txt_after = t->swaps_txt ? t->txt_after : TEXT_NONE,
        .calls = t->calls,
    };
    p->records_len++;
    p->totals.by_state[t->state]--;
    p->totals.by_state[state]++;
    t->state = state;
    t->reason = reason;
    if (publish_state_is_final(state) && p->options.ended)
        p->options.ended(p->options.ctx, target, now);
}

void pub_unsent(struct publisher *p, uint32_t target)
{
    struct pub_target *t = &p->targets[target];
    t->sent_mx = t->prior_mx;
    t->sent_txt = t->prior_txt;
}

static const struct record *records(const void *ctx, uint32_t *len)
{
    const struct publisher *p = ctx;
    for (uint32_t i = 0; i < p->records_len; i++)
        p->records[i] = publish_as_record(&p->rows[i]);
    for (uint32_t i = 0; i < p->orders_len; i++)
        p->records[p->records_len + i] =
            (struct record){.kind = RECORD_ORDER, .at = p->orders[i].at, .order = &p->orders[i]};
    *len = p->records_len + p->orders_len;
    return p->records;
}

static void turn_end(void *ctx)
{
    struct publisher *p = ctx;
    p->records_len = p->orders_len = 0;
}

static bool has_room(const void *ctx)
{
    const struct publisher *p = ctx;
    return p->records_len < RECORDS_PER_TURN_MAX - PUBLISH_FEW && p->orders_len < PUB_ORDERS_MAX;
}

/* ---- looks ---- */

void pub_look(struct publisher *p, uint32_t target, instant_us at)
{
    assert(!p->targets[target].looking);
    heap_set(&p->looks, target, at);
}

static uint32_t questions_take(struct publisher *p, instant_us now, struct call **calls)
{
    struct survey_question q;
    const struct survey *s;
    uint32_t len = 0, target;
    while (survey_pool_next(p->surveys, now, &q)) {
        struct call *call = call_pool_take(&p->questions, CALL_ASK, 0, API_V1);
        assert(call); /* there are as many as the window of the surveys */
        call->owner = q.slot;
        call->part = q.part;
        call->question = q.question;
        p->totals.questions++;
        calls[len++] = call;
    }
    while ((s = survey_pool_take(p->surveys, &target)) != NULL) {
        p->targets[target].looking = false;
        pub_looked(p, target, s, now);
    }
    return len;
}

static uint32_t looks_start(struct publisher *p, instant_us now, struct call **calls)
{
    uint32_t target, len = questions_take(p, now, calls);
    while (!p->draining && survey_pool_has_room(p->surveys) && has_room(p) &&
           heap_pop_due(&p->looks, now, &target)) {
        p->targets[target].looking = true;
        survey_pool_start(p->surveys, target, pub_wanted(p, target)->name, TEXT_NONE, NULL, now);
        len += questions_take(p, now, calls + len);
    }
    return len;
}

/* ---- calls to providers ---- */

static uint32_t bucket_serve(struct publisher *p, struct pub_bucket *b, instant_us now,
                             struct call **calls)
{
    uint32_t len = 0;
    while (b->first != PUB_NONE && p->calls.free && !p->no_memory && has_room(p) &&
           pace_next(&b->pace) <= now && b->renewing < RENEWS_MAX) {
        struct pub_zone *z = &p->zones[b->first];
        b->first = z->next;
        z->is_queued = false;
        struct call *call = pub_zone_call(p, z, now);
        if (!call) {
            pub_zone_wants(p, z, now);
            continue;
        }
        bool taken = pace_take(&b->pace, now);
        assert(taken);
        z->is_out = true;
        p->totals.calls[call->kind]++;
        calls[len++] = call;
    }
    return len;
}

/* Too many have failed: nothing more is begun. */
static void budget_check(struct publisher *p)
{
    const struct quota most = p->options.fleet->max_failures;
    uint32_t failed = p->totals.by_state[PUBLISH_FAILED] + p->totals.by_state[PUBLISH_REFUSED];
    double bound = most.is_percent ? most.value * p->options.targets_len / 100 : most.value;
    if (most.value >= 0 && failed > bound)
        p->draining = p->totals.is_stopped = true;
}

static uint32_t decide(void *ctx, instant_us now, struct call **calls, uint32_t max)
{
    struct publisher *p = ctx;
    uint32_t zone, len = 0;
    assert(max >= DNS_WINDOW + PUBLISH_CALLS);
    if (p->no_memory)
        return 0;
    budget_check(p);
    len += looks_start(p, now, calls);
    budget_check(p);
    while (!p->draining && heap_pop_due(&p->pauses, now, &zone))
        pub_zone_wants(p, &p->zones[zone], now);
    for (uint32_t i = 0; !p->draining && i < p->options.fleet->providers_len; i++)
        len += bucket_serve(p, &p->buckets[i], now, calls + len);
    return p->no_memory ? 0 : len;
}

/* No provider is asked more often than it takes. */
static double rate_of(enum provider_kind kind, double wanted_per_s)
{
    return wanted_per_s > 0 && wanted_per_s < rates[kind] ? wanted_per_s : rates[kind];
}

/* A person's order. Zones whose changes were held back want their calls again. */
static void order_take(struct publisher *p, struct order *order, instant_us now)
{
    const struct fleet *f = p->options.fleet;
    if (!steering_take(&p->steering, order, p->draining, now))
        return;
    if (p->records_len + PUB_ORDERS_MAX >= p->records_cap && !records_grow(p)) {
        p->no_memory = true;
        return;
    }
    assert(p->orders_len < PUB_ORDERS_MAX); /* has_room() has looked */
    p->orders[p->orders_len++] = *order;
    p->draining = p->draining || order->kind == ORDER_STOP || order->kind == ORDER_LEAVE;
    for (uint32_t i = 0; order->kind == ORDER_PACE && i < f->providers_len; i++)
        pace_want(&p->buckets[i].pace, rate_of(f->providers[i].kind, order->rate_per_s), now);
    for (uint32_t i = 0; order->kind == ORDER_RESUME && i < p->zones_len; i++)
        pub_zone_wants(p, &p->zones[i], now);
}

static void on_event(void *ctx, const struct event *event, instant_us now)
{
    struct publisher *p = ctx;
    struct call *call = event->call;
    if (event->kind == EVENT_CONTROL) {
        order_take(p, event->order, now);
        return;
    }
    if (event->kind != EVENT_ANSWER) {
        p->draining = true;
        return;
    }
    if (call->kind == CALL_ASK) {
        const struct survey_question q = {call->owner, call->part, call->question};
        survey_pool_reply(p->surveys, &q, &call->dns, call->answered_at);
        call_pool_returned(&p->questions);
        call_pool_give(&p->questions, call);
        return;
    }
    call_pool_returned(&p->calls);
    pub_zone_returned(p, call, now);
    call_pool_give(&p->calls, call);
}

static instant_us wake(const void *ctx, instant_us now)
{
    const struct publisher *p = ctx;
    instant_us at = survey_pool_wake(p->surveys, now);
    if (p->no_memory || p->draining)
        return at;
    if (survey_pool_has_room(p->surveys) && heap_first(&p->looks) < at)
        at = heap_first(&p->looks);
    if (heap_first(&p->pauses) < at)
        at = heap_first(&p->pauses);
    for (uint32_t i = 0; p->calls.free && i < p->options.fleet->providers_len; i++)
        if (p->buckets[i].first != PUB_NONE && p->buckets[i].renewing < RENEWS_MAX &&
            pace_next(&p->buckets[i].pace) < at)
            at = pace_next(&p->buckets[i].pace);
    return at;
}

static uint32_t ended(const struct publisher *p)
{
    uint32_t sum = p->options.is_dry ? p->totals.by_state[PUBLISH_READY] : 0;
    for (int state = 0; state < PUBLISH_STATES; state++)
        if (publish_state_is_final((enum publish_state)state))
            sum += p->totals.by_state[state];
    return sum;
}

/* Calls and surveys are memory of this struct, so all calls come back first. */
static bool is_finished(const void *ctx)
{
    const struct publisher *p = ctx;
    return p->questions.out == 0 && p->calls.out == 0 &&
           (p->draining || ended(p) == p->options.targets_len);
}

static bool is_draining(const void *ctx)
{
    const struct publisher *p = ctx;
    return p->draining && ended(p) < p->options.targets_len;
}

static bool is_out_of_memory(const void *ctx)
{
    const struct publisher *p = ctx;
    return p->no_memory; /* the memory of calls is kept until the wire is closed */
}

struct machine publisher_machine(struct publisher *p)
{
    return (struct machine){.ctx = p,
                            .event = on_event,
                            .decide = decide,
                            .wake = wake,
                            .is_finished = is_finished,
                            .is_draining = is_draining,
                            .is_out_of_memory = is_out_of_memory,
                            .records = records,
                            .turn_end = turn_end,
                            .has_room = has_room};
}

/* ---- the life of a publisher ---- */

/* The same account, token or server has one bucket. */
static bool providers_share(const struct provider *a, const struct provider *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case PROVIDER_ROUTE53: return a->account == b->account;
    case PROVIDER_CLOUDFLARE: return text_eq(a->token_env, b->token_env);
    default: return text_eq(a->server, b->server);
    }
}

uint32_t publisher_bucket(const struct fleet *f, uint32_t provider)
{
    uint32_t first = 0;
    while (!providers_share(&f->providers[first], &f->providers[provider]))
        first++;
    return first;
}

static bool providers_init(struct publisher *p)
{
    const struct fleet *f = p->options.fleet;
    p->buckets = ARENA_ARRAY(&p->texts, struct pub_bucket, f->providers_len + 1u);
    p->bucket_of = ARENA_ARRAY(&p->texts, uint32_t, f->providers_len + 1u);
    p->denied = ARENA_ARRAY(&p->texts, uint32_t, f->providers_len + 1u);
    p->closed = ARENA_ARRAY(&p->texts, const char *, f->providers_len + 1u);
    if (!p->buckets || !p->bucket_of || !p->denied || !p->closed)
        return false;
    for (uint32_t i = 0; i < f->providers_len; i++) {
        pace_init_burst(&p->buckets[i].pace, rate_of(f->providers[i].kind, p->options.rate_per_s));
        p->buckets[i].first = p->buckets[i].last = PUB_NONE;
        p->closed[i] = p->options.trouble ? p->options.trouble[i] : NULL;
        p->bucket_of[i] = publisher_bucket(f, i);
    }
    return true;
}

static bool memory_take(struct publisher *p)
{
    uint32_t len = p->options.targets_len;
    p->zones_max = 2 * len + ZONES_SPARE;
    p->targets = ARENA_ARRAY(&p->texts, struct pub_target, len + 1u);
    p->surveys = ARENA_NEW(&p->texts, struct survey_pool);
    bool taken = p->targets && p->surveys && providers_init(p) &&
                 names_init(&p->zone_names, NAMES_BYTES_MAX) && heap_init(&p->looks, len + 1u) &&
                 heap_init(&p->pauses, p->zones_max) &&
                 call_pool_init(&p->questions, &p->calls_memory, DNS_WINDOW) &&
                 call_pool_init(&p->calls, &p->calls_memory, PUBLISH_CALLS);
    if (p->surveys)
        survey_pool_init(p->surveys, &p->options.surveys, siphash_key_of_process(), NULL, NULL);
    return taken;
}

struct publisher *publisher_init(const struct publisher_options *options)
{
    struct publisher *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->options = *options;
    arena_init(&p->texts, SIZE_MAX);
    arena_init(&p->calls_memory, SIZE_MAX);
    arena_init(&p->scratch, SIZE_MAX);
    for (uint32_t i = 0; i < PUBLISH_CALLS; i++)
        arena_init(&p->batches[i].memory, SIZE_MAX);
    if (!memory_take(p)) {
        publisher_clear(p);
        return NULL;
    }
    for (uint32_t i = 0; i < options->targets_len; i++)
        p->targets[i].zone = p->targets[i].next = PUB_NONE;
    p->totals.by_state[PUBLISH_TO_LOOK] = options->targets_len;
    return p;
}

void publisher_clear(struct publisher *p)
{
    if (!p)
        return;
    if (p->surveys)
        survey_pool_clear(p->surveys);
    call_pool_clear(&p->questions);
    call_pool_clear(&p->calls);
    for (uint32_t i = 0; i < PUBLISH_CALLS; i++)
        arena_clear(&p->batches[i].memory);
    heap_clear(&p->looks);
    heap_clear(&p->pauses);
    names_clear(&p->zone_names);
    free(p->zones);
    free(p->records);
    free(p->rows);
    arena_clear(&p->scratch);
    arena_clear(&p->calls_memory);
    arena_clear(&p->texts);
    free(p);
}

/* What was on its way when the process ended may have arrived. */
static enum publish_state state_resumed(enum publish_state state)
{
    switch (state) {
    case PUBLISH_READY: return PUBLISH_TO_LOOK;
    case PUBLISH_SENT: return PUBLISH_UNSURE;
    default: return state;
    }
}

void publisher_restore(struct publisher *p, const struct publish_record *r, bool reopen)
{
    struct pub_target *t = &p->targets[r->target];
    enum publish_state state = state_resumed(r->state);
    bool reopens = reopen && publish_state_is_bad(state);
    p->totals.by_state[t->state]--;
    t->state = reopens ? PUBLISH_TO_LOOK : state;
    p->totals.by_state[t->state]++;
    t->takes_back = r->change == CHANGE_DELETE && !p->options.withdraws;
    bool is_next = r->state == PUBLISH_READY && !t->takes_back;
    t->mx = r->mx_changed;
    t->txt = r->txt_changed;
    t->sent_mx = t->prior_mx = !is_next && r->mx_changed;
    t->sent_txt = t->prior_txt = !is_next && r->txt_changed;
    t->swaps_txt = r->change == CHANGE_SWAP;
    t->txt_before = pub_text(p, r->txt_before);
    t->txt_after = pub_text(p, r->txt_after);
    t->changed_at = r->at;
    t->calls = r->calls;
    t->reason = pub_text(p, r->reason);
}

void publisher_start(struct publisher *p, instant_us now)
{
    for (uint32_t i = 0; i < p->options.targets_len; i++)
        if (publish_state_is_final(p->targets[i].state)) {
            continue;
        } else if (p->options.barred && p->options.barred[i].len &&
                   p->targets[i].state == PUBLISH_TO_LOOK) {
            pub_move(p, i, PUBLISH_PERSON, PUBLISH_MOVE, p->options.barred[i], now);
        } else {
            p->unlooked++;
            pub_look(p, i, now);
        }
}

bool publisher_owns(const struct publisher *p, const struct call *call)
{
    return call_pool_has(&p->questions, call) || call_pool_has(&p->calls, call);
}

bool publisher_has_ended(const struct publisher *p, uint32_t target)
{
    assert(target < p->options.targets_len);
    return publish_state_is_final(p->targets[target].state);
}

const struct order *publisher_paused_by(const struct publisher *p)
{
    return p->steering.is_paused ? &p->steering.pause : NULL;
}

const struct steering *publisher_steering(const struct publisher *p)
{
    return &p->steering;
}

void publisher_totals(const struct publisher *p, struct publisher_totals *totals)
{
    *totals = p->totals;
    for (uint32_t i = 0; i < p->options.fleet->providers_len; i++)
        totals->throttled += p->buckets[i].pace.throttled;
}
