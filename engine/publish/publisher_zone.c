/*
 * The zones of the publisher: found at their provider, one call out at a time, and the lists of
 * targets that wait for a call of their zone.
 */
#include "publisher_internal.h"

#include "base/escape.h"
#include "calls/backoff.h"

#include <assert.h>
#include <stdlib.h>

#define ZONE_PAGES_MAX 20 /* of zones of one name: two thousand private twins */

/* ---- lists of targets ---- */

void pub_list_add(struct publisher *p, struct pub_list *list, uint32_t target)
{
    assert(p->targets[target].next == PUB_NONE);
    if (list->len++)
        p->targets[list->last].next = target;
    else
        list->first = target;
    list->last = target;
}

uint32_t pub_list_take(struct publisher *p, struct pub_list *list)
{
    if (!list->len)
        return PUB_NONE;
    uint32_t target = list->first;
    list->first = p->targets[target].next;
    list->len--;
    p->targets[target].next = PUB_NONE;
    return target;
}

/* ---- zones ---- */

uint32_t pub_batch_max(enum provider_kind kind)
{
    switch (kind) {
    case PROVIDER_RFC2136: return UPDATE_NAMES_MAX;
    case PROVIDER_CLOUDFLARE: return CLOUDFLARE_NAMES_MAX;
    default: return PUBLISH_NAMES_MAX;
    }
}

struct pub_zone *pub_zone_find(struct publisher *p, struct text name, struct text hosts,
                               uint32_t provider)
{
    name_id id = names_find(&p->zone_names, name);
    if (id != NAME_NONE)
        return &p->zones[id - 1];
    if (p->zones_len == p->zones_max)
        return NULL;
    if (p->zones_len == p->zones_cap) {
        uint32_t cap = p->zones_cap ? 2 * p->zones_cap : 64;
        struct pub_zone *zones = realloc(p->zones, cap * sizeof *zones);
        p->no_memory |= !zones;
        if (!zones)
            return NULL;
        p->zones = zones;
        p->zones_cap = cap;
    }
    if (!names_add(&p->zone_names, name, &id)) {
        p->no_memory = true;
        return NULL;
    }
    assert(id == p->zones_len + 1);
    struct pub_zone *z = &p->zones[p->zones_len++];
    *z = (struct pub_zone){.name = names_text(&p->zone_names, id),
                           .hosts = pub_text(p, hosts),
                           .provider = provider,
                           .next = PUB_NONE};
    z->batch_max = pub_batch_max(pub_kind(p, z));
    return z;
}

void pub_zone_wants(struct publisher *p, struct pub_zone *z, instant_us now)
{
    uint32_t index = (uint32_t)(z - p->zones);
    struct pub_bucket *b = &p->buckets[p->bucket_of[z->provider]];
    bool may_change = !p->options.is_dry && !p->steering.is_paused;
    bool wants = z->state < PUB_ZONE_OPEN || z->to_read.len || (z->ready.len && may_change);
    instant_us at = z->not_before;
    if (!wants || z->is_out || z->is_queued || z->state == PUB_ZONE_CLOSED)
        return;
    /* A small batch waits while more names may come. */
    bool lingers = z->state == PUB_ZONE_OPEN && !z->to_read.len && p->unlooked && !z->is_urgent &&
                   z->ready.len < z->batch_max;
    if (lingers)
        at = when_later(at, z->ready_since + PUBLISH_LINGER);
    if (at > now) {
        heap_set(&p->pauses, index, at);
        return;
    }
    heap_drop(&p->pauses, index);
    z->is_queued = true;
    /* What was begun goes on before another zone begins, so that looks do not grow old. */
    bool has_begun = z->pages || (z->state != PUB_ZONE_TO_LIST && !z->was_changed);
    if (b->first == PUB_NONE)
        b->last = index;
    if (b->first == PUB_NONE || z->is_urgent || has_begun) {
        z->next = b->first;
        b->first = index;
        return;
    }
    z->next = PUB_NONE;
    p->zones[b->last].next = index;
    b->last = index;
}

