/*
 * Picks the entries of the manifest from the inventory.
 *
 * An unverified identity becomes a comment, since plan would refuse the entry. A FAILED set-up
 * becomes a comment too, since plan would restart the set-up, and a manifest of the present state
 * must not ask for changes. With --mail-from a FAILED set-up is an entry: changes are wanted then.
 */
#include "base/bounds.h"
#include "base/dname.h"
#include "base/escape.h"
#include "base/plural.h"
#include "discover.h"
#include "manifests/value.h"
#include "model/region.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the user's options ----------------------------------------------------------------------- */

bool discover_wants(void *ctx, struct text identity)
{
    struct discover *d = ctx;
    char name[NAME_LEN_MAX + 1];
    snprintf(name, sizeof name, TEXT_FMT, TEXT_ARG(identity));
    return selection_takes_name(d->config->selection, name, &d->met);
}

static bool has_tag(const struct inventory_row *row, struct text wish)
{
    struct text value = wish, key = text_cut(&value, '=');
    for (uint32_t i = 0; i < row->tags_len; i++)
        if (text_eq(row->tags[i].key, key) && (!value.at || text_eq(row->tags[i].value, value)))
            return true;
    return false;
}

static bool is_wanted(const struct discover_config *c, const struct inventory_row *row)
{
    bool is_gone = (row->known & KNOWN_VERIFICATION) && row->verification == VERIFICATION_NONE;
    for (size_t i = 0; row->known && i < c->tags.len; i++)
        if (!has_tag(row, text_of(c->tags.items[i])))
            return false;
    return !is_gone;
}

/* SES takes a name below the identity's domain and no other. */
static bool template_is_below(struct text t)
{
    const struct text end = TEXT(".{domain}");
    return text_eq(t, TEXT("default")) || (template_fault(t) == t.len && name_check(t) == NAME_OK &&
                                           text_ends(t, end) && t.len > end.len);
}

enum err discover_vet(const struct discover_config *c, struct why *why)
{
    if (c->all_profiles && (c->profiles.len || c->manifest))
        return why_set(why, ERR_INPUT, "--all-profiles needs neither --profile nor --manifest");
    if (c->replace && !c->mail_from)
        return why_set(why, ERR_INPUT, "--replace needs --mail-from");
    if (c->mail_from && !template_is_below(text_of(c->mail_from)))
        return why_set(why, ERR_INPUT,
                       "--mail-from takes a name below the identity's domain, such as "
                       "bounce.{domain} or {region}.mail.{domain}, or default, not \"%s\"",
                       c->mail_from);
    return OK;
}

/* --- the kind of an identity ------------------------------------------------------------------ */

static struct text template_filled(const struct discover *d, const struct found *f,
                                   char out[NAME_LEN_MAX + 1])
{
    struct text filled = TEXT_NONE;
    struct text domain = identity_domain(f->row->identity);
    /* The template of the defaults, or nothing: the default MAIL FROM. */
    struct text t = text_of(d->config->mail_from);
    template_fill(text_eq(t, TEXT("default")) ? TEXT_NONE : t, domain, discover_region(d, f->lane),
                  out, &filled);
    return filled;
}

struct text found_mail_from(const struct discover *d, const struct found *f,
                            char out[NAME_LEN_MAX + 1])
{
    return f->names_its_own ? f->row->mail_from : template_filled(d, f, out);
}

static bool is_unfit(const struct found *f)
{
    struct text rest = f->row->identity;
    uint32_t code;
    if (identity_check(f->row->identity) != NAME_OK ||
        (f->row->mail_from.len && name_check(f->row->mail_from) != NAME_OK))
        return true;
    for (size_t len; rest.len; rest = text_from(rest, len))
        if ((len = utf8_next(rest, &code)) == 0)
            return true;
    return false;
}

