/*
 * Invariant: the name always holds a whole file, since only a whole one is renamed to it. A crash
 * leaves a "FILE.part" at most. Paths that are no plain files (a pipe, /dev/null, /dev/fd/63 of a
 * shell) are written to as they are.
 */
#include "deliver.h"

#include "row.h"

#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *name;
    report_writer *write;
} formats[] = {
    {"csv", csv_write},           {"json", json_write},   {"html", html_write},
    {"markdown", markdown_write}, {"junit", junit_write}, {"sarif", sarif_write},
};

#define FORMATS_LEN (sizeof formats / sizeof formats[0])

const char *report_format_name(size_t i)
{
    return i < FORMATS_LEN ? formats[i].name : NULL;
}

static report_writer *writer_of(struct text format)
{
    for (size_t i = 0; i < FORMATS_LEN; i++)
        if (text_eq(format, text_of(formats[i].name)))
            return formats[i].write;
    return NULL;
}

bool report_format_known(struct text format)
{
    return writer_of(format) != NULL;
}

static enum err write_to(int fd, deliver_writer *write, void *ctx, struct why *why)
{
    struct sink sink;
    sink_init(&sink, fd);
    enum err err = write(ctx, &sink, why);
    if (err == OK)
        err = sink_flush(&sink, why);
    sink_clear(&sink);
    return err;
}

/* A name that nobody uses: "fleet.csv.part", ".part1", ... The mode is what the umask leaves. */
static int part_open(const char *path, char part[PATH_MAX])
{
    for (int i = 0; i < REPORT_PART_TRIES; i++) {
        int len = snprintf(part, PATH_MAX, i ? "%s.part%d" : "%s.part", path, i);
        if (len < 0 || len >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* Without this a crash of the machine may forget the rename; it cannot tear the file. */
static void folder_sync(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static enum err write_beside(const char *path, bool sync, deliver_writer *write, void *ctx,
                             struct why *why)
{
    char part[PATH_MAX];
    int fd = part_open(path, part);
    if (fd < 0)
        return why_set(why, ERR_IO, "%s", strerror(errno));
    enum err err = write_to(fd, write, ctx, why);
    if (err == OK && sync && fsync(fd) != 0)
        err = why_set(why, ERR_IO, "%s", strerror(errno));
    if (close(fd) != 0 && err == OK)
        err = why_set(why, ERR_IO, "%s", strerror(errno));
    if (err == OK && rename(part, path) != 0)
        err = why_set(why, ERR_IO, "%s", strerror(errno));
    if (err != OK)
        unlink(part);
    else if (sync)
        folder_sync(path);
    return err;
}

static enum err write_through(const char *path, deliver_writer *write, void *ctx, struct why *why)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return why_set(why, ERR_IO, "%s", strerror(errno));
    enum err err = write_to(fd, write, ctx, why);
    close(fd);
    return err;
}

static enum err write_file(const char *path, bool sync, deliver_writer *write, void *ctx,
                           struct why *why)
{
    struct stat st;
    char target[PATH_MAX];
    if (stat(path, &st) != 0)
        return write_beside(path, sync, write, ctx, why);
    if (S_ISDIR(st.st_mode))
        return why_set(why, ERR_INPUT, "is a directory, expected the name of a file");
    if (!S_ISREG(st.st_mode))
        return write_through(path, write, ctx, why);
    if (!realpath(path, target)) /* a link keeps pointing to the newest report */
        return why_set(why, ERR_IO, "%s", strerror(errno));
    return write_beside(target, sync, write, ctx, why);
}

enum err deliver(const char *path, deliver_writer *write, void *ctx, struct why *why)
{
    if (strcmp(path, "-") == 0)
        return write_to(STDOUT_FILENO, write, ctx, why);
    return write_file(path, true, write, ctx, why);
}

enum err deliver_into(const char *path, deliver_writer *write, void *ctx, struct why *why)
{
    return write_file(path, false, write, ctx, why);
}

enum err deliver_settle(const char *folder, struct why *why)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || syncfs(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error ? why_set(why, ERR_IO, "%s", strerror(error)) : OK;
}

struct written {
    report_writer *write;
    struct report report;
};

static enum err report_deliver(void *ctx, struct sink *out, struct why *why)
{
    struct written *written = ctx;
    written->report.out = out;
    return written->write(&written->report, why);
}

enum err report_write(const char *format, const char *path, const struct report_head *head,
                      const struct fleet *fleet, const struct report_source *source,
                      struct why *why)
{
    struct written written = {writer_of(text_of(format)),
                              {.head = head, .fleet = fleet, .source = source}};
    if (!written.write)
        return why_set(why, ERR_INPUT, "there is no report format \"%s\"", format);
    enum err err = deliver(path, report_deliver, &written, why);
    return err == OK ? OK : why_wrap(why, err, "report %s", path);
}
