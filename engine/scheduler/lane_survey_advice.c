/*
 * The part of a lane survey about what only SES knows beside identities: global endpoints and open
 * recommendations.
 *
 * A global endpoint splits mail between two Regions of an account, and SES keeps the settings of an
 * identity in each Region apart. So a row is held against the row of the other Region; where the
 * fleet has none, that Region's lane asks SES about the identity as it asks about masking ones, a
 * hundred a call (a twin). SES lists an endpoint only in its primary Region, so the lanes of an
 * account wait for each other's lists before their first reads, unless a lane is closed or in
 * trouble. Recommendations are for people, and nothing waits for them but the end of a plan.
 */
#include "base/dname.h"
#include "scheduler_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool advice_is_wanted(const struct scheduler *d)
{
    return d->options.advice && d->options.write_api == API_V2;
}

bool advice_init(struct scheduler *d, struct arena *memory)
{
    const struct fleet *f = d->fleet;
    struct lane_surveys *c = &d->surveys;
    uint16_t *last = ARENA_ARRAY(memory, uint16_t, f->accounts_len + 1u);
    c->advice = ARENA_ARRAY(memory, uint8_t, f->choices_len + 1u);
    c->next_lane = ARENA_ARRAY(memory, uint16_t, f->lanes_len + 1u);
    if (!last || !c->advice || !c->next_lane)
        return false;
    /* Twice around: the second round closes each ring. */
    for (uint32_t turn = 0; turn < 2; turn++)
        for (uint32_t i = 0; i < f->lanes_len; i++) {
            uint16_t *before = &last[f->lanes[i].account];
            c->next_lane[turn ? *before : i] = (uint16_t)i;
            *before = (uint16_t)i;
        }
    return true;
}

/* Rows that are not verified are asked about in each sweep, so a few that are due are no sign. */
static bool is_spared(const struct scheduler *d, uint16_t lane)
{
    uint32_t due = 0, rows = 0;
    uint16_t other = lane;
    do {
        const struct lane_state *l = &d->lanes[other];
        due += d->surveys.lanes[other].rows_unknown;
        for (int state = 0; state < JOB_STATES; state++)
            rows += l->by_state[state];
        other = d->surveys.next_lane[other];
    } while (other != lane);
    return due * 2 < rows;
}

void advice_spare(struct scheduler *d)
{
    for (uint32_t i = 0; advice_is_wanted(d) && i < d->fleet->lanes_len; i++) {
        struct lane_survey *l = &d->surveys.lanes[i];
        l->advice_spared = is_spared(d, (uint16_t)i);
        if (l->advice_spared)
            l->to_send = (uint8_t)(l->to_send & ~SURVEY_ENDPOINTS_PART);
    }
}

static struct text region_of(const struct scheduler *d, uint16_t lane)
{
    return names_text(&d->fleet->names, d->fleet->lanes[lane].region);
}

/* A lane's answers may be waited for by others of its account. */
static bool is_waited_for(const struct scheduler *d, uint16_t lane, unsigned parts)
{
    const struct lane_survey *l = &d->surveys.lanes[lane];
    const struct lane_state *state = &d->lanes[lane];
    return ((l->to_send | l->out) & parts) && !state->closed && !state->trouble_since;
}

static bool account_waits(const struct scheduler *d, uint16_t lane)
{
    uint16_t other = lane;
    do {
        if (is_waited_for(d, other, SURVEY_ENDPOINTS_PART))
            return true;
        other = d->surveys.next_lane[other];
    } while (other != lane);
    return false;
}

/* Calls each for every endpoint of the account that touches the lane, until it says stop; other:
 * the lane of the other Region, or `lane` itself where the fleet has none. */
typedef bool endpoint_visit(void *ctx, const struct global_endpoint *e, uint16_t other);

static bool endpoints_visit(const struct scheduler *d, uint16_t lane, endpoint_visit *each,
                            void *ctx)
{
    uint16_t primary = lane;
    do {
        const struct lane_survey *l = &d->surveys.lanes[primary];
        for (uint32_t i = 0; i < l->endpoints_len; i++) {
            struct text there = global_endpoint_other(&l->endpoints[i], region_of(d, lane));
            uint16_t other = d->surveys.next_lane[lane];
            while (other != lane && !text_eq(region_of(d, other), there))
                other = d->surveys.next_lane[other];
            if (there.len && each(ctx, &l->endpoints[i], other))
                return true;
        }
        primary = d->surveys.next_lane[primary];
    } while (primary != lane);
    return false;
}

