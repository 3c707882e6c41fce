/* Lists a lane once, asks about the identities of interest, and gives the results to the rules. */
#include "lane_survey.h"

#include "base/dname.h"
#include "base/hash.h"
#include "scheduler_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum part {
    PART_LIST,
    PART_ACCOUNT,
    PART_NOTIFICATION,
    PART_MASK_VERIFICATION,
    PART_MASK_MAIL_FROM,
    PART_ENDPOINTS,
    PART_ADVICE,
    PART_VERIFICATION, /* of rows of the fleet */
    PARTS,
};

#define BIT(part)           (1u << (part))
#define SURVEY_ATTEMPTS_MAX 3 /* helpful, but not worth holding a lane up for long */
#define SURVEY_BYTES_MAX    (16u << 20)
/* Of the list of names there is no other: it keeps rows from names that others send from. */
#define LIST_THROTTLES_MAX (10 * OPTIONAL_THROTTLES_MAX)

static_assert(SURVEY_PARTS == PARTS, "");
static_assert(SURVEY_LIST_PART == BIT(PART_LIST), "");
static_assert(SURVEY_ENDPOINTS_PART == BIT(PART_ENDPOINTS), "");
static_assert(SURVEY_ADVICE_PART == BIT(PART_ADVICE), "");
static_assert(SURVEY_MASK_PARTS == (BIT(PART_MASK_VERIFICATION) | BIT(PART_MASK_MAIL_FROM)), "");

static enum call_kind kind_of(const struct lane_survey *l, unsigned part)
{
    assert(part < PARTS);
    static const enum call_kind kinds[PARTS] = {CALL_LIST,
                                                CALL_ACCOUNT,
                                                CALL_READ_NOTIFICATION,
                                                CALL_READ_VERIFICATION,
                                                CALL_READ_MAIL_FROM,
                                                CALL_ENDPOINTS,
                                                CALL_ADVICE,
                                                CALL_READ_VERIFICATION};
    bool is_read = part >= PART_NOTIFICATION && part <= PART_MASK_MAIL_FROM;
    return is_read && l->api == API_V2 ? CALL_GET : kinds[part];
}

/* The list behind a part; NULL: the part is none. */
static struct paged_list *list_of(struct lane_survey *l, unsigned part)
{
    return part == PART_LIST        ? &l->list
           : part == PART_ENDPOINTS ? &l->endpoint_list
           : part == PART_ADVICE    ? &l->advice_list
                                    : NULL;
}

bool lane_survey_init(struct scheduler *d, struct arena *memory)
{
    struct lane_surveys *c = &d->surveys;
    c->wanted = d->options.lane_survey || advice_is_wanted(d);
    c->lanes = ARENA_ARRAY(memory, struct lane_survey, d->fleet->lanes_len + 1);
    c->senders = ARENA_ARRAY(memory, uint8_t, d->fleet->names.len + 1);
    if (!c->lanes || !c->senders || !c->wanted)
        return c->lanes && c->senders;
    c->masking = ARENA_ARRAY(memory, struct text, d->fleet->choices_len + 1);
    c->mask_batch = ARENA_ARRAY(memory, uint32_t, d->fleet->choices_len + 1);
    if (!c->masking || !c->mask_batch || !fleet_index_init(&c->index, memory, d->fleet) ||
        !owners_init(d, memory) || !advice_init(d, memory) || !verified_init(d, memory))
        return false;
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        arena_init(&c->lanes[i].text, SURVEY_BYTES_MAX);
        if (!scheduler_carries(d, i)) {
            c->lanes[i].twins_taken = true; /* nobody here asks there, or waits for it */
            continue;
        }
        c->lanes[i].api = d->options.read_api;
        c->lanes[i].to_send = BIT(PART_ACCOUNT);
        if (d->options.lane_survey)
            c->lanes[i].to_send |= BIT(PART_LIST);
        if (advice_is_wanted(d))
            c->lanes[i].to_send |= BIT(PART_ENDPOINTS);
        c->lanes[i].lists_verified =
            d->options.lane_survey &&
            list_tells_verification(c->lanes[i].rows_unknown, d->options.read_api);
    }
    return true;
}

