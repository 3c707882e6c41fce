#include "desk_census.h"

#include "desk_family.h"
#include "dname.h"
#include "hash.h"

#include <stdio.h>
#include <string.h>

enum part { PART_LIST, PART_ACCOUNT, PART_NOTIFICATION, PARTS };

#define BIT(part)           (1u << (part))
#define CENSUS_ATTEMPTS_MAX 3 /* helpful, but not worth holding a lane up for long */
#define CENSUS_BYTES_MAX    (16u << 20)

static enum call_kind kind_of(const struct census_lane *l, unsigned part)
{
    static const enum call_kind kinds[PARTS] = {CALL_LIST, CALL_ACCOUNT, CALL_READ_NOTIFICATION};
    return part == PART_NOTIFICATION && l->api == API_V2 ? CALL_GET : kinds[part];
}

static uint32_t slot_of(const struct desk *d, uint16_t lane, name_id identity)
{
    const struct census *c = &d->census;
    uint32_t i = (uint32_t)hash_mix(lane, identity) & c->slot_mask;
    while (c->slots[i]) {
        const struct choice *choice = &d->fleet->choices[c->slots[i] - 1];
        if (choice->lane == lane && choice->identity == identity)
            break;
        i = (i + 1) & c->slot_mask;
    }
    return i;
}

bool census_init(struct desk *d, struct arena *memory)
{
    struct census *c = &d->census;
    uint32_t slots = 16;
    c->wanted = d->options.census;
    arena_init(&c->names, NAMES_BYTES_MAX);
    c->lanes = ARENA_ARRAY(memory, struct census_lane, d->fleet->lanes_len + 1);
    c->senders = ARENA_ARRAY(memory, uint8_t, d->fleet->names.len + 1);
    if (!c->lanes || !c->senders || !c->wanted)
        return c->lanes && c->senders;
    while (slots < d->fleet->choices_len * 2)
        slots *= 2;
    c->slot_mask = slots - 1;
    c->slots = ARENA_ARRAY(memory, uint32_t, slots);
    c->masking = ARENA_ARRAY(memory, struct text, d->fleet->choices_len + 1);
    if (!c->slots || !c->masking)
        return false;
    for (uint32_t i = 0; i < d->fleet->choices_len; i++)
        c->slots[slot_of(d, d->fleet->choices[i].lane, d->fleet->choices[i].identity)] = i + 1;
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        arena_init(&c->lanes[i].text, CENSUS_BYTES_MAX);
        c->lanes[i].api = d->options.read_api;
        c->lanes[i].to_send = BIT(PART_LIST) | BIT(PART_ACCOUNT);
    }
    return true;
}

void census_clear(struct desk *d)
{
    for (uint32_t i = 0; d->census.wanted && d->census.lanes && i < d->fleet->lanes_len; i++)
        arena_clear(&d->census.lanes[i].text);
    arena_clear(&d->census.names);
}

enum api census_api(const struct desk *d, uint16_t lane)
{
    return d->census.lanes[lane].api;
}

bool census_is_done(const struct desk *d, uint16_t lane)
{
    const struct census_lane *l = &d->census.lanes[lane];
    return !l->to_send && !l->out;
}

static struct call *part_call(struct desk *d, uint16_t lane, enum part part)
{
    struct census_lane *l = &d->census.lanes[lane];
    struct call *call = desk_call_to(d, lane, kind_of(l, part));
    call->owner = CENSUS_OWNER;
    call->part = part;
    call->attempt = l->attempts + 1u;
    call->count = 0;
    if (part == PART_LIST)
        call->token = l->token;
    if (part == PART_NOTIFICATION && call->kind == CALL_GET) {
        call->api = API_V2; /* even while the lane itself reads by version 1 */
        call->count = 1;
        call->identities[0] = l->suspects[l->asked];
    } else if (part == PART_NOTIFICATION) {
        call->count = l->suspects_len;
        memcpy(call->identities, l->suspects, sizeof l->suspects[0] * l->suspects_len);
    }
    l->to_send = (uint8_t)(l->to_send & ~BIT(part));
    l->out = (uint8_t)(l->out | BIT(part));
    return call;
}

uint32_t census_send(struct desk *d, uint16_t lane, instant_us now, struct call **calls,
                     uint32_t max)
{
    struct census_lane *l = &d->census.lanes[lane];
    uint32_t len = 0;
    if (d->lanes[lane].broken)
        l->to_send = 0;
    for (unsigned part = 0; part < PARTS && l->to_send && now >= l->wake; part++)
        if ((l->to_send & BIT(part)) && len < max && d->pool &&
            pace_take(&d->lanes[lane].pace[kind_of(l, part)], now))
            calls[len++] = part_call(d, lane, (enum part)part);
    return len;
}

instant_us census_wake(const struct desk *d, uint16_t lane)
{
    const struct census_lane *l = &d->census.lanes[lane];
    instant_us wake = WHEN_NEVER;
    for (unsigned part = 0; part < PARTS; part++) {
        instant_us token = pace_next(&d->lanes[lane].pace[kind_of(l, part)]);
        if (l->to_send & BIT(part))
            wake = when_earlier(wake, when_later(token, l->wake));
    }
    return wake;
}

/* Is somebody of the fleet meant to have this name, or one above it, as MAIL FROM? */
static name_id mail_from_above(const struct desk *d, struct text domain)
{
    for (; domain.len; domain = dname_parent(domain)) {
        name_id id = names_find(&d->fleet->names, domain);
        if (id != NAME_NONE && d->mail_from_uses[id] > 0)
            return id;
    }
    return NAME_NONE;
}

