/* Turns a call into questions to the model of providers, and the outcome into a reply. */
#include "provider_door.h"

#include "base/dname.h"
#include "base/hash.h"
#include "ses_door.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE       2 /* zones; small, so that pages are turned */
#define SETS_MAX   8
#define VALUES_MAX 16

/* ---- changes on the wire ---- */

static struct record_set set_copy(struct arena *a, const struct record_set *from)
{
    struct record_set set = *from;
    struct record_value *values = ARENA_ARRAY(a, struct record_value, from->len + 1u);
    assert(values);
    for (uint32_t i = 0; i < from->len; i++)
        values[i] = (struct record_value){.preference = from->values[i].preference,
                                          .data = arena_text(a, from->values[i].data),
                                          .id = arena_text(a, from->values[i].id)};
    set.name = arena_text(a, from->name);
    set.values = values;
    return set;
}

struct provider_change *provider_change_of(const struct call *call, uint32_t provider)
{
    struct provider_change *c = calloc(1, sizeof *c);
    assert(c);
    arena_init(&c->arena, SIZE_MAX);
    c->provider = provider;
    c->zone = arena_text(&c->arena, call->zone);
    c->zone_id = arena_text(&c->arena, call->zone_id);
    c->len = call->changes_len;
    c->changes = ARENA_ARRAY(&c->arena, struct record_change, c->len + 1u);
    assert(c->changes);
    for (uint32_t i = 0; i < c->len; i++)
        c->changes[i] = (struct record_change){.kind = call->changes[i].kind,
                                               .set = set_copy(&c->arena, &call->changes[i].set),
                                               .old = set_copy(&c->arena, &call->changes[i].old)};
    return c;
}

void provider_change_free(struct provider_change *c)
{
    if (!c)
        return;
    arena_clear(&c->arena);
    free(c);
}

/* ---- reading ---- */

static struct hosted_zone zone_told(struct arena *a, const struct model_zone *z, bool with_hosts)
{
    struct hosted_zone told = {.id = z->id, .name = z->name, .bar = z->bar};
    struct text *hosts = with_hosts ? ARENA_ARRAY(a, struct text, MODEL_SERVERS) : NULL;
    for (uint32_t s = 0; hosts && s < MODEL_SERVERS; s++)
        hosts[s] = z->hosts[s];
    told.hosts = hosts;
    told.hosts_len = hosts ? MODEL_SERVERS : 0;
    return told;
}

static void zones(const struct provider_model *m, uint32_t provider, struct call *call,
                  instant_us now)
{
    bool is_route53 = call->api == API_ROUTE53;
    uint64_t first = 0, at = 0;
    bool is_number = !call->token.len || text_to_u64(call->token, &first);
    assert(is_number);
    call->zones = ARENA_ARRAY(&call->arena, struct hosted_zone, PAGE);
    for (const struct model_zone *z = provider_model_zone_first(m, call->zone); z;
         z = provider_model_zone_after(m, z)) {
        if (z->provider != provider || now >= z->gone_at || at++ < first)
            continue;
        if (call->zones_len == PAGE) {
            call->next_token = arena_fmt(&call->arena, "%u", (unsigned)(first + PAGE));
            break;
        }
        call->zones[call->zones_len++] =
            zone_told(&call->arena, z, !is_route53 && call->api != API_RFC2136);
    }
}

/* All sets at the name, as the provider tells them. */
static void records(const struct provider_model *m, uint32_t zone, struct call *call, instant_us at)
{
    call->sets = ARENA_ARRAY(&call->arena, struct record_set, SETS_MAX);
    for (const struct model_record *r = provider_model_first(m, call->name); r;
         r = provider_model_after(m, r)) {
        uint32_t s = 0;
        if (r->zone != zone || !model_record_is_there(r, at))
            continue;
        while (s < call->sets_len && call->sets[s].type != r->type)
            s++;
        if (s == call->sets_len)
            call->sets[call->sets_len++] = (struct record_set){
                .name = call->name,
                .type = r->type,
                .ttl_s = r->ttl_s,
                .values = ARENA_ARRAY(&call->arena, struct record_value, VALUES_MAX)};
        struct record_set *set = &call->sets[s];
        struct record_value *values = (struct record_value *)set->values;
        if (set->len < VALUES_MAX)
            values[set->len++] = (struct record_value){
                .preference = r->preference,
                .data = r->data,
                .id = call->api == API_CLOUDFLARE
                          ? arena_fmt(&call->arena, "r%u", (unsigned)(r - m->records))
                          : TEXT_NONE};
    }
}

/* ---- changing ---- */

static const struct {
    const char *route53, *rfc2136, *cloudflare;
} refusals[] = {
    [MODEL_EXISTS] = {"InvalidChangeBatch", "YXRRSET", "81058"},
    [MODEL_ALIAS] = {"InvalidChangeBatch", "YXRRSET", "81053"},
    [MODEL_DIFFERS] = {"InvalidChangeBatch", "NXRRSET", "81044"},
    [MODEL_OUTSIDE] = {"InvalidChangeBatch", "NOTZONE", "9005"},
    [MODEL_REFUSED] = {"InvalidChangeBatch", "REFUSED", "9005"},
    [MODEL_GONE] = {"NoSuchHostedZone", "NOTAUTH", "7003"},
};