void lane_survey_start(struct scheduler *d)
{
    struct lane_surveys *c = &d->surveys;
    for (uint32_t i = 0; d->options.sweep && d->options.lane_survey && i < d->fleet->lanes_len;
         i++) {
        struct lane_survey *l = &c->lanes[i];
        if (!scheduler_carries(d, i))
            continue;
        enum verified_way way = verified_way(d, (uint16_t)i);
        l->to_send = (uint8_t)(l->to_send & ~BIT(PART_LIST));
        l->lists_verified = way == VERIFIED_BY_LIST;
        l->row_next = l->row_first;
        if (way == VERIFIED_BY_LIST)
            l->to_send |= BIT(PART_LIST);
        if (way == VERIFIED_BY_ATTRIBUTES && verified_next(d, (uint16_t)i))
            l->to_send |= BIT(PART_VERIFICATION);
    }
    if (d->options.sweep)
        advice_spare(d);
}

void lane_survey_invariant(const struct lane_survey *l)
{
    assert(!(l->to_send & l->out)); /* one question about a thing at a time */
    assert(!((l->to_send | l->out) & ~(BIT(PARTS) - 1)));
    assert(l->suspects_len <= SES_BATCH_MAX);
    assert(l->asked <= l->suspects_len);
    assert(l->batch_len <= SES_BATCH_MAX);
    assert(l->maybe_len <= l->maybe_cap);
    assert(l->attempts <= SURVEY_ATTEMPTS_MAX);
    assert(l->twins_first + l->twins_len <= l->maybe_len);
    assert(!l->twins_len || l->twins_taken);
}

void lane_survey_clear(struct scheduler *d)
{
    for (uint32_t i = 0; d->surveys.wanted && d->surveys.lanes && i < d->fleet->lanes_len; i++)
        arena_clear(&d->surveys.lanes[i].text);
    owners_clear(d);
}

enum api lane_survey_api(const struct scheduler *d, uint16_t lane)
{
    assert(lane < d->fleet->lanes_len);
    return d->surveys.lanes[lane].api;
}

enum api lane_survey_list_api(const struct scheduler *d, uint16_t lane)
{
    return d->surveys.lanes[lane].lists_verified ? API_V2 : lane_survey_api(d, lane);
}

bool lane_survey_is_done(const struct scheduler *d, uint16_t lane)
{
    assert(lane < d->fleet->lanes_len);
    const struct lane_survey *l = &d->surveys.lanes[lane];
    return !((l->to_send | l->out) & ~SURVEY_ADVICE_PART) &&
           (!l->is_doubted || d->lanes[lane].closed) && !endpoints_hold(d, lane);
}

bool lane_survey_has_company(const struct scheduler *d, uint16_t lane)
{
    const struct lane_survey *l = &d->surveys.lanes[lane];
    bool is_listing = (l->to_send | l->out) & BIT(PART_LIST);
    return d->options.rules.plan_only && !d->options.sweep && l->lists_verified &&
           l->list.pages > 0 && (is_listing || l->is_told) && !lane_survey_is_done(d, lane);
}

static struct call *part_call(struct scheduler *d, uint16_t lane, enum part part)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    assert(l->to_send & BIT(part));
    assert(!(l->out & BIT(part)));
    struct call *call = scheduler_call_to(d, lane, kind_of(l, part));
    call->owner = SURVEY_OWNER;
    call->part = part;
    call->attempt = l->attempts + 1u;
    call->count = 0;
    if (list_of(l, part))
        paged_list_ask(list_of(l, part), call);
    if (part == PART_NOTIFICATION && call->kind == CALL_GET) {
        call->api = API_V2; /* even while the lane itself reads by version 1 */
        call->count = 1;
        call->identities[0] = l->suspects[l->asked];
    } else if (part == PART_NOTIFICATION) {
        call->count = l->suspects_len;
        memcpy(call->identities, l->suspects, sizeof l->suspects[0] * l->suspects_len);
    } else if (part == PART_VERIFICATION) {
        call->api = API_V1;
        call->count = verified_identities(d, l, call->identities);
    } else if (BIT(part) & SURVEY_MASK_PARTS) {
        call->api = call->kind == CALL_GET ? API_V2 : call->api;
        call->count = masks_identities(l, call->identities);
    }
    assert(call->count <= SES_BATCH_MAX);
    l->to_send = (uint8_t)(l->to_send & ~BIT(part));
    l->out = (uint8_t)(l->out | BIT(part));
    return call;
}

