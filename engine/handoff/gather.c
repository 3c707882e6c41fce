/*
 * Gathers the record sets of a fleet. Invariant: entries are distinct by name; each lies at or
 * below its zone.
 */
#include "gather.h"

#include "rules/judge.h"
#include "rules/spf_merge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MX_PREFERENCE 10 /* as in SES's documentation; any value works */

void records_gather_init(struct records_gather *g, const struct handoff_config *config,
                         const struct fleet *f, const struct suffix_list *suffixes)
{
    *g = (struct records_gather){.config = config, .fleet = f, .suffixes = suffixes};
    arena_init(&g->arena, SIZE_MAX);
    g->no_memory = !names_init(&g->words, NAMES_BYTES_MAX);
}

void records_gather_clear(struct records_gather *g)
{
    free(g->entries);
    free(g->of_name);
    free(g->items);
    free(g->warned);
    names_clear(&g->words);
    arena_clear(&g->arena);
}

__attribute__((format(printf, 2, 0))) static void note_tell(const struct records_gather *g,
                                                            const char *fmt, va_list ap)
{
    char line[WHY_LEN_MAX];
    vsnprintf(line, sizeof line, fmt, ap);
    notice_note(&g->config->notices, "%s", line);
}

void records_note(struct records_gather *g, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (g->notes++ < RECORDS_NOTES_MAX || g->config->verbose)
        note_tell(g, fmt, ap);
    va_end(ap);
}

void records_note_harmless(struct records_gather *g, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    g->harmless++;
    if (g->config->verbose)
        note_tell(g, fmt, ap);
    va_end(ap);
}

/* ---- zones ---- */

static enum err zones_read(struct records_gather *g, struct why *why)
{
    for (size_t i = 0; i < g->config->zones_len; i++) {
        const char *fault;
        struct text given = text_of(g->config->zones[i]);
        if (!idna_name_read(&g->arena, given, &g->zones[g->zones_len++], &fault))
            return why_set(why, ERR_INPUT, "--zone: \"" TEXT_FMT "\" is not a name: %s",
                           TEXT_ARG(text_slice(given, 0, 300)), fault);
    }
    return OK;
}

/* The longest --zone holding the name, or else the organizational domain. */
static void zone_find(const struct records_gather *g, struct records_entry *e, struct text name)
{
    size_t longest = 0;
    for (size_t i = 0; i < g->zones_len; i++) {
        struct text zone = g->zones[i];
        if (zone.len > longest && (dname_eq(name, zone) || dname_below(name, zone)))
            longest = zone.len;
    }
    e->zone_is_given = longest > 0;
    if (longest == 0)
        longest = suffix_registrable(g->suffixes, name).len;
    e->zone_len = (uint8_t)(longest ? longest : name.len);
}

/* ---- entries ---- */

struct text records_entry_region(const struct records_gather *g, const struct records_entry *e)
{
    return fleet_mx_region(g->fleet, e->row);
}

/* Another row shares the MAIL FROM. SES wants one MX for any number of Regions; dns.mx_region
 * chooses, or else the first row. */
static void entry_share(struct records_entry *e, const struct fleet *f, uint32_t row)
{
    if (fleet_policy_of(f, e->owner_row)->owner == NAME_NONE &&
        fleet_policy_of(f, row)->owner != NAME_NONE)
        e->owner_row = row;
    bool chose = fleet_policy_of(f, e->row)->mx_region != NAME_NONE;
    bool chooses = fleet_policy_of(f, row)->mx_region != NAME_NONE;
    if (chooses && !chose) {
        e->row = row;
        e->mixed = false;
    } else if (chooses == chose && !text_eq(fleet_mx_region(f, e->row), fleet_mx_region(f, row))) {
        e->mixed = true;
    }
}

static void row_note(struct records_gather *g, uint32_t row, const char *verdict,
                     const char *sentence)
{
    struct buf source;
    buf_init(&source, LINE_LEN_MAX);
    records_note(g, "%s " TEXT_FMT " (" TEXT_FMT "): %s", verdict,
                 TEXT_ARG(fleet_identity(g->fleet, row)),
                 TEXT_ARG(fleet_source(g->fleet, row, &source)), sentence);
    buf_clear(&source);
}

