/*
 * Has another program written into the files of a journal while its writer has them open? The main
 * file changes only when the log is moved into it, and the log only by commits, so between two of
 * ours both must stay as we left them. SQLite keeps the index of the log, and many pages, in
 * memory, and would go on silently, into files without the kept records.
 *
 * Two calls of lstat(2) before a transaction. Size and time of the last change say that all is as
 * it was; where only the time is another, as after touch(1), the bytes are asked: the log is
 * scanned, and the head of the main file compared. What is written inside the main file, at the
 * same size and behind its head, is found when the journal is opened again and not here.
 */
#include "sqlite_inside.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* False: it is not there, or not the one that was noted (presence.h says so). */
static bool stamp_read(struct file_stamp *now, const char *path, const struct file_stamp *noted)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return false;
    *now = (struct file_stamp){
        .id = {st.st_dev, st.st_ino}, .size = st.st_size, .changed = st.st_mtim};
    return !noted || (noted->id.device == st.st_dev && noted->id.inode == st.st_ino);
}

static bool stamp_is(const struct file_stamp *a, const struct file_stamp *b)
{
    assert(a->id.inode == b->id.inode);
    return a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

static const char *log_path(char out[PATH_MAX + 8], const struct sqlite_store *s)
{
    snprintf(out, PATH_MAX + 8, "%s-wal", s->place.file);
    return out;
}

void stamps_note(struct sqlite_store *s, bool main_too)
{
    char path[PATH_MAX + 8];
    struct stamps *noted = &s->stamps;
    if (!stamp_read(&noted->log, log_path(path, s), NULL))
        noted->log.id.inode = 0;
    if (!main_too)
        return;
    if (!stamp_read(&noted->file, s->place.file, NULL))
        noted->file.id.inode = 0;
    sql_head(s->sql, noted->head);
}

static bool head_is(struct sqlite_store *s)
{
    unsigned char head[SQL_HEAD_LEN];
    sql_head(s->sql, head);
    return memcmp(head, s->stamps.head, sizeof head) == 0;
}

static bool log_is_sound(struct sqlite_store *s)
{
    struct wal_scan scan;
    return log_scan(&scan, s->place.file) && !scan.damaged &&
           scan.sound >= (uint32_t)sql_wal_pages(s->sql);
}

static enum err stamp_check(struct sqlite_store *s, struct file_stamp *noted, const char *path,
                            bool (*holds)(struct sqlite_store *s), struct why *why)
{
    struct file_stamp now;
    if (!noted->id.inode || !stamp_read(&now, path, noted) || stamp_is(&now, noted))
        return OK;
    if (now.size != noted->size || !holds(s))
        return why_set(why, ERR_IO,
                       "another program wrote to %s during the run, so nothing more is sent: "
                       "resume the run to see what was lost",
                       path);
    *noted = now;
    return OK;
}

enum err stamps_check(struct sqlite_store *s, struct why *why)
{
    char path[PATH_MAX + 8];
    enum err err = stamp_check(s, &s->stamps.file, s->place.file, head_is, why);
    return err == OK ? stamp_check(s, &s->stamps.log, log_path(path, s), log_is_sound, why) : err;
}