static enum found_how how_of(const struct discover *d, const struct found *f)
{
    const struct inventory_row *row = f->row;
    const unsigned needed = KNOWN_VERIFICATION | KNOWN_MAIL_FROM;
    char filled[NAME_LEN_MAX + 1];
    if (is_unfit(f))
        return FOUND_UNFIT;
    if ((row->known & needed) != needed)
        return FOUND_UNREAD;
    if (row->verification != VERIFICATION_SUCCESS)
        return FOUND_UNVERIFIED;
    bool stays = dname_eq(found_mail_from(d, f, filled), row->mail_from);
    if (stays && row->status == MAIL_FROM_FAILED)
        return d->config->mail_from ? FOUND_PROPOSED : FOUND_FAILED;
    return stays ? FOUND_AS_IS : FOUND_PROPOSED;
}

/* The template is for identities without MAIL FROM, or for all; the present MAIL FROM may equal the
   template. */
static bool names_its_own(const struct discover *d, const struct found *f)
{
    char filled[NAME_LEN_MAX + 1];
    return f->row->mail_from.len && !d->config->replace &&
           !dname_eq(template_filled(d, f, filled), f->row->mail_from);
}

static void sum_add(struct found_lane *sum, const struct found *f)
{
    const struct inventory_row *row = f->row;
    sum->len++;
    sum->by_how[f->how]++;
    sum->verified += row->verification == VERIFICATION_SUCCESS;
    sum->forwarding += row->forwarding;
    sum->forwarding_known += (row->known & KNOWN_FORWARDING) != 0;
    sum->custom += row->mail_from.len > 0;
    if (row->mail_from.len)
        sum->by_status[row->status]++;
}

/* --- the list --------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return text_cmp(((const struct found *)a)->row->identity,
                    ((const struct found *)b)->row->identity);
}

/* A name changed by reading a manifest: a U-label becomes an A-label, capitals become small
 * letters. */
struct identity_spelling {
    struct found *found;
    struct text normal; /* in the arena of the discovery */
};

static int by_normal(const void *a, const void *b)
{
    const struct identity_spelling *x = a, *y = b;
    int order = text_cmp(x->normal, y->normal);
    return order ? order : text_cmp(x->found->row->identity, y->found->row->identity);
}

static const struct found *found_find(const struct found *list, uint32_t len, struct text name)
{
    struct inventory_row row = {.identity = name};
    struct found key = {.row = &row};
    return bsearch(&key, list, len, sizeof *list, by_name);
}

/* Of several spellings of one name, the one in normal form is the entry, or else the first. *list
 * is sorted, each name once. False: out of memory. */
static bool same_mark(struct discover *d, struct found *list, uint32_t len)
{
    char normal[NAME_LEN_MAX + 1];
    struct identity_spelling *others = calloc(len + 1u, sizeof *others);
    uint32_t others_len = 0;
    bool good = others != NULL;
    for (uint32_t i = 0; good && i < len; i++) {
        struct text name = list[i].row->identity;
        struct text t = name.len <= NAME_LEN_MAX ? identity_normal(name, normal) : name;
        if (text_eq(t, name))
            continue;
        others[others_len++] = (struct identity_spelling){&list[i], arena_text(&d->memory, t)};
        good = others[others_len - 1].normal.at != NULL;
    }
    if (good && others_len)
        qsort(others, others_len, sizeof *others, by_normal);
    for (uint32_t i = 0; good && i < others_len; i++)
        if ((i && text_eq(others[i].normal, others[i - 1].normal)) ||
            found_find(list, len, others[i].normal))
            others[i].found->how = FOUND_SAME;
    free(others);
    return good;
}

/* Of an address: is neither its domain nor one above it a verified identity of the lane? */
static bool is_foreign(const struct found *list, uint32_t len, struct text identity)
{
    char lower[DNAME_LEN_MAX + 1];
    struct text domain;
    if (identity_type_of(identity) != IDENTITY_EMAIL_ADDRESS ||
        !dname_normalize(identity_domain(identity), lower, &domain))
        return false;
    for (; domain.len; domain = dname_parent(domain)) {
        const struct found *owner = found_find(list, len, domain);
        if (owner && owner->row->verification == VERIFICATION_SUCCESS)
            return false;
    }
    return true;
}