static instant_us part_due(struct lane_survey *l, unsigned part)
{
    return list_of(l, part) ? list_of(l, part)->wake : l->wake;
}

uint32_t lane_survey_send(struct scheduler *d, uint16_t lane, instant_us now, struct call **calls,
                          uint32_t max)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    uint32_t len = 0;
    if (d->lanes[lane].closed && l->to_send) {
        l->to_send = 0;
        endpoints_wake(d, lane);
    }
    twins_take(d, lane);
    if (!((l->to_send | l->out) & (BIT(PART_LIST) | BIT(PART_VERIFICATION))) &&
        verified_doubted(d, lane))
        l->to_send |= BIT(PART_VERIFICATION);
    for (unsigned part = 0; part < PARTS && l->to_send; part++)
        if ((l->to_send & BIT(part)) && now >= part_due(l, part) && len < max && d->calls.free &&
            pace_take(&d->lanes[lane].pace[kind_of(l, part)], now))
            calls[len++] = part_call(d, lane, (enum part)part);
    assert(len <= max);
    return len;
}

instant_us lane_survey_wake(const struct scheduler *d, uint16_t lane)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    instant_us wake = WHEN_NEVER;
    for (unsigned part = 0; part < PARTS; part++) {
        instant_us token = pace_next(&d->lanes[lane].pace[kind_of(l, part)]);
        if (l->to_send & BIT(part))
            wake = when_earlier(wake, when_later(token, part_due(l, part)));
    }
    return wake;
}

/* Does a row of the fleet want this name, or a name above, as MAIL FROM? */
static name_id mail_from_above(const struct scheduler *d, struct text domain)
{
    for (; domain.len; domain = dname_parent(domain)) {
        name_id id = names_find(&d->fleet->names, domain);
        if (id != NAME_NONE && d->mail_from_uses[id] > 0)
            return id;
    }
    return NAME_NONE;
}

static void identity_seen(struct scheduler *d, uint16_t lane, struct text identity)
{
    char lower[DNAME_LEN_MAX + 1];
    struct text domain;
    if (!dname_normalize(identity_domain(identity), lower, &domain))
        return;
    name_id mail_from = mail_from_above(d, domain);
    if (mail_from != NAME_NONE) {
        struct lane_survey *l = &d->surveys.lanes[lane];
        struct text copy = arena_text(&l->text, identity);
        d->surveys.senders[mail_from] |= SENDER_EXISTS;
        if (l->suspects_len < SES_BATCH_MAX && copy.at)
            l->suspects[l->suspects_len++] = copy;
        else /* not asked about: the worse is taken */
            d->surveys.senders[mail_from] |= SENDER_FORWARDS;
    }
    masks_seen(d, lane, identity);
    owners_seen(d, lane, identity);
}

