/*
 * Memory taken piece by piece and given back all at once. Blocks never move, so a piece stays in
 * place until reset or clear. One owner, one thread at a time.
 */
#ifndef MF_ARENA_H
#define MF_ARENA_H

#include "text.h"

#include <stddef.h>
#include <stdint.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* the one in use first */
    size_t used_bytes;          /* of all blocks, for the limit */
    size_t limit_bytes;
};

void arena_init(struct arena *a, size_t limit_bytes);
void arena_clear(struct arena *a); /* gives all memory back; the arena is as after init */
void arena_reset(struct arena *a); /* frees every piece, keeps the largest block */

/* Zeroed memory aligned for any type, or NULL when the limit or the machine is exhausted. */
void *arena_take(struct arena *a, size_t size);
/* Like arena_take() without alignment and zeroing: for closely packed bytes. */
void *arena_take_packed(struct arena *a, size_t size);
/* A copy of t followed by a NUL (not counted). at == NULL on failure, unless t.at was NULL. */
struct text arena_text(struct arena *a, struct text t);
/* printf into the arena; at == NULL on failure. */
struct text arena_fmt(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, type)          ((type *)arena_take((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), sizeof(type), (count)))
void *arena_array(struct arena *a, size_t size, size_t count); /* NULL on overflow too */
/* Copies the len elements of list into a new one with twice the room (64 elements at first) and
 * sets *cap. The old list stays until reset or clear. NULL, and *cap as it was, on failure. */
void *arena_grow(struct arena *a, const void *list, size_t size, uint32_t len, uint32_t *cap);

#endif
