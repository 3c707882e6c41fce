#include "publish_watcher.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "base/hash.h"
#include "calls/pace.h"
#include "dns/message.h"
#include "rules/spf_record.h"
#include "scheduler/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPINS      5000                             /* turns at one instant */
#define UNSEEN_MAX (PUBLISH_LOOK_AGE + SPAN_S(100)) /* with the lag of the slowest server */
#define SEEN_AGO   SPAN_S(70) /* a look takes so long at most, with silent servers and all */

bool publish_watcher_init(struct publish_watcher *w, const struct publish_scene *scene,
                          struct world *world)
{
    *w = (struct publish_watcher){.scene = scene, .world = world, .inner = world_io(world)};
    arena_init(&w->arena, SIZE_MAX);
    w->rows = calloc(scene->targets_len + 1u, sizeof *w->rows);
    w->targets = calloc(scene->targets_len + 1u, sizeof *w->targets);
    for (uint32_t i = 0; w->targets && i < scene->targets_len; i++)
        w->targets[i] = scene->targets[i];
    return w->rows && w->targets;
}

void publish_watcher_clear(struct publish_watcher *w)
{
    arena_clear(&w->arena);
    free(w->rows);
    free(w->targets);
}

void publish_watcher_complain(struct publish_watcher *w, const char *fmt, ...)
{
    va_list ap;
    if (w->complaint[0])
        return;
    va_start(ap, fmt);
    vsnprintf(w->complaint, sizeof w->complaint, fmt, ap);
    va_end(ap);
}

/* ---- records ---- */

static void tell(struct publish_watcher *w, const struct publish_record *r)
{
    struct publish_told *t = &w->told[w->records % PUBLISH_TURNS_KEPT];
    *t = (struct publish_told){r->at,     r->target,     r->kind,        r->from, r->state,
                               r->change, r->mx_changed, r->txt_changed, ""};
    snprintf(t->reason, sizeof t->reason, TEXT_FMT, TEXT_ARG(text_slice(r->reason, 0, 95)));
    w->digest = hash_mix(hash_mix(w->digest, (uint64_t)r->at), r->target * 64u + r->state);
    w->digest = hash_mix(w->digest, hash_bytes(r->reason.at, r->reason.len));
}

/* Did this server show exactly the wanted value of the type, not long ago? */
static bool was_seen(const struct publish_watcher *w, uint32_t zone, uint8_t server,
                     const struct publish_target *t, uint16_t type, struct text txt, instant_us now)
{
    const struct provider_model *m = &w->scene->model;
    span_us lag = m->zones[zone].lags[server];
    if (m->zones[zone].silent[server])
        return false;
    for (const struct model_record *r = provider_model_first(m, t->name); r;
         r = provider_model_after(m, r)) {
        bool is_it =
            type == DNS_TYPE_MX ? dname_eq(r->data, t->mx_exchange) : text_eq(r->data, txt);
        bool was_then =
            r->from + lag <= now && (r->until == WHEN_NEVER || r->until + lag > now - SEEN_AGO);
        if (r->zone == zone && r->type == type && is_it && was_then)
            return true;
    }
    return false;
}

static bool is_gone(const struct publish_watcher *w, uint32_t zone, uint8_t server,
                    const struct publish_target *t, uint16_t type, instant_us now)
{
    const struct provider_model *m = &w->scene->model;
    instant_us at = now - m->zones[zone].lags[server];
    bool gone = !m->zones[zone].silent[server];
    for (const struct model_record *r = provider_model_first(m, t->name); r;
         r = provider_model_after(m, r))
        gone = gone && !(r->zone == zone && r->type == type && r->by == HAND_RUN &&
                         model_record_is_there(r, at) && model_record_is_there(r, at - SEEN_AGO));
    return gone;
}

