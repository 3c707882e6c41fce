/*
 * Two arrays of datagrams, one for each way, made for sendmmsg(2) and recvmmsg(2).
 *
 * A pending error of a socket, such as that a port is closed, is told once, by the next system call
 * whatever it is. So a flush that hears of one tries once more: either the datagram leaves, and the
 * error comes back to whoever reads, or the second error is kept for the reader.
 */
#include "datagrams.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define BATCH    16   /* datagrams a system call: half of the gain is there with four */
#define SENT_MAX 320  /* bytes: a header, a name of 255 octets, its type and class, EDNS */
#define READ_MAX 1233 /* one more than EDNS allows, so that a longer one is seen to be longer */
#define FULL_MS  10   /* how long a flush waits for room in a socket */

struct datagrams {
    bool holds;
    int out_fd, in_fd;
    int error; /* of out_fd, for its reader; 0: none */
    uint32_t out_len, in_len, in_at;
    struct mmsghdr out[BATCH], in[BATCH];
    struct iovec out_parts[BATCH], in_parts[BATCH];
    union {
        struct sockaddr any;
        struct sockaddr_in6 longest;
    } from[BATCH];
    unsigned char out_bytes[BATCH][SENT_MAX], in_bytes[BATCH][READ_MAX];
};

struct datagrams *datagrams_new(void)
{
    struct datagrams *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->out_fd = d->in_fd = -1;
    for (int i = 0; i < BATCH; i++) {
        d->out_parts[i].iov_base = d->out_bytes[i];
        d->out[i].msg_hdr = (struct msghdr){.msg_iov = &d->out_parts[i], .msg_iovlen = 1};
        d->in_parts[i] = (struct iovec){d->in_bytes[i], READ_MAX};
        d->in[i].msg_hdr =
            (struct msghdr){.msg_name = &d->from[i], .msg_iov = &d->in_parts[i], .msg_iovlen = 1};
    }
    return d;
}

void datagrams_free(struct datagrams *d)
{
    free(d);
}

void datagrams_hold(struct datagrams *d)
{
    d->holds = true;
}

/* ---- sending ---- */

static bool out_wait(int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    return poll(&room, 1, FULL_MS) > 0;
}

/* Sends all that is held, unless the socket fails twice at one datagram. */
static void out_send(struct datagrams *d)
{
    uint32_t at = 0;
    int error = 0;
    for (int failed = 0; at < d->out_len && failed < 2;) {
        int sent = sendmmsg(d->out_fd, d->out + at, d->out_len - at, 0);
        if (sent > 0) {
            at += (uint32_t)sent;
            failed = 0;
        } else if (errno != EINTR && !(errno == EAGAIN && out_wait(d->out_fd))) {
            error = errno;
            failed++;
        }
    }
    if (at < d->out_len)
        d->error = error == EAGAIN ? ENOBUFS : error; /* EAGAIN tells a reader of nothing */
    d->out_len = 0;
}

static bool out_add(struct datagrams *d, const struct iovec *parts, int len, size_t whole)
{
    unsigned char *to = d->out_bytes[d->out_len];
    if (whole > SENT_MAX)
        return false;
    for (int i = 0; i < len; i++) {
        memcpy(to, parts[i].iov_base, parts[i].iov_len);
        to += parts[i].iov_len;
    }
    d->out_parts[d->out_len++].iov_len = whole;
    return true;
}

ptrdiff_t datagrams_send(struct datagrams *d, int fd, const struct iovec *parts, int len)
{
    size_t whole = 0;
    for (int i = 0; i < len; i++)
        whole += parts[i].iov_len;
    assert(d->out_len == 0 || d->out_fd == fd);
    if (d->out_len == BATCH)
        out_send(d);
    if (d->out_fd != fd)
        d->error = 0;
    d->out_fd = fd;
    if (d->holds && out_add(d, parts, len, whole))
        return (ptrdiff_t)whole;
    return writev(fd, parts, len);
}

int datagrams_flush(struct datagrams *d)
{
    if (d->out_len)
        out_send(d);
    d->holds = false;
    return d->error ? d->out_fd : -1;
}

/* ---- reading ---- */

static int in_take(struct datagrams *d, int fd)
{
    for (int i = 0; i < BATCH; i++)
        d->in[i].msg_hdr.msg_namelen = sizeof d->from[i];
    int taken = recvmmsg(fd, d->in, BATCH, 0, NULL);
    d->in_fd = fd;
    d->in_at = 0;
    d->in_len = taken > 0 ? (uint32_t)taken : 0;
    return taken;
}

ptrdiff_t datagrams_receive(struct datagrams *d, int fd, void *bytes, size_t len,
                            struct sockaddr *from, socklen_t *from_len)
{
    bool was_last = d->in_fd == fd && d->in_len && d->in_len < BATCH; /* there were no more */
    if (d->error && d->out_fd == fd) {
        errno = d->error;
        d->error = 0;
        return -1;
    }
    if (d->in_fd != fd || d->in_at == d->in_len) {
        if (was_last) {
            d->in_len = d->in_at = 0;
            errno = EAGAIN;
            return -1;
        }
        if (in_take(d, fd) < 0)
            return -1;
    }
    const struct mmsghdr *m = &d->in[d->in_at];
    size_t size = m->msg_len < len ? m->msg_len : len;
    memcpy(bytes, d->in_bytes[d->in_at], size);
    if (from && *from_len >= m->msg_hdr.msg_namelen) {
        memcpy(from, &d->from[d->in_at], m->msg_hdr.msg_namelen);
        *from_len = m->msg_hdr.msg_namelen;
    }
    d->in_at++;
    return (ptrdiff_t)size;
}

void datagrams_forget(struct datagrams *d, int fd)
{
    if (d->in_fd == fd) {
        d->in_fd = -1;
        d->in_len = d->in_at = 0;
    }
    if (d->out_fd == fd) {
        d->out_fd = -1;
        d->out_len = 0;
        d->error = 0;
    }
}
