/* A rehearsal: the simulated world, the engine in it, and the fold of its records. */
#include "forecast_internal.h"

#include "access/lanes.h"
#include "calls/paged_list.h"
#include "engine.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>

#define START      ((instant_us)1767225600 * 1000000) /* any will do: times are told since then */
#define ROUND_TRIP SPAN_MS(60)                        /* to a Region not far away */
#define DNS_GRAIN  SPAN_MS(50)
#define BURST_S                                                                                    \
    0.1 /* SES takes the calls of so long at once, or one: trips differ by that much               \
         */
#define TIME_OUT SPAN_S(30) /* as live calls have */
#define NEVER    REHEARSAL_SPAN

const double forecast_shares[FORECAST_MARKS] = {0.01, 0.1, 0.5, 0.9, 0.99, 1};

/* The state of one identity under way. */
struct waits {
    instant_us since;       /* its last record */
    enum job_state state;   /* in which that record left it; moves in between are not kept */
    bool has_been_followed; /* to Success, once */
    span_us detection;      /* of SES, as far as it has been waited for */
    span_us by_cause[WAIT_CAUSES];
};

/* Folds the records of the engine into a forecast. */
struct forecast_fold {
    const struct fleet *fleet;
    span_us detect_after;
    struct forecast *forecast;
    struct waits *waits;
};

uint32_t forecast_unfinished(const struct forecast *f)
{
    return f->identities - f->finals;
}

enum err rehearsal_init(struct rehearsal *r, const struct forecast_config *config,
                        const struct access *access, struct why *why)
{
    *r = (struct rehearsal){.config = config, .access = access};
    fleet_init(&r->fleet);
    arena_init(&r->memory, SIZE_MAX);
    r->detect_after = config->detect_after ? config->detect_after : SPAN_S(60);
    r->published = config->published >= 0 ? config->published / 100 : config->delay_max ? 0 : 1;
    r->faults =
        (struct faults){.seed = config->seed, .late_max = SPAN_M(2), .stale_max = SPAN_S(20)};
    enum err err = faults_parse(&r->faults, text_of(config->faults), why);
    return err == OK ? OK : why_wrap(why, err, "--faults");
}

void rehearsal_clear(struct rehearsal *r)
{
    rehearsal_publish_clear(r);
    suffix_list_close(r->suffixes);
    fleet_clear(&r->fleet);
    arena_clear(&r->memory);
}

static enum err fold_records(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct forecast_fold *fold = ctx;
    struct forecast *f = fold->forecast;
    (void)why;
    for (uint32_t i = 0; i < len; i++) {
        const struct record *r = &records[i];
        if (!record_is_of_job(r)) {
            if (r->publish && publish_state_is_final(r->publish->state))
                f->published_at = r->at - START;
            continue;
        }
        struct waits *waits = &fold->waits[r->job];
        span_us span = r->at - (waits->since ? waits->since : START);
        waits->since = r->at;
        if (waits->state == JOB_FOLLOWING) {
            /* Splits the time from a set to Success: at least SES's detection; the rest is the wait
             * for a read, or for the owner of the DNS where dns.require does not demand right
             * records before the set. After Success, a tightened identity waits for a read alone.
             */
            span_us detect = waits->has_been_followed ? 0 : fold->detect_after - waits->detection;
            bool early = !waits->has_been_followed &&
                         fleet_policy_of(fold->fleet, r->job)->require == REQUIRE_NONE;
            detect = span < detect ? span : detect;
            waits->detection += detect;
            waits->by_cause[WAIT_DETECT] += detect;
            waits->by_cause[early ? WAIT_DNS : WAIT_TURN] += span - detect;
            waits->has_been_followed = waits->has_been_followed || r->row.state != JOB_FOLLOWING;
        } else
            waits->by_cause[waits->state == JOB_WAITING_DNS ? WAIT_DNS : WAIT_TURN] += span;
        waits->state = r->row.state;
        if (r->kind == RECORD_INTENT) {
            f->first_write = f->last_write ? f->first_write : r->at - START;
            f->last_write = r->at - START;
        }
        if (r->row.state == JOB_DONE) {
            f->finals++;
            while (f->marks < FORECAST_MARKS && f->finals >= f->mark_at[f->marks])
                f->mark[f->marks++] = r->at - START;
            bool tail = f->finals > f->identities - f->tail;
            for (int cause = 0; cause < WAIT_CAUSES; cause++) {
                double us = (double)fold->waits[r->job].by_cause[cause];
                f->wait_us[cause] += us;
                f->tail_wait_us[cause] += tail ? us : 0;
            }
        }
    }
    return OK;
}

