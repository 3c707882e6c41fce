/*
 * Entries become rows of the fleet: one per Region, with the MAIL FROM filled in, and no identity
 * twice in one account and Region.
 *
 * The tables are made for speed. Table of seen identities: identities read in a row have
 * neighbouring numbers, so a block of BLOCK identities lies in one cache line. Table of names:
 * slots are prefetched VET_AHEAD choices ahead, so the look-up need not wait for memory; choices
 * end in the order of their beginning.
 */
#include "raw.h"

#include <stdlib.h>

#define BLOCK 16u /* 4-byte slots of a cache line */

/* The MAIL FROM of a choice with a known lane, as far as possible without the table. */
static void mail_from_begin(const struct fleet *f, struct ahead *a)
{
    struct text name = names_text(&f->names, a->wanted), filled;
    if (!a->is_template)
        return; /* in normal form since reading */
    struct text domain = identity_domain(names_stowed(a->identity));
    struct text region = names_text(&f->names, f->lanes[a->choice.lane].region);
    a->is_too_long = !template_fill(name, domain, region, a->filled, &filled);
    if (a->is_too_long)
        return;
    a->mail_from = host_normal(filled, a->normal);
    a->mail_from_hash = names_hash(&f->names, a->mail_from);
    names_prefetch(&f->names, a->mail_from_hash);
}

static bool mail_from_end(struct raw *r, const struct ahead *a, struct choice *c)
{
    char q[QUOTE_LEN];
    c->mail_from = a->wanted;
    if (!a->is_template)
        return true;
    if (a->is_too_long) {
        complain(r, (struct source_place){c->file, c->line, c->column},
                 "mail_from: found more than %d bytes for %s once it is filled in, expected a host "
                 "name",
                 NAME_LEN_MAX, quote(names_stowed(a->identity), q));
        return false;
    }
    if (!names_add_hashed(&r->fleet->names, a->mail_from, a->mail_from_hash, &c->mail_from))
        raw_fail(r, ERR_NOMEM, "no memory for the names of the manifest");
    return r->err == OK;
}

/* A pattern of owners counts for more than the defaults, and less than the entry's own. */
static bool owner_end(struct raw *r, const struct ahead *a, struct choice *c)
{
    struct fleet *f = r->fleet;
    struct policy policy = f->policies[c->policy];
    const struct raw_owner *owner = c->mail_from == MAIL_FROM_DEFAULT || a->has_own_owner
                                        ? NULL
                                        : owner_of_name(r, names_text(&f->names, c->mail_from));
    if (!owner || owner->contact == NAME_NONE)
        return true;
    policy.owner = owner->contact;
    policy.records_format =
        owner->format != NAME_NONE ? owner->format : owner_format(r, owner->contact);
    if (!fleet_policy(f, policy, &c->policy))
        raw_fail(r, ERR_LIMIT, "more than 65535 different settings");
    return r->err == OK;
}

/* The existing row of this identity in this lane, or the free slot for a new row. */
static uint32_t slot_of(const struct vet *v, const struct choice *c)
{
    const struct choice *choices = v->raw->fleet->choices;
    uint64_t block = siphash_pair(v->raw->fleet->names.key, c->lane, c->identity / BLOCK);
    uint32_t i = ((uint32_t)block * BLOCK + c->identity % BLOCK) & v->seen_mask;
    for (; v->seen[i]; i = (i + 1) & v->seen_mask) {
        const struct choice *other = &choices[v->seen[i] - 1];
        if (other->identity == c->identity && other->lane == c->lane)
            break;
    }
    return i;
}

/* Most fleets have each identity once, and their names tell: what is new among the names is new
 * among the identities. The table is made when a name comes that is known. */
static bool seen_make(struct vet *v)
{
    const struct fleet *f = v->raw->fleet;
    v->seen = calloc((size_t)v->seen_mask + 1, sizeof *v->seen);
    for (uint32_t row = 0; v->seen && row < f->choices_len; row++)
        v->seen[slot_of(v, &f->choices[row])] = row + 1;
    if (!v->seen)
        raw_fail(v->raw, ERR_NOMEM, "no memory to vet the manifest");
    return v->seen != NULL;
}

static void complain_of_double(struct raw *r, const struct choice *c, uint32_t row)
{
    const struct fleet *f = r->fleet;
    const struct choice *first = &f->choices[row];
    char name[QUOTE_LEN], account[QUOTE_LEN];
    complain(r, (struct source_place){c->file, c->line, c->column},
             "%s in account %s, Region " TEXT_FMT " stands in " TEXT_FMT ":%u:%u already",
             quote(names_text(&f->names, c->identity), name),
             quote(fleet_account_name(f, row), account), TEXT_ARG(fleet_region(f, row)),
             TEXT_ARG(f->files[first->file]), first->line, first->column);
}

/* Turns the oldest choice on its way into a row or a complaint. */
static void choice_end(struct vet *v)
{
    struct raw *r = v->raw;
    struct names *names = &r->fleet->names;
    const struct ahead *a = &v->ahead[v->ended++ % VET_AHEAD];
    struct choice c = a->choice;
    uint32_t slot = 0, number, known = names->len;
    if (!names_adopt(names, a->identity, a->identity_hash, &c.identity)) {
        raw_fail(r, ERR_NOMEM, "no memory for the names of the manifest");
        return;
    }
    if (names->len == known && !v->seen && !seen_make(v))
        return;
    if (v->seen)
        slot = slot_of(v, &c);
    if (v->seen && v->seen[slot])
        complain_of_double(r, &c, v->seen[slot] - 1);
    else if (mail_from_end(r, a, &c) && owner_end(r, a, &c)) {
        if (!fleet_choice(r->fleet, c, &number))
            raw_fail(r, ERR_NOMEM, "no memory for the rows of the fleet");
        else if (v->seen)
            v->seen[slot] = number + 1;
    }
}

