/*
 * The key accounts_from: accounts that an organization has. They are asked for by the caller's
 * function, once the files are read; an account is called by its number, for names change and come
 * twice. Without the function nothing is asked, and twelve digits are an account.
 */
#include "raw.h"

#include "base/character.h"
#include "model/arn.h"
#include "model/region.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROLE_LEN_MAX 576 /* a path of 512 and a name of 64 characters (IAM, "Quotas") */
#define UNIT_LEN_MAX 700 /* five names of 128 characters */
#define TAGS_MAX     50  /* of an account (AWS Organizations, "Quotas") */

/* --- reading ---------------------------------------------------------------------------------- */

struct organization_draft {
    struct raw_organization *organization;
    struct draft draft; /* for the Regions */
    bool is_given;      /* the key organization */
    bool in_list;       /* the value under reading is a list */
};

static bool is_clean(struct text t, size_t most)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] < 0x20 || t.at[i] == 0x7f)
            return false;
    return t.len > 0 && t.len <= most && !character_first_unseen(t);
}

static bool role_is(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_alnum(t.at[i]) && text_find(TEXT("_+=,.@-/"), t.at[i]) == 8)
            return false;
    return t.len > 0 && t.len <= ROLE_LEN_MAX && t.at[0] != '/' && t.at[t.len - 1] != '/';
}

/* An ID, or names between slashes. */
static bool unit_is(struct text t)
{
    if (!is_clean(t, UNIT_LEN_MAX))
        return false;
    while (t.at)
        if (text_cut(&t, '/').len == 0)
            return false;
    return true;
}

static struct text kept(struct raw *r, struct text t)
{
    struct text copy = arena_text(&r->arena, t);
    if (t.len && !copy.at)
        raw_fail(r, ERR_NOMEM, "no memory for the manifest");
    return copy;
}

/* Room for one more of a list in r->arena; NULL after raw_fail(). */
static void *list_grown(struct raw *r, void *list, size_t size, uint32_t len, uint32_t *cap)
{
    void *grown = len < *cap ? list : arena_grow(&r->arena, list, size, len, cap);
    if (!grown)
        raw_fail(r, ERR_NOMEM, "no memory for the manifest");
    return grown;
}

static void put_unit(struct raw *r, struct raw_organization *o, struct text t,
                     struct source_place at)
{
    struct text *units = list_grown(r, o->units, sizeof *units, o->units_len, &o->units_cap);
    struct source_place *places =
        list_grown(r, o->units_at, sizeof *places, o->units_len, &o->places_cap);
    if (!units || !places)
        return;
    o->units = units;
    o->units_at = places;
    places[o->units_len] = at;
    units[o->units_len++] = kept(r, t);
}

static void put_excluded(struct raw *r, struct raw_organization *o, struct text t)
{
    struct text *list = list_grown(r, o->excluded, sizeof *list, o->excluded_len, &o->excluded_cap);
    if (!list)
        return;
    o->excluded = list;
    list[o->excluded_len++] = kept(r, t);
}

static void put_key(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct organization_draft *d = into;
    struct raw_organization *o = d->organization;
    struct raw *r = w->raw;
    struct text t = w->event.text;
    bool fits = true;
    switch (rule->key) {
    case KEY_ROLE_NAME:
        fits = role_is(t);
        o->role = kept(r, t);
        break;
    case KEY_EXTERNAL_ID: walk_title(w, rule, &o->common.external_id); break;
    case KEY_PROFILE: walk_title(w, rule, &o->common.profile); break;
    case KEY_RATE: fits = rate_parse(t, &o->common.rate_per_s); break;
    case KEY_UNITS:
        fits = unit_is(t);
        put_unit(r, o, t, w->event.at);
        break;
    case KEY_EXCLUDE:
        fits = is_clean(t, NAME_LEN_MAX);
        put_excluded(r, o, t);
        break;
    default:
        if (!text_eq(t, TEXT("all")))
            draft_put(r, &d->draft, rule, t, w->event.at);
        else if (!d->in_list)
            o->common.every_region = true;
        else
            complain(r, w->event.at,
                     "regions: found all in a list, expected all by itself, or a list of Regions "
                     "such as us-east-1");
    }
    if (!fits && r->err == OK)
        complain_value(r, w->event.at, rule, t, NULL);
}

/* The key of a tag in w->event, kept; empty after a complaint, and for one that is there when it
 * comes from a map that is merged. */
static struct text take_tag_key(struct manifest_walk *w, const struct raw_organization *o,
                                bool is_merged)
{
    char q[QUOTE_LEN];
    bool is_text = w->event.kind == EVENT_SCALAR && is_clean(w->event.text, NAME_LEN_MAX);
    if (!is_text && w->event.kind != EVENT_REFUSED)
        complain(w->raw, w->event.at, "tags: found %s, expected the key of a tag, such as mail",
                 event_noun(&w->event, q));
    for (uint32_t i = 0; is_text && i < o->tags_len; i++) {
        if (!text_eq(o->tags[i].key, w->event.text))
            continue;
        if (!is_merged)
            complain(w->raw, w->event.at, "tags: found %s twice, expected each key once",
                     quote(w->event.text, q));
        return TEXT_NONE;
    }
    struct text key = is_text ? kept(w->raw, w->event.text) : TEXT_NONE;
    walk_skip(w);
    return key;
}