static enum err budget_make(struct rehearsal *r, struct why *why)
{
    const struct fleet *f = &r->fleet;
    struct lane_need *needs = ARENA_ARRAY(&r->memory, struct lane_need, f->lanes_len + 1);
    if (!needs)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < f->choices_len; i++) {
        struct lane_need *need = &needs[f->choices[i].lane];
        bool sets = f->choices[i].mail_from != MAIL_FROM_DEFAULT;
        need->reads++;
        need->sets += sets;
        need->tightens += sets && fleet_policy_of(f, i)->behavior == BEHAVIOR_REJECT_MESSAGE;
    }
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        needs[i].how = access_reading(r->access, needs[i].reads);
        needs[i].rate_per_s = fleet_rate(&r->fleet, i, r->access->rate_per_s);
        budget_add(&r->forecast.budget, &needs[i]);
    }
    return OK;
}

static struct world_options world_options_of(const struct rehearsal *r)
{
    const struct forecast_config *config = r->config;
    struct world_options w = {.start = START,
                              .seed = config->seed,
                              .round_trip = ROUND_TRIP,
                              .time_out = TIME_OUT,
                              .dns_grain = DNS_GRAIN,
                              .ses = ses_rules_default(),
                              .faults = r->faults,
                              .identities_max = r->fleet.choices_len};
    w.ses.rate_per_s = 0;
    for (uint32_t i = 0; i < r->fleet.lanes_len; i++)
        if (fleet_rate(&r->fleet, i, r->access->rate_per_s) > w.ses.rate_per_s)
            w.ses.rate_per_s = fleet_rate(&r->fleet, i, r->access->rate_per_s);
    if (w.ses.rate_per_s * BURST_S > w.ses.burst)
        w.ses.burst = w.ses.rate_per_s * BURST_S;
    w.ses.detect_after = r->detect_after;
    w.ses.watch_every = NEVER; /* in a rehearsal no record goes away again */
    w.dns = (struct dns_model_options){
        .seed = config->seed,
        .start = START,
        .published = r->published,
        .delay_min = config->delay_max ? config->delay_min : NEVER,
        .delay_max = config->delay_max ? config->delay_max : NEVER,
        .right_host = TEXT("feedback-smtp.us-east-1.amazonses.com"),
        .foretells = true,
    };
    w.providers = r->publishing ? &r->publishing->model : NULL;
    return w;
}

static enum err world_populate(const struct rehearsal *r, struct world *w, struct why *why)
{
    const struct fleet *f = &r->fleet;
    struct ses_facts facts = {.verification = VERIFICATION_SUCCESS};
    enum err err = OK;
    for (uint32_t i = 0; err == OK && i < f->choices_len; i++)
        err = ses_model_add(world_ses(w), world_lane(w, f->choices[i].lane), fleet_identity(f, i),
                            &facts, START, why);
    return err;
}

/* The world's side of the port, with an end: without one, a rehearsal with every call throttled
 * would never end. At the end the engine is drained, as by a signal. */
struct bounded {
    struct io world;
    bool over;
};

static instant_us bounded_now(void *ctx)
{
    const struct bounded *b = ctx;
    return b->world.now(b->world.world);
}

static uint32_t bounded_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct bounded *b = ctx;
    if (!b->over && bounded_now(b) >= START + REHEARSAL_SPAN) {
        b->over = true;
        events[0] = (struct event){.kind = EVENT_DRAIN};
        return 1;
    }
    if (!b->over && until > START + REHEARSAL_SPAN)
        until = START + REHEARSAL_SPAN;
    return b->world.wait(b->world.world, until, events, max);
}

