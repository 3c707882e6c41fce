/*
 * DKIM beside the first reads. By version 1 it is one call more for a hundred identities, with a
 * bucket of its own; by version 2 the GetEmailIdentity of the read tells it. Nothing but reports
 * stands on it, so no trouble with it is the lane's, and no row fails for it: where IAM refuses it,
 * or it goes on failing, it is not asked for any more, and stays unknown.
 */
#include "base/dname.h"
#include "scheduler_internal.h"

#include <assert.h>
#include <stdio.h>

#define TOLD       0x80u /* SES has been asked, in this run or an earlier one */
#define REMEMBERED 0x40u /* not in this run */
#define HELD       0x20u /* of an address: what held when it was recorded, its own or its domain's */
#define REFUSAL_LEN                                                                                \
    200 /* of SES's words about it, in whole words: names the caller and the action */

void dkim_know(struct scheduler *d, uint32_t row, enum dkim_status status, bool is_asked)
{
    assert(row < d->fleet->choices_len);
    assert(status < DKIM_STATUSES);
    if (status != DKIM_UNKNOWN || is_asked)
        d->dkim[row] = (uint8_t)(status | TOLD);
}

/* What was known stays. */
static void dkim_asked_in_vain(struct scheduler *d, uint32_t row)
{
    d->dkim[row] = (uint8_t)((d->dkim[row] & ~REMEMBERED) | TOLD);
}

void dkim_restore(struct scheduler *d, uint32_t row, enum dkim_status held)
{
    assert(held < DKIM_STATUSES);
    if (d->fleet->choices[row].type == IDENTITY_EMAIL_ADDRESS)
        d->dkim[row] = (uint8_t)(held | HELD);
    else
        dkim_know(d, row, held, false);
}

void scheduler_dkim_remember(struct scheduler *d, uint32_t row, enum dkim_status own, bool is_fresh)
{
    assert(d->options.sweep);
    assert(own < DKIM_STATUSES);
    d->dkim[row] = (uint8_t)(own | REMEMBERED | (is_fresh ? TOLD : 0));
}

static enum dkim_status own_of(const struct scheduler *d, uint32_t row)
{
    return (enum dkim_status)(d->dkim[row] & ~(TOLD | REMEMBERED | HELD));
}

/* The row of the nearest domain of an address that is an identity. False: there is none, or it is
 * not known which domain that is: the account may have one without a row, which the list tells. */
static bool domain_row(const struct scheduler *d, uint32_t address, uint32_t *row)
{
    uint16_t lane = d->fleet->choices[address].lane;
    bool is_listed = d->options.lane_survey && !d->options.sweep &&
                     !d->surveys.lanes[lane].gaps[SURVEY_GAP_LIST][0] &&
                     fleet_mail_from(d->fleet, address).len > 0;
    char lower[DNAME_LEN_MAX + 1];
    struct text domain;
    uint32_t found = 0;
    if (!d->surveys.wanted ||
        !dname_normalize(identity_domain(fleet_identity(d->fleet, address)), lower, &domain))
        return false;
    for (; domain.len && !found; domain = is_listed ? dname_parent(domain) : TEXT_NONE) {
        found = fleet_index_find(&d->surveys.index, lane, domain);
        is_listed &= !owners_lists(d, lane, domain);
    }
    *row = found ? found - 1 : 0;
    return found > 0;
}

enum dkim_status scheduler_dkim(const struct scheduler *d, uint32_t row)
{
    assert(row < d->fleet->choices_len);
    struct text identity = fleet_identity(d->fleet, row);
    enum dkim_status own = own_of(d, row), of_domain = DKIM_UNKNOWN;
    uint32_t domain;
    if (identity_type_of(identity) == IDENTITY_EMAIL_ADDRESS && domain_row(d, row, &domain))
        of_domain = own_of(d, domain);
    if (d->dkim[row] & HELD && of_domain == DKIM_UNKNOWN)
        return own;
    return dkim_status_held(identity, own, of_domain);
}

bool scheduler_dkim_is_asked(const struct scheduler *d, uint32_t row)
{
    assert(row < d->fleet->choices_len);
    return (d->dkim[row] & (TOLD | REMEMBERED)) == TOLD;
}

enum dkim_status scheduler_dkim_own(const struct scheduler *d, uint32_t row)
{
    assert(row < d->fleet->choices_len);
    return own_of(d, row);
}

static bool is_told(const struct scheduler *d, uint32_t row)
{
    return d->dkim[row] & TOLD;
}

bool dkim_by_get(const struct scheduler *d, uint16_t lane, uint32_t row)
{
    return d->lanes[lane].dkim == DKIM_BY_IDENTITY && !is_told(d, row);
}

uint8_t dkim_kind(const struct scheduler *d, const struct batch_read *b)
{
    assert(b->count > 0);
    if (b->api != API_V1 || d->lanes[b->lane].dkim != DKIM_BY_BATCH)
        return 0;
    for (uint32_t i = 0; i < b->count; i++)
        if (!is_told(d, b->items[i]))
            return (uint8_t)BATCH_KIND(CALL_READ_DKIM);
    return 0;
}

