/*
 * The part of a lane survey about masking identities. An identity below a domain masks the domain
 * if it is verified, not in the fleet itself, and without the wanted MAIL FROM. The list gives
 * names only, so candidates are asked about, a hundred a call. One masking identity is enough for a
 * domain: a batch takes one candidate for each domain without a result, then more candidates. For a
 * domain with many unverified identities below, the bound ends the search.
 */
#include "base/dname.h"
#include "base/plural.h"
#include "scheduler_internal.h"

#include <assert.h>
#include <stdio.h>

#define BATCHES_MAX 100 /* at a call a second: the longest delay of a lane by this search */

static struct text domain_of(struct text identity, char lower[DNAME_LEN_MAX + 1])
{
    struct text domain;
    return dname_normalize(identity_domain(identity), lower, &domain) ? domain : TEXT_NONE;
}

/* The nearest name with an identity masked by this one; borrowed from lower. */
static struct text above_of(struct text identity, char lower[DNAME_LEN_MAX + 1])
{
    struct text domain = domain_of(identity, lower);
    return identity_type_of(identity) == IDENTITY_EMAIL_ADDRESS ? domain : dname_parent(domain);
}

/* The jobs of domains above, nearest first; 0 ends. */
static uint32_t job_above(const struct scheduler *d, uint16_t lane, struct text *above)
{
    for (; above->len; *above = dname_parent(*above)) {
        uint32_t job = fleet_index_find(&d->surveys.index, lane, *above);
        if (job) {
            *above = dname_parent(*above);
            return job;
        }
    }
    return 0;
}

static bool maybe_grow(struct lane_survey *l)
{
    struct lane_survey_maybe *list =
        arena_grow(&l->text, l->maybe, sizeof *list, l->maybe_len, &l->maybe_cap);
    l->maybe = list ? list : l->maybe;
    return list != NULL;
}

void masks_seen(struct scheduler *d, uint16_t lane, struct text identity)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    char lower[DNAME_LEN_MAX + 1];
    struct text above = above_of(identity, lower), domain = domain_of(identity, lower);
    bool is_address = identity_type_of(identity) == IDENTITY_EMAIL_ADDRESS;
    assert(l->maybe_len <= l->maybe_cap);
    if (fleet_index_find(&d->surveys.index, lane, is_address ? identity : domain) ||
        !job_above(d, lane, &above))
        return;
    if (l->maybe_len == l->maybe_cap && !maybe_grow(l)) {
        l->masks_left++;
        return;
    }
    struct text copy = arena_text(&l->text, identity);
    if (copy.at)
        l->maybe[l->maybe_len++] = (struct lane_survey_maybe){.identity = copy};
    else
        l->masks_left++;
}

/* Is there a domain above without a known masking identity and, with one_each, without a candidate
 * in the batch? Marks the domains of the question. */
static bool is_wanted(struct scheduler *d, uint16_t lane, struct text identity, bool one_each)
{
    char lower[DNAME_LEN_MAX + 1];
    struct text above = above_of(identity, lower);
    uint32_t stamp = d->surveys.lanes[lane].batches, job;
    bool wanted = false;
    while (d->options.lane_survey && (job = job_above(d, lane, &above))) {
        assert(job <= d->fleet->choices_len);
        bool open = d->surveys.masking[job - 1].len == 0;
        wanted |= open && !(one_each && d->surveys.mask_batch[job - 1] == stamp);
        if (open)
            d->surveys.mask_batch[job - 1] = stamp;
    }
    return wanted;
}

static void batch_fill(struct scheduler *d, uint16_t lane, bool one_each)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    uint32_t max = batch_read_max(l->api);
    for (uint32_t i = 0; i < l->maybe_len && l->batch_len < max; i++) {
        bool is_twin = l->maybe[i].twin > 0;
        if (l->maybe[i].asked || (!is_twin && !is_wanted(d, lane, l->maybe[i].identity, one_each)))
            continue;
        l->maybe[i].asked = true;
        l->batch[l->batch_len++] = i;
    }
    assert(l->batch_len <= max);
}