static void bounded_send(void *ctx, struct call **calls, uint32_t len)
{
    const struct bounded *b = ctx;
    b->world.send(b->world.world, calls, len);
}

static enum err play_in(struct rehearsal *r, struct world *w, struct why *why)
{
    const struct access *a = r->access;
    enum engine_end end;
    struct bounded bounded = {.world = world_io(w)};
    const struct io io = {.world = &bounded,
                          .now = bounded_now,
                          .wait = bounded_wait,
                          .send = bounded_send,
                          .keep = bounded.world.keep,
                          .keeper = bounded.world.keeper};
    struct scheduler_options options = {.rules = {.seed = r->config->seed},
                                        .read_api = access_api(a->read_api, API_V1),
                                        .write_api = access_api(a->write_api, API_V2),
                                        .lane_survey = true,
                                        .dkim = access_dkim(a),
                                        .rate_per_s = a->rate_per_s,
                                        .looks_closer = true,
                                        .suffixes = r->suffixes};
    struct scheduler *scheduler = scheduler_init(&r->memory, &r->fleet, &options);
    if (!scheduler)
        return why_set(why, ERR_NOMEM, "out of memory");
    struct machine machine = scheduler_machine(scheduler);
    enum err err = OK;
    if (r->publishing)
        err = rehearsal_publish_join(r, scheduler, &machine, START, why);
    scheduler_start(scheduler, START);
    if (err == OK)
        err = engine_run(&machine, &io, NULL, &end, why);
    scheduler_totals(scheduler, &r->forecast.totals);
    r->forecast.lane_calls_min = r->forecast.lanes ? UINT64_MAX : 0;
    for (uint32_t lane = 0; lane < r->forecast.lanes; lane++) {
        uint64_t calls = 0;
        for (int kind = 0; kind < CALL_ASK; kind++) {
            uint64_t of_kind =
                scheduler_pace(scheduler, (uint16_t)lane, (enum call_kind)kind)->calls;
            calls += of_kind;
            if (of_kind)
                r->forecast.apis[kind] =
                    scheduler_api(scheduler, (uint16_t)lane, (enum call_kind)kind);
        }
        r->forecast.lane_calls_min =
            calls < r->forecast.lane_calls_min ? calls : r->forecast.lane_calls_min;
        r->forecast.lane_calls_max =
            calls > r->forecast.lane_calls_max ? calls : r->forecast.lane_calls_max;
    }
    if (scheduler_pause_reason(scheduler))
        snprintf(r->forecast.paused, sizeof r->forecast.paused, "%s",
                 scheduler_pause_reason(scheduler));
    rehearsal_publish_end(r);
    scheduler_clear(scheduler);
    return err;
}

enum err rehearsal_play(struct rehearsal *r, struct why *why)
{
    struct forecast_fold fold = {&r->fleet, r->detect_after, &r->forecast, NULL};
    struct world *world = NULL;
    const struct fleet *fleet = &r->fleet;
    struct forecast *f = &r->forecast;
    *f = (struct forecast){.identities = fleet->choices_len, .lanes = fleet->lanes_len};
    for (int i = 0; i < FORECAST_MARKS; i++) {
        double count = forecast_shares[i] * f->identities;
        f->mark_at[i] = (uint32_t)count + (count > (uint32_t)count);
    }
    f->tail = (f->identities + 99) / 100;
    fold.waits = calloc(r->forecast.identities + 1u, sizeof *fold.waits);
    enum err err = fold.waits ? OK : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = suffix_list_open(&r->suffixes, r->access->psl_file, why);
    if (err == OK)
        err = budget_make(r, why);
    if (err == OK && r->config->publishes)
        err = rehearsal_publish_open(r, why);
    if (err == OK) {
        struct world_keeper keeper = {&fold, fold_records};
        struct world_options options = world_options_of(r);
        world = world_new(&options, &r->fleet, keeper, why);
        err = world ? world_populate(r, world, why) : ERR_NOMEM;
    }
    if (err == OK)
        err = play_in(r, world, why);
    world_free(world);
    free(fold.waits);
    return err;
}