static void check_done(struct publish_watcher *w, const struct publish_record *r)
{
    const struct publish_target *t = &w->scene->targets[r->target];
    const struct model_delegation *d = provider_model_served(&w->scene->model, t->name);
    if (r->state != PUBLISH_DONE)
        return;
    if (!r->mx_changed && !r->txt_changed)
        publish_watcher_complain(w, "target %u is done and says no change", r->target);
    for (uint32_t i = 0; i < d->len; i++) {
        uint32_t zone = d->zones[i];
        uint8_t server = d->servers[i];
        struct text txt = r->change == CHANGE_SWAP && r->txt_changed ? r->txt_after : t->txt;
        bool fine =
            w->withdraws
                ? (!r->mx_changed || is_gone(w, zone, server, t, DNS_TYPE_MX, r->at)) &&
                      (!r->txt_changed || is_gone(w, zone, server, t, DNS_TYPE_TXT, r->at))
                : (!r->mx_changed || was_seen(w, zone, server, t, DNS_TYPE_MX, txt, r->at)) &&
                      (!r->txt_changed || was_seen(w, zone, server, t, DNS_TYPE_TXT, txt, r->at) ||
                       was_seen(w, zone, server, t, DNS_TYPE_TXT, t->txt, r->at));
        if (!fine)
            publish_watcher_complain(w, "target %u is done, and server %u does not show it",
                                     r->target, i);
    }
}

static void check_intent(struct publish_watcher *w, const struct publish_record *r)
{
    struct publish_row *row = &w->rows[r->target];
    if (r->kind != PUBLISH_INTENT)
        return;
    if (r->state != PUBLISH_SENT || (!r->mx_changed && !r->txt_changed))
        publish_watcher_complain(w, "target %u: an intent without a change", r->target);
    if (row->known && (row->last.state == PUBLISH_SENT))
        publish_watcher_complain(w, "target %u: a second intent while a change is out", r->target);
    if (row->known && row->last.state == PUBLISH_UNSURE)
        publish_watcher_complain(w, "target %u: a change before a look at the last", r->target);
    if (r->change == CHANGE_SWAP && r->txt_changed) {
        row->befores[row->swaps % 4] = arena_text(&w->arena, r->txt_before);
        row->afters[row->swaps++ % 4] = arena_text(&w->arena, r->txt_after);
        if (!w->scene->merges_spf)
            publish_watcher_complain(w, "target %u: an exchange without consent", r->target);
    }
}

static void row_keep(struct publish_watcher *w, const struct publish_record *r)
{
    struct publish_row *row = &w->rows[r->target];
    if (row->known && publish_state_is_final(row->last.state) && r->state != PUBLISH_TO_LOOK)
        publish_watcher_complain(w, "target %u moves on from %s to %s", r->target,
                                 publish_state_name(row->last.state), publish_state_name(r->state));
    row->last = *r;
    row->last.zone = arena_text(&w->arena, r->zone);
    row->last.zone_id = arena_text(&w->arena, r->zone_id);
    row->last.reason = arena_text(&w->arena, r->reason);
    row->last.txt_before = arena_text(&w->arena, r->txt_before);
    row->last.txt_after = arena_text(&w->arena, r->txt_after);
    row->known = true;
    row->was_lost |= r->state == PUBLISH_UNSURE;
    w->failed += r->state == PUBLISH_FAILED || r->state == PUBLISH_REFUSED;
}

bool publish_watcher_is_over_budget(const struct publish_watcher *w)
{
    const struct quota most = w->scene->fleet.max_failures;
    return most.value >= 0 && w->failed > most.value;
}

