/* The slots of the memory: open and close, finding and taking, and what the journal tells. */
#include "memory_internal.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_FIRST 64u

struct watch_memory *watch_open(const struct watch_policy *policy)
{
    struct watch_memory *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->policy = *policy;
    m->table = calloc(TABLE_FIRST, sizeof *m->table);
    m->table_mask = TABLE_FIRST - 1;
    if (m->table && names_init(&m->names, NAMES_BYTES_MAX))
        return m;
    free(m->table);
    free(m);
    return NULL;
}

void watch_close(struct watch_memory *m)
{
    if (!m)
        return;
    names_clear(&m->names);
    free(m->identities);
    free(m->problems);
    free(m->table);
    free(m->events);
    free(m->identity_rows);
    free(m->problem_rows);
    free(m);
}

uint32_t watch_left_out(const struct watch_memory *m)
{
    return m->left_out;
}

/* ---- slots ---- */

/* The array with room for len elements, the new ones zero; NULL: out of memory. */
void *slots_grow(void *list, size_t size, uint32_t len, uint32_t *cap)
{
    if (len <= *cap)
        return list;
    uint32_t room = *cap ? *cap : 64;
    while (room < len)
        room *= 2;
    char *grown = realloc(list, room * size);
    if (!grown)
        return NULL;
    memset(grown + *cap * size, 0, (room - *cap) * size);
    *cap = room;
    return grown;
}

static bool identities_reach(struct watch_memory *m, uint32_t len)
{
    void *at = slots_grow(m->identities, sizeof *m->identities, len, &m->identities_cap);
    if (!at)
        return false;
    m->identities = at;
    if (len > m->identities_len)
        m->identities_len = len;
    return true;
}

static bool problems_reach(struct watch_memory *m, uint32_t len)
{
    void *at = slots_grow(m->problems, sizeof *m->problems, len, &m->problems_cap);
    if (!at)
        return false;
    m->problems = at;
    if (len > m->problems_len)
        m->problems_len = len;
    return true;
}

/* ---- the table of identities ---- */

static uint32_t hash_of(const struct watch_memory *m, const struct key_ids *k)
{
    return (uint32_t)siphash_pair(m->names.key, (uint64_t)k->account << 32 | k->region, k->name);
}

static bool is_same(const struct identity *i, const struct key_ids *k)
{
    return i->account == k->account && i->region == k->region && i->name == k->name &&
           (i->number == k->number || i->number == NAME_NONE || k->number == NAME_NONE);
}

/* NO_SLOT: it is not there. */
static uint32_t identity_find(const struct watch_memory *m, const struct key_ids *k)
{
    uint32_t at = hash_of(m, k) & m->table_mask;
    while (m->table[at] != NO_SLOT && !is_same(identity_at(m, m->table[at]), k))
        at = (at + 1) & m->table_mask;
    return m->table[at];
}

static void table_put(const struct watch_memory *m, uint32_t *table, uint32_t mask, uint32_t slot)
{
    const struct identity *i = identity_at(m, slot);
    uint32_t at = hash_of(m, &(struct key_ids){i->account, i->number, i->region, i->name}) & mask;
    while (table[at] != NO_SLOT)
        at = (at + 1) & mask;
    table[at] = slot;
}

/* Anew, with room for one more. */
bool table_make(struct watch_memory *m)
{
    uint32_t mask = m->table_mask;
    while (m->identities_len + 1 > mask / 4 * 3)
        mask = 2 * mask + 1;
    uint32_t *table = calloc((size_t)mask + 1, sizeof *table);
    if (!table)
        return false;
    for (uint32_t slot = 1; slot <= m->identities_len; slot++)
        if (identity_at(m, slot)->account != NAME_NONE)
            table_put(m, table, mask, slot);
    free(m->table);
    m->table = table;
    m->table_mask = mask;
    return true;
}

static bool table_has_room(struct watch_memory *m)
{
    return m->identities_len + 1 <= m->table_mask / 4 * 3 || table_make(m);
}

bool key_add(struct watch_memory *m, const struct watch_key *key, struct key_ids *k)
{
    assert(key->lane.account.len > 0);
    return names_add(&m->names, key->lane.account, &k->account) &&
           names_add(&m->names, key->lane.number, &k->number) &&
           names_add(&m->names, key->lane.region, &k->region) &&
           names_add(&m->names, key->identity, &k->name);
}

struct watch_key slot_key(const struct watch_memory *m, const struct identity *i)
{
    return (struct watch_key){.lane = {names_text(&m->names, i->account),
                                       names_text(&m->names, i->number),
                                       names_text(&m->names, i->region)},
                              .identity = names_text(&m->names, i->name)};
}

#define NAME_UNHEARD UINT32_MAX /* of no identity here */

uint32_t slot_find(const struct watch_memory *m, const struct watch_key *key)
{
    struct key_ids k = {
        names_find(&m->names, key->lane.account), names_find(&m->names, key->lane.number),
        names_find(&m->names, key->lane.region), names_find(&m->names, key->identity)};
    if (k.number == NAME_NONE && key->lane.number.len > 0)
        k.number = NAME_UNHEARD;
    bool is_known = k.account != NAME_NONE && (k.region != NAME_NONE || !key->lane.region.len) &&
                    (k.name != NAME_NONE || !key->identity.len);
    return is_known ? identity_find(m, &k) : NO_SLOT;
}

struct problem *problem_find(const struct watch_memory *m, const struct identity *i,
                             enum watch_kind kind)
{
    for (uint32_t slot = i->problems; slot != NO_SLOT; slot = problem_at(m, slot)->next)
        if (problem_at(m, slot)->kind == kind)
            return problem_at(m, slot);
    return NULL;
}

