/*
 * Resources become identities: the one that sets the MAIL FROM and the one of the identity itself
 * are two in Terraform.
 */
#include "managed.h"

#include "base/names.h"
#include "model/managed_index.h"

#include <string.h>

/* First for the places that are named in full, each once, then for the settings that stay. */
struct joining {
    struct names names;
    uint32_t *first; /* of a name: index + 1 of its first setting */
    uint32_t *next;  /* of a setting: likewise */
};

/* Account or Region that one of two resources does not name is taken for that of the other. */
static bool may_be_one(struct text a, struct text b)
{
    return a.len == 0 || b.len == 0 || text_eq(a, b);
}

static bool settings_equal(const struct managed_setting *a, const struct managed_setting *b)
{
    return text_eq_nocase(a->mail_from, b->mail_from) && text_eq(a->behavior, b->behavior);
}

static bool has_place(const struct managed_setting *s)
{
    return s->account.len && s->region.len;
}

static bool places_may_be_one(const struct managed_setting *a, const struct managed_setting *b)
{
    return may_be_one(a->account, b->account) && may_be_one(a->region, b->region);
}

static bool name_of(struct joining *j, const struct managed_setting *s, name_id *id)
{
    char lower[NAME_LEN_MAX];
    return names_add(&j->names, managed_identity(s->identity, lower), id);
}

/* The first of the name's settings from `at` on that may be where s is; 0: none. */
static uint32_t place_next(const struct joining *j, const struct managed_file *m, uint32_t at,
                           const struct managed_setting *s)
{
    uint32_t looked_at = 0;
    while (at && !places_may_be_one(&m->settings[at - 1], s))
        at = looked_at++ < LANES_MAX ? j->next[at - 1] : 0;
    return at;
}

static bool places_learn(struct joining *j, const struct managed_file *m)
{
    for (uint32_t i = 0; i < m->settings_len; i++) {
        name_id id;
        if (!name_of(j, &m->settings[i], &id))
            return false;
        if (!has_place(&m->settings[i]) || place_next(j, m, j->first[id], &m->settings[i]))
            continue;
        j->next[i] = j->first[id];
        j->first[id] = i + 1;
    }
    return true;
}

/* A setting without a place has that of its identity, where this is in one only. */
static void places_give(struct joining *j, struct managed_file *m)
{
    for (uint32_t i = 0; i < m->settings_len; i++) {
        struct managed_setting *s = &m->settings[i];
        name_id id;
        if (has_place(s) || !name_of(j, s, &id))
            continue;
        uint32_t at = place_next(j, m, j->first[id], s);
        if (at && place_next(j, m, j->next[at - 1], s)) {
            s->is_unclear = s->sets_mail_from;
        } else if (at) {
            s->account = m->settings[at - 1].account;
            s->region = m->settings[at - 1].region;
        }
    }
}

/* Lays b into a. False: they are two. */
static bool lay(struct managed_setting *a, const struct managed_setting *b)
{
    if (a->is_unclear != b->is_unclear || !places_may_be_one(a, b) ||
        (a->sets_mail_from && b->sets_mail_from && !settings_equal(a, b)))
        return false;
    struct text account = a->account.len ? a->account : b->account;
    struct text region = a->region.len ? a->region : b->region;
    if (b->sets_mail_from && !a->sets_mail_from)
        *a = *b;
    a->account = account;
    a->region = region;
    return true;
}

static bool setting_place(struct joining *j, struct managed_file *m, uint32_t *kept,
                          const struct managed_setting *s)
{
    name_id id;
    if (!name_of(j, s, &id))
        return false;
    uint32_t looked_at = 0;
    for (uint32_t at = j->first[id]; at && looked_at++ < LANES_MAX; at = j->next[at - 1])
        if (lay(&m->settings[at - 1], s))
            return true;
    m->settings[*kept] = *s;
    j->next[*kept] = j->first[id];
    j->first[id] = ++*kept;
    return true;
}

enum err managed_join(struct managed_file *m, struct why *why)
{
    uint32_t kept = 0;
    struct joining j = {.first = ARENA_ARRAY(&m->arena, uint32_t, m->settings_len + 2u),
                        .next = ARENA_ARRAY(&m->arena, uint32_t, m->settings_len + 1u)};
    bool fits = names_init(&j.names, NAMES_BYTES_MAX) && j.first && j.next && places_learn(&j, m);
    if (fits) {
        places_give(&j, m);
        memset(j.first, 0, (m->settings_len + 2u) * sizeof *j.first);
        memset(j.next, 0, (m->settings_len + 1u) * sizeof *j.next);
    }
    for (uint32_t i = 0; fits && i < m->settings_len; i++) {
        struct managed_setting s = m->settings[i];
        fits = setting_place(&j, m, &kept, &s);
    }
    names_clear(&j.names);
    m->settings_len = kept;
    return fits ? OK : why_set(why, ERR_NOMEM, "no memory for the resources of a file");
}
