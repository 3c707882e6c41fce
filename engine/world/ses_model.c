/*
 * The records of the SES model: lanes, identities, their index, listing, and the rules for
 * accepting a setting. Invariant: an identity is in the index, in its lane's list and in the array,
 * or in none of the three; the MAIL FROM is empty exactly when the status is MAIL_FROM_NONE.
 */
#include "ses_model.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "base/hash.h"
#include "ses_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define LANE_SLOTS (4u * LANES_MAX) /* a quarter full at most: chains stay short */
#define LANE_MASK  (LANE_SLOTS - 1)

static_assert((LANE_SLOTS & LANE_MASK) == 0, "open addressing by mask needs a power of two");
static_assert(sizeof(struct ses_identity) == 32, "a million of them share a cache");

struct ses_rules ses_rules_default(void)
{
    return (struct ses_rules){
        .rate_per_s = 1,
        .burst = 1,
        .detect_after = SPAN_S(60),
        .recheck_first = SPAN_S(60),
        .recheck_max = SPAN_M(30),
        .watch_every = SPAN_H(1),
        .give_up = SPAN_H(72),
    };
}

enum err ses_model_init(struct ses_model *m, const struct ses_rules *rules, uint32_t identities_max,
                        struct why *why)
{
    *m = (struct ses_model){.rules = *rules, .identities_cap = identities_max};
    assert(rules->burst >= 1 && rules->recheck_first > 0);
    if (identities_max > IDENTITIES_MAX)
        return why_set(why, ERR_LIMIT, "more than %d identities", IDENTITIES_MAX);
    uint32_t slots = 1024;
    while (slots < identities_max * 2)
        slots *= 2;
    m->identity_mask = slots - 1;
    m->identities = calloc((size_t)identities_max + 1, sizeof *m->identities);
    m->identity_slots = calloc(slots, sizeof *m->identity_slots);
    m->lane_slots = calloc(LANE_SLOTS, sizeof *m->lane_slots);
    bool ok = names_init(&m->names, NAMES_BYTES_MAX);
    ok = heap_init(&m->checks, identities_max) && ok;
    if (ok && m->identities && m->identity_slots && m->lane_slots)
        return OK;
    ses_model_clear(m);
    return why_set(why, ERR_NOMEM, "no memory for %u identities", identities_max);
}

void ses_model_clear(struct ses_model *m)
{
    names_clear(&m->names);
    heap_clear(&m->checks);
    free(m->identities);
    free(m->identity_slots);
    free(m->lanes);
    free(m->lane_slots);
    *m = (struct ses_model){0};
}

/* Lanes */

static uint32_t lane_slot(const struct ses_model *m, name_id account, name_id region)
{
    uint32_t i = (uint32_t)siphash_pair(m->names.key, account, region) & LANE_MASK;
    for (; m->lane_slots[i]; i = (i + 1) & LANE_MASK) {
        const struct ses_lane *lane = &m->lanes[m->lane_slots[i] - 1];
        if (lane->account == account && lane->region == region)
            break;
    }
    return i;
}

static bool lanes_grow(struct ses_model *m)
{
    if (m->lanes_len < m->lanes_cap)
        return true;
    uint32_t cap = m->lanes_cap ? m->lanes_cap * 2 : 16;
    if (m->lanes_len == LANES_MAX)
        return false;
    struct ses_lane *lanes = realloc(m->lanes, cap * sizeof *lanes);
    if (!lanes)
        return false;
    m->lanes = lanes;
    m->lanes_cap = cap;
    return true;
}

bool ses_model_lane(struct ses_model *m, struct text account, struct text region, uint16_t *lane)
{
    name_id account_id, region_id;
    if (!names_add(&m->names, account, &account_id) || !names_add(&m->names, region, &region_id))
        return false;
    uint32_t slot = lane_slot(m, account_id, region_id);
    if (m->lane_slots[slot] == 0) {
        if (!lanes_grow(m))
            return false;
        m->lanes[m->lanes_len] = (struct ses_lane){.account = account_id, .region = region_id};
        m->lane_slots[slot] = ++m->lanes_len;
    }
    *lane = (uint16_t)(m->lane_slots[slot] - 1);
    return true;
}

