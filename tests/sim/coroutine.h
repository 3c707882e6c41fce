/*
 * Coroutines in virtual time: what the threads of simulated processes are here. One goes on until
 * it sleeps; then whichever is due next goes on. So a simulation runs the blocking calls of a
 * program as they are, may stop a process between any two of them, and is repeated from its seed.
 *
 * The owner moves the clock: it asks when the next coroutine is due and lets the due ones run.
 */
#ifndef MF_SIM_COROUTINE_H
#define MF_SIM_COROUTINE_H

#include "base/when.h"

#include <stdbool.h>
#include <stdint.h>

#define COROUTINES_MAX 128

struct coroutines;
struct coroutine;

struct coroutines *coroutines_new(void);      /* NULL: out of memory */
void coroutines_free(struct coroutines *all); /* every one has ended */

/* Begins at once, when coroutines_run() is called next. NULL: out of memory, or too many. */
struct coroutine *coroutine_begin(struct coroutines *all, void (*body)(void *ctx), void *ctx,
                                  instant_us now);
/* Of the one that runs. False: nobody runs, so the owner itself asks. */
bool coroutine_is_running(const struct coroutines *all);
struct coroutine *coroutine_self(const struct coroutines *all);
/* The one that runs sleeps until then, or until it is woken. */
void coroutine_sleep(struct coroutines *all, instant_us until);
/* Another one is to go on at `at`, if it sleeps longer. */
void coroutine_wake(struct coroutine *c, instant_us at);
bool coroutine_has_ended(const struct coroutine *c);
/* Its memory is free for the next. Only of one that has ended; NULL is fine. */
void coroutine_end(struct coroutine *c);

instant_us coroutines_next(const struct coroutines *all); /* WHEN_NEVER: none is due ever */
/* Runs those that are due, in the order in which they are due, until none is. */
void coroutines_run(struct coroutines *all, instant_us now);

#endif
