/*
 * A growing run of bytes with a bound. Failure sticks: after the first add without room, every
 * later add does nothing and `failed` stays true, so callers check once at the end.
 */
#ifndef MF_BUF_H
#define MF_BUF_H

#include "text.h"

struct buf {
    char *at; /* owned; NUL-terminated whenever len > 0 */
    size_t len, cap, max;
    bool failed;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_clear(struct buf *b); /* frees */
void buf_wipe(struct buf *b);  /* overwrites, then frees: for secrets */
void buf_reset(struct buf *b); /* empty again, memory kept */
/* Clears a part after its bytes were added to whole. If part had failed, whole fails too. */
void buf_spend(struct buf *part, struct buf *whole);
struct text buf_text(const struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t len);
/* Makes it so many bytes longer, which the caller writes before anything else is added. NULL:
 * there is no room. */
char *buf_extend(struct buf *b, size_t len);
void buf_add_text(struct buf *b, struct text t);
void buf_add_str(struct buf *b, const char *cstr);
void buf_add_char(struct buf *b, char c);
void buf_add_u64(struct buf *b, uint64_t n);
void buf_add_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
