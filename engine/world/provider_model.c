/* Zones, records and their changes: what each kind of provider checks, and what other writers do.
 */
#include "provider_model.h"

#include "base/dname.h"
#include "base/hash.h"
#include "dns/message.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_BYTES_MAX (256u << 20)
#define SET_MAX         16
#define OTHER_TTL_S     3600

/* Route 53: 10 a second and 50 at once for an account. Cloudflare: 1,200 in five minutes. */
static const struct {
    double rate_per_s, burst;
} buckets[PROVIDER_KINDS] = {[PROVIDER_ROUTE53] = {10, 50},
                             [PROVIDER_RFC2136] = {1e6, 1e6},
                             [PROVIDER_CLOUDFLARE] = {4, 50}};

/* ---- tables ---- */

bool provider_model_init(struct provider_model *m, const struct provider_model_options *options)
{
    *m = (struct provider_model){.options = *options};
    m->acts = calloc(options->acts_max + 1u, sizeof *m->acts);
    m->traces = calloc(options->targets_len + 1u, sizeof *m->traces);
    return m->acts && m->traces && names_init(&m->names, MODEL_BYTES_MAX) &&
           heap_init(&m->due, options->acts_max);
}

void provider_model_clear(struct provider_model *m)
{
    names_clear(&m->names);
    heap_clear(&m->due);
    free(m->by_name);
    free(m->records);
    free(m->zones);
    free(m->delegations);
    free(m->traces);
    free(m->acts);
    *m = (struct provider_model){0};
}

/* Room for one element more. */
static bool grow(void **list, size_t size, uint32_t len, uint32_t *cap)
{
    if (len < *cap)
        return true;
    uint32_t wanted = *cap ? 2 * *cap : 64;
    void *grown = realloc(*list, size * wanted);
    if (!grown)
        return false;
    *list = grown;
    *cap = wanted;
    return true;
}

static struct model_name *name_entry(struct provider_model *m, struct text name, name_id *id)
{
    if (!names_add(&m->names, name, id))
        return NULL;
    if (*id >= m->by_name_cap) {
        uint32_t cap = 2 * *id + 64;
        struct model_name *grown = realloc(m->by_name, sizeof *grown * cap);
        if (!grown)
            return NULL;
        memset(grown + m->by_name_cap, 0, sizeof *grown * (cap - m->by_name_cap));
        m->by_name = grown;
        m->by_name_cap = cap;
    }
    return &m->by_name[*id];
}

static const struct model_name *name_known(const struct provider_model *m, struct text name)
{
    name_id id = names_find(&m->names, name);
    return id == NAME_NONE || id >= m->by_name_cap ? NULL : &m->by_name[id];
}

/* A copy that stays. */
static struct text kept(struct provider_model *m, struct text t)
{
    return names_stowed(names_stow(&m->names, t));
}

bool provider_model_zone(struct provider_model *m, const struct model_zone *zone, uint32_t *index)
{
    name_id id;
    char text[64];
    if (!grow((void **)&m->zones, sizeof *m->zones, m->zones_len, &m->zones_cap))
        return false;
    *index = m->zones_len++;
    struct model_zone *z = &m->zones[*index];
    *z = *zone;
    struct model_name *entry = name_entry(m, zone->name, &id);
    if (!entry)
        return false;
    z->name = names_text(&m->names, id);
    z->next = entry->zone;
    entry->zone = *index + 1;
    z->gone_at = zone->gone_at ? zone->gone_at : WHEN_NEVER;
    int len = snprintf(text, sizeof text, "Z%u", *index);
    z->id = zone->kind == PROVIDER_RFC2136 ? TEXT_NONE : kept(m, (struct text){text, (size_t)len});
    for (uint8_t s = 0; s < MODEL_SERVERS; s++) {
        len = snprintf(text, sizeof text, "ns%u.z%u.hosts.test", s + 1u, *index);
        z->hosts[s] = kept(m, (struct text){text, (size_t)len});
        struct model_name *host = name_entry(m, z->hosts[s], &id);
        if (!host)
            return false;
        host->host = *index * MODEL_SERVERS + s + 1;
    }
    return true;
}

