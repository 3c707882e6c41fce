/*
 * The owners of DNS: a pattern of MAIL FROM names, and who publishes the records below it. The
 * nearest pattern of a name wins, so one walk up its labels finds the owner.
 */
#include "raw.h"

#include "base/character.h"
#include "base/dname.h"
#include "base/escape.h"

#include <stdio.h>

/* --- one value -------------------------------------------------------------------------------- */

enum name_fault owner_check(struct text t)
{
    if (t.len == 0)
        return NAME_EMPTY;
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] < 0x20 || t.at[i] == 0x7f)
            return NAME_CONTROL;
    if (!utf8_is(t) || character_first_unseen(t))
        return NAME_UNSEEN;
    return t.len > OWNER_LEN_MAX ? NAME_TOO_LONG : NAME_OK;
}

bool owner_put(struct raw *r, const struct key_rule *rule, struct text t, struct source_place at,
               name_id *id)
{
    char q[QUOTE_LEN];
    enum name_fault fault = owner_check(t);
    if (fault == NAME_OK)
        return raw_name(r, t, id);
    if (fault == NAME_EMPTY)
        complain_value(r, at, rule, t, NULL);
    else if (fault == NAME_TOO_LONG)
        complain(r, at, "%s: found more than %d bytes, expected %s", rule->name, OWNER_LEN_MAX,
                 rule->expected);
    else
        complain(r, at, "%s: found %s, but %s; expected %s", rule->name, quote(t, q),
                 name_fault_text(fault), rule->expected);
    return false;
}

/* --- the key owners --------------------------------------------------------------------------- */

static void format_put(struct manifest_walk *w, const struct key_rule *rule, name_id *id)
{
    const struct manifest_options *o = w->raw->options;
    struct text t = w->event.text;
    bool is_known = o->records_format_known ? o->records_format_known(t) : name_check(t) == NAME_OK;
    if (is_known)
        raw_name(w->raw, t, id);
    else
        complain_value(w->raw, w->event.at, rule, t, NULL);
}

static void put_owner_key(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct raw_owner *owner = into;
    if (rule->key == KEY_OF(SETTING_RECORDS_FORMAT))
        format_put(w, rule, &owner->format);
    else
        owner_put(w->raw, rule, w->event.text, w->event.at, &owner->contact);
}

static void take_owner_key(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    walk_texts(w, rule, put_owner_key, into);
}

static struct raw_owner *owner_add(struct raw *r, struct text pattern, struct source_place at)
{
    name_id id;
    struct raw_owner *owners =
        raw_grown(r, r->owners, r->owners_len, &r->owners_cap, sizeof *r->owners);
    if (!owners)
        return NULL;
    r->owners = owners;
    if (!names_add(&r->owner_names, pattern, &id)) {
        raw_fail(r, ERR_NOMEM, "no memory for the owners");
        return NULL;
    }
    assert(id == r->owners_len + 1); /* names are numbered as they come */
    owners[r->owners_len] = (struct raw_owner){.at = at};
    return &owners[r->owners_len++];
}

/* The owner of the pattern in w->event; NULL after a complaint, and for one that is there when it
 * comes from a map that is merged. */
static struct raw_owner *take_pattern(struct manifest_walk *w, bool is_merged)
{
    struct raw *r = w->raw;
    const struct yaml_event *e = &w->event;
    char q[QUOTE_LEN], host[NAME_LEN_MAX + 1], whole[NAME_LEN_MAX + 3];
    bool is_star = e->kind == EVENT_SCALAR && text_starts(e->text, TEXT("*."));
    struct text name = is_star ? text_from(e->text, 2) : e->text;
    if (e->kind == EVENT_SCALAR && name_check(name) == NAME_OK)
        name = host_normal(name, host);
    if (e->kind != EVENT_SCALAR || dname_check(name) != DNAME_OK) {
        if (e->kind != EVENT_REFUSED)
            complain(r, e->at,
                     "owners: found %s, expected a domain such as shop.example, or *.shop.example "
                     "in quotes for the names below it",
                     event_noun(e, q));
        walk_skip(w);
        return NULL;
    }
    int len = snprintf(whole, sizeof whole, "%s" TEXT_FMT, is_star ? "*." : "", TEXT_ARG(name));
    struct text pattern = {whole, (size_t)len};
    name_id known = names_find(&r->owner_names, pattern);
    if (known == NAME_NONE)
        return owner_add(r, pattern, e->at);
    const struct source_place *first = &r->owners[known - 1].at;
    if (!is_merged)
        complain(r, e->at, "duplicate owner of %s; it stands in " TEXT_FMT ":%u already",
                 quote(pattern, q), TEXT_ARG(r->fleet->files[first->file]), first->line);
    return NULL;
}

static void take_owner(struct manifest_walk *w, struct raw_owner *owner)
{
    const struct section_rule *section = section_rule(SECTION_OWNER);
    struct source_place at = w->event.at;
    if (w->event.kind != EVENT_MAP) {
        walk_texts(w, &section->keys[0], put_owner_key, owner);
        return;
    }
    uint32_t before = w->raw->complaints->len + w->raw->complaints->more;
    walk_map(w, SECTION_OWNER, take_owner_key, owner);
    if (owner->contact == NAME_NONE && before == w->raw->complaints->len + w->raw->complaints->more)
        complain(w->raw, at, "the key contact is missing, expected %s", section->keys[0].expected);
}

static void take_owners(struct manifest_walk *w, void *ctx, struct merges *merges, bool is_merged)
{
    (void)ctx;
    while (walk_next(w) && w->event.kind != EVENT_MAP_END) {
        bool is_merge = walk_is_merge(w);
        struct raw_owner *owner = is_merge ? NULL : take_pattern(w, is_merged);
        if (!walk_next(w))
            return;
        if (is_merge)
            walk_merge(w, merges);
        else if (owner)
            take_owner(w, owner);
        else
            walk_skip(w);
    }
}

void walk_owners(struct manifest_walk *w)
{
    if (w->raw->owner_names.cap || names_init(&w->raw->owner_names, NAMES_BYTES_MAX))
        walk_keys(w, take_owners, NULL);
    else
        raw_fail(w->raw, ERR_NOMEM, "no memory for the owners");
}

/* --- the owner of a row ----------------------------------------------------------------------- */

static const struct raw_owner *owner_at(const struct raw *r, struct text pattern)
{
    name_id id = names_find(&r->owner_names, pattern);
    return id == NAME_NONE ? NULL : &r->owners[id - 1];
}

const struct raw_owner *owner_of_name(const struct raw *r, struct text name)
{
    char whole[NAME_LEN_MAX + 3];
    const struct raw_owner *owner = NULL;
    if (r->owners_len)
        owner = owner_at(r, name);
    for (struct text up = dname_parent(name); r->owners_len && !owner && up.len;
         up = dname_parent(up)) {
        int len = snprintf(whole, sizeof whole, "*." TEXT_FMT, TEXT_ARG(up));
        owner = owner_at(r, (struct text){whole, (size_t)len});
        if (!owner)
            owner = owner_at(r, up);
    }
    return owner;
}

name_id owner_format(const struct raw *r, name_id contact)
{
    for (uint32_t i = 0; i < r->owners_len; i++)
        if (r->owners[i].contact == contact && r->owners[i].format != NAME_NONE)
            return r->owners[i].format;
    return NAME_NONE;
}