struct link {
    const struct scheduler *d;
    uint16_t lane, wanted;
};

static bool waits_for_other(void *ctx, const struct global_endpoint *e, uint16_t other)
{
    const struct link *x = ctx;
    const struct lane_survey *l = &x->d->surveys.lanes[other];
    (void)e;
    if (other == x->lane || x->d->lanes[other].closed || x->d->lanes[other].trouble_since)
        return false;
    return !l->twins_taken || is_waited_for(x->d, other, ~SURVEY_ADVICE_PART);
}

bool endpoints_hold(const struct scheduler *d, uint16_t lane)
{
    struct link x = {.d = d, .lane = lane};
    return advice_is_wanted(d) &&
           (account_waits(d, lane) || endpoints_visit(d, lane, waits_for_other, &x));
}

void endpoints_wake(struct scheduler *d, uint16_t lane)
{
    uint16_t other = lane;
    if (!advice_is_wanted(d))
        return;
    do {
        if (scheduler_carries(d, other))
            d->lane_wake[other] = 0;
        other = d->surveys.next_lane[other];
    } while (other != lane);
}

/* --- endpoints -------------------------------------------------------------------------------- */

static bool endpoint_keep(struct lane_survey *l, const struct global_endpoint *e)
{
    if (l->endpoints_len == l->endpoints_cap) {
        struct global_endpoint *list =
            arena_grow(&l->text, l->endpoints, sizeof *list, l->endpoints_len, &l->endpoints_cap);
        if (!list)
            return false;
        l->endpoints = list;
    }
    struct global_endpoint *copy = &l->endpoints[l->endpoints_len];
    *copy = (struct global_endpoint){.name = arena_text(&l->text, e->name),
                                     .status = arena_text(&l->text, e->status)};
    for (int i = 0; i < ENDPOINT_REGIONS; i++)
        copy->regions[i] = arena_text(&l->text, e->regions[i]);
    bool is_whole = copy->name.at && copy->regions[0].at && copy->regions[1].at;
    l->endpoints_len += is_whole;
    return is_whole;
}

void endpoints_seen(struct scheduler *d, const struct call *call)
{
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    uint32_t left = 0;
    for (uint32_t i = 0; i < call->endpoints_len; i++)
        if (global_endpoint_counts(&call->endpoints[i]))
            left += !endpoint_keep(l, &call->endpoints[i]);
    if (left)
        snprintf(l->gaps[SURVEY_GAP_ENDPOINTS], SURVEY_REASON_LEN,
                 "more global endpoints than there is memory for: endpoint-regions-differ was not "
                 "judged to its end");
}

static bool tell_missing(void *ctx, const struct global_endpoint *e, uint16_t other)
{
    const struct link *x = ctx;
    struct lane_survey *l = &x->d->surveys.lanes[x->lane];
    char *reason = l->gaps[SURVEY_GAP_ENDPOINTS];
    struct text there = global_endpoint_other(e, region_of(x->d, x->lane));
    int shown = (int)(there.len < 40 ? there.len : 40);
    if (reason[0] || (other != x->lane && scheduler_carries(x->d, other)))
        return false;
    if (other == x->lane)
        snprintf(reason, SURVEY_REASON_LEN,
                 "a global endpoint sends half of the mail through Region %.*s, and no row is in "
                 "it: endpoint-regions-differ was not judged; rows for that Region let it be",
                 shown, there.at);
    else
        snprintf(reason, SURVEY_REASON_LEN,
                 "a global endpoint sends half of the mail through Region %.*s, which is carried "
                 "elsewhere: endpoint-regions-differ was judged by the rows of the fleet alone",
                 shown, there.at);
    return true;
}

void endpoints_end(struct scheduler *d, uint16_t lane)
{
    struct link x = {.d = d, .lane = lane};
    d->surveys.lanes[lane].endpoints_known = true;
    endpoints_visit(d, lane, tell_missing, &x);
}

/* --- twins ------------------------------------------------------------------------------------ */

static bool is_linked(void *ctx, const struct global_endpoint *e, uint16_t other)
{
    const struct link *x = ctx;
    (void)e;
    return other == x->wanted && other != x->lane;
}

