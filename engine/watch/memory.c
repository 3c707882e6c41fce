/*
 * Identities and problems as two arrays of slots; a slot's place is the number of its row in the
 * journal, so a change is a row put again. A hash table finds an identity, a list its problems.
 *
 * Invariant: a problem in a list is of one kind there; an untold problem at WELL has looked bad at
 * the last look that learned anything of it.
 */
#include "memory.h"

#include "sight.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "base/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(WATCH_KINDS <= 32, "watch_kinds");
static_assert(WATCH_DRIFT_BEHAVIOR == WATCH_DRIFT_NAME + 1 &&
                  WATCH_MX_GONE == WATCH_DRIFT_NAME + 2 && WATCH_DNS_TROUBLE == WATCH_MX_GONE + 5 &&
                  WATCH_ADVISOR_OPEN == WATCH_ENDPOINT_REGIONS + 1,
              "kinds in a row, for sight.c");

#define NO_SLOT 0 /* links are slots from 1 on, as the numbers of rows */

struct identity {
    name_id account, number, region; /* account NAME_NONE: the slot is free */
    name_id name;                    /* NAME_NONE: the lane itself */
    name_id mail_from;
    uint32_t problems; /* the first one's slot; of a free slot: the next free one */
    uint32_t tag;
    instant_us looked, looked_kept, verified;
    bool was_success, is_changed, is_known; /* is_known: mail_from holds */
};

struct problem {
    uint32_t owner; /* slot; NO_SLOT: this one is free */
    uint32_t next;  /* of the same owner; of a free slot: the next free one */
    instant_us since, began, well_since;
    uint32_t looks;
    uint8_t kind, level, told; /* enums of watch.h */
    bool is_changed;
    bool may_repeat; /* another process may have told the present level */
};

struct watch_memory {
    struct watch_policy policy;
    struct names names;
    struct identity *identities; /* slot - 1 */
    struct problem *problems;
    uint32_t identities_len, identities_cap, identities_free;
    uint32_t problems_len, problems_cap, problems_free;
    uint32_t *table; /* open addressing: slots; at least a quarter is empty */
    uint32_t table_mask;
    uint32_t left_out;
    bool is_learned; /* gaps between the learned numbers are in the free lists */
    struct watch_event *events;
    uint32_t events_len, events_cap;
    struct watch_identity_record *identity_rows;
    struct watch_problem_record *problem_rows;
};

#define TABLE_FIRST 64u
/* Of numbers in a journal: a greater one is damage. */
#define SLOTS_MAX (IDENTITIES_MAX + LANES_MAX)

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

static struct identity *identity_at(const struct watch_memory *m, uint32_t slot)
{
    assert(slot != NO_SLOT && slot <= m->identities_len);
    return &m->identities[slot - 1];
}

static struct problem *problem_at(const struct watch_memory *m, uint32_t slot)
{
    assert(slot != NO_SLOT && slot <= m->problems_len);
    return &m->problems[slot - 1];
}

/* ---- slots ---- */

/* The array with room for len elements, the new ones zero; NULL: out of memory. */
static void *slots_grow(void *list, size_t size, uint32_t len, uint32_t *cap)
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

static void identity_free(struct watch_memory *m, uint32_t slot)
{
    *identity_at(m, slot) = (struct identity){.problems = m->identities_free, .is_changed = true};
    m->identities_free = slot;
}

static void problem_free(struct watch_memory *m, uint32_t slot)
{
    *problem_at(m, slot) = (struct problem){.next = m->problems_free, .is_changed = true};
    m->problems_free = slot;
}

/* NO_SLOT: out of memory, or of bounds. */
static uint32_t identity_take(struct watch_memory *m)
{
    uint32_t slot = m->identities_free;
    if (slot != NO_SLOT)
        m->identities_free = identity_at(m, slot)->problems;
    else if (m->identities_len < SLOTS_MAX && identities_reach(m, m->identities_len + 1))
        slot = m->identities_len;
    if (slot != NO_SLOT)
        *identity_at(m, slot) = (struct identity){.tag = WATCH_NO_TAG, .is_changed = true};
    return slot;
}

static uint32_t problem_take(struct watch_memory *m)
{
    uint32_t slot = m->problems_free;
    if (slot != NO_SLOT)
        m->problems_free = problem_at(m, slot)->next;
    else if (m->problems_len < SLOTS_MAX && problems_reach(m, m->problems_len + 1))
        slot = m->problems_len;
    if (slot != NO_SLOT)
        *problem_at(m, slot) = (struct problem){.is_changed = true};
    return slot;
}

