#include "run.h"

#include "base/hash.h"
#include "base/siphash.h"
#include "callers.h"
#include "dns_wire.h"
#include "live.h"
#include "manifests/manifest.h"
#include "outputs.h"
#include "preflight.h"
#include "run_notes.h"
#include "run_options.h"
#include "run_own.h"
#include "run_recent.h"
#include "run_shown.h"
#include "ui/advice.h"
#include "ui/messages.h"
#include "verbs.h"
#include "version.h"

#include <linux/limits.h> /* PATH_MAX; <limits.h> would find our own */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void run_init(struct run *r, const struct options *options)
{
    *r = (struct run){.options = options};
    fleet_init(&r->fleet);
    arena_init(&r->arena, SIZE_MAX);
    arena_init(&r->memory, SIZE_MAX);
}

void run_clear(struct run *r)
{
    run_shown_clear(r);
    if (r->journal)
        journal_close(r->journal);
    signals_end(&r->signals);
    suffix_list_close(r->suffixes);
    own_names_clear(&r->own);
    fleet_clear(&r->fleet);
    arena_clear(&r->arena);
    arena_clear(&r->memory);
    r->journal = NULL;
    r->suffixes = NULL;
}

enum err run_number(const struct options *o, uint64_t *id, struct why *why)
{
    struct advice a;
    *id = 0;
    if (o->arguments_len > 1)
        return why_set(why, ERR_INPUT, "found %zu runs, expected one at a time", o->arguments_len);
    if (o->arguments_len == 1 && (!text_to_u64(text_of(o->arguments[0]), id) || *id == 0))
        return why_set(why, ERR_INPUT, "\"%s\" is not the number of a run; %s lists them",
                       o->arguments[0], advice_make(&a, o, "status", "--all"));
    return OK;
}

static struct text region_of(void *ctx, struct text profile)
{
    struct run *r = ctx;
    return lanes_usual_region(r->options, profile, &r->arena);
}

enum err run_load(struct run *r, struct why *why)
{
    const struct options *o = r->options;
    struct complaints complaints;
    struct manifest_options options = {
        .region = text_of(o->region), .region_of = region_of, .ctx = r};
    if (o->arguments_len == 0)
        return why_set(why, ERR_INPUT, "which manifest? Name one or more YAML files");
    if (run_report_vet(o, why) != OK)
        return ERR_INPUT;
    complaints_init(&complaints);
    enum err err =
        manifest_load(&r->fleet, o->arguments, o->arguments_len, &options, &complaints, why);
    message_complaints(&complaints);
    if (err == ERR_INPUT && complaints.len)
        why_set(why, err, "%u complaint%s about the manifest; nothing was sent",
                complaints.len + complaints.more, complaints.len + complaints.more == 1 ? "" : "s");
    complaints_clear(&complaints);
    return err == OK ? outputs_spare(o, &r->fleet, why) : err;
}