bool ses_model_has_account(const struct ses_model *m, struct text account)
{
    name_id id = names_find(&m->names, account);
    for (uint32_t i = 0; id != NAME_NONE && i < m->lanes_len; i++)
        if (m->lanes[i].account == id)
            return true;
    return false;
}

/* A bucket is refilled when asked, so a model at rest costs nothing. */
bool ses_model_admit(struct ses_model *m, uint16_t lane, enum ses_action action, instant_us now)
{
    assert(lane < m->lanes_len && action < SES_ACTIONS);
    struct ses_bucket *b = &m->lanes[lane].buckets[action];
    double burst = m->rules.burst;
    if (b->at == 0)
        b->tokens = burst;
    else if (now > b->at)
        b->tokens += (double)(now - b->at) * 1e-6 * m->rules.rate_per_s;
    if (b->tokens > burst)
        b->tokens = burst;
    if (b->at < now)
        b->at = now;
    if (b->tokens < 1)
        return false;
    b->tokens -= 1;
    return true;
}

/* Identities */

static uint32_t identity_slot(const struct ses_model *m, uint16_t lane, name_id name)
{
    uint32_t i = (uint32_t)siphash_pair(m->names.key, lane, name) & m->identity_mask;
    for (; m->identity_slots[i]; i = (i + 1) & m->identity_mask) {
        const struct ses_identity *identity = &m->identities[m->identity_slots[i] - 1];
        if (identity->lane == lane && identity->name == name)
            break;
    }
    return i;
}

/* A domain is stored in lower case, an address byte by byte (SES Developer Guide, "Creating and
 * verifying identities"). */
static struct text stored_form(struct text identity, char out[DNAME_LEN_MAX + 1])
{
    struct text lower;
    bool is_domain = identity_type_of(identity) == IDENTITY_DOMAIN;
    return is_domain && dname_normalize(identity, out, &lower) ? lower : identity;
}

bool ses_model_find(const struct ses_model *m, uint16_t lane, struct text identity, uint32_t *id)
{
    char lower[DNAME_LEN_MAX + 1];
    name_id name = names_find(&m->names, stored_form(identity, lower));
    if (name == NAME_NONE)
        return false;
    uint32_t found = m->identity_slots[identity_slot(m, lane, name)];
    *id = found - 1;
    return found > 0 && !m->identities[found - 1].gone;
}

/* SES verifies a domain by its DKIM records, and an address has none. */
static enum dkim_status dkim_usual(struct text identity, enum verification v)
{
    if (identity_type_of(identity) == IDENTITY_EMAIL_ADDRESS)
        return DKIM_NOT_STARTED;
    switch (v) {
    case VERIFICATION_SUCCESS: return DKIM_SUCCESS;
    case VERIFICATION_FAILED: return DKIM_FAILED;
    case VERIFICATION_TEMPORARY_FAILURE: return DKIM_TEMPORARY_FAILURE;
    case VERIFICATION_NOT_STARTED: return DKIM_NOT_STARTED;
    default: return DKIM_PENDING;
    }
}