static enum err watch_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct publish_watcher *w = ctx;
    bool crash = w->crash_at && w->turns >= w->crash_at && !w->crashed;
    for (uint32_t i = 0; i < len && (!crash || w->crash_keeps); i++) {
        const struct publish_record *r = records[i].publish;
        if (records[i].kind == RECORD_ORDER) {
            const char *wrong = orders_keep(&w->orders, &records[i]);
            if (wrong)
                publish_watcher_complain(w, "%s", wrong);
            continue;
        }
        if (!publish_state_is_final(r->state) && r->state > PUBLISH_VERIFYING)
            publish_watcher_complain(w, "target %u has no state", r->target);
        check_intent(w, r);
        check_done(w, r);
        tell(w, r);
        row_keep(w, r);
        w->records++;
    }
    w->crashed = w->crashed || crash;
    return crash ? why_set(why, ERR_IO, "crash") : OK;
}

/* ---- calls ---- */

static uint32_t target_of(const struct publish_watcher *w, struct text name)
{
    for (uint32_t i = 0; i < w->scene->targets_len; i++)
        if (text_eq(w->scene->targets[i].name, name))
            return i;
    return UINT32_MAX;
}

/* The sets at a name, as the provider has told them. */
static void read_keep(struct publish_watcher *w, const struct call *call)
{
    uint32_t target = target_of(w, call->name);
    if (call->kind != CALL_RECORDS || target == UINT32_MAX || call->reply.http_status != 200 ||
        call->reply.how != REPLY_HTTP)
        return;
    struct publish_row *row = &w->rows[target];
    row->read_at = world_now(w->world);
    row->read_mx = row->read_txt = false;
    for (uint32_t i = 0; i < call->sets_len; i++) {
        row->read_mx |= call->sets[i].type == DNS_TYPE_MX;
        row->read_txt |= call->sets[i].type == DNS_TYPE_TXT;
    }
}

/* Cloudflare would take a second record beside another. */
static void check_read(struct publish_watcher *w, uint32_t target, const struct record_change *c)
{
    const struct publish_row *row = &w->rows[target];
    bool is_there = c->set.type == DNS_TYPE_MX ? row->read_mx : row->read_txt;
    if (publish_scene_kind(w->scene, target) != PROVIDER_CLOUDFLARE || c->kind != CHANGE_CREATE)
        return;
    if (!row->read_at || world_now(w->world) - row->read_at > PUBLISH_LOOK_AGE + SPAN_S(1))
        publish_watcher_complain(w, "target %u: a change without a look at the provider's sets",
                                 target);
    else if (is_there)
        publish_watcher_complain(w, "target %u is created beside a set that is there", target);
}

static bool values_have(const struct record_set *set, const struct record_value *v)
{
    for (uint32_t i = 0; i < set->len; i++)
        if (text_eq(set->values[i].data, v->data) && set->values[i].preference == v->preference)
            return true;
    return false;
}

static bool is_wanted_value(const struct publish_target *t, const struct record_set *set)
{
    if (set->len != 1)
        return false;
    const struct record_value *v = set->values;
    return set->type == DNS_TYPE_MX
               ? v->preference == t->mx_preference && dname_eq(v->data, t->mx_exchange)
               : set->type == DNS_TYPE_TXT && text_eq(v->data, t->txt);
}

/* All values but the SPF record stay. */
static bool is_fair_exchange(const struct publish_record *r, const struct record_change *c)
{
    bool fair = c->set.type == DNS_TYPE_TXT && c->old.len > 0;
    for (uint32_t i = 0; i < c->old.len; i++) {
        bool is_spf = spf_record_is(c->old.values[i].data);
        fair = fair && (is_spf ? text_eq(c->old.values[i].data, r->txt_before)
                               : values_have(&c->set, &c->old.values[i]));
    }
    uint32_t added = 0;
    for (uint32_t i = 0; i < c->set.len; i++) {
        bool is_new = !values_have(&c->old, &c->set.values[i]);
        added += is_new;
        fair = fair && (!is_new || text_eq(c->set.values[i].data, r->txt_after));
    }
    return fair && added == 1;
}