bool provider_model_delegate(struct provider_model *m, struct text name, uint32_t zone,
                             uint8_t server)
{
    name_id id;
    struct model_name *entry = name_entry(m, name, &id);
    if (!entry || !grow((void **)&m->delegations, sizeof *m->delegations, m->delegations_len,
                        &m->delegations_cap))
        return false;
    if (!entry->delegation) {
        m->delegations[m->delegations_len] =
            (struct model_delegation){.name = names_text(&m->names, id)};
        entry->delegation = ++m->delegations_len;
    }
    struct model_delegation *d = &m->delegations[entry->delegation - 1];
    assert(d->len < MODEL_HOSTS_MAX);
    d->zones[d->len] = zone;
    d->servers[d->len++] = server;
    return true;
}

static bool record_add(struct provider_model *m, struct model_record record)
{
    name_id id;
    struct model_name *entry = name_entry(m, record.name, &id);
    if (!entry || !grow((void **)&m->records, sizeof *m->records, m->records_len, &m->records_cap))
        return false;
    record.name = names_text(&m->names, id);
    record.data = kept(m, record.data);
    record.until = WHEN_NEVER;
    record.next = entry->first;
    m->records[m->records_len] = record;
    entry->first = ++m->records_len;
    return true;
}

bool provider_model_add(struct provider_model *m, uint32_t zone, struct text name, uint16_t type,
                        uint16_t preference, struct text data, uint32_t ttl_s, enum model_hand by,
                        instant_us now)
{
    return record_add(m, (struct model_record){.zone = zone,
                                               .type = type,
                                               .preference = preference,
                                               .ttl_s = ttl_s,
                                               .name = name,
                                               .data = data,
                                               .from = now,
                                               .by = by});
}

const struct model_record *provider_model_first(const struct provider_model *m, struct text name)
{
    const struct model_name *entry = name_known(m, name);
    return entry && entry->first ? &m->records[entry->first - 1] : NULL;
}

const struct model_record *provider_model_after(const struct provider_model *m,
                                                const struct model_record *r)
{
    return r->next ? &m->records[r->next - 1] : NULL;
}

const struct model_delegation *provider_model_served(const struct provider_model *m,
                                                     struct text name)
{
    for (; name.len; name = dname_parent(name)) {
        const struct model_name *entry = name_known(m, name);
        if (entry && entry->delegation)
            return &m->delegations[entry->delegation - 1];
    }
    return NULL;
}

const struct model_zone *provider_model_zone_first(const struct provider_model *m, struct text name)
{
    const struct model_name *entry = name_known(m, name);
    return entry && entry->zone ? &m->zones[entry->zone - 1] : NULL;
}

const struct model_zone *provider_model_zone_after(const struct provider_model *m,
                                                   const struct model_zone *z)
{
    return z->next ? &m->zones[z->next - 1] : NULL;
}

uint32_t provider_model_find(const struct provider_model *m, uint32_t provider, struct text id,
                             struct text name, instant_us now)
{
    for (const struct model_zone *z = provider_model_zone_first(m, name); z;
         z = provider_model_zone_after(m, z))
        if (z->provider == provider && text_eq(z->id, id) && now < z->gone_at)
            return (uint32_t)(z - m->zones);
    return MODEL_NOBODY;
}

bool provider_model_admit(struct provider_model *m, uint32_t provider, enum provider_kind kind,
                          instant_us now)
{
    struct model_bucket *b = &m->buckets[m->options.bucket[provider]];
    if (b->at == 0)
        b->tokens = buckets[kind].burst;
    else
        b->tokens += (double)(now - b->at) / 1e6 * buckets[kind].rate_per_s;
    if (b->tokens > buckets[kind].burst)
        b->tokens = buckets[kind].burst;
    b->at = now;
    if (b->tokens < 1) {
        m->throttled++;
        return false;
    }
    b->tokens--;
    return true;
}

