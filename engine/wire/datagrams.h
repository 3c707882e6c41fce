/*
 * Datagrams in batches: what is sent is held until the flush and leaves in one system call, and one
 * that reads takes all that are there. For the one thread of a resolver.
 *
 *   datagrams_send(d, fd, ...) many times; datagrams_flush(d)
 *   while (datagrams_receive(d, fd, ...) >= 0) use it
 *
 * A datagram that the system does not let out (no route, a firewall's rule) concerns its question
 * alone. Its error is kept for the question, and it comes back to who reads its socket as the
 * server's answer SERVFAIL, which ends that question and no other. Where there is no room to send
 * for a while, it is lost like one that is lost on its way.
 */
#ifndef MF_DATAGRAMS_H
#define MF_DATAGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define DATAGRAMS_HELD_MAX 16 /* a system call: half of the gain is there with four */

struct datagrams;

struct datagrams *datagrams_new(void); /* NULL: out of memory */
void datagrams_free(struct datagrams *d);

/* Keeps a copy of a question for the flush; a held one of another socket leaves first. *unsent
 * becomes the errno where it cannot leave; NULL: it is lost then. As send(2): -1 with errno. */
ptrdiff_t datagrams_send(struct datagrams *d, int fd, const struct iovec *parts, int len,
                         int *unsent);
/* No more can be held. To be flushed now, or the next one does it. */
bool datagrams_are_full(const struct datagrams *d);
/* Sends what is held. */
void datagrams_flush(struct datagrams *d);
/* As recvfrom(2). EAGAIN: none is left. One that is longer than a DNS message may be is cut. */
ptrdiff_t datagrams_receive(struct datagrams *d, int fd, void *bytes, size_t len,
                            struct sockaddr *from, socklen_t *from_len);
/* A socket of which some were taken and not yet received; -1: none. Poll() tells nothing of them.
 */
int datagrams_unread(const struct datagrams *d);
/* The socket is about to be closed, or nothing more is read from it: what is held or was taken of
 * it is forgotten. */
void datagrams_forget(struct datagrams *d, int fd);

#endif
