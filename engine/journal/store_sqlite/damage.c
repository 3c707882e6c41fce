/*
 * Has the journal lost records? Three witnesses are asked, each for what the others cannot see:
 *   the log itself (wal_scan.h)       frames that were synced and do not fit any more
 *   the high-water mark               a log or main file that ends sooner than it did
 *   the running digest of the records records that are missing, changed or foreign, anywhere
 *
 * The first two are asked when the journal is opened, the third when a run is read for a purpose
 * (journal_vet). Before a writer lets SQLite drop what does not fit of a log, the log is copied
 * aside.
 */
#include "journal/inside.h"

#include "copy.h"
#include "scheduler/record_digest.h"
#include "schema.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCANS   5 /* a frame that is being written when it is read is whole soon after */
#define SCAN_MS 10

static bool fd_read(void *ctx, uint64_t offset, void *out, size_t len)
{
    return pread(*(const int *)ctx, out, len, (off_t)offset) == (ssize_t)len;
}

bool log_scan(struct wal_scan *scan, const char *journal_file)
{
    char path[PATH_MAX + 8];
    struct stat st;
    *scan = (struct wal_scan){0};
    snprintf(path, sizeof path, "%s-wal", journal_file);
    int fd = place_open(path, O_RDONLY);
    if (fd < 0)
        return true; /* SQLite will say why, if there is one */
    struct wal_reader reader = {.ctx = &fd, .read = fd_read};
    bool scanned = fstat(fd, &st) == 0;
    reader.size = scanned ? (uint64_t)st.st_size : 0;
    scanned = scanned && wal_scan(scan, &reader);
    close(fd);
    return scanned;
}

enum err journal_emptied(const struct journal *j, struct why *why)
{
    if (!j->mark.runs && (!j->log.frames || j->mark.turn))
        return ERR_GONE;
    return why_set(why, ERR_IO,
                   "is empty, although it held runs: put back a copy of it, or name another file "
                   "with --journal");
}

/* SQLite throws away a log that it finds beside an empty main file. That is right where the tables
 * were never moved into the main file, since no run is begun before (journal.c); the mark was there
 * by then, and says so. */
static enum err log_vet(const struct journal *j, struct why *why)
{
    struct stat st;
    bool empty = lstat(j->place.file, &st) == 0 && st.st_size == 0;
    enum err err = empty && j->log.frames ? journal_emptied(j, why) : OK;
    return err == ERR_GONE ? OK : err;
}

enum err loss_witness(struct journal *j, struct why *why)
{
    enum err err = high_water_read(&j->mark, j->place.file, why);
    for (int i = 0; err == OK && i < SCANS; i++) {
        if (i > 0)
            poll(NULL, 0, SCAN_MS);
        if (!log_scan(&j->log, j->place.file))
            err = why_set(why, ERR_IO, "its log cannot be read");
        if (!j->log.damaged)
            break;
    }
    return err == OK ? log_vet(j, why) : err;
}

/* A reader may have looked for the mark before a writer made it, or while it was being written: it
 * looks again. What it finds then is newer than the journal that it read, and proves nothing. */
static enum err mark_miss(struct journal *j, struct why *why)
{
    struct high_water now = {0};
    enum err err = OK;
    for (int i = 0; err == OK && !now.turn && i < SCANS; i++) {
        if (i > 0)
            poll(NULL, 0, SCAN_MS);
        err = high_water_read(&now, j->place.file, why);
    }
    j->mark_missed = !now.turn;
    return err;
}

enum err mark_expect(struct journal *j, int version, struct why *why)
{
    enum err err = OK;
    if (version >= SCHEMA_MARKED && !j->mark.turn)
        err = mark_miss(j, why);
    if (err == OK && j->mode == JOURNAL_WRITE)
        err = high_water_open(&j->mark_fd, j->place.file, why);
    if (err == OK && j->mode == JOURNAL_WRITE && version < SCHEMA_MARKED)
        err = high_water_begin(&j->mark, j->mark_fd, j->place.file, why);
    return err;
}

static enum err point_is_there(struct journal *j, struct high_point point, bool *there,
                               struct why *why)
{
    struct sql_stmt *st;
    *there = point.record == 0;
    if (*there)
        return OK;
    enum err err = journal_select(j, &st, "SELECT ifnull(digest, 0) FROM record WHERE seq = ?",
                                  point.record, why);
    if (err == OK && (err = sql_step(j->sql, st, why)) == OK)
        *there = (uint64_t)sql_col_int(st, 0) == point.digest;
    sql_finish(st);
    return err == ERR_GONE ? OK : err;
}

