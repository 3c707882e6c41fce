/*
 * Whose call a carrier sends next: calls wait here, host by host, and hosts take turns.
 *
 * libcurl closes an idle connection of one host for a needed one of another, and a handshake costs
 * ten times as much as a call. So a host that would need more connections than its share of the
 * transfers waits for one of its own to come free; who has waited for HOST_WAIT_US has waited long
 * enough, and goes beyond the share while there is room; some is kept for the other hosts, lest one
 * that hangs has all of it. A host has the share as long as its connections may be open.
 *
 * Pure: an instant is an argument. Used by one thread.
 */
#ifndef MF_HOST_TURNS_H
#define MF_HOST_TURNS_H

#include "call_queue.h"
#include "wire.h"

#define HOST_WAIT_US SPAN_MS(50) /* less than most round trips */

struct host_turn {
    struct call_list first, waiting; /* first: those that had waited for something else before */
    uint32_t out;
    uint32_t next;      /* in the ring of hosts with calls that wait: host + 1 */
    bool is_listed;     /* in that ring */
    instant_us used_at; /* the last call went out */
};

struct host_turns {
    struct host_turn *hosts;
    uint32_t hosts_len;
    uint32_t *of_lane; /* the host of its service; the few calls to STS count there too */
    uint32_t ring_first, ring_last, ring_len; /* host + 1 */
    uint32_t recent;                          /* hosts whose connections may be open, ... */
    uint32_t out;                             /* of all hosts */
    instant_us counted_at;                    /* ... as counted then */
};

/* False: out of memory. Clear in any case. */
bool host_turns_init(struct host_turns *t, const struct wire_lane *lanes, uint32_t lanes_len);
void host_turns_clear(struct host_turns *t);
/* Behind the others of its host. Until it is sent, call->sent_at is the instant. */
void host_turns_add(struct host_turns *t, struct call *c, instant_us now);
/* Before the others: they have waited. *calls is empty afterwards. */
void host_turns_again(struct host_turns *t, struct call_list *calls, instant_us now);
bool host_turns_wait(const struct host_turns *t); /* does any call? */
/* The next call to send, of a host that is within its share of so many transfers, or has waited.
 * NULL: none for now. host_turns_done() when it is answered or was not sent. */
struct call *host_turns_next(struct host_turns *t, unsigned transfers, instant_us now);
void host_turns_done(struct host_turns *t, const struct call *c);

#endif