static void check_change(struct publish_watcher *w, const struct record_change *c)
{
    uint32_t target = target_of(w, c->set.name);
    if (target == UINT32_MAX) {
        publish_watcher_complain(w, "a change of " TEXT_FMT ", which is no target",
                                 TEXT_ARG(c->set.name));
        return;
    }
    const struct publish_target *t = &w->scene->targets[target];
    const struct publish_record *r = &w->rows[target].last;
    bool is_kept = w->rows[target].known && r->kind == PUBLISH_INTENT && r->state == PUBLISH_SENT &&
                   r->at == world_now(w->world);
    bool tells = c->set.type == DNS_TYPE_MX ? r->mx_changed : r->txt_changed;
    bool is_fine = c->kind == CHANGE_SWAP ? is_fair_exchange(r, c) : is_wanted_value(t, &c->set);
    if (!is_kept || !tells)
        publish_watcher_complain(w, "target %u: a change leaves without a kept intent", target);
    if (!is_fine)
        publish_watcher_complain(w, "target %u: a change of something else", target);
    if (w->withdraws != (c->kind == CHANGE_DELETE) &&
        publish_scene_kind(w->scene, target) != PROVIDER_CLOUDFLARE)
        publish_watcher_complain(w, "target %u: a change of the wrong kind", target);
    check_read(w, target, c);
    if (c->kind == CHANGE_CREATE && c->set.ttl_s != t->ttl_s)
        publish_watcher_complain(w, "target %u: another TTL", target);
}

static void check_batch(struct publish_watcher *w, const struct call *call)
{
    static const uint32_t most[APIS] = {
        [API_ROUTE53] = 1000, [API_RFC2136] = 100, [API_CLOUDFLARE] = 200};
    if (call->changes_len == 0 || call->changes_len > most[call->api])
        publish_watcher_complain(w, "a batch of %u changes", call->changes_len);
    if (publish_watcher_is_over_budget(w))
        publish_watcher_complain(w, "a change leaves although %u have failed", w->failed);
    if (w->scene->is_dry)
        publish_watcher_complain(w, "a dry run changes something");
    if (orders_paused(&w->orders))
        publish_watcher_complain(w, "a change leaves while the run is paused");
    for (uint32_t i = 0; i < call->changes_len; i++)
        check_change(w, &call->changes[i]);
}

/* Any second and any ten, with a little for a late start that is caught up. */
static void check_rate(struct publish_watcher *w, const struct call *call, instant_us now)
{
    uint32_t bucket = w->scene->bucket[call->lane - w->scene->fleet.lanes_len];
    uint32_t rate = call->api == API_ROUTE53 ? 10 : call->api == API_CLOUDFLARE ? 3 : 40;
    instant_us *ring = w->sends[bucket];
    uint32_t n = w->sends_len[bucket]++;
    double paced = orders_rate(&w->orders);
    if (paced > 0 && paced < rate && w->sent_at[bucket] &&
        now - w->sent_at[bucket] < (span_us)(1e6 / paced) - PACE_CATCH_UP - SPAN_MS(1))
        publish_watcher_complain(w, "provider %u: faster than the ordered %g a second", bucket,
                                 paced);
    w->sent_at[bucket] = now;
    for (uint32_t s = 1; s <= 10; s += 9)
        if (n >= s * rate && s * rate < PUBLISH_RING &&
            now - ring[(n - s * rate) % PUBLISH_RING] < SPAN_S(s) - SPAN_MS(50))
            publish_watcher_complain(w, "provider %u: more than %u calls within %u s", bucket,
                                     s * rate, s);
    ring[n % PUBLISH_RING] = now;
}

static void check_zone(struct publish_watcher *w, const struct call *call)
{
    for (uint32_t i = 0; i < w->out_len; i++)
        if (w->out[i].lane == call->lane && text_eq(w->out[i].zone, call->zone))
            publish_watcher_complain(w, "two calls of zone " TEXT_FMT " at once",
                                     TEXT_ARG(call->zone));
    if (w->out_len == 64)
        publish_watcher_complain(w, "more than 64 calls are out");
    else
        w->out[w->out_len++] = (struct zone_out){call->lane, call->zone};
}

