/*
 * The ready names of a zone as one change, all or none, and the consequences of its answer. A batch
 * that is refused is halved, unless the provider names the changes at fault.
 */
#include "publisher_internal.h"

#include "base/dname.h"
#include "calls/backoff.h"

#include <assert.h>

/* ---- the changes of one target ---- */

static struct record_set one_value(struct arena *a, const struct publish_target *wanted,
                                   uint16_t type, struct text txt)
{
    struct record_value *value = ARENA_NEW(a, struct record_value);
    struct record_set set = {.name = wanted->name, .type = type, .ttl_s = wanted->ttl_s};
    if (value)
        *value = type == DNS_TYPE_MX ? (struct record_value){.preference = wanted->mx_preference,
                                                             .data = wanted->mx_exchange}
                                     : (struct record_value){.data = txt};
    set.values = value;
    set.len = value != NULL;
    return set;
}

/* The TXT set that is there, by the provider where it was read, or else by DNS. */
static struct record_set txt_there(struct arena *a, const struct publish_target *wanted,
                                   const struct pub_target *t)
{
    struct record_set set = {.name = wanted->name, .type = DNS_TYPE_TXT, .ttl_s = wanted->ttl_s};
    if (t->is_read) {
        set = t->sets[1];
        set.name = wanted->name;
        return set;
    }
    struct record_value *values = ARENA_ARRAY(a, struct record_value, t->txts_len + 1u);
    for (uint32_t i = 0; values && i < t->txts_len; i++)
        values[i].data = t->txts[i];
    set.values = values;
    set.len = values ? t->txts_len : 0;
    return set;
}

/* The set with the SPF record in place of the one before, or after all others. */
static struct record_set txt_swapped(struct arena *a, const struct record_set *old,
                                     const struct pub_target *t)
{
    struct record_set set = *old;
    struct record_value *values = ARENA_ARRAY(a, struct record_value, old->len + 2u);
    bool replaced = false;
    set.len = 0;
    for (uint32_t i = 0; values && i < old->len; i++) {
        bool is_it = t->txt_before.len && text_eq(old->values[i].data, t->txt_before);
        values[set.len] = old->values[i];
        if (is_it)
            values[set.len] = (struct record_value){.data = t->txt_after, .id = old->values[i].id};
        replaced |= is_it;
        set.len++;
    }
    if (values && !replaced)
        values[set.len++] = (struct record_value){.data = t->txt_after};
    set.values = values;
    return set;
}

/* Of a removal: the set as read, or only the value that was created. */
static struct record_set set_to_remove(struct arena *a, const struct publish_target *wanted,
                                       const struct pub_target *t, uint16_t type)
{
    const struct record_set *there = &t->sets[type == DNS_TYPE_TXT];
    struct record_set set = one_value(a, wanted, type, wanted->txt);
    if (!t->is_read)
        return set;
    for (uint32_t i = 0; i < there->len; i++) {
        const struct record_value *v = &there->values[i];
        bool is_ours = type == DNS_TYPE_MX ? v->preference == wanted->mx_preference &&
                                                 dname_eq(v->data, wanted->mx_exchange)
                                           : text_eq(v->data, wanted->txt);
        if (!is_ours)
            continue;
        set.values = v;
        set.ttl_s = there->ttl_s;
    }
    return set;
}

static void change_add(struct pub_batch *b, uint32_t target, struct record_change change)
{
    b->targets[b->len] = target;
    b->changes[b->len++] = change;
}

static void target_add(struct publisher *p, struct pub_batch *b, uint32_t target)
{
    const struct publish_target *wanted = pub_wanted(p, target);
    const struct pub_target *t = &p->targets[target];
    struct arena *a = &b->memory;
    bool removes = p->options.withdraws || t->takes_back;
    for (int i = 0; i < 2; i++) {
        uint16_t type = i ? DNS_TYPE_TXT : DNS_TYPE_MX;
        if (!(i ? t->txt : t->mx))
            continue;
        if (removes) {
            change_add(
                b, target,
                (struct record_change){CHANGE_DELETE, .set = set_to_remove(a, wanted, t, type)});
        } else if (i && t->swaps_txt) {
            struct record_set old = txt_there(a, wanted, t);
            change_add(
                b, target,
                (struct record_change){CHANGE_SWAP, .set = txt_swapped(a, &old, t), .old = old});
        } else {
            change_add(b, target,
                       (struct record_change){CHANGE_CREATE,
                                              .set = one_value(a, wanted, type, wanted->txt)});
        }
    }
}

