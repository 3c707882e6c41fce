/*
 * Chooses accounts and Regions. As in all verbs, an option comes before the environment, and the
 * environment before the profile's own region.
 */
#include "discover.h"

#include "aws/credentials/credentials.h"
#include "manifests/manifest.h"
#include "manifests/value.h"
#include "model/region.h"
#include "organization/organization_find.h"

#include <string.h>

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

/* The first wished Region; empty: none is wished for, or all are. */
static struct text region_first(const struct discover *d)
{
    const struct selection *s = d->config->selection;
    for (uint32_t i = 0; i < s->len && !selection_is_every(s, SELECT_REGION); i++)
        if (s->values[i].kind == SELECT_REGION)
            return text_of(s->values[i].pattern);
    return TEXT_NONE;
}

static enum err lane_add(struct fleet *f, uint16_t account, struct text region, struct why *why)
{
    uint16_t lane;
    name_id id;
    if (!region_is(region))
        return why_set(why, ERR_INPUT,
                       "Region: found \"" TEXT_FMT "\", expected one such as us-east-1",
                       TEXT_ARG(region));
    const char *near = region_near(region);
    if (!region_is_plausible(region))
        return why_set(why, ERR_INPUT,
                       "Region: found \"" TEXT_FMT "\", but no AWS Region can have that name%s%s%s",
                       TEXT_ARG(region), near ? "; did you mean " : "", near ? near : "",
                       near ? "?" : "");
    if (!names_add(&f->names, region, &id))
        return no_memory(why);
    if (fleet_lane(f, account, id, &lane))
        return OK;
    return f->lanes_len == LANES_MAX
               ? why_set(why, ERR_LIMIT,
                         "more than %d pairs of account and Region: choose Regions by --regions, "
                         "or fewer accounts",
                         LANES_MAX)
               : no_memory(why);
}

/* A lane of the account for each known Region of the partition that its usual one is of. */
static enum err every_lane_add(struct discover *d, uint16_t account, struct why *why)
{
    struct text usual, profile = names_text(&d->fleet.names, d->fleet.accounts[account].profile);
    enum err err = lanes_usual_region(d->access, profile, &d->memory, &usual, why);
    const char *partition = err == OK ? region_partition(usual) : NULL;
    for (size_t i = 0; err == OK && region_at(i); i++)
        if (strcmp(region_partition(text_of(region_at(i))), partition ? partition : "aws") == 0)
            err = lane_add(&d->fleet, account, text_of(region_at(i)), why);
    return err;
}

/* A lane of the account for each wished Region. */
static enum err wished_lanes_add(struct discover *d, uint16_t account, struct why *why)
{
    const struct selection *s = d->config->selection;
    enum err err = OK;
    if (selection_is_every(s, SELECT_REGION))
        return every_lane_add(d, account, why);
    for (uint32_t i = 0; err == OK && i < s->len; i++)
        if (s->values[i].kind == SELECT_REGION)
            err = lane_add(&d->fleet, account, text_of(s->values[i].pattern), why);
    return err;
}

/* --- of a manifest ---------------------------------------------------------------------------- */

static enum err region_of(void *ctx, struct text profile, struct text *region, struct why *why)
{
    struct discover *d = ctx;
    return lanes_usual_region(d->access, profile, &d->memory, region, why);
}

static void profile_tell(const struct discover *d)
{
    const struct fleet *f = &d->fleet;
    bool is_taken = false;
    for (uint32_t i = 0; i < f->accounts_len; i++)
        is_taken |= f->accounts[i].profile == NAME_NONE;
    if (d->access->profile && !is_taken)
        notice_note(&d->notices,
                    "note: --profile %s changes nothing: every account of the manifest names its "
                    "own",
                    d->access->profile);
}

static enum err manifest_lanes(struct discover *d, struct complaints *complaints, struct why *why)
{
    struct fleet *f = &d->fleet;
    struct text region = region_first(d);
    bool is_wished = selection_has(d->config->selection, SELECT_REGION);
    struct organization_asking asking = {
        .access = d->access, .notices = d->notices, .memory = &d->memory};
    struct manifest_options options = {
        .members_of = organization_find,
        .members_ctx = &asking,
        .region = is_wished && !region.len ? TEXT("us-east-1") : region, /* all: replaced below */
        .region_of = region_of,
        .ctx = d,
        .every_account = true,
        .no_lanes = is_wished};
    enum err err = manifest_load(f, &d->config->manifest, 1, &options, complaints, why);
    f->choices_len = 0; /* only the accounts of the manifest count */
    if (err == OK)
        profile_tell(d);
    if (err != OK || !is_wished)
        return err;
    f->lanes_len = 0;
    for (uint16_t i = 0; err == OK && i < f->accounts_len; i++)
        err = wished_lanes_add(d, i, why);
    return err;
}

/* --- of profiles ------------------------------------------------------------------------------ */