static void take_tag_value(struct manifest_walk *w, struct raw_organization *o, struct text key)
{
    struct raw *r = w->raw;
    char q[QUOTE_LEN];
    if (w->event.kind != EVENT_SCALAR) {
        if (w->event.kind != EVENT_REFUSED)
            complain(r, w->event.at, "tags: found %s, expected the value of a tag, such as \"yes\"",
                     event_noun(&w->event, q));
        walk_skip(w);
        return;
    }
    if (o->tags_len == TAGS_MAX) {
        complain(r, w->event.at, "tags: found more than %d", TAGS_MAX);
        return;
    }
    struct ses_tag *tags = list_grown(r, o->tags, sizeof *tags, o->tags_len, &o->tags_cap);
    if (!tags)
        return;
    o->tags = tags;
    tags[o->tags_len++] = (struct ses_tag){key, kept(r, w->event.text)};
}

static void take_tags(struct manifest_walk *w, void *ctx, struct merges *merges, bool is_merged)
{
    while (walk_next(w) && w->event.kind != EVENT_MAP_END) {
        bool is_merge = walk_is_merge(w);
        struct text key = is_merge ? TEXT_NONE : take_tag_key(w, ctx, is_merged);
        if (!walk_next(w))
            return;
        if (is_merge)
            walk_merge(w, merges);
        else if (key.len)
            take_tag_value(w, ctx, key);
        else
            walk_skip(w);
    }
}

static void take_key(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct organization_draft *d = into;
    struct source_place at = w->event.at;
    if (rule->key == KEY_TAGS) {
        if (walk_is(w, rule, EVENT_MAP))
            walk_keys(w, take_tags, d->organization);
        return;
    }
    if (rule->key == KEY_REGIONS)
        draft_open(w->raw, &d->draft, rule, at);
    d->in_list = w->event.kind == EVENT_LIST;
    walk_texts(w, rule, put_key, d);
}

static void take_organization(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct organization_draft *d = into;
    d->is_given = true;
    if (walk_is(w, rule, EVENT_MAP))
        walk_map(w, SECTION_ORGANIZATION, take_key, d);
}

void walk_accounts_from(struct manifest_walk *w)
{
    struct raw *r = w->raw;
    struct organization_draft d = {.organization = &r->organization};
    const struct yaml_event *e = &w->event;
    char q[QUOTE_LEN];
    r->organization.role = TEXT(ORGANIZATION_ROLE);
    draft_begin(&d.draft, w->file, e->at);
    if (e->kind == EVENT_MAP) {
        struct source_place at = e->at;
        walk_map(w, SECTION_ACCOUNTS_FROM, take_organization, &d);
        if (!d.is_given && e->kind == EVENT_MAP_END)
            complain(r, at, "accounts_from: the key organization is missing");
    } else if (e->kind != EVENT_SCALAR || !text_eq(e->text, TEXT("organization"))) {
        if (e->kind != EVENT_REFUSED)
            complain(r, e->at,
                     "accounts_from: found %s, expected organization, or organization: "
                     "with keys below it",
                     event_noun(e, q));
        walk_skip(w);
    }
    if (draft_end(r, &d.draft))
        r->organization.regions = d.draft.settings.regions;
}

/* --- vetting ---------------------------------------------------------------------------------- */

/* The account in which rows of a file were found. NAME_NONE: none, or by_number() gives its number
 * to the account of their defaults. */
static name_id number_found(struct raw *r, name_id settings)
{
    struct settings s;
    memcpy(&s, names_text(&r->settings, settings).at, sizeof s);
    const struct raw_account *usual = vet_account_of(r, r->files[s.file].settings.account);
    return usual && usual->account.account_id == NAME_NONE ? NAME_NONE : s.account_number;
}

/* Of each name: does something name an account so? To be freed; NULL after raw_fail(). */
static bool *refs_mark(struct raw *r)
{
    bool *named = calloc(r->fleet->names.len + 2u, sizeof *named);
    if (!named)
        raw_fail(r, ERR_NOMEM, "no memory for the accounts");
    for (uint32_t i = 0; named && i < r->refs_len; i++)
        named[r->refs[i].name] = true;
    for (name_id i = 1; named && i < r->settings.len; i++)
        named[number_found(r, i)] = true;
    return named;
}

/* One that the key accounts lists, by that name or with that number. NAME_NONE: a number that is
 * written nowhere. */
static bool is_explicit(const struct raw *r, uint32_t explicit_len, name_id number)
{
    for (uint32_t i = 0; i < explicit_len; i++) {
        const struct account *a = &r->accounts[i].account;
        if (number != NAME_NONE && (a->name == number || a->account_id == number))
            return true;
    }
    return false;
}