static void watch_send(void *ctx, struct call **calls, uint32_t len)
{
    struct publish_watcher *w = ctx;
    for (uint32_t i = 0; i < len; i++) {
        w->calls[calls[i]->kind]++;
        if (calls[i]->kind == CALL_ASK)
            continue;
        check_zone(w, calls[i]);
        check_rate(w, calls[i], world_now(w->world));
        if (calls[i]->kind != CALL_CHANGE)
            continue;
        check_batch(w, calls[i]);
        if (!calls[i]->not_after || calls[i]->not_after > world_now(w->world) + WRITE_LEAVES_MAX)
            publish_watcher_complain(w, "a change may leave when its look is old");
    }
    w->inner.send(w->inner.world, calls, len);
}

static uint32_t watch_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct publish_watcher *w = ctx;
    uint32_t len =
        w->inner.wait(w->inner.world, when_earlier(until, orders_due(&w->orders)), events, max);
    if (world_is_stuck(w->world))
        publish_watcher_complain(w, "nothing is on its way, and the publisher waits for ever");
    for (uint32_t i = 0; i < len; i++) {
        const struct call *call = events[i].call;
        if (!call || call->kind == CALL_ASK)
            continue;
        read_keep(w, call);
        uint32_t k = 0;
        while (k < w->out_len &&
               !(w->out[k].lane == call->lane && text_eq(w->out[k].zone, call->zone)))
            k++;
        if (k < w->out_len)
            w->out[k] = w->out[--w->out_len];
    }
    while (len < max && orders_give(&w->orders, world_now(w->world), &events[len]))
        len++;
    if (w->complaint[0] && max) {
        events[0] = (struct event){.kind = EVENT_ABORT};
        return 1;
    }
    return len;
}

static instant_us watch_now(void *ctx)
{
    return world_now(((struct publish_watcher *)ctx)->world);
}

struct io publish_watcher_io(struct publish_watcher *w)
{
    return (struct io){w, watch_now, watch_wait, watch_send, watch_keep, w};
}

void publish_watcher_turn(void *ctx, instant_us now)
{
    struct publish_watcher *w = ctx;
    w->turns++;
    w->turns_at = now == w->turn_at ? w->turns_at + 1 : 0;
    w->turn_at = now;
    if (w->turns_at > SPINS)
        publish_watcher_complain(w, "the engine spins");
    if (now > w->scene->heal_at)
        world_heal(w->world);
    if (now > w->scene->end_by)
        publish_watcher_complain(w, "targets are open although hours have passed");
}

void publish_watcher_resume(struct publish_watcher *w, bool reopens)
{
    orders_resume(&w->orders);
    memset(w->sent_at, 0, sizeof w->sent_at);
    w->out_len = 0;
    w->failed = 0;
    memset(w->sends_len, 0, sizeof w->sends_len);
    w->crashed = false;
    for (uint32_t i = 0; i < w->scene->targets_len; i++) {
        struct publish_row *row = &w->rows[i];
        row->read_at = 0;
        if (!row->known)
            continue;
        if (reopens && publish_state_is_bad(row->last.state))
            row->last.state = PUBLISH_TO_LOOK;
        w->failed += row->last.state == PUBLISH_FAILED || row->last.state == PUBLISH_REFUSED;
        row->was_lost |= row->last.state == PUBLISH_SENT; /* its answer is lost with the process */
    }
}

void publish_watcher_withdraw(struct publish_watcher *w)
{
    for (uint32_t i = 0; i < w->scene->targets_len; i++) {
        const struct publish_record *last = &w->rows[i].last;
        bool created = w->rows[i].known && last->change != CHANGE_DELETE;
        w->targets[i].with_mx = created && last->mx_changed;
        w->targets[i].with_txt =
            created && last->change != CHANGE_SWAP && last->txt_changed; /* one was there before */
        w->rows[i].known = false;
    }
    w->withdraws = true;
}