/* Values and characters that the changes of a target take of a batch's bounds, at most. */
static uint32_t target_size(const struct publish_target *wanted, const struct pub_target *t)
{
    uint32_t size = (uint32_t)(wanted->mx_exchange.len + wanted->txt.len) + 16;
    for (uint32_t i = 0; t->swaps_txt && i < t->txts_len; i++)
        size += 2 * ((uint32_t)t->txts[i].len + 16);
    return size + (uint32_t)t->txt_after.len;
}

/* Is the change the one that was reviewed? */
static bool reviewed_holds(const struct publisher *p, const struct pub_zone *z, uint32_t target)
{
    const struct pub_target *t = &p->targets[target];
    const struct reviewed_name *r = p->options.reviewed ? p->options.reviewed[target] : NULL;
    if (!p->options.reviewed || t->takes_back)
        return true;
    return r && (!t->mx || r->mx) && (!t->txt || r->txt) && text_eq(r->zone_id, z->id) &&
           (!t->txt || (t->swaps_txt == r->merges &&
                        text_eq(r->txt_before, t->swaps_txt ? t->txt_before : TEXT_NONE)));
}

bool pub_batch_fill(struct publisher *p, struct pub_zone *z, struct call *call, instant_us now)
{
    struct pub_batch *b = p->batches;
    uint32_t names = 0, size = 0, waiting = z->ready.len;
    while (b->is_out)
        b++; /* there are as many as calls */
    assert(b < p->batches + PUBLISH_CALLS);
    arena_reset(&b->memory);
    b->len = 0;
    b->changes = ARENA_ARRAY(&b->memory, struct record_change, 2 * z->batch_max);
    b->targets = ARENA_ARRAY(&b->memory, uint32_t, 2 * z->batch_max);
    p->no_memory |= !b->changes || !b->targets;
    while (!p->no_memory && waiting-- && names < z->batch_max) {
        uint32_t target = z->ready.first;
        struct pub_target *t = &p->targets[target];
        size += target_size(pub_wanted(p, target), t);
        if (names && size > PUBLISH_CHARACTERS_MAX)
            break;
        pub_list_take(p, &z->ready);
        if (now - t->looked_at > PUBLISH_LOOK_AGE && !t->takes_back) {
            pub_renew(p, target, now);
            continue;
        }
        if (p->options.barred && p->options.barred[target].len) { /* seen when a run is resumed */
            pub_move(p, target, PUBLISH_PERSON, PUBLISH_MOVE, p->options.barred[target], now);
            continue;
        }
        if (!reviewed_holds(p, z, target)) {
            pub_move(p, target, PUBLISH_PERSON, PUBLISH_MOVE,
                     TEXT("the zone or what stands at the name is no longer what the plan showed; "
                          "look and decide anew"),
                     now);
            continue;
        }
        t->prior_mx = t->sent_mx;
        t->prior_txt = t->sent_txt;
        t->sent_mx |= t->mx;
        t->sent_txt |= t->txt;
        t->changed_at = now;
        t->calls++;
        target_add(p, b, target);
        pub_move(p, target, PUBLISH_SENT, PUBLISH_INTENT, t->reason, now);
        names++;
    }
    for (uint32_t i = 0; i < b->len; i++)
        p->no_memory |= !b->changes[i].set.values;
    call->changes = b->changes;
    call->changes_len = b->len;
    call->part = (uint32_t)(b - p->batches);
    b->is_out = b->len > 0;
    z->was_changed |= b->is_out;
    z->ready_since = now;
    return b->len > 0 && !p->no_memory;
}

static bool change_show(struct publisher *p, struct pub_zone *z,
                        bool (*fn)(void *ctx, const struct call *call), void *ctx)
{
    struct pub_batch *b = p->batches;
    arena_reset(&b->memory);
    b->len = 0;
    b->changes = ARENA_ARRAY(&b->memory, struct record_change, 2 * z->batch_max);
    b->targets = ARENA_ARRAY(&b->memory, uint32_t, 2 * z->batch_max);
    p->no_memory |= !b->changes || !b->targets;
    for (uint32_t n = 0; !p->no_memory && z->ready.len && n < z->batch_max; n++)
        target_add(p, b, pub_list_take(p, &z->ready));
    struct call *call = pub_call(p, z, CALL_CHANGE);
    call->changes = b->changes;
    call->changes_len = b->len;
    bool goes_on = !p->no_memory && fn(ctx, call);
    call_pool_returned(&p->calls);
    call_pool_give(&p->calls, call);
    return goes_on;
}

