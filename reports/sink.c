/* A buffer, written out when full enough; the first error of write(2) stays. */
#include "sink.h"

#include "base/bounds.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void sink_init(struct sink *sink, int fd)
{
    *sink = (struct sink){.fd = fd};
    buf_init(&sink->buf, REPORT_CHUNK_MAX);
}

void sink_clear(struct sink *sink)
{
    buf_clear(&sink->buf);
}

static void sink_empty(struct sink *sink)
{
    const char *at = sink->buf.at;
    size_t left = sink->buf.len;
    while (left && !sink->error) {
        ssize_t n = write(sink->fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            sink->error = n < 0 ? errno : EIO;
            break;
        }
        at += n;
        left -= (size_t)n;
        sink->taken += (uint64_t)n;
    }
    if (!sink->buf.failed)
        buf_reset(&sink->buf);
}

bool sink_turn(struct sink *sink)
{
    if (sink->buf.len >= REPORT_CHUNK)
        sink_empty(sink);
    return !sink->error && !sink->buf.failed;
}

enum err sink_flush(struct sink *sink, struct why *why)
{
    if (sink->buf.failed)
        return why_set(why, ERR_NOMEM, "out of memory");
    sink_empty(sink);
    if (sink->error)
        return why_set(why, ERR_IO, "%s", strerror(sink->error));
    return OK;
}
