/* Carries a run out: guards first, then the engine in the live world, then the end. */
#include "run.h"

#include "access/trust.h"
#include "base/siphash.h"
#include "journal/leases.h"
#include "journal/store_postgres/store_postgres.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "live.h"
#include "own.h"
#include "preflight/callers.h"
#include "publishing.h"
#include "recent.h"
#include "shown.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void run_init(struct run *r, const struct run_config *config)
{
    *r = (struct run){.config = *config};
    fleet_init(&r->fleet);
    arena_init(&r->arena, SIZE_MAX);
    arena_init(&r->memory, SIZE_MAX);
}

void run_clear(struct run *r)
{
    run_shown_clear(r);
    if (r->aside)
        journal_close(r->aside);
    r->aside = NULL;
    if (r->journal)
        journal_close(r->journal);
    suffix_list_close(r->suffixes);
    own_names_clear(&r->own);
    fleet_clear(&r->fleet);
    arena_clear(&r->arena);
    arena_clear(&r->memory);
    r->journal = NULL;
    r->suffixes = NULL;
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

/* What there is to say of the connection is said once. */
static enum err run_journal_shared(struct run *r, enum journal_mode mode, struct why *why)
{
    const struct notices *n = r->database_told ? NULL : &r->config.notices;
    enum err err = journal_open_postgres(&r->journal, r->config.journal, mode, n, why);
    r->database_told |= err == OK;
    return err;
}

enum err run_journal(struct run *r, enum journal_mode mode, struct why *why)
{
    if (journal_is_postgres(r->config.journal))
        return run_journal_shared(r, mode, why);
    enum err err = journal_open_file(&r->journal, r->config.journal, mode, why);
    char folder[PATH_MAX] = "";
    const char *path = r->config.journal;
    if (err != ERR_GONE || access(path, F_OK) == 0)
        return err;
    if (*path != '/' && getcwd(folder, sizeof folder))
        snprintf(folder + strlen(folder), sizeof folder - strlen(folder), "/");
    return why_set(why, ERR_GONE,
                   "there is no journal %s%s (%s): run this in the folder where apply was started, "
                   "or name its journal with --journal FILE or in MAILFROM_JOURNAL",
                   folder, path, strerror(ENOENT));
}

enum err run_journal_in_memory(struct run *r, struct why *why)
{
    journal_close(r->journal);
    r->journal = NULL;
    return journal_open_memory(&r->journal, why);
}

enum err run_recall(struct run *r, uint64_t id, struct why *why)
{
    enum err err = journal_run(r->journal, id, &r->head, &r->arena, why);
    return err == OK ? journal_fleet(r->journal, r->head.id, &r->fleet, why) : err;
}

enum err run_head_begin(struct run *r, const struct publishing *p, instant_us now, struct why *why)
{
    r->head.started = r->head.last = now;
    r->head.seed = siphash_pair(siphash_key_of_process(), (uint64_t)now, r->fleet.choices_len);
    r->head.options = access_write(r->config.access, &r->arena);
    r->head.version = r->config.version;
    r->head.jobs = r->fleet.choices_len;
    enum err err = journal_begin(r->journal, &r->head, &r->fleet, why);
    if (err == OK && p)
        err = journal_targets_begin(r->journal, r->head.id, p->targets, p->targets_len, why);
    return err;
}

enum err run_parents_mark(struct run *r, struct why *why)
{
    uint64_t len = r->through - r->head.parent + 1;
    enum err err = OK;
    assert(r->head.parent > 0 && r->through >= r->head.parent);
    if (!journal_is_shared(r->journal))
        return OK; /* a file has one writer, which is this process */
    r->parents = ARENA_ARRAY(&r->arena, struct run_mark, len);
    r->parents_len = 0;
    if (!r->parents)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (; r->parents_len < len && err == OK; r->parents_len += err == OK)
        err = leases_mark(r->journal, r->head.parent + r->parents_len, &r->parents[r->parents_len],
                          why);
    return err;
}

enum err run_parents_hold(struct run *r, struct why *why)
{
    return r->parents_len ? leases_hold_marked(r->journal, r->parents, r->parents_len, why) : OK;
}

enum err run_parents_end(struct run *r, instant_us now, struct why *why)
{
    struct run_head head;
    enum err err = OK;
    bool ends = r->head.verb == RUN_ROLLBACK && r->ends_parents;
    for (uint64_t id = r->head.parent; ends && id <= r->through && err == OK; id++) {
        enum err found = journal_run(r->journal, id, &head, &r->arena, why);
        if (found == OK && !run_is_over(head.state))
            err = journal_stop(r->journal, id, RUN_GIVEN_UP, now, why);
    }
    return err;
}

struct restoring {
    const struct run *run;
    bool reopens, reopens_all;
    instant_us now;
};

static bool restore_one(void *ctx, const struct record *record)
{
    struct restoring *restoring = ctx;
    const struct run *r = restoring->run;
    if (r->config.part && !r->config.part->lanes[r->fleet.choices[record->job].lane])
        return true;
    bool reopen =
        restoring->reopens_all || (restoring->reopens && outcome_is_bad(record->row.outcome));
    scheduler_restore(r->scheduler, record, reopen, restoring->now);
    return true;
}

struct scheduler_options run_scheduler_options(const struct run *r)
{
    const struct access *a = r->config.access;
    return (struct scheduler_options){
        .rules = {.seed = r->head.seed,
                  .plan_only = r->head.verb == RUN_PLAN,
                  .force = r->config.force && r->head.verb == RUN_APPLY},
        .read_api = access_api(a->read_api, API_V1),
        .read_falls_back = !a->read_api || strcmp(a->read_api, "auto") == 0,
        .write_api = access_api(a->write_api, API_V2),
        .authority_dns = access_dns_mode(a) == INQUIRY_AUTHORITY,
        .authority_port = a->authority_port,
        .detach = r->config.detach,
        .lane_survey = r->head.verb != RUN_ROLLBACK,
        .advice = r->head.verb != RUN_ROLLBACK && (!a->read_api || strcmp(a->read_api, "v1") != 0),
        .surveys = r->head.verb != RUN_ROLLBACK,
        .looks_closer = r->head.verb != RUN_ROLLBACK,
        .dkim = r->head.verb != RUN_ROLLBACK ? access_dkim(a) : DKIM_NOT_ASKED,
        .rate_per_s = r->kept_pace_per_s > 0 ? r->kept_pace_per_s : a->rate_per_s,
        .feedback_host = text_of(a->feedback_host),
        .own = &r->own,
        .managed = r->config.managed,
        .suffixes = r->suffixes,
        .lanes = r->config.part ? r->config.part->lanes : NULL,
        .shares_waves = r->config.part && r->config.part->shares_waves,
        .leaves_lanes = r->config.part != NULL,
    };
}

static enum err observer_begin(const struct run *r, instant_us now, struct why *why)
{
    const struct run_observer *o = &r->config.observer;
    return o->begin ? o->begin(o->ctx, r, now, why) : OK;
}

static enum err observer_callers(const struct run *r, struct why *why)
{
    const struct run_observer *o = &r->config.observer;
    bool is_new = !r->resumes && (r->head.verb != RUN_PLAN || r->aside);
    return is_new && o->callers ? o->callers(o->ctx, r, why) : OK;
}

/* Known state: from the shown plan, the plan file, or the resumed run. */
static enum err knowledge_take(struct run *r, instant_us now, struct why *why)
{
    struct restoring restoring = {r, r->reopens, *r->lost.what, now};
    if (r->shown && r->head.verb == RUN_APPLY)
        return run_shown_take(r, now, why);
    if (r->verdicts && !r->resumes)
        return run_verdicts_take(r, now, why);
    return r->resumes ? journal_rows(r->journal, r->head.id, restore_one, &restoring, why) : OK;
}

/* What was begun together stays, also after an error. */
static enum err begun_keep(struct run *r, enum err err, struct why *why)
{
    struct why unheard = {""};
    enum err kept = journal_apart(r->journal, err == OK ? why : &unheard);
    return err == OK ? kept : err;
}

static void observer_turn(void *ctx, instant_us now)
{
    struct run *r = ctx;
    const struct run_observer *o = &r->config.observer;
    if (o->turn)
        o->turn(o->ctx, r->scheduler, now);
    if (r->config.part)
        r->config.part->turn(r->config.part->ctx, r, now);
    run_companions_turn(r, now);
}

static instant_us observer_wake(void *ctx, instant_us now)
{
    const struct run *r = ctx;
    const struct run_observer *o = &r->config.observer;
    const struct run_part *part = r->config.part;
    instant_us wake = part ? part->wake(part->ctx, now) : WHEN_NEVER;
    wake = when_earlier(wake, run_companions_wake(r, now));
    return when_earlier(o->wake ? o->wake(o->ctx, now) : WHEN_NEVER, wake);
}

static enum err run_engine(struct run *r, struct live *live, struct why *why)
{
    struct scheduler *scheduler = r->scheduler;
    struct machine machine = scheduler_machine(scheduler);
    struct engine_watch watch = {.ctx = r, .turn = observer_turn, .wake = observer_wake};
    struct io io = live_io(live);
    enum err err = OK;
    r->reading = ARENA_ARRAY(&r->arena, struct lane_reading, r->fleet.lanes_len + 1);
    if (!r->reading)
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = knowledge_take(r, wire_now(live->wire), why);
    err = begun_keep(r, err, why);
    if (err == OK)
        err = observer_begin(r, wire_now(live->wire), why);
    if (err != OK)
        return err;
    /* Lanes with trouble before the first call: their jobs fail at once. */
    const struct run_part *part = r->config.part; /* claims none of these */
    for (uint32_t i = 0; i < r->fleet.lanes_len && !part; i++)
        if (r->lanes.trouble[i])
            scheduler_close_lane(r->scheduler, (uint16_t)i, r->lanes.trouble[i],
                                 wire_now(live->wire));
    if (r->publishing)
        err = publishing_join(r->publishing, scheduler, &machine, wire_now(live->wire), why);
    if (err != OK)
        return err;
    err = run_companions_begin(r, live->wire, why);
    if (err == OK && part)
        err = part->begin(part->ctx, r, live->wire, wire_now(live->wire), why);
    if (err == OK) {
        scheduler_start(scheduler, wire_now(live->wire));
        err = engine_run(&machine, &io, &watch, &r->end, why);
    }
    scheduler_totals(scheduler, &r->totals);
    run_companions_end(r, err != OK, wire_now(live->wire));
    const struct run_observer *o = &r->config.observer;
    if (o->end)
        o->end(o->ctx, r, err != OK, wire_now(live->wire));
    for (uint32_t i = 0; i < r->fleet.lanes_len; i++)
        r->reading[i] = scheduler_lane_reading(scheduler, (uint16_t)i);
    return err;
}

/* The guards of every verb; for a plan to be read by a person, also all probes.
 */
enum err run_preflight(struct run *r, struct preflight *p, struct wire *wire, struct why *why)
{
    const struct run_observer *o = &r->config.observer;
    const struct notices *n = &r->config.notices;
    const struct io io = wire_io(wire);
    enum err err = preflight_begin(p, &r->fleet, r->config.access, n, &r->lanes, why);
    p->resumes = r->resumes;
    p->is_part = r->config.part != NULL;
    if (err == OK)
        err = preflight_accounts(p, &io, why);
    if (err == OK)
        err = callers_hold(&r->fleet, &r->lanes, p->callers, r->begun, r->resumes, n, why);
    if (err == OK)
        callers_expect(&r->fleet, &r->lanes, p->callers, wire);
    if (err == OK && r->config.probes_lanes)
        err = preflight_lanes(p, &io, why);
    if (err == OK && r->config.probes_lanes && o->preflight)
        o->preflight(o->ctx, p);
    return err;
}

static enum err scheduler_open(struct run *r, const struct preflight *preflight,
                               const struct wire *wire, struct why *why)
{
    enum err err = run_recent(r, why);
    if (err != OK)
        return err;
    struct scheduler_options options = run_scheduler_options(r);
    options.carriers = wire_carriers(wire);
    options.transfers = wire_transfers(wire);
    r->scheduler = scheduler_init(&r->memory, &r->fleet, &options);
    if (!r->scheduler)
        return why_set(why, ERR_NOMEM, "out of memory");
    /* Preflight calls count for the pace of their lane, and need not be made again. */
    for (uint32_t i = 0; i < preflight->fleet->lanes_len * PREFLIGHT_QUESTIONS; i++) {
        const struct probe *probe = &preflight->probes[i];
        if (!probe->answered_at || probe->reply.how != REPLY_HTTP ||
            probe->lane >= r->fleet.lanes_len)
            continue;
        scheduler_called(r->scheduler, probe->lane, probe->kind, probe->sent_at,
                         probe->answered_at);
        if (probe->kind == CALL_ACCOUNT && probe->verdict == VERDICT_OK)
            scheduler_told_account(r->scheduler, probe->lane, &probe->account);
        bool is_unknown = probe->kind == CALL_LIST && probe->api == API_V2 &&
                          reply_knows_no_action(&probe->reply);
        if (is_unknown || reply_refuses_action(&probe->reply))
            scheduler_told_refused(r->scheduler,
                                   &(struct refused_call){probe->lane, probe->kind, probe->api,
                                                          reply_is_foreign(&probe->reply)},
                                   probe->answered_at);
        if (probe->kept)
            scheduler_told_list(r->scheduler, probe->kept, probe->answered_at);
    }
    return OK;
}

enum err run_part_claim(struct run *r, struct preflight *preflight, struct wire *wire,
                        struct why *why)
{
    const struct run_part *part = r->config.part;
    enum err found = run_preflight(r, preflight, wire, why);
    r->stopped = found == ERR_BUSY;
    return found == OK || found == ERR_AUTH ? part->claim(part->ctx, r, wire, found, why) : found;
}

enum err run_part_end(struct run *r, enum err err, struct wire *wire, struct why *why)
{
    const struct run_part *part = r->config.part;
    struct why unheard = {""};
    enum err ended = part->end(part->ctx, r, err != OK, wire_now(wire), err == OK ? why : &unheard);
    return err == OK ? ended : err;
}

static enum err part_on_wire(struct run *r, struct preflight *preflight, struct wire *wire,
                             struct why *why)
{
    struct live live = {.wire = wire, .run = r};
    enum err err = run_part_claim(r, preflight, wire, why);
    if (err != OK)
        return err;
    err = scheduler_open(r, preflight, wire, why);
    preflight_end(preflight);
    if (err == OK)
        err = run_engine(r, &live, why);
    return run_part_end(r, err, wire, why);
}

static enum err run_on_wire(struct run *r, struct preflight *preflight, struct wire *wire,
                            struct why *why)
{
    enum err err = run_preflight(r, preflight, wire, why);
    r->stopped = err == ERR_BUSY;
    if (err == OK)
        err = observer_callers(r, why);
    journal_together(r->journal); /* the end of other runs, a head, the rows of a reviewed plan */
    if (err == OK && !r->resumes)
        err = run_parents_end(r, wire_now(wire), why);
    if (err == OK)
        err = r->resumes ? journal_stop(r->journal, r->head.id, RUN_OPEN, 0, why)
                         : run_head_begin(r, r->publishing, wire_now(wire), why);
    if (err == OK)
        err = scheduler_open(r, preflight, wire, why);
    if (err != OK)
        return begun_keep(r, err, why);
    preflight_end(preflight);
    struct live live = {.wire = wire, .run = r};
    err = run_engine(r, &live, why);
    if (err == OK)
        err = journal_stop(r->journal, r->head.id, r->end == ENGINE_ENDED ? RUN_ENDED : RUN_STOPPED,
                           wire_now(wire), why);
    return err;
}

enum err run_wire_open(struct run *r, struct wire **wire, struct why *why)
{
    const struct access *a = r->config.access;
    struct wire_config config = {.carriers = a->carriers,
                                 .lanes = r->lanes.list,
                                 .lanes_len = r->lanes.len,
                                 .secrets = r->lanes.secrets,
                                 .resolvers = text_of(a->resolver),
                                 .ca_bundle = text_of(a->ca_bundle),
                                 .call_timeout_us = a->call_timeout_us,
                                 .not_before = r->head.last,
                                 .verbose = a->verbose};
    enum err err = wire_open(wire, &config, why);
    return err == OK ? wire_opened(&r->config.owner, *wire, why) : err;
}

void run_wire_close(struct run *r, struct wire *wire)
{
    wire_closing(&r->config.owner);
    if (wire)
        wire_close(wire);
}

/* The lanes that are asked; NULL: all. A rollback has all lanes of its run, and rows in some. */
static enum err lanes_choose(struct run *r, const bool **wanted, struct why *why)
{
    const struct fleet *f = &r->fleet;
    *wanted = r->config.part ? r->config.part->wanted : NULL;
    if (r->config.part || !r->head.parent || !f->choices_len)
        return OK;
    bool *lanes = ARENA_ARRAY(&r->arena, bool, f->lanes_len + 1);
    for (uint32_t i = 0; lanes && i < f->choices_len; i++)
        lanes[f->choices[i].lane] = true;
    *wanted = lanes;
    return lanes ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

enum err run_carry_out(struct run *r, struct why *why)
{
    enum err err = OK;
    const bool *wanted = NULL;
    if (!r->suffixes) /* opened by the shown plan */
        err = suffix_list_open(&r->suffixes, r->config.access->psl_file, why);
    if (err == OK)
        err = run_own_names(r, why);
    if (err == OK)
        err = lanes_choose(r, &wanted, why);
    if (err == OK)
        err = lanes_open_some(&r->lanes, &r->fleet, r->config.access,
                              r->publishing ? LANES_OF_BOTH : LANES_OF_SES, wanted,
                              &r->config.notices, why);
    if (err != OK)
        return err;
    struct wire *wire = NULL;
    struct preflight preflight = {0};
    err = run_wire_open(r, &wire, why);
    if (err == OK)
        err = r->config.part ? part_on_wire(r, &preflight, wire, why)
                             : run_on_wire(r, &preflight, wire, why);
    run_wire_close(r, wire);
    preflight_end(&preflight); /* calls still out live in its memory, */
    if (r->keeps_scheduler)
        r->planner = r->scheduler;
    else
        scheduler_clear(r->scheduler); /* or in the scheduler's */
    r->scheduler = NULL;
    publishing_part(r->publishing);
    lanes_close(&r->lanes);
    return err;
}
