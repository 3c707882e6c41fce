/*
 * Datagrams in batches: what is sent while it is held leaves in one system call, and one that reads
 * takes all that are there. For the one thread of a resolver; at any time it holds or has taken
 * datagrams of one socket.
 *
 *   datagrams_hold(d); datagrams_send(d, fd, ...) many times, to one socket; datagrams_flush(d)
 *   while (datagrams_receive(d, fd, ...) >= 0) use it
 */
#ifndef MF_DATAGRAMS_H
#define MF_DATAGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct datagrams;

struct datagrams *datagrams_new(void); /* NULL: out of memory */
void datagrams_free(struct datagrams *d);

/* Until the flush. */
void datagrams_hold(struct datagrams *d);
/* Sends, or keeps a copy for the flush. As send(2): -1 with errno. */
ptrdiff_t datagrams_send(struct datagrams *d, int fd, const struct iovec *parts, int len);
/* Sends what is held, of one socket. The socket, if it could not: the next receive from it tells
 * why. -1: all is sent. */
int datagrams_flush(struct datagrams *d);
/* As recvfrom(2). EAGAIN: none is left. One that is longer than a DNS message may be is cut. */
ptrdiff_t datagrams_receive(struct datagrams *d, int fd, void *bytes, size_t len,
                            struct sockaddr *from, socklen_t *from_len);
/* The socket is about to be closed, or nothing more is read from it: what is held or was taken of
 * it is forgotten. */
void datagrams_forget(struct datagrams *d, int fd);

#endif
