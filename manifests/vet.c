/*
 * Entries become rows of the fleet: one per Region, with the MAIL FROM filled in, and no identity
 * twice in one account and Region.
 *
 * The table of what was seen is made for speed: identities that were read one after the other have
 * neighbouring numbers, so a block of BLOCK of them lies in one cache line.
 */
#include "hash.h"
#include "raw.h"

#include <stdlib.h>

#define BLOCK 16u /* 4-byte slots of a cache line */

static uint32_t slot_of(const struct vet *v, uint16_t lane, name_id identity)
{
    uint64_t block = hash_mix(lane, identity / BLOCK);
    return ((uint32_t)block * BLOCK + identity % BLOCK) & v->seen_mask;
}

/* The row that has this identity in this lane already, or the free slot for it. */
static bool seen_find(const struct vet *v, const struct choice *c, uint32_t *slot)
{
    const struct choice *choices = v->raw->fleet->choices;
    uint32_t i = slot_of(v, c->lane, c->identity);
    for (; v->seen[i]; i = (i + 1) & v->seen_mask) {
        const struct choice *other = &choices[v->seen[i] - 1];
        if (other->identity == c->identity && other->lane == c->lane)
            break;
    }
    *slot = i;
    return v->seen[i] != 0;
}

static void complain_of_twin(struct vet *v, const struct choice *c, uint32_t row)
{
    struct raw *r = v->raw;
    const struct fleet *f = r->fleet;
    const struct choice *first = &f->choices[row];
    char name[QUOTE_LEN], account[QUOTE_LEN];
    complain(r, (struct place){c->file, c->line, c->column},
             "%s in account %s, Region " TEXT_FMT " stands in " TEXT_FMT ":%u:%u already",
             quote(names_text(&f->names, c->identity), name),
             quote(fleet_account_name(f, row), account), TEXT_ARG(fleet_region(f, row)),
             TEXT_ARG(f->files[first->file]), first->line, first->column);
}

/* The MAIL FROM of a choice whose lane and identity are known. */
static bool fill_mail_from(struct raw *r, name_id wanted, struct choice *c)
{
    char filled[NAME_LEN_MAX + 1], normal[NAME_LEN_MAX + 1], q[QUOTE_LEN];
    struct fleet *f = r->fleet;
    struct text name = names_text(&f->names, wanted);
    c->mail_from = wanted;
    if (!template_is(name))
        return true; /* in its normal form since it was read */
    struct text domain = identity_domain(names_text(&f->names, c->identity));
    struct text region = names_text(&f->names, f->lanes[c->lane].region);
    if (!template_fill(name, domain, region, filled, &name)) {
        complain(r, (struct place){c->file, c->line, c->column},
                 "mail_from: found more than %d bytes for %s once it is filled in, expected a host "
                 "name",
                 NAME_LEN_MAX, quote(names_text(&f->names, c->identity), q));
        return false;
    }
    return raw_name(r, host_normal(name, normal), &c->mail_from);
}

static void row_vet(struct vet *v, const struct raw_row *row, const struct resolved *s)
{
    struct raw *r = v->raw;
    struct choice c = {
        .identity = row->identity,
        .policy = s->policy,
        .file = s->file,
        .type = (uint8_t)identity_type_of(names_text(&r->fleet->names, row->identity)),
        .line = row->line,
        .column = row->column,
    };
    name_id wanted = row->mail_from != NAME_NONE ? row->mail_from : s->mail_from;
    for (uint32_t i = 0; i < s->lanes_len && r->err == OK; i++) {
        uint32_t slot, number;
        c.lane = v->lanes[s->lanes_at + i];
        if (seen_find(v, &c, &slot))
            complain_of_twin(v, &c, v->seen[slot] - 1);
        else if (fill_mail_from(r, wanted, &c)) {
            if (fleet_choice(r->fleet, c, &number))
                v->seen[slot] = number + 1;
            else
                raw_fail(r, ERR_NOMEM, "no memory for the rows of the fleet");
        }
    }
}

/* How many rows the fleet will have; complains of entries that lack something. */
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
            complain(r, (struct place){s->file, row->line, row->column}, "%s", s->missing);
        count += s->lanes_len;
    }
    return count;
}

static bool vet_init(struct vet *v, struct raw *r)
{
    *v = (struct vet){.raw = r};
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

static void vet_clear(struct vet *v)
{
    free(v->resolved);
    free(v->lanes);
    free(v->seen);
}

void vet_fleet(struct raw *r)
{
    struct vet v;
    vet_defaults(r);
    vet_accounts(r);
    if (r->err != OK)
        return;
    if (r->options->every_account)
        vet_every_account(r);
    else if (!r->identities_named && r->complaints->len == 0)
        complain(r, (struct place){0},
                 "no identities: expected one of the keys identities, identities_from and include");
    if (vet_init(&v, r))
        for (uint32_t i = 0; i < r->rows_len && r->err == OK; i++)
            row_vet(&v, &r->rows[i], vet_settings(&v, r->rows[i].settings));
    vet_clear(&v);
}