/* A MAIL FROM that is proposed needs records that only the owner of the domain can publish. Where
 * some identities were not asked for, their domains may be among those. */
static void foreign_mark(const struct discover *d, struct found *list, uint32_t len)
{
    const struct discover_config *c = d->config;
    bool by_name = selection_has(c->selection, SELECT_ONLY) ||
                   selection_has(c->selection, SELECT_EXCLUDE) || c->tags.len;
    if (!c->mail_from || by_name)
        return;
    for (uint32_t i = 0; i < len; i++)
        if (list[i].how == FOUND_PROPOSED && !list[i].names_its_own &&
            is_foreign(list, len, list[i].row->identity))
            list[i].how = FOUND_FOREIGN;
}

/* SES may list an identity twice when the list moves between two pages. */
static bool lane_pick(struct discover *d, uint16_t lane)
{
    struct found_lane *sum = &d->by_lane[lane];
    struct found *list = d->found + d->found_len;
    uint32_t len = 0, kept = 0;
    sum->first = d->found_len;
    for (uint32_t i = 0; i < inventory_lane(d->inventory, lane)->rows_len; i++) {
        const struct inventory_row *row = inventory_row(d->inventory, lane, i);
        if (is_wanted(d->config, row))
            list[len++] = (struct found){.row = row, .lane = lane};
    }
    qsort(list, len, sizeof *list, by_name);
    for (uint32_t i = 0; i < len; i++) {
        struct found f = list[i];
        if (kept && text_eq(list[kept - 1].row->identity, f.row->identity))
            continue;
        f.names_its_own = names_its_own(d, &f);
        f.how = (uint8_t)how_of(d, &f);
        list[kept++] = f;
    }
    bool good = same_mark(d, list, kept);
    foreign_mark(d, list, kept);
    for (uint32_t i = 0; i < kept; i++)
        sum_add(sum, &list[i]);
    d->found_len += kept;
    return good;
}

/* The first ones of all lanes, as --limit says. */
static void limit_take(struct discover *d)
{
    uint32_t limit = d->config->selection->limit;
    for (uint32_t lane = 0; limit && lane < d->fleet.lanes_len; lane++) {
        const struct found_lane whole = d->by_lane[lane];
        uint32_t room = limit > whole.first ? limit - whole.first : 0;
        d->by_lane[lane] = (struct found_lane){.first = whole.first, .is_twin = whole.is_twin};
        for (uint32_t i = 0; i < whole.len && i < room; i++)
            sum_add(&d->by_lane[lane], &d->found[whole.first + i]);
    }
    if (limit && limit < d->found_len)
        d->found_len = limit;
}

/* Of each pattern without an identity a note; ERR_INPUT: there were identities, and none is meant.
 */
static enum err patterns_tell(const struct discover *d, struct why *why)
{
    const struct selection *s = d->config->selection;
    uint32_t listed = 0;
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        listed += inventory_lane(d->inventory, i)->listed;
    for (uint32_t v = 0; v < s->len && listed; v++) {
        enum selection_kind kind = s->values[v].kind;
        if ((kind == SELECT_ONLY || kind == SELECT_EXCLUDE) && d->met.hits[v] == 0)
            notice_note(&d->notices, "note: --%s %s fits no identity that was listed",
                        selection_option(kind), s->values[v].given);
    }
    bool by_name = selection_has(s, SELECT_ONLY) || selection_has(s, SELECT_EXCLUDE);
    return listed && d->found_len == 0 && by_name
               ? why_set(why, ERR_INPUT,
                         "--only and --exclude leave none of the %u identities that were listed",
                         listed)
               : OK;
}

