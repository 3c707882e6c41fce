/*
 * The vetting of a journal's path. The folder is resolved first and must be safe; then only the
 * folder's owner can swap its files, so checking a file and opening it later by name is sound.
 */
#include "place.h"

#include "base/count.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

const char *place_file_end(size_t i)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".mark", PLACE_LOCK_END};
    return i < COUNT(ends) ? ends[i] : NULL;
}

int place_open(const char *file, int flags)
{
    struct stat st;
    int fd = open(file, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        errno = ENOTSUP;
        return -1;
    }
    return fd;
}

static const char *kind_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFLNK: return "a symbolic link";
    case S_IFDIR: return "a directory";
    case S_IFIFO: return "a FIFO";
    case S_IFSOCK: return "a socket";
    case S_IFCHR:
    case S_IFBLK: return "a device";
    default: return "no plain file";
    }
}

/* Looks without opening, so that a device or a FIFO does not notice. */
static enum err file_vet(const char *file, bool for_writing, struct why *why)
{
    struct stat st;
    if (lstat(file, &st) != 0)
        return why_set(why, errno == ENOENT ? ERR_GONE : ERR_IO, "%s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return why_set(why, ERR_INPUT, "is %s, not a plain file", kind_name(st.st_mode));
    if (!for_writing)
        return OK;
    if (st.st_uid != geteuid())
        return why_set(why, ERR_INPUT,
                       "belongs to another user (uid %u): name a file of your own with --journal",
                       (unsigned)st.st_uid);
    if (st.st_mode & OTHERS_WRITE)
        return why_set(why, ERR_INPUT, "others can write to it (mode %03o): chmod go-w it first",
                       (unsigned)(st.st_mode & 0777));
    if (st.st_nlink > 1)
        return why_set(why, ERR_INPUT,
                       "has %u names (hard links), and its log would have only one: remove the "
                       "other names first",
                       (unsigned)st.st_nlink);
    return OK;
}

/* Numbers of linux/magic.h and of the file systems' own sources; those for which Debian's header
 * has no name are the reason for writing all of them out. */
const char *place_network_name(unsigned long magic)
{
    static const struct {
        unsigned long magic;
        const char *name;
    } known[] = {
        {0x6969, "NFS"},      {0x517b, "SMB"},        {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"},
        {0x5346414f, "AFS"},  {0x6b414653, "AFS"},    {0x00c36400, "Ceph"}, {0x73757245, "Coda"},
        {0x01021997, "9P"},   {0x0bd00bd0, "Lustre"}, {0x47504653, "GPFS"}, {0x7461636f, "OCFS2"},
        {0x01161970, "GFS2"}, {0x19830326, "BeeGFS"}, {0x564c, "NCP"},
    };
    for (size_t i = 0; i < COUNT(known); i++)
        if (known[i].magic == magic)
            return known[i].name;
    return NULL;
}

static enum err disk_vet(const char *folder, struct why *why)
{
    struct statfs disk;
    if (statfs(folder, &disk) != 0)
        return why_set(why, ERR_IO, "folder %s: %s", folder, strerror(errno));
    const char *network = place_network_name((unsigned long)disk.f_type & 0xffffffff);
    if (!network)
        return OK;
    return why_set(why, ERR_INPUT,
                   "its folder %s is on a network file system (%s), where a lock may be held twice "
                   "and a write may be lost after it was acknowledged: name a file on a disk of "
                   "this machine",
                   folder, network);
}

static enum err folder_look(const char *folder, struct stat *st, struct why *why)
{
    if (lstat(folder, st) != 0)
        return why_set(why, ERR_IO, "folder %s: %s", folder, strerror(errno));
    if (!S_ISDIR(st->st_mode)) /* the path was resolved */
        return why_set(why, ERR_IO, "folder %s was replaced by %s", folder, kind_name(st->st_mode));
    return OK;
}

static enum err folder_vet(const char *folder, struct stat *out, struct why *why)
{
    struct stat st;
    enum err err = folder_look(folder, &st, why);
    if (err != OK)
        return err;
    *out = st;
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return why_set(why, ERR_INPUT, "its folder %s belongs to another user (uid %u)", folder,
                       (unsigned)st.st_uid);
    if (st.st_mode & S_ISVTX) /* made for all users, such as /tmp */
        return why_set(why, ERR_INPUT,
                       "others can write to its folder %s (mode %03o): make a folder of your own "
                       "in it, by mkdir -m 700, and name a file in that",
                       folder, (unsigned)(st.st_mode & 07777));
    if (st.st_mode & OTHERS_WRITE)
        return why_set(
            why, ERR_INPUT,
            "others can write to its folder %s (mode %03o): %sname a file in a folder of "
            "your own",
            folder, (unsigned)(st.st_mode & 07777),
            st.st_uid == geteuid() ? "chmod go-w it, or " : "");
    return OK;
}

/* Splits path at its last slash and resolves the folder. */
static enum err place_resolve(struct place *place, const char *path, bool make_folder,
                              struct why *why)
{
    char folder[PATH_MAX], real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return why_set(why, ERR_INPUT, "is a directory, not a plain file");
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= sizeof folder)
        return why_set(why, ERR_INPUT, "the path is too long");
    const char *above = !slash ? "." : len == 0 ? "/" : NULL;
    snprintf(folder, sizeof folder, "%.*s", above ? 1 : (int)len, above ? above : path);
    if (make_folder && mkdir(folder, 0700) != 0 && errno != EEXIST)
        return why_set(why, ERR_IO, "cannot make the folder %s: %s", folder, strerror(errno));
    if (!realpath(folder, real))
        return why_set(why, errno == ENOENT ? ERR_GONE : ERR_IO, "folder %s: %s", folder,
                       strerror(errno));
    size_t real_len = strcmp(real, "/") == 0 ? 0 : strlen(real);
    if (real_len + 1 + strlen(base) >= PLACE_LEN_MAX)
        return why_set(why, ERR_INPUT, "the path is too long");
    snprintf(place->file, sizeof place->file, "%.*s/%s", (int)real_len, real, base);
    assert(place->file[0] == '/');
    return OK;
}

/* A new name is on the disk only when its folder is. */
static enum err folder_sync(const char *folder, struct why *why)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    int trouble = errno;
    /* a folder above may be closed to us, and a file system may have nothing to sync */
    synced = synced || trouble == EACCES || trouble == EINVAL;
    if (fd >= 0)
        close(fd);
    return synced ? OK : why_set(why, ERR_IO, "folder %s: %s", folder, strerror(trouble));
}

