/* Looks into levels, levels into events and rows: the life of a problem. */
#include "memory_internal.h"

#include "sight.h"

#include "base/dname.h"

#include <stdlib.h>

static_assert(WATCH_KINDS <= 32, "watch_kinds");
static_assert(WATCH_DRIFT_BEHAVIOR == WATCH_DRIFT_NAME + 1 &&
                  WATCH_MX_GONE == WATCH_DRIFT_NAME + 2 && WATCH_DNS_TROUBLE == WATCH_MX_GONE + 5 &&
                  WATCH_ADVISOR_OPEN == WATCH_ENDPOINT_REGIONS + 1 &&
                  WATCH_REFUSED == WATCH_ADVISOR_OPEN + 1,
              "kinds in a row, for sight.c");

void watch_sweep_begin(struct watch_memory *m, instant_us now)
{
    if (!m->is_learned)
        slots_learned(m);
    for (uint32_t slot = 1; slot <= m->identities_len; slot++) {
        struct identity *i = identity_at(m, slot);
        i->tag = WATCH_NO_TAG;
        i->is_in_sweep = false;
        i->looked = when_earlier(i->looked, now);
        i->verified = when_earlier(i->verified, now);
        i->dkim_asked = when_earlier(i->dkim_asked, now);
    }
    m->events_len = 0;
}

/* Looks begin, or begin again, to show a problem. A fault that has changed its form is as old as it
 * was. */
static void problem_begins(const struct watch_memory *m, struct problem *p, instant_us now)
{
    enum watch_kind twin_kind = kind_twin((enum watch_kind)p->kind);
    const struct problem *twin =
        twin_kind == p->kind ? NULL : problem_find(m, identity_at(m, p->owner), twin_kind);
    bool takes_over = twin && twin->well_since == 0;
    p->began = takes_over ? when_earlier(twin->began, now) : now;
    p->looks = takes_over ? twin->looks : 0;
    p->well_since = 0;
    p->is_changed = true;
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

static enum watch_level problem_level(const struct watch_memory *m, const struct problem *p,
                                      instant_us now)
{
    const struct identity *i = identity_at(m, p->owner);
    const struct ill ill = {(enum watch_kind)p->kind, i->name == NAME_NONE, i->was_success,
                            p->began, p->looks};
    return level_of(&m->policy, &ill, now);
}

static bool look_was_bad(struct watch_memory *m, uint32_t owner, enum watch_kind kind,
                         instant_us now)
{
    const struct identity *i = identity_at(m, owner);
    struct problem *p = problem_find(m, i, kind);
    bool returns = p && p->well_since != 0;
    if (!p) {
        uint32_t slot = problem_take(m, owner, kind);
        if (slot == NO_SLOT)
            return false;
        p = problem_at(m, slot);
        problem_begins(m, p, now);
        p->since = p->began;
    }
    clock_heed(p, now);
    if (returns ||
        (kind == WATCH_STATUS_TEMPORARY && now - p->began > WATCH_GRACE + WATCH_GRACE_SLACK))
        problem_begins(m, p, now);
    uint32_t looks_max = m->policy.trouble_looks > 2 ? m->policy.trouble_looks : 2;
    if (p->looks < looks_max) { /* more make no difference, and would be kept at each look */
        p->looks++;
        p->is_changed = true;
    }
    enum watch_level level = problem_level(m, p, now);
    /* Its end was decided, and perhaps told: this is another one. */
    if (p->level == WATCH_WELL && p->told != WATCH_WELL && level != WATCH_WELL &&
        (p->may_repeat || level < p->told)) {
        p->told = WATCH_WELL;
        p->since = p->began;
        p->may_repeat = true;
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
    } else if (now - p->well_since >= m->policy.confirm) {
        /* It has ended. While outputs have not been told that it is there, its end waits. */
        p->is_changed |= p->level == p->told || p->looks > 0;
        p->looks = 0;
        if (p->level == p->told)
            p->level = WATCH_WELL;
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
        if (p->may_repeat && p->told == WATCH_WELL)
            p->told = p->level; /* it may have been told: then its end is, too */
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
    uint32_t slot = key_add(m, key, &k) ? identity_take(m, &k) : NO_SLOT;
    if (slot == NO_SLOT)
        return NO_SLOT;
    struct identity *i = identity_at(m, slot);
    if (i->number == NAME_NONE && k.number != NAME_NONE) {
        i->number = k.number;
        i->is_changed = true;
    }
    i->tag = tag;
    i->is_in_sweep = true;
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
    if (seen->dkim_is_asked) {
        i->dkim = seen->dkim != DKIM_UNKNOWN ? (uint8_t)seen->dkim : i->dkim;
        i->dkim_asked = now;
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
        const struct identity *i = identity_at(m, slot);
        if (i->account == NAME_NONE || now - i->looked < WATCH_FORGET)
            continue;
        identity_forget(m, slot);
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

/* Time alone makes worse what was decided, has not been seen well since, and belongs to somebody of
 * this sweep: a sweep that could not see it does not stop the 72 hours of SES. */
static void problems_age(struct watch_memory *m, instant_us now)
{
    for (uint32_t slot = 1; slot <= m->problems_len; slot++) {
        struct problem *p = problem_at(m, slot);
        const struct identity *i = p->owner == NO_SLOT ? NULL : identity_at(m, p->owner);
        if (!i || !i->is_in_sweep || p->level == WATCH_WELL || p->well_since != 0)
            continue;
        enum watch_level level = problem_level(m, p, now);
        if (level <= (enum watch_level)p->level)
            continue;
        p->level = (uint8_t)level;
        p->is_changed = true;
    }
}

bool watch_sweep_end(struct watch_memory *m, instant_us now)
{
    problems_age(m, now);
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
        m->events[m->events_len++] = (struct watch_event){.key = slot_key(m, i),
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
                                               .key = slot_key(m, of),
                                               .mail_from = names_text(&m->names, of->mail_from),
                                               .was_success = of->was_success,
                                               .looked = of->looked_kept,
                                               .verified = of->verified,
                                               .dkim = (enum dkim_status)of->dkim,
                                               .dkim_asked = of->dkim_asked};
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
    uint32_t len = 0, owner = slot_find(m, key);
    uint32_t slot = owner == NO_SLOT ? NO_SLOT : identity_at(m, owner)->problems;
    for (; slot != NO_SLOT; slot = problem_at(m, slot)->next) {
        const struct problem *p = problem_at(m, slot);
        if (p->well_since != 0 && (p->level == WATCH_WELL || p->looks == 0))
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
    uint32_t slot = slot_find(m, key);
    return slot == NO_SLOT ? 0 : identity_at(m, slot)->verified;
}

enum dkim_status watch_dkim(const struct watch_memory *m, const struct watch_key *key,
                            instant_us *asked)
{
    uint32_t slot = slot_find(m, key);
    if (asked)
        *asked = slot == NO_SLOT ? 0 : identity_at(m, slot)->dkim_asked;
    return slot == NO_SLOT ? DKIM_UNKNOWN : (enum dkim_status)identity_at(m, slot)->dkim;
}
