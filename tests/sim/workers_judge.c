#include "workers_judge.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAUSED_WITHIN                                                                              \
    SPAN_S(15) /* no intent is kept any more, since workers look every half second */
#define PACED_WITHIN                                                                               \
    SPAN_S(40) /* a worker without the database reads on while it trusts its lease */

bool judge_init(struct judge *j, const struct scene *scene, struct world *world,
                struct database *database)
{
    struct why why = {""};
    *j = (struct judge){.scene = scene, .database = database};
    assert(scene->fleet.lanes_len <= JUDGED_LANES_MAX);
    j->rates[j->rates_len++].per_s = scene->rate_per_s;
    return watcher_init(&j->watcher, scene, world) &&
           database_open(database, &j->link, &j->journal, &why) == OK;
}

void judge_clear(struct judge *j)
{
    watcher_clear(&j->watcher);
    journal_close(j->journal);
    free(j->clients);
}

void judge_complain(struct judge *j, const char *fmt, ...)
{
    char text[sizeof j->watcher.complaint];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    watcher_complain(&j->watcher, "%s", text);
}

bool judge_has_complaint(const struct judge *j)
{
    return j->watcher.complaint[0] != '\0';
}

static instant_us now_of(const struct judge *j)
{
    return world_now(j->watcher.world);
}

bool judge_begins(struct judge *j, uint64_t client, uint64_t life, const uint64_t *epochs)
{
    if (client >= j->clients_cap) {
        size_t cap = 2 * (size_t)client + 16;
        struct judged_client *grown = realloc(j->clients, cap * sizeof *grown);
        if (!grown)
            return false;
        memset(grown + j->clients_cap, 0, (cap - j->clients_cap) * sizeof *grown);
        j->clients = grown;
        j->clients_cap = cap;
    }
    struct judged_client *c = &j->clients[client];
    c->life = life;
    for (uint16_t lane = 0; lane < j->scene->fleet.lanes_len; lane++) {
        c->epochs[lane] = epochs[lane];
        if (epochs[lane] <= j->lanes[lane].begun)
            continue;
        j->lanes[lane].begun = epochs[lane];
        j->lanes[lane].passed++;
        watcher_lane_passes(&j->watcher, lane);
    }
    return true;
}

struct held {
    const struct judge *judge;
    uint64_t epochs[JUDGED_LANES_MAX];
    span_us left[JUDGED_LANES_MAX];
};

static bool lane_look(void *ctx, const struct lease_view *view)
{
    struct held *held = ctx;
    if (view->run == held->judge->run && view->lane < JUDGED_LANES_MAX) {
        held->epochs[view->lane] = view->epoch;
        held->left[view->lane] = view->left;
    }
    return true;
}

static void intent_check(struct judge *j, const struct record *r, uint64_t epoch)
{
    struct held held = {.judge = j};
    struct why why = {""};
    uint16_t lane = j->scene->fleet.choices[r->job].lane;
    j->intents++;
    if (leases_each(j->journal, j->run, lane_look, &held, &why) != OK)
        judge_complain(j, "the leases cannot be read: %s", why.text);
    if (held.epochs[lane] != epoch)
        judge_complain(j, "job %u: an intent of epoch %llu is kept, and the lease is of epoch %llu",
                       r->job, (unsigned long long)epoch, (unsigned long long)held.epochs[lane]);
    else if (held.left[lane] < 0)
        judge_complain(j, "job %u: an intent is kept %lld ms after the end of the lease", r->job,
                       (long long)(-held.left[lane] / 1000));
    if (j->paused_at && now_of(j) > j->paused_at + PAUSED_WITHIN)
        judge_complain(j, "job %u is written while the run is paused", r->job);
}

void judge_keeps(struct judge *j, const uint64_t *epochs, const struct record *records,
                 uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        const struct record *r = &records[i];
        if (!record_is_of_job(r))
            continue;
        uint16_t lane = j->scene->fleet.choices[r->job].lane;
        if (epochs[lane] < j->lanes[lane].begun)
            judge_complain(j, "job %u: a record is kept by a holder that another one has followed",
                           r->job);
        if (r->kind == RECORD_INTENT)
            intent_check(j, r, epochs[lane]);
        watcher_keeps(&j->watcher, r);
        j->kept_at = now_of(j);
    }
}

