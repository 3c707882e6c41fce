#include "crash_run.h"

#include "base/hash.h"
#include "journal/store_sqlite/store_sqlite.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

bool crash_run_make(struct crash_run *v, uint64_t seed, uint32_t jobs)
{
    struct why why;
    struct world_keeper nobody = {0};
    struct scene_options options = {.seed = seed, .jobs = jobs};
    *v = (struct crash_run){0};
    arena_init(&v->arena, SIZE_MAX);
    v->sent = calloc(jobs, sizeof *v->sent);
    v->sent_last = calloc(jobs, sizeof *v->sent_last);
    if (!v->sent || !v->sent_last || !scene_make(&v->scene, &options))
        return false;
    v->world = world_new(&v->scene.world, &v->scene.fleet, nobody, &why);
    return v->world && scene_populate(&v->scene, v->world);
}

void crash_run_clear(struct crash_run *v)
{
    journal_close(v->journal);
    world_free(v->world);
    scene_clear(&v->scene);
    arena_clear(&v->arena);
    free(v->sent);
    free(v->sent_last);
    *v = (struct crash_run){0};
}

static uint64_t chain(uint64_t digest, const struct record *r)
{
    digest = hash_mix(hash_mix(digest, r->job), (uint64_t)r->at);
    digest = hash_mix(hash_mix(digest, r->kind), r->row.state);
    digest = hash_mix(digest, hash_bytes(r->write_mail_from.at, r->write_mail_from.len));
    return hash_mix(digest, hash_bytes(r->row.mail_from_seen.at, r->row.mail_from_seen.len));
}

/* The port: the world's, with the journal as keeper and a tally of what leaves. */

static instant_us port_now(void *ctx)
{
    return world_now(((struct crash_run *)ctx)->world);
}

static uint32_t port_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct crash_run *v = ctx;
    struct io io = world_io(v->world);
    if (v->in_world)
        v->in_world(true);
    uint32_t len = io.wait(io.world, until, events, max);
    if (v->in_world)
        v->in_world(false);
    return len;
}

/* Those of lanes and of targets come back apart from the others. */
static uint32_t of_jobs(const struct record *records, uint32_t len)
{
    uint32_t jobs = 0;
    for (uint32_t i = 0; i < len; i++)
        jobs += record_is_of_job(&records[i]);
    return jobs;
}

static enum err port_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct crash_run *v = ctx;
    v->keeping = of_jobs(records, len);
    enum err err = journal_keep(v->journal, v->head.id, records, len, why);
    if (err != OK)
        return err;
    for (uint32_t i = 0; i < len; i++)
        if (record_is_of_job(&records[i]))
            v->kept_digest = chain(v->kept_digest, &records[i]);
    v->kept += v->keeping;
    v->keeping = 0;
    return OK;
}

static void port_send(void *ctx, struct call **calls, uint32_t len)
{
    struct crash_run *v = ctx;
    struct io io = world_io(v->world);
    for (uint32_t i = 0; i < len; i++) {
        if (calls[i]->kind != CALL_SET)
            continue;
        v->sent[calls[i]->owner]++;
        v->sent_last[calls[i]->owner] = arena_text(&v->arena, calls[i]->mail_from);
    }
    io.send(io.world, calls, len);
}

static bool restore_one(void *ctx, const struct record *record)
{
    scheduler_restore(ctx, record, false, record->at);
    return true;
}

static enum err begin_or_resume(struct crash_run *v, struct why *why)
{
    enum err err = journal_run(v->journal, 0, &v->head, &v->arena, why);
    if (err == OK)
        return journal_stop(v->journal, v->head.id, RUN_OPEN, 0, why);
    if (err != ERR_GONE)
        return err;
    v->head = (struct run_head){.started = world_now(v->world),
                                .seed = v->scene.options.seed,
                                .jobs = v->scene.fleet.choices_len};
    err = journal_begin(v->journal, &v->head, &v->scene.fleet, why);
    if (err != OK)
        v->head.id = 0;
    return err;
}

static enum err sail_scheduler(struct crash_run *v, struct arena *memory, struct scheduler **out,
                               struct why *why)
{
    struct scheduler_options options = {.rules = {.seed = v->scene.options.seed},
                                        .read_api = v->scene.read_api,
                                        .read_falls_back = v->scene.read_falls_back,
                                        .write_api = v->scene.write_api,
                                        .authority_dns = v->scene.authority_dns,
                                        .rate_per_s = v->scene.rate_per_s};
    struct io io = {v, port_now, port_wait, port_send, port_keep, v};
    enum engine_end end;
    struct scheduler *scheduler = *out = scheduler_init(memory, &v->scene.fleet, &options);
    if (!scheduler)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = journal_rows(v->journal, v->head.id, restore_one, scheduler, why);
    if (err != OK)
        return err;
    scheduler_start(scheduler, world_now(v->world));
    struct machine machine = scheduler_machine(scheduler);
    err = engine_run(&machine, &io, NULL, &end, why);
    if (err == OK && end != ENGINE_ENDED)
        err = why_set(why, ERR_IO, "the engine waits for ever with nothing on its way");
    return err;
}

static enum err journal_reopen(struct crash_run *v, struct journal **out, const char *file,
                               struct why *why)
{
    return v->open ? v->open(v->open_ctx, out, why)
                   : journal_open_file(out, file, JOURNAL_WRITE, why);
}

