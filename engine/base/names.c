#include "names.h"

#include "hash.h"
#include "limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 1024u

bool names_init(struct names *n, size_t limit_bytes)
{
    *n = (struct names){.len = 1, .cap = SLOTS_FIRST / 2, .slot_mask = SLOTS_FIRST - 1};
    arena_init(&n->bytes, limit_bytes);
    n->slots = calloc(SLOTS_FIRST, sizeof *n->slots);
    n->at = calloc(n->cap, sizeof *n->at);
    if (n->slots && n->at)
        return true;
    names_clear(n);
    return false;
}

void names_clear(struct names *n)
{
    arena_clear(&n->bytes);
    free(n->slots);
    free((void *)n->at);
    *n = (struct names){0};
}

struct text names_text(const struct names *n, name_id id)
{
    if (id == NAME_NONE)
        return TEXT_NONE;
    assert(id < n->len);
    uint16_t len;
    memcpy(&len, n->at[id] - sizeof len, sizeof len);
    return (struct text){n->at[id], len};
}

static uint32_t slot_of(const struct names *n, struct text t)
{
    uint32_t i = (uint32_t)hash_bytes(t.at, t.len) & n->slot_mask;
    while (n->slots[i] && !text_eq(names_text(n, n->slots[i]), t))
        i = (i + 1) & n->slot_mask;
    return i;
}

name_id names_find(const struct names *n, struct text t)
{
    return t.len == 0 ? NAME_NONE : n->slots[slot_of(n, t)];
}

static bool grow(struct names *n)
{
    uint32_t slots = (n->slot_mask + 1) * 2;
    if (slots == 0)
        return false;
    const char **at = realloc((void *)n->at, sizeof *at * (slots / 2));
    if (!at)
        return false;
    n->at = at;
    uint32_t *fresh = calloc(slots, sizeof *fresh);
    if (!fresh)
        return false;
    free(n->slots);
    n->slots = fresh;
    n->slot_mask = slots - 1;
    n->cap = slots / 2;
    for (uint32_t id = 1; id < n->len; id++)
        n->slots[slot_of(n, names_text(n, id))] = id;
    return true;
}

/* Packed by hand: two bytes of length, the bytes, a NUL. The arena would round every name up. */
static const char *store(struct names *n, struct text t)
{
    uint16_t len = (uint16_t)t.len;
    char *p = arena_take_packed(&n->bytes, sizeof len + t.len + 1);
    if (!p)
        return NULL;
    memcpy(p, &len, sizeof len);
    memcpy(p + sizeof len, t.at, t.len);
    p[sizeof len + t.len] = '\0';
    return p + sizeof len;
}

bool names_add(struct names *n, struct text t, name_id *id)
{
    *id = names_find(n, t);
    if (*id != NAME_NONE || t.len == 0)
        return true;
    if (t.len > NAME_LEN_MAX || (n->len == n->cap && !grow(n)))
        return false;
    const char *at = store(n, t);
    if (!at)
        return false;
    *id = n->len++;
    n->at[*id] = at;
    n->slots[slot_of(n, t)] = *id;
    return true;
}