enum err ses_model_add(struct ses_model *m, uint16_t lane, struct text identity,
                       const struct ses_facts *facts, instant_us now, struct why *why)
{
    char lower_identity[DNAME_LEN_MAX + 1], lower_from[DNAME_LEN_MAX + 1];
    struct text from;
    name_id name, mail_from;
    assert(lane < m->lanes_len);
    if (m->identities_len == m->identities_cap)
        return why_set(why, ERR_LIMIT, "no room for more than %u identities", m->identities_cap);
    bool has_status = facts->status != MAIL_FROM_NONE && facts->status != MAIL_FROM_UNKNOWN;
    if (identity.len == 0 || facts->verification == VERIFICATION_NONE ||
        has_status != (facts->mail_from.len > 0) ||
        !dname_normalize(facts->mail_from, lower_from, &from))
        return why_set(why, ERR_INPUT,
                       "'" TEXT_FMT "': a name, a verification, and a status for "
                       "every MAIL FROM are needed",
                       TEXT_ARG(identity));
    identity = stored_form(identity, lower_identity);
    if (!names_add(&m->names, identity, &name) || !names_add(&m->names, from, &mail_from))
        return why_set(why, ERR_LIMIT, "no room for the name '" TEXT_FMT "'", TEXT_ARG(identity));
    uint32_t slot = identity_slot(m, lane, name), id = m->identities_len;
    if (m->identity_slots[slot])
        return why_set(why, ERR_INPUT, "'" TEXT_FMT "' is there already", TEXT_ARG(identity));
    m->identity_slots[slot] = ++m->identities_len;
    m->identities[id] = (struct ses_identity){
        .since = now,
        .name = name,
        .mail_from = mail_from,
        .lane = lane,
        .verification = (uint8_t)facts->verification,
        .status = (uint8_t)facts->status,
        .behavior = (uint8_t)facts->behavior,
        .dkim =
            (uint8_t)(facts->dkim ? facts->dkim : dkim_usual(identity, facts->verification)) & 7u,
        .forwarding = facts->forwarding,
    };
    struct ses_lane *l = &m->lanes[lane];
    if (l->last)
        m->identities[l->last - 1].next = id + 1;
    else
        l->first = id + 1;
    l->last = id + 1;
    /* Spreads the checks of identities at Success from the start over time. */
    bool spreads = facts->status == MAIL_FROM_SUCCESS;
    double spread_us = spreads ? (double)m->rules.watch_every * hash_unit(0, id, 0) : 0;
    ses_setup_watch(m, id, now - (span_us)spread_us);
    return OK;
}

void ses_model_delete(struct ses_model *m, uint32_t id)
{
    m->identities[id].gone = true;
    m->identities[id].generation++;
    heap_drop(&m->checks, id);
}

void ses_model_unverify(struct ses_model *m, uint32_t id)
{
    m->identities[id].verification = VERIFICATION_FAILED;
}

void ses_model_verify(struct ses_model *m, uint32_t id)
{
    m->identities[id].verification = VERIFICATION_SUCCESS;
}

void ses_model_create_again(struct ses_model *m, uint32_t id, instant_us now)
{
    struct ses_identity *i = &m->identities[id];
    assert(i->gone);
    i->gone = false;
    i->verification = VERIFICATION_SUCCESS;
    i->behavior = BEHAVIOR_USE_DEFAULT_VALUE;
    i->mail_from = NAME_NONE;
    i->forwarding = true;
    ses_setup_start(m, id, now);
}

struct text ses_model_name(const struct ses_model *m, uint32_t id)
{
    assert(id < m->identities_len);
    return names_text(&m->names, m->identities[id].name);
}

struct ses_facts ses_model_facts(const struct ses_model *m, uint32_t id)
{
    assert(id < m->identities_len);
    const struct ses_identity *i = &m->identities[id];
    return (struct ses_facts){
        .known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM | KNOWN_FORWARDING | KNOWN_DKIM,
        .verification = (enum verification)i->verification,
        .mail_from = names_text(&m->names, i->mail_from),
        .status = (enum mail_from_status)i->status,
        .behavior = (enum behavior)i->behavior,
        .forwarding = i->forwarding,
        .dkim = (enum dkim_status)i->dkim,
    };
}

/* Setting */

/* The sentences are SES's own where known. */
static enum ses_refusal setting_vet(struct text identity, struct text mail_from, struct why *why)
{
    enum dname_fault fault = dname_check(mail_from);
    if (fault != DNAME_OK && fault != DNAME_SINGLE_LABEL && fault != DNAME_NUMERIC_TOP) {
        why_set(why, ERR_INPUT,
                "Provided MAIL-FROM domain <" TEXT_FMT "> is not a valid domain name.",
                TEXT_ARG(mail_from));
        return SES_NAME_INVALID;
    }
    if (!dname_below(mail_from, identity_domain(identity))) {
        why_set(why, ERR_INPUT,
                "Provided MAIL-FROM domain <" TEXT_FMT
                "> is not subdomain of the domain of the identity <" TEXT_FMT ">.",
                TEXT_ARG(mail_from), TEXT_ARG(identity));
        return SES_NOT_SUBDOMAIN;
    }
    return SES_ACCEPTED;
}

