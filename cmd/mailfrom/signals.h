/*
 * SIGINT, SIGTERM and SIGHUP: the first asks the run to drain, the second to leave at once. One
 * thread waits for them, so no code runs inside a handler and there is nothing to be careful about.
 */
#ifndef MF_SIGNALS_H
#define MF_SIGNALS_H

#include "err.h"
#include "wire.h"

#include <pthread.h>
#include <signal.h>

struct signals {
    pthread_t thread;
    struct wire *wire;
    sigset_t watched, before;
    bool running;
};

/* Blocks the signals in the calling thread and in all that it starts later: call it before
 * wire_open(). */
void signals_block(struct signals *s);
enum err signals_watch(struct signals *s, struct wire *wire, struct why *why);
void signals_end(struct signals *s); /* before wire_close(); restores the mask */

#endif
