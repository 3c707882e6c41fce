/* Names, modes and links of the control socket. */
#include "address.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

static const char *name_of(const struct address *a)
{
    return strrchr(a->path, '/') + 1;
}

enum err address_open(struct address *a, const char *journal, struct why *why)
{
    char whole[PATH_MAX], folder[PATH_MAX];
    *a = ADDRESS_NONE;
    if (!realpath(journal, whole))
        return why_set(why, errno == ENOENT ? ERR_GONE : ERR_IO, "%s: %s", journal,
                       strerror(errno));
    int len = snprintf(a->path, sizeof a->path, "%s" CONTROL_SOCKET_END, whole);
    if (len < 0 || (size_t)len >= sizeof a->path || strlen(name_of(a)) > NAME_MAX)
        return why_set(why, ERR_LIMIT, "%s: its path is too long for a socket beside it", whole);
    snprintf(folder, sizeof folder, "%.*s", (int)(name_of(a) - a->path), a->path);
    a->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return a->folder >= 0 ? OK : why_set(why, ERR_IO, "%s: %s", folder, strerror(errno));
}

void address_close(struct address *a)
{
    if (a->folder >= 0)
        close(a->folder);
    *a = ADDRESS_NONE;
}

/* A short name in the folder. */
static void short_address(struct sockaddr_un *un, int folder, const char *name)
{
    *un = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(un->sun_path, sizeof un->sun_path, "/proc/self/fd/%d/%s", folder, name);
    assert(len > 0 && (size_t)len < sizeof un->sun_path);
    (void)len;
}

/* Binds to a name of this process's own, and then renames it: a long name is possible so, and a
 * leftover is replaced in one step. */
static int bind_beside(const struct address *a, int fd)
{
    struct sockaddr_un un;
    char own[32];
    snprintf(own, sizeof own, ".mailfrom-%ld.sock", (long)getpid());
    short_address(&un, a->folder, own);
    unlinkat(a->folder, own, 0);
    if (fchmod(fd, 0600) != 0 || bind(fd, (const struct sockaddr *)&un, sizeof un) != 0)
        return -1;
    if (listen(fd, BACKLOG) == 0 && renameat(a->folder, own, a->folder, name_of(a)) == 0)
        return 0;
    int reason = errno;
    unlinkat(a->folder, own, 0);
    errno = reason;
    return -1;
}

enum err address_listen(const struct address *a, int *fd, struct why *why)
{
    struct stat st;
    bool is_there = fstatat(a->folder, name_of(a), &st, AT_SYMLINK_NOFOLLOW) == 0;
    *fd = -1;
    if (is_there && !S_ISSOCK(st.st_mode))
        return why_set(why, ERR_INPUT, "%s is there, and is no socket", a->path);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd >= 0 && bind_beside(a, *fd) == 0)
        return OK;
    why_set(why, ERR_IO, "%s: %s", a->path, strerror(errno));
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return ERR_IO;
}

void address_remove(const struct address *a)
{
    struct stat st;
    if (a->folder >= 0 && fstatat(a->folder, name_of(a), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISSOCK(st.st_mode))
        unlinkat(a->folder, name_of(a), 0);
}

/* connect(2) through the descriptor of the socket's own name follows no link and knows no length.
 */
enum address_found address_connect(const struct address *a, span_us patience, int *fd, uid_t *owner)
{
    struct stat st;
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    const struct timeval wait = {patience / 1000000, patience % 1000000};
    *fd = -1;
    int name = openat(a->folder, name_of(a), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (name < 0)
        return errno == ENOENT ? ADDRESS_NOBODY : ADDRESS_BROKEN;
    bool is_socket = fstat(name, &st) == 0 && S_ISSOCK(st.st_mode);
    *owner = is_socket ? st.st_uid : 0;
    snprintf(un.sun_path, sizeof un.sun_path, "/proc/self/fd/%d", name);
    if (is_socket)
        *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_open = *fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 &&
                   connect(*fd, (const struct sockaddr *)&un, sizeof un) == 0;
    int reason = is_socket ? errno : ENOTSOCK;
    close(name);
    if (is_open)
        return ADDRESS_OPEN;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = reason;
    switch (reason) {
    case ECONNREFUSED: return ADDRESS_NOBODY;
    case EACCES:
    case EPERM: return ADDRESS_FORBIDDEN;
    case EAGAIN: return ADDRESS_SILENT;
    default: return ADDRESS_BROKEN;
    }
}
