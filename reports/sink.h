/*
 * Where a report's bytes go: a buffer that is emptied into a descriptor. Failure sticks.
 */
#ifndef MF_SINK_H
#define MF_SINK_H

#include "base/buf.h"
#include "base/error.h"

struct sink {
    struct buf buf; /* writers add to it */
    int fd;         /* borrowed */
    int error;      /* errno of the first write that failed; 0: none */
};

void sink_init(struct sink *sink, int fd);
void sink_clear(struct sink *sink); /* what was not flushed is dropped */
/* Empties the buffer when it is large: called after each row. False: writing is in vain. */
bool sink_turn(struct sink *sink);
enum err sink_flush(struct sink *sink, struct why *why);

#endif
