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
#include "sqlite_inside.h"

#include "copy.h"
#include "schema.h"

#include "base/plural.h"

#include <assert.h>
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

enum err journal_emptied(const struct sqlite_store *s, struct why *why)
{
    if (!s->mark.runs && (!s->log.frames || s->mark.turn))
        return ERR_GONE;
    return why_set(why, ERR_IO,
                   "is empty, although it held runs: restore it from a copy, or name another file "
                   "with --journal");
}

/* SQLite throws away a log that it finds beside an empty main file. That is right where the tables
 * were never moved into the main file, since no run is begun before (journal.c); the mark was there
 * by then, and says so. */
static enum err log_vet(const struct sqlite_store *s, struct why *why)
{
    struct stat st;
    bool empty = lstat(s->place.file, &st) == 0 && st.st_size == 0;
    enum err err = empty && s->log.frames ? journal_emptied(s, why) : OK;
    return err == ERR_GONE ? OK : err;
}

enum err loss_witness(struct sqlite_store *s, struct why *why)
{
    enum err err = high_water_read(&s->mark, s->place.file, why);
    for (int i = 0; err == OK && i < SCANS; i++) {
        if (i > 0)
            poll(NULL, 0, SCAN_MS);
        if (!log_scan(&s->log, s->place.file))
            err = why_set(why, ERR_IO,
                          "its write-ahead log (-wal) cannot be read: check the permissions of the "
                          "file and the disk");
        if (!s->log.damaged)
            break;
    }
    assert(err != OK || s->log.sound <= s->log.frames);
    return err == OK ? log_vet(s, why) : err;
}

enum err mark_expect(struct sqlite_store *s, int version, struct why *why)
{
    enum err err = OK;
    if (version >= SCHEMA_MARKED && !s->mark.turn) {
        /* A reader may have looked for the mark before a writer made it, or while it was being
         * written: it looks again. What it finds then is newer than the journal that it read, and
         * proves nothing. */
        struct high_water now = {0};
        for (int i = 0; err == OK && !now.turn && i < SCANS; i++) {
            if (i > 0)
                poll(NULL, 0, SCAN_MS);
            err = high_water_read(&now, s->place.file, why);
        }
        s->mark_missed = !now.turn;
    }

    if (err == OK && s->writes_file)
        err = high_water_open(&s->mark_fd, s->place.file, why);
    if (err == OK && s->writes_file && version < SCHEMA_MARKED)
        err = high_water_begin(&s->mark, s->mark_fd, s->place.file, why);
    assert(err != OK || s->writes_file == (s->mark_fd >= 0));
    return err;
}

static enum err point_is_there(struct sqlite_store *s, struct high_point point, bool *there,
                               struct why *why)
{
    struct sql_stmt *st;
    *there = point.record == 0;
    if (*there)
        return OK;
    enum err err = sqlite_select(s, &st, "SELECT ifnull(digest, 0) FROM record WHERE seq = ?",
                                 point.record, why);
    if (err == OK && (err = sql_step(s->sql, st, why)) == OK)
        *there = (uint64_t)sql_col_int(st, 0) == point.digest;
    sql_finish(st);
    return err == ERR_GONE ? OK : err;
}

static void what_add(struct store_loss *loss, const char *text)
{
    size_t len = strlen(loss->what);
    assert(len < sizeof loss->what);
    assert(text[0]);
    snprintf(loss->what + len, sizeof loss->what - len, "%s%s", len ? "; " : "", text);
}

static void log_tell(struct sqlite_store *s)
{
    char text[160];
    if (!s->log.damaged)
        return;
    if (s->log.bad == 0)
        snprintf(text, sizeof text,
                 "the head of its log (-wal) is damaged, so all of that is lost");
    else
        snprintf(text, sizeof text,
                 "its log (-wal) is damaged at frame %u of %u, so what follows is lost", s->log.bad,
                 s->log.frames);
    what_add(&s->store.loss, text);
}

static void top_tell(struct sqlite_store *s, uint64_t have)
{
    assert(s->mark.top.record > 0);
    char text[160];
    uint64_t had = s->mark.top.record;
    if (have < had)
        snprintf(text, sizeof text, "of its %llu records the last %llu %s missing",
                 (unsigned long long)had, (unsigned long long)(had - have),
                 plural(had - have, "is", "are"));
    else
        snprintf(text, sizeof text, "record %llu is not the one that was kept",
                 (unsigned long long)had);
    what_add(&s->store.loss, text);
}

#define MARK_MISSED "its high-water mark (.mark) is missing or cannot be read" STORE_NOT_KNOWN