enum err crash_run_go(struct crash_run *v, const char *file, struct why *why)
{
    struct arena memory;
    struct scheduler *scheduler = NULL;
    arena_init(&memory, SIZE_MAX);
    enum err err = journal_reopen(v, &v->journal, file, why);
    if (err == OK)
        err = begin_or_resume(v, why);
    if (err == OK)
        err = sail_scheduler(v, &memory, &scheduler, why);
    if (err == OK)
        err = journal_stop(v->journal, v->head.id, RUN_ENDED, world_now(v->world), why);
    world_crash(v->world); /* what is on its way outlives the scheduler */
    scheduler_clear(scheduler);
    arena_clear(&memory);
    journal_close(v->journal);
    v->journal = NULL;
    return err;
}

/* What a reopened journal is asked. */

struct audit {
    const struct crash_run *v;
    uint64_t records, digest;
    bool digest_fits;
    uint32_t *intents;
    struct text *intent_last;
    struct arena arena;
};

static bool audit_one(void *ctx, const struct record *r)
{
    struct audit *a = ctx;
    a->digest = chain(a->digest, r);
    a->records++;
    if (a->records == a->v->kept)
        a->digest_fits = a->digest == a->v->kept_digest;
    if (r->kind == RECORD_INTENT) {
        a->intents[r->job]++;
        a->intent_last[r->job] = arena_text(&a->arena, r->write_mail_from);
    }
    return true;
}

static const char *audit_judge(const struct audit *a)
{
    const struct crash_run *v = a->v;
    if (a->records < v->kept)
        return "acknowledged records are missing";
    if (!a->digest_fits)
        return "acknowledged records have changed";
    if (a->records != v->kept && a->records != v->kept + v->keeping)
        return "a turn is there in part";
    for (uint32_t i = 0; i < v->scene.fleet.choices_len; i++) {
        if (v->sent[i] > a->intents[i])
            return "a write left without its intent";
        if (v->sent[i] == a->intents[i] && !text_eq(v->sent_last[i], a->intent_last[i]))
            return "an intent does not name what was written";
    }
    return NULL;
}

/* Nothing has been lost, so nothing may be said to be. */
static const char *loss_said(struct journal *j, uint64_t run, struct why *why)
{
    static struct run_loss lost;
    uint64_t of;
    if (*journal_loss(j, &of))
        return journal_loss(j, &of);
    if (run && journal_vet(j, run, &lost, why) == OK && *lost.what)
        return lost.what;
    return NULL;
}

const char *crash_run_audit(struct crash_run *v, const char *file, struct why *why)
{
    static const char *const no_run = "the run is gone";
    uint32_t jobs = v->scene.fleet.choices_len;
    struct run_head head;
    struct audit a = {.v = v, .digest_fits = v->kept == 0};
    const char *complaint = why->text;
    a.intents = calloc(jobs, sizeof *a.intents);
    a.intent_last = calloc(jobs, sizeof *a.intent_last);
    arena_init(&a.arena, SIZE_MAX);
    if (journal_reopen(v, &v->journal, file, why) == OK) {
        enum err err = journal_run(v->journal, 0, &head, &a.arena, why);
        const char *accused = loss_said(v->journal, err == OK ? head.id : 0, why);
        if (accused)
            complaint = accused;
        else if (err == ERR_GONE) /* it was never acknowledged, and so nothing may have left */
            complaint = v->head.id == 0 ? NULL : no_run;
        else if (err != OK || journal_replay(v->journal, head.id, audit_one, &a, why) != OK)
            complaint = why->text;
        else
            complaint = audit_judge(&a);
    }
    journal_close(v->journal);
    v->journal = NULL;
    free(a.intents);
    free(a.intent_last);
    arena_clear(&a.arena);
    if (complaint)
        return complaint;
    v->kept = a.records; /* what was in flight and is there counts from now on */
    v->kept_digest = a.digest;
    v->keeping = 0;
    return NULL;
}

struct folding {
    struct crash_run_row *rows;
    struct arena *arena;
};

static bool fold_one(void *ctx, const struct record *r)
{
    struct folding *f = ctx;
    f->rows[r->job] = (struct crash_run_row){
        .outcome = r->row.outcome,
        .behavior_seen = r->row.behavior_seen,
        .mail_from_seen = arena_text(f->arena, r->row.mail_from_seen),
        .mail_from_before = arena_text(f->arena, r->row.mail_from_before),
        .is_final = r->row.state == JOB_DONE,
        .before_known = r->row.before_known,
    };
    return true;
}

enum err crash_run_rows(struct crash_run *v, const char *file, struct crash_run_row *rows,
                        struct why *why)
{
    struct journal *j;
    struct folding folding = {rows, &v->arena};
    enum err err = journal_reopen(v, &j, file, why);
    if (err != OK)
        return err;
    err = journal_rows(j, v->head.id, fold_one, &folding, why);
    journal_close(j);
    return err;
}

bool crash_run_same(const struct crash_run_row *a, const struct crash_run_row *b)
{
    bool a_well = a->outcome == OUTCOME_DONE || a->outcome == OUTCOME_UNCHANGED;
    bool b_well = b->outcome == OUTCOME_DONE || b->outcome == OUTCOME_UNCHANGED;
    bool same_before =
        !a->before_known || !b->before_known || text_eq(a->mail_from_before, b->mail_from_before);
    return a->is_final && b->is_final && (a->outcome == b->outcome || (a_well && b_well)) &&
           a->behavior_seen == b->behavior_seen && same_before &&
           text_eq(a->mail_from_seen, b->mail_from_seen);
}
