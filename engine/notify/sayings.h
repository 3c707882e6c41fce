/*
 * Sentences from the threads of outputs, until the caller's thread hands them to the notices. For
 * the family of this room.
 */
#ifndef MF_SAYINGS_H
#define MF_SAYINGS_H

#include "base/bounds.h"
#include "base/notices.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define SAYING_LEN_MAX 700

struct sayings {
    pthread_mutex_t mutex;
    struct {
        enum notice kind;
        char text[SAYING_LEN_MAX];
    } at[NOTIFY_SAYINGS_MAX];
    uint32_t len, more; /* more: without a place */
};

void sayings_init(struct sayings *s);
void sayings_clear(struct sayings *s);
/* Any thread. A longer sentence is cut. */
void sayings_add(struct sayings *s, enum notice kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The caller's thread: hands all over, in order. */
void sayings_tell(struct sayings *s, const struct notices *notices);

#endif