static uint32_t job_of(const struct desk *d, uint16_t lane, struct text identity)
{
    name_id id = names_find(&d->fleet->names, identity);
    return id == NAME_NONE ? 0 : d->census.slots[slot_of(d, lane, id)];
}

static void suspect_add(struct desk *d, struct census_lane *l, name_id mail_from,
                        struct text identity)
{
    struct text copy = arena_text(&l->text, identity);
    d->census.senders[mail_from] |= SENDER_EXISTS;
    if (l->suspects_len < SES_BATCH_MAX && copy.at)
        l->suspects[l->suspects_len++] = copy;
    else
        d->census.senders[mail_from] |= SENDER_FORWARDS; /* not asked about: the worse is taken */
}

/* An identity below a domain of the fleet that the fleet does not move as well. */
static void mask_mark(struct desk *d, uint16_t lane, struct text identity, struct text above)
{
    if (job_of(d, lane, identity))
        return;
    for (; above.len; above = dname_parent(above)) {
        uint32_t job = job_of(d, lane, above);
        if (job && d->census.masking[job - 1].len == 0)
            d->census.masking[job - 1] = arena_text(&d->census.names, identity);
    }
}

static void identity_seen(struct desk *d, uint16_t lane, struct text identity)
{
    char lower[DNAME_LEN_MAX + 1];
    struct text domain;
    if (!dname_normalize(identity_domain(identity), lower, &domain))
        return;
    bool address = identity_type_of(identity) == IDENTITY_EMAIL_ADDRESS;
    name_id mail_from = mail_from_above(d, domain);
    if (mail_from != NAME_NONE)
        suspect_add(d, &d->census.lanes[lane], mail_from, identity);
    mask_mark(d, lane, address ? identity : domain, address ? domain : dname_parent(domain));
}

static void page_take(struct desk *d, struct call *call)
{
    struct census_lane *l = &d->census.lanes[call->lane];
    for (uint32_t i = 0; i < call->listed_len; i++)
        identity_seen(d, call->lane, call->listed[i]);
    l->token = arena_text(&l->text, call->next_token);
    l->listed = call->next_token.len == 0;
    if (!l->listed && (list_is_endless(call, ++l->pages) || !l->token.len))
        snprintf(l->reason, sizeof l->reason, "%s: the list does not end",
                 call_action(call->kind, call->api));
    else if (!l->listed)
        l->to_send |= BIT(PART_LIST);
    else if (l->suspects_len)
        l->to_send |= BIT(PART_NOTIFICATION);
}

static void notifications_take(struct desk *d, const struct call *call)
{
    struct census_lane *l = &d->census.lanes[call->lane];
    for (uint32_t i = 0; i < call->count; i++) {
        char lower[DNAME_LEN_MAX + 1];
        struct text domain;
        bool known = call->facts[i].known & KNOWN_FORWARDING;
        if (known && !call->facts[i].forwarding)
            continue;
        if (dname_normalize(identity_domain(call->identities[i]), lower, &domain))
            d->census.senders[mail_from_above(d, domain)] |= SENDER_FORWARDS;
    }
    l->asked += call->count;
    if (l->asked < l->suspects_len)
        l->to_send |= BIT(PART_NOTIFICATION);
}

static void account_take(struct census_lane *l, const struct call *call)
{
    l->account_known = true;
    l->can_send = call->account.sending_enabled;
    l->in_sandbox = !call->account.production_access;
    snprintf(l->status, sizeof l->status, TEXT_FMT, TEXT_ARG(call->account.enforcement_status));
}

static void part_taken(struct desk *d, struct call *call)
{
    d->census.lanes[call->lane].attempts = 0;
    switch ((enum part)call->part) {
    case PART_LIST: page_take(d, call); break;
    case PART_ACCOUNT: account_take(&d->census.lanes[call->lane], call); break;
    case PART_NOTIFICATION: notifications_take(d, call); break;
    case PARTS: break;
    }
}

/* IAM does not let the caller list or ask by version 1. */
static bool falls_back(const struct desk *d, struct census_lane *l, const struct call *call)
{
    bool is_read = call->part != PART_ACCOUNT && l->api == API_V1;
    if (!d->options.read_falls_back || !is_read || !reply_is_access_denied(&call->reply))
        return false;
    l->api = API_V2;
    return true;
}

static void part_failed(struct desk *d, const struct call *call, enum verdict verdict,
                        instant_us now)
{
    struct census_lane *l = &d->census.lanes[call->lane];
    if (verdict == VERDICT_SLOW_DOWN || falls_back(d, l, call)) {
        l->to_send = (uint8_t)(l->to_send | BIT(call->part));
    } else if (verdict_is_retried(verdict) && ++l->attempts < CENSUS_ATTEMPTS_MAX) {
        l->to_send = (uint8_t)(l->to_send | BIT(call->part));
        l->wake = now + backoff_span(BACKOFF_ERROR, d->options.rules.seed, call->lane, l->attempts);
    } else {
        snprintf(l->reason, sizeof l->reason, "%s: %.63s %.127s",
                 call_action(call->kind, call->api), call->reply.code, call->reply.message);
    }
}

void census_answered(struct desk *d, struct call *call, instant_us now)
{
    struct census_lane *l = &d->census.lanes[call->lane];
    enum verdict verdict = verdict_after(desk_call_paced(d, call, now), l->attempts);
    l->out = (uint8_t)(l->out & ~BIT(call->part));
    if (verdict == VERDICT_OK)
        part_taken(d, call);
    else
        part_failed(d, call, verdict, now);
    desk_call_free(d, call);
}

void desk_census_adopt(struct desk *d, struct desk *plan)
{
    census_clear(d);
    d->census = plan->census;
    plan->census = (struct census){0};
}
