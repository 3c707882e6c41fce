/*
 * DNS questions, many at a time, on one thread: to the resolvers of the run and to single
 * authoritative servers. Every question comes back exactly once, as a message whatever its response
 * code says, or with the way it failed and the server's name. Of several resolvers the next is
 * asked where one does not answer (resolver.c).
 *
 * All functions belong to the carrier's thread.
 */
#ifndef MF_RESOLVER_H
#define MF_RESOLVER_H

#include "base/error.h"
#include "calls/call.h"
#include "servers.h"

#include <poll.h>

/* UDP and TCP of each channel; c-ares retires a UDP socket that saw a time-out and keeps it for the
 * questions that are still out on it. */
#define RESOLVER_FDS_MAX (2 * DNS_CHANNELS_MAX + DNS_CARRIER_WINDOW)

struct resolver;

struct resolver_config {
    struct servers servers; /* in this order; none: the system's */
    unsigned questions;     /* out at once; 0: DNS_CARRIER_WINDOW */
    unsigned try_ms;        /* wait of the first try, at most; the second waits twice as long */
};

typedef void resolver_done(void *context, struct call *call);

/* done is called from resolver_ask, resolver_work and resolver_tick; it must not ask. */
enum err resolver_open(struct resolver **out, const struct resolver_config *config,
                       resolver_done *done, void *context, struct why *why);
void resolver_close(struct resolver *r); /* what is out is dropped without done */

bool resolver_has_room(const struct resolver *r); /* for one more question */
bool resolver_is_busy(const struct resolver *r);  /* questions are out */
/* Asks call->question and writes call->dns, in the call's arena. */
void resolver_ask(struct resolver *r, struct call *call);

/* What to wait for; at most RESOLVER_FDS_MAX. */
uint32_t resolver_fds(const struct resolver *r, struct pollfd *fds);
void resolver_work(struct resolver *r, const struct pollfd *fds, uint32_t len);
void resolver_tick(struct resolver *r); /* every 50 ms or so while busy: time-outs */

#endif
