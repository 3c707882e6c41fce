/*
 * What the journal costs.
 *   journal_bench keeps FILE WRITES BATCH      keeps the intents and the answers of WRITES writes,
 *     BATCH of each to a commit, then appends as many bytes to FILE.bare in as many write+fdatasync
 *     and nothing else
 *   journal_bench witness FILE WRITES BATCH ROUNDS  keeps them in turn as it is, and without the
 *     digests and the high-water mark, ROUNDS times each: medians of both, and of their ratio
 *   journal_bench turns FILE JOBS              a mixed fleet in the simulated world with this
 *     journal: commits per turn
 * FILE must not be there. Commits and bytes are counted where they hurt: at fdatasync(2) and
 * pwrite(2), which SQLite calls through the names defined here. What is left out is left out by the
 * linker (--wrap).
 */
#include "base/bounds.h"
#include "engine.h"
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "scene.h"
#include "scheduler/record_digest.h"
#include "scheduler/scheduler.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH_MAX 4096

static unsigned long syncs, written; /* bytes */

int fdatasync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fsync, fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at);

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    written += len;
    return syscall(SYS_pwrite64, fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite(fd, bytes, len, at);
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int complain(const char *what)
{
    fprintf(stderr, "journal_bench: %s\n", what);
    return 1;
}

/* keeps */

static bool choice_add(struct fleet *f, uint32_t number, struct choice choice)
{
    char name[64];
    uint32_t row;
    int len = snprintf(name, sizeof name, "bounce.d%u.test", number);
    struct text mail_from = {name, (size_t)len}, identity = {name + 7, (size_t)len - 7};
    return names_add(&f->names, identity, &choice.identity) &&
           names_add(&f->names, mail_from, &choice.mail_from) && fleet_choice(f, choice, &row);
}

static bool fleet_fill(struct fleet *f, uint32_t jobs)
{
    struct account account = {0};
    struct choice choice = {0};
    uint16_t index;
    name_id region;
    bool good = names_init(&f->names, NAMES_BYTES_MAX) &&
                names_add(&f->names, TEXT("default"), &account.name) &&
                names_add(&f->names, TEXT("us-east-1"), &region) &&
                fleet_account(f, account, &index) &&
                fleet_file(f, TEXT("fleet.yaml"), &choice.file) &&
                fleet_lane(f, index, region, &choice.lane) &&
                fleet_policy(f, (struct policy){.timeout_us = SPAN_H(72)}, &choice.policy);
    for (uint32_t i = 0; good && i < jobs; i++)
        good = choice_add(f, i, choice);
    return good;
}

static struct record record_of(const struct fleet *f, uint32_t job, enum record_kind kind)
{
    bool sent = kind == RECORD_ANSWER;
    return (struct record){.job = job,
                           .kind = kind,
                           .at = SCENE_START + job,
                           .from = sent ? JOB_WRITING : JOB_READY,
                           .write_mail_from = fleet_mail_from(f, job),
                           .row = {.state = sent ? JOB_FOLLOWING : JOB_WRITING,
                                   .action = ACTION_SET,
                                   .outcome = OUTCOME_OPEN,
                                   .before_known = true,
                                   .seen_known = true,
                                   .verification = VERIFICATION_SUCCESS,
                                   .mx = MX_STATUS_OK,
                                   .spf = SPF_STATUS_OK,
                                   .dmarc = DMARC_STATUS_MISSING,
                                   .writes = 1,
                                   .calls = 3,
                                   .first_seen = SCENE_START,
                                   .deadline = SCENE_START + SPAN_H(72)}};
}

static enum err keep_all(struct journal *j, uint64_t run, const struct fleet *f, uint32_t batch,
                         struct why *why)
{
    static struct record records[BATCH_MAX];
    enum err err = OK;
    for (uint32_t first = 0; err == OK && first < f->choices_len; first += batch) {
        uint32_t len = f->choices_len - first < batch ? f->choices_len - first : batch;
        for (int kind = RECORD_INTENT; err == OK && kind <= RECORD_ANSWER; kind++) {
            for (uint32_t i = 0; i < len; i++)
                records[i] = record_of(f, first + i, (enum record_kind)kind);
            err = journal_keep(j, run, records, len, why);
        }
    }
    return err;
}

static off_t size_of(const char *path, const char *suffix)
{
    char name[4096];
    struct stat st;
    snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &st) == 0 ? st.st_size : 0;
}

/* The yardstick: the disk alone. */
static double bare_seconds(const char *path, size_t bytes, unsigned long commits)
{
    char name[4096];
    char *block = calloc(1, bytes);
    snprintf(name, sizeof name, "%s.bare", path);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    double start = seconds();
    bool good = fd >= 0 && block != NULL;
    for (unsigned long i = 0; good && i < commits; i++)
        good = write(fd, block, bytes) == (ssize_t)bytes && fdatasync(fd) == 0;
    double took = good ? seconds() - start : -1;
    if (fd >= 0)
        close(fd);
    unlink(name);
    free(block);
    return took;
}