uint8_t masks_next(struct scheduler *d, uint16_t lane)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    assert(!((l->to_send | l->out) & SURVEY_MASK_PARTS)); /* the batch before has ended */
    l->batch_len = 0;
    if (l->batches++ < BATCHES_MAX * (l->twins_len ? 2u : 1u)) {
        batch_fill(d, lane, true);
        batch_fill(d, lane, false);
    }
    if (l->batch_len > 0)
        return l->api == API_V1 ? SURVEY_MASK_PARTS : SURVEY_MASK_PARTS & -SURVEY_MASK_PARTS;
    /* The number of remaining candidates with a possible result. */
    uint32_t left = l->masks_left, twins_left = 0;
    for (uint32_t i = 0; i < l->maybe_len; i++) {
        bool is_left = !l->maybe[i].asked;
        twins_left += is_left && l->maybe[i].twin;
        left += is_left && !l->maybe[i].twin && is_wanted(d, lane, l->maybe[i].identity, false);
    }
    if (twins_left && !l->gaps[SURVEY_GAP_ENDPOINTS][0])
        snprintf(l->gaps[SURVEY_GAP_ENDPOINTS], SURVEY_REASON_LEN,
                 "%u %s not asked about here, the other Region of a global endpoint: "
                 "endpoint-regions-differ was not judged to its end",
                 twins_left, plural(twins_left, "identity was", "identities were"));
    char *reason = l->gaps[SURVEY_GAP_MASKS];
    if (left && !reason[0])
        snprintf(reason, SURVEY_REASON_LEN,
                 "%u %s not asked about: masked-by-identity was not judged to its end", left,
                 plural(left, "identity below a domain of the fleet was",
                        "identities below domains of the fleet were"));
    return 0;
}

uint32_t masks_identities(const struct lane_survey *l, struct text identities[SES_BATCH_MAX])
{
    assert(l->batch_len > 0);
    assert(l->batch_len <= SES_BATCH_MAX);
    for (uint32_t i = 0; i < l->batch_len; i++)
        identities[i] = l->maybe[l->batch[i]].identity;
    return l->batch_len;
}

void masks_taken(struct scheduler *d, const struct call *call)
{
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    for (uint32_t i = 0; i < l->batch_len; i++) {
        struct lane_survey_maybe *m = &l->maybe[l->batch[i]];
        const struct ses_facts *facts = &call->facts[i];
        if (facts->known & KNOWN_VERIFICATION) {
            m->verified = facts->verification == VERIFICATION_SUCCESS;
            m->exists = facts->verification != VERIFICATION_NONE;
        }
        if (facts->known & KNOWN_MAIL_FROM) {
            m->mail_from = arena_text(&l->text, facts->mail_from);
            m->behavior = (uint8_t)facts->behavior;
            m->answered = true;
        }
    }
}

void masks_judge(struct scheduler *d, uint16_t lane)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    assert(l->batch_len <= l->maybe_len);
    for (uint32_t i = 0; i < l->batch_len; i++) {
        const struct lane_survey_maybe *m = &l->maybe[l->batch[i]];
        char lower[DNAME_LEN_MAX + 1];
        struct text above = above_of(m->identity, lower);
        uint32_t job;
        while (m->verified && !m->twin && (job = job_above(d, lane, &above)))
            if (d->surveys.masking[job - 1].len == 0 &&
                !dname_eq(m->mail_from, fleet_mail_from(d->fleet, job - 1)))
                d->surveys.masking[job - 1] = m->identity;
    }
}

void masks_again(struct lane_survey *l)
{
    assert(l->batch_len <= l->maybe_len);
    for (uint32_t i = 0; i < l->batch_len; i++)
        l->maybe[l->batch[i]].asked = false;
    l->batch_len = 0;
}
