/*
 * Threads of the wire. Signals belong to the others.
 */
#ifndef MF_THREAD_H
#define MF_THREAD_H

#include <pthread.h>

/* As pthread_create, with every signal blocked in the new thread. SIGPIPE above all: a write by
 * c-ares or TLS to a closed connection must be an error, not the end of the process. 0, or an
 * errno. */
int thread_start(pthread_t *thread, void *(*run)(void *data), void *data);

#endif
