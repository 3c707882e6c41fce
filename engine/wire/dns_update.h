/*
 * Dynamic updates of DNS and the questions about their zones, over TCP (RFC 2136, section 6.1; RFC
 * 7766), a few at a time, on one thread. Each message has a connection of its own and is sent at
 * most once; what it says and how its answer is read is providers/providers.h's to know.
 *
 * All functions belong to the carrier's thread.
 */
#ifndef MF_DNS_UPDATE_H
#define MF_DNS_UPDATE_H

#include "base/error.h"
#include "calls/call.h"

#include <poll.h>

struct dns_updates;
struct os_clock;
struct provider_at;

/* call->reply holds. Before the first octet is out a failure is REPLY_NOT_SENT, later REPLY_LOST.
 */
typedef void dns_update_done(void *context, struct call *call);

/* done is called from dns_update_start and dns_update_work, and must not start. timeout_us: from
 * the connection to the last octet of the answer. */
enum err dns_updates_open(struct dns_updates **out, const struct os_clock *clock,
                          span_us timeout_us, dns_update_done *done, void *context,
                          struct why *why);
void dns_updates_close(struct dns_updates *u); /* messages still out are dropped without done */

bool dns_updates_have_room(const struct dns_updates *u); /* for one more message */
bool dns_updates_are_out(const struct dns_updates *u);
/* at outlives the exchange. */
void dns_update_start(struct dns_updates *u, struct call *call, const struct provider_at *at);

/* The sockets to wait for; at most UPDATES_OUT_MAX. */
uint32_t dns_updates_fds(const struct dns_updates *u, struct pollfd *fds);
/* Moves all messages on; also every 50 ms or so while any is out, for the time limit. */
void dns_updates_work(struct dns_updates *u, const struct pollfd *fds, uint32_t len);

#endif