uint32_t identity_take(struct watch_memory *m, const struct key_ids *k)
{
    if (!table_has_room(m))
        return NO_SLOT;
    uint32_t slot = identity_find(m, k);
    if (slot != NO_SLOT)
        return slot;
    slot = m->identities_free;
    if (slot != NO_SLOT)
        m->identities_free = identity_at(m, slot)->problems;
    else if (m->identities_len < SLOTS_MAX && identities_reach(m, m->identities_len + 1))
        slot = m->identities_len;
    else
        return NO_SLOT;
    *identity_at(m, slot) = (struct identity){.account = k->account,
                                              .number = k->number,
                                              .region = k->region,
                                              .name = k->name,
                                              .tag = WATCH_NO_TAG,
                                              .is_changed = true};
    table_put(m, m->table, m->table_mask, slot);
    return slot;
}

uint32_t problem_take(struct watch_memory *m, uint32_t owner, enum watch_kind kind)
{
    uint32_t slot = m->problems_free;
    if (slot != NO_SLOT)
        m->problems_free = problem_at(m, slot)->next;
    else if (m->problems_len < SLOTS_MAX && problems_reach(m, m->problems_len + 1))
        slot = m->problems_len;
    else
        return NO_SLOT;
    struct identity *i = identity_at(m, owner);
    *problem_at(m, slot) = (struct problem){
        .owner = owner, .next = i->problems, .kind = (uint8_t)kind, .is_changed = true};
    i->problems = slot;
    return slot;
}

void problem_remove(struct watch_memory *m, uint32_t slot)
{
    uint32_t *link = &identity_at(m, problem_at(m, slot)->owner)->problems;
    while (*link != slot)
        link = &problem_at(m, *link)->next;
    *link = problem_at(m, slot)->next;
    *problem_at(m, slot) = (struct problem){.next = m->problems_free, .is_changed = true};
    m->problems_free = slot;
}

void identity_forget(struct watch_memory *m, uint32_t slot)
{
    while (identity_at(m, slot)->problems != NO_SLOT)
        problem_remove(m, identity_at(m, slot)->problems);
    *identity_at(m, slot) = (struct identity){.problems = m->identities_free, .is_changed = true};
    m->identities_free = slot;
}

/* ---- learning from the journal ---- */

bool watch_learn_identity(void *memory, const struct watch_identity_record *r)
{
    struct watch_memory *m = memory;
    struct key_ids k;
    assert(!m->is_learned);
    if (r->number == 0 || r->number > SLOTS_MAX) {
        m->left_out++;
        return true;
    }
    uint32_t slot = (uint32_t)r->number;
    bool is_one = !r->is_free && r->key.lane.account.len > 0;
    if (!identities_reach(m, slot) || !table_has_room(m) || (is_one && !key_add(m, &r->key, &k)))
        return false;
    struct identity *i = identity_at(m, slot);
    if (!is_one || i->account != NAME_NONE || identity_find(m, &k) != NO_SLOT) {
        m->left_out += !r->is_free;
        i->is_changed |= !r->is_free;
        return true;
    }
    *i = (struct identity){.account = k.account,
                           .number = k.number,
                           .region = k.region,
                           .name = k.name,
                           .tag = WATCH_NO_TAG,
                           .looked = r->looked,
                           .looked_kept = r->looked,
                           .verified = r->verified,
                           .dkim = (uint8_t)r->dkim,
                           .dkim_asked = r->dkim_asked,
                           .was_success = r->was_success,
                           .is_known = true};
    table_put(m, m->table, m->table_mask, slot);
    return names_add(&m->names, r->mail_from, &i->mail_from);
}

static bool problem_can_be(const struct watch_memory *m, const struct watch_problem_record *r)
{
    if (r->is_free || r->owner == 0 || r->owner > m->identities_len || r->kind >= WATCH_KINDS ||
        r->level >= WATCH_LEVELS || r->told >= WATCH_LEVELS || r->since <= 0 ||
        r->began < r->since || r->well_since < 0)
        return false;
    const struct identity *owner = identity_at(m, (uint32_t)r->owner);
    return owner->account != NAME_NONE && !problem_find(m, owner, r->kind);
}

bool watch_learn_problem(void *memory, const struct watch_problem_record *r)
{
    struct watch_memory *m = memory;
    assert(!m->is_learned);
    if (r->number == 0 || r->number > SLOTS_MAX) {
        m->left_out++;
        return true;
    }
    uint32_t slot = (uint32_t)r->number;
    if (!problems_reach(m, slot))
        return false;
    struct problem *p = problem_at(m, slot);
    if (p->owner != NO_SLOT || !problem_can_be(m, r)) {
        m->left_out += !r->is_free;
        p->is_changed |= !r->is_free;
        return true;
    }
    struct identity *owner = identity_at(m, (uint32_t)r->owner);
    *p = (struct problem){.owner = (uint32_t)r->owner,
                          .next = owner->problems,
                          .since = r->since,
                          .began = r->began,
                          .well_since = r->well_since,
                          .looks = r->looks,
                          .kind = (uint8_t)r->kind,
                          .level = (uint8_t)r->level,
                          .told = (uint8_t)r->told,
                          .may_repeat = r->level != r->told};
    owner->problems = slot;
    return true;
}

void slots_learned(struct watch_memory *m)
{
    for (uint32_t slot = 1; slot <= m->identities_len; slot++)
        if (identity_at(m, slot)->account == NAME_NONE) {
            identity_at(m, slot)->problems = m->identities_free;
            m->identities_free = slot;
        }
    for (uint32_t slot = 1; slot <= m->problems_len; slot++)
        if (problem_at(m, slot)->owner == NO_SLOT) {
            problem_at(m, slot)->next = m->problems_free;
            m->problems_free = slot;
        }
    m->is_learned = true;
}