/* ---- the end ---- */

/* Of an exchange of the run: the value before, as one intent at least has said. */
static bool is_exchanged(const struct publish_watcher *w, uint32_t target,
                         const struct model_record *r)
{
    const struct publish_row *row = &w->rows[target];
    for (uint32_t i = 0; i < 4 && i < row->swaps; i++)
        if (r->type == DNS_TYPE_TXT && text_eq(r->data, row->befores[i]))
            return true;
    return false;
}

static bool is_swapped_in(const struct publish_watcher *w, uint32_t target,
                          const struct model_record *r)
{
    const struct publish_row *row = &w->rows[target];
    for (uint32_t i = 0; i < 4 && i < row->swaps; i++)
        if (r->type == DNS_TYPE_TXT && text_eq(r->data, row->afters[i]))
            return true;
    return false;
}

static void check_record(struct publish_watcher *w, const struct model_record *r)
{
    uint32_t target = target_of(w, r->name);
    if (r->by != HAND_RUN && r->removed_by != HAND_RUN)
        return;
    if (target == UINT32_MAX) {
        publish_watcher_complain(w, TEXT_FMT " is no target and was changed", TEXT_ARG(r->name));
        return;
    }
    const struct publish_target *t = &w->scene->targets[target];
    bool is_wanted = r->type == DNS_TYPE_MX
                         ? dname_eq(r->data, t->mx_exchange) && r->preference == t->mx_preference
                         : r->type == DNS_TYPE_TXT && text_eq(r->data, t->txt);
    if (r->by == HAND_RUN && r->zone != w->scene->zones[w->scene->zone_of[target]].own)
        publish_watcher_complain(w, "target %u was created in the wrong zone", target);
    if (r->by == HAND_RUN && !is_wanted && !is_swapped_in(w, target, r))
        publish_watcher_complain(w, "target %u got a record that nobody wants: " TEXT_FMT, target,
                                 TEXT_ARG(r->data));
    bool was_removed = r->until != WHEN_NEVER && r->removed_by == HAND_RUN;
    /* An equal record that appeared while the run did not know what had become of its own cannot
     * be told from its own; nor by RFC 2136, whose prerequisites know no TTL, one that has taken
     * the place of the own after the look. */
    bool is_unseen =
        publish_scene_kind(w->scene, target) == PROVIDER_RFC2136 && r->until - r->from < UNSEEN_MAX;
    bool is_ours = r->by == HAND_RUN || (r->by == HAND_OTHER && is_wanted && w->withdraws &&
                                         (w->rows[target].was_lost || is_unseen));
    if (was_removed && !is_exchanged(w, target, r) && !is_ours)
        publish_watcher_complain(w, "target %u: something that was there was removed: " TEXT_FMT,
                                 target, TEXT_ARG(r->data));
    bool may_remove = w->withdraws || publish_scene_kind(w->scene, target) == PROVIDER_CLOUDFLARE;
    if (was_removed && !is_exchanged(w, target, r) && !may_remove)
        publish_watcher_complain(w, "target %u was taken back by a run that creates", target);
}

/* Does the run know what it has created? */
static void check_known(struct publish_watcher *w, const struct model_record *r)
{
    uint32_t target = target_of(w, r->name);
    bool late = w->scene->world.faults.share[FAULT_LATE] > 0;
    if (target == UINT32_MAX || r->by != HAND_RUN || r->until != WHEN_NEVER || late ||
        is_swapped_in(w, target, r)) /* what was exchanged is not the run's to remove */
        return;
    const struct publish_record *last = &w->rows[target].last;
    bool is_told = r->type == DNS_TYPE_MX ? last->mx_changed : last->txt_changed;
    /* A change without a known answer may be taken for another's, and is then left there. */
    bool may_be_lost = w->rows[target].was_lost && last->state == PUBLISH_UNCHANGED;
    if (!w->withdraws && !is_told && !may_be_lost)
        publish_watcher_complain(w, "target %u ends as %s and does not know what it has created",
                                 target, publish_state_name(last->state));
    if (w->withdraws && w->rows[target].known && last->state == PUBLISH_DONE && is_told)
        publish_watcher_complain(w, "target %u is taken back, and it is there", target);
}