static void what_add(struct loss *loss, const char *text)
{
    size_t len = strlen(loss->what);
    snprintf(loss->what + len, sizeof loss->what - len, "%s%s", len ? "; " : "", text);
}

static void log_tell(struct journal *j)
{
    char text[160];
    if (!j->log.damaged)
        return;
    if (j->log.bad == 0)
        snprintf(text, sizeof text,
                 "the head of its log (-wal) is damaged, so all of that is lost");
    else
        snprintf(text, sizeof text,
                 "its log (-wal) is damaged at frame %u of %u, so what follows is lost", j->log.bad,
                 j->log.frames);
    what_add(&j->loss, text);
}

static void top_tell(struct journal *j, uint64_t have)
{
    char text[160];
    uint64_t had = j->mark.top.record;
    if (have < had)
        snprintf(text, sizeof text, "of its %llu records the last %llu are missing",
                 (unsigned long long)had, (unsigned long long)(had - have));
    else
        snprintf(text, sizeof text, "record %llu is not the one that was kept",
                 (unsigned long long)had);
    what_add(&j->loss, text);
}

static void runs_tell(struct journal *j, uint64_t first)
{
    char text[160];
    unsigned long long last = (unsigned long long)j->mark.runs;
    if (first == j->mark.runs)
        snprintf(text, sizeof text, "run %llu is not in the journal any more", last);
    else
        snprintf(text, sizeof text, "runs %llu to %llu are not in the journal any more",
                 (unsigned long long)first, last);
    what_add(&j->loss, text);
}

/* The whole of what is said where nothing else was found; so a suspicion can be told from a loss,
 * as it lies in the journal, too. */
#define MARK_MISSED                                                                                \
    "its high-water mark (.mark) is missing or cannot be read, so whether its newest records are " \
    "there is not known"

bool journal_may_have_lost(struct text what)
{
    return text_eq(what, TEXT(MARK_MISSED));
}

enum err loss_judge(struct journal *j, struct why *why)
{
    int64_t runs = 0, have = 0;
    bool top = true, base = false;
    const struct high_water *m = &j->mark;
    struct loss *loss = &j->loss;
    *loss = (struct loss){.runs = m->runs};
    enum err err = sql_int(j->sql, "SELECT max(id) FROM run", &runs, why);
    if (err == OK)
        err = sql_int(j->sql, "SELECT max(seq) FROM record", &have, why);
    if (err == OK && m->turn)
        err = point_is_there(j, m->top, &top, why);
    if (err == OK && m->turn)
        err = point_is_there(j, m->base, &base, why);
    if (err != OK)
        return err;
    bool runs_lost = (uint64_t)runs < m->runs;
    loss->found = !top || runs_lost || j->log.damaged || j->mark_missed;
    loss->run = base ? m->run : 0; /* what is newer than base is of that run */
    loss->runs = m->runs > (uint64_t)runs ? m->runs : (uint64_t)runs;
    if (runs_lost)
        runs_tell(j, (uint64_t)runs + 1);
    if (!top)
        top_tell(j, (uint64_t)have);
    log_tell(j);
    if (j->mark_missed)
        what_add(loss, MARK_MISSED);
    return OK;
}

/* A second loss of the same run is added to what was written down, once, and changes nothing else.
 */
static enum err lost_insert(struct journal *j, uint64_t run, const char *what, struct why *why)
{
    struct sql_stmt *st;
    enum err err = journal_select(
        j, &st,
        "INSERT INTO lost SELECT ?1, (SELECT count(*) FROM record WHERE run = ?1), ?2 WHERE true"
        " ON CONFLICT (run) DO UPDATE SET what = what || '; ' || excluded.what"
        " WHERE instr(what, excluded.what) = 0",
        run, why);
    if (err == OK) {
        sql_bind_text(st, 2, text_of(what));
        err = sql_run(j->sql, st, why);
    }
    sql_finish(st);
    return err;
}

static enum err lost_store(struct journal *j, struct why *why)
{
    const struct loss *loss = &j->loss;
    uint64_t first = loss->run ? loss->run : 1, last = loss->run ? loss->run : loss->runs;
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    for (uint64_t run = first; err == OK && run <= last; run++)
        err = lost_insert(j, run, loss->what, why);
    if (err == OK && j->mark_missed) /* and of runs that are gone, and how many is not known */
        err = lost_insert(j, 0, loss->what, why);
    return journal_leave(j, err, why);
}