static bool twin_add(struct scheduler *d, uint16_t lane, uint32_t job)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    if (l->maybe_len == l->maybe_cap) {
        struct lane_survey_maybe *list =
            arena_grow(&l->text, l->maybe, sizeof *list, l->maybe_len, &l->maybe_cap);
        if (!list)
            return false;
        l->maybe = list;
    }
    l->maybe[l->maybe_len++] =
        (struct lane_survey_maybe){.identity = fleet_identity(d->fleet, job), .twin = job + 1};
    l->twins_len++;
    return true;
}

void twins_take(struct scheduler *d, uint16_t lane)
{
    struct lane_survey *l = &d->surveys.lanes[lane];
    struct link x = {.d = d, .lane = lane, .wanted = lane};
    bool is_whole = true, is_link = false;
    if (!advice_is_wanted(d) || l->twins_taken || d->lanes[lane].closed ||
        ((l->to_send | l->out) & (SURVEY_LIST_PART | SURVEY_ENDPOINTS_PART)) ||
        account_waits(d, lane))
        return;
    l->twins_taken = true;
    l->twins_first = l->maybe_len;
    bool has_any = false;
    for (uint16_t other = d->surveys.next_lane[lane]; other != lane && !has_any;
         other = d->surveys.next_lane[other]) {
        x.wanted = other;
        has_any = endpoints_visit(d, lane, is_linked, &x);
    }
    x.wanted = lane;
    for (uint32_t job = 0; has_any && is_whole && job < d->fleet->choices_len; job++) {
        uint16_t from = d->fleet->choices[job].lane;
        if (from == lane || !scheduler_carries(d, from) ||
            d->fleet->lanes[from].account != d->fleet->lanes[lane].account)
            continue;
        if (x.wanted != from) {
            x.wanted = from;
            is_link = endpoints_visit(d, lane, is_linked, &x);
        }
        if (is_link && !fleet_index_find(&d->surveys.index, lane, fleet_identity(d->fleet, job)))
            is_whole = twin_add(d, lane, job);
    }
    if (l->twins_len && !((l->to_send | l->out) & SURVEY_MASK_PARTS))
        l->to_send = (uint8_t)(l->to_send | masks_next(d, lane));
    endpoints_wake(d, lane);
}

/* Twins are in the order of their rows. NULL: none. */
static const struct lane_survey_maybe *twin_find(const struct lane_survey *l, uint32_t job)
{
    uint32_t low = 0, high = l->twins_len;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->maybe[l->twins_first + middle].twin < job + 1)
            low = middle + 1;
        else
            high = middle;
    }
    const struct lane_survey_maybe *m = &l->maybe[l->twins_first + low];
    return low < l->twins_len && m->twin == job + 1 ? m : NULL;
}

/* --- what differs ----------------------------------------------------------------------------- */

struct comparison {
    const struct scheduler *d;
    uint32_t job;
    bool as_seen; /* what SES shows of both, not what is wanted */
    struct endpoint_view *out;
};

/* At the default MAIL FROM the behaviour means nothing. */
static bool is_equal(struct text a, enum behavior behavior_a, struct text b,
                     enum behavior behavior_b)
{
    return a.len == 0 || b.len == 0 ? a.len == b.len : dname_eq(a, b) && behavior_a == behavior_b;
}

/* A sweep's reads do not ask for verification. */
static bool is_shown(const struct scheduler *d, const struct job *job)
{
    return job->seen_known && (job->verification != VERIFICATION_NONE || d->options.sweep);
}