void publisher_changes(struct publisher *p, bool (*fn)(void *ctx, const struct call *call),
                       void *ctx)
{
    bool goes_on = p->options.is_dry;
    for (uint32_t i = 0; goes_on && i < p->zones_len; i++)
        while (goes_on && p->zones[i].ready.len)
            goes_on = change_show(p, &p->zones[i], fn, ctx);
}

/* ---- the end of zones and providers ---- */

static void list_end(struct publisher *p, struct pub_list *list, instant_us now)
{
    for (uint32_t target; (target = pub_list_take(p, list)) != PUB_NONE;)
        pub_zone_take(p, target, now);
}

void pub_zone_close(struct publisher *p, struct pub_zone *z, enum publish_state end,
                    struct text reason, instant_us now)
{
    z->state = PUB_ZONE_CLOSED;
    z->end = end;
    z->reason = reason;
    heap_drop(&p->pauses, (uint32_t)(z - p->zones));
    list_end(p, &z->to_read, now);
    list_end(p, &z->ready, now);
}

void pub_provider_close(struct publisher *p, uint32_t provider, struct text reason, instant_us now)
{
    p->closed[provider] = reason.at;
    for (uint32_t i = 0; i < p->zones_len; i++)
        if (p->zones[i].provider == provider && p->zones[i].state != PUB_ZONE_CLOSED)
            pub_zone_close(p, &p->zones[i], PUBLISH_REFUSED, reason, now);
}

static void denial_count(struct publisher *p, struct pub_zone *z, struct text reason,
                         instant_us now)
{
    p->totals.iam_denies |= pub_kind(p, z) == PROVIDER_ROUTE53;
    p->denied[z->provider] += z->denied == 0;
    z->denied++;
    if (p->denied[z->provider] >= DENIED_ZONES)
        pub_provider_close(p, z->provider, reason, now);
}

void pub_zone_denied(struct publisher *p, struct pub_zone *z, struct text reason, instant_us now)
{
    pub_zone_close(p, z, PUBLISH_REFUSED, reason, now);
    denial_count(p, z, reason, now);
}

/* The credentials may not change this name, perhaps by a policy that names others. */
static void name_denied(struct publisher *p, struct pub_zone *z, struct text reason, instant_us now)
{
    if (z->denied + 1 >= DENIED_NAMES)
        pub_zone_denied(p, z, reason, now);
    else
        denial_count(p, z, reason, now);
}

/* ---- answers ---- */

/* The i-th change begins a new target? Each target has its changes side by side. */
static bool begins_target(const struct pub_batch *b, uint32_t i)
{
    return i == 0 || b->targets[i] != b->targets[i - 1];
}

static uint32_t batch_names(const struct pub_batch *b)
{
    uint32_t names = 0;
    for (uint32_t i = 0; i < b->len; i++)
        names += begins_target(b, i);
    return names;
}

/* Nothing of the change happened: the target waits for the next one. */
static void target_back(struct publisher *p, uint32_t target, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    pub_unsent(p, target);
    pub_move(p, target, t->takes_back || !pub_may_be_there(t) ? PUBLISH_READY : PUBLISH_TO_LOOK,
             PUBLISH_ANSWER, t->reason, now);
    pub_zone_take(p, target, now);
}

/* By RFC 2136 a refusal by what is there: DNS will show it. */
static bool refuses_what_is_there(const struct call *call)
{
    struct text code = text_of(call->reply.code);
    return call->api == API_RFC2136 &&
           (text_starts(code, TEXT("YX")) || text_starts(code, TEXT("NX")));
}

/* The provider refuses the change of this target: perhaps because somebody else was faster. */
static void target_refused(struct publisher *p, uint32_t target, const struct call *call,
                           struct text said, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    struct text words = pub_refusal(p, call, said);
    bool is_final = ++t->refusals >= REFUSALS_MAX || reply_is_access_denied(&call->reply);
    if (!t->in_doubt_since)
        t->in_doubt_since = now;
    is_final = is_final && !refuses_what_is_there(call);
    pub_unsent(p, target);
    pub_move(p, target, is_final ? PUBLISH_REFUSED : PUBLISH_TO_LOOK, PUBLISH_ANSWER, words, now);
    if (!is_final)
        pub_look(p, target,
                 now + UNSURE_PAUSE +
                     backoff_span(BACKOFF_DNS, p->options.seed, target, t->refusals));
}