static enum err newest_point(struct journal *j, struct high_point *point, struct why *why)
{
    struct sql_stmt *st;
    *point = (struct high_point){0, 0};
    enum err err = sql_prepare(
        j->sql, &st, TEXT("SELECT seq, ifnull(digest, 0) FROM record ORDER BY seq DESC LIMIT 1"),
        why);
    if (err == OK && (err = sql_step(j->sql, st, why)) == OK)
        *point = (struct high_point){(uint64_t)sql_col_int(st, 0), (uint64_t)sql_col_int(st, 1)};
    sql_finish(st);
    return err == ERR_GONE ? OK : err;
}

enum err loss_keep(struct journal *j, struct why *why)
{
    int64_t runs = 0;
    enum err err = j->loss.found ? lost_store(j, why) : OK;
    if (err == OK)
        err = sql_int(j->sql, "SELECT max(id) FROM run", &runs, why);
    if (err == OK)
        err = newest_point(j, &j->mark.top, why);
    if (err == OK) /* of a writer that was killed: written, and perhaps not synced */
        err = sql_sync_log(j->sql, why);
    if (err != OK)
        return err;
    j->mark.runs = (uint64_t)runs;
    j->mark.run = 0;
    j->mark.base = j->mark.top;
    if (j->mark_missed)
        return high_water_begin(&j->mark, j->mark_fd, j->place.file, why);
    err = high_water_write(&j->mark, j->mark_fd, why);
    return err == OK ? high_water_sync(j->mark_fd, why) : err;
}

enum err mark_advance(struct journal *j, struct why *why)
{
    const struct tail *t = &j->tail;
    if (j->mode != JOURNAL_WRITE)
        return OK;
    if (t->run != j->mark.run)
        j->mark.base = j->mark.top;
    j->mark.run = t->run;
    j->mark.runs = t->run > j->mark.runs ? t->run : j->mark.runs;
    if (t->record > j->mark.top.record)
        j->mark.top = (struct high_point){t->record, t->digest};
    enum err err = high_water_write(&j->mark, j->mark_fd, why);
    return err == OK ? OK : journal_trouble(j, err, why);
}

/* What the head of a run knows of its records. */
struct seal {
    uint64_t begin; /* the digest before the first */
    uint64_t undigested, last_record, last_digest;
};

static enum err seal_read(struct journal *j, uint64_t run, struct seal *seal, struct why *why)
{
    struct sql_stmt *st;
    enum err err = journal_select(
        j, &st, "SELECT started, seed, undigested, last_record, last_digest FROM run WHERE id = ?",
        run, why);
    if (err == OK && (err = sql_step(j->sql, st, why)) == OK) {
        seal->begin = record_digest_begin(run, sql_col_int(st, 0), (uint64_t)sql_col_int(st, 1));
        seal->undigested = (uint64_t)sql_col_int(st, 2);
        seal->last_record = (uint64_t)sql_col_int(st, 3);
        seal->last_digest = (uint64_t)sql_col_int(st, 4);
    }
    sql_finish(st);
    return err;
}

enum err tail_of_run(struct journal *j, uint64_t run, struct why *why)
{
    struct sql_stmt *st;
    struct seal seal;
    if (j->tail.run == run)
        return OK;
    enum err err = seal_read(j, run, &seal, why);
    if (err != OK)
        return err == ERR_GONE ? why_set(why, err, "has no run %llu", (unsigned long long)run)
                               : err;
    j->tail = (struct tail){.run = run, .digest = seal.begin};
    err = journal_select(j, &st,
                         "SELECT seq, ifnull(digest, 0) FROM record WHERE run = ?1 AND seq >"
                         " (SELECT first_record FROM run WHERE id = ?1) ORDER BY seq DESC LIMIT 1",
                         run, why);
    if (err == OK && (err = sql_step(j->sql, st, why)) == OK) {
        j->tail.record = (uint64_t)sql_col_int(st, 0);
        if (sql_col_int(st, 1))
            j->tail.digest = (uint64_t)sql_col_int(st, 1);
    }
    sql_finish(st);
    return err == ERR_GONE ? OK : err;
}

struct vetting {
    struct seal seal;
    uint64_t digest, seq; /* of the record before */
    bool end_seen;
    struct run_loss *lost;
};