static int keeps_run(const char *path, struct fleet *f, uint32_t batch)
{
    struct journal *j;
    struct why why;
    struct run_head head = {.started = SCENE_START, .jobs = f->choices_len};
    if (journal_open_file(&j, path, JOURNAL_WRITE, &why) != OK)
        return complain(why.text);
    if (journal_begin(j, &head, f, &why) != OK)
        return complain(why.text);
    off_t before = size_of(path, "") + size_of(path, "-wal");
    unsigned long syncs_before = syncs;
    double start = seconds();
    enum err err = keep_all(j, head.id, f, batch, &why);
    double took = seconds() - start;
    unsigned long commits = syncs - syncs_before;
    off_t bytes = size_of(path, "") + size_of(path, "-wal") - before;
    journal_close(j);
    if (err != OK || commits == 0)
        return complain(err != OK ? why.text : "nothing was synced");
    double bare = bare_seconds(path, (size_t)bytes / commits + 1, commits);
    printf("{\"writes\": %u, \"batch\": %u, \"syncs\": %lu, \"seconds\": %.4f, "
           "\"bare_seconds\": %.4f, \"bytes\": %lld}\n",
           f->choices_len, batch, commits, took, bare, (long long)bytes);
    return 0;
}

static int keeps(const char *path, uint32_t writes, uint32_t batch)
{
    struct fleet fleet;
    if (batch == 0 || batch > BATCH_MAX || writes < batch)
        return complain("BATCH is from 1 to WRITES and at most 4096");
    fleet_init(&fleet);
    int status =
        fleet_fill(&fleet, writes) ? keeps_run(path, &fleet, batch) : complain("out of memory");
    fleet_clear(&fleet);
    return status;
}

/* witness */

static bool witnesses_out; /* what follows does nothing */

struct sqlite_store;

uint64_t __real_record_digest(uint64_t before, const struct record *record,
                              const struct record_words *words);
uint64_t __wrap_record_digest(uint64_t before, const struct record *record,
                              const struct record_words *words);
enum err __real_mark_advance(struct sqlite_store *s, struct why *why);
enum err __wrap_mark_advance(struct sqlite_store *s, struct why *why);

uint64_t __wrap_record_digest(uint64_t before, const struct record *record,
                              const struct record_words *words)
{
    return witnesses_out ? 1 : __real_record_digest(before, record, words);
}

enum err __wrap_mark_advance(struct sqlite_store *s, struct why *why)
{
    return witnesses_out ? OK : __real_mark_advance(s, why);
}

#define ROUNDS_MAX 1001

/* Of one commit. */
struct cost {
    double processor_us, wall_us, bytes, syncs;
};

static struct cost costs[2][ROUNDS_MAX];
static double ratios[ROUNDS_MAX];

static enum err cost_measure(struct cost *cost, struct journal *j, uint64_t run,
                             const struct fleet *f, uint32_t batch, struct why *why)
{
    unsigned long syncs_before = syncs, written_before = written;
    double start = seconds(), processor = processor_seconds();
    enum err err = keep_all(j, run, f, batch, why);
    double commits = 2.0 * ((f->choices_len + batch - 1) / batch);
    *cost = (struct cost){.processor_us = (processor_seconds() - processor) * 1e6 / commits,
                          .wall_us = (seconds() - start) * 1e6 / commits,
                          .bytes = (double)(written - written_before) / commits,
                          .syncs = (double)(syncs - syncs_before) / commits};
    return err;
}

static int double_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, uint32_t len)
{
    qsort(values, len, sizeof *values, double_order);
    return values[len / 2];
}

static double median_of(const struct cost *of, uint32_t len, size_t offset)
{
    static double values[ROUNDS_MAX];
    for (uint32_t i = 0; i < len; i++)
        values[i] = *(const double *)((const char *)&of[i] + offset);
    return median(values, len);
}

static void costs_print(const char *name, const struct cost *of, uint32_t len)
{
    printf("\"%s\": {\"processor_us\": %.2f, \"wall_us\": %.1f, \"bytes\": %.0f, "
           "\"syncs\": %.3f}, ",
           name, median_of(of, len, offsetof(struct cost, processor_us)),
           median_of(of, len, offsetof(struct cost, wall_us)),
           median_of(of, len, offsetof(struct cost, bytes)),
           median_of(of, len, offsetof(struct cost, syncs)));
}

static void witness_print(uint32_t rounds)
{
    printf("{");
    costs_print("whole", costs[0], rounds);
    costs_print("without", costs[1], rounds);
    for (uint32_t i = 0; i < rounds; i++)
        ratios[i] = costs[0][i].processor_us / costs[1][i].processor_us;
    printf("\"processor_ratio\": %.3f, ", median(ratios, rounds));
    for (uint32_t i = 0; i < rounds; i++)
        ratios[i] = costs[0][i].wall_us / costs[1][i].wall_us;
    printf("\"wall_ratio\": %.3f}\n", median(ratios, rounds));
}