/* ---- changes ---- */

/* The values of a set that are there. */
static uint32_t set_there(const struct provider_model *m, uint32_t zone, struct text name,
                          uint16_t type, instant_us now, uint32_t records[SET_MAX])
{
    uint32_t len = 0;
    for (const struct model_record *r = provider_model_first(m, name); r;
         r = provider_model_after(m, r))
        if (r->zone == zone && r->type == type && model_record_is_there(r, now) && len < SET_MAX)
            records[len++] = (uint32_t)(r - m->records);
    return len;
}

static bool value_is(const struct model_record *r, const struct record_value *v)
{
    return r->type == DNS_TYPE_MX ? r->preference == v->preference && dname_eq(r->data, v->data)
                                  : text_eq(r->data, v->data);
}

static bool set_is(const struct provider_model *m, uint32_t zone, const struct record_set *set,
                   bool with_ttl, instant_us now)
{
    uint32_t there[SET_MAX], len = set_there(m, zone, set->name, set->type, now, there);
    if (len != set->len)
        return false;
    for (uint32_t i = 0; i < len; i++) {
        bool found = false;
        for (uint32_t k = 0; k < set->len; k++)
            found |= value_is(&m->records[there[i]], &set->values[k]);
        if (!found || (with_ttl && m->records[there[i]].ttl_s != set->ttl_s))
            return false;
    }
    return true;
}

/* A record of Cloudflare by its id: the number; MODEL_NOBODY: there is none in the zone. */
static uint32_t record_of_id(const struct provider_model *m, uint32_t zone, struct text id,
                             instant_us now)
{
    uint32_t number = 0;
    for (size_t i = 1; i < id.len; i++)
        number = number * 10 + (uint32_t)(id.at[i] - '0');
    bool fits = id.len > 1 && number < m->records_len && m->records[number].zone == zone &&
                model_record_is_there(&m->records[number], now);
    return fits ? number : MODEL_NOBODY;
}

static enum model_refusal check_by_id(const struct provider_model *m, uint32_t zone,
                                      const struct record_change *change, instant_us now)
{
    const struct record_set *set = &change->set;
    uint32_t there[SET_MAX], len = set_there(m, zone, set->name, set->type, now, there);
    for (uint32_t i = 0; i < set->len; i++) {
        const struct record_value *v = &set->values[i];
        bool is_new = change->kind == CHANGE_CREATE || (change->kind == CHANGE_SWAP && !v->id.len);
        if (!is_new && record_of_id(m, zone, v->id, now) == MODEL_NOBODY)
            return MODEL_DIFFERS;
        for (uint32_t k = 0; is_new && k < len; k++)
            if (value_is(&m->records[there[k]], v))
                return MODEL_EXISTS; /* an identical record */
    }
    return MODEL_TAKEN;
}

enum model_refusal provider_model_check(const struct provider_model *m, uint32_t zone,
                                        const struct record_change *change, instant_us now)
{
    const struct model_zone *z = &m->zones[zone];
    const struct record_set *set = &change->set;
    uint32_t there[SET_MAX];
    if (!dname_eq(set->name, z->name) && !dname_below(set->name, z->name))
        return MODEL_OUTSIDE;
    if (text_starts(set->name, TEXT("refused")))
        return MODEL_REFUSED;
    if (change->kind != CHANGE_DELETE && set_there(m, zone, set->name, DNS_TYPE_CNAME, now, there))
        return MODEL_ALIAS;
    if (z->kind == PROVIDER_CLOUDFLARE)
        return check_by_id(m, zone, change, now);
    if (change->kind == CHANGE_CREATE)
        return set_there(m, zone, set->name, set->type, now, there) ? MODEL_EXISTS : MODEL_TAKEN;
    const struct record_set *old = change->kind == CHANGE_SWAP ? &change->old : set;
    bool is_same = old->len && set_is(m, zone, old, z->kind == PROVIDER_ROUTE53, now);
    return is_same ? MODEL_TAKEN : MODEL_DIFFERS;
}