/* ---- the table of identities ---- */

/* The names of a key in the memory. */
struct key_ids {
    name_id account, number, region, name;
};

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
static bool table_make(struct watch_memory *m)
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

static bool key_add(struct watch_memory *m, const struct watch_key *key, struct key_ids *k)
{
    assert(key->lane.account.len > 0);
    return names_add(&m->names, key->lane.account, &k->account) &&
           names_add(&m->names, key->lane.number, &k->number) &&
           names_add(&m->names, key->lane.region, &k->region) &&
           names_add(&m->names, key->identity, &k->name);
}

static struct watch_key key_of(const struct watch_memory *m, const struct identity *i)
{
    return (struct watch_key){.lane = {names_text(&m->names, i->account),
                                       names_text(&m->names, i->number),
                                       names_text(&m->names, i->region)},
                              .identity = names_text(&m->names, i->name)};
}

/* NO_SLOT: it is not there. */
static uint32_t key_find(const struct watch_memory *m, const struct watch_key *key)
{
    struct key_ids k = {
        names_find(&m->names, key->lane.account), names_find(&m->names, key->lane.number),
        names_find(&m->names, key->lane.region), names_find(&m->names, key->identity)};
    bool is_known = k.account != NAME_NONE && (k.region != NAME_NONE || !key->lane.region.len) &&
                    (k.name != NAME_NONE || !key->identity.len);
    return is_known ? identity_find(m, &k) : NO_SLOT;
}