void pub_renew(struct publisher *p, uint32_t target, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    struct pub_zone *z = &p->zones[t->zone];
    if (t->state != PUBLISH_TO_LOOK)
        pub_move(p, target, PUBLISH_TO_LOOK, PUBLISH_MOVE, TEXT_NONE, now);
    t->is_renewing = z->is_urgent = true;
    p->buckets[p->bucket_of[z->provider]].renewing++;
    pub_look(p, target, now);
}

static bool needs_read(const struct publisher *p, const struct pub_zone *z,
                       const struct pub_target *t)
{
    switch (pub_kind(p, z)) {
    case PROVIDER_CLOUDFLARE: return !t->is_read; /* there is no "create if absent" */
    case PROVIDER_ROUTE53: /* a removal repeats the set as Route 53 writes it */
        return !t->is_read &&
               (t->swaps_txt || p->options.withdraws || t->state == PUBLISH_UNSURE || t->refusals);
    default: return false;
    }
}

void pub_zone_take(struct publisher *p, uint32_t target, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    struct pub_zone *z = &p->zones[t->zone];
    if (z->state == PUB_ZONE_CLOSED) {
        if (t->state == PUBLISH_TO_LOOK || t->state == PUBLISH_READY)
            pub_move(p, target, z->end, PUBLISH_MOVE, z->reason, now);
        else
            pub_look(p, target, now + UNSURE_PAUSE); /* DNS alone can tell now */
        return;
    }
    if (needs_read(p, z, t) || z->state != PUB_ZONE_OPEN) {
        pub_list_add(p, &z->to_read, target);
    } else {
        if (t->state == PUBLISH_TO_LOOK && !pub_may_be_there(t))
            pub_move(p, target, PUBLISH_READY, PUBLISH_MOVE, TEXT_NONE, now);
        if (!z->ready.len)
            z->ready_since = now;
        pub_list_add(p, &z->ready, target);
    }
    pub_zone_wants(p, z, now);
}

/* The zone is open: what waited for it goes on. */
static void zone_opened(struct publisher *p, struct pub_zone *z, instant_us now)
{
    struct pub_list waiting = z->to_read;
    z->to_read = (struct pub_list){0};
    z->state = PUB_ZONE_OPEN;
    for (uint32_t target; (target = pub_list_take(p, &waiting)) != PUB_NONE;)
        pub_zone_take(p, target, now);
}

static void zone_decide(struct publisher *p, struct pub_zone *z, instant_us now)
{
    struct zone_choice choice;
    if (!zone_choose(&choice, &p->texts, pub_kind(p, z), z->name, z->hosts, z->candidates,
                     z->candidates_len)) {
        p->no_memory = true;
    } else if (choice.reason.len) {
        pub_zone_close(p, z, PUBLISH_PERSON, choice.reason, now);
    } else {
        z->id = choice.id;
        zone_opened(p, z, now);
    }
}

/* ---- calls ---- */

struct call *pub_call(struct publisher *p, struct pub_zone *z, enum call_kind kind)
{
    static const enum api apis[PROVIDER_KINDS] = {[PROVIDER_ROUTE53] = API_ROUTE53,
                                                  [PROVIDER_RFC2136] = API_RFC2136,
                                                  [PROVIDER_CLOUDFLARE] = API_CLOUDFLARE};
    uint16_t lane = (uint16_t)(p->options.fleet->lanes_len + z->provider);
    struct call *call = call_pool_take(&p->calls, kind, lane, apis[pub_kind(p, z)]);
    assert(call); /* the bucket has looked */
    z->is_urgent = false;
    call->owner = (uint32_t)(z - p->zones);
    call->part = PUB_NONE;
    call->zone = z->name;
    call->zone_id = z->id;
    call->name = TEXT_NONE;
    call->changes = NULL;
    call->changes_len = 0;
    return call;
}

