/*
 * Power loss at every write and every sync of a run in the simulated world, from the making of the
 * journal and its mark on, in three ways of tearing. At each point a child is forked in which the
 * power fails right there: what was not synced is torn, the journal is opened again and held to its
 * word, and the run is resumed to its end, which must be that of the undisturbed run. Every second
 * child loses its power once more while it opens or resumes. A fourth child is only killed, so that
 * all is there that was not synced; it loses its power while it opens or resumes.
 * No child may take what it finds for damage. The log is scanned as the journal does it. The
 * high-water mark is on the same disk (power_mark.h): it is found as it was synced, or newer, slot
 * by slot, or not at all where its name was not synced. At every eighth point tried one child more
 * gets the newest mark, pushed a record ahead, and must notice it; another gets none, or an empty
 * one, and must miss it where the journal has tables.
 *
 *     power_cut [--seed N] [--jobs N] [--every N]
 */
#include "crash_run.h"
#include "power_mark.h"
#include "power_vfs.h"

#include "base/count.h"
#include "base/hash.h"
#include "journal/store_sqlite/high_water.h"
#include "journal/store_sqlite/wal_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN_MAX 2
#define SECOND_CUTS  40 /* a second cut comes within so many points */
#define PAGE         4096
#define FALSE_EVERY  8 /* of the points tried: children whose mark is ahead, or gone */

/* What a child finds in the place of its mark. */
enum mark_fate {
    MARK_LEFT,  /* what the cut has left */
    MARK_AHEAD, /* one that tells of a record that never was */
    MARK_GONE,
    MARK_EMPTY,
    MARK_FATES,
};

struct campaign {
    struct crash_run crash_run;
    struct power *power;
    uint64_t seed, every;
    char folder[64], file[96];
    bool is_child;
    uint64_t cut_at; /* in a child: the point of its next cut; 0: none */
    enum tear tear;
    enum mark_fate fate; /* in a child */
    uint64_t cuts, bad, tried;
    uint32_t children;
    struct crash_run_row *wanted;
};

static void child_reap(struct campaign *c)
{
    int status;
    if (wait(&status) < 0)
        return;
    c->children--;
    c->bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static bool mark_push(const char *file)
{
    int fd;
    struct why why;
    struct high_water mark;
    if (high_water_read(&mark, file, &why) != OK || high_water_open(&fd, file, &why) != OK)
        return false;
    mark.top.record++;
    enum err err = high_water_write(&mark, fd, &why);
    close(fd);
    return err == OK;
}

static void power_fail(struct campaign *c, uint64_t number)
{
    uint64_t seed = hash_mix(c->seed, number);
    power_cut(c->power, c->tear, seed);
    power_mark_cut(c->tear, seed);
}

static void child_fork(struct campaign *c, uint64_t number, enum tear tear, enum mark_fate fate)
{
    while (c->children >= CHILDREN_MAX)
        child_reap(c);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
    c->children += pid > 0;
    c->cuts++;
    if (pid > 0)
        return;
    c->is_child = true;
    c->tear = tear;
    c->fate = fate;
    c->cut_at = number;
    power_fail(c, number);
}

static void at_point(void *ctx, uint64_t number)
{
    struct campaign *c = ctx;
    if (c->is_child) {
        if (number == c->cut_at)
            power_fail(c, number);
        return;
    }
    if (!c->wanted || number % c->every)
        return;
    for (int tear = 0; tear < TEARS && !c->is_child; tear++)
        child_fork(c, number, (enum tear)tear, MARK_LEFT);
    if (c->is_child || c->tried++ % FALSE_EVERY)
        return;
    for (int fate = MARK_AHEAD; fate < MARK_FATES && !c->is_child; fate++)
        child_fork(c, number, TEAR_KILL, (enum mark_fate)fate);
}

static int complain(const struct campaign *c, uint64_t point, const char *what)
{
    printf("not ok: seed %llu, cut at point %llu, tear %d: %s\n", (unsigned long long)c->seed,
           (unsigned long long)point, (int)c->tear, what);
    fflush(stdout);
    return 1;
}

/* The disk in memory holds what is in the journal. A writer looks for its file on the real disk,
 * and takes a journal that is not there for a new one, of which no mark can tell. */
static bool file_lay(const char *file)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0 && close(fd) == 0;
}

