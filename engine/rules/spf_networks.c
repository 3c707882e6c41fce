/*
 * Networks as ranges of numbers: an IPv4 address is one, and of an IPv6 address the first 64 bits
 * are, since no sender shares a /64 with another.
 */
#include "spf_networks.h"

#include "base/bounds.h"

#include <stdlib.h>
#include <string.h>

struct range {
    uint64_t first, last;
};

void spf_networks_add(struct spf_networks *n, struct arena *arena, struct spf_network network)
{
    if (n->len == n->cap) {
        uint32_t cap = n->cap ? 2 * n->cap : 32;
        struct spf_network *grown =
            cap <= SPF_NETWORKS_MAX ? ARENA_ARRAY(arena, struct spf_network, cap) : NULL;
        n->cut = n->cut || !grown;
        if (!grown)
            return;
        if (n->len)
            memcpy(grown, n->at, n->len * sizeof *grown);
        n->at = grown;
        n->cap = cap;
    }
    n->at[n->len++] = network;
}

bool spf_networks_pass(const struct spf_networks *n)
{
    for (uint32_t i = 0; i < n->len; i++)
        if (n->at[i].passes)
            return true;
    return false;
}

static struct range range_of(const struct spf_network *n)
{
    unsigned width = n->address.family == 6 ? 64 : 32, bits = n->bits < width ? n->bits : width;
    uint64_t number = 0, host;
    for (unsigned i = 0; i < width / 8; i++)
        number = number << 8 | n->address.bytes[i];
    host = width == bits ? 0 : width - bits == 64 ? UINT64_MAX : (1ull << (width - bits)) - 1;
    return (struct range){number & ~host, (number & ~host) | host};
}

static int range_order(const void *left, const void *right)
{
    const struct range *a = left, *b = right;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* The passing networks of the family as ranges in order, without overlaps; the length. 0: none, or
 * no memory. */
static uint32_t ranges_make(const struct spf_networks *n, uint8_t family, struct arena *arena,
                            struct range **out)
{
    struct range *ranges = ARENA_ARRAY(arena, struct range, n->len + 1u);
    uint32_t len = 0, kept = 0;
    *out = ranges;
    if (!ranges)
        return 0;
    for (uint32_t i = 0; i < n->len; i++)
        if (n->at[i].passes && n->at[i].address.family == family)
            ranges[len++] = range_of(&n->at[i]);
    if (len)
        qsort(ranges, len, sizeof *ranges, range_order);
    for (uint32_t i = 0; i < len; i++) {
        struct range *last = kept ? &ranges[kept - 1] : NULL;
        if (last && (last->last == UINT64_MAX || ranges[i].first <= last->last + 1))
            last->last = ranges[i].last > last->last ? ranges[i].last : last->last;
        else
            ranges[kept++] = ranges[i];
    }
    return kept;
}

/* bits of prefix: more numbers than one such network has? */
static bool is_wider(const struct spf_networks *n, uint8_t family, unsigned bits,
                     struct arena *arena)
{
    unsigned width = family == 6 ? 64 : 32;
    double numbers = 0, most = (double)(1ull << (width - bits));
    struct range *ranges;
    uint32_t len = ranges_make(n, family, arena, &ranges);
    for (uint32_t i = 0; i < len; i++)
        numbers += (double)(ranges[i].last - ranges[i].first) + 1;
    return numbers > most;
}

bool spf_networks_are_wide(const struct spf_networks *n, struct arena *arena)
{
    return is_wider(n, 4, SPF_WIDE_IP4_BITS, arena) || is_wider(n, 6, SPF_WIDE_IP6_BITS, arena);
}

/* Is a network that does not pass in the way? The order of the terms is left out: a record that
 * denies part of what it allows is nobody's flattened record. */
static bool is_denied(const struct spf_networks *n, const struct spf_network *inner)
{
    for (uint32_t i = 0; i < n->len; i++) {
        const struct spf_network *o = &n->at[i];
        unsigned bits = o->bits < inner->bits ? o->bits : inner->bits;
        if (!o->passes && spf_address_matches(&o->address, &inner->address, bits))
            return true;
    }
    return false;
}

bool spf_networks_hold(const struct spf_networks *outer, const struct spf_networks *inner,
                       uint32_t *held, const struct spf_network **missing, struct arena *arena)
{
    struct range *ranges[2];
    uint32_t lens[2] = {ranges_make(outer, 4, arena, &ranges[0]),
                        ranges_make(outer, 6, arena, &ranges[1])};
    *held = 0;
    *missing = NULL;
    for (uint32_t i = 0; i < inner->len; i++) {
        const struct spf_network *network = &inner->at[i];
        struct range wanted = range_of(network);
        unsigned family = network->address.family == 6;
        bool found = false;
        if (!network->passes)
            continue;
        for (uint32_t r = 0; r < lens[family] && !found; r++)
            found =
                ranges[family][r].first <= wanted.first && wanted.last <= ranges[family][r].last;
        found = found && !is_denied(outer, network);
        *held += found;
        if (!found && !*missing)
            *missing = network;
    }
    return *held > 0 && !*missing && !inner->cut;
}
