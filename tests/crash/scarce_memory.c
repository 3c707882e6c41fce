/*
 * Memory runs out at the n-th allocation of a run, the engine's or SQLite's, for every n until
 * nothing fails. The run must end with a reason, lose nothing that was acknowledged, and go on to
 * the end of the undisturbed run when there is memory again. That nothing leaks is the sanitizer's
 * to say for our own allocations; SQLite's are counted here.
 *
 *     scarce_memory [--seed N] [--jobs N] [--every N]
 */
#include "crash_run.h"

#include "base/count.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long left = -1; /* allocations until one fails; negative: none does */
static bool paused;    /* the simulated world always has memory */
static uint64_t made;

static bool is_scarce(void)
{
    if (paused)
        return false;
    made++;
    return left >= 0 && left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
    return is_scarce() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_scarce() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return is_scarce() ? NULL : __real_realloc(p, size);
}

/* SQLite's allocator with the same out_of_memory before it. */
static sqlite3_mem_methods plain;

static void *sqlite_malloc(int size)
{
    return is_scarce() ? NULL : plain.xMalloc(size);
}

static void *sqlite_realloc(void *p, int size)
{
    return is_scarce() ? NULL : plain.xRealloc(p, size);
}

static void sqlite_make_scarce(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain);
    sqlite3_mem_methods scarce = plain;
    scarce.xMalloc = sqlite_malloc;
    scarce.xRealloc = sqlite_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &scarce);
}

static void pause_in_world(bool in)
{
    paused = in;
}

struct campaign {
    uint64_t seed, every, rounds, failed;
    uint32_t jobs;
    char folder[64], file[96];
    struct crash_run_row *wanted, *rows;
    struct arena texts;
};

static void files_remove(const struct campaign *c)
{
    static const char *const endings[] = {"", "-wal", ".lock", ".mark"};
    char path[128];
    for (size_t i = 0; i < COUNT(endings); i++) {
        snprintf(path, sizeof path, "%s%s", c->file, endings[i]);
        unlink(path);
    }
}

static const char *rows_differ(struct campaign *c, struct crash_run *v, struct why *why)
{
    memset(c->rows, 0, sizeof *c->rows * c->jobs);
    if (crash_run_rows(v, c->file, c->rows, why) != OK)
        return why->text;
    for (uint32_t i = 0; i < c->jobs; i++)
        if (!crash_run_same(&c->rows[i], &c->wanted[i]))
            return "the run ends otherwise than the undisturbed one";
    return NULL;
}

/* One run in which the n-th allocation fails, and the one after it. *hit: one did fail. */
static const char *round_run(struct campaign *c, uint64_t n, bool *hit, struct why *why)
{
    struct crash_run v;
    const char *complaint = NULL;
    if (!crash_run_make(&v, c->seed, c->jobs))
        return "out of memory, really";
    v.in_world = pause_in_world;
    left = (long)n;
    enum err err = crash_run_go(&v, c->file, why);
    *hit = left < 0;
    left = -1;
    c->failed += err != OK;
    if (err != OK && !why->text[0])
        complaint = "it ends without a reason";
    if (!complaint)
        complaint = crash_run_audit(&v, c->file, why);
    if (!complaint && err != OK && crash_run_go(&v, c->file, why) != OK)
        complaint = why->text;
    if (!complaint)
        complaint = rows_differ(c, &v, why);
    crash_run_clear(&v);
    files_remove(c);
    if (!complaint && sqlite3_memory_used() != 0)
        complaint = "SQLite still holds memory";
    return complaint;
}

static bool calm_run(struct campaign *c)
{
    struct crash_run v;
    struct why why = {""};
    bool fine = crash_run_make(&v, c->seed, c->jobs);
    made = 0;
    v.in_world = pause_in_world;
    fine = fine && crash_run_go(&v, c->file, &why) == OK;
    uint64_t allocations = made;
    fine = fine && crash_run_rows(&v, c->file, c->wanted, &why) == OK;
    for (uint32_t i = 0; i < c->jobs && fine; i++) {
        c->wanted[i].mail_from_seen = arena_text(&c->texts, c->wanted[i].mail_from_seen);
        c->wanted[i].mail_from_before = arena_text(&c->texts, c->wanted[i].mail_from_before);
    }
    printf("# undisturbed: %llu records, %llu allocations\n", (unsigned long long)v.kept,
           (unsigned long long)allocations);
    crash_run_clear(&v);
    files_remove(c);
    return fine;
}

static bool campaign_run(struct campaign *c)
{
    bool hit = true;
    if (!calm_run(c))
        return false;
    for (uint64_t n = 0; hit; n += c->every, c->rounds++) {
        struct why why = {""};
        const char *complaint = round_run(c, n, &hit, &why);
        if (complaint) {
            printf("not ok - seed %llu, allocation %llu: %s\n", (unsigned long long)c->seed,
                   (unsigned long long)n, complaint);
            return false;
        }
    }
    printf("ok - seed %llu: %u jobs, %llu rounds, %llu of them ended early\n",
           (unsigned long long)c->seed, c->jobs, (unsigned long long)c->rounds,
           (unsigned long long)c->failed);
    return c->failed > 0;
}

int main(int argc, char **argv)
{
    struct campaign c = {.seed = 1, .every = 1, .jobs = 20};
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0)
            c.seed = value;
        else if (strcmp(argv[i], "--jobs") == 0)
            c.jobs = (uint32_t)value;
        else if (strcmp(argv[i], "--every") == 0)
            c.every = value ? value : 1;
    }
    sqlite_make_scarce();
    setvbuf(stdout, NULL, _IOLBF, 0);
    arena_init(&c.texts, SIZE_MAX);
    c.wanted = calloc(c.jobs, sizeof *c.wanted);
    c.rows = calloc(c.jobs, sizeof *c.rows);
    strcpy(c.folder, "/dev/shm/scarce_memory.XXXXXX");
    if (!c.wanted || !c.rows || !mkdtemp(c.folder))
        return 1;
    snprintf(c.file, sizeof c.file, "%s/journal.db", c.folder);
    bool fine = campaign_run(&c);
    rmdir(c.folder);
    free(c.wanted);
    free(c.rows);
    arena_clear(&c.texts);
    return fine ? 0 : 1;
}
