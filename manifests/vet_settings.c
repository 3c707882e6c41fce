/*
 * Resolves the settings of an entry, key by key. The entry's own keys come first, then the defaults
 * of its file, then the defaults of the including file, and so on. Regions may come last from the
 * account, or from the command line.
 *
 * Rows share settings, so each distinct set is resolved once.
 */
#include "model/arn.h"
#include "raw.h"

#include <stdlib.h>
#include <string.h>

void vet_defaults(struct raw *r)
{
    for (uint32_t i = 0; i < r->files_len; i++) {
        struct raw_file *file = &r->files[i];
        if (!file->nested)
            continue;
        const struct raw_file *parent = &r->files[file->parent];
        if (!(file->settings.given & KEY_BIT(KEY_MAIL_FROM)))
            file->mail_from = parent->mail_from;
        settings_inherit(&file->settings, &parent->settings);
    }
}

/* Numbers of accounts are no names to be misspelt; one that accounts lists is meant by its name. */
static const char *account_near(const struct raw *r, struct text name)
{
    struct text_near near = {name, 3, NULL};
    const struct names *names = &r->fleet->names;
    for (uint32_t i = 0; i < r->accounts_len; i++) {
        const struct account *a = &r->accounts[i].account;
        if (text_eq(names_text(names, a->account_id), name))
            return names_text(names, a->name).at;
        if (!account_id_is(names_text(names, a->name)))
            text_near_try(&near, names_text(names, a->name).at);
    }
    return near.word;
}

/* Why accounts_from does not find an account, where the organization was asked. */
static const char *account_left_out(const struct raw *r, struct text name)
{
    static const char *const words[] = {
        [ORGANIZATION_INACTIVE] = "; the organization has it, but it is not active",
        [ORGANIZATION_EXCLUDED] = "; the organization has it, but exclude leaves it out",
        [ORGANIZATION_UNTAGGED] = "; the organization has it, but without those tags",
    };
    const struct raw_organization *o = &r->organization;
    if (!o->is_asked || !account_id_is(name))
        return "";
    for (uint32_t i = 0; i < r->accounts_len; i++)
        if (text_eq(names_text(&r->fleet->names, r->accounts[i].account.account_id), name))
            return "; the key accounts lists it under a name";
    for (uint32_t i = 0; i < o->left_len; i++)
        if (text_eq(o->left[i].number, name))
            return words[o->left[i].why];
    return o->units_len ? "; those organizational_units do not have it"
                        : "; the organization does not have it";
}

static void account_missing(struct raw *r, const struct account_ref *ref)
{
    char q[QUOTE_LEN], m[QUOTE_LEN], near_quoted[QUOTE_LEN];
    struct text name = names_text(&r->fleet->names, ref->name);
    const char *near = complaints_full(r) ? NULL : account_near(r, name);
    uint64_t number;
    bool has_organization = r->organization.at.line;
    bool is_cut = has_organization && name.len < 12 && text_to_u64(name, &number);
    complain(r, ref->at, "account: found %s, expected %s%s%s%s", quote(name, q),
             has_organization
                 ? "the number of an account that accounts_from finds, or the name of one that the "
                   "key accounts lists"
                 : "the name of an account that the key accounts lists",
             is_cut ? "; a number has twelve digits, and spreadsheets take away zeros in front"
                    : "",
             account_left_out(r, name), meant(near ? quote(text_of(near), near_quoted) : NULL, m));
}

void vet_accounts(struct raw *r)
{
    if (r->accounts_len == 0 && !r->organization.at.line) {
        struct raw_account only = {0};
        struct raw_account *accounts =
            raw_grown(r, r->accounts, 0, &r->accounts_cap, sizeof *accounts);
        if (!accounts || !raw_name(r, TEXT("default"), &only.account.name))
            return;
        r->accounts = accounts;
        r->accounts[r->accounts_len++] = only;
    }
    for (uint32_t i = 0; i < r->accounts_len; i++) {
        uint16_t index;
        if (!fleet_account(r->fleet, r->accounts[i].account, &index))
            raw_fail(r, ERR_NOMEM, "no memory for the accounts");
    }
    bool *is_known = calloc(r->fleet->names.len + 2u, sizeof *is_known); /* by name */
    if (!is_known) {
        raw_fail(r, ERR_NOMEM, "no memory for the accounts");
        return;
    }
    for (uint32_t i = 0; i < r->accounts_len; i++)
        is_known[r->accounts[i].account.name] = true;
    for (uint32_t i = 0; i < r->refs_len; i++)
        if (!is_known[r->refs[i].name])
            account_missing(r, &r->refs[i]);
    free(is_known);
}

