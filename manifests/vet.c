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

#include <assert.h>
#include <stdlib.h>

#define BLOCK 16u /* 4-byte slots of a cache line */

/* The MAIL FROM of a choice with a known lane, as far as possible without the table. */
static void mail_from_begin(const struct fleet *f, struct ahead *a)
{
    struct text name = names_text(&f->names, a->wanted), filled;
    a->is_template = template_is(name);
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

/* Turns the oldest choice on its way into a row or a complaint. */
static void choice_end(struct vet *v)
{
    struct raw *r = v->raw;
    const struct ahead *a = &v->ahead[v->ended++ % VET_AHEAD];
    struct choice c = a->choice;
    uint32_t slot, number;
    if (!names_adopt(&r->fleet->names, a->identity, a->identity_hash, &c.identity)) {
        raw_fail(r, ERR_NOMEM, "no memory for the names of the manifest");
        return;
    }
    /* The existing row of this identity in this lane, or the free slot for a new row. */
    const struct choice *choices = v->raw->fleet->choices;
    uint64_t block = siphash_pair(v->raw->fleet->names.key, c.lane, c.identity / BLOCK);
    uint32_t i = ((uint32_t)block * BLOCK + c.identity % BLOCK) & v->seen_mask;
    for (; v->seen[i]; i = (i + 1) & v->seen_mask) {
        const struct choice *other = &choices[v->seen[i] - 1];
        if (other->identity == c.identity && other->lane == c.lane)
            break;
    }
    slot = i;
    if (v->seen[i] != 0) {
        uint32_t row = v->seen[slot] - 1;
        const struct fleet *f = r->fleet;
        const struct choice *first = &f->choices[row];
        char name[QUOTE_LEN], account[QUOTE_LEN];
        complain(r, (struct source_place){c.file, c.line, c.column},
                 "%s in account %s, Region " TEXT_FMT " stands in " TEXT_FMT ":%u:%u already",
                 quote(names_text(&f->names, c.identity), name),
                 quote(fleet_account_name(f, row), account), TEXT_ARG(fleet_region(f, row)),
                 TEXT_ARG(f->files[first->file]), first->line, first->column);
    } else if (mail_from_end(r, a, &c) && owner_end(r, a, &c)) {
        if (fleet_choice(r->fleet, c, &number))
            v->seen[slot] = number + 1;
        else
            raw_fail(r, ERR_NOMEM, "no memory for the rows of the fleet");
    }
}

/* Counts the rows of the fleet; complains of incomplete entries. */
static uint64_t rows_count(struct vet *v)
{
    struct raw *r = v->raw;
    uint64_t count = 0;
    for (uint32_t i = 0; i < r->rows_len; i++) {
        const struct raw_row *row = &r->rows[i];
        const struct resolved *s = vet_settings(v, row->settings);
        if (!s)
            return 0;
        if (s->missing)
            complain(r, (struct source_place){s->file, row->line, row->column}, "%s", s->missing);
        count += s->lanes_len;
    }
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
    uint64_t rows = rows_count(v), slots = BLOCK;
    if (rows > IDENTITIES_MAX)
        raw_fail(r, ERR_LIMIT, "more than 4,000,000 identities");
    while (slots < rows * 2)
        slots *= 2;
    v->seen = r->err == OK ? calloc(slots, sizeof *v->seen) : NULL;
    v->seen_mask = (uint32_t)slots - 1;
    if (!v->seen)
        raw_fail(r, ERR_NOMEM, "no memory to vet the manifest");
    return r->err == OK;
}

static void rows_vet(struct vet *v)
{
    const struct raw *r = v->raw;
    assert(v->seen);
    for (uint32_t i = 0; i < r->rows_len && r->err == OK; i++) {
        const struct resolved *s = vet_settings(v, r->rows[i].settings);
        struct names *names = &v->raw->fleet->names;
        struct text identity = names_stowed(r->rows[i].identity);
        uint32_t hash = names_hash(names, identity);
        names_prefetch(names, hash);
        for (uint32_t k = 0; k < s->lanes_len && v->raw->err == OK; k++) {
            if (v->begun - v->ended == VET_AHEAD)
                choice_end(v);
            struct ahead *a = &v->ahead[v->begun++ % VET_AHEAD];
            a->choice = (struct choice){.lane = v->lanes[s->lanes_at + k],
                                        .policy = s->policy,
                                        .file = s->file,
                                        .type = (uint8_t)identity_type_of(identity),
                                        .line = r->rows[i].line,
                                        .column = r->rows[i].column};
            a->has_own_owner = s->has_own_owner;
            a->identity = r->rows[i].identity;
            a->identity_hash = hash;
            a->wanted = r->rows[i].mail_from != NAME_NONE ? r->rows[i].mail_from : s->mail_from;
            mail_from_begin(v->raw->fleet, a);
        }
    }
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