/* The journal is good for nothing afterwards. */
static int witness_run(const char *path, struct fleet *f, uint32_t batch, uint32_t rounds)
{
    struct journal *j;
    struct why why;
    struct run_head head = {.started = SCENE_START, .jobs = f->choices_len};
    enum err err = journal_open_file(&j, path, JOURNAL_WRITE, &why);
    if (err != OK)
        return complain(why.text);
    err = journal_begin(j, &head, f, &why);
    for (uint32_t i = 0; err == OK && i < 2 * rounds; i++) {
        witnesses_out = (i + i / 2) % 2; /* with, without, without, with, ... */
        err = cost_measure(&costs[witnesses_out][i / 2], j, head.id, f, batch, &why);
    }
    journal_close(j);
    if (err != OK)
        return complain(why.text);
    witness_print(rounds);
    return 0;
}

static int witness(const char *path, uint32_t writes, uint32_t batch, uint32_t rounds)
{
    struct fleet fleet;
    if (batch == 0 || batch > BATCH_MAX || writes < batch || rounds == 0 || rounds > ROUNDS_MAX)
        return complain("BATCH is from 1 to WRITES and at most 4096, ROUNDS from 1 to 1001");
    fleet_init(&fleet);
    int status = fleet_fill(&fleet, writes) ? witness_run(path, &fleet, batch, rounds)
                                            : complain("out of memory");
    fleet_clear(&fleet);
    return status;
}

/* turns */

struct crash_run {
    struct journal *journal;
    struct run_head head;
    uint64_t turns, keeps, keeps_in_turn, keeps_in_turn_max, records;
};

static enum err on_keep(void *ctx, const struct record *records, uint32_t len, struct why *why)
{
    struct crash_run *v = ctx;
    v->keeps++;
    v->keeps_in_turn++;
    v->records += len;
    return journal_keep(v->journal, v->head.id, records, len, why);
}

static void on_turn(void *ctx, instant_us now)
{
    struct crash_run *v = ctx;
    (void)now;
    v->turns++;
    if (v->keeps_in_turn > v->keeps_in_turn_max)
        v->keeps_in_turn_max = v->keeps_in_turn;
    v->keeps_in_turn = 0;
}

static enum err sail(struct crash_run *v, struct scene *scene, struct world *world, struct why *why)
{
    struct arena memory;
    struct io io = world_io(world);
    struct engine_watch watch = {.ctx = v, .turn = on_turn};
    enum engine_end end;
    struct scheduler_options options = {.rules = {.seed = scene->options.seed},
                                        .read_api = scene->read_api,
                                        .write_api = scene->write_api,
                                        .authority_dns = scene->authority_dns,
                                        .rate_per_s = scene->rate_per_s};
    arena_init(&memory, SIZE_MAX);
    struct scheduler *scheduler = scheduler_init(&memory, &scene->fleet, &options);
    enum err err = scheduler ? OK : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK) {
        scheduler_start(scheduler, SCENE_START);
        struct machine machine = scheduler_machine(scheduler);
        err = engine_run(&machine, &io, &watch, &end, why);
    }
    world_crash(world);
    scheduler_clear(scheduler);
    arena_clear(&memory);
    return err;
}

static int turns(const char *path, uint32_t jobs)
{
    struct crash_run v = {0};
    struct why why = {"out of memory"};
    struct scene scene;
    struct scene_options options = {.seed = 1, .jobs = jobs};
    if (!scene_make(&scene, &options))
        return complain(why.text);
    struct world_keeper keeper = {&v, on_keep};
    struct world *world = world_new(&scene.world, &scene.fleet, keeper, &why);
    v.head = (struct run_head){.started = SCENE_START, .jobs = scene.fleet.choices_len};
    if (!world || !scene_populate(&scene, world) ||
        journal_open_file(&v.journal, path, JOURNAL_WRITE, &why) != OK ||
        journal_begin(v.journal, &v.head, &scene.fleet, &why) != OK)
        return complain(why.text);
    unsigned long syncs_before = syncs;
    enum err err = sail(&v, &scene, world, &why);
    unsigned long commits = syncs - syncs_before;
    journal_close(v.journal);
    world_free(world);
    scene_clear(&scene);
    if (err != OK)
        return complain(why.text);
    printf("{\"turns\": %lu, \"keeps\": %lu, \"keeps_in_a_turn\": %lu, \"syncs\": %lu, "
           "\"records\": %lu}\n",
           (unsigned long)v.turns, (unsigned long)v.keeps, (unsigned long)v.keeps_in_turn_max,
           commits, (unsigned long)v.records);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "keeps") == 0)
        return keeps(argv[2], (uint32_t)strtoul(argv[3], NULL, 10),
                     (uint32_t)strtoul(argv[4], NULL, 10));
    if (argc == 6 && strcmp(argv[1], "witness") == 0)
        return witness(argv[2], (uint32_t)strtoul(argv[3], NULL, 10),
                       (uint32_t)strtoul(argv[4], NULL, 10), (uint32_t)strtoul(argv[5], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "turns") == 0)
        return turns(argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
    fprintf(stderr, "usage: journal_bench keeps FILE WRITES BATCH | turns FILE JOBS\n"
                    "       | witness FILE WRITES BATCH ROUNDS\n");
    return 2;
}
