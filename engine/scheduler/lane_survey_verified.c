/*
 * The part of a lane survey that tells which rows are verified. ListEmailIdentities tells it of a
 * thousand identities a page, GetIdentityVerificationAttributes of a hundred a call. So a lane with
 * more rows than one call of attributes takes is listed, and attributes are asked for where the
 * list does not show Success: where the two disagree, attributes count.
 */
#include "scheduler_internal.h"

#include <assert.h>

#define ASKED_MAX SES_LIST_PAGE /* rows of a plan that the survey asks about before the reads */

bool verified_init(struct scheduler *d, struct arena *memory)
{
    struct lane_surveys *c = &d->surveys;
    c->verified = ARENA_ARRAY(memory, uint8_t, d->fleet->choices_len + 1);
    for (uint32_t i = 0; c->verified && i < d->fleet->choices_len; i++) {
        struct lane_survey *l = &c->lanes[d->fleet->choices[i].lane];
        l->row_first = l->rows_unknown++ ? l->row_first : i;
        l->row_end = i + 1;
    }
    return c->verified != NULL;
}

void scheduler_verification_remember(struct scheduler *d, uint32_t row, enum verification v)
{
    assert(d->options.sweep);
    assert(row < d->fleet->choices_len);
    struct lane_survey *l = &d->surveys.lanes[d->fleet->choices[row].lane];
    l->rows_unknown -= d->surveys.verified[row] == 0;
    verified_read(d, row, v);
    d->surveys.verified[row] |= VERIFIED_REMEMBERED;
}

enum verified_way verified_way(const struct scheduler *d, uint16_t lane)
{
    const struct lane_survey *l = &d->surveys.lanes[lane];
    if (l->rows_unknown == 0 || d->lanes[lane].read_api == API_V2)
        return VERIFIED_KNOWN; /* a GetEmailIdentity tells it, too */
    return l->rows_unknown > SES_BATCH_MAX ? VERIFIED_BY_LIST : VERIFIED_BY_ATTRIBUTES;
}

void verified_listed(struct scheduler *d, const struct call *call, uint32_t i)
{
    uint32_t job = fleet_index_find(&d->surveys.index, call->lane, call->listed[i]);
    if (!job || !call->listed_verified || !call->listed_verified[i])
        return;
    uint8_t *verified = &d->surveys.verified[job - 1], told = call->listed_verified[i];
    if (*verified & VERIFIED_SURELY)
        return;
    d->surveys.lanes[call->lane].rows_told += told == VERIFICATION_SUCCESS + 1 && *verified != told;
    *verified = told;
}

/* A page is a call, and so are attributes of a hundred rows. Of a few rows in a large account the
 * first page tells almost nothing: the others would not, either. */
bool verified_list_is_dear(const struct scheduler *d, uint16_t lane)
{
    const struct lane_survey *l = &d->surveys.lanes[lane];
    bool is_spent = l->rows_told / SES_BATCH_MAX < l->list.pages;
    return d->options.sweep && (is_spent || l->rows_told >= l->rows_unknown);
}

static bool is_to_ask(const struct scheduler *d, uint16_t lane, uint32_t row)
{
    return d->fleet->choices[row].lane == lane && !(d->surveys.verified[row] & VERIFIED_SURELY) &&
           d->surveys.verified[row] != VERIFICATION_SUCCESS + 1;
}

void verified_list_ends(struct scheduler *d, uint16_t lane, instant_us now)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    uint32_t to_ask = 0;
    for (uint32_t row = l->row_first; row < l->row_end; row++)
        to_ask += is_to_ask(d, lane, row);
    /* A GetEmailIdentity of the reads tells it otherwise. */
    bool may_ask = d->options.sweep ||
                   (d->lanes[lane].read_api == API_V1 && !reads_lack_verification(&d->lanes[lane]));
    l->is_told = d->options.sweep || !may_ask || to_ask <= ASKED_MAX;
    l->told_at = now;
    l->row_next = l->is_told && may_ask ? l->row_first : l->row_end;
}

bool verified_next(struct scheduler *d, uint16_t lane)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    l->rows_len = 0;
    for (; l->row_next < l->row_end && l->rows_len < SES_BATCH_MAX; l->row_next++)
        if (is_to_ask(d, lane, l->row_next))
            l->rows[l->rows_len++] = l->row_next;
    return l->rows_len > 0;
}

