/* An open-addressed table of hashes and ids; the names lie packed in an arena. */
#include "names.h"

#include "bounds.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SLOTS_FIRST 1024u
#define HUGE_PAGE   ((size_t)2 << 20)

bool names_init(struct names *n, size_t limit_bytes)
{
    *n = (struct names){.len = 1,
                        .cap = SLOTS_FIRST / 2,
                        .slot_mask = SLOTS_FIRST - 1,
                        .key = siphash_key_of_process()};
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
    return names_stowed(n->at[id]);
}

struct text names_stowed(const char *stowed)
{
    uint16_t len;
    memcpy(&len, stowed - sizeof len, sizeof len);
    return (struct text){stowed, len};
}

/* A slot is hash << 32 | id. With the hash in the slot, a failed look-up and a growing table touch
 * no name, and each saves a cache miss. */
uint32_t names_hash(const struct names *n, struct text t)
{
    return (uint32_t)siphash(n->key, t.at, t.len);
}

void names_prefetch(const struct names *n, uint32_t hash)
{
    __builtin_prefetch(&n->slots[hash & n->slot_mask]);
}

static uint32_t slot_of(const struct names *n, struct text t, uint32_t hash)
{
    uint32_t i = hash & n->slot_mask;
    while (n->slots[i]) {
        uint64_t slot = n->slots[i];
        if ((uint32_t)(slot >> 32) == hash && text_eq(names_text(n, (name_id)slot), t))
            break;
        i = (i + 1) & n->slot_mask;
    }
    return i;
}

name_id names_find(const struct names *n, struct text t)
{
    return t.len == 0 ? NAME_NONE : (name_id)n->slots[slot_of(n, t, names_hash(n, t))];
}

/* Look-ups fall all over the table. With ordinary pages nearly every look-up would miss the
 * processor's address cache too, at the cost of a second look-up. */
static uint64_t *slots_new(uint32_t len)
{
    size_t bytes = len * sizeof(uint64_t);
    if (bytes < HUGE_PAGE)
        return calloc(len, sizeof(uint64_t));
    uint64_t *slots = aligned_alloc(HUGE_PAGE, bytes);
    if (slots) {
        (void)madvise(slots, bytes, MADV_HUGEPAGE);
        memset(slots, 0, bytes);
    }
    return slots;
}

/* Packed by hand: two bytes of length, the bytes, a NUL. The arena would round every name up. */
const char *names_stow(struct names *n, struct text t)
{
    uint16_t len = (uint16_t)t.len;
    char *p = t.len && t.len <= NAME_LEN_MAX ? arena_take_packed(&n->bytes, sizeof len + t.len + 1)
                                             : NULL;
    if (!p)
        return NULL;
    memcpy(p, &len, sizeof len);
    memcpy(p + sizeof len, t.at, t.len);
    p[sizeof len + t.len] = '\0';
    return p + sizeof len;
}

/* Adds a new name at the slot of its look-up; the bytes are stowed already or not yet.
 */
static bool add_new(struct names *n, struct text t, const char *stowed, uint32_t hash,
                    uint32_t slot, name_id *id)
{
    if (n->len == n->cap) {
        uint32_t slots = (n->slot_mask + 1) * 2;
        if (slots == 0)
            return false;
        const char **at = realloc((void *)n->at, sizeof *at * (slots / 2));
        if (!at)
            return false;
        n->at = at;
        uint64_t *fresh = slots_new(slots);
        if (!fresh)
            return false;
        for (uint32_t old = 0; old <= n->slot_mask; old++) {
            uint32_t i = (uint32_t)(n->slots[old] >> 32) & (slots - 1);
            if (!n->slots[old])
                continue;
            while (fresh[i])
                i = (i + 1) & (slots - 1);
            fresh[i] = n->slots[old];
        }
        free(n->slots);
        n->slots = fresh;
        n->slot_mask = slots - 1;
        n->cap = slots / 2;
        slot = slot_of(n, t, hash);
    }
    const char *at = stowed ? stowed : names_stow(n, t);
    if (!at)
        return false;
    *id = n->len++;
    n->at[*id] = at;
    n->slots[slot] = (uint64_t)hash << 32 | *id;
    return true;
}

static bool add(struct names *n, struct text t, const char *stowed, uint32_t hash, name_id *id)
{
    uint32_t slot = slot_of(n, t, hash);
    *id = (name_id)n->slots[slot];
    return *id != NAME_NONE || add_new(n, t, stowed, hash, slot, id);
}

bool names_adopt(struct names *n, const char *stowed, uint32_t hash, name_id *id)
{
    return add(n, names_stowed(stowed), stowed, hash, id);
}

bool names_add_hashed(struct names *n, struct text t, uint32_t hash, name_id *id)
{
    *id = NAME_NONE;
    return t.len == 0 || add(n, t, NULL, hash, id);
}

bool names_add(struct names *n, struct text t, name_id *id)
{
    return names_add_hashed(n, t, names_hash(n, t), id);
}
