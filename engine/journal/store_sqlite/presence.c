/* Compares device, inode and link count of open files with what their names lead to, and vets the
 * folder as when it was opened: a few calls of lstat(2), which cost far less than a sync. */
#include "presence.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define WHERE "; nothing more is sent, since it would be known nowhere"

static enum err file_check(const char *path, const struct file_id *id, struct why *why)
{
    assert(id->inode != 0);
    struct stat st;
    if (lstat(path, &st) != 0)
        return why_set(why, ERR_IO, "%s was removed during the run (%s)" WHERE, path,
                       strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_dev != id->device || st.st_ino != id->inode)
        return why_set(why, ERR_IO, "%s was replaced by another file during the run" WHERE, path);
    if (st.st_nlink != 1)
        return why_set(why, ERR_IO, "%s was given a second name (hard link) during the run" WHERE,
                       path);
    return OK;
}

static enum err folder_check(const struct presence *p, const struct place *place, struct why *why)
{
    struct stat st;
    struct why fact = {""};
    if (place_folder_vet(place, &st, &fact) != OK)
        return why_set(why, ERR_IO, "during the run, %s" WHERE, fact.text);
    if (st.st_dev != p->folder.device || st.st_ino != p->folder.inode)
        return why_set(why, ERR_IO, "the folder of %s was replaced during the run" WHERE,
                       place->file);
    return OK;
}

static const char *beside(char out[PATH_MAX + 8], const struct place *place, const char *suffix)
{
    snprintf(out, PATH_MAX + 8, "%s%s", place->file, suffix);
    return out;
}

static enum err lock_check(struct presence *p, const struct place *place, struct lock *lock,
                           struct why *why)
{
    char path[PATH_MAX + 8];
    enum err err = file_check(beside(path, place, PLACE_LOCK_END), &p->lock, why);
    if (err == OK && !lock_is_ours(lock))
        err = why_set(why, ERR_IO, "the lock on %s was lost during the run" WHERE, path);
    return err;
}

/* False: there is none. */
static bool file_note(const char *path, struct file_id *id)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return false;
    *id = (struct file_id){st.st_dev, st.st_ino};
    return true;
}

enum err presence_begin(struct presence *p, const struct place *place, const struct lock *lock,
                        struct why *why)
{
    assert(lock->fd >= 0);
    char path[PATH_MAX + 8];
    struct stat st;
    *p = (struct presence){.log = {.inode = 0}};
    if (fstat(lock->fd, &st) != 0)
        return why_set(why, ERR_IO, "the lock file: %s", strerror(errno));
    p->lock = (struct file_id){st.st_dev, st.st_ino};
    enum err err = place_folder_vet(place, &st, why);
    if (err != OK)
        return err;
    p->folder = (struct file_id){st.st_dev, st.st_ino};
    if (!file_note(place->file, &p->file) || !file_note(beside(path, place, ".mark"), &p->mark))
        return why_set(why, ERR_IO, "%s", strerror(errno));
    return OK;
}

void presence_log(struct presence *p, const struct place *place)
{
    char path[PATH_MAX + 8];
    if (!p->log.inode)
        file_note(beside(path, place, "-wal"), &p->log);
}

enum err presence_check(struct presence *p, const struct place *place, struct lock *lock,
                        struct why *why)
{
    char path[PATH_MAX + 8];
    enum err err = file_check(place->file, &p->file, why);
    if (err == OK)
        err = folder_check(p, place, why);
    if (err == OK && p->log.inode)
        err = file_check(beside(path, place, "-wal"), &p->log, why);
    if (err == OK)
        err = file_check(beside(path, place, ".mark"), &p->mark, why);
    return err == OK ? lock_check(p, place, lock, why) : err;
}
