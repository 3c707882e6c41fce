/*
 * How a journal is read while a run writes it.
 *
 * A second connection on the same file would do in theory. In practice SQLite before 3.51.3 has a
 * race between two connections that reset the log, and Debian 12 ships 3.40; and a connection that
 * only reads still creates a shared-memory file. So a reader copies main file and log into a folder
 * of its own and opens the copy.
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

#include "limits.h"
#include "place.h"

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
    char block[1 << 16];
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

/* False with errno. A source that is not there leaves no copy, which is right for the log. */
static bool file_copy(const char *from, const char *to)
{
    int in = place_open(from, O_RDONLY);
    if (in < 0)
        return errno == ENOENT;
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool copied = out >= 0 && bytes_copy(in, out);
    int saved = errno;
    if (out >= 0)
        close(out);
    close(in);
    errno = saved;
    return copied;
}

static bool folder_make(struct copy *copy)
{
    const char *tmp = secure_getenv("TMPDIR");
    char folder[PATH_MAX];
    int len = snprintf(folder, sizeof folder, "%s/mailfrom-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (len < 0 || (size_t)len >= sizeof folder || !mkdtemp(folder) ||
        !realpath(folder, copy->folder))
        return false;
    snprintf(copy->file, sizeof copy->file, "%s/journal.db", copy->folder);
    return true;
}

enum err copy_make(struct copy *copy, const char *journal_file, struct why *why)
{
    char from_wal[PATH_MAX + 32], to_wal[PATH_MAX + 32];
    *copy = (struct copy){0};
    if (!folder_make(copy))
        return why_set(why, ERR_IO,
                       "no temporary folder to copy it to, which reading beside a writer needs: "
                       "%s. Let TMPDIR name one",
                       strerror(errno));
    wal_name(from_wal, journal_file);
    wal_name(to_wal, copy->file);
    for (int i = 0; i < JOURNAL_COPY_TRIES; i++) {
        struct heads before, after;
        heads_read(journal_file, &before);
        unlink(to_wal);
        if (!file_copy(journal_file, copy->file) || !file_copy(from_wal, to_wal)) {
            int saved = errno;
            copy_unlink(copy);
            return why_set(why, ERR_IO, "cannot copy it to read it: %s", strerror(saved));
        }
        heads_read(journal_file, &after);
        if (memcmp(&before, &after, sizeof before) == 0)
            return OK;
    }
    copy_unlink(copy);
    return why_set(why, ERR_BUSY, "it kept changing while it was copied: try again");
}

void copy_unlink(struct copy *copy)
{
    char wal[PATH_MAX + 32];
    if (!copy->folder[0])
        return;
    wal_name(wal, copy->file);
    unlink(wal);
    unlink(copy->file);
    rmdir(copy->folder);
    copy->folder[0] = '\0';
}
