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
                        .slots_len = SLOTS_FIRST,
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

/* Slots are in the order of their hashes, so a table grows from its beginning to its end, and may
 * have any length. */
static uint32_t slot_first(const struct names *n, uint32_t hash)
{
    return (uint32_t)((uint64_t)hash * n->slots_len >> 32);
}

static uint32_t slot_next(const struct names *n, uint32_t i)
{
    return i + 1 < n->slots_len ? i + 1 : 0;
}

void names_prefetch(const struct names *n, uint32_t hash)
{
    __builtin_prefetch(&n->slots[slot_first(n, hash)]);
}

static uint32_t slot_of(const struct names *n, struct text t, uint32_t hash)
{
    uint32_t i = slot_first(n, hash);
    for (; n->slots[i]; i = slot_next(n, i)) {
        uint64_t slot = n->slots[i];
        if ((uint32_t)(slot >> 32) == hash && text_eq(names_text(n, (name_id)slot), t))
            break;
    }
    return i;
}

name_id names_find(const struct names *n, struct text t)
{
    return t.len == 0 ? NAME_NONE : (name_id)n->slots[slot_of(n, t, names_hash(n, t))];
}

/* Look-ups fall all over the table. With ordinary pages nearly every look-up would miss the
 * processor's address cache too, at the cost of a second look-up. Not aligned, for calloc() gets so
 * many bytes as zeros from the system and need not write them; huge pages begin inside. */
static uint64_t *slots_new(uint32_t len)
{
    size_t bytes = len * sizeof(uint64_t);
    uint64_t *slots = calloc(len, sizeof *slots);
    size_t before = -(uintptr_t)slots % HUGE_PAGE;
    if (slots && bytes >= 2 * HUGE_PAGE)
        (void)madvise((char *)slots + before, (bytes - before) / HUGE_PAGE * HUGE_PAGE,
                      MADV_HUGEPAGE);
    return slots;
}

/* To so many slots, for cap names. */
static bool grow(struct names *n, uint64_t slots, uint64_t cap)
{
    struct names old = *n;
    const char **at = slots <= UINT32_MAX ? realloc((void *)n->at, sizeof *at * cap) : NULL;
    if (!at)
        return false;
    n->at = at;
    uint64_t *fresh = slots_new((uint32_t)slots);
    if (!fresh)
        return false;
    n->slots = fresh;
    n->slots_len = (uint32_t)slots;
    n->cap = (uint32_t)cap;
    for (uint32_t i = 0; i < old.slots_len; i++) {
        uint32_t to = slot_first(n, (uint32_t)(old.slots[i] >> 32));
        if (!old.slots[i])
            continue;
        while (fresh[to])
            to = slot_next(n, to);
        fresh[to] = old.slots[i];
    }
    free(old.slots);
    return true;
}

bool names_reserve(struct names *n, uint32_t more)
{
    uint64_t cap = (uint64_t)n->len + more;
    return cap <= n->cap || grow(n, cap + cap / 3, cap);
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
        if (!grow(n, (uint64_t)n->slots_len * 2, n->slots_len))
            return false;
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
