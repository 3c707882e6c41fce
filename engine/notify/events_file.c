/* Appends lines to a file, a pipe or a device, and waits for none of them for long. */
#include "events_file.h"

#include "reports/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_PART                                                                                  \
    4096 /* PIPE_BUF: poll(2) promises so much room, and then write(2) does not block */

static void file_shut(struct events_file *f)
{
    if (f->fd >= 0 && !f->is_stream)
        close(f->fd);
    f->fd = -1;
}

/* Does the file end in the middle of a line? A process that was cut off by a full disk or by a
 * power cut may have left it so. */
static bool is_torn(const char *path)
{
    char last = '\n';
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    if (end > 0 && pread(fd, &last, 1, end - 1) != 1)
        last = '\n';
    if (fd >= 0)
        close(fd);
    return last != '\n';
}

static enum err file_open(struct events_file *f, struct why *why)
{
    struct stat st;
    int stream = deliver_stream(f->path);
    f->is_stream = stream >= 0;
    f->fd = f->is_stream
                ? stream
                : open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                       0644);
    if (f->fd < 0 && errno == ENXIO)
        return why_set(why, ERR_INPUT, "is a FIFO that no process reads: start its reader first");
    if (f->fd < 0)
        return why_set(why, errno == EISDIR ? ERR_INPUT : ERR_IO, "%s", strerror(errno));
    if (fstat(f->fd, &st) != 0) {
        enum err err = why_set(why, ERR_IO, "%s", strerror(errno));
        file_shut(f);
        return err;
    }
    f->is_regular = S_ISREG(st.st_mode);
    f->is_torn = f->is_regular && !f->is_stream && is_torn(f->path);
    return OK;
}

/* Does the path lead to another file by now? */
static bool is_moved(const struct events_file *f)
{
    struct stat there, open_one;
    if (f->is_stream || fstat(f->fd, &open_one) != 0)
        return false;
    return stat(f->path, &there) != 0 || there.st_dev != open_one.st_dev ||
           there.st_ino != open_one.st_ino;
}

/* One write(2). What a full disk takes of a line is closed before the next one. */
static enum delivery line_append(struct events_file *f, struct text line, struct why *why)
{
    struct buf torn;
    buf_init(&torn, line.len + 1);
    if (f->is_torn) {
        buf_add_char(&torn, '\n');
        buf_add_text(&torn, line);
        line = torn.failed ? line : buf_text(&torn);
    }
    ssize_t written = write(f->fd, line.at, line.len);
    int error = written < 0 ? errno : ENOSPC;
    bool is_whole = written == (ssize_t)line.len;
    f->is_torn = is_whole ? false : f->is_torn || written > 0;
    buf_clear(&torn);
    if (is_whole)
        return DELIVERY_DONE;
    why_set(why, ERR_IO, "cannot append to it: %s", strerror(error));
    return DELIVERY_LOST;
}

/* In parts, each after poll(2) has promised room for it: a descriptor shared with others, as
 * standard output is, cannot be made non-blocking. */
static enum delivery line_pass(struct events_file *f, struct text line, struct why *why)
{
    struct pollfd fds[] = {{.fd = f->fd, .events = POLLOUT},
                           {.fd = f->ending_fd, .events = POLLIN}};
    while (line.len) {
        int ready = poll(fds, 2, (int)(EVENTS_WAIT / 1000));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready > 0 && !fds[0].revents)
            return DELIVERY_ENDING;
        if (ready == 0) {
            why_set(why, ERR_IO, "its reader has taken nothing for %d s",
                    (int)(EVENTS_WAIT / SPAN_S(1)));
            return DELIVERY_LOST;
        }
        ssize_t written = write(f->fd, line.at, line.len < PIPE_PART ? line.len : PIPE_PART);
        if (written < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (written < 0) {
            why_set(why, ERR_IO, "cannot write to it: %s", strerror(errno));
            file_shut(f); /* a FIFO may get a new reader */
            return DELIVERY_LOST;
        }
        line = text_from(line, (size_t)written);
    }
    return DELIVERY_DONE;
}

enum delivery events_file_deliver(void *ctx, struct outlet *o, const struct message *m,
                                  struct text bytes, struct why *why)
{
    struct events_file *f = ctx;
    (void)o, (void)m;
    if (f->fd >= 0 && is_moved(f))
        file_shut(f);
    if (f->fd < 0 && file_open(f, why) != OK)
        return DELIVERY_LOST;
    return f->is_regular ? line_append(f, bytes, why) : line_pass(f, bytes, why);
}

enum err events_file_new(struct events_file **out, const char *path, int ending_fd, struct why *why)
{
    struct events_file *f = calloc(1, sizeof *f);
    *out = NULL;
    if (!f)
        return why_set(why, ERR_NOMEM, "out of memory");
    *f = (struct events_file){.path = path, .fd = -1, .ending_fd = ending_fd};
    enum err err = file_open(f, why);
    if (err != OK)
        free(f);
    else
        *out = f;
    return err;
}

void events_file_free(void *ctx)
{
    struct events_file *f = ctx;
    file_shut(f);
    free(f);
}