static void vet_complain(struct vetting *v, uint64_t seq)
{
    unsigned long long after = (unsigned long long)v->seq, at = (unsigned long long)seq;
    if (*v->lost->what)
        return;
    if (v->seq && seq > v->seq + 1)
        snprintf(v->lost->what, sizeof v->lost->what,
                 "records of it between record %llu and %llu are missing", after, at);
    else
        snprintf(v->lost->what, sizeof v->lost->what,
                 "record %llu was changed, or one that came before it is missing", at);
}

static bool vet_one(void *ctx, const struct record *record, const struct kept *kept)
{
    struct vetting *v = ctx;
    bool fits = kept->digest ? record_digest(v->digest, record, &kept->words) == kept->digest
                             : kept->seq <= v->seal.undigested;
    if (!fits)
        vet_complain(v, kept->seq);
    v->digest = kept->digest ? kept->digest : v->digest;
    v->seq = kept->seq;
    v->end_seen |= kept->seq == v->seal.last_record && kept->digest == v->seal.last_digest;
    return true;
}

static enum err digests_vet(struct journal *j, uint64_t run, struct run_loss *lost, struct why *why)
{
    struct vetting v = {.lost = lost};
    enum err err = seal_read(j, run, &v.seal, why);
    v.digest = v.seal.begin;
    if (err == OK)
        err = record_walk(j, run, vet_one, &v, why);
    if (err == OK && !*lost->what && v.seal.last_record && !v.end_seen)
        snprintf(lost->what, sizeof lost->what,
                 "its newest records, up to record %llu, are missing",
                 (unsigned long long)v.seal.last_record);
    return err;
}

static enum err records_count(struct journal *j, uint64_t run, uint64_t *len, struct why *why)
{
    struct sql_stmt *st;
    enum err err = journal_select(j, &st, "SELECT count(*) FROM record WHERE run = ?", run, why);
    if (err == OK && (err = sql_step(j->sql, st, why)) == OK)
        *len = (uint64_t)sql_col_int(st, 0);
    sql_finish(st);
    return err;
}

enum err loss_of_run(struct journal *j, uint64_t run, struct run_loss *lost, struct why *why)
{
    struct sql_stmt *st;
    *lost = (struct run_loss){.kept = 0};
    enum err err = journal_select(j, &st, "SELECT what, kept FROM lost WHERE run = ?", run, why);
    if (err == OK && (err = sql_step(j->sql, st, why)) == OK) {
        snprintf(lost->what, sizeof lost->what, TEXT_FMT, TEXT_ARG(sql_col_text(st, 0)));
        lost->kept = (uint64_t)sql_col_int(st, 1);
    }
    sql_finish(st);
    const struct loss *loss = &j->loss;
    bool meant = run == 0 ? j->mark_missed : loss->run ? run == loss->run : run <= loss->runs;
    if (err != ERR_GONE || !loss->found || !meant)
        return err == ERR_GONE ? OK : err;
    snprintf(lost->what, sizeof lost->what, "%s", loss->what);
    return records_count(j, run, &lost->kept, why);
}

enum err journal_vet(struct journal *j, uint64_t run, struct run_loss *lost, struct why *why)
{
    enum err err = loss_of_run(j, run, lost, why);
    if (err != OK || *lost->what)
        return err;
    err = digests_vet(j, run, lost, why);
    if (err == OK && *lost->what)
        err = records_count(j, run, &lost->kept, why);
    if (err != OK || !*lost->what || j->mode != JOURNAL_WRITE)
        return err;
    err = journal_enter(j, why);
    return err == OK ? journal_leave(j, lost_insert(j, run, lost->what, why), why) : err;
}

/* What a reader has just found is told by journal_loss(). */
enum err journal_losses(struct journal *j,
                        bool (*fn)(void *ctx, uint64_t run, struct text what, bool is_gone),
                        void *ctx, struct why *why)
{
    struct sql_stmt *st;
    bool more = true;
    enum err err = sql_prepare(
        j->sql, &st,
        TEXT("SELECT run, what, run NOT IN (SELECT id FROM run) FROM lost ORDER BY run"), why);
    while (err == OK && more && (err = sql_step(j->sql, st, why)) == OK)
        more = fn(ctx, (uint64_t)sql_col_int(st, 0), sql_col_text(st, 1), sql_col_int(st, 2) == 1);
    sql_finish(st);
    return err == OK || err == ERR_GONE ? OK : why_wrap(why, err, "journal %s", j->place.file);
}

const char *journal_loss(const struct journal *j, uint64_t *run)
{
    *run = j->loss.run;
    return j->loss.found ? j->loss.what : "";
}