/* NULL: those that wait were looked at too long ago. */
static struct call *sets_call(struct publisher *p, struct pub_zone *z, instant_us now)
{
    for (uint32_t target; (target = pub_list_take(p, &z->to_read)) != PUB_NONE;) {
        struct pub_target *t = &p->targets[target];
        bool is_before = t->state == PUBLISH_TO_LOOK || t->state == PUBLISH_READY;
        if (is_before && !t->takes_back && now - t->looked_at > PUBLISH_LOOK_AGE / 2) {
            pub_renew(p, target, now);
            continue;
        }
        struct call *call = pub_call(p, z, CALL_RECORDS);
        call->part = target;
        call->name = pub_wanted(p, target)->name;
        t->calls++;
        return call;
    }
    return NULL;
}

struct call *pub_zone_call(struct publisher *p, struct pub_zone *z, instant_us now)
{
    struct call *call;
    if (z->is_out || z->not_before > now)
        return NULL;
    switch (z->state) {
    case PUB_ZONE_TO_LIST:
        call = pub_call(p, z, CALL_ZONES);
        call->token = z->token;
        return call;
    case PUB_ZONE_TO_DETAIL:
        call = pub_call(p, z, CALL_ZONE);
        call->zone_id = z->candidates[z->detailed].id;
        return call;
    case PUB_ZONE_CLOSED: return NULL;
    case PUB_ZONE_OPEN: break;
    }
    /* Reading a large zone takes longer than a look is good for, so what is read leaves meanwhile.
     */
    bool leaves = z->ready.len && !p->options.is_dry && !p->steering.is_paused &&
                  (z->ready.len >= z->batch_max || !z->to_read.len ||
                   now - z->ready_since >= PUBLISH_LOOK_AGE / 4);
    if (!leaves)
        return sets_call(p, z, now);
    call = pub_call(p, z, CALL_CHANGE);
    if (pub_batch_fill(p, z, call, now)) {
        call->not_after = now + WRITE_LEAVES_MAX; /* held up on its way, it ends unsent */
        return call;
    }
    call_pool_returned(&p->calls);
    call_pool_give(&p->calls, call);
    return NULL;
}

/* ---- answers ---- */

static bool candidate_keep(struct publisher *p, struct pub_zone *z, const struct hosted_zone *from)
{
    if (z->candidates_len == z->candidates_cap) {
        struct hosted_zone *grown = arena_grow(&p->texts, z->candidates, sizeof *z->candidates,
                                               z->candidates_len, &z->candidates_cap);
        if (!grown)
            return false;
        z->candidates = grown;
    }
    struct text *hosts = ARENA_ARRAY(&p->texts, struct text, from->hosts_len + 1u);
    for (uint32_t i = 0; hosts && i < from->hosts_len; i++)
        hosts[i] = pub_text(p, from->hosts[i]);
    z->candidates[z->candidates_len++] =
        (struct hosted_zone){.id = pub_text(p, from->id),
                             .name = pub_text(p, from->name),
                             .bar = from->bar,
                             .bar_words = pub_text(p, from->bar_words),
                             .hosts = hosts,
                             .hosts_len = from->hosts_len};
    return hosts != NULL;
}

/* One that takes no records anyway needs no name servers. */
static void detail_next(struct publisher *p, struct pub_zone *z, instant_us now)
{
    while (z->detailed < z->candidates_len && z->candidates[z->detailed].bar != ZONE_OPEN)
        z->detailed++;
    if (z->detailed == z->candidates_len)
        zone_decide(p, z, now);
}

static void listed(struct publisher *p, struct pub_zone *z, const struct call *call, instant_us now)
{
    for (uint32_t i = 0; i < call->zones_len; i++)
        if (text_eq(call->zones[i].name, z->name) && !candidate_keep(p, z, &call->zones[i]))
            p->no_memory = true;
    if (call->next_token.len && ++z->pages < ZONE_PAGES_MAX) {
        z->token = pub_text(p, call->next_token);
    } else if (pub_kind(p, z) == PROVIDER_ROUTE53) {
        z->state = PUB_ZONE_TO_DETAIL;
        detail_next(p, z, now);
    } else {
        zone_decide(p, z, now);
    }
}