enum err run_begun(struct run *r, struct why *why, const char *fmt, ...)
{
    va_list ap;
    char begun[PATH_MAX + 16];
    va_start(ap, fmt);
    vsnprintf(begun, sizeof begun, fmt, ap);
    va_end(ap);
    r->begun = arena_text(&r->arena, text_of(begun)).at;
    return r->begun ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

enum err run_journal(struct run *r, enum journal_mode mode, struct why *why)
{
    return journal_open(&r->journal, options_journal(r->options), mode, why);
}

static enum err head_begin(struct run *r, instant_us now, struct why *why)
{
    r->head.started = r->head.last = now;
    r->head.seed = siphash_pair(siphash_key_of_process(), (uint64_t)now, r->fleet.choices_len);
    r->head.options = run_options_write(r->options, &r->arena);
    r->head.version = TEXT(MAILFROM_VERSION);
    r->head.jobs = r->fleet.choices_len;
    return journal_begin(r->journal, &r->head, &r->fleet, why);
}

struct restoring {
    struct scheduler *scheduler;
    bool reopens;
    instant_us now;
};

static bool restore_one(void *ctx, const struct record *record)
{
    struct restoring *restoring = ctx;
    bool reopen = restoring->reopens && outcome_is_bad(record->row.outcome);
    scheduler_restore(restoring->scheduler, record, reopen, restoring->now);
    return true;
}

enum api run_api(const char *wish, enum api usual)
{
    if (!wish)
        return usual;
    return strcmp(wish, "v2") == 0 ? API_V2 : API_V1;
}

static struct scheduler_options scheduler_options_of(const struct run *r)
{
    const struct options *o = r->options;
    return (struct scheduler_options){
        .rules = {.seed = r->head.seed,
                  .plan_only = r->head.verb == RUN_PLAN,
                  .force = o->force && r->head.verb == RUN_APPLY},
        .read_api = run_api(o->read_api, API_V1),
        .read_falls_back = !o->read_api || strcmp(o->read_api, "auto") == 0,
        .write_api = run_api(o->write_api, API_V2),
        .authority_dns = dns_wire_mode(o) == INQUIRY_AUTHORITY,
        .authority_port = o->authority_port,
        .detach = o->no_wait,
        .lane_survey = r->head.verb != RUN_ROLLBACK,
        .surveys = r->head.verb != RUN_ROLLBACK,
        .rate_per_s = o->rate_per_s,
        .feedback_host = text_of(o->feedback_host),
        .own = &r->own,
        .suffixes = r->suffixes,
    };
}

/* What is known before the first call: the jobs of such lanes fail at once. */
static void troubled_close(struct run *r, instant_us now)
{
    for (uint32_t i = 0; i < r->lanes.len; i++)
        if (r->lanes.trouble[i])
            scheduler_close_lane(r->scheduler, (uint16_t)i, r->lanes.trouble[i], now);
}

static enum err run_scheduler(struct run *r, struct live *live, struct why *why)
{
    struct scheduler *scheduler = r->scheduler;
    struct io io = live_io(live);
    struct progress progress;
    struct run_notes notes;
    enum err err = run_notes_begin(&notes, r, &progress, why);
    r->read_api = ARENA_ARRAY(&r->arena, uint8_t, r->fleet.lanes_len + 1);
    if (err == OK && !r->read_api)
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK && r->shown && r->head.verb == RUN_APPLY)
        err = run_shown_take(r, wire_now(live->wire), why);
    if (err == OK && r->resumes) {
        struct restoring restoring = {scheduler, r->reopens, wire_now(live->wire)};
        err = journal_rows(r->journal, r->head.id, restore_one, &restoring, why);
    }
    if (err != OK)
        return err;
    troubled_close(r, wire_now(live->wire));
    scheduler_start(scheduler, wire_now(live->wire));
    progress_begin(&progress, r->options, &r->head, &r->fleet, &r->signals);
    struct engine_watch watch = {.ctx = &notes, .turn = run_notes_turn, .wake = run_notes_wake};
    err = engine_run(scheduler, &io, &watch, &r->end, why);
    progress_end(&progress, scheduler, err != OK, r->end, wire_now(live->wire));
    scheduler_totals(scheduler, &r->totals);
    run_notes_end(&notes, scheduler, wire_now(live->wire));
    for (uint32_t i = 0; i < r->fleet.lanes_len; i++)
        r->read_api[i] = (uint8_t)scheduler_api(scheduler, (uint16_t)i, CALL_READ_MAIL_FROM);
    return err;
}

/* The guards for everybody; for a plan that a person will read, all that can be known beforehand.
 */
