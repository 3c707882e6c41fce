/*
 * Delivers files. Invariant: the name always holds a whole file, since only a whole file is renamed
 * to the name. A crash leaves at most a "FILE.mailfrom-part" (deliver_part.h). Apart from plain
 * files, only inherited descriptors are written to (a shell's redirection or
 * >(...)).
 */
#include "deliver.h"

#include "base/count.h"
#include "deliver_target.h"
#include "delivery.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
}

static void folder_sync(const char *path)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* Without the fsync of the folder a crash of the machine may forget the rename; the file stays
 * whole. */
static enum err part_end(struct delivery *d, enum err err, struct why *why)
{
    if (err == OK && d->sync && fsync(d->part.fd) != 0)
        err = why_set(why, ERR_IO, "%s", strerror(errno));
    if (err != OK) {
        part_drop(&d->part);
        return err;
    }
    err = part_settle(&d->part, d->target, why);
    if (err == OK && d->sync)
        folder_sync(d->target);
    return err;
}

int deliver_stream(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    static const char *const names[] = {"-", "/dev/stdout", "/dev/stderr"};
    static const int numbers[] = {STDOUT_FILENO, STDOUT_FILENO, STDERR_FILENO};
    uint64_t number;
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(path, names[i]) == 0)
            return numbers[i];
    for (size_t i = 0; i < COUNT(folders); i++) {
        size_t len = strlen(folders[i]);
        if (strncmp(path, folders[i], len) == 0 && text_to_u64(text_of(path + len), &number) &&
            number <= INT32_MAX)
            return (int)number;
    }
    return -1;
}

/* A link at the name, such as /dev/stdin, would be replaced by the file. */
static bool is_of_system(const char *path)
{
    static const char *const folders[] = {"/dev", "/proc", "/sys"};
    char folder[PATH_MAX], real[PATH_MAX];
    folder_of(path, folder);
    for (size_t i = 0; realpath(folder, real) && i < COUNT(folders); i++) {
        size_t len = strlen(folders[i]);
        bool is_below = strncmp(real, folders[i], len) == 0 && (real[len] == '/' || !real[len]);
        if (is_below && strncmp(real, "/dev/shm", 8) != 0)
            return true;
    }
    return false;
}

/* Names the kind of a path no file can replace: opening a FIFO would wait for ever. */
static enum err kind_vet(const char *path, struct why *why)
{
    struct stat st;
    bool is_file = lstat(path, &st) != 0 || S_ISREG(st.st_mode) || S_ISLNK(st.st_mode);
    if (is_file && !is_of_system(path))
        return OK;
    const char *kind = is_file                ? "a name of the system's"
                       : S_ISDIR(st.st_mode)  ? "a directory"
                       : S_ISFIFO(st.st_mode) ? "a FIFO"
                       : S_ISSOCK(st.st_mode) ? "a socket"
                                              : "a device";
    return why_set(why, ERR_INPUT,
                   "is %s, expected the name of a file, or - or /dev/fd/N for an open descriptor",
                   kind);
}

/* The sentence names the file where a link leads to it. */
static enum err target_wrap(const char *path, const char *target, enum err err, struct why *why)
{
    return err == OK || strcmp(path, target) == 0 ? err : why_wrap(why, err, "leads to %s", target);
}

/* A link such as /dev/stdin is of the system itself, wherever it leads. */
static enum err target_find(const char *path, char target[PATH_MAX], struct why *why)
{
    enum err err = kind_vet(path, why);
    if (err == OK)
        err = deliver_target(path, target, why);
    if (err == OK && strcmp(path, target) != 0)
        err = target_wrap(path, target, kind_vet(target, why), why);
    return err;
}

static enum err file_begin(struct delivery *d, const char *path, struct why *why)
{
    enum err err = target_find(path, d->target, why);
    if (err != OK)
        return err;
    if (d->sync)
        part_sweep(d->target);
    return target_wrap(path, d->target, part_make(&d->part, d->target, why), why);
}

static enum err begin(struct delivery *d, const char *path, bool sync, struct why *why)
{
    d->stream = deliver_stream(path);
    d->sync = sync;
    enum err err = d->stream < 0 ? file_begin(d, path, why) : OK;
    if (err == OK)
        sink_init(&d->sink, d->stream < 0 ? d->part.fd : d->stream);
    return err;
}

enum err delivery_begin(struct delivery *d, const char *path, struct why *why)
{
    return begin(d, path, true, why);
}