static bool reboot(struct campaign *c, char *folder, char *file, size_t size)
{
    char before[64];
    strcpy(before, folder);
    strcpy(folder, "/tmp/power_cut.XXXXXX");
    if (!mkdtemp(folder))
        return false;
    snprintf(file, size, "%s/journal.db", folder);
    power_back(c->power, before, folder);
    power_mark_back(folder, c->tear == TEAR_KILL);
    return file_lay(file);
}

static void folder_remove(const char *folder)
{
    static const char *const names[] = {"journal.db", "journal.db.lock", "journal.db.mark"};
    char path[128];
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static const char *rows_differ(struct campaign *c, const char *file)
{
    static const char *const differ = "the resumed run ends otherwise than the undisturbed one";
    struct crash_run *v = &c->crash_run;
    struct why why;
    uint32_t jobs = v->scene.fleet.choices_len;
    struct crash_run_row *rows = calloc(jobs, sizeof *rows);
    const char *complaint =
        rows && crash_run_rows(v, file, rows, &why) == OK ? NULL : "the rows cannot be read";
    for (uint32_t i = 0; !complaint && i < jobs; i++)
        if (!crash_run_same(&rows[i], &c->wanted[i]))
            complaint = differ;
    free(rows);
    return complaint;
}

struct log_bytes {
    const unsigned char *at;
};

static bool log_read(void *ctx, uint64_t offset, void *out, size_t len)
{
    memcpy(out, ((struct log_bytes *)ctx)->at + offset, len);
    return true;
}

static bool log_scanned(struct campaign *c, const char *file, struct wal_scan *scan)
{
    char name[128];
    size_t len;
    snprintf(name, sizeof name, "%s-wal", file);
    struct log_bytes bytes = {power_file(c->power, name, &len)};
    struct wal_reader reader = {.ctx = &bytes, .size = len, .read = log_read};
    return wal_scan(scan, &reader);
}

/* The tables are there, in the main file or in a transaction of the log that was ended. */
static bool has_tables(struct campaign *c, const char *file)
{
    size_t len;
    struct wal_scan scan;
    power_file(c->power, file, &len);
    return len > PAGE || (log_scanned(c, file, &scan) && scan.sound > 0);
}

/* What the cut has left of the log is no damage. */
static const char *log_accused(struct campaign *c, const char *file)
{
    struct wal_scan scan;
    if (!log_scanned(c, file, &scan))
        return "the log cannot be scanned";
    return scan.damaged ? "the log is taken for a damaged one" : NULL;
}

/* One life between two cuts; NULL: it came to its end. */
static const char *life(struct campaign *c, const char *file, struct why *why)
{
    const char *complaint = log_accused(c, file);
    if (!complaint)
        complaint = crash_run_audit(&c->crash_run, file, why);
    if (complaint || crash_run_go(&c->crash_run, file, why) == OK)
        return complaint;
    return why->text;
}

static bool mark_spoil(const struct campaign *c, const char *folder, const char *file)
{
    char path[128];
    snprintf(path, sizeof path, "%s/journal.db.mark", folder);
    if (c->fate == MARK_AHEAD)
        return mark_push(file);
    if (c->fate == MARK_EMPTY)
        return truncate(path, 0) == 0 || errno == ENOENT;
    return unlink(path) == 0 || errno == ENOENT;
}

/* The process was killed, and the mark that is found is ahead of the journal, or is none. */
static int child_accuse(struct campaign *c)
{
    static const char *const words[] = {[MARK_AHEAD] = "record", /* missing, or another one */
                                        [MARK_GONE] = "high-water mark (.mark) is missing",
                                        [MARK_EMPTY] = "high-water mark (.mark) is missing"};
    char folder[64], file[96];
    struct why why = {""};
    strcpy(folder, c->folder);
    if (!reboot(c, folder, file, sizeof file) || !mark_spoil(c, folder, file))
        return complain(c, c->cut_at, "no folder, or no mark");
    uint64_t point = c->cut_at;
    bool tables = c->fate == MARK_AHEAD || has_tables(c, file);
    c->cut_at = 0;
    const char *said = crash_run_audit(&c->crash_run, file, &why);
    folder_remove(folder);
    if (tables ? said && strstr(said, words[c->fate]) : !said || strstr(said, words[c->fate]))
        return 0;
    return complain(c, point, said ? said : "a mark that is ahead, or gone, was not noticed");
}

/* The power is out and the process that ran has ended. The power comes back, and life goes on. */
static int child_live(struct campaign *c)
{
    char folder[64], file[96];
    uint64_t point = c->cut_at, roll = hash_mix(c->seed, point);
    const char *complaint = NULL;
    struct why why;
    strcpy(folder, c->folder);
    for (bool again = roll % 2 || c->tear == TEAR_KILL;; again = false) {
        if (!reboot(c, folder, file, sizeof file))
            return complain(c, point, "no folder");
        c->tear = c->tear == TEAR_KILL ? (enum tear)(roll / 2 % TEAR_KILL) : c->tear;
        c->cut_at = again ? power_points(c->power) + 1 + roll / 2 % SECOND_CUTS : 0;
        complaint = life(c, file, &why);
        if (!power_is_out(c->power))
            break;
        folder_remove(folder);
    }
    c->cut_at = 0; /* it came to its end before that */
    if (!complaint)
        complaint = rows_differ(c, file);
    if (!complaint && !scene_strangers_untouched(&c->crash_run.scene, c->crash_run.world))
        complaint = "an identity outside the manifest was touched";
    folder_remove(folder);
    return complaint ? complain(c, point, complaint) : 0;
}

/* The run once without any trouble, on another crash run of the same seed. */
static bool rehearse(struct campaign *c, uint32_t jobs)
{
    struct crash_run v;
    struct why why = {""};
    struct crash_run_row *rows = calloc(jobs, sizeof *rows);
    char file[96];
    snprintf(file, sizeof file, "%s/calm.db", c->folder);
    bool fine = rows && crash_run_make(&v, c->seed, jobs) && crash_run_go(&v, file, &why) == OK &&
                !crash_run_audit(&v, file, &why) && crash_run_rows(&v, file, rows, &why) == OK;
    for (uint32_t i = 0; i < jobs && fine; i++) { /* the texts outlive this crash run */
        rows[i].mail_from_seen = arena_text(&c->crash_run.arena, rows[i].mail_from_seen);
        rows[i].mail_from_before = arena_text(&c->crash_run.arena, rows[i].mail_from_before);
    }
    crash_run_clear(&v);
    unlink(file);
    snprintf(file, sizeof file, "%s/calm.db.lock", c->folder);
    unlink(file);
    snprintf(file, sizeof file, "%s/calm.db.mark", c->folder);
    unlink(file);
    c->wanted = rows;
    if (!fine)
        printf("not ok: the undisturbed run: %s\n", why.text);
    return fine;
}

static bool campaign_run(struct campaign *c, uint32_t jobs)
{
    struct why why = {""};
    c->power = power_new(at_point, c);
    if (!c->power || !crash_run_make(&c->crash_run, c->seed, jobs) || !rehearse(c, jobs))
        return false;
    uint64_t before = power_points(c->power);
    power_mark_watch(c->power);
    enum err err = crash_run_go(&c->crash_run, c->file, &why);
    if (c->is_child)
        _exit(c->fate == MARK_LEFT ? child_live(c) : child_accuse(c));
    while (c->children)
        child_reap(c);
    printf("%s - seed %llu: %u jobs, %llu records, %llu points, %llu cuts, %llu bad\n",
           err == OK && !c->bad ? "ok" : "not ok", (unsigned long long)c->seed, jobs,
           (unsigned long long)c->crash_run.kept,
           (unsigned long long)(power_points(c->power) - before), (unsigned long long)c->cuts,
           (unsigned long long)c->bad);
    if (err != OK)
        printf("# %s\n", why.text);
    return err == OK && !c->bad && c->cuts;
}

int main(int argc, char **argv)
{
    uint32_t jobs = 200;
    struct campaign c = {.seed = 1, .every = 1};
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0)
            c.seed = value;
        else if (strcmp(argv[i], "--jobs") == 0)
            jobs = (uint32_t)value;
        else if (strcmp(argv[i], "--every") == 0)
            c.every = value ? value : 1;
    }
    strcpy(c.folder, "/tmp/power_cut.XXXXXX");
    if (!mkdtemp(c.folder))
        return 1;
    snprintf(c.file, sizeof c.file, "%s/journal.db", c.folder);
    bool fine = campaign_run(&c, jobs);
    crash_run_clear(&c.crash_run);
    power_free(c.power);
    free(c.wanted);
    folder_remove(c.folder);
    return fine ? 0 : 1;
}