static bool row_is_meant(const struct records_gather *g, uint32_t row)
{
    return !g->config->keep || g->config->keep[row];
}

/* May records be published for it? What refuses the name would refuse the identity, and the zone of
 * another owner is not for whoever reads this. Of rows that are not meant nothing is told. */
static bool row_is_sound(struct records_gather *g, uint32_t row, struct text name)
{
    struct arena memory;
    struct judgement j = {.suffixes = g->suffixes,
                          .memory = &memory,
                          .feedback_host = text_of(g->config->access->feedback_host)};
    arena_init(&memory, JUDGEMENT_BYTES_MAX);
    judge_choice(&j, g->fleet, row, false);
    bool accepts = fleet_policy_of(g->fleet, row)->accept & FINDING_BIT(NOT_YOUR_DOMAIN);
    bool is_foreign = j.found & FINDING_BIT(NOT_YOUR_DOMAIN) && !accepts;
    bool is_sound = !j.errors && !is_foreign && dname_check(name) == DNAME_OK;
    if (is_sound && row_is_meant(g, row)) {
        /* What the rules warn of, once for a lane: it is of the Region. */
        struct finding_notes notes = judge_notes(&j);
        uint16_t lane = g->fleet->choices[row].lane;
        for (uint32_t i = 0; i < notes.len; i++) {
            if (notes.at[i].severity != SEVERITY_WARNING || notes.at[i].accepted || g->warned[lane])
                continue;
            g->warned[lane] = true;
            row_note(g, row, "records, with a warning, for", notes.at[i].text.at);
        }
    } else if (row_is_meant(g, row)) {
        g->refused++;
        row_note(g, row, "no records for",
                 j.errors     ? j.first_error
                 : is_foreign ? "anybody can have a mailbox at that domain, and only its owner can "
                                "publish records there; accept not-your-domain if that is you"
                              : "the MAIL FROM is not a host name");
    }
    arena_clear(&memory);
    return is_sound;
}

static void row_gather(struct records_gather *g, uint32_t row)
{
    const struct fleet *f = g->fleet;
    name_id name = f->choices[row].mail_from;
    if (name == MAIL_FROM_DEFAULT || !row_is_sound(g, row, names_text(&f->names, name)))
        return;
    if (g->of_name[name]) {
        entry_share(&g->entries[g->of_name[name] - 1], f, row);
        g->entries[g->of_name[name] - 1].is_meant |= row_is_meant(g, row);
        return;
    }
    struct records_entry *e = &g->entries[g->entries_len];
    *e = (struct records_entry){.name = name,
                                .row = row,
                                .owner_row = row,
                                .number = g->entries_len++,
                                .is_meant = row_is_meant(g, row)};
    zone_find(g, e, names_text(&f->names, name));
    g->of_name[name] = g->entries_len;
}

static bool zone_has_name(const struct records_gather *g, struct text zone)
{
    for (uint32_t i = 0; i < g->entries_len; i++) {
        struct text name = names_text(&g->fleet->names, g->entries[i].name);
        if (g->entries[i].is_meant && (dname_eq(name, zone) || dname_below(name, zone)))
            return true;
    }
    return false;
}

/* Only what is meant stays. */
static enum err entries_choose(struct records_gather *g, struct why *why)
{
    uint32_t len = 0;
    for (size_t i = 0; i < g->zones_len; i++)
        if (!zone_has_name(g, g->zones[i]))
            notice_note(&g->config->notices, "--zone %s: no MAIL FROM is at or below it",
                        g->config->zones[i]);
    for (uint32_t i = 0; i < g->entries_len; i++) {
        struct records_entry e = g->entries[i];
        bool stays = e.is_meant && (g->zones_len == 0 || e.zone_is_given);
        g->of_name[e.name] = stays ? len + 1 : 0;
        e.number = len;
        if (stays)
            g->entries[len++] = e;
    }
    bool none = g->zones_len && g->entries_len && len == 0;
    g->entries_len = len;
    return none ? why_set(why, ERR_INPUT, "no MAIL FROM is at or below a zone of --zone") : OK;
}

