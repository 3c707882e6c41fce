/*
 * A carrier: one thread with one loop. The carrier takes calls from its call queue, carries each
 * over HTTPS or DNS, writes the answer into the call and puts the call into the inbox. A carrier
 * decides nothing and repeats nothing.
 */
#ifndef MF_CARRIER_H
#define MF_CARRIER_H

#include "call_queue.h"
#include "https.h"
#include "os_clock.h"
#include "refresher.h"
#include "resolver.h"
#include "wire.h"

/* Shared by all carriers of a wire; read only. Borrowed for the life of each carrier. */
struct carrier_config {
    const struct os_clock *clock;
    const struct wire_lane *lanes;
    uint32_t lanes_len;
    struct refresher *refresher;
    struct https_config https;
    struct resolver_config resolver;
    struct call_queue *inbox;
    int inbox_eventfd; /* written to when the inbox is no longer empty */
    bool verbose;
};

struct carrier;

enum err carrier_open(struct carrier **out, const struct carrier_config *config, struct why *why);
/* Ends and joins the thread. Calls still out are forgotten, not freed. What connections there were
 * is added to *seen. */
void carrier_close(struct carrier *k, struct connections_seen *seen);
/* Deciding thread. Takes the list over; *calls is empty afterwards. */
void carrier_send(struct carrier *k, struct call_list *calls);
/* Any thread: the refresher has news for calls waiting for keys. */
void carrier_wake(struct carrier *k);

#endif
