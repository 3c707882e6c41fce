/*
 * The part of a lane survey that tells whose addresses are at a domain of the account: the list
 * names the domains. Looked out for are the domains of the fleet's addresses and those above them,
 * lane by lane; an address none of whose domains is listed is at another owner's.
 */
#include "base/dname.h"
#include "scheduler_internal.h"

#include <assert.h>
#include <stdio.h>

/* A lane and a name, as one key. */
static struct text key_of(uint16_t lane, struct text name, char out[DNAME_LEN_MAX + 16])
{
    int len = snprintf(out, DNAME_LEN_MAX + 16, "%u " TEXT_FMT, lane, TEXT_ARG(name));
    assert(len > 0 && len < DNAME_LEN_MAX + 16);
    return (struct text){out, (size_t)len};
}

static bool address_domain(const struct scheduler *d, uint32_t job, char lower[DNAME_LEN_MAX + 1],
                           struct text *domain)
{
    assert(job < d->fleet->choices_len);
    struct text identity = fleet_identity(d->fleet, job);
    return identity_type_of(identity) == IDENTITY_EMAIL_ADDRESS &&
           fleet_mail_from(d->fleet, job).len > 0 &&
           dname_normalize(identity_domain(identity), lower, domain);
}

bool owners_init(struct scheduler *d, struct arena *memory)
{
    struct names *owners = &d->surveys.owners;
    char lower[DNAME_LEN_MAX + 1], key[DNAME_LEN_MAX + 16];
    struct text domain;
    name_id id;
    if (!names_init(owners, NAMES_BYTES_MAX))
        return false;
    for (uint32_t job = 0; job < d->fleet->choices_len; job++) {
        if (!address_domain(d, job, lower, &domain))
            continue;
        for (; domain.len; domain = dname_parent(domain))
            if (!names_add(owners, key_of(d->fleet->choices[job].lane, domain, key), &id))
                return false;
    }
    d->surveys.is_owner = ARENA_ARRAY(memory, bool, owners->len + 1);
    return d->surveys.is_owner != NULL;
}

void owners_clear(struct scheduler *d)
{
    names_clear(&d->surveys.owners);
}

void owners_seen(struct scheduler *d, uint16_t lane, struct text identity)
{
    char lower[DNAME_LEN_MAX + 1], key[DNAME_LEN_MAX + 16];
    struct text domain;
    if (identity_type_of(identity) != IDENTITY_DOMAIN || !dname_normalize(identity, lower, &domain))
        return;
    assert(lane < d->fleet->lanes_len);
    name_id id = names_find(&d->surveys.owners, key_of(lane, domain, key));
    if (id != NAME_NONE)
        d->surveys.is_owner[id] = true;
}

bool owners_lists(const struct scheduler *d, uint16_t lane, struct text domain)
{
    char key[DNAME_LEN_MAX + 16];
    name_id id = names_find(&d->surveys.owners, key_of(lane, domain, key));
    return id != NAME_NONE && d->surveys.is_owner[id];
}

bool owners_is_foreign(const struct scheduler *d, uint32_t job)
{
    const struct lane_surveys *c = &d->surveys;
    uint16_t lane = d->fleet->choices[job].lane;
    assert(lane < d->fleet->lanes_len);
    char lower[DNAME_LEN_MAX + 1];
    struct text domain;
    if (c->lanes[lane].gaps[SURVEY_GAP_LIST][0] || !address_domain(d, job, lower, &domain))
        return false;
    for (; domain.len; domain = dname_parent(domain))
        if (owners_lists(d, lane, domain))
            return false;
    return true;
}
