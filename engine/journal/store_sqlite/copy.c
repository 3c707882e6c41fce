/*
 * How a journal is read while a run writes it.
 *
 * A second connection on the same file would do in theory. In practice SQLite before 3.51.3 has a
 * race between two connections that reset the log, and Debian 12 ships 3.40; and a connection that
 * only reads still creates a shared-memory file. So a reader copies main file and log into two
 * files without a name and opens these (sql_open_scratch).
 *
 * Why the copy is whole: the reader holds the readers' byte of the lock file (lock.h), so no
 * checkpoint happens, so the main file stands still and the log only grows. A log that is cut
 * anywhere is a log whose last transactions are missing: each frame carries a checksum over all
 * frames before it, and SQLite reads up to the last whole commit. Main file first, log second, each
 * read once. Where there is no lock file (a journal copied from elsewhere, say) and in any case,
 * the first bytes of both are compared before and after: the log's salt and the main file's change
 * counter move with every checkpoint.
 */
#include "copy.h"

#include "base/bounds.h"
#include "place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES 100 /* the whole header of the main file; the log's has 32 */

struct heads {
    char file[HEAD_BYTES], wal[HEAD_BYTES];
    off_t file_size;
};

static void wal_name(char out[PATH_MAX + 32], const char *file)
{
    snprintf(out, PATH_MAX + 32, "%s-wal", file);
}

bool copy_has_log(const char *journal_file)
{
    struct stat st;
    char wal[PATH_MAX + 32];
    wal_name(wal, journal_file);
    return lstat(wal, &st) == 0 && st.st_size > 0;
}

/* A file that is missing has a head of zeros. */
static void head_read(const char *file, size_t len, char out[HEAD_BYTES], off_t *size)
{
    assert(len <= HEAD_BYTES);
    struct stat st;
    memset(out, 0, HEAD_BYTES);
    int fd = place_open(file, O_RDONLY);
    if (fd < 0)
        return;
    if (pread(fd, out, len, 0) < 0)
        memset(out, 0, HEAD_BYTES);
    if (size && fstat(fd, &st) == 0)
        *size = st.st_size;
    close(fd);
}

static void heads_read(const char *journal_file, struct heads *heads)
{
    char wal[PATH_MAX + 32];
    wal_name(wal, journal_file);
    *heads = (struct heads){0};
    head_read(journal_file, HEAD_BYTES, heads->file, &heads->file_size);
    head_read(wal, 32, heads->wal, NULL);
}

static bool write_all(int fd, const char *at, size_t len)
{
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool bytes_copy(int from, int to)
{
    assert(from >= 0);
    assert(to >= 0);
    char block[4096]; /* a stack may be small */
    for (;;) {
        ssize_t n = read(from, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        if (!write_all(to, block, (size_t)n))
            return false;
    }
}

static const char *tmp_folder(void)
{
    const char *tmp = secure_getenv("TMPDIR");
    return tmp && *tmp ? tmp : "/tmp";
}

/* Where the file system has no files without a name, it is taken away at once. */
static int nameless_open(void)
{
    char name[PATH_MAX];
    int fd = open(tmp_folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    int len = snprintf(name, sizeof name, "%s/mailfrom-XXXXXX", tmp_folder());
    fd = len > 0 && (size_t)len < sizeof name ? mkostemp(name, O_CLOEXEC) : -1;
    if (fd >= 0)
        unlink(name);
    return fd;
}

/* A log that is missing is an empty one. False with errno. */
static bool file_copy(const char *from, bool may_miss, int *out)
{
    *out = -1;
    int in = place_open(from, O_RDONLY);
    if (in < 0 && (errno != ENOENT || !may_miss))
        return false;
    *out = nameless_open();
    bool copied = *out >= 0 && (in < 0 || bytes_copy(in, *out));
    int saved = errno;
    if (in >= 0)
        close(in);
    errno = saved;
    return copied;
}

static void files_close(struct sql_files *files)
{
    if (files->main >= 0)
        close(files->main);
    if (files->log >= 0)
        close(files->log);
    *files = (struct sql_files){-1, -1};
}

/* Both, as they were at one instant. ERR_BUSY: they moved meanwhile. */
static enum err files_copy(struct sql_files *copy, const char *journal_file, struct why *why)
{
    struct heads before, after;
    char from_wal[PATH_MAX + 32];
    wal_name(from_wal, journal_file);
    heads_read(journal_file, &before);
    if (!file_copy(journal_file, false, &copy->main) || !file_copy(from_wal, true, &copy->log))
        return why_set(why, ERR_IO,
                       "cannot copy it to %s, as needed to read a journal in use: %s. Set TMPDIR "
                       "to a folder with free space",
                       tmp_folder(), strerror(errno));
    heads_read(journal_file, &after);
    if (memcmp(&before, &after, sizeof before) == 0)
        return OK;
    return why_set(why, ERR_BUSY, "it kept changing while it was copied: try again");
}

enum err copy_make(struct sql_files *copy, const char *journal_file, struct why *why)
{
    enum err err = ERR_BUSY;
    *copy = (struct sql_files){-1, -1};
    for (int i = 0; i < JOURNAL_COPY_TRIES && err == ERR_BUSY; i++) {
        files_close(copy);
        err = files_copy(copy, journal_file, why);
    }
    if (err != OK)
        files_close(copy);
    assert((err == OK) == (copy->main >= 0));
    assert((err == OK) == (copy->log >= 0));
    return err;
}

#define ASIDE_MAX 99

static int aside_open(const char *wal, char name[PATH_MAX + 64])
{
    int fd = -1;
    for (int i = 1; fd < 0 && i <= ASIDE_MAX; i++) {
        snprintf(name, PATH_MAX + 64, "%s.damaged-%d", wal, i);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

enum err copy_log_aside(const char *journal_file, struct why *why)
{
    char wal[PATH_MAX + 32], name[PATH_MAX + 64];
    wal_name(wal, journal_file);
    if (!copy_has_log(journal_file))
        return OK;
    int in = place_open(wal, O_RDONLY);
    int out = in < 0 ? -1 : aside_open(wal, name);
    bool kept = out >= 0 && bytes_copy(in, out) && fsync(out) == 0;
    int saved = errno;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return kept ? OK
                : why_set(why, ERR_IO, "its log is damaged, and a copy of it cannot be kept: %s",
                          strerror(saved));
}