static name_id wanted_of(const struct raw_row *row, const struct resolved *s)
{
    return row->mail_from != NAME_NONE ? row->mail_from : s->mail_from;
}

static bool is_template(const struct fleet *f, const struct raw_row *row, const struct resolved *s)
{
    return row->mail_from == NAME_NONE ? s->is_template
                                       : template_is(names_text(&f->names, row->mail_from));
}

/* Counts a row's choices; complains of an incomplete entry. The names that a row will bring are
 * counted too: as a rule no fewer. */
static uint64_t row_count(struct vet *v, const struct raw_row *row, uint32_t *names)
{
    struct raw *r = v->raw;
    const struct resolved *s = vet_settings(v, row->settings);
    if (!s)
        return 0;
    if (s->missing)
        complain(r, (struct source_place){s->file, row->line, row->column}, "%s", s->missing);
    *names += 1u + is_template(r->fleet, row, s);
    return s->lanes_len;
}

static uint64_t rows_count(struct vet *v, uint32_t *names)
{
    uint64_t count = 0;
    *names = 0;
    for (const struct raw_rows *b = v->raw->rows; b; b = b->next)
        for (uint32_t i = 0; i < b->len && v->raw->err == OK; i++)
            count += row_count(v, &b->at[i], names);
    return count;
}

static bool vet_init(struct vet *v, struct raw *r)
{
    v->raw = r;
    v->resolved = calloc(r->settings.len, sizeof *v->resolved);
    if (!v->resolved) {
        raw_fail(r, ERR_NOMEM, "no memory to vet the manifest");
        return false;
    }
    uint32_t names;
    uint64_t rows = rows_count(v, &names), slots = BLOCK;
    if (rows > IDENTITIES_MAX)
        raw_fail(r, ERR_LIMIT, "more than 4,000,000 identities");
    else if (r->err == OK && !names_reserve(&r->fleet->names, names))
        raw_fail(r, ERR_NOMEM, "no memory for the names of the manifest");
    while (slots < rows * 2)
        slots *= 2;
    v->seen_mask = (uint32_t)slots - 1;
    return r->err == OK;
}

static void row_begin(struct vet *v, const struct raw_row *row)
{
    const struct resolved *s = vet_settings(v, row->settings);
    struct fleet *f = v->raw->fleet;
    struct text identity = names_stowed(row->identity);
    uint32_t hash = names_hash(&f->names, identity);
    names_prefetch(&f->names, hash);
    for (uint32_t k = 0; k < s->lanes_len && v->raw->err == OK; k++) {
        if (v->begun - v->ended == VET_AHEAD)
            choice_end(v);
        struct ahead *a = &v->ahead[v->begun++ % VET_AHEAD];
        a->choice = (struct choice){.lane = v->lanes[s->lanes_at + k],
                                    .policy = s->policy,
                                    .file = s->file,
                                    .type = (uint8_t)identity_type_of(identity),
                                    .line = row->line,
                                    .column = row->column};
        a->has_own_owner = s->has_own_owner;
        a->identity = row->identity;
        a->identity_hash = hash;
        a->wanted = wanted_of(row, s);
        a->is_template = is_template(f, row, s);
        mail_from_begin(f, a);
    }
}

static void rows_vet(struct vet *v)
{
    struct raw *r = v->raw;
    for (; r->rows && r->err == OK; raw_rows_drop(r))
        for (uint32_t i = 0; i < r->rows->len && r->err == OK; i++)
            row_begin(v, &r->rows->at[i]);
    while (v->ended < v->begun && r->err == OK)
        choice_end(v);
}

void vet_fleet(struct raw *r)
{
    vet_defaults(r);
    vet_organization(r);
    vet_accounts(r);
    vet_providers(r);
    if (r->err != OK)
        return;
    if (r->options->every_account)
        vet_every_account(r);
    else if (!r->identities_named && r->complaints->len == 0)
        complain(
            r, (struct source_place){0},
            "no identities%s: expected one of the keys identities, identities_from and include",
            r->organization.at.line || (r->accounts_len && r->accounts[0].at.line)
                ? ", and accounts alone are for discover --manifest"
                : "");
    struct vet *v = calloc(1, sizeof *v); /* too large for a small stack */
    if (!v) {
        raw_fail(r, ERR_NOMEM, "no memory to vet the manifest");
        return;
    }
    if (vet_init(v, r))
        rows_vet(v);
    free(v->resolved);
    free(v->lanes);
    free(v->seen);
    free(v);
    bool may_be_empty = r->options->every_account || r->options->allow_empty;
    if (r->err == OK && r->fleet->choices_len == 0 && r->complaints->len == 0 && !may_be_empty)
        complain(
            r, (struct source_place){0},
            "found no identities at all, expected one at least; --allow-empty is for a manifest "
            "that is empty on purpose");
}