static void gap_tell(struct lane_survey *l, unsigned part, const struct call *call,
                     const char *reason)
{
    assert(part < PARTS);
    static const struct {
        enum lane_survey_gap gap;
        const char *unjudged;
    } parts[PARTS] = {
        [PART_LIST] = {SURVEY_GAP_LIST, "what else lives there is not known, so sends-mail, "
                                        "masked-by-identity and not-your-domain were not judged"},
        [PART_ACCOUNT] = {SURVEY_GAP_ACCOUNT, "account-cannot-send and sandbox were not judged"},
        [PART_NOTIFICATION] = {SURVEY_GAP_FORWARDING,
                               "sends-mail was judged without knowing whether feedback forwarding "
                               "is on"},
        [PART_MASK_VERIFICATION] = {SURVEY_GAP_MASKS,
                                    "masked-by-identity was not judged to its end"},
        [PART_MASK_MAIL_FROM] = {SURVEY_GAP_MASKS, "masked-by-identity was not judged to its end"},
        [PART_VERIFICATION] = {SURVEY_GAP_VERIFICATION,
                               "it is not known which identities are verified"},
        [PART_ENDPOINTS] = {SURVEY_GAP_ENDPOINTS, "endpoint-regions-differ was not judged"},
        [PART_ADVICE] = {SURVEY_GAP_ADVICE, "open recommendations are not known"},
    };
    snprintf(l->gaps[parts[part].gap], SURVEY_REASON_LEN, "%s: %.190s: %s",
             call_action(call->kind, call->api), reason, parts[part].unjudged);
}

/* The list of identities is complete, or as much of it as there will be. */
static void list_end(struct scheduler *d, uint16_t lane, bool is_whole, instant_us now)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    if (l->lists_verified)
        verified_list_ends(d, lane, now);
    if (l->lists_verified && verified_next(d, lane))
        l->to_send |= BIT(PART_VERIFICATION);
    if (!is_whole || d->options.sweep)
        return;
    if (l->suspects_len)
        l->to_send |= BIT(PART_NOTIFICATION);
    l->to_send |= masks_next(d, lane);
}

/* The list of version 2 is refused, or does not end: that of version 1 has the names, and
 * verification is asked for in the reads; a sweep needs no names and asks for attributes. */
static void list_by_version_1(struct scheduler *d, uint16_t lane, instant_us now)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    l->lists_verified = false;
    if (!d->options.sweep) {
        l->suspects_len = l->maybe_len = l->masks_left = 0;
        paged_list_begin(&l->list);
        l->to_send |= BIT(PART_LIST);
        return;
    }
    verified_list_ends(d, lane, now);
    if (verified_next(d, lane))
        l->to_send |= BIT(PART_VERIFICATION);
}

static void page_take(struct scheduler *d, struct call *call, instant_us now)
{
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    for (uint32_t i = 0; i < call->listed_len; i++) {
        verified_listed(d, call, i);
        if (!d->options.sweep)
            identity_seen(d, call->lane, call->listed[i]);
    }
    if (call->part == PART_ENDPOINTS)
        endpoints_seen(d, call);
    if (call->part == PART_ADVICE)
        recommendations_seen(d, call);
    enum page page = paged_list_take(list_of(l, call->part), call, &l->text);
    bool is_enough = call->part == PART_LIST && verified_list_is_dear(d, call->lane);
    if (page == PAGE_MORE && !is_enough) {
        l->to_send = (uint8_t)(l->to_send | BIT(call->part));
        return;
    }
    if (page == PAGE_ENDLESS && call->part == PART_LIST && l->lists_verified) {
        list_by_version_1(d, call->lane, now);
        return;
    }
    if (page == PAGE_ENDLESS || page == PAGE_UNKEPT)
        gap_tell(l, call->part, call, "SES's pages of the list do not end");
    if (page == PAGE_LAST && call->part == PART_ENDPOINTS)
        endpoints_end(d, call->lane);
    l->advice_known = l->advice_known || (page == PAGE_LAST && call->part == PART_ADVICE);
    if (call->part == PART_LIST)
        list_end(d, call->lane, page == PAGE_LAST, now);
}

