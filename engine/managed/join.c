/*
 * Resources become identities: the one that sets the MAIL FROM and the one of the identity itself
 * are two in Terraform.
 */
#include "managed.h"

#include "base/names.h"
#include "model/managed_index.h"

struct joining {
    struct names names;
    uint32_t *first; /* of a name: index + 1 of its first setting among those that stay */
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

/* Lays b into a. False: they are two. */
static bool lay(struct managed_setting *a, const struct managed_setting *b)
{
    if (!may_be_one(a->account, b->account) || !may_be_one(a->region, b->region) ||
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
    char lower[NAME_LEN_MAX];
    name_id id;
    if (!names_add(&j->names, managed_identity(s->identity, lower), &id))
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
    bool fits = names_init(&j.names, NAMES_BYTES_MAX) && j.first && j.next;
    for (uint32_t i = 0; fits && i < m->settings_len; i++) {
        struct managed_setting s = m->settings[i];
        fits = setting_place(&j, m, &kept, &s);
    }
    names_clear(&j.names);
    m->settings_len = kept;
    return fits ? OK : why_set(why, ERR_NOMEM, "no memory for the resources of a file");
}