enum ses_refusal ses_model_set(struct ses_model *m, uint16_t lane, struct text identity,
                               struct text mail_from, enum behavior behavior, instant_us now,
                               struct why *why)
{
    uint32_t id;
    name_id name;
    struct text lower = TEXT_NONE;
    char bytes[DNAME_LEN_MAX + 1];
    if (!ses_model_find(m, lane, identity, &id)) {
        why_set(why, ERR_GONE, "Identity <" TEXT_FMT "> does not exist.", TEXT_ARG(identity));
        return SES_IDENTITY_UNKNOWN;
    }
    if (mail_from.len) {
        enum ses_refusal refusal = setting_vet(identity, mail_from, why);
        if (refusal != SES_ACCEPTED)
            return refusal;
        bool fits = dname_normalize(mail_from, bytes, &lower);
        assert(fits);
    }
    if (!names_add(&m->names, lower, &name)) {
        why_set(why, ERR_LIMIT, "No room for the name <" TEXT_FMT ">.", TEXT_ARG(lower));
        return SES_NO_ROOM;
    }
    struct ses_identity *i = &m->identities[id];
    bool restarts = i->mail_from != name || i->status == MAIL_FROM_FAILED ||
                    (m->rules.set_restarts && i->status == MAIL_FROM_SUCCESS);
    i->mail_from = name;
    i->behavior = (uint8_t)(name == NAME_NONE ? BEHAVIOR_USE_DEFAULT_VALUE : behavior);
    if (restarts)
        ses_setup_start(m, id, now);
    return SES_ACCEPTED;
}

/* Listing */

static bool passes(const struct ses_model *m, uint32_t id, enum ses_filter filter)
{
    enum identity_type type = identity_type_of(ses_model_name(m, id));
    return filter == SES_ALL || (filter == SES_DOMAINS) == (type == IDENTITY_DOMAIN);
}

uint32_t ses_model_list(const struct ses_model *m, uint16_t lane, enum ses_filter filter,
                        uint32_t *cursor, uint32_t *ids, uint32_t max)
{
    assert(lane < m->lanes_len);
    uint32_t len = 0, next = *cursor ? *cursor : m->lanes[lane].first;
    for (; next; next = m->identities[next - 1].next) {
        if (m->identities[next - 1].gone || !passes(m, next - 1, filter))
            continue;
        if (len == max)
            break;
        ids[len++] = next - 1;
    }
    *cursor = next;
    return len;
}

/* Has characters in need of encoding in a query string, like real tokens. */
char *ses_token_make(uint16_t lane, enum ses_filter filter, uint32_t cursor,
                     char out[SES_TOKEN_LEN])
{
    snprintf(out, SES_TOKEN_LEN, "%08x/%016llx+==", cursor,
             (unsigned long long)hash_mix(hash_mix(lane, filter), cursor));
    return out;
}

bool ses_token_parse(const struct ses_model *m, uint16_t lane, enum ses_filter filter,
                     struct text token, uint32_t *cursor)
{
    char want[SES_TOKEN_LEN];
    uint32_t value = 0;
    if (token.len < 8)
        return false;
    for (size_t i = 0; i < 8; i++) {
        char c = token.at[i];
        uint32_t digit = char_is_digit(c) ? (uint32_t)(c - '0') : (uint32_t)(c - 'a') + 10;
        if (digit > 15)
            return false;
        value = value << 4 | digit;
    }
    *cursor = value;
    return value > 0 && value <= m->identities_len && m->identities[value - 1].lane == lane &&
           text_eq(token, text_of(ses_token_make(lane, filter, value, want)));
}
