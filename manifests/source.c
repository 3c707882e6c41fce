/*
 * Files as bytes. A file named in a manifest is opened part by part below the folder of the user's
 * file, by descriptor and without following a symbolic link, so no name and no race leads out of
 * the folder. Only regular files are read, so no pipe or device can block the reading.
 */
#include "base/escape.h"
#include "raw.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY)

bool source_folder(const char *path, int *folder, struct text *name, int *errnum)
{
    struct text t = text_of(path);
    size_t slash = text_rfind(t, '/');
    char dir[PATH_LEN_MAX] = ".";
    *name = slash == t.len ? t : text_from(t, slash + 1);
    *errnum = ENAMETOOLONG;
    if (slash < t.len) {
        size_t len = slash ? slash : 1;
        if (len >= sizeof dir)
            return false;
        memcpy(dir, path, len);
        dir[len] = '\0';
    }
    *folder = open(dir, OPEN_FLAGS | O_DIRECTORY);
    *errnum = errno;
    return *folder >= 0;
}

/* Opens the folder of the last part of *path, and leaves the last part in *path. Returns a new
 * descriptor, or -1. */
static int folder_walk(int folder, struct text *path)
{
    int at = dup(folder);
    for (size_t slash = text_find(*path, '/'); at >= 0 && slash < path->len;
         slash = text_find(*path, '/')) {
        char part[NAME_LEN_MAX + 1];
        struct text name = text_cut(path, '/');
        if (name.len > NAME_LEN_MAX)
            name.len = NAME_LEN_MAX; /* no file system has longer names */
        memcpy(part, name.at, name.len);
        part[name.len] = '\0';
        int below = openat(at, part, OPEN_FLAGS | O_DIRECTORY | O_NOFOLLOW);
        int errnum = errno;
        close(at);
        errno = errnum;
        at = below;
    }
    return at;
}

static int file_open(int folder, struct text path, bool follow)
{
    char name[NAME_LEN_MAX + 1];
    int dir = folder_walk(folder, &path);
    if (dir < 0)
        return -1;
    int fd = -1, errnum = ENAMETOOLONG;
    if (path.len <= NAME_LEN_MAX) {
        memcpy(name, path.at, path.len);
        name[path.len] = '\0';
        /* O_NONBLOCK: opening a pipe must not wait for a writer. */
        fd = openat(dir, name, OPEN_FLAGS | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW));
        errnum = errno;
    }
    close(dir);
    errno = errnum;
    return fd;
}

bool source_open(struct source *s, struct raw *r, int folder, struct text path,
                 struct raw_file *file, char fault[QUOTE_LEN])
{
    struct stat st;
    *s = (struct source){.fd = file_open(folder, path, !file->nested), .raw = r};
    if (s->fd < 0) {
        if (errno == ELOOP || (errno == ENOTDIR && file->nested))
            snprintf(fault, QUOTE_LEN, "a symbolic link or no folder is on the way to it");
        else
            snprintf(fault, QUOTE_LEN, "%s", strerror(errno));
        return false;
    }
    if (fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        snprintf(fault, QUOTE_LEN, "it is not a regular file");
        source_close(s);
        return false;
    }
    if ((uint64_t)st.st_size > MANIFEST_BYTES_MAX) {
        snprintf(fault, QUOTE_LEN, "it is larger than %u MB", MANIFEST_BYTES_MAX >> 20);
        source_close(s);
        return false;
    }
    file->device = st.st_dev;
    file->inode = st.st_ino;
    return true;
}

void source_close(struct source *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

long source_read(struct source *s, void *bytes, size_t len)
{
    ssize_t n;
    do
        n = read(s->fd, bytes, len);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        raw_fail(s->raw, ERR_IO, "a manifest cannot be read to its end");
    else if ((s->taken_bytes += (uint64_t)n) > MANIFEST_BYTES_MAX)
        raw_fail(s->raw, ERR_LIMIT, "a manifest grows while it is read");
    else
        sha256_add(s->raw->file_digest, (struct text){bytes, (size_t)n});
    return s->raw->err == OK ? (long)n : -1;
}

void source_place(const struct source *s, uint64_t offset, struct source_place *at)
{
    char bytes[4096];
    uint64_t done = 0;
    at->line = at->column = 1;
    while (done < offset) {
        uint64_t left = offset - done;
        ssize_t n =
            pread(s->fd, bytes, left < sizeof bytes ? (size_t)left : sizeof bytes, (off_t)done);
        if (n <= 0)
            return;
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] == '\n') {
                at->line++;
                at->column = 1;
            } else if (((unsigned char)bytes[i] & 0xc0) != 0x80) {
                at->column++;
            }
        }
        if (done == 0 && n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
            at->column -= at->line == 1; /* a byte order mark is no character */
        done += (uint64_t)n;
    }
}

size_t source_peek(const struct source *s, unsigned char *bytes, size_t len)
{
    ssize_t n = pread(s->fd, bytes, len, 0);
    return n > 0 ? (size_t)n : 0;
}
