#include "signals.h"

#include <string.h>

#define SIGNAL_STOP SIGUSR1 /* ends the waiting thread itself; never sent by anybody else */

void signals_block(struct signals *s)
{
    *s = (struct signals){0};
    sigemptyset(&s->watched);
    sigaddset(&s->watched, SIGINT);
    sigaddset(&s->watched, SIGTERM);
    sigaddset(&s->watched, SIGHUP);
    sigaddset(&s->watched, SIGNAL_STOP);
    pthread_sigmask(SIG_BLOCK, &s->watched, &s->before);
}

static void *watch(void *arg)
{
    struct signals *s = arg;
    int signal;
    while (sigwait(&s->watched, &signal) == 0 && signal != SIGNAL_STOP)
        wire_interrupt(s->wire);
    return NULL;
}

enum err signals_watch(struct signals *s, struct wire *wire, struct why *why)
{
    s->wire = wire;
    int failed = pthread_create(&s->thread, NULL, watch, s);
    if (failed)
        return why_set(why, ERR_IO, "cannot start the signal thread: %s", strerror(failed));
    s->running = true;
    return OK;
}

void signals_end(struct signals *s)
{
    if (s->running) {
        pthread_kill(s->thread, SIGNAL_STOP);
        pthread_join(s->thread, NULL);
    }
    s->running = false;
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}
