/*
 * The networks that an SPF record lets pass, or does not: how wide are they together, and are the
 * networks of another record among them? For the family of spf_walk.h. The arena holds what is
 * sorted on the way.
 */
#ifndef MF_SPF_NETWORKS_H
#define MF_SPF_NETWORKS_H

#include "base/arena.h"
#include "spf_address.h"

struct spf_network {
    struct spf_address address;
    uint8_t bits;
    bool passes;
};

struct spf_networks {
    struct spf_network *at; /* in the arena of the walk, in the order of the walk */
    uint32_t len, cap;
    bool cut; /* further ones were left out */
};

void spf_networks_add(struct spf_networks *n, struct arena *arena, struct spf_network network);
/* Is any network there that passes? */
bool spf_networks_pass(const struct spf_networks *n);
/* Are the passing networks together wider than those of one sender can be (SPF_WIDE_IP4_BITS,
 * SPF_WIDE_IP6_BITS)? */
bool spf_networks_are_wide(const struct spf_networks *n, struct arena *arena);
/* Does every passing network of `inner` pass in `outer`? *held counts those that do; *missing is
 * the first that does not. False when inner has none. */
bool spf_networks_hold(const struct spf_networks *outer, const struct spf_networks *inner,
                       uint32_t *held, const struct spf_network **missing, struct arena *arena);

#endif