void vet_providers(struct raw *r)
{
    for (uint32_t i = 0; i < r->providers_len && r->err == OK; i++) {
        struct provider *p = &r->providers[i].provider;
        struct source_place at = {p->file, p->line, p->column};
        uint16_t index;
        if (p->kind == PROVIDER_ROUTE53) {
            const struct raw_account *account = vet_account_of(r, r->providers[i].account);
            if (!account && r->providers[i].account == NAME_NONE)
                complain(r, at,
                         "no account: expected the key account in route53, for there are several "
                         "accounts");
            p->account = account ? (uint16_t)(account - r->accounts) : 0;
        }
        if (!fleet_provider(r->fleet, p, &index))
            raw_fail(r, ERR_NOMEM, "no memory for the providers of DNS");
    }
}

/* The Region for an entry without one, in an account without one. */
static struct text usual_region(struct raw *r, const struct raw_account *account)
{
    struct text profile = names_text(&r->fleet->names, account->account.profile);
    if (r->region.len && r->options->region_taken)
        *r->options->region_taken = true;
    if (r->region.len || !r->options->region_of)
        return r->region;
    struct text region;
    struct why why = {""};
    enum err err = r->options->region_of(r->options->ctx, profile, &region, &why);
    if (err != OK)
        raw_fail(r, err, why.text);
    return err == OK && region_is(region) ? region : TEXT_NONE;
}

static bool is_same_place(struct source_place a, struct source_place b)
{
    return a.file == b.file && a.line == b.line && a.column == b.column;
}

void vet_every_account(struct raw *r)
{
    bool is_organization_told = false; /* what is said of one of its accounts is true of all */
    for (uint32_t i = 0; i < r->accounts_len && r->err == OK; i++) {
        const struct raw_account *account = &r->accounts[i];
        name_id regions = account->regions, region;
        uint16_t lane;
        char q[QUOTE_LEN];
        for (uint32_t f = 0; f < r->files_len && regions == NAME_NONE; f++)
            regions = r->files[f].nested ? NAME_NONE : r->files[f].settings.regions;
        struct text usual = regions == NAME_NONE ? usual_region(r, account) : TEXT_NONE;
        if (usual.len && raw_name(r, usual, &region))
            regions = raw_list(r, &region, 1);
        bool is_of_organization =
            account->at.line && is_same_place(account->at, r->organization.at);
        bool is_told =
            account->at.line || r->complaints->len == 0; /* otherwise there was no account */
        is_told &= !is_of_organization || !is_organization_told;
        if (regions == NAME_NONE && is_told && r->err == OK)
            complain(r, account->at,
                     "no Region for account %s: expected the key regions here, or the option "
                     "--regions",
                     quote(names_text(&r->fleet->names, account->account.name), q));
        is_organization_told |= is_of_organization && regions == NAME_NONE;
        uint32_t len = r->options->no_lanes ? 0 : raw_list_len(r, regions);
        for (uint32_t n = 0; n < len && r->err == OK; n++)
            if (!fleet_lane(r->fleet, (uint16_t)i, raw_list_at(r, regions, n), &lane))
                raw_fail(r, ERR_LIMIT,
                         "more than 8192 pairs of account and Region: choose Regions by --regions, "
                         "or fewer accounts");
    }
}

struct raw_account *vet_account_of(struct raw *r, name_id name)
{
    if (name != NAME_NONE)
        return raw_account_find(r, name);
    if (r->accounts_len == 1 && !r->organization.at.line)
        return &r->accounts[0];
    return raw_account_find(r, names_find(&r->fleet->names, TEXT("default")));
}

static bool lane_add(struct vet *v, uint16_t account, name_id region)
{
    struct raw *r = v->raw;
    uint16_t *lanes = raw_grown(r, v->lanes, v->lanes_len, &v->lanes_cap, sizeof *v->lanes);
    if (!lanes)
        return false;
    v->lanes = lanes;
    if (fleet_lane(r->fleet, account, region, &v->lanes[v->lanes_len])) {
        v->lanes_len++;
        return true;
    }
    raw_fail(r, ERR_LIMIT, "more than 8192 pairs of account and Region");
    return false;
}