/* At Cloudflare nothing stays beside a set that came before it, or at the same moment. */
static void check_doubled(struct publish_watcher *w, const struct model_record *r)
{
    uint32_t target = target_of(w, r->name);
    if (w->withdraws || w->scene->options.faults || target == UINT32_MAX || r->by != HAND_RUN ||
        w->scene->zones[w->scene->zone_of[target]].part == ZONE_DELETED || r->until != WHEN_NEVER ||
        is_swapped_in(w, target, r) || publish_scene_kind(w->scene, target) != PROVIDER_CLOUDFLARE)
        return;
    for (const struct model_record *other = provider_model_first(&w->scene->model, r->name); other;
         other = provider_model_after(&w->scene->model, other))
        if (other->by == HAND_OTHER && other->zone == r->zone && other->type == r->type &&
            other->from <= r->from && other->until == WHEN_NEVER)
            publish_watcher_complain(w, "target %u stays doubled", target);
}

static bool may_end_badly(const struct publish_watcher *w, uint32_t target,
                          enum publish_state state)
{
    const struct publish_scene *s = w->scene;
    enum zone_part part = s->zones[s->zone_of[target]].part;
    if (part == ZONE_DELETED || s->options.faults)
        return true;
    if (s->model.traces[target].acts)
        return true;
    if (w->withdraws && w->rows[target].was_lost && state == PUBLISH_UNCHANGED)
        return true; /* a change without a known answer never came about */
    bool by_server = publish_scene_kind(s, target) == PROVIDER_RFC2136;
    if (by_server && state == PUBLISH_REFUSED && w->rows[target].was_lost &&
        (part == ZONE_ORPHAN || part == ZONE_PARTLY || part == ZONE_HALF_SILENT))
        return true; /* it is at the server, and DNS does not show it */
    return w->withdraws &&
           (part == ZONE_ORPHAN || part == ZONE_PARTLY || part == ZONE_HALF_SILENT) &&
           state != PUBLISH_REFUSED;
}

void publish_watcher_end(struct publish_watcher *w)
{
    const struct publish_scene *s = w->scene;
    for (uint32_t i = 0; i < s->model.records_len; i++) {
        check_record(w, &s->model.records[i]);
        check_known(w, &s->model.records[i]);
        check_doubled(w, &s->model.records[i]);
    }
    for (uint32_t i = 0; i < s->targets_len; i++) {
        const struct publish_row *row = &w->rows[i];
        enum publish_state state = row->known ? row->last.state : PUBLISH_TO_LOOK;
        enum publish_state fair = w->withdraws ? PUBLISH_DONE : publish_scene_end(s, i);
        bool is_end = publish_state_is_final(state) || (s->is_dry && state == PUBLISH_READY);
        if (w->withdraws && !w->targets[i].with_mx && !w->targets[i].with_txt)
            continue; /* of others, who cares how it ends */
        if (publish_watcher_is_over_budget(w) && !is_end)
            continue;
        if (!is_end)
            publish_watcher_complain(w, "target %u has no end: %s", i, publish_state_name(state));
        else if (state != fair && !may_end_badly(w, i, state))
            publish_watcher_complain(w, "target %u (zone %d, name %d) ends as %s: " TEXT_FMT, i,
                                     (int)s->zones[s->zone_of[i]].part, (int)s->parts[i],
                                     publish_state_name(state), TEXT_ARG(row->last.reason));
    }
}