static enum err run_preflight(struct run *r, struct preflight *p, struct wire *wire,
                              struct why *why)
{
    bool is_plan = r->head.verb == RUN_PLAN && !r->options->dry_run;
    enum err err = preflight_begin(p, &r->fleet, r->options, &r->lanes, why);
    if (err == OK)
        err = preflight_accounts(p, wire, why);
    if (err == OK)
        err = callers_hold(&r->fleet, &r->lanes, p->callers, r->begun, why);
    if (err == OK)
        callers_expect(&r->fleet, &r->lanes, p->callers, wire);
    if (err == OK && is_plan)
        err = preflight_lanes(p, wire, why);
    if (err == OK && is_plan && !r->options->quiet) {
        if (!run_report_takes_stdout(r->options))
            preflight_print(p);
        preflight_print_missing(p);
    }
    return err;
}

/* What has been asked already counts for the pace of its lane. */
static void preflight_count(const struct preflight *p, struct scheduler *scheduler)
{
    for (uint32_t i = 0; i < p->fleet->lanes_len * PREFLIGHT_QUESTIONS; i++) {
        const struct probe *probe = &p->probes[i];
        if (probe->answered_at && probe->reply.how == REPLY_HTTP)
            scheduler_called(scheduler, probe->lane, probe->kind, probe->sent_at,
                             probe->answered_at);
    }
}

static enum err run_on_wire(struct run *r, struct preflight *preflight, struct wire *wire,
                            struct why *why)
{
    enum err err = run_preflight(r, preflight, wire, why);
    r->stopped = err == ERR_BUSY;
    if (err == OK)
        err = r->resumes ? journal_stop(r->journal, r->head.id, RUN_OPEN, 0, why)
                         : head_begin(r, wire_now(wire), why);
    if (err == OK)
        err = run_recent(r, why);
    struct scheduler_options options = scheduler_options_of(r);
    if (err == OK)
        r->scheduler = scheduler_init(&r->memory, &r->fleet, &options);
    if (r->scheduler)
        preflight_count(preflight, r->scheduler);
    if (err != OK)
        return err;
    preflight_end(preflight);
    struct live live = {wire, r->journal, r->head.id};
    err = r->scheduler ? run_scheduler(r, &live, why) : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = journal_stop(r->journal, r->head.id, r->end == ENGINE_ENDED ? RUN_ENDED : RUN_STOPPED,
                           wire_now(wire), why);
    return err;
}

static enum err wire_run(struct run *r, struct why *why)
{
    struct wire *wire = NULL;
    struct preflight preflight = {0};
    struct wire_config config = {.carriers = r->options->carriers,
                                 .lanes = r->lanes.list,
                                 .lanes_len = r->lanes.len,
                                 .secrets = r->lanes.secrets,
                                 .resolvers = text_of(r->options->resolver),
                                 .ca_bundle = text_of(r->options->ca_bundle),
                                 .call_timeout_us = r->options->call_timeout_us,
                                 .not_before = r->head.last,
                                 .verbose = r->options->verbose};
    signals_block(&r->signals);
    enum err err = wire_open(&wire, &config, why);
    if (err == OK)
        err = signals_watch(&r->signals, wire, why);
    if (err == OK)
        err = run_on_wire(r, &preflight, wire, why);
    signals_let_go(&r->signals);
    if (wire)
        wire_close(wire);
    preflight_end(&preflight); /* calls that were out live in its memory, */
    if (r->keeps_scheduler)
        r->planner = r->scheduler;
    else
        scheduler_clear(r->scheduler); /* or in the scheduler's */
    r->scheduler = NULL;
    return err;
}

enum err run_carry_out(struct run *r, struct why *why)
{
    enum err err = OK;
    if (!r->suffixes) /* the plan that was shown has opened it */
        err = suffix_list_open(&r->suffixes, r->options->psl_file, why);
    if (err == OK)
        err = run_own_names(r, why);
    if (err == OK)
        err = lanes_open(&r->lanes, &r->fleet, r->options, why);
    if (err != OK)
        return err;
    err = wire_run(r, why);
    lanes_close(&r->lanes);
    return err;
}