/* The words of the fault that names a change of this target; at NULL: none does. */
static struct text fault_of(const struct pub_batch *b, const struct call *call, uint32_t target)
{
    for (uint32_t i = 0; i < call->faults_len; i++) {
        uint32_t change = call->faults[i].change;
        if (change < b->len && b->targets[change] == target)
            return call->faults[i].words;
    }
    return TEXT_NONE;
}

static void batch_refused(struct publisher *p, struct pub_zone *z, struct pub_batch *b,
                          struct call *call, instant_us now)
{
    uint32_t names = batch_names(b);
    bool named = false;
    for (uint32_t i = 0; i < call->faults_len; i++)
        named |= call->faults[i].change < b->len;
    if (!named && names > 1)
        z->batch_max = (names + 1) / 2;
    bool is_denied = names == 1 && reply_is_access_denied(&call->reply);
    p->totals.iam_denies |= is_denied && pub_kind(p, z) == PROVIDER_ROUTE53;
    if (is_denied && !z->has_accepted)
        name_denied(p, z, pub_refusal(p, call, text_of(call->reply.message)), now);
    for (uint32_t i = 0; i < b->len; i++) {
        struct text fault = fault_of(b, call, b->targets[i]);
        if (!begins_target(b, i))
            continue;
        if (fault.at)
            target_refused(p, b->targets[i], call, fault, now);
        else if (!named && names == 1)
            target_refused(p, b->targets[i], call, text_of(call->reply.message), now);
        else
            target_back(p, b->targets[i], now);
    }
}

static void batch_denied(struct publisher *p, struct pub_zone *z, struct pub_batch *b,
                         struct call *call, instant_us now)
{
    struct text words = pub_refusal(p, call, text_of(call->reply.message));
    pub_zone_denied(p, z, words, now);
    if (call->reply.how == REPLY_NO_KEYS)
        pub_provider_close(p, z->provider, words, now);
    for (uint32_t i = 0; i < b->len; i++)
        if (begins_target(b, i))
            target_back(p, b->targets[i], now);
}

static void batch_unsure(struct publisher *p, struct pub_batch *b, struct call *call,
                         instant_us now)
{
    struct text words = pub_refusal(p, call, text_of(call->reply.message));
    for (uint32_t i = 0; i < b->len; i++)
        if (begins_target(b, i)) {
            struct pub_target *t = &p->targets[b->targets[i]];
            if (!t->unanswered_since)
                t->unanswered_since = now;
            pub_move(p, b->targets[i], PUBLISH_UNSURE, PUBLISH_ANSWER, words, now);
            pub_look(p, b->targets[i], now + UNSURE_PAUSE);
        }
}

static void batch_accepted(struct publisher *p, struct pub_zone *z, struct pub_batch *b,
                           instant_us now)
{
    p->denied[z->provider] = 0;
    z->has_accepted = true;
    z->batch_max = 2 * z->batch_max < pub_batch_max(pub_kind(p, z)) ? 2 * z->batch_max
                                                                    : pub_batch_max(pub_kind(p, z));
    for (uint32_t i = 0; i < b->len; i++)
        if (begins_target(b, i))
            pub_accepted(p, b->targets[i], now);
}

void pub_batch_returned(struct publisher *p, struct pub_zone *z, struct call *call,
                        enum verdict verdict, instant_us now)
{
    struct pub_batch *b = &p->batches[call->part];
    b->is_out = false;
    switch (verdict) {
    case VERDICT_OK: batch_accepted(p, z, b, now); return;
    case VERDICT_UNSURE: batch_unsure(p, b, call, now); return;
    case VERDICT_REFUSED: batch_refused(p, z, b, call, now); return;
    case VERDICT_DENIED: batch_denied(p, z, b, call, now); return;
    case VERDICT_GONE:
        pub_zone_close(p, z, PUBLISH_FAILED, pub_refusal(p, call, text_of(call->reply.message)),
                       now);
        break;
    case VERDICT_SLOW_DOWN: break;
    default: pub_zone_failed(p, z, call, now);
    }
    for (uint32_t i = 0; i < b->len; i++)
        if (begins_target(b, i))
            target_back(p, b->targets[i], now);
}
