/*
 * A large journal to read: journal_fill FILE JOBS [SEED [MINUTES]] carries a mixed fleet out in the
 * simulated world and keeps its records in FILE, which must not be there, thousands to a commit.
 * The run ends, or is stopped after so many minutes. However many jobs there are, SES takes so many
 * calls a second that the run takes as long as with a few.
 */
#include "base/bounds.h"
#include "engine.h"
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "scene.h"
#include "scheduler/scheduler.h"

#include <stdio.h>
#include <stdlib.h>

#define TOGETHER    4096               /* records to a commit */
#define RUN_SECONDS ((double)6 * 3600) /* of the writes alone, in one lane */
#define RATE_LEAST  1.0

struct filling {
    struct scene scene;
    struct world *world;
    struct journal *journal;
    struct run_head head;
    instant_us stop_at; /* WHEN_NEVER: it ends by itself */
    bool is_stopped;
    struct arena texts; /* of the records below */
    struct record records[TOGETHER];
    uint32_t len;
    unsigned long kept;
};

static int complain(const char *what)
{
    fprintf(stderr, "journal_fill: %s\n", what);
    return 1;
}

static enum err rows_keep(struct filling *f, struct why *why)
{
    enum err err = f->len ? journal_keep(f->journal, f->head.id, f->records, f->len, why) : OK;
    f->kept += f->len;
    f->len = 0;
    arena_reset(&f->texts);
    return err;
}

static bool record_copy(struct filling *f, const struct record *record)
{
    struct record *to = &f->records[f->len++];
    struct text *texts[] = {&to->write_mail_from, &to->row.reason, &to->row.mail_from_before,
                            &to->row.mail_from_seen};
    *to = *record;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_text(&f->texts, *texts[i]);
    return !to->row.notes.known || finding_notes_copy(&to->row.notes, &f->texts);
}

static enum err on_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct filling *f = ctx;
    enum err err = OK;
    for (uint32_t i = 0; err == OK && i < len; i++) {
        if (!record_is_of_job(&records[i]))
            continue;
        if (!record_copy(f, &records[i]))
            err = why_set(why, ERR_NOMEM, "out of memory");
        f->head.last = records[i].at;
        if (err == OK && f->len == TOGETHER)
            err = rows_keep(f, why);
    }
    return err;
}

static instant_us stopped_now(void *ctx)
{
    return world_now(((const struct filling *)ctx)->world);
}

/* The world's, until the engine is told to stop. */
static uint32_t stopped_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct filling *f = ctx;
    struct io io = world_io(f->world);
    if (!f->is_stopped && world_now(f->world) >= f->stop_at) {
        f->is_stopped = true;
        events[0] = (struct event){.kind = EVENT_DRAIN};
        return 1;
    }
    return io.wait(io.world, f->is_stopped ? until : when_earlier(until, f->stop_at), events, max);
}

static void stopped_send(void *ctx, struct call **calls, uint32_t len)
{
    struct io io = world_io(((const struct filling *)ctx)->world);
    io.send(io.world, calls, len);
}

static enum err sail(struct filling *f, struct why *why)
{
    struct arena memory;
    const struct io io = {.world = f,
                          .now = stopped_now,
                          .wait = stopped_wait,
                          .send = stopped_send,
                          .keep = on_keep,
                          .keeper = f};
    enum engine_end end;
    struct scheduler_options options = {.rules = {.seed = f->scene.options.seed},
                                        .read_api = f->scene.read_api,
                                        .write_api = f->scene.write_api,
                                        .rate_per_s = f->scene.rate_per_s};
    arena_init(&memory, SIZE_MAX);
    struct scheduler *scheduler = scheduler_init(&memory, &f->scene.fleet, &options);
    enum err err = scheduler ? OK : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK) {
        scheduler_start(scheduler, SCENE_START);
        struct machine machine = scheduler_machine(scheduler);
        err = engine_run(&machine, &io, NULL, &end, why);
    }
    world_crash(f->world);
    scheduler_clear(scheduler);
    arena_clear(&memory);
    return err == OK ? rows_keep(f, why) : err;
}

/* A scene names a MAIL FROM that is expected for rows that expect none, too; a fleet does not. */
static void expectations_lighten(struct fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->choices_len; i++)
        if (fleet->choices[i].guarded == GUARD_NONE)
            fleet->expected[i] = (struct expectation){0};
}

static bool scene_begin(struct filling *f, uint64_t seed, uint32_t jobs, struct why *why)
{
    uint16_t file;
    const struct scene_options options = {.seed = seed, .jobs = jobs};
    const struct world_keeper keeper = {f, on_keep}; /* not asked: keeping goes past the world */
    double rate = jobs / RUN_SECONDS;
    if (!scene_make(&f->scene, &options) || !fleet_file(&f->scene.fleet, TEXT("fleet.yaml"), &file))
        return false;
    expectations_lighten(&f->scene.fleet);
    f->scene.rate_per_s = rate > RATE_LEAST ? rate : RATE_LEAST;
    f->scene.world.ses.rate_per_s = f->scene.rate_per_s;
    f->world = world_new(&f->scene.world, &f->scene.fleet, keeper, why);
    return f->world && scene_populate(&f->scene, f->world);
}

static enum err fill(struct filling *f, const char *path, struct why *why)
{
    f->head = (struct run_head){.verb = RUN_APPLY,
                                .started = SCENE_START,
                                .last = SCENE_START,
                                .jobs = f->scene.fleet.choices_len,
                                .options = TEXT("{}"),
                                .version = TEXT("0")};
    enum err err = journal_open_file(&f->journal, path, JOURNAL_WRITE, why);
    if (err == OK)
        err = journal_begin(f->journal, &f->head, &f->scene.fleet, why);
    if (err == OK)
        err = sail(f, why);
    if (err == OK)
        err = journal_stop(f->journal, f->head.id, f->is_stopped ? RUN_STOPPED : RUN_ENDED,
                           f->head.last, why);
    journal_close(f->journal);
    return err;
}

int main(int argc, char **argv)
{
    static struct filling f;
    struct why why = {"out of memory"};
    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: journal_fill FILE JOBS [SEED [MINUTES]]\n");
        return 2;
    }
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    f.stop_at = argc > 4 ? SCENE_START + SPAN_M(strtoll(argv[4], NULL, 10)) : WHEN_NEVER;
    arena_init(&f.texts, SIZE_MAX);
    bool good = scene_begin(&f, seed, (uint32_t)strtoul(argv[2], NULL, 10), &why);
    enum err err = good ? fill(&f, argv[1], &why) : ERR_NOMEM;
    world_free(f.world);
    scene_clear(&f.scene);
    arena_clear(&f.texts);
    if (err != OK)
        return complain(why.text);
    printf("{\"records\": %lu}\n", f.kept);
    return 0;
}
