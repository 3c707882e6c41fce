/*
 * Files as bytes. What a manifest names is opened below the folder of the user's file: symbolic
 * links are followed as long as they end there, as in a mounted ConfigMap, and where they end is
 * asked of the descriptor, so that no race leads anywhere else. Only regular files are read, so
 * that no pipe or device can hold us up; what the user names may be a pipe.
 */
#include "base/character.h"
#include "base/escape.h"
#include "raw.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
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

/* Copies a path for the system; false: it is too long for it. */
static bool path_copy(struct text path, char out[PATH_LEN_MAX])
{
    if (path.len >= PATH_LEN_MAX)
        return false;
    memcpy(out, path.at, path.len);
    out[path.len] = '\0';
    return true;
}

/* Where the descriptor leads, by the system's own word; false where there is no /proc. */
static bool place_of(int fd, char out[PATH_LEN_MAX])
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, out, PATH_LEN_MAX - 1);
    out[len > 0 ? len : 0] = '\0';
    return len > 0;
}

static bool is_below(const char *place, const char *folder)
{
    size_t len = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    return strncmp(place, folder, len) == 0 && place[len] == '/';
}

/* What the path leads to, whatever it is; -1 with EXDEV when that is not below the folder. It is
 * judged once it is held, so no link that changes meanwhile can lead elsewhere. */
static int below_find(int folder, const char *name)
{
    char place[PATH_LEN_MAX], home[PATH_LEN_MAX];
    int fd = openat(folder, name, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (place_of(folder, home) && place_of(fd, place) && is_below(place, home))
        return fd;
    close(fd);
    errno = EXDEV;
    return -1;
}

int below_open(int folder, struct text path, int flags)
{
    char name[PATH_LEN_MAX], link[32];
    struct stat st;
    errno = ENAMETOOLONG;
    int found = path_copy(path, name) ? below_find(folder, name) : -1;
    if (found < 0 || fstat(found, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        return found; /* held as it is: what is no file is never opened */
    snprintf(link, sizeof link, "/proc/self/fd/%d", found);
    int fd = open(link, OPEN_FLAGS | flags);
    int errnum = errno;
    close(found);
    errno = errnum;
    return fd;
}

/* The user's own file: links are followed wherever they lead. */
static int file_open(int folder, struct text path)
{
    char name[PATH_LEN_MAX];
    errno = ENAMETOOLONG;
    /* O_NONBLOCK: opening a pipe must not wait for its writer. */
    return path_copy(path, name) ? openat(folder, name, OPEN_FLAGS | O_NONBLOCK) : -1;
}

/* Has a FIFO of this name no writer? A byte that comes meanwhile is kept for the reader. */
static bool fifo_is_unwritten(struct source *s)
{
    struct statfs system;
    if (fstatfs(s->fd, &system) != 0 || system.f_type == PIPEFS_MAGIC)
        return false;
    ssize_t n = read(s->fd, s->early, sizeof s->early);
    s->early_len = n > 0 ? (size_t)n : 0;
    return n == 0;
}

/* May what the user names be read once only: a pipe, such as <(command), or standard input? A FIFO
 * that nothing writes to would be waited for, for ever. */
static bool is_stream(struct source *s, const struct stat *st, const struct raw_file *file,
                      const char **fault)
{
    if (file->is_stdin)
        return !S_ISDIR(st->st_mode);
    if (file->nested || !S_ISFIFO(st->st_mode))
        return false;
    if (fifo_is_unwritten(s)) {
        *fault = "it is not a regular file, but a FIFO that nothing writes to";
        return false;
    }
    return fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) & ~O_NONBLOCK) == 0;
}

bool source_open(struct source *s, struct raw *r, int folder, struct text path,
                 struct raw_file *file, char fault[QUOTE_LEN])
{
    struct stat st;
    const char *why = "it is not a regular file";
    *s = (struct source){.raw = r};
    s->fd = file->is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
            : file->nested ? below_open(folder, path, O_RDONLY)
                           : file_open(folder, path);
    if (s->fd < 0) {
        snprintf(fault, QUOTE_LEN, "%s",
                 errno == EXDEV ? "a symbolic link leads out of the manifest's folder"
                                : strerror(errno));
        return false;
    }
    bool is_there = fstat(s->fd, &st) == 0;
    file->is_stream = is_there && !S_ISREG(st.st_mode) && is_stream(s, &st, file, &why);
    if (!is_there || !(S_ISREG(st.st_mode) || file->is_stream)) {
        snprintf(fault, QUOTE_LEN, "%s", why);
        source_close(s);
        return false;
    }
    if (!file->is_stream && (uint64_t)st.st_size > MANIFEST_BYTES_MAX) {
        snprintf(fault, QUOTE_LEN, "it is larger than %u MB", MANIFEST_BYTES_MAX >> 20);
        source_close(s);
        return false;
    }
    file->device = st.st_dev;
    file->inode = st.st_ino;
    return !(file->is_stream || spool_is_wanted(s)) || spool(s, fault);
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

uint32_t source_odd(const struct source *s, uint32_t first, uint32_t last, struct source_place *at)
{
    char bytes[4096];
    off_t done = 0;
    at->line = at->column = 1;
    for (;;) {
        ssize_t n = pread(s->fd, bytes, sizeof bytes, done);
        struct text rest = {bytes, n > 0 ? (size_t)n : 0};
        size_t i = 0;
        /* A character may begin at the end of what was read: all but the last few bytes of it. */
        size_t end = n == (ssize_t)sizeof bytes ? rest.len - 4 : rest.len;
        while (i < end && at->line <= last) {
            uint32_t code;
            size_t len = utf8_next(text_from(rest, i), &code);
            len = len ? len : 1;
            bool is_mark = done == 0 && i == 0 && len == 3 && code == 0xfeff;
            if (!is_mark && at->line >= first && character_first_odd(text_slice(rest, i, i + len)))
                return code;
            at->column += !is_mark;
            if (rest.at[i] == '\n') {
                at->line++;
                at->column = 1;
            }
            i += len;
        }
        if (n <= 0 || at->line > last || i == 0)
            return 0;
        done += (off_t)i;
    }
}

size_t source_peek(const struct source *s, unsigned char *bytes, size_t len)
{
    ssize_t n = pread(s->fd, bytes, len, 0);
    return n > 0 ? (size_t)n : 0;
}