/* Every Region with SES of the partition. */
static name_id regions_of(struct raw *r, struct text partition)
{
    name_id ids[REGIONS_MAX];
    uint32_t len = 0;
    for (size_t i = 0; region_at(i) && len < REGIONS_MAX; i++) {
        struct text region = text_of(region_at(i));
        if (text_eq(text_of(region_partition(region)), partition) && raw_name(r, region, &ids[len]))
            len++;
    }
    return raw_list(r, ids, len);
}

static void member_add(struct raw *r, const struct organization_member *m, struct text partition)
{
    const struct raw_organization *o = &r->organization;
    struct raw_account a = {.account = o->common, .at = o->at, .regions = o->regions};
    char arn[ROLE_LEN_MAX + 64];
    if (r->accounts_len == ACCOUNTS_MAX) {
        raw_fail(r, ERR_LIMIT,
                 "accounts_from: the organization has more accounts than the 4096 that a run may "
                 "have: choose some by organizational_units, tags or exclude");
        return;
    }
    if (!m->is_own) {
        int len = snprintf(arn, sizeof arn, "arn:" TEXT_FMT ":iam::" TEXT_FMT ":role/" TEXT_FMT,
                           TEXT_ARG(partition), TEXT_ARG(m->number), TEXT_ARG(o->role));
        raw_name(r, (struct text){arn, (size_t)len}, &a.account.role_arn);
        a.account.source_profile = o->common.profile;
        a.account.profile = NAME_NONE;
    } else {
        a.account.external_id = NAME_NONE;
    }
    if (raw_name(r, m->number, &a.account.name)) {
        a.account.account_id = a.account.name;
        names_add(&r->fleet->names, m->name, &a.account.title); /* too long for us: none */
        raw_account_add(r, &a);
    }
}

static void number_add(struct raw *r, bool *named, uint32_t explicit_len, name_id id)
{
    const struct organization_member m = {.number = names_text(&r->fleet->names, id)};
    if (named[id] && account_id_is(m.number) && !is_explicit(r, explicit_len, id))
        member_add(r, &m, TEXT("aws"));
    named[id] = false;
}

/* Nothing is asked: what looks like an account is one. */
static void numbers_add(struct raw *r)
{
    bool *named = refs_mark(r);
    uint32_t explicit_len = r->accounts_len;
    for (uint32_t i = 0; named && i < r->refs_len && r->err == OK; i++)
        number_add(r, named, explicit_len, r->refs[i].name);
    for (name_id i = 1; named && i < r->settings.len && r->err == OK; i++)
        number_add(r, named, explicit_len, number_found(r, i));
    free(named);
}

static void members_add(struct raw *r, const struct organization_found *found)
{
    bool *named = refs_mark(r);
    uint32_t explicit_len = r->accounts_len, names_len = r->fleet->names.len;
    for (uint32_t i = 0; named && i < found->len && r->err == OK; i++) {
        const struct organization_member *m = &found->members[i];
        name_id id = names_find(&r->fleet->names, m->number);
        bool is_named = id != NAME_NONE && id <= names_len && named[id];
        if ((is_named || r->options->every_account) && !is_explicit(r, explicit_len, id))
            member_add(r, m, found->partition);
    }
    free(named);
}

/* A Region of the partition that is meant: of the organization, or of the defaults of a file that
 * the user names. */
static struct text region_meant(const struct raw *r)
{
    name_id regions = r->organization.regions;
    for (uint32_t f = 0; f < r->files_len && regions == NAME_NONE; f++)
        regions = r->files[f].nested ? NAME_NONE : r->files[f].settings.regions;
    return regions == NAME_NONE ? TEXT_NONE
                                : names_text(&r->fleet->names, raw_list_at(r, regions, 0));
}

void vet_organization(struct raw *r)
{
    struct raw_organization *o = &r->organization;
    struct names *names = &r->fleet->names;
    char q[QUOTE_LEN];
    if (!o->at.line)
        return;
    if (!r->options->members_of || r->complaints->len) {
        numbers_add(r); /* no complaint about what is not known */
        return;
    }
    struct organization_wish wish = {.profile = names_text(names, o->common.profile),
                                     .region = region_meant(r),
                                     .units = o->units,
                                     .units_len = o->units_len,
                                     .tags = o->tags,
                                     .tags_len = o->tags_len,
                                     .excluded = o->excluded,
                                     .excluded_len = o->excluded_len};
    struct organization_found found = {0};
    struct why why = {""};
    enum err err = r->options->members_of(r->options->members_ctx, &wish, &found, &why);
    if (err == ERR_INPUT && found.unit_missing) {
        uint32_t unit = found.unit_missing - 1;
        complain(r, o->units_at[unit], "organizational_units: found %s, but %s",
                 quote(o->units[unit], q), why.text);
        numbers_add(r);
        return;
    }
    if (err != OK) {
        raw_fail(r, err, why.text);
        return;
    }
    if (o->common.every_region)
        o->regions = r->options->every_account ? regions_of(r, found.partition) : NAME_NONE;
    o->is_asked = true;
    o->left = found.left;
    o->left_len = found.left_len;
    members_add(r, &found);
}
