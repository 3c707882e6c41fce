/* The identities of a run, folded by the domain whose mail they send. */
#include "changes.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "model/ses.h"

#include <stdio.h>
#include <stdlib.h>

#define ROW_LEN (DNAME_LEN_MAX + 128) /* a domain behind an '@' or a Region */

bool changes_init(struct changes *c)
{
    *c = (struct changes){0};
    return names_init(&c->names, NAMES_BYTES_MAX) && names_init(&c->regions, NAMES_BYTES_MAX) &&
           names_init(&c->defaults, NAMES_BYTES_MAX) && names_init(&c->mail_froms, NAMES_BYTES_MAX);
}

void changes_clear(struct changes *c)
{
    names_clear(&c->names);
    names_clear(&c->regions);
    names_clear(&c->defaults);
    names_clear(&c->mail_froms);
    free(c->list);
    *c = (struct changes){0};
}

static bool change_of(struct changes *c, struct text key, struct change **out)
{
    name_id id;
    if (!names_add(&c->names, key, &id))
        return false;
    if (id >= c->cap) {
        uint32_t cap = c->cap ? c->cap * 2 : 64;
        struct change *list = realloc(c->list, cap * sizeof *list);
        if (!list)
            return false;
        for (uint32_t i = c->cap; i < cap; i++)
            list[i] = (struct change){.first_write = WHEN_NEVER, .next_write = WHEN_NEVER};
        c->list = list;
        c->cap = cap;
    }
    *out = &c->list[id];
    return true;
}

/* "REGION DOMAIN"; a domain has no blank. */
static struct text region_key(char out[ROW_LEN], struct text region, struct text key)
{
    int len = snprintf(out, ROW_LEN, TEXT_FMT " " TEXT_FMT, TEXT_ARG(region), TEXT_ARG(key));
    return (struct text){out, len < 0 ? 0 : (size_t)len < ROW_LEN ? (size_t)len : ROW_LEN - 1};
}

bool changes_add(struct changes *c, const struct changed_identity *i)
{
    char domain[DNAME_LEN_MAX + 1], key[ROW_LEN], place[ROW_LEN];
    struct change *change;
    struct text name;
    name_id id;
    if (!dname_normalize(identity_domain(i->identity), domain, &name))
        return true; /* no name, so no report is about it */
    bool is_address = identity_type_of(i->identity) == IDENTITY_EMAIL_ADDRESS;
    snprintf(key, sizeof key, "%s" TEXT_FMT, is_address ? "@" : "", TEXT_ARG(name));
    if (!change_of(c, text_of(key), &change) ||
        !names_add(&c->regions, region_key(place, i->region, text_of(key)), &id))
        return false;
    change->identities++;
    if (i->first_write == WHEN_NEVER)
        return true;
    change->written++;
    change->open += i->success == 0;
    change->defaults += i->wants_default;
    change->first_write = when_earlier(change->first_write, i->first_write);
    change->success = when_later(change->success, i->success);
    change->next_write = when_earlier(change->next_write, i->next_write);
    return !i->wants_default ||
           names_add(&c->defaults, region_key(place, i->region, text_of(key)), &id);
}

bool changes_add_mail_from(struct changes *c, struct text name)
{
    name_id id;
    return names_add(&c->mail_froms, name, &id);
}

/* What serves a domain: its addresses, and the nearest domain identity. */
struct serving {
    name_id addresses, domain;
    struct text name; /* of the domain identity */
};

static struct serving serving_of(const struct changes *c, struct text domain)
{
    char key[ROW_LEN];
    struct serving s = {.name = domain};
    if (domain.len > DNAME_LEN_MAX)
        return s;
    snprintf(key, sizeof key, "@" TEXT_FMT, TEXT_ARG(domain));
    s.addresses = names_find(&c->names, text_of(key));
    while (s.name.len && (s.domain = names_find(&c->names, s.name)) == NAME_NONE)
        s.name = dname_parent(s.name);
    return s;
}

static void change_join(struct change *into, const struct change *one)
{
    into->identities += one->identities;
    into->written += one->written;
    into->open += one->open;
    into->defaults += one->defaults;
    into->first_write = when_earlier(into->first_write, one->first_write);
    into->success = when_later(into->success, one->success);
    into->next_write = when_earlier(into->next_write, one->next_write);
}

struct change changes_of(const struct changes *c, struct text domain)
{
    struct change found = {.first_write = WHEN_NEVER, .next_write = WHEN_NEVER};
    const struct serving s = serving_of(c, domain);
    if (s.addresses)
        change_join(&found, &c->list[s.addresses]);
    if (s.domain)
        change_join(&found, &c->list[s.domain]);
    return found;
}

/* places: keys of region_key(). */
static bool is_placed(const struct changes *c, const struct names *places, struct text domain,
                      struct text region)
{
    char key[ROW_LEN], place[ROW_LEN];
    const struct serving s = serving_of(c, domain);
    if (s.addresses) {
        snprintf(key, sizeof key, "@" TEXT_FMT, TEXT_ARG(domain));
        if (names_find(places, region_key(place, region, text_of(key))))
            return true;
    }
    return s.domain && names_find(places, region_key(place, region, s.name)) != NAME_NONE;
}

bool changes_have_region(const struct changes *c, struct text domain, struct text region)
{
    return is_placed(c, &c->regions, domain, region);
}

bool changes_want_default(const struct changes *c, struct text domain, struct text region)
{
    return is_placed(c, &c->defaults, domain, region);
}

bool changes_have_mail_from(const struct changes *c, struct text name)
{
    return names_find(&c->mail_froms, name) != NAME_NONE;
}