enum err records_gather_fleet(struct records_gather *g, struct why *why)
{
    const struct fleet *f = g->fleet;
    enum err err = zones_read(g, why);
    g->entries = calloc(f->choices_len + 1u, sizeof *g->entries);
    g->of_name = calloc(f->names.len + 1u, sizeof *g->of_name);
    g->warned = calloc(f->lanes_len + 1u, sizeof *g->warned);
    if (err != OK)
        return err;
    if (!g->entries || !g->of_name || !g->warned || g->no_memory)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t row = 0; row < f->choices_len; row++)
        row_gather(g, row);
    err = entries_choose(g, why);
    for (uint32_t i = 0; i < g->entries_len; i++) {
        const struct records_entry *e = &g->entries[i];
        if (e->mixed)
            records_note_harmless(g,
                                  TEXT_FMT
                                  " serves several Regions with its one MX, which names " TEXT_FMT
                                  "; dns.mx_region in the manifest chooses",
                                  TEXT_ARG(names_text(&g->fleet->names, e->name)),
                                  TEXT_ARG(records_entry_region(g, e)));
    }
    return err;
}

/* ---- the order ---- */

static struct text entry_name(const struct records_gather *g, const struct records_entry *e)
{
    return names_text(&g->fleet->names, e->name);
}

static struct text entry_zone(const struct records_gather *g, const struct records_entry *e)
{
    struct text name = entry_name(g, e);
    return text_from(name, name.len - e->zone_len);
}

static struct text entry_host(const struct records_gather *g, const struct records_entry *e)
{
    struct text name = entry_name(g, e);
    return text_slice(name, 0, name.len > e->zone_len ? name.len - e->zone_len - 1u : 0);
}

static int entry_cmp(const void *left, const void *right, void *ctx)
{
    const struct records_gather *g = ctx;
    const struct records_entry *a = left, *b = right;
    int order = records_name_cmp(entry_zone(g, a), entry_zone(g, b));
    return order ? order : records_name_cmp(entry_host(g, a), entry_host(g, b));
}

enum err records_gather_arrange(struct records_gather *g, struct why *why)
{
    qsort_r(g->entries, g->entries_len, sizeof *g->entries, entry_cmp, g);
    g->items = calloc((size_t)RECORDS_TYPES * g->entries_len + 1, sizeof *g->items);
    if (!g->items)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < g->entries_len; i++)
        for (int type = 0; type < RECORDS_TYPES; type++)
            if (!g->config->missing || !g->entries[i].found ||
                g->entries[i].found->of[type].action != RECORDS_KEEP)
                g->items[g->items_len++] = RECORDS_TYPES * i + (uint32_t)type;
    return OK;
}

/* ---- the list ---- */

static void set_make(void *ctx, size_t i, struct records_set *set)
{
    struct records_gather *g = ctx;
    const struct records_entry *e = &g->entries[g->items[i] / RECORDS_TYPES];
    *set = (struct records_set){.zone = entry_zone(g, e),
                                .name = entry_name(g, e),
                                .zone_known = e->zone_is_given || e->zone_is_seen,
                                .type = (enum records_type)(g->items[i] % RECORDS_TYPES)};
    struct text shown;
    if (text_find_text(set->name, TEXT("xn--")) < set->name.len &&
        idna_to_unicode(set->name, g->unicode, &shown) && !text_eq(shown, set->name))
        set->unicode = shown;
    /* The record sets of a name without other uses. */
    set->wanted.data = TEXT(SPF_SES_RECORD);
    if (set->type == RECORDS_MX) {
        feedback_host_make(text_of(g->config->access->feedback_host), records_entry_region(g, e),
                           g->host);
        set->wanted = (struct records_value){.preference = MX_PREFERENCE, .data = text_of(g->host)};
    }
    if (e->found) {
        const struct records_verdict *v = &e->found->of[set->type];
        set->action = v->action;
        set->there = v->there;
        set->there_len = v->there_len;
        set->replaced = v->replaced;
        set->reason = v->reason;
        if (v->action == RECORDS_KEEP)
            set->wanted = v->there[v->replaced];
        else if (v->merged.len)
            set->wanted.data = v->merged;
    }
}

void records_gather_list(struct records_gather *g, struct records_list *list)
{
    *list = (struct records_list){.ctx = g, .len = g->items_len, .at = set_make};
}
