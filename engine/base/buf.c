/* A growing array of bytes; the failure of one add makes all later ones do nothing. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_BYTES 256u

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max = max_bytes};
}

void buf_clear(struct buf *b)
{
    free(b->at);
    buf_init(b, b->max);
}

void buf_wipe(struct buf *b)
{
    if (b->at)
        explicit_bzero(b->at, b->cap);
    buf_clear(b);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->at)
        b->at[0] = '\0';
}

void buf_spend(struct buf *part, struct buf *whole)
{
    whole->failed = whole->failed || part->failed;
    buf_clear(part);
}

struct text buf_text(const struct buf *b)
{
    return (struct text){b->at, b->len};
}

/* The old memory may hold a secret, so the buffer wipes the old memory and does not use realloc. */
static bool buf_reserve(struct buf *b, size_t more)
{
    if (b->failed || more > b->max || b->len > b->max - more) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : BUF_BYTES;
    while (cap < need)
        cap *= 2;
    char *at = malloc(cap);
    if (!at) {
        b->failed = true;
        return false;
    }
    if (b->at) {
        memcpy(at, b->at, b->len);
        explicit_bzero(b->at, b->cap);
        free(b->at);
    }
    b->at = at;
    b->cap = cap;
    return true;
}

char *buf_extend(struct buf *b, size_t len)
{
    size_t room = b->cap - b->len; /* with the NUL; as a rule it suffices */
    bool fits = len < room && len <= b->max - b->len && !b->failed;
    if (!fits && !buf_reserve(b, len))
        return NULL;
    char *at = b->at + b->len;
    b->len += len;
    b->at[b->len] = '\0';
    return at;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    char *at = buf_extend(b, len);
    if (at && len)
        memcpy(at, bytes, len);
}

void buf_add_text(struct buf *b, struct text t)
{
    buf_add(b, t.at, t.len);
}

void buf_add_str(struct buf *b, const char *cstr)
{
    buf_add_text(b, text_of(cstr));
}

void buf_add_char(struct buf *b, char c)
{
    char *at = buf_extend(b, 1);
    if (at)
        *at = c;
}

void buf_add_u64(struct buf *b, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    buf_add(b, digits + at, sizeof digits - at);
}

/* As a rule there is room already; otherwise it is made for the length that was found. */
void buf_add_fmt(struct buf *b, const char *fmt, ...)
{
    size_t room = b->cap - b->len;
    va_list ap;
    va_start(ap, fmt);
    int n = b->failed ? -1 : vsnprintf(room ? b->at + b->len : NULL, room, fmt, ap);
    va_end(ap);
    if (n < 0 || !buf_reserve(b, (size_t)n)) {
        if (room)
            b->at[b->len] = '\0';
        b->failed = true;
        return;
    }
    if ((size_t)n >= room) {
        va_start(ap, fmt);
        vsnprintf(b->at + b->len, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    b->len += (size_t)n;
}