bool delivery_lacked_room(const struct delivery *d)
{
    return d->stream < 0 && (d->sink.error == ENOSPC || d->sink.error == EDQUOT);
}

enum err delivery_end(struct delivery *d, enum err err, struct why *why)
{
    if (err == OK)
        err = sink_flush(&d->sink, why);
    if (err != OK && delivery_lacked_room(d))
        err = why_set(why, ERR_IO, "%s: it is larger than the %llu kB that it found room for",
                      strerror(d->sink.error), (unsigned long long)(d->sink.taken >> 10));
    sink_clear(&d->sink);
    if (d->stream < 0)
        return part_end(d, err, why);
    return err == ERR_IO && d->stream == STDOUT_FILENO ? why_wrap(why, err, "standard output")
                                                       : err;
}

void deliver_abandon(void)
{
    parts_abandon();
}

static enum err write_file(const char *path, bool sync, deliver_writer *write, void *ctx,
                           struct why *why)
{
    struct delivery d;
    enum err err = begin(&d, path, sync, why);
    return err == OK ? delivery_end(&d, write(ctx, &d.sink, why), why) : err;
}

enum err deliver(const char *path, deliver_writer *write, void *ctx, struct why *why)
{
    return write_file(path, true, write, ctx, why);
}

enum err deliver_into(const char *path, deliver_writer *write, void *ctx, struct why *why)
{
    return write_file(path, false, write, ctx, why);
}

/* In a folder with the sticky bit, another user's file cannot be renamed over. */
static enum err owner_vet(const char *path, struct why *why)
{
    char folder[PATH_MAX];
    struct stat name, above;
    folder_of(path, folder);
    if (geteuid() == 0 || lstat(path, &name) != 0 || stat(folder, &above) != 0 ||
        !(above.st_mode & S_ISVTX) || name.st_uid == geteuid() || above.st_uid == geteuid())
        return OK;
    return why_set(why, ERR_INPUT,
                   "belongs to another user (uid %u), and only the owner may replace it in this "
                   "folder: name another file",
                   (unsigned)name.st_uid);
}

static enum err file_prove(const char *target, struct why *why)
{
    struct part part;
    enum err err = owner_vet(target, why);
    if (err == OK && (err = part_make(&part, target, why)) == OK)
        part_drop(&part);
    return err;
}

enum err deliver_prove(const char *path, struct why *why)
{
    char target[PATH_MAX];
    int stream = deliver_stream(path), flags = stream >= 0 ? fcntl(stream, F_GETFL) : 0;
    if (stream >= 0 && (flags < 0 || (flags & O_ACCMODE) == O_RDONLY))
        return why_set(why, ERR_INPUT, "descriptor %d is not open for writing", stream);
    if (stream >= 0)
        return OK;
    enum err err = target_find(path, target, why);
    return err == OK ? target_wrap(path, target, file_prove(target, why), why) : err;
}

enum err deliver_vet(const char *path, struct text beginning, struct why *why)
{
    char head[64];
    struct stat st;
    if (deliver_stream(path) >= 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return OK;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, head, sizeof head) : 0; /* who may write only is not asked */
    if (fd >= 0)
        close(fd);
    size_t seen = len < 0 ? 0 : (size_t)len < beginning.len ? (size_t)len : beginning.len;
    assert(beginning.len <= sizeof head);
    return memcmp(head, beginning.at, seen) == 0
               ? OK
               : why_set(why, ERR_INPUT,
                         "is a file with other things in it, which would be damaged: name another "
                         "one, or remove it");
}

enum err deliver_place(const char *path, char place[PATH_MAX], struct why *why)
{
    char target[PATH_MAX], folder[PATH_MAX], real[PATH_MAX];
    int stream = deliver_stream(path);
    struct why none;
    if (stream < 0 && deliver_target(path, target, &none) == OK)
        path = target; /* else it is opened as it is, and appended to */
    const char *slash = strrchr(path, '/');
    folder_of(path, folder);
    if (stream < 0 && !realpath(folder, real))
        return why_set(why, ERR_IO, "folder %s: %s", folder, strerror(errno));
    int len = stream >= 0 ? snprintf(place, PATH_MAX, "%d", stream)
                          : snprintf(place, PATH_MAX, "%s/%s", real, slash ? slash + 1 : path);
    return len < PATH_MAX ? OK : why_set(why, ERR_INPUT, "%s", strerror(ENAMETOOLONG));
}

enum err deliver_settle(const char *folder, struct why *why)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || syncfs(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error ? why_set(why, ERR_IO, "%s", strerror(error)) : OK;
}
