/*
 * DNS questions, many at a time, on one thread: to the resolvers of the run and to single
 * authoritative servers. Every question comes back exactly once: as a message with any response
 * code, or with the kind of failure and the server's name. After a failing resolver the next one is
 * asked (resolver.c).
 *
 * All functions belong to the carrier's thread.
 */
#ifndef MF_RESOLVER_H
#define MF_RESOLVER_H

#include "base/error.h"
#include "calls/call.h"
#include "servers.h"

#include <poll.h>

/* UDP and TCP of each channel; c-ares retires a UDP socket after a time-out and keeps the socket
 * for its questions still out. */
#define RESOLVER_FDS_MAX (2 * DNS_CHANNELS_MAX + DNS_CARRIER_WINDOW)

struct resolver;

struct resolver_config {
    struct servers servers; /* in order of asking; none: the system's */
    unsigned questions;     /* out at once; 0: DNS_CARRIER_WINDOW */
    unsigned try_ms;        /* wait of the first try, at most; the second waits twice as long */
};

typedef void resolver_done(void *context, struct call *call);

/* done is called from resolver_ask, resolver_send, resolver_work and resolver_tick; done must not
 * ask. */
enum err resolver_open(struct resolver **out, const struct resolver_config *config,
                       resolver_done *done, void *context, struct why *why);
void resolver_close(struct resolver *r); /* questions still out are dropped without done */

bool resolver_has_room(const struct resolver *r); /* for one more question */
bool resolver_is_busy(const struct resolver *r);  /* questions are out */
/* Asks call->question and writes call->dns, in the call's arena. */
void resolver_ask(struct resolver *r, struct call *call);
void resolver_send(struct resolver *r); /* what was asked leaves, all of it together */

/* The sockets to wait for; at most RESOLVER_FDS_MAX. */
uint32_t resolver_fds(const struct resolver *r, struct pollfd *fds);
void resolver_work(struct resolver *r, const struct pollfd *fds, uint32_t len);
void resolver_tick(struct resolver *r); /* every 50 ms or so while busy: time-outs */

#endif