static bool compare(void *ctx, const struct global_endpoint *e, uint16_t other)
{
    const struct comparison *c = ctx;
    const struct scheduler *d = c->d;
    const struct job *job = &d->jobs[c->job];
    struct text here = fleet_mail_from(d->fleet, c->job);
    enum behavior behavior = fleet_policy_of(d->fleet, c->job)->behavior;
    struct endpoint_view *out = c->out;
    if (other == d->fleet->choices[c->job].lane)
        return false;
    uint32_t row = fleet_index_find(&d->surveys.index, other, fleet_identity(d->fleet, c->job));
    const struct lane_survey_maybe *twin = twin_find(&d->surveys.lanes[other], c->job);
    if (c->as_seen) {
        here = names_text(&d->seen, job->mail_from_seen);
        behavior = (enum behavior)job->behavior_seen;
    }
    *out = (struct endpoint_view){
        .endpoint = e->name, .region = region_of(d, other), .is_wanted = row > 0};
    if (row && c->as_seen) {
        const struct job *there = &d->jobs[row - 1];
        out->mail_from = names_text(&d->seen, there->mail_from_seen);
        out->behavior = (enum behavior)there->behavior_seen;
        if (!is_shown(d, there))
            return false;
    } else if (row) {
        out->mail_from = fleet_mail_from(d->fleet, row - 1);
        out->behavior = fleet_policy_of(d->fleet, row - 1)->behavior;
    } else if (twin && twin->answered && twin->exists) {
        out->mail_from = twin->mail_from;
        out->behavior = (enum behavior)twin->behavior;
    } else
        return false;
    return !is_equal(here, behavior, out->mail_from, out->behavior);
}

bool endpoint_differs(const struct scheduler *d, uint32_t job, struct endpoint_view *out)
{
    struct endpoint_view view;
    struct comparison c = {.d = d, .job = job, .out = &view};
    assert(job < d->fleet->choices_len);
    bool differs = endpoints_visit(d, d->fleet->choices[job].lane, compare, &c);
    *out = differs ? view : (struct endpoint_view){0};
    return differs;
}

/* --- recommendations -------------------------------------------------------------------------- */

void recommendations_seen(struct scheduler *d, const struct call *call)
{
    struct lane_survey *l = &d->surveys.lanes[call->lane];
    struct lane_advice *a = &l->advice;
    for (uint32_t i = 0; i < call->advice_len; i++) {
        const struct recommendation *r = &call->advice[i];
        uint32_t row = fleet_index_find(&d->surveys.index, call->lane, r->identity);
        assert(r->type < ADVISOR_TYPES);
        if (!row) {
            a->of_others[r->type]++;
            continue;
        }
        a->of_rows[r->type]++;
        if (r->type == ADVISOR_OTHER)
            continue;
        d->surveys.advice[row - 1] = (uint8_t)(d->surveys.advice[row - 1] | 1u << r->type);
        if (a->examples_len == ADVICE_EXAMPLES)
            continue;
        struct recommendation *copy = &a->examples[a->examples_len];
        *copy = *r;
        copy->identity = fleet_identity(d->fleet, row - 1);
        copy->description = arena_text(&l->text, r->description);
        a->examples_len++;
    }
}

bool advice_is_due(const struct scheduler *d)
{
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++)
        if (is_waited_for(d, (uint16_t)i, SURVEY_ADVICE_PART))
            return true;
    return false;
}

/* --- for whoever runs the scheduler ----------------------------------------------------------- */

bool scheduler_row_endpoint(const struct scheduler *d, uint32_t row, struct endpoint_view *out)
{
    struct comparison c = {.d = d, .job = row, .as_seen = true, .out = out};
    assert(row < d->fleet->choices_len);
    if (!advice_is_wanted(d))
        return false;
    return endpoint_differs(d, row, out) ||
           (is_shown(d, &d->jobs[row]) &&
            endpoints_visit(d, d->fleet->choices[row].lane, compare, &c));
}

unsigned scheduler_row_advice(const struct scheduler *d, uint32_t row)
{
    struct endpoint_view view;
    bool differs = scheduler_row_endpoint(d, row, &view);
    return advice_is_wanted(d) ? d->surveys.advice[row] | (differs ? ROW_ENDPOINT_DIFFERS : 0) : 0;
}

bool scheduler_lane_endpoints_known(const struct scheduler *d, uint16_t lane)
{
    assert(lane < d->fleet->lanes_len);
    uint16_t other = lane;
    if (!advice_is_wanted(d))
        return false;
    /* An endpoint of the lane may be listed in another Region of the account. */
    do {
        if (!d->surveys.lanes[other].endpoints_known)
            return false;
        other = d->surveys.next_lane[other];
    } while (other != lane);
    return true;
}

bool scheduler_lane_advice_known(const struct scheduler *d, uint16_t lane)
{
    assert(lane < d->fleet->lanes_len);
    return d->surveys.lanes[lane].advice_known;
}

const struct lane_advice *scheduler_lane_advice(const struct scheduler *d, uint16_t lane)
{
    return scheduler_lane_advice_known(d, lane) ? &d->surveys.lanes[lane].advice : NULL;
}