static void notifications_take(struct scheduler *d, const struct call *call)
{
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    for (uint32_t i = 0; i < call->count; i++) {
        char lower[DNAME_LEN_MAX + 1];
        struct text domain;
        const struct ses_facts *facts = &call->facts[i];
        bool is_gone =
            facts->known & KNOWN_VERIFICATION && facts->verification == VERIFICATION_NONE;
        if (is_gone || (facts->known & KNOWN_FORWARDING && !facts->forwarding))
            continue;
        if (dname_normalize(identity_domain(call->identities[i]), lower, &domain))
            d->surveys.senders[mail_from_above(d, domain)] |= SENDER_FORWARDS;
    }
    l->asked += call->count;
    assert(l->asked <= l->suspects_len);
    if (l->asked < l->suspects_len)
        l->to_send |= BIT(PART_NOTIFICATION);
}

static void mask_part_take(struct scheduler *d, const struct call *call)
{
    assert(BIT(call->part) & SURVEY_MASK_PARTS);
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    masks_taken(d, call);
    if ((l->to_send | l->out) & SURVEY_MASK_PARTS)
        return; /* the other part is still to come */
    masks_judge(d, call->lane);
    l->to_send |= masks_next(d, call->lane);
}

static enum retry part_retry(struct scheduler *d, struct lane_survey *l, const struct call *call,
                             enum verdict verdict, instant_us now)
{
    bool is_last_list = call->part == PART_LIST && !l->lists_verified;
    const struct retry_rules rules = {
        .attempts_max = SURVEY_ATTEMPTS_MAX,
        .is_paced = true,
        .may_fall_back = d->options.read_falls_back && call->part != PART_ACCOUNT,
        .throttles_max = is_last_list ? LIST_THROTTLES_MAX : OPTIONAL_THROTTLES_MAX};
    uint8_t *throttles = &l->throttles[call->part];
    const struct retry_case failure = {verdict,     &call->reply, call->api,
                                       l->attempts, call->count,  *throttles};
    uint64_t seed = d->options.rules.seed;
    bool begins_again = false;
    if (list_of(l, call->part)) {
        enum retry next = paged_list_failed(list_of(l, call->part), &rules, call, verdict, seed,
                                            now, &begins_again);
        if (begins_again && call->part == PART_ENDPOINTS)
            l->endpoints_len = 0;
        if (begins_again && call->part == PART_ADVICE)
            l->advice = (struct lane_advice){0};
        if (begins_again && call->part == PART_LIST) {
            /* Begins again with the first page: all identities are listed again. */
            l->suspects_len = 0;
            l->maybe_len = l->masks_left = 0;
        }
        return next;
    }
    enum retry next = retry_next(&rules, &failure);
    bool is_throttled = verdict == VERDICT_SLOW_DOWN;
    *throttles = (uint8_t)(*throttles + (is_throttled && *throttles < OPTIONAL_THROTTLES_MAX));
    bool counts = !is_throttled && (next == RETRY_BACKOFF || next == RETRY_EXHAUSTED);
    if (l->attempts < SURVEY_ATTEMPTS_MAX) /* parts that are out together may fail together */
        l->attempts = (uint8_t)(l->attempts + counts);
    if (next == RETRY_BACKOFF)
        l->wake = now + backoff_span(BACKOFF_ERROR, seed, call->lane, l->attempts);
    return next;
}

/* SES's words about a part that is left out. */
static void reason_tell(struct lane_survey *l, const struct call *call, enum verdict verdict,
                        char reason[SURVEY_REASON_LEN])
{
    const struct paged_list *list = list_of(l, call->part);
    unsigned throttles = list ? list->throttles : l->throttles[call->part];
    bool is_throttled = verdict == VERDICT_SLOW_DOWN;
    int used = is_throttled
                   ? snprintf(reason, SURVEY_REASON_LEN, "throttled %u times in a row: ", throttles)
                   : 0;
    snprintf(reason + used, SURVEY_REASON_LEN - (size_t)used, "%.63s %.127s", call->reply.code,
             call->reply.message);
}

/* The reads ask then: for all, or where IAM refuses attributes for those that the list does not
 * show as verified, one by one. A sweep goes on with halves, or without. */
