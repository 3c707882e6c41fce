/*
 * SIGWINCH and SIGCONT are counted, and the deciding thread is woken.
 *
 * SIGINT, SIGTERM and SIGHUP: the first asks the run to drain, the second to leave at once. One
 * thread waits for the signals, so no code runs inside a handler.
 *
 * Reports are written when the engine is done. A signal that comes then, and any third one, ends
 * the process on the spot with EXIT_STOPPED: the journal is whole at every instant, and `report`
 * writes the reports again. Whatever ends the process, no file beside a report is left.
 */
#ifndef MF_SIGNALS_H
#define MF_SIGNALS_H

#include "base/error.h"
#include "wire/wire.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

struct signals {
    pthread_t thread;
    pthread_mutex_t lock; /* over wire and told */
    struct wire *wire;    /* NULL: the engine is done */
    unsigned told;
    sigset_t watched, before;
    atomic_uint resized, continued; /* SIGWINCH and SIGCONT so far, for who draws on a terminal */
    atomic_bool ending;             /* the thread shall end */
    pthread_cond_t slept;           /* of signals_sleep() */
    bool stays;                     /* signals_stay() */
    void (*stop)(void *ctx);        /* signals_serve() */
    void *stop_ctx;
    bool blocked, running;
};

/* Before anything is begun, and once all is done: one of the three says so and ends the process
 * with EXIT_STOPPED. One that was ignored when the process started stays ignored, here and below.
 */
void signals_early(void);
/* For a verb that calls nobody: each of the three ends the process as it usually does. */
void signals_usual(void);

/* Blocks the signals in the calling thread and in all that it starts later: call it before
 * wire_open(). */
void signals_block(struct signals *s);
/* Watches them for a wire, from its opening to its closing. */
struct wire_owner signals_owner(struct signals *s);
/* After signals_block(), for a verb that opens one wire after another: from now on a first signal
 * without a wire is remembered and ends a sleep; the next wire is interrupted at once. Such a verb
 * only reads: a first signal aborts. */
enum err signals_stay(struct signals *s, struct why *why);
/* Sleeps for so long at most, a time of which the machine is suspended included. True: it was asked
 * to stop. After signals_stay(). */
bool signals_sleep(struct signals *s, span_us span);
/* After signals_block(), for a worker, which has many wires: each of the first two signals calls
 * stop(ctx), on a thread of its own. stop NULL: the worker is done, and who sends a signal now ends
 * the process. */
enum err signals_serve(struct signals *s, void (*stop)(void *ctx), void *ctx, struct why *why);
bool signals_asked(struct signals *s); /* was the run asked to drain? */
void signals_end(struct signals *s);   /* restores the mask; accepts one that never began */

#endif
