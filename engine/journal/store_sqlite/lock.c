/*
 * Locks of open file descriptions on bytes of the lock file: one for the writer, one for readers.
 */
#include "lock.h"

#include "base/text.h"
#include "place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES  16
#define TRY_MS 10 /* 16 tries stay under the promised 200 ms */

enum lock_byte { BYTE_WRITER, BYTE_READERS };

static bool byte_lock(int fd, enum lock_byte byte, short type)
{
    assert(fd >= 0);
    assert(type == F_RDLCK || type == F_WRLCK || type == F_UNLCK);
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &range) == 0;
}

static bool is_held(void)
{
    return errno == EAGAIN || errno == EACCES;
}

/* Between the lock and the name there is a moment: a name that is not there yet comes soon. */
static bool holder_read(int fd, char line[LOCK_HOLDER_MAX])
{
    for (int i = 0; i < TRIES; i++) {
        ssize_t len = pread(fd, line, LOCK_HOLDER_MAX - 1, 0);
        if (len > 2 && line[len - 1] == '\n') {
            line[len - 1] = '\0';
            memmove(line, line + 2, (size_t)len - 2);
            for (char *c = line; *c; c++)
                *c = (unsigned char)*c < ' ' || (unsigned char)*c > '~' ? '?' : *c;
            return true;
        }
        poll(NULL, 0, TRY_MS);
    }
    return false;
}

static enum err lock_open(struct lock *lock, const char *journal_file, int flags, struct why *why)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.lock", journal_file);
    lock->fd = place_open(path, flags);
    if (lock->fd >= 0)
        return OK;
    if (errno == ENOENT)
        return ERR_GONE;
    const char *reason = errno == ELOOP     ? "it is a symbolic link"
                         : errno == ENOTSUP ? "it is not a plain file"
                                            : strerror(errno);
    return why_set(why, ERR_IO, "cannot open the lock file %s: %s", path, reason);
}

enum err lock_for_writing(struct lock *lock, const char *journal_file, struct why *why)
{
    char holder[LOCK_HOLDER_MAX];
    enum err err = lock_open(lock, journal_file, O_RDWR | O_CREAT, why);
    if (err != OK)
        return err;
    if (byte_lock(lock->fd, BYTE_WRITER, F_WRLCK)) {
        /* The file's two lock bytes are blanks, so that what follows can be read by a person. */
        assert(lock->fd >= 0);
        char host[256] = "", line[LOCK_HOLDER_MAX];
        gethostname(host, sizeof host - 1);
        int len = snprintf(line, sizeof line, "  pid %ld on %s\n", (long)getpid(), host);
        /* A name that could not be written, or only in part, lacks its line's end and is not read.
         */
        bool written = ftruncate(lock->fd, 0) == 0 && pwrite(lock->fd, line, (size_t)len, 0) == len;
        (void)written;
        return OK;
    }
    if (!is_held())
        err = why_set(why, ERR_IO, "cannot lock %s.lock: %s", journal_file, strerror(errno));
    else if (holder_read(lock->fd, holder))
        err = why_set(why, ERR_BUSY,
                      "another mailfrom is writing to it: %s. Wait until it ends, or stop it with "
                      "Ctrl-C there",
                      holder);
    else
        err = why_set(
            why, ERR_BUSY,
            "another mailfrom is writing to it. Wait until it ends, or stop it with Ctrl-C there");
    lock_release(lock);
    return err;
}

enum err lock_for_reading(struct lock *lock, const char *journal_file, struct why *why)
{
    enum err err = lock_open(lock, journal_file, O_RDONLY, why);
    if (err != OK)
        return err;
    for (int i = 0; i < TRIES; i++) {
        if (byte_lock(lock->fd, BYTE_READERS, F_RDLCK))
            return OK;
        if (!is_held())
            break;
        poll(NULL, 0, TRY_MS);
    }
    err = is_held() ? why_set(why, ERR_BUSY, "it is being rewritten at this moment: try again")
                    : why_set(why, ERR_IO, "cannot lock it: %s", strerror(errno));
    lock_release(lock);
    return err;
}

bool lock_is_held(const char *journal_file, char holder[LOCK_HOLDER_MAX])
{
    struct lock lock;
    struct flock range = {
        .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = BYTE_WRITER, .l_len = 1};
    *holder = '\0';
    if (lock_open(&lock, journal_file, O_RDONLY, NULL) != OK)
        return false;
    bool held = fcntl(lock.fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
    if (held && !holder_read(lock.fd, holder))
        *holder = '\0';
    lock_release(&lock);
    return held;
}

bool lock_is_gone(const char *journal_file)
{
    struct lock lock;
    enum err err = lock_open(&lock, journal_file, O_RDONLY, NULL);
    lock_release(&lock);
    return err == ERR_GONE;
}

/* To take what one has changes nothing. */
bool lock_is_ours(struct lock *lock)
{
    return byte_lock(lock->fd, BYTE_WRITER, F_WRLCK);
}

void lock_release(struct lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    *lock = LOCK_NONE;
}

bool lock_readers_out(struct lock *lock)
{
    return byte_lock(lock->fd, BYTE_READERS, F_WRLCK);
}

void lock_readers_in(struct lock *lock)
{
    byte_lock(lock->fd, BYTE_READERS, F_UNLCK);
}