/* The fastest of what was in force lately. */
static double rate_of(const struct judge *j)
{
    double fastest = 0;
    uint32_t first = j->rates_len > RATES_KEPT ? j->rates_len - RATES_KEPT : 0;
    for (uint32_t i = first; i < j->rates_len; i++) {
        bool is_last = i + 1 == j->rates_len;
        instant_us until = is_last ? WHEN_NEVER : j->rates[(i + 1) % RATES_KEPT].at;
        double rate = j->rates[i % RATES_KEPT].per_s;
        if (until + (is_last ? 0 : PACED_WITHIN) >= now_of(j) && rate > fastest)
            fastest = rate;
    }
    return fastest;
}

void judge_hands(struct judge *j, uint64_t client, const struct call *call, instant_us decided)
{
    if (call->kind == CALL_ASK)
        return;
    struct judged_lane *lane = &j->lanes[call->lane];
    uint64_t epoch = j->clients[client].epochs[call->lane];
    if (!epoch)
        judge_complain(j, "%s: a call to a lane that is not held",
                       call_action(call->kind, call->api));
    /* Where the database's clock is set, a holder may go on reading for a moment. */
    if (epoch < lane->called && (!j->sets_clock || call->kind == CALL_SET))
        judge_complain(j, "%s: a call by epoch %llu of lane %u, after one by epoch %llu",
                       call_action(call->kind, call->api), (unsigned long long)epoch,
                       (unsigned)call->lane, (unsigned long long)lane->called);
    instant_us before = lane->decided[call->kind];
    double rate = rate_of(j);
    if (before && epoch >= lane->called && rate > 0 &&
        decided - before < (span_us)(1e6 / rate) - SPAN_MS(1))
        judge_complain(j, "%s: %lld ms after the last one in lane %u, faster than %g a second",
                       call_action(call->kind, call->api), (long long)((decided - before) / 1000),
                       (unsigned)call->lane, rate);
    lane->decided[call->kind] = decided;
}

void judge_left(void *ctx, const struct world_sent *sent, const struct call *call)
{
    struct judge *j = ctx;
    if (sent->kind == CALL_ASK)
        return;
    struct judged_lane *lane = &j->lanes[sent->lane];
    uint64_t epoch = j->clients[sent->client].epochs[sent->lane];
    if (epoch > lane->called)
        lane->called = epoch;
    if (sent->kind == CALL_SET && epoch == lane->begun)
        watcher_writes(&j->watcher, call);
    else if (sent->kind == CALL_SET)
        judge_complain(j, "job %u: a write of epoch %llu leaves, and epoch %llu has begun",
                       sent->row, (unsigned long long)epoch, (unsigned long long)lane->begun);
}

void judge_arrived(void *ctx, const struct world_sent *sent, instant_us now)
{
    struct judge *j = ctx;
    (void)now;
    if (sent->kind != CALL_SET)
        return;
    uint64_t epoch = j->clients[sent->client].epochs[sent->lane];
    if (epoch < j->lanes[sent->lane].called)
        judge_complain(
            j, "job %u: a write of epoch %llu arrives, and epoch %llu has called already",
            sent->row, (unsigned long long)epoch, (unsigned long long)j->lanes[sent->lane].called);
}

void judge_hears(struct judge *j, uint64_t client, const struct call *call)
{
    if (call->kind == CALL_ASK ||
        j->clients[client].epochs[call->lane] == j->lanes[call->lane].begun)
        watcher_listens(&j->watcher, call);
}

void judge_ordered(struct judge *j, const struct order *order)
{
    if (order->kind == ORDER_PAUSE || order->kind == ORDER_RESUME)
        j->paused_at = order->kind == ORDER_PAUSE ? now_of(j) : 0;
    if (order->kind != ORDER_PACE)
        return;
    j->rates[j->rates_len % RATES_KEPT].at = now_of(j);
    j->rates[j->rates_len++ % RATES_KEPT].per_s = order->rate_per_s;
}

static bool row_begins_again(void *ctx, const struct record *r)
{
    if (r->row.state == JOB_DONE && outcome_is_bad(r->row.outcome))
        judge_complain(ctx, "job %u was to begin again, and its last record is final", r->job);
    return true;
}

void judge_reopens(struct judge *j, bool reopens)
{
    struct why why = {""};
    j->paused_at = 0;
    if (reopens && journal_rows(j->journal, j->run, row_begins_again, j, &why) != OK)
        judge_complain(j, "the rows cannot be read: %s", why.text);
    watcher_resume(&j->watcher, reopens);
}

void judge_end(struct judge *j)
{
    for (uint32_t i = 0; i < j->scene->fleet.choices_len; i++)
        if (j->watcher.rows[i].reopened && !watcher_is_over_budget(&j->watcher))
            judge_complain(j, "job %u was to begin again, and has not", i);
    watcher_end(&j->watcher);
}
