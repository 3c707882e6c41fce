/*
 * The destination of a report's bytes: a buffer, emptied into a descriptor. Failure sticks.
 */
#ifndef MF_SINK_H
#define MF_SINK_H

#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>

struct sink {
    struct buf buf; /* writers add here */
    int fd;         /* borrowed */
    int error;      /* errno of the first failed write; 0: none */
    uint64_t taken; /* bytes that the descriptor took */
};

void sink_init(struct sink *sink, int fd);
void sink_clear(struct sink *sink); /* unflushed bytes are dropped */
/* Empties a large buffer; called after each row. False: a write has failed. */
bool sink_turn(struct sink *sink);
enum err sink_flush(struct sink *sink, struct why *why);

#endif