static void record_end(struct provider_model *m, uint32_t record, enum model_hand by,
                       instant_us now)
{
    struct model_record *r = &m->records[record];
    r->until = now;
    r->removed_by = by;
}

static bool value_make(struct provider_model *m, uint32_t zone, const struct record_set *set,
                       const struct record_value *v, instant_us now)
{
    return record_add(m, (struct model_record){.zone = zone,
                                               .type = set->type,
                                               .preference = v->preference,
                                               .ttl_s = set->ttl_s,
                                               .name = set->name,
                                               .data = v->data,
                                               .from = now,
                                               .by = HAND_RUN,
                                               .change = m->changes});
}

/* Whatever of the set stays as it is keeps its history. */
static bool swap(struct provider_model *m, uint32_t zone, const struct record_change *change,
                 instant_us now)
{
    const struct record_set *set = &change->set;
    uint32_t there[SET_MAX], len = set_there(m, zone, set->name, set->type, now, there);
    bool by_id = m->zones[zone].kind == PROVIDER_CLOUDFLARE, made = true;
    bool stays[SET_MAX] = {false};
    for (uint32_t i = 0; i < set->len; i++) {
        bool is_there = false;
        for (uint32_t k = 0; k < len; k++)
            if (value_is(&m->records[there[k]], &set->values[i]))
                is_there = stays[k] = true;
        if (is_there)
            continue;
        if (by_id && set->values[i].id.len)
            record_end(m, record_of_id(m, zone, set->values[i].id, now), HAND_RUN, now);
        made = made && value_make(m, zone, set, &set->values[i], now);
    }
    for (uint32_t k = 0; k < len && !by_id; k++)
        if (!stays[k])
            record_end(m, there[k], HAND_RUN, now);
    return made;
}

bool provider_model_change(struct provider_model *m, uint32_t zone,
                           const struct record_change *change, instant_us now)
{
    const struct record_set *set = &change->set;
    uint32_t there[SET_MAX];
    bool made = true;
    m->changes++;
    if (change->kind == CHANGE_SWAP)
        return swap(m, zone, change, now);
    if (change->kind == CHANGE_CREATE) {
        for (uint32_t i = 0; i < set->len; i++)
            made = made && value_make(m, zone, set, &set->values[i], now);
    } else if (m->zones[zone].kind == PROVIDER_CLOUDFLARE) {
        for (uint32_t i = 0; i < set->len; i++)
            record_end(m, record_of_id(m, zone, set->values[i].id, now), HAND_RUN, now);
    } else {
        uint32_t len = set_there(m, zone, set->name, set->type, now, there);
        for (uint32_t i = 0; i < len; i++)
            record_end(m, there[i], HAND_RUN, now);
    }
    return made;
}

/* ---- other writers ---- */

/* The zone in which the public DNS finds the name; of several the first. */
static uint32_t zone_in_force(const struct provider_model *m, struct text name)
{
    const struct model_delegation *d = provider_model_served(m, name);
    return d ? d->zones[0] : MODEL_NOBODY;
}

static bool other_adds(struct provider_model *m, uint32_t zone, struct text name, uint16_t type,
                       const char *data, instant_us now)
{
    return provider_model_add(m, zone, name, type, type == DNS_TYPE_MX ? 20 : 0, text_of(data),
                              OTHER_TTL_S, HAND_OTHER, now);
}

static void other_removes(struct provider_model *m, uint32_t zone, struct text name, uint16_t type,
                          instant_us now)
{
    uint32_t there[SET_MAX], len = set_there(m, zone, name, type, now, there);
    for (uint32_t i = 0; i < len; i++)
        record_end(m, there[i], HAND_OTHER, now);
}