static void refuse(struct call *call, enum model_refusal refusal)
{
    const char *code = call->api == API_ROUTE53   ? refusals[refusal].route53
                       : call->api == API_RFC2136 ? refusals[refusal].rfc2136
                                                  : refusals[refusal].cloudflare;
    bool is_gone = refusal == MODEL_GONE && call->api != API_RFC2136;
    ses_door_refuse(call, is_gone ? 404 : 400, code, "the model of the provider refuses this");
}

/* Route 53 names the changes at fault, now and then not all of them. */
static enum model_refusal checked(const struct provider_model *m, uint32_t zone,
                                  const struct provider_change *c, struct call *call,
                                  instant_us now)
{
    enum model_refusal first = MODEL_TAKEN;
    bool names = call && call->api == API_ROUTE53;
    if (names)
        call->faults = ARENA_ARRAY(&call->arena, struct change_fault, c->len + 1u);
    for (uint32_t i = 0; i < c->len; i++) {
        enum model_refusal refusal = provider_model_check(m, zone, &c->changes[i], now);
        if (refusal == MODEL_TAKEN)
            continue;
        bool is_said = !call || hash_unit(m->options.seed, call->ticket, i) < 0.8;
        if (names)
            call->faults[call->faults_len++] =
                (struct change_fault){is_said ? i : UINT32_MAX, TEXT("this one is at fault")};
        first = first == MODEL_TAKEN ? refusal : first;
    }
    return first;
}

static void change_make(struct provider_model *m, uint32_t zone, const struct provider_change *c,
                        enum door_share share, instant_us now)
{
    for (uint32_t i = 0; share != DOOR_NONE && i < c->len; i++) {
        bool is_left = share == DOOR_SOME && hash_unit(m->options.seed, (uint64_t)now, i) < 0.5;
        bool made = is_left || provider_model_change(m, zone, &c->changes[i], now);
        assert(made);
    }
}

/* By a policy that names others. */
static bool leaves_names_out(const struct provider_change *c)
{
    for (uint32_t i = 0; i < c->len; i++)
        if (text_starts(c->changes[i].set.name, TEXT("denied")))
            return true;
    return false;
}

static void change(struct provider_model *m, const struct provider_change *c, struct call *call,
                   enum door_share share, instant_us now)
{
    uint32_t zone = provider_model_find(m, c->provider, c->zone_id, c->zone, now);
    bool provoked = provider_model_provoke(m, c->changes, c->len, false, now);
    enum model_refusal refusal = zone == MODEL_NOBODY ? MODEL_GONE : checked(m, zone, c, call, now);
    assert(provoked);
    bool is_denied = (m->options.denied >> c->provider & 1) ||
                     (zone != MODEL_NOBODY && m->zones[zone].is_denied) || leaves_names_out(c);
    if (is_denied && call)
        ses_door_refuse(call, 403, "AccessDenied", "not authorized to change this zone");
    else if (refusal != MODEL_TAKEN && call)
        refuse(call, refusal);
    else if (!is_denied && refusal == MODEL_TAKEN)
        change_make(m, zone, c, share, now);
    provoked = provider_model_provoke(m, c->changes, c->len, true, now);
    assert(provoked);
}

void provider_door_change(struct provider_model *m, const struct provider_change *c, instant_us now)
{
    if (!(m->options.closed >> c->provider & 1))
        change(m, c, NULL, DOOR_ALL, now);
}

void provider_door_serve(struct provider_model *m, uint32_t provider, struct call *call,
                         const struct provider_change *c, enum door_share share, bool stale,
                         instant_us now)
{
    static const enum provider_kind kinds[APIS] = {[API_ROUTE53] = PROVIDER_ROUTE53,
                                                   [API_RFC2136] = PROVIDER_RFC2136,
                                                   [API_CLOUDFLARE] = PROVIDER_CLOUDFLARE};
    uint32_t zone = provider_model_find(m, provider, call->zone_id, call->zone, now);
    bool needs_zone = call->kind == CALL_ZONE || call->kind == CALL_RECORDS;
    call->reply.how = REPLY_HTTP;
    call->reply.http_status = 200;
    if (!provider_model_admit(m, provider, kinds[call->api], now))
        ses_door_refuse(call, call->api == API_CLOUDFLARE ? 429 : 400, "Throttling",
                        "Rate exceeded");
    else if (m->options.closed >> provider & 1)
        ses_door_refuse(call, 403, "AccessDenied", "not authorized");
    else if (needs_zone && zone == MODEL_NOBODY)
        refuse(call, MODEL_GONE);
    else if (call->kind == CALL_ZONES)
        zones(m, provider, call, now);
    else if (call->kind == CALL_RECORDS)
        records(m, zone, call, now - (stale ? m->options.stale : 0));
    else if (call->kind == CALL_CHANGE)
        change(m, c, call, share, now);
    else {
        call->zones = ARENA_NEW(&call->arena, struct hosted_zone);
        *call->zones = zone_told(&call->arena, &m->zones[zone], true);
        call->zones_len = 1;
    }
}