/* Whoever makes a journal makes the main file first, and none of ours removes it: where others of
 * its files are and it is not, it was taken away. Looked for in this order, since another process
 * may make a journal meanwhile. */
static enum err remains_vet(const char *file, struct why *why)
{
    char found[128] = "", path[PATH_MAX + 16];
    struct stat st;
    size_t len = 0;
    for (size_t i = 1; place_file_end(i); i++) {
        const char *end = place_file_end(i);
        snprintf(path, sizeof path, "%s%s", file, end);
        if (strcmp(end, PLACE_LOCK_END) != 0 && lstat(path, &st) == 0) /* a lock holds nothing */
            len += (size_t)snprintf(found + len, sizeof found - len, "%s%s", len ? ", " : "", end);
    }
    assert(len < sizeof found);
    if (!len || lstat(file, &st) == 0 || errno != ENOENT)
        return OK;
    return why_set(
        why, ERR_INPUT,
        "is not there, but what belongs to it is (%s): it was removed or renamed, and "
        "what its runs wrote is not known without it. Put it back beside these files; or "
        "to begin anew, move them away or name another file with --journal",
        found);
}

static enum err file_make(const char *file, const char *folder, struct why *why)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return OK;
    if (fd < 0)
        return why_set(why, ERR_IO, "cannot be created: %s", strerror(errno));
    close(fd);
    char above[PATH_MAX + 4];
    snprintf(above, sizeof above, "%s/..", folder); /* which place_resolve may have added to */
    enum err err = folder_sync(folder, why);
    return err == OK ? folder_sync(above, why) : err;
}

/* A folder of our own in a folder that all may write to can be renamed away and another laid in its
 * place, unless the sticky bit keeps others from that. folder is resolved. */
static enum err above_vet(const char *folder, struct why *why)
{
    char above[PATH_MAX];
    struct stat st;
    snprintf(above, sizeof above, "%s", folder);
    assert(above[0] == '/');
    for (char *slash; (slash = strrchr(above, '/'));) {
        *(slash == above ? slash + 1 : slash) = '\0';
        enum err err = folder_look(above, &st, why);
        if (err != OK)
            return err;
        if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
            return why_set(why, ERR_INPUT,
                           "its folder %s lies in %s, where every user may rename it (mode %03o): "
                           "%sname a file elsewhere",
                           folder, above, (unsigned)(st.st_mode & 07777),
                           st.st_uid == geteuid() ? "chmod o-w that, or " : "");
        if (slash == above)
            break;
    }
    return OK;
}

/* "/" is its own folder. */
static void folder_of(char folder[PATH_MAX], const char *file)
{
    assert(file[0] == '/');
    size_t len = (size_t)(strrchr(file, '/') - file);
    snprintf(folder, PATH_MAX, "%.*s", len ? (int)len : 1, file);
}

enum err place_sync(const char *file, struct why *why)
{
    char folder[PATH_MAX];
    folder_of(folder, file);
    return folder_sync(folder, why);
}

enum err place_folder_vet(const struct place *place, struct stat *out, struct why *why)
{
    char folder[PATH_MAX];
    folder_of(folder, place->file);
    enum err err = folder_vet(folder, out, why);
    return err == OK ? above_vet(folder, why) : err;
}

static enum err place_vet(struct place *place, const char *path, bool makes, struct why *why)
{
    struct stat st;
    enum err err = place_resolve(place, path, makes, why);
    if (err != OK)
        return err == ERR_GONE && makes ? ERR_IO : err;
    char folder[PATH_MAX];
    folder_of(folder, place->file);
    err = place_folder_vet(place, &st, why);
    if (err == OK)
        err = disk_vet(folder, why);
    if (err == OK)
        err = remains_vet(place->file, why);
    if (err == OK && makes)
        err = file_make(place->file, folder, why);
    return err == OK ? file_vet(place->file, true, why) : err;
}

enum err place_for_writing(struct place *place, const char *path, struct why *why)
{
    return place_vet(place, path, true, why);
}

enum err place_for_update(struct place *place, const char *path, struct why *why)
{
    return place_vet(place, path, false, why);
}

enum err place_for_reading(struct place *place, const char *path, struct why *why)
{
    enum err err = place_resolve(place, path, false, why);
    if (err == OK)
        err = remains_vet(place->file, why);
    return err == OK ? file_vet(place->file, false, why) : err;
}
