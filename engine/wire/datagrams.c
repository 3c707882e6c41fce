/*
 * Two arrays of datagrams, one for each way, made for sendmmsg(2) and recvmmsg(2).
 *
 * A pending error of a socket, such as that a port is closed, is told once, by the next system call
 * whatever it is. So a flush that hears of one tries once more: either the datagram leaves, and the
 * error comes back to whoever reads, or it is this datagram's own.
 *
 * Invariant: what has come back unsent lies in the array of those that were taken, and only where
 * all taken ones have been received; otherwise it is lost.
 */
#include "datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SENT_MAX                                                                                   \
    336               /* bytes: a header, a name of 255 octets, its type and class, EDNS, a cookie \
                       */
#define READ_MAX 1233 /* one more than EDNS allows, so that a longer one is seen to be longer */
#define ROOM_MS  10   /* how long a flush waits for room in a socket */

#define HEADER_LEN     12 /* of a DNS message (RFC 1035, section 4.1.1) */
#define RESPONSE       0x80
#define RECURSION      0x01 /* desired */
#define RCODE_SERVFAIL 2

struct datagrams {
    int out_fd, in_fd;
    uint32_t out_len, in_len, in_at;
    bool in_is_unsent; /* what was taken are own ones that have come back */
    struct mmsghdr out[DATAGRAMS_HELD_MAX], in[DATAGRAMS_HELD_MAX];
    struct iovec out_parts[DATAGRAMS_HELD_MAX], in_parts[DATAGRAMS_HELD_MAX];
    int *unsent[DATAGRAMS_HELD_MAX]; /* where the error of each is kept, or NULL */
    union {
        struct sockaddr any;
        struct sockaddr_in6 longest;
    } from[DATAGRAMS_HELD_MAX];
    unsigned char out_bytes[DATAGRAMS_HELD_MAX][SENT_MAX], in_bytes[DATAGRAMS_HELD_MAX][READ_MAX];
};

struct datagrams *datagrams_new(void)
{
    struct datagrams *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->out_fd = d->in_fd = -1;
    for (int i = 0; i < DATAGRAMS_HELD_MAX; i++) {
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

/* ---- sending ---- */

static bool is_passing(int error)
{
    return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

/* Makes the i-th, a question, the server's answer to itself: SERVFAIL. False: there is no room. */
static bool out_return(struct datagrams *d, uint32_t i)
{
    bool follows = d->in_is_unsent && d->in_fd == d->out_fd && d->in_len < DATAGRAMS_HELD_MAX;
    if (!follows && d->in_at < d->in_len)
        return false;
    if (!follows)
        d->in_len = d->in_at = 0;
    struct msghdr *to = &d->in[d->in_len].msg_hdr;
    unsigned char *message = d->in_bytes[d->in_len];
    to->msg_namelen = sizeof d->from[0];
    if (getpeername(d->out_fd, to->msg_name, &to->msg_namelen) != 0)
        return false;
    memcpy(message, d->out_bytes[i], d->out_parts[i].iov_len);
    message[2] = RESPONSE | (message[2] & RECURSION);
    message[3] = RCODE_SERVFAIL;
    d->in[d->in_len++].msg_len = (unsigned)d->out_parts[i].iov_len;
    d->in_fd = d->out_fd;
    d->in_is_unsent = true;
    return true;
}

/* The i-th has failed, and is told to its question, or lost. */
static void out_fail(struct datagrams *d, uint32_t i, int error)
{
    if (d->unsent[i] && !is_passing(error) && out_return(d, i))
        *d->unsent[i] = error;
}

/* Each is tried twice, and the socket waited for once. */
static void out_send(struct datagrams *d)
{
    struct pollfd room = {.fd = d->out_fd, .events = POLLOUT};
    bool waited = false, again = false;
    for (uint32_t at = 0; at < d->out_len;) {
        int sent = sendmmsg(d->out_fd, d->out + at, d->out_len - at, 0);
        int error = errno;
        if (sent < 0 && error == EINTR)
            continue;
        if (sent > 0) {
            at += (uint32_t)sent;
        } else if (again) {
            out_fail(d, at++, error);
        } else if (is_passing(error) && !waited) {
            waited = true;
            (void)poll(&room, 1, ROOM_MS);
        }
        again = sent <= 0 && !again;
    }
    d->out_len = 0;
}

ptrdiff_t datagrams_send(struct datagrams *d, int fd, const struct iovec *parts, int len,
                         int *unsent)
{
    size_t whole = 0;
    for (int i = 0; i < len; i++)
        whole += parts[i].iov_len;
    if (whole < HEADER_LEN || whole > SENT_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (d->out_fd != fd || datagrams_are_full(d))
        out_send(d);
    unsigned char *to = d->out_bytes[d->out_len];
    for (int i = 0; i < len; i++) {
        memcpy(to, parts[i].iov_base, parts[i].iov_len);
        to += parts[i].iov_len;
    }
    d->out_fd = fd;
    d->unsent[d->out_len] = unsent;
    d->out_parts[d->out_len++].iov_len = whole;
    return (ptrdiff_t)whole;
}

bool datagrams_are_full(const struct datagrams *d)
{
    return d->out_len == DATAGRAMS_HELD_MAX;
}

void datagrams_flush(struct datagrams *d)
{
    out_send(d);
}

/* ---- reading ---- */

static int in_take(struct datagrams *d, int fd)
{
    for (int i = 0; i < DATAGRAMS_HELD_MAX; i++)
        d->in[i].msg_hdr.msg_namelen = sizeof d->from[i];
    int taken = recvmmsg(fd, d->in, DATAGRAMS_HELD_MAX, 0, NULL);
    d->in_fd = fd;
    d->in_at = 0;
    d->in_len = taken > 0 ? (uint32_t)taken : 0;
    d->in_is_unsent = false;
    return taken;
}

ptrdiff_t datagrams_receive(struct datagrams *d, int fd, void *bytes, size_t len,
                            struct sockaddr *from, socklen_t *from_len)
{
    if (d->in_fd != fd || d->in_at == d->in_len) {
        if (d->in_fd == fd && d->in_len && d->in_len < DATAGRAMS_HELD_MAX) { /* were all */
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

int datagrams_unread(const struct datagrams *d)
{
    return d->in_at < d->in_len ? d->in_fd : -1;
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
    }
}