static enum err profile_regions(struct discover *d, uint16_t account, struct text profile,
                                struct why *why)
{
    struct text usual;
    if (selection_has(d->config->selection, SELECT_REGION))
        return wished_lanes_add(d, account, why);
    enum err err = lanes_usual_region(d->access, profile, &d->memory, &usual, why);
    if (err != OK)
        return err;
    if (usual.len == 0)
        return why_set(
            why, ERR_INPUT,
            "no Region given: give --regions, set AWS_REGION, or add a region to the profile");
    return lane_add(&d->fleet, account, usual, why);
}

/* An account gets the name of its profile, without blanks: a manifest allows no blanks there. */
static enum err account_name(struct fleet *f, struct text profile, name_id *id, struct why *why)
{
    char name[NAME_LEN_MAX];
    enum name_fault fault = profile.len ? name_check(profile) : NAME_OK;
    struct text t = profile.len ? profile : TEXT("default");
    if ((fault != NAME_OK && fault != NAME_BLANK) || t.len >= sizeof name)
        return why_set(why, ERR_INPUT, "--profile: found \"" TEXT_FMT "\", but %s",
                       TEXT_ARG(profile), name_fault_text(fault));
    for (size_t i = 0; i < t.len; i++)
        name[i] = t.at[i] == ' ' ? '-' : t.at[i];
    if (!names_add(&f->names, (struct text){name, t.len}, id))
        return no_memory(why);
    for (uint32_t i = 0; i < f->accounts_len; i++)
        if (f->accounts[i].name == *id)
            return why_set(why, ERR_INPUT, "--profile: found " TEXT_FMT " twice", TEXT_ARG(t));
    return OK;
}

static enum err profile_lanes(struct discover *d, struct text profile, struct why *why)
{
    struct fleet *f = &d->fleet;
    struct account account = {.name = NAME_NONE};
    uint16_t index;
    enum err err = account_name(f, profile, &account.name, why);
    if (err != OK)
        return err;
    if (!names_add(&f->names, profile, &account.profile) || !fleet_account(f, account, &index))
        return no_memory(why);
    err = profile_regions(d, index, profile, why);
    return err == OK || profile.len == 0
               ? err
               : why_wrap(why, err, "profile " TEXT_FMT, TEXT_ARG(profile));
}

/* "a,b" */
static enum err profiles_lanes(struct discover *d, struct text profiles, struct why *why)
{
    enum err err = OK;
    while (err == OK && profiles.at)
        err = profile_lanes(d, text_trim(text_cut(&profiles, ',')), why);
    return err;
}

static enum err every_profile_lanes(struct discover *d, struct why *why)
{
    struct text *names;
    uint32_t len;
    enum err err = credential_profiles(&d->memory, &names, &len, why);
    if (err == OK && len == 0)
        err = why_set(why, ERR_INPUT,
                      "--all-profiles: the AWS configuration has no profile; aws configure makes "
                      "one");
    for (uint32_t i = 0; err == OK && i < len; i++)
        err = profile_lanes(d, names[i], why);
    return err;
}

/* Only lanes of the accounts that --account names. */
static enum err accounts_choose(struct discover *d, struct why *why)
{
    const struct selection *s = d->config->selection;
    struct fleet *f = &d->fleet;
    uint32_t len = 0;
    for (uint32_t v = 0; v < s->len; v++) {
        bool fits = s->values[v].kind != SELECT_ACCOUNT;
        for (uint32_t i = 0; i < f->lanes_len && !fits; i++)
            fits = selection_lane_fits(&s->values[v], f, i);
        if (!fits)
            notice_note(&d->notices, "note: --account %s fits no account", s->values[v].given);
    }
    for (uint32_t i = 0; i < f->lanes_len; i++)
        if (selection_takes_account(s, f, i))
            f->lanes[len++] = f->lanes[i];
    bool none = f->lanes_len && len == 0;
    f->lanes_len = len;
    return none ? why_set(why, ERR_INPUT, "--account leaves no account to read") : OK;
}

static enum err lanes_take(struct discover *d, struct complaints *complaints, struct why *why)
{
    const struct discover_config *c = d->config;
    enum err err = OK;
    if (c->manifest)
        return manifest_lanes(d, complaints, why);
    if (!names_init(&d->fleet.names, NAMES_BYTES_MAX))
        return no_memory(why);
    if (c->all_profiles)
        return every_profile_lanes(d, why);
    if (!c->profiles.len)
        return profile_lanes(d, TEXT_NONE, why);
    for (size_t i = 0; err == OK && i < c->profiles.len; i++)
        err = profiles_lanes(d, text_of(c->profiles.items[i]), why);
    return err;
}

enum err discover_lanes(struct discover *d, struct complaints *complaints, struct why *why)
{
    enum err err = lanes_take(d, complaints, why);
    return err == OK ? accounts_choose(d, why) : err;
}