/* Two profiles may lead to one account: the identities are listed once. */
static bool is_twin(const struct discover *d, uint32_t lane)
{
    const struct lane *l = &d->fleet.lanes[lane];
    const char *number = inventory_account(d->inventory, l->account)->number;
    for (uint32_t i = 0; *number && i < lane; i++) {
        const struct lane *other = &d->fleet.lanes[i];
        if (other->region == l->region && discover_has_lane(d, i) &&
            strcmp(inventory_account(d->inventory, other->account)->number, number) == 0)
            return true;
    }
    return false;
}

enum err discover_pick(struct discover *d, struct why *why)
{
    size_t rows = 1;
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        rows += inventory_lane(d->inventory, i)->rows_len;
    d->by_lane = calloc(d->fleet.lanes_len + 1, sizeof *d->by_lane);
    d->found = calloc(rows, sizeof *d->found);
    if (!d->by_lane || !d->found)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++) {
        d->by_lane[i].is_twin = is_twin(d, i);
        if (discover_has_lane(d, i) && !lane_pick(d, (uint16_t)i))
            return why_set(why, ERR_NOMEM, "out of memory");
    }
    enum err err = patterns_tell(d, why);
    if (err == OK)
        limit_take(d);
    return err;
}

/* --- words ------------------------------------------------------------------------------------ */

/* A lane of the same account that was read; the number of lanes: there is none. */
static uint32_t lane_read(const struct discover *d, uint32_t lane)
{
    uint32_t i = 0;
    while (i < d->fleet.lanes_len && (d->fleet.lanes[i].account != d->fleet.lanes[lane].account ||
                                      inventory_lane(d->inventory, i)->phase != INVENTORY_DONE))
        i++;
    return i;
}

static bool is_off(const struct discover *d, uint32_t lane)
{
    const struct inventory_lane *l = inventory_lane(d->inventory, lane);
    return l->phase == INVENTORY_REFUSED && l->no_keys &&
           region_is_opt_in(discover_region(d, lane));
}

bool discover_asks_every_region(const struct discover *d, uint32_t lane)
{
    return selection_is_every(d->config->selection, SELECT_REGION) ||
           d->fleet.accounts[d->fleet.lanes[lane].account].every_region;
}

bool discover_is_disabled(const struct discover *d, uint32_t lane)
{
    return discover_asks_every_region(d, lane) && is_off(d, lane) &&
           lane_read(d, lane) < d->fleet.lanes_len;
}

void discover_refusal(const struct discover *d, uint32_t lane, struct why *why)
{
    const struct inventory_lane *l = inventory_lane(d->inventory, lane);
    uint32_t other = is_off(d, lane) ? lane_read(d, lane) : d->fleet.lanes_len;
    const char *number = inventory_account(d->inventory, d->fleet.lanes[lane].account)->number;
    if (other == d->fleet.lanes_len) {
        why_set(why, ERR_AUTH, "%s%s", l->reason, is_off(d, lane) ? REGION_OFF_DOUBT : "");
        return;
    }
    const struct region_off off = {discover_region(d, lane),
                                   *number ? text_of(number) : discover_account(d, lane),
                                   l->no_keys, discover_region(d, other)};
    lanes_region_off(&off, l->sts_refused ? "STS" : "SES", why);
}

bool discover_has_lane(const struct discover *d, uint32_t lane)
{
    return inventory_lane(d->inventory, lane)->phase == INVENTORY_DONE && !d->by_lane[lane].is_twin;
}

bool discover_shows_lane(const struct discover *d, uint32_t lane)
{
    bool is_of_all = discover_asks_every_region(d, lane) && d->found_len;
    return discover_has_lane(d, lane) && (d->by_lane[lane].len || !is_of_all);
}

#define LOST_SHOWN 3 /* Regions that are named */

/* Could it not be read, though the account may have enabled the Region? *why: perhaps empty. */
static bool is_lost(const struct discover *d, uint32_t lane, struct why *why)
{
    *why = (struct why){""};
    if (discover_has_lane(d, lane) || d->by_lane[lane].is_twin || discover_is_disabled(d, lane))
        return false;
    discover_refusal(d, lane, why);
    return true;
}