static bool other_creates_equal(struct provider_model *m, uint32_t zone,
                                const struct publish_target *t, instant_us now)
{
    uint32_t there[SET_MAX];
    bool made = true;
    if (!set_there(m, zone, t->name, DNS_TYPE_MX, now, there))
        made = provider_model_add(m, zone, t->name, DNS_TYPE_MX, t->mx_preference, t->mx_exchange,
                                  OTHER_TTL_S, HAND_OTHER, now);
    if (made && !set_there(m, zone, t->name, DNS_TYPE_TXT, now, there))
        made = provider_model_add(m, zone, t->name, DNS_TYPE_TXT, 0, t->txt, OTHER_TTL_S,
                                  HAND_OTHER, now);
    return made;
}

static bool other_acts(struct provider_model *m, uint32_t target, enum model_act act,
                       instant_us now)
{
    const struct publish_target *t = &m->options.targets[target];
    uint32_t zone = zone_in_force(m, t->name), there[SET_MAX];
    if (zone == MODEL_NOBODY)
        return true;
    bool has_mx = set_there(m, zone, t->name, DNS_TYPE_MX, now, there) > 0;
    bool has_txt = set_there(m, zone, t->name, DNS_TYPE_TXT, now, there) > 0;
    bool has_cname = set_there(m, zone, t->name, DNS_TYPE_CNAME, now, there) > 0;
    m->traces[target].acts++;
    m->traces[target].at = now;
    switch (act) {
    case WRITER_CREATES_EQUAL: return has_cname || other_creates_equal(m, zone, t, now);
    case WRITER_ADDS_MX:
        return has_cname || other_adds(m, zone, t->name, DNS_TYPE_MX, "mail.other.test", now);
    case WRITER_ADDS_TXT:
        return has_cname || other_adds(m, zone, t->name, DNS_TYPE_TXT, "other-site=1", now);
    case WRITER_ADDS_CNAME:
        return has_mx || has_txt || has_cname ||
               other_adds(m, zone, t->name, DNS_TYPE_CNAME, "www.other.test", now);
    case WRITER_DELETES:
        other_removes(m, zone, t->name, DNS_TYPE_MX, now);
        other_removes(m, zone, t->name, DNS_TYPE_TXT, now);
        return true;
    case WRITER_CHANGES_SPF:
        other_removes(m, zone, t->name, DNS_TYPE_TXT, now);
        return has_cname ||
               other_adds(m, zone, t->name, DNS_TYPE_TXT, "v=spf1 ip4:198.51.100.9 ~all", now);
    case WRITER_ACTS: break;
    }
    return true;
}

bool provider_model_plan(struct provider_model *m, uint32_t target, enum model_act act,
                         instant_us at)
{
    if (m->acts_len == m->options.acts_max)
        return false;
    m->acts[m->acts_len].target = target;
    m->acts[m->acts_len].act = act;
    heap_set(&m->due, m->acts_len++, at);
    return true;
}

instant_us provider_model_next(const struct provider_model *m)
{
    return heap_first(&m->due);
}

bool provider_model_act(struct provider_model *m, instant_us now)
{
    uint32_t act;
    if (!heap_pop_due(&m->due, now, &act))
        return false;
    bool made = other_acts(m, m->acts[act].target, m->acts[act].act, now);
    assert(made);
    return true;
}

bool provider_model_provoke(struct provider_model *m, const struct record_change *changes,
                            uint32_t len, bool after, instant_us now)
{
    bool made = true;
    for (uint32_t i = 0; i < len; i++) {
        struct text name = changes[i].set.name;
        bool is_first = i == 0 || !text_eq(changes[i - 1].set.name, name);
        uint64_t roll = hash_mix(hash_mix(m->options.seed, hash_bytes(name.at, name.len)),
                                 2 * m->changes + after);
        if (!is_first || hash_unit(roll, 1, 0) >= m->options.provoked)
            continue;
        for (uint32_t t = 0; t < m->options.targets_len; t++)
            if (text_eq(m->options.targets[t].name, name))
                made = made && other_acts(m, t, (enum model_act)(roll % WRITER_ACTS), now);
    }
    return made;
}