void dkim_taken(struct scheduler *d, const struct batch_read *b)
{
    bool was_asked = b->missed & BATCH_KIND(CALL_READ_DKIM);
    for (unsigned kind = 0; kind < BATCH_KINDS; kind++) {
        const struct call *answer = b->answers[kind];
        for (uint32_t i = 0; answer && i < b->count; i++)
            if (answer->facts[i].known & KNOWN_DKIM)
                dkim_know(d, b->items[i], answer->facts[i].dkim, true);
            else if (kind == CALL_GET) /* of an identity that is not there */
                dkim_asked_in_vain(d, b->items[i]);
    }
    for (uint32_t i = 0; was_asked && i < b->count; i++)
        dkim_asked_in_vain(d, b->items[i]);
}

static void gap_tell(struct scheduler *d, uint16_t lane, const char *action, const struct reply *r,
                     const char *then)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    struct text rest = text_of(r->message), words = text_cut_line(&rest, REFUSAL_LEN);
    if (reply_is_access_denied(r))
        l->account_gaps |= 1u << SURVEY_GAP_DKIM;
    snprintf(l->gaps[SURVEY_GAP_DKIM], SURVEY_REASON_LEN, "%s: %.40s%s%.*s%s: %s", action, r->code,
             r->code[0] ? " " : "", (int)words.len, words.at, rest.len ? " ..." : "", then);
}

void dkim_fell_back(struct scheduler *d, uint16_t lane)
{
    d->surveys.lanes[lane].gaps[SURVEY_GAP_DKIM][0] = 0;
    d->surveys.lanes[lane].account_gaps &= (uint8_t) ~(1u << SURVEY_GAP_DKIM);
}

/* A sweep remembers that it has asked, so the next ones need not. */
static void give_up(struct scheduler *d, uint16_t lane)
{
    d->lanes[lane].dkim = DKIM_NOT_ASKED;
    for (uint32_t row = 0; d->options.sweep && row < d->fleet->choices_len; row++)
        if (d->fleet->choices[row].lane == lane && !is_told(d, row))
            dkim_asked_in_vain(d, row);
}

enum verdict dkim_answered(struct scheduler *d, const struct call *call, enum verdict verdict)
{
    struct lane_state *lane = &d->lanes[call->lane];
    assert(call->kind == CALL_READ_DKIM);
    if (verdict == VERDICT_OK)
        lane->dkim_missed = 0;
    if (!reply_knows_no_action(&call->reply))
        return verdict;
    give_up(d, call->lane);
    return VERDICT_DENIED; /* at once: no try will help */
}

void dkim_missed(struct scheduler *d, const struct call *call)
{
    struct lane_state *lane = &d->lanes[call->lane];
    if (reply_knows_no_action(&call->reply))
        return;                                         /* nothing is missing */
    bool was_wished = d->options.dkim == DKIM_BY_BATCH; /* else it takes GetEmailIdentity's place */
    bool is_denied = reply_is_access_denied(&call->reply);
    if (is_denied || ++lane->dkim_missed == OPTIONAL_MISSED_MAX)
        give_up(d, call->lane);
    if (lane->read_api == API_V2 && d->options.read_api == API_V1)
        return; /* this lane has fallen back, and GetEmailIdentity tells it */
    gap_tell(d, call->lane,
             was_wished || !is_denied
                 ? call_action(call->kind, call->api)
                 : "GetEmailIdentity is refused, and GetIdentityDkimAttributes in its place",
             &call->reply,
             !is_denied ? "DKIM of some identities is not known"
             : was_wished && d->options.sweep
                 ? "DKIM is not known, and is asked again when watch.verification is over; allow "
                   "ses:GetIdentityDkimAttributes (docs/PERMISSIONS.md), or give --no-dkim"
             : was_wished
                 ? "DKIM is not known; allow ses:GetIdentityDkimAttributes "
                   "(docs/PERMISSIONS.md), or give --no-dkim"
                 : "the rest of DKIM is not known; allow ses:GetEmailIdentity, which --dkim needs "
                   "(docs/PERMISSIONS.md), or give --no-dkim");
}

bool dkim_get_refused(struct scheduler *d, const struct batch_read *b, instant_us now)
{
    struct lane_state *lane = &d->lanes[b->lane];
    bool is_for_dkim =
        b->api == API_V2 && lane->read_api == API_V1 && !verified_by_get(d, b->items[0], now);
    if (!is_for_dkim || !reply_is_access_denied(&b->failed_reply))
        return false;
    if (lane->dkim == DKIM_BY_IDENTITY) {
        lane->dkim = DKIM_BY_BATCH;
        gap_tell(d, b->lane, call_action(CALL_GET, API_V2), &b->failed_reply,
                 "the rest of DKIM is read by the batch; --dkim needs ses:GetEmailIdentity "
                 "(docs/PERMISSIONS.md)");
    }
    return true;
}
