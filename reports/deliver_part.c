/*
 * The file beside. Invariant: a part is locked from its creation until the rename or the removal.
 * So a process that gets the lock may remove the part: the writer is dead.
 *
 * A signal handler can reach nothing that is handed around, so the parts of the process are in one
 * static list. A part is in the list while its file has the part's name.
 */
#include "deliver_part.h"

#include "base/text.h"

#include "base/bounds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX   ".mailfrom-part" /* nobody else's name: what is left of it is removed */
#define LOCK_TRY 16               /* a sweeper holds the lock for the time of an unlink(2) */
#define LIST_TRY 200              /* another thread holds the list for the time of a rename(2) */

static atomic_flag list_is_held = ATOMIC_FLAG_INIT;
static struct part *list;

static bool list_take(int tries)
{
    while (atomic_flag_test_and_set_explicit(&list_is_held, memory_order_acquire)) {
        if (tries-- == 0)
            return false;
        poll(NULL, 0, 1);
    }
    return true;
}

/* With the signals of this thread blocked: a handler that waits for the list must not interrupt who
 * holds it. */
static void list_hold(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
    while (!list_take(LIST_TRY))
        ;
}

static void list_let_go(const sigset_t *before)
{
    atomic_flag_clear_explicit(&list_is_held, memory_order_release);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void list_leave(const struct part *part)
{
    struct part **at = &list;
    while (*at && *at != part)
        at = &(*at)->next;
    if (*at)
        *at = part->next;
}

static enum err failed(struct why *why)
{
    return why_set(why, ERR_IO, "%s", strerror(errno));
}

static bool part_lock(int fd)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &all) == 0;
}

/* Another process may have found the part between creation and lock, and removed it. */
static bool is_kept(int fd)
{
    struct stat st;
    for (int i = 0; i < LOCK_TRY && !part_lock(fd) && (errno == EAGAIN || errno == EACCES); i++)
        poll(NULL, 0, 1);
    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

/* False: with a descriptor, another process has removed the part; without, errno says why. */
static bool part_open(struct part *part)
{
    sigset_t before;
    list_hold(&before);
    part->fd = open(part->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    int error = errno;
    bool is_ours = part->fd >= 0 && is_kept(part->fd);
    if (is_ours) {
        part->next = list;
        list = part;
    }
    list_let_go(&before);
    errno = error;
    return is_ours;
}

enum err part_make(struct part *part, const char *path, struct why *why)
{
    part->fd = -1;
    for (int i = 0; i < 2 * REPORT_PART_TRIES; i++) {
        /* "FILE.mailfrom-part", then with numbers; after the last number a random name, safe from
           blocking by others. */
        unsigned long long drawn = 0;
        int len;
        if (i >= REPORT_PART_TRIES && getrandom(&drawn, sizeof drawn, 0) != sizeof drawn)
            return failed(why);
        if (i >= REPORT_PART_TRIES)
            len = snprintf(part->path, sizeof part->path, "%s" SUFFIX "%llu", path, drawn);
        else
            len = snprintf(part->path, sizeof part->path, i ? "%s" SUFFIX "%d" : "%s" SUFFIX, path,
                           i);
        errno = ENAMETOOLONG;
        if (len <= 0 || (size_t)len >= sizeof part->path)
            return failed(why);
        if (part_open(part))
            return OK;
        if (part->fd < 0 && errno != EEXIST)
            return failed(why);
        if (part->fd >= 0)
            close(part->fd);
        part->fd = -1;
        if (i == 0)
            part_sweep(path);
    }
    return why_set(why, ERR_IO, "every name for a temporary file beside it is taken");
}

static bool part_rename(struct part *part, const char *path)
{
    sigset_t before;
    list_hold(&before);
    bool is_done = rename(part->path, path) == 0;
    int error = errno;
    if (is_done)
        list_leave(part);
    list_let_go(&before);
    errno = error;
    return is_done;
}

enum err part_settle(struct part *part, const char *path, struct why *why)
{
    /* A network file system reports failed writes at close. The lock is held until the rename and
     * outlives the close of a second descriptor. */
    int second = fcntl(part->fd, F_DUPFD_CLOEXEC, 0);
    if ((second < 0 || close(second) != 0) || !part_rename(part, path)) {
        enum err err = failed(why);
        part_drop(part);
        return err;
    }
    close(part->fd);
    part->fd = -1;
    return OK;
}

void part_drop(struct part *part)
{
    sigset_t before;
    list_hold(&before);
    unlink(part->path);
    list_leave(part);
    list_let_go(&before);
    close(part->fd);
    part->fd = -1;
}

void parts_abandon(void)
{
    if (!list_take(
            LIST_TRY)) /* on a disk that does not answer: the process shall end all the same */
        return;
    for (const struct part *part = list; part; part = part->next)
        unlink(part->path);
    /* The list is kept for ever: no thread makes or renames a part any more. */
}

static bool is_part_of(const char *name, struct text base)
{
    struct text rest = text_of(name);
    if (!text_starts(rest, base))
        return false;
    rest = text_from(rest, base.len);
    if (!text_starts(rest, TEXT(SUFFIX)))
        return false;
    rest = text_from(rest, sizeof SUFFIX - 1);
    for (size_t i = 0; i < rest.len; i++)
        if (!char_is_digit(rest.at[i]))
            return false;
    return true;
}

static void part_reap(int folder, const char *name)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
        st.st_uid != geteuid())
        return;
    int fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && part_lock(fd))
        unlinkat(folder, name, 0);
    if (fd >= 0)
        close(fd);
}

void part_sweep(const char *path)
{
    char folder[PATH_MAX];
    const struct dirent *entry;
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    DIR *dir = opendir(folder);
    while (dir && (entry = readdir(dir)))
        if (is_part_of(entry->d_name, text_of(slash ? slash + 1 : path)))
            part_reap(dirfd(dir), entry->d_name);
    if (dir)
        closedir(dir);
}