enum err loss_judge(struct sqlite_store *s, struct why *why)
{
    int64_t runs = 0, have = 0;
    bool top = true, base = false;
    const struct high_water *m = &s->mark;
    struct store_loss *loss = &s->store.loss;
    *loss = (struct store_loss){.runs = m->runs};
    enum err err = sql_int(s->sql, "SELECT max(id) FROM run", &runs, why);
    if (err == OK)
        err = sql_int(s->sql, "SELECT max(seq) FROM record", &have, why);
    if (err == OK && m->turn)
        err = point_is_there(s, m->top, &top, why);
    if (err == OK && m->turn)
        err = point_is_there(s, m->base, &base, why);
    if (err != OK)
        return err;
    bool runs_lost = (uint64_t)runs < m->runs;
    loss->found = !top || runs_lost || s->log.damaged || s->mark_missed;
    loss->run = base ? m->run : 0; /* what is newer than base is of that run */
    loss->runs = m->runs > (uint64_t)runs ? m->runs : (uint64_t)runs;
    if (runs_lost) {
        char text[160];
        unsigned long long first = (unsigned long long)runs + 1, last = m->runs;
        if (first == last)
            snprintf(text, sizeof text, "run %llu is not in the journal any more", last);
        else
            snprintf(text, sizeof text, "runs %llu to %llu are not in the journal any more", first,
                     last);
        what_add(loss, text);
    }
    if (!top)
        top_tell(s, (uint64_t)have);
    log_tell(s);
    loss->runs_unknown = s->mark_missed;
    if (s->mark_missed)
        what_add(loss, MARK_MISSED);
    assert(loss->found == (loss->what[0] != '\0'));
    return OK;
}

/* A second loss of the same run is added to what was written down, once, and changes nothing else.
 */
enum err sqlite_add_loss(struct store *store, uint64_t run, struct text what, struct why *why)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    struct sql_stmt *st;
    enum err err = sqlite_select(
        s, &st,
        "INSERT INTO lost SELECT ?1, (SELECT count(*) FROM record WHERE run = ?1 AND kind <> 4), ?2"
        " WHERE true"
        " ON CONFLICT (run) DO UPDATE SET what = what || '; ' || excluded.what"
        " WHERE instr(what, excluded.what) = 0",
        run, why);
    if (err == OK) {
        sql_bind_values(st, 2, &(struct store_value){STORE_TEXT, {.text = what}}, 1);
        err = sql_run(s->sql, st, why);
    }
    sql_finish(st);
    return err;
}

static enum err lost_store(struct sqlite_store *s, struct why *why)
{
    assert(s->store.loss.found);
    assert(s->writes_file);
    const struct store_loss *loss = &s->store.loss;
    uint64_t first = loss->run ? loss->run : 1, last = loss->run ? loss->run : loss->runs;
    enum err err = sqlite_enter(s, why);
    if (err != OK)
        return err;
    for (uint64_t run = first; err == OK && run <= last; run++)
        err = sqlite_add_loss(&s->store, run, text_of(loss->what), why);
    if (err == OK && s->mark_missed) /* and of runs that are gone, and how many is not known */
        err = sqlite_add_loss(&s->store, 0, text_of(loss->what), why);
    return sqlite_leave(s, err, STORE_COMMIT, why);
}

enum err loss_keep(struct sqlite_store *s, struct why *why)
{
    int64_t runs = 0;
    enum err err = s->store.loss.found ? lost_store(s, why) : OK;
    if (err == OK)
        err = sql_int(s->sql, "SELECT max(id) FROM run", &runs, why);
    if (err == OK) {
        struct sql_stmt *st;
        s->mark.top = (struct high_point){0, 0};
        err = sql_prepare(
            s->sql, &st,
            TEXT("SELECT seq, ifnull(digest, 0) FROM record ORDER BY seq DESC LIMIT 1"), why);
        if (err == OK && (err = sql_step(s->sql, st, why)) == OK)
            s->mark.top =
                (struct high_point){(uint64_t)sql_col_int(st, 0), (uint64_t)sql_col_int(st, 1)};
        sql_finish(st);
        err = err == ERR_GONE ? OK : err;
    }
    if (err == OK) /* of a writer that was killed: written, and perhaps not synced */
        err = sql_sync_log(s->sql, why);
    if (err != OK)
        return err;
    assert(s->mark_fd >= 0);
    s->mark.runs = (uint64_t)runs;
    s->mark.run = 0;
    s->mark.base = s->mark.top;
    if (s->mark_missed)
        return high_water_begin(&s->mark, s->mark_fd, s->place.file, why);
    err = high_water_write(&s->mark, s->mark_fd, why);
    return err == OK ? high_water_sync(s->mark_fd, why) : err;
}

enum err mark_advance(struct sqlite_store *s, struct why *why)
{
    assert(s->appended.run > 0);
    assert(s->mark_fd >= 0);
    const struct appended *put = &s->appended;
    if (put->run != s->mark.run)
        s->mark.base = s->mark.top;
    s->mark.run = put->run;
    s->mark.runs = put->run > s->mark.runs ? put->run : s->mark.runs;
    if (put->newest.record > s->mark.top.record)
        s->mark.top = put->newest;
    assert(s->mark.runs >= s->mark.run);
    assert(s->mark.top.record >= s->mark.base.record);
    return high_water_write(&s->mark, s->mark_fd, why);
}
