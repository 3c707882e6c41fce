/*
 * The two questions about SPF, each a way to start and to read the one walk.
 */
#include "spf.h"

#include "spf_walk.h"

#include <assert.h>

void spf_check_init(struct spf_check *c)
{
    spf_walk_init(&c->walk);
}

void spf_check_clear(struct spf_check *c)
{
    spf_walk_clear(&c->walk);
}

void spf_check_start(struct spf_check *c, const struct spf_mail *mail)
{
    spf_walk_start(&c->walk, SPF_WALK_CHECK, mail);
}

bool spf_check_next(struct spf_check *c, struct dns_question *question, uint32_t *number)
{
    return spf_walk_next(&c->walk, question, number);
}

void spf_check_reply(struct spf_check *c, uint32_t number, const struct dns_reply *reply)
{
    spf_walk_reply(&c->walk, number, reply);
}

const char *spf_class_name(enum spf_class c)
{
    static const char *const names[] = {"none", "permerror", "temperror", "valid"};
    return names[c];
}

void spf_survey_init(struct spf_survey *s)
{
    spf_walk_init(&s->walk);
}

void spf_survey_clear(struct spf_survey *s)
{
    spf_walk_clear(&s->walk);
}

void spf_survey_start(struct spf_survey *s, struct text domain)
{
    struct spf_mail nobody = {.sender = domain};
    s->is_flattened = s->passes_all = false;
    s->stale = TEXT_NONE;
    spf_walk_start(&s->walk, SPF_WALK_SURVEY, &nobody);
}

bool spf_survey_next(struct spf_survey *s, struct dns_question *question, uint32_t *number)
{
    return spf_walk_next(&s->walk, question, number);
}

void spf_survey_reply(struct spf_survey *s, uint32_t number, const struct dns_reply *reply)
{
    spf_walk_reply(&s->walk, number, reply);
    /* Starts SPF checks and surveys, and concludes the survey. The survey counts past the limits,
     * so its end compares the counts with the limits. Trouble behind the eleventh look-up does not
     * count: no receiver comes so far. */
    bool has_error = s->walk.result == SPF_PERMERROR && s->walk.lookups <= SPF_SURVEY_LOOKUPS_MAX;
    if (s->walk.done)
        s->passes_all =
            s->walk.passes_all || spf_networks_are_wide(&s->walk.networks, &s->walk.arena);
    if (!s->walk.done || has_error)
        return;
    if (s->walk.lookups > SPF_SURVEY_LOOKUPS_MAX)
        spf_walk_end(&s->walk, SPF_PERMERROR,
                     "the record needs more than %u DNS lookups; %u are allowed",
                     SPF_SURVEY_LOOKUPS_MAX, SPF_LOOKUPS_MAX);
    else if (s->walk.lookups > SPF_LOOKUPS_MAX)
        spf_walk_end(&s->walk, SPF_PERMERROR, "the record needs %u DNS lookups; %u are allowed",
                     s->walk.lookups, SPF_LOOKUPS_MAX);
    else if (s->walk.void_lookups > SPF_VOID_LOOKUPS_MAX)
        spf_walk_end(&s->walk, SPF_PERMERROR, "the record causes %u void lookups; %u are allowed",
                     s->walk.void_lookups, SPF_VOID_LOOKUPS_MAX);
    else if (s->walk.troubles)
        spf_walk_end(&s->walk, SPF_TEMPERROR, TEXT_FMT, TEXT_ARG(s->walk.trouble));
}

bool spf_survey_wants_ses(const struct spf_survey *s)
{
    return s->walk.result != SPF_NONE && !s->walk.authorizes_ses &&
           spf_networks_pass(&s->walk.networks);
}

void spf_survey_take_ses(struct spf_survey *s, const struct spf_survey *ses)
{
    const struct spf_network *missing;
    char address[SPF_ADDRESS_LEN];
    uint32_t held;
    if (spf_survey_class(ses) != SPF_CLASS_VALID)
        return;
    s->is_flattened =
        spf_networks_hold(&s->walk.networks, &ses->walk.networks, &held, &missing, &s->walk.arena);
    s->walk.authorizes_ses = s->walk.authorizes_ses || s->is_flattened;
    if (held && missing)
        s->stale =
            arena_fmt(&s->walk.arena, TEXT_FMT "/%u",
                      TEXT_ARG(spf_address_format(&missing->address, address)), missing->bits);
}

enum spf_class spf_survey_class(const struct spf_survey *s)
{
    assert(s->walk.done);
    switch (s->walk.result) {
    case SPF_NONE: return SPF_CLASS_NONE;
    case SPF_PERMERROR: return SPF_CLASS_PERMERROR;
    case SPF_TEMPERROR: return SPF_CLASS_TEMPERROR;
    default: return SPF_CLASS_VALID;
    }
}