/* The next lane from `lane` on, before `end`, that is lost like another of its account; end: none.
 */
static uint32_t lost_alike(const struct discover *d, uint32_t lane, uint32_t end, uint16_t account,
                           const struct why *why)
{
    struct why each;
    while (lane < end && (d->fleet.lanes[lane].account != account || !is_lost(d, lane, &each) ||
                          strcmp(each.text, why->text) != 0))
        lane++;
    return lane;
}

bool discover_tells_lane(const struct discover *d, uint32_t lane)
{
    struct why why;
    if (discover_has_lane(d, lane))
        return discover_shows_lane(d, lane);
    if (d->by_lane[lane].is_twin)
        return true;
    return is_lost(d, lane, &why) &&
           lost_alike(d, 0, lane, d->fleet.lanes[lane].account, &why) == lane;
}

void discover_lane_add(const struct discover *d, uint32_t lane, struct buf *out)
{
    struct why why;
    struct buf regions;
    uint32_t len = 0, end = d->fleet.lanes_len;
    uint16_t account = d->fleet.lanes[lane].account;
    if (!is_lost(d, lane, &why)) {
        buf_add_fmt(out, ", Region " TEXT_FMT "%s", TEXT_ARG(discover_region(d, lane)),
                    d->by_lane[lane].is_twin ? ": the same as one above" : "");
        return;
    }
    buf_init(&regions, LINE_LEN_MAX);
    for (uint32_t i = lane; i < end; i = lost_alike(d, i + 1, end, account, &why))
        if (len++ < LOST_SHOWN)
            buf_add_fmt(&regions, "%s" TEXT_FMT, regions.len ? ", " : "",
                        TEXT_ARG(discover_region(d, i)));
    buf_add_fmt(out, ", %s " TEXT_FMT, plural(len, "Region", "Regions"),
                TEXT_ARG(buf_text(&regions)));
    if (len > LOST_SHOWN)
        buf_add_fmt(out, " and %u more", len - LOST_SHOWN);
    buf_add_str(out, why.text[0] ? ": could not be read: " : ": could not be read");
    escape_terminal(out, text_of(why.text));
    buf_spend(&regions, out);
}

bool found_is_entry(const struct found *f)
{
    return f->how == FOUND_AS_IS || f->how == FOUND_PROPOSED;
}

struct text discover_account(const struct discover *d, uint32_t lane)
{
    return names_text(&d->fleet.names, d->fleet.accounts[d->fleet.lanes[lane].account].name);
}

struct text discover_region(const struct discover *d, uint32_t lane)
{
    return names_text(&d->fleet.names, d->fleet.lanes[lane].region);
}

const char *found_reason(const struct found *f, char out[FOUND_REASON_LEN])
{
    enum name_fault fault = identity_check(f->row->identity);
    const char *word = verification_name((enum verification)f->row->verification);
    char normal[NAME_LEN_MAX + 1];
    out[0] = '\0';
    if (f->how == FOUND_UNVERIFIED)
        snprintf(out, FOUND_REASON_LEN, "not verified: %s", word);
    if (f->how == FOUND_FAILED)
        snprintf(out, FOUND_REASON_LEN, "its set-up FAILED: as an entry, apply starts it again");
    if (f->how == FOUND_UNREAD)
        snprintf(out, FOUND_REASON_LEN, "SES does not tell about it");
    if (f->how == FOUND_FOREIGN)
        snprintf(out, FOUND_REASON_LEN,
                 "its domain is no verified identity here: only its owner can publish the records");
    if (f->how == FOUND_SAME)
        snprintf(out, FOUND_REASON_LEN, "a manifest takes it for %.200s, which stands here too",
                 text_is_visible(identity_normal(f->row->identity, normal)) ? normal : "another");
    if (f->how == FOUND_UNFIT)
        snprintf(out, FOUND_REASON_LEN, "no manifest can hold it: %s",
                 fault == NAME_OK ? "it is not text in UTF-8" : name_fault_text(fault));
    return out;
}