static void verification_failed(struct scheduler *d, const struct call *call, enum verdict verdict,
                                enum retry next, instant_us now)
{
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    char reason[SURVEY_REASON_LEN];
    l->is_told = false;
    bool was_allowed = d->lanes[call->lane].allowed & 1u << call->kind;
    if (next == RETRY_FALL_BACK && !d->options.sweep &&
        (!was_allowed || d->options.rules.plan_only))
        reads_fall_back(d, call->lane, BATCH_KIND(CALL_READ_VERIFICATION),
                        reply_is_foreign(&call->reply), now);
    if (!d->options.sweep)
        return;
    if (next == RETRY_SPLIT)
        verified_split(l);
    if (next == RETRY_SPLIT || (next == RETRY_REFUSED && verified_next(d, call->lane)))
        l->to_send |= BIT(PART_VERIFICATION);
    if (next == RETRY_SPLIT)
        return;
    reason_tell(l, call, verdict, reason);
    gap_tell(l, PART_VERIFICATION, call, reason);
}

/* Emulators, and Regions without it, do not know the action: nothing is missing. */
static bool call_is_lacking(const struct call *call)
{
    return (call->kind == CALL_ENDPOINTS || call->kind == CALL_ADVICE) &&
           reply_knows_no_action(&call->reply);
}

static void part_failed(struct scheduler *d, const struct call *call, enum verdict verdict,
                        instant_us now)
{
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    enum retry next = call_is_lacking(call) ? RETRY_REFUSED : part_retry(d, l, call, verdict, now);
    bool is_again = next == RETRY_BACKOFF || next == RETRY_BY_PACE;
    if (!is_again)
        lane_unasked(d, call->lane, call->kind);
    if (call->part == PART_LIST && l->lists_verified && !is_again) {
        list_by_version_1(d, call->lane, now);
        return;
    }
    if (call->part == PART_VERIFICATION && !is_again) {
        verification_failed(d, call, verdict, next, now);
        return;
    }
    if (next == RETRY_FALL_BACK)
        l->api = API_V2;
    if (next == RETRY_BACKOFF || next == RETRY_FALL_BACK || next == RETRY_BY_PACE) {
        bool fell_back = call->part != PART_ACCOUNT && call->api == API_V1 && l->api == API_V2;
        if ((BIT(call->part) & SURVEY_MASK_PARTS) && fell_back) {
            /* From now on the batch of a hundred is asked about one by one; the last part out
             * begins. */
            assert(l->api == API_V2);
            l->to_send = (uint8_t)(l->to_send & ~SURVEY_MASK_PARTS);
            if (!(l->out & SURVEY_MASK_PARTS)) {
                masks_again(l);
                l->to_send |= masks_next(d, call->lane);
            }
        } else
            l->to_send = (uint8_t)(l->to_send | BIT(call->part));
    } else if (!call_is_lacking(call)) {
        char reason[SURVEY_REASON_LEN];
        bool is_of_account = next == RETRY_DENIED || next == RETRY_REFUSED;
        if (call->part == PART_ENDPOINTS && is_of_account)
            l->account_gaps |= 1u << SURVEY_GAP_ENDPOINTS;
        if (call->part == PART_ADVICE && is_of_account)
            l->account_gaps |= 1u << SURVEY_GAP_ADVICE;
        reason_tell(l, call, verdict, reason);
        gap_tell(l, call->part, call, reason);
        if (call->part == PART_NOTIFICATION) {
            /* Feedback forwarding of the suspects is unknown then. */
            char lower[DNAME_LEN_MAX + 1];
            struct text domain;
            for (uint32_t i = l->asked; i < l->suspects_len; i++)
                if (dname_normalize(identity_domain(l->suspects[i]), lower, &domain))
                    d->surveys.senders[mail_from_above(d, domain)] |= SENDER_UNASKED;
        }
        if (BIT(call->part) & SURVEY_MASK_PARTS)
            l->to_send = (uint8_t)(l->to_send & ~SURVEY_MASK_PARTS);
    }
}

