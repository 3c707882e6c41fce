/*
 * Chooses accounts and Regions. As in all verbs, an option comes before the environment, and the
 * environment before the profile's own region.
 */
#include "discover.h"

#include "manifests/manifest.h"
#include "manifests/value.h"

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

/* The wished Regions as "a,b"; empty: none are wished for. */
static struct text regions_wished(const struct discover *d)
{
    return text_of(d->config->regions ? d->config->regions : d->access->region);
}

/* A lane of the account for each Region of "a,b". */
static enum err lanes_add(struct fleet *f, uint16_t account, struct text regions, struct why *why)
{
    while (regions.at) {
        uint16_t lane;
        name_id id;
        struct text region = text_trim(text_cut(&regions, ','));
        if (!region_is(region))
            return why_set(why, ERR_INPUT,
                           "Region: found \"" TEXT_FMT "\", expected one such as us-east-1",
                           TEXT_ARG(region));
        if (!names_add(&f->names, region, &id) || !fleet_lane(f, account, id, &lane))
            return no_memory(why);
    }
    return OK;
}

/* --- of a manifest ---------------------------------------------------------------------------- */

static enum err region_of(void *ctx, struct text profile, struct text *region, struct why *why)
{
    struct discover *d = ctx;
    return lanes_usual_region(d->access, profile, &d->memory, region, why);
}

static enum err manifest_lanes(struct discover *d, struct complaints *complaints, struct why *why)
{
    struct fleet *f = &d->fleet;
    struct text wished = regions_wished(d), first = text_cut(&wished, ',');
    struct manifest_options options = {
        .region = text_trim(first), .region_of = region_of, .ctx = d, .every_account = true};
    enum err err = manifest_load(f, &d->config->manifest, 1, &options, complaints, why);
    f->choices_len = 0; /* only the accounts of the manifest count */
    if (err != OK || regions_wished(d).len == 0)
        return err;
    f->lanes_len = 0;
    for (uint32_t i = 0; err == OK && i < f->accounts_len; i++)
        err = lanes_add(f, (uint16_t)i, regions_wished(d), why);
    return err;
}

/* --- of profiles ------------------------------------------------------------------------------ */

static enum err profile_regions(struct discover *d, uint16_t account, struct text profile,
                                struct why *why)
{
    struct text regions = regions_wished(d);
    enum err err = OK;
    if (regions.len == 0)
        err = lanes_usual_region(d->access, profile, &d->memory, &regions, why);
    if (err != OK)
        return err;
    if (regions.len == 0)
        return why_set(
            why, ERR_INPUT,
            "no Region given: give --regions, set AWS_REGION, or add a region to the profile");
    return lanes_add(&d->fleet, account, regions, why);
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

enum err discover_lanes(struct discover *d, struct complaints *complaints, struct why *why)
{
    struct text profiles = text_of(d->access->profile);
    enum err err = OK;
    if (d->config->manifest)
        return manifest_lanes(d, complaints, why);
    if (!names_init(&d->fleet.names, NAMES_BYTES_MAX))
        return no_memory(why);
    if (!profiles.len)
        return profile_lanes(d, TEXT_NONE, why);
    while (err == OK && profiles.at) {
        struct text profile = text_trim(text_cut(&profiles, ','));
        err = profile.len ? profile_lanes(d, profile, why)
                          : why_set(why, ERR_INPUT, "--profile: found an empty name in \"%s\"",
                                    d->access->profile);
    }
    return err;
}