/* Where a row was found counts for more than the defaults. An account without a number gets that of
 * the first row found for it, so that credentials of another one are refused. NULL: in none of the
 * accounts. */
static const struct raw_account *by_number(struct raw *r, struct raw_account *usual, name_id number)
{
    if (number == NAME_NONE || (usual && usual->account.account_id == number))
        return usual;
    for (uint32_t i = 0; i < r->accounts_len; i++)
        if (r->accounts[i].account.account_id == number)
            return &r->accounts[i];
    if (!usual || usual->account.account_id != NAME_NONE)
        return NULL;
    usual->account.account_id = number;
    r->fleet->accounts[usual - r->accounts].account_id = number;
    return usual;
}

/* Of a file of infrastructure code. */
static const char *number_missing(struct raw *r, struct text number)
{
    struct text said = arena_fmt(&r->arena,
                                 "it was found in account " TEXT_FMT
                                 ", which is none of the manifest%s: expected each account of the "
                                 "files with its account_id",
                                 TEXT_ARG(number), account_left_out(r, number));
    return said.at ? said.at : "out of memory";
}

static void resolve_lanes(struct vet *v, struct resolved *out, const struct settings *s)
{
    struct raw *r = v->raw;
    struct raw_account *usual_account = vet_account_of(r, s->account);
    const struct raw_account *account = usual_account;
    uint32_t unusable = KEY_BIT(KEY_ACCOUNT) | KEY_BIT(KEY_REGIONS);
    name_id regions = s->regions, region;
    out->is_usable = !(s->broken & unusable) && (account || s->account == NAME_NONE);
    if (!out->is_usable)
        return;
    account = by_number(r, usual_account, s->account_number);
    if (!account) {
        out->missing = s->account_number == NAME_NONE
                           ? "no account: expected the key account here or in defaults, for there "
                             "are several accounts"
                           : number_missing(r, names_text(&r->fleet->names, s->account_number));
        return;
    }
    if (regions == NAME_NONE)
        regions = account->regions;
    struct text usual = regions == NAME_NONE ? usual_region(r, account) : TEXT_NONE;
    if (usual.len && raw_name(r, usual, &region))
        regions = raw_list(r, &region, 1);
    if (regions == NAME_NONE) {
        out->missing = "no Region: expected the key region here or in defaults, the option "
                       "--region, or a Region in the environment or the AWS profile";
        return;
    }
    out->lanes_at = v->lanes_len;
    for (uint32_t i = 0; i < raw_list_len(r, regions) && r->err == OK; i++)
        lane_add(v, (uint16_t)(account - r->accounts), raw_list_at(r, regions, i));
    out->lanes_len = v->lanes_len - out->lanes_at;
}

const struct resolved *vet_settings(struct vet *v, name_id settings)
{
    struct raw *r = v->raw;
    struct resolved *out = &v->resolved[settings];
    if (out->is_known)
        return out;
    struct settings s;
    memcpy(&s, names_text(&r->settings, settings).at, sizeof s);
    const struct raw_file *file = &r->files[s.file];
    bool has_own = s.given & KEY_BIT(KEY_MAIL_FROM);
    bool has_own_owner = s.given & KEY_BIT(KEY_OF(SETTING_OWNER));
    settings_inherit(&s, &file->settings);
    s.policy.records_format = owner_format(r, s.policy.owner);
    *out =
        (struct resolved){.is_known = true, .file = (uint16_t)s.file, .mail_from = file->mail_from};
    out->has_own_owner = has_own_owner;
    out->has_mail_from = s.given & KEY_BIT(KEY_MAIL_FROM);
    if (has_own)
        out->mail_from = NAME_NONE;
    out->is_template = template_is(names_text(&r->fleet->names, out->mail_from));
    resolve_lanes(v, out, &s);
    for (int i = 0; i < POLICY_FIELDS; i++)
        if (policy_get(&s.policy, &policy_fields[i]) == 0)
            policy_put(&s.policy, &policy_fields[i], policy_fields[i].usual);
    if (!fleet_policy(r->fleet, s.policy, &out->policy))
        raw_fail(r, ERR_LIMIT, "more than 65535 different settings");
    if (out->is_usable && !out->missing && !out->has_mail_from)
        out->missing = "no MAIL FROM: expected the key mail_from here or in defaults";
    return r->err == OK ? out : NULL;
}