static void detailed(struct publisher *p, struct pub_zone *z, const struct call *call,
                     instant_us now)
{
    uint32_t kept = z->candidates_len;
    if (call->zones_len == 1 && candidate_keep(p, z, &call->zones[0])) {
        z->candidates[z->detailed] = z->candidates[kept];
        z->candidates_len = kept;
    }
    z->detailed++;
    detail_next(p, z, now);
}

/* "GetHostedZone: AccessDenied: User ... is not authorized". */
struct text pub_refusal(struct publisher *p, const struct call *call, struct text said)
{
    struct buf words;
    buf_init(&words, LINE_LEN_MAX);
    buf_add_fmt(&words, "%s: %s%s", call_action(call->kind, call->api), call->reply.code,
                *call->reply.code ? ": " : "");
    escape_terminal(&words, said);
    p->no_memory |= words.failed;
    struct text kept = pub_text(p, buf_text(&words));
    buf_clear(&words);
    return kept;
}

static struct text refusal_words(struct publisher *p, const struct call *call)
{
    return pub_refusal(p, call, text_of(call->reply.message));
}

void pub_zone_failed(struct publisher *p, struct pub_zone *z, const struct call *call,
                     instant_us now)
{
    if (++z->attempts >= ATTEMPTS_MAX) {
        pub_zone_close(p, z, PUBLISH_FAILED, refusal_words(p, call), now);
        return;
    }
    z->not_before =
        now + backoff_span(BACKOFF_ERROR, p->options.seed, (uint32_t)(z - p->zones), z->attempts);
}

/* A question about the zone stayed without its answer. */
static void question_failed(struct publisher *p, struct pub_zone *z, struct call *call,
                            enum verdict verdict, instant_us now)
{
    if (call->kind == CALL_RECORDS)
        pub_zone_take(p, call->part, now);
    if (z->state == PUB_ZONE_CLOSED)
        return;
    switch (verdict) {
    case VERDICT_OK:
    case VERDICT_SLOW_DOWN: return; /* again at the bucket's next token */
    case VERDICT_DENIED:
        if (call->kind == CALL_ZONES || call->reply.how == REPLY_NO_KEYS)
            pub_provider_close(p, z->provider, refusal_words(p, call), now);
        else
            pub_zone_denied(p, z, refusal_words(p, call), now);
        return;
    case VERDICT_REFUSED:
        if (reply_is_access_denied(&call->reply))
            pub_zone_denied(p, z, refusal_words(p, call), now);
        else
            pub_zone_close(p, z, PUBLISH_FAILED, refusal_words(p, call), now);
        return;
    case VERDICT_GONE: pub_zone_close(p, z, PUBLISH_FAILED, refusal_words(p, call), now); return;
    default: pub_zone_failed(p, z, call, now);
    }
}

void pub_zone_returned(struct publisher *p, struct call *call, instant_us now)
{
    struct pub_zone *z = &p->zones[call->owner];
    enum verdict verdict = verdict_after(verdict_of(&call->reply, call->kind), z->attempts);
    bool is_late = call->kind == CALL_CHANGE && call->reply.is_late;
    z->is_out = false;
    if (is_late) /* no byte has left: that says nothing of the provider */
        verdict = VERDICT_SLOW_DOWN;
    else
        retry_pace_learn(&p->buckets[p->bucket_of[z->provider]].pace, call, verdict, now);
    if (verdict == VERDICT_OK)
        z->attempts = 0;
    if (call->kind == CALL_CHANGE)
        pub_batch_returned(p, z, call, verdict, now);
    else if (verdict != VERDICT_OK)
        question_failed(p, z, call, verdict, now);
    else if (call->kind == CALL_RECORDS && z->state == PUB_ZONE_CLOSED)
        pub_zone_take(p, call->part, now);
    else if (call->kind == CALL_RECORDS)
        pub_read(p, call->part, call, now);
    else if (z->state == PUB_ZONE_CLOSED)
        ; /* meanwhile, with its provider */
    else if (call->kind == CALL_ZONES)
        listed(p, z, call, now);
    else
        detailed(p, z, call, now);
    pub_zone_wants(p, &p->zones[call->owner], now);
}
