/* A 4-ary heap in an array, with a second array for the place of each id. */
#include "heap.h"

#include <assert.h>
#include <stdlib.h>

#define ARITY 4

bool heap_init(struct heap *h, uint32_t ids)
{
    *h = (struct heap){.cap = ids};
    h->nodes = malloc(sizeof *h->nodes * ((size_t)ids + 1));
    h->place = calloc((size_t)ids + 1, sizeof *h->place);
    if (h->nodes && h->place)
        return true;
    heap_clear(h);
    return false;
}

void heap_clear(struct heap *h)
{
    free(h->nodes);
    free(h->place);
    *h = (struct heap){0};
}

static bool before(struct heap_node a, struct heap_node b)
{
    return a.at != b.at ? a.at < b.at : a.id < b.id;
}

static void put(struct heap *h, uint32_t i, struct heap_node node)
{
    h->nodes[i] = node;
    h->place[node.id] = i + 1;
}

static void sift_up(struct heap *h, uint32_t i, struct heap_node node)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / ARITY;
        if (!before(node, h->nodes[parent]))
            break;
        put(h, i, h->nodes[parent]);
        i = parent;
    }
    put(h, i, node);
}

static void settle(struct heap *h, uint32_t i, struct heap_node node)
{
    if (i > 0 && before(node, h->nodes[(i - 1) / ARITY]))
        sift_up(h, i, node);
    else {
        for (;;) {
            uint64_t first = (uint64_t)i * ARITY + 1;
            if (first >= h->len)
                break;
            uint32_t best = (uint32_t)first;
            for (uint32_t c = best + 1; c < h->len && c < first + ARITY; c++)
                if (before(h->nodes[c], h->nodes[best]))
                    best = c;
            if (!before(h->nodes[best], node))
                break;
            put(h, i, h->nodes[best]);
            i = best;
        }
        put(h, i, node);
    }
}

void heap_set(struct heap *h, uint32_t id, instant_us at)
{
    assert(id < h->cap);
    if (at == WHEN_NEVER) {
        heap_drop(h, id);
        return;
    }
    struct heap_node node = {at, id};
    if (h->place[id])
        settle(h, h->place[id] - 1, node);
    else
        sift_up(h, h->len++, node);
}

void heap_drop(struct heap *h, uint32_t id)
{
    assert(id < h->cap);
    if (!h->place[id])
        return;
    uint32_t i = h->place[id] - 1;
    h->place[id] = 0;
    struct heap_node last = h->nodes[--h->len];
    if (last.id != id)
        settle(h, i, last);
}

bool heap_has(const struct heap *h, uint32_t id)
{
    assert(id < h->cap);
    return h->place[id] != 0;
}

instant_us heap_first(const struct heap *h)
{
    return h->len ? h->nodes[0].at : WHEN_NEVER;
}

bool heap_pop_due(struct heap *h, instant_us now, uint32_t *id)
{
    if (h->len == 0 || h->nodes[0].at > now)
        return false;
    *id = h->nodes[0].id;
    heap_drop(h, *id);
    return true;
}
