/* Reads a whole file, bounded, into memory to be wiped. */
#include "secret_file.h"

#include "base/bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static enum err bytes_read(struct buf *out, int fd, const char *path, struct why *why)
{
    char chunk[4096];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
        buf_add(out, chunk, n > 0 ? (size_t)n : 0);
    int error = errno;
    explicit_bzero(chunk, sizeof chunk);
    if (n < 0)
        return why_set(why, ERR_IO, "cannot read %s: %s", path, strerror(error));
    if (out->failed)
        return why_set(why, ERR_LIMIT, "%s is longer than %zu bytes", path, out->max);
    return OK;
}

/* /dev/null is how people say "no file": the AWS CLI takes it for an empty one. */
static bool is_null_device(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && major(st->st_rdev) == 1 && minor(st->st_rdev) == 3;
}

/* O_NONBLOCK: a FIFO in the place of the file is refused, not waited for. forbidden: mode bits. */
static enum err file_read(struct buf *out, struct text name, mode_t forbidden, struct why *why)
{
    struct stat st;
    if (name.len >= PATH_LEN_MAX)
        return why_set(why, ERR_LIMIT, "the path " TEXT_FMT "... is longer than %d bytes",
                       TEXT_ARG(text_slice(name, 0, 100)), PATH_LEN_MAX - 1);
    char *path = strndup(name.len ? name.at : "", name.len); /* large for a small stack */
    if (!path)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        err = why_set(why, errno == ENOENT || errno == ENOTDIR ? ERR_GONE : ERR_IO,
                      "cannot open %s: %s", path, strerror(errno));
    else if (fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || is_null_device(&st)))
        err = why_set(why, ERR_INPUT, "%s is not a regular file", path);
    else if (S_ISREG(st.st_mode) && (st.st_mode & forbidden))
        err = why_set(why, ERR_INPUT,
                      "%s: found mode %04o, expected a secret that its owner alone may read: chmod "
                      "600 %s",
                      path, (unsigned)(st.st_mode & 07777), path);
    else
        err = bytes_read(out, fd, path, why);
    if (fd >= 0)
        close(fd);
    free(path);
    return err;
}

enum err secret_file_read(struct buf *out, struct text name, struct why *why)
{
    return file_read(out, name, 0, why);
}

enum err secret_file_read_own(struct buf *out, struct text name, struct why *why)
{
    return file_read(out, name, S_IRWXG | S_IRWXO, why);
}
