/* Blocks double in size up to BLOCK_BYTES_MAX. A larger piece gets a block of its own. */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES     4096u
#define BLOCK_BYTES_MAX (1u << 20) /* blocks double up to here, so many small takes stay cheap */
#define FMT_FIRST       256        /* a text that fits is formatted once; names and hosts do */

struct arena_block {
    struct arena_block *next;
    size_t cap, used;
    alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *a, size_t limit_bytes)
{
    *a = (struct arena){.limit_bytes = limit_bytes};
}

void arena_clear(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
    a->used_bytes = 0;
}

void arena_reset(struct arena *a)
{
    if (!a->blocks)
        return;
    struct arena_block *keep = a->blocks;
    for (struct arena_block *b = a->blocks; b; b = b->next)
        if (b->cap > keep->cap)
            keep = b;
    for (struct arena_block *b = a->blocks; b;) {
        struct arena_block *next = b->next;
        if (b != keep)
            free(b);
        b = next;
    }
    keep->next = NULL;
    keep->used = 0;
    a->blocks = keep;
    a->used_bytes = keep->cap;
}

static size_t aligned(size_t size)
{
    size_t unit = alignof(max_align_t);
    return (size + unit - 1) / unit * unit;
}

static void *take_at(struct arena *a, size_t start, size_t size)
{
    if (!a->blocks || start > a->blocks->cap || a->blocks->cap - start < size) {
        size_t cap = a->blocks ? a->blocks->cap * 2 : BLOCK_BYTES;
        if (cap > BLOCK_BYTES_MAX)
            cap = BLOCK_BYTES_MAX;
        if (cap < size)
            cap = size;
        if (cap > a->limit_bytes - a->used_bytes)
            cap = size;
        if (cap > a->limit_bytes - a->used_bytes)
            return NULL;
        struct arena_block *b = malloc(sizeof *b + cap);
        if (!b)
            return NULL;
        b->next = a->blocks;
        b->cap = cap;
        b->used = 0;
        a->blocks = b;
        a->used_bytes += cap;
        start = 0;
    }
    a->blocks->used = start + size;
    return a->blocks->bytes + start;
}

void *arena_take_packed(struct arena *a, size_t size)
{
    return take_at(a, a->blocks ? a->blocks->used : 0, size);
}

void *arena_take(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = aligned(size ? size : 1);
    void *p = take_at(a, a->blocks ? aligned(a->blocks->used) : 0, size);
    return p ? memset(p, 0, size) : NULL;
}

void *arena_array(struct arena *a, size_t size, size_t count)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return arena_take(a, size * count);
}

struct text arena_text(struct arena *a, struct text t)
{
    if (!t.at)
        return TEXT_NONE;
    char *copy = arena_take(a, t.len + 1);
    if (!copy)
        return TEXT_NONE;
    if (t.len)
        memcpy(copy, t.at, t.len);
    return (struct text){copy, t.len};
}

struct text arena_fmt(struct arena *a, const char *fmt, ...)
{
    char first[FMT_FIRST];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(first, sizeof first, fmt, ap);
    va_end(ap);
    if (n < 0)
        return TEXT_NONE;
    if ((size_t)n < sizeof first)
        return arena_text(a, (struct text){first, (size_t)n});
    char *out = arena_take(a, (size_t)n + 1);
    if (!out)
        return TEXT_NONE;
    va_start(ap, fmt);
    vsnprintf(out, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return (struct text){out, (size_t)n};
}

void *arena_grow(struct arena *a, const void *list, size_t size, uint32_t len, uint32_t *cap)
{
    uint32_t more = *cap ? 2 * *cap : 64;
    void *grown = arena_array(a, size, more);
    if (!grown)
        return NULL;
    if (len)
        memcpy(grown, list, len * size);
    *cap = more;
    return grown;
}