static void account_take(struct scheduler *d, uint16_t lane, const struct account_facts *a)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    l->account_known = true;
    l->can_send = a->sending_enabled;
    l->in_sandbox = !a->production_access;
    if (a->has_advisor && advice_is_wanted(d) && !l->advice_spared)
        l->to_send |= BIT(PART_ADVICE);
    snprintf(l->status, sizeof l->status, TEXT_FMT, TEXT_ARG(a->enforcement_status));
}

void lane_survey_answered(struct scheduler *d, struct call *call, instant_us now)
{
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    assert(call->part < PARTS);
    assert(l->out & BIT(call->part));
    const struct paged_list *list = list_of(l, call->part);
    unsigned attempts = list ? list->attempts : l->attempts;
    enum verdict verdict = verdict_after(scheduler_call_paced(d, call, now), attempts);
    l->out = (uint8_t)(l->out & ~BIT(call->part));
    verdict = retry_gone_is_told(call, verdict);
    if (verdict == VERDICT_OK) {
        if (!list)
            l->attempts = l->throttles[call->part] = 0;
        switch ((enum part)call->part) {
        case PART_LIST:
        case PART_ENDPOINTS:
        case PART_ADVICE: page_take(d, call, now); break;
        case PART_ACCOUNT:
            assert(call->kind == CALL_ACCOUNT);
            account_take(d, call->lane, &call->account);
            break;
        case PART_NOTIFICATION: notifications_take(d, call); break;
        case PART_MASK_VERIFICATION:
        case PART_MASK_MAIL_FROM: mask_part_take(d, call); break;
        case PART_VERIFICATION:
            verified_taken(d, call);
            if (verified_next(d, call->lane))
                l->to_send |= BIT(PART_VERIFICATION);
            break;
        case PARTS: break;
        }
    } else
        part_failed(d, call, verdict, now);
    endpoints_wake(d, call->lane);
    call_pool_give(&d->calls, call);
    lane_survey_invariant(l);
}

void scheduler_told_account(struct scheduler *d, uint16_t lane, const struct account_facts *a)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    if (!(l->to_send & BIT(PART_ACCOUNT)))
        return;
    l->to_send = (uint8_t)(l->to_send & ~BIT(PART_ACCOUNT));
    account_take(d, lane, a);
    lane_survey_invariant(l);
}

void scheduler_told_list(struct scheduler *d, struct call *page, instant_us now)
{
    struct lane_survey *l = &d->surveys.lanes[page->lane];
    assert(page->kind == CALL_LIST && !page->token.len);
    if (!(l->to_send & BIT(PART_LIST)) || page->api != lane_survey_list_api(d, page->lane))
        return;
    l->to_send = (uint8_t)(l->to_send & ~BIT(PART_LIST));
    page->part = PART_LIST;
    page_take(d, page, now);
    lane_survey_invariant(l);
}

void scheduler_told_refused(struct scheduler *d, const struct refused_call *call, instant_us now)
{
    enum call_kind kind = call->kind;
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    bool is_read = kind == CALL_READ_VERIFICATION || kind == CALL_READ_MAIL_FROM;
    if (is_read && d->options.read_api == API_V1 && d->options.read_falls_back)
        reads_fall_back(d, call->lane, BATCH_KIND(kind), call->is_on_way, now);
    if (kind != CALL_LIST || !(l->to_send & BIT(PART_LIST)) ||
        call->api != lane_survey_list_api(d, call->lane))
        return;
    if (l->lists_verified)
        l->lists_verified = false;
    else if (d->options.read_falls_back)
        l->api = API_V2;
}

void scheduler_survey_adopt(struct scheduler *d, struct scheduler *plan)
{
    lane_survey_clear(d);
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        d->lanes[i].refused = plan->lanes[i].refused;
        d->lanes[i].refused_on_way = plan->lanes[i].refused_on_way;
        d->lanes[i].read_api = plan->lanes[i].read_api;
    }
    d->surveys = plan->surveys;
    plan->surveys = (struct lane_surveys){0};
}