void verified_split(struct lane_survey *l)
{
    assert(l->rows_len > 1);
    l->rows_len /= 2;
    l->row_next = l->rows[l->rows_len];
}

uint32_t verified_identities(const struct scheduler *d, const struct lane_survey *l,
                             struct text identities[SES_BATCH_MAX])
{
    assert(l->rows_len > 0);
    for (uint32_t i = 0; i < l->rows_len; i++)
        identities[i] = fleet_identity(d->fleet, l->rows[i]);
    return l->rows_len;
}

void verified_read(struct scheduler *d, uint32_t row, enum verification v)
{
    if (d->surveys.verified)
        d->surveys.verified[row] = (uint8_t)((unsigned)(v + 1) | VERIFIED_SURELY);
}

void verified_doubt(struct scheduler *d, uint32_t row)
{
    assert(d->options.sweep);
    struct lane_survey *l = &d->surveys.lanes[d->fleet->choices[row].lane];
    if (!d->surveys.verified || !(d->surveys.verified[row] & VERIFIED_REMEMBERED))
        return;
    d->surveys.verified[row] = 0;
    l->rows_unknown++;
    l->is_doubted = true;
}

bool verified_doubted(struct scheduler *d, uint16_t lane)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    const struct lane_state *reads = &d->lanes[lane];
    if (!l->is_doubted || reads->read_batches_alive || reads->read[READ_FIRST].len)
        return false;
    l->is_doubted = false;
    l->row_next = l->row_first;
    return verified_next(d, lane);
}

void verified_taken(struct scheduler *d, const struct call *call)
{
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    assert(call->count == l->rows_len);
    for (uint32_t i = 0; i < l->rows_len; i++)
        if (call->facts[i].known & KNOWN_VERIFICATION)
            verified_read(d, l->rows[i], call->facts[i].verification);
}

bool verified_is_told(const struct scheduler *d, uint16_t lane, instant_us now)
{
    const struct lane_survey *l = &d->surveys.lanes[lane];
    return d->options.sweep || (l->is_told && now - l->told_at < TOLD_FOR);
}

bool verified_of(const struct scheduler *d, uint32_t row, enum verification *v)
{
    unsigned known = d->surveys.verified ? d->surveys.verified[row] & ~VERIFIED_SURELY : 0;
    if (known & VERIFIED_REMEMBERED)
        return false;
    assert(known <= VERIFICATION_NOT_STARTED + 1);
    if (known)
        *v = (enum verification)(known - 1);
    return known > 0;
}

bool verified_surely(const struct scheduler *d, uint32_t row, enum verification *v)
{
    const struct lane_survey *l = &d->surveys.lanes[d->fleet->choices[row].lane];
    if (d->surveys.verified && d->surveys.verified[row] & VERIFIED_SURELY)
        return verified_of(d, row, v);
    uint16_t lane = d->fleet->choices[row].lane;
    bool is_refused = reads_lack_verification(&d->lanes[lane]);
    return l->is_told && !(is_refused && is_to_ask(d, lane, row)) && verified_of(d, row, v);
}

void verified_refuse(struct scheduler *d, uint16_t lane)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    l->is_told = l->told_at > 0;
}

bool verified_by_get(const struct scheduler *d, uint32_t row, instant_us now)
{
    uint16_t lane = d->fleet->choices[row].lane;
    return !d->options.sweep && reads_lack_verification(&d->lanes[lane]) &&
           (!verified_is_told(d, lane, now) || is_to_ask(d, lane, row) || d->jobs[row].whole);
}

uint32_t verified_untold(const struct scheduler *d, uint16_t lane)
{
    const struct lane_survey *l = &d->surveys.lanes[lane];
    enum verification v;
    uint32_t untold = 0;
    for (uint32_t row = l->row_first; l->lists_verified && row < l->row_end; row++)
        untold += d->fleet->choices[row].lane == lane &&
                  (!verified_of(d, row, &v) || v != VERIFICATION_SUCCESS);
    return untold;
}

bool scheduler_verification(const struct scheduler *d, uint32_t row, enum verification *v)
{
    assert(row < d->fleet->choices_len);
    return verified_of(d, row, v);
}

bool scheduler_account_sends(const struct scheduler *d, uint16_t lane, bool *can_send)
{
    assert(lane < d->fleet->lanes_len);
    const struct lane_survey *l = &d->surveys.lanes[lane];
    *can_send = l->can_send;
    return l->account_known;
}