static struct problem *problem_find(const struct watch_memory *m, const struct identity *i,
                                    enum watch_kind kind)
{
    for (uint32_t slot = i->problems; slot != NO_SLOT; slot = problem_at(m, slot)->next)
        if (problem_at(m, slot)->kind == kind)
            return problem_at(m, slot);
    return NULL;
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

void watch_sweep_begin(struct watch_memory *m, instant_us now)
{
    for (uint32_t slot = 1; slot <= m->identities_len; slot++) {
        struct identity *i = identity_at(m, slot);
        i->tag = WATCH_NO_TAG;
        i->looked = when_earlier(i->looked, now);
        i->verified = when_earlier(i->verified, now);
        if (i->account == NAME_NONE && !m->is_learned) {
            i->problems = m->identities_free;
            m->identities_free = slot;
        }
    }
    for (uint32_t slot = 1; slot <= m->problems_len && !m->is_learned; slot++)
        if (problem_at(m, slot)->owner == NO_SLOT) {
            problem_at(m, slot)->next = m->problems_free;
            m->problems_free = slot;
        }
    m->is_learned = true;
    m->events_len = 0;
}

/* ---- looking ---- */

static void problem_remove(struct watch_memory *m, uint32_t slot)
{
    uint32_t *link = &identity_at(m, problem_at(m, slot)->owner)->problems;
    while (*link != slot)
        link = &problem_at(m, *link)->next;
    *link = problem_at(m, slot)->next;
    problem_free(m, slot);
}

/* A problem that begins at this look. A fault that has changed its form is as old as it was. */
static struct problem *problem_begin(struct watch_memory *m, uint32_t owner, enum watch_kind kind,
                                     instant_us now)
{
    uint32_t slot = problem_take(m);
    if (slot == NO_SLOT)
        return NULL;
    struct identity *i = identity_at(m, owner);
    struct problem *p = problem_at(m, slot);
    const struct problem *twin =
        kind_twin(kind) == kind ? NULL : problem_find(m, i, kind_twin(kind));
    *p = (struct problem){.owner = owner,
                          .next = i->problems,
                          .since = now,
                          .began = now,
                          .kind = (uint8_t)kind,
                          .is_changed = true};
    if (twin && twin->well_since == 0) {
        p->since = p->began = when_earlier(twin->began, now);
        p->looks = twin->looks;
    }
    i->problems = slot;
    return p;
}

/* Members that lie in the future were made by a clock that was wrong. */
static void clock_heed(struct problem *p, instant_us now)
{
    instant_us last = when_later(when_later(p->since, p->began), p->well_since);
    p->is_changed |= last > now;
    p->since = when_earlier(p->since, now);
    p->began = when_earlier(p->began, now);
    p->well_since = when_earlier(p->well_since, now);
}

static bool look_was_bad(struct watch_memory *m, uint32_t owner, enum watch_kind kind,
                         instant_us now)
{
    const struct identity *i = identity_at(m, owner);
    struct problem *p = problem_find(m, i, kind);
    if (!p && !(p = problem_begin(m, owner, kind, now)))
        return false;
    clock_heed(p, now);
    bool returns = p->well_since != 0;
    bool is_anew =
        kind == WATCH_STATUS_TEMPORARY && now - p->began > WATCH_GRACE + WATCH_GRACE_SLACK;
    if (returns || is_anew) {
        p->began = now;
        p->looks = returns ? 0 : p->looks;
        p->well_since = 0;
        p->is_changed = true;
    }
    uint32_t looks_max = m->policy.trouble_looks > 2 ? m->policy.trouble_looks : 2;
    if (p->looks < looks_max) { /* more make no difference, and would be kept at each look */
        p->looks++;
        p->is_changed = true;
    }
    struct ill ill = {kind, i->name == NAME_NONE, i->was_success, p->began, p->looks};
    enum watch_level level = level_of(&m->policy, &ill, now);
    if (returns && p->level == WATCH_WELL && p->may_repeat && level != WATCH_WELL) {
        p->told = WATCH_WELL; /* its end may have been told already: this is another one */
        p->since = now;
    }
    if (level > p->level) {
        p->level = (uint8_t)level;
        p->is_changed = true;
    }
    return true;
}

static void look_was_well(struct watch_memory *m, struct identity *i, enum watch_kind kind,
                          instant_us now)
{
    struct problem *p = problem_find(m, i, kind);
    if (!p)
        return;
    clock_heed(p, now);
    if (p->level == WATCH_WELL && p->told == WATCH_WELL) {
        problem_remove(m, (uint32_t)(p - m->problems) + 1);
        return;
    }
    if (p->well_since == 0) {
        p->well_since = now;
        p->is_changed = true;
    } else if (p->level == p->told && now - p->well_since >= m->policy.confirm) {
        p->level = WATCH_WELL;
        p->is_changed = true;
    }
}

/* Bad ones first: a fault that changes its form takes the age of the form that goes. */
static bool look_take(struct watch_memory *m, uint32_t slot, const enum sight sight[WATCH_KINDS],
                      instant_us now)
{
    for (int k = 0; k < WATCH_KINDS; k++)
        if (sight[k] == SIGHT_BAD && !look_was_bad(m, slot, (enum watch_kind)k, now))
            return false;
    for (int k = 0; k < WATCH_KINDS; k++)
        if (sight[k] == SIGHT_WELL)
            look_was_well(m, identity_at(m, slot), (enum watch_kind)k, now);
    return true;
}

/* The manifest wants another name: what was said of the old one is over. */
static void name_changes(struct watch_memory *m, struct identity *i, instant_us now)
{
    uint32_t next;
    i->was_success = false;
    for (uint32_t slot = i->problems; slot != NO_SLOT; slot = next) {
        struct problem *p = problem_at(m, slot);
        next = p->next;
        if (!kind_is_of_name((enum watch_kind)p->kind))
            continue;
        if (p->told == WATCH_WELL) {
            problem_remove(m, slot);
            continue;
        }
        p->level = WATCH_WELL;
        p->well_since = now;
        p->is_changed = true;
    }
}

/* The slot of who is looked at, new or known; NO_SLOT: out of memory. */
static uint32_t look_begin(struct watch_memory *m, const struct watch_key *key, uint32_t tag,
                           instant_us now)
{
    struct key_ids k;
    assert(m->is_learned);
    if (!key_add(m, key, &k) || !table_has_room(m))
        return NO_SLOT;
    uint32_t slot = identity_find(m, &k);
    if (slot == NO_SLOT) {
        slot = identity_take(m);
        if (slot == NO_SLOT)
            return NO_SLOT;
        struct identity *i = identity_at(m, slot);
        i->account = k.account;
        i->number = k.number;
        i->region = k.region;
        i->name = k.name;
        table_put(m, m->table, m->table_mask, slot);
    }
    struct identity *i = identity_at(m, slot);
    if (i->number == NAME_NONE && k.number != NAME_NONE) {
        i->number = k.number;
        i->is_changed = true;
    }
    i->tag = tag;
    i->looked = now;
    if (now - i->looked_kept >= WATCH_LOOKED_STEP || i->looked_kept > now) {
        i->looked_kept = now;
        i->is_changed = true;
    }
    return slot;
}

/* What is remembered of an identity beside its problems. */
static bool identity_learn(struct watch_memory *m, struct identity *i,
                           const struct watch_wanted *wanted, const struct watch_seen *seen,
                           instant_us now)
{
    if (!i->is_known || !dname_eq(names_text(&m->names, i->mail_from), wanted->mail_from)) {
        if (i->is_known)
            name_changes(m, i, now);
        if (!names_add(&m->names, wanted->mail_from, &i->mail_from))
            return false;
        i->is_known = true;
        i->is_changed = true;
    }
    if (!i->was_success && seen->is_read && seen->exists && seen->status == MAIL_FROM_SUCCESS &&
        dname_eq(seen->mail_from, wanted->mail_from)) {
        i->was_success = true;
        i->is_changed = true;
    }
    if (seen->verification_is_read) {
        i->verified = seen->verification == VERIFICATION_SUCCESS ? now : 0;
        i->is_changed = true;
    }
    return true;
}

bool watch_look(struct watch_memory *m, const struct watch_key *key, uint32_t tag,
                const struct watch_wanted *wanted, const struct watch_seen *seen, instant_us now)
{
    enum sight sight[WATCH_KINDS];
    assert(key->identity.len > 0);
    assert(now > 0);
    uint32_t slot = look_begin(m, key, tag, now);
    if (slot == NO_SLOT || !identity_learn(m, identity_at(m, slot), wanted, seen, now))
        return false;
    sights_of_identity(wanted, seen, sight);
    return look_take(m, slot, sight, now);
}

bool watch_look_lane(struct watch_memory *m, const struct lane_name *lane, uint32_t tag,
                     const struct watch_lane_seen *seen, instant_us now)
{
    enum sight sight[WATCH_KINDS];
    const struct watch_key key = {.lane = *lane};
    assert(now > 0);
    uint32_t slot = look_begin(m, &key, tag, now);
    if (slot == NO_SLOT)
        return false;
    identity_at(m, slot)->is_known = true;
    sights_of_lane(seen, sight);
    return look_take(m, slot, sight, now);
}

static bool forget(struct watch_memory *m, instant_us now)
{
    bool is_one = false;
    for (uint32_t slot = 1; slot <= m->identities_len; slot++) {
        struct identity *i = identity_at(m, slot);
        if (i->account == NAME_NONE || now - i->looked < WATCH_FORGET)
            continue;
        while (i->problems != NO_SLOT)
            problem_remove(m, i->problems);
        identity_free(m, slot);
        is_one = true;
    }
    return !is_one || table_make(m);
}

/* ---- events ---- */

static instant_us deadline_of(const struct watch_memory *m, const struct problem *p)
{
    const struct problem *running = p;
    if (p->kind == WATCH_REJECTING)
        running = problem_find(m, identity_at(m, p->owner), WATCH_STATUS_TEMPORARY);
    bool runs = running && running->kind == WATCH_STATUS_TEMPORARY && running->well_since == 0;
    return runs ? running->began + WATCH_GRACE : WHEN_NEVER;
}

static int event_compare(const void *a, const void *b)
{
    const struct watch_event *x = a, *y = b;
    if (x->to != y->to)
        return x->to > y->to ? -1 : 1;
    if (x->tag != y->tag)
        return x->tag < y->tag ? -1 : 1;
    if (!text_eq(x->key.identity, y->key.identity))
        return text_cmp(x->key.identity, y->key.identity);
    if (!text_eq(x->key.lane.account, y->key.lane.account))
        return text_cmp(x->key.lane.account, y->key.lane.account);
    if (!text_eq(x->key.lane.region, y->key.lane.region))
        return text_cmp(x->key.lane.region, y->key.lane.region);
    if (!text_eq(x->key.lane.number, y->key.lane.number))
        return text_cmp(x->key.lane.number, y->key.lane.number);
    return (int)x->kind - (int)y->kind;
}

bool watch_sweep_end(struct watch_memory *m, instant_us now)
{
    if (!forget(m, now))
        return false;
    m->events_len = 0;
    for (uint32_t slot = 1; slot <= m->problems_len; slot++) {
        const struct problem *p = problem_at(m, slot);
        if (p->owner == NO_SLOT || p->level == p->told)
            continue;
        struct watch_event *at =
            slots_grow(m->events, sizeof *m->events, m->events_len + 1, &m->events_cap);
        if (!at)
            return false;
        m->events = at;
        const struct identity *i = identity_at(m, p->owner);
        m->events[m->events_len++] = (struct watch_event){.key = key_of(m, i),
                                                          .tag = i->tag,
                                                          .kind = (enum watch_kind)p->kind,
                                                          .from = (enum watch_level)p->told,
                                                          .to = (enum watch_level)p->level,
                                                          .since = p->since,
                                                          .deadline = deadline_of(m, p),
                                                          .may_repeat = p->may_repeat};
    }
    if (m->events_len > 0)
        qsort(m->events, m->events_len, sizeof *m->events, event_compare);
    return true;
}

const struct watch_event *watch_events(const struct watch_memory *m, uint32_t *len)
{
    *len = m->events_len;
    return m->events;
}

void watch_told(struct watch_memory *m)
{
    for (uint32_t slot = 1; slot <= m->problems_len; slot++) {
        struct problem *p = problem_at(m, slot);
        if (p->owner == NO_SLOT || p->level == p->told)
            continue;
        p->told = p->level;
        p->may_repeat = false;
        p->is_changed = true;
        if (p->level != WATCH_WELL)
            continue;
        if (p->well_since != 0)
            problem_remove(m, slot);
        else
            p->since = p->began; /* it has begun anew before its end was told */
    }
    m->events_len = 0;
}

/* ---- rows ---- */

bool watch_rows(struct watch_memory *m, struct watch_rows *rows)
{
    *rows = (struct watch_rows){0};
    free(m->identity_rows);
    free(m->problem_rows);
    uint32_t identities_len = 0, problems_len = 0;
    for (uint32_t i = 0; i < m->identities_len; i++)
        identities_len += m->identities[i].is_changed;
    for (uint32_t i = 0; i < m->problems_len; i++)
        problems_len += m->problems[i].is_changed;
    m->identity_rows = calloc(identities_len + 1u, sizeof *m->identity_rows);
    m->problem_rows = calloc(problems_len + 1u, sizeof *m->problem_rows);
    if (!m->identity_rows || !m->problem_rows)
        return false;
    for (uint32_t i = 0; i < m->identities_len; i++) {
        const struct identity *of = &m->identities[i];
        if (of->is_changed)
            m->identity_rows[rows->identities_len++] =
                (struct watch_identity_record){.number = i + 1u,
                                               .is_free = of->account == NAME_NONE,
                                               .key = key_of(m, of),
                                               .mail_from = names_text(&m->names, of->mail_from),
                                               .was_success = of->was_success,
                                               .looked = of->looked_kept,
                                               .verified = of->verified};
    }
    for (uint32_t i = 0; i < m->problems_len; i++) {
        const struct problem *of = &m->problems[i];
        if (of->is_changed)
            m->problem_rows[rows->problems_len++] =
                (struct watch_problem_record){.number = i + 1u,
                                              .is_free = of->owner == NO_SLOT,
                                              .owner = of->owner,
                                              .kind = (enum watch_kind)of->kind,
                                              .level = (enum watch_level)of->level,
                                              .told = (enum watch_level)of->told,
                                              .since = of->since,
                                              .began = of->began,
                                              .well_since = of->well_since,
                                              .looks = of->looks};
    }
    rows->identities = m->identity_rows;
    rows->problems = m->problem_rows;
    return true;
}

void watch_kept(struct watch_memory *m)
{
    for (uint32_t i = 0; i < m->identities_len; i++)
        m->identities[i].is_changed = false;
    for (uint32_t i = 0; i < m->problems_len; i++)
        m->problems[i].is_changed = false;
}

/* ---- the present ---- */

static int problem_compare(const void *a, const void *b)
{
    const struct watch_problem *x = a, *y = b;
    if (x->level != y->level)
        return x->level > y->level ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

uint32_t watch_problems(const struct watch_memory *m, const struct watch_key *key,
                        struct watch_problem out[WATCH_KINDS])
{
    uint32_t len = 0, owner = key_find(m, key);
    uint32_t slot = owner == NO_SLOT ? NO_SLOT : identity_at(m, owner)->problems;
    for (; slot != NO_SLOT; slot = problem_at(m, slot)->next) {
        const struct problem *p = problem_at(m, slot);
        if (p->level == WATCH_WELL && p->well_since != 0)
            continue; /* over, and to be told */
        assert(len < WATCH_KINDS);
        out[len++] = (struct watch_problem){.kind = (enum watch_kind)p->kind,
                                            .level = (enum watch_level)p->level,
                                            .since = p->since,
                                            .deadline = deadline_of(m, p),
                                            .well_since = p->well_since};
    }
    if (len > 0)
        qsort(out, len, sizeof *out, problem_compare);
    return len;
}

instant_us watch_verified_at(const struct watch_memory *m, const struct watch_key *key)
{
    uint32_t slot = key_find(m, key);
    return slot == NO_SLOT ? 0 : identity_at(m, slot)->verified;
}
